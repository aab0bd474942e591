"""The warning machine (model, section 4): from what an issue shows to decisions, as pure functions over planes.

One bit a series (a city of a member), any number of them side by side; a decision is one plane for each hour at which it
takes effect, of which there are few.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sim.episodes import compile_rules, level_of_days
from sim.planes import but, union
from sim.rulebook import Criterion
from sim.vocab import Level
from sim.watch import Sight

Hours = Mapping[float, int]
"""Planes by hour: of which series something is told for that hour. A series stands in one of them."""


# ---------------------------------------------------------------- decisions


class Standing(NamedTuple):
    """Warnings as they stand, as planes. level : by level, lowest first, the decided level of the active warning is this one
    or a higher one. lifts_at : which are told to lift, by hour. next_level, next_at : the announced warning likewise.
    """

    level: tuple[int, ...]
    lifts_at: Hours
    next_level: tuple[int, ...]
    next_at: Hours


def nothing_standing(levels: int) -> Standing:
    return Standing((0,) * levels, {}, (0,) * levels, {})


def settle(standing: Standing, now: float) -> Standing:
    """Announced warnings whose hour has come become active; lifted ones are gone."""
    level, lifts_at, next_level, next_at = standing
    begun = union([plane for hour, plane in next_at.items() if hour <= now])
    moves = union([plane for hour, plane in lifts_at.items() if hour <= now]) | begun
    if not moves:
        return standing
    return Standing(
        tuple([but(had, moves) | (new & begun) for had, new in zip(level, next_level, strict=True)]),
        _without(lifts_at, moves), tuple([but(new, begun) for new in next_level]), _without(next_at, begun))


class Decided(NamedTuple):
    """One kind of decision of one issue, for one hour at which it takes effect. series : plane. level : planes by level, lowest
    first: the new level, of a lift or cancel the one that ends, is this one or a higher one. issued : hour of the issue."""

    kind: str
    series: int
    level: tuple[int, ...]
    effective: float
    issued: int


@dataclass(frozen=True)
class Terms:
    """The response keys that decisions use: hours of notice, hours of paper, whether a level may be lowered, hours
    from one issue to the next."""

    lead_hours: float = 24
    paper_hours: float = 4
    downgrade: bool = False
    interval_h: int = 24


def days_looked_at(terms: Terms, hold_days: int) -> int:
    """How many days ahead an episode must begin for an issue to decide anything on it: one that begins later is neither due
    nor near."""
    return max(hold_days, math.ceil((23 + terms.lead_hours + terms.interval_h) / 24) - 1)


def decide(standing: Standing, sight: Sight, now: int, hold_days: int, terms: Terms) -> tuple[Standing, list[Decided]]:
    """Decisions of one issue, in the order in which they are taken, and the warnings as they stand after them.

    now : hour of the issue. hold_days : how many days ahead a lift looks at. Lift, upgrade, downgrade for the active
    warning; issue, cancel, advance, upgrade for the announced one. Source: model, section 4.
    """
    level, lifts_at, next_level, next_at = standing
    if not (sight.reaches[0] or level[0] or next_level[0]):
        return standing, []
    soonest, tomorrow = now + terms.paper_hours, 24 * (now // 24 + 1)
    decisions: list[Decided] = []

    def begin(day: int) -> float:
        return max(24 * (now // 24 + day), soonest) if day else soonest

    def note(kind: str, series: int, to: tuple[int, ...], effective: float) -> None:
        if series:
            decisions.append(Decided(kind, series, to, effective, now))

    lifting = union(lifts_at.values())
    holding = but(level[0], lifting)
    if holding:
        lift = but(holding, sight.hold_over)
        if lift:
            at = {max(tomorrow, soonest): lift & sight.today_over}
            at[soonest] = at.get(soonest, 0) | but(lift, sight.today_over)
            for hour, series in at.items():
                note("lift", series, level, hour)
            lifts_at, lifting, holding = _with(lifts_at, at), lifting | lift, but(holding, lift)
        higher = holding & _above(sight.reaches, level)
        raised = 0
        for day, series in enumerate(sight.begins[: hold_days + 1]) if higher else ():
            note("upgrade", higher & series, sight.reaches, begin(day))
            raised |= higher & series
        lower, lowered = level, 0
        if terms.downgrade:
            runs = [runs & had for runs, had in zip(sight.running, level, strict=True)]
            lower = tuple(union(runs[place:]) for place in range(len(runs)))
            lowered = but(holding, raised) & lower[0] & _above(level, lower)
            note("downgrade", lowered, lower, max(tomorrow, soonest))
        if raised or lowered:
            level = tuple(but(had, raised | lowered) | (up & raised) | (down & lowered)
                          for had, up, down in zip(level, sight.reaches, lower, strict=True))

    announced = next_level[0]
    due: dict[float, int] = {}
    for day, series in enumerate(sight.begins):
        if series and (day == 0 or 24 * (now // 24 + day) - now < terms.lead_hours + terms.interval_h):
            waits, first = series & lifting, begin(day)
            for hour, ends in lifts_at.items() if waits else ():  # a new warning begins when the one before it has ended
                if waits & ends:
                    due[max(first, hour)] = due.get(max(first, hour), 0) | (waits & ends)
            free = but(series, level[0])
            if free:
                due[first] = due.get(first, 0) | free
    any_due = union(due.values())
    if not (any_due or announced):
        return Standing(level, lifts_at, next_level, next_at), decisions
    new = but(any_due, announced)
    for hour, series in due.items():
        note("issue", series & new, sight.reaches, hour)
    cancel = but(but(announced, any_due), but(level[0], lifting))
    note("cancel", cancel, next_level, now)
    again = announced & any_due
    earlier = {hour: union([series & told for told_for, told in next_at.items() if hour < told_for])
               for hour, series in due.items()} if again else {}
    advance = union(earlier.values())
    if advance:
        higher_of_both = tuple([new_level | had for new_level, had in zip(sight.reaches, next_level, strict=True)])
        for hour, series in earlier.items():
            note("advance", series, higher_of_both, hour)
    raised = but(again, advance) & _above(sight.reaches, next_level)
    for hour, series in next_at.items() if raised else ():
        note("upgrade", raised & series, sight.reaches, max(soonest, hour))
    if not (new or cancel or raised or advance):
        return Standing(level, lifts_at, next_level, next_at), decisions
    moved = {hour: (series & new) | earlier.get(hour, 0) for hour, series in due.items()}
    next_at = _with(_without(next_at, cancel | advance), moved)
    takes = new | raised | advance
    next_level = tuple([but(had, cancel) | (up & takes) for had, up in zip(next_level, sight.reaches, strict=True)])
    return Standing(level, lifts_at, next_level, next_at), decisions


def _above(one: Iterable[int], other: Iterable[int]) -> int:
    """Where the first level is higher than the second."""
    found = 0
    for high, low in zip(one, other, strict=True):
        found |= but(high, low)
    return found


def _without(hours: Hours, gone: int) -> Hours:
    return {hour: left for hour, plane in hours.items() if (left := but(plane, gone))} if gone else hours


def _with(hours: Hours, more: Hours) -> Hours:
    made = hours.copy()
    for hour, plane in more.items():
        if plane:
            made[hour] = made.get(hour, 0) | plane
    return made


# ---------------------------------------------------------------- order of the levels


def easier_above(criteria: dict[str, tuple[Criterion, ...]], *, merges: bool, lift_hours: float) -> list[tuple]:
    """Criteria of a level that can hold where the level below holds none: an orange easier to reach than yellow.

    Returns (upper level, number of its criterion, lower level). Each criterion is tried on the shortest series that
    meets it.
    """
    used = [level for level in Level if level and criteria.get(level.name)]
    found = []
    for lower, upper in zip(used, used[1:], strict=False):
        rules = compile_rules({lower.name: criteria[lower.name]}, merges=merges, lift_hours=lift_hours)
        for number, criterion in enumerate(criteria[upper.name]):
            peak_days = criterion.within_days if criterion.within_over is not None else 0
            shortest = [math.floor(criterion.exceeds) + 1.0] * max(criterion.days, peak_days)
            shortest[:peak_days] = [math.floor(criterion.within_over or 0) + 1.0] * peak_days
            if level_of_days(shortest, rules) is Level.none:
                found.append((upper, number, lower))
    return found
