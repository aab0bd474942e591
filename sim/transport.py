"""Bans of trucks and cars 限行 by emission standard: which trips a level takes off the road, and what that cuts."""

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator
from pydantic_core import PydanticCustomError

from sim.files import DATA, records
from sim.schema import Frozen
from sim.vocab import ASKING_LEVELS, Basis, Level, Pollutant, Source

STAGES = ("china1", "china2", "china3", "china4", "china5", "china6", "new_energy")
"""Emission standards 国一 … 国六, oldest first, and new energy 新能源: the axis `stage` of every array."""

CLEAN_CITE, EXEMPT_CITE = "TAIYUAN2021-14", "TAIYUAN2021-15"
NO_BANS = "none"

Share = Annotated[float, Field(ge=0, le=1)]


@cache
def _stages(vehicle: Source) -> list[dict[str, str]]:
    rows = {r["stage"]: r for r in records("transport/stages.csv") if r["vehicle"] == vehicle}
    return [rows[stage] for stage in STAGES]


class Fleet(Frozen):
    """Shares of a fleet by emission standard; what is left out is 0, the sum is 1."""

    china1: Share = 0
    china2: Share = 0
    china3: Share = 0
    china4: Share = 0
    china5: Share = 0
    china6: Share = 0
    new_energy: Share = 0

    @model_validator(mode="after")
    def _adds_up(self) -> "Fleet":
        if abs(self.shares.sum() - 1) > 1e-6:
            raise PydanticCustomError("fleet.sum", "fleet.sum")
        return self

    @property
    def shares(self) -> np.ndarray:
        """float64[stage]."""
        return np.array([getattr(self, stage) for stage in STAGES])


def _default_fleet(vehicle: Source) -> Fleet:
    return Fleet(**{r["stage"]: float(r["fleet_share"]) for r in _stages(vehicle)})


class Transport(Frozen):
    """Bans in force, the fleets they meet, and whose freight is clean 清洁运输.

    fleet, car_fleet : the city's heavy trucks and light vehicles. Enterprises with freight (trips x tonnes_per_truck x
    365) of clean_freight_mt_per_year and more run trucks of clean_stage and later only. That and the exemption of new
    energy are as the set of bans has them where the scenario is silent: not every place has such a rule.
    listed_share : share of the city's truck trips that serve enterprises of the list.
    """

    bans: str = NO_BANS
    new_energy_exempt: bool | None = None
    fleet: Fleet = _default_fleet(Source.HEAVY_TRUCKS)
    car_fleet: Fleet = _default_fleet(Source.LIGHT_VEHICLES)
    clean_freight_mt_per_year: NonNegativeFloat | None = None
    clean_stage: Literal["china5", "china6"] | None = None
    tonnes_per_truck: PositiveFloat = 30
    listed_share: Share = 0.5

    @property
    def spares_new_energy(self) -> bool:
        """Whether new-energy vehicles run on where all stages are banned."""
        return self.new_energy_exempt if self.new_energy_exempt is not None else _exemption(self.bans, "new_energy") == "yes"

    @property
    def clean_from_mt(self) -> float:
        """Freight from which an enterprise runs clean transport only, Mt a year; infinite where no such rule is known."""
        known = _exemption(self.bans, "clean_freight_mt_per_year")
        return self.clean_freight_mt_per_year if self.clean_freight_mt_per_year is not None else float(known or "inf")

    @property
    def clean_from_stage(self) -> str:
        """Oldest stage of clean transport."""
        return self.clean_stage or _exemption(self.bans, "clean_stage") or "china6"


def _exemption(bans: str, what: str) -> str:
    """What a set of bans spares, from `data/transport/exemptions.csv`; blank where it names nothing."""
    return next((row[what] for row in records("transport/exemptions.csv") if row["bans"] == bans), "")


@dataclass(frozen=True)
class Ban:
    """One ban: vehicles up to a stage, at users with so many trips a day, lose a share of their trips at a level."""

    level: Level
    vehicle: Source
    min_trips_per_day: float
    up_to_stage: str
    share: float
    basis: Basis
    cite: str
    measure: dict[str, str]

    @property
    def all_stages(self) -> bool:
        """Whether it takes every combustion engine, so that only an exemption spares new energy."""
        return self.up_to_stage == STAGES[-2]

    def meets(self, trips_per_day: float) -> bool:
        return trips_per_day >= self.min_trips_per_day


def ban_names() -> list[str]:
    """Names of the sets of bans, `none` first."""
    return [NO_BANS, *sorted(f.name for f in (DATA / "transport").iterdir() if f.is_dir())]


@cache
def bans(name: str) -> tuple[Ban, ...]:
    """The bans of that name, from `data/transport/<name>/bans.csv`."""
    if name == NO_BANS:
        return ()
    return tuple(Ban(Level[r["level"]], Source(r["vehicle"]), float(r["min_trips_per_day"]), r["up_to_stage"],
                     float(r["share"]), Basis(r["basis"]), r["cite"], {"en": r["measure_en"], "zh": r["measure_zh"]})
                 for r in records(f"transport/{name}/bans.csv"))


def trips_taken(rules: tuple[Ban, ...], vehicle: Source, trips_per_day: float, *, new_energy_exempt: bool) -> np.ndarray:
    """Share of the trips of each stage that each level takes off the road: float64[3, stage], yellow to red.

    trips_per_day : of the user whose trips they are; 0 for traffic that serves no listed user. Where several bans meet a
    stage the largest share counts. A ban on the newest stage takes new-energy vehicles too, unless these are exempt
    (并政办发〔2021〕16号, task 15).
    """
    taken = np.zeros((len(ASKING_LEVELS), len(STAGES)))
    for ban in rules:
        if ban.vehicle is vehicle and ban.meets(trips_per_day):
            last = STAGES.index(ban.up_to_stage) + 1
            everything = ban.all_stages and not new_energy_exempt
            at = ASKING_LEVELS.index(ban.level)
            stages = slice(0, len(STAGES) if everything else last)
            taken[at, stages] = np.maximum(taken[at, stages], ban.share)
    return taken


def clean_fleet(fleet: np.ndarray, oldest: str) -> np.ndarray:
    """The part of a fleet from stage `oldest` on, in its proportions; all of that stage where the fleet has none."""
    first = STAGES.index(oldest)
    clean = np.where(np.arange(len(STAGES)) >= first, fleet, 0.0)
    return clean / clean.sum() if clean.sum() else np.eye(len(STAGES))[first]


def stage_weights(vehicle: Source) -> np.ndarray:
    """What a trip of each stage emits, in relative terms: float64[4, stage], by the limits of the standards.

    Limits of GB 17691 (g/kWh) and GB 18352 (g/km); SO2 follows the fuel and is alike for all stages.
    """
    return np.array([[float(r[f"{p}_weight"]) for r in _stages(vehicle)] for p in Pollutant])


def emission_cut(trips: np.ndarray, fleets: np.ndarray, taken: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Share of emission taken away at each level: float64[3, 4].

    trips : float64[u], by user. fleets : float64[u, stage]. taken : float64[u, 3, stage]. weights : float64[4, stage].
    """
    emitted = trips[:, None, None] * fleets[:, None, :] * weights[None]
    away = np.einsum("ups,uls->lp", emitted, taken)
    whole = emitted.sum(axis=(0, 2))
    return np.divide(away, whole, out=np.zeros_like(away), where=whole > 0)


@dataclass(frozen=True)
class Haulage:
    """How the bans meet the trucks of a list. n lines, u kinds of users.

    trips : float64[n], per day. kind : int64[n]. fleets : float64[u, stage]. taken : float64[u, 3, stage].
    clean : bool[u]. rules : for each kind the bans that meet it, none for those whose trucks are excepted.
    """

    trips: np.ndarray
    kind: np.ndarray
    fleets: np.ndarray
    taken: np.ndarray
    clean: np.ndarray
    rules: tuple[tuple[Ban, ...], ...]

    @property
    def banned_share(self) -> np.ndarray:
        """Share of each line's trips taken off the road at each level, float64[3, n]."""
        return np.einsum("uls,us->lu", self.taken, self.fleets)[:, self.kind]

    def city_cut(self, lines: np.ndarray, transport: Transport) -> np.ndarray:
        """Share of emission the bans take from a city's heavy trucks, float64[3, 4]. lines : bool[n], the city's own.

        The listed lines stand for `listed_share` of the trips; the rest has the city's fleet and no listed user, so that
        only bans on all roads meet it.
        """
        trips = np.bincount(self.kind[lines], weights=self.trips[lines], minlength=len(self.fleets))
        if not trips.sum():
            return city_cut(Source.HEAVY_TRUCKS, transport)
        listed = trips / trips.sum() * transport.listed_share
        rest = _taken(Source.HEAVY_TRUCKS, transport, 0)
        return emission_cut(np.append(listed, 1 - transport.listed_share),
                            np.vstack([self.fleets, transport.fleet.shares]),
                            np.concatenate([self.taken, rest[None]]), stage_weights(Source.HEAVY_TRUCKS))


def haulage(trips: np.ndarray, enterprise: np.ndarray, excepted: np.ndarray, transport: Transport) -> Haulage:
    """How the bans meet the trucks of a list.

    trips : float64[n], per day. enterprise : int64[n], whose trips count together. excepted : bool[n], lines whose trucks
    no ban meets.
    """
    rules = bans(transport.bans)
    of_firm = np.bincount(enterprise, weights=trips)[enterprise] if len(trips) else trips
    clean = of_firm * transport.tonnes_per_truck * 365 >= transport.clean_from_mt * 1e6
    steps = np.array(sorted({0.0, *(ban.min_trips_per_day for ban in rules)}))
    size = np.searchsorted(steps, of_firm, side="right") - 1
    kinds, kind = np.unique(np.stack([size, clean, excepted]).astype(int), axis=1, return_inverse=True)
    fleets, taken, met = [], [], []
    for step, is_clean, is_excepted in kinds.T:
        fleet = transport.fleet.shares
        fleets.append(clean_fleet(fleet, transport.clean_from_stage) if is_clean else fleet)
        mine = () if is_excepted else tuple(
            ban for ban in rules if ban.vehicle is Source.HEAVY_TRUCKS and ban.meets(steps[step]))
        taken.append(trips_taken(mine, Source.HEAVY_TRUCKS, steps[step], new_energy_exempt=transport.spares_new_energy))
        met.append(mine)
    return Haulage(trips, kind.ravel(), np.array(fleets), np.array(taken), kinds[1].astype(bool), tuple(met))


def city_cut(vehicle: Source, transport: Transport) -> np.ndarray:
    """Share of emission the bans take from a city's vehicles where no list tells whom they serve, float64[3, 4].

    Of heavy trucks `listed_share` of the trips count as those of large users, the rest as of none.
    """
    trucks = vehicle is Source.HEAVY_TRUCKS
    listed = transport.listed_share if trucks else 0.0
    fleet = transport.fleet if trucks else transport.car_fleet
    return emission_cut(np.array([listed, 1 - listed]), np.stack([fleet.shares] * 2),
                        np.stack([_taken(vehicle, transport, np.inf), _taken(vehicle, transport, 0)]),
                        stage_weights(vehicle))


def _taken(vehicle: Source, transport: Transport, trips_per_day: float) -> np.ndarray:
    return trips_taken(bans(transport.bans), vehicle, trips_per_day, new_energy_exempt=transport.spares_new_energy)
