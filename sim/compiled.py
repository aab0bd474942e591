"""The compiled path of a sweep: variants and days as numbers for the kernels, and what these bring back.

It does the tasks of `cases` and gives the same figures as the arrays there, to rounding; a variant that it cannot hold
(linkage, a share of an ensemble, pre-adjustment, lines that may not obey) goes through the arrays. An extra: used where `numba`
is installed and there is enough to do.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np

from sim.cases import FIGURES, Case, Foreseen, Inputs, Task, in_arrays
from sim.compiled_plan import TABLE, WIDTH
from sim.days import in_type
from sim.forecast import Issue
from sim.planes import WORD
from sim.response import response_level
from sim.sweep_regret import day_prices
from sim.synthetic import Drawn
from sim.targets import HEAVY_ABOVE
from sim.totals import FLIP_FLOP_H, SUMS
from sim.vocab import ASKING_LEVELS
from sim.warning import days_looked_at
from sim.watch import Watch, own_places
from sim.weather import Columns, Shown, Weather


def run_task(inputs: Inputs, task: Task) -> np.ndarray:
    """What some variants come to, float64[case, member, figure], figures as in FIGURES."""
    weather = inputs.weathers[inputs.cases[task.cases[0]].weather]
    shown = weather.shown(task.first, task.last)
    cases = [inputs.cases[at] for at in task.cases]
    held = [inputs.compiled and _holds(case, shown) for case in cases]
    found = np.zeros((len(cases), len(shown.members), len(FIGURES)))
    for where, do in ((True, in_kernels), (False, in_arrays)):
        some = [place for place, each in enumerate(held) if each is where]
        if some:
            found[some] = do([cases[place] for place in some], weather, shown, task.first)
    return found


def compile_for(inputs: Inputs) -> None:
    """Compile the kernels, or read them from where they are kept: of each weather a variant that they hold is done for one
    member."""
    for number, weather in enumerate(inputs.weathers):
        shown = weather.shown(0, 1)
        held = (place for place, case in enumerate(inputs.cases) if case.weather == number and _holds(case, shown))
        for place in itertools.islice(held, 1):
            run_task(inputs, Task((place,), 0, 1))


def _holds(case: Case, shown: Shown) -> bool:
    """Whether the kernels can do a variant."""
    return not (case.world or len(case.early_start_h) > 1 or shown.linked(case.linkage))


class Worth(NamedTuple):
    """What hours are worth, as in `totals.Rates`, and what days missed and flip-flops are.

    terms : float64[term, 2], the hour up to which a stretch of the period counts, and whether it is added (1) or taken away
    (-1). rates : float64[term, area, 3 + pair, asking level, LANES], sums and a zero. ramps : float64[area, 2, 2, block,
    LANES], down and up, half the hours of each pair that the area has and the inverse of all, the longest last; pairs of no
    hours and no lines fill the first blocks. longest_h : float64[area, block]. prices : float64[2, phase, area, due, now],
    kilograms and yuan of a day on which `due` was due and `now` in force. first_day : int64[phase + 1], of each phase, and
    after the last. ends_h : float64[phase]. flip_flops : float64[phase, area, whole hours that one lasts, response level, 2],
    kilograms and yuan: decisions take effect at whole hours.
    """

    terms: np.ndarray
    rates: np.ndarray
    ramps: np.ndarray
    longest_h: np.ndarray
    prices: np.ndarray
    first_day: np.ndarray
    ends_h: np.ndarray
    flip_flops: np.ndarray


def in_kernels(cases: list[Case], weather: Weather, shown: Shown, _: int) -> np.ndarray:
    """The same as `cases.in_arrays`, for variants that the kernels hold."""
    from sim.compiled_response import due_days, figures_of

    members, areas, days = len(shown.members), shown.areas, len(shown.observed)
    thresholds = np.unique([threshold for case in cases for threshold in case.rules.thresholds])
    own = _slices(shown.observed, shown.issue, areas, thresholds)
    foreseen = Foreseen(weather, shown)
    shared, leads = foreseen.size == 1, foreseen.days.leads  # areas of one winter stand side by side as members do
    known = _slices(foreseen.observed, foreseen.days.forecast, 1 if shared else areas, thresholds)
    heavy = (shown.aqi > HEAVY_ABOVE).reshape(days, members, areas)
    heavy_words = np.ascontiguousarray(np.moveaxis(_words(heavy.transpose(2, 0, 1)), 1, 2))  # of one kind: compiled once
    found = np.zeros((len(cases), members, len(FIGURES)))
    for alike in _alike(cases, thresholds):
        at_least, rules = alike.at_least, (alike.plan, alike.lead_h, alike.paper_h, days, leads)
        case, out = cases[alike.places[0]], np.zeros((len(at_least), members, len(FIGURES)))
        due = due_days(known, at_least, *rules)
        figures_of(own, at_least, *rules, _worth(case, areas, days), _answers(case), due, heavy_words, out, shared=shared)
        found[alike.places] = out
    found[:, :, FIGURES.index("heavy_days")] = heavy.sum(axis=(0, 2))
    return found


class Alike(NamedTuple):
    """Variants that differ in thresholds only. places : which they are. at_least : int64[variant, threshold], ranks from which
    a day is above each threshold, T0 first. plan : int64[n], as in `compiled_plan`. lead_h, paper_h : as in `Terms`."""

    places: list[int]
    at_least: np.ndarray
    plan: np.ndarray
    lead_h: float
    paper_h: float


def _alike(cases: list[Case], thresholds: np.ndarray) -> list[Alike]:
    """The variants in groups that are followed side by side."""
    groups: dict[tuple, list[int]] = {}
    for place, case in enumerate(cases):
        groups.setdefault((case.followed_as, case.escalate, id(case.rates)), []).append(place)
    made = []
    for places in groups.values():
        terms = cases[places[0]].terms
        at_least = np.array([np.searchsorted(thresholds, cases[place].rules.thresholds) + 1 for place in places])
        made.append(Alike(places, at_least, _plan(cases[places[0]]), float(terms.lead_hours), float(terms.paper_hours)))
    return made


# ---------------------------------------------------------------- days


def _slices(observed: np.ndarray, issue: Issue, areas: int, thresholds: np.ndarray) -> np.ndarray:
    """How many thresholds each day is above, as planes of binary digits: uint64[area, word, digit, row / LANES, LANES].

    row : day x (1 + lead), filled up with zeros. observed : float[day, column], column = member x area. issue : day ->
    float[lead, column].
    """
    from sim.compiled_bits import ranked, sliced
    from sim.compiled_forecast import fill_slices
    from sim.compiled_planes import LANES

    days, columns = observed.shape
    members = columns // areas
    drawn = issue.issue if isinstance(issue, Columns) and isinstance(issue.issue, Drawn) else None
    leads = 1 + (drawn.horizon_days if drawn else len(issue(0)))
    looked_at = 1 if drawn else leads
    words, digits = -(-members // WORD), max(1, len(thresholds).bit_length())
    rank = np.zeros((areas, words * WORD, days, looked_at), np.min_scalar_type(len(thresholds)))
    first_at = np.searchsorted(thresholds, np.arange(math.ceil(thresholds[-1]) + 1), "left")
    row = np.zeros((looked_at, columns), rank.dtype)
    for day in range(days):
        ranked(np.ascontiguousarray(observed[day]), thresholds, first_at, row[0])
        if not drawn:
            ahead = np.ascontiguousarray(issue(day)).ravel()
            ranked(ahead, np.array([in_type(one, ahead.dtype) for one in thresholds]), first_at, row[1:].reshape(-1))
        rank[:, :members, day] = row.reshape(looked_at, members, areas).transpose(2, 1, 0)
    slices = np.zeros((areas, words, digits, -(-days * leads // LANES) * LANES), np.uint64)
    if drawn:
        fill_slices(drawn, issue.column[:areas], thresholds, slices)
    for area in range(areas):
        sliced(rank[area].reshape(words, WORD, -1), leads // looked_at, slices[area])
    return slices.reshape(areas, words, digits, -1, LANES)


def _words(holds: np.ndarray) -> np.ndarray:
    """Members as bits of words: uint64[..., ceil(member / 64)]. holds : bool[..., member]."""
    packed = np.packbits(holds, axis=-1, bitorder="little")
    wide = np.zeros((*packed.shape[:-1], -(-packed.shape[-1] // 8) * 8), np.uint8)
    wide[..., : packed.shape[-1]] = packed
    return wide.view("<u8").astype(np.uint64)


# ---------------------------------------------------------------- variants


def _plan(case: Case) -> np.ndarray:
    """The rules of a variant, its thresholds aside, as numbers: places as in `compiled_plan`."""
    rules, terms, watch = case.rules, case.terms, Watch(case.rules)
    counts = len(watch.nothing.counted)
    runs = 1 + rules.longest_gap_days + counts
    run_at = (runs + np.cumsum([0, *(length for *_, length in watch.chains)])).tolist()
    inside, met = run_at[-1], run_at[-1] + len(watch.nested)
    size = met + len(watch.nothing.met)

    def place(run: tuple[int, int]) -> int:
        chain, days = run
        return run_at[chain] + days

    parts = [
        [(outer, second, at, length) for (outer, second, length), at in zip(watch.chains, run_at, strict=False)],
        [(place(run),) for run in watch.plain],
        [(outer, place(run), place(inner)) for outer, run, inner in watch.nested],
        [(place(run),) for run in watch.inner],
        [(level, 1 + rules.longest_gap_days + days if days >= 0 else size, met + which if which >= 0 else size)
         for level, each in reversed(list(enumerate(watch.reached))) for days, which in each],
        [(own,) for own in own_places(rules)],
        [(int(level),) for level in watch.levels]]
    begins = (TABLE + np.cumsum([0, *(sum(map(len, rows)) for rows in parts)])).tolist()
    table = [number for rows in parts for row in rows for number in row]
    furthest = days_looked_at(terms, rules.hold_days)
    midnights = furthest + 2
    issues = math.ceil((max(terms.paper_hours, 24) + 24 * midnights) / terms.interval_h) + 2  # whose decisions may be pending
    hours_at_once = midnights + issues  # for which anything is told: midnights, and the soonest of each issue
    planned_at_once = issues * (4 + rules.hold_days + 3 * hours_at_once)  # each by hour: issued, advanced, raised
    plan = [rules.longest_gap_days, counts, inside, met, size, *begins[:-1], rules.hold_days, furthest,
            terms.downgrade, case.withdraw_on_lift, terms.interval_h, case.issue_hour, case.escalate, hours_at_once,
            planned_at_once, *table]
    return np.array(plan, np.int64)


def _answers(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Response level by how many warning levels are in force, int64[level + 1]; for each response level, and one above, the
    place of the lowest warning level that asks it or a higher one, behind the last for none, int64[WIDTH + 1]."""
    responds = response_level(np.array([0, *map(int, Watch(case.rules).levels)]), case.escalate)
    return responds, np.searchsorted(responds[1:], np.arange(WIDTH + 1))


def _worth(case: Case, areas: int, days: int) -> Worth:
    """What hours, rises, falls, missed days and flip-flops of a variant are worth."""
    from sim.compiled_planes import LANES
    from sim.compiled_response import PAIRS

    rates, sums = case.rates, len(SUMS)
    priced = [phases[0] for phases in rates.priced] if rates else []
    known = next(filter(None, priced), None)
    if not rates or not known:  # no list, or nothing asked of it
        return Worth(np.zeros((0, 2)), np.zeros((0, areas, PAIRS, len(ASKING_LEVELS), LANES)),
                     np.zeros((areas, 2, 2, 0, LANES)), np.zeros((areas, 0)), np.zeros((2, 1, areas, WIDTH, WIDTH)),
                     np.array([0, days]), np.full(1, 24.0 * days), np.zeros((1, areas, 1 + FLIP_FLOP_H, WIDTH, 2)))
    ends = [0.0, *rates.ends_h]
    terms = [(phase, end, sign) for phase in range(len(rates.ends_h)) for end, sign in ((ends[phase + 1], 1), (ends[phase], -1))
             if end]
    longest_h = np.maximum(known.down_h, known.up_h)
    order, there = np.argsort(longest_h, kind="stable"), np.any([of.there for of in priced if of], axis=0)
    has = [order[there[order, area]] for area in range(areas)]
    blocks = -(-max(map(len, has)) // LANES)
    first = [LANES * blocks - len(mine) for mine in has]
    ramps, longest = np.zeros((areas, 2, 2, LANES * blocks)), np.zeros((areas, LANES * blocks))
    for area, mine in enumerate(has):
        ramps[area, :, 0, first[area]:] = known.down_h[mine], known.up_h[mine]
        longest[area, first[area]:] = longest_h[mine]
    ramps[:, :, 1] = 1 / np.maximum(ramps[:, :, 0], 1e-9)  # of no hours : over as soon as begun
    ramps[:, :, 0] /= 2
    worth = np.zeros((len(terms), areas, PAIRS + LANES * blocks, len(ASKING_LEVELS), LANES))
    for term, (phase, *_) in enumerate(terms):
        if of := priced[phase]:
            whole, ramped = (each.reshape(-1, areas, len(ASKING_LEVELS), sums)
                             for each in (np.stack([of.hours, of.rises, of.falls]), of.ramped))
            worth[term, :, :PAIRS, :, :sums] = whole.swapaxes(0, 1)
            for area, mine in enumerate(has):
                worth[term, area, PAIRS + first[area]:, :, :sums] = ramped[mine, area]
    prices = np.ascontiguousarray(np.moveaxis(day_prices(rates), -1, 0))
    return Worth(np.array([term[1:] for term in terms], float), worth, ramps.reshape(areas, 2, 2, blocks, LANES),
                 longest[:, LANES - 1:: LANES].copy(), prices, (np.array(ends) // 24).astype(int),
                 np.array(rates.ends_h), rates.of_a_flip_flop)
