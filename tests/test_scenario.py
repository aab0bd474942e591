"""Scenarios: what is in force, dotted keys, variants, one precedence, everything changed on record."""

from typing import get_args

import pytest
from pydantic import BaseModel
from worlds import line, write_world

import sim
from sim import experiment, wording
from sim.files import records
from sim.rulebook import Criterion
from sim.settings import Settings

SERIES = [100] * 5 + [160, 160, 170] + [100] * 12


def load(folder, *overrides, index=SERIES, rows=None, **keys):
    return experiment.load(write_world(folder, index, rows, **keys), overrides)


def test_what_a_file_leaves_out_is_in_force_and_in_the_manifest(tmp_path):
    settings = load(tmp_path).worlds[0].settings.model_dump(mode="json")
    assert settings["forecast"] == {
        "source": "perfect", "path": None, "skill": None, "members": 1, "decide_on": "member", "probability": 0.5,
        "horizon_days": 7, "issue_hour": 16, "every_hours": 24}
    assert settings["linkage"] == {"joint": [], "follow": {}, "tighten": False}
    assert settings["response"]["paper_hours"] == 4
    assert settings["criteria"]["orange"][0]["hours"] == 72
    assert settings["seed"] == 1


def test_a_criterion_is_changed_from_the_editions_own(tmp_path):
    scenario = load(tmp_path, "criteria.yellow.0.over=150")
    (world,) = scenario.worlds
    assert world.settings.criteria["yellow"][0].model_dump(exclude_none=True) == {"over": 150, "hours": 48}
    assert world.settings.criteria["orange"][0].over == 200
    assert world.run.criteria_replaced == {"yellow"}
    assert [(c.key, c.old, c.new, c.given) for c in world.run.changes] == [
        ("criteria.yellow.0.over", "200", "150", "--set")]
    result = sim.run(scenario)
    assert result.summary["warnings_yellow"].tolist() == [1]
    assert "the scenario's own criterion" in result.warnings["clause"].iloc[0]


def test_criteria_start_from_the_edition_that_the_override_chose(tmp_path):
    (world,) = load(tmp_path, "criteria.orange.1.hours=96", "rules=mee2024").worlds
    assert [c.over for c in world.settings.criteria["orange"]] == [200, 150]
    assert world.settings.criteria["orange"][1].hours == 96


def test_a_scenario_replaces_the_levels_it_names_and_keeps_the_others(tmp_path):
    (world,) = load(tmp_path, criteria={"yellow": [{"over": 120, "hours": 24}], "blue": [{"over": 90, "hours": 24}]}).worlds
    assert world.settings.criteria["blue"][0].over == 90
    assert world.settings.criteria["red"][1].reaches == 500
    assert world.rules.lowest == 90


def test_a_level_may_be_taken_out(tmp_path):
    (world,) = load(tmp_path, "criteria.red=[]").worlds
    assert {level.name for level, *_ in world.rules.criteria} == {"yellow", "orange"}


def test_a_criterion_may_be_added(tmp_path):
    (world,) = load(tmp_path, "criteria.orange.1={over: 300, hours: 24}").worlds
    assert len(world.settings.criteria["orange"]) == 2


def test_a_lowest_threshold_that_days_reach_is_told_with_the_threshold_to_write_in_its_place(tmp_path):
    scenario = load(tmp_path, "criteria.yellow.0={reaches: 150, hours: 48}")
    (doubt,) = [d for d in scenario.doubts if d.code == "criteria.reaches"]
    assert "over: 149.9" in doubt.text("en")
    assert "over: 149.9" in doubt.text("zh")
    assert not [d for d in load(tmp_path, "criteria.yellow.0.over=149.9").doubts if d.code == "criteria.reaches"]


def test_an_orange_easier_to_reach_than_yellow_is_told_not_refused(tmp_path):
    scenario = load(tmp_path, "criteria.orange.0.hours=24")
    (doubt,) = [d for d in scenario.doubts if d.code == "criteria.easier"]
    assert "orange" in doubt.text("en")
    assert "橙色" in doubt.text("zh")
    assert not [d for d in load(tmp_path, "criteria.yellow.0.hours=24").doubts if d.code == "criteria.easier"]


def test_a_value_that_stood_so_already_is_recorded_but_is_no_change(tmp_path):
    (world,) = load(tmp_path, "forecast.decide_on=member", "forecast.issue_hour=8").worlds
    assert [change.key for change in world.run.changes] == ["forecast.decide_on", "forecast.issue_hour"]
    assert [change.key for change in world.run.told] == ["forecast.issue_hour"]


def test_variants_run_beside_the_base_and_set_comes_last(tmp_path):
    scenario = load(tmp_path, "forecast.issue_hour=8",
                    variants={"new": {"rules": "mee2024", "forecast.issue_hour": 20}, "二": {"response.lead_hours": 48}})
    assert [w.run.name for w in scenario.worlds] == ["base", "new", "二"]
    assert [w.settings.forecast.issue_hour for w in scenario.worlds] == [8, 8, 8]
    assert [c.given for c in scenario.worlds[1].run.changes] == ["variants.new", "variants.new", "--set"]


def test_shares_of_the_policy_may_be_replaced_by_industry_in_any_language(tmp_path):
    rows = [line("L", industry="cement", process="熟料", grade="B"), line("M", industry="焦化", grade="C")]
    scenario = load(tmp_path, rows=rows, grading={"policy": "guide-2020", "override": [
        {"industry": "水泥", "process": "clinker", "grade": "B", "level": "orange", "share": 0.4},
        {"industry": "焦化", "grade": "C", "level": "orange", "share": 0.1}]})
    assert scenario.worlds[0].asked.output[1].tolist() == [0.4, 0.1]


def test_an_override_is_reached_by_its_number(tmp_path):
    scenario = load(tmp_path, "grading.override.0.share=0.7", rows=[line("L")], grading={
        "policy": "guide-2020", "override": [{"industry": "焦化", "level": "orange", "share": 0.1}]})
    assert scenario.worlds[0].asked.output[1].tolist() == [0.7]


def test_the_policy_is_switched_whole_on_the_command_line(tmp_path):
    scenario = load(tmp_path, "grading={policy: uniform, yellow: 0.1, orange: 0.2, red: 0.3}", rows=[line("L")],
                    grading="guide-2020")
    assert scenario.worlds[0].asked.output[:, 0].tolist() == [0.1, 0.2, 0.3]


def test_paths_may_have_backslashes_spaces_and_chinese(tmp_path):
    folder = tmp_path / "我的 情景"
    (folder / "数 据").mkdir(parents=True)
    path = write_world(folder, SERIES, [line("L")])
    (folder / "series.csv").rename(folder / "数 据" / "序列.csv")
    path.write_text(path.read_text(encoding="utf-8").replace("series.csv", "'数 据\\序列.csv'"), encoding="utf-8")
    assert experiment.load(str(path).replace("/", "\\")).worlds[0].calendar.days == len(SERIES)


def test_a_scenario_in_gb18030_is_read(tmp_path):
    path = write_world(tmp_path, SERIES, title="阳泉试验")
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    assert experiment.load(path).worlds[0].settings.title.zh == "阳泉试验"


@pytest.mark.parametrize(("override", "words"), [
    ("forecast.horizon_days", "not of the form"), ("=5", "not of the form"), ("forecast.horizon=5", "horizon_days"),
    ("nowhere.at_all=1", "leads nowhere"), ("criteria.yellow.9.over=1", "leads nowhere"),
    ("forecast.horizon_days=many", "--set"), ("cities.here.observed=gone.csv", "no such file"),
    ("criteria.yellow.0=[", "not readable")])
def test_a_wrong_override_says_where_it_was_given(tmp_path, override, words):
    with pytest.raises(sim.InputError) as caught:
        load(tmp_path, override)
    assert words in str(caught.value)


def test_the_same_key_set_twice_is_an_error(tmp_path):
    with pytest.raises(sim.InputError, match="set twice"):
        load(tmp_path, "seed=1", "seed=2")


@pytest.mark.parametrize("how", ["variant", "--set", "file"])
def test_a_block_of_criteria_replaces_the_levels_it_names_wherever_it_is_given(tmp_path, how):
    block = {"yellow": [{"over": 150, "hours": 24}]}
    given = {"variant": {"variants": {"v": {"criteria": block}}}, "file": {"criteria": block}, "--set": {}}[how]
    words = ["criteria={yellow: [{over: 150, hours: 24}]}"] if how == "--set" else []
    scenario = load(tmp_path, *words, index=[100] * 5 + [210] * 4 + [100] * 4, **given)
    world = scenario.worlds[-1]
    assert {level.name for level, *_ in world.rules.criteria} == {"yellow", "orange", "red"}
    assert world.run.criteria_replaced == {"yellow"}
    assert "criteria.yellow" in [change.key for change in world.run.changes]
    result = sim.run(scenario)
    last = result.warnings[result.warnings["run"] == world.run.name]
    assert last["level"].tolist() == ["orange", "orange"]


def test_a_blue_level_may_be_added_to_an_edition_of_three_colours(tmp_path):
    result = sim.run(load(tmp_path, "criteria={blue: [{over: 90, hours: 24}]}"))
    assert result.warnings["level"].tolist()[0] == "blue"
    assert result.warnings["basis"].tolist()[0] == "assumed"


def test_shares_and_criteria_of_the_file_itself_are_named_as_changes(tmp_path):
    (world,) = load(tmp_path, rows=[line("L")], criteria={"red": []}, grading={
        "policy": "guide-2020", "override": [{"industry": "焦化", "level": "orange", "share": 0.1}]}).worlds
    assert [(c.key, c.given) for c in world.run.changes] == [
        ("criteria.red", "scenario"), ("grading.override.0", "scenario")]


def test_an_override_reaches_grades_and_classes_that_run_as_another(tmp_path):
    rows = [line("b", grade="B-"), line("n", control="non-compliant")]
    scenario = load(tmp_path, rows=rows, grading={"policy": "guide-2020", "override": [
        {"grade": "B", "level": "orange", "share": 0.11}, {"control": "non-compliant", "level": "orange", "share": 0.22}]})
    assert scenario.worlds[0].asked.output[1].tolist() == [0.11, 0.22]


WHOLE = ("criterion.all", "criterion.whole")
WORDED = [key for row in records("text.csv") if (key := row["key"].removeprefix("key.")) != row["key"] and key not in WHOLE]


@pytest.mark.parametrize("key", WORDED)
def test_words_for_keys_are_of_keys_that_there_are(key):
    """Each is a field of the settings, or of a criterion."""
    model, parts = (Criterion, key.split(".")[1:]) if key.startswith("criterion.") else (Settings, key.split("."))
    for part in parts:
        field = model.model_fields[part].annotation
        model = next((one for one in (field, *get_args(field)) if isinstance(one, type) and issubclass(one, BaseModel)), None)
    written = f"criteria.yellow.0.{parts[0]}" if key.startswith("criterion.") else key
    for lang in ("en", "zh"):
        assert wording.key_words(written, lang)


@pytest.mark.parametrize("key", ["criteria.yellow", "criteria.yellow.0", "criteria.yellow.0.over"])
def test_words_for_criteria_name_their_level(key):
    assert "yellow" in wording.key_words(key, "en")
    assert "黄色" in wording.key_words(key, "zh")
    assert not wording.key_words(key.replace("yellow", "green"), "en")


def test_every_plain_setting_has_words():
    """Numbers, switches and names that a grid varies."""
    for block in ("forecast", "response", "compliance", "grading"):
        for name in Settings.model_fields[block].annotation.model_fields:
            if (block, name) not in {("forecast", "path"), ("grading", "negotiated"), ("grading", "override")}:
                assert f"{block}.{name}" in WORDED
    assert {f"criterion.{name}" for name in Criterion.model_fields} <= set(WORDED)


def test_places_of_a_list_of_one_are_told_as_one_number(tmp_path):
    with pytest.raises(sim.InputError) as caught:
        load(tmp_path, "criteria.yellow.9.over=1")
    assert "what stands there: 0" in str(caught.value)
    assert "0 … 0" not in str(caught.value)
