"""The ledger in kilograms and yuan (model, section 7): what each line lost and saved, and sums over groups of lines.

Every total is a product of level weights with shares and daily rates; baseline = actual + avoided, for every line.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import pairwise

import numpy as np
import pandas as pd

from sim.agenda import Timeline
from sim.grading import Asked
from sim.phases import Phase
from sim.population import Population
from sim.response import Ramps, class_weights, level_weights
from sim.vocab import Pollutant

CHUNK = 50_000
"""Lines reckoned at once where each has a timeline of its own."""


@dataclass(frozen=True)
class LineClasses:
    """Lines grouped by how they answer a change. ramps : one entry per class, of member 0; of_line : int32[n].

    early_start_h : how many hours ahead each start class begins a pre-adjustment, the first 0.
    """

    ramps: Ramps
    of_line: np.ndarray
    early_start_h: tuple[float, ...]

    @property
    def start_class(self) -> np.ndarray:
        """Start class of every line, int64[n]."""
        return self.ramps.start_class[self.of_line]

    def of_member(self, member: int, cities: int) -> Ramps:
        """The same classes for another member: series are numbered member x city."""
        return self.ramps._replace(series=self.ramps.series + member * cities)


def classify(population: Population, *, preadjust: bool = False) -> LineClasses:
    """Classes of lines with the same city and ramp times; with `preadjust` a start class for each ramp-down time."""
    early_start_h = (0.0, *sorted(set(population.ramp_down_h[population.ramp_down_h > 0].tolist()) if preadjust else ()))
    key, size = population.city.astype(np.int64), len(population.cities)
    for hours in (population.ramp_down_h, population.ramp_up_h):
        code, distinct = pd.factorize(hours, sort=True)
        key, size = key * len(distinct) + code, size * len(distinct)
    _, first, of_line = _numbered(key, size) if size <= len(key) else np.unique(key, return_index=True, return_inverse=True)
    down = population.ramp_down_h[first]
    start_class = np.array([early_start_h.index(h) if h in early_start_h else 0 for h in down], int)
    ramps = Ramps(population.city[first].astype(int), start_class, down, population.ramp_up_h[first])
    return LineClasses(ramps, of_line.astype(np.int32), early_start_h)


def _numbered(key: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What np.unique gives, for keys from 0 to `size`, without a sort."""
    first = np.full(size, -1)
    first[key[::-1]] = np.arange(len(key))[::-1]
    there = np.flatnonzero(first >= 0)
    number = np.zeros(size, np.int64)
    number[there] = np.arange(len(there))
    return there, first[there], number[key]


@dataclass(frozen=True)
class PhaseAccount:
    """What the lines lost and saved in one phase.

    weights : float64[n or class, 4], level-equivalent hours within the phase, blue to red; of_line : int32[n], which row.
    """

    phase: Phase
    weights: np.ndarray
    of_line: np.ndarray

    @property
    def people(self) -> Population:
        return self.phase.people

    @property
    def asked(self) -> Asked:
        return self.phase.asked

    def level_hours(self, level_at: int) -> np.ndarray:
        """Level-equivalent hours of each line at one asking level (0 yellow, 1 orange, 2 red), float64[n]."""
        return self.weights[:, level_at + 1][self.of_line]

    def hours_at(self, level_at: int) -> np.ndarray:
        """Hours lost to one asking level, of the rates of the phase, float64[n]."""
        return self.asked.output[level_at] * self.level_hours(level_at)

    @cached_property
    def hours(self) -> np.ndarray:
        """Hours lost, of the rates of the phase, float64[n]."""
        return self.weighted(self.asked.output)

    def avoided_kg(self, pollutant: Pollutant, *, assumed_only: bool = False) -> np.ndarray:
        share = self.asked.share_of(pollutant)
        if assumed_only:
            hours = self.weighted(share, self.asked.assumed)
        else:
            hours = self.hours if share is self.asked.output else self.weighted(share)
        return hours / 24 * self.people.emission[list(Pollutant).index(pollutant)]

    def avoided_at_kg(self, pollutant: Pollutant, level_at: int) -> np.ndarray:
        """Kilograms avoided by each line at one asking level, float64[n]."""
        hours = self.asked.share_of(pollutant)[level_at] * self.level_hours(level_at)
        return hours / 24 * self.people.emission[list(Pollutant).index(pollutant)]

    def baseline_kg(self, pollutant: Pollutant) -> np.ndarray:
        return self.people.emission[list(Pollutant).index(pollutant)] * self.phase.days

    def weighted(self, share: np.ndarray, only: np.ndarray | None = None) -> np.ndarray:
        total = np.zeros(len(self.of_line))
        for level_at in range(len(share)):
            hours = share[level_at] * self.level_hours(level_at)
            total += hours if only is None else hours * only[level_at]
        return total


@dataclass(frozen=True)
class Account:
    """What the lines of one run and member lost and saved: the sum over the phases. All figures float64[n]."""

    phases: tuple[PhaseAccount, ...]

    @cached_property
    def hours_lost(self) -> np.ndarray:
        """Full-load hours of the listed line lost to warnings over the period."""
        return self._sum(lambda part: part.hours if part.phase.running is None else part.hours * part.phase.running)

    def avoided_kg(self, pollutant: Pollutant, *, assumed_only: bool = False) -> np.ndarray:
        """Kilograms avoided by each line; of which on assumed rows where wanted."""
        return self._sum(lambda part: part.avoided_kg(pollutant, assumed_only=assumed_only))

    def baseline_kg(self, pollutant: Pollutant) -> np.ndarray:
        """Kilograms that the lines would have emitted without warnings, the season's cuts already taken off."""
        return self._sum(lambda part: part.baseline_kg(pollutant))

    @property
    def baseline_output(self) -> np.ndarray:
        return self._sum(lambda part: part.people.output * part.phase.days)

    @property
    def curtailed_output(self) -> np.ndarray:
        return self._sum(lambda part: part.hours / 24 * part.people.output)

    @property
    def curtailed_value_cny(self) -> np.ndarray:
        return self._sum(lambda part: part.hours / 24 * part.people.value)

    @property
    def curtailed_assumed_cny(self) -> np.ndarray:
        """Value of output not made because of assumed rows."""
        return self._sum(lambda part: part.weighted(part.asked.output, part.asked.assumed) / 24 * part.people.value)

    def _sum(self, of: Callable[[PhaseAccount], np.ndarray]) -> np.ndarray:
        return reduce(np.add, map(of, self.phases))


def reckon(phases: tuple[Phase, ...], classes: LineClasses, timeline: Timeline, *, member: int, escalate: int,
           heeds: np.ndarray | None = None, since_h: float = 0.0, until_h: float = np.inf) -> Account:
    """The account of one member, or of some of its hours.

    heeds : bool[n, warning], which warnings each line obeys; None when all obey all. since_h, until_h : only what is lost
    in these hours, ramps under way included.
    """
    lines = len(phases[0].people)
    ramps = classes.of_member(member, len(phases[0].people.cities))
    edges = np.clip([0, *(24 * phase.last for phase in phases)], since_h, until_h)

    def weights(each: Ramps) -> list[np.ndarray]:  # exact integrals between the edges
        integral = class_weights if each.heeds is None else level_weights
        until = [integral(timeline, each, edge, escalate) for edge in edges[1:]]
        start = integral(timeline, each, edges[0], escalate) if edges[0] else 0.0
        return [after - before for before, after in pairwise([start, *until])]

    if heeds is None:
        of_line, within = classes.of_line, weights(ramps)
    else:
        of_line, parts = np.arange(lines, dtype=np.int32), []
        for first in range(0, lines, CHUNK):
            some = slice(first, first + CHUNK)
            parts.append(weights(Ramps(*(column[classes.of_line[some]] for column in ramps[:4]), heeds[some])))
        within = [np.concatenate(each) for each in zip(*parts, strict=True)]
    return Account(tuple(PhaseAccount(phase, each, of_line) for phase, each in zip(phases, within, strict=True)))


def sums(group: np.ndarray, groups: int, values: np.ndarray) -> np.ndarray:
    """Sum of float64[n] over each group of lines, float64[groups]."""
    return np.bincount(group, weights=values, minlength=groups)
