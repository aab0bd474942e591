"""Forecasts with members: each an office of its own, or an ensemble behind one decision.

An ensemble is read as its median or mean, day by day, or by the share of members whose own outlook meets a criterion.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.errors import Findings
from sim.forecast import ForecastFile, Issue, perfect, persistence
from sim.linkage import Seen
from sim.settings import Forecast, Settings
from sim.skill import Skill, presets
from sim.synthetic import synthetic
from sim.warning import Outlook
from sim.winters import Generated, month_offsets

SOURCES = {"perfect": perfect, "persistence": persistence}
"""Forecasts that are made from the observations, without error of their own."""
COLLAPSED = {"median": np.median, "mean": np.mean}


@dataclass(frozen=True)
class Forecasts:
    """What the decisions of a run are taken on.

    members : of the results. behind : forecasts behind each decision. count : how many of them must show a level.
    issue : day -> float[lead, member x behind x city].
    """

    members: tuple[str, ...]
    behind: int
    count: int
    issue: Issue

    def series(self, cities: int, place: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """For areas at the given columns of the cities: which column of `issue`, and which series = member x area, each
        column of the run's outlook stands for; int64[member x behind x area], twice."""
        members, behind, areas = np.meshgrid(np.arange(len(self.members)), np.arange(self.behind), np.arange(len(place)),
                                             indexing="ij")
        column = (members * self.behind + behind) * cities + np.array(place)[areas]
        return column.ravel(), (members * len(place) + areas).ravel()

    def shared(self, areas: int) -> Callable[[Outlook], Outlook]:
        """What each decision sees of the forecasts behind it: series member x behind x area become member x area."""
        if self.behind == 1:
            return lambda outlook: outlook

        def share(outlook: Outlook) -> Outlook:
            def apart(part: np.ndarray) -> np.ndarray:
                return part.reshape(-1, self.behind, areas).swapaxes(1, 2).reshape(-1, self.behind)

            every = Seen(*(apart(part) for part in outlook[:-1]), {lv: apart(part) for lv, part in outlook.running.items()})
            return every.ranked(np.arange(self.behind), self.count).flat()

        return share


def forecasts_of(given: Forecast, own: np.ndarray, told: ForecastFile | None, cities: tuple[str, ...],
                 seed: int) -> Forecasts:
    """The forecasts of a run. own : float64[day, winter, city], trigger index of the cities with a series; told : the
    file of a source `file`. Winters more than one are members; forecasts then are one, or as many, or an ensemble each.
    """
    days, winters, _ = own.shape
    together = given.decide_on != "member"
    if told:
        values = told.values if not together else told.values[:, :, None]
        members = told.members if not together else ("0",)
        behind = len(told.members) if together else 1
    elif given.source == "synthetic":
        offices = winters if together else max(winters, given.members)
        behind = given.members if together else 1
        values = synthetic(own, given.horizon_days, given.skill or Skill(), cities, seed,  # type: ignore[call-arg]
                           members=offices, ensemble=behind)
        members = tuple(map(str, range(offices)))
    else:
        return Forecasts(tuple(map(str, range(winters))), 1, 1,
                         SOURCES[given.source](own.reshape(days, -1), given.horizon_days))
    values = values.reshape(days, given.horizon_days, len(members), behind, len(cities))
    if given.decide_on in COLLAPSED:
        values, behind = COLLAPSED[given.decide_on](values, axis=3), 1
    flat = values.reshape(days, given.horizon_days, -1)
    count = max(1, math.ceil(given.probability * behind - 1e-9)) if given.decide_on == "probability" else 1
    return Forecasts(members, behind, count, lambda today: flat[today])


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
