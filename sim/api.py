"""The calls of the notebook: run, compare, summary, plot, report (and `load`, which stands in `experiment`)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sim import comparison_page, page
from sim.comparison import Comparison, compare_runs
from sim.experiment import Progress, Scenario, load, run_all
from sim.results import Results


def run(scenario: Scenario, lang: str = "en", progress: Progress | None = None) -> Results:
    """Run every variant of a scenario.

    Returns Results, whose tables (`warnings`, `days`, `totals`, `output`, `lines`, `orders`, …) are tidy DataFrames
    with the columns `run` and `member`. lang : language of reasons, clauses and the report, `en` or `zh`.
    """
    return Results(scenario, run_all(scenario, progress), lang)


def compare(scenarios: str | Path | Sequence[str | Path], vary: Sequence[str] = (), overrides: Sequence[str] = (),
            equal_tonnes: str | None = None, lang: str = "en", progress: Progress | None = None) -> Comparison:
    """Run scenarios, their variants and every combination of varied values side by side.

    vary : `KEY=V1,V2,…`, overrides : `KEY=VALUE`, as on the command line. equal_tonnes : a pollutant (`so2`, `nox`, `pm`,
    `voc`) or `all`: next to each graded run stands one with uniform shares that avoids as much. Returns Results with the
    tables `comparison` and `differences` besides. Raises InputError with every finding.
    """
    return compare_runs(load(scenarios, overrides, vary), lang, progress, equal_tonnes)


def summary(results: Results) -> pd.DataFrame:
    """One row per run and member: warnings and hours by level, baseline and avoided kg, curtailed value in CNY."""
    return results.summary


def plot(results: Results, which: str = "base", city: str | None = None) -> Any:
    """The winter of one run and city: index by day, warning levels behind it. Returns a matplotlib Figure.

    which : name of the run. city : its key, the first of the scenario if left out. Raises KeyError for unknown names.
    """
    one = {one.world.run.name: one for one in results.runs}[which]
    return page.winter(results, one, city or one.world.cities[0])


def report(results: Results, folder: str | Path, progress: Progress | None = None) -> Path:
    """Write all files of the results to a folder, whole or not at all; returns the path of `report.html`.

    Raises InputError when the folder holds something that no run wrote.
    """
    render = comparison_page.render if isinstance(results, Comparison) else page.render
    results.save(Path(folder), render(results, progress), progress)  # type: ignore[arg-type]
    return Path(folder) / "report.html"

