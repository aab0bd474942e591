"""What the days of a run are and what is foreseen of them: members that are offices of their own, or one office's ensemble.

An ensemble is read as its median or mean, day by day, or by the share of members whose own outlook meets a criterion.
Members are made block by block: which others are made beside them changes none of them.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.episodes import Outlook
from sim.errors import Findings
from sim.forecast import ForecastFile, Issue, perfect, persistence
from sim.linkage import Linkage, Seen
from sim.settings import Forecast, Settings
from sim.skill import Skill, presets
from sim.synthetic import Climate, Drawn, climate_of, synthetic, without_error
from sim.winters import Generated, month_offsets

SOURCES = {"perfect": perfect, "persistence": persistence}
"""Forecasts that are made from the observations, without error of their own."""
COLLAPSED = {"median": np.median, "mean": np.mean}


@dataclass(frozen=True)
class Shown:
    """The days of some members as they are observed and foreseen. Column j = member x forecast behind x area; decisions are
    taken by series k = member x area.

    observed, aqi : float64[day, k], trigger index, and AQI without dust. issue : day -> float[lead, j]. decides : int64[j],
    the series that decides on a column. behind : forecasts behind each decision; count : how many of them must show a level.
    """

    members: tuple[str, ...]
    areas: int
    behind: int
    count: int
    observed: np.ndarray
    aqi: np.ndarray
    issue: Issue
    decides: np.ndarray

    def share(self, outlook: Outlook) -> Outlook:
        """What each decision sees of the forecasts behind it: columns become series."""
        if self.behind == 1:
            return outlook

        def apart(part: np.ndarray) -> np.ndarray:
            return part.reshape(-1, self.behind, self.areas).swapaxes(1, 2).reshape(-1, self.behind)

        every = Seen(*(apart(part) for part in outlook[:-1]), {lv: apart(part) for lv, part in outlook.running.items()})
        return every.ranked(np.arange(self.behind), self.count).flat()


    def linked(self, linkage: Linkage) -> Callable[[Outlook], Outlook] | None:
        """What an ensemble and regional linkage make of an outlook; None where each series sees its own column."""
        if self.behind == 1 and not linkage.follow and not linkage.groups:
            return None
        return lambda outlook: linkage.link(self.share(outlook))


@dataclass(frozen=True)
class Weather:
    """Where the days and forecasts of a run come from.

    own, aqi : float64[day, winter, city], trigger index, and AQI without dust, of the cities with a series, one winter or
    one for each member. told : the file of a source `file`. cities : keys of the cities with a series. place : int64[area],
    the city whose series stands for an area. exact : the same members, foreseen without error.
    """

    own: np.ndarray
    aqi: np.ndarray
    told: ForecastFile | None
    given: Forecast
    cities: tuple[str, ...]
    place: np.ndarray
    seed: int
    exact: bool = False

    @property
    def together(self) -> bool:
        """Whether the forecasts are one office's ensemble."""
        return self.given.decide_on != "member"

    @property
    def ensemble(self) -> int:
        """How many forecasts a decision rests on."""
        if not self.together:
            return 1
        return self.told.values.shape[2] if self.told else self.given.members if self.given.source == "synthetic" else 1

    @property
    def members(self) -> tuple[str, ...]:
        """Members of the results: winters, forecast offices, or both."""
        if self.told:
            return ("0",) if self.together else self.told.members
        offices = 1 if self.together or self.given.source != "synthetic" else self.given.members
        return tuple(map(str, range(max(self.own.shape[1], offices))))

    @cached_property
    def climate(self) -> Climate:
        """Of the one winter that all members share: known once, whichever members are asked for."""
        return climate_of(self.own[:, 0])

    def shown(self, first: int = 0, last: int | None = None) -> Shown:
        """Members first to last (not included), all where none are named."""
        some = range(first, len(self.members) if last is None else last)
        days, cities, areas = len(self.own), len(self.cities), len(self.place)
        own, aqi = (each if each.shape[1] == 1 else each[:, some.start: some.stop] for each in (self.own, self.aqi))
        behind, count, issue = self._forecasts(own, some)
        members, each, area = np.meshgrid(np.arange(len(some)), np.arange(behind), np.arange(areas), indexing="ij")
        column = ((members * behind + each) * cities + self.place[area]).ravel()
        observed, aqi = (np.broadcast_to(each[:, :, self.place], (days, len(some), areas)).reshape(days, -1)
                         for each in (own, aqi))
        return Shown(self.members[some.start: some.stop], areas, behind, count, observed, aqi, Columns(issue, column),
                     (members * areas + area).ravel())

    def _forecasts(self, own: np.ndarray, some: range) -> tuple[int, int, Issue]:
        """Forecasts behind each decision, how many of them must agree, and the issues: member x behind x city."""
        days, given = len(own), self.given
        if self.exact or (not self.told and given.source != "synthetic"):
            every = np.broadcast_to(own, (days, len(some), len(self.cities))).reshape(days, -1)
            return 1, 1, SOURCES["perfect" if self.exact else given.source](every, given.horizon_days)
        if self.told:
            values = self.told.values[:, :, None] if self.together else self.told.values[:, :, some, None]
        else:
            asked = (own, given.horizon_days, given.skill or Skill(), self.cities, self.seed)  # type: ignore[call-arg]
            climate = self.climate if self.own.shape[1] == 1 else None
            if self.ensemble == 1 and not without_error(asked[2], given.horizon_days):
                return 1, 1, Drawn(*asked, some, climate)
            values = synthetic(*asked, members=some, ensemble=self.ensemble, climate=climate)
        behind = values.shape[3]
        if given.decide_on in COLLAPSED:
            values, behind = COLLAPSED[given.decide_on](values, axis=3), 1
        count = max(1, math.ceil(given.probability * behind - 1e-9)) if given.decide_on == "probability" else 1
        flat = values.reshape(days, given.horizon_days, -1)
        return behind, count, Told(flat)


@dataclass(frozen=True)
class Told:
    """Issues that are all at hand. values : float[issue day, lead, column]."""

    values: np.ndarray

    def __call__(self, today: int) -> np.ndarray:
        return self.values[today]


@dataclass(frozen=True)
class Columns:
    """Issues with their columns in another order, some of them several times. column : int64[j]."""

    issue: Issue
    column: np.ndarray

    def __call__(self, today: int) -> np.ndarray:
        return np.take(self.issue(today), self.column, axis=1)  # in rows of leads, as an index does not give them


def check(settings: Settings, file: object, place: Callable[[str], int | str], findings: Findings) -> None:
    """Findings for leads that no published score covers; for winters outside the recipes' months, unlike in number, or
    without a forecast that fits.

    file, place : what the findings name, and the line of a key in it.
    """
    made = {key: city.observed for key, city in settings.cities.items() if isinstance(city.observed, Generated)}
    given, calendar = settings.forecast, settings.period.calendar()

    def fault(code: str, key: str, value: object, **words: object) -> None:
        findings.add(code, file=file, place=place(key), key=key, value=value, **words)

    tested = int(presets()[given.skill.preset]["tested_to_day"]) if given.source == "synthetic" and given.skill else 0
    if 0 < tested < given.horizon_days:
        findings.add("forecast.untested", doubtful=True, file=file, place=place("forecast.horizon_days"),
                     key="forecast.horizon_days", value=given.horizon_days, tested=tested)
    if given.source == "synthetic" and given.decide_on != "member" and given.members == 1:
        findings.add("forecast.alone", doubtful=True, file=file, place=place("forecast.decide_on"), key="forecast.decide_on",
                     value=given.decide_on)
    if not made:
        return
    first, count = next((key, one.winters) for key, one in made.items())
    if {calendar.date_of(day).month for day in range(calendar.days)} - set(month_offsets()):
        fault("winters.months", "period", f"{calendar.start} … {calendar.end}")
    for key, one in made.items():
        if one.winters != count:
            fault("winters.count", f"cities.{key}.observed.winters", one.winters, first=first, count=count)
    if given.source == "file":
        fault("winters.file", "forecast.source", given.source)
    elif given.decide_on == "member" and given.members > 1 and 1 < count != given.members:
        fault("winters.members", "forecast.members", given.members, count=count)
