"""The forecast office and the command office: what they see and decide at each issue, and what comes into force.

The same office serves the clock of `engine`, which records every decision, and `schedule`, which only asks what came into
force: for thousands of members that is all that is needed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim import warning as w
from sim.agenda import Agenda, Timeline
from sim.episodes import Days, Outlook, Rules, episode_ahead, look_ahead
from sim.rulebook import DAYS_AT_MOST

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


class Office:
    """Observes and decides, issue after issue. Source: model, section 4.

    A lift closes what lies behind it. Until one comes, what an issue shows does not depend on what is decided: the issues of
    some days in a row are looked up at once, and those that a lift has changed are mended.
    """

    def __init__(self, course: Course) -> None:
        self.course = course
        course.days.compare(course.rules.thresholds)
        size = course.days.observed.shape[1]
        self.closed, self.mends = np.full(size, -2), False
        self.standing = w.nothing_standing(course.series)
        self.at_once = max(1, COLUMNS_AT_ONCE // max(1, size))
        self.first = self.last = 0
        self.within_days = DAYS_AT_MOST if course.link else w.days_looked_at(course.terms, course.rules.hold_days)

    def observe(self, now: int) -> Outlook:
        """What the issue of an hour shows to each series."""
        course, today = self.course, now // 24
        if today >= self.last:
            self.first, self.last, self.mends = today, min(today + self.at_once, len(course.days.observed)), False
            self.outlooks = look_ahead(course.days, course.rules, self.closed, slice(self.first, self.last),
                                       lowering=course.terms.downgrade, within_days=self.within_days)
        outlook = self.outlooks.of(today - self.first)
        if self.mends:
            changed = np.flatnonzero((outlook.start <= self.closed) & (outlook.level > 0))
            if len(changed):
                anew = episode_ahead(course.days, course.rules, self.closed[changed], today, changed)
                for part, one in zip(outlook, anew, strict=False):
                    part[changed] = one
        return course.link(outlook) if course.link else outlook

    def decide(self, outlook: Outlook, now: int) -> list[w.Decision]:
        """The decisions of an issue; a lift closes what lies behind it."""
        course = self.course
        self.standing, decisions = w.decide(w.settle(self.standing, now), outlook, now // 24, now, course.rules.hold_days,
                                            course.terms)
        for decision in decisions:
            if decision.kind == "lift":
                lifted = np.zeros(course.series, bool)
                lifted[decision.series] = True
                self.closed[lifted[course.decides]], self.mends = now // 24, True
        return decisions


def schedule(course: Course) -> tuple[Timeline, np.ndarray]:
    """What comes into force over a period, and how many warnings of each level each series had: int64[k, 5].

    A warning counts once, at the highest level it reached, a cancelled one not at all. The same as the clock gives.
    """
    office, agenda = Office(course), course.agenda()
    kept: list[w.Decision] = []
    for now in course.issues():
        agenda.take_effect_before(now)
        outlook = office.observe(now)
        for decision in office.decide(outlook, now):
            agenda.plan(decision, now, outlook.episodes >= course.early_episodes)
            kept.append(decision)
    agenda.take_effect_before(course.hours + 1)
    return agenda.timeline(), counted(kept, course.series)


def counted(decisions: list[w.Decision], series: int) -> np.ndarray:
    """Warnings of each series by the highest level they reached, int64[k, 5]; none is cancelled ones."""
    most = 1 + max((int(one.number.max()) for one in decisions), default=0)
    highest = np.zeros(series * most, np.int64)
    for one in decisions:  # in order: a number is never used again after a cancel
        place = one.series * most + one.number
        highest[place] = 0 if one.kind == "cancel" else np.maximum(highest[place], one.level)
    place = np.flatnonzero(highest)
    return np.bincount(place // most * 5 + highest[place], minlength=series * 5).reshape(series, 5)
