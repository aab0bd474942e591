"""What is told as it takes effect, compiled: LANES words of 64 series at a time, one bit each.

The rules are those of `taking_effect` (model, section 4), for lines that all begin at the hour; tests hold the one against the
other.
"""

import numpy as np

from sim.compiled_bits import NONE, ones, part
from sim.compiled_plan import (
    ADVANCE,
    CANCEL,
    INTERVAL_H,
    ISSUE,
    LEVELS,
    LIFT,
    OWN,
    PLANNED_AT_ONCE,
    WITHDRAW_ON_LIFT,
)
from sim.compiled_planes import LANES, any_of, nobody, plane, put, tally, word_of
from sim.planes import WORD

SERIES, LATEST, ASKED = range(3)
"""Planes of what is planned: for whom, of whom it is about the latest warning; from the third on the levels, this one or a
higher one, then the digits of the warning's number."""
COUNT, DIGITS, NOON = range(3)
"""Places among whole numbers: how many decisions are planned, how many digits numbers have, the next day whose noon is due."""


def room_to_take_effect(plan: np.ndarray, days: int) -> tuple[np.ndarray, ...]:
    """What `tell` and `take_effect_before` work with.

    Of what is planned: planes, hours, whether it lifts, and the order in which it was told, what is free behind it; whole
    numbers as in COUNT. Planes of what is in force, now and before an hour: levels, and digits of the warning's number;
    digits of the latest warning's; levels that it reached.
    """
    levels, digits = plan[LEVELS] - plan[OWN], int(24 * days // plan[INTERVAL_H] + 2).bit_length()
    at_once = plan[PLANNED_AT_ONCE]
    rows = [levels + digits] * 2 + [digits, levels]
    return (np.zeros((at_once, ASKED + levels + digits, LANES), np.uint64), np.zeros(at_once), np.zeros(at_once, bool),
            np.arange(at_once), np.zeros(3, np.int64), *(np.zeros((count, LANES), np.uint64) for count in rows))


def room_in_force(plan: np.ndarray, days: int) -> tuple[np.ndarray, ...]:
    """What comes of it. change : int32[series, change], 8 x hour + how many levels are in force from then on; changes :
    int64[series], how many; noon : uint64[day, level + 1, lane], this level or a higher one in force at noon, the last of
    nobody; warned : uint16[level + 1, series], warnings that reached each level, the last of none."""
    series, levels, most = LANES * WORD, plan[LEVELS] - plan[OWN], 2 * (24 * days // int(plan[INTERVAL_H]) + 2)
    return (np.zeros((series, most), np.int32), np.zeros(series, np.int64),
            np.zeros((days, levels + 1, LANES), np.uint64), np.zeros((levels + 1, series), np.uint16))


@part
def begin(agenda, came):
    """Nothing is planned or in force."""
    at, force, number, reached = agenda[4], agenda[5], agenda[7], agenda[8]
    at[:] = 0
    force[:] = number[:] = reached[:] = NONE
    _, changes, _, warned = came
    changes[:] = 0
    warned[:] = 0


@part
def _strike(agenda, series, since_h):
    """Withdraw what is planned of some series' latest warnings for an hour or later."""
    planned, due_h, _, order, at = agenda[:5]
    for place in range(at[COUNT]):
        slot = order[place]
        if due_h[slot] >= since_h:
            put(planned, (slot, SERIES), plane(planned, (slot, SERIES)) - (series & plane(planned, (slot, LATEST))))


@part
def _number_next(agenda, series):
    """The latest warning of some series is a new one."""
    planned, _, _, order, at, _, _, number, _ = agenda
    for place in range(at[COUNT]):
        slot = order[place]
        put(planned, (slot, LATEST), plane(planned, (slot, LATEST)) - series)
    digit = 0
    while any_of(series):
        had = plane(number, digit)
        put(number, digit, had ^ series)
        series = had & series
        digit += 1
    if digit > at[DIGITS]:
        for place in range(at[COUNT]):
            put(planned, (order[place], planned.shape[1] - len(number) + digit - 1), nobody())
        at[DIGITS] = digit


@part
def tell(agenda, came, plan, kind, series, level, hour):
    """One decision of each of some series. level : uint64[level, lane], what is asked, this level or a higher one."""
    if not any_of(series):
        return
    planned, due_h, lifts, order, at, _, _, number, reached = agenda
    levels = len(reached)
    if kind == ISSUE:
        _number_next(agenda, series)
        for place in range(levels):
            ended = plane(reached, place) & series
            put(reached, place, plane(reached, place) - ended)
            tally(came[3], place, ended)
    elif kind in (CANCEL, ADVANCE):
        _strike(agenda, series, -np.inf)
    elif kind == LIFT and plan[WITHDRAW_ON_LIFT]:
        _strike(agenda, series, hour)
    if kind == CANCEL:
        for place in range(levels):
            put(reached, place, plane(reached, place) - series)
        return
    slot = order[at[COUNT]]
    at[COUNT] += 1
    due_h[slot], lifts[slot] = hour, kind == LIFT
    put(planned, (slot, SERIES), series)
    put(planned, (slot, LATEST), series)
    if kind != LIFT:
        for place in range(levels):
            asked = plane(level, place)
            put(planned, (slot, ASKED + place), asked)
            put(reached, place, plane(reached, place) | (asked & series))
    for digit in range(at[DIGITS]):
        put(planned, (slot, ASKED + levels + digit), plane(number, digit))


@part
def _take_effect(agenda, hour):
    """Bring the changes of one hour into force; the later told wins, a lift ends its own warning only. Returns for whom the
    level or the warning is another."""
    planned, due_h, lifts, order, at, force, before, _, reached = agenda
    levels, rows = len(reached), len(reached) + at[DIGITS]
    for row in range(rows):
        put(before, row, plane(force, row))
    kept = 0
    for place in range(at[COUNT]):
        slot = order[place]
        if due_h[slot] != hour:
            order[place], order[kept] = order[kept], slot
            kept += 1
            continue
        series = plane(planned, (slot, SERIES))
        if lifts[slot]:
            for row in range(levels, rows):
                series -= plane(force, row) ^ plane(planned, (slot, ASKED + row))
            for row in range(rows):
                put(force, row, plane(force, row) - series)
        else:
            for row in range(rows):
                put(force, row, (plane(force, row) - series) | (plane(planned, (slot, ASKED + row)) & series))
    at[COUNT] = kept
    differs = nobody()
    for row in range(rows):
        differs |= plane(before, row) ^ plane(force, row)
    return differs


@part
def _noons_before(agenda, came, hour):
    """What is in force at the noons up to an hour, as far as they are not known."""
    at, force, noon = agenda[4], agenda[5], came[2]
    while at[NOON] < len(noon) and 24 * at[NOON] + 12 < hour:
        for place in range(noon.shape[1] - 1):
            put(noon, (at[NOON], place), plane(force, place))
        at[NOON] += 1


@part
def take_effect_before(agenda, came, hour):
    """Bring into force, in order, what is planned for hours before this one."""
    due_h, order, at, force, levels = agenda[1], agenda[3], agenda[4], agenda[5], len(agenda[8])
    change, changes = came[:2]
    single = np.uint64(1)
    while True:
        due = np.inf
        for place in range(at[COUNT]):
            due = min(due, due_h[order[place]])
        if due >= hour:
            return
        _noons_before(agenda, came, due)
        differs = _take_effect(agenda, due)
        if not any_of(differs):
            continue
        odd = twos = four = nobody()  # digits of how many levels are in force
        for place in range(levels):
            odd ^= plane(force, place)
            if place & 1:
                twos ^= plane(force, place)
            if place == 3:
                four = plane(force, place)
        for lane in range(LANES):
            left, low, middle, top = word_of(differs, lane), word_of(odd, lane), word_of(twos, lane), word_of(four, lane)
            while left:
                bit = left & (~left + single)
                left ^= bit
                one = np.uint64(ones(bit - single))
                high = (low >> one & single) + 2 * (middle >> one & single) + 4 * (top >> one & single)
                series = lane * WORD + np.int64(one)
                where = changes[series]
                change[series, where] = 8 * np.int64(due) + np.int64(high)
                changes[series] = where + 1


@part
def end(agenda, came, until_h):
    """Bring into force what is planned for hours up to the last, and count the warnings that have no next one."""
    reached = agenda[8]
    take_effect_before(agenda, came, until_h + 0.5)
    _noons_before(agenda, came, until_h)
    for place in range(len(reached)):
        tally(came[3], place, plane(reached, place))
