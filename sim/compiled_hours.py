"""What cities avoid hour by hour, compiled: the bends of each city's lines, summed up twice.

The rules are those of `hourly.city_hours` and `response.bends` (model, section 6); tests hold the one against the other.
"""

import numpy as np

from sim.agenda import Timeline
from sim.compiled_bits import kernel, part
from sim.compiled_plan import ASKING
from sim.response import Ramps, response_level, rows_of_classes


def hours_of(timeline: Timeline, ramps: Ramps, per_hour: np.ndarray, city: np.ndarray, cities: int, hours: int,
             escalate: int, rounding: float) -> np.ndarray:
    """What each city avoids in each hour: float64[city, hour, figure]; arguments as in `hourly.city_hours`. rounding : share of
    the most that a city avoids at the end of an hour below which a figure is nothing."""
    figures = per_hour.shape[2]
    made = np.empty((cities, figures, hours))
    order = np.argsort(city, kind="stable")
    heeds = np.ones((1, 1), bool) if ramps.heeds is None else ramps.heeds
    _fill(timeline.hour, response_level(timeline.level, escalate).astype(np.int64), timeline.warning.astype(np.int64),
          *rows_of_classes(timeline, ramps), ramps.down_h, ramps.up_h, heeds, ramps.heeds is not None, order,
          np.searchsorted(city[order], np.arange(cities + 1)), np.ascontiguousarray(per_hour), rounding,
          (np.zeros(hours, np.bool_), np.zeros(hours, np.int64)), np.zeros((3, hours, figures)), np.zeros(per_hour.shape[1]),
          np.zeros(figures), np.zeros(hours, np.int64), np.zeros((3, figures, hours)), made)
    return made.transpose(0, 2, 1)


@kernel
def _fill(hour, level, warning, first, last, down_h, up_h, heeds, may_disobey, order, begins, per_hour, rounding, bends, gains,
          weight, by, place, course, made):
    """hour, level, warning : changes of the response, sorted by class. first, last : int64[r], which of them each class of
    lines meets. heeds : bool[r, warning]. order : classes by city; begins : where each city's begin, and the end. bends (bool
    and int64[hour]), gains (float64[3, hour, figure]), weight, by, place, course : zeros to work with. made : float64[city,
    figure, hour], filled."""
    cities, figures, hours = made.shape
    bent, turns = bends
    steeper, more, within = gains[0], gains[1], gains[2]
    for city in range(cities):
        for at in range(begins[city], begins[city + 1]):
            which = order[at]
            now, since, lasts = 0, 0.0, 0.0
            for lv in range(len(weight)):
                weight[lv] = 0
            for change in range(first[which], last[which] + 1):
                ends, to = change == last[which] or hour[change] >= hours, 0
                if not ends and (not may_disobey or heeds[which, warning[change]]):
                    to = level[change]
                if to == now and not ends:
                    continue
                until = float(hours) if ends else hour[change]
                passed = min(until - since, lasts)
                if _worth(weight, now, per_hour, which, by):
                    if lasts == 0:
                        _jump(since, by, more, within, bent)
                    elif passed > 0:
                        for figure in range(figures):
                            by[figure] /= lasts
                        _turn(since, by, 1, steeper, more, within, turns, bent)
                        _turn(since + passed, by, -1, steeper, more, within, turns, bent)
                done = passed / lasts if lasts > 0 else 1.0
                for lv in range(len(weight)):
                    weight[lv] += ((now == ASKING + lv) - weight[lv]) * done
                if ends:
                    break
                since, lasts, now = until, down_h[which] if to > now else up_h[which], to
        _sum_up(steeper, more, within, turns, bent, rounding, place, course, made[city])


@part
def _worth(weight, goal, per_hour, which, by):
    """What the way of a class from some weights to a level takes away in an hour: by, filled; whether there is a way."""
    moves = False
    for figure in range(len(by)):
        by[figure] = 0
    for lv in range(len(weight)):
        off = (goal == ASKING + lv) - weight[lv]
        if off:
            moves = True
            for figure in range(len(by)):
                by[figure] += off * per_hour[which, lv, figure]
    return moves


@part
def _jump(at, by, more, within, bent):
    """Add a jump at an hour."""
    hour = min(int(at), len(bent) - 1)
    bent[hour] = True
    for figure in range(len(by)):
        more[hour, figure] += by[figure]
        within[hour, figure] += by[figure] * (hour + 1 - at)


@part
def _turn(at, by, sign, steeper, more, within, turns, bent):
    """Add the beginning of a ramp at an hour, or its end. by : its slope."""
    hour = min(int(at), len(bent) - 1)
    left = hour + 1 - at
    bent[hour] = True
    turns[hour] += sign
    for figure in range(len(by)):
        steeper[hour, figure] += sign * by[figure]
        more[hour, figure] += sign * by[figure] * left
        within[hour, figure] += sign * by[figure] * left * left / 2


@part
def _sum_up(steeper, more, within, turns, bent, rounding, place, course, made):
    """A city's hours from its bends, which are forgotten. place : int64[hour], course : float64[3, figure, hour], to work
    with: hours that bend; in each what is avoided, what is under way at its end, and how that goes on. made : float64[figure,
    hour], filled."""
    figures, hours = made.shape
    here, level, steep = course[0], course[1], course[2]
    count = under_way = 0
    for hour in range(hours):
        if not bent[hour] and hour:
            continue
        under_way += turns[hour]
        for figure in range(figures):
            had = goes = 0.0
            if count:
                goes = steep[figure, count - 1]
                had = level[figure, count - 1] + goes * (hour - 1 - place[count - 1])
            here[figure, count] = had + goes / 2 + within[hour, figure]
            level[figure, count] = had + goes + more[hour, figure]
            steep[figure, count] = goes + steeper[hour, figure] if under_way else 0.0
            steeper[hour, figure] = more[hour, figure] = within[hour, figure] = 0
        place[count], turns[hour], bent[hour] = hour, 0, False
        count += 1
    for figure in range(figures):
        most = level[figure, 0]
        for at in range(1, count):
            most = max(most, level[figure, at])
        least = rounding * most
        for at in range(count):
            first, last = place[at], place[at + 1] if at + 1 < count else hours
            had, goes = level[figure, at], steep[figure, at]
            made[figure, first] = here[figure, at] if here[figure, at] >= least else 0.0  # what running sums leave behind
            if goes:
                for hour in range(first + 1, last):
                    each = had + goes * (hour - first - 0.5)
                    made[figure, hour] = each if each >= least else 0.0
            else:
                made[figure, first + 1: last] = had if had >= least else 0.0
