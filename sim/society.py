"""The whole society 全社会 beside the list: other sources and trucks of a run as tables, and a city's total emissions."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from sim import labels
from sim.experiment import Run
from sim.reading import World
from sim.response import level_hours
from sim.transport import CLEAN_CITE, EXEMPT_CITE
from sim.vocab import ASKING_LEVELS, Pollutant
from sim.wording import cited

SOURCE_COLUMNS = ["run", "member", "city", "county", "source", "pollutant", "baseline_kg", "actual_kg", "avoided_kg",
                  "avoided_assumed_kg"]
BIT = 2 ** np.arange(len(ASKING_LEVELS))
"""Of each level that asks something, so that a sum says which of them were seen."""
TRUCK_COLUMNS = ["run", "member", "city", "line_id", "enterprise_id", "enterprise", "clean", "trips_baseline",
                 "trips_banned", "clause"]


def response_hours(run: Run) -> np.ndarray:
    """Hours of response of each city at each level that asks something: float64[member, city, 3], yellow to red."""
    world = run.world
    shape = len(world.members), len(world.cities)
    hours = level_hours(run.ledger.timeline, shape[0] * shape[1], run.ledger.hours, world.settings.response.escalate)
    return hours[:, -len(ASKING_LEVELS):].reshape(*shape, len(ASKING_LEVELS))


def other_sources(run: Run) -> pd.DataFrame:
    """City x county x source x pollutant: baseline, actual, avoided kg, of which on assumed shares.

    Measures begin and end with the response, at once: kg = sum over levels of share x hours / 24 x kg per day.
    """
    sources, cuts, world = run.world.others.sources, run.world.others.cuts, run.world
    if sources is None or cuts is None:
        return pd.DataFrame(columns=SOURCE_COLUMNS)
    days = response_hours(run)[:, sources.city] / 24  # [member, m, level]
    frames = []
    for m, member in enumerate(world.members):
        for p, pollutant in enumerate(Pollutant):
            each = cuts.share[:, p] * days[m].T * sources.emission[p]  # [level, m]
            baseline = sources.emission[p] * world.calendar.days
            frames.append(pd.DataFrame({
                "run": world.run.name, "member": member, "city": np.array(world.cities, object)[sources.city],
                "county": sources.county, "source": [source.value for source in sources.source],
                "pollutant": pollutant.value, "baseline_kg": baseline, "actual_kg": baseline - each.sum(axis=0),
                "avoided_kg": each.sum(axis=0), "avoided_assumed_kg": (each * cuts.assumed).sum(axis=0)}))
    return pd.concat(frames, ignore_index=True)[SOURCE_COLUMNS]


def stretches(run: Run) -> Iterator[tuple[float | np.ndarray, int, np.ndarray]]:
    """The phases of a run: share of the listed trips that runs (float64[n] or 1), days, and days of response of each city at
    each level that asks something, float64[member, city, 3]."""
    world, before = run.world, 0.0
    shape = len(world.members), len(world.cities)
    for phase in world.phases:
        until = level_hours(run.ledger.timeline, shape[0] * shape[1], 24 * phase.last, world.settings.response.escalate)
        until = until[:, -len(ASKING_LEVELS):].reshape(*shape, len(ASKING_LEVELS)) / 24
        yield (1.0 if phase.running is None else phase.running), phase.days, until - before
        before = until


def trucks(run: Run, lang: str) -> pd.DataFrame:
    """One row per line with truck trips, where bans are in force: trips over the period, and those taken off the road.

    clean : whether its enterprise runs clean transport only. clause : of the bans that met it in its own city.
    """
    hauls, people, world = run.world.others.haulage, run.world.population, run.world
    if hauls is None or people is None:
        return pd.DataFrame(columns=TRUCK_COLUMNS)
    with_trips = np.flatnonzero(hauls.trips > 0)
    share, clause = hauls.banned_share[:, with_trips], _clauses(run, lang)
    seen = (response_hours(run) > 0) @ BIT
    kind, city, trips = hauls.kind[with_trips], people.city[with_trips], hauls.trips[with_trips]
    baseline, banned = np.zeros(len(trips)), np.zeros((len(world.members), len(trips)))
    for running, days, response in stretches(run):
        runs = trips * (running[with_trips] if isinstance(running, np.ndarray) else running)
        baseline += runs * days
        banned += runs * (share * response[:, city].swapaxes(1, 2)).sum(axis=1)
    frames = [pd.DataFrame({
        "run": world.run.name, "member": member, "city": np.array(world.cities, object)[city],
        "line_id": people.line_id[with_trips], "enterprise_id": people.enterprise_id[with_trips],
        "enterprise": people.enterprise_name[with_trips], "clean": hauls.clean[kind], "trips_baseline": baseline,
        "trips_banned": banned[m], "clause": clause[kind, seen[m, city]]}) for m, member in enumerate(world.members)]
    return pd.concat(frames, ignore_index=True)[TRUCK_COLUMNS]


def headline(run: Run, member: int) -> dict[str, float]:
    """What a member avoided outside the list by pollutant, and the truck trips banned; nothing where none is reckoned."""
    others, days, found = run.world.others, response_hours(run)[member] / 24, {}
    if others.sources and others.cuts:
        kg = (others.cuts.share * days[others.sources.city].T[:, None] * others.sources.emission).sum(axis=(0, 2))
        found |= {f"avoided_other_{p}_kg": float(kg[at]) for at, p in enumerate(Pollutant)}
    if others.haulage and run.world.population:
        city, hauls = run.world.population.city, others.haulage
        found["trips_banned"] = sum(float((hauls.banned_share * response[member, city].T * hauls.trips * running).sum())
                                    for running, _, response in stretches(run))
    return found


def _clauses(run: Run, lang: str) -> np.ndarray:
    """Clauses of the bans that met a kind of user, and of what spared its trucks: str[kind, sum of BIT of the levels that
    its city saw]."""
    hauls, exempt = run.world.others.haulage, run.world.settings.transport.spares_new_energy
    assert hauls is not None
    said = np.empty((len(hauls.rules), 1 + BIT.sum()), object)
    for kind, seen in np.ndindex(said.shape):
        met = [ban for ban in hauls.rules[kind] if seen & BIT[ASKING_LEVELS.index(ban.level)]]
        cites = [ban.cite for ban in met] + [CLEAN_CITE] * bool(met and hauls.clean[kind])
        cites += [EXEMPT_CITE] * (exempt and any(ban.all_stages for ban in met))
        said[kind, seen] = "; ".join(cited(key, lang) for key in dict.fromkeys(cites))
    return said


def reckoned(world: World, city: str) -> bool:
    """Whether a city has anything that warnings could cut: a list or other sources."""
    given = world.settings.cities[city]
    return bool(given.enterprises or given.other_sources)


def whole_society_kg_per_day(world: World, city: str) -> dict[Pollutant, float | None]:
    """What a city emits in all: the scenario's total, else its list and its other sources together, else None."""
    given, place = world.settings.cities[city], world.cities.index(city)
    people, sources = world.population, world.others.sources
    both = given.enterprises and given.other_sources and people is not None and sources is not None
    totals: dict[Pollutant, float | None] = {}
    for p, (pollutant, total) in enumerate(zip(Pollutant, given.totals.kg_per_day, strict=True)):
        if total is None and both:
            total = float(people.emission[p][people.city == place].sum() + sources.emission[p][sources.city == place].sum())
        totals[pollutant] = total
    return totals


def asked_other_kg_per_day(world: World, city: str) -> np.ndarray:
    """What each level takes from a city's other sources, kg per day: float64[3, 4], yellow to red."""
    sources, cuts = world.others.sources, world.others.cuts
    if sources is None or cuts is None:
        return np.zeros((len(ASKING_LEVELS), len(Pollutant)))
    mine = sources.city == world.cities.index(city)
    return (cuts.share * sources.emission)[:, :, mine].sum(axis=2)


def source_rows(run: Run, lang: str) -> list[dict]:
    """The other sources of a run as a reader's page shows them: one row per city, county and source.

    kg : daily, avoided_t : mean over members, by pollutant. cuts : by level, least and largest share over the pollutants
    that it emits, and the measure. assumed : whether any of its shares is.
    """
    sources, cuts, world = run.world.others.sources, run.world.others.cuts, run.world
    if sources is None or cuts is None:
        return []
    days, rows = response_hours(run).mean(axis=0) / 24, []
    for i, source in enumerate(sources.source):
        emits = sources.emission[:, i] > 0
        shares = cuts.share[:, emits, i] if emits.any() else cuts.share[:, :, i]
        avoided = (cuts.share[:, :, i] * days[sources.city[i]][:, None]).sum(axis=0) * sources.emission[:, i] / 1000
        rows.append({
            "city": world.cities[sources.city[i]], "county": sources.county[i],
            "source": labels.text(f"source.{source}", lang),
            "kg": {p.value: float(sources.emission[at, i]) for at, p in enumerate(Pollutant)},
            "avoided_t": {p.value: float(avoided[at]) for at, p in enumerate(Pollutant)},
            "cuts": [{"level": level.name, "least": float(shares[at].min()), "most": float(shares[at].max()),
                      "measure": cuts.words[at][i][lang]} for at, level in enumerate(ASKING_LEVELS)],
            "basis": "assumed" if (cuts.assumed[:, i] & (cuts.share[:, :, i].max(axis=1) > 0)).any() else
            "text" if not cuts.assumed[:, i].any() else "none"})
    return rows


def truck_rows(run: Run) -> list[dict]:
    """Truck trips by city, means over members: a day in all and by clean transport, taken off the road."""
    hauls, people, world = run.world.others.haulage, run.world.population, run.world
    if hauls is None or people is None:
        return []
    rows, clean = [], hauls.clean[hauls.kind]
    for c, city in enumerate(world.cities):
        trips = hauls.trips * (people.city == c)
        if trips.sum():
            share = hauls.banned_share @ trips / trips.sum()
            runs = [(trips * running, days, response.mean(axis=0)[c]) for running, days, response in stretches(run)]
            banned = sum(float(response @ (hauls.banned_share @ each)) for each, _, response in runs)
            rows.append({"city": city, "trips_per_day": float(trips.sum()),
                         "clean_share": float(trips[clean].sum() / trips.sum()),
                         "shares": [{"level": level.name, "share": float(share[at])} for at, level in enumerate(ASKING_LEVELS)],
                         "banned": banned,
                         "banned_share": banned / sum(float(each.sum()) * days for each, days, _ in runs)})
    return rows


def citations_met(run: Run) -> list[str]:
    """Keys of the citations behind the measures for other sources and trucks, in order, each once."""
    cuts, hauls = run.world.others.cuts, run.world.others.haulage
    keys = [key for level in cuts.cites for row in level for key in row] if cuts else []
    if hauls:
        met = [ban for rules in hauls.rules for ban in rules]
        keys += [ban.cite for ban in met] + [CLEAN_CITE] * bool(hauls.clean.any())
        keys += [EXEMPT_CITE] * (run.world.settings.transport.spares_new_energy and any(ban.all_stages for ban in met))
    return list(dict.fromkeys(keys))
