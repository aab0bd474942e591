"""Sums over a list for many members at once: the list is reduced to groups first, then every sum is a product.

Lines of one city, ramp times and start class share their weights, so all that a run needs of a list is, for each such class
and level, what an hour at that level takes away of each sum. Where every ramp has arrived before the next change, an hour's
worth of ramp is a straight correction (a ramp of r hours from p to q loses r/2 x (q - p) against a step): classes then need
not be told apart at all. The few that are cut short are integrated one by one, exactly.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.accounts import LineClasses
from sim.agenda import Timeline
from sim.phases import Phase
from sim.response import Ramps, level_weights, response_level
from sim.vocab import ASKING_LEVELS, WARNING_LEVELS, Pollutant

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
    size = len(classes.ramps.series)
    per_hour = np.zeros((len(phases), size, len(ASKING_LEVELS), len(SUMS)))
    for at, phase in enumerate(phases):
        people, asked = phase.people, phase.asked
        for lv in range(len(ASKING_LEVELS)):
            kg = [asked.share_of(p)[lv] * people.emission[k] for k, p in enumerate(Pollutant)]
            value = asked.output[lv] * people.value
            every = [*kg, sum(kg) * asked.assumed[lv], value, value * asked.assumed[lv]]
            for k, each in enumerate(every):
                per_hour[at, :, lv, k] = np.bincount(classes.of_line, each, size) / 24
    return Rates(per_hour, tuple(24.0 * phase.last for phase in phases), classes.ramps, classes.early_start_h,
                 len(phases[0].people.cities))


class Steps(NamedTuple):
    """A response as steps, for each series: hours at each level, and what its rises and falls add to and take from it.

    hours, rises, falls : float64[k, 4], blue to red; rises and falls count how often a level is gained less lost. after_rise,
    after_fall : float64[k], shortest time from a rise, a fall, to the next change or the end.
    """

    hours: np.ndarray
    rises: np.ndarray
    falls: np.ndarray
    after_rise: np.ndarray
    after_fall: np.ndarray


def steps_of(timeline: Timeline, size: int, until_h: float, escalate: int = 0) -> Steps:
    """The steps of a timeline of one start class. Changes that leave the response level as it is are none."""
    level = response_level(timeline.level, escalate)
    series, hour = timeline.series, np.minimum(timeline.hour, until_h)
    first = np.diff(series, prepend=-1) != 0
    before = np.where(first, 0, np.concatenate([[0], level[:-1]])[: len(level)])
    real = (level != before) & (hour < until_h)
    series, hour, level = series[real], hour[real], level[real]
    first = np.diff(series, prepend=-1) != 0
    before = np.where(first, 0, np.concatenate([[0], level[:-1]])[: len(level)])
    last = np.append(series[1:] != series[:-1], True) if len(series) else np.zeros(0, bool)
    lasts = np.where(last, until_h, np.append(hour[1:], until_h)[: len(hour)]) - hour
    width = 1 + len(WARNING_LEVELS)
    up = level > before

    def counted(at: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        return np.bincount(at, weights, size * width).reshape(size, width)[:, 1:].astype(float)

    gained, lost = series * width + level, series * width + before
    shortest = [np.full(size, np.inf) for _ in range(2)]
    for which, into in ((up, shortest[0]), (~up, shortest[1])):
        np.minimum.at(into, series[which], lasts[which])
    return Steps(counted(gained, lasts), counted(gained[up]) - counted(lost[up]), counted(gained[~up]) - counted(lost[~up]),
                 *shortest)


def sums_of(rates: Rates, timeline: Timeline, members: int, escalate: int) -> np.ndarray:
    """What each member avoided and lost, over all lines: float64[member, sum]."""
    total = np.zeros((members, len(SUMS)))
    until = 0.0
    for per_hour, end in zip(rates.per_hour, rates.ends_h, strict=True):
        total += _until(rates, per_hour, timeline, members, end, escalate)
        if until:
            total -= _until(rates, per_hour, timeline, members, until, escalate)
        until = end
    return total


def _until(rates: Rates, per_hour: np.ndarray, timeline: Timeline, members: int, until_h: float,
           escalate: int) -> np.ndarray:
    """Sums from the period's first hour to `until_h`, float64[member, sum]."""
    total = np.zeros((members, len(SUMS)))
    for start_class in range(len(rates.early_start_h)):
        mine = np.flatnonzero(rates.ramps.start_class == start_class)
        if not len(mine):
            continue
        own = timeline.of_class(start_class)
        steps = steps_of(own, members * rates.cities, until_h, escalate)
        city, down, up = rates.ramps.series[mine], rates.ramps.down_h[mine], rates.ramps.up_h[mine]
        for each in np.unique(city):
            of = city == each
            worth = per_hour[mine[of]]  # [class, 3, sum]
            at = np.arange(members) * rates.cities + each
            hours, rises, falls = (part[at][:, 1:].reshape(members, -1) for part in steps[:3])
            total += hours @ worth.sum(axis=0).reshape(-1, len(SUMS))
            total -= rises @ (np.tensordot(down[of], worth, 1) / 2).reshape(-1, len(SUMS))
            total -= falls @ (np.tensordot(up[of], worth, 1) / 2).reshape(-1, len(SUMS))
            cut = (down[of] > steps.after_rise[at][:, None]) | (up[of] > steps.after_fall[at][:, None])
            member, cls = np.nonzero(cut & worth.any(axis=(1, 2)))
            if len(member):
                ramps = Ramps(at[member], np.full(len(member), start_class), down[of][cls], up[of][cls])
                exact = level_weights(timeline, ramps, until_h, escalate)[:, 1:]
                straight = (steps.hours[at[member]] - ramps.down_h[:, None] / 2 * steps.rises[at[member]]
                            - ramps.up_h[:, None] / 2 * steps.falls[at[member]])[:, 1:]
                off = np.einsum("rl,rls->rs", exact - straight, worth[cls])
                np.add.at(total, member, off)
    return total
