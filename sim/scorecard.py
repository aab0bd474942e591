"""Targets on the page: what was set beside what was observed, as a table like the documents' annexes and a picture."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim import target_tables
from sim.charts import INK, drawing, svg
from sim.experiment import Run
from sim.labels import text
from sim.metrics import first_member, of_run, run_name
from sim.results import Results
from sim.targets import QUANTITIES
from sim.winters import Generated

COLOUR = {"met": "#6fa79b", "mixed": "#dfa23c", "missed": "#c9453a", "open": "#c3c8cf"}
"""By state; `mixed` is not the same in all generated winters."""
WIDTH_IN = 11
SLOT = 1.35
"""Distance of two bars in a panel: room for a target's figure on the left, for the other areas' dots on the right."""
SIGN = {"<=": "≤", "<": "<", ">=": "≥", ">": ">", "": ""}


def number(value: float, target: str, *, sign: bool = False, mean: bool = False) -> str:
    """A figure as the field writes it: counts whole (their mean over winters not), shares in percent, CO and the composite
    index with decimals."""
    if value != value:
        return "-"
    digits = {"co_p95_mg_m3": 2, "composite_index": 2, "good_days": int(mean), "heavy_days": int(mean)}.get(target, 1)
    percent = target == "good_days_share"
    shown = f"{100 * value if percent else value:{'+' if sign and value else ''}.{digits}f}".replace("-", "−")
    return shown + ("%" if percent else "")


def period(label: str, lang: str) -> str:
    """`2015-10/2015-12` in words: Oct-Dec 2015, 2015年10月-12月."""
    months = text("scorecard.months", lang).split()
    ends = [(year, months[int(month) - 1]) for year, month in re.findall(r"(\d{4})-(\d\d)", label)]
    if not ends:
        return label if lang == "en" else f"{label}年"
    (begins, first), (ends_in, last) = ends[0], ends[-1]
    if lang == "zh":
        same = f"-{last}" if ends_in == begins else f"-{ends_in}年{last}"
        return f"{begins}年{first}" + (same if len(ends) > 1 else "")
    if begins != ends_in:
        return f"{first} {begins}-{last} {ends_in}"
    return f"{first}-{last} {begins}" if len(ends) > 1 else f"{first} {begins}"


def score(results: Results, run: Run) -> dict[str, Any] | None:
    """The section of one run, or None without air-quality targets; `same` where the first run has the very same one."""
    mine, first = air_quality(results, run), air_quality(results, results.runs[0])
    if mine.empty:
        return None
    if run is not results.runs[0] and mine.drop(columns="run").equals(first.drop(columns="run")):
        return {"same": run_name(results.runs[0], results.lang)}
    names, lang = {key: both[results.lang] for key, both in run.world.names.items()}, results.lang
    count = {one: int((mine["state"] == one).sum()) for one in COLOUR}
    return {"same": "", **count, "judged": len(mine) - count["open"], "winters": int(mine["winters"].max()),
            "measured": bool((mine["winters"] == 0).any()),
            "blocks": [_block(one, table, city, names, lang) for table, city, one in _blocks(mine)]}


def air_quality(results: Results, run: Run) -> pd.DataFrame:
    """Air-quality targets of one run, one row for all members: measured days are shared by them, of generated winters it
    is the mean.

    winters : how many are generated, 0 of measured days. reached, open : in how many of them the target is reached, or
    not judged. state : one of COLOUR.
    """
    every = of_run(results.targets, run.world.run.name)
    every = every[every["target"].isin(list(QUANTITIES))]
    mine = first_member(every, run).reset_index(drop=True)
    given = {area: run.world.settings.cities[of].observed for area, of in run.world.source.items()}
    made = {area: one.winters if isinstance(one, Generated) else 0 for area, one in given.items()}
    mine["winters"] = mine["measured_by"].map(made).astype(int)
    mine["reached"], mine["open"] = mine["met"].eq(True).astype(int), mine["met"].isna().astype(int)
    several = (mine["winters"] > 1).to_numpy()
    if several.any():  # each winter is a member: its rows stand in the same order as the first one's
        for name, each in (("value", every["value"]), ("limit", every["limit"]), ("reached", every["met"].eq(True)),
                           ("open", every["met"].isna())):
            by_member = each.to_numpy(float).reshape(-1, len(mine))[:, several]
            mine.loc[several, name] = by_member.sum(axis=0) if name in ("reached", "open") else by_member.mean(axis=0)
        mine.loc[several, "difference"] = (mine["value"] - mine["limit"]).where(mine["open"] == 0)[several]
    winters = mine["winters"].clip(lower=1)
    mine["state"] = np.select([mine["open"] == winters, mine["reached"] == winters, mine["reached"] + mine["open"] == 0],
                              ["open", "met", "missed"], "mixed")
    return mine


def _blocks(frame: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Rows of one table, one series and one winter (July to June); calendar years stand together."""
    begins = frame["period"].str.extract(r"^(\d{4})-(\d\d)").astype(float)
    winter = (begins[0] - (begins[1] < 7)).fillna(0)
    for (table, city, _), part in frame.groupby(["table", "measured_by", winter], sort=False):
        yield table, city, part


def _block(part: pd.DataFrame, table: str, city: str, names: dict[str, str], lang: str) -> dict[str, Any]:
    periods = _in_time(part["period"])
    groups = []
    for target, of_target in part.groupby("target", sort=False):
        seen = of_target.drop_duplicates("period").set_index("period")
        areas = [{"area": rows["area_name"].iloc[0], "notes": list(filter(None, dict.fromkeys(rows["note"]))),
                  "cells": [_cell(rows[rows["period"] == one], str(target), lang) for one in periods]}
                 for _, rows in of_target.groupby("area", sort=False)]
        observed = [_observed(seen.loc[one], str(target), lang) if one in seen.index else {"value": "", "part": ""}
                    for one in periods]
        groups.append({"name": text(f"quantity.{target}", lang), "observed": observed, "areas": areas})
    head = target_tables.head(table) if table else None
    title = text("report.score_table", lang, title=getattr(head.title, lang), document=head.document,
                 stated_for=getattr(head.stated_for, lang)) if head else text("report.score_own", lang)
    return {"title": title, "series": text("report.score_series", lang, city=names[city]), "groups": groups,
            "winters": int(part["winters"].iloc[0]),
            "periods": [period(one, lang) for one in periods],
            "notes": [getattr(note, lang) for note in head.notes] if head else [],
            "picture": svg(picture(part, names[city], lang)) if (part["relation"] != "").any() else ""}


def _observed(row: pd.Series, target: str, lang: str) -> dict[str, str]:
    """What was observed in one period, and over how many of its days where some are not in the run."""
    covered, days = row["days_covered"], row["days_in_period"]
    return {"value": number(row["value"], target, mean=row["winters"] > 1),
            "part": text("report.score_part", lang, covered=f"{covered:g}", days=f"{days:g}") if covered < days else ""}


def _in_time(periods: pd.Series) -> list[str]:
    """Periods by their last month, single months before the spans that they end."""
    return sorted(periods.unique(), key=lambda one: (one[-7:], "/" in one))


def _cell(rows: pd.DataFrame, target: str, lang: str) -> dict[str, str] | None:
    """What was set for one area and period, and by how much it was reached or missed."""
    if rows.empty or not rows["relation"].iloc[0]:
        return None
    row = rows.iloc[0]
    limit = f"{row['limit']:g}" if target != "good_days_share" else number(row["limit"], target)
    said = limit if row["limit"] == row["limit"] else text("report.score_year_before", lang)
    winters = ""
    if row["winters"] > 1 and row["state"] != "open":
        winters = text("scorecard.reached", lang, reached=row["reached"], winters=row["winters"])
        winters += text("report.score_reached_open", lang, open=row["open"]) if row["open"] else ""
    return {"limit": f"{SIGN[row['relation']]} {said}", "state": row["state"], "winters": winters,
            "difference": number(row["difference"], target, sign=True, mean=row["winters"] > 1)
            if row["difference"] == row["difference"] else ""}


def picture(part: pd.DataFrame, city: str, lang: str = "en") -> Figure:
    """Observed values as bars, coloured by whether the city's target is reached, targets as lines and dots.

    part : rows of one table, series and winter. Where the city itself has no target, the first area stands for it. Of
    generated winters bars are means; below each stands how many reach the target.
    """
    winters = part["winters"].iloc[0]
    limited = part[part["relation"] != ""]
    wanted = list(dict.fromkeys(limited["target"]))
    counts = [limited.loc[limited["target"] == target, "period"].nunique() for target in wanted]
    with drawing():
        figure = Figure(figsize=(WIDTH_IN, 3.5))
        figure.subplots_adjust(0.045, 0.19 if winters > 1 else 0.14, 0.99, 0.76, wspace=0.22)
        panels = figure.subplots(1, len(wanted), width_ratios=[max(count, 2.4) + 0.7 for count in counts], squeeze=False)[0]
        for axes, target in zip(panels, wanted, strict=True):
            _panel(axes, limited[limited["target"] == target], target, lang)
        dots = any(len(set(rows["limit"])) > 1 for _, rows in limited.groupby(["target", "period"]))
        used = set(limited["state"])
        keys: list[Any] = [Patch(color=COLOUR[one], label=text(f"scorecard.{one}", lang)) for one in COLOUR if one in used]
        keys.append(Line2D([], [], color=INK, lw=2, label=text("scorecard.limit", lang)))
        if dots:
            keys.append(Line2D([], [], color="#7b828c", marker="o", ms=4, lw=0, label=text("scorecard.others", lang)))
        figure.legend(handles=keys, loc="upper right", ncols=len(keys), fontsize=9, borderaxespad=0.2)
        figure.text(0.012, 0.985, city, va="top", fontsize=12)
        if winters > 1:
            figure.text(0.012, 0.905, text("scorecard.mean", lang, winters=winters), va="top", fontsize=9)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, target: str, lang: str) -> None:
    """One quantity: a bar for each period, the city's target across it, those of the other areas as dots beside it."""
    periods, part = _in_time(rows["period"]), 100 if target == "good_days_share" else 1
    rows = rows.assign(value=rows["value"] * part, limit=rows["limit"] * part)
    top, below = np.nanmax([1.0, rows["value"].max(), rows["limit"].max()]), []
    places = SLOT * np.arange(len(periods))
    for at, one in zip(places, periods, strict=True):
        here = rows[rows["period"] == one]
        main = (here[here["area_kind"] == "city"] if (here["area_kind"] == "city").any() else here).iloc[0]
        partial = main["days_covered"] < main["days_in_period"]
        colour = COLOUR[main["state"]]
        below.append(text("scorecard.reached", lang, reached=main["reached"], winters=main["winters"])
                     if main["winters"] > 1 and main["state"] != "open" else "")
        axes.bar(at, main["value"], 0.56, color="white" if partial else colour, edgecolor=colour,
                 hatch="////" if partial else "")
        others = np.setdiff1d(here["limit"].dropna().to_numpy(), [main["limit"]])
        axes.plot(np.full(len(others), at + 0.39), others, "o", ms=3.2, color="#7b828c", mew=0)
        if main["value"] == main["value"]:
            shown = number(main["value"] / part, target, mean=main["winters"] > 1)
            _label(axes, at, main["value"], main["limit"], top, shown, partial=partial)
        if main["limit"] == main["limit"]:
            axes.plot([at - 0.36, at + 0.36], [main["limit"]] * 2, color=INK, lw=2, solid_capstyle="butt")
            axes.annotate(f"{main['limit']:g}", (at - 0.38, main["limit"]), ha="right", va="center", fontsize=8.5,
                          color=INK)
    names = [_two_lines(period(one, lang), lang) for one in periods]
    axes.set_xticks(places, [f"{name}\n{reached}".rstrip() for name, reached in zip(names, below, strict=True)])
    axes.tick_params(axis="x", labelsize=9, length=0)
    spare = max(0.0, 1.6 * axes.get_position().width * WIDTH_IN - places[-1] - 1.5) / 2  # few bars stay slim, in the middle
    axes.set_xlim(-0.85 - spare, places[-1] + 0.65 + spare)
    axes.set_ylim(0, top * 1.16)
    axes.grid(visible=False, axis="x")
    axes.set_title(text(f"quantity.{target}", lang), fontsize=10)


def _label(axes: Axes, at: float, value: float, limit: float, top: float, words: str, *, partial: bool) -> None:
    """The value just under the top of its bar, or above where the bar is low or the target's line would cross it."""
    room = 0.11 * top
    inside = value > 1.2 * room and not value - room < limit <= value
    over = limit if not inside and value <= limit < value + room else value
    axes.annotate(words, (at, over), (0, -3 if inside else 2.5), textcoords="offset points", ha="center",
                  va="top" if inside else "bottom", fontsize=9, color="white" if inside and not partial else INK,
                  bbox={"fc": "white", "ec": "none", "pad": 0.8} if inside and partial else None)


def _two_lines(name: str, lang: str) -> str:
    """A period with its year below: the months are what is compared."""
    year, *rest = re.findall(r"\d{4}年?", name)
    bare = re.sub(r"\s?" + year, "", name)
    return name if rest or not bare or (lang == "zh" and not bare.strip("年")) else f"{bare}\n{year}"
