"""Sums over a list for many members at once: the list is reduced to groups first, then every sum is a product.

Lines of one city, ramp times and start class share their weights, so all that a run needs of a list is, for each such class
and level, what an hour at that level takes away of each sum. Where every ramp has arrived before the next change, an hour's
worth of ramp is a straight correction (a ramp of r hours from p to q loses r/2 x (q - p) against a step): classes then need
not be told apart at all. What the few ramps that are cut short change is added for each pair of ramp times, exactly.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.accounts import LineClasses
from sim.agenda import Timeline
from sim.phases import Phase
from sim.response import Ramps, response_level
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
    """A response as steps. hours, rises, falls : float64[k, 4], blue to red: hours of each series at each level; how often
    its rises and falls gain a level less how often they lose it.

    series, before, level : int64[n], the steps themselves, in order of series and hour: from which level to which. lasts_h :
    float64[n], time to the next step of the series or the end.
    """

    hours: np.ndarray
    rises: np.ndarray
    falls: np.ndarray
    series: np.ndarray
    before: np.ndarray
    level: np.ndarray
    lasts_h: np.ndarray


WIDTH = 1 + len(WARNING_LEVELS)


def steps_of(timeline: Timeline, size: int, until_h: float, escalate: int = 0) -> Steps:
    """The steps of a timeline of one start class. Changes that leave the response level as it is are none."""
    series, hour, level = timeline.series, timeline.hour, response_level(timeline.level, escalate)
    real = (level != _before(series, level, 0)) & (hour < until_h)
    series, hour, level = series[real], hour[real], level[real]
    before = _before(series, level, 0)
    lasts_h = np.where(np.append(series[1:], -1) == series, np.append(hour[1:], until_h), until_h)[: len(hour)] - hour
    up = level > before
    gained, lost = series * WIDTH + level, series * WIDTH + before
    counts = [np.bincount(gained, lasts_h, size * WIDTH)]
    counts += [np.bincount(gained[some], minlength=size * WIDTH) - np.bincount(lost[some], minlength=size * WIDTH)
               for some in (up, ~up)]
    return Steps(*(count.reshape(size, WIDTH)[:, 1:].astype(float) for count in counts), series, before, level, lasts_h)


def _before(series: np.ndarray, of: np.ndarray, first: float) -> np.ndarray:
    """What stood before each step: that of the step before it, `first` where a series begins."""
    behind = np.roll(of, 1)
    behind[np.diff(series, prepend=-1) != 0] = first
    return behind


def cut_short(steps: Steps, size: int, down_h: float, up_h: float) -> np.ndarray:
    """Level-equivalent hours that lines with these ramp times have more than if every ramp had arrived: float64[k, 4].

    A ramp of r hours, off its goal by e when it begins, loses e x r / 2 against a step; one that is met by the next step after
    d < r hours loses e x (d - d^2 / 2r), and leaves e x (1 - d / r) to that step. Zero but for such ramps and what they leave.
    """
    more = np.zeros(size * WIDTH)
    ramp = np.where(steps.level > steps.before, down_h, up_h)
    short = steps.lasts_h < ramp
    at = np.flatnonzero(short & ~(_before(steps.series, short, False)))
    left = np.zeros((len(at), WIDTH))  # what the ramps before leave to these steps
    while len(at):
        row, full, lasts = np.arange(len(at)), ramp[at], np.minimum(steps.lasts_h[at], ramp[at])
        part = np.divide(lasts, full, out=np.ones(len(at)), where=full > 0)
        loses = lasts - lasts * part / 2
        off = left.copy()
        off[row, steps.level[at]] += 1
        off[row, steps.before[at]] -= 1
        straight = off - left
        gain = straight * (full / 2)[:, None] - off * loses[:, None]
        np.add.at(more.reshape(size, WIDTH), steps.series[at], gain)
        goes_on = (part < 1) & (np.append(steps.series, -1)[at + 1] == steps.series[at])
        left = (off * (1 - part)[:, None])[goes_on]
        at = at[goes_on] + 1
    return more.reshape(size, WIDTH)[:, 1:]


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
        steps = steps_of(timeline.of_class(start_class), size, until_h, escalate)
        hours, rises, falls = (part[:, 1:].reshape(members, -1) for part in steps[:3])  # blue asks nothing
        total += hours @ worth(mine)
        total -= rises @ worth(mine, ramps.down_h[mine] / 2) + falls @ worth(mine, ramps.up_h[mine] / 2)
        for down_h, up_h in sorted(set(zip(ramps.down_h[mine].tolist(), ramps.up_h[mine].tolist(), strict=True))):
            alike = mine[(ramps.down_h[mine] == down_h) & (ramps.up_h[mine] == up_h)]
            total += cut_short(steps, size, down_h, up_h)[:, 1:].reshape(members, -1) @ worth(alike)
    return total
