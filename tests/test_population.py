"""The list: any header, encoding and width of digit that a planner may use; every fault found."""

import numpy as np
import pytest
from worlds import LIST_HEADER, line, write_list

from sim.errors import Findings, InputError
from sim.files import read_table
from sim.measures import patterns, read_measure
from sim.population import join, list_of
from sim.vocab import Control, Grade, Pollutant

ZH = {"enterprise_id": "统一社会信用代码", "enterprise": "企业名称", "county": "县区", "industry": "行业", "grade": "绩效等级",
      "control": "管控类别", "line_id": "生产线编号", "process": "工序", "product": "产品", "output_unit": "单位",
      "output_per_day": "日产量", "output_value_cny_per_day": "日产值(元)", "so2_kg_per_day": "二氧化硫日排放量",
      "nox_kg_per_day": "氮氧化物日排放量(kg)", "pm_kg_per_day": "颗粒物日排放量", "voc_kg_per_day": "挥发性有机物日排放量",
      "ramp_down_h": "停产时长", "ramp_up_h": "复产时长", "min_load": "最低负荷", "trucks_per_day": "日运输车次",
      "yellow_cut": "黄色减排比例", "orange_cut": "橙色减排比例", "red_cut": "红色减排比例",
      "yellow_measure": "黄色预警减排措施", "orange_measure": "橙色预警减排措施", "red_measure": "红色预警减排措施"}


def read(path, city="here"):
    findings = Findings()
    table, _ = read_table(path, findings)
    people = list_of(table, city, findings) if table else None
    findings.raise_errors()
    return people, findings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_headers_words_and_encodings_are_read(tmp_path, encoding):
    row = line("线1", industry="焦化", grade="B级", control="小微", county="盂县", enterprise="虚构焦化厂",
               process="5.5米捣固")
    path = write_list(tmp_path / "清单 2020.csv", [{ZH[k]: v for k, v in row.items()}], list(ZH.values()), encoding)
    people, _ = read(path)
    assert people.industries[people.industry[0]] == "coking"
    assert list(Grade)[people.grade[0]] == "B"
    assert list(Control)[people.control[0]] is Control.SMALL_MICRO
    assert people.processes[people.process[0]] == "5.5m-stamped"
    assert people.enterprise_name[0] == "虚构焦化厂"


@pytest.mark.parametrize("written", ["cupola-small", "10吨/小时以下冲天炉", "冲天炉(10吨/小时以下)", "Cupola below 10 t/h"])
def test_a_small_cupola_is_known_by_its_names(tmp_path, written):
    people, findings = read(write_list(tmp_path / "list.csv", [line("L", industry="铸造", grade="C", process=written)]))
    assert people.processes[people.process[0]] == "cupola-small"
    assert findings.all == []


def test_an_unknown_process_is_pointed_out_only_where_grading_rules_tell_processes_apart(tmp_path):
    rows = [line("L", industry="铸造", grade="C", process="中频炉"), line("M", industry="水泥", grade="C", process="包装")]
    _, findings = read(write_list(tmp_path / "list.csv", rows))
    assert [(f.code, f.value) for f in findings.all] == [("list.process", "包装")]


@pytest.mark.parametrize(("written", "read_as"), [("１２．５", 12.5), ("1,234.5", 1234.5), (" 7 ", 7), ("1e2", 100)])
def test_numbers_are_read_as_people_write_them(tmp_path, written, read_as):
    people, _ = read(write_list(tmp_path / "list.csv", [line("L", so2_kg_per_day=written)]))
    assert people.emission[list(Pollutant).index(Pollutant.SO2), 0] == read_as


def test_a_share_may_be_written_in_percent(tmp_path):
    people, _ = read(write_list(tmp_path / "list.csv", [line("L", orange_cut="30%")]))
    assert people.own_cut[1, 0] == pytest.approx(0.3)
    assert np.isnan(people.own_cut[[0, 2], 0]).all()


def test_blank_rows_are_passed_over_and_rows_are_counted_as_a_spreadsheet_does(tmp_path):
    path = write_list(tmp_path / "list.csv", [line("L"), line("M", nox_kg_per_day="x")])
    path.write_text(path.read_text().replace("\r\n", "\n").replace("\nE-M", "\n\nE-M"))
    with pytest.raises(InputError) as caught:
        read(path)
    assert [f.place for f in caught.value.findings] == ["4"]


def test_a_long_closed_line_has_a_baseline_of_nothing(tmp_path):
    people, _ = read(write_list(tmp_path / "list.csv", [line("L", control="long-closed")]))
    assert people.emission.sum() == people.output.sum() == people.value.sum() == 0


def test_optional_columns_may_be_missing(tmp_path):
    wanted = ["enterprise_id", "enterprise", "industry", "grade", "line_id", "product", "output_unit", "output_per_day",
              "output_value_cny_per_day", "so2_kg_per_day", "nox_kg_per_day", "pm_kg_per_day", "voc_kg_per_day"]
    rows = [{name: value for name, value in line("L").items() if name in wanted}]
    people, _ = read(write_list(tmp_path / "list.csv", rows, wanted))
    assert people.ramp_down_h[0] == people.min_load[0] == 0
    assert list(Control)[people.control[0]] is Control.NORMAL


def test_a_column_that_is_nearly_one_of_ours_is_pointed_out(tmp_path):
    path = write_list(tmp_path / "list.csv", [line("L")])
    path.write_text(path.read_text().replace("min_load", "min_laod"))
    _, findings = read(path)
    assert [f.code for f in findings.doubts] == ["table.unused"]


def test_a_falling_own_plan_is_pointed_out_not_refused(tmp_path):
    _, findings = read(write_list(tmp_path / "list.csv", [line("L", yellow_cut=0.5, orange_cut=0.2)]))
    assert [f.code for f in findings.doubts] == ["list.falls"]


def test_lists_of_several_cities_keep_their_own_firms_and_counties(tmp_path):
    one, _ = read(write_list(tmp_path / "a.csv", [line("L", county="甲", process="p")]), "a")
    two, _ = read(write_list(tmp_path / "b.csv", [line("L", county="乙", process="q"), line("M", county="甲")]), "b")
    people = join([one, two])
    assert [people.cities[c] for c in people.city] == ["a", "b", "b"]
    assert [people.counties[c] for c in people.county] == ["甲", "乙", "甲"]
    assert [people.processes[c] for c in people.process] == ["p", "q", ""]
    assert len(set(people.enterprise.tolist())) == 3


@pytest.mark.parametrize("row", patterns(), ids=lambda row: row["example"])
def test_every_known_phrase_reads_as_its_example_says(row):
    assert read_measure(row["example"]) == pytest.approx(float(row["reads_as"]))


@pytest.mark.parametrize(("words", "share"), [
    ("停产；禁止使用国四及以下重型载货车辆运输", 1), ("限产３０％", 0.3), ("生产负荷降至60%以下", 0.4), ("限产30%，停产", None),
    ("酌情处理", None), ("限产130%", None), ("国四车辆禁行", None), ("停产部分工序", None)])
def test_phrases_are_read_whole_or_not_at_all(words, share):
    assert read_measure(words) == (pytest.approx(share) if share is not None else None)


@pytest.mark.parametrize(("header", "cell", "read_as"), [
    ("氮氧化物日排放量(吨)", "0.05", 50), ("氮氧化物日排放量（kg/日）", "50", 50),
    ("氮氧化物日排放量(磅)", "50", None)])
def test_a_unit_in_the_header_is_converted_or_refused(tmp_path, header, cell, read_as):
    path = write_list(tmp_path / "list.csv", [line("L", nox_kg_per_day=cell)])
    path.write_text(path.read_text(encoding="utf-8").replace("nox_kg_per_day", header), encoding="utf-8")
    if read_as is None:
        with pytest.raises(InputError):
            read(path)
    else:
        assert read(path)[0].emission[1, 0] == pytest.approx(read_as)


def test_output_value_in_ten_thousands_and_shares_in_percent_are_converted(tmp_path):
    path = write_list(tmp_path / "list.csv", [line("L", output_value_cny_per_day="2.5", orange_cut="30", output_per_day="7")])
    text = path.read_text(encoding="utf-8").replace("output_value_cny_per_day", "日产值(万元)")
    path.write_text(text.replace("orange_cut", "橙色减排比例(%)").replace("output_per_day", "日产量(吨)"), encoding="utf-8")
    people, _ = read(path)
    assert people.value[0] == 25_000
    assert people.own_cut[1, 0] == pytest.approx(0.3)
    assert people.output[0] == 7


@pytest.mark.parametrize("written", ["1,5", "1,23", "1_000", "12,34,567", "1.2.3", "--"])
def test_numbers_that_could_be_read_two_ways_are_refused(tmp_path, written):
    with pytest.raises(InputError, match="not a number"):
        read(write_list(tmp_path / "list.csv", [line("L", so2_kg_per_day=written)]))


def test_blank_headers_and_old_line_ends_are_read(tmp_path):
    path = write_list(tmp_path / "list.csv", [line("L"), line("M")], [*LIST_HEADER])
    text = path.read_text(encoding="utf-8").replace("trucks_per_day", "").replace("county", "")
    path.write_bytes("\r".join(text.splitlines()).encode())
    assert len(read(path)[0]) == 2


def test_findings_stand_in_one_order(tmp_path):
    rows = [line(f"L{n}", orange_measure=f"酌情{n}") for n in range(20)]
    with pytest.raises(InputError) as caught:
        read(write_list(tmp_path / "list.csv", rows))
    assert [f.place for f in caught.value.findings] == [str(n) for n in range(2, 22)]
