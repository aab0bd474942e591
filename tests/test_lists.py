"""The lists of the project: made by their script, calibrated as their page says, without a real firm."""

import csv
import sys

import pandas as pd
import pytest

from sim.errors import Findings
from sim.files import read_table
from sim.population import list_of
from sim.vocab import Pollutant

CITIES = ["yangquan", "taiyuan", "jincheng"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The script, run anew."""
    from conftest import ROOT

    sys.path.insert(0, str(ROOT / "enterprises"))
    import make_lists

    folder = tmp_path_factory.mktemp("lists")
    make_lists.main(folder)
    return folder


@pytest.mark.parametrize("city", CITIES)
def test_the_script_makes_the_very_list_that_stands_here(made, root, city):
    assert (made / f"{city}.csv").read_bytes() == (root / "enterprises" / f"{city}.csv").read_bytes()


@pytest.mark.parametrize("city", CITIES)
def test_a_list_is_without_a_finding_and_says_that_it_is_synthetic(root, city):
    findings = Findings()
    table, _ = read_table(root / "enterprises" / f"{city}.csv", findings)
    people = list_of(table, city, findings)
    assert findings.all == []
    assert all(name.startswith("虚构") for name in people.enterprise_name)
    assert all(key.startswith("SYN-") for key in people.enterprise_id)
    assert len(people.counties) >= 5


def test_taiyuan_has_the_firms_and_grades_of_december_2020(root):
    firms = pd.read_csv(root / "enterprises" / "taiyuan.csv").drop_duplicates("enterprise_id")
    assert len(firms) == 1598
    assert firms["grade"].value_counts()[["A", "B", "leading"]].tolist() == [1, 11, 1]


def test_yangquan_has_at_most_160_refractory_firms_and_yuxian_39(root):
    firms = pd.read_csv(root / "enterprises" / "yangquan.csv").drop_duplicates("enterprise_id")
    refractories = firms[firms["industry"] == "refractories"]
    assert len(refractories) == 160
    assert (refractories["county"] == "盂县").sum() == 39


def test_jincheng_holds_its_part_of_the_inventory(root):
    with (root / "enterprises" / "calibration.csv").open(encoding="utf-8") as lines:
        known = {(r["city"], r["what"]): float(r["value"]) for r in csv.DictReader(lines)}
    lines = pd.read_csv(root / "enterprises" / "jincheng.csv")
    running = lines[lines["control"] != "long-closed"]
    for pollutant in Pollutant:
        wanted = known["jincheng", f"{pollutant}_total"] * known["jincheng", f"{pollutant}_listed_share"] * 1000 / 365
        assert running[f"{pollutant}_kg_per_day"].sum() == pytest.approx(wanted, rel=1e-3)
    assert (lines["county"] == "泽州县").any()


@pytest.mark.parametrize("city", CITIES)
def test_the_list_has_every_kind_of_line_that_rules_speak_of(root, city):
    lines = pd.read_csv(root / "enterprises" / f"{city}.csv")
    assert {"normal", "livelihood", "heating", "service", "exempt", "small-micro", "non-compliant", "long-closed"} == set(
        lines["control"])
    assert lines[["yellow_cut", "orange_measure"]].notna().any().all()
    assert (lines.groupby("enterprise_id").size() > 1).any()
    assert (lines["min_load"] > 0).any()
    assert (lines["ramp_down_h"] > 0).any()
