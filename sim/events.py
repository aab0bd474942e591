"""Dated changes of a list: a grade found to be fraudulent, a firm that closes, a line that opens, the drive to upgrade."""

from collections.abc import Callable
from datetime import date

import numpy as np

from sim.clock import Calendar
from sim.errors import Findings
from sim.industries import industry_named, scale_of
from sim.population import Population
from sim.rng import fingerprints, uniform
from sim.settings import Event
from sim.vocab import Grade


def turning_days(events: tuple[Event, ...], dates: list[date]) -> list[int]:
    """Days of a period, counted from its first, on which an event falls."""
    return sorted({(event.date - dates[0]).days for event in events if dates[0] < event.date <= dates[-1]})


def stand(people: Population, events: tuple[Event, ...], when: date, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Grade code and whether it runs of every line on a day: int16[n], bool[n], all events up to that day applied.

    An upgrade by share draws enterprises by name: who moves up does not depend on who else is in the list.
    """
    grade, runs = people.grade.copy(), np.ones(len(people), bool)
    told = np.zeros(len(people), bool)  # lines that an earlier event opened or closed: a later opening reopens them
    for number, event in sorted(enumerate(events), key=lambda one: (one[1].date, one[0])):
        lines = meant(people, event)
        if event.event in {"opens", "closes"}:
            if event.date <= when:
                runs[lines] = event.event == "opens"
            elif event.event == "opens":
                runs[lines[~told[lines]]] = False
            told[lines] = True
        elif event.date > when:
            continue
        elif event.event == "grade":
            grade[lines] = list(Grade).index(Grade(event.to))
        elif event.event == "fraud":
            grade[lines] = [_step(people, grade, at, lowest=True) for at in lines]
        else:
            if event.share is not None:
                lines = _drawn(people, grade, event, number, seed)
            grade[lines] = [_step(people, grade, at) for at in lines]
    return grade, runs


def meant(people: Population, event: Event) -> np.ndarray:
    """Lines that an event names, int64[m]; none for an upgrade by share."""
    of_city = np.ones(len(people), bool) if event.city is None else (
        people.city == (people.cities.index(event.city) if event.city in people.cities else -1))
    if event.line is not None:
        return np.flatnonzero(of_city & (people.line_id == event.line))
    return np.flatnonzero(of_city & (people.enterprise_id == event.enterprise))


def _drawn(people: Population, grade: np.ndarray, event: Event, number: int, seed: int) -> np.ndarray:
    industry = industry_named(event.industry) if event.industry else None
    fits = np.ones(len(people), bool) if event.grade is None else grade == list(Grade).index(event.grade)
    if industry:
        fits &= people.industry == people.industries.index(industry.key)
    if event.city is not None:
        fits &= people.city == (people.cities.index(event.city) if event.city in people.cities else -1)
    draws = uniform(seed, ("upgrade", number), fingerprints(people.enterprise_id))
    return np.flatnonzero(fits & (draws < event.share))


LADDERS = (("A+", "A", "B", "B-", "C", "D"), ("leading", "non-leading"))
"""Grades from best to lowest; an industry may know both ladders, a line stands on one."""


def _step(people: Population, grade: np.ndarray, line: int, *, lowest: bool = False) -> int:
    """Grade code one step up for a line, or the lowest of its ladder; an ungraded line goes to the lowest grade.

    Where a ladder has no lower end (leading glass works) the lowest letter stands for it.
    """
    known = scale_of(people.industries[people.industry[line]], people.processes[people.process[line]])
    ladders = [[word for word in ladder if word in known] for ladder in LADDERS]
    now = list(Grade)[grade[line]].value
    mine = next((ladder for ladder in ladders if now in ladder), None)
    ends = [ladder[-1] for ladder in (mine or [], *ladders) if ladder and ladder[-1] in ("D", "non-leading")]
    if lowest or mine is None:
        word = ends[0] if ends else now
    else:  # the half grades are for a few industries' own assessments: the drive is from one letter to the next
        better = [one for one in mine[: mine.index(now)] if one not in (Grade.A_PLUS, Grade.B_MINUS)]
        word = better[-1] if better else now
    return list(Grade).index(Grade(word))


def check(people: Population | None, events: tuple[Event, ...], file: object, place: Callable[[str], int | str],
          findings: Findings) -> None:
    """An event must name something that the lists hold, and a grade that its industry knows."""
    for number, event in enumerate(events):
        key = f"events.{number}"
        if event.city is not None and (people is None or event.city not in people.cities):
            findings.add("event.city", file=file, place=place(key), key=f"{key}.city", value=event.city,
                         allowed=", ".join(people.cities) if people else "-")
        elif event.industry is not None and industry_named(event.industry) is None:
            findings.add("event.industry", file=file, place=place(key), key=f"{key}.industry", value=event.industry)
        elif event.share is None:
            lines = meant(people, event) if people else np.zeros(0, int)
            if not len(lines):
                findings.add("event.nobody", file=file, place=place(key), key=key, value=event.line or event.enterprise)
            elif event.to is not None and people:
                kinds = dict.fromkeys(zip(people.industry[lines], people.process[lines], strict=True))
                for allowed in dict.fromkeys(scale_of(people.industries[i], people.processes[p]) for i, p in kinds):
                    if event.to not in allowed:
                        findings.add("event.scale", file=file, place=place(key), key=f"{key}.to", value=event.to.value,
                                     allowed=", ".join(allowed))


def doubt_idle(people: Population | None, events: tuple[Event, ...], calendar: Calendar, seed: int, file: object,
               place: Callable[[str], int | str], findings: Findings) -> None:
    """Tell of events that fall outside the period, and of upgrades by share that move nobody up."""
    for number, event in enumerate(events):
        key, when = f"events.{number}", event.date
        if when > calendar.end or (event.event == "opens" and when < calendar.start):
            findings.add("event.outside", doubtful=True, file=file, place=place(key), key=f"{key}.date", value=str(when),
                         start=str(calendar.start), end=str(calendar.end))
        elif event.share is not None:
            without = (*events[:number], event.model_copy(update={"share": 0.0}), *events[number + 1:])
            if people is None or np.array_equal(stand(people, events, when, seed)[0], stand(people, without, when, seed)[0]):
                findings.add("event.nobody_moves", doubtful=True, file=file, place=place(key), key=key, value=event.share)
