"""From scenario files to runs: read everything once, run every variant and every cell of a grid."""

import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from sim.accounts import Account, LineClasses, classify, reckon
from sim.agenda import Timeline
from sim.days import Days
from sim.engine import simulate
from sim.errors import Findings
from sim.files import Tree, read_yaml, sha256
from sim.grid import OVER, RUNS_AT_MOST, VARIED, Cell, cells, read_grid
from sim.ledger import Ledger
from sim.office import Course
from sim.reading import Reader, World, world_of
from sim.rng import fingerprints, uniform
from sim.scenario import BASE, RunSettings, read_runs
from sim.warning import Terms
from sim.weather import Shown

Progress = Callable[[str, int, int], None]
"""Called with (run, days done, days in all) while a run goes on."""


@dataclass(frozen=True)
class Scenario:
    """One scenario or several with all their runs, ready to go. paths : their files. inputs : SHA-256 by file as the
    scenario names it. began : when its reading began, by a clock that only differences are taken of."""

    paths: tuple[Path, ...]
    worlds: tuple[World, ...]
    inputs: dict[str, str]
    doubts: tuple = ()
    began: float = field(default_factory=time.perf_counter)

    @property
    def path(self) -> Path:
        """The file of the first scenario."""
        return self.paths[0]


@dataclass(frozen=True)
class Run:
    """One run's record. accounts : one per member, None without a list. classes : how the lines answer a change."""

    world: World
    ledger: Ledger
    accounts: tuple[Account, ...] | None
    classes: LineClasses | None


def load(paths: str | Path | Sequence[str | Path], overrides: Sequence[str] = (), vary: Sequence[str] = (), *,
         sweeping: bool = False) -> Scenario:
    """Read a scenario and everything it names; check it whole. Several scenarios are read as one with more runs.

    overrides : `KEY=VALUE` with dotted keys, applied to every run. vary : `KEY=V1,V2,…`, every run once for each
    combination of the values (one of either may be given bare); sweeping : as many as it takes. A file that many runs name is
    read once. Raises InputError with every finding.
    """
    began, findings = time.perf_counter(), Findings()
    files = _scenario_files([paths] if isinstance(paths, (str, Path)) else paths, findings)
    overrides, vary = ([each] if isinstance(each, str) else each for each in (overrides, vary))
    grid = read_grid(vary, overrides, findings)
    trees = [read_yaml(path, findings) for path in files]
    size = sum(_variants(tree) for tree, _ in trees) * math.prod(map(len, grid.values()))
    if vary and size > RUNS_AT_MOST and not sweeping:
        findings.add("vary.sweep", file=VARIED, count=size, most=RUNS_AT_MOST)
        grid = {key: values[:1] for key, values in grid.items()}
    worlds: list[World | None] = []
    inputs: dict[str, str] = {}
    reader = None
    for path, (tree, raw) in zip(files, trees, strict=True):
        runs = read_runs(tree, path, list(overrides), findings, cells(grid)) if tree else []
        reader = replace(reader, path=path) if reader else Reader(path, findings)
        runs = [_called(run, path, files) for run in _without_repeats(runs, findings)]
        worlds += [world_of(run, reader) for run in runs]
        inputs[f"{path.parent.name}/{path.name}" if path.name in inputs else path.name] = sha256(raw)
    read = tuple(world for world in worlds if world)
    if len({(world.settings.period, world.cities) for world in read}) > 1:
        findings.add("runs.worlds", doubtful=True, file=files[0])
    findings.raise_errors()
    return Scenario(tuple(files), read, inputs | (reader.inputs if reader else {}), tuple(findings.doubts), began)


def load_cells(path: str | Path, given: Sequence[Cell], overrides: Sequence[str] = ()) -> Scenario:
    """The base run of a scenario once for each of some combinations of values, in their order; its variants are left out.

    given : (dotted key, value as a scenario would write it), no combination twice. Raises InputError with every finding.
    """
    began, findings = time.perf_counter(), Findings()
    (file,) = _scenario_files([path], findings)
    tree, raw = read_yaml(file, findings)
    if tree and isinstance(tree.value, dict):
        tree = replace(tree, value={key: value for key, value in tree.value.items() if key != "variants"})
    reader = Reader(file, findings)
    runs = read_runs(tree, file, list(overrides), findings, given, OVER) if tree else []
    worlds = tuple(filter(None, [world_of(run, reader) for run in runs]))
    findings.raise_errors()
    return Scenario((file,), worlds, {file.name: sha256(raw)} | reader.inputs, tuple(findings.doubts), began)


def _scenario_files(paths: Sequence[str | Path], findings: Findings) -> list[Path]:
    """The scenarios' files, slashes of either kind; a finding for one named twice."""
    files = [Path(path) if Path(path).exists() else Path(str(path).replace("\\", "/")) for path in paths]
    for path in files:
        if [os.path.realpath(other) for other in files].count(os.path.realpath(path)) > 1:
            findings.add("runs.twice", file=path)
    return files


def _variants(tree: Tree | None) -> int:
    """How many runs a scenario has, the base one included."""
    variants = tree.value.get("variants") if tree and isinstance(tree.value, dict) else None
    return 1 + (len(set(variants) - {BASE}) if isinstance(variants, dict) else 0)


def _called(run: RunSettings, path: Path, files: list[Path]) -> RunSettings:
    """A run with the scenario's name before its own where there are several scenarios, its folder's where that is one."""
    if len(files) == 1:
        return run
    stem = path.stem if [other.stem for other in files].count(path.stem) == 1 else f"{path.resolve().parent.name}/{path.stem}"
    return replace(run, name=stem if run.name == BASE else f"{stem}, {run.name}",
                   variant=", ".join(filter(None, [stem, run.variant])))


def _without_repeats(runs: list[RunSettings], findings: Findings) -> list[RunSettings]:
    """Runs without those that equal an earlier one because a varied or set value takes the place of their own.

    Where it takes the place of a part only, that is told: a variant's title may no longer say what it is.
    """
    kept: list[RunSettings] = []
    known: dict[str, RunSettings] = {}
    for run in runs:
        overruled = run.overruled
        same = known.setdefault(run.settings.model_dump_json(exclude={"title", "note"}), run)
        if same is not run and (run.varied or overruled):
            findings.add("runs.same", doubtful=True, file=run.file, key=run.name, other=same.name)
            continue
        kept.append(run)
        for key in overruled:
            findings.add("runs.overruled", doubtful=True, file="--set", key=key, run=run.name)
    return kept


# ---------------------------------------------------------------- run


def run_world(world: World, progress: Progress | None = None) -> Run:
    """Run one world from its first hour to its last."""
    classes = classify(world.population, preadjust=world.settings.response.preadjust) if world.population else None
    ledger = simulate(course_of(world, world.shown, classes),
                      (lambda done, of: progress(world.run.name, done, of)) if progress else None)
    return Run(world, ledger, accounts_of(world, ledger, classes), classes)


def course_of(world: World, shown: Shown, classes: LineClasses | None) -> Course:
    """What the office of a world needs for some of its members."""
    settings, response = world.settings, world.settings.response
    return Course(
        days=Days(shown.observed[:, shown.decides], shown.issue), decides=shown.decides, rules=world.rules,
        terms=Terms(response.lead_hours, response.paper_hours, response.downgrade, settings.forecast.every_hours),
        issue_hour=settings.forecast.issue_hour, early_start_h=classes.early_start_h if classes else (0.0,),
        early_episodes=response.preadjust_episodes if response.preadjust else 0,
        withdraw_on_lift=response.withdraw_on_lift, link=shown.linked(world.linkage))


def accounts_of(world: World, ledger: Ledger, classes: LineClasses | None) -> tuple[Account, ...] | None:
    """What the lines of a world lost and saved under the warnings of a ledger, one account per member."""
    if not classes:
        return None
    return tuple(
        reckon(world.phases, classes, ledger.timeline, member=member, escalate=world.settings.response.escalate,
               heeds=heeded(world, ledger.timeline, member)) for member in range(len(world.members)))


def heeded(world: World, timeline: Timeline, member: int, called: str | None = None) -> np.ndarray | None:
    """Which lines obey which warning: bool[n, warning], drawn for all lines of a city whether asked or not.

    called : name of the member where `timeline` holds some members only.
    """
    share = world.settings.compliance.share
    if share == 1 or world.population is None:
        return None
    numbers = int(timeline.warning.max(initial=0))
    heeds = np.ones((len(world.population), numbers + 1), bool)
    about = fingerprints(world.population.line_id)
    for place, city in enumerate(world.cities):
        lines = world.population.city == place
        for number in range(1, numbers + 1):
            purpose = ("compliance", city, called or world.members[member], number)
            heeds[lines, number] = uniform(world.settings.seed, purpose, about[lines]) < share
    return heeds


def run_all(scenario: Scenario, progress: Progress | None = None) -> tuple[Run, ...]:
    """Every run of a scenario, the base first."""
    return tuple(run_world(world, progress) for world in scenario.worlds)
