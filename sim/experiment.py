"""From a scenario file to results: read everything once, check it whole, run every variant."""

import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from sim import forecast, rulebook
from sim.accounts import Account, LineClasses, classify, reckon
from sim.aqi import DailyIndex
from sim.clock import Calendar
from sim.engine import Course, simulate
from sim.errors import Findings
from sim.files import Table, Tree, read_table, read_yaml, sha256
from sim.grading import Asked, Choice, Override, ask
from sim.grid import RUNS_AT_MOST, VARIED, cells, read_grid
from sim.industries import ANY, industry_named, process_named
from sim.labels import LANGUAGES, text
from sim.ledger import Ledger
from sim.population import Population, join, list_of
from sim.rng import fingerprints, uniform
from sim.scenario import BASE, RunSettings, Settings, read_runs
from sim.series import Series, city_names, city_words, series_of
from sim.vocab import Level
from sim.warning import Rules, Terms, compile_rules, easier_above

Progress = Callable[[str, int, int], None]
"""Called with (run, days done, days in all) while a run goes on."""


SOURCES = {"perfect": forecast.perfect, "persistence": forecast.persistence}
"""Forecasts that are made from the observations."""


@dataclass(frozen=True)
class World:
    """One run's inputs, read, checked and frozen.

    index : DailyIndex by city. observed : float64[day, city], trigger index. issue : forecast of each day, for all
    members. population, choice, asked : the lists and what is asked of them, None without a list.
    """

    run: RunSettings
    calendar: Calendar
    edition: rulebook.Edition
    rules: Rules
    names: dict[str, dict[str, str]]
    index: dict[str, DailyIndex]
    concentrations: dict[str, dict[str, np.ndarray]]
    observed: np.ndarray
    members: tuple[str, ...]
    issue: forecast.Issue
    population: Population | None
    choice: Choice
    asked: Asked | None

    @property
    def settings(self) -> Settings:
        return self.run.settings

    @property
    def cities(self) -> tuple[str, ...]:
        return tuple(self.settings.cities)


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


# ---------------------------------------------------------------- load


@dataclass
class _Reader:
    """Reads each file once, however many runs name it."""

    folder: Path
    findings: Findings
    tables: dict[Path, Table | None] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    lists: dict[tuple[Path, str], Population | None] = field(default_factory=dict)

    def find(self, name: str) -> Path:
        """A path as the scenario writes it, slashes of either kind, from the scenario's folder."""
        return Path(os.path.normpath(self.folder / name.replace("\\", "/")))

    def table(self, name: str) -> Table | None:
        path = self.find(name)
        if path not in self.tables:
            self.tables[path], raw = read_table(path, self.findings)
            written = Path(name.replace("\\", "/")).as_posix()  # two scenarios may call two files by one name
            self.inputs[f"{path.parent.name}/{path.name}" if written in self.inputs else written] = sha256(raw or b"")
        return self.tables[path]

    def list(self, name: str, city: str) -> Population | None:
        key = (self.find(name), city)
        if key not in self.lists:
            table = self.table(name)
            self.lists[key] = list_of(table, city, self.findings) if table else None
        return self.lists[key]


def load(paths: str | Path | Sequence[str | Path], overrides: Sequence[str] = (), vary: Sequence[str] = ()) -> Scenario:
    """Read a scenario and everything it names; check it whole. Several scenarios are read as one with more runs.

    overrides : `KEY=VALUE` with dotted keys, applied to every run. vary : `KEY=V1,V2,…`, every run once for each
    combination of the values. A file that many runs name is read once. Raises InputError with every finding.
    """
    began, findings = time.perf_counter(), Findings()
    files = _scenario_files([paths] if isinstance(paths, (str, Path)) else paths, findings)
    grid = read_grid(vary, overrides, findings)
    trees = [read_yaml(path, findings) for path in files]
    size = sum(_variants(tree) for tree, _ in trees) * math.prod(map(len, grid.values()))
    if vary and size > RUNS_AT_MOST:
        findings.add("vary.sweep", file=VARIED, count=size, most=RUNS_AT_MOST)
        grid = {key: values[:1] for key, values in grid.items()}
    worlds: list[World | None] = []
    inputs: dict[str, str] = {}
    reader = None
    for path, (tree, raw) in zip(files, trees, strict=True):
        runs = read_runs(tree, path, list(overrides), findings, cells(grid)) if tree else []
        reader = replace(reader, folder=path.parent) if reader else _Reader(path.parent, findings)
        runs = [_called(run, path, files) for run in _without_repeats(runs, findings)]
        worlds += [_world(run, reader) for run in runs]
        inputs[f"{path.parent.name}/{path.name}" if path.name in inputs else path.name] = sha256(raw)
    read = tuple(world for world in worlds if world)
    if len({(world.settings.period, world.cities) for world in read}) > 1:
        findings.add("runs.worlds", doubtful=True, file=files[0])
    findings.raise_errors()
    return Scenario(tuple(files), read, inputs | (reader.inputs if reader else {}), tuple(findings.doubts), began)


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
    return replace(run, name=stem if run.name == BASE else f"{stem}, {run.name}")


def _without_repeats(runs: list[RunSettings], findings: Findings) -> list[RunSettings]:
    """Runs of a grid without those that equal an earlier one: a varied key takes the place of a variant's."""
    kept: list[RunSettings] = []
    for run in runs:
        same = next((other for other in kept if run.varied and other.settings == run.settings), None)
        if same:
            findings.add("runs.same", doubtful=True, file=run.file, key=run.name, other=same.name)
        else:
            kept.append(run)
    return kept


def _world(run: RunSettings, reader: _Reader) -> World | None:
    settings, findings = run.settings, reader.findings
    before = findings.faults
    calendar, edition = settings.period.calendar(), rulebook.edition(settings.rules)
    rules = compile_rules(settings.criteria, merges=edition.merges, lift_hours=settings.response.lift_hours)
    _doubt_criteria(run, edition, findings)
    names = {key: _names(key, city) for key, city in settings.cities.items()}
    words = {key: city_words(key, both) for key, both in names.items()}
    series = {key: _read_series(city.observed, key, words[key], calendar, reader, edition)
              for key, city in settings.cities.items()}
    index = {key: one.daily_index(calendar, settings.aqi, edition.trigger, settings.dust_ratio)
             for key, one in series.items() if one}
    source = settings.forecast
    told = None
    if source.source == "file" and source.path:
        table = reader.table(source.path)
        told = forecast.forecast_of(table, calendar, source.horizon_days, words, findings) if table else None
    lists = [reader.list(city.enterprises, key) for key, city in settings.cities.items() if city.enterprises]
    if source.horizon_days < rules.hold_days:
        findings.add("forecast.short", doubtful=True, file=reader.folder, key="forecast.horizon_days",
                     horizon=source.horizon_days, hold=rules.hold_days)
    choice = _choice(settings)
    if findings.faults > before or len(index) < len(settings.cities) or not all(lists) or (
            source.source == "file" and not told):
        return None
    listed = [key for key, city in settings.cities.items() if city.enterprises]
    population = _in_all_cities(join(list(filter(None, lists))), listed, tuple(settings.cities)) if lists else None
    asked = ask(population, choice, findings) if population else None
    if findings.faults > before:
        return None
    observed = np.stack([index[key].trigger for key in settings.cities], axis=1)
    members = told.members if told else ("0",)
    issue = told.issue() if told else SOURCES[source.source](observed, source.horizon_days)
    return World(run, calendar, edition, rules, names, index, {k: s.values for k, s in series.items() if s}, observed,
                 members, issue, population, choice, asked)


def _names(key: str, city: object) -> dict[str, str]:
    own = getattr(city, "name", None)
    return {"en": own.en, "zh": own.zh} if own else city_names().get(key, {"en": key, "zh": key})


def _read_series(name: str, city: str, words: tuple[str, ...], calendar: Calendar, reader: _Reader,
                 edition: rulebook.Edition) -> Series | None:
    table = reader.table(name)
    series = series_of(table, calendar, city, words, reader.findings) if table else None
    if series and edition.trigger == "pm25" and series.concentrations and "pm25_ug_m3" not in series.values:
        reader.findings.add("series.no_pm25", file=table.file if table else name, place=1, edition=edition.id)
        return None
    return series


def _in_all_cities(population: Population, listed: list[str], cities: tuple[str, ...]) -> Population:
    """City codes counted over all cities of the run, those without a list included."""
    place = np.array([cities.index(key) for key in listed], np.int16)
    return Population(**(vars(population) | {"cities": cities, "city": place[population.city]}))


def _choice(settings: Settings) -> Choice:
    grading = settings.grading
    overrides = []
    for one in grading.override:
        industry = industry_named(one.industry).key if one.industry else ANY  # type: ignore[union-attr]
        process = process_named(industry, one.process) if one.process else ANY
        overrides.append(Override(one.share, Level[one.level], industry, process, one.grade or ANY,
                                  one.control.value, one.kind))
    parameters = {name: getattr(grading, name) for name in ("yellow", "orange", "red")
                  if getattr(grading, name) is not None}
    return Choice(rulebook.policy(grading.policy), parameters, tuple(overrides))


def _doubt_criteria(run: RunSettings, edition: rulebook.Edition, findings: Findings) -> None:
    """Tell of a level that the scenario made easier to reach than the one below it; the edition's own are its text."""
    if not run.criteria_replaced:
        return
    by_value = {one.threshold: one.over is not None for rows in run.settings.criteria.values() for one in rows}
    if not by_value[min(by_value)]:
        findings.add("criteria.reaches", doubtful=True, file=run.name, key="criteria", value=min(by_value))
    terms = {"merges": edition.merges, "lift_hours": run.settings.response.lift_hours}
    own = easier_above(edition.criteria(), **terms)
    for upper, number, lower in set(easier_above(run.settings.criteria, **terms)) - set(own):
        findings.add("criteria.easier", doubtful=True, file=run.name, key=f"criteria.{upper.name}.{number}",
                     upper=_level_names(upper), number=number + 1, lower=_level_names(lower))


def _level_names(level: Level) -> dict[str, str]:
    return {lang: text(f"level.{level.name}", lang) for lang in LANGUAGES}


# ---------------------------------------------------------------- run


def run_world(world: World, progress: Progress | None = None) -> Run:
    """Run one world from its first hour to its last."""
    settings, members = world.settings, len(world.members)
    response = settings.response
    classes = classify(world.population, preadjust=response.preadjust) if world.population else None
    course = Course(
        observed=np.tile(world.observed, (1, members)),
        forecast=world.issue,
        rules=world.rules,
        terms=Terms(response.lead_hours, response.paper_hours, response.downgrade),
        issue_hour=settings.forecast.issue_hour, early_start_h=classes.early_start_h if classes else (0.0,),
        withdraw_on_lift=response.withdraw_on_lift,
    )
    ledger = simulate(course, (lambda done, of: progress(world.run.name, done, of)) if progress else None)
    return Run(world, ledger, accounts_of(world, ledger, classes), classes)


def accounts_of(world: World, ledger: Ledger, classes: LineClasses | None) -> tuple[Account, ...] | None:
    """What the lines of a world lost and saved under the warnings of a ledger, one account per member."""
    population, asked = world.population, world.asked
    if not (population and asked and classes):
        return None
    return tuple(
        reckon(population, asked, classes, ledger.timeline, member=member, days=world.calendar.days,
               escalate=world.settings.response.escalate, heeds=heeded(world, ledger, member))
        for member in range(len(world.members)))


def heeded(world: World, ledger: Ledger, member: int) -> np.ndarray | None:
    """Which lines obey which warning: bool[n, warning], drawn for all lines of a city whether asked or not."""
    share = world.settings.compliance.share
    if share == 1 or world.population is None:
        return None
    numbers = int(ledger.timeline.warning.max(initial=0))
    heeds = np.ones((len(world.population), numbers + 1), bool)
    about = fingerprints(world.population.line_id)
    for place, city in enumerate(world.cities):
        lines = world.population.city == place
        for number in range(1, numbers + 1):
            purpose = ("compliance", city, world.members[member], number)
            heeds[lines, number] = uniform(world.settings.seed, purpose, about[lines]) < share
    return heeds


def run_all(scenario: Scenario, progress: Progress | None = None) -> tuple[Run, ...]:
    """Every run of a scenario, the base first."""
    return tuple(run_world(world, progress) for world in scenario.worlds)
