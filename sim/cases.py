"""A sweep's work as arrays: variants that need no file any more, blocks of members, and what one of them comes to.

Every variant meets the same winters, forecasts and draws: what a member is depends on its name and the seed, not on the
block that it is made in, nor on the variant; what it comes to, not but for the last bits of sums.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec

import numpy as np

from sim.accounts import LineClasses, classify, reckon
from sim.agenda import Timeline
from sim.days import Days
from sim.episodes import Rules
from sim.experiment import heeded
from sim.forecast import perfect
from sim.grid import Cell
from sim.linkage import Linkage
from sim.office import Course, Schedule, schedules
from sim.planes import WORD
from sim.reading import World
from sim.response import response_level, steps_of
from sim.sweep_regret import flip_flops, regret_at_noon
from sim.targets import HEAVY_ABOVE
from sim.totals import SUMS, Rates, rates_of, sums_of
from sim.vocab import WARNING_LEVELS, Pollutant
from sim.warning import Terms
from sim.weather import Shown, Weather

FIGURES = (*(f"{what}_{level.name}" for what in ("warnings", "hours") for level in WARNING_LEVELS), *SUMS, "heavy_days",
           "heavy_days_missed", "noon_missed_days", "noon_false_alarm_days", "level_changes", "noon_missed_kg",
           "noon_false_alarm_cny", "flip_flops", "flip_flop_kg", "flip_flop_cny")
"""What a variant comes to in one member; sums over areas."""

COLUMNS_AT_ONCE = 6_000
"""Columns of one block: enough to forget the cost of a call, few enough to stay in the cache."""

BITS_AT_ONCE = 100_000
"""Series of variants followed side by side: enough to forget the cost of a step, few enough to stay in the cache."""

WORTH_COMPILING, AT_LEAST = 1_000_000, 250
"""Winters of one area under one variant from which a sweep is compiled: fewer are done before the compiler is. A variant of
few counts as so many at least: it takes the arrays as long."""


DRAWN_AT_ONCE = 100
"""Variants x members of one part where lines are drawn one by one: some seconds of work."""


@dataclass(frozen=True)
class Case:
    """One variant, ready: what its office and its sums need. variant : of the scenario, as in `RunSettings`. weather : which of
    the weathers. rates : None without a list.

    world : only where lines are drawn one by one (compliance below 1): then each member is reckoned line by line.
    """

    name: str
    variant: str
    varied: Cell
    weather: int
    rules: Rules
    terms: Terms
    issue_hour: int
    early_start_h: tuple[float, ...]
    early_episodes: int
    withdraw_on_lift: bool
    linkage: Linkage
    escalate: int
    rates: Rates | None
    world: World | None = None

    def course(self, shown: Shown, days: Days) -> Course:
        """What its office needs for some members."""
        return Course(days, shown.decides, self.rules, self.terms, self.issue_hour, self.early_start_h, self.early_episodes,
                      self.withdraw_on_lift, shown.linked(self.linkage))

    @property
    def followed_as(self) -> tuple:
        """What an office needs to know, the values of thresholds aside: variants that share it can be followed side by side."""
        return self.rules.shape, self.terms, self.issue_hour, self.withdraw_on_lift

    @cached_property
    def classes(self) -> LineClasses:
        """How the lines of a world answer a change."""
        assert self.world and self.world.population
        return classify(self.world.population, preadjust=len(self.early_start_h) > 1)


@dataclass(frozen=True)
class Inputs:
    """All that a sweep works on, read once and handed to every worker once. compiled : by the kernels of `compiled`."""

    weathers: tuple[Weather, ...]
    cases: tuple[Case, ...]
    compiled: bool = False

    @property
    def members(self) -> tuple[str, ...]:
        return self.weathers[0].members


@dataclass(frozen=True)
class Task:
    """Some variants of one weather, for members first to last (not included)."""

    cases: tuple[int, ...]
    first: int
    last: int


def inputs_of(worlds: tuple[World, ...]) -> Inputs:
    """The worlds of a grid as cases; what several of them share is kept once."""
    weathers: dict[int, int] = {}
    kept: list[Weather] = []
    reduced: dict[tuple, Rates] = {}
    cases = []
    for world in worlds:
        if id(world.weather) not in weathers:
            weathers[id(world.weather)] = len(kept)
            kept.append(world.weather)
        response, people = world.settings.response, world.population
        classes = classify(people, preadjust=response.preadjust) if people else None
        key = (id(world.phases), response.preadjust)
        if classes and key not in reduced:
            reduced[key] = rates_of(world.phases, classes)
        cases.append(Case(
            world.run.name, world.run.variant, world.run.varied, weathers[id(world.weather)], world.rules,
            Terms(response.lead_hours, response.paper_hours, response.downgrade, world.settings.forecast.every_hours),
            world.settings.forecast.issue_hour, classes.early_start_h if classes else (0.0,),
            response.preadjust_episodes if response.preadjust else 0, response.withdraw_on_lift, world.linkage,
            response.escalate, reduced.get(key) if classes else None,
            world if people and world.settings.compliance.share < 1 else None))
    winters = sum(max(AT_LEAST, len(kept[case.weather].members) * len(kept[case.weather].place)) for case in cases)
    return Inputs(tuple(kept), tuple(cases), winters >= WORTH_COMPILING and find_spec("numba") is not None)


def tasks_of(inputs: Inputs, cases_at_once: int = 100) -> list[Task]:
    """The work in parts that fit a cache, in a fixed order: the same whoever does it."""
    tasks = []
    for (number, weather), drawn in itertools.product(enumerate(inputs.weathers), (False, True)):
        mine = [at for at, case in enumerate(inputs.cases) if case.weather == number and (case.world is not None) is drawn]
        block = max(1, COLUMNS_AT_ONCE // (len(weather.place) * weather.ensemble))
        if drawn and mine:
            block = min(block, max(1, DRAWN_AT_ONCE // min(len(mine), cases_at_once)))
        if inputs.compiled and weather.ensemble == 1 and not drawn:
            block = max(1, block // WORD) * WORD  # members of an area share a machine word
        else:  # of much the same size, so that no worker waits for another's
            block = math.ceil(len(weather.members) / math.ceil(len(weather.members) / block))
        for first in range(0, len(weather.members), block):
            last = min(first + block, len(weather.members))
            tasks += [Task(tuple(mine[at: at + cases_at_once]), first, last) for at in range(0, len(mine), cases_at_once)]
    return tasks


def in_arrays(cases: list[Case], weather: Weather, shown: Shown, first: int) -> np.ndarray:
    """What some variants come to, float64[case, member, figure], figures as in FIGURES. first : the first of the members."""
    days = Days(shown.observed[:, shown.decides], shown.issue)
    days.look(tuple(one for case in cases if not shown.linked(case.linkage) for one in case.rules.thresholds))
    foreseen = Foreseen(weather, shown)
    heavy = shown.aqi > HEAVY_ABOVE  # without dust: one yardstick whatever index triggers
    found = np.zeros((len(cases), len(shown.members), len(FIGURES)))
    for places in _alike(cases, shown):
        alike = [cases[place] for place in places]
        for place, case, one, due in zip(places, alike, _schedules(alike, shown, days), foreseen.levels(alike), strict=True):
            found[place] = _figures(case, heavy, len(shown.members), one, due, first)
    return found


def _alike(cases: list[Case], shown: Shown) -> list[list[int]]:
    """The variants in groups that differ, for the office, in the values of thresholds only."""
    groups: dict[tuple, list[int]] = {}
    for place, case in enumerate(cases):
        alone = len(case.early_start_h) > 1 or shown.linked(case.linkage)
        groups.setdefault((place,) if alone else case.followed_as, []).append(place)
    return list(groups.values())


def _schedules(alike: list[Case], shown: Shown, days: Days) -> Iterator[Schedule]:
    """What comes into force under each of some variants: several at a time, side by side."""
    at_once = max(1, BITS_AT_ONCE // len(shown.decides))
    for first in range(0, len(alike), at_once):
        case, *others = alike[first: first + at_once]
        course = replace(case.course(shown, days), others=tuple(other.rules for other in others))
        yield from schedules(course, numbered=any(each.world for each in alike))


class Foreseen:
    """The same days foreseen without error: one winter for all members, or one each."""

    def __init__(self, weather: Weather, shown: Shown) -> None:
        winters = weather.own.shape[1]
        self.size = 1 if winters == 1 else len(shown.members)
        observed = shown.observed.reshape(len(shown.observed), len(shown.members), -1)[:, : self.size]
        self.observed = observed.reshape(len(observed), -1)
        self.areas = observed.shape[2]
        self.days = Days(self.observed, perfect(self.observed, weather.given.horizon_days))
        self.shown = Shown(("0",) * self.size, self.areas, 1, 1, self.observed, self.observed, self.days.forecast,
                           np.arange(self.size * self.areas))

    def levels(self, alike: list[Case]) -> Iterator[np.ndarray]:
        """Response level at noon of each day that perfect forecasts would have brought under each of the variants of one
        group: int8[day, k of one or all]."""
        for case, one in zip(alike, _schedules(alike, self.shown, self.days), strict=True):
            yield response_level(one.noon, case.escalate)


def _figures(case: Case, heavy: np.ndarray, members: int, one: Schedule, due: np.ndarray, first: int) -> np.ndarray:
    """What one variant comes to in each member of a block, float64[member, figure].

    heavy : bool[day, member x area]. due : int8[day, k], or of one winter for all. first : the first of the members.
    """
    days, size = heavy.shape
    areas = size // members
    own = one.timeline.of_class(0)
    steps = steps_of(own, size, 24.0 * days, case.escalate)
    warnings = one.warned.reshape(members, areas, -1).sum(axis=1)[:, 1:]
    hours = steps.hours.reshape(members, areas, -1).sum(axis=1)
    sums = np.zeros((members, len(SUMS)))
    if case.world:
        sums = np.stack([_by_line(case, one.timeline, member, first) for member in range(members)])
    elif case.rates:
        sums = sums_of(case.rates, one.timeline, members, case.escalate, steps)
    now = response_level(one.noon, case.escalate)
    due = np.tile(due, members) if due.shape[1] < size else due
    missed, false_alarms, kg, cny = regret_at_noon(case.rates, now, due, members).T
    counts = [part.sum(axis=0, dtype=np.int32).reshape(members, -1).sum(axis=1) for part in (heavy, heavy & (now == 0))]
    changes = np.bincount(own.series // areas, minlength=members)[:members]
    obeys = case.world.settings.compliance.share if case.world else 1.0
    priced = np.column_stack([kg, cny, flip_flops(case.rates, steps, members)]) * (obeys, obeys, 1, obeys, obeys)
    return np.column_stack([warnings, hours, sums, *counts, missed, false_alarms, changes, priced])


def _by_line(case: Case, timeline: Timeline, member: int, first: int) -> np.ndarray:
    """Sums of one member whose lines obey or not, each by its own draw."""
    assert case.world
    heeds = heeded(case.world, timeline, member, case.world.members[first + member])
    account = reckon(case.world.phases, case.classes, timeline, member=member, escalate=case.escalate, heeds=heeds)
    kg = [float(account.avoided_kg(p).sum()) for p in Pollutant]
    assumed = sum(float(account.avoided_kg(p, assumed_only=True).sum()) for p in Pollutant)
    return np.array([*kg, assumed, account.curtailed_value_cny.sum(), account.curtailed_assumed_cny.sum()])
