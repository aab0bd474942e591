"""Sums over a list for many members at once: the list is reduced to groups first, then every sum is a product.

Lines of one city, ramp times and start class share their weights, so all that a run needs of a list is, for each such class
and level, what an hour at that level takes away of each sum. Where every ramp has arrived before the next change, an hour's
worth of ramp is a straight correction (a ramp of r hours from p to q loses r/2 x (q - p) against a step): classes then need
not be told apart at all. What the few ramps that are cut short change is added for each pair of ramp times, exactly.
"""

from dataclasses import dataclass

import numpy as np

from sim.accounts import LineClasses
from sim.agenda import Timeline
from sim.phases import Phase
from sim.response import Ramps, Steps, by_ramp_times, cut_short, steps_of
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
    for per_hour, end in zip(rates.per_hour, rates.ends_h, strict=True):
        total += _until(rates, per_hour, timeline, members, end, escalate, steps if end == rates.ends_h[-1] else None)
        if until:
            total -= _until(rates, per_hour, timeline, members, until, escalate)
        until = end
    return total


def _until(rates: Rates, per_hour: np.ndarray, timeline: Timeline, members: int, until_h: float, escalate: int,
           known: Steps | None = None) -> np.ndarray:
    """Sums from the period's first hour to `until_h`, float64[member, sum]."""
    total = np.zeros((members, len(SUMS)))
    ramps, size = rates.ramps, members * rates.cities
    asks = per_hour.any(axis=(1, 2))

    def worth(some: np.ndarray, times: np.ndarray | float = 1.0) -> np.ndarray:
        """An hour of some classes by city and level, float64[city x 3, sum]."""
        made = np.zeros((rates.cities, *per_hour.shape[1:]))
        np.add.at(made, ramps.series[some], per_hour[some] * np.reshape(times, (-1, 1, 1)))
        return made.reshape(-1, len(SUMS))

    for start_class in range(len(rates.early_start_h)):
        mine = np.flatnonzero((ramps.start_class == start_class) & asks)
        if not len(mine):
            continue
        steps = known
        if start_class or known is None:
            steps = steps_of(timeline.of_class(start_class), size, until_h, escalate)
        hours, rises, falls = (part[:, 1:].reshape(members, -1) for part in steps[:3])  # blue asks nothing
        total += hours @ worth(mine)
        total -= rises @ worth(mine, ramps.down_h[mine] / 2) + falls @ worth(mine, ramps.up_h[mine] / 2)
        for down_h, up_h, alike, pair in by_ramp_times(ramps, mine, size):
            there = np.zeros((len(down_h), rates.cities), bool)
            there[pair, ramps.series[alike]] = True
            more = cut_short(steps, size, down_h, up_h, np.tile(there, members))[:, :, 1:].reshape(len(down_h), members, -1)
            for each, cut in enumerate(more):
                total += cut @ worth(alike[pair == each])
    return total
