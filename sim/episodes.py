"""Episodes and levels (model, section 4), as pure functions over arrays: one city or a million columns, same code.

Axes: k = a city of a member (any number of them side by side), c = a criterion of the edition in force. The days around an
issue are the bits of one 64-bit word for each column and threshold, set where the index is above it, the oldest day
lowest: runs, gaps and counts of days are then shifts and sums of whole words.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.rulebook import DAYS_AT_MOST, Criterion
from sim.vocab import Level

TODAY = 63 - 1 - DAYS_AT_MOST
"""The bit of today; one bit above the last forecast day stays free for carries."""

DAYS_BEHIND = TODAY + 1
"""Days up to today that stand in a word."""

ONE = np.uint64(1)
AHEAD = ~np.uint64((1 << DAYS_BEHIND) - 1)


@dataclass(frozen=True)
class Rules:
    """An edition's criteria, lowest level first, and what follows from them.

    lowest : the threshold T0 whose excess makes an episode. longest_gap_days : gaps up to this length are bridged.
    hold_days : how many days ahead a lift looks at. thresholds : every value a day is compared with, T0 first; a day
    counts when its index is greater. counted : an outlook counts its episodes of this level or above, None where nobody
    asks.
    """

    criteria: tuple[tuple[Level, int, Criterion], ...]
    merges: bool
    lowest: float
    longest_gap_days: int
    hold_days: int
    thresholds: tuple[float, ...]
    counted: Level | None = None

    @property
    def too_long(self) -> list[tuple[Level, int]]:
        """Criteria (level, number) whose days might lie further apart, with the gaps that are bridged, than a word holds."""
        return [(level, number) for level, number, criterion in self.criteria
                if criterion.over == self.lowest and criterion.days * (self.longest_gap_days + 1) > DAYS_BEHIND]

    @property
    def own_threshold(self) -> dict[Level, float]:
        """Lowest value of each level that a day must exceed: what a downgrade looks at."""
        own: dict[Level, float] = {}
        for level, _, criterion in self.criteria:
            own[level] = min(own.get(level, math.inf), criterion.exceeds)
        return own


def compile_rules(criteria: dict[str, tuple[Criterion, ...]], *, merges: bool, lift_hours: float,
                  counted: Level | None = None) -> Rules:
    """Criteria by level name as Rules. Raises ValueError when no level has a criterion. Source: model, section 4."""
    rows = tuple((level, number, criterion) for level in Level if level
                 for number, criterion in enumerate(criteria.get(level.name, ())))
    if not rows:
        raise ValueError("no criterion at any level")
    lowest = min(criterion.threshold for _, _, criterion in rows)
    inner = [c.within_over for _, _, c in rows if c.within_over is not None]
    return Rules(
        criteria=rows, merges=merges, lowest=lowest, counted=counted, hold_days=math.ceil(lift_hours / 24),
        longest_gap_days=math.ceil(lift_hours / 24) - 1 if merges else 0,  # 24 x gap < lift_hours
        thresholds=tuple(dict.fromkeys([lowest, *(c.exceeds for _, _, c in rows), *inner])))


# ---------------------------------------------------------------- words


class Days:
    """Which days of each series are above a threshold, as observed and as foreseen at each issue.

    observed : float64[day, k]. forecast : issue day -> float64[lead, k]. A threshold is compared once, however many rules
    ask for it: variants that share series and forecasts share this.
    """

    def __init__(self, observed: np.ndarray, forecast: Callable[[int], np.ndarray]) -> None:
        self.observed, self.forecast = observed, forecast
        self._over: dict[float, np.ndarray] = {}
        self._ahead: dict[float, np.ndarray] = {}

    def compare(self, thresholds: tuple[float, ...]) -> None:
        """Look every day up once for the thresholds that are not known yet."""
        new = [threshold for threshold in thresholds if threshold not in self._over]
        if not new:
            return
        days, size = self.observed.shape
        leads = len(self.forecast(0))
        for threshold in new:
            self._over[threshold] = self.observed > threshold
            self._ahead[threshold] = np.zeros((days, -(-leads // 8), size), np.uint8)
        for day in range(days):
            ahead = self.forecast(day)
            for threshold in new:
                self._ahead[threshold][day] = np.packbits(ahead > threshold, axis=0, bitorder="little")

    def over(self, threshold: float, day: int) -> np.ndarray:
        """Whether a day is above the threshold as observed, bool[k]."""
        return self._over[threshold][day]

    def ahead(self, threshold: float, day: int, series: np.ndarray) -> np.ndarray:
        """The days foreseen at an issue that are above the threshold, as bits above today's, uint64[m]."""
        word = np.zeros(len(series), np.uint64)
        for part, bits in enumerate(self._ahead[threshold][day]):
            word |= bits[series].astype(np.uint64) << np.uint64(DAYS_BEHIND + 8 * part)
        return word

    def any_ahead(self, threshold: float, day: int, most: int = DAYS_AT_MOST) -> np.ndarray:
        """Whether any of the next days, at most so many, is foreseen above the threshold, bool[k]."""
        found = np.zeros(self.observed.shape[1], bool)
        for part, bits in enumerate(self._ahead[threshold][day]):
            mask = ((1 << most) - 1) >> (8 * part) & 0xFF
            if mask:
                found |= (bits & np.uint8(mask)) != 0
        return found


class Past(NamedTuple):
    """What lies behind each series at an issue.

    words : uint64[k] by threshold, today's bit and the days before it. since : int16[k], first day of the episode that is
    open today, -1 for none; gap : int16[k], clean days since its last day above T0. held : bool[c, k], criteria that it
    met on days that no longer stand in the word.
    """

    words: dict[float, np.ndarray]
    since: np.ndarray
    gap: np.ndarray
    held: np.ndarray


def nothing_behind(rules: Rules, size: int) -> Past:
    """No day has been seen. Days are counted in int16: a period is at most ten years."""
    return Past({threshold: np.zeros(size, np.uint64) for threshold in rules.thresholds}, np.full(size, -1, np.int16),
                np.zeros(size, np.int16), np.zeros((len(rules.criteria), size), bool))


def one_day_on(past: Past, day: int, days: Days, rules: Rules) -> Past:
    """What lies behind after one more day."""
    words = {threshold: (word >> ONE) | (days.over(threshold, day).astype(np.uint64) << np.uint64(TODAY))
             for threshold, word in past.words.items()}
    heavy = days.over(rules.lowest, day)
    gap = np.where(heavy, np.int16(0), past.gap + np.int16(1))
    since = np.where(gap > rules.longest_gap_days, np.int16(-1),
                     np.where(heavy & (past.since < 0), np.int16(day), past.since))
    held = past.held
    if held.any():
        held = held & (since >= 0)
    long = np.flatnonzero((since >= 0) & (day - since >= TODAY))
    if len(long):  # its first days leave the word: what they met is kept
        met, *_ = _ends({threshold: word[long] for threshold, word in words.items()}, rules)
        top = ONE << (np.uint64(TODAY) - gap[long].astype(np.uint64))  # the open episode's last day above T0
        held = held.copy()
        held[:, long] |= np.stack([(ends & top) != 0 for ends in met])
    return Past(words, since, gap, held)


def closed(past: Past, series: np.ndarray) -> Past:
    """What lies behind where, for some series, everything up to today counts no more. series : int64[m]."""
    words = {threshold: word.copy() for threshold, word in past.words.items()}
    since, held = past.since.copy(), past.held.copy()
    for word in words.values():
        word[series] = 0
    since[series], held[:, series] = -1, False
    return Past(words, since, past.gap, held)


# ---------------------------------------------------------------- episodes of a word


def _ends(words: dict[float, np.ndarray], rules: Rules) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Last days of the episodes in which each criterion holds, a word per criterion; first days, and all days, of the
    episodes. An episode ends on a day above T0."""
    heavy = words[rules.lowest]
    days = _bridged(heavy, rules.longest_gap_days)
    first = days & ~(days << ONE)
    after = ~days

    def last_of(marks: np.ndarray) -> np.ndarray:
        """Last days of the episodes that hold a mark: a carry runs from the lowest mark to the day after the end."""
        return ((days + _lowest(marks, days, first)) & after) >> ONE

    met = []
    for _, _, criterion in rules.criteria:
        hits = heavy & words[criterion.exceeds]
        bridged = rules.merges and criterion.over == rules.lowest
        inner = None
        if criterion.within_over is not None:
            inner = _runs(hits & words[criterion.within_over], criterion.within_days)
        if bridged:  # gap days neither break the run nor count: so many days above T0 anywhere in the episode
            marks = hits
            for _ in range(criterion.days - 1):
                marks = marks & ~_lowest(marks, days, first)
            met.append(last_of(marks) if inner is None else last_of(marks) & last_of(inner))
        else:
            marks = _runs(hits, criterion.days)
            met.append(last_of(marks if inner is None else _filled(marks, criterion.days) & inner))
    return met, first, days


def _bridged(heavy: np.ndarray, longest: int) -> np.ndarray:
    """Days above T0 and the gaps of at most `longest` days between two of them."""
    days = heavy
    for below in range(1, longest + 1):  # a day of a gap: `below` days after the one before it, the next not too far
        above = heavy >> ONE
        for further in range(2, longest + 2 - below):
            above = above | (heavy >> np.uint64(further))
        days = days | ((heavy << np.uint64(below)) & above)
    return days


def _lowest(marks: np.ndarray, days: np.ndarray, first: np.ndarray) -> np.ndarray:
    """The first mark of each episode: a carry runs from its first day over the days that are not marked."""
    return ((days & ~marks) + first) & marks


def _runs(hits: np.ndarray, length: int) -> np.ndarray:
    """First days of runs of at least `length` days, and the days from which as many still follow."""
    have = 1
    while have < length:
        step = min(have, length - have)
        hits, have = hits & (hits >> np.uint64(step)), have + step
    return hits


def _filled(starts: np.ndarray, length: int) -> np.ndarray:
    """All days of the runs that begin on `starts`."""
    have = 1
    while have < length:
        step = min(have, length - have)
        starts, have = starts | (starts << np.uint64(step)), have + step
    return starts


def _place(word: np.ndarray) -> np.ndarray:
    """Number of the highest bit of each word that has one, int64[k]."""
    for step in (1, 2, 4, 8, 16, 32):
        word = word | (word >> np.uint64(step))
    return np.bitwise_count(word).astype(np.int64) - 1


# ---------------------------------------------------------------- what an issue shows


class Outlook(NamedTuple):
    """What an issue shows: the episode ahead, and what lifting and lowering look at.

    level : int64[k], level of the first episode with a day after today, 0 if none. start, end : int64[k], its first
    day and its last day above T0. criterion : int64[k], which criterion gives the level. episodes : int64[k], how many
    episodes ahead reach the level that `Rules.counted` names. today_over, hold_over : bool[k], today, or one of the next
    `hold_days`, is above T0. running : bool[k] by level, the level's own threshold is exceeded today or on one of those
    days.
    """

    level: np.ndarray
    start: np.ndarray
    end: np.ndarray
    criterion: np.ndarray
    episodes: np.ndarray
    today_over: np.ndarray
    hold_over: np.ndarray
    running: dict[Level, np.ndarray]

    def of(self, which: np.ndarray) -> "Outlook":
        """The same for some series. which : int64[m] or bool[k]."""
        return Outlook(*(part[which] for part in self[:-1]), {level: part[which] for level, part in self.running.items()})


def look_ahead(past: Past, today: int, days_of: Days, rules: Rules, *, lowering: bool = False) -> Outlook:
    """What one issue shows. Lifting and lowering look at today as observed, whether or not it still counts.

    lowering : whether a level may be lowered; `running` is empty where it may not.
    """
    size = len(past.since)
    level, start, end, criterion, episodes = (np.zeros(size, int), np.full(size, -1), np.full(size, -1),
                                              np.zeros(size, int), np.zeros(size, int))
    soon = {threshold: days_of.any_ahead(threshold, today, rules.hold_days) for threshold in
            ({rules.lowest, *(rules.own_threshold.values() if lowering else ())})}
    k = np.flatnonzero(days_of.any_ahead(rules.lowest, today))
    if len(k):
        words = {threshold: past.words[threshold][k] | days_of.ahead(threshold, today, k) for threshold in rules.thresholds}
        met, first, days = _ends(words, rules)
        if past.held.any():  # what an episode met on days that left the word, it has met
            open_end = _end_of_open(days, past.gap[k], past.since[k])
            met = [ends | np.where(held[k], open_end, np.uint64(0)) for ends, held in zip(met, past.held, strict=True)]
        some = np.bitwise_or.reduce(met) & AHEAD
        if rules.counted is not None:
            reached = [ends for ends, (lv, *_) in zip(met, rules.criteria, strict=True) if lv >= rules.counted]
            if reached:
                episodes[k] = np.bitwise_count(np.bitwise_or.reduce(reached) & AHEAD)
        found = np.flatnonzero(some)
        k, some = k[found], some[found]
        last = some & (~some + ONE)  # the first episode ahead with a level, by its last day
        for place, (lv, *_) in enumerate(rules.criteria):
            higher = ((met[place][found] & last) != 0) & (level[k] < lv)
            level[k[higher]], criterion[k[higher]] = lv, place
        end[k] = today - TODAY + _place(last)
        begins = _place(first[found] & (last | (last - ONE)))
        start[k] = np.where(begins <= TODAY, past.since[k], today - TODAY + begins)
    return Outlook(level, start, end, criterion, episodes, days_of.over(rules.lowest, today), soon[rules.lowest],
                   {lv: days_of.over(threshold, today) | soon[threshold]
                    for lv, threshold in rules.own_threshold.items() if lowering})


def _end_of_open(days: np.ndarray, gap: np.ndarray, since: np.ndarray) -> np.ndarray:
    """Last day of the episode that is open today, as a bit; none where none is open."""
    top = np.where(since >= 0, ONE << (np.uint64(TODAY) - gap.astype(np.uint64)), np.uint64(0))
    return np.where(since >= 0, ((days + top) & ~days) >> ONE, np.uint64(0))


def level_of_days(index_by_day: list[float], rules: Rules) -> Level:
    """Highest level that any episode of a series reaches: what a rule case states."""
    return Level(int(hindsight(np.array(index_by_day, float)[:, None], rules).level.max(initial=0)))


class Hindsight(NamedTuple):
    """What each observed day turned out to be part of.

    level : int8[day, k], level of the day's episode judged whole, 0 where it reached none or outside an episode.
    start : int16[day, k], first day of the day's episode, -1 outside an episode.
    """

    level: np.ndarray
    start: np.ndarray


def hindsight(index: np.ndarray, rules: Rules) -> Hindsight:
    """Episode and level of every observed day, judged whole when all is known. index : float64[day, k].

    An episode runs from its first to its last day above the lowest threshold, bridged gap days included, and has the
    highest level that any criterion gives it. Source: model, section 4, items 2 to 4.
    """
    size = index.shape[1]
    days = Days(index, lambda _: np.zeros((1, size)))
    days.compare(rules.thresholds)
    past, heavy = nothing_behind(rules, size), index > rules.lowest
    level, start = np.zeros(index.shape, np.int8), np.full(index.shape, -1, np.int16)
    for day in range(len(index)):
        past = one_day_on(past, day, days, rules)
        met, *_ = _ends(past.words, rules)
        for place, (lv, *_) in enumerate(rules.criteria):
            holds = heavy[day] & ((met[place] >> np.uint64(TODAY) != 0) | past.held[place])
            level[day] = np.where(holds, np.maximum(level[day], np.int8(lv)), level[day])
        start[day] = past.since
    start[-1:] = np.where(heavy[-1:], start[-1:], -1)
    for day in range(len(index) - 2, -1, -1):  # a gap day is part of an episode that goes on; a level counts for the whole
        goes_on = start[day] == start[day + 1]
        start[day] = np.where(heavy[day] | goes_on, start[day], -1)
        level[day] = np.where(goes_on & (start[day] >= 0), np.maximum(level[day], level[day + 1]), level[day])
    return Hindsight(level, start)
