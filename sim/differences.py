"""The policy diff: which clauses of two runs differ, and what each of them moved.

The differences are switched one at a time from the first run to the second, always in this order: the criteria of blue,
yellow, orange, red; the trigger index; the merging of episodes; then what is asked of the lines, by industry (in the
order of the table of industries) and control class. So the parts add up to the whole, whatever the clauses do to each
other: a difference is credited with what it moves on top of those before it.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sim import tables, wording
from sim.accounts import Account
from sim.episodes import compile_rules
from sim.experiment import Run, accounts_of, run_world
from sim.industries import industries
from sim.labels import text
from sim.reading import World
from sim.response import level_hours
from sim.rulebook import Criterion
from sim.vocab import ASKING_LEVELS, WARNING_LEVELS, Control, Level, Pollutant

MOVED = ["warning_days", *(f"hours_{level.name}" for level in WARNING_LEVELS), "lines",
         *(f"avoided_{p}_kg" for p in Pollutant), "curtailed_value_cny"]
COLUMNS = ["run", "member", "against", "step", "kind", "difference", "rule_from", "rule_to", "clause_from", "clause_to",
           *MOVED]
NEVER = Criterion(over=1000, hours=24)
"""Stands in while a half-way house between two editions has no criterion at any level."""
POLICY_KEYS = ("rules", "criteria", "grading")


@dataclass(frozen=True)
class Difference:
    """One difference between two runs. kind : criteria, trigger, merging or rows. rule, clause : what each run says,
    and where that stands."""

    kind: str
    name: str
    rule: tuple[str, str]
    clause: tuple[str, str]


def elsewhere(first: Run, other: Run) -> list[str]:
    """Keys in which two runs differ beside edition, criteria and grading policy: then no policy diff is made."""
    one, two = (_plain(run.world) for run in (first, other))
    return sorted(key for key in one.keys() | two.keys() if one.get(key) != two.get(key))


def _plain(world: World) -> dict:
    """A run's settings without its policies and words; files by where they lie."""
    plain = world.settings.model_dump(exclude={"title", "note", *POLICY_KEYS})
    folder = world.run.file.parent
    for place, key in [(plain["forecast"], "path"), *((city, key) for city in plain["cities"].values()
                                                      for key in ("observed", "enterprises", "other_sources"))]:
        if isinstance(place.get(key), str):  # a file; generated winters stand as they are
            place[key] = os.path.realpath(folder / place[key].replace("\\", "/"))
    return plain


def differences(first: Run, other: Run, lang: str) -> pd.DataFrame:
    """One row per member and difference, in the order switched: both clauses and what the difference moved.

    `lines` counts the lines whose lost hours or kilograms it changed; all other figures are other minus first, over all
    cities. Empty where the runs differ elsewhere, or not at all.
    """
    steps = [] if elsewhere(first, other) else list(_steps(first, other, lang))
    rows = []
    for m, member in enumerate(first.world.members):
        for number, (difference, before, after, lines) in enumerate(steps, start=1):
            rows.append({"run": other.world.run.name, "member": member, "against": first.world.run.name, "step": number,
                         "kind": difference.kind, "difference": difference.name,
                         "rule_from": difference.rule[0], "rule_to": difference.rule[1],
                         "clause_from": difference.clause[0], "clause_to": difference.clause[1],
                         **_moved(before, after, m, lines)})
    return pd.DataFrame(rows, columns=COLUMNS)


def _steps(first: Run, other: Run, lang: str) -> Iterator[tuple[Difference, Run, Run, np.ndarray | None]]:
    """Every difference with the run before and after it; for rows also the lines it is about, bool[n]."""
    house, here = list(_edition_differences(first.world, other.world, lang)), first
    same_lines = _same_asked(first.world, other.world)
    for number, (difference, world) in enumerate(house, start=1):
        if number < len(house):
            after = run_world(world)
        elif same_lines:
            after = other
        else:  # the other run's warnings, answered by the first run's policy
            world = replace(other.world, choice=first.world.choice, phases=first.world.phases)
            after = Run(world, other.ledger, accounts_of(world, other.ledger, other.classes), other.classes)
        yield difference, here, after, None
        here = after
    if not same_lines:
        for difference, lines in _row_differences(first.world, other.world, lang):
            yield difference, here, other, lines


# ---------------------------------------------------------------- editions


def _edition_differences(first: World, other: World, lang: str) -> Iterator[tuple[Difference, World]]:
    """Differences of two editions, each with the world in which it and those before it are switched."""
    criteria, merges = dict(first.settings.criteria), first.edition.merges
    here = first
    for level in WARNING_LEVELS:
        pair = [world.settings.criteria.get(level.name, ()) for world in (first, other)]
        if pair[0] != pair[1]:
            criteria[level.name] = pair[1]
            here = replace(here, rules=_rules(criteria, first, merges=merges))
            yield Difference("criteria", text(f"level.{level.name}", lang),
                             _both(_criteria_text(rows, lang) for rows in pair),
                             _both(_criteria_clause(world, level, lang) for world in (first, other))), here
    if first.edition.trigger != other.edition.trigger:
        here = replace(here, index=other.index, weather=other.weather)
        said = [text(f"trigger.{world.edition.trigger}", lang) for world in (first, other)]
        yield _of_editions("trigger", text("compare.diff.trigger", lang), said, first, other, lang), here
    if merges != other.edition.merges:
        here = replace(here, rules=_rules(criteria, first, merges=other.edition.merges))
        said = [text("cli.merges" if world.edition.merges else "cli.no_merges", lang) for world in (first, other)]
        yield _of_editions("merging", text("compare.diff.merging", lang), said, first, other, lang), here


def _of_editions(kind: str, name: str, rules: list[str], first: World, other: World, lang: str) -> Difference:
    return Difference(kind, name, _both(rules),
                      _both(wording.edition_document(world.edition, lang) for world in (first, other)))


def _rules(criteria: dict, world: World, *, merges: bool):  # noqa: ANN202
    known = criteria if any(criteria.values()) else {Level.red.name: (NEVER,)}
    return compile_rules(known, merges=merges, lift_hours=world.settings.response.lift_hours, counted=world.rules.counted)


def _criteria_text(rows: tuple[Criterion, ...], lang: str) -> str:
    return text("compare.diff.or", lang).join(wording.criterion_text(row, lang) for row in rows) or \
        text("compare.diff.none", lang)


def _criteria_clause(world: World, level: Level, lang: str) -> str:
    rows, replaced = world.settings.criteria.get(level.name, ()), level.name in world.run.criteria_replaced
    return "; ".join(dict.fromkeys(wording.level_clause(world.edition, level, row, replaced=replaced, lang=lang)
                                   for row in rows)) or wording.edition_document(world.edition, lang)


# ---------------------------------------------------------------- policies


def _same_asked(first: World, other: World) -> bool:
    return not first.phases or not other.phases or not _differing(first, other).any()


def _differing(first: World, other: World) -> np.ndarray:
    """At which level which line is asked another share in some phase: bool[3, n]. Runs that differ in their policies only
    have the same phases."""
    pairs = [(one.asked, two.asked) for one, two in zip(first.phases, other.phases, strict=True)]
    return np.logical_or.reduce([~np.isclose(one.share_of(p), two.share_of(p), rtol=0, atol=1e-12)
                                 for one, two in pairs for p in Pollutant] + [one.output != two.output for one, two in pairs])


def _row_differences(first: World, other: World, lang: str) -> Iterator[tuple[Difference, np.ndarray]]:
    """Groups of lines, by industry and control class, that the two policies ask something else; all lines of each."""
    people = first.population
    assert people
    differing = _differing(first, other)
    known = list(industries())
    order = np.array([known.index(key) if key in known else len(known) for key in people.industries])
    group = order[people.industry] * len(Control) + people.control
    for code in np.unique(group[differing.any(axis=0)]):
        industry, control = divmod(int(code), len(Control))
        lines = group == code
        asked = differing & lines
        name = industries()[known[industry]].name[lang]
        if list(Control)[control] is not Control.NORMAL:
            name += f" ({text(f'control.{list(Control)[control].value}', lang)})"
        yield Difference("rows", name, _both(_shares_text(world, asked, lang) for world in (first, other)),
                         _both(_rows_clause(world, asked, lang) for world in (first, other))), lines


def _shares_text(world: World, lines: np.ndarray, lang: str) -> str:
    """Shares of output that a policy asks of some lines: smallest and largest, level by level. lines : bool[3, n]."""
    parts = []
    for at, level in enumerate(ASKING_LEVELS):
        share = np.concatenate([phase.asked.output[at, lines[at]] for phase in world.phases])
        if len(share):
            ends = dict.fromkeys(wording.percent(value) for value in (share.min(), share.max()))
            parts.append(f"{text(f'level.{level.name}', lang)} {'–'.join(ends)}")
    return (", " if lang == "en" else "，").join(parts)


def _rows_clause(world: World, lines: np.ndarray, lang: str) -> str:
    """Documents and clauses of the rows that a policy holds for some lines, each once."""
    rows = [phase.asked.rows[row] for phase in world.phases for row in np.unique(phase.asked.row[lines])]
    return "; ".join(dict.fromkeys(wording.row_clause(row, lang) for row in rows))


# ---------------------------------------------------------------- what a difference moved


def _moved(before: Run, after: Run, member: int, lines: np.ndarray | None) -> dict[str, float]:
    """After minus before, of one member; for differing rows only the lines that they are about."""
    if before.accounts and after.accounts:
        pair = [_by_line(run.accounts[member], lines) for run in (before, after) if run.accounts]
        change = pair[1] - pair[0]
        sums = {"lines": int((np.abs(change) > 1e-9).any(axis=0).sum())}
        sums |= dict(zip([f"avoided_{p}_kg" for p in Pollutant], change[1:-1].sum(axis=1).tolist(), strict=True))
        sums["curtailed_value_cny"] = float(change[-1].sum())
    else:
        sums = {}
    if lines is not None:  # what is asked of lines moves no warning
        return dict.fromkeys(MOVED, 0) | sums
    days = [_warning_days(run, member) for run in (before, after)]
    hours = [_hours(run, member) for run in (before, after)]
    return {"warning_days": days[1] - days[0]} | {
        f"hours_{level.name}": float(hours[1][at] - hours[0][at]) for at, level in enumerate(WARNING_LEVELS)} | sums


def _by_line(account: Account, lines: np.ndarray | None) -> np.ndarray:
    """Lost hours, kilograms by pollutant and value of each line: float64[6, n]."""
    figures = np.stack([account.hours_lost, *(account.avoided_kg(p) for p in Pollutant), account.curtailed_value_cny])
    return figures if lines is None else figures[:, lines]


def _warning_days(run: Run, member: int) -> int:
    """City-days with a warning in force."""
    table = tables.days(run)
    return int(((table["warning_level"] != "none") & (table["member"] == run.world.members[member])).sum())


def _hours(run: Run, member: int) -> np.ndarray:
    """Hours of response by level over all cities, float64[4]."""
    world, cities = run.world, len(run.world.cities)
    hours = level_hours(run.ledger.timeline, len(world.members) * cities, run.ledger.hours, world.settings.response.escalate)
    return hours.reshape(len(world.members), cities, -1)[member].sum(axis=0)


def _both(pair) -> tuple[str, str]:  # noqa: ANN001
    first, second = pair
    return first, second
