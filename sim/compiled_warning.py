"""The warning machine, compiled: 64 series at a time, one bit of a machine word each. A door to `numba`, an extra.

The rules are those of `watch` and `warning` (model, section 4), statement by statement; tests hold the one against the
other. Here stands what a compiler can keep in registers: numbers and arrays, no objects.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

WORD = 64
NONE = np.uint64(0)
ALL = ~NONE
ISSUE, UPGRADE, DOWNGRADE, ADVANCE, LIFT, CANCEL = range(6)

class Plan(NamedTuple):
    """The rules of a variant as numbers; the state of open episodes is one array, and what is asked of it are places in it.

    at_least : by threshold, T0 first: the rank from which a day is above it. gap, counts : days of a gap that are told
    apart, days above T0 that are counted. chains : outer and second threshold, place, length. plain, inner : places of
    runs. nested : outer threshold, place of the run, place of the inner run. inside, met, size : where these begin, and the
    end. ways : place of a level, of a count, of what is met; -1 where none is asked. own : by level, its own threshold.
    """

    at_least: np.ndarray
    gap: int
    counts: int
    chains: np.ndarray
    plain: np.ndarray
    nested: np.ndarray
    inner: np.ndarray
    inside: int
    met: int
    size: int
    ways: np.ndarray
    own: np.ndarray
    levels: np.ndarray
    hold_days: int
    furthest: int
    lead_h: float
    paper_h: float
    downgrade: bool
    withdraw_on_lift: bool
    interval_h: int
    issue_hour: int
    escalate: int


class Standing(NamedTuple):
    """Warnings as they stand, as in `warning.Standing`: planes by level, hours with their planes, and how many hours."""

    level: np.ndarray
    next_level: np.ndarray
    lift_h: np.ndarray
    lift: np.ndarray
    next_h: np.ndarray
    next: np.ndarray
    used: np.ndarray


class Told(NamedTuple):
    """Decisions of the series of a word, in order: how many, how many warnings, and [series, decision] of each column."""

    count: np.ndarray
    issued: np.ndarray
    kind: np.ndarray
    level: np.ndarray
    warning: np.ndarray
    hour: np.ndarray


# ---------------------------------------------------------------- bits


@njit(cache=True)
def ones(word):
    """How many bits are set."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(cache=True)
def ranked(values, thresholds, first_at, rank):
    """How many thresholds each value is above. values : float[n]. thresholds : ascending, of the type of the values.
    first_at : by whole number up to the last threshold, how many thresholds are below it. rank : [n], filled."""
    last = len(first_at) - 1
    for n in range(len(values)):
        value = values[n]
        above = 0
        if value > 0:
            above = first_at[min(int(min(value, last)), last)]
            while above < len(thresholds) and value > thresholds[above]:
                above += 1
        rank[n] = above


@njit(cache=True)
def sliced(rank, slices):
    """Ranks as planes of their binary digits. rank : uint[word, 64, row]. slices : uint64[word, digit, row], added to."""
    for word in range(rank.shape[0]):
        for member in range(WORD):
            for digit in range(slices.shape[1]):
                for row in range(rank.shape[2]):
                    slices[word, digit, row] |= np.uint64((rank[word, member, row] >> digit) & 1) << np.uint64(member)


@njit(cache=True)
def compare(slices, at_least, over):
    """Where the rank is at least so much, and that at least 1. slices : uint64[digit, row]. over : uint64[row], filled."""
    for digit in range(slices.shape[0]):  # from the lowest: a higher digit overrules
        if (at_least - 1) >> digit & 1:  # as greater than one less
            for row in range(len(over)):
                over[row] = slices[digit, row] & (over[row] if digit else NONE)
        else:
            for row in range(len(over)):
                over[row] = slices[digit, row] | (over[row] if digit else NONE)


# ---------------------------------------------------------------- episodes (as in `watch`)


@njit(cache=True)
def _after(state, over, plan):
    """Open episodes after one more day, in place; those that the day has closed. over : uint64[threshold]."""
    hot = over[0]
    is_open = state[0]
    cold = is_open & ~hot
    if not (cold | hot):
        state[:] = NONE
        return NONE
    counts, runs = 1 + plan.gap, 1 + plan.gap + plan.counts
    closes = cold & state[plan.gap] if plan.gap else cold
    if closes:
        is_open &= ~closes
        cold &= ~closes
        for place in range(counts, runs):
            state[place] &= ~closes
        for place in range(plan.met, plan.size):
            state[place] &= ~closes
    for place in range(plan.gap, 0, -1):
        state[place] = cold & (state[place - 1] if place > 1 else ALL)
    if not hot:
        state[0] = is_open
        state[runs: plan.met] = NONE
        return closes
    for place in range(runs - 1, counts - 1, -1):
        state[place] |= hot & (state[place - 1] if place > counts else ALL)
    for chain in range(len(plan.chains)):
        outer, second, first, length = plan.chains[chain]
        hit = hot & over[outer] & over[second]
        for place in range(first + length - 1, first, -1):
            state[place] = state[place - 1] & hit
        state[first] = hit
    met = plan.met
    for run in plan.plain:
        state[met] |= state[run]
        met += 1
    for number in range(len(plan.nested)):
        outer, run, inner = plan.nested[number]
        place = plan.inside + number
        state[place] = (state[place] | state[inner]) & hot & over[outer]
        state[met] |= state[run] & state[place]
        met += 1
    for run in plan.inner:
        state[met] |= state[run]
        met += 1
    state[0] = is_open | hot
    return closes


@njit(cache=True)
def _ahead(state, over, plan, scratch, row, reaches, begins, since):
    """The first episode with a day after today and a level: `Sight.reaches` and `Sight.begins`, filled.

    over : uint64[threshold, lead], of one issue, today at lead 0. scratch : a state of its own; row : uint64[threshold].
    """
    leads, furthest = over.shape[1] - 1, plan.furthest
    scratch[:] = state
    reaches[:] = NONE
    begins[:] = NONE
    since[:] = NONE
    since[0] = state[0]
    live = found = NONE
    for ahead in range(1, leads + 1):
        row[:] = over[:, ahead]
        if ahead > furthest:
            if not scratch[0]:
                break
            row[0] &= scratch[0]
        else:
            since[ahead] = row[0] & ~scratch[0]
        if not (row[0] | scratch[0]):
            continue
        closes = _after(scratch, row, plan)
        if closes:
            found |= closes & reaches[0]
            live &= ~closes
            for day in range(furthest + 1):
                since[day] &= ~closes
        live |= row[0]
        fresh = live & ~found
        if not fresh:
            continue
        for number in range(len(plan.ways)):
            level, count, met = plan.ways[number]
            reaches[level] |= fresh & (scratch[count] if count >= 0 else ALL) & (scratch[met] if met >= 0 else ALL)
        fresh &= reaches[0]
        if fresh:
            for day in range(furthest + 1):
                begins[day] |= since[day] & fresh


# ---------------------------------------------------------------- decisions (as in `warning`)


@njit(cache=True)
def _add(hours, planes, used, which, hour, plane):
    """Series told for an hour, beside those that are. used[which] : how many hours there are."""
    if not plane:
        return
    for place in range(used[which]):
        if hours[place] == hour:
            planes[place] |= plane
            return
    hours[used[which]], planes[used[which]] = hour, plane
    used[which] += 1


@njit(cache=True)
def _strike(hours, planes, used, which, gone):
    """Series that are told for no hour any more."""
    kept = 0
    for place in range(used[which]):
        left = planes[place] & ~gone
        if left:
            hours[kept], planes[kept] = hours[place], left
            kept += 1
    used[which] = kept


@njit(cache=True)
def _note(told, kind, plane, level, levels, hour):
    """One decision of each series of a plane. level : uint64[level], the level asked; levels : their numbers."""
    while plane:
        bit = plane & (~plane + np.uint64(1))
        series = ones(bit - np.uint64(1))
        plane ^= bit
        at = told.count[series]
        if kind == ISSUE:
            told.issued[series] += 1
        highest = 0
        for place in range(len(levels)):
            if level[place] & bit:
                highest = levels[place]
        told.kind[series, at] = kind
        told.level[series, at] = highest if kind < LIFT else 0
        told.warning[series, at] = told.issued[series] - 1
        told.hour[series, at] = hour
        told.count[series] = at + 1


@njit(cache=True)
def _settle(standing, now):
    """Announced warnings whose hour has come become active; lifted ones are gone."""
    begun = ended = NONE
    for place in range(standing.used[1]):
        if standing.next_h[place] <= now:
            begun |= standing.next[place]
    for place in range(standing.used[0]):
        if standing.lift_h[place] <= now:
            ended |= standing.lift[place]
    moves = begun | ended
    if not moves:
        return
    for place in range(len(standing.level)):
        standing.level[place] = (standing.level[place] & ~moves) | (standing.next_level[place] & begun)
        standing.next_level[place] &= ~begun
    _strike(standing.lift_h, standing.lift, standing.used, 0, moves)
    _strike(standing.next_h, standing.next, standing.used, 1, moves)


@njit(cache=True)
def _above(one, other):
    """Where the first level is higher than the second."""
    higher = NONE
    for place in range(len(one)):
        higher |= one[place] & ~other[place]
    return higher


@njit(cache=True)
def _decide(standing, told, plan, now, reaches, begins, begins_h, over_today, over_soon, over, lower, due_h, due, moved):
    """Decisions of one issue; the series that are told to lift. over : uint64[threshold, lead] of the issue."""
    level, next_level, used, levels = standing.level, standing.next_level, standing.used, plan.levels
    if not (reaches[0] | level[0] | next_level[0]):
        return NONE
    soonest, tomorrow = now + plan.paper_h, 24.0 * (now // 24 + 1)
    for day in range(plan.furthest + 1):
        begins_h[day] = max(24.0 * (now // 24 + day), soonest) if day else soonest
    lifting = NONE
    for place in range(used[0]):
        lifting |= standing.lift[place]
    lift = NONE
    holding = level[0] & ~lifting
    if holding:
        lift = holding & ~over_soon
        later = max(tomorrow, soonest)
        _note(told, LIFT, lift & over_today, level, levels, later)
        _note(told, LIFT, lift & ~over_today, level, levels, soonest)
        _add(standing.lift_h, standing.lift, used, 0, later, lift & over_today)
        _add(standing.lift_h, standing.lift, used, 0, soonest, lift & ~over_today)
        lifting |= lift
        holding &= ~lift
        higher = holding & _above(reaches, level)
        raised = NONE
        for day in range(min(plan.hold_days, plan.furthest) + 1):
            _note(told, UPGRADE, higher & begins[day], reaches, levels, begins_h[day])
            raised |= higher & begins[day]
        lowered = NONE
        if plan.downgrade:
            below = NONE
            for place in range(len(levels) - 1, -1, -1):
                runs = over[plan.own[place], 0]
                for ahead in range(1, min(plan.hold_days, over.shape[1] - 1) + 1):
                    runs |= over[plan.own[place], ahead]
                below |= runs & level[place]
                lower[place] = below
            lowered = holding & ~raised & lower[0] & _above(level, lower)
            _note(told, DOWNGRADE, lowered, lower, levels, later)
        for place in range(len(levels)):
            level[place] = (level[place] & ~(raised | lowered)) | (reaches[place] & raised) | (lower[place] & lowered)
    announced = next_level[0]
    used[2] = 0
    any_due = NONE
    for day in range(plan.furthest + 1):
        series = begins[day]
        if series and (day == 0 or 24 * (now // 24 + day) - now < plan.lead_h + plan.interval_h):
            waits = series & lifting  # a new warning begins when the one before it has ended
            for place in range(used[0]):
                _add(due_h, due, used, 2, max(begins_h[day], standing.lift_h[place]), waits & standing.lift[place])
                any_due |= waits & standing.lift[place]
            _add(due_h, due, used, 2, begins_h[day], series & ~level[0])
            any_due |= series & ~level[0]
    if not (any_due | announced):
        return lift
    new = any_due & ~announced
    for place in range(used[2]):
        _note(told, ISSUE, due[place] & new, reaches, levels, due_h[place])
    cancel = announced & ~any_due & ~(level[0] & ~lifting)
    _note(told, CANCEL, cancel, next_level, levels, now)
    advance = NONE
    for place in range(len(levels)):
        lower[place] = reaches[place] | next_level[place]
    for place in range(used[2]):
        earlier = NONE
        for other in range(used[1]):
            if due_h[place] < standing.next_h[other]:
                earlier |= due[place] & standing.next[other]
        _note(told, ADVANCE, earlier, lower, levels, due_h[place])
        advance |= earlier
        moved[place] = (due[place] & new) | earlier
    raised = announced & any_due & ~advance & _above(reaches, next_level)
    for place in range(used[1]):
        _note(told, UPGRADE, raised & standing.next[place], reaches, levels, max(soonest, standing.next_h[place]))
    _strike(standing.next_h, standing.next, used, 1, cancel | advance)
    for place in range(used[2]):
        _add(standing.next_h, standing.next, used, 1, due_h[place], moved[place])
    for place in range(len(levels)):
        next_level[place] = (next_level[place] & ~cancel) | (reaches[place] & (new | raised | advance))
    return lift


@njit(cache=True)
def follow(over, plan, hours_at_once, told):
    """All decisions of the series of a word over a period. over : uint64[threshold, day, 1 + lead], of each issue day, today
    at lead 0. hours_at_once : how many hours can be told at a time. told : filled."""
    days, levels = over.shape[1], len(plan.levels)
    state, scratch = np.zeros(plan.size, np.uint64), np.zeros(plan.size, np.uint64)
    row, lower = np.zeros(len(over), np.uint64), np.zeros(levels, np.uint64)
    reaches, begins, since = (np.zeros(levels, np.uint64), np.zeros(plan.furthest + 1, np.uint64),
                              np.zeros(plan.furthest + 1, np.uint64))
    begins_h, due_h = np.zeros(plan.furthest + 1), np.zeros(hours_at_once)
    due, moved = np.zeros(hours_at_once, np.uint64), np.zeros(hours_at_once, np.uint64)
    standing = Standing(np.zeros(levels, np.uint64), np.zeros(levels, np.uint64), np.zeros(hours_at_once),
                        np.zeros(hours_at_once, np.uint64), np.zeros(hours_at_once), np.zeros(hours_at_once, np.uint64),
                        np.zeros(3, np.int64))
    told.count[:] = 0
    told.issued[:] = 0
    seen = -1
    for now in range(plan.issue_hour % plan.interval_h, 24 * days, plan.interval_h):
        today = now // 24
        while seen < today:
            seen += 1
            row[:] = over[:, seen, 0]
            _after(state, row, plan)
        over_soon = any_ahead = NONE
        for ahead in range(1, over.shape[2]):
            any_ahead |= over[0, today, ahead]
            if ahead <= plan.hold_days:
                over_soon = any_ahead
        if any_ahead:
            _ahead(state, over[:, today], plan, scratch, row, reaches, begins, since)
        else:
            reaches[:] = NONE
            begins[:] = NONE
        _settle(standing, now)
        lifted = _decide(standing, told, plan, now, reaches, begins, begins_h, over[0, today, 0], over_soon, over[:, today],
                         lower, due_h, due, moved)
        if lifted:
            for place in range(plan.size):
                state[place] &= ~lifted
