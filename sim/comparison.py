"""A comparison is the same tables with more rows: one row per run beside the others, and what made them differ."""

from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from sim.differences import COLUMNS, differences, elsewhere
from sim.errors import Finding
from sim.experiment import Progress, Run, Scenario, run_all
from sim.grid import plain
from sim.labels import text
from sim.results import Results
from sim.scenario import BASE
from sim.uniform import ALL, POLICY, equal_run
from sim.vocab import WARNING_LEVELS, Pollutant

FIGURES = (*(f"{what}_{level.name}" for what in ("warnings", "hours") for level in WARNING_LEVELS),
           *(f"avoided_{p}_kg" for p in Pollutant), "avoided_assumed_share", "curtailed_value_cny")
"""The figures of a comparison, in the order of its columns; sums over cities."""


@dataclass(frozen=True)
class Comparison(Results):
    """Results of several runs side by side, the first of them the one that others are held against.

    equals : each uniform run at equal tonnes, the graded run beside it, and the pollutant (or `all`) that is equal.
    """

    equals: tuple[tuple[str, str, str], ...] = ()

    @cached_property
    def comparison(self) -> pd.DataFrame:
        """One row per run and member: the varied keys under their dotted names, then FIGURES."""
        keys = self.varied_keys
        table = self.summary.reindex(columns=["run", "member", *FIGURES])
        values = {run.world.run.name: dict(run.world.run.varied) for run in self.runs}
        for at, key in enumerate(keys):
            table.insert(2 + at, key, [plain(values[name].get(key, "")) for name in table["run"]])
        return table

    @property
    def varied_keys(self) -> list[str]:
        """Dotted keys of the grid, in the order given."""
        return list(dict.fromkeys(key for run in self.runs for key, _ in run.world.run.varied))

    @cached_property
    def differences(self) -> pd.DataFrame:
        """The policy diff of the first run against each other one that differs from it in policies only."""
        made = [differences(self.runs[0], run, self.lang) for run in self.runs[1:]]
        filled = [frame for frame in made if len(frame)]
        return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=COLUMNS)

    @cached_property
    def elsewhere(self) -> dict[str, list[str]]:
        """By run, the keys beside edition and policy in which it differs from the first run."""
        return {run.world.run.name: keys for run in self.runs[1:] if (keys := elsewhere(self.runs[0], run))}

    def name(self, run: Run) -> str:
        """A run's name as a reader knows it."""
        for uniform, graded, pollutant in self.equals:
            if uniform == run.world.run.name:
                beside = next(other for other in self.runs if other.world.run.name == graded)
                what = text("compare.equal_all" if pollutant == ALL else f"pollutant.{pollutant}", self.lang)
                return text("compare.equal_name", self.lang, graded=self.name(beside), what=what)
        return text("report.base", self.lang) if run.world.run.name == BASE else run.world.run.shown(self.lang)

    def sheets(self) -> dict[str, pd.DataFrame]:
        """The tables of a run, and those of a comparison."""
        return super().sheets() | {"comparison": self.comparison, "differences": self.differences}


def against_first(table: pd.DataFrame) -> pd.DataFrame:
    """Each figure of a comparison (means over members) less that of the first run; and as a share of it.

    Rows by run, columns (figure, `value` / `change` / `share`); share is NaN where the first run has nothing.
    """
    figures = [name for name in FIGURES if name in table]
    value = table.groupby("run", sort=False)[figures].mean()
    change = value - value.iloc[0]
    share = change / value.iloc[0].where(value.iloc[0] != 0)
    return pd.concat({"value": value, "change": change, "share": share}, axis=1).swaplevel(axis=1)


def compare_runs(scenario: Scenario, lang: str = "en", progress: Progress | None = None,
                 equal_tonnes: str | None = None) -> Comparison:
    """Run everything and put it side by side.

    equal_tonnes : a pollutant or `all`; next to each graded run stands one with uniform shares that avoids as much.
    """
    runs: list[Run] = []
    equals: list[tuple[str, str, str]] = []
    told: list[Finding] = []
    for run in run_all(scenario, progress):
        runs.append(run)
        if equal_tonnes and run.accounts and run.world.settings.grading.policy != POLICY:
            made = equal_run(run, equal_tonnes)
            if isinstance(made, Finding):
                told.append(made)
            else:
                runs.append(made)
                equals.append((made.world.run.name, run.world.run.name, equal_tonnes))
        elif equal_tonnes and not run.accounts:
            told.append(Finding("equal.no_list", key=run.world.run.name, doubtful=True))
    whole = replace(scenario, worlds=tuple(run.world for run in runs), doubts=(*scenario.doubts, *told))
    return Comparison(whole, tuple(runs), lang, equals=tuple(equals))
