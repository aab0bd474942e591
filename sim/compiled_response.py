"""What decisions come to, compiled: what comes into force, level hours, sums and days missed, series by series. A door to
`numba`, an extra.

The rules are those of `agenda.in_force` and `response` (model, section 6) and of `cases`, for lines that all begin at the
hour and obey; tests hold the one against the other.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from sim.compiled_warning import ADVANCE, CANCEL, LIFT, WORD, Told, compare, follow, ones

WIDTH = 5
"""No warning, blue to red."""
ASKING = 2
"""The lowest level that asks anything of a line: yellow."""


class Worth(NamedTuple):
    """What hours are worth, as in `totals.Rates`, and what the days missed are.

    until_h, sign : by term: the hour up to which a stretch of the period is counted, and whether it is added (1) or taken
    away (-1). hours, rises, falls : float64[term, area, asking level, sum], an hour, a rise and a fall at each level. down_h,
    up_h : by pair of ramp times. short : float64[term, pair, area, asking level, sum]. there : bool[term, pair, area], whether
    the area has such lines. first_day, last_day : by phase. kg, cny : float64[phase, area, due, now], of a day on which `due`
    was due and `now` in force.
    """

    until_h: np.ndarray
    sign: np.ndarray
    hours: np.ndarray
    rises: np.ndarray
    falls: np.ndarray
    down_h: np.ndarray
    up_h: np.ndarray
    short: np.ndarray
    there: np.ndarray
    first_day: np.ndarray
    last_day: np.ndarray
    kg: np.ndarray
    cny: np.ndarray


class Steps(NamedTuple):
    """The steps of one series, as in `response.Steps`; room for as many as there can be."""

    before: np.ndarray
    level: np.ndarray
    lasts_h: np.ndarray
    hours: np.ndarray
    rises: np.ndarray
    falls: np.ndarray


@njit(cache=True)
def in_force(told, series, until_h, withdraw_on_lift, order, since, until, hour, level):
    """Changes that come into force for a series, as `agenda.in_force`: how many. hour, level : filled.

    order : int64, room for every decision. since, until : by warning: the first decision that counts, and the hour from
    which none does.
    """
    count, warnings = told.count[series], told.issued[series]
    kind, asked, about, at = told.kind[series], told.level[series], told.warning[series], told.hour[series]
    since[:warnings] = 0
    until[:warnings] = np.inf
    for place in range(count):
        if kind[place] == CANCEL:
            since[about[place]] = count
        elif kind[place] == ADVANCE:
            since[about[place]] = max(since[about[place]], place)
        elif kind[place] == LIFT and withdraw_on_lift:
            until[about[place]] = at[place]
    kept = 0
    for place in range(count):
        if at[place] > until_h or place < since[about[place]] or (kind[place] != LIFT and at[place] >= until[about[place]]):
            continue
        where = kept
        while where and at[order[where - 1]] > at[place]:
            order[where] = order[where - 1]
            where -= 1
        order[where] = place
        kept += 1
    changes = was_level = lv = 0
    was = now = asks = -1
    for row in range(kept):
        place = order[row]
        if kind[place] != LIFT:
            now = asks = about[place]
            lv = asked[place]
        elif about[place] == asks:
            now, lv = -1, 0
        if row + 1 < kept and at[order[row + 1]] == at[place]:
            continue  # of an hour: one change
        if now != was or lv != was_level:
            hour[changes], level[changes] = at[place], lv
            changes += 1
            was, was_level = now, lv
    return changes


@njit(cache=True)
def _response(level, escalate):
    """Response level of a warning level."""
    return min(level + escalate, WIDTH - 1) if level else 0


@njit(cache=True)
def noon_days(changes, hour, level, escalate, days, noon):
    """Days on which each response level is in force at noon. noon : uint64[level, word of 64 days], filled."""
    noon[:] = np.uint64(0)
    now, since = 0, 0
    for change in range(changes + 1):
        day = days
        if change < changes:
            day = min(max(int(np.ceil((hour[change] - 12) / 24)), 0), days)
        for one in range(since, day):
            noon[now, one >> 6] |= np.uint64(1) << np.uint64(one & 63)
        since = max(since, day)
        if change < changes:
            now = _response(level[change], escalate)


@njit(cache=True)
def _steps(changes, hour, level, until_h, escalate, steps):
    """Steps of a response up to an hour: how many. steps : filled."""
    for each in (steps.hours, steps.rises, steps.falls):
        each[:] = 0
    count, now, since = 0, 0, 0.0
    for change in range(changes):
        to = _response(level[change], escalate)
        if to == now or hour[change] >= until_h:
            continue
        if count:
            steps.lasts_h[count - 1] = hour[change] - since
            steps.hours[now] += hour[change] - since
        steps.before[count], steps.level[count] = now, to
        turns = steps.rises if to > now else steps.falls
        turns[to] += 1
        turns[now] -= 1
        count, now, since = count + 1, to, hour[change]
    if count:
        steps.lasts_h[count - 1] = until_h - since
        steps.hours[now] += until_h - since
    return count


@njit(cache=True)
def _cut_short(steps, count, down_h, up_h, more, off):
    """Level-equivalent hours of ramps that are cut short, as `response.cut_short`. more : float64[level], filled. Whether
    there are any."""
    more[:] = 0
    place, found = 0, False
    while place < count:
        to, before = steps.level[place], steps.before[place]
        if steps.lasts_h[place] >= (down_h if to > before else up_h):
            place += 1
            continue
        off[:] = 0
        found = True
        while place < count:
            to, before = steps.level[place], steps.before[place]
            full = down_h if to > before else up_h
            lasts = min(steps.lasts_h[place], full)
            part = lasts / full if full > 0 else 1.0
            off[to] += 1
            off[before] -= 1
            for lv in range(WIDTH):
                more[lv] += off[lv] * (lasts * part / 2 - lasts)
                off[lv] *= 1 - part
            more[to] += full / 2
            more[before] -= full / 2
            place += 1
            if part >= 1:
                break
    return found


@njit(cache=True)
def _gains(total, sign, hours, worth):
    """Add what some hours by level are worth. worth : float64[asking level, sum]."""
    for lv in range(len(worth)):
        if hours[ASKING + lv]:
            for each in range(len(total)):
                total[each] += sign * hours[ASKING + lv] * worth[lv, each]


@njit(cache=True)
def figures(changes, hour, level, escalate, hours_in_all, area, worth, steps, more, off, hours, total):
    """Hours at each level and sums of one series. hours : float64[level]; total : float64[sum], added to."""
    count = _steps(changes, hour, level, hours_in_all, escalate, steps)
    for lv in range(1, WIDTH):
        hours[lv - 1] += steps.hours[lv]
    until_h = hours_in_all
    for term in range(len(worth.until_h)):
        if worth.until_h[term] != until_h:
            until_h = worth.until_h[term]
            count = _steps(changes, hour, level, until_h, escalate, steps)
        if not count:
            continue
        sign = worth.sign[term]
        _gains(total, sign, steps.hours, worth.hours[term, area])
        _gains(total, -sign, steps.rises, worth.rises[term, area])
        _gains(total, -sign, steps.falls, worth.falls[term, area])
        for pair in range(len(worth.down_h)):
            if worth.there[term, pair, area] and _cut_short(steps, count, worth.down_h[pair], worth.up_h[pair], more, off):
                _gains(total, sign, more, worth.short[term, pair, area])


@njit(cache=True)
def regret(due, now, area, worth, days_of, out):
    """Days on which more, and less, was due than was in force at noon, with what that cost: out[0..3], added to.

    due, now : uint64[level, word of 64 days]. days_of : uint64[phase, word], the days of each phase.
    """
    for was in range(WIDTH):
        for had in range(WIDTH):
            if was == had:
                continue
            for phase in range(len(days_of)):
                days = 0
                for word in range(due.shape[1]):
                    days += ones(due[was, word] & now[had, word] & days_of[phase, word])
                if days:
                    out[0 if was > had else 1] += days
                    out[2] += days * worth.kg[phase, area, was, had]
                    out[3] += days * worth.cny[phase, area, was, had]


# ---------------------------------------------------------------- words of series


class Room(NamedTuple):
    """Arrays to work in, of one word: made once."""

    over: np.ndarray
    told: Told
    order: np.ndarray
    since: np.ndarray
    until: np.ndarray
    hour: np.ndarray
    level: np.ndarray
    steps: Steps
    more: np.ndarray
    off: np.ndarray
    hours: np.ndarray
    total: np.ndarray
    noon: np.ndarray
    missed: np.ndarray


@njit(cache=True)
def _decided(slices, plan, days, leads, hours_at_once, room):
    """All decisions of the series of a word. slices : uint64[digit, row]."""
    for threshold in range(len(plan.at_least)):
        compare(slices, plan.at_least[threshold], room.over[threshold])
    follow(room.over.reshape(len(plan.at_least), days, leads), plan, hours_at_once, room.told)


@njit(cache=True)
def due_days(slices, plan, size, days, leads, hours_at_once, room, due):
    """Days on which each response level is in force at noon. slices : uint64[word, digit, row]. due : uint64[series, level,
    word of 64 days], filled."""
    for word in range(len(slices)):
        _decided(slices[word], plan, days, leads, hours_at_once, room)
        for bit in range(min(WORD, size - word * WORD)):
            changes = in_force(room.told, bit, 24.0 * days, plan.withdraw_on_lift, room.order, room.since, room.until,
                               room.hour, room.level)
            noon_days(changes, room.hour, room.level, plan.escalate, days, due[word * WORD + bit])


@njit(cache=True)
def area_figures(slices, plan, members, days, leads, hours_at_once, area, worth, days_of, due, heavy, room, out):
    """What one area comes to in each member, added to `out` in the order of `cases.FIGURES`: float64[member, figure].

    slices : uint64[word, digit, row]. due : uint64[member or 1, level, word of days]; heavy : uint64[member, word of days].
    """
    sums = worth.hours.shape[3]
    for word in range(len(slices)):
        _decided(slices[word], plan, days, leads, hours_at_once, room)
        for bit in range(min(WORD, members - word * WORD)):
            member = word * WORD + bit
            told, mine = room.told, out[member]
            changes = in_force(told, bit, 24.0 * days, plan.withdraw_on_lift, room.order, room.since, room.until, room.hour,
                               room.level)
            room.since[: told.issued[bit]] = 0  # from here on the highest level of each warning
            for place in range(told.count[bit]):
                about = told.warning[bit, place]
                room.since[about] = max(room.since[about], told.level[bit, place])
            for place in range(told.count[bit]):
                if told.kind[bit, place] == CANCEL:
                    room.since[told.warning[bit, place]] = 0
            for about in range(told.issued[bit]):
                if room.since[about]:
                    mine[room.since[about] - 1] += 1
            room.hours[:] = 0
            room.total[:] = 0
            if changes:
                figures(changes, room.hour, room.level, plan.escalate, 24.0 * days, area, worth, room.steps, room.more,
                        room.off, room.hours, room.total)
            for lv in range(WIDTH - 1):
                mine[WIDTH - 1 + lv] += room.hours[lv]
            for each in range(sums):
                mine[2 * (WIDTH - 1) + each] += room.total[each]
            noon_days(changes, room.hour, room.level, plan.escalate, days, room.noon)
            room.missed[:] = 0
            regret(due[min(member, len(due) - 1)], room.noon, area, worth, days_of, room.missed)
            after = 2 * (WIDTH - 1) + sums
            for day in range(heavy.shape[1]):
                mine[after] += ones(heavy[member, day])
                mine[after + 1] += ones(heavy[member, day] & room.noon[0, day])
            mine[after + 2] += room.missed[0]
            mine[after + 3] += room.missed[1]
            mine[after + 4] += changes
            mine[after + 5] += room.missed[2]
            mine[after + 6] += room.missed[3]
