"""The warning machine (model, section 4) as pure functions over arrays: one city or a thousand members, same code.

Axes: k = a city of a member (any number of them side by side), c = a criterion of the edition in force.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sim.rulebook import Criterion
from sim.vocab import Level

NEVER = np.iinfo(np.int64).max

COLUMNS = 60_000
"""Columns looked at together: enough to forget the cost of a call, few enough to stay in the cache."""


@dataclass(frozen=True)
class Rules:
    """An edition's criteria as columns, ready for arrays: one row per criterion, lowest level first.

    exceeds, within : float64[c, 1], a day counts when its index is greater. days, within_days : int64[c, 1].
    bridged : bool[c, 1], gap days of an episode neither break the run nor count. level : int8[c].
    lowest : the threshold T0 whose excess makes an episode. longest_gap_days : gaps up to this length are bridged.
    counted : an outlook counts its episodes of this level or above, None where nobody asks.
    """

    criteria: tuple[tuple[Level, int, Criterion], ...]
    lowest: float
    longest_gap_days: int
    hold_days: int
    exceeds: np.ndarray
    within: np.ndarray
    days: np.ndarray
    within_days: np.ndarray
    bridged: np.ndarray
    level: np.ndarray
    counted: Level | None = None

    @property
    def own_threshold(self) -> dict[Level, float]:
        """Lowest value of each level that a day must exceed: what a downgrade looks at."""
        own: dict[Level, float] = {}
        for level, _, criterion in self.criteria:
            own[level] = min(own.get(level, math.inf), criterion.exceeds)
        return own


def compile_rules(criteria: dict[str, tuple[Criterion, ...]], *, merges: bool, lift_hours: float,
                  counted: Level | None = None) -> Rules:
    """Criteria by level name as Rules. Raises ValueError when no level has a criterion. Source: model, section 4."""
    rows = tuple((level, number, criterion) for level in Level if level
                 for number, criterion in enumerate(criteria.get(level.name, ())))
    if not rows:
        raise ValueError("no criterion at any level")
    lowest = min(criterion.threshold for _, _, criterion in rows)
    column = {
        "exceeds": [c.exceeds for _, _, c in rows],
        "within": [-math.inf if c.within_over is None else c.within_over for _, _, c in rows],
        "days": [c.days for _, _, c in rows],
        "within_days": [c.within_days for _, _, c in rows],
        "bridged": [merges and c.over == lowest for _, _, c in rows],
    }
    return Rules(
        criteria=rows, counted=counted, lowest=lowest, hold_days=math.ceil(lift_hours / 24),
        longest_gap_days=math.ceil(lift_hours / 24) - 1 if merges else 0,  # 24 x gap < lift_hours
        level=np.array([int(level) for level, _, _ in rows], np.int8),
        **{name: np.array(values, np.int16 if "days" in name else None)[:, None] for name, values in column.items()},
    )


# ---------------------------------------------------------------- episodes


class Episode(NamedTuple):
    """The episode that each series is in, as far as it has been read.

    start : int16[k], its first day, -1 outside an episode. gap : int16[k], clean days since its last day above T0.
    run, inner : int16[c, k], length of the current run above the criterion's thresholds. inner_ok : bool[c, k], the
    inner run was long enough. held : bool[c, k], the criterion has held in this episode.
    """

    start: np.ndarray
    gap: np.ndarray
    run: np.ndarray
    inner: np.ndarray
    inner_ok: np.ndarray
    held: np.ndarray


def no_episode(rules: Rules, size: int) -> Episode:
    """No series is in an episode. Days are counted in int16: a period is at most ten years."""
    shape = (len(rules.level), size)
    return Episode(np.full(size, -1, np.int16), np.zeros(size, np.int16), np.zeros(shape, np.int16),
                   np.zeros(shape, np.int16), np.zeros(shape, bool), np.zeros(shape, bool))


def read_day(episode: Episode, day: int | np.ndarray, index: np.ndarray, rules: Rules) -> Episode:
    """The episode after one more day. day : int or int64[k]; index : float64[k], the day's index, observed or forecast."""
    over = index > rules.lowest
    if not (over.any() or (episode.start >= 0).any()):  # nothing is open, nothing begins
        return episode
    gap = np.where(over, np.int16(0), episode.gap + np.int16(1))
    closed = gap > rules.longest_gap_days
    begun = np.where(over & (episode.start < 0), np.asarray(day, np.int16), episode.start)
    start = np.where(closed, np.int16(-1), begun)
    open_ = ~closed
    hit = over & (index > rules.exceeds)
    keeps = hit | rules.bridged
    run = np.where(keeps & open_, episode.run + hit, np.int16(0))
    inner = np.where(hit & (index > rules.within), episode.inner + np.int16(1), np.int16(0))
    inner_ok = ((episode.inner_ok & keeps) | (inner >= rules.within_days)) & open_
    held = (episode.held | ((run >= rules.days) & inner_ok)) & open_
    return Episode(start, gap, run, inner, inner_ok, held)


def level_held(held: np.ndarray, rules: Rules) -> tuple[np.ndarray, np.ndarray]:
    """Highest level with a criterion that holds, and that criterion. held : bool[c, k] -> int64[k], int64[k]."""
    ranked = held * rules.level[:, None]
    best = ranked.argmax(axis=0)
    return ranked[best, np.arange(held.shape[1])], best


def level_of_days(index_by_day: list[float], rules: Rules) -> Level:
    """Highest level that any episode of a series reaches: what a rule case states."""
    episode, highest = no_episode(rules, 1), 0
    for day, index in enumerate(index_by_day):
        episode = read_day(episode, day, np.array([index]), rules)
        highest = max(highest, int(level_held(episode.held, rules)[0][0]))
    return Level(highest)


class Outlook(NamedTuple):
    """What an issue shows: the episode ahead, and what lifting and lowering look at.

    level : int64[k], level of the first episode with a day after today, 0 if none. start, end : int64[k], its first
    day and its last day above T0. criterion : int64[k], which criterion gives the level. episodes : int64[k], how many
    episodes ahead reach the level that `Rules.counted` names. today_over, hold_over : bool[k], today, or one of the next
    `hold_days`, is above T0. running : bool[k] by level, the level's own threshold is exceeded
    today or on one of those days.
    """

    level: np.ndarray
    start: np.ndarray
    end: np.ndarray
    criterion: np.ndarray
    episodes: np.ndarray
    today_over: np.ndarray
    hold_over: np.ndarray
    running: dict[Level, np.ndarray]


def look_ahead(episode: Episode, today: int | np.ndarray, observed: np.ndarray, forecast: np.ndarray,
               rules: Rules) -> Outlook:
    """Read the forecast days on from today. today : int or int64[k]; observed : float64[k], today's index; forecast :
    float64[lead, k]."""
    size = len(observed)
    level, start, end, criterion = (np.zeros(size, int), np.full(size, -1), np.full(size, -1), np.zeros(size, int))
    ahead = np.zeros(size, bool)  # the current episode has a day after today
    episodes, told = np.zeros(size, int), np.full(size, -1)  # told : first day of the episode counted last
    for lead, index in enumerate(forecast, start=1):
        before = episode.start
        episode = read_day(episode, today + lead, index, rules)
        over = index > rules.lowest
        ahead = (ahead & (episode.start == before) | over) & (episode.start >= 0)
        held_level, held_by = level_held(episode.held, rules)
        found = ahead & (held_level > 0) & ((level == 0) | (start == episode.start))
        level = np.where(found, held_level, level)
        criterion = np.where(found, held_by, criterion)
        start = np.where(found, episode.start, start)
        end = np.where(found & over, today + lead, end)
        if rules.counted is not None:
            another = ahead & (held_level >= rules.counted) & (told != episode.start)
            episodes, told = episodes + another, np.where(another, episode.start, told)
    near = forecast[: rules.hold_days]
    near_or_today = np.concatenate([observed[None], near])
    return Outlook(level, start, end, criterion, episodes, observed > rules.lowest, (near > rules.lowest).any(axis=0),
                   {lv: (near_or_today > t).any(axis=0) for lv, t in rules.own_threshold.items()})


def outlooks(observed: np.ndarray, forecast: Callable[[int], np.ndarray], rules: Rules) -> Iterator[Outlook]:
    """The outlook of each issue, every day behind it counted. observed : float64[day, k]; forecast : see `forecast`.

    Issues are looked at many at a time: they are one more stretch of the axis k.
    """
    days, size = observed.shape
    episode = no_episode(rules, size)
    at_once = max(1, COLUMNS // size)
    for first in range(0, days, at_once):
        issues = range(first, min(first + at_once, days))
        behind = []
        for today in issues:
            episode = read_day(episode, today, observed[today], rules)
            behind.append(episode)
        seen = look_ahead(Episode(*(np.concatenate(part, axis=-1) for part in zip(*behind, strict=True))),
                          np.repeat(np.array(issues, np.int16), size), observed[first: first + len(issues)].ravel(),
                          np.concatenate([forecast(today) for today in issues], axis=1), rules)
        for place in range(len(issues)):
            mine = slice(place * size, (place + 1) * size)
            yield Outlook(*(part[mine] for part in seen[:-1]),
                          {level: part[mine] for level, part in seen.running.items()})


def without_closed_days(outlook: Outlook, closed_through: np.ndarray, today: int, observed: np.ndarray,
                        forecast: np.ndarray, rules: Rules) -> Outlook:
    """The outlook where days up to a lift count for no later warning. closed_through : int64[k], last such day.

    Only an episode that began on a closed day is looked at anew: a forecast that said clean days was wrong.
    """
    which = np.flatnonzero((outlook.level > 0) & (outlook.start <= closed_through))
    if not len(which):
        return outlook
    closed, episode = closed_through[which], no_episode(rules, len(which))
    for day in range(int(closed.min()) + 1, today + 1):
        episode = read_day(episode, day, np.where(day > closed, observed[day, which], -np.inf), rules)
    anew = look_ahead(episode, today, observed[today, which], forecast[:, which], rules)
    about = Outlook._fields[:5]  # what is known of the episodes; what lifting looks at stays as it is
    parts = {name: getattr(outlook, name).copy() for name in about}
    for name, part in parts.items():
        part[which] = getattr(anew, name)
    return outlook._replace(**parts)


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
    begins = standing.next_at <= now
    gone = (standing.lifts_at <= now) & ~begins
    if not (begins.any() or gone.any()):
        return standing
    return Standing(
        np.where(begins, standing.next_level, np.where(gone, 0, standing.level)),
        np.where(begins, standing.next_number, np.where(gone, 0, standing.number)),
        np.where(begins | gone, NEVER, standing.lifts_at),
        np.where(begins, 0, standing.next_level),
        np.where(begins, 0, standing.next_number),
        np.where(begins, NEVER, standing.next_at),
        standing.issued,
    )


class Decision(NamedTuple):
    """One kind of decision for some of the series. which : bool[k]; level, effective, number : int64[k], number of the
    warning it is about."""

    kind: str
    which: np.ndarray
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


def decide(standing: Standing, outlook: Outlook, today: int, now: int, rules: Rules,
           terms: Terms) -> tuple[Standing, list[Decision]]:
    """Decisions of one issue, in the order in which they are taken, and the warnings as they stand after them.

    now : hour of the issue. Lift, upgrade, downgrade for the active warning; issue, cancel, advance, upgrade for the
    announced one. Source: model, section 4.
    """
    if not (standing.level.any() or standing.next_level.any() or outlook.level.any()):
        return standing, []
    level, number, lifts_at, next_level, next_number, next_at, issued = standing
    soonest = now + terms.paper_hours
    tomorrow = 24 * (today + 1)
    begins = 24 * outlook.start
    decisions: list[Decision] = []

    def note(kind: str, which: np.ndarray, to: np.ndarray, effective: np.ndarray, about: np.ndarray) -> None:
        if which.any():
            decisions.append(Decision(kind, which, to, effective, about))

    holding = (level > 0) & (lifts_at == NEVER)
    lift = holding & ~outlook.hold_over
    lift_hour = np.where(outlook.today_over, max(tomorrow, soonest), soonest)
    note("lift", lift, level, lift_hour, number)
    near = outlook.start <= today + rules.hold_days
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
