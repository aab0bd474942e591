"""The warning machine, compiled: LANES words of 64 series at a time, one bit each.

The rules are those of `watch` and `warning` (model, section 4), statement by statement; tests hold the one against the
other. A plane is a row of LANES words, and each statement a loop over them that a processor does in a step or two. Arrays are
arguments, not fields: to read a field costs two locked counts of its owners.
"""

import numpy as np

from sim.compiled_bits import LANES, NONE, kernel, ones
from sim.planes import WORD

ISSUE, UPGRADE, DOWNGRADE, ADVANCE, LIFT, CANCEL = range(6)
LIFTS, NEXT, DUE = range(3)
"""Rows of hours and planes: told to lift, announced to begin, due to begin as an issue sees it."""
(HOT, COLD, GONE, LIVE, FOUND, FRESH, TODAY, SOON, LIFTING, LIFTED, HOLDING, RAISED, LOWERED, ANY_DUE, NEW, FIRST, OTHER, SOME,
 WORK) = range(19)
"""Planes to work with: above T0, open but not above it, closed or cancelled; with a day ahead, over with a level, asked first;
above T0 today, and on the days that a lift looks at; what a decision concerns."""

ALL = ~NONE

(GAP, COUNTS, INSIDE, MET, SIZE, CHAINS, PLAIN, NESTED, INNER, WAYS, OWN, LEVELS, HOLD_DAYS, FURTHEST, MAY_LOWER,
 WITHDRAW_ON_LIFT, INTERVAL_H, ISSUE_HOUR, ESCALATE, HOURS_AT_ONCE, TABLE) = range(21)
"""Places in a plan: the rules of a variant as one array, int64. The state of open episodes is an array of planes: whether
there is one, then clean days, days counted, runs of chains, inner runs met within nested ones, what is met.

GAP, COUNTS : how many planes the clean days and the days counted take. INSIDE, MET, SIZE : where inner runs and what is met
begin, and where the state ends. CHAINS to LEVELS : where in the plan each of these stands, one after the other from TABLE on:
outer and second threshold, place and length of each chain; place of each plain run; outer threshold, run and inner run of each
nested one; place of each inner run; for each way to reach a level, its place, that of a count and of what is met (SIZE, a
plane of ones, for none); each level's own threshold; each level's number. The rest as in `warning.Terms` and `cases.Case`.
"""


# ---------------------------------------------------------------- episodes (as in `watch`)


@kernel
def _any(planes, row):
    """Whether a plane holds for any series."""
    some = NONE
    for lane in range(LANES):
        some |= planes[row, lane]
    return some != NONE


@kernel
def _after(state, over, day, work, plan):
    """Open episodes after one more day, in place. over : uint64[threshold, row, lane], the day being one of the rows. work :
    HOT, above T0 on it, is read; GONE, the episodes that the day has closed, is filled."""
    counts, runs = 1 + plan[GAP], 1 + plan[GAP] + plan[COUNTS]
    for lane in range(LANES):
        cold = state[0, lane] & ~work[HOT, lane]
        work[GONE, lane] = cold & state[plan[GAP], lane]
        work[COLD, lane] = cold & ~work[GONE, lane]
        state[0, lane] = (state[0, lane] & ~work[GONE, lane]) | work[HOT, lane]
    for place in range(plan[GAP], 0, -1):
        for lane in range(LANES):
            state[place, lane] = work[COLD, lane] & (state[place - 1, lane] if place > 1 else ALL)
    for place in range(runs - 1, counts - 1, -1):
        for lane in range(LANES):
            below = state[place - 1, lane] if place > counts else ALL
            state[place, lane] = (state[place, lane] & ~work[GONE, lane]) | (work[HOT, lane] & below)
    for chain in range(plan[CHAINS], plan[PLAIN], 4):
        outer, second, first, length = plan[chain], plan[chain + 1], plan[chain + 2], plan[chain + 3]
        for place in range(first + length - 1, first, -1):
            for lane in range(LANES):
                state[place, lane] = (state[place - 1, lane] & work[HOT, lane] & over[outer, day, lane]
                                      & over[second, day, lane])
        for lane in range(LANES):
            state[first, lane] = work[HOT, lane] & over[outer, day, lane] & over[second, day, lane]
    met = plan[MET]
    for at in range(plan[PLAIN], plan[NESTED]):
        for lane in range(LANES):
            state[met, lane] = (state[met, lane] & ~work[GONE, lane]) | state[plan[at], lane]
        met += 1
    inside = plan[INSIDE]
    for at in range(plan[NESTED], plan[INNER], 3):
        outer, run, inner = plan[at], plan[at + 1], plan[at + 2]
        for lane in range(LANES):
            state[inside, lane] = (state[inside, lane] | state[inner, lane]) & work[HOT, lane] & over[outer, day, lane]
            state[met, lane] = (state[met, lane] & ~work[GONE, lane]) | (state[run, lane] & state[inside, lane])
        inside += 1
        met += 1
    for at in range(plan[INNER], plan[WAYS]):
        for lane in range(LANES):
            state[met, lane] = (state[met, lane] & ~work[GONE, lane]) | state[plan[at], lane]
        met += 1


@kernel
def _ahead(state, over, today, leads, work, plan, scratch, reaches, begins, since):
    """The first episode with a day after today and a level: `Sight.reaches` and `Sight.begins`, filled.

    over : uint64[threshold, row, lane]; today : the row of the issue's day, before those of `leads` days ahead. scratch : a
    state to work with; since : by day, which open episodes began on it.
    """
    furthest = plan[FURTHEST]
    for place in range(plan[SIZE]):
        for lane in range(LANES):
            scratch[place, lane] = state[place, lane]
    for lane in range(LANES):
        since[0, lane] = state[0, lane]
        work[LIVE, lane] = work[FOUND, lane] = NONE
    for ahead in range(1, leads + 1):
        some = NONE
        for lane in range(LANES):
            hot = over[0, today + ahead, lane]
            if ahead > furthest:  # only what is open goes on
                hot &= scratch[0, lane]
            else:
                since[ahead, lane] = hot & ~scratch[0, lane]
            work[HOT, lane] = hot
            some |= hot | scratch[0, lane]
        if not some:
            continue
        _after(scratch, over, today + ahead, work, plan)
        some = NONE
        for lane in range(LANES):
            work[FOUND, lane] |= work[GONE, lane] & reaches[0, lane]
            work[LIVE, lane] = (work[LIVE, lane] & ~work[GONE, lane]) | work[HOT, lane]
            work[FRESH, lane] = work[LIVE, lane] & ~work[FOUND, lane]
            some |= work[FRESH, lane]
        for day in range(min(ahead, furthest) + 1):
            for lane in range(LANES):
                since[day, lane] &= ~work[GONE, lane]
        if not some:
            continue
        for at in range(plan[WAYS], plan[OWN], 3):
            level, count, met = plan[at], plan[at + 1], plan[at + 2]
            for lane in range(LANES):
                reaches[level, lane] |= work[FRESH, lane] & scratch[count, lane] & scratch[met, lane]
        for day in range(min(ahead, furthest) + 1):
            for lane in range(LANES):
                begins[day, lane] |= since[day, lane] & work[FRESH, lane] & reaches[0, lane]


# ---------------------------------------------------------------- decisions (as in `warning`)


@kernel
def _add(hours, planes, used, row, hour, work, plane):
    """Series told for an hour, beside those that are. hours : [row, place]; planes : [row, place, lane]; used : [row], how
    many hours there are. plane : the row of `work`."""
    if not _any(work, plane):
        return
    at = 0
    while at < used[row] and hours[row, at] != hour:
        at += 1
    if at == used[row]:
        hours[row, at] = hour
        for lane in range(LANES):
            planes[row, at, lane] = NONE
        used[row] += 1
    for lane in range(LANES):
        planes[row, at, lane] |= work[plane, lane]


@kernel
def _strike(hours, planes, used, row, work, gone):
    """Series that are told for no hour any more. gone : the row of `work`."""
    kept = 0
    for at in range(used[row]):
        some = NONE
        for lane in range(LANES):
            planes[row, kept, lane] = planes[row, at, lane] & ~work[gone, lane]
            some |= planes[row, kept, lane]
        if some:
            hours[row, kept] = hours[row, at]
            kept += 1
    used[row] = kept


@kernel
def _note(told, told_h, counts, kind, work, plane, level, plan, hour):
    """One decision of each series of a plane. told : int32[series, decision], kind + 8 x level + 64 x number of the warning;
    told_h : its hours; counts : int64[2, series], decisions and warnings so far. level : uint64[level, lane], what is asked."""
    levels = plan[LEVELS] - plan[OWN]
    for lane in range(LANES):
        left = work[plane, lane]
        while left:
            bit = left & (~left + np.uint64(1))
            left ^= bit
            series = lane * WORD + ones(bit - np.uint64(1))
            counts[1, series] += kind == ISSUE
            highest = 0
            if kind < LIFT:
                for place in range(levels):
                    if level[place, lane] & bit:
                        highest = plan[plan[LEVELS] + place]
            at = counts[0, series]
            told[series, at] = kind + 8 * highest + 64 * (counts[1, series] - 1)
            told_h[series, at] = hour
            counts[0, series] = at + 1


@kernel
def _union(planes, used, row, work, plane):
    """Series that are told for any hour."""
    for lane in range(LANES):
        work[plane, lane] = NONE
    for at in range(used[row]):
        for lane in range(LANES):
            work[plane, lane] |= planes[row, at, lane]


@kernel
def _settle(level, next_level, hours, planes, used, work, now):
    """Announced warnings whose hour has come become active; lifted ones are gone."""
    begun, moves = NEW, SOME
    for lane in range(LANES):
        work[begun, lane] = work[moves, lane] = NONE
    for row in (NEXT, LIFTS):
        for at in range(used[row]):
            if hours[row, at] <= now:
                for lane in range(LANES):
                    work[moves, lane] |= planes[row, at, lane]
                    if row == NEXT:
                        work[begun, lane] |= planes[row, at, lane]
    if not _any(work, moves):
        return
    for place in range(len(level)):
        for lane in range(LANES):
            level[place, lane] = (level[place, lane] & ~work[moves, lane]) | (next_level[place, lane] & work[begun, lane])
            next_level[place, lane] &= ~work[begun, lane]
    _strike(hours, planes, used, LIFTS, work, moves)
    _strike(hours, planes, used, NEXT, work, begun)


@kernel
def _of_active(level, hours, planes, used, told, told_h, counts, work, plan, paper_h, now, reaches, begins, over, row, leads,
               asked):
    """Lift, upgrade, downgrade of the active warnings of one issue. work : TODAY and SOON, above T0 today and on the days that
    a lift looks at, are read; LIFTED, the series that are told to lift, is filled."""
    levels, soonest = len(level), now + paper_h
    later = max(24.0 * (now // 24 + 1), soonest)
    _union(planes, used, LIFTS, work, LIFTING)
    for lane in range(LANES):
        holding = level[0, lane] & ~work[LIFTING, lane]
        work[LIFTED, lane] = holding & ~work[SOON, lane]
        work[HOLDING, lane] = holding & work[SOON, lane]
        work[FIRST, lane] = work[LIFTED, lane] & work[TODAY, lane]
        work[OTHER, lane] = work[LIFTED, lane] & ~work[TODAY, lane]
    if _any(work, LIFTED):
        for hour, plane in ((later, FIRST), (soonest, OTHER)):
            _note(told, told_h, counts, LIFT, work, plane, level, plan, hour)
            _add(hours, planes, used, LIFTS, hour, work, plane)
    if not _any(work, HOLDING):
        return
    for lane in range(LANES):
        work[RAISED, lane] = work[LOWERED, lane] = work[OTHER, lane] = NONE
        for place in range(levels):
            work[OTHER, lane] |= reaches[place, lane] & ~level[place, lane] & work[HOLDING, lane]
    if _any(work, OTHER):
        for day in range(min(plan[HOLD_DAYS], plan[FURTHEST]) + 1):
            for lane in range(LANES):
                work[FIRST, lane] = work[OTHER, lane] & begins[day, lane]
                work[RAISED, lane] |= work[FIRST, lane]
            _note(told, told_h, counts, UPGRADE, work, FIRST, reaches, plan, _begin(now, day, soonest))
    if plan[MAY_LOWER]:
        for lane in range(LANES):
            below = NONE
            for place in range(levels - 1, -1, -1):
                own = plan[plan[OWN] + place]
                runs = over[own, row, lane]
                for ahead in range(1, min(plan[HOLD_DAYS], leads) + 1):
                    runs |= over[own, row + ahead, lane]
                below |= runs & level[place, lane]
                asked[place, lane] = below
            for place in range(levels):
                work[LOWERED, lane] |= level[place, lane] & ~asked[place, lane]
            work[LOWERED, lane] &= work[HOLDING, lane] & ~work[RAISED, lane] & asked[0, lane]
        _note(told, told_h, counts, DOWNGRADE, work, LOWERED, asked, plan, later)
    for place in range(levels):
        for lane in range(LANES):
            stays = level[place, lane] & ~(work[RAISED, lane] | work[LOWERED, lane])
            level[place, lane] = (stays | (reaches[place, lane] & work[RAISED, lane])
                                  | (asked[place, lane] & work[LOWERED, lane]))


@kernel
def _begin(now, day, soonest):
    """The hour for which a warning can be told whose episode begins on a day from today on."""
    return max(24.0 * (now // 24 + day), soonest) if day else soonest


@kernel
def _of_announced(level, next_level, hours, planes, used, told, told_h, counts, work, plan, lead_h, paper_h, now, reaches,
                  begins, asked):
    """Issue, cancel, advance, upgrade of the announced warnings of one issue."""
    levels, soonest = len(level), now + paper_h
    _union(planes, used, LIFTS, work, LIFTING)
    used[DUE] = 0
    for day in range(plan[FURTHEST] + 1):
        if not _any(begins, day) or (day and 24 * (now // 24 + day) - now >= lead_h + plan[INTERVAL_H]):
            continue
        for at in range(used[LIFTS]):  # a new warning begins when the one before it has ended
            for lane in range(LANES):
                work[FIRST, lane] = begins[day, lane] & planes[LIFTS, at, lane]
            _add(hours, planes, used, DUE, max(_begin(now, day, soonest), hours[LIFTS, at]), work, FIRST)
        for lane in range(LANES):
            work[FIRST, lane] = begins[day, lane] & ~level[0, lane]
        _add(hours, planes, used, DUE, _begin(now, day, soonest), work, FIRST)
    _union(planes, used, DUE, work, ANY_DUE)
    for lane in range(LANES):
        announced, due = next_level[0, lane], work[ANY_DUE, lane]
        work[NEW, lane] = due & ~announced
        work[GONE, lane] = announced & ~due & ~(level[0, lane] & ~work[LIFTING, lane])
        work[RAISED, lane] = NONE
        for place in range(levels):
            asked[place, lane] = reaches[place, lane] | next_level[place, lane]
            work[RAISED, lane] |= reaches[place, lane] & ~next_level[place, lane]
        work[RAISED, lane] &= announced & due
        work[OTHER, lane] = NONE
    for at in range(used[DUE]):
        for lane in range(LANES):
            work[FIRST, lane] = planes[DUE, at, lane] & work[NEW, lane]
        _note(told, told_h, counts, ISSUE, work, FIRST, reaches, plan, hours[DUE, at])
        for lane in range(LANES):
            work[SOME, lane] = NONE
        for told_for in range(used[NEXT]):
            if hours[DUE, at] < hours[NEXT, told_for]:
                for lane in range(LANES):
                    work[SOME, lane] |= planes[DUE, at, lane] & planes[NEXT, told_for, lane]
        _note(told, told_h, counts, ADVANCE, work, SOME, asked, plan, hours[DUE, at])
        for lane in range(LANES):
            work[OTHER, lane] |= work[SOME, lane]
            planes[DUE, at, lane] = work[FIRST, lane] | work[SOME, lane]
    _note(told, told_h, counts, CANCEL, work, GONE, next_level, plan, now)
    for lane in range(LANES):
        work[RAISED, lane] &= ~work[OTHER, lane]
    for at in range(used[NEXT]):
        for lane in range(LANES):
            work[FIRST, lane] = work[RAISED, lane] & planes[NEXT, at, lane]
        _note(told, told_h, counts, UPGRADE, work, FIRST, reaches, plan, max(soonest, hours[NEXT, at]))
    for lane in range(LANES):
        work[FIRST, lane] = work[GONE, lane] | work[OTHER, lane]
    _strike(hours, planes, used, NEXT, work, FIRST)
    for at in range(used[DUE]):
        for lane in range(LANES):
            work[FIRST, lane] = planes[DUE, at, lane]
        _add(hours, planes, used, NEXT, hours[DUE, at], work, FIRST)
    for place in range(levels):
        for lane in range(LANES):
            taken = work[NEW, lane] | work[RAISED, lane] | work[OTHER, lane]
            next_level[place, lane] = (next_level[place, lane] & ~work[GONE, lane]) | (reaches[place, lane] & taken)


@kernel
def follow(over, days, leads, plan, lead_h, paper_h, told, told_h, counts):
    """All decisions of the series of LANES words over a period. over : uint64[threshold, day x (1 + leads), lane], of each
    issue day, itself first. told, told_h, counts : as in `_note`, filled."""
    levels, at_once, horizon = plan[LEVELS] - plan[OWN], plan[HOURS_AT_ONCE], plan[FURTHEST] + 1
    state, scratch = np.zeros((plan[SIZE] + 1, LANES), np.uint64), np.zeros((plan[SIZE] + 1, LANES), np.uint64)
    scratch[plan[SIZE]] = ALL
    level, next_level = np.zeros((levels, LANES), np.uint64), np.zeros((levels, LANES), np.uint64)
    asked, reaches = np.zeros((levels, LANES), np.uint64), np.zeros((levels, LANES), np.uint64)
    begins, since = np.zeros((horizon, LANES), np.uint64), np.zeros((horizon, LANES), np.uint64)
    hours, planes, used = np.zeros((3, at_once)), np.zeros((3, at_once, LANES), np.uint64), np.zeros(3, np.int64)
    work = np.zeros((WORK, LANES), np.uint64)
    counts[:] = 0
    seen = -1
    for now in range(plan[ISSUE_HOUR] % plan[INTERVAL_H], 24 * days, plan[INTERVAL_H]):
        row = now // 24 * (1 + leads)
        while seen < now // 24:
            seen += 1
            for lane in range(LANES):
                work[HOT, lane] = over[0, seen * (1 + leads), lane]
            _after(state, over, seen * (1 + leads), work, plan)
        any_ahead = NONE
        for lane in range(LANES):
            work[TODAY, lane], work[SOON, lane], work[LIFTED, lane] = over[0, row, lane], NONE, NONE
            for ahead in range(1, leads + 1):
                any_ahead |= over[0, row + ahead, lane]
                if ahead <= plan[HOLD_DAYS]:
                    work[SOON, lane] |= over[0, row + ahead, lane]
            for place in range(levels):
                reaches[place, lane] = NONE
            for day in range(horizon):
                begins[day, lane] = NONE
        if any_ahead:
            _ahead(state, over, row, leads, work, plan, scratch, reaches, begins, since)
        _settle(level, next_level, hours, planes, used, work, now)
        if _any(level, 0):
            _of_active(level, hours, planes, used, told, told_h, counts, work, plan, paper_h, now, reaches, begins, over, row,
                       leads, asked)
        if _any(reaches, 0) or _any(next_level, 0):
            _of_announced(level, next_level, hours, planes, used, told, told_h, counts, work, plan, lead_h, paper_h, now,
                          reaches, begins, asked)
        for place in range(plan[SIZE]):
            for lane in range(LANES):
                state[place, lane] &= ~work[LIFTED, lane]
