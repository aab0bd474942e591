"""Target tables of official documents as data, and what a scenario asks of them: read, checked, resolved to rows."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import model_validator
from pydantic_core import PydanticCustomError

from sim import labels
from sim.aqi import SPECIES
from sim.clock import Calendar
from sim.errors import Findings
from sim.files import DATA, Tree, parse_yaml, records
from sim.rulebook import Words
from sim.schema import Frozen, build
from sim.targets import QUANTITIES, QuantityName, months_of, spans
from sim.vocab import Basis

YEAR_BEFORE = "year-before"
"""A limit in a table: the value of the same months a year earlier."""


@dataclass(frozen=True)
class Target:
    """One row: what an area is to reach in some months.

    of : key of the city that the area belongs to. relation : "" where the document sets no number (shown, not judged).
    limit : NaN then, and where `year_before` says that it is the value of the same months a year earlier.
    """

    table: str
    of: str
    area: str
    name: dict[str, str]
    kind: str
    target: str
    months: str
    relation: str
    limit: float
    year_before: bool
    document: str
    clause: dict[str, str]
    basis: Basis
    note: dict[str, str]


class TableHead(Frozen):
    """The head of a target table: its document, the city its areas belong to, the months it was set for."""

    id: str
    title: Words
    document: str
    of: str
    stated_for: Words
    notes: tuple[Words, ...] = ()


def table_names() -> list[str]:
    """Target tables by name."""
    return sorted(folder.name for folder in (DATA / "targets").iterdir() if folder.is_dir())


@cache
def head(name: str) -> TableHead:
    """The head of a target table. Raises InputError for a faulty sheet."""
    findings, file = Findings(), f"targets/{name}/table.yaml"
    tree = parse_yaml(DATA.joinpath(file).read_text(encoding="utf-8"), file, findings)
    built = build(TableHead, tree, file, findings) if tree else None
    findings.raise_errors()
    assert built
    return built


@cache
def rows(name: str) -> tuple[Target, ...]:
    """The rows of a target table, each with its clause."""
    both = labels.LANGUAGES
    return tuple(
        Target(name, head(name).of, row["area"], {lang: row[lang] for lang in both}, row["kind"], row["target"],
               row["months"], row["relation"],
               float(row["limit"]) if row["limit"] not in ("", YEAR_BEFORE) else np.nan, row["limit"] == YEAR_BEFORE,
               head(name).document, {lang: row[f"clause_{lang}"] for lang in both}, Basis(row["basis"]),
               {lang: row[f"note_{lang}"] for lang in both})
        for row in records(f"targets/{name}/targets.csv"))


# ---------------------------------------------------------------- what a scenario asks for


class TargetChoice(Frozen):
    """One item of a scenario's `targets`: a table (`of`: another city than its own), or a row of one's own."""

    table: str | None = None
    of: str | None = None
    area: str | None = None
    target: QuantityName | None = None
    months: str | None = None
    relation: Literal["<=", "<", ">=", ">"] | None = None
    limit: float | None = None

    @model_validator(mode="after")
    def _table_or_row(self) -> "TargetChoice":
        own = (self.target, self.months, self.limit)
        if (None in own) if self.table is None else any(one is not None for one in (*own, self.area, self.relation)):
            raise PydanticCustomError("targets.item", "targets.item")
        if self.months is not None and months_of(self.months) is None:
            raise PydanticCustomError("targets.months", "targets.months")
        return self


def city_of(choice: TargetChoice, cities: tuple[str, ...]) -> str:
    """Key of the city that an item is about, "" where it cannot be told; it may not be in the run."""
    if choice.of:
        return choice.of
    if choice.table:
        return head(choice.table).of
    return choice.area if choice.area in cities else cities[0] if len(cities) == 1 else ""


def chosen(choices: tuple[TargetChoice, ...], names: dict[str, dict[str, str]]) -> list[Target]:
    """The rows that a scenario asks for, its own included. names : the run's cities, `{"en": …, "zh": …}` by key."""
    found = []
    for choice in choices:
        city = city_of(choice, tuple(names))
        if choice.table:
            found += [Target(**(vars(row) | {"of": city})) for row in rows(choice.table)]
            continue
        assert choice.target and choice.months and choice.limit is not None
        whole = choice.area in (None, city)
        found.append(Target(
            "", city, city if whole else choice.area or "", names[city] if whole else
            dict.fromkeys(labels.LANGUAGES, choice.area or ""), "city" if whole else "area", choice.target, choice.months,
            choice.relation or QUANTITIES[choice.target].relation, choice.limit, year_before=False, document="own-target",
            clause=dict.fromkeys(labels.LANGUAGES, ""), basis=Basis.ASSUMED, note=dict.fromkeys(labels.LANGUAGES, "")))
    return found


def check(choices: tuple[TargetChoice, ...], cities: tuple[str, ...], tree: Tree, file: Path, findings: Findings) -> None:
    """Findings for tables that do not exist and for items about a city that is not in the run."""
    for number, choice in enumerate(choices):
        place, key = tree.line(("targets", number)), f"targets.{number}"
        if choice.table and choice.table not in table_names():
            findings.add("targets.unknown", file=file, place=place, key=key, value=choice.table,
                         allowed=", ".join(table_names()))
        elif not (city := city_of(choice, cities)):
            findings.add("targets.which_city", file=file, place=place, key=key, value=choice.area, has=", ".join(cities))
        elif city not in cities:
            findings.add("targets.no_city", file=file, place=place, key=key, value=city, has=", ".join(cities))


def doubt_outside(choices: tuple[TargetChoice, ...], calendar: Calendar, tree: Tree, file: Path, findings: Findings) -> None:
    """Tell of items none of whose months lie in the period."""
    for number, choice in enumerate(choices):
        asked = [choice.months or ""] if choice.table is None else (
            [row.months for row in rows(choice.table)] if choice.table in table_names() else [])
        months = [one for one in map(months_of, asked) if one]
        if months and not any(any(spans(one, calendar)) for one in months):
            findings.add("targets.outside", doubtful=True, file=file, place=tree.line(("targets", number)),
                         key=f"targets.{number}", value=choice.table or choice.months, start=str(calendar.start),
                         end=str(calendar.end))


def doubt_unmeasured(choices: tuple[TargetChoice, ...], columns: dict[str, set[str]], findings: Findings) -> None:
    """Tell of items that the series of their city cannot measure. columns : those of each city's series."""
    for number, choice in enumerate(choices):
        city = city_of(choice, tuple(columns))
        asked = {choice.target} if choice.target else {row.target for row in rows(choice.table or "")}
        short = {one for name in asked for one in QUANTITIES[name].needs if one != "aqi"} - columns.get(city, set(SPECIES))
        if short:
            findings.add("targets.unmeasured", doubtful=True, key=f"targets.{number}", value=choice.table or choice.target,
                         city=city, columns=", ".join(one for one in SPECIES if one in short))
