"""Worlds with known answers and real air quality, where the folder beside the project has them."""

import csv
from collections import defaultdict

import numpy as np
import pytest
from conftest import SHARED

import sim
from sim import experiment

SAMPLES, DATA = SHARED / "samples", SHARED / "data" / "shanxi_daily_2014-01_2016-09.csv"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample worlds are not beside the project")
needs_data = pytest.mark.skipif(not DATA.is_file(), reason="the real air quality data are not beside the project")


def rows(name):
    with (SAMPLES / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def sample_cases():
    return sorted({row["case"] for row in rows("expected-warnings.csv")}) if SAMPLES.is_dir() else []


@needs_samples
@pytest.mark.parametrize("case", sample_cases())
def test_the_sample_worlds_come_out(case, tmp_path):
    edition, source, *options = case.split()
    keys = dict(option.split("=") for option in options)
    forecast = f"{{source: file, path: '{SAMPLES}/forecast.csv'}}" if source == "file" else "{source: perfect}"
    cities = "".join(f"  {city}: {{observed: '{SAMPLES}/{city}.csv', enterprises: '{SAMPLES}/{city}-list.csv'}}\n"
                     for city in ("north", "south"))
    (tmp_path / "s.yaml").write_text(
        f"period: {{start: 2019-11-01, end: 2020-02-29}}\nrules: {edition}\ngrading: none\ncities:\n{cities}"
        f"forecast: {forecast}\nresponse: {{{', '.join(f'{k}: {v.lower()}' for k, v in keys.items())}}}\n")
    result = sim.run(experiment.load(tmp_path / "s.yaml"))
    columns = ["kind", "level", "issued_at", "effective_at"]
    expected = defaultdict(list)
    for row in rows("expected-warnings.csv"):
        if row["case"] == case:
            expected[row["city"]].append([row[c] for c in columns])
    for city, events in expected.items():
        assert result.warnings.loc[result.warnings["city"] == city, columns].to_numpy().tolist() == events
    known = {(row["city"], row["line_id"]): row for row in rows("expected-lines.csv") if row["case"] == case}
    lines = result.lines
    assert len(lines) == len(known)
    for row in lines.to_dict("records"):
        wanted = known[row["city"], row["line_id"]]
        assert row["full_load_hours_lost"] == pytest.approx(float(wanted["full_load_hours_lost"]), abs=1e-8)
        assert row["avoided_nox_kg"] == pytest.approx(float(wanted["avoided_nox_kg"]), abs=1e-5)


@needs_data
def test_eleven_cities_run_side_by_side_and_the_index_is_near_the_published_one(tmp_path):
    from sim.series import city_names

    with DATA.open(encoding="utf-8", newline="") as lines:
        published = {(r["city"], r["date"]): float(r["aqi_published"]) for r in csv.DictReader(lines)
                     if "2015-11-01" <= r["date"] <= "2016-03-31" and r["aqi_published"]}
    cities = "".join(f"  {key}: {{observed: '{DATA}'}}\n" for key in city_names())
    (tmp_path / "s.yaml").write_text(f"period: {{start: 2015-11-01, end: 2016-03-31}}\nrules: bj2015\ncities:\n{cities}")
    result = sim.run(experiment.load(tmp_path / "s.yaml"))
    assert set(result.days["city"]) == set(city_names())
    zh = {key: names["zh"] for key, names in city_names().items()}
    off = [abs(row.aqi - published[zh[row.city], row.date]) for row in result.days.itertuples()]
    assert np.median(off) <= 5
    assert any(d.code == "series.outlier" for d in result.scenario.doubts)
