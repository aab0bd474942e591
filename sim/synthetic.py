"""Synthetic forecasts: what an office of a given skill would have said of a winter that is known.

The error lives in normal scores z of each series. Backwards from the truth, a chain adds error with every day of lead:
F(t, L) = g(L) F(t, L-1) + s(L) e(t, L), with e correlated from day to day like the series itself. So the correlation with
what comes is the one asked for at every lead, the days of one issue err together, and an issue changes its mind only as
far as there is news (a martingale of forecasts). Source: the forecast-evolution chain of Heath and Jackson (1994),
applied to air quality; presets in `data/skill`.
"""

from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.forecast import CLEAN, perfect
from sim.planes import WORD
from sim.rng import normals, quantile_normals
from sim.skill import Skill

CEILING = 500
"""The index goes no higher."""
EDGE, STEP = 6.0, 0.01
"""Normal scores are looked up from -EDGE to EDGE in steps of STEP."""


SERIES_AT_ONCE = 1_500
"""Series whose errors are drawn together: enough to forget the cost of a step, few enough to stay in the cache."""


@dataclass(frozen=True)
class Climate:
    """The days of some series as climates, k side by side.

    scores : float32[day, k], normal scores, ties at the mean rank. index : float32[n, grid], the index at each score; row :
    int32[k], which of them each series has. r1, r2 : float32[k], autocorrelation of the scores after one and two days.
    """

    scores: np.ndarray
    index: np.ndarray
    row: np.ndarray
    r1: np.ndarray
    r2: np.ndarray

    def at(self, scores: np.ndarray) -> np.ndarray:
        """The index at given normal scores. scores : float32[..., k or any number if there is one series]."""
        place = np.clip((scores + np.float32(EDGE)) / np.float32(STEP), 0, self.index.shape[1] - 1.001)
        below = place.astype(np.int32)
        row = self.row * self.index.shape[1]
        low = self.index.ravel()[row + below]
        return low + (place - below) * (self.index.ravel()[row + below + 1] - low)

    def of(self, series: np.ndarray | list[int]) -> "Climate":
        """Some of the series, also more than once. series : int64[m]."""
        return Climate(self.scores[:, series], self.index, self.row[series], self.r1[series], self.r2[series])


def climate_of(days: np.ndarray) -> Climate:
    """The climates of some series. days : float64[day, k].

    Between the days of a series the index is interpolated; past its extremes it goes on as a lognormal with the spread
    of the series, up to the ceiling of the index.
    """
    by_rank = np.array([NormalDist().inv_cdf((half / 2 - 0.5) / len(days)) if half > 1 else 0.0
                        for half in range(2 * len(days) + 1)])
    scores = by_rank[np.rint(2 * pd.DataFrame(days).rank().to_numpy()).astype(int)]
    grid = np.arange(-EDGE, EDGE + STEP / 2, STEP)
    index = np.empty((days.shape[1], len(grid)), np.float32)
    for k, mine in enumerate(days.T):
        known, first = np.unique(scores[:, k], return_index=True)
        past = grid - np.clip(grid, known[0], known[-1])
        going_on = np.interp(grid, known, mine[first]) * np.exp(np.log(np.maximum(mine, 1.0)).std() * past)
        index[k] = np.where(past > 0, np.minimum(going_on, max(CEILING, mine.max())), going_on)
    variance = np.maximum((scores**2).sum(axis=0), 1e-9)
    r1, r2 = ((scores[lag:] * scores[:-lag]).sum(axis=0) / variance for lag in (1, 2))
    return Climate(scores.astype(np.float32), index, np.arange(len(index), dtype=np.int32), r1.astype(np.float32),
                   r2.astype(np.float32))


class Errors(NamedTuple):
    """An error model by lead. kept, news : float32[lead], of the forecast a day of lead nearer, and of new error; widened :
    float32[lead], what a score is told as many times of; bias : float32, what is added then."""

    kept: np.ndarray
    news: np.ndarray
    widened: np.ndarray
    bias: np.float32


def errors_of(skill: Skill, horizon_days: int) -> Errors:
    """The error model of a skill over some leads."""
    correlation = skill.correlation(horizon_days)
    kept = (correlation / np.append(1.0, correlation[:-1])) ** 2
    return Errors(kept.astype(np.float32), (correlation * np.sqrt(1 - kept)).astype(np.float32),
                  (correlation**-skill.inflation).astype(np.float32), np.float32(skill.bias_sd))


def without_error(skill: Skill, horizon_days: int) -> bool:
    """Whether a skill leaves nothing to draw."""
    return bool(np.allclose(skill.correlation(horizon_days), 1, rtol=0, atol=1e-6)) and not skill.bias_sd


def draw(seed: int, city: str, members: range, size: tuple[int, int]) -> np.ndarray:
    """The normal draws behind some members' errors in a city, float32[lead, member, day]. size : leads and days.

    WORD members share a stream, since one of its own for each takes as long as its draws: who else is asked for changes none.
    """
    leads, days = size
    asked = [quantile_normals(seed, ("forecast", city, word), (leads, WORD, days))[:, max(members[0] - word * WORD, 0):
                                                                                  members[-1] + 1 - word * WORD]
             for word in range(members[0] // WORD, members[-1] // WORD + 1)]
    return np.concatenate(asked, axis=1)  # a copy: the others of a word are let go


@dataclass(frozen=True)
class Drawn:
    """Issues of the members of some offices, drawn when they are first asked for. Column = member x city.

    observed, climate : as in `synthetic`, of the members named.
    """

    observed: np.ndarray
    horizon_days: int
    skill: Skill
    cities: tuple[str, ...]
    seed: int
    members: range
    climate: Climate | None

    def __call__(self, today: int) -> np.ndarray:
        return self._values[today]

    @cached_property
    def _values(self) -> np.ndarray:
        told = synthetic(self.observed, self.horizon_days, self.skill, self.cities, self.seed, members=self.members,
                         climate=self.climate)
        return told.reshape(len(told), self.horizon_days, -1)


def synthetic(observed: np.ndarray, horizon_days: int, skill: Skill, cities: tuple[str, ...], seed: int, *,
              members: range = range(1), ensemble: int = 1, climate: Climate | None = None) -> np.ndarray:
    """Forecasts of every issue, float32[issue day, lead, member, ensemble, city]; days after the period are clean.

    observed : float64[day, winter, city], one winter for all members, or one for each. members : which ones; each is an
    office of its own, with errors of its own. ensemble : members of one office's ensemble, about its forecast, with
    errors that persist along the days of an issue; 1 gives the office's forecast itself. climate : of all winters and cities,
    in this order, if at hand. In float32, all at once: 4 bytes x days x leads x members x cities, 80 MB for 1,000 members of
    11 cities over a winter; of each winter and city the climate, 5 kB, beside them.
    """
    days, winters, _ = observed.shape
    told = np.full((days, horizon_days, len(members), ensemble, len(cities)), CLEAN, np.float32)
    if without_error(skill, horizon_days):
        exact = perfect(observed.reshape(days, -1), horizon_days)
        for today in range(days):
            told[today] = exact(today).reshape(horizon_days, winters, 1, len(cities))
        return told
    climate = climate or climate_of(observed.reshape(days, -1))
    errors = errors_of(skill, horizon_days)
    winter = np.arange(len(members)) if winters > 1 else np.zeros(len(members), int)
    at_once = max(1, SERIES_AT_ONCE // len(members))
    for first in range(0, len(cities), at_once):
        some = range(first, min(first + at_once, len(cities)))
        drawn = np.stack([draw(seed, cities[c], members, (horizon_days, days)) for c in some], axis=-1)
        own = climate.of((winter[:, None] * len(cities) + np.array(some)).ravel())
        office = _chain(own, errors, np.ascontiguousarray(drawn.transpose(2, 0, 1, 3)).reshape(days, horizon_days, -1))
        if ensemble == 1:
            index = _by_issue(own.at(office * errors.widened[:, None] + errors.bias))
            told[:, :, :, 0, some.start: some.stop] = index.reshape(days, horizon_days, len(members), -1)
            continue
        for series, central in enumerate(_by_issue(office).transpose(2, 0, 1)):
            m, c = divmod(series, len(some))
            drawn = np.stack([normals(seed, ("ensemble", cities[some[c]], members[m], e), (days, horizon_days))
                              for e in range(ensemble)], axis=2)
            one = own.of([series])
            around = central[:, :, None] + _about(one, skill, drawn)
            told[:, :, m, :, some[c]] = np.where(np.isfinite(around), one.at(np.maximum(around, -EDGE)), CLEAN)
    return told


def _chain(climate: Climate, errors: Errors, drawn: np.ndarray) -> np.ndarray:
    """Conditional means F of normal scores, float32[valid day, lead, member]. drawn : normal draws of the same shape."""
    told = _second_order(drawn, climate.r1, climate.r2)
    known = climate.scores
    for lead, (kept, news) in enumerate(zip(errors.kept, errors.news, strict=True)):
        told[:, lead] = kept * known + news * told[:, lead]
        known = told[:, lead]
    return told


def persistence_of(r1: np.ndarray, r2: np.ndarray) -> np.ndarray:
    """What makes draws an AR(2) with unit variance and autocorrelations r1, r2, float32[5, k]: the weights of the draw, the
    value before and the one before that; of the value before and the draw, on the second day."""
    free = np.maximum(1 - r1**2, np.float32(1e-6))
    a, b = r1 * (1 - r2) / free, (r2 - r1**2) / free
    return np.stack([np.sqrt(np.maximum(1 - a * r1 - b * r2, np.float32(0))), a, b, r1, np.sqrt(free)])


def _second_order(drawn: np.ndarray, r1: np.ndarray, r2: np.ndarray) -> np.ndarray:
    """Draws made AR(2) along the first axis, with unit variance and autocorrelations r1, r2. float32[day, lead, member]."""
    fresh, a, b, second, second_fresh = persistence_of(r1, r2)
    out = fresh * drawn
    out[0] = drawn[0]
    out[1:2] = second * out[0] + second_fresh * drawn[1:2]
    for day in range(2, len(out)):
        out[day] += a * out[day - 1] + b * out[day - 2]
    return out


def _about(climate: Climate, skill: Skill, drawn: np.ndarray) -> np.ndarray:
    """What an ensemble's members add to the office's forecast, float32[issue, lead, member]: AR(1) along the leads.

    Members drawn anew for each lead would see too few episodes of several days.
    """
    for lead in range(1, drawn.shape[1]):
        drawn[:, lead] = climate.r1 * drawn[:, lead - 1] + np.sqrt(1 - climate.r1**2) * drawn[:, lead]
    width = skill.spread * np.sqrt(1 - skill.correlation(drawn.shape[1]) ** 2)
    return drawn * width.astype(np.float32)[:, None] + np.float32(skill.bias_sd)


def _by_issue(valid: np.ndarray) -> np.ndarray:
    """From [valid day, lead, member] to [issue day, lead, member]; days after the period are clean."""
    told = np.full(valid.shape, CLEAN, np.float32)
    for lead in range(1, min(valid.shape[1], len(valid) - 1) + 1):
        told[: len(valid) - lead, lead - 1] = valid[lead:, lead - 1]
    return told
