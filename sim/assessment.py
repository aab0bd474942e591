"""Targets against a run: one row per target and period, with value, limit and whether it is reached."""

from collections.abc import Iterator
from functools import cache
from itertools import chain

import numpy as np
import pandas as pd

from sim import reductions, target_tables, targets, wording
from sim.experiment import Run
from sim.labels import text
from sim.series import city_words, plain_city
from sim.target_tables import Target
from sim.targets import QUANTITIES, Span

COLUMNS = ["run", "member", "table", "area", "area_name", "area_kind", "target", "period", "value", "relation", "limit",
           "difference", "met", "measured_by", "days_covered", "days_in_period", "clause", "basis", "note"]


def assess(run: Run, lang: str) -> pd.DataFrame:
    """All targets of a run, COLUMNS: one row per member, target and period. A further kind of target is a further
    function that yields such rows."""
    rows = [{"run": run.world.run.name, "member": member} | row for at, member in enumerate(run.world.members)
            for row in chain(air_quality(run, lang, at), reductions.per_warning(run, at, lang))]
    return pd.DataFrame(rows, columns=COLUMNS)


def air_quality(run: Run, lang: str, member: int = 0) -> Iterator[dict]:
    """Rows of the air-quality targets that the scenario names, for every period that meets the run.

    The value is that of the days observed, or generated for the member: no measure of the run changes it.
    """
    world = run.world

    @cache
    def measured(city: str, target: str, span: Span) -> tuple[float, int]:
        """Value over the days that are there, and how many those are; NaN, 0 where the series cannot tell."""
        days = world.day_values(city, member)
        first = max(world.calendar.day_of(span.first), 0)
        end = min(world.calendar.day_of(span.last) + 1, world.calendar.days)
        if end <= first or not set(QUANTITIES[target].needs) <= set(days):
            return np.nan, 0
        return QUANTITIES[target].value({name: values[first:end] for name, values in days.items()}), end - first

    for row in target_tables.chosen(world.settings.targets, world.names):
        city = measured_by(row, world.names)
        quantity, months = QUANTITIES[row.target], targets.months_of(row.months)
        assert months
        for span in targets.spans(months, world.calendar):
            value, covered = measured(city, row.target, span)
            limit = row.limit
            if row.year_before:
                before = span.year_before()
                then, days = measured(city, row.target, before)
                limit = then if days == before.days else np.nan
            met = targets.met(quantity, row.relation, limit, value, span.days - covered)
            yield {
                "table": row.table, "area": row.area, "area_name": row.name[lang], "area_kind": row.kind,
                "target": row.target, "period": span.label, "value": value, "relation": row.relation, "limit": limit,
                "difference": np.nan if met is None else value - limit, "met": met, "measured_by": city,
                "days_covered": covered, "days_in_period": span.days, "clause": _clause(row, lang),
                "basis": row.basis.value, "note": row.note[lang]}


def measured_by(row: Target, names: dict[str, dict[str, str]]) -> str:
    """Key of the city whose series stands for an area: its own where the run has one of that name, else its city's."""
    if row.kind != "city":
        for city, both in names.items():
            if city == row.area or plain_city(row.name["zh"]) in city_words(city, both):
                return city
    return row.of


def _clause(row: Target, lang: str) -> str:
    document = wording.document(row.document, lang)
    return text("clause.plain", lang, document=document, clause=row.clause[lang]) if row.clause[lang] else document
