"""What a scenario adds to warnings and grades, in words and small tables for the reader's page."""

from typing import Any

import pandas as pd

from sim import wording
from sim.events import meant
from sim.experiment import Run
from sim.industries import industries, industry_named
from sim.labels import MONEY, text
from sim.results import Results
from sim.vocab import Grade, Pollutant


def mechanisms(results: Results, run: Run) -> dict[str, Any]:
    """Linkage, seasons, dated events, negotiated cuts and electricity of one run; empty where a scenario has none."""
    lang, name = results.lang, run.world.run.name
    seasons, electricity = results.seasons, results.electricity
    return {"linkage": _linkage(run, lang), "events": _events(run, lang), "negotiated": _negotiated(run, lang),
            "per_warning": per_warning(results, run),
            "seasons": _seasons(seasons[seasons["run"] == name], lang),
            "electricity": _electricity(electricity[electricity["run"] == name], lang)}


def per_warning(results: Results, run: Run) -> list[dict[str, Any]]:
    """What each warning of the first member took from whole-society emissions, by pollutant: share, target, reached."""
    mine = results.targets
    mine = mine[(mine["run"] == run.world.run.name) & (mine["member"] == run.world.members[0])
                & mine["target"].str.startswith("reduction_")]
    rows = []
    for (area, period), part in mine.groupby(["area_name", "period"], sort=False):
        cells = {row["target"].split("_")[1]: row for row in part.to_dict("records")}
        begins, ends = (stamp.replace("T", " ") for stamp in period.split("/"))
        rows.append({"area": area, "begins": begins, "ends": ends, "level": part["note"].iloc[0],
                     "cells": [cells.get(p.value) for p in Pollutant]})
    return rows


def _named(run: Run, places: list[int], lang: str) -> str:
    return text("list.join", lang).join(run.world.names[run.world.cities[place]][lang] for place in places)


def _linkage(run: Run, lang: str) -> list[str]:
    linkage = run.world.linkage
    said = [text("report.linkage.joint", lang, areas=_named(run, list(areas), lang), count=count)
            for areas, count in linkage.groups]
    for leader in dict.fromkeys(leader for _, leader in linkage.follow):
        followers = [area for area, of in linkage.follow if of == leader]
        said.append(text("report.linkage.follow", lang, areas=_named(run, followers, lang),
                         leader=_named(run, [leader], lang)))
    if said and linkage.tighten:
        said.append(text("report.linkage.tighten", lang))
    return [*said, text("report.linkage.own", lang)] if said else []


def _seasons(rows: pd.DataFrame, lang: str) -> list[dict[str, Any]]:
    return [{**row, "industry": industries()[row["industry"]].name[lang] if row["industry"] in industries() else
             text("cli.any", lang), "process": row["process"].replace("*", ""),
             "grade": text(f"grade.{row['grade']}", lang) if row["grade"] in list(Grade) else text("cli.any", lang)}
            for row in rows.to_dict("records")]


def _events(run: Run, lang: str) -> list[dict[str, str]]:
    said = []
    for event in run.world.settings.events:
        what = text(f"report.event.{event.event}", lang, to=text(f"grade.{event.to}", lang) if event.to else "")
        if event.share is not None:
            industry = industry_named(event.industry) if event.industry else None
            of = " ".join(filter(None, [text(f"grade.{event.grade}", lang) if event.grade else "",
                                        industry.name[lang] if industry else ""]))
            whom = text("report.event.share", lang, share=wording.percent(event.share), of=f" ({of})" if of else "")
        else:
            whom = event.line or event.enterprise or ""
            if run.world.population and event.enterprise:
                count = len(meant(run.world.population, event))
                whom += f" ({text('report.event.lines', lang, count=count)})"
        said.append({"date": event.date.isoformat(), "what": what, "whom": whom})
    return sorted(said, key=lambda one: one["date"])


def _negotiated(run: Run, lang: str) -> str:
    terms = run.world.settings.grading.negotiated
    if terms is None:
        return ""
    join = text("list.join", lang)
    return text("report.negotiated.text", lang, share=wording.percent(terms.offer_share),
                grades=join.join(text(f"grade.{grade}", lang) for grade in terms.grades),
                levels=join.join(text(f"level.{level}", lang) for level in terms.levels),
                pollutant=text(f"pollutant.{Pollutant(terms.pollutant)}", lang), wanted=f"{terms.wanted_kg_per_day:,.0f}")


def _electricity(table: pd.DataFrame, lang: str) -> list[dict[str, Any]]:
    if table.empty:
        return []
    members = table["member"].nunique()
    by_grade = table.groupby("grade", sort=False)[["used_kwh", "surcharge_cny"]].sum() / members
    order = [grade.value for grade in Grade if grade.value in by_grade.index]
    return [{"grade": text(f"grade.{grade}", lang), "gwh": by_grade["used_kwh"][grade] / 1e4,
             "surcharge": by_grade["surcharge_cny"][grade] / MONEY[lang]} for grade in order]
