"""The clock: SimPy runs observe, decide, act and record through the hours of a period, for all cities and members."""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import simpy

from sim import warning as w
from sim.agenda import Agenda
from sim.ledger import Decisions, Ledger


class Rank(IntEnum):
    """Order of the events of one hour (model, section 1)."""

    OBSERVE = 10
    DECIDE = 20
    ACT = 30
    RECORD = 40


@dataclass(frozen=True)
class Course:
    """What the clock needs of a run. Series k = member x city, on which decisions are taken.

    observed : float64[day, j], trigger index. forecast : day -> float64[lead, j], days after the period are clean.
    decides : int64[j], the series that decides on what a column shows; left out, each column is a series.
    early_start_h : hours ahead of the effective hour at which the start classes begin, the first 0; they do so when an
    issue shows at least `early_episodes` episodes of the counted level. link : what an ensemble and regional linkage make
    of an outlook, from columns j to series k.
    """

    observed: np.ndarray
    forecast: Callable[[int], np.ndarray]
    rules: w.Rules
    terms: w.Terms
    issue_hour: int
    early_start_h: tuple[float, ...] = (0.0,)
    early_episodes: int = 0
    withdraw_on_lift: bool = False
    link: Callable[[w.Outlook], w.Outlook] = lambda outlook: outlook
    decides: np.ndarray | None = None


def simulate(course: Course, progress: Callable[[int, int], None] | None = None) -> Ledger:
    """Run the period from its first to its last hour and return the ledger of decisions and changes.

    progress : called with (days done, days in all). Source: model, sections 1 and 4.
    """
    days, columns = course.observed.shape
    decides = np.arange(columns) if course.decides is None else course.decides
    size = int(decides.max()) + 1
    env = simpy.Environment()
    agenda = Agenda(size, course.early_start_h, course.terms.paper_hours, course.withdraw_on_lift)
    record = Decisions.empty()
    awaited: set[float] = set()

    def at(hour: float, rank: Rank) -> simpy.Event:
        """An event at an hour and rank: a plain timeout would leave ties to the order of creation."""
        event = env.event()
        event._ok, event._value = True, None
        env.schedule(event, priority=rank, delay=hour - env.now)  # type: ignore[arg-type]
        return event

    def act(hours: Iterable[float]) -> None:
        for hour in set(hours) - awaited:
            awaited.add(hour)
            at(hour, Rank.ACT).callbacks.append(lambda _, hour=hour: agenda.take_effect(hour))

    def office() -> Generator[simpy.Event, None, None]:
        """The forecast office and the command office: one issue a day, or one every few hours of it."""
        standing, closed_through = w.nothing_standing(size), np.full(size, -1)
        interval_h = course.terms.interval_h
        for today, seen in enumerate(w.outlooks(course.observed, course.forecast, course.rules)):
            for now in range(24 * today + course.issue_hour % interval_h, 24 * (today + 1), interval_h):
                yield at(now, Rank.OBSERVE)
                outlook = course.link(w.without_closed_days(seen, closed_through[decides], today, course.observed,
                                                            course.forecast(today), course.rules))
                yield at(now, Rank.DECIDE)
                standing, decisions = w.decide(w.settle(standing, now), outlook, today, now, course.rules, course.terms)
                for decision in decisions:
                    agenda.plan(decision, now, outlook.episodes >= course.early_episodes)
                    record.add(decision, now, outlook)
                    if decision.kind == "lift":  # a lift closes what lies behind it
                        closed_through = np.where(decision.which, today, closed_through)
                act(agenda.planned)
            if progress:
                progress(today + 1, days)

    env.process(office())
    env.run(until=at(24 * days, Rank.RECORD))  # the last hour is settled too
    return Ledger(record.frozen(), agenda.timeline(), 24 * days)
