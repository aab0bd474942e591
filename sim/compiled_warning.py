"""The warning machine, compiled: 64 series at a time, one bit of a machine word each. A door to `numba`, an extra.

The rules are those of `watch` and `warning` (model, section 4), statement by statement; tests hold the one against the
other. Here stands what a compiler can keep in registers. Arrays are arguments, not fields: each time a field is read costs
two locked counts of its owners.
"""

import numpy as np
from numba import njit

from sim.compiled_bits import NONE, ones

ISSUE, UPGRADE, DOWNGRADE, ADVANCE, LIFT, CANCEL = range(6)
LIFTS, NEXT, DUE = range(3)
"""Rows of hours and planes: told to lift, announced to begin, due to begin as an issue sees it."""


(GAP, COUNTS, INSIDE, MET, SIZE, CHAINS, PLAIN, NESTED, INNER, WAYS, OWN, LEVELS, HOLD_DAYS, FURTHEST, DOWNGRADE,
 WITHDRAW_ON_LIFT, INTERVAL_H, ISSUE_HOUR, ESCALATE, HOURS_AT_ONCE, TABLE) = range(21)
"""Places in a plan: the rules of a variant as one array, int64. The state of open episodes is an array of planes: whether
there is one, then clean days, days counted, runs of chains, inner runs met within nested ones, what is met.

GAP, COUNTS : how many planes the clean days and the days counted take. INSIDE, MET, SIZE : where inner runs and what is met
begin, and where the state ends. CHAINS to LEVELS : where in the plan each of these stands, one after the other from TABLE on:
outer and second threshold, place and length of each chain; place of each plain run; outer threshold, run and inner run of each
nested one; place of each inner run; for each way to reach a level, its place, that of a count and of what is met (-1 for
none); each level's own threshold; each level's number. The rest as in `warning.Terms` and `cases.Case`.
"""


# ---------------------------------------------------------------- episodes (as in `watch`)


@njit(cache=True)
def _after(state, over, day, hot, plan):
    """Open episodes after one more day, in place; those that the day has closed. over : uint64[threshold, row], the day being
    one of the rows; hot : above T0 on it."""
    is_open = state[0]
    cold = is_open & ~hot
    if not (cold | hot):
        for place in range(plan[SIZE]):
            state[place] = NONE
        return NONE
    counts, runs = 1 + plan[GAP], 1 + plan[GAP] + plan[COUNTS]
    closes = cold & state[plan[GAP]] if plan[GAP] else cold
    if closes:
        is_open &= ~closes
        cold &= ~closes
        for place in range(counts, runs):
            state[place] &= ~closes
        for place in range(plan[MET], plan[SIZE]):
            state[place] &= ~closes
    for place in range(plan[GAP], 1, -1):
        state[place] = cold & state[place - 1]
    if plan[GAP]:
        state[1] = cold
    if not hot:
        state[0] = is_open
        for place in range(runs, plan[MET]):
            state[place] = NONE
        return closes
    for place in range(runs - 1, counts, -1):
        state[place] |= hot & state[place - 1]
    if plan[COUNTS]:
        state[counts] |= hot
    for chain in range(plan[CHAINS], plan[PLAIN], 4):
        hit = hot & over[plan[chain], day] & over[plan[chain + 1], day]
        first = plan[chain + 2]
        for place in range(first + plan[chain + 3] - 1, first, -1):
            state[place] = state[place - 1] & hit
        state[first] = hit
    met = plan[MET]
    for at in range(plan[PLAIN], plan[NESTED]):
        state[met] |= state[plan[at]]
        met += 1
    inside = plan[INSIDE]
    for at in range(plan[NESTED], plan[INNER], 3):
        state[inside] = (state[inside] | state[plan[at + 2]]) & hot & over[plan[at], day]
        state[met] |= state[plan[at + 1]] & state[inside]
        inside += 1
        met += 1
    for at in range(plan[INNER], plan[WAYS]):
        state[met] |= state[plan[at]]
        met += 1
    state[0] = is_open | hot
    return closes


@njit(cache=True)
def _ahead(state, over, today, leads, plan, scratch, reaches, begins, since):
    """The first episode with a day after today and a level: `Sight.reaches` and `Sight.begins`, filled.

    over : uint64[threshold, row]; today : the row of the issue's day, before those of `leads` days ahead. scratch : a state.
    """
    furthest = plan[FURTHEST]
    for place in range(plan[SIZE]):
        scratch[place] = state[place]
    since[0] = state[0]
    live = found = NONE
    for ahead in range(1, leads + 1):
        hot = over[0, today + ahead]
        if ahead > furthest:
            if not scratch[0]:
                break
            hot &= scratch[0]
        else:
            since[ahead] = hot & ~scratch[0]
        if not (hot | scratch[0]):
            continue
        closes = _after(scratch, over, today + ahead, hot, plan)
        if closes:
            found |= closes & reaches[0]
            live &= ~closes
            for day in range(min(ahead, furthest) + 1):
                since[day] &= ~closes
        live |= hot
        fresh = live & ~found
        if not fresh:
            continue
        for at in range(plan[WAYS], plan[OWN], 3):
            plane = fresh
            if plan[at + 1] >= 0:
                plane &= scratch[plan[at + 1]]
            if plan[at + 2] >= 0:
                plane &= scratch[plan[at + 2]]
            reaches[plan[at]] |= plane
        fresh &= reaches[0]
        if fresh:
            for day in range(min(ahead, furthest) + 1):
                begins[day] |= since[day] & fresh


# ---------------------------------------------------------------- decisions (as in `warning`)


@njit(cache=True)
def _add(hours, planes, used, row, hour, plane):
    """Series told for an hour, beside those that are. hours, planes : [row, place]; used : [row], how many there are."""
    if not plane:
        return
    for place in range(used[row]):
        if hours[row, place] == hour:
            planes[row, place] |= plane
            return
    hours[row, used[row]] = hour
    planes[row, used[row]] = plane
    used[row] += 1


@njit(cache=True)
def _strike(hours, planes, used, row, gone):
    """Series that are told for no hour any more."""
    kept = 0
    for place in range(used[row]):
        left = planes[row, place] & ~gone
        if left:
            hours[row, kept], planes[row, kept] = hours[row, place], left
            kept += 1
    used[row] = kept


@njit(cache=True)
def _note(told, told_h, counts, kind, plane, level, plan, hour):
    """One decision of each series of a plane. told : int32[series, decision], kind + 8 x level + 64 x number of the warning;
    told_h : its hours; counts : int64[2, series], decisions and warnings so far. level : uint64[level], the level asked."""
    while plane:
        bit = plane & (~plane + np.uint64(1))
        series = ones(bit - np.uint64(1))
        plane ^= bit
        if kind == ISSUE:
            counts[1, series] += 1
        highest = 0
        if kind < LIFT:
            for place in range(len(level)):
                if level[place] & bit:
                    highest = plan[plan[LEVELS] + place]
        at = counts[0, series]
        told[series, at] = kind + 8 * highest + 64 * (counts[1, series] - 1)
        told_h[series, at] = hour
        counts[0, series] = at + 1


@njit(cache=True)
def _settle(level, next_level, hours, planes, used, now):
    """Announced warnings whose hour has come become active; lifted ones are gone."""
    begun = ended = NONE
    for place in range(used[NEXT]):
        if hours[NEXT, place] <= now:
            begun |= planes[NEXT, place]
    for place in range(used[LIFTS]):
        if hours[LIFTS, place] <= now:
            ended |= planes[LIFTS, place]
    moves = begun | ended
    if not moves:
        return
    for place in range(len(level)):
        level[place] = (level[place] & ~moves) | (next_level[place] & begun)
        next_level[place] &= ~begun
    _strike(hours, planes, used, LIFTS, moves)
    _strike(hours, planes, used, NEXT, moves)


@njit(cache=True)
def _above(one, other):
    """Where the first level is higher than the second."""
    higher = NONE
    for place in range(len(one)):
        higher |= one[place] & ~other[place]
    return higher


@njit(cache=True)
def _of_active(level, hours, planes, used, told, told_h, counts, plan, paper_h, now, reaches, begins, over_soon, over, row, leads,
               lower):
    """Lift, upgrade, downgrade of the active warnings of one issue; the series that are told to lift."""
    soonest = now + paper_h
    later = max(24.0 * (now // 24 + 1), soonest)
    lifting = NONE
    for place in range(used[LIFTS]):
        lifting |= planes[LIFTS, place]
    holding = level[0] & ~lifting
    if not holding:
        return NONE
    lift = holding & ~over_soon
    today_over = over[0, row]
    _note(told, told_h, counts, LIFT, lift & today_over, level, plan, later)
    _note(told, told_h, counts, LIFT, lift & ~today_over, level, plan, soonest)
    _add(hours, planes, used, LIFTS, later, lift & today_over)
    _add(hours, planes, used, LIFTS, soonest, lift & ~today_over)
    holding &= ~lift
    higher = holding & _above(reaches, level)
    raised = lowered = NONE
    for day in range(min(plan[HOLD_DAYS], plan[FURTHEST]) + 1):
        begins_h = max(24.0 * (now // 24 + day), soonest) if day else soonest
        _note(told, told_h, counts, UPGRADE, higher & begins[day], reaches, plan, begins_h)
        raised |= higher & begins[day]
    if plan[DOWNGRADE]:
        below = NONE
        for place in range(len(level) - 1, -1, -1):
            own = plan[plan[OWN] + place]
            runs = over[own, row]
            for ahead in range(1, min(plan[HOLD_DAYS], leads) + 1):
                runs |= over[own, row + ahead]
            below |= runs & level[place]
            lower[place] = below
        lowered = holding & ~raised & lower[0] & _above(level, lower)
        _note(told, told_h, counts, DOWNGRADE, lowered, lower, plan, later)
    if raised | lowered:
        for place in range(len(level)):
            level[place] = (level[place] & ~(raised | lowered)) | (reaches[place] & raised) | (lower[place] & lowered)
    return lift


@njit(cache=True)
def _of_announced(level, next_level, hours, planes, used, told, told_h, counts, plan, lead_h, paper_h, now, reaches, begins, lower):
    """Issue, cancel, advance, upgrade of the announced warnings of one issue."""
    soonest = now + paper_h
    announced, any_due, lifting = next_level[0], NONE, NONE
    for place in range(used[LIFTS]):
        lifting |= planes[LIFTS, place]
    used[DUE] = 0
    for day in range(plan[FURTHEST] + 1):
        series = begins[day]
        if series and (day == 0 or 24 * (now // 24 + day) - now < lead_h + plan[INTERVAL_H]):
            begins_h = max(24.0 * (now // 24 + day), soonest) if day else soonest
            waits = series & lifting  # a new warning begins when the one before it has ended
            for place in range(used[LIFTS]):
                _add(hours, planes, used, DUE, max(begins_h, hours[LIFTS, place]), waits & planes[LIFTS, place])
                any_due |= waits & planes[LIFTS, place]
            _add(hours, planes, used, DUE, begins_h, series & ~level[0])
            any_due |= series & ~level[0]
    if not (any_due | announced):
        return
    new = any_due & ~announced
    cancel = announced & ~any_due & ~(level[0] & ~lifting)
    advance = NONE
    for place in range(len(level)):
        lower[place] = reaches[place] | next_level[place]
    for place in range(used[DUE]):
        _note(told, told_h, counts, ISSUE, planes[DUE, place] & new, reaches, plan, hours[DUE, place])
        earlier = NONE
        for other in range(used[NEXT]):
            if hours[DUE, place] < hours[NEXT, other]:
                earlier |= planes[DUE, place] & planes[NEXT, other]
        _note(told, told_h, counts, ADVANCE, earlier, lower, plan, hours[DUE, place])
        advance |= earlier
        planes[DUE, place] = (planes[DUE, place] & new) | earlier
    _note(told, told_h, counts, CANCEL, cancel, next_level, plan, now)
    raised = announced & any_due & ~advance & _above(reaches, next_level)
    for place in range(used[NEXT]):
        _note(told, told_h, counts, UPGRADE, raised & planes[NEXT, place], reaches, plan,
              max(soonest, hours[NEXT, place]))
    _strike(hours, planes, used, NEXT, cancel | advance)
    for place in range(used[DUE]):
        _add(hours, planes, used, NEXT, hours[DUE, place], planes[DUE, place])
    for place in range(len(level)):
        next_level[place] = (next_level[place] & ~cancel) | (reaches[place] & (new | raised | advance))


@njit(cache=True)
def follow(over, days, leads, plan, lead_h, paper_h, told, told_h, counts):
    """All decisions of the series of a word over a period. over : uint64[threshold, day x (1 + leads)], of each issue day,
    itself first. told, told_h, counts : as in `_note`, filled."""
    levels, at_once = plan[LEVELS] - plan[OWN], plan[HOURS_AT_ONCE]
    state, scratch = np.zeros(plan[SIZE], np.uint64), np.zeros(plan[SIZE], np.uint64)
    level, next_level = np.zeros(levels, np.uint64), np.zeros(levels, np.uint64)
    lower, reaches = np.zeros(levels, np.uint64), np.zeros(levels, np.uint64)
    begins, since = np.zeros(plan[FURTHEST] + 1, np.uint64), np.zeros(plan[FURTHEST] + 1, np.uint64)
    hours, planes, used = np.zeros((3, at_once)), np.zeros((3, at_once), np.uint64), np.zeros(3, np.int64)
    counts[:] = 0
    seen = -1
    for now in range(plan[ISSUE_HOUR] % plan[INTERVAL_H], 24 * days, plan[INTERVAL_H]):
        today = now // 24
        while seen < today:
            seen += 1
            _after(state, over, seen * (1 + leads), over[0, seen * (1 + leads)], plan)
        row = today * (1 + leads)
        over_soon = any_ahead = NONE
        for ahead in range(1, leads + 1):
            any_ahead |= over[0, row + ahead]
            if ahead <= plan[HOLD_DAYS]:
                over_soon = any_ahead
        for place in range(levels):
            reaches[place] = NONE
        for day in range(plan[FURTHEST] + 1):
            begins[day] = NONE
        if any_ahead:
            _ahead(state, over, row, leads, plan, scratch, reaches, begins, since)
        _settle(level, next_level, hours, planes, used, now)
        if not (reaches[0] | level[0] | next_level[0]):
            continue
        lifted = _of_active(level, hours, planes, used, told, told_h, counts, plan, paper_h, now, reaches, begins, over_soon, over,
                            row, leads, lower)
        _of_announced(level, next_level, hours, planes, used, told, told_h, counts, plan, lead_h, paper_h, now, reaches, begins, lower)
        if lifted:
            for place in range(plan[SIZE]):
                state[place] &= ~lifted
