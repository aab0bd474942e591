"""The forecast office and the command office: what they see and decide at each issue, and what comes into force.

The same office serves the clock of `engine`, which records every decision, and `schedule`, which only asks what came into
force: for thousands of members that is all that is needed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from sim import warning as w
from sim.agenda import CANCEL, ENDS, ISSUE, KINDS, LIFT, Agenda, Decision, Timeline, Told, in_force
from sim.days import Days
from sim.episodes import Ahead, Outlook, Rules, episode_ahead, look_ahead
from sim.planes import FEW, bits, held, places, places_by_row, planes, union
from sim.vocab import Level
from sim.watch import Sight, Watch, own_places

NOTHING_AHEAD = Ahead(*(np.zeros(0, int) for _ in Ahead._fields))

COLUMNS_AT_ONCE = 8_000
"""Columns and days looked up at once: enough to forget the cost of a call, few enough to stay in the cache."""


@dataclass(frozen=True)
class Course:
    """What the clock needs of a run. Column j = member x forecast behind x area; series k = member x area, on which decisions
    are taken.

    days : the columns, as observed and foreseen. decides : int64[j], the series that decides on a column.
    early_start_h : hours ahead of the effective hour at which the start classes begin, the first 0; they do so when an
    issue shows at least `early_episodes` episodes of the counted level. link : what an ensemble and regional linkage make
    of an outlook, from columns to series; None where each series sees its own column.
    """

    days: Days
    decides: np.ndarray
    rules: Rules
    terms: w.Terms
    issue_hour: int
    early_start_h: tuple[float, ...] = (0.0,)
    early_episodes: int = 0
    withdraw_on_lift: bool = False
    link: Callable[[Outlook], Outlook] | None = None

    @property
    def series(self) -> int:
        return int(self.decides.max()) + 1

    @property
    def hours(self) -> int:
        return 24 * len(self.days.observed)

    def issues(self) -> range:
        """Hours of all issues of the period."""
        return range(self.issue_hour % self.terms.interval_h, self.hours, self.terms.interval_h)

    def agenda(self) -> Agenda:
        """Nothing is planned yet."""
        return Agenda(self.series, self.early_start_h, self.terms.paper_hours, self.withdraw_on_lift)


class _Own:
    """Each series sees its own column: open episodes are kept as planes, an episode is looked up only for a decision."""

    def __init__(self, course: Course) -> None:
        self.course, self.watch = course, Watch(course.rules)
        course.days.look(course.rules.thresholds)
        self.over = [course.days.planes(threshold) for threshold in course.rules.thresholds]
        self.running = [self.over[place] for place in own_places(course.rules)] if course.terms.downgrade else []
        self.furthest = w.days_looked_at(course.terms, course.rules.hold_days)
        self.nothing = Sight((0,) * len(self.watch.levels), (0,) * (self.furthest + 1), 0, 0, ())
        self.open, self.day = self.watch.nothing, -1
        self.lifts: list[tuple[int, int]] = []

    def sight(self, today: int) -> Sight:
        """What the issue of a day shows."""
        while self.day < today:
            self.day += 1
            self.open, _ = self.watch.after(self.open, tuple(observed[self.day] for observed, _ in self.over))
        heavy, ahead = self.over[0]
        if not any(ahead[today]):  # what is open goes no further
            return self.nothing._replace(today_over=heavy[today], running=tuple(own[today] for own, _ in self.running))
        hold = self.course.rules.hold_days
        reaches, begins = self.watch.ahead(self.open, list(zip(*(ahead[today] for _, ahead in self.over), strict=True)),
                                           self.furthest)
        return Sight(reaches, begins, heavy[today], union(ahead[today][:hold]),
                     tuple(own[today] | union(soon[today][:hold]) for own, soon in self.running))

    def close(self, series: int, today: int) -> None:
        """What lies behind a lift counts no more."""
        self.open = self.watch.without(self.open, series)
        self.lifts.append((series, today))

    def mark(self, series: np.ndarray, today: int) -> tuple:
        """What is needed to look up, later, the episode that some series have ahead now."""
        return np.full(len(series), today), series, len(self.lifts)

    def ahead_of(self, marks: list[tuple]) -> Ahead:
        """The episodes ahead that were marked, in the order of the issues."""
        if not marks:
            return NOTHING_AHEAD
        closed, behind, done = np.full(self.course.series, -2), [], 0
        for _, series, lifted in marks:
            for gone, today in self.lifts[done: lifted]:
                closed[places(gone, len(closed))] = today
            done = lifted
            behind.append(closed[series])
        day, series, _ = zip(*marks, strict=True)
        return episode_ahead(self.course.days, self.course.rules, np.concatenate(behind), np.concatenate(day),
                             np.concatenate(series))


class _Shared:
    """What an ensemble or regional linkage makes of the columns: outlooks in numbers, of the issues of some days in a row;
    those that a lift has changed are mended."""

    def __init__(self, course: Course) -> None:
        self.course, self.levels = course, Watch(course.rules).levels
        course.days.compare(course.rules.thresholds)
        size = course.days.observed.shape[1]
        self.closed, self.mends = np.full(size, -2), False
        self.at_once = max(1, COLUMNS_AT_ONCE // max(1, size))
        self.first = self.last = 0
        self.furthest = w.days_looked_at(course.terms, course.rules.hold_days)

    def sight(self, today: int) -> Sight:
        """What the issue of a day shows."""
        course = self.course
        if today >= self.last:
            self.first, self.last, self.mends = today, min(today + self.at_once, len(course.days.observed)), False
            self.outlooks = look_ahead(course.days, course.rules, self.closed, slice(self.first, self.last),
                                       lowering=course.terms.downgrade)
        outlook = self.outlooks.of(today - self.first)
        if self.mends:
            changed = np.flatnonzero((outlook.start <= self.closed) & (outlook.level > 0))
            if len(changed):
                anew = episode_ahead(course.days, course.rules, self.closed[changed], today, changed)
                for part, one in zip(outlook, anew, strict=False):
                    part[changed] = one
        assert course.link
        self.outlook = outlook = course.link(outlook)
        there, day = outlook.level > 0, np.maximum(outlook.start - today, 0)
        rows = [*(outlook.level >= level for level in self.levels), *(there & (day == n) for n in range(self.furthest + 1)),
                outlook.today_over, outlook.hold_over, *outlook.running.values()]
        planes_of = planes(np.stack(rows))
        parts = np.cumsum([len(self.levels), self.furthest + 1, 2])
        return Sight(tuple(planes_of[: parts[0]]), tuple(planes_of[parts[0]: parts[1]]), *planes_of[parts[1]: parts[2]],
                     tuple(planes_of[parts[2]:]))

    def close(self, series: int, today: int) -> None:
        """What lies behind a lift counts no more."""
        self.closed[held([series], self.course.series)[0][self.course.decides]], self.mends = today, True

    def mark(self, series: np.ndarray, _: int) -> tuple:
        """The episode that some series have ahead now."""
        return tuple(part[series] for part in self.outlook[: len(Ahead._fields)])

    def ahead_of(self, marks: list[tuple]) -> Ahead:
        """The episodes ahead that were marked."""
        if not marks:
            return NOTHING_AHEAD
        return Ahead(*(np.concatenate(part) for part in zip(*marks, strict=True)))


class Office:
    """Observes and decides, issue after issue. Source: model, section 4. A lift closes what lies behind it."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.view = _Shared(course) if course.link else _Own(course)
        self.levels = Watch(course.rules).levels
        self.standing = w.nothing_standing(len(self.levels))
        self.issued = np.zeros(course.series, int)
        self.marks: list[tuple] = []

    def observe(self, now: int) -> Sight:
        """What the issue of an hour shows to each series."""
        return self.view.sight(now // 24)

    def decide(self, sight: Sight, now: int) -> list[w.Decided]:
        """The decisions of an issue."""
        course = self.course
        self.standing, decided = w.decide(w.settle(self.standing, now), sight, now, course.rules.hold_days, course.terms)
        return decided

    def close(self, decided: list[w.Decided], now: int) -> None:
        """A lift closes what lies behind it."""
        lifted = union(one.series for one in decided if one.kind == "lift")
        if lifted:
            self.view.close(lifted, now // 24)

    def told(self, decided: list[w.Decided], now: int) -> list[tuple[Decision, np.ndarray | bool]]:
        """The same decisions by series, with the numbers of their warnings, and which series may begin a pre-adjustment.
        What the decisions rest on is marked."""
        made, enough = [], self.course.early_episodes
        for kind, same in groupby(decided, lambda one: one.kind):
            decision = self._of(kind, list(same))
            mark = self.view.mark(decision.series, now // 24)
            made.append((decision, self.view.ahead_of([mark]).episodes >= enough if enough else True))
            self.marks.append(mark)
        self.close(decided, now)
        return made

    def ahead(self) -> Ahead:
        """The episode behind each decision told, in their order."""
        return self.view.ahead_of(self.marks)

    def _of(self, kind: str, same: list[w.Decided]) -> Decision:
        size = self.course.series
        parts = [places(one.series, size) for one in same]
        series = np.concatenate(parts)
        effective = np.repeat([one.effective for one in same], [len(part) for part in parts])
        level = np.concatenate([_level(one, part, self.levels, size) for one, part in zip(same, parts, strict=True)])
        order = np.argsort(series)
        series = series[order]
        if kind == "issue":
            self.issued[series] += 1
        return Decision(kind, series, level[order], effective[order], self.issued[series])


def _level(one: w.Decided, series: np.ndarray, levels: tuple[Level, ...], size: int) -> np.ndarray:
    """The level of a decision for each of its series, int64[m]."""
    if len(series) <= FEW:
        return np.array([max(level for level, plane in zip(levels, one.level, strict=True) if plane >> at & 1)
                         for at in series.tolist()], int)
    made = np.zeros(len(series), int)
    for level, plane in zip(levels, bits(one.level, size), strict=True):
        made[(plane[series >> 3] >> (series & 7) & 1) > 0] = level
    return made


def schedule(course: Course) -> tuple[Timeline, np.ndarray]:
    """What comes into force over a period, and how many warnings of each level each series had: int64[k, 5].

    A warning counts once, at the highest level it reached, a cancelled one not at all. The same as the clock gives.
    """
    if len(course.early_start_h) > 1:
        return _with_agenda(course)
    office, taken = Office(course), []
    for now in course.issues():
        decided = office.decide(office.observe(now), now)
        office.close(decided, now)
        taken += decided
    told = _flat(taken, course.series, office.levels)
    return in_force(told, course.hours, withdraw_on_lift=course.withdraw_on_lift), counted(told, course.series)


def _with_agenda(course: Course) -> tuple[Timeline, np.ndarray]:
    """The same where some lines begin ahead of the hour."""
    office, agenda = Office(course), course.agenda()
    taken = []
    for now in course.issues():
        agenda.take_effect_before(now)
        decided = office.decide(office.observe(now), now)
        taken += decided
        for decision, may in office.told(decided, now):
            agenda.plan(decision, now, may)
    agenda.take_effect_before(course.hours + 1)
    return agenda.timeline(), counted(_flat(taken, course.series, office.levels), course.series)


def _flat(taken: list[w.Decided], size: int, levels: tuple[Level, ...]) -> Told:
    """Decisions in planes as rows, in order of series and announcement."""
    row, series = places_by_row([one.series for one in taken], size)
    order = np.argsort(series.astype(np.uint16) if size <= 1 << 16 else series, kind="stable")
    row, series = row[order], series[order]
    kind = np.array([KINDS.index(one.kind) for one in taken], np.int8)[row]
    asks = np.flatnonzero(kind < LIFT)
    found = {id(one.level): one.level for one in taken if one.kind not in ENDS}  # many share theirs
    planes_of = bits([plane for level in found.values() for plane in level], size)
    first = {key: place * len(levels) for place, key in enumerate(found)}
    place = np.array([first.get(id(one.level), 0) for one in taken], np.int32)[row[asks]]
    byte, bit = series[asks] >> 3, (series[asks] & 7).astype(np.uint8)
    highest = np.zeros(len(asks), np.int8)
    for step, lv in enumerate(np.diff(levels, prepend=0).tolist()):
        highest += (planes_of[place + step, byte] >> bit & 1).view(np.int8) * np.int8(lv)
    level = np.zeros(len(row), np.int8)
    level[asks] = highest
    hour = np.array([one.effective for one in taken], float)[row]
    return Told(kind, series, hour, level, np.cumsum(kind == ISSUE, dtype=np.int32) - 1)


def counted(told: Told, size: int) -> np.ndarray:
    """Warnings of each series by the highest level they reached, int64[k, 5]; none is cancelled ones."""
    if not len(told.kind):
        return np.zeros((size, 5), np.int64)
    begins = np.flatnonzero(told.kind == ISSUE)
    highest = np.maximum.reduceat(told.level, begins)
    highest[told.warning[told.kind == CANCEL]] = 0
    some = highest > 0
    return np.bincount(told.series[begins[some]] * 5 + highest[some], minlength=size * 5).reshape(size, 5)
