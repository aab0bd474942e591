"""The calls of the notebook: run, compare, sweep, sensitivity, summary, plot, report (`load` stands in `experiment`)."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from sim import comparison_page, page, sensitivity_page, sweep_page
from sim.comparison import Comparison, compare_runs
from sim.experiment import Progress, Scenario, load, run_all
from sim.files import write_folder
from sim.results import Results
from sim.sensitivities import Sensitivity, analyse
from sim.sweeping import Sweep, check_kept, drop_parts
from sim.sweeping import sweep as run_sweep


def run(scenario: Scenario, lang: str = "en", progress: Progress | None = None, *, by_hour: bool = False) -> Results:
    """Run every variant of a scenario.

    Returns Results, whose tables (`warnings`, `days`, `totals`, `output`, `lines`, `orders`, …) are tidy DataFrames
    with the columns `run` and `member`. lang : language of reasons, clauses and the report, `en` or `zh`. by_hour : a report
    written from them has `hourly.csv` beside it.
    """
    return Results(scenario, run_all(scenario, progress), lang, by_hour=by_hour)


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


def sweep(paths: str | Path | Sequence[str | Path], vary: Sequence[str], overrides: Sequence[str] = (), *, workers: int = 1,
          scheduler: str | None = None, parts: str | Path | None = None, resume: bool = False, keep: Sequence[str] = (),
          progress: Progress | None = None) -> Sweep:
    """Run the grid of all values, every variant with the same winters, forecasts and draws.

    vary : `KEY=V1,V2,…`; overrides : `KEY=VALUE`, e.g. `forecast.members=1000`. workers : processes of this machine;
    scheduler : address of a Dask cluster instead. parts : folder where finished parts are kept; resume : go on from them.
    keep : variants that `save_sweep` will be asked to keep: a name that none has is found before the work.
    Returns a Sweep, whose `comparison`, `variants`, `paired` and `steps` are tidy DataFrames. Raises InputError with every
    finding.
    """
    return run_sweep(paths, vary, overrides, count=workers, scheduler=scheduler, parts=Path(parts) if parts else None,
                     resume=resume, keep=keep, progress=progress)


def save_sweep(found: Sweep, folder: str | Path, lang: str = "en", *, keep: Sequence[str] = (), parts: str | Path | None = None,
               progress: Progress | None = None) -> Path:
    """Write the folder of a sweep, whole or not at all; returns the path of `report.html`.

    keep : names of variants that are run once more with all their tables. parts : forgotten once the folder stands.
    Raises InputError for a name that no variant has, or a folder that holds something no run wrote.
    """
    check_kept(found.scenario, keep)
    kept = None
    if keep:
        worlds = {world.run.name: world for world in found.scenario.worlds}
        some = replace(found.scenario, worlds=tuple(worlds[name] for name in dict.fromkeys(keep)))
        kept = Results(some, run_all(some, progress), lang)
    if progress:
        progress("report", 0, 1)
    write_folder(Path(folder), sweep_page.files(found, lang, kept))
    if parts:
        drop_parts(Path(parts))
    return Path(folder) / "report.html"


def sensitivity(path: str | Path, over: Sequence[str], overrides: Sequence[str] = (), *, method: str = "morris",
                samples: int | None = None, workers: int = 1, progress: Progress | None = None) -> Sensitivity:
    """Which keys the figures of a scenario hang on: samples of the ranges, each run as a variant of a sweep.

    over : `KEY=LOW..HIGH`. method : `morris` (samples : trajectories, 20) or `sobol` (base samples, 64, a power of two).
    Returns a Sensitivity, whose `table` and `samples` are tidy DataFrames. Raises InputError with every finding.
    """
    return analyse(path, over, overrides, method=method, samples=samples, count=workers, progress=progress)


def save_sensitivity(found: Sensitivity, folder: str | Path, lang: str = "en", progress: Progress | None = None) -> Path:
    """Write the folder of a sensitivity run, whole or not at all; returns the path of `report.html`.

    Raises InputError when the folder holds something that no run wrote.
    """
    if progress:
        progress("report", 0, 1)
    write_folder(Path(folder), sensitivity_page.files(found, lang))
    return Path(folder) / "report.html"
