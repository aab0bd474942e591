"""A run's record as tidy tables: the columns that `docs/outputs.md` fixes, always with `run` and `member`."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from sim import rulebook, wording
from sim.accounts import Account, sums
from sim.experiment import Run
from sim.grading import NOTHING
from sim.response import level_hours, response_level
from sim.vocab import ASKING_LEVELS, WARNING_LEVELS, Basis, Grade, Kind, Level, Pollutant

GRADES = np.array([grade.value for grade in Grade], object)


def warnings(run: Run, lang: str) -> pd.DataFrame:
    """One row per decision, in the order taken, with reason and clause."""
    world, taken = run.world, run.ledger.decisions
    member, city = np.divmod(taken.series, len(world.cities)) if len(taken) else (taken.series, taken.series)
    said = [_reason(run, at, lang) for at in range(len(taken))]
    return pd.DataFrame({
        "run": world.run.name, "member": np.array(world.members, object)[member],
        "city": np.array(world.cities, object)[city], "kind": taken.kind,
        "level": [Level(int(level)).name for level in taken.level],
        "issued_at": world.calendar.stamps(taken.issued), "effective_at": world.calendar.stamps(taken.effective),
        "reason": [reason for reason, _ in said], "clause": [clause for _, clause in said],
        "warning": taken.warning,
    }, columns=["run", "member", "city", "kind", "level", "issued_at", "effective_at", "reason", "clause", "warning"])


def _reason(run: Run, at: int, lang: str) -> tuple[str, str]:
    """Reason and clause of one decision."""
    world, taken = run.world, run.ledger.decisions
    kind, days = str(taken.kind[at]), world.rules.hold_days
    if kind in {"lift", "downgrade", "cancel"}:
        words = {"days": days, "threshold": f"{min(c.threshold for *_, c in world.rules.criteria):g}"}
        return wording.labels.text(f"reason.{kind}", lang, **words), wording.lifecycle_clause(kind, lang)
    level, _, criterion = world.rules.criteria[int(taken.criterion[at])]
    reason = wording.labels.text(
        "reason.earlier" if kind == "advance" else "reason.episode", lang,
        start=world.calendar.date_of(taken.start[at]).isoformat(),
        end=world.calendar.date_of(taken.end[at]).isoformat(), criterion=wording.criterion_text(criterion, lang))
    clause = wording.level_clause(world.edition, level, criterion, lang=lang,
                                  replaced=level.name in world.run.criteria_replaced)
    return reason, (wording.lifecycle_clause(kind, lang) + "; " + clause) if kind == "advance" else clause


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
    for member, account in _accounts(run):
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
    for member, account in _accounts(run):
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
        curtailed_value_cny=sums(group, len(labels), account.curtailed_value_cny)) for member, account in _accounts(run)]
    return pd.concat(frames).sort_values(["member", *keys], kind="stable")[columns].reset_index(drop=True)


def lines(run: Run) -> pd.DataFrame:
    """One row per production line and member, in list order: hours lost, kilograms avoided, output curtailed."""
    frames = [pd.DataFrame({
        "run": run.world.run.name, "member": member, **_line_words(account),
        "full_load_hours_lost": account.hours_lost,
        **{f"avoided_{p}_kg": account.avoided_kg(p) for p in Pollutant},
        "curtailed_output": account.curtailed_output, "curtailed_value_cny": account.curtailed_value_cny,
    }) for member, account in _accounts(run)]
    columns = ["run", "member", "city", "line_id", "enterprise_id", "enterprise", "industry", "grade",
               "full_load_hours_lost", *(f"avoided_{p}_kg" for p in Pollutant), "curtailed_output",
               "curtailed_value_cny"]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def _line_words(account: Account) -> dict[str, np.ndarray]:
    people = account.population
    return {"city": np.array(people.cities, object)[people.city], "line_id": people.line_id,
            "enterprise_id": people.enterprise_id, "enterprise": people.enterprise_name,
            "industry": np.array(people.industries, object)[people.industry], "grade": GRADES[people.grade],
            "county": np.array(people.counties, object)[people.county], "product": people.product,
            "output_unit": people.output_unit}


def _groups(account: Account, keys: list[str]) -> tuple[np.ndarray, pd.DataFrame]:
    """Lines grouped by some of their words: int64[n] and the words of each group, sorted."""
    frame = pd.DataFrame({key: _line_words(account)[key] for key in keys})
    group = frame.groupby(keys, sort=True)
    return group.ngroup().to_numpy(), group.size().reset_index()[keys]


def _accounts(run: Run) -> list[tuple[str, Account]]:
    return list(zip(run.world.members, run.accounts, strict=True)) if run.accounts else []


# ---------------------------------------------------------------- rules and orders


def rules_applied(run: Run, lang: str) -> pd.DataFrame:
    """What each rule row moved: lines, kilograms, yuan; with its basis, document and clause."""
    frames = []
    for member, account in _accounts(run):
        asked = account.asked
        for at, level in enumerate(ASKING_LEVELS):
            of_row = asked.row[at]
            used = np.flatnonzero(np.bincount(of_row, minlength=len(asked.rows)))
            size = len(asked.rows)
            moved = {f"avoided_{p}_kg": sums(of_row, size, account.avoided_at_kg(p, at))[used] for p in Pollutant}
            value = sums(of_row, size, account.level_hours_lost(at) / 24 * account.population.value)[used]
            rows = [asked.rows[r] for r in used]
            frames.append(pd.DataFrame({
                "run": run.world.run.name, "member": member, "control": [r.control for r in rows],
                "industry": [r.industry for r in rows], "process": [r.process for r in rows],
                "grade": [r.grade for r in rows], "level": level.name, "kind": [r.kind.value for r in rows],
                "share": [np.nan if r.cite == "own-plan" else r.share for r in rows],
                "basis": [r.basis.value for r in rows], "confidence": [r.confidence for r in rows],
                "clause": [wording.row_clause(r, lang) for r in rows],
                "lines": np.bincount(of_row, minlength=size)[used], **moved, "curtailed_value_cny": value}))
    if not frames:
        return pd.DataFrame()
    frame = pd.concat(frames, ignore_index=True)
    return frame[(frame["clause"] != wording.row_clause(NOTHING, lang)) | (frame["kind"] != Kind.EXEMPT.value)
                 ].reset_index(drop=True)


def orders(run: Run, lang: str) -> pd.DataFrame:
    """One row per order to a line: level, from and to, share, measure in both languages, clause."""
    columns = ["run", "member", "city", "line_id", "enterprise", "level", "from", "to", "share", "measure", "clause"]
    if run.accounts is None:
        return pd.DataFrame(columns=columns)
    account, world = run.accounts[0], run.world
    people, asked = account.population, account.asked
    told = np.array([row.kind is not Kind.EXEMPT for row in asked.rows])[asked.row]
    start_class = _start_class(run)
    frames = []
    for series, cls, level, begins, ends in _spells(run):
        member, city = divmod(series, len(world.cities))
        at = ASKING_LEVELS.index(level)
        which = np.flatnonzero((people.city == city) & (start_class == cls) & told[at])
        frames.append(pd.DataFrame({
            "run": world.run.name, "member": world.members[member], "city": world.cities[city],
            "line_id": people.line_id[which], "enterprise": people.enterprise_name[which], "level": level.name,
            "from": world.calendar.stamp(begins), "to": world.calendar.stamp(ends), "share": asked.output[at, which],
            "line": which, "level_at": at}))
    if not frames:
        return pd.DataFrame(columns=columns)
    frame = pd.concat(frames, ignore_index=True)
    measure, clause = _order_words(account, lang)
    frame["measure"] = measure(frame["level_at"].to_numpy(), frame["line"].to_numpy())
    frame["clause"] = clause[asked.row[frame["level_at"].to_numpy(), frame["line"].to_numpy()]]
    return frame[columns]


def _start_class(run: Run) -> np.ndarray:
    """Start class of every line, int64[n]: which pre-adjust, and how early."""
    assert run.accounts
    people = run.accounts[0].population
    early = sorted(set(people.ramp_down_h[people.ramp_down_h > 0].tolist()))
    if not run.world.settings.response.preadjust or not early:
        return np.zeros(len(people), int)
    return np.where(people.ramp_down_h > 0, np.searchsorted(early, people.ramp_down_h) + 1, 0)


def _spells(run: Run) -> list[tuple[int, int, Level, float, float]]:
    """Unbroken times at one asking response level: (series, start class, level, from hour, to hour)."""
    line, end = run.ledger.timeline, run.ledger.hours
    level = response_level(line.level, run.world.settings.response.escalate)
    spells: list[tuple[int, int, Level, float, float]] = []
    for at in range(len(line.hour)):
        of = (int(line.series[at]), int(line.start_class[at]))
        same = at + 1 < len(line.hour) and of == (line.series[at + 1], line.start_class[at + 1])
        until = min(float(line.hour[at + 1]) if same else end, end)
        if Level(int(level[at])) not in ASKING_LEVELS or line.hour[at] >= until:
            continue
        if spells and spells[-1][:3] == (*of, Level(int(level[at]))) and spells[-1][4] == line.hour[at]:
            spells[-1] = (*spells[-1][:4], until)
        else:
            spells.append((*of, Level(int(level[at])), float(line.hour[at]), until))
    return sorted(spells, key=lambda s: (s[0], s[3], s[1]))


def _order_words(account: Account, lang: str) -> tuple[Callable, np.ndarray]:
    """Measures of (level, line) pairs, each distinct wording made once; clauses by rule row."""
    asked, people = account.asked, account.population
    made: dict[tuple, str] = {}

    def measure(level_at: np.ndarray, line: np.ndarray) -> list[str]:
        keys = zip(asked.row[level_at, line].tolist(), asked.output[level_at, line].tolist(),
                   asked.whole[level_at, line].tolist(), people.min_load[line].tolist(),
                   people.own_words[level_at, line].tolist(), strict=True)
        words = []
        for key in keys:
            if key not in made:
                made[key] = wording.both_ways(asked.rows[key[0]], key[1], key[2], min_load=key[3], own_words=key[4])
            words.append(made[key])
        return words

    return measure, np.array([wording.row_clause(row, lang) for row in asked.rows], object)


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
            row["curtailed_value_cny"] = float(account.curtailed_value_cny.sum())
        rows.append(row)
    return pd.DataFrame(rows)


def reduction_targets(run: Run) -> pd.DataFrame:
    """What each level takes away from whole-society emissions, against the edition's target for it.

    One row per city, level and pollutant where the scenario gives the city's total: asked_kg_per_day when all lines
    have arrived, its share of the total, the target (NaN where the edition states none) and whether it is met.
    """
    columns = ["run", "city", "level", "pollutant", "asked_kg_per_day", "total_kg_per_day", "share", "target", "met"]
    if run.accounts is None:
        return pd.DataFrame(columns=columns)
    account, world, rows = run.accounts[0], run.world, []
    for c, (city, given) in enumerate(world.settings.cities.items()):
        mine = account.population.city == c
        for at, level in enumerate(ASKING_LEVELS):
            target = world.edition.targets.get(level.name, np.nan)  # type: ignore[call-overload]
            for p, pollutant in enumerate(Pollutant):
                total = getattr(given.totals, f"{pollutant}_kg_per_day")
                if total:
                    asked = float((account.population.emission[p] * account.asked.share_of(pollutant)[at])[mine].sum())
                    rows.append((world.run.name, city, level.name, pollutant.value, asked, total, asked / total,
                                 target, bool(asked / total >= target) if target == target else None))
    return pd.DataFrame(rows, columns=columns)


def assumed_share(frame: pd.DataFrame) -> float:
    """Share of the avoided kilograms of a `rules_applied` table that rest on assumed rows."""
    kg = frame[[f"avoided_{p}_kg" for p in Pollutant]].sum(axis=1)
    return float(kg[frame["basis"] == Basis.ASSUMED.value].sum() / kg.sum()) if kg.sum() else 0.0


def policy_title(run: Run, lang: str) -> str:
    return getattr(rulebook.policy(run.world.settings.grading.policy).head.title, lang)
