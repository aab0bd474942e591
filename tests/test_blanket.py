"""Measures against blanket stopping, by hand on small worlds."""

import numpy as np
import pytest
from worlds import line, write_world

import sim
from sim.regret import by_day as by_day_of

CUTS = {"yellow_cut": 0.25, "orange_cut": 0.5, "red_cut": 1}
INDEX = [100] * 5 + [210] * 3 + [100] * 4


def value_by_day(run):
    """CNY not made on each day in each city, first member."""
    return by_day_of(run)[-1][:, 0]


def test_by_hand_a_slow_return_falls_on_clean_days(tmp_path):
    """Orange on days 5 to 7 takes 12,000 of 24,000 CNY a day at once; the way back takes 24 h from midnight of day 8:
    half of half a day's load, 6,000 CNY, on a clean day."""
    results = sim.run(sim.load(write_world(tmp_path, INDEX, [line("L", ramp_up_h=24, **CUTS)])))
    by_day = value_by_day(results.runs[0])[:, 0]
    assert by_day.tolist() == pytest.approx([0] * 5 + [12_000] * 3 + [6_000] + [0] * 3)
    row = results.measures.iloc[0]
    assert row["clean_day_value_share"] == pytest.approx(6 / 42)
    assert (row["response_hours"], row["hours_beyond_need"]) == (72, 0)
    assert row["best_grades_lines"] == 1
    assert row["best_grades_hours_lost"] == pytest.approx(36 + 6)
    assert row["cny_per_tonne"] == row["cny_per_tonne_B"] == pytest.approx(24_000 / (24 + 48 + 12 + 6) * 1000)
    assert np.isnan(row["cny_per_tonne_C"])


def test_by_hand_a_false_alarm_is_all_beyond_need(tmp_path):
    """Three days of 210 are told on the eve and come true on the first only; the warning lifts when that is seen."""
    index = [100] * 5 + [210] + [100] * 6
    told = {(day, lead): index[day + lead] for day in range(12) for lead in range(1, 8) if day + lead < 12}
    told |= {(day, target - day): 210 for day in range(5) for target in (5, 6, 7) if 1 <= target - day <= 7}
    results = sim.run(sim.load(write_world(tmp_path, index, [line("L", **CUTS)], told=told)))
    row = results.measures.iloc[0]
    assert (row["response_hours"], row["hours_beyond_need"]) == (24, 0)  # seen on the first evening: lifts at midnight
    told |= {(5, 1): 210}
    row = sim.run(sim.load(write_world(tmp_path, index, [line("L", **CUTS)], told=told))).measures.iloc[0]
    assert (row["response_hours"], row["hours_beyond_need"]) == (44, 20)  # seen a day later: lifts at 16:00 and 4 h of paper
    assert row["clean_day_value_share"] == pytest.approx(20 / 44)


def test_the_lowest_threshold_in_force_says_which_days_are_clean(tmp_path):
    """A day of 160 is clean under 200 and dirty under 150."""
    index = [100] * 5 + [210, 160, 210, 210] + [100] * 4
    path = write_world(tmp_path, index, [line("L", **CUTS)])
    results = sim.run(sim.load(path))  # the gap of one day is bridged: orange over four days
    assert results.measures["hours_beyond_need"].item() == 24
    assert results.measures["clean_day_value_share"].item() == pytest.approx(1 / 4)
    assert sim.run(sim.load(path, ["rules=mee2024"])).measures["hours_beyond_need"].item() == 0


@pytest.mark.parametrize("sets", [[], ["compliance.share=0.5"], ["response.preadjust=true"], ["response.escalate=1"]])
def test_the_days_add_up_to_the_account(tmp_path, sets):
    index = [100] * 3 + [210] * 3 + [100] * 2 + [210] * 4 + [100] * 2 + [320] * 4 + [220] * 3
    rows = [line(f"L{n}", ramp_down_h=n * 7, ramp_up_h=n * 11, **CUTS) for n in range(9)]
    results = sim.run(sim.load(write_world(tmp_path, index, rows, variants={"new": {"rules": "mee2024"}}), sets))
    for run in results.runs:
        by_day = value_by_day(run)
        assert by_day.sum() == pytest.approx(run.accounts[0].curtailed_value_cny.sum(), rel=1e-12)
        assert (by_day >= -1e-9).all()


def test_cities_are_kept_apart_and_added_up(tmp_path):
    path = write_world(tmp_path, INDEX, [line("L", **CUTS)])
    alone = sim.run(sim.load(path)).measures.iloc[0]
    path.write_text(path.read_text().replace(
        "cities:", "cities:\n  there: {observed: series.csv, enterprises: list.csv}"))
    both = sim.run(sim.load(path))
    assert value_by_day(both.runs[0]).sum(axis=0).tolist() == [36_000, 36_000]
    row = both.measures.iloc[0]
    assert row["response_hours"] == 2 * alone["response_hours"]
    assert row["cny_per_tonne"] == pytest.approx(alone["cny_per_tonne"])


def test_a_quiet_winter_and_a_run_without_a_list_have_no_ratios(tmp_path):
    quiet = sim.run(sim.load(write_world(tmp_path, [50] * 8, [line("L", **CUTS)]))).measures.iloc[0]
    assert (quiet["response_hours"], quiet["best_grades_hours_lost"]) == (0, 0)
    assert np.isnan(quiet["clean_day_value_share"]) and np.isnan(quiet["cny_per_tonne"])
    bare = sim.run(sim.load(write_world(tmp_path, INDEX))).measures.iloc[0]
    assert bare["response_hours"] == 72
    assert np.isnan(bare["best_grades_lines"])


@pytest.mark.parametrize(("lang", "words"), [("en", "Against blanket stopping"), ("zh", "一律关停")])
def test_the_report_shows_them(tmp_path, lang, words):
    results = sim.run(sim.load(write_world(tmp_path, INDEX, [line("L", ramp_up_h=24, **CUTS)])), lang)
    page = sim.report(results, tmp_path / "out").read_text(encoding="utf-8")
    assert words in page
    assert "14.3%" in page
