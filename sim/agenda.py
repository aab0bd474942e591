"""Changes of level that are decided but not yet in force, and the timeline of those that came into force."""

from collections.abc import Iterable
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

    start_class, series : int[n]. hour : float64[n]. level : int[n], warning level from that hour on, 0 for none. warning :
    int[n], number of the warning that asks, 0 for none. May be narrow types. Sorted by (start_class, series, hour).
    """

    start_class: np.ndarray
    series: np.ndarray
    hour: np.ndarray
    level: np.ndarray
    warning: np.ndarray

    def of_class(self, start_class: int) -> "Timeline":
        if not len(self.start_class) or self.start_class[0] == self.start_class[-1] == start_class:
            return self
        return Timeline(*(column[self.start_class == start_class] for column in self))

    def at_noon(self, size: int, days: int) -> np.ndarray:
        """Warning level in force at noon of each day: int8[day, k], of a timeline of one start class."""
        place = np.arange(len(self.series)) + self.series + 1  # before the changes of each series a stretch without a warning
        level, begins = np.zeros(len(place) + size, np.int8), np.full(len(place) + size, -1)
        level[place] = self.level
        begins[place] = self.series * days + np.clip(np.ceil((self.hour - 12) / 24), 0, days).astype(int)
        begins[begins < 0] = np.arange(size) * days
        return np.repeat(level, np.diff(begins, append=size * days)).reshape(size, days).T


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

    def plan_all(self, announced: Iterable[tuple[Decision, np.ndarray | bool]], now: int) -> None:
        """Enter what an issue announces, with what may begin ahead of it."""
        for decision, may in announced:
            self.plan(decision, now, may)

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
