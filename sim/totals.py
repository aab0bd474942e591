"""Sums over a list for many members at once: the list is reduced to groups first, then every sum is a product.

Lines of one city, ramp times and start class share their weights, so all that a run needs of a list is, for each such class
and level, what an hour at that level takes away of each sum. Where every ramp has arrived before the next change, an hour's
worth of ramp is a straight correction (a ramp of r hours from p to q loses r/2 x (q - p) against a step): classes then need
not be told apart at all. What the few ramps that are cut short change is added for each pair of ramp times, exactly.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from sim.accounts import LineClasses
from sim.agenda import Timeline
from sim.phases import Phase
from sim.response import CELLS_AT_ONCE, WIDTH, Ramps, Steps, cut_short, ramp_times, steps_of
from sim.vocab import ASKING_LEVELS, Pollutant

SUMS = (*(f"avoided_{p}_kg" for p in Pollutant), "avoided_assumed_kg", "curtailed_value_cny", "curtailed_assumed_cny")


@dataclass(frozen=True)
class Rates:
    """What an hour at full response takes away, by phase, class of lines, asking level and sum.

    per_hour : float64[phase, class, 3, sum], sums as in SUMS. ends_h : hour at which each phase ends. ramps : the classes,
    of member 0; series there is the city. early_start_h : as in the classes.
    """

    per_hour: np.ndarray
    ends_h: tuple[float, ...]
    ramps: Ramps
    early_start_h: tuple[float, ...]
    cities: int

    @cached_property
    def priced(self) -> tuple[tuple["Priced | None", ...], ...]:
        """By phase and start class what hours, rises, falls and ramps cut short are worth; None where nothing is asked."""
        return tuple(tuple(_priced(self, per_hour, start_class) for start_class in range(len(self.early_start_h)))
                     for per_hour in self.per_hour)

    @cached_property
    def by_pair(self) -> "ByPair":
        """What an hour at a level is worth, by pair of ramp times, all start classes together."""
        mine = np.flatnonzero(self.asked)
        down_h, up_h, pair = ramp_times(self.ramps, mine)
        kg = self.per_hour[..., : len(Pollutant)].sum(axis=-1)
        worth = np.stack([kg, self.per_hour[..., SUMS.index("curtailed_value_cny")]], axis=-1)
        made = np.zeros((len(worth), self.cities, WIDTH, len(down_h), 2))
        for phase, each in enumerate(worth[:, mine]):
            np.add.at(made[phase], (self.ramps.series[mine, None], np.array(ASKING_LEVELS), pair[:, None]), each)
        return ByPair(down_h, up_h, made)

    @cached_property
    def asked(self) -> np.ndarray:
        """Classes of lines of which anything is asked in any phase, bool[class]."""
        return self.per_hour.any(axis=(0, 2, 3))


class ByPair(NamedTuple):
    """Kilograms of all pollutants and yuan of an hour of lines with some ramp times. down_h, up_h : float64[p]. per_hour :
    float64[phase, city, response level, p, 2]."""

    down_h: np.ndarray
    up_h: np.ndarray
    per_hour: np.ndarray


class Priced(NamedTuple):
    """What the lines of one start class give in one phase, by city and level: float64[city x 3, sum] each.

    hours : an hour at a level. rises, falls : half the ramp down, and up. down_h, up_h : float64[p], pairs of ramp times;
    there : bool[p, city], who has such lines; ramped : float64[p, city x 3, sum], an hour of theirs.
    """

    hours: np.ndarray
    rises: np.ndarray
    falls: np.ndarray
    down_h: np.ndarray
    up_h: np.ndarray
    there: np.ndarray
    ramped: np.ndarray


def _priced(rates: Rates, per_hour: np.ndarray, start_class: int) -> Priced | None:
    """All phases have the same pairs of ramp times: those of lines of which anything is asked in any."""
    ramps, asked = rates.ramps, per_hour.any(axis=(1, 2))
    mine = np.flatnonzero((ramps.start_class == start_class) & rates.asked)
    if not asked[mine].any():
        return None
    of, rate = ramps.series[mine], per_hour[mine]
    down_h, up_h, pair = ramp_times(ramps, mine)

    def worth(times_h: np.ndarray) -> np.ndarray:
        made = np.zeros((rates.cities, *per_hour.shape[1:]))
        np.add.at(made, of, rate * times_h[:, None, None])
        return made.reshape(-1, len(SUMS))

    there = np.zeros((len(down_h), rates.cities), bool)
    np.logical_or.at(there, (pair, of), asked[mine])
    ramped = np.zeros((len(down_h), rates.cities, *per_hour.shape[1:]))
    np.add.at(ramped, (pair, of), rate)
    return Priced(worth(np.ones(len(mine))), worth(ramps.down_h[mine] / 2), worth(ramps.up_h[mine] / 2), down_h, up_h, there,
                  ramped.reshape(len(down_h), -1, len(SUMS)))


def rates_of(phases: tuple[Phase, ...], classes: LineClasses) -> Rates:
    """The lists of a run, with what is asked of them, reduced to groups."""
    per_hour = np.stack([per_hour_of(phase, classes.of_line, len(classes.ramps.series)) for phase in phases])
    return Rates(per_hour, tuple(24.0 * phase.last for phase in phases), classes.ramps, classes.early_start_h,
                 len(phases[0].people.cities))


def per_hour_of(phase: Phase, of_line: np.ndarray, size: int) -> np.ndarray:
    """What an hour at full response takes away in a phase, by class of lines: float64[size, 3, sum]. of_line : int32[n]."""
    people, asked = phase.people, phase.asked
    per_hour = np.zeros((size, len(ASKING_LEVELS), len(SUMS)))
    for lv in range(len(ASKING_LEVELS)):
        kg = [asked.share_of(p)[lv] * people.emission[k] for k, p in enumerate(Pollutant)]
        value = asked.output[lv] * people.value
        for k, each in enumerate([*kg, sum(kg) * asked.assumed[lv], value, value * asked.assumed[lv]]):
            per_hour[:, lv, k] = np.bincount(of_line, each, size) / 24
    return per_hour


def sums_of(rates: Rates, timeline: Timeline, members: int, escalate: int, steps: Steps | None = None) -> np.ndarray:
    """What each member avoided and lost, over all lines: float64[member, sum]. steps : of the first start class, up to the
    end, if at hand."""
    total = np.zeros((members, len(SUMS)))
    until = 0.0
    for priced, end in zip(rates.priced, rates.ends_h, strict=True):
        total += _until(rates, priced, timeline, members, end, escalate, steps if end == rates.ends_h[-1] else None)
        if until:
            total -= _until(rates, priced, timeline, members, until, escalate)
        until = end
    return total


def _until(rates: Rates, priced: tuple[Priced | None, ...], timeline: Timeline, members: int, until_h: float, escalate: int,
           known: Steps | None = None) -> np.ndarray:
    """Sums from the period's first hour to `until_h`, float64[member, sum]."""
    total, size = np.zeros((members, len(SUMS))), members * rates.cities
    for start_class, worth in enumerate(priced):
        if worth is None:
            continue
        steps = known
        if start_class or known is None:
            steps = steps_of(timeline.of_class(start_class), size, until_h, escalate)
        hours, rises, falls = (part[:, 1:].reshape(members, -1) for part in steps[:3])  # blue asks nothing
        total += hours @ worth.hours - rises @ worth.rises - falls @ worth.falls
        at_once = max(1, CELLS_AT_ONCE // size)
        for first in range(0, len(worth.down_h), at_once):
            some = slice(first, first + at_once)
            more = cut_short(steps, size, worth.down_h[some], worth.up_h[some], np.tile(worth.there[some], members))
            for cut, ramped in zip(more, worth.ramped[some], strict=True):
                total += cut[:, 1:].reshape(members, -1) @ ramped
    return total
