"""Synthetic forecasts: what an office of a given skill would have said of a winter that is known.

The error lives in normal scores z of each series. Backwards from the truth, a chain adds error with every day of lead:
F(t, L) = g(L) F(t, L-1) + s(L) e(t, L), with e correlated from day to day like the series itself. So the correlation with
what comes is the one asked for at every lead, the days of one issue err together, and an issue changes its mind only as
far as there is news (a martingale of forecasts). Source: the forecast-evolution chain of Heath and Jackson (1994),
applied to air quality; presets in `data/skill`.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from sim.forecast import CLEAN, perfect
from sim.rng import normals
from sim.skill import Skill

CEILING = 500
"""The index goes no higher."""
EDGE, STEP = 6.0, 0.01
"""Normal scores are looked up from -EDGE to EDGE in steps of STEP."""


@dataclass(frozen=True)
class Climate:
    """The days of some series as climates, k side by side.

    scores : float32[day, k], normal scores, ties at the mean rank. index : float32[k, grid], the index at each score.
    r1, r2 : float32[k], autocorrelation of the scores after one and two days.
    """

    scores: np.ndarray
    index: np.ndarray
    r1: np.ndarray
    r2: np.ndarray

    def at(self, scores: np.ndarray) -> np.ndarray:
        """The index at given normal scores. scores : float32[..., k or any number if there is one series]."""
        place = np.clip((scores + np.float32(EDGE)) / np.float32(STEP), 0, self.index.shape[1] - 1.001)
        below = place.astype(np.int32)
        row = np.arange(len(self.index), dtype=np.int32) * self.index.shape[1]
        low = self.index.ravel()[row + below]
        return low + (place - below) * (self.index.ravel()[row + below + 1] - low)

    def of(self, series: int) -> "Climate":
        """One of the series; the only one if there is one."""
        k = slice(min(series, len(self.index) - 1), None)
        return Climate(self.scores[:, k][:, :1], self.index[k][:1], self.r1[k][:1], self.r2[k][:1])


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
    return Climate(scores.astype(np.float32), index, r1.astype(np.float32), r2.astype(np.float32))


def synthetic(observed: np.ndarray, horizon_days: int, skill: Skill, cities: tuple[str, ...], seed: int, *,
              members: range = range(1), ensemble: int = 1) -> np.ndarray:
    """Forecasts of every issue, float32[issue day, lead, member, ensemble, city]; days after the period are clean.

    observed : float64[day, winter, city], one winter for all members, or one for each. members : which ones; each is an
    office of its own, with errors of its own. ensemble : members of one office's ensemble, about its forecast, with
    errors that persist along the days of an issue; 1 gives the office's forecast itself. In float32, all at once: 4 bytes x
    days x leads x members x cities, 80 MB for 1,000 members of 11 cities over a winter.
    """
    days, winters, _ = observed.shape
    told = np.full((days, horizon_days, len(members), ensemble, len(cities)), CLEAN, np.float32)
    correlation = skill.correlation(horizon_days)
    if np.allclose(correlation, 1, rtol=0, atol=1e-6) and not skill.bias_sd:
        exact = perfect(observed.reshape(days, -1), horizon_days)
        for today in range(days):
            told[today] = exact(today).reshape(horizon_days, winters, 1, len(cities))
        return told
    inflation = (correlation**-skill.inflation).astype(np.float32)[:, None]
    for c, city in enumerate(cities):
        climate = climate_of(observed[:, :, c])
        drawn = np.stack([normals(seed, ("forecast", city, m), (horizon_days, days)) for m in members])
        office = _chain(climate, correlation, np.ascontiguousarray(drawn.transpose(2, 1, 0)))
        if ensemble == 1:
            told[:, :, :, 0, c] = _by_issue(climate.at(office * inflation + np.float32(skill.bias_sd)))
            continue
        for m, central in enumerate(_by_issue(office).transpose(2, 0, 1)):
            drawn = np.stack([normals(seed, ("ensemble", city, members[m], e), (days, horizon_days))
                              for e in range(ensemble)], axis=2)
            around = central[:, :, None] + _about(climate.of(m), skill, correlation, drawn)
            index = climate.of(m).at(np.maximum(around, -EDGE))
            told[:, :, m, :, c] = np.where(np.isfinite(around), index, CLEAN)
    return told


def _chain(climate: Climate, correlation: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Conditional means F of normal scores, float32[valid day, lead, member]. drawn : normal draws of the same shape."""
    told = _second_order(drawn, climate.r1, climate.r2)
    known, before = climate.scores, 1.0
    for lead, now in enumerate(correlation):
        ratio = (now / before) ** 2
        told[:, lead] = np.float32(ratio) * known + np.float32(now * np.sqrt(1 - ratio)) * told[:, lead]
        known, before = told[:, lead], now
    return told


def _second_order(drawn: np.ndarray, r1: np.ndarray, r2: np.ndarray) -> np.ndarray:
    """Draws made AR(2) along the first axis, with unit variance and autocorrelations r1, r2. float32[day, lead, member]."""
    free = np.maximum(1 - r1**2, np.float32(1e-6))
    a, b = r1 * (1 - r2) / free, (r2 - r1**2) / free
    out = np.sqrt(np.maximum(1 - a * r1 - b * r2, np.float32(0))) * drawn
    out[0] = drawn[0]
    out[1:2] = r1 * out[0] + np.sqrt(free) * drawn[1:2]
    for day in range(2, len(out)):
        out[day] += a * out[day - 1] + b * out[day - 2]
    return out


def _about(climate: Climate, skill: Skill, correlation: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """What an ensemble's members add to the office's forecast, float32[issue, lead, member]: AR(1) along the leads.

    Members drawn anew for each lead would see too few episodes of several days.
    """
    for lead in range(1, drawn.shape[1]):
        drawn[:, lead] = climate.r1 * drawn[:, lead - 1] + np.sqrt(1 - climate.r1**2) * drawn[:, lead]
    width = skill.spread * np.sqrt(1 - correlation**2)
    return drawn * width.astype(np.float32)[:, None] + np.float32(skill.bias_sd)


def _by_issue(valid: np.ndarray) -> np.ndarray:
    """From [valid day, lead, member] to [issue day, lead, member]; days after the period are clean."""
    told = np.full(valid.shape, CLEAN, np.float32)
    for lead in range(1, min(valid.shape[1], len(valid) - 1) + 1):
        told[: len(valid) - lead, lead - 1] = valid[lead:, lead - 1]
    return told
