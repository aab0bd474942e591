"""What each warning took from whole-society emissions while it was in force, against the edition's target."""

import pytest
import yaml
from worlds import line, write_areas, write_world

from sim import api, experiment

TWO = [80] * 5 + [230] * 3 + [80] * 3 + [230] * 2 + [80] * 7  # orange on days 5 to 7, yellow on days 11 and 12


def per_warning(folder, rows, totals, index=TWO, **keys):
    """{period: {target: row}} of the city `here`."""
    path = write_world(folder, index, rows, **({"cities": {"here": {
        "observed": "series.csv", "enterprises": "list.csv", "totals": totals}}} | keys))
    found = api.run(experiment.load(path)).targets
    found = found[found["target"].str.startswith("reduction_")]
    return {period: part.set_index("target").to_dict("index") for period, part in found.groupby("period", sort=False)}


def test_every_warning_has_its_share_against_the_target_of_its_level(tmp_path):
    found = per_warning(tmp_path, [line(yellow_cut=0.1, orange_cut=0.5)], {"nox_kg_per_day": 96, "so2_kg_per_day": 96})
    assert list(found) == ["2019-11-06T00:00/2019-11-09T00:00", "2019-11-12T00:00/2019-11-14T00:00"]
    orange, yellow = found.values()
    # 48 of 96 kg of NOx a day are the line's: half of them 25 %, a tenth 5 %; of 24 kg of SO2 12.5 % and 2.5 %
    assert orange["reduction_nox_share"]["value"] == pytest.approx(0.25)
    assert orange["reduction_so2_share"]["value"] == pytest.approx(0.125)
    assert yellow["reduction_nox_share"]["value"] == pytest.approx(0.05)
    assert [row["limit"] for row in (orange["reduction_nox_share"], yellow["reduction_nox_share"])] == [0.2, 0.1]
    assert (orange["reduction_nox_share"]["met"], orange["reduction_so2_share"]["met"]) == (True, False)
    assert orange["reduction_nox_share"]["difference"] == pytest.approx(0.05)
    assert (orange["reduction_nox_share"]["note"], yellow["reduction_nox_share"]["note"]) == ("orange", "yellow")
    assert "reduction_pm_share" not in orange  # no total, no share


def test_a_city_with_a_total_and_nothing_to_cut_is_not_judged(tmp_path):
    path = write_areas(tmp_path, {"a": (TWO, [line("a", orange_cut=0.5)]), "b": (TWO, None)})
    scenario = yaml.safe_load(path.read_text(encoding="utf-8"))
    for city in scenario["cities"].values():
        city["totals"] = {"nox_kg_per_day": 96}
    path.write_text(yaml.safe_dump(scenario), encoding="utf-8")
    found = api.run(experiment.load(path))
    assert set(found.targets["area"]) == {"a"}
    assert set(found.reduction_targets["city"]) == {"a"}


def test_the_way_down_counts_and_the_way_back_up_does_not(tmp_path):
    rows = [line(orange_cut=0.5, ramp_down_h=6, ramp_up_h=12)]
    orange = next(iter(per_warning(tmp_path, rows, {"nox_kg_per_day": 96}).values()))
    assert orange["reduction_nox_share"]["value"] == pytest.approx((72 - 3) * 0.5 / 24 * 48 / (96 * 3))


def test_a_warning_that_rises_is_held_against_its_highest_level(tmp_path):
    index = [80] * 5 + [230] * 5 + [80] * 5
    told = {(day, lead): index[day + lead] if day >= 5 or day + lead < 7 else 80  # until day 5 only two heavy days: yellow
            for day in range(15) for lead in range(1, 8) if day + lead < 15}
    found = per_warning(tmp_path, [line(yellow_cut=0.1, orange_cut=0.5)], {"nox_kg_per_day": 96}, index, told=told)
    (row,) = (rows["reduction_nox_share"] for rows in found.values())
    assert (row["limit"], row["note"]) == (0.2, "orange")
    # yellow from hour 120, orange from 136 + 4 to the end of day 9 at 240
    assert row["value"] == pytest.approx((20 * 0.1 + 100 * 0.5) / 24 * 48 / (96 * 5))


def test_areas_are_told_apart_and_a_city_without_a_total_has_no_rows(tmp_path):
    areas = {"a": (TWO, [line("a", yellow_cut=0.1, orange_cut=0.5)]), "b": (TWO, [line("b", orange_cut=1)])}
    path = write_areas(tmp_path, areas)
    listed, with_total = "enterprises: a-list.csv", "enterprises: a-list.csv\n    totals: {nox_kg_per_day: 96}"
    path.write_text(path.read_text(encoding="utf-8").replace(listed, with_total), encoding="utf-8")
    found = api.run(experiment.load(path)).targets
    found = found[found["target"].str.startswith("reduction_")]
    assert set(found["area"]) == {"a"}
    assert found["value"].tolist() == [pytest.approx(0.25), pytest.approx(0.05)]
