"""Which keys a scenario's figures hang on: trajectories of Morris or Sobol's shares of variance; the door to SALib.

Every sample is a variant of a sweep: all meet the same winters, forecasts and draws.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.cases import FIGURES, inputs_of, tasks_of
from sim.errors import Finding, Findings, InputError
from sim.experiment import Scenario, load_cells
from sim.grid import OVER, Cell, parted
from sim.schema import type_at
from sim.settings import Settings
from sim.sweeping import Progress, worked
from sim.vocab import ASKING_LEVELS, Pollutant
from sim.workers import check_count

MEASURES = {"morris": ("mu", "mu_star", "sigma", "mu_star_conf"), "sobol": ("S1", "S1_conf", "ST", "ST_conf")}
"""What each method says of a figure and a key, under the names of its literature."""

RANKED = {"morris": ("mu_star", "mu_star_conf"), "sobol": ("ST", "ST_conf")}
"""Measure by which keys are ranked, and half its 95 % interval."""

USUAL = {"morris": 20, "sobol": 64}
LEAST = {"morris": 4, "sobol": 16}
LEVELS = 4
"""Values of each key that trajectories step on: low, a third, two thirds, high."""

LISTED = ("avoided_t", "curtailed_value_cny")
JUDGED = (*LISTED, "heavy_days_missed", "response_hours")
"""Figures whose sensitivity is told; the first two need a list."""


@dataclass(frozen=True)
class Range:
    """What a key is varied over. whole : only whole numbers fit, samples are rounded to the nearest."""

    key: str
    low: float
    high: float
    whole: bool = False

    def written(self, value: float) -> str:
        """A value as a scenario would write it."""
        return str(round(value)) if self.whole else f"{value:.10g}"


@dataclass(frozen=True)
class Sensitivity:
    """How figures answer to keys.

    samples : one row per sample, in the method's order: keys with the values that ran, figures as means over members. table :
    one row per figure and key with the measures of the method (MEASURES), keys in the order given. asked : trajectories of
    Morris or base samples of Sobol.
    """

    scenario: Scenario
    ranges: tuple[Range, ...]
    method: str
    asked: int
    members: int
    samples: pd.DataFrame
    table: pd.DataFrame

    @property
    def figures(self) -> list[str]:
        return list(self.table["figure"].unique())


def analyse(path: str | Path, over: Sequence[str], overrides: Sequence[str] = (), *, method: str = "morris",
            samples: int | None = None, count: int = 1, progress: Progress | None = None) -> Sensitivity:
    """Sample the ranges, run every sample, and say how the figures answer to each key.

    over : `KEY=LOW..HIGH`; overrides : `KEY=VALUE`. samples : trajectories of Morris, or base samples of Sobol, a power of
    two. count : processes of this machine. Samples and intervals are drawn by the scenario's seed. Raises InputError with every
    finding. Source: Morris (1991), Campolongo et al. (2007), Saltelli et al. (2010), as SALib reckons them.
    """
    check_count(count)
    if progress:
        progress("reading", 0, 1)
    if method not in USUAL:
        raise InputError([Finding("words.value", key="method", value=method, words={"allowed": ", ".join(USUAL)})])
    asked = USUAL[method] if samples is None else samples
    ranges, seed = _checked(path, over, overrides, method, asked)
    problem = {"num_vars": len(ranges), "names": [one.key for one in ranges],
               "bounds": [[one.low, one.high] for one in ranges]}
    points = _points(problem, method, asked, seed)
    cells: list[Cell] = [tuple((one.key, one.written(value)) for one, value in zip(ranges, point, strict=True))
                         for point in points]
    scenario = load_cells(path, list(dict.fromkeys(cells)), overrides)
    inputs = inputs_of(scenario.worlds)
    if len({weather.members for weather in inputs.weathers}) > 1:
        raise InputError([Finding("sweep.members", file=str(scenario.path), key=OVER)])
    means = worked(inputs, tasks_of(inputs), count=count, progress=progress).mean(axis=1)
    place = {world.run.varied: at for at, world in enumerate(scenario.worlds)}
    figures = _judged(means[[place[cell] for cell in cells]], listed=scenario.worlds[0].population is not None)
    ran = pd.DataFrame({one.key: [float(dict(cell)[one.key]) for cell in cells] for one in ranges})
    table = pd.concat([_measured(problem, method, points, name, figures[name].to_numpy(), seed) for name in figures])
    ends = {name: [getattr(one, name) for one in ranges] * len(figures.columns) for name in ("low", "high")}
    table = table.assign(**ends).reset_index(drop=True)
    return Sensitivity(scenario, ranges, method, asked, len(inputs.members), ran.join(figures), table)


def _judged(means: np.ndarray, *, listed: bool) -> pd.DataFrame:
    """The figures that are judged, from those of a sweep: float64[sample, figure]."""
    made = pd.DataFrame(means, columns=list(FIGURES))
    made["avoided_t"] = made[[f"avoided_{p}_kg" for p in Pollutant]].sum(axis=1) / 1000
    made["response_hours"] = made[[f"hours_{level.name}" for level in ASKING_LEVELS]].sum(axis=1)
    return made[[name for name in JUDGED if listed or name not in LISTED]]


# ---------------------------------------------------------------- what is asked


def _checked(path: str | Path, over: Sequence[str], overrides: Sequence[str], method: str,
             asked: int) -> tuple[tuple[Range, ...], int]:
    """The ranges, and the scenario's seed; findings for all that is wrong with them, both ends run through the schema."""
    findings = Findings()
    if find_spec("SALib") is None:
        findings.add("sensitivity.missing", file="sensitivity")
    if asked < LEAST[method]:
        findings.add("sensitivity.samples", file="--samples", value=asked, least=LEAST[method])
    elif method == "sobol" and asked & (asked - 1):
        findings.add("sensitivity.power", file="--samples", value=asked, near=f"{2 ** int(math.log2(asked))}, "
                                                                             f"{2 ** (int(math.log2(asked)) + 1)}")
    if not over:
        findings.add("sensitivity.nothing", file=OVER)
    is_set = {parted(text)[0] for text in overrides}
    ranges: dict[str, Range] = {}
    for text in over:
        one = _range(text, findings)
        if one and one.key in ranges:
            findings.add("sensitivity.key_twice", file=OVER, key=one.key)
        elif one and one.key in is_set:
            findings.add("sensitivity.also_set", file=OVER, key=one.key)
        elif one:
            ranges[one.key] = one
    ends = [tuple((one.key, one.written(getattr(one, end))) for one in ranges.values()) for end in ("low", "high")]
    seed = 0
    try:
        seed = load_cells(path, ends if ranges else [()], overrides).worlds[0].settings.seed
    except InputError as error:
        findings.take(error.findings)
    findings.raise_errors()
    return tuple(ranges.values()), seed


def _range(text: str, findings: Findings) -> Range | None:
    key, equals, ends = parted(text)
    low, dots, high = ends.partition("..")
    if not (key and equals and dots):
        findings.add("sensitivity.syntax", file=OVER, value=text)
        return None
    try:
        first, last = float(low), float(high)
    except ValueError:
        first = last = math.nan
    if not -math.inf < first < last < math.inf:
        findings.add("sensitivity.range", file=OVER, key=key, value=ends)
        return None
    wanted = type_at(Settings, key.split("."))
    if wanted not in (None, int, float):  # a key that nobody knows is told when both ends are read
        findings.add("sensitivity.no_number", file=OVER, key=key, value=ends)
        return None
    return Range(key, first, last, wanted is int)


# ---------------------------------------------------------------- SALib


def _points(problem: dict[str, Any], method: str, asked: int, seed: int) -> np.ndarray:
    """The samples, float64[sample, key]: asked x (keys + 1) of Morris, asked x (keys + 2) of Sobol."""
    from SALib.sample import morris, sobol

    if method == "morris":
        return morris.sample(problem, asked, num_levels=LEVELS, seed=seed)
    return sobol.sample(problem, asked, calc_second_order=False, seed=seed)


def _measured(problem: dict[str, Any], method: str, points: np.ndarray, name: str, figure: np.ndarray,
              seed: int) -> pd.DataFrame:
    """The measures of one figure, one row per key; shares of variance are blank where there is none."""
    from SALib.analyze import morris, sobol

    if method == "morris":
        found = morris.analyze(problem, points, figure, num_levels=LEVELS, num_resamples=1000, seed=seed)
    elif np.ptp(figure) == 0:
        found = dict.fromkeys(MEASURES[method], np.nan)
    else:
        found = sobol.analyze(problem, figure, calc_second_order=False, num_resamples=1000, seed=seed)
    measures = {measure: np.broadcast_to(np.asarray(found[measure], float), len(problem["names"]))
                for measure in MEASURES[method]}
    return pd.DataFrame({"figure": name, "key": problem["names"]} | measures)
