"""Generated winters: days of PM2.5 that build up slowly and clear out at once, as many winters as one asks for.

A clean-out process in place of a symmetric one: pollution persists from day to day until a front clears the air; a slow
part, months and levels come on top. Fitted to the winters 2014-2016 of cities of Shanxi (`data/winters`); an upper tail
above 250 ug/m3 is somewhat heavier than observed there.
"""

from functools import cache
from statistics import NormalDist
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, PositiveFloat, model_validator

from sim.clock import Calendar
from sim.files import records
from sim.rng import normals
from sim.schema import Frozen

NORMAL = NormalDist()
KEPT_NOISE, CLEARED_LEVEL, CLEARED_NOISE = 0.55, -1.13, 0.515
DAYS_BETWEEN_CLEANOUTS = 2
SLOW_DAYS = 30
WARM_UP_DAYS = 60
GSD_WITHOUT_MONTHS = 0.95
"""Part of ln GSD that is left where the month offsets take theirs."""


@cache
def recipes() -> dict[str, dict[str, str]]:
    """The recipes by name, with basis and source."""
    return {row["recipe"]: row for row in records("winters/recipes.csv")}


@cache
def month_offsets() -> dict[int, float]:
    """ln offset of PM2.5 by month, October to April."""
    return {int(row["month"]): float(row["ln_offset"]) for row in records("winters/months.csv")}


class Generated(Frozen):
    """How a city's winters are made; what is left out is the recipe's.

    winters : how many, each a member of the run. cleanout_share : chance of a clean-out a day. memory : what is kept from
    day to day. slow_share : part of the variance that changes over a month. median_pm25_ug_m3, gsd : level and geometric
    standard deviation. regional_share : part of the weather that all generated cities of a run share (assumed).
    """

    generate: Literal[tuple(recipes())]  # type: ignore[valid-type]
    winters: Annotated[int, Field(ge=1, le=10_000)] = 1
    cleanout_share: Annotated[float, Field(gt=0, lt=1)]
    memory: Annotated[float, Field(ge=0, lt=1)]
    slow_share: Annotated[float, Field(ge=0, le=1)]
    median_pm25_ug_m3: PositiveFloat
    gsd: Annotated[float, Field(gt=1, le=5)]
    regional_share: Annotated[float, Field(ge=0, le=1)] = 0.88

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        named = given.get("generate")  # whatever is no recipe's name, a list even, the schema tells
        recipe = recipes().get(named if isinstance(named, str) else "today", recipes()["today"])
        return {name: recipe[name] for name in cls.model_fields if name in recipe} | given


def winters(made: Generated, calendar: Calendar, city: str, seed: int) -> np.ndarray:
    """Daily means of PM2.5 of each winter, ug/m3, float64[day, member].

    A winter of a city depends on seed, city and its number alone. Raises KeyError outside October to April.
    """
    days, share = WARM_UP_DAYS + calendar.days, made.regional_share
    drawn = np.empty((made.winters, 3, days), np.float32)
    for member in range(made.winters):
        own, shared = (normals(seed, ("winter", whose, member), (days, 3)).T for whose in (city, "all cities"))
        drawn[member] = np.sqrt(1 - share) * own + np.sqrt(share) * shared
    weather, front, slow = np.moveaxis(drawn.astype(float), 1, 0)
    fast = _scores(made.cleanout_share, made.memory, _build_up(made, weather, front))
    kept = np.exp(-1 / SLOW_DAYS)
    for day in range(1, days):
        slow[:, day] = kept * slow[:, day - 1] + np.sqrt(1 - kept**2) * slow[:, day]
    z = np.sqrt(1 - made.slow_share) * fast + np.sqrt(made.slow_share) * slow
    offset = np.array([month_offsets()[calendar.date_of(day).month] for day in range(calendar.days)])
    spread = GSD_WITHOUT_MONTHS * np.log(made.gsd)
    return made.median_pm25_ug_m3 * np.exp(offset[:, None] + spread * z[:, WARM_UP_DAYS:].T)


def _build_up(made: Generated, weather: np.ndarray, front: np.ndarray) -> np.ndarray:
    """The clean-out process: float64[member, day] from normal draws of the same shape."""
    clears = front < NORMAL.inv_cdf(made.cleanout_share)
    x, since = np.zeros(len(weather)), np.full(len(weather), DAYS_BETWEEN_CLEANOUTS)
    out = np.empty(weather.shape)
    for day in range(weather.shape[1]):
        now = clears[:, day] & (since >= DAYS_BETWEEN_CLEANOUTS)
        x = np.where(now, CLEARED_LEVEL + CLEARED_NOISE * weather[:, day], made.memory * x + KEPT_NOISE * weather[:, day])
        since = np.where(now, 1, since + 1)
        out[:, day] = x
    return out


def _scores(cleanout_share: float, memory: float, x: np.ndarray) -> np.ndarray:
    """Normal scores of the process, by its distribution over a long run."""
    level, score = _long_run(cleanout_share, memory)
    return np.interp(x, level, score)


@cache
def _long_run(cleanout_share: float, memory: float) -> tuple[np.ndarray, np.ndarray]:
    made = Generated(generate="today", cleanout_share=cleanout_share, memory=memory)  # type: ignore[call-arg]
    weather, front = normals(0, ("winter", "long run"), (2, 200, WARM_UP_DAYS + 200)).astype(float)
    level = np.sort(_build_up(made, weather, front)[:, WARM_UP_DAYS:].ravel())[::20]
    return level, np.array([NORMAL.inv_cdf((at + 0.5) / len(level)) for at in range(len(level))])
