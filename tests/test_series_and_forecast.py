"""Series and forecasts: which rows are read, what a source says, members."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from worlds import write_world

import sim
from sim import experiment
from sim.clock import Calendar
from sim.errors import Findings
from sim.files import Table
from sim.forecast import CLEAN, forecast_of, perfect, persistence
from sim.series import city_words, series_of

CALENDAR = Calendar(date(2019, 11, 1), date(2019, 11, 4))


def table(text):
    rows = [row.split(",") for row in text.split()]
    return Table("file.csv", pd.DataFrame(rows[1:], columns=rows[0]), np.arange(2, len(rows) + 1))


def test_the_city_column_selects_by_key_or_chinese_name():
    given = table("城市,日期,PM2.5 阳泉,2019-11-01,10 太原市,2019-11-01,20 taiyuan,2019/11/2,21 "
                  "太原,20191103,22 太原,2019年11月4日,23")
    series = series_of(given, CALENDAR, "taiyuan", city_words("taiyuan", {"zh": "太原市"}), Findings())
    assert series.values["pm25_ug_m3"].tolist() == [20, 21, 22, 23]


def test_days_outside_the_period_are_not_read_not_even_their_faults():
    given = table("date,aqi 2019-10-31,x 2019-11-02,2 2019-11-01,1 2019-11-03,3 2019-11-04,4 2019-11-05,")
    findings = Findings()
    assert series_of(given, CALENDAR, "c", frozenset("c"), findings).values["aqi"].tolist() == [1, 2, 3, 4]
    assert not findings.all


def test_concentrations_win_over_a_given_index_and_it_is_told():
    given = table("date,aqi,pm25_ug_m3 2019-11-01,300,35 2019-11-02,300,35 2019-11-03,300,35 2019-11-04,300,35")
    findings = Findings()
    series = series_of(given, CALENDAR, "c", frozenset("c"), findings)
    assert series.daily_index(CALENDAR, None, "aqi").aqi.tolist() == [50, 50, 50, 50]
    assert [f.code for f in findings.doubts] == ["series.both"]


def test_an_edition_that_goes_by_pm25_refuses_concentrations_without_it(tmp_path):
    path = write_world(tmp_path, [100] * 5, rules="mee2024")
    (tmp_path / "series.csv").write_text("date,pm10_ug_m3\n" + "\n".join(f"2019-11-0{d},80" for d in range(1, 6)))
    with pytest.raises(sim.InputError, match="mee2024 goes by PM2.5"):
        experiment.load(path)


def test_perfect_and_persistence_know_only_days_of_the_period():
    observed = np.array([[1.0], [2.0], [3.0]])
    assert perfect(observed, 2)(0)[:, 0].tolist() == [2, 3]
    assert perfect(observed, 2)(2)[:, 0].tolist() == [CLEAN, CLEAN]
    assert persistence(observed, 3)(1)[:, 0].tolist() == [2, CLEAN, CLEAN]


FULL = "issue_date,lead_day,aqi " + " ".join(
    f"2019-11-0{d},{lead},{100 * d + lead}" for d in range(1, 5) for lead in (1, 2) if d + lead <= 4)


def test_a_forecast_file_is_laid_out_by_issue_lead_member_and_city():
    told = forecast_of(table(FULL), CALENDAR, 2, {"a": frozenset("a"), "b": frozenset("b")}, Findings())
    assert told.values.shape == (4, 2, 1, 2)
    assert told.values[0, :, 0, 0].tolist() == [101, 102]
    assert told.values[2, :, 0, 1].tolist() == [301, CLEAN]
    assert told.issue()(0).shape == (2, 2)


def test_rows_before_the_period_past_the_horizon_and_after_its_end_are_not_read():
    more = FULL + " 2019-10-31,1,9 2019-11-01,9,9 2019-11-04,1,900"
    told = forecast_of(table(more), CALENDAR, 2, {"a": frozenset("a")}, Findings())
    assert told.values[3].ravel().tolist() == [CLEAN, CLEAN]


def test_members_run_side_by_side_and_numbers_sort_as_numbers(tmp_path):
    index = [100] * 5 + [210] * 3 + [100] * 4
    told = {(d, lead): index[d + lead] for d in range(12) for lead in range(1, 8) if d + lead < 12}
    path = write_world(tmp_path, index, told=told)
    rows = (tmp_path / "forecast.csv").read_text().splitlines()
    with_members = [rows[0] + ",member"]
    with_members += [f"{row},{m}" for row in rows[1:] for m in (10, 2)]
    blind = [row.rsplit(",", 1)[0] + ",100,7" for row in rows[1:]]
    (tmp_path / "forecast.csv").write_text("\n".join(with_members + blind))
    result = sim.run(experiment.load(path))
    assert result.summary["member"].tolist() == ["2", "7", "10"]
    assert result.summary["hours_orange"].tolist() == [72, 0, 72]
    assert result.warnings["member"].unique().tolist() == ["2", "10"] or set(result.warnings["member"]) == {"2", "10"}
    assert len(result.days) == 36


def test_a_short_horizon_is_told(tmp_path):
    scenario = experiment.load(write_world(tmp_path, [100] * 5), ["forecast.horizon_days=1"])
    assert "forecast.short" in {d.code for d in scenario.doubts}


@pytest.mark.parametrize("written", ["2019-11", "2019.11", "201911", "2019111", "2019-11/02", "19-11-02"])
def test_dates_that_could_be_read_two_ways_are_refused(written):
    given = table(f"date,aqi 2019-11-01,1 {written},2 2019-11-03,3 2019-11-04,4")
    findings = Findings()
    assert series_of(given, CALENDAR, "c", frozenset("c"), findings) is None
    assert "cell.date" in {f.code for f in findings.errors}


def test_faults_of_rows_that_are_not_read_do_not_stop_a_run():
    rows = [row + ",a" for row in FULL.split()[1:]]
    given = "issue_date,lead_day,aqi,city " + " ".join([*rows, "2019-10-30,1,,a", "not-a-day,x,y,b", "2019-11-01,9,,a"])
    findings = Findings()
    assert forecast_of(table(given), CALENDAR, 2, {"a": frozenset("a")}, findings) is not None
    assert findings.all == []


def test_a_city_is_known_with_and_without_its_suffix():
    words = city_words("阳泉市", {"en": "Yangquan", "zh": "阳泉市"})
    given = table("城市,date,aqi 阳泉,2019-11-01,1 阳泉市,2019-11-02,2 Yangquan,2019-11-03,3 阳泉,2019-11-04,4")
    assert series_of(given, CALENDAR, "阳泉市", words, Findings()).values["aqi"].tolist() == [1, 2, 3, 4]
