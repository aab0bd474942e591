"""What forecast errors and flip-flops cost a variant of a sweep: levels at noon, and the steps of its response.

Exact integrals over single runs are in `regret`; these are quick enough for every variant and member (model, section 14).
"""

import numpy as np

from sim.response import Steps
from sim.totals import FLIP_FLOP_H, Rates
from sim.vocab import Level


def regret_at_noon(rates: Rates | None, now: np.ndarray, due: np.ndarray, members: int) -> np.ndarray:
    """Days on which perfect forecasts would have asked more, days on which they would have asked less, the kilograms of the
    ones and the yuan of the others: float64[member, 4]. Priced by the level in force at noon, 24 h of full response: ramps are
    left out. now, due : int8[day, member x area], response levels."""
    width, (period, size) = int(Level.red) + 1, now.shape
    areas = size // members
    less = np.arange(width)[:, None] > np.arange(width)  # [due, now]
    worth, total = np.zeros((areas, width, width, 4)), np.zeros((members, 4))
    worth[..., 0], worth[..., 1] = less, less.T
    prices, first = day_prices(rates) if rates else None, 0
    for at, end_h in enumerate(rates.ends_h if rates else (24.0 * period,)):
        last = int(end_h // 24)
        had, should = now[first:last].ravel(), due[first:last].ravel()
        off = np.flatnonzero(should != had)  # where both ask the same nothing is missed
        pair = off % size * (width * width) + (should[off] * np.int8(width) + had[off])
        days = np.bincount(pair, minlength=size * width * width)
        if rates:
            worth[..., 2:] = prices[at]
        total += days.reshape(members, -1) @ worth.reshape(-1, 4)
        first = last
    return total


def day_prices(rates: Rates) -> np.ndarray:
    """Kilograms missed and yuan lost for nothing on a day when `due` was due and `now` in force:
    float64[phase, area, due, now, 2]."""
    apart = rates.of_a_day[:, :, :, None] - rates.of_a_day[:, :, None]
    return np.maximum(apart * (1, -1), 0)


# ---------------------------------------------------------------- flip-flops


def flip_flops(rates: Rates | None, steps: Steps, members: int) -> np.ndarray:
    """How often each member's response was eased and tightened again within FLIP_FLOP_H; the kilograms that lines give off on
    their way down again, and the yuan that they do not make on their way up: float64[member, 3].

    steps : of the first start class. From a level to the one that is regained, the lower of those before and after; in the
    phase in which it was eased. Not net: on the way up lines avoid, on the way down they make output. Source: model,
    section 14.
    """
    found, areas = np.zeros((members, 3)), len(steps.hours) // members
    level = steps.level
    eased = (level[:-1] < steps.before[:-1]) & (steps.lasts_h[:-1] <= FLIP_FLOP_H) & (steps.series[1:] == steps.series[:-1])
    at = np.flatnonzero(eased & (level[1:] > level[:-1]))
    member, area = np.divmod(steps.series[at], areas)
    found[:, 0] = np.bincount(member, minlength=members)
    if not rates or not len(at):
        return found
    phase = np.searchsorted(rates.ends_h, steps.hour[at], "right")
    worth = rates.of_a_flip_flop[phase, area, steps.lasts_h[at].astype(int)]  # decisions take effect at whole hours
    row = np.arange(len(at))
    apart = worth[row, np.minimum(steps.before[at], level[at + 1])] - worth[row, level[at]]
    for place in range(2):
        found[:, 1 + place] = np.bincount(member, apart[:, place], members)
    return found
