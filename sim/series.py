"""Observed air quality: a series file as daily concentrations or indices of one city, every day of the period there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np

from sim import aqi
from sim.clock import Calendar
from sim.columns import columns, dates, name_columns, numbers, plain_word
from sim.errors import Findings
from sim.files import Table, records


@dataclass(frozen=True)
class Series:
    """One city's days. values : float64[day] by column, concentrations or `aqi`."""

    values: dict[str, np.ndarray]

    @property
    def concentrations(self) -> dict[str, np.ndarray]:
        return {name: values for name, values in self.values.items() if name != "aqi"}

    def daily_index(self, calendar: Calendar, edition: str | None, trigger: str,
                    dust_ratio: float = aqi.DUST_RATIO) -> aqi.DailyIndex:
        """Index of each day; by the AQI edition in force that day when none is named. A file of `aqi` alone is its
        own index under every trigger (model, section 2)."""
        if not self.concentrations:
            given = self.values["aqi"]
            return aqi.DailyIndex(given, given, np.full(len(given), ""), np.zeros(len(given), bool), given)
        in_force = np.array([edition or aqi.edition_on(calendar.date_of(day)) for day in range(calendar.days)])
        first, *others = np.unique(in_force)
        chosen = aqi.daily_index(self.concentrations, aqi.editions()[first], trigger, dust_ratio)
        for key in others:  # a period that straddles a change of the standard
            then = aqi.daily_index(self.concentrations, aqi.editions()[key], trigger, dust_ratio)
            chosen = aqi.DailyIndex(*(np.where(in_force == key, new, old)
                                      for new, old in zip(vars(then).values(), vars(chosen).values(), strict=True)))
        return chosen


def city_words(key: str, names: dict[str, str]) -> frozenset[str]:
    """Every word that may stand for a city in a table: its key and names, with or without 市, in either language."""
    known = city_names().get(key, {})
    return frozenset(plain_city(word) for word in (key, *names.values(), *known.values()))


def plain_city(word: str) -> str:
    return plain_word(word).removesuffix("市")


@cache
def city_names() -> dict[str, dict[str, str]]:
    """Names of known cities by key, `{"zh": …, "en": …}`."""
    return {row["key"]: {"zh": row["zh"], "en": row["en"]} for row in records("cities.csv")}


def series_of(table: Table, calendar: Calendar, city: str, words: frozenset[str], findings: Findings) -> Series | None:
    """The days of the period of one city, or None with findings: a missing, doubled or unreadable day or value.

    words : see `city_words`.
    """
    before = findings.faults
    named = name_columns(table, "series", findings)
    if findings.faults > before:
        return None
    days = dates(table, named["date"], findings)
    mine = np.ones(len(days), bool)
    if "city" in named:
        written = table.cells[named["city"]]
        mine = np.array([plain_city(word) in words for word in written])
        if not mine.any():
            findings.add("series.no_city", file=table.file, key=named["city"], value=city,
                         has=", ".join(dict.fromkeys(written)))
            return None
    offered = [name for name in columns("series") if name in named and name not in {"date", "city"}]
    used = [name for name in offered if name != "aqi"] or offered
    if not used:
        findings.add("series.no_values", file=table.file, place=1, columns=", ".join(aqi.SPECIES))
        return None
    if "aqi" in offered and used != ["aqi"]:
        findings.add("series.both", doubtful=True, file=table.file, place=1, key=named["aqi"])
    row_of = _days_once(days, mine, table, named["date"], findings)
    inside = [row for day, row in row_of.items() if calendar.start <= day <= calendar.end]
    _report_gaps(row_of, calendar, table, findings)
    cut = Table(table.file, table.cells.iloc[inside], table.rows[inside])
    values = {name: numbers(cut, named[name], columns("series")[name], findings, blank=None) for name in used}
    if findings.faults > before:
        return None
    if {"pm25_ug_m3", "pm10_ug_m3"} <= set(values):
        for i in np.flatnonzero(values["pm25_ug_m3"] > values["pm10_ug_m3"]):
            findings.add("series.outlier", doubtful=True, file=table.file, place=cut.rows[i],
                         key=named["pm25_ug_m3"], value=cut.cells[named["pm25_ug_m3"]].iat[i])
    order = np.argsort([calendar.day_of(days[row]) for row in inside])  # type: ignore[arg-type]
    return Series({name: column[order] for name, column in values.items()})


def _days_once(days: list[date | None], mine: np.ndarray, table: Table, header: str,
               findings: Findings) -> dict[date, int]:
    row_of: dict[date, int] = {}
    for row, day in enumerate(days):
        if day is None or not mine[row]:
            continue
        if day in row_of:
            findings.add("cell.twice", file=table.file, place=table.rows[row], key=header, value=day.isoformat(),
                         first=table.rows[row_of[day]])
        else:
            row_of[day] = row
    return row_of


def _report_gaps(row_of: dict[date, int], calendar: Calendar, table: Table, findings: Findings) -> None:
    for first, last in _runs([day for day in range(calendar.days) if calendar.date_of(day) not in row_of]):
        missing = {"value": calendar.date_of(first).isoformat(), "file": table.file, "key": "date"}
        begins = min(row_of, default=calendar.start)
        if first == 0 and calendar.start < begins <= calendar.end:
            findings.add("series.later", **missing, count=last - first + 1, begins=begins.isoformat())
        elif first == last:
            findings.add("series.gap", **missing)
        else:
            findings.add("series.gap_many", **missing, count=last - first + 1,
                         last=calendar.date_of(last).isoformat())


def _runs(days: list[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of consecutive numbers."""
    start = 0
    for i in range(1, len(days) + 1):
        if i == len(days) or days[i] != days[i - 1] + 1:
            yield days[start], days[i - 1]
            start = i
