"""Cuts against whole-society emissions 全社会排放: what each level asks, and what each warning achieved."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from sim import society
from sim.accounts import reckon
from sim.experiment import Run, heeded
from sim.labels import text
from sim.response import level_hours
from sim.vocab import ASKING_LEVELS, Level, Pollutant


def reduction_targets(run: Run) -> pd.DataFrame:
    """What each level takes away from whole-society emissions, against the edition's target for it.

    One row per member, city with a list or other sources, level and pollutant where the city's total is known:
    asked_kg_per_day when all lines have arrived, of which asked_other_kg_per_day from sources outside the
    list, what the listed lines emit in all, the cut's share of the total, the target (NaN where the edition states none)
    and whether it is met. Where seasons or dated changes make stretches of the period unlike, that in which a level takes
    the smallest share, from day `as_of`.
    """
    columns = ["run", "member", "city", "level", "pollutant", "asked_kg_per_day", "asked_other_kg_per_day",
               "listed_kg_per_day", "total_kg_per_day", "share", "target", "met", "as_of"]
    if run.accounts is None:
        return pd.DataFrame(columns=columns)
    world, rows = run.world, []
    targets = world.edition.targets.share if world.edition.targets else {}
    for c, city in enumerate(world.cities):
        mine, totals = world.population.city == c, society.whole_society_kg_per_day(world, city)
        other = society.asked_other_kg_per_day(world, city)
        for at, level in enumerate(ASKING_LEVELS):
            target = targets.get(level.name, np.nan)  # type: ignore[call-overload]
            for p, pollutant in enumerate(Pollutant):
                total = totals[pollutant]
                if total and society.reckoned(world, city):
                    asked, listed, first = min((
                        float((phase.people.emission[p] * phase.asked.share_of(pollutant)[at])[mine].sum()),
                        float(phase.people.emission[p][mine].sum()), phase.first) for phase in world.phases)
                    asked += float(other[at, p])
                    met = bool(asked / total >= target) if target == target else None
                    rows += [(world.run.name, member, city, level.name, pollutant.value, asked, float(other[at, p]), listed,
                              total, asked / total, target, met, world.calendar.date_of(first).isoformat())
                             for member in world.members]
    return pd.DataFrame(rows, columns=columns)


def per_warning(run: Run, member: int, lang: str) -> Iterator[dict]:
    """Share of whole-society emissions that each warning of a member avoided while it was in force, by pollutant.

    From its effective hour to its lift, the way down included, the way back up not; against the edition's target for the
    highest level it reached. Nothing where a city's total is not known, where it has neither list nor other sources, or
    where the edition states no target.
    """
    world, targets = run.world, run.world.edition.targets
    if run.accounts is None or run.classes is None or targets is None:
        return
    heeds = heeded(world, run.ledger.timeline, member)
    for place, city in enumerate(world.cities):
        totals = society.whole_society_kg_per_day(world, city)
        if not any(totals.values()) or not society.reckoned(world, city):
            continue
        other = society.asked_other_kg_per_day(world, city)
        for begins, ends, level in spells_of_warnings(run, member * len(world.cities) + place):
            account = reckon(world.phases, run.classes, run.ledger.timeline, member=member, heeds=heeds,
                             escalate=world.settings.response.escalate, since_h=begins, until_h=ends)
            hours = _hours(run, ends)[member, place] - _hours(run, begins)[member, place]
            mine = world.population.city == place
            limit = targets.share.get(level.name)
            for p, pollutant in enumerate(Pollutant):
                total = totals[pollutant]
                if total and limit is not None:
                    kg = float(account.avoided_kg(pollutant)[mine].sum() + hours / 24 @ other[:, p])
                    value = kg / (total * (ends - begins) / 24)
                    yield {
                        "table": world.edition.id, "area": city, "area_name": world.names[city][lang], "area_kind": "city",
                        "target": f"reduction_{pollutant}_share", "value": value, "relation": ">=", "limit": limit,
                        "period": f"{world.calendar.stamp(begins)}/{world.calendar.stamp(ends)}",
                        "difference": value - limit, "met": value >= limit, "measured_by": city,
                        "days_covered": (ends - begins) / 24, "days_in_period": (ends - begins) / 24,
                        "clause": getattr(targets.source, lang), "basis": targets.basis.value,
                        "note": text(f"level.{level.name}", lang)}


def spells_of_warnings(run: Run, series: int) -> list[tuple[float, float, Level]]:
    """Each warning of a series that came into force: hours from and to, and the highest level it reached."""
    line = run.ledger.timeline.of_class(0)
    mine = line.series == series
    hours, levels, numbers = line.hour[mine], line.level[mine], line.warning[mine]
    ends = np.minimum(np.append(hours[1:], run.ledger.hours), run.ledger.hours)
    found = []
    for number in dict.fromkeys(numbers[numbers > 0].tolist()):
        its = (numbers == number) & (ends > hours)
        if its.any():
            found.append((float(hours[its].min()), float(ends[its].max()), Level(int(levels[its].max()))))
    return found


def _hours(run: Run, until_h: float) -> np.ndarray:
    """Hours of response up to an hour: float64[member, city, 3], yellow to red."""
    shape = len(run.world.members), len(run.world.cities)
    hours = level_hours(run.ledger.timeline, shape[0] * shape[1], until_h, run.world.settings.response.escalate)
    return hours[:, -len(ASKING_LEVELS):].reshape(*shape, len(ASKING_LEVELS))
