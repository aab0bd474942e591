"""The columns of the tables that users give: their names in two languages, and cells as numbers, dates and words."""

import difflib
import re
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import pandas as pd

from sim.errors import Findings
from sim.files import Table, normal, records

DATES = [re.compile(pattern + r"(?:[ T]0?0:00(?::00)?)?") for pattern in (
    r"(?P<y>\d{4})(?P<sign>[-/.])(?P<m>\d{1,2})(?P=sign)(?P<d>\d{1,2})", r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)",
    r"(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日")]
NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)?(\.\d*)?([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Column:
    """One column of the tables that users give: names, kind, range, unit."""

    name: str
    zh: str
    aliases: tuple[str, ...]
    kind: str
    needed: bool
    low: float
    high: float
    unit: str


@cache
def columns(table: str) -> dict[str, Column]:
    """The columns of a table (`list`, `series`, `forecast`) by name, from `data/columns.csv`."""
    return {r["column"]: Column(r["column"], r["zh"], tuple(filter(None, r["aliases"].split("|"))), r["kind"],
                                r["needed"] == "yes", float(r["low"] or "-inf"), float(r["high"] or "inf"), r["unit"])
            for r in records("columns.csv") if r["table"] == table}



def name_columns(table: Table, kind: str, findings: Findings) -> dict[str, str]:
    """Which column of a file is which: {our name: header in the file}. Headers may be English or Chinese."""
    known = {}
    for column in columns(kind).values():
        for name in (column.name, column.zh, *column.aliases):
            known[_header(name)] = column.name
    found: dict[str, str] = {}
    unread = []
    for header in table.cells.columns:
        name = known.get(_header(header)) or known.get(_header(re.sub(r"\(.*?\)|（.*?）", "", header)))
        if name is None:
            near = difflib.get_close_matches(_header(header), known, n=1, cutoff=0.8)
            if near:
                findings.add("table.unused", doubtful=True, file=table.file, place=1, key=header,
                             hint=both_names(columns(kind)[known[near[0]]]))
            elif not header.startswith("\0"):
                unread.append(header)
        elif name in found:
            findings.add("table.twice", file=table.file, place=1, key=header, means=both_names(columns(kind)[name]))
        else:
            found[name] = header
    if not found:
        findings.add("table.no_header", file=table.file, place=1, value=", ".join(table.cells.columns[:4]))
        return found
    if unread:
        findings.add("table.unread", doubtful=True, file=table.file, place=1, columns=", ".join(unread))
    for column in columns(kind).values():
        if column.needed and column.name not in found:
            findings.add("table.no_column", file=table.file, place=1, key=column.name, zh=column.zh,
                         has=", ".join(table.cells.columns))
    return found


def both_names(column: Column) -> dict[str, str]:
    """A column's name as a reader of each language writes it in a header."""
    return {"en": column.name, "zh": column.zh}


def _header(name: str) -> str:
    return re.sub(r"[\s_\-（）()、:：]", "", normal(name)).lower()


def numbers(table: Table, header: str, column: Column, findings: Findings, blank: float | None) -> np.ndarray:
    """A column as float64[n] in the project's unit; blank cells become `blank`, or are findings when it is None."""
    cells = table.cells[header]
    parsed = pd.to_numeric(cells, errors="coerce").to_numpy(float, copy=True)
    for i in np.flatnonzero(~np.isfinite(parsed)):
        text = normal(cells.iat[i])
        if text:
            parsed[i] = number_in(text, percent=column.kind == "share")
        elif blank is not None:
            parsed[i] = blank
        if not text and blank is None:
            findings.add("cell.blank", file=table.file, place=table.rows[i], key=header)
        elif text and not np.isfinite(parsed[i]):
            findings.add("cell.number", file=table.file, place=table.rows[i], key=header, value=cells.iat[i])
    parsed *= factor_to_unit(header, column, table, findings)
    with np.errstate(invalid="ignore"):
        outside = (parsed < column.low) | (parsed > column.high)
    for i in np.flatnonzero(outside):
        code = "cell.low" if np.isinf(column.high) else "cell.percent" if column.kind == "share" and percent(parsed[i]) and (
            "%" not in normal(cells.iat[i])) else "cell.range"
        findings.add(code, file=table.file, place=table.rows[i], key=header, value=cells.iat[i], low=f"{column.low:g}",
                     high=f"{column.high:g}", share=percent(parsed[i]))
    return parsed


def percent(value: float) -> str:
    """The share that is meant where a number of percent may stand in its place, e.g. 0.3 for 30; '' where none is."""
    return f"{value / 100:.15g}" if 2 <= value <= 100 else ""


def number_in(text: str, *, percent: bool) -> float:
    """A number as people write it, full width and thousands commas included, `30%` for a share; NaN if it is none."""
    part = 100 if percent and text.endswith("%") else 1
    bare = text.removesuffix("%") if part == 100 else text
    if not NUMBER.fullmatch(bare) or not any(sign.isdigit() for sign in bare):
        return np.nan
    value = float(bare.replace(",", "")) / part
    return value if np.isfinite(value) else np.nan


def factor_to_unit(header: str, column: Column, table: Table, findings: Findings) -> float:
    """What a column's numbers are multiplied by to be in the project's unit: 1000 for `日排放量(吨)`.

    The unit is what stands in brackets in the header; none means the project's own. An unknown one is a finding.
    """
    written = re.search(r"\(([^()]*)\)\s*$", normal(header))
    if not written or column.kind not in {"number", "share"}:
        return 1.0
    known = {r["written"]: float(r["factor"]) for r in records("units.csv") if r["unit"] == column.unit}
    unit = re.sub(r"\s", "", written[1]).lower()
    if unit in known:
        return known[unit]
    if column.unit == "output_unit/d" and not re.search("[万千百亿]", unit):
        return 1.0  # the column output_unit says what is counted
    code = "table.output_unit" if column.unit == "output_unit/d" else "table.unit"
    findings.add(code, file=table.file, place=1, key=header, value=written[1], wanted=column.unit,
                 known=", ".join(known) or column.unit, column=both_names(columns("list")["output_unit"]))
    return 1.0


def dates(table: Table, header: str, findings: Findings) -> list[date | None]:
    """A column of dates written as 2015-11-01, 2015/11/1 or 20151101; None with a finding for anything else."""
    parsed: list[date | None] = []
    for place, cell in enumerate(table.cells[header]):
        try:
            parsed.append(date_in(cell))
            code = "cell.date"
        except ValueError:
            parsed.append(None)
            code = "date.none"
        if parsed[-1] is None:
            findings.add(code, file=table.file, place=table.rows[place], key=header, value=cell)
    return parsed


def date_in(text: str) -> date | None:
    """A date written in any of the ways of DATES, None if it is none. Raises ValueError where there is no such day."""
    match = next(filter(None, (pattern.fullmatch(normal(text)) for pattern in DATES)), None)
    return date(*map(int, (match["y"], match["m"], match["d"]))) if match else None


def coded(words: np.ndarray, known: dict[str, str], names: dict[str, dict[str, str]], header: str, table: Table,
          findings: Findings, code: str) -> np.ndarray:
    """Words as int64[n] positions in `names`, -1 with a finding for an unknown one.

    known : keys by every word that means them. names : for each key its names, `{"en": …, "zh": …}`.
    """
    place, written = pd.factorize(words, sort=False)
    position = {key: i for i, key in enumerate(names)}
    of_word = np.array([position.get(known.get(plain_word(word), ""), -1) for word in written])
    found = of_word[place]
    hints = {at: in_both(names, _close(plain_word(written[at]), known) or list(names))
             for at in np.flatnonzero(of_word < 0)}
    for i in np.flatnonzero(found < 0):
        findings.add(code, file=table.file, place=table.rows[i], key=header, value=words[i],
                     allowed=in_both(names, list(names)), hint=hints[place[i]])
    return found


def _close(word: str, known: dict[str, str]) -> list[str]:
    """Keys whose words are spelled nearly so."""
    near = difflib.get_close_matches(word, known, n=3, cutoff=0.5)
    return list(dict.fromkeys(known[other] for other in near))


def in_both(names: dict[str, dict[str, str]], keys: list[str]) -> dict[str, str]:
    """Some keys as a reader of each language may write them."""
    return {"en": ", ".join(keys), "zh": "、".join(names[key]["zh"] for key in keys)}


def plain_word(name: str) -> str:
    """A word made comparable: half width, lower case, one kind of dash."""
    return normal(str(name)).lower().replace("—", "-").replace("–", "-")
