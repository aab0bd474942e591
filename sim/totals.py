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
from sim.response import WIDTH, Ramps, Steps, cut_short, ramp_times, steps_of
from sim.vocab import ASKING_LEVELS, Pollutant

SUMS = (*(f"avoided_{p}_kg" for p in Pollutant), "avoided_assumed_kg", "curtailed_value_cny", "curtailed_assumed_cny")

FLIP_FLOP_H = 48
"""A response that is eased and tightened again within so many hours is a flip-flop."""


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
    def asked(self) -> np.ndarray:
        """Classes of lines of which anything is asked in any phase, bool[class]."""
        return self.per_hour.any(axis=(0, 2, 3))

    @cached_property
    def of_a_day(self) -> np.ndarray:
        """Kilograms of all pollutants and yuan of a day at each response level, no ramps: float64[phase, city, level, 2]."""
        return 24 * _by_pair(self)[2].sum(axis=3)

    @cached_property
    def of_a_flip_flop(self) -> np.ndarray:
        """Kilograms and yuan of a flip-flop from full response at a level to none and back, by the whole hours that it lasts:
        float64[phase, city, 1 + FLIP_FLOP_H, level, 2].

        Given off on the way down again, not made on the way back up, as if lines had arrived when it was eased.
        """
        down_h, up_h, per_hour = _by_pair(self)
        lasts_h = np.arange(FLIP_FLOP_H + 1.0)[:, None]
        part = np.divide(lasts_h, up_h, out=np.ones((len(lasts_h), len(up_h))), where=lasts_h < up_h)  # of the way up
        hours = np.stack([part * down_h / 2, np.where(lasts_h < up_h, lasts_h * (1 - part / 2), up_h / 2)], axis=-1)
        return np.einsum("pclrk,hrk->pchlk", per_hour, hours)


def _by_pair(rates: Rates) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of ramp times, hours down and up, float64[r] each; kilograms of all pollutants and yuan of an hour of their lines,
    all start classes together: float64[phase, city, response level, r, 2]."""
    mine = np.flatnonzero(rates.asked)
    down_h, up_h, pair = ramp_times(rates.ramps, mine)
    kg = rates.per_hour[..., : len(Pollutant)].sum(axis=-1)
    worth = np.stack([kg, rates.per_hour[..., SUMS.index("curtailed_value_cny")]], axis=-1)
    made = np.zeros((len(worth), rates.cities, WIDTH, len(down_h), 2))
    for phase, each in enumerate(worth[:, mine]):
        np.add.at(made[phase], (rates.ramps.series[mine, None], np.array(ASKING_LEVELS), pair[:, None]), each)
    return down_h, up_h, made


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
    """What the lines of a start class give in a phase; None where nothing is asked. All phases have the same pairs of ramp
    times."""
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
        there = np.tile(worth.there, members)
        for pair, cut in cut_short(steps, size, worth.down_h, worth.up_h, there):
            total += cut[:, 1:].reshape(members, -1) @ worth.ramped[pair]
    return total
