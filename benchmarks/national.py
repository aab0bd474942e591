"""A list of a million lines over 337 cities, drawn from the lists of the project, and a harsh winter for each city."""

from pathlib import Path

import numpy as np

from sim import experiment, rulebook
from sim.accounts import classify, reckon, sums
from sim.days import Days
from sim.engine import simulate
from sim.episodes import compile_rules
from sim.errors import Findings
from sim.forecast import perfect
from sim.grading import Choice, ask
from sim.groups import grouped
from sim.hourly import city_hours
from sim.office import Course
from sim.phases import Phase
from sim.population import Population
from sim.totals import SUMS, per_hour_of
from sim.vocab import Grade, Pollutant
from sim.warning import Terms

ROOT = Path(__file__).parents[1]
CITIES, DAYS = 337, 182


def nation(lines: int = 1_000_000, cities: int = CITIES, days: int = DAYS):
    """The list, and the index of every city and day."""
    scenario = experiment.load(ROOT / "scenarios" / "taiyuan-2015-winter.yaml")
    rng = np.random.default_rng(1)
    source = scenario.worlds[0].population
    people = source.take(rng.integers(0, len(source), lines))
    people = Population(**(vars(people) | {
        "cities": tuple(f"city{n:03d}" for n in range(cities)),
        "city": np.sort(rng.integers(0, cities, lines)).astype(np.int16),
        "enterprise": np.arange(lines, dtype=np.int32)}))
    drift = np.cumsum(rng.normal(0, 30, (days, cities)), axis=0) * 0.3
    observed = np.clip(drift + rng.normal(95, 45, (days, cities)), 20, 500).round()
    return people, observed


def office(observed) -> Course:
    """Warnings under the edition of 2024 with perfect forecasts, compared anew each time."""
    edition = rulebook.edition("mee2024")
    rules = compile_rules(edition.criteria(), merges=edition.merges, lift_hours=36)
    return Course(Days(observed, perfect(observed, 7)), np.arange(observed.shape[1]), rules, Terms(), 16)


class Winter:
    """A list by groups, or as it is, under one policy."""

    def __init__(self, people: Population, *, by_group: bool = True) -> None:
        self.people = grouped(people)[0] if by_group else people
        self.classes = classify(self.people)
        self.sizes = (len(people.cities), len(people.industries), len(Grade))
        key = self.people.city.astype(np.int32) * self.sizes[1] + self.people.industry
        self.cell = (key * self.sizes[2] + self.people.grade).astype(np.int32)
        self.under("guide-2020")

    def under(self, policy: str, days: int = DAYS) -> None:
        """What a policy asks of every group: nothing is dated, so there is one phase."""
        self.phases = (Phase(0, days, self.people, ask(self.people, Choice(rulebook.policy(policy)), Findings())),)

    def totals(self, timeline) -> list[np.ndarray]:
        """Kilograms by pollutant, output and value, by city, industry and grade."""
        account = reckon(self.phases, self.classes, timeline, member=0, escalate=0)
        cells = int(np.prod(self.sizes))
        return [*(sums(self.cell, cells, account.avoided_kg(p)) for p in Pollutant),
                sums(self.cell, cells, account.curtailed_output), sums(self.cell, cells, account.curtailed_value_cny)]

    def hourly(self, timeline, *, compiled: bool = False):
        """Kilograms by pollutant and value, by city and hour."""
        phase, series = self.phases[0], self.classes.ramps.series
        told = [at for at, name in enumerate(SUMS) if "assumed" not in name]
        rates = per_hour_of(phase, self.classes.of_line, len(series))[:, :, told]
        return city_hours(timeline, self.classes.ramps, rates, series, self.sizes[0], 24 * phase.last,
                          compiled=compiled)

    def run(self, observed):
        """Warnings posted in SimPy, then the totals."""
        ledger = simulate(office(observed))
        return ledger, self.totals(ledger.timeline)


def list_bytes(people: Population) -> int:
    """Bytes of the arrays of a list."""
    return sum(part.nbytes for part in vars(people).values() if isinstance(part, np.ndarray))
