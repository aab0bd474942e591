"""What a warning should have been: episodes and levels of the observed series, judged whole when all is known."""

from typing import NamedTuple

import numpy as np

from sim.warning import Rules, level_held, no_episode, read_day


class Hindsight(NamedTuple):
    """What each observed day turned out to be part of.

    level : int8[day, k], level of the day's episode judged whole, 0 where it reached none or outside an episode.
    start : int16[day, k], first day of the day's episode, -1 outside an episode.
    """

    level: np.ndarray
    start: np.ndarray


def hindsight(observed: np.ndarray, rules: Rules) -> Hindsight:
    """Episode and level of every observed day under the rules of a run. observed : float64[day, k].

    An episode runs from its first to its last day above the lowest threshold, bridged gap days included, and has the
    highest level that any criterion gives it. Source: model, section 4, items 2 to 4.
    """
    days, size = observed.shape
    level, start = np.zeros((days, size), np.int8), np.full((days, size), -1, np.int16)
    episode = no_episode(rules, size)
    for day in range(days):
        episode = read_day(episode, day, observed[day], rules)
        level[day], start[day] = level_held(episode.held, rules)[0], episode.start
    over = observed > rules.lowest
    start[-1][~over[-1]] = -1
    for day in range(days - 2, -1, -1):  # backwards: what comes later decides what a day was part of
        goes_on = (start[day] >= 0) & (start[day + 1] == start[day])
        level[day] = np.where(goes_on, level[day + 1], level[day])
        start[day][~(goes_on | over[day])] = -1  # a gap that nothing follows is no part of it
    level[start < 0] = 0
    return Hindsight(level, start)
