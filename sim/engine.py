"""The clock: SimPy runs observe, decide, act and record through the hours of a period, for all cities and members."""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import simpy

from sim import warning as w
from sim.agenda import Agenda
from sim.episodes import Days, Outlook, Rules, closed, look_ahead, nothing_behind, one_day_on
from sim.ledger import Decisions, Ledger


class Rank(IntEnum):
    """Order of the events of one hour (model, section 1)."""

    OBSERVE = 10
    DECIDE = 20
    ACT = 30
    RECORD = 40


@dataclass(frozen=True)
class Course:
    """What the clock needs of a run. Series k = member x city.

    observed : float64[day, k], trigger index. forecast : day -> float64[lead, k], days after the period are clean.
    early_start_h : hours ahead of the effective hour at which the start classes begin, the first 0; they do so when an
    issue shows at least `early_episodes` episodes of the counted level. link : what regional linkage makes of an outlook.
    """

    observed: np.ndarray
    forecast: Callable[[int], np.ndarray]
    rules: Rules
    terms: w.Terms
    issue_hour: int
    early_start_h: tuple[float, ...] = (0.0,)
    early_episodes: int = 0
    withdraw_on_lift: bool = False
    link: Callable[[Outlook], Outlook] = lambda outlook: outlook


def simulate(course: Course, progress: Callable[[int, int], None] | None = None) -> Ledger:
    """Run the period from its first to its last hour and return the ledger of decisions and changes.

    progress : called with (days done, days in all). Source: model, sections 1 and 4.
    """
    days, size = course.observed.shape
    env, series = simpy.Environment(), Days(course.observed, course.forecast)
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
        standing, past = w.nothing_standing(size), nothing_behind(course.rules, size)
        interval_h = course.terms.interval_h
        series.compare(course.rules.thresholds)
        for today in range(days):
            past = one_day_on(past, today, series, course.rules)
            for now in range(24 * today + course.issue_hour % interval_h, 24 * (today + 1), interval_h):
                yield at(now, Rank.OBSERVE)
                outlook = course.link(look_ahead(past, today, series, course.rules,
                                                 lowering=course.terms.downgrade))
                yield at(now, Rank.DECIDE)
                standing, decisions = w.decide(w.settle(standing, now), outlook, today, now, course.rules.hold_days,
                                                course.terms)
                for decision in decisions:
                    agenda.plan(decision, now, outlook.episodes >= course.early_episodes)
                    record.add(decision, now, outlook)
                    if decision.kind == "lift":  # a lift closes what lies behind it
                        past = closed(past, decision.series)
                act(agenda.planned)
            if progress:
                progress(today + 1, days)

    env.process(office())
    env.run(until=at(24 * days, Rank.RECORD))  # the last hour is settled too
    return Ledger(record.frozen(), agenda.timeline(), 24 * days)
