"""How good warnings and forecasts were, held against the observed winter: the door to `scores` (extra `verify`).

`scores` brings scipy and is imported when a measure is first asked for.
"""

import operator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.episodes import Hindsight, hindsight
from sim.errors import Findings
from sim.experiment import Run
from sim.ledger import Ledger
from sim.tables import hourly_level
from sim.vocab import WARNING_LEVELS, Level

if TYPE_CHECKING:
    import xarray as xr

COLUMNS = ["run", "member", "city", "what", "by", "level", "threshold", "lead_day", "cost_loss_ratio", "measure",
           "value", "count"]
ALL = "all"
"""Member of a figure that is made of all members together."""

BY_LEAD = ["city", "lead_day"]
"""What figures of forecasts are always told for."""

COST_LOSS_RATIOS = (0.01, 0.02, 0.05, *(round(0.05 * step, 2) for step in range(2, 20)), 0.98, 0.99)


def installed() -> bool:
    """Whether the extra `verify` is installed."""
    return find_spec("scores") is not None and find_spec("xarray") is not None


def verification(run: Run) -> pd.DataFrame:
    """One row per measure: warnings by day and by episode, forecasts by lead day. Raises InputError without `scores`.

    count : how many cases the value is a share or mean of. NaN where a measure has no case. Sources: Wilks 2011,
    chapter 8; Richardson 2000 for the economic value; Hersbach 2000 for CRPS.
    """
    if not installed():
        findings = Findings()
        findings.add("verification.missing", file="verification.csv", key="scores")
        findings.raise_errors()
    truth = hindsight(run.world.observed, run.world.rules)
    with np.errstate(divide="ignore", invalid="ignore"):  # a measure without a case is NaN, and that is what it says
        frames = [_warning_days(run, truth), _warning_episodes(run, truth), _changes(run), _forecasts(run)]
    table = pd.concat([frame for frame in frames if len(frame)], ignore_index=True).assign(run=run.world.run.name)
    table["value"] = table["value"].where(np.isfinite(table["value"]))  # no case: no figure
    return table.reindex(columns=COLUMNS).astype({"lead_day": "Int64", "count": "Int64"})


# ---------------------------------------------------------------- warnings


def _warning_days(run: Run, truth: Hindsight) -> pd.DataFrame:
    """Was a warning of at least this level in force on a day of an episode that reached at least this level?"""
    import xarray as xr

    world = run.world
    warned = hourly_level(run).reshape(len(world.members), len(world.cities), world.calendar.days, 24).max(axis=3)
    names = [level.name for level in _levels(run)]
    levels = xr.DataArray([int(level) for level in _levels(run)], {"level": names}, "level")
    told = xr.DataArray(warned, {"member": list(world.members), "city": list(world.cities)}, ("member", "city", "day"))
    was = xr.DataArray(truth.level.T.reshape(warned.shape), told.coords, told.dims)
    return _contingency(told >= levels, was >= levels, value=True).assign(what="warnings", by="day")


def _warning_episodes(run: Run, truth: Hindsight) -> pd.DataFrame:
    """Which episodes of at least this level were met by a warning of at least this level; which warnings met none."""
    import xarray as xr

    world, levels = run.world, _levels(run)
    shape = (len(world.members), len(world.cities), len(levels))
    hits, misses, false_alarms = (np.zeros(shape) for _ in range(3))
    warned = hourly_level(run).reshape(*shape[:2], world.calendar.days, 24).max(axis=3)
    spells = warning_spells(run.ledger)
    for series in range(shape[0] * shape[1]):
        m, c = divmod(series, shape[1])
        start, level = truth.start[:, series], truth.level[:, series]
        for first in np.unique(start[start >= 0]):
            for at, wanted in enumerate(levels):
                if level[first] >= wanted:
                    met = (warned[m, c, start == first] >= wanted).any()
                    hits[m, c, at] += met
                    misses[m, c, at] += not met
        mine = spells[spells["series"] == series]
        for at, wanted in enumerate(levels):
            for _, one in mine[mine["level"] >= wanted].groupby("warning"):
                needed = [(level[int(a // 24): int(np.ceil(b / 24))] >= wanted).any()
                          for a, b in zip(one["from_h"], one["to_h"], strict=True)]
                false_alarms[m, c, at] += not any(needed)
    coords = {"member": list(world.members), "city": list(world.cities), "level": [level.name for level in levels]}
    told = {name: xr.DataArray(values, coords) for name, values in (
        ("tp_count", hits), ("tn_count", np.zeros(shape)), ("fp_count", false_alarms), ("fn_count", misses),
        ("total_count", hits + misses + false_alarms))}
    return _measured(told, base_rate=False, value=False).assign(what="warnings", by="episode")


def _levels(run: Run) -> list[Level]:
    """Levels that the criteria of a run can give, lowest first."""
    return [level for level in WARNING_LEVELS if level in {level for level, *_ in run.world.rules.criteria}]


def warning_spells(ledger: Ledger) -> pd.DataFrame:
    """Unbroken spells of one level of one warning: series, warning, level, from_h, to_h (not included)."""
    line = ledger.timeline.of_class(0)
    same = np.append(line.series[1:] == line.series[:-1], [False])[: len(line.series)]
    to_h = np.where(same, np.append(line.hour[1:], [0.0])[: len(line.hour)], ledger.hours)
    table = pd.DataFrame({"series": line.series, "warning": line.warning, "level": line.level, "from_h": line.hour,
                          "to_h": np.minimum(to_h, ledger.hours)})
    return table[(table["level"] > 0) & (table["to_h"] > table["from_h"])]


def _changes(run: Run) -> pd.DataFrame:
    """Flip-flops of the warnings, and the notice that each gave of its beginning."""
    world, taken = run.world, run.ledger.decisions
    kinds = {"cancellations": ("cancel",), "advances": ("advance",), "level_changes": ("upgrade", "downgrade")}
    rows = []
    for series in range(len(world.members) * len(world.cities)):
        m, c = divmod(series, len(world.cities))
        mine = np.flatnonzero(np.asarray(taken.series) == series)
        notice: dict[int, float] = {}
        for at in mine:  # the last to set the hour is the notice that enterprises had of it
            if taken.kind[at] in ("issue", "advance"):
                notice[int(taken.warning[at])] = float(taken.effective[at] - taken.issued[at])
        issued = len(notice)
        for at in mine:
            if taken.kind[at] == "cancel":
                notice.pop(int(taken.warning[at]))
        hours = np.array(list(notice.values()))
        asked = float(world.settings.response.lead_hours)
        about = {"member": world.members[m], "city": world.cities[c], "what": "warnings"}
        rows += [about | {"measure": name, "value": sum(taken.kind[at] in of for at in mine), "count": issued}
                 for name, of in kinds.items()]
        figures = {"notice_h": hours.mean(), "notice_least_h": hours.min(), "notice_asked_h": asked,
                   "notice_met_share": (hours >= asked).mean()} if len(hours) else {}
        rows += [about | {"measure": name, "value": value, "count": len(hours)} for name, value in figures.items()]
    return pd.DataFrame(rows)


# ---------------------------------------------------------------- forecasts


def _forecasts(run: Run) -> pd.DataFrame:
    """Each issue's index against what came, by lead day; days after the period are not compared."""
    import xarray as xr

    told, was = _pairs(run)
    limit = xr.DataArray(list(_thresholds(run).values()), {"threshold": list(_thresholds(run))}, "threshold")
    behind = run.world.shown.behind
    frames = [_contingency(*_above(told, was, limit), value=behind == 1), *_errors(told, was, ["member", *BY_LEAD])]
    if behind > 1:  # one office's ensemble, in each of its winters: judged by its mean and its shares
        told, was = _by_winter(told, behind), _by_winter(was, behind).isel(member=0, drop=True) if "member" in was.dims else was
        frames += [frame.assign(member=ALL) for frame in (
            *_errors(told.mean("member"), was, BY_LEAD), *_distribution(told, was, limit), *_value_of_shares(told, was, limit))]
    elif told.sizes["member"] > 1:  # offices, or winters, of their own: judged one by one
        frames += [frame.assign(member=ALL) for frame in _errors(told, was, BY_LEAD)]
    return pd.concat(frames, ignore_index=True).assign(what="forecasts", by="day")


def _above(told: "xr.DataArray", was: "xr.DataArray", limit: "xr.DataArray") -> tuple["xr.DataArray", "xr.DataArray"]:
    """Whether forecasts and days are above thresholds: NaN where there is none."""
    return (told > limit).where(np.isfinite(told)), (was > limit).where(np.isfinite(was))


def _by_winter(each: "xr.DataArray", behind: int) -> "xr.DataArray":
    """The forecasts behind the decisions of each winter: dimensions winter x member x …, from members of all winters."""
    import xarray as xr

    return xr.DataArray(each.to_numpy().reshape(-1, behind, *each.shape[1:]), {name: each[name] for name in BY_LEAD},
                        ("winter", *each.dims))


def _cases(was: "xr.DataArray") -> "xr.DataArray":
    """How many days each figure is of, by city and lead."""
    return np.isfinite(was).sum([dim for dim in was.dims if dim not in BY_LEAD]).astype(int)


def _errors(told: "xr.DataArray", was: "xr.DataArray", keep: list[str]) -> list[pd.DataFrame]:
    """How far single forecasts are off, by the dimensions that are kept."""
    from scores import continuous
    from scores.continuous.correlation import pearsonr

    count = np.isfinite(was.broadcast_like(told)).sum([dim for dim in told.dims if dim not in keep]).astype(int)
    return [_tidy(name, measure(told, was, preserve_dims=keep), count) for name, measure in (
        ("rmse", continuous.rmse), ("mean_error", continuous.mean_error), ("correlation", pearsonr))]


def _pairs(run: Run) -> tuple["xr.DataArray", "xr.DataArray"]:
    """What was told of each day by member, city and lead, and what came: NaN where the day lies outside the period.

    The members of an ensemble behind one decision are members here, winter by winter; what came has members where winters
    differ.
    """
    import xarray as xr

    world, days = run.world, run.world.calendar.days
    names, shown = list(world.members), world.shown
    if shown.behind > 1:
        names = list(map(str, range(len(names) * shown.behind)))
    members, cities, horizon = len(names), len(world.cities), world.settings.forecast.horizon_days
    observed = world.observed.reshape(days, -1, cities).repeat(shown.behind, axis=1)
    told = np.full((members, cities, horizon, days), np.nan)
    was = np.full((members, cities, horizon, days), np.nan)
    for today in range(days):
        leads = min(horizon, days - 1 - today)
        issue = world.issue(today)[:leads].reshape(leads, members, cities)
        for lead in range(leads):
            told[:, :, lead, today + lead + 1] = issue[lead]
            was[:, :, lead, today + lead + 1] = observed[today + lead + 1]
    coords = {"city": list(world.cities), "lead_day": np.arange(1, horizon + 1)}
    each, one = {"member": names} | coords, ("city", "lead_day", "day")
    came = xr.DataArray(was, each, ("member", *one)) if len(world.weather.own[0]) > 1 else xr.DataArray(was[0], coords, one)
    return xr.DataArray(told, each, ("member", *one)), came


def _thresholds(run: Run) -> dict[float, float]:
    """Every threshold of the criteria, lowest first, and the value that a day must exceed for it."""
    found: dict[float, float] = {}
    for *_, criterion in run.world.rules.criteria:
        found.setdefault(criterion.threshold, criterion.exceeds)
        if criterion.within_over is not None:
            found.setdefault(criterion.within_over, criterion.within_over)
    return dict(sorted(found.items()))


def _distribution(told: "xr.DataArray", was: "xr.DataArray", limit: "xr.DataArray") -> list[pd.DataFrame]:
    """How good the members are as one distribution: Brier score of the share above, CRPS."""
    from scores import probability

    brier = probability.brier_score_for_ensemble(told, was, "member", limit.to_numpy().tolist(), preserve_dims=BY_LEAD,
                                                 fair_correction=False, event_threshold_operator=operator.gt)
    crps = probability.crps_for_ensemble(told, was, "member", preserve_dims=BY_LEAD)
    return [_tidy("brier_score", brier.assign_coords(threshold=limit["threshold"].to_numpy()), _cases(was)),
            _tidy("crps", crps, _cases(was))]


def _value_of_shares(told: "xr.DataArray", was: "xr.DataArray", limit: "xr.DataArray") -> list[pd.DataFrame]:
    """Economic value of an ensemble to users who act when the share of members above is greater than their ratio."""
    import xarray as xr

    above, came = _above(told, was, limit)
    ratios = xr.DataArray(list(COST_LOSS_RATIOS), {"acts_above": list(COST_LOSS_RATIOS)}, "acts_above")
    share = above.mean("member")
    table = _counts((share > ratios).where(np.isfinite(share)), came, [*BY_LEAD, "threshold", "acts_above"])
    value = _economic_value(table)
    own = value.sel(acts_above=value["cost_loss_ratio"]).drop_vars("acts_above")  # act when the share exceeds the ratio
    best = own.max("cost_loss_ratio")
    at = own.fillna(-np.inf).idxmax("cost_loss_ratio").where(np.isfinite(best))
    return [_tidy("economic_value", own, _cases(was)), _tidy("economic_value_max", best, _cases(was), cost_loss_ratio=at)]


# ---------------------------------------------------------------- measures of a contingency table


def _contingency(told: "xr.DataArray", was: "xr.DataArray", *, value: bool) -> pd.DataFrame:
    """Measures of two-by-two tables over the days, by member and, where there are several, over all members.

    value : with the economic value.
    """
    keep = [str(dim) for dim in told.dims if dim != "day"]
    return _measured(_counts(told, was, keep), base_rate=True, value=value)


def _counts(told: "xr.DataArray", was: "xr.DataArray", keep: list[str]) -> dict[str, "xr.DataArray"]:
    """Hits, misses, false alarms and correct negatives over the days, by the dimensions that are kept."""
    from scores.categorical import BinaryContingencyManager

    was = was.broadcast_like(told)
    return BinaryContingencyManager(told.astype(float), was.astype(float)).transform(preserve_dims=keep).get_counts()


def _measured(counts: dict[str, "xr.DataArray"], *, base_rate: bool, value: bool) -> pd.DataFrame:
    import xarray as xr
    from scores.categorical import BasicContingencyManager

    if counts["tp_count"].sizes["member"] > 1:
        counts = {name: xr.concat([part, part.sum("member").expand_dims(member=[ALL])], "member")
                  for name, part in counts.items()}
    table = BasicContingencyManager(dict(counts))
    hits, misses, false_alarms = counts["tp_count"], counts["fn_count"], counts["fp_count"]
    cases = counts["total_count"]
    measures: dict[str, tuple[Any, Any]] = {
        "hits": (hits, cases), "misses": (misses, cases), "false_alarms": (false_alarms, cases),
        "hit_rate": (table.probability_of_detection(), hits + misses),
        "false_alarm_ratio": (table.false_alarm_ratio(), hits + false_alarms),
        "critical_success_index": (table.critical_success_index(), hits + misses + false_alarms),
        "frequency_bias": (table.frequency_bias(), hits + misses)}
    if base_rate:
        measures["base_rate"] = (table.base_rate(), cases)
    frames = [_tidy(name, figure, count) for name, (figure, count) in measures.items()]
    if value:
        frames += [_tidy("economic_value", _economic_value(counts), cases),
                   _tidy("economic_value_max", table.peirce_skill_score(), cases, cost_loss_ratio=table.base_rate())]
    return pd.concat(frames, ignore_index=True)


def _economic_value(counts: dict[str, "xr.DataArray"]) -> "xr.DataArray":
    """Relative economic value over `COST_LOSS_RATIOS`: 1 as a perfect forecast, 0 no better than the base rate."""
    from scores.categorical import BasicContingencyManager, relative_economic_value_from_rates

    table = BasicContingencyManager(dict(counts))
    return relative_economic_value_from_rates(table.probability_of_detection(), table.probability_of_false_detection(),
                                              table.base_rate(), list(COST_LOSS_RATIOS))


def _tidy(measure: str, value: "xr.DataArray", count: "xr.DataArray", **also: "xr.DataArray") -> pd.DataFrame:
    """A measure as rows, one for each place of its dimensions."""
    import xarray as xr

    parts = {"value": value, "count": count.broadcast_like(value)} | also
    parts = {name: part.drop_vars([c for c in part.coords if c not in part.dims]) for name, part in parts.items()}
    return xr.Dataset(parts).to_dataframe().reset_index().assign(measure=measure)
