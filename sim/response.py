"""How lines get to what is asked (model, section 6): level weights of a city's response, exact integrals, no samples."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sim.agenda import Timeline
from sim.vocab import WARNING_LEVELS, Level

WIDTH = 1 + len(WARNING_LEVELS)


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
    """Response level of a warning level: raised by `escalate`, red at most; no warning asks nothing. Where nothing is
    raised, the levels themselves, no copy."""
    if not escalate:
        return level
    return np.where(level > 0, np.minimum(level + escalate, int(Level.red)), 0)


def level_weights(timeline: Timeline, ramps: Ramps, until_h: float | np.ndarray, escalate: int = 0) -> np.ndarray:
    """Level-equivalent hours of each ramp class: float64[r, 4], blue to red. until_h : one hour, or one per class.

    The load of a line is 1 - sum over levels of share x w(t); this is the integral of w from 0 to `until_h`. A change
    moves w linearly from where it is to 1 for the new level and 0 for the others, over `down_h` when the level rises
    and `up_h` when it falls. Where the response level stays the same, a ramp under way goes on.
    """
    area = np.zeros((len(ramps.series), len(WARNING_LEVELS)))
    for stretch in _stretches(timeline, ramps, until_h, escalate):
        ramp, stays = stretch.ramp_h[:, None], (stretch.passed_h - stretch.ramp_h)[:, None]
        area[stretch.which] += (stretch.weight + stretch.arrived) / 2 * ramp + stretch.goal * stays
    return area


class Bends(NamedTuple):
    """Where the weights of some classes jump, or change their slope. which : int64[m], classes. at : float64[m], hours. by :
    float64[m, 4], blue to red, by how much."""

    which: np.ndarray
    at: np.ndarray
    by: np.ndarray


def bends(timeline: Timeline, ramps: Ramps, until_h: float, escalate: int = 0) -> tuple[Bends, Bends, np.ndarray]:
    """Jumps and ramps of the weights of ramp classes up to an hour, in the same course as `level_weights`: where they jump,
    where a ramp begins and with what slope, and the hour at which each ramp ends, float64[m]."""
    jumps, turns, ends = [], [], []
    for stretch in _stretches(timeline, ramps, until_h, escalate):
        off = stretch.goal - stretch.weight
        at_once, ramped = np.flatnonzero((stretch.lasts_h == 0) & off.any(axis=1)), np.flatnonzero(stretch.ramp_h > 0)
        jumps.append((stretch.which[at_once], stretch.since_h[at_once], off[at_once]))
        turns.append((stretch.which[ramped], stretch.since_h[ramped], off[ramped] / stretch.lasts_h[ramped, None]))
        ends.append((stretch.since_h + stretch.ramp_h)[ramped])
    return (*(Bends(*map(np.concatenate, zip(*each, strict=True))) for each in (jumps, turns)), np.concatenate(ends))


class _Stretch(NamedTuple):
    """From one change of some classes to their next. which : int64[m], the classes. since_h, passed_h : float64[m], its
    beginning and its length. lasts_h, ramp_h : how long its ramp is, and how much of that comes to pass. weight, arrived,
    goal : float64[m, 4], at its beginning, after the ramp, and where the ramp leads.
    """

    which: np.ndarray
    since_h: np.ndarray
    passed_h: np.ndarray
    lasts_h: np.ndarray
    ramp_h: np.ndarray
    weight: np.ndarray
    arrived: np.ndarray
    goal: np.ndarray


def _stretches(timeline: Timeline, ramps: Ramps, until_h: float | np.ndarray, escalate: int) -> Iterator[_Stretch]:
    """The course of the weights of ramp classes, stretch by stretch, up to an hour, or one for each class."""
    hours, levels, warnings = _padded(timeline, ramps, until_h)
    size, until = len(ramps.series), np.broadcast_to(until_h, len(ramps.series))
    weight = np.zeros((size, len(WARNING_LEVELS)))
    level, since, lasts = np.zeros(size, int), np.zeros(size), np.zeros(size)
    for hour, to, number in zip(hours.T, levels.T, warnings.T, strict=True):
        to_level = response_level(to, escalate)
        if ramps.heeds is not None:
            to_level = np.where(ramps.heeds[np.arange(size), number], to_level, 0)
        which = np.flatnonzero(((to_level != level) | (hour >= until)) & (since < until))
        end, goal = np.minimum(hour, until)[which], _goal(level[which])
        passed = end - since[which]
        ramp = np.minimum(passed, lasts[which])
        done = np.divide(ramp, lasts[which], out=np.ones(len(which)), where=lasts[which] > 0)[:, None]
        arrived = weight[which] + (goal - weight[which]) * done
        yield _Stretch(which, since[which], passed, lasts[which], ramp, weight[which], arrived, goal)
        weight[which], since[which] = arrived, end
        lasts[which] = np.where(to_level > level, ramps.down_h, ramps.up_h)[which]
        level[which] = np.where(hour >= until, level, to_level)[which]


def level_hours(timeline: Timeline, size: int, until_h: float, escalate: int = 0) -> np.ndarray:
    """Hours of response at each level: float64[k, 4], blue to red, of the series themselves."""
    each = Ramps(np.arange(size), np.zeros(size, int), np.zeros(size), np.zeros(size))
    return level_weights(timeline, each, until_h, escalate)


def _goal(level: np.ndarray) -> np.ndarray:
    return (level[:, None] == np.array([int(lv) for lv in WARNING_LEVELS])).astype(float)


def _padded(timeline: Timeline, ramps: Ramps, until_h: float | np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Changes of each ramp class as rows of one length: hours, levels, warnings; filled up with the end."""
    first, last = rows_of_classes(timeline, ramps)
    longest = int((last - first).max(initial=0)) + 1
    place = first[:, None] + np.arange(longest)
    inside = place < last[:, None]
    place = np.minimum(place, max(len(timeline.hour) - 1, 0))
    if not len(timeline.hour):
        empty = np.zeros((len(first), 1), int)
        return np.zeros((len(first), 1)) + np.reshape(until_h, (-1, 1)), empty, empty
    return (np.where(inside, timeline.hour[place], np.reshape(until_h, (-1, 1))), np.where(inside, timeline.level[place], 0),
            np.where(inside, timeline.warning[place], 0))


def rows_of_classes(timeline: Timeline, ramps: Ramps) -> tuple[np.ndarray, np.ndarray]:
    """Which changes each ramp class meets, from the first to before the last: int64[r] each."""
    size = 1 + max(int(ramps.series.max(initial=0)), int(timeline.series.max(initial=0)))
    key, wanted = timeline.start_class * size + timeline.series, ramps.start_class * size + ramps.series
    return np.searchsorted(key, wanted, "left"), np.searchsorted(key, wanted, "right")


# ---------------------------------------------------------------- a response as steps


class Steps(NamedTuple):
    """A response as steps. hours, rises, falls : float64[k, 4], blue to red: hours of each series at each level; how often
    its rises and falls gain a level less how often they lose it.

    series, before, level : int[n], the steps themselves, in order of series and hour: from which level to which. hour,
    lasts_h : float64[n], when, and the time to the next step of the series or the end.
    """

    hours: np.ndarray
    rises: np.ndarray
    falls: np.ndarray
    series: np.ndarray
    before: np.ndarray
    level: np.ndarray
    hour: np.ndarray
    lasts_h: np.ndarray


def steps_of(timeline: Timeline, size: int, until_h: float, escalate: int = 0) -> Steps:
    """The steps of a timeline of one start class. Changes that leave the response level as it is are none."""
    series, hour, level = timeline.series, timeline.hour, response_level(timeline.level, escalate)
    real = (level != _before(series, level, 0)) & (hour < until_h)
    series, hour, level = series[real], hour[real], level[real]
    before = _before(series, level, 0)
    lasts_h = np.where(np.append(series[1:], -1) == series, np.append(hour[1:], until_h), until_h)[: len(hour)] - hour
    gained, lost, up = series * WIDTH + level, series * WIDTH + before, level > before
    hours = np.bincount(gained, lasts_h, size * WIDTH).reshape(size, WIDTH)[:, 1:]
    gains, losses = (np.bincount(2 * place + up, minlength=2 * size * WIDTH) for place in (gained, lost))
    falls, rises = (gains - losses).astype(float).reshape(size, WIDTH, 2)[:, 1:].transpose(2, 0, 1)
    return Steps(hours, rises, falls, series, before, level, hour, lasts_h)


def _before(series: np.ndarray, of: np.ndarray, first: float) -> np.ndarray:
    """What stood before each step: that of the step before it, `first` where a series begins."""
    behind = np.roll(of, 1)
    behind[np.diff(series, prepend=-1) != 0] = first
    return behind


def cut_short(steps: Steps, size: int, down_h: np.ndarray, up_h: np.ndarray, where: np.ndarray
              ) -> Iterator[tuple[int, np.ndarray]]:
    """Level-equivalent hours that lines have more than if every ramp had arrived, for each pair of ramp times of which any is
    cut short: which pair, and float64[k, 4].

    down_h, up_h : float64[p]. where : bool[p, k], series that have such lines; zero for the others.

    A ramp of r hours, off its goal by e when it begins, loses e x r / 2 against a step; one that is met by the next step after
    d < r hours loses e x (d - d^2 / 2r), and leaves e x (1 - d / r) to that step. So what a step moves is worth the same,
    whatever was left to it, and is reckoned from the last of the ramps that meet each other back to the first.
    """
    rises = steps.level > steps.before  # as factors: to choose by a mask without order takes five times as long
    longest = rises * down_h.max(initial=0) + ~rises * up_h.max(initial=0)
    short = np.flatnonzero(steps.lasts_h < longest)
    onto = np.minimum(short + 1, len(rises) - 1)
    series, rise, lasts_h = steps.series[short], rises[short], steps.lasts_h[short]
    onto_rise, onto_lasts_h = rises[onto], steps.lasts_h[onto]
    fall, met = ~rise, (onto > short) & (steps.series[onto] == series)
    gained, lost = (series * WIDTH + level[short] for level in (steps.level, steps.before))
    for pair, (down, up) in enumerate(zip(down_h, up_h, strict=True)):
        cut = (lasts_h < down) & rise | (lasts_h < up) & fall
        at = np.flatnonzero(cut & np.take(where[pair], series)) if cut.any() else ()
        if not len(at):
            continue
        whole_h, onto_h = (down * goes_up[at] + up * ~goes_up[at] for goes_up in (rise, onto_rise))
        left = 1 - lasts_h[at] / whole_h
        left_onto, arrives = left * met[at], onto_lasts_h[at] >= onto_h
        loses = lasts_h[at] * (1 + left) / 2 + left_onto * arrives * onto_h / 2
        pending = np.flatnonzero(~arrives & met[at])
        waits = np.zeros(len(at) + 1, bool)
        waits[pending] = True
        while len(pending):  # what is left to one that is cut short itself, the next of these, once that is known
            known = ~waits[pending + 1]
            now = pending[known]
            loses[now] += left_onto[now] * loses[now + 1]
            waits[now] = False
            pending = pending[~known]
        gains = whole_h / 2 - loses
        made = np.bincount(np.append(gained[at], lost[at]), np.append(gains, -gains), size * WIDTH)
        yield pair, made.reshape(size, WIDTH)[:, 1:]


def ramp_times(ramps: Ramps, some: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of ramp times of some classes, hours down and up, float64[p] each, and which of them each class has, int64[m]."""
    times = ramps.down_h[some] + 1j * ramps.up_h[some]
    pairs = np.unique(times)
    return pairs.real, pairs.imag, np.searchsorted(pairs, times)


def class_weights(timeline: Timeline, ramps: Ramps, until_h: float, escalate: int = 0) -> np.ndarray:
    """The same as `level_weights` where every warning is obeyed, from the steps of each series: float64[r, 4]."""
    weights = np.zeros((len(ramps.series), len(WARNING_LEVELS)))
    least, size = int(ramps.series.min(initial=0)), 1 + int(ramps.series.max(initial=0))
    for start_class in np.unique(ramps.start_class):
        here = (timeline.start_class == start_class) & (timeline.series >= least) & (timeline.series < size)
        own = Timeline(*(column[here] for column in timeline))
        steps = steps_of(own._replace(series=own.series - least), size - least, until_h, escalate)
        mine = np.flatnonzero(ramps.start_class == start_class)
        down_h, up_h, pair = ramp_times(ramps, mine)
        of = ramps.series[mine] - least
        ramped = down_h[pair, None] / 2 * steps.rises[of] + up_h[pair, None] / 2 * steps.falls[of]
        weights[mine] = steps.hours[of] - ramped
        there = np.zeros((len(down_h), size - least), bool)
        there[pair, of] = True
        for number, cut in cut_short(steps, size - least, down_h, up_h, there):
            alike = np.flatnonzero(pair == number)
            weights[mine[alike]] += cut[of[alike]]
    return weights
