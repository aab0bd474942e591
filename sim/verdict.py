"""What verification and regret say of a run, as a small table and a picture for the reader's page."""

from typing import Any

import pandas as pd

from sim import charts, verification_charts
from sim.experiment import Run
from sim.labels import MONEY, sentences, text
from sim.results import Results
from sim.verification import ALL
from sim.vocab import Pollutant

RATES = ["hits", "misses", "false_alarms", "hit_rate", "false_alarm_ratio", "critical_success_index", "frequency_bias"]


def verdict(results: Results, run: Run) -> dict[str, Any]:
    """Warnings by level, forecasts by lead day, changes, notice and the price of errors.

    `skill` is None where forecasts cannot err; without the extra `verify` it holds the price alone. Shown : the first
    city, all members together.
    """
    if not results.forecasts_err:
        return {"verdict": None}
    lang, member = results.lang, ALL if len(run.world.members) > 1 else run.world.members[0]
    section: dict[str, Any] = {"measured": results.verified, "price": _price(results, run)}
    if not results.verified:
        return {"verdict": section}
    table = results.verification
    table = table[(table["run"] == run.world.run.name) & (table["city"] == run.world.cities[0])]
    own = table[(table["member"] == member) & table["cost_loss_ratio"].isna()]
    warnings = _wide(own[own["what"] == "warnings"], ["by", "level"], RATES)
    threshold = run.world.rules.lowest
    lowest = table["threshold"].min()
    forecasts = table[table["what"] == "forecasts"]
    behind = ALL if (forecasts["member"] == ALL).any() else member  # an ensemble's members stand behind one decision
    forecasts = forecasts[forecasts["member"] == behind]
    forecasts = forecasts[(forecasts["threshold"] == lowest) | forecasts["threshold"].isna()]
    told = forecasts[forecasts["cost_loss_ratio"].isna()]
    leads = _wide(told, ["lead_day"], [*RATES, "rmse", "correlation", "mean_error", "brier_score", "crps"])
    leads = leads[leads["rmse"].notna()]  # a lead day that no pair of the period has
    best = forecasts[forecasts["measure"] == "economic_value_max"].set_index("lead_day")
    leads = leads.assign(economic_value=best["value"].reindex(leads["lead_day"]).to_numpy())
    changes = table[(table["what"] == "warnings") & table["by"].isna()].pivot_table(
        index="measure", values="value", aggfunc="mean")["value"].to_dict()
    changes["notice_least_h"] = table.loc[table["measure"] == "notice_least_h", "value"].min()
    return {"verdict": section | {
        "city": run.world.names[run.world.cities[0]][lang], "threshold": f"{lowest:g}",
        "levels": [{"level": level, **{by: rows.set_index("by").to_dict("index").get(by) for by in ("day", "episode")}}
                   for level, rows in warnings.groupby("level", sort=False)],
        "leads": leads.to_dict("records"), "changes": changes,
        "members": _members(run, lang) if len(leads) else "", "shares": run.world.shown.behind > 1 and len(leads) > 0,
        "chart": charts.svg(verification_charts.performance(warnings, leads, float(threshold), lang))}}


def _members(run: Run, lang: str) -> str:
    """What figures of all members, and of all forecasts behind a decision, are of."""
    world, said = run.world, []
    if world.shown.behind > 1:
        said.append(text("report.skill_ensemble", lang, count=world.shown.behind))
    elif world.weather.ensemble > 1:
        of = {"median": "report.skill_collapsed.median", "mean": "report.skill_collapsed.mean"}
        said.append(text(of[world.weather.given.decide_on], lang))
    if len(world.members) > 1:
        each = "report.skill_members.winters" if len(world.weather.own[0]) > 1 else "report.skill_members.offices"
        said.append(text("report.skill_members", lang, each=text(each, lang)))
    return sentences(said, lang)


def _wide(rows: pd.DataFrame, keys: list[str], measures: list[str]) -> pd.DataFrame:
    """One row for each value of the keys, in the order met, with a column for each measure."""
    rows = rows.dropna(subset=keys)
    wide = rows.pivot_table(index=keys, columns="measure", values="value", dropna=False, observed=True, sort=False)
    return wide.reindex(columns=measures).dropna(how="all").reset_index()


def _price(results: Results, run: Run) -> dict[str, float]:
    """Means over members of `regret`; tonnes and money in the units of the page."""
    mine = results.regret[results.regret["run"] == run.world.run.name].mean(numeric_only=True)
    return {"missed_days": mine["missed_days"], "false_alarm_days": mine["false_alarm_days"],
            "late_hours": mine["late_hours"], "cny": mine["false_alarm_cny"] / MONEY[results.lang],
            **{p.value: mine[f"missed_kg_{p}"] / 1000 for p in Pollutant}}
