"""How good forecasts were: scores by lead, of every day and member together."""

import numpy as np
import pandas as pd

from sim.forecast import Issue

LEVELS = np.array([50, 100, 150, 200, 300])


def scores_by_lead(observed: np.ndarray, issue: Issue, over: float = 200) -> pd.DataFrame:
    """One row per lead: correlation, rmse, exact_level_share, hit_share (of the days above `over`), false_alarm_ratio (of
    the forecasts above it), threat_score, heavy_bias_share (of the index on days above `over`).

    observed : float64[day, k]; issue : day -> float[lead, k]. Days after the period are left out; a share of nothing is
    NaN. Source: the scores of the World Meteorological Organization's joint working group on verification.
    """
    days = len(observed)
    told = np.stack([issue(today) for today in range(days)])
    rows = []
    for lead in range(1, min(told.shape[1], days - 1) + 1):
        said, came = told[: days - lead, lead - 1].astype(float), observed[lead:]
        hits, said_so, came_so = ((said > over) & (came > over)).sum(), (said > over).sum(), (came > over).sum()
        rows.append({
            "lead_day": lead, "correlation": _correlation(said.ravel(), came.ravel()),
            "rmse": np.sqrt(((said - came) ** 2).mean()),
            "exact_level_share": (np.searchsorted(LEVELS, said) == np.searchsorted(LEVELS, came)).mean(),
            "hit_share": _share(hits, came_so), "false_alarm_ratio": _share(said_so - hits, said_so),
            "threat_score": _share(hits, said_so + came_so - hits),
            "heavy_bias_share": said[came > over].mean() / came[came > over].mean() - 1 if came_so else np.nan})
    return pd.DataFrame(rows)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else np.nan


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one, other)[0, 1]) if one.std() and other.std() else np.nan
