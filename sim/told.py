"""What was told, as rows, and what came of it: all decisions of a period at once, after the last of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.agenda import ADVANCE, CANCEL, ISSUE, KINDS, LIFT, Timeline
from sim.planes import bits, places_by_series
from sim.vocab import Level
from sim.warning import Decided


class Told(NamedTuple):
    """Decisions of many series, in order of series and announcement, int[n] each but hour, float64[n]. kind : as in KINDS.
    level : the new level; of lifts and cancels the one that ends. warning : numbers the warnings of all series, from 0.
    row : which of the decisions taken it is."""

    kind: np.ndarray
    series: np.ndarray
    hour: np.ndarray
    level: np.ndarray
    warning: np.ndarray
    row: np.ndarray

    @property
    def number(self) -> np.ndarray:
        """Numbers of the warnings, from 1 in each series: int32[n]."""
        return self.warning - _first_warning(self)[self.series] + 1


def told_of(taken: Sequence[Decided], size: int, levels: tuple[Level, ...]) -> Told:
    """Decisions in planes as rows. size : how many series there are. levels : those of the rules, lowest first."""
    kinds = np.array([KINDS.index(one.kind) for one in taken], np.int8)
    row, series = places_by_series(bits([one.series for one in taken], size))
    found = {id(one.level): one.level for one in taken}  # many share theirs
    place = {key: at * (len(levels) - 1) for at, key in enumerate(found)}
    planes_of = bits([plane for level in found.values() for plane in level[1:]], size)  # all have the lowest
    first, bit = np.array([place[id(one.level)] for one in taken], np.int64)[row], (series & 7).astype(np.uint8)
    level = np.full(len(row), levels[0], np.int8)
    for step, lv in enumerate(np.diff(levels).tolist()):
        level += (planes_of[first + step, series >> 3] >> bit & 1).view(np.int8) * np.int8(lv)
    kind = kinds[row]
    hours = np.array([one.effective for one in taken], float)
    return Told(kind, series, hours[row], level, np.cumsum(kind == ISSUE, dtype=np.int32) - 1, row)


def in_force(told: Told, until_h: float, *, withdraw_on_lift: bool = False) -> Timeline:
    """What comes into force by `until_h` where no line begins ahead of the hour: what `taking_effect` reckons in planes, for
    few series, whose decisions stand in rows for the record anyway. The rules stand there (`changes_in_force`).
    """
    kind, series, hour, level, warning, _ = told
    if not len(kind):
        return Timeline(np.zeros(0, np.int32), series, hour, level, warning)
    count, lifts = int(warning[-1]) + 1, kind == LIFT
    stays = hour <= until_h
    cancels = np.flatnonzero(kind == CANCEL)
    if len(cancels):
        gone = np.zeros(count, bool)
        gone[warning[cancels]] = True
        stays &= ~gone[warning]
    advances = np.flatnonzero(kind == ADVANCE)
    if len(advances):
        last = np.zeros(count, np.int32)
        last[warning[advances]] = advances  # in order: the last one stays
        stays &= np.arange(len(kind), dtype=np.int32) >= last[warning]
    if withdraw_on_lift:
        ends = np.full(count, np.inf)
        ends[warning[lifts]] = hour[lifts]
        stays &= lifts | (hour < ends[warning])
    kept = np.flatnonzero(stays)
    series, hour, level, warning, lifts = (part[kept] for part in (series, hour, level, warning, lifts))
    same = series[1:] == series[:-1]
    mixed = np.flatnonzero((hour[1:] < hour[:-1]) & same)
    if len(mixed):  # in the order of their hours; most series are so already
        which = np.zeros(int(series[-1]) + 1, bool)
        which[series[mixed]] = True
        rows = np.flatnonzero(which[series])
        order = rows[np.lexsort((hour[rows], series[rows]))]
        for part in (hour, level, warning, lifts):
            part[rows] = part[order]
    idle = _begins(series)
    while lifts[idle].any():  # the issue was struck by its own lift: nothing is asked for, and nothing ends
        series, hour, level, warning, lifts = (np.delete(part, idle[lifts[idle]])
                                               for part in (series, hour, level, warning, lifts))
        idle = _begins(series)
        same = series[1:] == series[:-1]
    row = np.arange(len(series), dtype=np.int32)
    asks = np.maximum.accumulate(np.where(lifts, 0, row))  # what was last asked for; a series begins with an issue
    now = warning[asks]
    ended = np.maximum.accumulate(np.where(lifts & (warning == now), row, -1)) > asks
    now[ended] = -1
    level = np.where(ended, np.int8(0), level[asks])
    if not len(row):
        return Timeline(series, series, hour, level, now)
    last = np.flatnonzero(np.append((hour[1:] != hour[:-1]) | ~same, True))  # of an hour: one change
    series, hour, now, level = (part[last] for part in (series, hour, now, level))
    differs = np.append(True, (now[1:] != now[:-1]) | (level[1:] != level[:-1]))
    first = _begins(series)
    differs[first] = now[first] >= 0
    kept = np.flatnonzero(differs)
    series, now = series[kept], now[kept]
    number = np.where(now < 0, np.int32(0), now - _first_warning(told)[series] + np.int32(1))
    return Timeline(np.zeros(len(kept), np.int32), series, hour[kept], level[kept], number)


def _begins(series: np.ndarray) -> np.ndarray:
    """Where the rows of each series begin: int64[m]."""
    return np.flatnonzero(np.append(True, series[1:] != series[:-1])[: len(series)])


def _first_warning(told: Told) -> np.ndarray:
    """The first warning of each series, int32[k]; series without one are not looked at."""
    first = np.zeros(int(told.series.max(initial=0)) + 1, np.int32)
    begins = _begins(told.series)
    first[told.series[begins]] = told.warning[begins]
    return first
