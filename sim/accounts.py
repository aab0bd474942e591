"""The ledger in kilograms and yuan (model, section 7): what each line lost and saved, and sums over groups of lines.

Every total is a product of level weights with shares and daily rates; baseline = actual + avoided, for every line.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.agenda import Timeline
from sim.grading import Asked
from sim.population import Population
from sim.response import Ramps, level_weights
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
    keys = [population.city.astype(np.int64)]
    for hours in (population.ramp_down_h, population.ramp_up_h):
        distinct, code = np.unique(hours, return_inverse=True)
        keys.append(code)
        keys[0] = keys[0] * len(distinct) + code
    _, first, of_line = np.unique(keys[0], return_index=True, return_inverse=True)
    down = population.ramp_down_h[first]
    start_class = np.array([early_start_h.index(h) if h in early_start_h else 0 for h in down], int)
    ramps = Ramps(population.city[first].astype(int), start_class, down, population.ramp_up_h[first])
    return LineClasses(ramps, of_line.astype(np.int32), early_start_h)


@dataclass(frozen=True)
class Account:
    """What the lines of one run and member lost and saved.

    weights : float64[n or class, 4], level-equivalent hours, blue to red; of_line : int32[n], which row of them.
    """

    population: Population
    asked: Asked
    weights: np.ndarray
    of_line: np.ndarray
    days: int

    def level_hours_lost(self, level_at: int) -> np.ndarray:
        """Full-load hours lost to one asking level (0 yellow, 1 orange, 2 red), float64[n]."""
        return self.asked.output[level_at] * self.weights[:, level_at + 1][self.of_line]

    @cached_property
    def hours_lost(self) -> np.ndarray:
        """Full-load hours lost over the period, float64[n]."""
        return self._weighted(self.asked.output)

    def avoided_kg(self, pollutant: Pollutant, *, assumed_only: bool = False) -> np.ndarray:
        """Kilograms avoided by each line, float64[n]; of which on assumed rows where wanted."""
        share = self.asked.share_of(pollutant)
        if assumed_only:
            hours = self._weighted(share, self.asked.assumed)
        else:
            hours = self.hours_lost if share is self.asked.output else self._weighted(share)
        return hours / 24 * self.population.emission[list(Pollutant).index(pollutant)]

    def avoided_at_kg(self, pollutant: Pollutant, level_at: int) -> np.ndarray:
        """Kilograms avoided by each line at one asking level, float64[n]."""
        hours = self.asked.share_of(pollutant)[level_at] * self.weights[:, level_at + 1][self.of_line]
        return hours / 24 * self.population.emission[list(Pollutant).index(pollutant)]

    def baseline_kg(self, pollutant: Pollutant) -> np.ndarray:
        return self.population.emission[list(Pollutant).index(pollutant)] * self.days

    @property
    def curtailed_output(self) -> np.ndarray:
        return self.hours_lost / 24 * self.population.output

    @property
    def curtailed_value_cny(self) -> np.ndarray:
        return self.hours_lost / 24 * self.population.value

    @property
    def curtailed_assumed_cny(self) -> np.ndarray:
        """Value of output not made because of assumed rows, float64[n]."""
        return self._weighted(self.asked.output, self.asked.assumed) / 24 * self.population.value

    def _weighted(self, share: np.ndarray, only: np.ndarray | None = None) -> np.ndarray:
        total = np.zeros(len(self.of_line))
        for level_at in range(len(share)):
            hours = share[level_at] * self.weights[:, level_at + 1][self.of_line]
            total += hours if only is None else hours * only[level_at]
        return total


def reckon(population: Population, asked: Asked, classes: LineClasses, timeline: Timeline, *, member: int, days: int,
           escalate: int, heeds: np.ndarray | None = None) -> Account:
    """The account of one member. heeds : bool[n, warning], which warnings each line obeys; None when all obey all."""
    ramps = classes.of_member(member, len(population.cities))
    if heeds is None:
        return Account(population, asked, level_weights(timeline, ramps, 24 * days, escalate), classes.of_line, days)
    parts = []
    for first in range(0, len(population), CHUNK):
        lines = slice(first, first + CHUNK)
        of_line = classes.of_line[lines]
        each = Ramps(*(column[of_line] for column in ramps[:4]), heeds[lines])
        parts.append(level_weights(timeline, each, 24 * days, escalate))
    return Account(population, asked, np.concatenate(parts), np.arange(len(population), dtype=np.int32), days)


def sums(group: np.ndarray, groups: int, values: np.ndarray) -> np.ndarray:
    """Sum of float64[n] over each group of lines, float64[groups]."""
    return np.bincount(group, weights=values, minlength=groups)
