"""The clock: SimPy runs observe, decide, act and record through the hours of a period, for all cities and members."""

from collections.abc import Callable, Generator
from enum import IntEnum

import simpy

from sim.agenda import Agenda
from sim.ledger import Decisions, Ledger
from sim.office import Course, Office
from sim.told import in_force


class Rank(IntEnum):
    """Order of the events of one hour (model, section 1)."""

    OBSERVE = 10
    DECIDE = 20
    ACT = 30
    RECORD = 40


def simulate(course: Course, progress: Callable[[int, int], None] | None = None) -> Ledger:
    """Run the period from its first to its last hour and return the ledger of decisions and changes.

    progress : called with (days done, days in all). Source: model, sections 1 and 4.
    """
    env, office, agenda = simpy.Environment(), Office(course, reasons=True), course.agenda()
    awaited: set[float] = set()

    def at(hour: float, rank: Rank) -> simpy.Event:
        """An event at an hour and rank: a plain timeout would leave ties to the order of creation."""
        event = env.event()
        event._ok, event._value = True, None
        env.schedule(event, priority=rank, delay=hour - env.now)  # type: ignore[arg-type]
        return event

    def act(agenda: Agenda) -> None:
        for hour in set(agenda.planned) - awaited:
            awaited.add(hour)
            at(hour, Rank.ACT).callbacks.append(lambda _, hour=hour: agenda.take_effect(hour))

    def offices() -> Generator[simpy.Event, None, None]:
        for now in course.issues():
            yield at(now, Rank.OBSERVE)
            sight = office.observe(now)
            yield at(now, Rank.DECIDE)
            decided = office.decide(sight, now)
            if agenda:
                agenda.plan_all(office.announce(decided, now), now)
                act(agenda)
            office.close(decided, now)
            if progress:
                progress(now // 24 + 1, course.hours // 24)

    env.process(offices())
    env.run(until=at(course.hours, Rank.RECORD))  # the last hour is settled too
    told = office.told()
    timeline = agenda.timeline() if agenda else in_force(told, course.hours, withdraw_on_lift=course.withdraw_on_lift)
    return Ledger(lambda: Decisions.of(office.taken, told, office.ahead_of(told)), timeline, course.hours)
