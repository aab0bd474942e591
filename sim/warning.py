"""The warning machine (model, section 4): from what an issue shows to decisions, as pure functions over arrays.

Axis: k = a city of a member (any number of them side by side).
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.episodes import Outlook, compile_rules, level_of_days
from sim.rulebook import Criterion
from sim.vocab import Level

NEVER = np.iinfo(np.int64).max


# ---------------------------------------------------------------- decisions


class Standing(NamedTuple):
    """Warnings as they stand. level, number : int64[k], decided level and number of the active warning, 0 if none.
    lifts_at : int64[k], hour at which it was told to lift, NEVER if not. next_level, next_number, next_at : the
    announced warning, 0 if none. issued : int64[k], warnings issued so far.
    """

    level: np.ndarray
    number: np.ndarray
    lifts_at: np.ndarray
    next_level: np.ndarray
    next_number: np.ndarray
    next_at: np.ndarray
    issued: np.ndarray


def nothing_standing(size: int) -> Standing:
    none, never = np.zeros(size, int), np.full(size, NEVER)
    return Standing(none, none, never, none, none, never, none)


def settle(standing: Standing, now: int) -> Standing:
    """Announced warnings whose hour has come become active; lifted ones are gone."""
    some = np.flatnonzero((standing.next_at <= now) | (standing.lifts_at <= now))
    if not len(some):
        return standing
    begins = standing.next_at[some] <= now
    made = Standing(*(column.copy() for column in standing))
    made.level[some] = np.where(begins, standing.next_level[some], 0)
    made.number[some] = np.where(begins, standing.next_number[some], 0)
    made.lifts_at[some] = NEVER
    for column, none in ((made.next_level, 0), (made.next_number, 0), (made.next_at, NEVER)):
        column[some[begins]] = none
    return made


class Decision(NamedTuple):
    """One kind of decision for some of the series. series : int64[m], which ones; level, effective, number : int64[m],
    number of the warning it is about."""

    kind: str
    series: np.ndarray
    level: np.ndarray
    effective: np.ndarray
    number: np.ndarray


@dataclass(frozen=True)
class Terms:
    """The response keys that decisions use: hours of notice, hours of paper, whether a level may be lowered, hours
    from one issue to the next."""

    lead_hours: float = 24
    paper_hours: float = 4
    downgrade: bool = False
    interval_h: int = 24


def days_looked_at(terms: Terms, hold_days: int) -> int:
    """How many days ahead an episode must have a day above T0 for an issue to decide anything on it.

    One that begins later is neither due nor near, and one that has begun goes on within the days that a lift looks at.
    """
    return max(hold_days, math.ceil((23 + terms.lead_hours + terms.interval_h) / 24) - 1)


def decide(standing: Standing, outlook: Outlook, today: int, now: int, hold_days: int,
           terms: Terms) -> tuple[Standing, list[Decision]]:
    """Decisions of one issue, in the order in which they are taken, and the warnings as they stand after them.

    now : hour of the issue. hold_days : how many days ahead a lift looks at. Lift, upgrade, downgrade for the active
    warning; issue, cancel, advance, upgrade for the announced one. Source: model, section 4.
    """
    if not (outlook.level.any() or standing.level.any() or standing.next_level.any()):
        return standing, []
    holding = (standing.level > 0) & (standing.lifts_at == NEVER)
    due = (outlook.level > 0) & (24 * outlook.start - now < terms.lead_hours + terms.interval_h)
    moves = ~outlook.hold_over
    if terms.downgrade:
        moves = np.ones_like(holding)
    else:
        moves = moves | ((outlook.level > standing.level) & (outlook.start <= today + hold_days))
    busy = np.flatnonzero(np.where(holding, moves, due | (standing.next_level > 0)))  # the others have nothing to decide
    if not len(busy):
        return standing, []
    some, decisions = _decide(Standing(*(column[busy] for column in standing)), outlook.of(busy), busy, today, now, hold_days,
                              terms)
    made = Standing(*(column.copy() for column in standing))
    for column, part in zip(made, some, strict=True):
        column[busy] = part
    return made, decisions


def _decide(standing: Standing, outlook: Outlook, series: np.ndarray, today: int, now: int, hold_days: int,
            terms: Terms) -> tuple[Standing, list[Decision]]:
    """Decisions of the series that have something to decide, int64[m]."""
    level, number, lifts_at, next_level, next_number, next_at, issued = standing
    soonest = now + terms.paper_hours
    tomorrow = 24 * (today + 1)
    begins = 24 * outlook.start
    decisions: list[Decision] = []

    def note(kind: str, which: np.ndarray, to: np.ndarray, effective: np.ndarray, about: np.ndarray) -> None:
        some = which.nonzero()[0]
        if len(some):
            decisions.append(Decision(kind, series[some], to[some], effective[some], about[some]))

    holding = (level > 0) & (lifts_at == NEVER)
    lift = holding & ~outlook.hold_over
    lift_hour = np.where(outlook.today_over, max(tomorrow, soonest), soonest)
    note("lift", lift, level, lift_hour, number)
    near = outlook.start <= today + hold_days
    upgrade = holding & ~lift & near & (outlook.level > level)
    note("upgrade", upgrade, outlook.level, np.maximum(begins, soonest), number)
    lower = level
    if terms.downgrade:
        lower = np.zeros_like(level)
        for lv, running in outlook.running.items():  # ascending levels
            lower = np.where(running & (int(lv) <= level), int(lv), lower)
    lowered = holding & ~lift & ~upgrade & (lower < level) & (lower > 0)
    note("downgrade", lowered, lower, np.full(level.shape, max(tomorrow, soonest)), number)
    lifts_at = np.where(lift, lift_hour, lifts_at)
    level = np.where(upgrade, outlook.level, np.where(lowered, lower, level))

    open_ = (level == 0) | (lifts_at != NEVER)
    due = open_ & (outlook.level > 0) & (begins - now < terms.lead_hours + terms.interval_h)
    hour = np.maximum(begins, soonest)
    hour = np.maximum(hour, np.where(level > 0, np.where(lifts_at == NEVER, 0, lifts_at), 0))
    announced = next_level > 0
    issue = due & ~announced
    issued = issued + issue
    next_number = np.where(issue, issued, next_number)
    note("issue", issue, outlook.level, hour, next_number)
    cancel = open_ & announced & ~due
    note("cancel", cancel, next_level, np.full(level.shape, now), next_number)
    advance = due & announced & (hour < next_at)
    higher = np.maximum(next_level, outlook.level)
    note("advance", advance, higher, hour, next_number)
    raised = due & announced & ~advance & (outlook.level > next_level)
    note("upgrade", raised, outlook.level, np.maximum(soonest, np.where(announced, next_at, 0)), next_number)
    next_at = np.where(cancel, NEVER, np.where(issue | advance, hour, next_at))
    next_level = np.where(cancel, 0, np.where(issue | raised, outlook.level, np.where(advance, higher, next_level)))
    next_number = np.where(cancel, 0, next_number)
    return Standing(level, number, lifts_at, next_level, next_number, next_at, issued), decisions


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
