"""Air quality index of HJ 633 by edition, primary pollutants, dust days and the index that triggers a warning."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

import numpy as np
import yaml

SPECIES = ("pm25_ug_m3", "pm10_ug_m3", "so2_ug_m3", "no2_ug_m3", "co_mg_m3", "o3_8h_ug_m3")
"""Concentrations of a series, in the order in which pollutants are named."""

TRIGGERS = ("aqi", "aqi_no_dust", "pm25")
DUST_RATIO = 0.30


@dataclass(frozen=True)
class AqiEdition:
    """One edition of the index: breakpoints of each pollutant and the index at each breakpoint."""

    key: str
    document: str
    clause: str
    valid_from: date
    valid_to: date | None
    index: tuple[float, ...]
    primary_above: int
    breakpoints: dict[str, tuple[float, ...]]


@cache
def editions() -> dict[str, AqiEdition]:
    """All editions by key, e.g. `HJ633-2012`."""
    sheet = yaml.safe_load((files("sim") / "data" / "aqi.yaml").read_text(encoding="utf-8"))
    return {
        key: AqiEdition(key, row["document"], row["clause"], row["from"], row["to"], tuple(sheet["iaqi"]),
                        sheet["primary_above"],
                        {s: tuple((sheet["common"] | row)[s]) for s in SPECIES})
        for key, row in sheet["editions"].items()
    }


def edition_on(day: date) -> str:
    """Key of the edition in force on a day; the earliest edition for days before it."""
    in_force = [key for key, edition in editions().items() if edition.valid_from <= day]
    return in_force[-1] if in_force else next(iter(editions()))


def iaqi(concentration: np.ndarray, species: str, edition: AqiEdition) -> np.ndarray:
    """Individual index of one pollutant, rounded up, NaN where the concentration is NaN.

    concentration : float64[...], ug/m3 (CO mg/m3). Returns float64[...], whole numbers. At or above the last
    breakpoint the index is that breakpoint's. Source: HJ 633, formula (1) and the rounding clause.
    """
    at = edition.breakpoints[species]
    exact = np.interp(concentration, at, edition.index[: len(at)])
    return np.ceil(np.round(exact, 6))  # 115 must give 150, not 151 through the noise of a division


@dataclass(frozen=True)
class DailyIndex:
    """Index of each day. aqi, trigger, without_dust : float64[day], the last the AQI, on a dust day the maximum without
    PM10; primary : text[day], joined by "+"; dust : bool[day]."""

    aqi: np.ndarray
    trigger: np.ndarray
    primary: np.ndarray
    dust: np.ndarray
    without_dust: np.ndarray


def daily_index(concentrations: dict[str, np.ndarray], edition: AqiEdition, trigger: str,
                dust_ratio: float = DUST_RATIO) -> DailyIndex:
    """AQI, primary pollutants and trigger index of a series.

    concentrations : any of SPECIES, float64[day]. trigger : `aqi`; `aqi_no_dust` (on a dust day the maximum without
    PM10); `pm25` (the index of PM2.5 alone). A dust day has PM10 as its only primary pollutant and PM2.5/PM10 below
    `dust_ratio` (a reading). Raises KeyError when `pm25` is wanted and the series has no PM2.5.
    Source: HJ 633; facts of the warning editions on dust and PM2.5.
    """
    species = [s for s in SPECIES if s in concentrations]
    each = np.stack([iaqi(concentrations[s], s, edition) for s in species])
    aqi = each.max(axis=0)
    is_primary = (each == aqi) & (aqi > edition.primary_above)
    names = np.array([s.split("_")[0] for s in species])
    primary = np.array(["+".join(names[column]) for column in is_primary.T])
    dust = np.zeros(len(aqi), bool)
    without_pm10 = aqi
    if {"pm10_ug_m3", "pm25_ug_m3"} <= set(species):
        pm10 = species.index("pm10_ug_m3")
        only_pm10 = is_primary[pm10] & (is_primary.sum(axis=0) == 1)
        dust = only_pm10 & (concentrations["pm25_ug_m3"] < dust_ratio * concentrations["pm10_ug_m3"])
        without_pm10 = np.delete(each, pm10, axis=0).max(axis=0)
    without_dust = np.where(dust, without_pm10, aqi)
    chosen = {"aqi": lambda: aqi, "aqi_no_dust": lambda: without_dust,
              "pm25": lambda: each[species.index("pm25_ug_m3")]}[trigger]()
    return DailyIndex(aqi, chosen, primary, dust, without_dust)
