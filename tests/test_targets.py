"""Air-quality targets: every number of every table beside the document's, means and counts by hand, what is not judged."""

import csv
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from worlds import write_world

import sim
from sim import page, scorecard, target_tables, targets
from sim.clock import Calendar
from sim.results import Results
from sim.vocab import Basis
from sim.winters import Generated, winters

# Written from the annexes of 阳政办发〔2020〕131号: months across, areas down.
PM25_2020 = """
            10  11  12  10-12
阳泉市      44  57  54  52
市中心      41  55  48  48
赛鱼        38  52  49  46
南庄        46  60  56  54
白羊墅      48  64  62  58
平坦        44  56  51  50
大阳泉      39  53  50  47
城区        42  56  51  49
矿区        41  54  50  48
开发区      48  64  62  58
郊区        45  54  52  51
平定县      50  58  55  55
盂县        37  55  51  49
"""
GOOD_DAYS_2020 = """
            10  11  12  10-11 10-12
阳泉市      23  23  25  46    71
城区        25  23  25  48    73
矿区        25  25  26  50    76
开发区      19  18  16  37    53
郊区        28  26  25  54    79
平定县      25  24  26  49    75
盂县        30  24  27  54    81
"""
OTHERS_2020 = {("阳泉市", "pm25_mean_ug_m3", "1-3"): ("<=", 77), ("阳泉市", "heavy_days", "1-3"): ("<=", 9)} | {
    (area, "heavy_days", "10-12"): ("<=", 1) for area in ("阳泉市", "城区", "矿区", "开发区", "郊区", "平定县", "盂县")}
STATIONS = {"市中心", "赛鱼", "南庄", "白羊墅", "平坦", "大阳泉"}


def block(text, target, relation):
    head, *lines = [line.split() for line in text.strip().splitlines()]
    return {(name, target, months): (relation, int(limit)) for name, *limits in lines
            for months, limit in zip(head, limits, strict=True)}


YANGQUAN_2020 = block(PM25_2020, "pm25_mean_ug_m3", "<=") | block(GOOD_DAYS_2020, "good_days", ">=") | OTHERS_2020
LATER = {
    "yangquan-2024": {("阳泉市", "pm25_mean_ug_m3", "year"): ("<=", 35), ("平定县", "composite_index", "year"): ("", None),
                      ("高新区", "composite_index", "year"): ("", None)},
    "yangquan-urban-2024": {("城区", "pm25_mean_ug_m3", "year"): ("<=", 35), ("城区", "composite_index", "year"): ("", None)},
    "taiyuan-2021": {("太原市", "good_days_share", "year"): (">", "year-before"),
                     ("太原市", "heavy_days", "year"): ("<", "year-before"),
                     ("太原市", "so2_mean_ug_m3", "year"): ("<=", 20), ("太原市", "no2_mean_ug_m3", "year"): ("<=", 40),
                     ("太原市", "composite_index", "year"): ("", None)},
}
CELLS = [(table, *key, *limit) for table, cells in ({"yangquan-2020": YANGQUAN_2020} | LATER).items()
         for key, limit in cells.items()]


@pytest.mark.parametrize(("table", "area", "target", "months", "relation", "limit"), CELLS)
def test_every_number_is_the_documents(table, area, target, months, relation, limit):
    (row,) = [row for row in target_tables.rows(table)
              if (row.name["zh"], row.target, row.months) == (area, target, months)]
    assert row.relation == relation
    assert row.year_before == (limit == "year-before")
    assert row.limit == limit if isinstance(limit, int) else np.isnan(row.limit)


@pytest.mark.parametrize("table", target_tables.table_names())
def test_a_table_holds_no_other_row_and_each_can_be_judged_and_cited(table):
    rows = target_tables.rows(table)
    assert {(table, r.name["zh"], r.target, r.months) for r in rows} == {cell[:4] for cell in CELLS if cell[0] == table}
    assert len(rows) == sum(cell[0] == table for cell in CELLS)
    for row in rows:
        assert row.target in targets.QUANTITIES
        assert targets.months_of(row.months)
        assert row.relation in targets.RELATIONS or row.relation == ""
        assert row.basis in (Basis.TEXT, Basis.READING)
        assert row.kind == ("city" if row.area == row.of else "station" if row.name["zh"] in STATIONS else "county")
        for words in (row.name, row.clause):
            assert words["zh"]
            assert words["en"].isascii()


def test_there_are_tables_of_four_documents_and_ninety_six_rows_of_the_winter_plan():
    assert set(target_tables.table_names()) == {"yangquan-2020", *LATER}
    assert len(target_tables.rows("yangquan-2020")) == 13 * 4 + 7 * 5 + 7 + 2 == 96
    assert {target_tables.head(name).document for name in target_tables.table_names()} == {
        "阳政办发〔2020〕131号", "阳政办发〔2024〕31号", "城政办发〔2024〕10号", "并政办发〔2021〕16号"}


def test_the_sums_of_good_days_close():
    by = {(r.area, r.months): r.limit for r in target_tables.rows("yangquan-2020") if r.target == "good_days"}
    for area in {area for area, _ in by}:
        assert by[area, "10"] + by[area, "11"] == by[area, "10-11"]
        assert by[area, "10-11"] + by[area, "12"] == by[area, "10-12"]


def test_the_citys_months_weighted_by_days_give_its_quarter():
    by = {r.months: r.limit for r in target_tables.rows("yangquan-2020")
          if r.target == "pm25_mean_ug_m3" and r.area == "yangquan"}
    mean = (31 * by["10"] + 30 * by["11"] + 31 * by["12"]) / 92
    assert round(mean, 1) == 51.6
    assert round(mean) == by["10-12"]


# ---------------------------------------------------------------- periods


@pytest.mark.parametrize(("words", "months"), [("10", (10, 10)), ("10-12", (10, 12)), ("10-3", (10, 3)), ("year", (1, 12)),
                                               ("13", None), ("0-3", None), ("Oct", None), ("1-2-3", None), ("", None)])
def test_months_are_read(words, months):
    assert targets.months_of(words) == months


@pytest.mark.parametrize(("months", "labels"), [
    ("10", ["2015-10", "2016-10"]), ("10-12", ["2015-10/2015-12", "2016-10/2016-12"]), ("1-3", ["2016-01/2016-03"]),
    ("10-3", ["2014-10/2015-03", "2015-10/2016-03", "2016-10/2017-03"]), ("year", ["2015", "2016"]), ("4", ["2016-04"])])
def test_every_time_that_the_months_meet_the_period_counts(months, labels):
    calendar = Calendar(date(2015, 2, 28) if months == "10-3" else date(2015, 10, 31), date(2016, 10, 1))
    assert [one.label for one in targets.spans(targets.months_of(months), calendar)] == labels


def test_february_of_a_leap_year_has_twenty_nine_days():
    assert [targets.span(year, 2, 2).days for year in (2015, 2016)] == [28, 29]
    assert targets.span(2015, 10, 3).days == 183
    assert targets.span(2015, 10, 3).year_before() == targets.span(2014, 10, 3)
    assert targets.span(2016, 1, 12).days == 366


# ---------------------------------------------------------------- quantities


def test_the_composite_index_by_hand():
    """Two days. CO: rank 1 + 0.95, 2 + 0.95 x 2 = 3.9 mg/m3; O3: 80 + 0.9 x 80 = 152 ug/m3."""
    days = {"so2_ug_m3": [20, 40], "no2_ug_m3": [20, 60], "pm10_ug_m3": [70, 140], "pm25_ug_m3": [35, 105],
            "co_mg_m3": [2, 4], "o3_8h_ug_m3": [160, 80]}
    found = targets.composite_index({name: np.array(values, float) for name, values in days.items()})
    assert found == pytest.approx(30 / 60 + 40 / 40 + 105 / 70 + 70 / 35 + 3.9 / 4 + 152 / 160)
    assert found == pytest.approx(6.925)


def test_a_city_at_all_its_limits_has_an_index_of_six():
    days = {name: np.full(5, float(limit)) for name, limit in targets.LEVEL_2.items()}
    assert targets.LEVEL_2 == {"so2_ug_m3": 60, "no2_ug_m3": 40, "pm10_ug_m3": 70, "pm25_ug_m3": 35, "co_mg_m3": 4,
                               "o3_8h_ug_m3": 160}
    assert targets.composite_index(days) == pytest.approx(6)


@given(st.lists(st.floats(0, 500), min_size=1, max_size=40), st.sampled_from([0.9, 0.95]))
def test_a_percentile_stands_between_the_two_ranks_of_the_formula(values, share):
    ranked, at = sorted(values), (len(values) - 1) * share
    low, high = ranked[int(at)], ranked[min(int(at) + 1, len(ranked) - 1)]
    assert targets.percentile(np.array(values), share) == pytest.approx(low + (high - low) * (at - int(at)))


@pytest.mark.parametrize(("name", "relation", "limit", "value", "missing", "met"), [
    ("pm25_mean_ug_m3", "<=", 52, 52.0, 0, True), ("pm25_mean_ug_m3", "<=", 52, 52.01, 0, False),
    ("pm25_mean_ug_m3", "<=", 52, 10.0, 1, None), ("heavy_days", "<=", 1, 1.0, 0, True),
    ("heavy_days", "<=", 1, 2.0, 40, False),  # broken already: the days to come cannot mend it
    ("heavy_days", "<=", 1, 1.0, 40, None), ("heavy_days", "<=", 9, 3.0, 6, True), ("heavy_days", "<=", 9, 3.0, 7, None),
    ("heavy_days", "<", 3, 3.0, 9, False), ("good_days", ">=", 23, 23.0, 5, True), ("good_days", ">=", 23, 18.0, 5, None),
    ("good_days", ">=", 23, 17.0, 5, False), ("good_days_share", ">", 0.6, 1.0, 5, None),
    ("good_days_share", ">", 0.6, 0.6, 0, False), ("heavy_days", "<", np.nan, 3.0, 0, None),
    ("pm25_mean_ug_m3", "<=", 52, np.nan, 0, None)])
def test_a_part_is_judged_only_where_the_rest_cannot_turn_it(name, relation, limit, value, missing, met):
    assert targets.met(targets.QUANTITIES[name], relation, limit, value, missing) is met


# ---------------------------------------------------------------- a world by hand


def series(path, start, rows, names=("pm25_ug_m3", "so2_ug_m3")):
    with path.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["date", *names])
        writer.writerows([(start + timedelta(days=day)).isoformat(), *values] for day, values in enumerate(rows))


def world(folder, start, rows, choice, city="yangquan", **keys):
    """One city whose days are given as concentrations; PM2.5 of 75 is an AQI of 100, 150 of 200, 151 of 201."""
    series(folder / "series.csv", start, rows)
    path = folder / "scenario.yaml"
    path.write_text(yaml.safe_dump({
        "period": {"start": start, "end": start + timedelta(days=len(rows) - 1)}, "rules": "mee2019", "grading": "none",
        "cities": {city: {"observed": "series.csv"}}, "targets": choice} | keys), encoding="utf-8")
    return path


def judged(path, **wanted):
    frame = sim.run(sim.load(path)).targets
    for column, value in wanted.items():
        frame = frame[frame[column] == value]
    return frame.set_index("period")


def test_means_and_counts_of_a_small_autumn(tmp_path):
    """October at 44, November at 75 and 76 by turns, December at 20 but for two days at 150 and three at 151."""
    rows = [(44, 0)] * 31 + [(75, 0), (76, 0)] * 15 + [(20, 0)] * 26 + [(150, 0)] * 2 + [(151, 0)] * 3
    path = world(tmp_path, date(2019, 10, 1), rows, "yangquan-2020")
    mean = judged(path, area="yangquan", target="pm25_mean_ug_m3")
    assert mean["value"].to_dict() == pytest.approx({
        "2019-10": 44, "2019-11": 75.5, "2019-12": (520 + 300 + 453) / 31,
        "2019-10/2019-12": (44 * 31 + 75.5 * 30 + 1273) / 92})
    assert mean["met"].to_dict() == {"2019-10": True, "2019-11": False, "2019-12": True, "2019-10/2019-12": False}
    assert mean["difference"]["2019-11"] == pytest.approx(18.5)
    good = judged(path, area="yangquan", target="good_days")
    assert good["value"].to_dict() == {"2019-10": 31, "2019-11": 15, "2019-12": 26, "2019-10/2019-11": 46,
                                       "2019-10/2019-12": 72}
    assert good["met"].to_dict() == {"2019-10": True, "2019-11": False, "2019-12": True, "2019-10/2019-11": True,
                                     "2019-10/2019-12": True}
    heavy = judged(path, target="heavy_days")
    assert set(heavy["value"]) == {3}  # 200 is not heavy, 201 is
    assert set(heavy["met"]) == {False}
    assert set(heavy["area"]) == {"yangquan", "chengqu", "kuangqu", "kaifaqu", "jiaoqu", "pingding", "yuxian"}
    saiyu = judged(path, area="saiyu")
    assert saiyu["met"].to_dict() == {"2019-10": False, "2019-11": False, "2019-12": True, "2019-10/2019-12": False}
    assert set(saiyu["measured_by"]) == {"yangquan"}


def test_a_period_in_part_shows_its_value_and_days_and_is_not_judged(tmp_path):
    rows = [(200, 0)] * 17 + [(40, 0)] * 30  # 15-31 October, November
    frame = judged(world(tmp_path, date(2019, 10, 15), rows, "yangquan-2020"), area="yangquan")
    october = frame[frame["target"] == "pm25_mean_ug_m3"].loc["2019-10"]
    assert (october["value"], october["days_covered"], october["days_in_period"]) == (200, 17, 31)
    assert october["met"] is None
    assert np.isnan(october["difference"])
    assert frame[frame["target"] == "pm25_mean_ug_m3"].loc["2019-11", "met"]
    good = frame[frame["target"] == "good_days"]
    assert good.loc["2019-10", "met"] is False  # no good day in 17: 14 more cannot make 23
    assert good.loc["2019-10/2019-11", "met"] is False  # 30, and 14 more at best, of 46
    assert good.loc["2019-10/2019-12", "met"] is None  # 30, and 45 more at best, of 71
    assert "2020-01/2020-03" not in frame.index


def test_the_year_before_is_the_limit_where_the_run_holds_it_whole(tmp_path):
    """2018: ten heavy days, SO2 21; 2019: nine, SO2 20; 2020: January only, already with ten."""
    rows = [(151, 21)] * 10 + [(30, 21)] * 355 + [(151, 20)] * 9 + [(30, 20)] * 356 + [(151, 5)] * 10 + [(30, 5)] * 21
    path = world(tmp_path, date(2018, 1, 1), rows, "taiyuan-2021", city="taiyuan")
    heavy = judged(path, target="heavy_days")
    assert heavy["met"].to_dict() == {"2018": None, "2019": True, "2020": False}
    assert heavy["limit"].to_dict() == pytest.approx({"2018": np.nan, "2019": 10, "2020": 9}, nan_ok=True)
    assert judged(path, target="good_days_share")["met"].to_dict() == {"2018": None, "2019": True, "2020": None}
    assert judged(path, target="so2_mean_ug_m3")["met"].to_dict() == {"2018": False, "2019": True, "2020": None}
    assert judged(path, target="no2_mean_ug_m3")["value"].isna().all()  # the series has none
    assert judged(path, target="composite_index")["met"].isna().all()


def test_an_area_with_a_series_of_its_own_is_held_against_it(tmp_path):
    start = date(2019, 10, 1)
    path = world(tmp_path, start, [(60, 0)] * 31, "yangquan-2020")
    series(tmp_path / "own.csv", start, [(10, 0)] * 31)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("cities:\n", "cities:\n  pd: {observed: own.csv, name: {en: Pingding, zh: 平定县}}\n"),
                    encoding="utf-8")
    frame = judged(path, target="pm25_mean_ug_m3").loc["2019-10"].set_index("area")
    assert frame.loc["pingding", ["measured_by", "value", "met"]].tolist() == ["pd", 10, True]
    assert frame.loc["yuxian", ["measured_by", "value", "met"]].tolist() == ["yangquan", 60, False]


def test_own_targets_stand_beside_a_table_and_a_table_may_be_held_against_another_city(tmp_path):
    own = [{"table": "yangquan-2020", "of": "here"}, {"target": "heavy_days", "months": "10-3", "limit": 2},
           {"area": "Gate 5", "target": "pm25_mean_ug_m3", "months": "10", "relation": "<", "limit": 44}]
    path = world(tmp_path, date(2019, 10, 1), [(44, 0)] * 31, own, city="here")
    frame = sim.run(sim.load(path)).targets
    assert set(frame["measured_by"]) == {"here"}
    mine = frame[frame["table"] == ""].set_index("target")
    assert mine.loc["heavy_days", ["area", "period", "limit", "days_covered", "days_in_period"]].tolist() == [
        "here", "2019-10/2020-03", 2, 31, 183]
    assert mine.loc["heavy_days", "met"] is None
    assert mine.loc["pm25_mean_ug_m3", ["area", "relation", "met", "basis"]].tolist() == ["Gate 5", "<", False, "assumed"]


def test_a_series_that_cannot_measure_is_pointed_out_and_left_open(tmp_path):
    path = write_world(tmp_path, [100] * 31, start=date(2019, 10, 1), targets=[{"table": "yangquan-2020", "of": "here"}])
    scenario = sim.load(path)
    assert [doubt.code for doubt in scenario.doubts] == ["targets.unmeasured"]
    frame = sim.run(scenario).targets.set_index("target")
    assert frame.loc["pm25_mean_ug_m3", "met"].isna().all()
    assert set(frame.loc["pm25_mean_ug_m3", "days_covered"]) == {0}
    assert set(frame.loc["good_days"].query("period == '2019-10'")["value"]) == {31}


def test_targets_are_set_from_outside_and_vary(tmp_path):
    path = world(tmp_path, date(2019, 10, 1), [(44, 0)] * 31, "yangquan-2024",
                 variants={"strict": {"targets": [{"target": "pm25_mean_ug_m3", "months": "10", "limit": 43}]}})
    frame = sim.run(sim.load(path)).targets
    assert frame.groupby("run")["met"].apply(list).to_dict() == {"base": [None] * 3, "strict": [False]}
    assert set(sim.run(sim.load(path, ["targets=yangquan-2020"])).targets["table"]) == {"yangquan-2020"}


# ---------------------------------------------------------------- the folder and the page


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("targets")
    rows = [(40, 10)] * 31 + [(80, 10)] * 30 + [(160, 10)] * 31 + [(60, 10)] * 15
    path = world(folder, date(2019, 10, 1), rows, ["yangquan-2020", {"target": "heavy_days", "months": "year", "limit": 9}],
                 variants={"later": {"rules": "mee2024"}})
    return sim.run(sim.load(path))


def test_the_table_is_written_with_its_columns(results, tmp_path):
    sim.report(results, tmp_path / "out")
    frame = pd.read_csv(tmp_path / "out" / "targets.csv", keep_default_na=False)
    wanted = ["run", "member", "area", "target", "period", "value", "limit", "met", "relation", "difference", "measured_by",
              "days_covered", "days_in_period", "clause", "basis"]
    assert set(wanted) <= set(frame.columns)
    assert set(frame["met"]) == {"True", "False", ""}
    assert frame.loc[0, "clause"] == "阳政办发〔2020〕131号: annex 1, part 1"
    assert (tmp_path / "out" / "reduction_targets.csv").is_file()


@pytest.mark.parametrize(("lang", "words"), [
    ("en", ["Air-quality targets", "computes no concentrations", "15 of 91 days", "As in run", "Jan-Mar 2020"]),
    ("zh", ["空气质量目标完成情况", "不计算浓度变化", "91天中的15天", "相同", "2020年1月-3月", "市中心"])])
def test_the_page_tells_what_was_reached_and_by_how_much(results, lang, words):
    shown = page.render(Results(results.scenario, results.runs, lang))
    assert [word for word in words if word not in shown] == []
    frame = results.targets[results.targets["run"] == "base"]
    counts = (frame["met"].eq(True).sum(), frame["met"].eq(False).sum(), frame["met"].isna().sum())
    section = scorecard.score(Results(results.scenario, results.runs, lang), results.runs[0])
    assert (section["met"], section["missed"], section["open"]) == counts
    assert shown.count('class="score"') == len(section["blocks"])


def generated(folder, winters, limit, lang="en"):
    """The section of a run whose days are generated, with one target: the mean of PM2.5 in November."""
    path = folder / "scenario.yaml"
    path.write_text(yaml.safe_dump({
        "period": {"start": date(2019, 11, 1), "end": date(2019, 11, 30)}, "rules": "mee2019", "grading": "none",
        "cities": {"here": {"observed": {"generate": "yangquan", "winters": winters}}},
        "targets": [{"target": "pm25_mean_ug_m3", "months": "11", "limit": limit}]}), encoding="utf-8")
    found = sim.run(sim.load(path), lang=lang)
    return scorecard.score(found, found.runs[0]), page.render(found)


def test_generated_winters_are_shown_as_their_mean_and_in_how_many_a_target_is_reached(tmp_path):
    days = winters(Generated(generate="yangquan", winters=3), Calendar(date(2019, 11, 1), date(2019, 11, 30)), "here", 1)
    low, middle, high = sorted(days.mean(axis=0))
    for limit, state, reached in ((low - 1, "missed", 0), ((middle + high) / 2, "mixed", 2), (high + 1, "met", 3)):
        section, shown = generated(tmp_path, 3, float(limit))
        assert {one: section[one] for one in scorecard.COLOUR} == dict.fromkeys(scorecard.COLOUR, 0) | {state: 1}
        (block,) = section["blocks"]
        (group,) = block["groups"]
        assert group["observed"][0]["value"] == f"{(low + middle + high) / 3:.1f}"
        cell = group["areas"][0]["cells"][0]
        assert (cell["state"], cell["winters"]) == (state, f"{reached} of 3")
        assert "Generated days, not measured ones; winters: 3" in shown
        assert "those that really were" not in shown
    assert "随机生成" in generated(tmp_path, 3, 75, "zh")[1]


def test_one_generated_winter_is_shown_as_it_is(tmp_path):
    (value,) = winters(Generated(generate="yangquan"), Calendar(date(2019, 11, 1), date(2019, 11, 30)), "here", 1).mean(axis=0)
    section, shown = generated(tmp_path, 1, float(value) + 1)
    assert (section["met"], section["judged"]) == (1, 1)
    assert section["blocks"][0]["groups"][0]["areas"][0]["cells"][0]["winters"] == ""
    assert "Generated days, not measured ones; winters: 1" in shown


def test_a_run_without_targets_has_no_section(tmp_path):
    shown = page.render(sim.run(sim.load(write_world(tmp_path, [50] * 5))))
    assert "Air-quality targets" not in shown


@pytest.mark.parametrize(("label", "en", "zh"), [
    ("2015-10", "Oct 2015", "2015年10月"), ("2015-10/2015-12", "Oct-Dec 2015", "2015年10月-12月"),
    ("2015-10/2016-03", "Oct 2015-Mar 2016", "2015年10月-2016年3月"), ("2016", "2016", "2016年")])
def test_periods_are_said_in_words(label, en, zh):
    assert (scorecard.period(label, "en"), scorecard.period(label, "zh")) == (en, zh)


def test_figures_are_written_as_the_field_does():
    assert scorecard.number(46.5, "pm25_mean_ug_m3", sign=True) == "+46.5"
    assert scorecard.number(-9, "good_days", sign=True) == "−9"
    assert scorecard.number(0, "good_days", sign=True) == "0"
    assert scorecard.number(0.637, "good_days_share") == "63.7%"
    assert scorecard.number(9.291, "composite_index") == "9.29"
    assert scorecard.number(np.nan, "heavy_days") == "-"
