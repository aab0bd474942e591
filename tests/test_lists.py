"""The lists of the project: made by their script, calibrated as their page says, without a real firm."""

import csv
import sys

import numpy as np
import pandas as pd
import pytest

from sim import rulebook
from sim.errors import Findings
from sim.files import read_table
from sim.grading import Choice, ask
from sim.population import list_of
from sim.vocab import Pollutant

CITIES = ["yangquan", "taiyuan", "jincheng"]
LINKED = [f"linked-{city}" for city in ("xinzhou", "lvliang", "jinzhong", "yangquan", "linfen", "yuncheng")]
LISTS = [*CITIES, "zezhou", "yangquan-urban", "taiyuan-2021", *LINKED]
CLASSES = {"normal", "livelihood", "heating", "service", "exempt", "small-micro", "non-compliant", "long-closed"}


def lines_of(root, name):
    return pd.read_csv(root / "enterprises" / f"{name}.csv")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The script, run anew."""
    from conftest import ROOT

    sys.path.insert(0, str(ROOT / "enterprises"))
    import make_lists

    folder = tmp_path_factory.mktemp("lists")
    make_lists.main(folder)
    return folder


@pytest.mark.parametrize("city", LISTS)
def test_the_script_makes_the_very_list_that_stands_here(made, root, city):
    assert (made / f"{city}.csv").read_bytes() == (root / "enterprises" / f"{city}.csv").read_bytes()


@pytest.mark.parametrize("city", LISTS)
def test_a_list_is_without_a_finding_and_says_that_it_is_synthetic(root, city):
    findings = Findings()
    table, _ = read_table(root / "enterprises" / f"{city}.csv", findings)
    people = list_of(table, city, findings)
    assert findings.all == []
    assert all(name.startswith("虚构") for name in people.enterprise_name)
    assert all(key.startswith("SYN-") for key in people.enterprise_id)


@pytest.mark.parametrize("city", CITIES)
def test_a_city_has_several_counties(root, city):
    assert lines_of(root, city)["county"].nunique() >= 5


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
    assert set(lines["control"]) == CLASSES
    assert lines[["yellow_cut", "orange_measure"]].notna().any().all()
    assert (lines.groupby("enterprise_id").size() > 1).any()
    assert (lines["min_load"] > 0).any()
    assert (lines["ramp_down_h"] > 0).any()


def test_zezhou_is_that_county_of_jincheng_to_the_byte(root):
    (head, *all_of_jincheng), (same_head, *zezhou) = (
        (root / "enterprises" / f"{name}.csv").read_text(encoding="utf-8").splitlines() for name in ("jincheng", "zezhou"))
    assert head == same_head
    assert zezhou == [line for line in all_of_jincheng if line.split(",")[2] == "泽州县"]


def test_zezhou_has_the_lines_its_plan_of_2020_speaks_of_save_coking(root):
    lines = lines_of(root, "zezhou")
    assert set(lines["control"]) == CLASSES
    assert {"A", "B", "C", "D", "leading", "non-leading", "ungraded"} == set(lines["grade"])
    assert {"integrated-steel", "foundry", "mining"} <= set(lines["industry"])
    assert "coking" not in set(lines["industry"])  # Jincheng's one coking firm lies in another county
    assert lines[lines["control"] == "non-compliant"].groupby("enterprise_id").size().max() >= 3
    assert (lines[lines["grade"] == "D"]["min_load"] > 0).any()


def test_the_urban_district_has_small_firms_of_the_industries_its_plan_names(root):
    lines = lines_of(root, "yangquan-urban")
    assert set(lines["county"]) == {"城区"}
    assert {"refractories", "ceramics", "coal-washing", "printing"} <= set(lines["industry"])
    assert (lines["process"] == "汽修喷漆").sum() >= 24
    assert lines["enterprise_id"].nunique() >= 40
    assert set(lines["control"]) == CLASSES
    whole_city = lines_of(root, "yangquan")
    for industry in ("refractories", "ceramics", "coal-washing", "printing"):
        assert (lines[lines["industry"] == industry]["output_per_day"].median()
                < whole_city[whole_city["industry"] == industry]["output_per_day"].median())


@pytest.mark.parametrize("name", LINKED)
def test_a_linked_area_is_of_a_size_and_mix_to_be_used(root, name):
    lines = lines_of(root, name)
    assert 120 <= len(lines) <= 400
    assert {"normal", "heating", "livelihood", "small-micro", "exempt", "non-compliant", "long-closed"} <= set(lines["control"])
    assert {"B", "C", "D", "leading", "non-leading", "ungraded"} <= set(lines["grade"])
    assert {"foundry", "cement", "refractories", "coal-washing", "thermal-power"} <= set(lines["industry"])
    assert lines["enterprise_id"].str.startswith("SYN-L").all()


def test_the_linked_areas_are_30_counties_and_share_no_line_with_another_list(root):
    assert sum(lines_of(root, name)["county"].nunique() for name in LINKED) == 30
    ids = pd.concat([lines_of(root, name)["line_id"] for name in [*CITIES, "yangquan-urban", *LINKED]])
    assert ids.is_unique


def test_everything_about_the_linked_areas_and_the_district_is_marked_as_assumed(root):
    for table in ("mix", "calibration"):
        rows = pd.read_csv(root / "enterprises" / f"{table}.csv")
        new = rows[rows["city"].isin([*LINKED, "yangquan-urban", "taiyuan-2021"])]
        assert len(new) > 0
        assert set(new["basis"]) == {"assumed"}


def test_taiyuan_2021_is_taiyuan_with_12_firms_of_small_cupolas_and_the_freight_of_power_plants(root):
    before, after = (lines_of(root, name) for name in ("taiyuan", "taiyuan-2021"))
    differing = [column for column in before if not before[column].equals(after[column])]
    assert differing == ["process", "trucks_per_day"]
    small = after["process"] == "cupola-small"
    assert (small.sum(), after[small]["enterprise_id"].nunique()) == (17, 12)
    assert set(before[small]["process"]) == {"冲天炉"}
    assert set(after[before["process"].eq("冲天炉") & ~small]["process"]) == {"冲天炉"}
    assert set(after[before["trucks_per_day"].isna() & after["trucks_per_day"].notna()]["industry"]) == {"thermal-power"}


def test_some_firms_of_taiyuan_2021_carry_more_than_1_5_mt_a_year(root):
    lines = lines_of(root, "taiyuan-2021")
    freight_t = lines.groupby(["industry", "enterprise_id"])["trucks_per_day"].sum() * 30 * 365
    heavy = set(freight_t[freight_t >= 1.5e6].reset_index()["industry"])
    assert {"integrated-steel", "coking", "thermal-power", "cement"} <= heavy
    assert (freight_t < 1.5e6).any()


def test_small_cupolas_change_nothing_that_the_guide_asks_of_taiyuan(root):
    asked = []
    for name in ("taiyuan", "taiyuan-2021"):
        findings = Findings()
        table, _ = read_table(root / "enterprises" / f"{name}.csv", findings)
        asked.append(ask(list_of(table, "taiyuan", findings), Choice(rulebook.policy("guide-2020")), findings))
    assert np.array_equal(asked[0].output, asked[1].output)
    assert np.array_equal(asked[0].assumed, asked[1].assumed)


@pytest.mark.parametrize("blanks", [1, 2, 5])
@pytest.mark.parametrize("from_row", [0, 1, 40])
def test_empty_columns_on_the_right_as_spreadsheets_write_them_are_no_fault(root, tmp_path, blanks, from_row):
    path = root / "enterprises" / "yangquan-urban.csv"
    rows = path.read_text(encoding="utf-8-sig").splitlines()
    given = tmp_path / "list.csv"
    given.write_text("\n".join(row + "," * blanks * (at >= from_row) for at, row in enumerate(rows)), encoding="utf-8")
    findings = Findings()
    table, known = read_table(given, findings)[0], read_table(path, findings)[0]
    assert not findings.faults
    assert table.cells.equals(known.cells)
    assert (table.rows == known.rows).all()
