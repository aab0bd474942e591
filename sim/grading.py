"""What a response level asks of each production line (model, section 5): a share of output and of each emission."""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from sim.errors import Findings
from sim.industries import ANY, processes, scale_of
from sim.population import Population
from sim.rulebook import Policy, RuleRow
from sim.settings import Negotiated
from sim.vocab import ASKING_LEVELS, NEVER_CUT, UNCOUNTED, Basis, Control, Grade, Kind, Level, Pollutant

OWN_PLAN = RuleRow(ANY, ANY, ANY, ANY, Level.none, Kind.LOAD, 0.0, None, "", Basis.TEXT, "own_plan", "own-plan")
NOTHING = replace(OWN_PLAN, kind=Kind.EXEMPT)


@dataclass(frozen=True)
class Override:
    """A share that the scenario puts in place of the policy's; a blank part means any."""

    share: float
    level: Level
    industry: str = ANY
    process: str = ANY
    grade: str = ANY
    control: str = Control.NORMAL.value
    kind: Kind | None = None

    def meets(self, row: RuleRow) -> bool:
        wanted = ((self.industry, row.industry), (self.process, row.process), (self.grade, row.grade))
        return (self.level, self.control) == (row.level, row.control) and all(w in (ANY, r) for w, r in wanted)


@dataclass(frozen=True)
class Choice:
    """A policy with what the scenario gives it: shares for its parameters, and overrides (the last one wins).

    point : where in a range that a document leaves the share lies, 0 its least, 1 its greatest; None as the policy has it.
    non_compliant : `stop`, or the strictest row of the industry. negotiated : cuts beyond the rows, None for none.
    """

    policy: Policy
    parameters: dict[str, float] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    point: float | None = None
    non_compliant: str = "strictest"
    negotiated: Negotiated | None = None


@dataclass(frozen=True)
class Asked:
    """What is asked of n lines at the asking levels, yellow to red.

    output : float64[3, n], share of output taken away. emission : float64[3, n] by pollutant, only where some line's
    share differs from its output's. row : int32[3, n], position in `rows`. assumed : float64[3, n], which part of the share
    rests on an assumption: all or nothing by the row, save where a negotiated cut stands on top of it. whole : int8[3, n],
    1 a whole line stops, 0 a whole line runs on, -1 not counted by lines.
    """

    output: np.ndarray
    emission: dict[Pollutant, np.ndarray]
    row: np.ndarray
    assumed: np.ndarray
    whole: np.ndarray
    rows: tuple[RuleRow, ...]

    def share_of(self, pollutant: Pollutant) -> np.ndarray:
        """Share of a pollutant taken away, float64[3, n]."""
        return self.emission.get(pollutant, self.output)


# ---------------------------------------------------------------- one kind of line


def find_row(choice: Choice, control: str, industry: str, process: str, grade: str, level: Level) -> RuleRow | None:
    """The row that holds for one kind of line at one level, None when the policy has none.

    Control class first; then the row of the industry, process and grade; a grade without rows takes those of the grade
    that the policy names; classes named under `strictest` take the strictest row of their industry.
    """
    head = choice.policy.head
    if control in head.strictest:
        row = _strictest(choice, industry, process, level)
        via = head.strictest[control]
        if row and choice.non_compliant == "stop":
            row = replace(row, kind=Kind.STOP, share=1.0, basis=via.basis, cite=via.cite, coking_h=None, emission_share={},
                          interval=None)
        row = row and replace(row, control=control, basis=Basis.weakest(row.basis, via.basis), via=(via.cite,))
        return row and _overridden(choice, replace(row, industry=industry, process=process, grade=grade))
    row = _direct(choice, control, industry, process, grade, level)
    if row is None and control == Control.NORMAL and Grade(grade) in head.grade_as:
        via_grade = head.grade_as[Grade(grade)]
        row = (_strictest(choice, industry, process, level) if via_grade.grade == "lowest"
               else find_row(choice, control, industry, process, via_grade.grade, level))
        row = row and replace(row, basis=Basis.weakest(row.basis, via_grade.basis), via=(via_grade.cite,))
    return row and _overridden(choice, replace(row, industry=industry, process=process, grade=grade))


def _direct(choice: Choice, control: str, industry: str, process: str, grade: str, level: Level) -> RuleRow | None:
    """The most specific row: process before grade before industry; its share as a number."""
    for layer in choice.policy.layers:
        for of_industry in (industry, ANY):
            for of_process in dict.fromkeys((process or ANY, ANY)):
                for of_grade in (grade, ANY):
                    row = layer.rows.get((control, of_industry, of_process, of_grade, level))
                    if row is not None:
                        return _as_number(choice, row, industry, process)
    return None


def _as_number(choice: Choice, row: RuleRow, industry: str, process: str) -> RuleRow:
    if row.kind is Kind.COKING_TIME:
        oven = processes().get((industry, process)) or processes()[(industry, ANY)]
        normal_h = oven.normal_coking_h or processes()[(industry, ANY)].normal_coking_h
        assert normal_h and row.coking_h
        return replace(row, share=max(0.0, 1 - normal_h / row.coking_h),
                       basis=Basis.weakest(row.basis, oven.basis or Basis.ASSUMED))
    if row.interval:
        low, high = row.interval
        point = choice.policy.head.point if choice.point is None else choice.point
        return replace(row, share=round(low + (0.5 if point is None else point) * (high - low), 12))
    return replace(row, share=choice.parameters[row.share]) if isinstance(row.share, str) else row


def _strictest(choice: Choice, industry: str, process: str, level: Level) -> RuleRow | None:
    worst_first = [grade for grade in reversed(scale_of(industry, process)) if grade != Grade.UNGRADED]
    rows = [find_row(choice, Control.NORMAL.value, industry, process, grade, level) for grade in worst_first]
    return max(filter(None, rows), key=lambda row: row.share, default=None)  # of equal ones the worst grade's


def _overridden(choice: Choice, row: RuleRow) -> RuleRow:
    for override in choice.overrides:
        if override.meets(row):
            kind = override.kind or (row.kind if row.kind in {Kind.LOAD, Kind.LINES} else Kind.LOAD)
            row = replace(row, share=override.share, kind=kind, basis=Basis.ASSUMED, confidence="override",
                          cite="override", coking_h=None, emission_share={}, via=())
    return row


# ---------------------------------------------------------------- every line of a list


def ask(population: Population, choice: Choice, findings: Findings) -> Asked:
    """What the policy, the own plans and the safe least loads make of every line, at every level.

    Findings: a case that no row covers, named with its missing row; a row that would cut heating or life services; an
    override that meets no line. Source: model, section 5.
    """
    n, levels = len(population), len(ASKING_LEVELS)
    sizes = (len(population.industries), len(population.processes), len(Grade))
    combo = population.control.astype(np.int64)
    for code, size in zip((population.industry, population.process, population.grade), sizes, strict=True):
        combo = combo * size + code
    which, combos = pd.factorize(combo, sort=False)
    rows: list[RuleRow] = [NOTHING]
    place = np.zeros((levels, len(combos)), np.int32)
    for c, packed in enumerate(combos):
        rest, g = divmod(int(packed), sizes[2])
        rest, p = divmod(rest, sizes[1])
        control_at, i = divmod(rest, sizes[0])
        kind = (list(Control)[control_at].value, population.industries[i], population.processes[p],
                list(Grade)[g].value)
        for lv, level in enumerate(ASKING_LEVELS):
            row = find_row(choice, *kind, level)
            if row is None:
                if choice.policy.head.uncovered == "error" and _asks_policy(population, which == c, lv):
                    _report_missing(choice, kind, level, population, which == c, findings)
                continue
            if row.control in NEVER_CUT and row.share > 0:
                findings.add("grading.cuts_protected", key="grading", row=describe(row), control=row.control,
                             share=f"{row.share:.0%}")
            place[lv, c] = len(rows)
            rows.append(row)
    _report_unused(choice, rows, findings)
    rows.append(OWN_PLAN)
    row = place[:, which]
    share = np.array([r.share for r in rows])[row]
    emission = {p: np.array([r.emission_share.get(p, r.share) for r in rows])[row] for p in Pollutant
                if any(p in r.emission_share for r in rows)}
    own = ~np.isnan(population.own_cut)
    row[own] = len(rows) - 1
    share = np.where(own, population.own_cut, share)
    emission = {p: np.where(own, share, e) for p, e in emission.items()}
    is_lines = np.array([r.kind is Kind.LINES for r in rows])[row]
    whole = np.full((levels, n), -1, np.int8)
    for lv in range(levels):
        share[lv], whole[lv] = count_whole_lines(population, share[lv], is_lines[lv])
        for e in emission.values():
            e[lv] = np.where(whole[lv] >= 0, share[lv], e[lv])
    cap = 1 - population.min_load
    bound = (share[-1] > cap) & (share[-1] == 1)
    if bound.any():
        findings.add("grading.least_load", doubtful=True, count=int(bound.sum()),
                     first=population.line_id[np.flatnonzero(bound)[0]])
    kept = np.divide(cap, share, out=np.ones_like(share), where=share > cap)
    emission = {p: np.minimum(e * kept, 1.0) for p, e in emission.items()}
    assumed = np.array([float(r.basis is Basis.ASSUMED) for r in rows])[row]
    return Asked(np.minimum(share, cap), emission, row, assumed, whole, tuple(rows))


def count_whole_lines(population: Population, share: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares of one level after whole lines are counted, and which lines were counted: 1 stops, 0 runs on, -1 neither.

    share, asked : float64[n], bool[n]: a `lines` cut is asked. Among the lines of one enterprise, process and unit,
    lines stop by daily output, largest first, until the asked share is reached; one line alone cuts its load.
    Source: model, section 5.
    """
    counted = np.full(len(share), -1, np.int8)
    classes = [list(Control).index(control) for control in UNCOUNTED]
    idle = (population.output == 0) & (population.value == 0) & ~population.emission.any(axis=0)  # closed, out of season
    lines = np.flatnonzero(asked & (population.min_load == 0) & ~idle & ~np.isin(population.control, classes))
    if not len(lines):
        return share, counted
    frame = pd.DataFrame({
        "firm": population.enterprise[lines], "process": population.process[lines], "line": lines,
        "unit": population.output_unit[lines], "output": population.output[lines], "share": share[lines],
        "kg": population.emission[:, lines].sum(axis=0), "id": population.line_id[lines],
    })
    groups = frame.groupby(["firm", "process", "unit"], sort=False)
    frame = frame[groups["line"].transform("size") > 1]
    frame = frame.sort_values(["firm", "process", "unit", "output", "kg", "id"],
                              ascending=[True, True, True, False, False, True], kind="stable")
    groups = frame.groupby(["firm", "process", "unit"], sort=False)
    total = groups["output"].transform("sum")
    stopped_before = groups["output"].cumsum() - frame["output"]
    stops = stopped_before < (groups["share"].transform("max") - 1e-9) * total
    share = share.copy()
    share[frame["line"]] = stops.astype(float)
    counted[frame["line"]] = stops.astype(np.int8)
    return share, counted


def describe(row: RuleRow) -> str:
    """A row's key, as a planner would add it to the policy."""
    return (f"control={row.control}, industry={row.industry}, process={row.process or ANY}, grade={row.grade}, "
            f"level={row.level.name}")


def _asks_policy(population: Population, lines: np.ndarray, level_at: int) -> bool:
    return bool(np.isnan(population.own_cut[level_at, lines]).any())


def _report_missing(choice: Choice, kind: tuple[str, str, str, str], level: Level, population: Population,
                    lines: np.ndarray, findings: Findings) -> None:
    wanted = replace(NOTHING, control=kind[0], industry=kind[1], process=kind[2], grade=kind[3], level=level)
    first = population.line_id[np.flatnonzero(lines)[0]]
    findings.add("grading.no_row", key="line_id", value=first, policy=choice.policy.head.id, row=describe(wanted),
                 level=level.name)


def _report_unused(choice: Choice, rows: list[RuleRow], findings: Findings) -> None:
    for number, override in enumerate(choice.overrides):
        if not any(override.meets(row) for row in rows[1:]):
            findings.add("grading.override_unused", doubtful=True, key=f"grading.override.{number}")
