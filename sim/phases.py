"""The stretches of a period in which grades, seasons and the lists stand still: what is asked is asked by phase."""

from dataclasses import dataclass, replace

import numpy as np

from sim import events as dated
from sim import seasons as staggering
from sim.clock import Calendar
from sim.errors import Findings
from sim.grading import Asked, Choice, ask
from sim.negotiation import negotiate
from sim.population import Population
from sim.seasons import SeasonRow
from sim.settings import Event


@dataclass(frozen=True)
class Phase:
    """Days `first` to `last` (not included), counted from the period's first.

    people : the lists as they stand: grades of these days, rates of what the season and the dated events let run, the
    safe least load as a share of that. asked : what is asked of it. running : float64[n], share of the listed rates that
    runs, None where all do. staggered : float64[n], share that the season takes away, None without a season.
    season_row : int64[n], the row of `season_rows` that does it, -1 where none.
    """

    first: int
    last: int
    people: Population
    asked: Asked
    running: np.ndarray | None = None
    staggered: np.ndarray | None = None
    season_row: np.ndarray | None = None
    season_rows: tuple[SeasonRow, ...] = ()

    @property
    def days(self) -> int:
        return self.last - self.first


def phases(people: Population, choice: Choice, seasons: tuple[str, ...], events: tuple[Event, ...], calendar: Calendar,
           seed: int, findings: Findings) -> tuple[Phase, ...]:
    """The phases of a period, in order; one where nothing is dated. Findings are those of `ask`.

    A season lowers what a warning is reckoned from: a line held at half its output and told to cut 30 % gives up 15 %,
    and never goes below its safe least load. Source: model, section 6.
    """
    dates = [calendar.date_of(day) for day in range(calendar.days)]
    starts = sorted({0, *staggering.turning_days(seasons, dates), *dated.turning_days(events, dates)})
    made: list[Phase] = []
    for first, last in zip(starts, [*starts[1:], calendar.days], strict=True):
        grade, exists = dated.stand(people, events, dates[first], seed)
        graded = people if (grade == people.grade).all() else replace(people, grade=grade)
        share, row, rows = staggering.staggered(graded, seasons, dates[first])
        share = np.minimum(share * exists, 1 - people.min_load)  # what cannot stop at all is not stopped by a season
        if made and _same(made[-1], graded, exists, share):
            made[-1] = replace(made[-1], last=last)
            continue
        running = exists * (1 - share)
        now = graded if (running == 1).all() else _lowered(graded, running)
        made.append(Phase(first, last, now, _asked(now, choice, findings), None if now is graded else running,
                          share if seasons else None, np.where(share > 0, row, -1) if seasons else None, tuple(rows)))
    return tuple(made)


def asked_anew(stand: tuple[Phase, ...], choice: Choice) -> tuple[Phase, ...]:
    """The same phases under another policy, which is known to cover every line."""
    return tuple(replace(phase, asked=_asked(phase.people, choice, Findings())) for phase in stand)


def _asked(people: Population, choice: Choice, findings: Findings) -> Asked:
    asked = ask(people, choice, findings)
    return negotiate(people, asked, choice.negotiated) if choice.negotiated and not findings.errors else asked


def _same(before: Phase, people: Population, exists: np.ndarray, share: np.ndarray) -> bool:
    running = np.ones(len(people)) if before.running is None else before.running
    return bool((before.people.grade == people.grade).all() and (running == exists * (1 - share)).all())


def _lowered(people: Population, running: np.ndarray) -> Population:
    """The lists at a share of their rates; the safe least load stays what it was, as a share of what now runs."""
    floor = np.divide(people.min_load, running, out=np.zeros(len(people)), where=running > 0)
    return replace(people, output=people.output * running, value=people.value * running,
                   emission=people.emission * running, min_load=np.minimum(floor, 1.0))
