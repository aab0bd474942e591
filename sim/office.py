"""The forecast office and the command office: what they see and decide at each issue, and what comes into force.

The same office serves the clock of `engine`, which records every decision, and `schedules`, which only asks what came into
force: for thousands of members that is all that is needed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np

from sim import warning as w
from sim.agenda import LIFT, Agenda, Decision, Timeline
from sim.days import Days
from sim.episodes import Ahead, Outlook, Rules, episode_ahead, look_ahead
from sim.planes import apart, held, places, planes, union
from sim.taking_effect import at_noon, changes_in_force, counted, timelines
from sim.told import Told, told_of
from sim.watch import Open, Sight, Watch, own_places

SERIES_SIDE_BY_SIDE = 1_000
"""Up to so many series, of all rule sets, the days of a period are looked through side by side: of more, some are lifted on
every day."""

OUTLOOKS_AT_ONCE = 8_000
"""Columns and days looked up at once: enough to forget the cost of a call, few enough to stay in the cache."""


@dataclass(frozen=True)
class Course:
    """What the clock needs of a run. Column j = member x forecast behind x area; series k = member x area, on which decisions
    are taken.

    days : the columns, as observed and foreseen. decides : int64[j], the series that decides on a column.
    early_start_h : hours ahead of the effective hour at which the start classes begin, the first 0; they do so when an
    issue shows at least `early_episodes` episodes of the counted level. link : what an ensemble and regional linkage make
    of an outlook, from columns to series; None where each series sees its own column. others : more rules of the same shape,
    under which the same series are followed side by side; without reasons, an early start or a link.
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
    others: tuple[Rules, ...] = ()

    @property
    def enough(self) -> int:
        """Episodes that an early start takes; 0 where nobody counts, since none is asked for or no line starts early."""
        return self.early_episodes if len(self.early_start_h) > 1 else 0

    @property
    def sets(self) -> tuple[Rules, ...]:
        """All rules."""
        return (self.rules, *self.others)

    @property
    def series(self) -> int:
        return int(self.decides.max()) + 1

    @property
    def hours(self) -> int:
        return 24 * len(self.days.observed)

    def issues(self) -> range:
        """Hours of all issues of the period."""
        return range(self.issue_hour % self.terms.interval_h, self.hours, self.terms.interval_h)

    def agenda(self) -> Agenda | None:
        """Nothing is planned yet. None where no line begins ahead of the hour: what comes into force is then read off what was
        told (`taking_effect`, `told`)."""
        if len(self.early_start_h) == 1:
            return None
        return Agenda(self.series, self.early_start_h, self.terms.paper_hours, self.withdraw_on_lift)


class _Own:
    """Each series sees its own column. The issues of many days are looked through side by side, as if nothing were lifted; an
    issue is looked at again where a lift has closed what it shows."""

    def __init__(self, course: Course) -> None:
        self.course, self.watch = course, Watch(course.rules)
        course.days.look(tuple(threshold for rules in course.sets for threshold in rules.thresholds))
        self.above = course.days.above([rules.thresholds for rules in course.sets])
        self.observed = list(zip(*map(self.above.on, range(len(course.rules.thresholds))), strict=True))
        self.lowest_of = own_places(course.rules) if course.terms.downgrade else []
        self.at_once = len(course.days.observed) if 8 * self.above.width <= SERIES_SIDE_BY_SIDE else 1
        self.furthest = w.days_looked_at(course.terms, course.rules.hold_days)
        self.first = self.last = 0
        self.opens, self.goes_on = [self.watch.nothing], [0]
        self.pending = 0
        """Series whose open episodes a lift may have made others than `opens` says."""
        self.day, self.left = 0, None
        """A day, and the open episodes after it as lifts have left them; none where they are as in `opens`."""
        self.lifts: list[tuple[int, int]] = []
        """Day and series of the lifts that `left` does not know yet."""
        self.closed = np.full(course.series, -2)
        """The day up to which all counts no more, for `episodes_of` only."""

    def sight(self, today: int) -> Sight:
        """What the issue of a day shows."""
        while today >= self.last:
            self._look_through()
        at = today - self.first
        self.pending &= self.opens[at].is_open  # what has ended by itself has left nothing
        if not self.pending:
            self.lifts, self.left = [], None
            return self.sights[at]
        if not self.pending & self.goes_on[at]:
            return self.sights[at]
        ahead = [self.above.ahead(place, slice(today, today + 1)) for place in range(len(self.above.observed))]
        reaches, begins = self.watch.ahead(self._left_after(today), list(zip(*ahead, strict=True)), self.furthest)
        return self.sights[at]._replace(reaches=reaches, begins=begins)

    def _left_after(self, day: int) -> Open:
        """Open episodes after a day, as lifts have left them."""
        for lifted_on, series in [*self.lifts, (day, 0)]:
            if self.left is None:
                self.left, self.day = self.opens[lifted_on - self.first], lifted_on
            while self.day < lifted_on:
                self.day += 1
                self.left, _ = self.watch.after(self.left, self.observed[self.day])
            if series:
                self.left = self.watch.without(self.left, series)
        self.lifts = []
        return self.left

    def _look_through(self) -> None:
        """What the issues of the next days show."""
        above, watch = self.above, self.watch
        now = self._left_after(self.last - 1) if self.pending else self.opens[-1]
        self.first, self.last, self.opens = self.last, min(self.last + self.at_once, len(self.observed)), []
        self.pending, self.lifts, self.left = 0, [], None
        for over in self.observed[self.first: self.last]:
            now, _ = watch.after(now, over)
            self.opens.append(now)
        ahead = [above.ahead(place, slice(self.first, self.last)) for place in range(len(above.observed))]
        beside = watch.beside(self.opens, above.width)
        self.goes_on = apart(watch.goes_on(beside, ahead[0]), len(self.opens), above.width)
        reaches, begins = watch.ahead(beside, list(zip(*ahead, strict=True)), self.furthest)
        soon = [union(ahead[place][: self.course.rules.hold_days]) for place in (0, *self.lowest_of)]
        rows = zip(*(apart(plane, len(self.opens), above.width) for plane in (*reaches, *begins, *soon)), strict=True)
        levels, until = len(reaches), len(reaches) + len(begins)
        self.sights = [
            Sight(row[:levels], row[levels: until], over[0], row[until],
                  tuple([over[place] | later for place, later in zip(self.lowest_of, row[until + 1:], strict=True)]))
            for row, over in zip(rows, self.observed[self.first: self.last], strict=True)]

    def close(self, series: int, today: int) -> None:
        """What lies behind a lift counts no more."""
        self.pending |= series
        self.lifts.append((today, series))
        if self.course.enough:
            self.closed[places(series, len(self.closed))] = today

    def episodes_of(self, series: np.ndarray, today: int) -> np.ndarray:
        """How many episodes that count some series have ahead."""
        return episode_ahead(self.course.days, self.course.rules, self.closed[series], today, series).episodes

    def mark(self, decided: list[w.Decided]) -> None:
        """Nothing: what decisions rest on is looked up from the days when they are all known."""

    def ahead_of(self, told: Told, issued: np.ndarray) -> Ahead:
        """The episode that each decision rests on: a lift or a cancel on none. What lies behind a lift of an earlier issue
        counts no more."""
        row = np.arange(len(issued))
        lifted = np.maximum.accumulate(np.where(told.kind == LIFT, row, -1))
        first = np.maximum.accumulate(np.where(
            (np.diff(told.series, prepend=-1) != 0) | (np.diff(issued, prepend=-1) != 0), row, 0))  # of an issue and series
        lifted = np.append(-1, lifted)[first]
        closed = np.where((lifted >= 0) & (told.series[lifted] == told.series), issued[lifted] // 24, -2)
        rests = np.flatnonzero(told.kind < LIFT)
        ahead = Ahead.none(len(issued))
        for part, one in zip(ahead, episode_ahead(self.course.days, self.course.rules, closed[rests], issued[rests] // 24,
                                                  told.series[rests].astype(int)), strict=True):
            part[rests] = one
        return ahead


class _Shared:
    """What an ensemble or regional linkage makes of the columns: outlooks in numbers, of the issues of some days in a row;
    those that a lift has changed are mended."""

    def __init__(self, course: Course) -> None:
        self.course, self.levels = course, Watch(course.rules).levels
        course.days.compare(course.rules.thresholds)
        size = course.days.observed.shape[1]
        self.closed, self.mends = np.full(size, -2), False
        self.marks: list[tuple] = []
        self.at_once = max(1, OUTLOOKS_AT_ONCE // max(1, size))
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

    def episodes_of(self, series: np.ndarray, _: int) -> np.ndarray:
        """How many episodes that count some series have ahead."""
        return self.outlook.episodes[series]

    def mark(self, decided: list[w.Decided]) -> None:
        """Keep the episode that some series have ahead now."""
        self.marks += [tuple(part[places(one.series, self.course.series)] for part in self.outlook[: len(Ahead._fields)])
                       for one in decided]

    def ahead_of(self, told: Told, _: np.ndarray) -> Ahead:
        """The episode ahead of each decision, as it was marked."""
        ahead = Ahead(*(np.zeros(len(told.row), int) for _ in Ahead._fields))
        order = np.lexsort((told.series, told.row))
        for part, marked in zip(ahead, zip(*self.marks, strict=True), strict=False):
            part[order] = np.concatenate(marked)
        return ahead


class Office:
    """Observes and decides, issue after issue. Source: model, section 4. A lift closes what lies behind it.

    reasons : what decisions rest on can be asked for (`ahead_of`).
    """

    def __init__(self, course: Course, *, reasons: bool = False) -> None:
        self.course, self.reasons = course, reasons
        self.view = _Shared(course) if course.link else _Own(course)
        self.levels = Watch(course.rules).levels
        self.standing = w.nothing_standing(len(self.levels))
        self.taken: list[w.Decided] = []
        self.issued = np.zeros(course.series, int)

    def observe(self, now: int) -> Sight:
        """What the issue of an hour shows to each series."""
        return self.view.sight(now // 24)

    def decide(self, sight: Sight, now: int) -> list[w.Decided]:
        """The decisions of an issue."""
        course = self.course
        self.standing, decided = w.decide(w.settle(self.standing, now), sight, now, course.rules.hold_days, course.terms)
        if decided:
            self.taken += decided
            if self.reasons:
                self.view.mark(decided)
        return decided

    def announce(self, decided: list[w.Decided], now: int) -> Iterator[tuple[Decision, np.ndarray | bool]]:
        """The decisions of an issue by series, for an agenda, and which series may begin a pre-adjustment: once an issue, as
        warnings are numbered here."""
        size, enough = self.course.series, self.course.enough
        for kind, same in groupby(decided, lambda one: one.kind):
            told = told_of(list(same), size, self.levels)
            if kind == "issue":
                self.issued[told.series] += 1
            yield (Decision(kind, told.series, told.level.astype(int), told.hour, self.issued[told.series]),
                   self.view.episodes_of(told.series, now // 24) >= enough if enough else True)

    def close(self, decided: list[w.Decided], now: int) -> None:
        """A lift closes what lies behind it."""
        lifted = union(one.series for one in decided if one.kind == "lift")
        if lifted:
            self.view.close(lifted, now // 24)

    def told(self) -> Told:
        """All decisions so far, as rows."""
        return told_of(self.taken, self.course.series, self.levels)

    def ahead_of(self, told: Told) -> Ahead:
        """The episode that each decision rests on."""
        return self.view.ahead_of(told, np.array([one.issued for one in self.taken], int)[told.row])


class Schedule(NamedTuple):
    """What comes into force over a period. warned : int64[k, 5], warnings of each series by the highest level they reached. A
    warning counts once, a cancelled one not at all. noon : int8[day, k], warning level in force then where lines begin
    at the hour."""

    timeline: Timeline
    warned: np.ndarray
    noon: np.ndarray


def schedules(course: Course, *, numbered: bool = True) -> Iterator[Schedule]:
    """What comes into force under each of the rules of a course: the same as the clock gives. numbered : with the numbers of
    the warnings, which take longer; else they are 0 where no line begins ahead of the hour."""
    office, agenda = Office(course), course.agenda()
    for now in course.issues():
        if agenda:
            agenda.take_effect_before(now)
        decided = office.decide(office.observe(now), now)
        if agenda:
            agenda.plan_all(office.announce(decided, now), now)
        office.close(decided, now)
    size, days, sets = course.series, len(course.days.observed), (office.levels, len(course.sets))
    warned = counted(office.taken, size, *sets)
    if agenda:
        agenda.take_effect_before(course.hours + 1)
        timeline = agenda.timeline()
        yield Schedule(timeline, next(warned), timeline.of_class(0).at_noon(size, days))
        return
    changes = changes_in_force(office.taken, len(office.levels), course.hours, withdraw_on_lift=course.withdraw_on_lift)
    parts = timelines(changes, size, *sets, numbered=numbered), warned, at_noon(changes, size, days, *sets)
    yield from (Schedule(*each) for each in zip(*parts, strict=True))
