"""The warning machine, compiled: LANES words of 64 series at a time, one bit each.

The rules are those of `watch` and `warning` (model, section 4), statement by statement; tests hold the one against the
other. Arrays are arguments: kernels make none, and count no owners of them (`kernel`).
"""

import numpy as np

from sim.compiled_bits import NONE, part
from sim.compiled_effect import begin, end, take_effect_before, tell
from sim.compiled_plan import (
    ADVANCE,
    CANCEL,
    CHAINS,
    COUNTS,
    DOWNGRADE,
    FURTHEST,
    GAP,
    HOLD_DAYS,
    HOURS_AT_ONCE,
    INNER,
    INSIDE,
    INTERVAL_H,
    ISSUE,
    ISSUE_HOUR,
    LEVELS,
    LIFT,
    MAY_LOWER,
    MET,
    NESTED,
    OWN,
    PLAIN,
    SIZE,
    UPGRADE,
    WAYS,
)
from sim.compiled_planes import LANES, any_of, nobody, plane, put

LIFTS, NEXT, DUE = range(3)
"""Rows of hours and planes: told to lift, announced to begin, due to begin as an issue sees it."""


# ---------------------------------------------------------------- episodes (as in `watch`)


@part
def _after(state, over, day, hot, plan):
    """Open episodes after one more day, in place; returns those that the day has closed. over : uint64[threshold, row, lane],
    the day being one of the rows. hot : above T0 on it."""
    gap, counts, runs = plan[GAP], 1 + plan[GAP], 1 + plan[GAP] + plan[COUNTS]
    cold = plane(state, 0) - hot
    gone = cold & plane(state, gap)
    cold -= gone
    put(state, 0, (plane(state, 0) - gone) | hot)
    for place in range(gap, 0, -1):
        put(state, place, cold & plane(state, place - 1) if place > 1 else cold)
    for place in range(runs - 1, counts - 1, -1):
        put(state, place, (plane(state, place) - gone) | (hot & plane(state, place - 1) if place > counts else hot))
    for chain in range(plan[CHAINS], plan[PLAIN], 4):
        outer, second, first, length = plan[chain], plan[chain + 1], plan[chain + 2], plan[chain + 3]
        above = hot & plane(over, (outer, day)) & plane(over, (second, day))
        for place in range(first + length - 1, first, -1):
            put(state, place, plane(state, place - 1) & above)
        put(state, first, above)
    met = plan[MET]
    for at in range(plan[PLAIN], plan[NESTED]):
        put(state, met, (plane(state, met) - gone) | plane(state, plan[at]))
        met += 1
    inside = plan[INSIDE]
    for at in range(plan[NESTED], plan[INNER], 3):
        outer, run, inner = plan[at], plan[at + 1], plan[at + 2]
        within = (plane(state, inside) | plane(state, inner)) & hot & plane(over, (outer, day))
        put(state, inside, within)
        put(state, met, (plane(state, met) - gone) | (plane(state, run) & within))
        inside += 1
        met += 1
    for at in range(plan[INNER], plan[WAYS]):
        put(state, met, (plane(state, met) - gone) | plane(state, plan[at]))
        met += 1
    return gone


@part
def _ahead(state, over, today, leads, plan, scratch, reaches, begins, since, begun):
    """The first episode with a day after today and a level: `Sight.reaches` and `Sight.begins`, filled.

    over : uint64[threshold, row, lane]; today : the row of the issue's day, before those of `leads` days ahead. scratch : a
    state to work with; since, begun : by digit, the day on which the open episode began, and that of the one with a level.
    """
    furthest, digits = plan[FURTHEST], len(since)
    for place in range(plan[SIZE]):
        put(scratch, place, plane(state, place))
    for digit in range(digits):
        put(since, digit, nobody())
        put(begun, digit, nobody())
    live, found = nobody(), nobody()  # with a day ahead; over with a level
    for ahead in range(1, leads + 1):
        opened, hot = plane(scratch, 0), plane(over, (0, today + ahead))
        if ahead > furthest:  # only what is open goes on
            hot &= opened
        else:
            for digit in range(digits):
                had = plane(since, digit)
                put(since, digit, had | (hot - opened) if ahead >> digit & 1 else had - (hot - opened))
        if not any_of(hot | opened):
            continue
        gone = _after(scratch, over, today + ahead, hot, plan)
        found |= gone & plane(reaches, 0)
        live = (live - gone) | hot
        fresh = live - found
        if not any_of(fresh):
            continue
        at, holds = plan[WAYS], nobody()
        for level in range(len(reaches) - 1, -1, -1):
            while at < plan[OWN] and plan[at] == level:
                holds |= plane(scratch, plan[at + 1]) & plane(scratch, plan[at + 2])
                at += 3
            put(reaches, level, plane(reaches, level) | (fresh & holds))
        fresh &= plane(reaches, 0)
        for digit in range(digits):
            put(begun, digit, plane(begun, digit) | (plane(since, digit) & fresh))
    for day in range(furthest + 1):
        here = plane(reaches, 0)
        for digit in range(digits):
            here = here & plane(begun, digit) if day >> digit & 1 else here - plane(begun, digit)
        put(begins, day, here)


# ---------------------------------------------------------------- decisions (as in `warning`)


@part
def _add(hours, planes, used, row, hour, series):
    """Series told for an hour, beside those that are. hours : [row, place]; planes : [row, place, lane]; used : [row], how
    many hours there are."""
    if not any_of(series):
        return
    at = 0
    while at < used[row] and hours[row, at] != hour:
        at += 1
    if at == used[row]:
        hours[row, at] = hour
        put(planes, (row, at), series)
        used[row] += 1
    else:
        put(planes, (row, at), plane(planes, (row, at)) | series)


@part
def _strike(hours, planes, used, row, gone):
    """Series that are told for no hour any more."""
    kept = 0
    for at in range(used[row]):
        left = plane(planes, (row, at)) - gone
        if any_of(left):
            put(planes, (row, kept), left)
            hours[row, kept] = hours[row, at]
            kept += 1
    used[row] = kept


@part
def _told_for(planes, used, row):
    """Series that are told for any hour."""
    series = nobody()
    for at in range(used[row]):
        series |= plane(planes, (row, at))
    return series


@part
def _settle(level, next_level, hours, planes, used, now):
    """Announced warnings whose hour has come become active; lifted ones are gone."""
    begun, moves = nobody(), nobody()
    for row in (NEXT, LIFTS):
        for at in range(used[row]):
            if hours[row, at] <= now:
                moves |= plane(planes, (row, at))
                if row == NEXT:
                    begun |= plane(planes, (row, at))
    if not any_of(moves):
        return
    for place in range(len(level)):
        coming = plane(next_level, place)
        put(level, place, (plane(level, place) - moves) | (coming & begun))
        put(next_level, place, coming - begun)
    _strike(hours, planes, used, LIFTS, moves)
    _strike(hours, planes, used, NEXT, begun)


@part
def _of_active(level, hours, planes, used, agenda, came, plan, paper_h, now, reaches, begins, over, row, leads, soon,
               asked):
    """Lift, upgrade, downgrade of the active warnings of one issue; returns the series that are told to lift. soon : above T0
    on the days that a lift looks at."""
    levels, soonest = len(level), now + paper_h
    later = max(24.0 * (now // 24 + 1), soonest)
    today = plane(over, (0, row))
    holding = plane(level, 0) - _told_for(planes, used, LIFTS)
    lifted = holding - soon
    holding &= soon
    tell(agenda, came, plan, LIFT, lifted & today, level, later)
    _add(hours, planes, used, LIFTS, later, lifted & today)
    tell(agenda, came, plan, LIFT, lifted - today, level, soonest)
    _add(hours, planes, used, LIFTS, soonest, lifted - today)
    if not any_of(holding):
        return lifted
    above, raised, lowered = nobody(), nobody(), nobody()
    for place in range(levels):
        above |= (plane(reaches, place) - plane(level, place)) & holding
    if any_of(above):
        for day in range(min(plan[HOLD_DAYS], plan[FURTHEST]) + 1):
            here = above & plane(begins, day)
            raised |= here
            tell(agenda, came, plan, UPGRADE, here, reaches, _begin(now, day, soonest))
    if plan[MAY_LOWER]:
        below = nobody()
        for place in range(levels - 1, -1, -1):
            own = plan[plan[OWN] + place]
            runs = plane(over, (own, row))
            for ahead in range(1, min(plan[HOLD_DAYS], leads) + 1):
                runs |= plane(over, (own, row + ahead))
            below |= runs & plane(level, place)
            put(asked, place, below)
            lowered |= plane(level, place) - below
        lowered &= (holding - raised) & plane(asked, 0)
        tell(agenda, came, plan, DOWNGRADE, lowered, asked, later)
    for place in range(levels):
        put(level, place, (plane(level, place) - (raised | lowered)) | (plane(reaches, place) & raised)
            | (plane(asked, place) & lowered))
    return lifted


@part
def _begin(now, day, soonest):
    """The hour for which a warning can be told whose episode begins on a day from today on."""
    return max(24.0 * (now // 24 + day), soonest) if day else soonest


@part
def _of_announced(level, next_level, hours, planes, used, agenda, came, plan, lead_h, paper_h, now, reaches, begins,
                  asked):
    """Issue, cancel, advance, upgrade of the announced warnings of one issue."""
    levels, soonest = len(level), now + paper_h
    active, announced = plane(level, 0), plane(next_level, 0)
    used[DUE] = 0
    for day in range(plan[FURTHEST] + 1):
        here = plane(begins, day)
        if not any_of(here) or (day and 24 * (now // 24 + day) - now >= lead_h + plan[INTERVAL_H]):
            continue
        for at in range(used[LIFTS]):  # a new warning begins when the one before it has ended
            _add(hours, planes, used, DUE, max(_begin(now, day, soonest), hours[LIFTS, at]), here & plane(planes, (LIFTS, at)))
        _add(hours, planes, used, DUE, _begin(now, day, soonest), here - active)
    due = _told_for(planes, used, DUE)
    new = due - announced
    gone = (announced - due) - (active - _told_for(planes, used, LIFTS))
    raised, advanced = nobody(), nobody()
    for place in range(levels):
        wanted, known = plane(reaches, place), plane(next_level, place)
        put(asked, place, wanted | known)
        raised |= wanted - known
    raised &= announced & due
    for at in range(used[DUE]):
        here = plane(planes, (DUE, at))
        tell(agenda, came, plan, ISSUE, here & new, reaches, hours[DUE, at])
        sooner = nobody()
        for known in range(used[NEXT]):
            if hours[DUE, at] < hours[NEXT, known]:
                sooner |= here & plane(planes, (NEXT, known))
        tell(agenda, came, plan, ADVANCE, sooner, asked, hours[DUE, at])
        advanced |= sooner
        put(planes, (DUE, at), (here & new) | sooner)
    tell(agenda, came, plan, CANCEL, gone, next_level, now)
    raised -= advanced
    for at in range(used[NEXT]):
        tell(agenda, came, plan, UPGRADE, raised & plane(planes, (NEXT, at)), reaches, max(soonest, hours[NEXT, at]))
    _strike(hours, planes, used, NEXT, gone | advanced)
    for at in range(used[DUE]):
        _add(hours, planes, used, NEXT, hours[DUE, at], plane(planes, (DUE, at)))
    for place in range(levels):
        put(next_level, place, (plane(next_level, place) - gone) | (plane(reaches, place) & (new | raised | advanced)))


def room_to_follow(plan: np.ndarray) -> tuple[np.ndarray, ...]:
    """What `follow` works with: planes of open episodes, twice, of levels in force, announced, asked for and reached, of days
    on which episodes begin, and of their digits, twice; hours, their planes, and how many there are."""
    levels, horizon, at_once = plan[LEVELS] - plan[OWN], plan[FURTHEST] + 1, plan[HOURS_AT_ONCE]
    rows = [plan[SIZE] + 1] * 2 + [levels] * 4 + [horizon] + [int(horizon).bit_length()] * 2
    return (*(np.zeros((count, LANES), np.uint64) for count in rows), np.zeros((3, at_once)),
            np.zeros((3, at_once, LANES), np.uint64), np.zeros(3, np.int64))


@part
def follow(over, days, leads, plan, lead_h, paper_h, room, agenda, came):
    """What all decisions of the series of LANES words over a period come to. over : uint64[threshold, day x (1 + leads), lane],
    of each issue day, itself first. room, agenda : as `room_to_follow` and `room_to_take_effect` make them. came : as
    `room_in_force`, filled."""
    state, scratch, level, next_level, asked, reaches, begins, since, begun, hours, planes, used = room
    levels, horizon = len(level), len(begins)
    state[:] = level[:] = next_level[:] = NONE
    scratch[plan[SIZE]] = ~NONE
    used[:] = 0
    seen = -1
    begin(agenda, came)
    for now in range(plan[ISSUE_HOUR] % plan[INTERVAL_H], 24 * days, plan[INTERVAL_H]):
        take_effect_before(agenda, came, now)
        row = now // 24 * (1 + leads)
        while seen < now // 24:
            seen += 1
            _after(state, over, seen * (1 + leads), plane(over, (0, seen * (1 + leads))), plan)
        lifted, soon, any_ahead = nobody(), nobody(), nobody()
        for ahead in range(1, leads + 1):
            if ahead <= plan[HOLD_DAYS]:
                soon |= plane(over, (0, row + ahead))
            any_ahead |= plane(over, (0, row + ahead))
        for place in range(levels):
            put(reaches, place, nobody())
        for day in range(horizon):
            put(begins, day, nobody())
        if any_of(any_ahead):
            _ahead(state, over, row, leads, plan, scratch, reaches, begins, since, begun)
        _settle(level, next_level, hours, planes, used, now)
        if any_of(plane(level, 0)):
            lifted = _of_active(level, hours, planes, used, agenda, came, plan, paper_h, now, reaches, begins, over,
                                row, leads, soon, asked)
        if any_of(plane(reaches, 0) | plane(next_level, 0)):
            _of_announced(level, next_level, hours, planes, used, agenda, came, plan, lead_h, paper_h, now, reaches,
                          begins, asked)
        for place in range(plan[SIZE]):
            put(state, place, plane(state, place) - lifted)
    end(agenda, came, 24.0 * days)
