"""Worlds for tests: written as the files a user would give, so that the door is tested with what is behind it."""

import csv
from datetime import date, timedelta
from pathlib import Path

import yaml

START = date(2019, 11, 1)
LIST_HEADER = ["enterprise_id", "enterprise", "county", "industry", "grade", "control", "line_id", "process", "product",
               "output_unit", "output_per_day", "output_value_cny_per_day", "so2_kg_per_day", "nox_kg_per_day",
               "pm_kg_per_day", "voc_kg_per_day", "ramp_down_h", "ramp_up_h", "min_load", "trucks_per_day",
               "yellow_cut", "orange_cut", "red_cut", "yellow_measure", "orange_measure", "red_measure"]
INDEX = [80] * 5 + [230] * 3 + [80] * 4 + [170] * 4 + [80] * 4 + [310] * 5 + [90] * 5
"""A winter of a month: episodes of three, four and five days."""
CUTS = {"yellow_cut": 0.2, "orange_cut": 0.5, "red_cut": 1}


def line(line_id="L1", **given):
    """One row of a list, with plain values for whatever is not given."""
    row = {"enterprise_id": f"E-{line_id}", "enterprise": f"Works {line_id}", "county": "x", "industry": "coking",
           "grade": "B", "control": "", "line_id": line_id, "process": "", "product": "coke", "output_unit": "t",
           "output_per_day": 240, "output_value_cny_per_day": 24000, "so2_kg_per_day": 24, "nox_kg_per_day": 48,
           "pm_kg_per_day": 12, "voc_kg_per_day": 6, "ramp_down_h": 0, "ramp_up_h": 0, "min_load": 0}
    return row | given


def write_list(path: Path, rows, header=LIST_HEADER, encoding="utf-8"):
    with path.open("w", encoding=encoding, newline="") as out:
        writer = csv.DictWriter(out, header, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_series(path: Path, index, start=START):
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["date", "aqi"])
        writer.writerows([(start + timedelta(days=day)).isoformat(), value] for day, value in enumerate(index))
    return path


def write_forecast(path: Path, values, start=START, city="here"):
    """values: {(issue day, lead): index}, or a list of them, one for each member."""
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        with_members = isinstance(values, list)
        writer.writerow(["city", "issue_date", "lead_day", "aqi"] + ["member"] * with_members)
        for member, told in enumerate(values if with_members else [values]):
            writer.writerows([city, (start + timedelta(days=day)).isoformat(), lead, value] + [member] * with_members
                             for (day, lead), value in told.items())
    return path


def write_world(folder: Path, index, rows=None, told=None, start=START, **keys) -> Path:
    """A scenario of one city `here` in a folder; keys go into the scenario as they are."""
    write_series(folder / "series.csv", index, start)
    city = {"observed": "series.csv"}
    if rows is not None:
        write_list(folder / "list.csv", rows)
        city["enterprises"] = "list.csv"
    scenario = {"title": "test", "period": {"start": start, "end": start + timedelta(days=len(index) - 1)},
                "rules": "mee2019", "grading": "none", "cities": {"here": city}} | keys
    if told is not None:
        write_forecast(folder / "forecast.csv", told, start)
        scenario["forecast"] = scenario.get("forecast", {}) | {"source": "file", "path": "forecast.csv"}
    path = folder / "scenario.yaml"
    path.write_text(yaml.safe_dump(scenario, allow_unicode=True), encoding="utf-8")
    return path


def write_areas(folder: Path, areas, told=None, start=START, **keys) -> Path:
    """A scenario of several areas: {name: (daily index or None, rows of its list or None)}; told by area."""
    cities = {}
    days = max(len(index) for index, _ in areas.values() if index)
    for name, (index, rows) in areas.items():
        cities[name] = {}
        if index:
            cities[name]["observed"] = write_series(folder / f"{name}.csv", index, start).name
        if rows:
            cities[name]["enterprises"] = write_list(folder / f"{name}-list.csv", rows).name
    scenario = {"title": "test", "period": {"start": start, "end": start + timedelta(days=days - 1)},
                "rules": "mee2019", "grading": "none", "cities": cities} | keys
    if told is not None:
        parts = []
        for name, values in told.items():
            parts.append(write_forecast(folder / "part.csv", values, start, name).read_text(encoding="utf-8"))
        header = parts[0].splitlines()[0]
        body = [line for part in parts for line in part.splitlines()[1:]]
        (folder / "forecast.csv").write_text("\n".join([header, *body]) + "\n", encoding="utf-8")
        scenario["forecast"] = scenario.get("forecast", {}) | {"source": "file", "path": "forecast.csv"}
    path = folder / "scenario.yaml"
    path.write_text(yaml.safe_dump(scenario, allow_unicode=True), encoding="utf-8")
    return path
