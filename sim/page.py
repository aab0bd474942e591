"""The reader's page: one HTML file with no links out, made from the tables of a run."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from sim import charts, rulebook, wording
from sim.experiment import Run
from sim.industries import industries
from sim.labels import text
from sim.results import Results, version
from sim.vocab import WARNING_LEVELS, Basis, Pollutant

TOP = 20
ROWS_SHOWN = 40


@cache
def _environment() -> Environment:
    return Environment(loader=PackageLoader("sim", "data"), autoescape=True, undefined=StrictUndefined,
                       trim_blocks=True, lstrip_blocks=True)


def render(results: Results) -> str:
    """The page in the results' language, charts included."""
    lang = results.lang
    template = _environment().get_template("report.html.j2")
    return template.render(
        lang=lang, t=lambda key, **words: text(f"report.{key}", lang, **words), word=lambda key: text(key, lang),
        levels=[level.name for level in WARNING_LEVELS], colour=charts.LEVEL_COLOUR, pollutants=list(Pollutant),
        title=title(results), period=_period(results), version=version(), doubts=_doubts(results),
        glance=[glance(results, run) for run in results.runs],
        runs=[_section(results, run) for run in results.runs], citations=_citations(results),
    )


def title(results: Results) -> str:
    return getattr(results.scenario.worlds[0].settings.title, results.lang)


def run_name(run: Run, lang: str) -> str:
    """A run's name as a reader knows it: `base` in words, variants as the scenario names them."""
    return text("report.base", lang) if run.world.run.name == "base" else run.world.run.name


def _period(results: Results) -> str:
    calendar = results.scenario.worlds[0].calendar
    return text("report.period", results.lang, start=calendar.start.isoformat(), end=calendar.end.isoformat())


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
    value_million_cny: float
    assumed_share: float
    lines: int


def glance(results: Results, run: Run) -> Glance:
    """Headline figures of one run, for the page and the terminal."""
    mine = results.summary[results.summary["run"] == run.world.run.name].mean(numeric_only=True)
    listed = run.accounts is not None
    return Glance(
        name=run_name(run, results.lang),
        edition=f"{run.world.edition.id} · {getattr(run.world.edition.title, results.lang)}",
        policy=getattr(run.world.choice.policy.head.title, results.lang),
        warnings={level.name: float(mine[f"warnings_{level.name}"]) for level in WARNING_LEVELS},
        hours={level.name: float(mine[f"hours_{level.name}"]) for level in WARNING_LEVELS},
        avoided_t={p.value: float(mine[f"avoided_{p}_kg"]) / 1000 for p in Pollutant} if listed else {},
        avoided_share={p.value: _part(mine[f"avoided_{p}_kg"], mine[f"baseline_{p}_kg"]) for p in Pollutant}
        if listed else {},
        value_million_cny=float(mine["curtailed_value_cny"]) / 1e6 if listed else 0.0,
        assumed_share=float(mine["avoided_assumed_share"]) if listed else 0.0,
        lines=len(run.world.population) if run.world.population else 0,
    )





def _part(value: float, whole: float) -> float:
    return float(value / whole) if whole else 0.0


def _section(results: Results, run: Run) -> dict[str, Any]:
    """One run's part of the page."""
    name, lang = run.world.run.name, results.lang
    mine = {sheet: _of(getattr(results, sheet), name) for sheet in (
        "warnings", "days", "totals", "output", "lines", "by_level", "by_county", "rules", "targets")}
    members = len(run.world.members)
    section: dict[str, Any] = {
        "name": run_name(run, lang), "edition": getattr(run.world.edition.title, lang), "run": name,
        "winters": [charts.svg(figure) for figure in winters(results, run)],
        "decisions": _first_member(mine["warnings"], run).to_dict("records"), "many_cities": len(run.world.cities) > 1,
        "city_names": {key: names[lang] for key, names in run.world.names.items()},
        "members": members, "member": run.world.members[0], "listed": run.accounts is not None,
        "changes": [vars(change) for change in run.world.run.changes],
        "outside_hours": _hours_outside_warnings(run),
    }
    if not section["listed"]:
        return section
    for sheet in ("totals", "output", "lines", "by_level", "by_county", "rules"):
        mine[sheet] = _mean_over_members(mine[sheet], members)
    avoided = any(mine["totals"]["avoided_kg"] > 0)
    section |= {
        "by_grade": charts.svg(charts.avoided_by_grade(mine["totals"], text("report.by_grade", lang), lang))
        if avoided else "",
        "by_industry": charts.svg(charts.by_industry(
            avoided_by_industry(mine["totals"]), text("report.by_industry", lang), text("chart.tonnes", lang), lang))
        if avoided else "",
        "value_by_industry": charts.svg(charts.by_industry(
            mine["output"].groupby("industry")[["curtailed_value_cny"]].sum() / 1e6,
            text("report.value_by_industry", lang), text("report.value_axis", lang), lang)) if avoided else "",
        "products": products(mine["output"]).head(10).to_dict("records"),
        "top": most_affected(mine["lines"], run, lang),
        "by_level": _pivot(mine["by_level"], "level", value=True),
        "by_county": _pivot(mine["by_county"], "county"),
        "targets": mine["targets"].assign(share=lambda f: f["share"].astype(float)).to_dict("records"),
        "assumptions": _assumptions(mine["rules"], lang),
    }
    return section


def winters(results: Results, run: Run) -> list[Any]:
    """One figure a city: the index of each day, warning bands, the lowest threshold of each level."""
    lang, figures = results.lang, []
    thresholds: dict[str, float] = {}
    for *_, criterion in run.world.rules.criteria:
        thresholds.setdefault(f"{criterion.threshold:g}", criterion.threshold)
    days = _first_member(_of(results.days, run.world.run.name), run)
    for city, names in run.world.names.items():
        title = f"{names[lang]} · {run_name(run, lang)} · {run.world.edition.id}"
        figures.append(charts.winter(days[days["city"] == city], thresholds, title, lang))
    return figures


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


def _pivot(table: pd.DataFrame, key: str, *, value: bool = False) -> list[dict[str, Any]]:
    """Tonnes avoided by `key` and pollutant, with the value curtailed where the table has it."""
    if table.empty:
        return []
    wide = table.pivot_table(index=key, columns="pollutant", values="avoided_kg", aggfunc="sum", sort=False) / 1000
    rows = wide[[p.value for p in Pollutant]].assign(key=wide.index)
    if value:
        once = table.drop_duplicates([c for c in ("city", key) if c in table])
        rows["value"] = once.groupby(key)["curtailed_value_cny"].sum() / 1e6
    return rows.to_dict("records")


def _assumptions(rules: pd.DataFrame, lang: str) -> dict[str, Any]:
    """Assumed rows that moved numbers, by tonnes; the first ones in full, the rest counted."""
    kg = rules[[f"avoided_{p}_kg" for p in Pollutant]].sum(axis=1)
    moved = rules.assign(kg=kg)[(rules["basis"] == Basis.ASSUMED.value) & (kg > 0)]
    moved = moved.sort_values("kg", ascending=False, kind="stable")
    shown = moved.head(ROWS_SHOWN).to_dict("records")
    for row in shown:
        row["industry"] = industries()[row["industry"]].name[lang] if row["industry"] in industries() else "-"
        row["grade"] = text(f"grade.{row['grade']}", lang) if row["grade"] not in ("*", "") else "-"
        row["control"] = text(f"control.{row['control']}", lang)
    return {"rows": shown, "more": len(moved) - len(shown), "total_t": float(kg.sum()) / 1000}


def _citations(results: Results) -> list[dict[str, str]]:
    """Every document behind the runs, once: editions, life of a warning, rule rows that met a line."""
    lang, found = results.lang, {}
    for run in results.runs:
        edition = run.world.edition
        found[edition.id] = {"document": edition.document, "what": getattr(edition.title, lang),
                             "from": getattr(edition.sources, lang),
                             "basis": text(f"report.confidence.{edition.confidence}", lang),
                             "notes": [getattr(note, lang) for note in edition.notes]}
        for row in run.world.asked.rows if run.world.asked else ():
            for key in (row.cite, *row.via):
                cited = rulebook.citations()[key]
                found[key] = {"document": wording.document(cited.document, lang), "what": cited.title[lang],
                              "from": cited.outlet[lang], "basis": cited.clause[lang], "notes": []}
    lift = rulebook.lifecycle().lift
    found["lift"] = {"document": lift.document, "what": getattr(lift.clause, lang), "from": "",
                     "basis": text(f"basis.{lift.basis}", lang), "notes": []}
    return list(found.values())


def _doubts(results: Results) -> list[str]:
    """What the reading of the inputs found doubtful, each kind once with how many more there are."""
    first: dict[str, list] = {}
    for doubt in results.scenario.doubts:
        first.setdefault(doubt.code, []).append(doubt)
    return [alike[0].text(results.lang) + (f" ({text('report.doubts_many', results.lang, count=len(alike) - 1)})"
                                           if len(alike) > 1 else "") for alike in first.values()]


def _hours_outside_warnings(run: Run) -> float:
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


def _of(table: pd.DataFrame, run: str) -> pd.DataFrame:
    return table[table["run"] == run] if len(table) else table


def _first_member(table: pd.DataFrame, run: Run) -> pd.DataFrame:
    return table[table["member"] == run.world.members[0]] if len(table) else table


def _mean_over_members(table: pd.DataFrame, members: int) -> pd.DataFrame:
    """Numbers as means over members, words as they are; member rows stand in one order."""
    if members == 1 or table.empty:
        return table
    numbers = [c for c in table.columns if pd.api.types.is_float_dtype(table[c]) and c != "share"]
    first = table[table["member"] == table["member"].iloc[0]].copy()
    stacked = table[numbers].to_numpy().reshape(members, len(first), len(numbers))
    first[numbers] = stacked.mean(axis=0)
    return first
