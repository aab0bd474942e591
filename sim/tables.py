"""A run's record as tidy tables: the columns that `docs/outputs.md` fixes, always with `run` and `member`."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from sim import society, wording
from sim.accounts import Account, PhaseAccount, sums
from sim.experiment import Run
from sim.population import Population
from sim.response import level_hours
from sim.vocab import ASKING_LEVELS, WARNING_LEVELS, Control, Grade, Level, Pollutant

CONTROLS = np.array([control.value for control in Control], object)
GRADES = np.array([grade.value for grade in Grade], object)


def warnings(run: Run, lang: str) -> pd.DataFrame:
    """One row per decision, in the order taken, with reason and clause."""
    world, taken = run.world, run.ledger.decisions
    member, city = np.divmod(taken.series, len(world.cities)) if len(taken) else (taken.series, taken.series)
    said = [wording.reason(world, taken, at, lang) for at in range(len(taken))]
    return pd.DataFrame({
        "run": world.run.name, "member": np.array(world.members, object)[member],
        "city": np.array(world.cities, object)[city], "kind": taken.kind,
        "level": [Level(int(level)).name for level in taken.level],
        "issued_at": world.calendar.stamps(taken.issued), "effective_at": world.calendar.stamps(taken.effective),
        "reason": [one[0] for one in said], "clause": [one[1] for one in said], "basis": [one[2] for one in said],
        "warning": taken.warning,
    }, columns=["run", "member", "city", "kind", "level", "issued_at", "effective_at", "reason", "clause", "basis",
                "warning"])


def days(run: Run) -> pd.DataFrame:
    """One row per city and day: AQI, trigger index, primary pollutants, highest warning level, hours of response."""
    world = run.world
    level = hourly_level(run).reshape(len(world.members), len(world.cities), world.calendar.days, 24)
    frames = []
    for m, member in enumerate(world.members):
        for c, city in enumerate(world.cities):
            index = world.day_index(city, m)
            frames.append(pd.DataFrame({
                "run": world.run.name, "member": member, "city": city, "date": world.calendar.dates(),
                "aqi": index.aqi, "index": index.trigger, "primary_pollutant": index.primary,
                "dust_day": index.dust,
                "warning_level": [Level(int(v)).name for v in level[m, c].max(axis=1)],
                "response_hours": (level[m, c] > 0).sum(axis=1)}))
    return pd.concat(frames, ignore_index=True)


def forecasts(run: Run) -> pd.DataFrame:
    """What each issue told of each day ahead inside the period, with the columns of a forecast file, and what came (`index`).

    Members of an ensemble behind one decision are members here.
    """
    world, horizon = run.world, run.world.settings.forecast.horizon_days
    behind, cities, days = world.shown.behind, len(world.cities), world.calendar.days
    names = list(world.members) if behind == 1 else list(map(str, range(len(world.members) * behind)))
    observed = world.observed.reshape(days, -1, cities).repeat(behind, axis=1)
    dates = world.calendar.dates()
    lead, member, city = (part.ravel() for part in np.meshgrid(np.arange(horizon), np.arange(len(names)), np.arange(cities),
                                                               indexing="ij"))
    frames = []
    for today in range(max(days - 1, 1)):
        told = world.issue(today).reshape(horizon, len(names), cities)[lead, member, city]
        inside = today + lead + 1 < days
        frames.append(pd.DataFrame({
            "run": world.run.name, "issue_date": dates[today], "lead_day": lead[inside] + 1,
            "member": np.array(names, object)[member[inside]], "city": np.array(world.cities, object)[city[inside]],
            "aqi": told[inside].astype(float), "index": observed[today + lead[inside] + 1, member[inside], city[inside]]}))
    return pd.concat(frames, ignore_index=True)


def hourly_level(run: Run) -> np.ndarray:
    """Warning level in force in each hour: int8[k, hour]."""
    size = len(run.world.members) * len(run.world.cities)
    level = np.zeros((size, run.ledger.hours), np.int8)
    own = run.ledger.timeline.of_class(0)
    for series in np.unique(own.series):
        mine = own.series == series
        hours = np.minimum(np.append(own.hour[mine], run.ledger.hours), run.ledger.hours).astype(int)
        level[series, hours[0]:] = np.repeat(own.level[mine], np.diff(hours))
    return level


# ---------------------------------------------------------------- kilograms, output, yuan


def totals(run: Run) -> pd.DataFrame:
    """City x industry x grade x pollutant: baseline, actual, avoided, of which on assumed rows."""
    return _by_group(run, ["city", "industry", "grade"])


def by_county(run: Run) -> pd.DataFrame:
    """City x county x pollutant: baseline, actual, avoided, of which on assumed rows."""
    return _by_group(run, ["city", "county"])


def _by_group(run: Run, keys: list[str]) -> pd.DataFrame:
    figures = ["baseline_kg", "actual_kg", "avoided_kg", "avoided_assumed_kg", "seasonal_kg"]
    columns = ["run", "member", *keys, "pollutant", *figures]
    frames = []
    for member, account in accounts(run):
        wanted = {}
        for at, p in enumerate(Pollutant):
            wanted |= {("baseline_kg", p): lambda part, p=p: part.baseline_kg(p),
                       ("avoided_kg", p): lambda part, p=p: part.avoided_kg(p),
                       ("avoided_assumed_kg", p): lambda part, p=p: part.avoided_kg(p, assumed_only=True),
                       ("seasonal_kg", p): lambda part, at=at: seasonal(part, run.world.population.emission[at])}
        table = grouped(account, keys, wanted)
        for p in Pollutant:
            frame = table[keys].assign(**{name: table[name, p] for name, of in wanted if of == p})
            frames.append(frame.assign(run=run.world.run.name, member=member, pollutant=p.value,
                                       actual_kg=frame["baseline_kg"] - frame["avoided_kg"]))
    if not frames:
        return pd.DataFrame(columns=columns)
    return pd.concat(frames).sort_values(["member", *keys], kind="stable")[columns].reset_index(drop=True)


def seasonal(part: PhaseAccount, per_day: np.ndarray) -> np.ndarray:
    """What staggered production took off the listed daily rates in a phase, float64[n]; it is in no baseline."""
    staggered = part.phase.staggered
    return np.zeros(len(part.people)) if staggered is None else per_day * staggered * part.phase.days


def by_level(run: Run) -> pd.DataFrame:
    """City x response level x pollutant: avoided, and output value curtailed at that level."""
    frames = []
    for member, account in accounts(run):
        wanted = {(at, p): lambda part, p=p, at=at: part.avoided_at_kg(p, at)
                  for at in range(len(ASKING_LEVELS)) for p in Pollutant}
        wanted |= {(at, "value"): lambda part, at=at: part.hours_at(at) / 24 * part.people.value
                   for at in range(len(ASKING_LEVELS))}
        table = grouped(account, ["city"], wanted)
        frames += [table[["city"]].assign(
            run=run.world.run.name, member=member, level=level.name, pollutant=p.value, avoided_kg=table[at, p],
            curtailed_value_cny=table[at, "value"]) for at, level in enumerate(ASKING_LEVELS) for p in Pollutant]
    columns = ["run", "member", "city", "level", "pollutant", "avoided_kg", "curtailed_value_cny"]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def output(run: Run) -> pd.DataFrame:
    """City x industry x grade x product: baseline output, curtailed output and its value, what the season held back."""
    keys = ["city", "industry", "grade", "product", "output_unit"]
    columns = ["run", "member", *keys, "baseline_output", "curtailed_output", "curtailed_value_cny", "seasonal_output",
               "seasonal_value_cny"]
    frames = [grouped(account, keys, {
        "baseline_output": lambda part: part.people.output * part.phase.days,
        "curtailed_output": lambda part: part.hours / 24 * part.people.output,
        "curtailed_value_cny": lambda part: part.hours / 24 * part.people.value,
        "seasonal_output": lambda part: seasonal(part, run.world.population.output),
        "seasonal_value_cny": lambda part: seasonal(part, run.world.population.value),
    }).assign(run=run.world.run.name, member=member) for member, account in accounts(run)]
    if not frames:
        return pd.DataFrame(columns=columns)
    return pd.concat(frames).sort_values(["member", *keys], kind="stable")[columns].reset_index(drop=True)


def lines(run: Run) -> pd.DataFrame:
    """One row per production line and member, in list order: hours lost, kilograms avoided, output curtailed."""
    frames = [pd.DataFrame({
        "run": run.world.run.name, "member": member, **line_words(run.world.population),
        "full_load_hours_lost": account.hours_lost,
        **{f"avoided_{p}_kg": account.avoided_kg(p) for p in Pollutant},
        "curtailed_output": account.curtailed_output, "curtailed_value_cny": account.curtailed_value_cny,
        "seasonal_hours_lost": sum(24 * seasonal(part, np.ones(len(part.people))) for part in account.phases),
    }) for member, account in accounts(run)]
    columns = ["run", "member", "city", "county", "line_id", "enterprise_id", "enterprise", "industry", "grade", "control",
               "product", "output_unit", "full_load_hours_lost", *(f"avoided_{p}_kg" for p in Pollutant), "curtailed_output",
               "curtailed_value_cny", "seasonal_hours_lost"]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def line_words(people: Population) -> dict[str, np.ndarray]:
    """What a list says of each line in words, by column."""
    return {"city": np.array(people.cities, object)[people.city], "line_id": people.line_id,
            "enterprise_id": people.enterprise_id, "enterprise": people.enterprise_name,
            "industry": np.array(people.industries, object)[people.industry], "grade": GRADES[people.grade],
            "control": CONTROLS[people.control],
            "county": np.array(people.counties, object)[people.county], "product": people.product,
            "output_unit": people.output_unit}


def grouped(account: Account, keys: list[str], figures: dict[Any, Callable[[PhaseAccount], np.ndarray]]) -> pd.DataFrame:
    """Sums of per-line figures over groups of lines, sorted; a line counts under the words it bears in each phase."""
    frames = []
    for part in account.phases:
        words = line_words(part.people)
        group = pd.DataFrame({key: words[key] for key in keys}).groupby(keys, sort=True)
        code, size = group.ngroup().to_numpy(), group.size().reset_index()[keys]
        made = {name: sums(code, len(size), of(part)) for name, of in figures.items()}
        frames.append(pd.DataFrame({key: size[key] for key in keys} | made))
    if len(frames) == 1:
        return frames[0]
    return pd.concat(frames).groupby(keys, sort=True, as_index=False)[list(figures)].sum()


def accounts(run: Run) -> list[tuple[str, Account]]:
    return list(zip(run.world.members, run.accounts, strict=True)) if run.accounts else []


# ---------------------------------------------------------------- summary


def warnings_by_level(run: Run, member: int) -> dict[str, int]:
    """Warnings of a member over all cities, each counted once at the highest level it reached; cancelled ones not."""
    taken, cities = run.ledger.decisions, len(run.world.cities)
    highest: dict[tuple[int, int], int] = {}
    for at in np.flatnonzero(taken.series // cities == member) if len(taken) else ():
        key = (int(taken.series[at]), int(taken.warning[at]))
        if taken.kind[at] == "cancel":
            highest.pop(key, None)
        else:
            highest[key] = max(highest.get(key, 0), int(taken.level[at]))
    return {level.name: sum(v == level for v in highest.values()) for level in WARNING_LEVELS}


def summary(run: Run) -> pd.DataFrame:
    """One row per member: warnings and hours by level, baseline and avoided kg, curtailed value; over all cities."""
    world, rows = run.world, []
    hours = level_hours(run.ledger.timeline, len(world.members) * len(world.cities), run.ledger.hours,
                        world.settings.response.escalate).reshape(len(world.members), len(world.cities), -1).sum(axis=1)
    for m, member in enumerate(world.members):
        counted = warnings_by_level(run, m)
        row: dict = {"run": world.run.name, "member": member, "rules": world.edition.id,
                     "grading": world.settings.grading.policy}
        row |= {f"warnings_{level.name}": counted[level.name] for level in WARNING_LEVELS}
        row |= {f"hours_{level.name}": float(hours[m, at]) for at, level in enumerate(WARNING_LEVELS)}
        if run.accounts:
            account = run.accounts[m]
            avoided = {p: float(account.avoided_kg(p).sum()) for p in Pollutant}
            assumed = sum(float(account.avoided_kg(p, assumed_only=True).sum()) for p in Pollutant)
            row |= {f"baseline_{p}_kg": float(account.baseline_kg(p).sum()) for p in Pollutant}
            row |= {f"avoided_{p}_kg": kg for p, kg in avoided.items()}
            row["avoided_assumed_share"] = assumed / sum(avoided.values()) if sum(avoided.values()) else 0.0
            row["curtailed_value_cny"] = value = float(account.curtailed_value_cny.sum())
            row["curtailed_assumed_share"] = float(account.curtailed_assumed_cny.sum()) / value if value else 0.0
            if world.settings.seasons:
                row |= _seasonal_sums(run, account)
        rows.append(row | society.headline(run, m))
    return pd.DataFrame(rows)


def _seasonal_sums(run: Run, account: Account) -> dict[str, float]:
    """What staggered production held back over the period: kg by pollutant, value of output."""
    people = run.world.population
    rates = {f"seasonal_{p}_kg": people.emission[at] for at, p in enumerate(Pollutant)} | {"seasonal_value_cny": people.value}
    return {name: sum(float(seasonal(part, rate).sum()) for part in account.phases) for name, rate in rates.items()}
