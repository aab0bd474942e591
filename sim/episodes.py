"""Episodes and levels (model, section 4), as pure functions over arrays: one city or a million columns, same code.

Axes: k = a city of a member (any number of them side by side), c = a criterion of the edition in force. The days around an
issue are the bits of one 64-bit word for each column and threshold, set where the index is above it, the oldest day
lowest: runs, gaps and counts of days are then shifts and sums of whole words. An episode that goes back beyond its word is
judged on a long word, an int of Python: the same shifts and sums.
"""

import math
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

import numpy as np

from sim.days import DAYS_BEHIND, Days
from sim.rulebook import Criterion
from sim.vocab import Level


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

    @property
    def shape(self) -> tuple:
        """All but the values of the thresholds: rules of one shape are followed side by side."""
        at = {threshold: place for place, threshold in enumerate(self.thresholds)}
        criteria = tuple((level, at[one.exceeds], one.days, one.over == self.lowest, at.get(one.within_over), one.within_days)
                         for level, _, one in self.criteria)
        own = tuple((level, at[threshold]) for level, threshold in self.own_threshold.items())
        return self.merges, self.longest_gap_days, self.hold_days, self.counted, len(at), criteria, own


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


# ---------------------------------------------------------------- episodes of a word


def _ends(words: dict, rules: Rules) -> tuple[list, Any, Any]:
    """Last days of the episodes in which each criterion holds, a word per criterion; first days, and all days, of the
    episodes. An episode ends on a day above T0. words : uint64[k] by threshold, or long words, which are int."""
    heavy = words[rules.lowest]
    days = _bridged(heavy, rules.longest_gap_days)
    first, after = days & ~(days << 1), ~days

    def last_of(marks: Any) -> Any:
        """Last days of the episodes that hold a mark: a carry runs from the lowest mark to the day after the end."""
        return ((days + marks) & after) >> 1

    from_the = {1: heavy}  # from the n-th day above T0 of each episode on
    met = []
    for _, _, criterion in rules.criteria:
        hits = heavy if criterion.exceeds == rules.lowest else heavy & words[criterion.exceeds]
        bridged = rules.merges and criterion.over == rules.lowest
        inner = None
        if criterion.within_over is not None:
            inner = _runs(hits & words[criterion.within_over], criterion.within_days)
        if bridged:  # gap days neither break the run nor count: so many days above T0 anywhere in the episode
            while criterion.days not in from_the:
                marks = from_the[len(from_the)]
                from_the[len(from_the) + 1] = marks & ~_lowest(marks, days, first)
            marks = from_the[criterion.days]
            met.append(last_of(marks) if inner is None else last_of(marks) & last_of(inner))
        else:
            marks = _runs(hits, criterion.days)
            met.append(last_of(marks if inner is None else _filled(marks, criterion.days) & inner))
    return met, first, days


def _bridged(heavy: Any, longest: int) -> Any:
    """Days above T0 and the gaps of at most `longest` days between two of them."""
    days = heavy
    for below in range(1, longest + 1):  # a day of a gap: `below` days after the one before it, the next not too far
        above = heavy >> 1
        for further in range(2, longest + 2 - below):
            above = above | (heavy >> further)
        days = days | ((heavy << below) & above)
    return days


def _lowest(marks: Any, days: Any, first: Any) -> Any:
    """The first mark of each episode: a carry runs from its first day over the days that are not marked."""
    return ((days & ~marks) + first) & marks


def _runs(hits: Any, length: int) -> Any:
    """First days of runs of at least `length` days, and the days from which as many still follow."""
    have = 1
    while have < length:
        step = min(have, length - have)
        hits, have = hits & (hits >> step), have + step
    return hits


def _filled(starts: Any, length: int) -> Any:
    """All days of the runs that begin on `starts`."""
    have = 1
    while have < length:
        step = min(have, length - have)
        starts, have = starts | (starts << step), have + step
    return starts


def _place(word: np.ndarray) -> np.ndarray:
    """Number of the highest bit of each word that has one, int64[k]. No two bits side by side: as a number it is rounded,
    but never up to the next power of two."""
    return np.frexp(word.astype(float))[1] - 1


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

    def of(self, which: np.ndarray | int) -> "Outlook":
        """The same for some series, or of several issues one. which : int64[m], bool[k], or a number."""
        return Outlook(*(part[which] for part in self[:-1]), {level: part[which] for level, part in self.running.items()})


class Ahead(NamedTuple):
    """The episode ahead of some issues, as in Outlook."""

    level: np.ndarray
    start: np.ndarray
    end: np.ndarray
    criterion: np.ndarray
    episodes: np.ndarray

    @staticmethod
    def none(shape: int | tuple[int, ...]) -> "Ahead":
        """Nothing ahead of any."""
        return Ahead(*(np.full(shape, nothing) for nothing in (0, -1, -1, 0, 0)))


def look_ahead(days_of: Days, rules: Rules, closed: np.ndarray, days: slice, *, lowering: bool = False) -> Outlook:
    """What the issues of some days in a row show, arrays [day, k]. Lifting and lowering look at today as observed, whether
    or not it still counts.

    closed : int64[k], the day up to which all counts no more, less than 0 for none. lowering : whether a level may be
    lowered; `running` is empty where it may not.
    """
    soon = {threshold: days_of.any_ahead(threshold, days, rules.hold_days) for threshold in
            ({rules.lowest, *(rules.own_threshold.values() if lowering else ())})}
    day, series = np.nonzero(days_of.any_ahead(rules.lowest, days))
    shape = soon[rules.lowest].shape
    ahead = Ahead.none(shape)
    if len(series):
        seen = episode_ahead(days_of, rules, closed[series], day + days.start if shape[0] > 1 else days.start, series)
        for part, one in zip(ahead, seen, strict=True):
            part[day, series] = one
    over = days_of.over(rules.lowest, days)
    return Outlook(*ahead, over, soon[rules.lowest],
                   {lv: days_of.over(threshold, days) | soon[threshold]
                    for lv, threshold in rules.own_threshold.items() if lowering})


def episode_ahead(days_of: Days, rules: Rules, closed: np.ndarray, day: np.ndarray | int, series: np.ndarray) -> Ahead:
    """The episode ahead of some issues. closed, day, series : int64[m]; day may be one."""
    today = days_of.today
    words = days_of.words(rules.thresholds, day, series)
    gone = np.clip(closed + (today + 1 - day), 0, today + 1)  # that many days of the word count no more
    if gone.any():
        words[rules.lowest] &= ~np.uint64(0) << gone.astype(np.uint64)
    met, first, days = _ends(words, rules)
    after = ~np.uint64((2 << today) - 1)
    ahead = Ahead.none(len(series))
    reached = [ends for ends, (lv, *_) in zip(met, rules.criteria, strict=True)
               if rules.counted is not None and lv >= rules.counted]
    if reached:
        ahead.episodes[:] = np.bitwise_count(reduce(or_, reached) & after)
    some = reduce(or_, met) & after
    found = np.flatnonzero(some)
    last = some[found] & -some[found]  # the first episode ahead with a level, by its last day
    level, criterion = np.zeros(len(found), int), np.zeros(len(found), int)
    for place, (lv, *_) in enumerate(rules.criteria):
        higher = (met[place][found] & last != 0) & (level < lv)
        level[higher], criterion[higher] = lv, place
    since = np.asarray(day if np.ndim(day) == 0 else day[found]) - today
    for part, one in zip(ahead, (level, since + _place(first[found] & (last | (last - 1))), since + _place(last), criterion),
                         strict=False):
        part[found] = one
    oldest = days & ((2 << rules.longest_gap_days) - 1)
    if oldest.any():
        beyond = np.flatnonzero((days + oldest) & ~days > 2 << today)  # may go back beyond the word
        _mend(ahead, days_of, rules, beyond, closed, np.broadcast_to(day, len(series)), series)
    return ahead


def _mend(ahead: Ahead, days_of: Days, rules: Rules, beyond: np.ndarray, closed: np.ndarray, day: np.ndarray,
          series: np.ndarray) -> None:
    """Put right the issues whose open episode began before the days of the word. beyond : int64[b], which."""
    since = days_of.since(rules.lowest, rules.longest_gap_days)[day[beyond], series[beyond]]
    top = max(range(len(rules.criteria)), key=lambda place: (rules.criteria[place][0], -place))
    plain = (ahead.level[beyond] == rules.criteria[top][0]) & (ahead.criterion[beyond] == top) & (
        ahead.start[beyond] <= day[beyond]) & (closed[beyond] < since)
    ahead.start[beyond[plain]] = since[plain]  # nothing further back could give it more
    for m in beyond[~plain]:
        one = _of_long_word(days_of, rules, int(closed[m]), int(day[m]), int(series[m]))
        for part, value in zip(ahead, one, strict=True):
            part[m] = value


def _of_long_word(days_of: Days, rules: Rules, closed: int, today: int, series: int) -> tuple[int, int, int, int, int]:
    """The episode ahead of one issue, from all days since the first: as in Ahead."""
    words = {threshold: days_of.whole(threshold, today, series) for threshold in rules.thresholds}
    words[rules.lowest] = words[rules.lowest] >> (closed + 1) << (closed + 1) if closed >= 0 else words[rules.lowest]
    met, first, _ = _ends(words, rules)
    ahead = [ends >> (today + 1) << (today + 1) for ends in met]
    counted = reduce(or_, [0, *(ends for ends, (lv, *_) in zip(ahead, rules.criteria, strict=True)
                                if rules.counted is not None and lv >= rules.counted)])
    some = reduce(or_, ahead)
    if not some:
        return 0, -1, -1, 0, 0
    last = some & -some
    level, place = max((int(lv), -place) for place, (lv, *_) in enumerate(rules.criteria) if ahead[place] & last)
    return level, (first & (2 * last - 1)).bit_length() - 1, last.bit_length() - 1, -place, counted.bit_count()


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
    bits = {threshold: np.packbits(index > threshold, axis=0, bitorder="little") for threshold in rules.thresholds}
    words = {threshold: np.array([int.from_bytes(column.tobytes(), "little") for column in part.T] or [], object)
             for threshold, part in bits.items()}
    met, first, days = _ends(words, rules)
    inside, begins = _as_days(days, len(index)), _as_days(first, len(index))
    level = np.zeros(index.shape, np.int8)
    for ends, (lv, *_) in zip(met, rules.criteria, strict=True):
        level = np.where(_as_days(ends, len(index)), np.maximum(level, np.int8(lv)), level)
    for day in range(len(index) - 2, -1, -1):  # a level counts for the whole episode
        level[day] = np.where(inside[day] & inside[day + 1], np.maximum(level[day], level[day + 1]), level[day])
    start = np.maximum.accumulate(np.where(begins, np.arange(len(index), dtype=np.int16)[:, None], np.int16(-1)), axis=0)
    return Hindsight(level, np.where(inside, start, np.int16(-1)))


def _as_days(words: np.ndarray, days: int) -> np.ndarray:
    """Long words as days, bool[day, k]. words : object[k]."""
    size = days // 8 + 1
    read = np.frombuffer(b"".join(word.to_bytes(size, "little") for word in words), np.uint8).reshape(len(words), size)
    return np.unpackbits(read, axis=1, count=days, bitorder="little").T.astype(bool)
