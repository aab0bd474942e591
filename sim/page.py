"""The reader's page: one HTML file with no links out, made from the tables of a run."""

import re
from functools import cache
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from sim import charts, rulebook, scorecard, society, target_tables, wording
from sim.experiment import Progress, Run, Scenario
from sim.grid import plain
from sim.industries import ANY, industries, processes
from sim.labels import MONEY, quantity, sentences, text
from sim.mechanisms import mechanisms
from sim.metrics import (
    avoided_by_industry,
    first_member,
    glance,
    hours_outside_warnings,
    mean_over_members,
    most_affected,
    of_run,
    products,
    run_name,
)
from sim.results import Results, version
from sim.verdict import verdict
from sim.vocab import WARNING_LEVELS, Basis, Grade, Pollutant

ROWS_SHOWN = 15


@cache
def environment() -> Environment:
    """The page templates, with escaping and filters."""
    made = Environment(loader=PackageLoader("sim", "data"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                       lstrip_blocks=True)
    made.filters["fig"] = figure
    made.filters["short"] = lambda value: f"{round(value, 1):,.10g}"  # counts, days, hours: no digits that say nothing
    made.filters["unbroken"] = unbroken
    made.filters["sentences"] = sentences
    return made


def figure(value: float) -> str:
    """A figure as a reader wants it: about three digits, never a zero for what is not nothing."""
    digits = 1 if abs(value) >= 10 else 2 if abs(value) >= 0.1 else 4
    return f"{value:,.{0 if abs(value) >= 10_000 or value == 0 else digits}f}"


def unbroken(words: str) -> Markup:
    """Words with their dates held together: a line ends before a date, not inside it."""
    return Markup(re.sub(r"\d{4}-\d\d-\d\d", r'<span class="w">\g<0></span>', str(escape(words))))  # noqa: S704  escaped


def render(results: Results, progress: Progress | None = None) -> str:
    """The page in the results' language, charts included. progress : told of each run that is drawn."""
    lang, sections = results.lang, []
    note, of_each = wording.notes(results.scenario.worlds, results.lang)
    for number, (run, said) in enumerate(zip(results.runs, of_each, strict=True)):
        if progress:
            progress("report", number, len(results.runs))
        sections.append(_section(results, run) | {"forecast": sentences(said, lang)})
    template = environment().get_template("report.html.j2")
    return template.render(
        lang=lang, t=lambda key, **words: text(f"report.{key}", lang, **words), word=lambda key: text(key, lang),
        levels=[level.name for level in WARNING_LEVELS], colour=charts.LEVEL_COLOUR, money=MONEY[lang],
        pollutants=list(Pollutant), quantity=quantity, note=note,
        title=title(results), period=period(results), version=version(), doubts=doubts(results.scenario, results.lang),
        glance=[glance(results, run) for run in results.runs],
        runs=sections, citations=citations(results), areas=len(results.scenario.worlds[0].cities),
    )


def title(results: Results) -> str:
    return getattr(results.scenario.worlds[0].settings.title, results.lang)


def period(results: Results) -> str:
    calendar = results.scenario.worlds[0].calendar
    return text("report.period", results.lang, start=calendar.start.isoformat(), end=calendar.end.isoformat())


def _section(results: Results, run: Run) -> dict[str, Any]:
    """One run's part of the page."""
    name, lang = run.world.run.name, results.lang
    mine = {sheet: of_run(getattr(results, sheet), name) for sheet in (
        "warnings", "days", "totals", "output", "lines", "by_level", "by_county", "rules", "reduction_targets")}
    members = len(run.world.members)
    first = first_member(of_run(results.days, results.runs[0].world.run.name), results.runs[0])
    plain = {"columns": ["run", "response_hours"]}
    as_first = run is not results.runs[0] and first_member(mine["days"], run).drop(**plain).reset_index(
        drop=True).equals(first.drop(**plain).reset_index(drop=True))
    section: dict[str, Any] = {
        "name": run_name(run, lang), "edition": getattr(run.world.edition.title, lang), "run": name,
        "winters": [] if as_first else [charts.svg(winter(results, run, city)) for city in run.world.cities
                                        if run.world.source[city] == city],  # else it would show its leader's again
        "as_first": run_name(results.runs[0], lang) if as_first else "",
        "decisions": _decisions(first_member(mine["warnings"], run), run, lang), "many_cities": len(run.world.cities) > 1,
        "city_names": {key: names[lang] for key, names in run.world.names.items()},
        "members": members, "member": run.world.members[0], "listed": run.accounts is not None,
        "changes": changes_told(run),
        "escalate": run.world.settings.response.escalate, "outside_hours": hours_outside_warnings(run),
        "sources": society.source_rows(run, lang), "trucks": society.truck_rows(run),
        "score": scorecard.score(results, run),
    } | mechanisms(results, run) | verdict(results, run)
    if not section["listed"]:
        return section
    for sheet in ("totals", "output", "lines", "by_level", "by_county", "rules"):
        mine[sheet] = mean_over_members(mine[sheet], members)
    avoided = avoided_by_industry(mine["totals"])
    value = mine["output"].groupby("industry")[["curtailed_value_cny"]].sum() / MONEY[lang]
    section |= {
        "by_grade": charts.svg(charts.avoided_by_grade(mine["totals"], text("report.by_grade", lang), lang))
        if avoided.to_numpy().any() else "",
        "by_industry": charts.svg(charts.by_industry(avoided, text("report.by_industry", lang), text("chart.tonnes", lang),
                                                     lang)) if avoided.to_numpy().any() else "",
        "value_by_industry": charts.svg(charts.by_industry(value, text("report.value_by_industry", lang),
                                                           text("report.value_axis", lang), lang))
        if value.to_numpy().any() else "",
        "products": products(mine["output"]).head(10).to_dict("records"),
        "top": most_affected(mine["lines"], run, lang),
        "by_level": _pivot(mine["by_level"], "level", value=True),
        "by_county": _by_county(mine["by_county"]),
        "targets_source": _targets_source(run, lang),
        "targets": first_member(mine["reduction_targets"], run).assign(
            share=lambda f: f["share"].astype(float)).to_dict("records"),
        "assumptions": _assumptions(mine["rules"], lang),
        "measures": measures_in_words(of_run(results.measures, name), lang),
    }
    return section


def changes_told(run: Run) -> list[dict[str, str]]:
    """What a run has changed, in words."""
    return [{"key": c.key, "old": "-" if c.old is None else plain(c.old), "new": plain(c.new), "given": c.given}
            for c in run.world.run.told]


def _decisions(taken: pd.DataFrame, run: Run, lang: str) -> list[dict[str, Any]]:
    """Decisions in order; the same decision for several linked areas is one row."""
    rows: dict[tuple, dict[str, Any]] = {}
    for row in taken.to_dict("records"):
        key = tuple(value for name, value in row.items() if name not in ("city", "warning"))
        name = run.world.names[row["city"]][lang]
        if key in rows:
            rows[key]["areas"].append(name)
        else:
            rows[key] = row | {"areas": [name]}
    for row in rows.values():
        if len(row["areas"]) == len(run.world.cities) > 2:
            row["areas"] = [text("cli.all_areas", lang, count=len(row["areas"]))]
    return list(rows.values())


def winter(results: Results, run: Run, city: str) -> Any:
    """A city's figure: the index of each day, warning bands, the lowest threshold of each level."""
    lang = results.lang
    thresholds: dict[str, float] = {}
    for *_, criterion in run.world.rules.criteria:
        thresholds.setdefault(f"{criterion.threshold:g}", criterion.threshold)
    days = first_member(of_run(results.days, run.world.run.name), run)
    name = run_name(run, lang)
    parts = [run.world.names[city][lang], name, *([run.world.edition.id] if name != run.world.edition.id else [])]
    title = " · ".join(parts)
    trigger = text(f"trigger.{run.world.edition.trigger}", lang)
    return charts.winter(days[days["city"] == city], thresholds, title, trigger, lang)


def measures_in_words(table: pd.DataFrame, lang: str) -> list[dict[str, str]]:
    """A run's measures against blanket stopping, means over members: what each is, and its value as a reader wants it."""
    mean = table.mean(numeric_only=True)
    said = [(text("report.measures.clean", lang), mean["clean_day_value_share"], "share"),
            (text("report.measures.beyond", lang, hours=f"{mean['response_hours']:,.4g}"), mean["hours_beyond_need"], ""),
            (text("report.measures.best", lang, lines=f"{mean['best_grades_lines']:,.0f}"),
             mean["best_grades_hours_lost"], ""),
            (text("report.measures.per_tonne", lang), mean["cny_per_tonne"] / 1e4, "")]
    said += [(text("report.measures.per_tonne_of", lang, grade=text(f"grade.{grade}", lang)),
              mean[f"cny_per_tonne_{grade}"] / 1e4, "") for grade in Grade if mean[f"cny_per_tonne_{grade}"] > 0]
    return [{"what": what, "value": "-" if value != value else wording.percent(value) if kind else figure(value)}
            for what, value, kind in said]


def _by_county(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Tonnes avoided by city, county and pollutant: counties of two cities may have one name."""
    wide = table.pivot_table(index=["city", "county"], columns="pollutant", values="avoided_kg", aggfunc="sum", sort=False)
    return [{"city": city, "key": county, **{p.value: row[p.value] / 1000 for p in Pollutant}}
            for (city, county), row in wide.iterrows()]


def _targets_source(run: Run, lang: str) -> str:
    targets = run.world.edition.targets
    if not targets:
        return text("report.targets_none", lang, edition=run.world.edition.id)
    return text("report.targets_source", lang, source=getattr(targets.source, lang), basis=text(f"basis.{targets.basis}", lang))


def _pivot(table: pd.DataFrame, key: str, *, value: bool = False) -> list[dict[str, Any]]:
    """Tonnes avoided by `key` and pollutant, with the value curtailed where the table has it."""
    if table.empty:
        return []
    wide = table.pivot_table(index=key, columns="pollutant", values="avoided_kg", aggfunc="sum", sort=False) / 1000
    rows = wide[[p.value for p in Pollutant]].assign(key=wide.index)
    if value:
        once = table.drop_duplicates([c for c in ("city", key) if c in table])
        rows["value"] = once.groupby(key)["curtailed_value_cny"].sum()
    return rows.to_dict("records")


def _assumptions(rules: pd.DataFrame, lang: str) -> dict[str, Any]:
    """Assumed rows that moved numbers, by tonnes; the first ones in full, the rest counted."""
    kg = rules[[f"avoided_{p}_kg" for p in Pollutant]].sum(axis=1)
    moved = rules.assign(kg=kg)[(rules["basis"] == Basis.ASSUMED.value) & (kg > 0)]
    moved = moved.sort_values("kg", ascending=False, kind="stable")
    shown = moved.head(ROWS_SHOWN).to_dict("records")
    for row in shown:
        row["key"] = row["industry"]
        row["industry"] = industries()[row["industry"]].name[lang] if row["industry"] in industries() else "-"
        row["grade"] = text(f"grade.{row['grade']}", lang) if row["grade"] not in ("*", "") else "-"
        row["control"] = text(f"control.{row['control']}", lang)
        known = processes().get((row["key"], row["process"]))
        own = row["process"] if row["process"] != ANY else ""
        row["process"] = known.name[lang] if known and own else own  # else the list's own word
    return {"rows": shown, "more": len(moved) - len(shown), "total_t": float(kg.sum()) / 1000}


def citations(results: Results) -> list[dict[str, str]]:
    """Every document behind the runs, once: editions, life of a warning, rule rows that met a line."""
    lang, found = results.lang, {}
    for run in results.runs:
        edition = run.world.edition
        found[edition.id] = {"document": wording.edition_document(edition, lang), "what": getattr(edition.title, lang),
                             "from": getattr(edition.sources, lang),
                             "basis": text(f"report.confidence.{edition.confidence}", lang),
                             "notes": [getattr(note, lang) for note in edition.notes]}
        rows = [row for phase in run.world.phases for row in (*phase.asked.rows, *phase.season_rows)]
        keys = [key for row in rows for key in (row.cite, *getattr(row, "via", ()))]
        for key in (*keys, *society.citations_met(run)):
            cited = rulebook.citations()[key]
            found[key] = {"document": wording.document(cited.document, lang), "what": cited.title[lang],
                          "from": cited.outlet[lang], "basis": cited.clause[lang], "notes": []}
        for name in dict.fromkeys(filter(None, (choice.table for choice in run.world.settings.targets))):
            head = target_tables.head(name)
            found[name] = {"document": head.document, "what": getattr(head.title, lang), "from": "",
                           "basis": text("report.score", lang), "notes": []}
    lift = rulebook.lifecycle().lift
    found["lift"] = {"document": lift.document, "what": getattr(lift.clause, lang), "from": "",
                     "basis": text(f"basis.{lift.basis}", lang), "notes": []}
    return list(found.values())


def doubts(scenario: Scenario, lang: str) -> list[str]:
    """What the reading of the inputs found doubtful, each kind once with how many more there are."""
    first: dict[str, list] = {}
    for doubt in scenario.doubts:
        first.setdefault(doubt.code, []).append(doubt)
    return [alike[0].text(lang) + (f" ({text('report.doubts_many', lang, count=len(alike) - 1)})"
                                           if len(alike) > 1 else "") for alike in first.values()]
