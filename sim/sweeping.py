"""A sweep: the grid of all values x members, with common random numbers, on one machine or many."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd

from sim.cases import FIGURES, Inputs, Task, inputs_of, tasks_of
from sim.compiled import compile_for
from sim.errors import Finding, InputError
from sim.experiment import Scenario, load
from sim.grid import plain
from sim.results import version
from sim.vocab import WARNING_LEVELS, Pollutant
from sim.workers import check_count, workers

Progress = Callable[[str, int, int], None]

CONTRACT = (*(f"{what}_{level.name}" for what in ("warnings", "hours") for level in WARNING_LEVELS),
            *(f"avoided_{p}_kg" for p in Pollutant), "avoided_assumed_share", "curtailed_value_cny")
BESIDE = ("heavy_days", "heavy_days_missed", "noon_missed_days", "noon_missed_kg", "noon_false_alarm_days",
          "noon_false_alarm_cny", "level_changes", "flip_flops", "flip_flop_kg", "flip_flop_cny")
"""What a sweep tells of each variant and member beside the columns of a comparison (docs/model.md)."""

PARTS, MARK, DONE = ".parts", "sweep.json", "[0-9]*.npy"
INTERVAL = 1.959963984540054
"""Half width of a 95 % interval in standard errors."""
DIFFERENCES = ["run", "against", "figure", "difference", "low", "high", "members"]


@dataclass(frozen=True)
class Sweep:
    """What the variants of a sweep came to. figures : float64[case, member, figure], figures as in cases.FIGURES."""

    scenario: Scenario
    inputs: Inputs
    figures: np.ndarray

    @property
    def keys(self) -> list[str]:
        """Dotted keys of the grid, in the order given."""
        return list(dict.fromkeys(key for case in self.inputs.cases for key, _ in case.varied))

    @cached_property
    def comparison(self) -> pd.DataFrame:
        """One row per variant and member: the varied keys under their dotted names, CONTRACT, BESIDE; sums over areas."""
        cases, members = len(self.inputs.cases), len(self.inputs.members)
        frame = pd.DataFrame({
            "run": np.repeat([case.name for case in self.inputs.cases], members),
            "member": np.tile(np.array(self.inputs.members, object), cases)})
        for key in self.keys:
            values = [plain(dict(case.varied).get(key, "")) for case in self.inputs.cases]
            frame[key] = np.repeat(np.array(values, object), members)
        flat = {name: self.figures[:, :, at].ravel() for at, name in enumerate(FIGURES)}
        kg = sum(flat[f"avoided_{p}_kg"] for p in Pollutant)
        flat["avoided_assumed_share"] = np.divide(flat["avoided_assumed_kg"], kg, out=np.zeros_like(kg), where=kg > 0)
        return frame.assign(**{name: flat[name] for name in (*CONTRACT, *BESIDE)})

    @property
    def assumed_shares(self) -> dict[str, np.ndarray]:
        """Of each variant's tonnes avoided (`kg`) and output not made (`cny`), what rests on assumed rows, float64[case]; NaN
        where there are none."""
        means = dict(zip(FIGURES, self.figures.mean(axis=1).T, strict=True))
        of = {"kg": ("avoided_assumed_kg", sum(means[f"avoided_{p}_kg"] for p in Pollutant)),
              "cny": ("curtailed_assumed_cny", means["curtailed_value_cny"])}
        return {unit: np.divide(means[name], whole, out=np.full(len(whole), np.nan), where=whole > 0)
                for unit, (name, whole) in of.items()}

    @cached_property
    def variants(self) -> pd.DataFrame:
        """One row per variant: means over members, tonnes avoided, and whether it stands on the Pareto front.

        A variant is on the front when no other loses less output, avoids more and misses fewer heavy days, or as much in
        two of them and less in the third.
        """
        table = self.comparison.groupby("run", sort=False)
        frame = table[self.keys].first().join(table[[*CONTRACT, *BESIDE]].mean()).reset_index()
        for unit, name in (("kg", "avoided_assumed_share"), ("cny", "curtailed_assumed_share")):  # of the sums, as on the page
            frame[name] = self.assumed_shares[unit]
        frame["avoided_t"] = frame[[f"avoided_{p}_kg" for p in Pollutant]].sum(axis=1) / 1000
        frame["pareto"] = on_front(np.column_stack([frame["curtailed_value_cny"], -frame["avoided_t"],
                                                    frame["heavy_days_missed"]]))
        return frame

    @cached_property
    def paired(self) -> pd.DataFrame:
        """Each variant less the first one, member by member: mean difference and its 95 % interval, tidy.

        All variants meet the same winters, forecasts and draws, so what is left is the variant.
        """
        rows = [row for at in range(1, len(self.inputs.cases)) for row in self._less(at, 0)]
        return pd.DataFrame(rows, columns=DIFFERENCES)

    @cached_property
    def steps(self) -> pd.DataFrame:
        """The same for pairs of variants that differ in one key only, by one step along its values in the order given.

        `run` has the value `to` of `key`, `against` the value `from`.
        """
        cells = [(case.variant, {key: plain(value) for key, value in case.varied})
                 for case in self.inputs.cases]
        place = {(of, tuple(cell.items())): at for at, (of, cell) in enumerate(cells)}
        rows = []
        for key in self.keys:
            values = list(dict.fromkeys(cell[key] for _, cell in cells))
            for at, (of, cell) in enumerate(cells):
                step = values.index(cell[key])
                before = place.get((of, tuple((cell | {key: values[step - 1]}).items()))) if step else None
                if before is not None:
                    rows += [{"key": key, "from": values[step - 1], "to": cell[key]} | row for row in self._less(at, before)]
        return pd.DataFrame(rows, columns=["key", "from", "to", *DIFFERENCES])

    @cached_property
    def _compared(self) -> tuple[list[str], np.ndarray]:
        """Figures that variants are compared in, and float64[case, member, figure] of them."""
        names = [*(name for name in CONTRACT if not name.endswith("_share")), *BESIDE, "avoided_t"]
        kg = self.comparison[[f"avoided_{p}_kg" for p in Pollutant]].sum(axis=1)
        values = self.comparison.assign(avoided_t=kg / 1000)[names].to_numpy(float)
        return names, values.reshape(len(self.inputs.cases), len(self.inputs.members), len(names))

    def _less(self, one: int, other: int) -> list[dict[str, str | float]]:
        """One variant less another, member by member: rows of DIFFERENCES."""
        names, values = self._compared
        difference, members = values[one] - values[other], len(self.inputs.members)
        mean = difference.mean(axis=0)
        half = INTERVAL * difference.std(axis=0, ddof=1) / np.sqrt(members) if members > 1 else np.full(len(names), np.nan)
        return [{"run": self.inputs.cases[one].name, "against": self.inputs.cases[other].name, "figure": name, "difference": m,
                 "low": m - h, "high": m + h, "members": members} for name, m, h in zip(names, mean, half, strict=True)]


def evenly(places: Sequence[int], most: int) -> list[int]:
    """Some of many places, so many at most, from the first to the last."""
    if len(places) <= most:
        return list(places)
    return [places[at] for at in np.linspace(0, len(places) - 1, most).round().astype(int)]


def on_front(costs: np.ndarray) -> np.ndarray:
    """Rows that no other row beats, bool[n]. costs : float64[n, m], less is better."""
    worse_or_equal = (costs[None] <= costs[:, None]).all(axis=2)  # [n, other]: the other is nowhere worse
    better = (costs[None] < costs[:, None]).any(axis=2)
    return ~(worse_or_equal & better).any(axis=1)


def sweep(paths: str | Path | Sequence[str | Path], vary: Sequence[str], overrides: Sequence[str] = (), *,
          count: int = 1, scheduler: str | None = None, parts: Path | None = None, resume: bool = False,
          keep: Sequence[str] = (), progress: Progress | None = None) -> Sweep:
    """Run the grid of all values, every variant with the same members. keep : variants that must be there.

    vary : `KEY=V1,V2,…`; overrides : `KEY=VALUE`, e.g. `forecast.members=1000`. count : processes of this machine;
    scheduler : address of a Dask cluster instead. parts : folder where finished parts are kept until the sweep is whole;
    resume : go on from them. The same bytes whoever works. Raises InputError with every finding.
    """
    check_count(count)
    if progress:
        progress("reading", 0, 1)
    scenario = load(paths, overrides, vary, sweeping=True)
    check_kept(scenario, keep)
    inputs = inputs_of(scenario.worlds)
    if len({weather.members for weather in inputs.weathers}) > 1:
        raise InputError([Finding("sweep.members", file=str(scenario.path), key="--vary")])
    tasks = tasks_of(inputs)
    kept = _Parts(parts, scenario, tasks, resume=resume) if parts else None
    try:
        return Sweep(scenario, inputs, worked(inputs, tasks, kept, count=count, scheduler=scheduler, progress=progress))
    except BaseException:
        if parts and not any_done(parts):
            drop_parts(parts)  # nothing to go on from: nothing is left
        raise


def check_kept(scenario: Scenario, keep: Sequence[str]) -> None:
    """Raises InputError for the name of a variant that there is not."""
    names = [world.run.name for world in scenario.worlds]
    unknown = [name for name in keep if name not in names]
    if unknown:
        known = "; ".join([*names[:12], *(["…"] if len(names) > 12 else [])])
        raise InputError([Finding("sweep.keep", key="--keep", value=name, words={"allowed": known}) for name in unknown])


def worked(inputs: Inputs, tasks: list[Task], kept: "_Parts | None" = None, *, count: int = 1, scheduler: str | None = None,
           progress: Progress | None = None) -> np.ndarray:
    """What the tasks come to, float64[case, member, figure], whoever does them. kept : what is done already, and is kept."""
    figures = np.full((len(inputs.cases), len(inputs.members), len(FIGURES)), np.nan)
    left = []
    for number, task in enumerate(tasks):
        found = kept.read(number) if kept else None
        if found is not None:
            figures[list(task.cases), task.first: task.last] = found
        else:
            left.append((number, task))
    done = len(tasks) - len(left)
    if inputs.compiled and left and not scheduler:
        if progress:
            progress("compiling", 0, 1)
        compile_for(inputs)  # before there are processes: once for all of them
    with workers(inputs, min(count, max(len(left), 1)), scheduler) as answers:
        for number, found in answers(left):
            task = tasks[number]
            figures[list(task.cases), task.first: task.last] = found
            if kept:
                kept.write(number, found)
            done += 1
            if progress:
                progress("running", done, len(tasks))
    return figures


class _Parts:
    """Finished tasks on disk, until the sweep is whole; they know which sweep they belong to."""

    def __init__(self, folder: Path, scenario: Scenario, tasks: list[Task], *, resume: bool) -> None:
        self.folder = folder
        mark = {"version": version(), "inputs": scenario.inputs, "figures": list(FIGURES),
                "tasks": [[list(task.cases), task.first, task.last] for task in tasks],
                "runs": sha256(json.dumps([[world.run.name, world.settings.model_dump(mode="json")]
                                           for world in scenario.worlds], sort_keys=True).encode()).hexdigest()}
        found = self._mark()
        if found is not None and not resume and any_done(folder):
            raise InputError([Finding("sweep.unfinished", file=str(folder), key="--resume")])
        if found is None and resume and folder.exists():
            raise InputError([Finding("sweep.other", file=str(folder), key="--resume")])
        if found is not None and resume and found != mark:
            raise InputError([Finding("sweep.other", file=str(folder), key="--resume")])
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / MARK).write_text(json.dumps(mark), encoding="utf-8")
        except OSError as error:
            raise InputError([Finding("out.refused", file=str(folder),
                                      words={"reason": error.strerror or str(error)})]) from None

    def _mark(self) -> dict | None:
        try:
            return json.loads((self.folder / MARK).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.npy"

    def read(self, number: int) -> np.ndarray | None:
        """None for a part that is not done, or not whole: it is done again."""
        try:
            return np.load(self._path(number))
        except (OSError, ValueError, EOFError):
            return None

    def write(self, number: int, found: np.ndarray) -> None:
        beside = self._path(number).with_suffix(".partial")
        with beside.open("wb") as out:
            np.save(out, found)
        beside.replace(self._path(number))


def any_done(folder: Path) -> bool:
    """Whether a folder of parts holds a finished one."""
    return any(folder.glob(DONE))


def drop_parts(folder: Path) -> None:
    """Forget the finished parts: the sweep is whole and written. What else the folder holds stays."""
    for path in [*folder.glob(DONE), *folder.glob("[0-9]*.partial"), folder / MARK]:
        path.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()
