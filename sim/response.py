"""How lines get to what is asked (model, section 6): level weights of a city's response, exact integrals, no samples."""

from typing import NamedTuple

import numpy as np

from sim.agenda import Timeline
from sim.vocab import WARNING_LEVELS, Level


class Ramps(NamedTuple):
    """Ramp classes: lines of one series with the same ramp times go the same way, whatever their shares.

    series, start_class : int64[r]. down_h, up_h : float64[r]. heeds : bool[r, warning], which warnings are obeyed,
    None for all.
    """

    series: np.ndarray
    start_class: np.ndarray
    down_h: np.ndarray
    up_h: np.ndarray
    heeds: np.ndarray | None = None


def response_level(level: np.ndarray, escalate: int) -> np.ndarray:
    """Response level of a warning level: raised by `escalate`, red at most; no warning asks nothing."""
    return np.where(level > 0, np.minimum(level + escalate, int(Level.red)), 0)


def level_weights(timeline: Timeline, ramps: Ramps, until_h: float | np.ndarray, escalate: int = 0) -> np.ndarray:
    """Level-equivalent hours of each ramp class: float64[r, 4], blue to red. until_h : one hour, or one per class.

    The load of a line is 1 - sum over levels of share x w(t); this is the integral of w from 0 to `until_h`. A change
    moves w linearly from where it is to 1 for the new level and 0 for the others, over `down_h` when the level rises
    and `up_h` when it falls. Where the response level stays the same, a ramp under way goes on.
    """
    hours, levels, warnings = _padded(timeline, ramps, until_h)
    size = len(ramps.series)
    weight = np.zeros((size, len(WARNING_LEVELS)))
    area = np.zeros_like(weight)
    level, since, lasts = np.zeros(size, int), np.zeros(size), np.zeros(size)
    goal = _goal(level)
    for hour, to, number in zip(hours.T, levels.T, warnings.T, strict=True):
        to_level = response_level(to, escalate)
        if ramps.heeds is not None:
            to_level = np.where(ramps.heeds[np.arange(size), number], to_level, 0)
        ends = hour >= until_h
        changes = (to_level != level) | ends
        passed = np.minimum(hour, until_h) - since
        ramp = np.minimum(passed, lasts)
        done = np.divide(ramp, lasts, out=np.ones(size), where=lasts > 0)[:, None]
        arrived = weight + (goal - weight) * done
        part = (weight + arrived) / 2 * ramp[:, None] + goal * (passed - ramp)[:, None]
        area += np.where(changes[:, None], part, 0.0)
        weight = np.where(changes[:, None], arrived, weight)
        lasts = np.where(changes, np.where(to_level > level, ramps.down_h, ramps.up_h), lasts)
        since = np.where(changes, np.minimum(hour, until_h), since)
        level = np.where(changes & ~ends, to_level, level)
        goal = _goal(level)
    return area


def level_hours(timeline: Timeline, size: int, until_h: float, escalate: int = 0) -> np.ndarray:
    """Hours of response at each level: float64[k, 4], blue to red, of the series themselves."""
    each = Ramps(np.arange(size), np.zeros(size, int), np.zeros(size), np.zeros(size))
    return level_weights(timeline, each, until_h, escalate)


def _goal(level: np.ndarray) -> np.ndarray:
    return (level[:, None] == np.array([int(lv) for lv in WARNING_LEVELS])).astype(float)


def _padded(timeline: Timeline, ramps: Ramps, until_h: float | np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Changes of each ramp class as rows of one length: hours, levels, warnings; filled up with the end."""
    size = 1 + max(int(ramps.series.max(initial=0)), int(timeline.series.max(initial=0)))
    key, wanted = timeline.start_class * size + timeline.series, ramps.start_class * size + ramps.series
    first, last = np.searchsorted(key, wanted, "left"), np.searchsorted(key, wanted, "right")
    longest = int((last - first).max(initial=0)) + 1
    place = first[:, None] + np.arange(longest)
    inside = place < last[:, None]
    place = np.minimum(place, max(len(key) - 1, 0))
    if not len(key):
        empty = np.zeros((len(wanted), 1), int)
        return np.zeros((len(wanted), 1)) + np.reshape(until_h, (-1, 1)), empty, empty
    return (np.where(inside, timeline.hour[place], np.reshape(until_h, (-1, 1))), np.where(inside, timeline.level[place], 0),
            np.where(inside, timeline.warning[place], 0))
