"""What forecast errors and flip-flops cost a variant of a sweep: levels at noon, and the steps of its response.

Exact integrals over single runs are in `regret`; these are quick enough for every variant and member (model, section 14).
"""

import numpy as np

from sim.agenda import Timeline
from sim.response import Steps, response_level
from sim.totals import Rates
from sim.vocab import Level

FLIP_FLOP_H = 48
"""A response that is eased and tightened again within so many hours is a flip-flop."""


def levels_at_noon(own: Timeline, size: int, days: int, escalate: int) -> np.ndarray:
    """Response level in force at noon of each day: int8[k, day]. own : changes of one start class."""
    place = np.arange(len(own.series)) + own.series + 1  # before the changes of each series a stretch that asks nothing
    level, begins = np.zeros(len(place) + size, np.int8), np.full(len(place) + size, -1)
    level[place] = response_level(own.level, escalate)
    begins[place] = own.series * days + np.clip(np.ceil((own.hour - 12) / 24), 0, days).astype(int)
    begins[begins < 0] = np.arange(size) * days
    return np.repeat(level, np.diff(begins, append=size * days)).reshape(size, days)


def regret_at_noon(rates: Rates | None, now: np.ndarray, due: np.ndarray, members: int) -> np.ndarray:
    """Days on which perfect forecasts would have asked more, days on which they would have asked less, the kilograms of the
    ones and the yuan of the others: float64[member, 4]. Priced by the level in force at noon, 24 h of full response: ramps are
    left out."""
    width, (size, period) = int(Level.red) + 1, now.shape
    areas = size // members
    less = np.arange(width)[:, None] > np.arange(width)  # [due, now]
    worth, total = np.zeros((areas, width, width, 4)), np.zeros((members, 4))
    worth[..., 0], worth[..., 1] = less, less.T
    first = 0
    for at, end_h in enumerate(rates.ends_h if rates else (24.0 * period,)):
        last = int(end_h // 24)
        had, should = now[:, first:last].ravel(), due[:, first:last].ravel()
        off = np.flatnonzero(should != had)  # where both ask the same nothing is missed
        pair = off // (last - first) * (width * width) + (should[off] * np.int8(width) + had[off])
        days = np.bincount(pair, minlength=size * width * width)
        if rates:
            worth[..., 2:] = np.moveaxis(day_prices(rates, at), 0, -1)
        total += days.reshape(members, -1) @ worth.reshape(-1, 4)
        first = last
    return total


def day_prices(rates: Rates, phase: int) -> np.ndarray:
    """Kilograms missed and yuan lost for nothing on a day when `due` was due and `now` in force: float64[2, area, due, now]."""
    per_day = 24 * rates.by_pair.per_hour[phase].sum(axis=2)
    apart = per_day[:, :, None] - per_day[:, None]
    return np.maximum(np.stack([apart[..., 0], -apart[..., 1]]), 0)


# ---------------------------------------------------------------- flip-flops


def flip_flops(rates: Rates | None, steps: Steps, members: int) -> np.ndarray:
    """How often each member's response was eased and tightened again within FLIP_FLOP_H; the kilograms that lines give off on
    their way down again, and the yuan that they do not make on their way up: float64[member, 3].

    steps : of the first start class. From a level to the one that is regained, the lower of those before and after; as if lines
    had arrived when it was eased. Source: model, section 14.
    """
    found, areas = np.zeros((members, 3)), len(steps.hours) // members
    level = steps.level
    eased = (level[:-1] < steps.before[:-1]) & (steps.lasts_h[:-1] <= FLIP_FLOP_H) & (steps.series[1:] == steps.series[:-1])
    at = np.flatnonzero(eased & (level[1:] > level[:-1]))
    member, area = np.divmod(steps.series[at], areas)
    found[:, 0] = np.bincount(member, minlength=members)
    if not rates or not len(at):
        return found
    regained, (lasts_h, which) = np.minimum(steps.before[at], level[at + 1]), np.unique(steps.lasts_h[at], return_inverse=True)
    phase, worth = np.searchsorted(rates.ends_h, steps.hour[at], "right"), flip_flop_prices(rates, lasts_h)
    apart = worth[phase, area, which, regained] - worth[phase, area, which, level[at]]
    for place in range(2):
        found[:, 1 + place] = np.bincount(member, apart[:, place], members)
    return found


def flip_flop_prices(rates: Rates, lasts_h: np.ndarray) -> np.ndarray:
    """Kilograms and yuan of a flip-flop from full response at a level to none and back, by how long it lasts:
    float64[phase, area, duration, level, 2]. lasts_h : float64[duration]."""
    down_h, up_h, per_hour = rates.by_pair
    lasts_h = lasts_h[:, None]
    part = np.divide(lasts_h, up_h, out=np.ones((len(lasts_h), len(up_h))), where=lasts_h < up_h)  # of the way up
    hours = np.stack([part * down_h / 2, np.where(lasts_h < up_h, lasts_h * (1 - part / 2), up_h / 2)], axis=-1)
    made = np.zeros((*per_hour.shape[:2], len(lasts_h), *per_hour.shape[2::2]))
    for pair in range(len(up_h)):  # one after the other: a product of matrices would round by their size
        made += per_hour[:, :, None, :, pair] * hours[:, None, pair]
    return made
