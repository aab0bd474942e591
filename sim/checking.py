"""The `check` command's reading: a scenario, or a table that says by its headers what it is; nothing is run."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from sim.clock import Calendar
from sim.columns import columns, dates, name_columns, numbers
from sim.errors import Finding, Findings, InputError, in_order
from sim.experiment import load
from sim.files import Table, read_table
from sim.forecast import forecast_of
from sim.other_sources import sources_of
from sim.population import list_of
from sim.series import series_of


def check_paths(paths: Iterable[Path]) -> list[Finding]:
    """Every finding of some files, each once. A scenario is read with all that it names."""
    findings = Findings()
    for path in paths:
        findings.take(_check_path(path))
    return list(in_order(findings.all))


def _check_path(path: Path) -> list[Finding]:
    if path.suffix.lower() in {".yaml", ".yml"}:
        try:
            return list(load(path).doubts)
        except InputError as error:
            return list(error.findings)
    findings = Findings()
    table, _ = read_table(path, findings)
    if table:
        _check_table(table, path, findings)
    return findings.all


def _check_table(table: Table, path: Path, findings: Findings) -> None:
    """A table is what its headers say: line_id makes a list, issue_date a forecast, date a series, source other sources."""
    known = {kind: set(name_columns(table, kind, Findings())) for kind in ("list", "forecast", "series", "sources")}
    if "source" in known["sources"] and not known["list"] & {"line_id", "enterprise_id"}:
        sources_of(table, 0, findings)
    elif known["list"] & {"line_id", "enterprise_id"} or len(known["list"]) > max(4, len(known["series"])):
        list_of(table, path.stem, findings)
    elif "issue_date" in known["forecast"]:
        _check_forecast(table, findings)
    elif "date" in known["series"] or len(known["series"]) > 1:
        _check_series(table, findings)
    else:
        findings.add("check.kind", file=path, place=1, value=", ".join(table.cells.columns))


def _check_series(table: Table, findings: Findings) -> None:
    """A series over its own span, city by city where it has several."""
    named = name_columns(table, "series", findings)
    if "date" not in named:
        return
    days = dates(table, named["date"], findings)
    found = [day for day in days if day]
    if not found or len(found) < len(days):  # gaps cannot be told, cells can
        for name, column in columns("series").items():
            if column.kind == "number" and name in named:
                numbers(table, named[name], column, findings, blank=None)
        return
    cities = dict.fromkeys(table.cells[named["city"]]) if "city" in named else {"": None}
    for city in cities:
        mine = [day for row, day in enumerate(found) if not city or table.cells[named["city"]].iat[row] == city]
        series_of(table, Calendar(min(mine), max(mine)), city, (city,), findings)


def _check_forecast(table: Table, findings: Findings) -> None:
    named = name_columns(table, "forecast", findings)
    quiet = Findings()
    issued: list[date] = [day for day in dates(table, named["issue_date"], quiet) if day]
    leads = [int(float(cell)) for cell in table.cells[named["lead_day"]] if cell.replace(".", "", 1).isdigit()] \
        if "lead_day" in named else []
    if not issued or not leads:
        findings.take(quiet.all)
        return
    cities = dict.fromkeys(table.cells[named["city"]]) if "city" in named else {"": None}
    forecast_of(table, Calendar(min(issued), max(issued)), max(leads), {city: (city,) for city in cities}, findings)

