"""The emergency reduction list 应急减排清单 as a struct of arrays, read whole and checked whole."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

import numpy as np
import pandas as pd

from sim.columns import both_names, coded, columns, in_both, name_columns, numbers, plain_word
from sim.errors import Findings
from sim.files import Table, records
from sim.industries import ANY, industries, industry_words, process_named, processes, scale_of
from sim.labels import LANGUAGES
from sim.labels import text as label
from sim.measures import read_measure
from sim.vocab import ASKING_LEVELS, NEVER_CUT, Control, Grade, Pollutant

CUTS = tuple(f"{level.name}_cut" for level in ASKING_LEVELS)
NO_PLAN = np.nan


@dataclass(frozen=True)
class Population:
    """Production lines of all cities, in list order. n lines; codes index the name tuples.

    city, industry, process, grade, control : int16[n]. enterprise : int32[n]. county : int32[n].
    output, value, emission : float64[n] and float64[4, n], per day in `output_unit`, CNY, kg; zero for long-closed
    lines. ramp_down_h, ramp_up_h, min_load : float64[n]. own_cut : float64[3, n], yellow to red, NaN without a plan.
    """

    cities: tuple[str, ...]
    counties: tuple[str, ...]
    industries: tuple[str, ...]
    processes: tuple[str, ...]
    city: np.ndarray
    county: np.ndarray
    industry: np.ndarray
    process: np.ndarray
    grade: np.ndarray
    control: np.ndarray
    enterprise: np.ndarray
    line_id: np.ndarray
    enterprise_id: np.ndarray
    enterprise_name: np.ndarray
    product: np.ndarray
    output_unit: np.ndarray
    output: np.ndarray
    value: np.ndarray
    emission: np.ndarray
    ramp_down_h: np.ndarray
    ramp_up_h: np.ndarray
    min_load: np.ndarray
    trucks: np.ndarray
    own_cut: np.ndarray
    own_words: np.ndarray = field(repr=False)

    def __len__(self) -> int:
        return len(self.city)

    def take(self, which: np.ndarray) -> "Population":
        """The same lists with some lines only, or in another order. which : bool[n] or int[m]."""
        lines = {"city", "county", "industry", "process", "grade", "control", "enterprise", "line_id",
                 "enterprise_id", "enterprise_name", "product", "output_unit", "output", "value", "emission",
                 "ramp_down_h", "ramp_up_h", "min_load", "trucks", "own_cut", "own_words"}
        return Population(**{name: value[..., which] if name in lines else value
                             for name, value in vars(self).items()})


# ---------------------------------------------------------------- reading


def list_of(table: Table, city: str, findings: Findings) -> Population | None:
    """A table as one city's Population, or None with a finding for every fault: row, column, value, how to mend."""
    before = findings.faults
    named = name_columns(table, "list", findings)
    incomplete = findings.faults > before  # the columns that are there are read all the same
    size = len(table.cells)
    cells = {name: table.cells[header] for name, header in named.items()}
    number: dict[str, np.ndarray] = {}
    for column in columns("list").values():
        if column.kind not in {"number", "share"}:
            continue
        blank = None if column.needed else (NO_PLAN if column.name in CUTS else 0.0)
        number[column.name] = (numbers(table, named[column.name], column, findings, blank) if column.name in named
                               else np.full(size, blank if blank is not None else 0.0))
    text = {name: cells[name].to_numpy(object) if name in cells else np.full(size, "", object)
            for name in columns("list") if name not in number}
    for name in (name for name in ("enterprise_id", "enterprise", "line_id") if name in named):
        for i in np.flatnonzero(text[name] == ""):
            findings.add("cell.blank", file=table.file, place=table.rows[i], key=named[name])
    for name in ("enterprise_id", "line_id"):
        for i in np.flatnonzero([bool(re.fullmatch(r"\d(\.\d+)?[eE]\+\d+", word)) for word in text[name]]):
            findings.add("list.as_number", file=table.file, place=table.rows[i], key=named[name], value=text[name][i])
    industry_keys = tuple(industries())
    names = {"industry": (industry_words(), {i.key: i.name for i in industries().values()}, "list.industry"),
             "grade": (_words("grade"), _names("grade", Grade), "cell.word"),
             "control": (_words("control"), _names("control", Control), "cell.word")}
    industry, grade, control = (coded(text[name], known, of, named[name], table, findings, code) if name in named
                                else np.zeros(size, int) for name, (known, of, code) in names.items())
    if incomplete:
        return None
    _unique(text["line_id"], named["line_id"], table, findings)
    _one_name(text, named, table, findings)
    process_names, process = _processes(text["process"], industry)
    _check_processes(text["process"], industry, process_names, process, named, table, findings)
    good = (industry >= 0) & (grade >= 0) & (control >= 0)
    _check_scale(industry, grade, process, process_names, good, text, named, table, findings)
    own_cut = np.stack([number[name] for name in CUTS])
    words = np.stack([text[f"{level.name}_measure"] for level in ASKING_LEVELS])
    own_cut = _read_measures(own_cut, words, named, table, findings)
    _check_plans(own_cut, control, named, table, findings)
    emission = np.stack([number[f"{p}_kg_per_day"] for p in Pollutant])
    for i in np.flatnonzero((emission.sum(axis=0) > 0) & (number["output_per_day"] == 0)
                            & (control != list(Control).index(Control.LONG_CLOSED))):
        findings.add("list.no_output", doubtful=True, file=table.file, place=table.rows[i], key=named["output_per_day"])
    if findings.faults > before:
        return None
    runs = (control != list(Control).index(Control.LONG_CLOSED)).astype(float)  # a closed line promises nothing
    counties, county = _codes(text["county"])
    _, enterprise = _codes(text["enterprise_id"])
    return Population(
        cities=(city,), counties=counties, industries=industry_keys, processes=process_names,
        city=np.zeros(size, np.int16), county=county, industry=industry.astype(np.int16),
        process=process.astype(np.int16), grade=grade.astype(np.int16), control=control.astype(np.int16),
        enterprise=enterprise, line_id=text["line_id"], enterprise_id=text["enterprise_id"],
        enterprise_name=text["enterprise"], product=text["product"], output_unit=text["output_unit"],
        output=number["output_per_day"] * runs, value=number["output_value_cny_per_day"] * runs,
        emission=emission * runs, ramp_down_h=number["ramp_down_h"], ramp_up_h=number["ramp_up_h"],
        min_load=number["min_load"], trucks=number["trucks_per_day"], own_cut=own_cut, own_words=words,
    )


def join(lists: Iterable[Population]) -> Population:
    """The lists of several cities as one Population; codes are made anew."""
    lists = list(lists)
    if len(lists) == 1:
        return lists[0]
    counties: dict[str, int] = {}
    names: dict[str, int] = {}
    parts: dict[str, list] = {name: [] for name in vars(lists[0])}
    firms = 0
    for place, one in enumerate(lists):
        for name, value in vars(one).items():
            parts[name].append(value)
        parts["city"][-1] = one.city + place
        parts["county"][-1] = np.array([counties.setdefault(c, len(counties)) for c in one.counties])[one.county]
        parts["process"][-1] = np.array([names.setdefault(p, len(names)) for p in one.processes],
                                        np.int16)[one.process]
        parts["enterprise"][-1] = one.enterprise + firms
        firms += int(one.enterprise.max()) + 1
    joined = {name: np.concatenate(values, axis=-1) for name, values in parts.items()
              if isinstance(values[0], np.ndarray)}
    return Population(cities=tuple(c for one in lists for c in one.cities), counties=tuple(counties),
                      industries=lists[0].industries, processes=tuple(names), **joined)


def _codes(words: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    code, names = pd.factorize(words, sort=False)
    return tuple(names), code.astype(np.int32)


@cache
def _words(of: str) -> dict[str, str]:
    """Grades or control classes by every word that means them, from `data/words.csv`."""
    known = {plain_word(word): row["key"] for row in records("words.csv") if row["set"] == of
             for word in (row["key"], *row["also"].split("|"))}
    return known | ({"": "normal"} if of == "control" else {})


@cache
def _names(of: str, words: type[StrEnum]) -> dict[str, dict[str, str]]:
    return {word.value: {lang: label(f"{of}.{word}", lang) for lang in LANGUAGES} for word in words}


def _processes(words: np.ndarray, industry: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """Processes by key where rules know them. Returns names and int64[n]."""
    place, names = pd.factorize(words, sort=False)
    pairs = place.astype(np.int64) * (len(industries()) + 1) + industry + 1
    pair_code, pair_names = pd.factorize(pairs, sort=False)
    keys = tuple(industries())
    found: dict[str, int] = {}
    of_pair = np.zeros(len(pair_names), int)
    for i, pair in enumerate(pair_names):
        word, of = divmod(int(pair), len(industries()) + 1)
        name = process_named(keys[of - 1], names[word]) if of and names[word] else names[word]
        of_pair[i] = found.setdefault(name, len(found))
    return tuple(found), of_pair[pair_code]


def _check_processes(words: np.ndarray, industry: np.ndarray, names: tuple[str, ...], process: np.ndarray, named: dict,
                     table: Table, findings: Findings) -> None:
    """A process that no rule knows, in an industry whose grading rules tell processes apart, is pointed out: it takes
    the row for any process."""
    keys = tuple(industries())
    for i in np.flatnonzero((words != "") & (industry >= 0)):
        key = keys[industry[i]]
        known = [p.name for (of, _), p in processes().items()
                 if of == key and p.key != ANY and p.graded]
        if known and (key, names[process[i]]) not in processes():
            findings.add("list.process", doubtful=True, file=table.file, place=table.rows[i], key=named["process"],
                         value=words[i], hint={lang: ", ".join(name[lang] for name in known) for lang in LANGUAGES})


def _check_scale(industry: np.ndarray, grade: np.ndarray, process: np.ndarray, process_names: tuple[str, ...],
                 good: np.ndarray, text: dict, named: dict, table: Table, findings: Findings) -> None:
    keys, grades = tuple(industries()), tuple(Grade)
    combos = pd.DataFrame({"i": industry, "p": process, "g": grade})[good].drop_duplicates()
    for i, p, g in combos.itertuples(index=False):
        allowed = scale_of(keys[i], process_names[p])
        if grades[g].value not in allowed:
            for row in np.flatnonzero(good & (industry == i) & (process == p) & (grade == g)):
                findings.add("list.scale", file=table.file, place=table.rows[row], key=named["grade"],
                             value=text["grade"][row], industry=text["industry"][row],
                             allowed=in_both(_names("grade", Grade), list(allowed)))


def _unique(ids: np.ndarray, header: str, table: Table, findings: Findings) -> None:
    code, _ = pd.factorize(ids, sort=False)
    first = np.full(code.max() + 1, -1)
    first[code[::-1]] = np.arange(len(code))[::-1]
    for i in np.flatnonzero(first[code] != np.arange(len(code))):
        if ids[i] != "":
            findings.add("cell.twice", file=table.file, place=table.rows[i], key=header, value=ids[i],
                         first=table.rows[first[code[i]]])


def _one_name(text: dict, named: dict, table: Table, findings: Findings) -> None:
    """One enterprise has one name and one county; grades may differ by line."""
    for column in ("enterprise", "county"):
        pairs = pd.DataFrame({"id": text["enterprise_id"], "word": text[column]})
        first = pairs.drop_duplicates("id").set_index("id")["word"]
        for i in np.flatnonzero(pairs["id"].map(first).to_numpy() != pairs["word"].to_numpy()):
            findings.add("list.two_names", doubtful=True, file=table.file, place=table.rows[i], key=named[column],
                         value=text[column][i], first=first[text["enterprise_id"][i]])


# ---------------------------------------------------------------- own plans


def _read_measures(own_cut: np.ndarray, words: np.ndarray, named: dict, table: Table,
                   findings: Findings) -> np.ndarray:
    own_cut = own_cut.copy()
    for place, level in enumerate(ASKING_LEVELS):
        to_read = np.isnan(own_cut[place]) & (words[place] != "")
        for phrase in dict.fromkeys(words[place][to_read]):
            share = read_measure(phrase)
            rows = np.flatnonzero(to_read & (words[place] == phrase))
            if share is None:
                for i in rows:
                    findings.add("list.measure", file=table.file, place=table.rows[i],
                                 key=named[f"{level.name}_measure"], value=phrase,
                                 cut=both_names(columns("list")[f"{level.name}_cut"]))
            else:
                own_cut[place, rows] = share
    return own_cut


def _check_plans(own_cut: np.ndarray, control: np.ndarray, named: dict, table: Table, findings: Findings) -> None:
    for protected in NEVER_CUT:
        for place, level in enumerate(ASKING_LEVELS):
            with np.errstate(invalid="ignore"):
                cut = (own_cut[place] > 0) & (control == list(Control).index(protected))
            for i in np.flatnonzero(cut):
                key = named.get(f"{level.name}_cut") or named[f"{level.name}_measure"]
                findings.add("list.protected_cut", file=table.file, place=table.rows[i], key=key,
                             value=own_cut[place, i], control=_names("control", Control)[protected.value])
    for place, (lower, upper) in enumerate(zip(ASKING_LEVELS, ASKING_LEVELS[1:], strict=False)):
        with np.errstate(invalid="ignore"):
            falls = own_cut[place + 1] < own_cut[place]
        for i in np.flatnonzero(falls):
            above, below = (columns("list")[f"{level.name}_cut"] for level in (upper, lower))
            findings.add("list.falls", doubtful=True, file=table.file, place=table.rows[i],
                         key=named.get(above.name, above.name), value=own_cut[place + 1, i], upper=both_names(above),
                         lower=both_names(below))
