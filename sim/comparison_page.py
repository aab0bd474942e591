"""The page of a comparison: one HTML file that puts the runs side by side, with every difference to the first of them."""

from typing import Any

import pandas as pd

from sim import charts, comparison_charts, wording
from sim.comparison import Comparison, against_first
from sim.experiment import Progress, Run
from sim.industries import industries
from sim.labels import MONEY, text
from sim.metrics import first_member, of_run
from sim.page import changes_told, citations, doubts, environment, figure, measures_in_words, period, title
from sim.results import version
from sim.vocab import ASKING_LEVELS, WARNING_LEVELS, Pollutant

ALIKE = 1e-9
CITIES_DRAWN = 6
GROUPS_SHOWN = 10


def render(results: Comparison, progress: Progress | None = None) -> str:
    """The page in the results' language, charts included. Up to twelve runs are drawn one by one."""
    lang = results.lang
    stages = [_headlines, _calendars, _bars, _scatter, _equals, _differences, _runs]
    parts: dict[str, Any] = {}
    for number, stage in enumerate(stages):
        if progress:
            progress("report", number, len(stages))
        parts[stage.__name__.removeprefix("_")] = stage(results)
    return environment().get_template("comparison.html.j2").render(
        lang=lang, t=lambda key, **words: text(f"compare.{key}", lang, **words), word=lambda key: text(key, lang),
        colour=charts.LEVEL_COLOUR, title=title(results), period=period(results), version=version(),
        note=wording.notes(results.scenario.worlds, lang)[0], doubts=doubts(results.scenario, results.lang),
        listed=results.lists, citations=citations(results), first=results.name(results.runs[0]), **parts)


def _numbered(results: Comparison) -> list[str]:
    """Names of the runs with the numbers that table and pictures call them by."""
    return [f"{number}  {results.name(run)}" for number, run in enumerate(results.runs, start=1)]


def _headlines(results: Comparison) -> dict[str, Any]:
    """The table of headline figures: of each run the value, its change against the first run and that as a share."""
    lang, held = results.lang, against_first(results.comparison)
    columns = [(f"{what}_{level.name}", 1.0) for what in ("warnings", "hours") for level in WARNING_LEVELS
               if (held[f"{what}_{level.name}", "value"] > 0).any()]
    heads = [{"name": text(f"compare.{key.split('_')[0]}", lang), "level": key.split("_")[1]} for key, _ in columns]
    if results.lists:
        columns += [(f"avoided_{p}_kg", 1000.0) for p in Pollutant] + [("curtailed_value_cny", MONEY[lang])]
        heads += [{"name": text("report.in_unit", lang, what=text(f"pollutant.{p}", lang), unit=text("chart.tonnes", lang)),
                   "level": ""} for p in Pollutant] + [{"name": text("report.value_m", lang), "level": ""}]
    rows = []
    for run in results.runs:
        mine, lines = held.loc[run.world.run.name], run.accounts is not None
        cells = [_cell(mine[key], unit) for key, unit in columns]
        share = mine["avoided_assumed_share", "value"]
        rows.append({"name": results.name(run), "edition": run.world.edition.id, "cells": cells,
                     "policy": getattr(run.world.choice.policy.head.title, lang) if lines else "",
                     "assumed": wording.percent(round(share, 2)) if share == share else "-"})
    return {"heads": heads, "rows": rows}


def _cell(figures: pd.Series, unit: float) -> dict[str, str]:
    """A figure in its unit with its change, as text; no change where there is none."""
    if figures["value"] != figures["value"]:
        return {"value": "-", "change": "", "share": ""}
    change, share = figures["change"] / unit, figures["share"]
    moved = change == change and abs(figures["change"]) > ALIKE * max(1.0, abs(figures["value"]))
    return {"value": plain(figures["value"] / unit), "change": signed(change) if moved else "",
            "share": f"{100 * share:+.1f}%".replace("-", "−") if moved and share == share else ""}


def plain(value: float) -> str:
    """A figure; a whole number without places behind the point, a dash where there is none."""
    return "-" if value != value else f"{value:,.0f}" if value == round(value) else figure(value)


def signed(value: float) -> str:
    """A change with its sign, a real minus."""
    return ("+" if value > 0 else "−" if value < 0 else "") + plain(abs(value))


def _calendars(results: Comparison) -> list[str]:
    """A figure for each of the first cities with every run's warnings; none where the runs are too many."""
    if len(results.runs) > comparison_charts.NUMBERED:
        return []
    cities = list(dict.fromkeys(city for run in results.runs for city in run.world.cities))
    return [charts.svg(calendar(results, city)) for city in cities[:CITIES_DRAWN]]


def calendar(results: Comparison, city: str) -> Any:
    """The warnings of every run in one city under the index of its days. Returns a matplotlib Figure."""
    lang = results.lang
    shown = [(name, run, days) for name, run in zip(_numbered(results), results.runs, strict=True)
             if len(days := _days(results, run, city))]
    world = shown[0][1].world
    return comparison_charts.calendars(
        [days for *_, days in shown], [name for name, *_ in shown],
        f"{world.names[city][lang]} · {text('compare.calendars', lang)}", text(f"trigger.{world.edition.trigger}", lang), lang)


def _days(results: Comparison, run: Run, city: str) -> pd.DataFrame:
    mine = first_member(of_run(results.days, run.world.run.name), run)
    return mine[mine["city"] == city]


def _bars(results: Comparison) -> str:
    if not results.lists or len(results.runs) > comparison_charts.NUMBERED:
        return ""
    mean = results.comparison.groupby("run", sort=False).mean(numeric_only=True)
    table = pd.DataFrame({p.value: mean[f"avoided_{p}_kg"] / 1000 for p in Pollutant}
                         | {"value": mean["curtailed_value_cny"] / MONEY[results.lang]}).fillna(0.0)
    return charts.svg(comparison_charts.bars(table, _numbered(results), text("compare.value_panel", results.lang),
                                             results.lang))


def _scatter(results: Comparison) -> str:
    if not results.lists or len(results.runs) < 2:
        return ""
    lang, mean = results.lang, results.comparison.groupby("run", sort=False).mean(numeric_only=True)
    tonnes = mean[[f"avoided_{p}_kg" for p in Pollutant]].sum(axis=1).to_numpy(float) / 1000
    value = mean["curtailed_value_cny"].fillna(0.0).to_numpy(float) / MONEY[lang]
    return charts.svg(comparison_charts.scatter(tonnes, value, text("compare.scatter", lang),
                                                text("compare.scatter_x", lang), text("report.value_m", lang)))


def _equals(results: Comparison) -> list[dict[str, Any]]:
    """Graded beside uniform at equal tonnes: output lost by industry, in all, and what the best lines lose."""
    lang, unit = results.lang, MONEY[results.lang]
    runs = {run.world.run.name: run for run in results.runs}
    sections = []
    for number, (uniform, graded, _) in enumerate(results.equals):
        pair = [graded, uniform]
        value = pd.concat({name: of_run(results.output, name).groupby("industry")["curtailed_value_cny"].sum()
                           / len(runs[name].world.members) / unit for name in pair}, axis=1).fillna(0.0)
        total = value.sum()
        shares = runs[uniform].world.settings.grading
        rows = value.assign(most=value.max(axis=1)).sort_values("most", ascending=False, kind="stable")
        sections.append({
            "names": [results.name(runs[name]) for name in pair],
            "shares": {level.name: wording.percent(getattr(shares, level.name)) for level in ASKING_LEVELS},
            "rows": [{"name": industries()[key].name[lang], "values": [figure(row[name]) for name in pair],
                      "change": signed(row[uniform] - row[graded])} for key, row in rows.iterrows() if row["most"] > 0],
            "total": [figure(total[name]) for name in pair], "change": signed(total[uniform] - total[graded]),
            "share": f"{100 * (total[uniform] / total[graded] - 1):+.1f}%".replace("-", "−") if total[graded] else "-",
            "chart": charts.svg(comparison_charts.pairs(value[pair], [results.name(runs[name]) for name in pair],
                                                        text("report.value_by_industry", lang),
                                                        text("report.value_axis", lang), lang))
            if number == 0 else ""})
    return sections


def _differences(results: Comparison) -> list[dict[str, Any]]:
    """The policy diff of each run against the first: what differs, what it moved, and the sum."""
    lang, sections = results.lang, []
    if len(results.runs) > comparison_charts.NUMBERED:
        return sections
    figures = [*(f"avoided_{p}_kg" for p in Pollutant), "curtailed_value_cny"]
    units = [1000.0] * len(Pollutant) + [MONEY[lang]]
    for run in results.runs[1:]:
        name = run.world.run.name
        if name in results.elsewhere:
            sections.append({"name": results.name(run), "elsewhere": ", ".join(results.elsewhere[name]), "rows": []})
            continue
        mine = of_run(results.differences, name)
        if mine.empty:
            continue
        mean = mine.groupby("step", sort=False).mean(numeric_only=True)
        words = mine.drop_duplicates("step").set_index("step")
        total, shown, rest = mean.sum(), _largest(mean, words["kind"] == "rows"), None
        if len(shown) < len(mean):
            rest = _moved_in_words(mean.drop(shown).sum(), [], figures, units) | {"count": len(mean) - len(shown)}
        hours = [level.name for level in WARNING_LEVELS if (mean[f"hours_{level.name}"] != 0).any()]
        sections.append({
            "name": results.name(run), "elsewhere": "", "hours": hours, "listed": run.accounts is not None,
            "rows": [{"name": words["difference"][step],
                      "said": [words["rule_from"][step], words["rule_to"][step]],
                      "clause": [_shortened(words[f"clause_{end}"][step]) for end in ("from", "to")],
                      **_moved_in_words(row, hours, figures, units)} for step, row in mean.loc[shown].iterrows()],
            "rest": rest, "total": _moved_in_words(total, hours, figures, units)})
    return sections


def _largest(mean: pd.DataFrame, rows: pd.Series) -> list[int]:
    """Steps to show, in their order: every difference of editions, and of the groups of lines those that move most."""
    value = mean["curtailed_value_cny"].astype(float).abs()[rows.to_numpy()]
    return sorted([*mean.index[~rows.to_numpy()], *value.sort_values(ascending=False, kind="stable").index[:GROUPS_SHOWN]])


def _moved_in_words(row: pd.Series, hours: list[str], figures: list[str], units: list[float]) -> dict[str, Any]:
    return {"days": signed(row["warning_days"]), "hours": [signed(row[f"hours_{level}"]) for level in hours],
            "lines": f"{row['lines']:,.0f}",
            "figures": [signed(row[key] / unit) for key, unit in zip(figures, units, strict=True)]}


def _shortened(clauses: str, most: int = 2) -> str:
    """The first clauses of many; all of them stand in differences.csv."""
    each = clauses.split("; ")
    return "; ".join(each[:most]) + (f" … (+{len(each) - most})" if len(each) > most else "")


def _runs(results: Comparison) -> list[dict[str, Any]]:
    """What each run changed, old and new, and its measures against blanket stopping."""
    lang = results.lang
    return [{"name": results.name(run), "edition": getattr(run.world.edition.title, lang),
             "policy": getattr(run.world.choice.policy.head.title, lang) if run.accounts else "",
             "changes": changes_told(run),
             "measures": measures_in_words(of_run(results.measures, run.world.run.name), lang) if run.accounts else []}
            for run in results.runs]
