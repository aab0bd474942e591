"""Warning editions and grading policies: read from `data/`, checked, with document, clause and basis of every row."""

import math
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from sim.errors import Findings
from sim.files import DATA, parse_yaml, records
from sim.industries import ANY
from sim.schema import Frozen, build
from sim.vocab import ASKING_LEVELS, Basis, Grade, Kind, Level

Index = Annotated[float, Field(ge=0, le=1000)]
DAYS_AT_MOST = 30
"""Longest forecast, and longest run that a criterion may ask for, in days."""

Hours = Annotated[float, Field(gt=0, le=24 * DAYS_AT_MOST)]
LevelName = Literal["blue", "yellow", "orange", "red"]


class Words(Frozen):
    """One text in both languages."""

    en: str
    zh: str


class Criterion(Frozen):
    """One activation criterion 启动条件: a run above `over`, with a run above `within_over` inside it; or days that
    reach `reaches`. Whole days count, 24 h each. Keys as in the scenario."""

    over: Index | None = None
    hours: Hours | None = None
    longer_than_hours: Annotated[float, Field(ge=0, lt=24 * DAYS_AT_MOST)] | None = None
    within_over: Index | None = None
    within_hours: Hours | None = None
    reaches: Index | None = None

    @model_validator(mode="after")
    def _one_verb(self) -> "Criterion":
        if (self.over is None) == (self.reaches is None):
            raise PydanticCustomError("criterion.verb", "criterion.verb")
        if (self.hours is None) == (self.longer_than_hours is None):
            raise PydanticCustomError("criterion.hours", "criterion.hours")
        if (self.within_over is None) != (self.within_hours is None):
            raise PydanticCustomError("criterion.within", "criterion.within")
        if self.within_over is not None and (self.over is None or self.within_over < self.over):
            raise PydanticCustomError("criterion.within_below", "criterion.within_below")
        return self

    @property
    def days(self) -> int:
        """Whole days that satisfy the hours: 24 x days >= hours, or > longer_than_hours."""
        if self.hours is not None:
            return math.ceil(self.hours / 24)
        assert self.longer_than_hours is not None
        return math.floor(self.longer_than_hours / 24) + 1

    @property
    def within_days(self) -> int:
        return 1 if self.within_hours is None else math.ceil(self.within_hours / 24)

    @property
    def exceeds(self) -> float:
        """A day counts when its index is greater than this: `over`, or just under `reaches`."""
        return self.over if self.over is not None else float(np.nextafter(self.reaches, -np.inf))

    @property
    def threshold(self) -> float:
        return self.over if self.over is not None else self.reaches  # type: ignore[return-value]


def criterion_of(written: Any) -> Criterion | None:
    """A criterion as a scenario writes it; None for anything else."""
    try:
        return Criterion.model_validate(written)
    except ValidationError:
        return None


class EditionLevel(Frozen):
    """The criteria of one level and where they come from."""

    criteria: tuple[Criterion, ...]
    basis: Basis
    clause: Words
    assumed_true: Words | None = None


class Validity(Frozen):
    """First and last day in force; None where a sheet names none."""

    from_: date | None = Field(alias="from")
    to: date | None


class Targets(Frozen):
    """Reduction asked of a whole city at each level, as a share of its emissions, and where that was read."""

    basis: Basis
    source: Words
    share: dict[LevelName, float]


class Edition(Frozen):
    """A warning edition: which colour is due when, with document, clause, scope, validity and confidence."""

    id: str
    title: Words
    document: str
    sources: Words
    scope: Words
    valid: Validity
    valid_note: Words | None = None
    confidence: Literal["A", "B", "C", "D"]
    trigger: Literal["aqi", "aqi_no_dust", "pm25"]
    merges: bool
    levels: dict[LevelName, EditionLevel]
    targets: Targets | None = None
    notes: tuple[Words, ...] = ()

    def criteria(self) -> dict[str, tuple[Criterion, ...]]:
        return {name: level.criteria for name, level in self.levels.items()}


class Clause(Frozen):
    """Where a rule of the life of a warning comes from."""

    document: str
    basis: Basis
    clause: Words


class _Lifecycle(Frozen):
    lift: Clause
    downgrade: Clause
    cancel: Clause
    advance: Clause


class _GradeAs(Frozen):
    grade: str
    cite: str
    basis: Basis


class _Strictest(Frozen):
    cite: str
    basis: Basis


class PolicyHead(Frozen):
    """The head of a grading policy; its rows stand beside it in `rows.csv`."""

    id: str
    title: Words
    document: str
    valid: Validity
    valid_note: Words | None = None
    uncovered: Literal["error", "nothing"]
    extends: str | None = None
    point: Annotated[float, Field(ge=0, le=1)] | None = None
    parameters: tuple[LevelName, ...] = ()
    grade_as: dict[Grade, _GradeAs] = {}
    strictest: dict[str, _Strictest] = {}
    whole_lines: _Strictest | None = None


@dataclass(frozen=True)
class Citation:
    """A document and its clause, in both languages."""

    key: str
    document: str
    year: str
    outlet: dict[str, str]
    title: dict[str, str]
    clause: dict[str, str]

    def text(self, lang: str) -> str:
        return f"{self.document}: {self.clause[lang]}"


@dataclass(frozen=True)
class RuleRow:
    """What a policy asks of one kind of line at one level.

    share : share of output taken away, 0 to 1, or the name of a policy parameter. coking_h : ordered coking time.
    emission_share : share of each pollutant taken away where it is not the output's. interval : least and greatest share
    where the document leaves a range; `share` is then the point chosen in it. via : citations of the rules that
    led a line to this row, e.g. that an ungraded firm runs as the lowest grade.
    """

    control: str
    industry: str
    process: str
    grade: str
    level: Level
    kind: Kind
    share: float | str
    coking_h: float | None
    trucks: str
    basis: Basis
    confidence: str
    cite: str
    emission_share: dict[str, float] = field(default_factory=dict)
    via: tuple[str, ...] = ()
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Policy:
    """A grading policy: its head, and its rows by (control, industry, process, grade, level).

    base : the policy that holds where this one has no row, None for a policy that stands alone.
    """

    head: PolicyHead
    rows: dict[tuple[str, str, str, str, Level], RuleRow]
    base: "Policy | None" = None

    @property
    def layers(self) -> tuple["Policy", ...]:
        """This policy and those that it builds on, its own first."""
        return (self, *(self.base.layers if self.base else ()))

    @property
    def assumed_rows_share(self) -> float:
        """Share of the rows that rest on no document, those of the policies that it builds on included."""
        rows = [row for layer in self.layers for row in layer.rows.values()]
        return sum(r.basis is Basis.ASSUMED for r in rows) / len(rows) if rows else 0.0


# ---------------------------------------------------------------- look-up


def edition_names() -> list[str]:
    """Warning editions by the day from which they were valid."""
    return sorted((f.name for f in (DATA / "rules").iterdir() if f.is_dir()), key=lambda n: _valid_from(n))


def policy_names() -> list[str]:
    """Grading policies by name."""
    return sorted(f.name for f in (DATA / "grading").iterdir() if f.is_dir())


def _valid_from(name: str) -> tuple[date, str]:
    return edition(name).valid.from_ or date.min, name


@cache
def edition(name: str) -> Edition:
    """The warning edition of that name. Raises KeyError for an unknown name, InputError for a faulty sheet."""
    return sheet(Edition, f"rules/{name}/edition.yaml")


@cache
def lifecycle() -> _Lifecycle:
    """Clauses that every edition shares: lift, downgrade, cancel, advance."""
    return sheet(_Lifecycle, "rules/lifecycle.yaml")


@cache
def citations() -> dict[str, Citation]:
    return {row["cite"]: Citation(row["cite"], row["document"], row["year"],
                                  {"en": row["outlet_en"], "zh": row["outlet_zh"]},
                                  {"en": row["title_en"], "zh": row["title_zh"]},
                                  {"en": row["clause_en"], "zh": row["clause_zh"]})
            for row in records("grading/citations.csv")}


@cache
def policy(name: str) -> Policy:
    """The grading policy of that name. Raises KeyError for an unknown name, InputError for a faulty sheet."""
    head = sheet(PolicyHead, f"grading/{name}/policy.yaml")
    rows = {}
    if (DATA / "grading" / name / "rows.csv").is_file():
        for record in records(f"grading/{name}/rows.csv"):
            for row in _rule_rows(record):
                key = (row.control, row.industry, row.process, row.grade, row.level)
                if key in rows:
                    raise ValueError(f"{name}/rows.csv holds {key} twice")
                rows[key] = row
    base = policy(head.extends) if head.extends else None
    if base:  # what a head does not say is as in the policy that it builds on
        said = {name: getattr(base.head, name) for name in ("grade_as", "strictest", "whole_lines", "parameters")
                if not getattr(head, name)}
        head = head.model_copy(update=said)
    return Policy(head, rows, base)


def _rule_rows(record: dict[str, str]) -> list[RuleRow]:
    levels = ASKING_LEVELS if record["level"] == ANY else (Level[record["level"]],)
    share: float | str = record["share"] or 0.0
    interval = None
    if ".." in str(share):  # a range that the document leaves: the point in it is the policy's or the scenario's
        low, high = map(float, record["share"].split(".."))
        share, interval = "point", (low, high)
    elif record["share"] not in Level.__members__:
        share = float(share)
    emission = {p: float(record[f"{p}_share"]) for p in ("so2", "nox", "pm", "voc") if record.get(f"{p}_share")}
    citations()[record["cite"]]  # an unknown citation is a KeyError here, not a blank in a report
    return [RuleRow(record["control"], record["industry"], record["process"], record["grade"], level,
                    Kind(record["kind"]), share, float(record["coking_h"]) if record["coking_h"] else None,
                    record["trucks"], Basis(record["basis"]), record["confidence"], record["cite"], emission,
                    interval=interval) for level in levels]


def sheet(model: type, name: str):  # noqa: ANN201
    """A sheet under `data/` as a `model`. Raises KeyError for an unknown name, InputError for a faulty sheet."""
    sheet = DATA.joinpath(name)
    if not sheet.is_file():
        raise KeyError(name)
    findings = Findings()
    tree = parse_yaml(sheet.read_text(encoding="utf-8"), name, findings)
    built = build(model, tree, name, findings) if tree else None
    findings.raise_errors()
    return built
