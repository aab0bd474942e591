"""The compiled path of a sweep: variants and days as numbers for the kernels, and what these bring back.

It does the tasks of `cases` and gives the same figures as the arrays there, to rounding; a variant that it cannot hold
(linkage, ensembles, pre-adjustment, lines that may not obey) goes through the arrays. An extra: used where `numba` is
installed and there is enough to do.
"""

import math
from importlib.util import find_spec

import numpy as np

from sim.cases import FIGURES, Case, Foreseen, Inputs, Shown, Task, a_day, in_arrays
from sim.forecast import Issue
from sim.response import by_ramp_times
from sim.targets import HEAVY_ABOVE
from sim.totals import SUMS, Rates
from sim.vocab import ASKING_LEVELS, Level
from sim.warning import days_looked_at
from sim.watch import Watch, own_places

WORTH_COMPILING = 200_000
"""Winters of one area under one variant from which a sweep takes the kernels: below, arrays are done before these are read."""

WORD = 64
LEVELS = 1 + int(Level.red)


def pays(runs: int) -> bool:
    """Whether a sweep of so many winters of one area is done by the kernels: where the extra is there and they are many."""
    return runs >= WORTH_COMPILING and find_spec("numba") is not None


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


def _holds(case: Case, shown: Shown) -> bool:
    """Whether the kernels can do a variant."""
    return not (case.world or len(case.early_start_h) > 1 or shown.linked(case.linkage) or len(case.rules.thresholds) > 250)


def in_kernels(cases: list[Case], weather: object, shown: Shown, _: int) -> np.ndarray:
    """The same as `cases.in_arrays`, for variants that the kernels hold."""
    from sim import compiled_response as kernels

    members, areas, days = len(shown.members), shown.areas, len(shown.observed)
    thresholds = np.unique([threshold for case in cases for threshold in case.rules.thresholds])
    own = _slices(_Days(shown.observed, shown.issue, areas), thresholds)
    foreseen = Foreseen(weather, shown)
    known = _slices(_Days(foreseen.observed, foreseen.days.forecast, 1), thresholds)[0]
    aqi = shown.aqi > HEAVY_ABOVE
    heavy = _day_bits(aqi.reshape(days, members, areas).transpose(2, 1, 0))
    rooms: dict[tuple, tuple] = {}
    found = np.zeros((len(cases), members, len(FIGURES)))
    due = np.zeros((foreseen.size * areas, LEVELS, heavy.shape[2]), np.uint64)
    for case, out in zip(cases, found, strict=True):
        plan, worth = _plan(case, thresholds, kernels), _worth(case, areas, days, kernels)
        leads, at_once = 1 + foreseen.days.leads, _hours_at_once(case)
        shape = (len(plan.at_least), plan.interval_h, leads)
        room = rooms.setdefault(shape, _room(days, *shape, heavy.shape[2], kernels))
        stretches = _day_bits(np.array([(np.arange(days) >= first) & (np.arange(days) < last) for first, last in
                                        zip(worth.first_day, worth.last_day, strict=True)]))
        kernels.due_days(known, plan, foreseen.size * areas, days, leads, at_once, room, due)
        by_area = due.reshape(foreseen.size, areas, *due.shape[1:])
        for area in range(areas):
            kernels.area_figures(own[area], plan, members, days, leads, at_once, area, worth, stretches,
                                 np.ascontiguousarray(by_area[:, area]), heavy[area], room, out)
        out[:, FIGURES.index("heavy_days")] = aqi.sum(axis=0).reshape(members, areas).sum(axis=1)
    return found


# ---------------------------------------------------------------- days


class _Days:
    """Days of some columns, column = member x area. observed : float[day, column]. issue : day -> float[lead, column]."""

    def __init__(self, observed: np.ndarray, issue: Issue, areas: int) -> None:
        self.observed, self.issue, self.areas = observed, issue, areas


def _slices(days: _Days, thresholds: np.ndarray) -> np.ndarray:
    """How many thresholds each day is above, as planes of binary digits: uint64[area, word, digit, day x (1 + lead)]."""
    from sim.compiled_warning import ranked, sliced

    count, columns = days.observed.shape
    members = columns // days.areas
    leads = 1 + len(days.issue(0))
    words, digits = -(-members // WORD), max(1, len(thresholds).bit_length())
    rank = np.zeros((days.areas, words * WORD, count, leads), np.min_scalar_type(len(thresholds)))
    first_at = np.searchsorted(thresholds, np.arange(math.ceil(thresholds[-1]) + 1), "left")
    row = np.zeros((leads, columns), rank.dtype)
    for day in range(count):
        ahead = days.issue(day)
        ranked(np.ascontiguousarray(days.observed[day]), thresholds, first_at, row[0])
        ranked(np.ascontiguousarray(ahead).ravel(), thresholds.astype(ahead.dtype), first_at, row[1:].reshape(-1))
        rank[:, :members, day] = row.reshape(leads, members, days.areas).transpose(2, 1, 0)
    slices = np.zeros((days.areas, words, digits, count * leads), np.uint64)
    for area in range(days.areas):
        sliced(rank[area].reshape(words, WORD, count * leads), slices[area])
    return slices


def _day_bits(holds: np.ndarray) -> np.ndarray:
    """Days as bits of words: uint64[..., ceil(day / 64)]. holds : bool[..., day]."""
    packed = np.packbits(holds, axis=-1, bitorder="little")
    wide = np.zeros((*packed.shape[:-1], -(-packed.shape[-1] // 8) * 8), np.uint8)
    wide[..., : packed.shape[-1]] = packed
    return wide.view("<u8").astype(np.uint64)


# ---------------------------------------------------------------- variants


def _plan(case: Case, thresholds: np.ndarray, kernels):
    """The rules of a variant as numbers."""
    from sim.compiled_warning import Plan

    rules, terms, watch = case.rules, case.terms, Watch(case.rules)
    counts = len(watch.nothing.counted)
    first = 1 + rules.longest_gap_days + counts
    run_at = (first + np.cumsum([0, *(length for *_, length in watch.chains)])).tolist()
    inside, met = run_at[-1], run_at[-1] + len(watch.nested)

    def place(run: tuple[int, int]) -> int:
        chain, days = run
        return run_at[chain] + days

    ways = [(level, 1 + rules.longest_gap_days + days if days >= 0 else -1, met + which if which >= 0 else -1)
            for level, each in enumerate(watch.reached) for days, which in each]
    return Plan(
        np.searchsorted(thresholds, rules.thresholds) + 1, rules.longest_gap_days, counts,
        _rows(4, [(outer, second, at, length) for (outer, second, length), at in zip(watch.chains, run_at, strict=False)]),
        _rows(0, [place(run) for run in watch.plain]),
        _rows(3, [(outer, place(run), place(inner)) for outer, run, inner in watch.nested]),
        _rows(0, [place(run) for run in watch.inner]), inside, met, met + len(watch.nothing.met), _rows(3, ways),
        _rows(0, own_places(rules)), _rows(0, [int(level) for level in watch.levels]), rules.hold_days,
        days_looked_at(terms, rules.hold_days), float(terms.lead_hours), float(terms.paper_hours), bool(terms.downgrade),
        bool(case.withdraw_on_lift), int(terms.interval_h), int(case.issue_hour), int(case.escalate))


def _rows(width: int, rows: list) -> np.ndarray:
    """Whole numbers, int64[n, width], or int64[n] where the width is 0."""
    return np.array(rows, np.int64).reshape((-1, width) if width else -1)


def _hours_at_once(case: Case) -> int:
    """For how many hours something can be told at a time: midnights ahead, and the hours of paper of each issue."""
    days = days_looked_at(case.terms, case.rules.hold_days) + 2
    return 4 * (days + math.ceil((max(case.terms.paper_hours, 24) + 24 * days) / case.terms.interval_h) + 2)


def _worth(case: Case, areas: int, days: int, kernels):
    """What hours, rises, falls and missed days of a variant are worth."""
    rates = case.rates
    if rates is None:
        none = np.zeros((0, areas, len(ASKING_LEVELS), len(SUMS)))
        return kernels.Worth(np.zeros(0), np.zeros(0), none, none, none, np.zeros(0), np.zeros(0), none[None], np.zeros((0, 0, areas), bool),
                             np.zeros(1, np.int64), np.full(1, days), *np.zeros((2, 1, areas, LEVELS, LEVELS)))
    ends = [0.0, *rates.ends_h]
    terms = [(at, hour, sign) for at in range(len(rates.ends_h)) for hour, sign in ((ends[at + 1], 1.0), (ends[at], -1.0)) if hour]
    pairs = [(down, up) for down, up, _ in by_ramp_times(rates.ramps, np.arange(len(rates.ramps.series)))]
    hours, rises, falls = np.zeros((3, len(terms), areas, len(ASKING_LEVELS), len(SUMS)))
    short = np.zeros((len(terms), len(pairs), areas, len(ASKING_LEVELS), len(SUMS)))
    there = np.zeros(short.shape[:3], bool)
    for term, (phase, *_) in enumerate(terms):
        rate = rates.per_hour[phase]
        for into, times in ((hours[term], 1.0), (rises[term], rates.ramps.down_h / 2), (falls[term], rates.ramps.up_h / 2)):
            np.add.at(into, rates.ramps.series, rate * np.reshape(times, (-1, 1, 1)))
        mine = np.flatnonzero(rate.any(axis=(1, 2)))
        for pair, (down, up) in enumerate(pairs):
            some = mine[(rates.ramps.down_h[mine] == down) & (rates.ramps.up_h[mine] == up)]
            np.add.at(short[term, pair], rates.ramps.series[some], rate[some])
            there[term, pair, rates.ramps.series[some]] = True
    first = [int(end // 24) for end in ends]
    apart = [per_day[:, :, None] - per_day[:, None] for per_day in (a_day(rates, at, areas) for at in range(len(rates.ends_h)))]
    kg, cny = (np.stack([np.maximum(sign * each[..., k], 0) for each in apart]) for k, sign in ((0, 1), (1, -1)))
    _, until_h, signs = zip(*terms, strict=True)
    return kernels.Worth(np.array(until_h), np.array(signs), hours, rises, falls, *np.array(pairs, float).reshape(-1, 2).T.copy(),
                         short, there, np.array(first[:-1]), np.array(first[1:]), kg, cny)


def _room(days: int, thresholds: int, interval_h: int, leads: int, words: int, kernels):
    """Arrays for one word of series."""
    from sim.compiled_warning import Told

    most = 2 * (24 * days // interval_h + 2)  # decisions: one on the active warning and one on the announced, at each issue
    told = Told(np.zeros(WORD, np.int64), np.zeros(WORD, np.int64), np.zeros((WORD, most), np.int8),
                np.zeros((WORD, most), np.int8), np.zeros((WORD, most), np.int32), np.zeros((WORD, most)))
    steps = kernels.Steps(np.zeros(most, np.int64), np.zeros(most, np.int64), np.zeros(most), *np.zeros((3, LEVELS)))
    return kernels.Room(np.zeros((thresholds, days * leads), np.uint64), told, np.zeros(most, np.int64), np.zeros(most, np.int64),
                        np.zeros(most), np.zeros(most), np.zeros(most, np.int64), steps, np.zeros(LEVELS), np.zeros(LEVELS),
                        np.zeros(LEVELS - 1), np.zeros(len(SUMS)), np.zeros((LEVELS, words), np.uint64), np.zeros(4))
