"""The schema of a scenario: every key that a planner may write, closed, typed, frozen once read."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Discriminator, Field, NonNegativeFloat, Tag, model_validator
from pydantic_core import PydanticCustomError

from sim import other_measures, rulebook
from sim.aqi import DUST_RATIO
from sim.clock import Calendar
from sim.rulebook import Criterion, LevelName, Words
from sim.schema import Frozen
from sim.skill import Skill
from sim.target_tables import TargetChoice
from sim.transport import Transport
from sim.vocab import Control, Grade, Pollutant
from sim.winters import Generated

Share = Annotated[float, Field(ge=0, le=1)]
AskingLevel = Literal["yellow", "orange", "red"]
DAYS_AT_MOST = 3660


class Period(Frozen):
    """First and last day; both included."""

    start: date
    end: date

    @model_validator(mode="after")
    def _in_order(self) -> "Period":
        if self.end < self.start:
            raise PydanticCustomError("period.order", "period.order")
        if (self.end - self.start).days >= DAYS_AT_MOST:
            raise PydanticCustomError("period.long", "period.long")
        return self

    def calendar(self) -> Calendar:
        return Calendar(self.start, self.end)


class GradingOverride(Frozen):
    """A share in place of the policy's, for the rows it names; what is left out means any."""

    industry: str | None = None
    process: str | None = None
    grade: Grade | None = None
    level: AskingLevel
    share: Share
    control: Control = Control.NORMAL
    kind: Literal["load", "lines", "stop"] | None = None


class Negotiated(Frozen):
    """Negotiated cuts 协商减排: large, well-graded enterprises offer a share beyond what their row asks.

    wanted_kg_per_day : how much more of `pollutant` the city asks for at these levels; the cheapest offers come first.
    """

    wanted_kg_per_day: NonNegativeFloat
    pollutant: Pollutant = Pollutant.NOX
    levels: tuple[AskingLevel, ...] = ("orange", "red")
    offer_share: Share = 0.2
    grades: tuple[Grade, ...] = (Grade.A_PLUS, Grade.A, Grade.B, Grade.B_MINUS, Grade.LEADING)
    value_cny_per_day: NonNegativeFloat = 100_000


class Grading(Frozen):
    """Grading policy, shares for a policy with parameters, negotiated cuts, and overrides."""

    policy: str
    yellow: Share | None = None
    orange: Share | None = None
    red: Share | None = None
    point: Share | None = None
    non_compliant: Literal["stop", "strictest"] = "strictest"
    negotiated: Negotiated | None = None
    override: tuple[GradingOverride, ...] = ()


class Totals(Frozen):
    """Whole-society emissions of a city, for the reduction targets."""

    so2_kg_per_day: NonNegativeFloat | None = None
    nox_kg_per_day: NonNegativeFloat | None = None
    pm_kg_per_day: NonNegativeFloat | None = None
    voc_kg_per_day: NonNegativeFloat | None = None

    @property
    def kg_per_day(self) -> tuple[float | None, ...]:
        """By pollutant, None where not given."""
        return tuple(getattr(self, f"{p}_kg_per_day") for p in Pollutant)


Observed = Annotated[Annotated[str, Tag("[file]")] | Annotated[Generated, Tag("[generated]")],
                     Discriminator(lambda given: "[generated]" if isinstance(given, dict | Generated) else "[file]")]
"""A file, or winters to be generated."""


class City(Frozen):
    """One city's (county's, district's) files. observed : left out where it follows another area."""

    name: Words | None = None
    observed: Observed | None = None
    enterprises: str | None = None
    other_sources: str | None = None
    totals: Totals = Totals()


class Forecast(Frozen):
    """Where forecasts come from, how far they reach, and how an ensemble is read.

    skill, members : of the source `synthetic`. decide_on : `member`, each member is a forecast office of its own;
    `median`, `mean`, `probability`, the members are one office's ensemble. probability : share of members at which the
    office acts.
    """

    source: Literal["perfect", "persistence", "file", "synthetic"] = "perfect"
    path: str | None = None
    skill: Skill | None = None
    members: Annotated[int, Field(ge=1, le=10_000)] = 1
    decide_on: Literal["member", "median", "mean", "probability"] = "member"
    probability: Annotated[float, Field(gt=0, le=1)] = 0.5
    horizon_days: Annotated[int, Field(ge=1, le=rulebook.DAYS_AT_MOST)] = 7
    issue_hour: Annotated[int, Field(ge=0, le=23)] = 16
    every_hours: Annotated[int, Field(ge=1, le=24)] = 24

    @model_validator(mode="after")
    def _whole(self) -> "Forecast":
        if 24 % self.every_hours:
            raise PydanticCustomError("forecast.every", "forecast.every", {"key": "every_hours"})
        if self.source == "file" and not self.path:
            raise PydanticCustomError("forecast.path", "forecast.path", {"key": "source"})
        if self.source != "file" and self.path:
            raise PydanticCustomError("forecast.no_path", "forecast.no_path", {"key": "path"})
        if self.source != "synthetic" and self.members > 1:
            raise PydanticCustomError("forecast.members", "forecast.members", {"key": "members"})
        return self


class Response(Frozen):
    """How a warning lives and how lines answer it (model, sections 4 and 6)."""

    lead_hours: Annotated[float, Field(ge=0, le=240)] = 24
    paper_hours: Annotated[int, Field(ge=0, le=23)] = 4
    escalate: Annotated[int, Field(ge=0, le=3)] = 0
    downgrade: bool = False
    preadjust: bool = False
    preadjust_episodes: Annotated[int, Field(ge=1, le=9)] = 1
    preadjust_level: LevelName = "blue"
    lift_hours: Annotated[float, Field(gt=0, le=240)] = 36
    withdraw_on_lift: bool = False
    ramp_factor: Annotated[float, Field(ge=0, le=10)] = 1


class Compliance(Frozen):
    """Share of lines that obey a warning."""

    share: Share = 1.0


class Joint(Frozen):
    """Areas that share one decision, at the highest level that `count` of them reach. No area named means all."""

    areas: tuple[str, ...] = ()
    count: Annotated[int, Field(ge=1)] = 1


class Linkage(Frozen):
    """Regional linkage 区域联动. follow : leader of each area that follows another. tighten : an area with a series of its
    own may warn earlier and higher than its leader or group."""

    joint: tuple[Joint, ...] = ()
    follow: dict[str, str] = {}
    tighten: bool = False


class Event(Frozen):
    """A dated change of the list: what happens to one enterprise, one line, or a share of the enterprises of a grade.

    grade : the enterprise has grade `to` from that day. fraud : it falls to the lowest grade of its industry. closes,
    opens : it runs no more, or not before. upgrade : `share` of the enterprises of a grade (and industry) move up one
    grade, by named draws.
    """

    date: date
    event: Literal["grade", "fraud", "closes", "opens", "upgrade"]
    city: str | None = None
    enterprise: str | None = None
    line: str | None = None
    to: Grade | None = None
    grade: Grade | None = None
    industry: str | None = None
    share: Share | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Event":
        by_share = self.event == "upgrade" and self.share is not None
        if by_share == bool(self.enterprise or self.line) or (self.enterprise and self.line):
            raise PydanticCustomError("event.whom", "event.whom")
        if (self.event == "grade") != (self.to is not None):
            raise PydanticCustomError("event.to", "event.to")
        if not by_share and (self.grade or self.industry or self.share is not None):
            raise PydanticCustomError("event.share", "event.share")
        return self


class Electricity(Frozen):
    """Differential electricity price 差别电价: surcharge by grade, CNY per kWh."""

    surcharge_cny_per_kwh: dict[Grade, Annotated[float, Field(ge=-1, le=1)]]


class Settings(Frozen):
    """One run's settings, everything in force spelled out."""

    title: Words
    note: Words | None = None
    period: Period
    rules: str
    criteria: dict[LevelName, tuple[Criterion, ...]]
    aqi: str | None = None
    dust_ratio: Annotated[float, Field(ge=0, le=1)] = DUST_RATIO
    grading: Grading
    cities: Annotated[dict[str, City], Field(min_length=1)]
    forecast: Forecast = Forecast()
    response: Response = Response()
    compliance: Compliance = Compliance()
    transport: Transport = Transport()
    other_measures: str = other_measures.DEFAULT
    linkage: Linkage = Linkage()
    seasons: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    targets: tuple[TargetChoice, ...] = ()
    electricity: Electricity | None = None
    seed: Annotated[int, Field(ge=0)] = 1
