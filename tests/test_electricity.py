"""Differential electricity price: kilowatt-hours that are still used, times the surcharge of the grade."""

import pytest
from worlds import line, write_world

from sim import api, experiment
from sim.electricity import intensity_kwh_per_cny
from sim.errors import InputError

HEAVY = [80] * 5 + [230] * 3 + [80] * 12  # an orange warning on days 5 to 7 of twenty
PRICES = {"surcharge_cny_per_kwh": {"A": -0.01, "C": 0.03}}


def table(folder, rows, **keys):
    found = api.run(experiment.load(write_world(folder, HEAVY, rows, **({"electricity": PRICES} | keys))))
    return found.electricity.set_index("grade")


def test_the_intensities_are_those_of_the_table():
    assert intensity_kwh_per_cny()["coking"] == 0.025
    assert "*" in intensity_kwh_per_cny()


def test_a_surcharge_is_paid_on_what_runs_and_a_grade_without_a_price_pays_none(tmp_path):
    found = table(tmp_path, [line("c", grade="C", orange_cut=0.5), line("b", grade="B")])
    # 24,000 CNY a day at 0.025 kWh are 600 kWh; half of three days is not run
    assert found.loc["C", "used_kwh"] == pytest.approx(600 * 18.5)
    assert found.loc["C", "surcharge_cny"] == pytest.approx(600 * 18.5 * 0.03)
    assert found.loc["B", "used_kwh"] == pytest.approx(600 * 20)
    assert found.loc["B", "surcharge_cny"] == 0


def test_a_negative_surcharge_is_a_rebate(tmp_path):
    assert table(tmp_path, [line(grade="A")]).loc["A", "surcharge_cny"] == pytest.approx(-600 * 20 * 0.01)


def test_an_industry_without_an_intensity_takes_that_of_the_others(tmp_path):
    known = intensity_kwh_per_cny()
    assert "furniture" not in known
    found = table(tmp_path, [line(grade="C", industry="furniture")])
    assert found["used_kwh"].tolist() == [pytest.approx(24000 * 20 * known["*"])]


def test_an_enterprise_that_moves_up_pays_by_its_new_grade_from_that_day(tmp_path):
    found = table(tmp_path, [line("c", grade="C", enterprise_id="E")],
                  events=[{"date": "2019-11-05", "event": "grade", "enterprise": "E", "to": "B"}])
    assert found.loc["C", "surcharge_cny"] == pytest.approx(600 * 4 * 0.03)
    assert found.loc["B", "used_kwh"] == pytest.approx(600 * 16)
    assert found.loc["B", "surcharge_cny"] == 0


def test_what_a_season_holds_back_uses_no_electricity(tmp_path):
    found = table(tmp_path, [line(grade="C")], seasons="taiyuan-2021")  # coking of grade C at half its output
    assert found.loc["C", "used_kwh"] == pytest.approx(600 * 20 * 0.5)


def test_without_prices_there_is_no_table(tmp_path):
    assert api.run(experiment.load(write_world(tmp_path, HEAVY, [line()]))).electricity.empty


def test_a_price_beyond_one_yuan_is_told(tmp_path):
    with pytest.raises(InputError, match="surcharge_cny_per_kwh"):
        experiment.load(write_world(tmp_path, HEAVY, [line()], electricity={"surcharge_cny_per_kwh": {"C": 30}}))
