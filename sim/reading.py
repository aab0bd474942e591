"""From the settings of a run to its world: every file it names read once, checked whole, frozen."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from sim import events, forecast, rulebook, target_tables, weather
from sim.aqi import DailyIndex
from sim.clock import Calendar
from sim.days import DAYS_BEHIND
from sim.episodes import Rules, compile_rules
from sim.errors import Findings
from sim.files import Table, read_table, sha256
from sim.grading import Asked, Choice, Override
from sim.industries import ANY, industry_named, process_named
from sim.labels import LANGUAGES, text
from sim.linkage import Linkage, linkage_of
from sim.other_sources import Others, OtherSources, doubt_totals, join_sources, others, sources_of
from sim.phases import Phase, phases
from sim.population import Population, join, list_of
from sim.scenario import RunSettings
from sim.seasons import season_names
from sim.series import Series, city_names, city_words, series_of
from sim.settings import Settings
from sim.vocab import Kind, Level
from sim.warning import easier_above
from sim.weather import Shown, Weather
from sim.winters import Generated, winters

Made = TypeVar("Made")


@dataclass(frozen=True)
class World:
    """One run's inputs, read, checked and frozen.

    series, index : by area, of the area whose series stands for it, `source`; one for each member where winters are
    generated, else one. weather : where days and forecasts come from. population : the lists as given, None without a list.
    phases : the lists as they stand in each stretch of the period, with what is asked. others : sources outside the
    lists and the trucks that serve them.
    """

    run: RunSettings
    calendar: Calendar
    edition: rulebook.Edition
    rules: Rules
    names: dict[str, dict[str, str]]
    series: dict[str, tuple[Series, ...]]
    index: dict[str, tuple[DailyIndex, ...]]
    weather: Weather
    population: Population | None
    choice: Choice
    phases: tuple[Phase, ...]
    source: dict[str, str]
    linkage: Linkage
    others: Others

    @property
    def asked(self) -> Asked | None:
        """What is asked of the lists at the start of the period."""
        return self.phases[0].asked if self.phases else None

    @property
    def members(self) -> tuple[str, ...]:
        return self.weather.members

    @cached_property
    def shown(self) -> Shown:
        """The days of all members as they are observed and foreseen."""
        return self.weather.shown()

    @property
    def observed(self) -> np.ndarray:
        """Trigger index, float64[day, member x area]."""
        return self.shown.observed

    def issue(self, today: int) -> np.ndarray:
        """What an issue says of the days ahead, float[lead, column]."""
        return self.shown.issue(today)

    def day_index(self, area: str, member: int = 0) -> DailyIndex:
        """The index of each day of an area in one member."""
        return self.index[area][min(member, len(self.index[area]) - 1)]

    def day_values(self, area: str, member: int = 0) -> dict[str, np.ndarray]:
        """What was measured on each day in an area in one member, float64[day] by column, and the AQI."""
        every = self.series[area]
        return every[min(member, len(every) - 1)].values | {"aqi": self.day_index(area, member).aqi}

    def ahead(self, today: int, series: int) -> np.ndarray:
        """What an issue says of the days ahead to one series, float[lead]; of an ensemble, the index that as many of its
        members reach as it takes to act."""
        return np.sort(self.issue(today)[:, self.shown.decides == series], axis=1)[:, -self.shown.count]

    @property
    def settings(self) -> Settings:
        return self.run.settings

    @property
    def cities(self) -> tuple[str, ...]:
        return tuple(self.settings.cities)


@dataclass
class Reader:
    """Reads each file once, however many runs name it. path : the scenario that names them."""

    path: Path
    findings: Findings
    tables: dict[Path, Table | None] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    lists: dict[tuple[Path, str], Population | None] = field(default_factory=dict)
    made: dict[tuple, Any] = field(default_factory=dict)

    def once(self, key: tuple, make: Callable[[], Made]) -> Made:
        """What several runs share, made for the first of them: a sweep knows it again by its identity."""
        key = (self.path, *key)
        if key not in self.made:
            self.made[key] = make()
        return self.made[key]

    def find(self, name: str) -> Path:
        """A path as the scenario writes it, slashes of either kind, from the scenario's folder."""
        return Path(os.path.normpath(self.path.parent / name.replace("\\", "/")))

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

    def sources(self, name: str, place: int) -> OtherSources | None:
        table = self.table(name)
        return sources_of(table, place, self.findings) if table else None


def world_of(run: RunSettings, reader: Reader) -> World | None:
    """Everything that a run names, read and checked whole; None with findings for every fault."""
    settings, findings = run.settings, reader.findings
    before = findings.faults
    calendar, edition = settings.period.calendar(), rulebook.edition(settings.rules)
    response, cities = settings.response, settings.cities
    counted = Level[response.preadjust_level] if response.preadjust else None
    rules = compile_rules(settings.criteria, merges=edition.merges, lift_hours=response.lift_hours, counted=counted)
    for level, number in rules.too_long:
        key = f"criteria.{level.name}.{number}"
        findings.add("criteria.too_long", file=reader.path, place=run.place(key), key=key, days=DAYS_BEHIND)
    _doubt_criteria(run, edition, findings)
    names = {key: _names(key, city) for key, city in cities.items()}
    linkage, source = linkage_of(settings, reader.path, run.place, findings)
    with_series = [key for key, city in cities.items() if city.observed]
    words = {key: city_words(key, names[key]) for key in with_series}
    weather.check(settings, reader.path, run.place, findings)
    if findings.faults > before:
        return None
    measured = {key: _days(run, key, words[key], calendar, reader, edition) for key in with_series}
    series = {key: every for key, (every, _) in measured.items()}
    index = {key: days for key, (every, days) in measured.items() if every}
    target_tables.doubt_unmeasured(settings.targets, {key: set(every[0].values) for key, every in series.items() if every},
                                   findings)
    outside = [reader.sources(city.other_sources, place) for place, city in enumerate(cities.values())
               if city.other_sources]
    forecasts = settings.forecast
    told = None
    if forecasts.source == "file" and forecasts.path:
        table = reader.table(forecasts.path)
        told = forecast.forecast_of(table, calendar, forecasts.horizon_days, words, findings) if table else None
    lists = [reader.list(city.enterprises, key) for key, city in cities.items() if city.enterprises]
    if forecasts.horizon_days < rules.hold_days:
        findings.add("forecast.short", doubtful=True, file=reader.path, key="forecast.horizon_days",
                     horizon=forecasts.horizon_days, hold=rules.hold_days)
    _check_seasons(run, reader)
    choice = _choice(settings)
    if findings.faults > before or len(index) < len(with_series) or not all(lists) or (
            forecasts.source == "file" and not told):
        return None
    listed = [key for key, city in cities.items() if city.enterprises]
    listed_as = (response.ramp_factor, *listed, *(cities[key].enterprises for key in listed), *cities)
    population = reader.once(("lists", *listed_as), lambda: _slowed(
        _in_all_cities(join(list(filter(None, lists))), listed, tuple(cities)), response.ramp_factor)) if lists else None
    events.check(population, settings.events, reader.path, run.place, findings)
    events.doubt_idle(population, settings.events, calendar, settings.seed, reader.path, run.place, findings)
    if findings.faults > before:
        return None
    asked_by = (settings.grading.model_dump_json(), settings.seasons, settings.events, calendar, settings.seed, *listed_as)
    stand = reader.once(("phases", *asked_by), lambda: phases(
        population, choice, settings.seasons, settings.events, calendar, settings.seed, findings) if population else ())
    if findings.faults > before:
        return None
    sources = join_sources(filter(None, outside))
    doubt_totals(sources, population, [list(city.totals.kg_per_day) for city in cities.values()], list(cities), findings)
    stands_for = dict(zip(cities, source, strict=True))
    days = reader.once(("weather", *(id(index[key]) for key in with_series), forecasts.model_dump_json(), *source,
                        tuple(tuple(sorted(one)) for one in words.values()), settings.seed), lambda: Weather(
        _side_by_side(index, with_series, "trigger"), _side_by_side(index, with_series, "without_dust"), told, forecasts,
        tuple(with_series),
        np.array([with_series.index(key) for key in source]), settings.seed))
    return World(
        run, calendar, edition, rules, names, {area: series[of] for area, of in stands_for.items()},
        {area: index[of] for area, of in stands_for.items()}, days, population, choice, stand, stands_for, linkage,
        others(sources, population, settings.transport, settings.other_measures))


def _days(run: RunSettings, city: str, words: frozenset[str], calendar: Calendar, reader: Reader,
          edition: rulebook.Edition) -> tuple[tuple[Series, ...], tuple[DailyIndex, ...]]:
    """The winters of a city and their daily index."""
    settings = run.settings
    key = ("days", city, str(settings.cities[city].observed), tuple(sorted(words)), calendar, settings.aqi, edition.trigger,
           settings.dust_ratio, settings.seed)

    def make() -> tuple[tuple[Series, ...], tuple[DailyIndex, ...]]:
        every = _observed(run, city, words, calendar, reader, edition)
        return every, tuple(one.daily_index(calendar, settings.aqi, edition.trigger, settings.dust_ratio) for one in every)

    return reader.once(key, make)


def _side_by_side(index: dict[str, tuple[DailyIndex, ...]], cities: list[str], what: str) -> np.ndarray:
    """An index of some cities, one winter each or as many as there are members: float64[day, winter, city]."""
    winters = [np.stack([getattr(one, what) for one in index[key]], axis=1) for key in cities]
    return np.stack(np.broadcast_arrays(*winters), axis=2)


def _observed(run: RunSettings, city: str, words: frozenset[str], calendar: Calendar, reader: Reader,
              edition: rulebook.Edition) -> tuple[Series, ...]:
    """The winters of a city: the one of its file, or those generated, one for each member; none with findings."""
    given = run.settings.cities[city].observed
    if isinstance(given, Generated):
        made = winters(given, calendar, city, run.settings.seed)
        return tuple(Series({"pm25_ug_m3": one}) for one in made.T)
    one = _read_series(given, city, words, calendar, reader, edition)  # type: ignore[arg-type]
    return (one,) if one else ()


def _check_seasons(run: RunSettings, reader: Reader) -> None:
    for name in run.settings.seasons:
        if name not in season_names():
            reader.findings.add("seasons.unknown", file=reader.path, place=run.place("seasons"), key="seasons", value=name,
                                allowed=", ".join(season_names()))


def _names(key: str, city: object) -> dict[str, str]:
    own = getattr(city, "name", None)
    return {"en": own.en, "zh": own.zh} if own else city_names().get(key, {"en": key, "zh": key})


def _read_series(name: str, city: str, words: tuple[str, ...], calendar: Calendar, reader: Reader,
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


def _slowed(population: Population, factor: float) -> Population:
    """The lists with every ramp as many times as long."""
    return population if factor == 1 else replace(population, ramp_down_h=population.ramp_down_h * factor,
                                                  ramp_up_h=population.ramp_up_h * factor)


def _choice(settings: Settings) -> Choice:
    grading = settings.grading
    overrides = []
    for one in grading.override:
        industry = industry_named(one.industry).key if one.industry else ANY  # type: ignore[union-attr]
        process = process_named(industry, one.process) if one.process else ANY
        overrides.append(Override(one.share, Level[one.level], industry, process, one.grade or ANY,
                                  one.control.value, Kind(one.kind) if one.kind else None))
    parameters = {name: getattr(grading, name) for name in ("yellow", "orange", "red")
                  if getattr(grading, name) is not None}
    return Choice(rulebook.policy(grading.policy), parameters, tuple(overrides), grading.point, grading.non_compliant,
                  grading.negotiated)


def _doubt_criteria(run: RunSettings, edition: rulebook.Edition, findings: Findings) -> None:
    """Tell of a level that the scenario made easier to reach than the one below it; the edition's own are its text."""
    if not run.criteria_replaced:
        return
    by_value = {one.threshold: one.over is not None for rows in run.settings.criteria.values() for one in rows}
    lowest = min(by_value)
    if not by_value[lowest] and lowest > 0.1:
        findings.add("criteria.reaches", doubtful=True, file=run.name, key="criteria", value=lowest, below=f"{lowest - 0.1:g}")
    terms = {"merges": edition.merges, "lift_hours": run.settings.response.lift_hours}
    own = easier_above(edition.criteria(), **terms)
    for upper, number, lower in set(easier_above(run.settings.criteria, **terms)) - set(own):
        findings.add("criteria.easier", doubtful=True, file=run.name, key=f"criteria.{upper.name}.{number}",
                     upper=_level_names(upper), number=number + 1, lower=_level_names(lower))


def _level_names(level: Level) -> dict[str, str]:
    return {lang: text(f"level.{level.name}", lang) for lang in LANGUAGES}
