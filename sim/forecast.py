"""Forecasts: what each issue says of the days ahead, from the observations themselves, from today, or from a file."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.clock import Calendar
from sim.columns import columns, dates, name_columns, numbers
from sim.errors import Findings
from sim.files import Table
from sim.series import plain_city

CLEAN = -np.inf
"""Index of a day after the period's end: below every threshold."""

Issue = Callable[[int], np.ndarray]
"""Issue day -> float64[lead, k]: index of day + 1, day + 2, … for every series."""


def perfect(observed: np.ndarray, horizon_days: int) -> Issue:
    """The observations as the forecast. observed : float64[day, k]."""
    days = len(observed)
    padded = np.concatenate([observed, np.full((horizon_days, observed.shape[1]), CLEAN)])
    return lambda today: padded[min(today + 1, days): min(today + 1, days) + horizon_days]


def persistence(observed: np.ndarray, horizon_days: int) -> Issue:
    """Today's index on every day ahead, up to the period's end. observed : float64[day, k]."""
    days = len(observed)

    def issue(today: int) -> np.ndarray:
        ahead = np.full((horizon_days, observed.shape[1]), CLEAN)
        ahead[: days - 1 - today] = observed[today]
        return ahead

    return issue


@dataclass(frozen=True)
class ForecastFile:
    """A forecast file, read. values : float64[issue day, lead, member, city], CLEAN after the period's end."""

    members: tuple[str, ...]
    values: np.ndarray

    def issue(self) -> Issue:
        days, leads, members, cities = self.values.shape
        flat = self.values.reshape(days, leads, members * cities)
        return lambda today: flat[today]


def forecast_of(table: Table, calendar: Calendar, horizon_days: int, cities: dict[str, frozenset[str]],
                findings: Findings) -> ForecastFile | None:
    """A table `issue_date, lead_day, aqi[, member][, city]` as a ForecastFile, or None with findings.

    cities : for each city the words that may stand for it. Rows of other cities, of issues outside the period, of leads
    past the horizon and of days after the end are not read, nor are their faults.
    """
    before = findings.faults
    named = name_columns(table, "forecast", findings)
    if findings.faults > before:
        return None
    known = columns("forecast")
    place = np.zeros(len(table.cells), int) if "city" not in named else _places(table.cells[named["city"]], cities)
    table = table.only(place >= 0)
    place = place[place >= 0]
    issued = dates(table, named["issue_date"], findings)
    day = np.array([-1 if when is None else calendar.day_of(when) for when in issued], int)
    inside = (day >= 0) & (day < calendar.days)
    table, place, day = table.only(inside), place[inside], day[inside]
    leads = numbers(table, named["lead_day"], known["lead_day"], findings, blank=None)
    for row in np.flatnonzero(np.isfinite(leads) & (leads != np.floor(leads))):
        findings.add("cell.number", file=table.file, place=table.rows[row], key=named["lead_day"],
                     value=table.cells[named["lead_day"]].iat[row])
    if findings.faults > before:
        return None
    lead = leads.astype(int) - 1
    near = (lead < horizon_days) & (day + lead + 1 < calendar.days)
    table, place, day, lead = table.only(near), place[near], day[near], lead[near]
    index = numbers(table, named["aqi"], known["aqi"], findings, blank=None)
    words = table.cells[named["member"]].tolist() if "member" in named else ["0"] * len(day)
    members = tuple(sorted(dict.fromkeys(words), key=_member_order)) or ("0",)
    member_at = {word: at for at, word in enumerate(members)}
    member = np.array([member_at[word] for word in words], int)
    if findings.faults > before:
        return None
    shape = (calendar.days, horizon_days, len(members), len(cities))
    values = np.full(shape, np.nan)
    for city in range(len(cities)) if "city" not in named else [place]:
        at = (day, lead, member, np.broadcast_to(city, day.shape))
        flat = np.ravel_multi_index(at, shape)
        _, first, same = np.unique(flat, return_index=True, return_inverse=True)
        for i in np.flatnonzero(first[same] != np.arange(len(flat))):
            findings.add("forecast.twice", file=table.file, place=table.rows[i],
                         issue=calendar.date_of(day[i]).isoformat(), lead=lead[i] + 1, first=table.rows[first[same[i]]])
        values[at] = index
    after = np.arange(calendar.days)[:, None] + np.arange(1, horizon_days + 1) >= calendar.days
    values[after] = CLEAN
    _report_missing(values, calendar, members, tuple(cities), table, findings)
    return ForecastFile(members, values) if findings.faults == before else None


def _places(words: pd.Series, cities: dict[str, frozenset[str]]) -> np.ndarray:
    """Which city of the run each row is for, -1 for another: int64[row]."""
    at = {word: place for place, known in enumerate(cities.values()) for word in known}
    return np.array([at.get(plain_city(word), -1) for word in words], int)


def _member_order(word: str) -> tuple[int, float, str]:
    """Numbers by value, then words by alphabet."""
    return (0, float(word), word) if word.replace(".", "", 1).isdigit() else (1, 0.0, word)


def _report_missing(values: np.ndarray, calendar: Calendar, members: tuple[str, ...], cities: tuple[str, ...],
                    table: Table, findings: Findings) -> None:
    """One finding for each city and member with holes: how many, and the first."""
    for m, member in enumerate(members):
        for c, city in enumerate(cities):
            holes = np.argwhere(np.isnan(values[:, :, m, c]))
            if len(holes):
                issue, lead = holes[0]
                findings.add("forecast.missing" if len(holes) == 1 else "forecast.missing_many", file=table.file,
                             key=f"{city}, member {member}", issue=calendar.date_of(issue).isoformat(), lead=lead + 1,
                             count=len(holes))
