"""Runs side by side: the grid, its names and findings, the frame and its columns, equal tonnes, the page."""

import json
import re

import pandas as pd
import pytest
from test_cli import call
from worlds import line, write_world

import sim
from sim import comparison_page, experiment, reading
from sim.grid import split_values
from sim.vocab import Pollutant

INDEX = [100] * 5 + [210] * 3 + [100] * 4 + [160] * 2 + [100] * 3
ROWS = [line("L1", grade="A"), line("L2", industry="cement", process="clinker", grade="C", ramp_down_h=12, ramp_up_h=24),
        line("L3", industry="foundry", grade="D", min_load=0.25)]
CONTRACT = ["warnings_yellow", "warnings_orange", "warnings_red", "hours_yellow", "hours_orange", "hours_red",
            "avoided_so2_kg", "avoided_nox_kg", "avoided_pm_kg", "avoided_voc_kg", "avoided_assumed_share",
            "curtailed_value_cny"]


@pytest.fixture
def scenario(tmp_path):
    return write_world(tmp_path, INDEX, ROWS, grading="guide-2020")


def findings(*args):
    with pytest.raises(sim.InputError) as raised:
        experiment.load(*args)
    return {(f.code, f.key) for f in raised.value.findings}


# ---------------------------------------------------------------- the grid


@pytest.mark.parametrize(("listed", "values"), [
    ("150,175", ["150", "175"]), ("a,{b: 1, c: 2},d", ["a", "{b: 1, c: 2}", "d"]), ("[1, [2, 3]],4", ["[1, [2, 3]]", "4"]),
    ("'a,b',c", ["'a,b'", "c"]), ("", [""]), ("a,,b", ["a", "", "b"]), (" a , b ", ["a", "b"])])
def test_values_are_split_at_commas_outside_brackets_and_quotes(listed, values):
    assert split_values(listed) == values


def test_every_run_is_run_for_every_combination_of_values(scenario):
    text = scenario.read_text() + "variants: {late: {response.paper_hours: 8}}\n"
    scenario.write_text(text)
    worlds = experiment.load(scenario, (), ["rules=mee2019,mee2024", "criteria.yellow.0.over=150,200"]).worlds
    assert [world.run.name for world in worlds] == [
        f"{variant}rules={rules}, criteria.yellow.0.over={over}" for variant in ("", "late, ")
        for rules in ("mee2019", "mee2024") for over in (150, 200)]
    assert [world.settings.criteria["yellow"][0].over for world in worlds] == [150, 200] * 4
    assert worlds[2].settings.criteria["yellow"][1].over == 150  # the rest is the edition's own


def test_the_file_comes_first_then_the_variant_then_vary_then_set(scenario):
    scenario.write_text(scenario.read_text() + "variants: {v: {response.lead_hours: 48, response.paper_hours: 8, seed: 7}}\n")
    loaded = experiment.load(scenario, ["seed=9"], ["response.lead_hours=12,36"])
    settings = [world.settings for world in loaded.worlds]
    assert [(s.response.lead_hours, s.response.paper_hours, s.seed) for s in settings] == [
        (12, 4, 9), (36, 4, 9), (12, 8, 9), (36, 8, 9)]
    assert [(c.key, c.old, c.new, c.given) for c in loaded.worlds[2].run.changes][3] == (
        "response.lead_hours", "48", "12", "--vary")


def test_a_file_named_by_many_runs_is_read_once(scenario, tmp_path, monkeypatch):
    (tmp_path / "more").mkdir()
    other = tmp_path / "more" / "other.yaml"
    other.write_text(scenario.read_text().replace("series.csv", "../series.csv").replace("list.csv", "../list.csv"))
    read, plain = [], reading.read_table
    monkeypatch.setattr(reading, "read_table", lambda path, found: read.append(path.name) or plain(path, found))
    loaded = experiment.load([scenario, other], (), ["rules=mee2019,mee2024,bj2015"])
    assert sorted(read) == ["list.csv", "series.csv"]
    assert len(loaded.worlds) == 6
    assert set(loaded.inputs) == {"scenario.yaml", "other.yaml", "series.csv", "list.csv"}


def test_runs_of_several_scenarios_bear_their_names_even_where_two_files_are_called_alike(scenario, tmp_path):
    (tmp_path / "b").mkdir()
    other = write_world(tmp_path / "b", INDEX, ROWS, grading="guide-2020")
    loaded = experiment.load([scenario, other], (), ["seed=1,2"])
    names = [world.run.name for world in loaded.worlds]
    assert names[2:] == ["b/scenario, seed=1", "b/scenario, seed=2"]
    assert len(set(names)) == 4
    assert len(loaded.inputs) == 6


def test_a_run_that_equals_an_earlier_one_is_left_out_and_told(scenario):
    scenario.write_text(scenario.read_text() + "variants: {new: {rules: mee2024}}\n")
    loaded = experiment.load(scenario, (), ["rules=mee2019,mee2024"])
    assert [world.run.name for world in loaded.worlds] == ["rules=mee2019", "rules=mee2024"]
    assert [doubt.key for doubt in loaded.doubts if doubt.code == "runs.same"] == ["new, rules=mee2019", "new, rules=mee2024"]


@pytest.mark.parametrize(("vary", "overrides", "code"), [
    (["rules"], [], "vary.syntax"), (["=a,b"], [], "vary.syntax"), (["rules="], [], "vary.empty"),
    (["rules=mee2019,,mee2024"], [], "vary.empty"), (["seed=1,1"], [], "vary.value_twice"),
    (["seed=1", "seed=2"], [], "vary.key_twice"), (["seed=1,2"], ["seed=3"], "vary.also_set"),
    (["grading.yellow=0.1,0.2"], ["grading={policy: uniform, yellow: 0, orange: 0, red: 0}"], "vary.also_set"),
    (["seed=" + ",".join(map(str, range(15))), "response.lead_hours=" + ",".join(map(str, range(14)))], [], "vary.sweep"),
    (["response.leed_hours=1,2"], [], "key.unknown"), (["nothing.here=1,2"], [], "override.path"),
    (["rules=mee2019,mee2091"], [], "rules.unknown"), (["response.lead_hours=a,b"], [], "value.number"),
    (["grading={policy: uniform,guide-2020"], [], "yaml.syntax")])
def test_a_faulty_grid_is_told(scenario, vary, overrides, code):
    assert code in {found for found, _ in findings(scenario, overrides, vary)}


def test_faults_of_grid_and_scenario_are_told_at_once(scenario):
    scenario.write_text(scenario.read_text().replace("grading:", "grdaing: x\ngrading:"))
    found = {code for code, _ in findings([scenario, scenario], ["seed=1"], ["seed=1,2", "rules=", "title=a,a"])}
    assert {"vary.also_set", "vary.empty", "vary.value_twice", "runs.twice", "key.unknown"} <= found


def test_two_hundred_runs_are_a_comparison_and_more_are_a_sweep(scenario):
    seeds = ",".join(map(str, range(100)))
    assert len(experiment.load(scenario, (), [f"seed={seeds}", "response.lead_hours=24,48"]).worlds) == 200
    assert ("vary.sweep", "") in findings(scenario, (), [f"seed={seeds},100", "response.lead_hours=24,48"])


def test_runs_of_two_cities_or_periods_are_pointed_out(scenario, tmp_path):
    loaded = experiment.load(scenario, (), ["period.start=2019-11-01,2019-11-02"])
    assert "runs.worlds" in {doubt.code for doubt in loaded.doubts}


# ---------------------------------------------------------------- the frame


def test_the_comparison_has_the_columns_of_the_contract(scenario):
    found = sim.compare(scenario, ["rules=mee2019,mee2024", "response.lead_hours=24,48"])
    columns = ["run", "member", "rules", "response.lead_hours", *CONTRACT]
    assert [name for name in found.comparison.columns if "blue" not in name] == columns
    assert found.comparison["response.lead_hours"].tolist() == ["24", "48"] * 2
    one = sim.run(sim.load(scenario, ["rules=mee2024"])).summary.iloc[0]
    assert found.comparison.iloc[2][CONTRACT].tolist() == one[CONTRACT].tolist()


def test_blue_is_shown_where_a_run_has_it(tmp_path):
    found = sim.compare(write_world(tmp_path, [100] * 5 + [210] + [100] * 4), ["rules=mee2019,bj2015"])
    assert found.comparison["warnings_blue"].tolist() == [0, 1]
    assert found.comparison["hours_blue"].tolist() == [0, 24]
    chip = 'class="chip blue"'
    assert chip in comparison_page.render(found).split("<h2>")[1]
    plain = sim.compare(write_world(tmp_path, INDEX), ["response.lead_hours=24,48"])
    assert chip not in comparison_page.render(plain).split("<h2>")[1]


def test_by_hand_three_days_of_orange_and_what_two_thresholds_make_of_two_days_of_160(tmp_path):
    """One line, half the load at orange, a quarter at yellow: 24,000 CNY a day, 48 kg of NOx."""
    path = write_world(tmp_path, INDEX, [line("L", yellow_cut=0.25, orange_cut=0.5, red_cut=1)])
    table = sim.compare(path, ["criteria.yellow.0.over=150,200"]).comparison
    assert table["hours_orange"].tolist() == [72, 72]
    assert table["hours_yellow"].tolist() == [48, 0]  # the two days of 160
    assert table["avoided_nox_kg"].tolist() == [48 * 1.5 + 48 * 0.5, 48 * 1.5]
    assert table["curtailed_value_cny"].tolist() == [48_000, 36_000]


def test_members_are_rows(tmp_path):
    told = {(day, lead): INDEX[day + lead] for day in range(len(INDEX)) for lead in range(1, 8) if day + lead < len(INDEX)}
    path = write_world(tmp_path, INDEX, ROWS, told=told, grading="guide-2020")
    table = pd.read_csv(tmp_path / "forecast.csv")
    pd.concat([table.assign(member="a"), table.assign(member="b", aqi=50)]).to_csv(tmp_path / "forecast.csv", index=False)
    found = sim.compare(path, ["rules=mee2019,mee2024"]).comparison
    assert found[["run", "member"]].to_numpy().tolist() == [[f"rules={r}", m] for r in ("mee2019", "mee2024") for m in "ab"]
    assert found.query("member == 'b'")["avoided_nox_kg"].tolist() == [0, 0]


def test_without_a_list_warnings_are_compared_and_kilograms_stay_blank(tmp_path):
    found = sim.compare(write_world(tmp_path, INDEX), ["rules=mee2019,mee2024"])
    assert found.comparison["hours_orange"].tolist() == [72, 72]
    assert found.comparison["avoided_nox_kg"].isna().all()
    sim.report(found, tmp_path / "out")


# ---------------------------------------------------------------- equal tonnes


@pytest.mark.parametrize("pollutant", [*Pollutant, "all"])
def test_uniform_shares_avoid_the_same_tonnes(scenario, pollutant):
    table = sim.compare(scenario, equal_tonnes=str(pollutant)).comparison
    kinds = [f"avoided_{p}_kg" for p in Pollutant] if pollutant == "all" else [f"avoided_{pollutant}_kg"]
    graded, uniform = table[kinds].sum(axis=1)
    assert uniform == pytest.approx(graded, rel=1e-8)
    assert table["run"].tolist() == ["base", f"base, uniform at equal {pollutant}"]


def test_by_hand_equal_tonnes_of_two_lines_cost_more_where_the_cheap_line_is_spared(tmp_path):
    """Graded: the cement clinker line of grade C stops at orange, the A line does nothing. Both emit 48 kg/d of NOx; the A
    line makes 4 times the value. Uniform halves both: the same 48 kg/d, but 60,000 CNY a day in place of 24,000."""
    rows = [line("L1", industry="cement", process="clinker", grade="A", output_value_cny_per_day=96_000),
            line("L2", industry="cement", process="clinker", grade="C")]
    path = write_world(tmp_path, [100] * 5 + [210] * 3 + [100] * 4, rows, grading="guide-2020")
    override = "[{grade: C, level: orange, share: 1}, {grade: A, level: orange, share: 0}]"
    found = sim.compare(path, overrides=[f"grading.override={override}"], equal_tonnes="nox")
    assert found.comparison["avoided_nox_kg"].tolist() == pytest.approx([144, 144])
    assert found.comparison["curtailed_value_cny"].tolist() == pytest.approx([72_000, 180_000])
    shares = found.runs[1].world.settings.grading
    assert (shares.yellow, shares.orange, shares.red) == pytest.approx((0.25, 0.5, 0.75))
    assert found.runs[1].world.run.changes[-1].given == "--equal-tonnes"


def test_tonnes_that_cannot_be_equalled_are_told(tmp_path):
    rows = [line("L1", industry="cement", process="clinker", grade="C", control="livelihood")]
    quiet = sim.compare(write_world(tmp_path, INDEX, rows, grading="guide-2020"), equal_tonnes="nox")
    assert [doubt.code for doubt in quiet.scenario.doubts if doubt.code.startswith("equal")] == ["equal.none"]
    rows = [line("L1", grade="C", control="livelihood"), line("L2", grade="A")]
    override = "{industry: coking, control: livelihood, level: orange, share: 1}"
    found = sim.compare(write_world(tmp_path, INDEX, [rows[0]], grading="guide-2020"),
                        overrides=[f"grading.override=[{override}]"], equal_tonnes="nox")
    assert [doubt.code for doubt in found.scenario.doubts if doubt.code.startswith("equal")] == ["equal.beyond"]
    assert len(found.runs) == 1


def test_without_a_list_there_are_no_tonnes_to_equal(tmp_path):
    found = sim.compare(write_world(tmp_path, INDEX), equal_tonnes="all")
    assert [doubt.code for doubt in found.scenario.doubts] == ["equal.no_list"]


# ---------------------------------------------------------------- command and page


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_command_writes_the_files_of_a_run_with_more_rows_and_one_offline_page(scenario, tmp_path, lang):
    status, said, wrong = call("compare", scenario, "--vary", "rules=mee2019,mee2024", "--equal-tonnes", "all", "--out",
                               tmp_path / "out", "--lang", lang, cwd=tmp_path, PYTHONIOENCODING="gbk")
    assert (status, wrong) == (0, "")
    assert "rules=mee2024" in said
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"comparison.csv", "differences.csv", "measures.csv", "warnings.csv", "lines.csv", "manifest.json"} <= names
    table = pd.read_csv(tmp_path / "out" / "comparison.csv")
    assert len(table) == 4
    for name in ("days", "lines", "totals", "output", "measures"):
        assert set(pd.read_csv(tmp_path / "out" / f"{name}.csv")["run"]) == set(table["run"])
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=[\"']?https?:", page)
    assert page.count("<svg") == 4  # calendar, bars, scatter, industries
    assert [name for name in [p.name for p in (tmp_path / "out").iterdir()] if name.endswith(".html")] == ["report.html"]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert [run["settings"]["grading"]["policy"] for run in manifest["runs"]] == ["guide-2020", "uniform"] * 2


def test_many_runs_are_a_table_and_a_scatter(scenario, tmp_path):
    found = sim.compare(scenario, ["seed=" + ",".join(map(str, range(13)))])
    page = sim.report(found, tmp_path / "out").read_text(encoding="utf-8")
    assert page.count("<svg") == 1
    assert page.count("seed=12") >= 2


def test_a_difference_to_the_first_run_stands_under_its_figure(scenario, tmp_path):
    found = sim.compare(scenario, ["rules=mee2019,mee2024"])
    page = sim.report(found, tmp_path / "out").read_text(encoding="utf-8")
    hours = found.comparison["hours_orange"]
    assert hours.tolist() == [72, 72]
    assert found.comparison["hours_yellow"].tolist() == [0, 48]
    assert '<td class="n">48<span class="d">+48</span>' in page


@pytest.mark.parametrize(("words", "expected"), [
    ([], "SCENARIO...: missing"), (["nowhere.yaml"], "no such file"),
    (["scenario.yaml", "--vary", "rules="], "a value is missing"),
    (["scenario.yaml", "--vary", "rules=mee2091,mee2024"], "mee2091"), (["scenario.yaml", "scenario.yaml"], "named twice"),
    (["scenario.yaml", "--vary", "response.lead=1,2"], "lead_hours"), (["scenario.yaml", "--equal-tonnes", "co2"], "co2"),
    (["scenario.yaml", "--vary", "seed=1,2", "--set", "seed=3"], "never vary")])
def test_wrong_words_end_with_status_2_and_nothing_written(scenario, tmp_path, words, expected):
    before = sorted(path.name for path in tmp_path.iterdir())
    status, said, wrong = call("compare", *words, cwd=tmp_path)
    assert (status, said) == (2, "")
    assert expected in wrong
    assert "Traceback" not in wrong
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_without_a_folder_the_files_go_to_runs(scenario, tmp_path):
    assert call("compare", scenario, "--vary", "seed=1,2", cwd=tmp_path)[0] == 0
    assert (tmp_path / "runs" / "scenario-compare" / "comparison.csv").is_file()


def test_the_same_comparison_gives_the_same_bytes(scenario, tmp_path):
    for name in ("one", "two"):
        sim.report(sim.compare(scenario, ["rules=mee2019,bj2015"], equal_tonnes="pm"), tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        if path.name != "summary.json":
            assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name
