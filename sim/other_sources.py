"""Sources that are no enterprises 非企业排放源: vehicles, machines, dust, households; read whole, and what cuts them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from sim.columns import both_names, coded, columns, name_columns, numbers, plain_word
from sim.errors import Findings
from sim.files import Table, records
from sim.labels import LANGUAGES
from sim.labels import text as label
from sim.other_measures import other_measures
from sim.population import Population
from sim.transport import Haulage, Transport, bans, city_cut, haulage
from sim.vocab import ASKING_LEVELS, Basis, Control, Pollutant, Source

CUTS = tuple(f"{level.name}_cut" for level in ASKING_LEVELS)
VEHICLES = (Source.HEAVY_TRUCKS, Source.LIGHT_VEHICLES)
OWN_CITE = "own-sources"
MUCH_ABOVE = 1.05
TRUCKS_EXCEPTED = (Control.LIVELIHOOD, Control.HEATING, Control.SERVICE)
"""Classes whose trucks keep running: the orders except what serves daily life."""


@dataclass(frozen=True)
class OtherSources:
    """Area sources of all cities, in the order of their files. m rows.

    city : int16[m]. source : Source of each. county : text of each. emission : float64[4, m], kg per day.
    own_cut : float64[3, m], the city's own shares, yellow to red, NaN where the measures decide.
    """

    city: np.ndarray
    source: tuple[Source, ...]
    county: tuple[str, ...]
    emission: np.ndarray
    own_cut: np.ndarray

    def __len__(self) -> int:
        return len(self.city)


@dataclass(frozen=True)
class OtherCuts:
    """What each level takes from each row: share : float64[3, 4, m], yellow to red; words : the measure,
    [3][m]; assumed : bool[3, m], whether the share rests on no document; cites : keys of citations, [3][m]."""

    share: np.ndarray
    assumed: np.ndarray
    words: tuple[tuple[dict[str, str], ...], ...]
    cites: tuple[tuple[tuple[str, ...], ...], ...]


@dataclass(frozen=True)
class Others:
    """What a run knows of sources outside the list, and of the trucks that serve it; None where it knows nothing."""

    sources: OtherSources | None
    cuts: OtherCuts | None
    haulage: Haulage | None


def sources_of(table: Table, place: int, findings: Findings) -> OtherSources | None:
    """A table as one city's sources, or None with a finding for every fault. place : the city's position."""
    before = findings.faults
    named = name_columns(table, "sources", findings)
    if findings.faults > before:
        return None
    size, known = len(table.cells), columns("sources")
    blank = np.full(size, "", object)
    text = {name: table.cells[named[name]].to_numpy(object) if name in named else blank for name in ("source", "county")}
    code = coded(text["source"], _words(), _names(), named["source"], table, findings, "cell.word")
    emission = np.stack([numbers(table, named[f"{p}_kg_per_day"], known[f"{p}_kg_per_day"], findings, None)
                         for p in Pollutant])
    own = np.stack([numbers(table, named[name], known[name], findings, np.nan) if name in named
                    else np.full(size, np.nan) for name in CUTS])
    first: dict[tuple[int, str], str] = {}
    for i, pair in enumerate(zip(code.tolist(), text["county"], strict=True)):
        if pair[0] >= 0 and first.setdefault(pair, table.rows[i]) != table.rows[i]:
            findings.add("cell.twice", file=table.file, place=table.rows[i], key=named["source"], value=text["source"][i],
                         first=first[pair])
    heating = list(Source).index(Source.RESIDENTIAL_HEATING)
    for at, name in enumerate(CUTS):
        for i in np.flatnonzero((own[at] > 0) & (code == heating)):
            findings.add("sources.heating_cut", file=table.file, place=table.rows[i], key=named[name], value=own[at, i])
    for lower, upper in zip(range(2), range(1, 3), strict=True):
        for i in np.flatnonzero(own[upper] < own[lower]):
            findings.add("list.falls", doubtful=True, file=table.file, place=table.rows[i], key=named[CUTS[upper]],
                         value=own[upper, i], upper=both_names(known[CUTS[upper]]), lower=both_names(known[CUTS[lower]]))
    if findings.faults > before:
        return None
    return OtherSources(np.full(size, place, np.int16), tuple(list(Source)[at] for at in code),
                        tuple(text["county"]), emission, own)


def join_sources(parts: Iterable[OtherSources]) -> OtherSources | None:
    """The sources of several cities as one; None where there are none."""
    parts = list(parts)
    if not parts:
        return None
    return OtherSources(np.concatenate([one.city for one in parts]), tuple(s for one in parts for s in one.source),
                        tuple(c for one in parts for c in one.county),
                        np.concatenate([one.emission for one in parts], axis=1),
                        np.concatenate([one.own_cut for one in parts], axis=1))


def doubt_totals(sources: OtherSources | None, people: Population | None, totals: list[list[float | None]],
                 names: list[str], findings: Findings) -> None:
    """Tell of a city whose list and other sources together emit clearly more than its given total.

    totals : kg per day by city and pollutant, None where not given.
    """
    if sources is None:
        return
    for c, (given, name) in enumerate(zip(totals, names, strict=True)):
        mine = sources.city == c
        for p, pollutant in enumerate(Pollutant):
            both = sources.emission[p][mine].sum() + (people.emission[p][people.city == c].sum() if people else 0)
            if mine.any() and given[p] is not None and both > given[p] * MUCH_ABOVE:
                findings.add("sources.above_totals", doubtful=True, key=f"cities.{name}.totals.{pollutant}_kg_per_day",
                             value=given[p], both=f"{both:,.0f}")


def others(sources: OtherSources | None, people: Population | None, transport: Transport, measures: str) -> Others:
    """Everything outside the list that a run reckons. measures : name of the set of measures."""
    trucks = None
    if people is not None and bans(transport.bans):
        excepted = np.isin(people.control, [list(Control).index(control) for control in TRUCKS_EXCEPTED])
        runs = people.control != list(Control).index(Control.LONG_CLOSED)
        trucks = haulage(people.trucks * runs, people.enterprise, excepted, transport)
    return Others(sources, _cuts(sources, people, trucks, transport, measures) if sources else None, trucks)


def _cuts(sources: OtherSources, people: Population | None, trucks: Haulage | None, transport: Transport,
          measures: str) -> OtherCuts:
    rules, size = other_measures(measures), len(sources)
    share = np.zeros((len(ASKING_LEVELS), len(Pollutant), size))
    assumed = np.zeros((len(ASKING_LEVELS), size), bool)
    words, cites = [], []
    for at, level in enumerate(ASKING_LEVELS):
        words.append([])
        cites.append([])
        for i, source in enumerate(sources.source):
            own, rule = sources.own_cut[at, i], rules[source, level]
            if own == own:  # NaN: the measures decide
                said, cited, basis, cut = dict.fromkeys(LANGUAGES, ""), (OWN_CITE,), Basis.TEXT, own
            elif rule.share is not None:
                said, cited, basis, cut = rule.words, (rule.cite,), rule.basis, rule.share
            else:
                cut = _vehicle_cut(source, int(sources.city[i]), people, trucks, transport)[at]
                met = [ban for ban in bans(transport.bans) if ban.vehicle is source and ban.level is level]
                said = {lang: label("sources.join", lang).join(ban.measure[lang] for ban in met) for lang in LANGUAGES}
                cited = tuple(dict.fromkeys(ban.cite for ban in met))
                basis = Basis.ASSUMED if met else rule.basis  # the fleet is the scenario's or a default: no document
            share[at, :, i], assumed[at, i] = cut, basis is Basis.ASSUMED
            words[-1].append(said)
            cites[-1].append(cited)
    return OtherCuts(share, assumed, tuple(map(tuple, words)), tuple(map(tuple, cites)))


def _vehicle_cut(vehicle: Source, city: int, people: Population | None, trucks: Haulage | None,
                 transport: Transport) -> np.ndarray:
    """Share of emission the bans take from a city's vehicles, float64[3, 4]."""
    if vehicle is Source.HEAVY_TRUCKS and trucks is not None and people is not None:
        return trucks.city_cut(people.city == city, transport)
    return city_cut(vehicle, transport)


@cache
def _words() -> dict[str, str]:
    """Sources by every word that means them, from `data/words.csv`."""
    return {plain_word(word): row["key"] for row in records("words.csv") if row["set"] == "source"
            for word in (row["key"], *row["also"].split("|"))}


@cache
def _names() -> dict[str, dict[str, str]]:
    return {source.value: {lang: label(f"source.{source}", lang) for lang in LANGUAGES} for source in Source}
