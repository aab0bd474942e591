"""Days above a threshold, of many series, looked up once: planes of each day and, where asked for, words of each series."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from sim.planes import planes_of
from sim.rulebook import DAYS_AT_MOST

DAYS_BEHIND = 63 - DAYS_AT_MOST
"""Days up to today that stand in every word, however far the forecast reaches."""

VALUES_AT_ONCE = 100_000
"""Forecast values compared at once: few enough to stay in the cache."""

MANY = 16
"""So many whole thresholds are compared by their ranks: fewer are quicker one by one."""


class Days:
    """Which days of each series are above a threshold, as observed and as foreseen at each issue.

    observed : float64[day, k]. forecast : issue day -> float64[lead, k]. A threshold is compared once, however many rules
    ask for it: variants that share series and forecasts share this. Kept as rows of bytes, one day of all series each, to be
    read as planes (`Above`); as words of all series where an outlook is wanted in numbers.
    """

    def __init__(self, observed: np.ndarray, forecast: Callable[[int], np.ndarray]) -> None:
        self.observed, self.forecast = np.ascontiguousarray(observed), forecast
        self.leads = len(forecast(0)) if len(observed) else 1
        self.today = 62 - self.leads
        """The bit of today; one bit above the last forecast day stays free for carries."""
        self._rows: dict[float, tuple[np.ndarray, np.ndarray]] = {}
        self._past: dict[float, np.ndarray] = {}
        self._ahead: dict[float, np.ndarray] = {}
        self._since: dict[tuple[float, int], np.ndarray] = {}

    def look(self, thresholds: tuple[float, ...]) -> None:
        """Look every day up once for the thresholds that are not known yet."""
        new = [threshold for threshold in dict.fromkeys(thresholds) if threshold not in self._rows]
        days, size = self.observed.shape
        whole = [threshold for threshold in new if threshold % 1 == 0]
        ranked = whole if len(whole) >= MANY else []
        for some, above in ((ranked, _above_by_rank), ([one for one in new if one not in ranked], _above_one_by_one)):
            if some:
                foreseen = above(some, (ahead.reshape(-1, size) for _, ahead in self._issues()))
                for threshold, *rows in zip(some, above(some, [self.observed]), foreseen, strict=True):
                    self._rows[threshold] = rows[0], rows[1].reshape(days, -1, (size + 7) // 8)

    def above(self, sets: Sequence[tuple[float, ...]]) -> "Above":
        """Series above thresholds that have been looked up. sets : thresholds by rule set, as many in each."""
        parts = [zip(*(self._rows[threshold] for threshold in place), strict=True) for place in zip(*sets, strict=True)]
        joined = [[np.concatenate(part, axis=-1) if len(sets) > 1 else part[0] for part in place] for place in parts]
        return Above(*(tuple(each) for each in zip(*joined, strict=True)))

    def compare(self, thresholds: tuple[float, ...]) -> None:
        """Look every day up once, as words, for the thresholds that are not known as such yet."""
        new = [threshold for threshold in thresholds if threshold not in self._ahead]
        days, size = self.observed.shape
        for threshold in new:
            self._ahead[threshold] = np.zeros((days, size), np.min_scalar_type((1 << self.leads) - 1))
        for first, ahead in self._issues() if new else ():
            for threshold in new:
                found = self._ahead[threshold][first: first + len(ahead)]
                for lead in range(self.leads):
                    found |= (ahead[:, lead] > in_type(threshold, ahead.dtype)).astype(found.dtype) << lead

    def _issues(self) -> Iterator[tuple[int, np.ndarray]]:
        """Issues of some days in a row: the first day, and float[day, lead, k]."""
        days, size = self.observed.shape
        at_once = max(1, VALUES_AT_ONCE // max(1, self.leads * size))
        for first in range(0, days, at_once):
            yield first, np.stack([self.forecast(day) for day in range(first, min(first + at_once, days))])

    def over(self, threshold: float, days: slice) -> np.ndarray:
        """Whether some days are above the threshold as observed, bool[day, k]."""
        return self.observed[days] > threshold

    def any_ahead(self, threshold: float, days: slice, most: int = DAYS_AT_MOST) -> np.ndarray:
        """Whether any of the next days, at most so many, is foreseen above the threshold at some issues, bool[day, k]."""
        bits = self._ahead[threshold][days]
        return bits != 0 if most >= self.leads else bits & ((1 << most) - 1) != 0

    def words(self, thresholds: tuple[float, ...], day: np.ndarray | int, series: np.ndarray) -> dict[float, np.ndarray]:
        """The days around some issues that are above each threshold, uint64[m]. day, series : int64[m]; day may be one."""
        return {threshold: self._word(threshold, np.asarray(day), series) for threshold in thresholds}

    def _word(self, threshold: float, day: np.ndarray, series: np.ndarray) -> np.ndarray:
        """One threshold of them."""
        if threshold not in self._past:
            self._past[threshold] = _packed(self.observed > threshold, self.today)
        past, shift = self._past[threshold], np.asarray(day & 63, np.uint64)
        behind = (past[day >> 6, series] >> shift) | (past[(day >> 6) + 1, series] << 1 << (63 - shift))
        if threshold in self._ahead:
            ahead = self._ahead[threshold][day, series].astype(np.uint64)
        else:
            rows = self._rows[threshold][1][day, :, series >> 3] >> (series & 7).astype(np.uint8)[:, None] & 1
            ahead = _as_words(rows)
        return behind & ((1 << (self.today + 1)) - 1) | ahead << (self.today + 1)

    def since(self, threshold: float, longest_gap_days: int) -> np.ndarray:
        """First day of the last episode that has begun by each day, -1 for none, gaps of so many days bridged: [day, k]."""
        key = (threshold, longest_gap_days)
        if key not in self._since:
            over, day = self.observed > threshold, np.arange(len(self.observed), dtype=np.int16)[:, None]
            last = np.maximum.accumulate(np.where(over, day, np.int16(-DAYS_AT_MOST - 2)), axis=0)
            before = np.concatenate([last[:1] * 0 - DAYS_AT_MOST - 2, last[:-1]])
            begins = over & (day - before > longest_gap_days + 1)
            self._since[key] = np.maximum.accumulate(np.where(begins, day, np.int16(-1)), axis=0)
        return self._since[key]

    def whole(self, threshold: float, day: int, series: int) -> int:
        """All days up to an issue and those foreseen that are above the threshold, day 0 lowest, as one long word."""
        days = np.concatenate([self.observed[: day + 1, series], self.forecast(day)[:, series]])
        return int.from_bytes(np.packbits(days > threshold, bitorder="little").tobytes(), "little")


class Above(NamedTuple):
    """Series above each threshold of a rule set, eight a byte; of several rule sets, each set's bytes beside those of the one
    before. observed : uint8[day, width], foreseen : uint8[day, lead, width], by place of the threshold."""

    observed: tuple[np.ndarray, ...]
    foreseen: tuple[np.ndarray, ...]

    @property
    def width(self) -> int:
        """Bytes of a day."""
        return self.observed[0].shape[1]

    def on(self, place: int) -> list[int]:
        """Planes by day, as observed."""
        return planes_of(self.observed[place])

    def ahead(self, place: int, days: slice) -> list[int]:
        """As foreseen by some issues: wide planes by lead, one day's series beside the next's."""
        rows = self.foreseen[place][days]
        return [int.from_bytes(rows[:, lead].tobytes(), "little") for lead in range(rows.shape[1])]


def _above_one_by_one(thresholds: Sequence[float], values: Iterable[np.ndarray]) -> list[np.ndarray]:
    """Where values are above each threshold, eight series a byte: uint8[n, width] each. values : float[n, k], in parts."""
    packed = [[_packed_rows(part > in_type(threshold, part.dtype)) for threshold in thresholds] for part in values]
    return [np.concatenate(rows) for rows in zip(*packed, strict=True)]


def _above_by_rank(thresholds: Sequence[float], values: Iterable[np.ndarray]) -> list[np.ndarray]:
    """The same for whole thresholds and values that are numbers: a value is looked up once, in a table of whole numbers, and
    a threshold costs the binary digits of its rank."""
    ranks = np.searchsorted(sorted(thresholds), np.arange(max(thresholds) + 2))  # thresholds below a whole number
    ranks = ranks.astype(np.min_scalar_type(len(thresholds)))
    parts = []
    for part in values:
        rank = np.take(ranks, np.ceil(np.clip(part, 0, len(ranks) - 1)).astype(np.intp))
        parts.append([_packed_rows(rank & (1 << digit) != 0) for digit in range(len(thresholds).bit_length())])
    digits = [np.concatenate(rows) for rows in zip(*parts, strict=True)]
    return [_more(digits, int(ranks[int(threshold)])) for threshold in thresholds]


def _more(digits: Sequence[np.ndarray], than: int) -> np.ndarray:
    """Where a number is more than another. digits : its binary digits, lowest first, uint8[n, width] each, eight series a
    byte."""
    more = np.zeros_like(digits[0])
    for place, digit in enumerate(digits):  # a higher digit overrules
        do = np.bitwise_and if than >> place & 1 else np.bitwise_or
        do(more, digit, out=more)
    return more


def _packed_rows(holds: np.ndarray) -> np.ndarray:
    return np.packbits(holds, axis=1, bitorder="little")


def in_type(threshold: float, dtype: np.dtype) -> np.floating:
    """A threshold that values of a type exceed just when they exceed it: rounded down, for the nearest may lie above (500 is
    reached above 499.99…, which the nearest number of 32 bits is not below)."""
    rounded = dtype.type(threshold)
    return np.nextafter(rounded, dtype.type(-np.inf)) if float(rounded) > threshold else rounded


def _as_words(bits: np.ndarray) -> np.ndarray:
    """Rows of bits, the lowest first, as words: uint64[m]. bits : uint8[m, n], 64 at most."""
    packed = np.packbits(bits, axis=1, bitorder="little")
    wide = np.zeros((len(packed), 8), np.uint8)
    wide[:, : packed.shape[1]] = packed
    return wide.view("<u8")[:, 0]


def _packed(over: np.ndarray, before: int) -> np.ndarray:
    """Days as bits, `before` days that are clean ahead of the first: uint64[word, k], one word more than is needed."""
    days, size = over.shape
    words = (days + before) // 64 + 2
    bits = np.zeros((size, 64 * words), bool)
    bits[:, before: before + days] = over.T
    return np.ascontiguousarray(np.packbits(bits, axis=1, bitorder="little").view("<u8").T)
