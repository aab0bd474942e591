"""What decisions come to, compiled: what comes into force, level hours, sums, days missed and flip-flops of each series.

The rules are those of `taking_effect` and `response` (model, section 6) and of `cases`, for lines that all begin
at the hour and obey; tests hold the one against the other.
"""

import numpy as np

from sim.compiled_bits import NONE, compare, kernel, ones, part
from sim.compiled_planes import LANES, eight_of, least, most, octet, put
from sim.compiled_warning import ADVANCE, CANCEL, ESCALATE, INTERVAL_H, LIFT, WITHDRAW_ON_LIFT, follow, room_to_follow
from sim.planes import WORD
from sim.totals import SUMS
from sim.vocab import ASKING_LEVELS

WIDTH = 5
"""No warning, blue to red."""
ASKING = int(ASKING_LEVELS[0])
"""The lowest level that asks anything of a line."""
HOURS, RISES, FALLS, PAIRS = range(4)
"""Rows of what a level is worth: an hour, a rise, a fall; from the fourth on, an hour of lines with a pair of ramp times."""


@part
def _in_force(told, told_h, counts, series, until_h, withdraw_on_lift, asked, asked_h, struck, until, highest, hour, level):
    """Changes that come into force for a series, as `taking_effect`: how many. hour, level : filled.

    asked, asked_h : room for every decision. struck, until, highest : by warning, whether decisions before the one looked at
    count no more, the hour from which none does, and the highest level it reached, -1 of a cancelled one; `highest` is filled.
    Where the response stays as it is because one warning follows another, that is a change too.
    """
    for about in range(counts[1, series]):
        struck[about], until[about], highest[about] = False, np.inf, 0
    last = first = len(asked)
    for place in range(counts[0, series] - 1, -1, -1):  # a cancel and an advance strike what was told before them
        one, at = told[series, place], told_h[series, place]
        kind, about = one & 7, one >> 6
        if kind == CANCEL:
            struck[about], highest[about] = True, -1
        elif highest[about] >= 0:
            highest[about] = max(highest[about], one >> 3 & 7)
        if struck[about]:
            continue
        struck[about] = kind == ADVANCE
        if kind == LIFT and withdraw_on_lift:
            until[about] = at
        if at > until_h or (at >= until[about] and kind != LIFT):
            continue
        where = first
        while where < last and asked_h[where] < at:
            asked[where - 1], asked_h[where - 1] = asked[where], asked_h[where]
            where += 1
        asked[where - 1], asked_h[where - 1] = one, at
        first -= 1
    changes = was_level = now_level = 0
    was = now = asks = -1
    for row in range(first, last):
        one, at = asked[row], asked_h[row]
        if one & 7 != LIFT:
            now = asks = one >> 6
            now_level = one >> 3 & 7
        elif one >> 6 == asks:
            now, now_level = -1, 0
        if row + 1 < last and asked_h[row + 1] == at:
            continue  # of an hour: one change
        if now != was or now_level != was_level:
            hour[changes], level[changes] = at, now_level
            changes += 1
            was, was_level = now, now_level
    return changes


@part
def _warned(warnings, highest, out):
    """Add a series' warnings by the highest level they reached, cancelled ones left out. out : float64[level]."""
    for about in range(warnings):
        if highest[about] > 0:
            out[highest[about] - 1] += 1


@part
def _noon_days(changes, hour, level, days, noon):
    """Days on which each response level is in force at noon. noon : uint64[level, word of 64 days], filled."""
    for lv in range(WIDTH):
        for word in range(noon.shape[1]):
            noon[lv, word] = NONE
    now = since = 0
    for change in range(changes + 1):
        day = days
        if change < changes:
            day = min(max(int(np.ceil((hour[change] - 12) / 24)), since), days)
        while since < day:  # a word at a time
            bits = min(day - since, WORD - (since & 63))
            plane = (~NONE if bits == WORD else (np.uint64(1) << np.uint64(bits)) - np.uint64(1)) << np.uint64(since & 63)
            noon[now, since >> 6] |= plane
            since += bits
        if change < changes:
            now = level[change]


@part
def _steps(changes, hour, level, until_h, turns, at_h, lasts_h, totals):
    """Steps of a response up to an hour, as `response.steps_of`: how many. turns : int64[2, step], levels before and after.
    at_h, lasts_h : when, and for how long. totals : float64[4, level], hours, rises and falls of each level, filled."""
    for row in range(PAIRS):
        for lv in range(WIDTH):
            totals[row, lv] = 0
    count, now, since = 0, 0, 0.0
    for change in range(changes):
        to = level[change]
        if to == now or hour[change] >= until_h:
            continue
        if count:
            lasts_h[count - 1] = hour[change] - since
            totals[HOURS, now] += hour[change] - since
        turns[0, count], turns[1, count], at_h[count] = now, to, hour[change]
        row = RISES if to > now else FALLS
        totals[row, to] += 1
        totals[row, now] -= 1
        count, now, since = count + 1, to, hour[change]
    if count:
        lasts_h[count - 1] = until_h - since
        totals[HOURS, now] += until_h - since
    return count


@part
def _cut_short(turns, lasts_h, count, ramps, block, cut):
    """Level-equivalent hours of ramps that are cut short, as `response.cut_short`, of one block of pairs. ramps : as in Worth.
    cut : float64[level, pair], filled."""
    nothing, half, one = eight_of(0.0), eight_of(0.5), eight_of(1.0)
    for lv in range(WIDTH):
        put(cut, lv, nothing)
    loses = after = nothing
    for place in range(count - 1, -1, -1):
        to, lasts = turns[1, place], eight_of(lasts_h[place])
        way = 1 if to < turns[0, place] else 0
        full = octet(ramps, (way, 0, block))
        left = most(one - lasts * octet(ramps, (way, 1, block)), nothing)
        loses = least(lasts, full) * (half + half * left) + left * loses
        gain = half * full - loses
        put(cut, to, octet(cut, to) + (gain - after))  # the next step takes its own off this level
        after = gain


@part
def _gains(sums, at, sign, totals, turns, lasts_h, count, rates, term, area, ramps, longest_h, cut):
    """Add to an octet of sums what the steps of a series up to the end of a term are worth. totals : as `_steps` fills them.
    rates, ramps, longest_h : as in Worth."""
    gains, shortest_h = octet(sums, at), np.inf
    for lv in range(rates.shape[3]):
        gains += eight_of(sign * totals[HOURS, ASKING + lv]) * octet(rates, (term, area, HOURS, lv))
        gains -= eight_of(sign * totals[RISES, ASKING + lv]) * octet(rates, (term, area, RISES, lv))
        gains -= eight_of(sign * totals[FALLS, ASKING + lv]) * octet(rates, (term, area, FALLS, lv))
    for step in range(count):
        shortest_h = min(shortest_h, lasts_h[step])
    for block in range(len(longest_h)):
        if longest_h[block] <= shortest_h:
            continue  # none is cut short
        _cut_short(turns, lasts_h, count, ramps, block, cut)
        for lv in range(rates.shape[3]):
            of_level = eight_of(0.0)
            for pair in range(LANES):
                of_level += eight_of(cut[ASKING + lv, pair]) * octet(rates, (term, area, PAIRS + block * LANES + pair, lv))
            gains += eight_of(sign) * of_level
    put(sums, at, gains)


@part
def _flip_flops(count, turns, at_h, lasts_h, area, ends_h, flip_flops, out, first):
    """Add a series' flip-flops, as `sweep_regret.flip_flops`: how many, and their kilograms and yuan. turns, at_h, lasts_h : as
    `_steps` fills them. ends_h, flip_flops : as in Worth."""
    for step in range(count - 1):
        before, level, after, lasts = turns[0, step], turns[1, step], turns[1, step + 1], lasts_h[step]
        if level >= before or after <= level or lasts >= flip_flops.shape[2]:
            continue
        phase, hours, regained = 0, int(lasts), min(before, after)
        while at_h[step] >= ends_h[phase]:
            phase += 1
        out[first] += 1
        for each in range(2):
            out[first + 1 + each] += (flip_flops[phase, area, hours, regained, each]
                                      - flip_flops[phase, area, hours, level, each])


@part
def _reckon(changes, hour, level, until_h, area, terms, rates, ramps, longest_h, ends_h, flip_flops, turns, at_h, lasts_h,
            totals, cut, sums, at, out, flips):
    """Add hours at each level, sums, to an octet of their own, and, from `flips` on, flip-flops of one series. out :
    float64[figure]."""
    count = _steps(changes, hour, level, until_h, turns, at_h, lasts_h, totals)
    _flip_flops(count, turns, at_h, lasts_h, area, ends_h, flip_flops, out, flips)
    for lv in range(1, WIDTH):
        out[WIDTH - 2 + lv] += totals[HOURS, lv]
    for term in range(len(terms)):
        if terms[term, 0] != until_h:
            until_h = terms[term, 0]
            count = _steps(changes, hour, level, until_h, turns, at_h, lasts_h, totals)
        if count:
            _gains(sums, at, terms[term, 1], totals, turns, lasts_h, count, rates, term, area, ramps, longest_h, cut)


@part
def _regret(due, now, prices, stretches, area, heavy, out, first):
    """Add heavy days, those without a level, days on which more, and less, was due than was in force at noon; after the next
    figure, what these cost."""
    for word in range(now.shape[1]):
        out[first] += ones(heavy[word])
        out[first + 1] += ones(heavy[word] & now[0, word])
    for was in range(WIDTH):
        differs = NONE
        for word in range(now.shape[1]):
            differs |= due[was, word] & ~now[was, word]
        for had in range(WIDTH if differs else 0):
            for phase in range(len(stretches) if was != had else 0):
                days = 0
                for word in range(now.shape[1]):
                    both = due[was, word] & now[had, word] & stretches[phase, word]
                    if both:
                        days += ones(both)
                if days:
                    out[first + (2 if was > had else 3)] += days
                    out[first + 5] += days * prices[0, phase, area, was, had]
                    out[first + 6] += days * prices[1, phase, area, was, had]


# ---------------------------------------------------------------- words of series


def due_days(slices: np.ndarray, at_least: np.ndarray, plan: np.ndarray, lead_h: float, paper_h: float, days: int, leads: int,
             due: np.ndarray) -> None:
    """Days on which each response level is in force at noon. slices : uint64[1, word, digit, row]. at_least : int64[variant,
    threshold]. due : uint64[variant, series, level, word of 64 days], filled."""
    fill_due_days(slices, at_least, plan, lead_h, paper_h, days, leads, *_room(at_least, plan, days, leads, due.shape[-1]), due)


def figures_of(slices: np.ndarray, at_least: np.ndarray, plan: np.ndarray, lead_h: float, paper_h: float, days: int, leads: int,
               worth: tuple[np.ndarray, ...], due: np.ndarray, heavy: np.ndarray, out: np.ndarray) -> None:
    """What variants that differ in thresholds come to in each member, added to `out` in the order of `cases.FIGURES`:
    float64[variant, member, figure].

    slices : uint64[area, word, digit, row]. at_least : int64[variant, threshold]. worth : as `compiled.Worth`. due :
    uint64[variant, member or 1, area, level, word of days]; heavy : uint64[area, member, word of days].
    """
    of_days, of_decisions, of_changes = _room(at_least, plan, days, leads, heavy.shape[-1])
    sums = np.zeros((*out.shape[:2], LANES))
    add_figures(slices, at_least, plan, lead_h, paper_h, days, leads, of_days, of_decisions, of_changes, *worth, due, heavy,
                sums, out)
    first = 2 * (WIDTH - 1)
    out[:, :, first: first + len(SUMS)] += sums[:, :, : len(SUMS)]


def _room(at_least: np.ndarray, plan: np.ndarray, days: int, leads: int, day_words: int) -> tuple[tuple[np.ndarray, ...], ...]:
    """What kernels work with. Of days: planes of one word, and of LANES words by threshold. Of decisions: as `follow` works
    with and fills them, at each issue one on the active warning, one on the announced. Of changes: as `_in_force` works with
    and fills them, steps, their totals, and days at noon."""
    rows, series, room = days * (1 + leads), LANES * WORD, 2 * (24 * days // int(plan[INTERVAL_H]) + 2)
    of_days = np.zeros(rows, np.uint64), np.zeros((at_least.shape[1], rows, LANES), np.uint64)
    of_decisions = (room_to_follow(plan), np.zeros((series, room), np.int32), np.zeros((series, room)),
                    np.zeros((2, series), np.int64))
    of_changes = (np.zeros(room, np.int64), np.zeros(room), np.zeros(room, bool), np.zeros(room), np.zeros(room, np.int64),
                  np.zeros(room), np.zeros(room, np.int64),
                  np.zeros((2, room), np.int64), np.zeros(room), np.zeros(room), np.zeros((PAIRS, WIDTH)),
                  np.zeros((WIDTH, LANES)), np.zeros((WIDTH, day_words), np.uint64))
    return of_days, of_decisions, of_changes


@kernel
def fill_due_days(slices, at_least, plan, lead_h, paper_h, days, leads, of_days, of_decisions, of_changes, due):
    """As `due_days`. of_days, of_decisions, of_changes : rooms to work in."""
    above, over = of_days
    room, told, told_h, counts = of_decisions
    asked, asked_h, struck, until, highest, hour, level = of_changes[:7]
    words = slices.shape[1]
    for first in range(0, len(at_least) * words, LANES):
        last = min(first + LANES, len(at_least) * words)
        for item in range(first, last):
            compare(slices[0, item % words], at_least[item // words], item - first, above, over)
        follow(over, days, leads, plan, lead_h, paper_h, room, told, told_h, counts)
        for item in range(first, last):
            word = item % words
            for bit in range(min(WORD, due.shape[1] - word * WORD)):
                changes = _in_force(told, told_h, counts, (item - first) * WORD + bit, 24.0 * days,
                                    plan[WITHDRAW_ON_LIFT] > 0, asked, asked_h, struck, until, highest, hour, level)
                _respond(changes, level, plan[ESCALATE])
                _noon_days(changes, hour, level, days, due[item // words, word * WORD + bit])


@kernel
def add_figures(slices, at_least, plan, lead_h, paper_h, days, leads, of_days, of_decisions, of_changes, terms, rates, ramps,
                longest_h, prices, stretches, ends_h, flip_flops, due, heavy, sums, out):
    """As `figures_of`. of_days, of_decisions, of_changes : rooms to work in. sums : float64[variant, member, LANES]."""
    above, over = of_days
    room, told, told_h, counts = of_decisions
    asked, asked_h, struck, until, highest, hour, level, turns, at_h, lasts_h, totals, cut, noon = of_changes
    after = 2 * (WIDTH - 1) + len(SUMS)
    words, members = slices.shape[1], out.shape[1]
    for area in range(len(slices)):
        for first in range(0, len(at_least) * words, LANES):
            last = min(first + LANES, len(at_least) * words)
            for item in range(first, last):
                compare(slices[area, item % words], at_least[item // words], item - first, above, over)
            follow(over, days, leads, plan, lead_h, paper_h, room, told, told_h, counts)
            for item in range(first, last):
                case, word = item // words, item % words
                for bit in range(min(WORD, members - word * WORD)):
                    member, series = word * WORD + bit, (item - first) * WORD + bit
                    mine = out[case, member]
                    changes = _in_force(told, told_h, counts, series, 24.0 * days, plan[WITHDRAW_ON_LIFT] > 0, asked,
                                        asked_h, struck, until, highest, hour, level)
                    _warned(counts[1, series], highest, mine)
                    mine[after + 4] += changes
                    _respond(changes, level, plan[ESCALATE])
                    if changes:
                        _reckon(changes, hour, level, 24.0 * days, area, terms, rates, ramps, longest_h, ends_h, flip_flops,
                                turns, at_h, lasts_h, totals, cut, sums, (case, member), mine, after + 7)
                    _noon_days(changes, hour, level, days, noon)
                    _regret(due[case, min(member, due.shape[1] - 1), area], noon, prices, stretches, area, heavy[area, member],
                            mine, after)


@part
def _respond(changes, level, escalate):
    """Warning levels as response levels, in place."""
    for change in range(changes):
        level[change] = min(level[change] + escalate, WIDTH - 1) if level[change] else 0

