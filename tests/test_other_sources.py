"""Sources outside the list: read in both languages, cut by level, counted into the whole society."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from worlds import line, write_world

import sim
from sim import rulebook, society
from sim.errors import Findings
from sim.files import read_table
from sim.other_measures import names, other_measures
from sim.other_sources import sources_of
from sim.vocab import ASKING_LEVELS, Basis, Pollutant, Source

INDEX = [100] * 3 + [210] * 2 + [100] * 4 + [210] * 3 + [100] * 2
"""Two days of yellow, three of orange."""
HEADER = "source,county,so2_kg_per_day,nox_kg_per_day,pm_kg_per_day,voc_kg_per_day,yellow_cut,orange_cut,red_cut\n"
ROWS = """heavy trucks,,9,191,14,0,,,
construction dust,,0,0,100,0,,,
road dust,,0,0,24,0,0.1,0.5,
residential heating,,30,10,20,5,,,
"""
TRAFFIC = {"bans": "taiyuan-2021", "fleet": {"china4": 0.5, "china6": 0.4, "new_energy": 0.1}, "listed_share": 1}


def write(folder: Path, index, rows=ROWS, lines=None, totals=None, **keys) -> Path:
    path = write_world(folder, index, lines, **keys)
    (folder / "other.csv").write_text(HEADER + rows, encoding="utf-8")
    scenario = yaml.safe_load(path.read_text(encoding="utf-8"))
    scenario["cities"]["here"] |= {"other_sources": "other.csv"} | ({"totals": totals} if totals else {})
    path.write_text(yaml.safe_dump(scenario, allow_unicode=True), encoding="utf-8")
    return path


def avoided(results, pollutant):
    return results.other_sources.query("pollutant == @pollutant").set_index("source")


def test_kilograms_are_shares_times_hours_of_response(tmp_path):
    """Dust: 20 % for two days and 60 % for three of 100 kg are 220; road dust by its own cuts 24 x (0.2 + 1.5) = 40.8."""
    results = sim.run(sim.load(write(tmp_path, INDEX)))
    pm = avoided(results, "pm")
    assert pm["avoided_kg"].to_dict() == pytest.approx(
        {"heavy-trucks": 0, "construction-dust": 220, "road-dust": 40.8, "residential-heating": 0})
    assert pm["avoided_assumed_kg"].to_dict() == pytest.approx(
        {"heavy-trucks": 0, "construction-dust": 220, "road-dust": 0, "residential-heating": 0})
    assert pm["baseline_kg"]["construction-dust"] == 1400
    assert (results.other_sources["baseline_kg"] - results.other_sources["avoided_kg"]).to_numpy() == pytest.approx(
        results.other_sources["actual_kg"].to_numpy())


def test_trucks_lose_what_the_banned_stages_emit(tmp_path):
    """Three days of orange: 175 of 191 kg of NOx, 10 of 14 of PM, 5 of 9 of SO2; nothing at yellow."""
    results = sim.run(sim.load(write(tmp_path, INDEX, lines=[line("L", trucks_per_day=20)], transport=TRAFFIC)))
    kg = {p: avoided(results, p)["avoided_kg"]["heavy-trucks"] for p in ("so2", "nox", "pm")}
    assert kg == pytest.approx({"so2": 15, "nox": 525, "pm": 30})
    assert avoided(results, "nox")["avoided_assumed_kg"]["heavy-trucks"] == pytest.approx(525)


def test_clean_freight_and_traffic_that_serves_no_list_keep_their_trucks(tmp_path):
    """200 clean and 200 other trips of ten large users, half of the traffic. Per trip of NOx 0.32 and 1.91 parts; orange
    takes 1.75 of the latter: 0.25 x 1.75 of 0.25 x 0.32 + 0.75 x 1.91."""
    lines = [line("clean", trucks_per_day=200), *(line(f"L{i}", trucks_per_day=20) for i in range(10))]
    results = sim.run(sim.load(write(tmp_path, INDEX, lines=lines, transport=TRAFFIC | {"listed_share": 0.5})))
    share = 0.25 * 1.75 / (0.25 * 0.32 + 0.75 * 1.91)
    assert avoided(results, "nox")["avoided_kg"]["heavy-trucks"] == pytest.approx(3 * 191 * share)


def test_escalated_response_takes_the_higher_levels_share(tmp_path):
    results = sim.run(sim.load(write(tmp_path, INDEX, response={"escalate": 1})))
    assert avoided(results, "pm")["avoided_kg"]["construction-dust"] == pytest.approx(100 * (0.6 * 2 + 0.9 * 3))
    assert avoided(results, "pm")["avoided_kg"]["residential-heating"] == 0


def test_the_whole_society_is_list_and_other_sources_unless_totals_are_given(tmp_path):
    """NOx: 48 of the line, 201 of the others. Asked at orange: 24 of the line, 175 of the trucks."""
    lines = [line("L", trucks_per_day=20, orange_cut=0.5)]
    results = sim.run(sim.load(write(tmp_path, INDEX, lines=lines, transport=TRAFFIC)))
    world = results.runs[0].world
    assert society.whole_society_kg_per_day(world, "here") == {"so2": 63, "nox": 249, "pm": 170, "voc": 11}
    row = results.reduction_targets.query("level == 'orange' and pollutant == 'nox'").iloc[0]
    assert row[["asked_kg_per_day", "asked_other_kg_per_day", "listed_kg_per_day", "total_kg_per_day"]].tolist() == (
        pytest.approx([199, 175, 48, 249]))
    assert row["share"] == pytest.approx(199 / 249)
    given = sim.run(sim.load(write(tmp_path, INDEX, lines=lines, transport=TRAFFIC, totals={"nox_kg_per_day": 1000})))
    assert society.whole_society_kg_per_day(given.runs[0].world, "here") == {"so2": 63, "nox": 1000, "pm": 170, "voc": 11}


def test_the_summary_has_the_same_sums(tmp_path):
    results = sim.run(sim.load(write(tmp_path, INDEX, lines=[line("L", trucks_per_day=20)], transport=TRAFFIC)))
    row = results.summary.iloc[0]
    for pollutant, kg in results.other_sources.groupby("pollutant")["avoided_kg"].sum().items():
        assert row[f"avoided_other_{pollutant}_kg"] == pytest.approx(kg)
    assert row["trips_banned"] == pytest.approx(results.trucks["trips_banned"].sum()) == pytest.approx(30)


def test_a_total_below_what_is_listed_is_pointed_out(tmp_path):
    for total, doubts in ((200, 1), (249, 0)):
        scenario = sim.load(write(tmp_path, INDEX, lines=[line("L")], totals={"nox_kg_per_day": total}))
        assert [doubt.code for doubt in scenario.doubts].count("sources.above_totals") == doubts


def test_other_sources_alone_are_no_whole_society(tmp_path):
    results = sim.run(sim.load(write(tmp_path, INDEX)))
    assert set(society.whole_society_kg_per_day(results.runs[0].world, "here").values()) == {None}
    assert results.targets.empty


def test_lines_are_the_same_with_and_without_other_sources(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    lines = [line("L", trucks_per_day=20, orange_cut=0.5)]
    plain = sim.run(sim.load(write_world(tmp_path / "a", INDEX, lines)))
    both = sim.run(sim.load(write(tmp_path / "b", INDEX, lines=lines, transport=TRAFFIC)))
    assert plain.lines.equals(both.lines)
    assert plain.other_sources.empty


def test_two_cities_have_their_own_hours_and_counties_stay_apart(tmp_path):
    path = write(tmp_path, INDEX, rows="road dust,east,0,0,24,0,1,1,1\nroad dust,west,0,0,48,0,1,1,1\n")
    scenario = yaml.safe_load(path.read_text(encoding="utf-8"))
    (tmp_path / "clear.csv").write_text("date,aqi\n" + "\n".join(
        f"2019-11-{day:02d},50" for day in range(1, len(INDEX) + 1)), encoding="utf-8")
    scenario["cities"] = {"clear": {"observed": "clear.csv", "other_sources": "other.csv"}, **scenario["cities"]}
    path.write_text(yaml.safe_dump(scenario), encoding="utf-8")
    table = sim.run(sim.load(path)).other_sources.query("pollutant == 'pm'").set_index(["city", "county"])["avoided_kg"]
    assert table.to_dict() == {("clear", "east"): 0, ("clear", "west"): 0, ("here", "east"): 120, ("here", "west"): 240}


def test_chinese_headers_units_and_words_are_read():
    findings = Findings()
    table, _ = read_table(Path(__file__).parent / "bad" / "good" / "sources.csv", findings)
    read = sources_of(table, 0, findings)
    assert findings.errors == []
    assert read.source == (Source.ROAD_DUST, Source.RESIDENTIAL_HEATING)
    assert read.emission[list(Pollutant).index(Pollutant.SO2)].tolist() == [0, 1000]
    assert read.own_cut[1, 0] == 0.3
    assert np.isnan(read.own_cut[[0, 2], 0]).all()


@pytest.mark.parametrize("name", names())
def test_every_source_has_a_measure_at_every_level_and_homes_none(name):
    rules = other_measures(name)
    assert set(rules) == {(source, level) for source in Source for level in ASKING_LEVELS}
    for (source, _), rule in rules.items():
        assert rule.cite in rulebook.citations()
        assert all(rule.words.values())
        if source is Source.RESIDENTIAL_HEATING:
            assert (rule.share, rule.basis) == (0, Basis.TEXT)
        elif rule.share:
            assert rule.basis is Basis.ASSUMED  # no document gives a figure


@pytest.mark.parametrize("city", ["yangquan", "taiyuan", "jincheng"])
def test_the_script_makes_the_very_files_that_stand_here(root, city, tmp_path):
    sys.path.insert(0, str(root / "scenarios" / "sources"))
    import make_sources

    make_sources.main(tmp_path)
    assert (tmp_path / f"{city}.csv").read_bytes() == (root / "scenarios" / "sources" / f"{city}.csv").read_bytes()


def test_jincheng_comes_to_its_inventory_and_its_mobile_part_of_nox(root):
    others = pd.read_csv(root / "scenarios" / "sources" / "jincheng.csv").set_index("source")
    listed = pd.read_csv(root / "enterprises" / "jincheng.csv").query("control != 'long-closed'")
    for pollutant, tonnes in {"so2": 43736, "nox": 54522, "pm": 46276, "voc": 35912}.items():
        column = f"{pollutant}_kg_per_day"
        assert others[column].min() >= 0
        assert others[column].sum() + listed[column].sum() == pytest.approx(tonnes * 1000 / 366, abs=1)
    mobile = others.loc[["light-vehicles", "heavy-trucks", "non-road-machines"], "nox_kg_per_day"].sum()
    assert mobile / (54522e3 / 366) == pytest.approx(0.297, abs=1e-4)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_shows_sources_trucks_and_their_documents(tmp_path, lang):
    from sim import page

    lines = [line("L", trucks_per_day=20)]
    results = sim.run(sim.load(write(tmp_path, INDEX, lines=lines, transport=TRAFFIC)), lang)
    shown = page.render(results)
    for words in {"en": ("heavy trucks", "Trips banned", "earthworks"), "zh": ("中重型货车", "停驶车次", "土石方")}[lang]:
        assert words in shown
    assert "并政办发〔2021〕16号" in shown
