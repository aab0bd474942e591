"""Changes of level that are decided but not yet in force, and the timeline of those that came into force."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

KINDS = ("issue", "upgrade", "downgrade", "advance", "lift", "cancel")
ISSUE, ADVANCE, LIFT, CANCEL = (KINDS.index(kind) for kind in ("issue", "advance", "lift", "cancel"))
ENDS = KINDS[LIFT:]


class Decision(NamedTuple):
    """One kind of decision of one issue, for some of the series. series : int64[m], which ones, in ascending order; level,
    effective, number : [m], new level or the one that ends, hour, and number of the warning it is about."""

    kind: str
    series: np.ndarray
    level: np.ndarray
    effective: np.ndarray
    number: np.ndarray


class Timeline(NamedTuple):
    """Changes of the warning level in force, by start class, series and hour.

    start_class, series : int64[n]. hour : float64[n]. level : int64[n], warning level from that hour on, 0 for none.
    warning : int64[n], number of the warning that asks, 0 for none. Sorted by (start_class, series, hour).
    """

    start_class: np.ndarray
    series: np.ndarray
    hour: np.ndarray
    level: np.ndarray
    warning: np.ndarray

    def of_class(self, start_class: int) -> "Timeline":
        return Timeline(*(column[self.start_class == start_class] for column in self))


class _Planned(NamedTuple):
    """One decision's change for one start class. early : starts ahead of the effective hour (pre-adjustment)."""

    start_class: int
    series: np.ndarray
    level: np.ndarray
    warning: np.ndarray
    early: bool
    lifts: bool


@dataclass
class Agenda:
    """What is planned, by hour, and what has come into force.

    early_start_h : hours before the effective hour at which each start class begins a pre-adjustment, the first 0.
    withdraw_on_lift : a lift also withdraws an upgrade announced for a later hour (see docs/model.md).
    """

    size: int
    early_start_h: tuple[float, ...]
    paper_hours: float
    withdraw_on_lift: bool
    planned: dict[float, list[_Planned]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shape = (len(self.early_start_h), self.size)
        self.level = np.zeros(shape, int)
        self.warning = np.zeros(shape, int)
        self.waiting = np.zeros(shape, int)
        """Level that a warning asks ahead of its hour while another still asks as much or more; takes over at its lift."""
        self.waiting_for = np.zeros(shape, int)
        self._log: list[tuple[int, np.ndarray, float, np.ndarray, np.ndarray]] = []

    def plan(self, decision: Decision, now: int, may: np.ndarray | bool = True) -> None:
        """Enter the change that a decision brings; withdraw what it replaces. may : bool[m], which of its series may begin
        ahead of the effective hour."""
        series, warning = decision.series, decision.number
        ends = decision.kind in ENDS
        level = np.zeros(len(series), int) if ends else decision.level
        effective = decision.effective.astype(float)
        for start_class, ahead_h in enumerate(self.early_start_h):
            start = effective
            if ahead_h and decision.kind in {"issue", "upgrade", "advance"}:
                start = np.where(may, np.maximum(effective - ahead_h, np.minimum(now + self.paper_hours, effective)), start)
            if decision.kind in {"cancel", "advance"} or (ends and self.withdraw_on_lift):
                self._withdraw(start_class, series, warning, start)
            if decision.kind in {"cancel", "advance"}:
                kept = self.waiting_for[start_class, series] != warning
                self.waiting_for[start_class, series] *= kept
            if decision.kind == "cancel":  # only lines that had started ahead have anything to take back
                started = self.warning[start_class, series] == warning
                self._enter(start_class, series[started], level[started], warning[started], effective[started])
                continue
            ahead = start < effective
            self._enter(start_class, series[ahead], level[ahead], warning[ahead], start[ahead], early=True)
            self._enter(start_class, series, level, warning, effective, lifts=ends)

    def take_effect(self, hour: float) -> None:
        """Bring the changes of one hour into force; the later announced wins. One change, from before to after."""
        entries = self.planned.pop(hour, ())
        for start_class in {entry.start_class for entry in entries}:
            mine = [entry for entry in entries if entry.start_class == start_class]
            meant = np.zeros(self.size, bool)
            for entry in mine:
                meant[entry.series] = True
            series = np.flatnonzero(meant)
            before = self.level[start_class, series], self.warning[start_class, series]
            for entry in mine:
                self._bring_in(entry)
            level, warning = self.level[start_class, series], self.warning[start_class, series]
            changed = (level != before[0]) | (warning != before[1])
            self._log.append((start_class, series[changed], hour, level[changed], warning[changed]))

    def _bring_in(self, entry: _Planned) -> None:
        """One planned change, as far as it takes."""
        start_class, series, level, warning, early, lifts = entry
        here = (start_class, series)
        takes = np.ones(len(series), bool)
        if early:  # ahead of its hour a change may only raise what is asked; else it waits for the other's lift
            takes = level > self.level[here]
            self.waiting[here] = np.where(takes, self.waiting[here], level)
            self.waiting_for[here] = np.where(takes, self.waiting_for[here], warning)
        elif lifts:  # a lift ends its own warning, not one that has begun ahead of its hour
            takes = (self.warning[here] == 0) | (self.warning[here] == warning)
            level = np.where(self.waiting_for[here] > 0, self.waiting[here], 0)
            warning = self.waiting_for[here].copy()
            self.waiting_for[here] *= ~takes
        else:
            self.waiting_for[here] *= self.waiting_for[here] != warning
        self.level[start_class, series[takes]] = level[takes]
        self.warning[start_class, series[takes]] = np.where(level[takes] > 0, warning[takes], 0)

    def take_effect_before(self, hour: float) -> None:
        """Bring into force, in order, all changes of hours before this one."""
        for due in sorted(planned for planned in self.planned if planned < hour):
            self.take_effect(due)

    def timeline(self) -> Timeline:
        """All changes that came into force."""
        start_class = np.concatenate([np.full(len(s), c) for c, s, *_ in self._log] or [np.zeros(0, int)])
        series = np.concatenate([s for _, s, *_ in self._log] or [np.zeros(0, int)])
        hour = np.concatenate([np.full(len(s), h) for _, s, h, *_ in self._log] or [np.zeros(0)])
        level = np.concatenate([v for *_, v, _ in self._log] or [np.zeros(0, int)])
        warning = np.concatenate([w for *_, w in self._log] or [np.zeros(0, int)])
        order = np.lexsort((hour, series, start_class))
        return Timeline(*(column[order] for column in (start_class, series, hour, level, warning)))

    def _enter(self, start_class: int, series: np.ndarray, level: np.ndarray, warning: np.ndarray, hour: np.ndarray,
               *, early: bool = False, lifts: bool = False) -> None:
        if not len(series):
            return
        if (hour == hour[0]).all():
            self.planned.setdefault(float(hour[0]), []).append(_Planned(start_class, series, level, warning, early, lifts))
            return
        for at in np.unique(hour):
            now = hour == at
            self.planned.setdefault(float(at), []).append(
                _Planned(start_class, series[now], level[now], warning[now], early, lifts))

    def _withdraw(self, start_class: int, series: np.ndarray, warning: np.ndarray, start: np.ndarray) -> None:
        """Strike the planned changes of these warnings that would begin at or after their new start."""
        if not len(series):
            return
        number, since = np.zeros(self.size, int), np.full(self.size, np.inf)
        number[series], since[series] = warning, start
        for hour, entries in self.planned.items():
            for place, entry in enumerate(entries):
                if entry.start_class == start_class:
                    stays = (number[entry.series] != entry.warning) | (hour < since[entry.series])
                    entries[place] = entry._replace(series=entry.series[stays], level=entry.level[stays],
                                                    warning=entry.warning[stays])


# ---------------------------------------------------------------- all at once


class Told(NamedTuple):
    """Decisions of many series, in order of series and announcement, int[n] each but hour, float64[n]. kind : as in KINDS.
    level : the new level; of lifts and cancels it is not looked at. warning : numbers the warnings of all series, from 0."""

    kind: np.ndarray
    series: np.ndarray
    hour: np.ndarray
    level: np.ndarray
    warning: np.ndarray


def in_force(told: Told, until_h: float, *, withdraw_on_lift: bool = False) -> Timeline:
    """What comes into force by `until_h` where no line begins ahead of the hour: the same as an agenda gives, without one.

    A cancel strikes its warning, an advance what was told of it before, and, with `withdraw_on_lift`, a lift what is due at
    its hour or later. Of what is left the later hour wins, in one hour the later announced; a lift ends its own warning only.
    """
    kind, series, hour, level, warning = told
    if not len(kind):
        return Timeline(*(np.zeros(0, int) for _ in range(2)), np.zeros(0), *(np.zeros(0, int) for _ in range(2)))
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
    series, hour, level, warning, lifts = (part[stays] for part in (series, hour, level, warning, lifts))
    same = series[1:] == series[:-1]
    mixed = np.flatnonzero((hour[1:] < hour[:-1]) & same)
    if len(mixed):  # in the order of their hours; most series are so already
        which = np.zeros(int(series[-1]) + 1, bool)
        which[series[mixed]] = True
        rows = np.flatnonzero(which[series])
        order = rows[np.lexsort((hour[rows], series[rows]))]
        for part in (hour, level, warning, lifts):
            part[rows] = part[order]
    idle = np.flatnonzero(np.diff(series, prepend=-1))
    while lifts[idle].any():  # the issue was struck by its own lift: nothing is asked for, and nothing ends
        series, hour, level, warning, lifts = (np.delete(part, idle[lifts[idle]])
                                               for part in (series, hour, level, warning, lifts))
        idle = np.flatnonzero(np.diff(series, prepend=-1))
        same = series[1:] == series[:-1]
    row = np.arange(len(series), dtype=np.int32)
    asks = np.maximum.accumulate(np.where(lifts, 0, row))  # what was last asked for; a series begins with an issue
    now = warning[asks]
    ended = np.maximum.accumulate(np.where(lifts & (warning == now), row, -1)) > asks
    now[ended] = -1
    level = np.where(ended, np.int8(0), level[asks])
    if not len(row):
        return Timeline(series.astype(int), series.astype(int), hour, level.astype(int), now.astype(int))
    last = np.flatnonzero(np.append((hour[1:] != hour[:-1]) | ~same, True))  # of an hour: one change
    series, hour, now, level = (part[last] for part in (series, hour, now, level))
    first = np.flatnonzero(np.diff(series, prepend=-1))
    differs = np.append(True, (now[1:] != now[:-1]) | (level[1:] != level[:-1]))
    differs[first] = now[first] >= 0
    number = now - _first_warning(told)[series] + 1
    number[now < 0] = 0
    return Timeline(np.zeros(np.count_nonzero(differs), int), series[differs].astype(int), hour[differs],
                    level[differs].astype(int), number[differs].astype(int))


def _first_warning(told: Told) -> np.ndarray:
    """The first warning of each series, int32[k]; series without one are not looked at."""
    first = np.zeros(int(told.series[-1]) + 1, np.int32)
    begins = np.flatnonzero(np.diff(told.series, prepend=-1))
    first[told.series[begins]] = told.warning[begins]
    return first
