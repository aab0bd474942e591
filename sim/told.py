"""What was told to many series, as rows, and what came of it: all decisions of a period at once, after the last of them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from sim.agenda import ADVANCE, CANCEL, ENDS, ISSUE, KINDS, LIFT, Timeline
from sim.planes import bits, places_by_series
from sim.vocab import Level
from sim.warning import Decided


class Told(NamedTuple):
    """Decisions of many series, in order of series and announcement, int[n] each but hour, float64[n]. kind : as in KINDS.
    level : the new level; of lifts and cancels the one that ends, or 0. warning : numbers the warnings of all series, from 0.
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


def told_of(taken: Sequence[Decided], size: int, levels: tuple[Level, ...], *, ended: bool = False) -> Told:
    """Decisions in planes as rows. size : how many series there are. levels : those of the rules, lowest first. ended : lifts
    and cancels bear the level that ends; else theirs is 0."""
    return next(told_by_set(taken, size, levels, ended=ended))


def told_by_set(taken: Sequence[Decided], size: int, levels: tuple[Level, ...], sets: int = 1, *,
                ended: bool = False) -> Iterator[Told]:
    """The same for each of some rule sets, whose series stand side by side in whole bytes. size : series of one set."""
    kinds = np.array([KINDS.index(one.kind) for one in taken], np.int8)
    hours = np.array([one.effective for one in taken], float)
    found = {id(one.level): one.level for one in taken if ended or one.kind not in ENDS}  # many share theirs
    first = {key: place * (len(levels) - 1) for place, key in enumerate(found)}
    places = np.array([first.get(id(one.level), 0) for one in taken], np.int64)
    width = (size + 7) // 8
    rows, planes_of = (bits(planes, 8 * width * sets).reshape(-1, sets, width) for planes in (
        [one.series for one in taken], [plane for level in found.values() for plane in level[1:]]))  # all have the lowest
    for number in range(sets):
        row, series = places_by_series(rows[:, number])
        kind = kinds[row]
        asks = slice(None) if ended else np.flatnonzero(kind < LIFT)
        byte = (places[row[asks]] * sets + number) * width + (series[asks] >> 3)
        bit = (series[asks] & 7).astype(np.uint8)
        highest = np.full(len(byte), levels[0], np.int8)
        for step, lv in enumerate(np.diff(levels).tolist()):
            highest += (np.take(planes_of, byte + step * sets * width) >> bit & 1).view(np.int8) * np.int8(lv)
        level = np.zeros(len(row), np.int8)
        level[asks] = highest
        yield Told(kind, series, hours[row], level, np.cumsum(kind == ISSUE, dtype=np.int32) - 1, row)


def in_force(told: Told, until_h: float, *, withdraw_on_lift: bool = False) -> Timeline:
    """What comes into force by `until_h` where no line begins ahead of the hour: the same as an agenda gives, without one.

    A cancel strikes its warning, an advance what was told of it before, and, with `withdraw_on_lift`, a lift what is due at
    its hour or later. Of what is left the later hour wins, in one hour the later announced; a lift ends its own warning only.
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


def counted(told: Told, size: int) -> np.ndarray:
    """Warnings of each series by the highest level they reached, int64[k, 5]; none is cancelled ones."""
    if not len(told.kind):
        return np.zeros((size, 5), np.int64)
    issues = np.flatnonzero(told.kind == ISSUE)
    highest, changes = told.level[issues], np.flatnonzero((told.kind > ISSUE) & (told.kind < LIFT))
    np.maximum.at(highest, told.warning[changes], told.level[changes])
    highest[told.warning[told.kind == CANCEL]] = 0
    some = highest > 0
    return np.bincount(told.series[issues[some]] * 5 + highest[some], minlength=size * 5).reshape(size, 5)
