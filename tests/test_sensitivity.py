"""Sensitivity: samples are runs, measures are what they say by hand, the same seed gives the same bytes."""

import importlib.util

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from worlds import CUTS, INDEX, line, write_list, write_world

import sim
from sim import cli, experiment
from sim.errors import InputError
from sim.schema import type_at
from sim.sensitivities import MEASURES
from sim.settings import Settings

OVER = ["criteria.yellow.0.over=150..200", "response.lead_hours=0..72"]


@pytest.fixture
def scenario(tmp_path):
    rows = [line(f"L{n}", ramp_down_h=4 * n, ramp_up_h=9 * n, **CUTS) for n in range(3)]
    return write_world(tmp_path, INDEX, rows, forecast={"source": "synthetic", "members": 3})


def told(path, over, *sets, **more):
    with pytest.raises(InputError) as caught:
        sim.sensitivity(path, over, sets, **more)
    for finding in caught.value.findings:
        assert finding.text("zh") != finding.text("en")
    return str(caught.value)


def lost(path, *sets):
    return sim.run(experiment.load(path, sets)).summary["curtailed_value_cny"].mean()


def test_every_sample_is_a_run_of_the_scenario(scenario):
    found = sim.sensitivity(scenario, OVER, samples=4)
    assert len(found.samples) == 4 * (2 + 1)
    assert set(found.samples["criteria.yellow.0.over"]) <= {150, 166.6666667, 183.3333333, 200}
    for row in found.samples.iloc[[0, 5]].to_dict("records"):
        sets = [f"{one.key}={one.written(row[one.key])}" for one in found.ranges]
        assert row["curtailed_value_cny"] == pytest.approx(lost(scenario, *sets), rel=1e-9)


def test_by_hand_the_effect_of_a_straight_key_is_its_whole_range(tmp_path):
    """One line stops as far as the policy asks at orange, in a straight line: the mean effect is the difference of both
    ends, the same everywhere; a key that does nothing has none."""
    path = write_world(tmp_path, INDEX, [line()], grading={"policy": "uniform", "yellow": 0, "orange": 0.1, "red": 0})
    over = ["grading.orange=0.1..0.5", "response.paper_hours=0..4"]
    found = sim.sensitivity(path, over, samples=4)
    table = found.table.set_index(["figure", "key"])
    whole = lost(path, "grading.orange=0.5") - lost(path, "grading.orange=0.1")
    assert whole > 0
    row = table.loc[("curtailed_value_cny", "grading.orange")]
    assert (row["mu"], row["mu_star"]) == pytest.approx((whole, whole), rel=1e-6)
    assert row["sigma"] == pytest.approx(0, abs=1e-6 * whole)
    assert not table.loc[("response_hours", "grading.orange"), list(MEASURES["morris"])].any()
    shares = sim.sensitivity(path, over, method="sobol", samples=64).table.set_index(["figure", "key"])
    one = shares.loc[("avoided_t", "grading.orange")]
    assert (one["S1"], one["ST"]) == pytest.approx((1, 1), abs=0.1)
    assert shares.loc[("heavy_days_missed", "grading.orange"), list(MEASURES["sobol"])].isna().all()  # no variance


def test_keys_of_whole_numbers_are_rounded(scenario):
    found = sim.sensitivity(scenario, ["response.paper_hours=0..4", "response.escalate=0..1"], samples=4)
    assert [one.whole for one in found.ranges] == [True, True]
    assert set(found.samples["response.paper_hours"]) <= {0, 1, 3, 4}
    assert set(found.samples["response.escalate"]) == {0, 1}


@pytest.mark.parametrize(("key", "wanted"), [
    ("response.lead_hours", float), ("response.paper_hours", int), ("criteria.yellow.0.over", float),
    ("grading.point", float), ("forecast.skill.spread", float), ("cities.here.totals.so2_kg_per_day", float),
    ("response.downgrade", bool), ("rules", str), ("response.nothing", None), ("nothing.at.all", None)])
def test_the_schema_knows_what_stands_at_a_key(key, wanted):
    assert type_at(Settings, key.split(".")) is wanted


def test_the_same_seed_gives_the_same_bytes_whoever_works(scenario):
    first, many, other = (sim.sensitivity(scenario, OVER, sets, samples=4, workers=count)
                          for sets, count in (((), 1), ((), 2), (("seed=7",), 1)))
    assert first.table.to_csv() == many.table.to_csv()
    assert first.samples.to_csv() == many.samples.to_csv() != other.samples.to_csv()


def test_variants_of_the_scenario_are_left_out(tmp_path):
    path = write_world(tmp_path, INDEX, variants={"other": {"rules": "mee2024"}})
    found = sim.sensitivity(path, OVER, samples=4)
    assert len(found.samples) == 12
    assert found.figures == ["heavy_days_missed", "response_hours"]  # no list


def test_all_faults_are_told_at_once(scenario):
    said = told(scenario, ["response.lead_hours=72..0", "response.leed=0..1", "compliance.share=0.5..1.5", "downgrade",
                           "seed=1..2", "response.downgrade=0..1", "response.lift_hours=24..x"], "seed=3", samples=2)
    for words in ("--over: response.lead_hours = '72..0': not a range", "response.leed: unknown key",
                  "--over: compliance.share", "not of the form KEY=LOW..HIGH",
                  "seed: the key is given by --set", "response.downgrade = '0..1': this key takes no number",
                  "response.lift_hours = '24..x'", "give at least 4"):
        assert words in said, said
    assert "nothing varies" in told(scenario, [])
    assert "two ranges" in told(scenario, [OVER[0], OVER[0]])
    assert "take one of 32, 64" in told(scenario, OVER, method="sobol", samples=50)
    assert "different numbers of members" in told(scenario, ["forecast.members=2..9"])


def test_without_the_extra_it_says_how_to_get_it(scenario, monkeypatch):
    monkeypatch.setattr("sim.sensitivities.find_spec", lambda name: None if name == "SALib" else importlib.util.find_spec(name))
    assert '".[sensitivity]"' in told(scenario, OVER)


@pytest.mark.parametrize(("lang", "method", "words"), [
    ("en", "morris", ("Length of response", "4 trajectories", "95% intervals")),
    ("zh", "sobol", ("响应时长", "占方差的份额", "基础样本 16 个"))])
def test_the_folder_of_the_command(scenario, tmp_path, lang, method, words):
    out = tmp_path / "out"
    typed = ["sensitivity", str(scenario), "--method", method, "--samples", "4" if method == "morris" else "16",
             "--members", "2", "--out", str(out), "--lang", lang, *(part for one in OVER for part in ("--over", one))]
    done = CliRunner().invoke(cli.cli, typed, catch_exceptions=False)
    assert done.exit_code == 0
    assert words[0] in done.output
    assert {path.name for path in out.iterdir()} == {"sensitivity.csv", "samples.csv", "report.html", "manifest.json"}
    page = (out / "report.html").read_text(encoding="utf-8")
    assert [word for word in words if word not in page] == []
    table = pd.read_csv(out / "sensitivity.csv")
    assert list(table.columns) == ["figure", "key", *MEASURES[method], "low", "high"]
    assert table["key"].tolist() == [one.partition("=")[0] for one in OVER] * 4
    samples = pd.read_csv(out / "samples.csv")
    assert len(samples) == (4 * 3 if method == "morris" else 16 * 4)
    assert CliRunner().invoke(cli.cli, typed, catch_exceptions=False).exit_code == 0  # an own folder is replaced


# ---------------------------------------------------------------- response.ramp_factor


def test_ramps_twice_as_long_are_those_of_a_list_that_says_so(tmp_path):
    once = [line(f"L{n}", ramp_down_h=4 * n, ramp_up_h=9 * n, **CUTS) for n in range(3)]
    path = write_world(tmp_path, INDEX, once)
    with_factor = {factor: lost(path, f"response.ramp_factor={factor}") for factor in (0, 1, 2)}
    assert with_factor[1] == lost(path)
    for factor in (0, 2):
        rows = [row | {"ramp_down_h": factor * row["ramp_down_h"], "ramp_up_h": factor * row["ramp_up_h"]} for row in once]
        write_list(tmp_path / "list.csv", rows)
        assert with_factor[factor] == lost(path)
    assert len(set(with_factor.values())) == 3


def test_by_hand_without_ramps_a_line_loses_its_share_of_the_hours_of_response(tmp_path):
    path = write_world(tmp_path, INDEX, [line(ramp_down_h=24, ramp_up_h=48, **CUTS)])
    row = sim.run(experiment.load(path, ["response.ramp_factor=0"])).summary.iloc[0]
    hours = np.array([row[f"hours_{level}"] for level in ("yellow", "orange", "red")], float)
    assert hours.sum() > 0
    assert row["curtailed_value_cny"] == pytest.approx(hours @ [0.2, 0.5, 1] * 24000 / 24)


def test_lists_of_runs_with_other_factors_stay_as_they_are(tmp_path):
    path = write_world(tmp_path, INDEX, [line(ramp_down_h=6, ramp_up_h=6, **CUTS)])
    found = sim.sweep(path, ["response.ramp_factor=0,1,2"])
    assert [float(v) for v in found.comparison["curtailed_value_cny"]] == pytest.approx(
        [lost(path, f"response.ramp_factor={factor}") for factor in (0, 1, 2)])
