"""What warnings in force come to, compiled: level hours, sums, days missed and flip-flops of each series.

The rules are those of `response` (model, section 6) and of `cases`, for lines that obey; tests hold the one against the other.
"""

import numpy as np

from sim.compiled_bits import NONE, compare, kernel, part
from sim.compiled_effect import room_in_force, room_to_take_effect
from sim.compiled_plan import ASKING, LEVELS, WIDTH
from sim.compiled_planes import LANES, any_of, eight_of, most, nobody, octet, plane, put, tally
from sim.compiled_warning import follow, room_to_follow
from sim.planes import WORD
from sim.totals import SUMS

HOURS, RISES, FALLS, PAIRS = range(4)
"""Rows of what a level is worth: an hour, a rise, a fall; from the fourth on, an hour of lines with a pair of ramp times."""


@part
def _steps(change, changes, responds, until_h, turns, at_h, lasts_h, totals):
    """Steps of a response up to an hour, as `response.steps_of`: how many. change : int32[change], as in `room_in_force`.
    responds : int64[level + 1], response level by how many warning levels are in force. turns : int64[2, step], levels before
    and after. at_h, lasts_h : when, and for how long. totals : float64[4, level], hours, rises and falls of each level, filled.
    """
    for row in range(PAIRS):
        for lv in range(WIDTH):
            totals[row, lv] = 0
    count, now, since = 0, 0, 0.0
    for place in range(changes):
        to, hour = responds[change[place] & 7], np.float64(change[place] >> 3)
        if to == now or hour >= until_h:
            continue
        if count:
            lasts_h[count - 1] = hour - since
            totals[HOURS, now] += hour - since
        turns[0, count], turns[1, count], at_h[count] = now, to, hour
        row = RISES if to > now else FALLS
        totals[row, to] += 1
        totals[row, now] -= 1
        count, now, since = count + 1, to, hour
    if count:
        lasts_h[count - 1] = until_h - since
        totals[HOURS, now] += until_h - since
    return count


@part
def _cut_short(turns, lasts_h, count, ramps, area, block, cut):
    """Level-equivalent hours of ramps that are cut short, as `response.cut_short`, of one block of pairs. ramps : as in Worth.
    cut : float64[level, pair], filled."""
    nothing, one = eight_of(0.0), eight_of(1.0)
    for lv in range(WIDTH):
        put(cut, lv, nothing)
    loses = after = nothing
    for place in range(count - 1, -1, -1):
        to = turns[1, place]
        way = 1 if to < turns[0, place] else 0
        half_h = octet(ramps, (area, way, 0, block))  # what a ramp that arrives loses
        left = most(one - eight_of(lasts_h[place]) * octet(ramps, (area, way, 1, block)), nothing)
        loses = (half_h - half_h * left * left) + left * loses
        gain = half_h - loses
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
    for block in range(longest_h.shape[1]):
        if longest_h[area, block] <= shortest_h:
            continue  # none is cut short
        _cut_short(turns, lasts_h, count, ramps, area, block, cut)
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
def _reckon(change, changes, responds, until_h, area, terms, rates, ramps, longest_h, ends_h, flip_flops, turns, at_h, lasts_h,
            totals, cut, sums, at, out, flips):
    """Add hours at each level, sums, to an octet of their own, and, from `flips` on, flip-flops of one series. out :
    float64[figure]."""
    count = _steps(change, changes, responds, until_h, turns, at_h, lasts_h, totals)
    _flip_flops(count, turns, at_h, lasts_h, area, ends_h, flip_flops, out, flips)
    for lv in range(1, WIDTH):
        out[WIDTH - 2 + lv] += totals[HOURS, lv]
    for term in range(len(terms)):
        if terms[term, 0] != until_h:
            until_h = terms[term, 0]
            count = _steps(change, changes, responds, until_h, turns, at_h, lasts_h, totals)
        if count:
            _gains(sums, at, terms[term, 1], totals, turns, lasts_h, count, rates, term, area, ramps, longest_h, cut)


# ---------------------------------------------------------------- days missed, a plane at a time

MISSED, LESS, MORE, KG, CNY = range(5)
"""Rows of what errors cost: heavy days without a level; days on which less, and more, was in force at noon than was due;
kilograms and yuan of these."""


@part
def _of_level(some, levels, day, level, answers):
    """Those of a plane for whom a day has just a response level."""
    if level:
        some &= plane(levels, (day, answers[level]))
    return some - plane(levels, (day, answers[level + 1]))


@part
def _errors(due, noon, heavy, answers, first_day, prices, area, wrong, seen, costs):
    """What errors cost the series of LANES words in an area: float64[5, series], filled.

    due, noon : uint64[day, level + 1, lane], what was due and in force at noon: warning levels, this one or a higher one, and
    nobody. heavy : uint64[day, lane]. answers : int64[WIDTH + 1], for each response level the lowest warning level that asks it
    or a higher one, the place of nobody for none. first_day : int64[phase + 1]. prices : as in Worth. wrong : uint16[WIDTH x
    WIDTH, series], seen : bool[WIDTH, WIDTH], to work with.
    """
    costs[:] = 0
    for phase in range(len(first_day) - 1):
        wrong[:] = 0
        seen[:] = False
        for day in range(first_day[phase], first_day[phase + 1]):
            missed = plane(heavy, day) - plane(noon, (day, answers[1]))
            if any_of(missed):
                tally(wrong, 0, missed)
            differs = nobody()
            for place in range(noon.shape[1] - 1):
                differs |= plane(due, (day, place)) ^ plane(noon, (day, place))
            for was in range(WIDTH):
                should = _of_level(differs, due, day, was, answers)
                for had in range(WIDTH if any_of(should) else 0):
                    both = _of_level(should, noon, day, had, answers)
                    if had != was and any_of(both):
                        tally(wrong, was * WIDTH + had, both)
                        seen[was, had] = True
        for series in range(wrong.shape[1]):
            costs[MISSED, series] += wrong[0, series]
        for pair in range(1, WIDTH * WIDTH):
            was, had = pair // WIDTH, pair % WIDTH
            if not seen[was, had]:
                continue
            kg, cny = prices[0, phase, area, was, had], prices[1, phase, area, was, had]
            days = LESS if was > had else MORE
            for series in range(wrong.shape[1]):
                often = np.float64(wrong[pair, series])
                costs[days, series] += often
                costs[KG, series] += kg * often
                costs[CNY, series] += cny * often


@part
def _day_planes(due, shared, heavy, area, first, last, due_now, heavy_now):
    """Planes of LANES words from words. due : uint64[area, variant, word, day, level + 1], or, if all members share one winter,
    [1, variant, word of areas, day, level + 1]. heavy : uint64[area, word, day]. due_now, heavy_now : as in `_errors`,
    filled."""
    words = heavy.shape[1]
    for item in range(first, last):
        case, word, lane = item // words, item % words, item - first
        for day in range(len(heavy_now)):
            heavy_now[day, lane] = heavy[area, word, day]
            for place in range(due_now.shape[1]):
                if shared:
                    bit = due[0, case, area // WORD, day, place] >> np.uint64(area % WORD) & np.uint64(1)
                    due_now[day, place, lane] = NONE - bit
                else:
                    due_now[day, place, lane] = due[area, case, word, day, place]


# ---------------------------------------------------------------- words of series


def due_days(slices: np.ndarray, at_least: np.ndarray, plan: np.ndarray, lead_h: float, paper_h: float, days: int, leads: int
             ) -> np.ndarray:
    """Warning levels in force at noon, this one or a higher one, and nobody: uint64[area, variant, word, day, level + 1].
    slices : uint64[area, word, digit, row / LANES, LANES]. at_least : int64[variant, threshold]."""
    of_days, of_decisions = _room(at_least, plan, days, leads)
    due = np.zeros((len(slices), len(at_least), slices.shape[1], *of_decisions[2][2].shape[:2]), np.uint64)
    fill_due_days(slices, at_least, plan, lead_h, paper_h, days, leads, of_days, of_decisions, due)
    return due


def figures_of(slices: np.ndarray, at_least: np.ndarray, plan: np.ndarray, lead_h: float, paper_h: float, days: int, leads: int,
               worth: tuple[np.ndarray, ...], answers: tuple[np.ndarray, np.ndarray], due: np.ndarray, heavy: np.ndarray,
               out: np.ndarray, *, shared: bool) -> None:
    """What variants that differ in thresholds come to in each member, added to `out` in the order of `cases.FIGURES`, but for
    the heavy days: float64[variant, member, figure].

    slices : uint64[area, word, digit, row / LANES, LANES]. at_least : int64[variant, threshold]. worth : as `compiled.Worth`.
    answers : as in `_steps` and in `_errors`. due, heavy, shared : as in `_day_planes`.
    """
    of_days, of_decisions = _room(at_least, plan, days, leads)
    steps, series = of_decisions[2][0].shape[1], LANES * WORD
    of_steps = (np.zeros((2, steps), np.int64), np.zeros(steps), np.zeros(steps), np.zeros((PAIRS, WIDTH)),
                np.zeros((WIDTH, LANES)))
    of_errors = (np.zeros((days, due.shape[-1], LANES), np.uint64), np.zeros((days, LANES), np.uint64),
                 np.zeros((WIDTH * WIDTH, series), np.uint16), np.zeros((WIDTH, WIDTH), bool), np.zeros((5, series)))
    sums = np.zeros((*out.shape[:2], LANES))
    add_figures(slices, at_least, plan, lead_h, paper_h, days, leads, of_days, of_decisions, of_steps, of_errors, *worth,
                *answers, due, shared, heavy, sums, out)
    first = 2 * (WIDTH - 1)
    out[:, :, first: first + len(SUMS)] += sums[:, :, : len(SUMS)]


def _room(at_least: np.ndarray, plan: np.ndarray, days: int, leads: int) -> tuple[tuple[np.ndarray, ...], tuple]:
    """What kernels work with. Of days: a square of words, and planes by threshold. Of decisions: as `follow` works with and
    fills them."""
    rows = -(-days * (1 + leads) // LANES) * LANES
    return ((np.zeros((LANES, LANES), np.uint64), np.zeros((at_least.shape[1], rows, LANES), np.uint64)),
            (room_to_follow(plan), room_to_take_effect(plan, days), room_in_force(plan, days)))


@kernel
def fill_due_days(slices, at_least, plan, lead_h, paper_h, days, leads, of_days, of_decisions, due):
    """As `due_days`. of_days, of_decisions : rooms to work in. due : filled."""
    eight, over = of_days
    room, agenda, came = of_decisions
    noon, words = came[2], slices.shape[1]
    for area in range(len(slices)):
        for first in range(0, len(at_least) * words, LANES):
            last = min(first + LANES, len(at_least) * words)
            compare(slices[area], at_least, first, last, eight, over)
            follow(over, days, leads, plan, lead_h, paper_h, room, agenda, came)
            for item in range(first, last):
                for day in range(days):
                    for place in range(noon.shape[1]):
                        due[area, item // words, item % words, day, place] = noon[day, place, item - first]


@kernel
def add_figures(slices, at_least, plan, lead_h, paper_h, days, leads, of_days, of_decisions, of_steps, of_errors, terms, rates,
                ramps, longest_h, prices, first_day, ends_h, flip_flops, responds, answers, due, shared, heavy, sums, out):
    """As `figures_of`. of_days, of_decisions, of_steps, of_errors : rooms to work in. sums : float64[variant, member, lane]."""
    eight, over = of_days
    room, agenda, came = of_decisions
    change, changes, noon, warned = came
    turns, at_h, lasts_h, totals, cut = of_steps
    due_now, heavy_now, wrong, seen, costs = of_errors
    after = 2 * (WIDTH - 1) + len(SUMS)
    words, members = slices.shape[1], out.shape[1]
    for area in range(len(slices)):
        for first in range(0, len(at_least) * words, LANES):
            last = min(first + LANES, len(at_least) * words)
            compare(slices[area], at_least, first, last, eight, over)
            follow(over, days, leads, plan, lead_h, paper_h, room, agenda, came)
            _day_planes(due, shared, heavy, area, first, last, due_now, heavy_now)
            _errors(due_now, noon, heavy_now, answers, first_day, prices, area, wrong, seen, costs)
            for item in range(first, last):
                case, word = item // words, item % words
                for bit in range(min(WORD, members - word * WORD)):
                    member, series = word * WORD + bit, (item - first) * WORD + bit
                    mine = out[case, member]
                    for place in range(len(warned) - 1):
                        mine[plan[plan[LEVELS] + place] - 1] += np.float64(warned[place, series]) - warned[place + 1, series]
                    mine[after + 1] += costs[MISSED, series]
                    mine[after + 2] += costs[LESS, series]
                    mine[after + 3] += costs[MORE, series]
                    mine[after + 4] += changes[series]
                    mine[after + 5] += costs[KG, series]
                    mine[after + 6] += costs[CNY, series]
                    if changes[series]:
                        _reckon(change[series], changes[series], responds, 24.0 * days, area, terms, rates, ramps, longest_h,
                                ends_h, flip_flops, turns, at_h, lasts_h, totals, cut, sums, (case, member), mine, after + 7)
