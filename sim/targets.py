"""Air-quality targets judged: figures of a period, the periods of a run, whether a value reaches a limit. Pure."""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np

from sim.aqi import SPECIES
from sim.clock import Calendar

GOOD_AT_MOST, HEAVY_ABOVE = 100, 200
"""AQI of a good day 优良天, and above which a day counts as heavy-or-worse pollution 重度及以上污染."""

LEVEL_2 = dict(zip(SPECIES, (35, 70, 60, 40, 4, 160), strict=True))
"""Limits of GB 3095-2012, level 2: annual means; CO daily mean, O3 daily 8 h maximum. ug/m3, CO mg/m3."""

PERCENTILE = {"co_mg_m3": 0.95, "o3_8h_ug_m3": 0.90}
"""Pollutants that are judged over a period by a percentile of their days, not by the mean."""

YEAR = "year"
RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le, "<": operator.lt, ">=": operator.ge, ">": operator.gt}

Days = Mapping[str, np.ndarray]
"""Some days of one city: float64[day] by column, `aqi` and concentrations."""


# ---------------------------------------------------------------- quantities


def percentile(values: np.ndarray, share: float) -> float:
    """The value at a share of the ranked days, between two of them in proportion: rank 1 + (n - 1) x share.
    Source: HJ 663-2013, annex on percentiles."""
    return float(np.quantile(values, share, method="linear"))


def of_period(values: np.ndarray, species: str) -> float:
    """A pollutant's figure over some days: the mean; CO the 95th, O3 the 90th percentile."""
    return percentile(values, PERCENTILE[species]) if species in PERCENTILE else float(values.mean())


def composite_index(days: Days) -> float:
    """Composite index 环境空气质量综合指数: the sum over six pollutants of figure / level-2 limit.
    Source: 环办〔2014〕64号; GB 3095-2012."""
    return sum(of_period(days[species], species) / LEVEL_2[species] for species in SPECIES)


@dataclass(frozen=True)
class Quantity:
    """What a target limits. needs : columns of the series. relation : which side is meant where none is written.
    counts : a number of days, which can only grow while a period goes on."""

    value: Callable[[Days], float]
    needs: tuple[str, ...]
    relation: str = "<="
    counts: bool = False


def _figure(species: str) -> Quantity:
    return Quantity(lambda days: of_period(days[species], species), (species,))


QUANTITIES = {
    "pm25_mean_ug_m3": _figure("pm25_ug_m3"),
    "pm10_mean_ug_m3": _figure("pm10_ug_m3"),
    "so2_mean_ug_m3": _figure("so2_ug_m3"),
    "no2_mean_ug_m3": _figure("no2_ug_m3"),
    "co_p95_mg_m3": _figure("co_mg_m3"),
    "o3_8h_p90_ug_m3": _figure("o3_8h_ug_m3"),
    "good_days": Quantity(lambda days: float((days["aqi"] <= GOOD_AT_MOST).sum()), ("aqi",), ">=", counts=True),
    "good_days_share": Quantity(lambda days: float((days["aqi"] <= GOOD_AT_MOST).mean()), ("aqi",), ">="),
    "heavy_days": Quantity(lambda days: float((days["aqi"] > HEAVY_ABOVE).sum()), ("aqi",), counts=True),
    "composite_index": Quantity(composite_index, SPECIES),
}

QuantityName = Literal["pm25_mean_ug_m3", "pm10_mean_ug_m3", "so2_mean_ug_m3", "no2_mean_ug_m3", "co_p95_mg_m3",
                       "o3_8h_p90_ug_m3", "good_days", "good_days_share", "heavy_days", "composite_index"]


# ---------------------------------------------------------------- periods, judgement


@dataclass(frozen=True)
class Span:
    """Months of one year, both days included; runs into the next year where the last month lies before the first."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def label(self) -> str:
        """`2015-10`, `2015-10/2015-12`, or `2015` for a whole calendar year."""
        begins, ends = f"{self.first:%Y-%m}", f"{self.last:%Y-%m}"
        if begins == ends:
            return begins
        return f"{self.first:%Y}" if (begins[:4], begins[5:], ends[5:]) == (ends[:4], "01", "12") else f"{begins}/{ends}"

    def year_before(self) -> "Span":
        return span(self.first.year - 1, self.first.month, self.last.month)


def span(year: int, first: int, last: int) -> Span:
    """Months `first` to `last`, the first of them in `year`."""
    after = date(year + (last < first) + last // 12, last % 12 + 1, 1)
    return Span(date(year, first, 1), after - timedelta(days=1))


def months_of(words: str) -> tuple[int, int] | None:
    """First and last month of `10`, `10-12`, `10-3` or `year`; None for anything else."""
    if words == YEAR:
        return 1, 12
    match = re.fullmatch(r"(\d{1,2})(?:-(\d{1,2}))?", words)
    months = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    return months if all(1 <= month <= 12 for month in months) else None


def spans(months: tuple[int, int], calendar: Calendar) -> Iterator[Span]:
    """Every time that these months meet a period, in order; the period may hold a part of them only."""
    for year in range(calendar.start.year - 1, calendar.end.year + 1):
        one = span(year, *months)
        if one.first <= calendar.end and one.last >= calendar.start:
            yield one


def met(quantity: Quantity, relation: str, limit: float, value: float, missing: int) -> bool | None:
    """Whether a value reaches its target; None where that cannot be said.

    missing : days of the period that are not there. A mean of a part is not judged; a count is, where the days that are
    missing could not turn it (a limit already broken stays broken).
    """
    if np.isnan(value) or np.isnan(limit) or (missing and not quantity.counts):
        return None
    either = {RELATIONS[relation](value + more, limit) for more in (0, missing)}
    return either.pop() if len(either) == 1 else None
