"""Staggered production 错峰生产: which lines the calendar holds back in autumn and winter, whatever the warnings."""

from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np

from sim.files import DATA, records
from sim.industries import ANY
from sim.population import Population
from sim.rulebook import Validity, Words, citations, sheet
from sim.schema import Frozen
from sim.vocab import Basis, Control, Grade


class SeasonHead(Frozen):
    """The head of a season's sheet; its rows stand beside it in `rows.csv`."""

    id: str
    title: Words
    document: str
    valid: Validity


@dataclass(frozen=True)
class SeasonRow:
    """What a season takes from one kind of line between two days of the year, both included; it may cross New Year.

    share : share of output taken away, 0 to 1. first, last : (month, day).
    """

    season: str
    control: str
    industry: str
    process: str
    grade: str
    first: tuple[int, int]
    last: tuple[int, int]
    share: float
    basis: Basis
    confidence: str
    cite: str

    def holds_on(self, when: date) -> bool:
        day = (when.month, when.day)
        if self.first <= self.last:
            return self.first <= day <= self.last
        return day >= self.first or day <= self.last


@dataclass(frozen=True)
class Season:
    """A season's sheet: its head and what it takes from whom."""

    head: SeasonHead
    rows: tuple[SeasonRow, ...]


def season_names() -> list[str]:
    """Seasons by name."""
    return sorted(f.name for f in (DATA / "seasons").iterdir() if f.is_dir())


@cache
def season(name: str) -> Season:
    """The season of that name. Raises KeyError for an unknown name, InputError or ValueError for a faulty sheet."""
    head = sheet(SeasonHead, f"seasons/{name}/season.yaml")
    rows = []
    for record in records(f"seasons/{name}/rows.csv"):
        citations()[record["cite"]]  # an unknown citation is a KeyError here, not a blank in a report
        first, last = (tuple(map(int, record[key].split("-"))) for key in ("from", "to"))
        rows.append(SeasonRow(name, record["control"], record["industry"], record["process"], record["grade"],
                              (first[0], first[1]), (last[0], last[1]), float(record["share"]), Basis(record["basis"]),
                              record["confidence"], record["cite"]))
    return Season(head, tuple(rows))


def turning_days(names: tuple[str, ...], dates: list[date]) -> list[int]:
    """Days of a period, counted from its first, on which a row of these seasons begins to hold or ceases to."""
    rows = [row for name in names for row in season(name).rows]
    return [day for day in range(1, len(dates))
            if any(row.holds_on(dates[day]) != row.holds_on(dates[day - 1]) for row in rows)]


def staggered(people: Population, names: tuple[str, ...], when: date) -> tuple[np.ndarray, np.ndarray, list[SeasonRow]]:
    """Share of output that the seasons take from each line on a day, float64[n]; which row does it, int64[n] (-1: none).

    Of one season the most specific row holds: process before grade before industry; of several seasons the strictest.
    """
    rows: list[SeasonRow] = []
    codes = [people.control, people.industry, people.process, people.grade]
    kinds, which = np.unique(np.stack(codes), axis=1, return_inverse=True)
    share, at = np.zeros(kinds.shape[1]), np.full(kinds.shape[1], -1)
    for name in names:
        by_key = {(r.control, r.industry, r.process, r.grade): r for r in season(name).rows if r.holds_on(when)}
        for kind, (control, industry, process, grade) in enumerate(kinds.T):
            row = _most_specific(by_key, list(Control)[control].value, people.industries[industry],
                                 people.processes[process], list(Grade)[grade].value)
            if row and row.share > share[kind]:
                if row not in rows:
                    rows.append(row)
                share[kind], at[kind] = row.share, rows.index(row)
    which = which.reshape(-1)
    return share[which], at[which], rows


def _most_specific(by_key: dict, control: str, industry: str, process: str, grade: str) -> SeasonRow | None:
    for of_industry in (industry, ANY):
        for of_process in dict.fromkeys((process or ANY, ANY)):
            for of_grade in (grade, ANY):
                row = by_key.get((control, of_industry, of_process, of_grade))
                if row is not None:
                    return row
    return None
