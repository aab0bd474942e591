"""Figures made from the tables of a run: headlines, rankings, means over members. Frame in, frame out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim.experiment import Run
from sim.industries import industries
from sim.labels import text
from sim.results import Results
from sim.vocab import WARNING_LEVELS, Pollutant

TOP = 20


def run_name(run: Run, lang: str) -> str:
    """A run's name as a reader knows it: `base` in words, variants as the scenario titles or names them."""
    return text("report.base", lang) if run.world.run.name == "base" else run.world.run.shown(lang)


@dataclass(frozen=True)
class Glance:
    """One run's headline figures; sums are means over members."""

    name: str
    edition: str
    policy: str
    warnings: dict[str, float]
    hours: dict[str, float]
    avoided_t: dict[str, float]
    avoided_share: dict[str, float]
    value_cny: float
    assumed_share: float
    assumed_value_share: float
    policy_assumed_share: float
    lines: int
    seasonal_t: dict[str, float]
    seasonal_value_cny: float


def glance(results: Results, run: Run) -> Glance:
    """Headline figures of one run, for the page and the terminal."""
    every = results.summary[results.summary["run"] == run.world.run.name]
    mine = every.mean(numeric_only=True)
    listed = run.accounts is not None
    seasonal = listed and bool(mine.get("seasonal_value_cny", 0.0) > 0)
    return Glance(
        name=run_name(run, results.lang),
        edition=f"{run.world.edition.id} · {getattr(run.world.edition.title, results.lang)}",
        policy=getattr(run.world.choice.policy.head.title, results.lang),
        warnings={level.name: float(mine[f"warnings_{level.name}"]) for level in WARNING_LEVELS},
        hours={level.name: float(mine[f"hours_{level.name}"]) for level in WARNING_LEVELS},
        avoided_t={p.value: float(mine[f"avoided_{p}_kg"]) / 1000 for p in Pollutant} if listed else {},
        avoided_share={p.value: _part(mine[f"avoided_{p}_kg"], mine[f"baseline_{p}_kg"]) for p in Pollutant}
        if listed else {},
        value_cny=float(mine["curtailed_value_cny"]) if listed else 0.0,
        assumed_share=_weighted(every["avoided_assumed_share"], every[[f"avoided_{p}_kg" for p in Pollutant]].sum(axis=1))
        if listed else 0.0,
        assumed_value_share=_weighted(every["curtailed_assumed_share"], every["curtailed_value_cny"]) if listed else 0.0,
        policy_assumed_share=run.world.choice.policy.assumed_rows_share,
        lines=len(run.world.population) if run.world.population else 0,
        seasonal_t={p.value: float(mine.get(f"seasonal_{p}_kg", 0.0)) / 1000 for p in Pollutant} if seasonal else {},
        seasonal_value_cny=float(mine["seasonal_value_cny"]) if seasonal else 0.0,
    )


def _weighted(share: pd.Series, whole: pd.Series) -> float:
    """The share of a sum over members."""
    return _part((share * whole).sum(), whole.sum())


def _part(value: float, whole: float) -> float:
    return float(value / whole) if whole else 0.0


def avoided_by_industry(totals: pd.DataFrame) -> pd.DataFrame:
    """Tonnes avoided, industry x pollutant."""
    table = totals.pivot_table(index="industry", columns="pollutant", values="avoided_kg", aggfunc="sum") / 1000
    return table[[p.value for p in Pollutant]]


def products(output: pd.DataFrame) -> pd.DataFrame:
    """Curtailed output by product and unit, the dearest first: quantity, share of the period's output, value."""
    table = output.groupby(["product", "output_unit"], as_index=False)[
        ["baseline_output", "curtailed_output", "curtailed_value_cny"]].sum()
    table["share"] = np.where(table["baseline_output"] > 0,
                              table["curtailed_output"] / table["baseline_output"].replace(0, np.nan), 0)
    table = table[table["curtailed_output"] > 0]
    return table.sort_values("curtailed_value_cny", ascending=False, kind="stable")


def most_affected(lines: pd.DataFrame, run: Run, lang: str, most: int = TOP) -> list[dict[str, Any]]:
    """Enterprises by the value of output not made: name, county, industry, lines, mean hours lost, kilograms."""
    people = run.world.population
    assert people
    lines = lines.assign(county=np.array(people.counties, object)[people.county],
                         kg=lines[[f"avoided_{p}_kg" for p in Pollutant]].sum(axis=1))
    table = lines.groupby(["city", "enterprise_id"], sort=False).agg(
        enterprise=("enterprise", "first"), county=("county", "first"), industry=("industry", "first"),
        grade=("grade", "first"), lines=("line_id", "size"), hours=("full_load_hours_lost", "mean"),
        kg=("kg", "sum"), value=("curtailed_value_cny", "sum")).reset_index()
    table = table[table["value"] > 0].sort_values("value", ascending=False, kind="stable").head(most)
    table["industry"] = [industries()[key].name[lang] for key in table["industry"]]
    table["grade"] = [text(f"grade.{grade}", lang) for grade in table["grade"]]
    return table.to_dict("records")


def hours_outside_warnings(run: Run) -> float:
    """Hours of response that follow a lift: an upgrade announced before it and not withdrawn."""
    line, taken = run.ledger.timeline.of_class(0), run.ledger.decisions
    lifted = {(int(s), int(n)): float(e) for k, s, n, e in zip(
        taken.kind, taken.series, taken.warning, taken.effective, strict=True) if k == "lift"}
    hours = 0.0
    for at in range(len(line.hour)):
        same = at + 1 < len(line.hour) and line.series[at + 1] == line.series[at]
        until = line.hour[at + 1] if same else run.ledger.hours
        end = lifted.get((int(line.series[at]), int(line.warning[at])))
        if line.level[at] and end is not None and line.hour[at] >= end:
            hours += min(until, run.ledger.hours) - line.hour[at]
    return hours / len(run.world.members)


def of_run(table: pd.DataFrame, run: str) -> pd.DataFrame:
    """Rows of one run."""
    return table[table["run"] == run] if len(table) else table


def first_member(table: pd.DataFrame, run: Run) -> pd.DataFrame:
    """Rows of the member that pages and terminal show."""
    return table[table["member"] == run.world.members[0]] if len(table) else table


def mean_over_members(table: pd.DataFrame, members: int) -> pd.DataFrame:
    """Numbers as means over members, words as they are; member rows stand in one order."""
    if members == 1 or table.empty:
        return table
    numbers = [c for c in table.columns if pd.api.types.is_float_dtype(table[c]) and c != "share"]
    first = table[table["member"] == table["member"].iloc[0]].copy()
    stacked = table[numbers].to_numpy().reshape(members, len(first), len(numbers))
    first[numbers] = stacked.mean(axis=0)
    return first
