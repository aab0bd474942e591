"""The 39 industries of the guide, the sectors outside them, and the processes that rules tell apart."""

from dataclasses import dataclass
from functools import cache

from sim.columns import plain_word
from sim.files import normal, records
from sim.vocab import Basis

ANY = "*"


@dataclass(frozen=True)
class Industry:
    """An industry of the guide (number 1 to 39) or a sector outside it. scale : grades it may carry."""

    key: str
    number: str
    name: dict[str, str]
    group: str
    scale: tuple[str, ...]
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class Process:
    """A process that rules tell apart. scale : its own grades, empty for the industry's; normal_coking_h : hours.

    graded : whether grading policies tell it apart; where not, only other rules do, such as a stop by a date.
    """

    industry: str
    key: str
    name: dict[str, str]
    aliases: tuple[str, ...]
    graded: bool
    scale: tuple[str, ...]
    normal_coking_h: float | None
    basis: Basis | None


@cache
def industries() -> dict[str, Industry]:
    return {r["key"]: Industry(r["key"], r["number"], {"en": r["en"], "zh": r["zh"]}, r["group"],
                               tuple(r["scale"].split("|")), tuple(filter(None, r["aliases"].split("|"))))
            for r in records("industries.csv")}


@cache
def processes() -> dict[tuple[str, str], Process]:
    return {(r["industry"], r["process"]): Process(
        r["industry"], r["process"], {"en": r["en"], "zh": r["zh"]}, tuple(filter(None, r["aliases"].split("|"))),
        r["graded"] == "yes", tuple(filter(None, r["scale"].split("|"))),
        float(r["normal_coking_h"]) if r["normal_coking_h"] else None,
        Basis(r["basis"]) if r["basis"] else None) for r in records("processes.csv")}


@cache
def industry_words() -> dict[str, str]:
    """Keys of industries by every word that means them: key, Chinese and English name, aliases."""
    return {plain_word(name): industry.key for industry in industries().values()
            for name in (industry.key, *industry.name.values(), *industry.aliases)}


def industry_named(name: str) -> Industry | None:
    """The industry of that key, Chinese or English name."""
    key = industry_words().get(plain_word(name))
    return industries()[key] if key else None


def process_named(industry: str, name: str) -> str:
    """The key of a process that rules tell apart; the name itself for any other; "" for none."""
    word = plain_word(name)
    for (of, key), process in processes().items():
        if of == industry and key != ANY and word in {key, *map(plain_word, (*process.name.values(), *process.aliases))}:
            return key
    return normal(name)


def scale_of(industry: str, process: str) -> tuple[str, ...]:
    """Grades that a line of this industry and process may carry."""
    known = processes().get((industry, process))
    return known.scale if known and known.scale else industries()[industry].scale


