"""A run's record as tidy tables: the columns that `docs/outputs.md` fixes, always with `run` and `member`."""

import numpy as np
import pandas as pd

from sim import society, wording
from sim.accounts import Account, sums
from sim.experiment import Run
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
    level = _hourly_level(run).reshape(len(world.members), len(world.cities), world.calendar.days, 24)
    frames = []
    for m, member in enumerate(world.members):
        for c, city in enumerate(world.cities):
            index = world.index[city]
            frames.append(pd.DataFrame({
                "run": world.run.name, "member": member, "city": city, "date": world.calendar.dates(),
                "aqi": index.aqi, "index": index.trigger, "primary_pollutant": index.primary,
                "dust_day": index.dust,
                "warning_level": [Level(int(v)).name for v in level[m, c].max(axis=1)],
                "response_hours": (level[m, c] > 0).sum(axis=1)}))
    return pd.concat(frames, ignore_index=True)


def _hourly_level(run: Run) -> np.ndarray:
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
    if run.accounts is None:
        return pd.DataFrame(columns=["run", "member", *keys, "pollutant", "baseline_kg", "actual_kg", "avoided_kg",
                                     "avoided_assumed_kg"])
    group, labels = _groups(run.accounts[0], keys)
    frames = []
    for member, account in accounts(run):
        for pollutant in Pollutant:
            baseline = sums(group, len(labels), account.baseline_kg(pollutant))
            avoided = sums(group, len(labels), account.avoided_kg(pollutant))
            assumed = sums(group, len(labels), account.avoided_kg(pollutant, assumed_only=True))
            frames.append(labels.assign(run=run.world.run.name, member=member, pollutant=pollutant.value,
                                        baseline_kg=baseline, actual_kg=baseline - avoided, avoided_kg=avoided,
                                        avoided_assumed_kg=assumed))
    columns = ["run", "member", *keys, "pollutant", "baseline_kg", "actual_kg", "avoided_kg", "avoided_assumed_kg"]
    return pd.concat(frames).sort_values(["member", *keys], kind="stable")[columns].reset_index(drop=True)


def by_level(run: Run) -> pd.DataFrame:
    """City x response level x pollutant: avoided, and output value curtailed at that level."""
    frames = []
    for member, account in accounts(run):
        group, labels = _groups(account, ["city"])
        for at, level in enumerate(ASKING_LEVELS):
            value = sums(group, len(labels), account.level_hours_lost(at) / 24 * account.population.value)
            for pollutant in Pollutant:
                avoided = sums(group, len(labels), account.avoided_at_kg(pollutant, at))
                frames.append(labels.assign(run=run.world.run.name, member=member, level=level.name,
                                            pollutant=pollutant.value, avoided_kg=avoided,
                                            curtailed_value_cny=value))
    columns = ["run", "member", "city", "level", "pollutant", "avoided_kg", "curtailed_value_cny"]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def output(run: Run) -> pd.DataFrame:
    """City x industry x grade x product: baseline output, curtailed output and its value."""
    keys = ["city", "industry", "grade", "product", "output_unit"]
    columns = ["run", "member", *keys, "baseline_output", "curtailed_output", "curtailed_value_cny"]
    if run.accounts is None:
        return pd.DataFrame(columns=columns)
    group, labels = _groups(run.accounts[0], keys)
    frames = [labels.assign(
        run=run.world.run.name, member=member,
        baseline_output=sums(group, len(labels), account.population.output * account.days),
        curtailed_output=sums(group, len(labels), account.curtailed_output),
        curtailed_value_cny=sums(group, len(labels), account.curtailed_value_cny)) for member, account in accounts(run)]
    return pd.concat(frames).sort_values(["member", *keys], kind="stable")[columns].reset_index(drop=True)


def lines(run: Run) -> pd.DataFrame:
    """One row per production line and member, in list order: hours lost, kilograms avoided, output curtailed."""
    frames = [pd.DataFrame({
        "run": run.world.run.name, "member": member, **line_words(account),
        "full_load_hours_lost": account.hours_lost,
        **{f"avoided_{p}_kg": account.avoided_kg(p) for p in Pollutant},
        "curtailed_output": account.curtailed_output, "curtailed_value_cny": account.curtailed_value_cny,
    }) for member, account in accounts(run)]
    columns = ["run", "member", "city", "county", "line_id", "enterprise_id", "enterprise", "industry", "grade", "control",
               "product", "output_unit", "full_load_hours_lost", *(f"avoided_{p}_kg" for p in Pollutant), "curtailed_output",
               "curtailed_value_cny"]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def line_words(account: Account) -> dict[str, np.ndarray]:
    """What a list says of each line in words, by column."""
    people = account.population
    return {"city": np.array(people.cities, object)[people.city], "line_id": people.line_id,
            "enterprise_id": people.enterprise_id, "enterprise": people.enterprise_name,
            "industry": np.array(people.industries, object)[people.industry], "grade": GRADES[people.grade],
            "control": CONTROLS[people.control],
            "county": np.array(people.counties, object)[people.county], "product": people.product,
            "output_unit": people.output_unit}


def _groups(account: Account, keys: list[str]) -> tuple[np.ndarray, pd.DataFrame]:
    """Lines grouped by some of their words: int64[n] and the words of each group, sorted."""
    frame = pd.DataFrame({key: line_words(account)[key] for key in keys})
    group = frame.groupby(keys, sort=True)
    return group.ngroup().to_numpy(), group.size().reset_index()[keys]


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
        rows.append(row | society.headline(run, m))
    return pd.DataFrame(rows)


def reduction_targets(run: Run) -> pd.DataFrame:
    """What each level takes away from whole-society emissions, against the edition's target for it.

    One row per member, city, level and pollutant where the city's total is known: asked_kg_per_day when all lines have
    arrived, of which asked_other_kg_per_day from sources outside the list, what the listed lines emit in
    all, the cut's share of the total, the target (NaN where the edition states none) and whether it is met.
    """
    columns = ["run", "member", "city", "level", "pollutant", "asked_kg_per_day", "asked_other_kg_per_day",
               "listed_kg_per_day", "total_kg_per_day", "share", "target", "met"]
    if run.accounts is None:
        return pd.DataFrame(columns=columns)
    account, world, rows = run.accounts[0], run.world, []
    targets = world.edition.targets.share if world.edition.targets else {}
    for c, city in enumerate(world.cities):
        mine, totals = account.population.city == c, society.whole_society_kg_per_day(world, city)
        other = society.asked_other_kg_per_day(world, city)
        for at, level in enumerate(ASKING_LEVELS):
            target = targets.get(level.name, np.nan)  # type: ignore[call-overload]
            for p, pollutant in enumerate(Pollutant):
                total = totals[pollutant]
                if total:
                    asked = float((account.population.emission[p] * account.asked.share_of(pollutant)[at])[mine].sum())
                    asked += float(other[at, p])
                    listed = float(account.population.emission[p][mine].sum())
                    met = bool(asked / total >= target) if target == target else None
                    rows += [(world.run.name, member, city, level.name, pollutant.value, asked, float(other[at, p]), listed,
                              total, asked / total, target, met) for member in world.members]
    return pd.DataFrame(rows, columns=columns)
