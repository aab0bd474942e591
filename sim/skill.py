"""Skill of a forecast: how its correlation with what comes falls with lead, as presets tied to published scores."""

from functools import cache
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, PositiveFloat, model_validator

from sim.files import records
from sim.schema import Frozen

DEFAULT = "operational"


@cache
def presets() -> dict[str, dict[str, str]]:
    """The presets by name, with basis and source."""
    return {row["preset"]: row for row in records("skill/presets.csv")}


class Skill(Frozen):
    """An error model in normal scores; what is left out is the preset's.

    correlation_day1 : with the observed series, one day ahead. scale_days, shape : at lead L the correlation is
    correlation_day1 x exp(-((L - 1) / scale_days) ^ shape). inflation : 0 = conditional mean, which misses peaks, 1 = as
    much variance as the observations. bias_sd : in standard deviations, above 0 over-forecasts. spread : of an ensemble's
    members about the office's forecast, 1 = reliable, 0.7 = too narrow.
    """

    preset: Literal[tuple(presets())] = DEFAULT  # type: ignore[valid-type]
    correlation_day1: Annotated[float, Field(gt=0, le=1)]
    scale_days: PositiveFloat
    shape: Annotated[float, Field(ge=0.1, le=5)]
    inflation: Annotated[float, Field(ge=0, le=1)]
    bias_sd: Annotated[float, Field(ge=-3, le=3)]
    spread: Annotated[float, Field(ge=0, le=3)]

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        named = given.get("preset")  # whatever is no preset's name, a list even, the schema tells
        preset = presets().get(named if isinstance(named, str) else DEFAULT, presets()[DEFAULT])
        return {name: preset[name] for name in cls.model_fields} | given

    def correlation(self, horizon_days: int) -> np.ndarray:
        """Correlation with the observed normal scores by lead, float64[lead], lead 1 first."""
        later = np.arange(horizon_days) / self.scale_days
        return self.correlation_day1 * np.exp(-later**self.shape)
