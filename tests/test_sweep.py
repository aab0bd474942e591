"""Sweeps: arrays equal the clock, the same bytes whoever works, nothing lost when interrupted."""

import html
import os
import re
import signal
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from test_linkage import linked_worlds
from test_twin import engine_run, plain_worlds
from worlds import CUTS, INDEX, line, write_areas, write_world

import sim
from sim import cli, experiment, office, page, sweep_charts, sweep_page, tables, wording
from sim.accounts import reckon
from sim.agenda import Agenda
from sim.cases import DRAWN_AT_ONCE, FIGURES, inputs_of, tasks_of
from sim.compiled import run_task
from sim.episodes import compile_rules
from sim.errors import InputError
from sim.experiment import accounts_of, course_of
from sim.labels import text
from sim.office import Office, schedules
from sim.sweeping import CONTRACT, on_front
from sim.totals import SUMS, rates_of, sums_of
from sim.vocab import Pollutant

GRID = ["criteria.yellow.0.over=150,200", "response.lead_hours=24,48,72"]


@pytest.fixture
def scenario(tmp_path):
    rows = [line(f"L{n}", ramp_down_h=6 * n, ramp_up_h=11 * n, **CUTS) for n in range(6)]
    return write_world(tmp_path, INDEX, rows, forecast={"source": "synthetic", "members": 9})


AT_ONCE = {"paper": 0, "issue_hour": 0, "withdraw": True, "preadjust": False}
"""A warning may be lifted in the hour in which it was to begin."""


def by_agenda(run):
    course = course_of(run.world, run.world.shown, run.classes)
    offices = Office(course)
    agenda = Agenda(course.series, (0.0,), course.terms.paper_hours, course.withdraw_on_lift)
    for now in course.issues():
        agenda.take_effect_before(now)
        decided = offices.decide(offices.observe(now), now)
        agenda.plan_all(offices.announce(decided, now), now)
        offices.close(decided, now)
    agenda.take_effect_before(course.hours + 1)
    return agenda.timeline()


@settings(max_examples=120)
@given(plain_worlds().filter(lambda world: any(world["criteria"].values())), st.sampled_from([{}, AT_ONCE]))
def test_schedules_and_sums_without_the_clock_equal_those_with_it(world, keys):
    world |= keys
    world["forecast"] = lambda day, lead: world["told"][day, lead]
    with tempfile.TemporaryDirectory() as folder:
        run = engine_run(world, folder)
    timeline, counted, noon = next(schedules(course_of(run.world, run.world.shown, run.classes)))
    with patch.object(office, "SERIES_SIDE_BY_SIDE", 0):  # as of so many series that they are taken day by day
        day_by_day = next(schedules(course_of(run.world, run.world.shown, run.classes))).timeline
    for ours, theirs, again in zip(timeline, run.ledger.timeline, day_by_day, strict=True):
        assert np.array_equal(ours, theirs)
        assert np.array_equal(ours, again)
    assert counted[0, 1:].tolist() == list(tables.warnings_by_level(run, 0).values())
    assert np.array_equal(noon, timeline.of_class(0).at_noon(*noon.shape[::-1]))
    if len(run.classes.early_start_h) == 1:  # read off what was told at the end; an agenda brings it in hour by hour
        for ours, theirs in zip(by_agenda(run), run.ledger.timeline, strict=True):
            assert np.array_equal(ours, theirs)
    account = run.accounts[0]
    sums = sums_of(rates_of(run.world.phases, run.classes), timeline, 1, world["escalate"])[0]
    exact = [account.avoided_kg(p).sum() for p in Pollutant]
    assert sums[:4] == pytest.approx(exact, rel=1e-10, abs=1e-10)
    assert sums[SUMS.index("curtailed_value_cny")] == pytest.approx(account.curtailed_value_cny.sum(), rel=1e-10, abs=1e-9)


def raised(rules, by):
    """Rules of the same shape with every threshold higher."""
    criteria = {}
    for level, _, one in rules.criteria:
        higher = {name: value + by for name in ("over", "reaches", "within_over") if (value := getattr(one, name)) is not None}
        criteria.setdefault(level.name, []).append(one.model_copy(update=higher))
    return compile_rules(criteria, merges=rules.merges, lift_hours=24 * rules.hold_days, counted=rules.counted)


@settings(max_examples=60)
@given(plain_worlds().filter(lambda world: any(world["criteria"].values())), st.lists(st.integers(-60, 60), max_size=3))
def test_rules_followed_side_by_side_give_what_each_gives_alone(world, steps):
    with tempfile.TemporaryDirectory() as folder:
        run = engine_run(world, folder)
    course = replace(course_of(run.world, run.world.shown, run.classes), early_start_h=(0.0,), early_episodes=0)
    others = tuple(raised(course.rules, by) for by in steps)
    assert {one.shape for one in others} <= {course.rules.shape}
    beside = schedules(replace(course, others=others))
    for rules, (timeline, counted, noon) in zip((course.rules, *others), beside, strict=True):
        alone, warned, then = next(schedules(replace(course, rules=rules)))
        assert all(np.array_equal(ours, theirs) for ours, theirs in zip(timeline, alone, strict=True))
        assert np.array_equal(counted, warned)
        assert np.array_equal(noon, then)


def test_a_part_that_is_not_whole_is_done_again(scenario, tmp_path):
    whole = sim.sweep(scenario, GRID, parts=tmp_path / "parts")
    (part,) = (tmp_path / "parts").glob("*.npy")
    part.write_bytes(part.read_bytes()[:-100])
    assert sim.sweep(scenario, GRID, parts=tmp_path / "parts", resume=True).comparison.equals(whole.comparison)


def test_parts_of_other_blocks_are_not_gone_on_from(scenario, tmp_path, monkeypatch):
    sim.sweep(scenario, GRID, parts=tmp_path / "parts")
    monkeypatch.setattr("sim.cases.COLUMNS_AT_ONCE", 5)  # nine members in two blocks
    with pytest.raises(InputError, match="another sweep|other"):
        sim.sweep(scenario, GRID, parts=tmp_path / "parts", resume=True)


def test_a_folder_of_parts_with_nothing_done_stops_nobody_and_keeps_what_is_the_users(scenario, tmp_path):
    parts = tmp_path / "parts"
    sim.sweep(scenario, GRID[:1], parts=parts)  # parts stay until they are dropped
    for done in parts.glob("*.npy"):
        done.unlink()
    (parts / "notes.txt").write_text("mine", encoding="utf-8")
    found = sim.sweep(scenario, GRID, parts=parts)  # interrupted before the first part was done
    sim.save_sweep(found, tmp_path / "out", parts=parts)
    assert [path.name for path in parts.iterdir()] == ["notes.txt"]


def test_the_page_says_what_was_run_and_maps_each_variant_of_the_scenario(tmp_path):
    rows = [line(f"L{n}", ramp_down_h=6 * n, ramp_up_h=11 * n, **CUTS) for n in range(3)]
    path = write_world(tmp_path, INDEX, rows, variants={"later": {"response.lift_hours": 60}},
                       forecast={"source": "synthetic", "members": 3})
    found = sim.sweep(path, ["criteria.yellow.0.over=150，200", "response.lead_hours=24,48"], ["forecast.horizon_days=6"])
    assert found.keys == ["criteria.yellow.0.over", "response.lead_hours"] and len(found.variants) == 8
    shown = sweep_page.render(found, "en")
    world = found.scenario.worlds[0]
    assert f"{world.calendar.start} to {world.calendar.end}" in shown and world.edition.id in shown
    assert "forecast.horizon_days=6" in shown
    assert page.doubts(found.scenario, "en")[0] in html.unescape(shown)
    assert len(sweep_page._maps(found, "en")[0]) == 4  # two figures, two variants of the scenario
    assert found.variants["avoided_assumed_share"].tolist() == pytest.approx(found.assumed_shares["kg"].tolist(), nan_ok=True)


def test_members_of_several_winters_are_the_same_in_whatever_block(tmp_path, monkeypatch):
    path = write_world(tmp_path, INDEX, [line("L", **CUTS)], forecast={"source": "synthetic", "members": 3},
                       period={"start": "2015-11-01", "end": "2016-02-29"},
                       cities={"here": {"observed": {"generate": "yangquan", "winters": 3}, "enterprises": "list.csv"}})
    whole = sim.sweep(path, GRID[:1])
    monkeypatch.setattr("sim.cases.COLUMNS_AT_ONCE", 1)
    apart = sim.sweep(path, GRID[:1])
    assert len(tasks_of(apart.inputs)) == 3
    assert apart.figures == pytest.approx(whole.figures, rel=1e-12, abs=1e-9)


def test_an_early_start_of_no_line_changes_nothing(tmp_path):
    rows = [line("L", ramp_down_h=0, ramp_up_h=11, **CUTS)]
    path = write_world(tmp_path, INDEX, rows, forecast={"source": "synthetic", "members": 9})
    grid = ["criteria.yellow.0.over=150,160,170,180"]
    early = sim.sweep(path, grid, ["response.preadjust=true", "response.preadjust_episodes=1"])
    assert np.array_equal(early.figures, sim.sweep(path, grid).figures)


def test_variants_share_their_lists(scenario):
    worlds = experiment.load(scenario, (), GRID, sweeping=True).worlds
    assert len({id(world.population) for world in worlds}) == len({id(world.phases) for world in worlds}) == 1


@settings(max_examples=25)
@given(linked_worlds())
def test_linked_areas_have_the_same_schedule_without_the_clock(linked):
    worlds, follow, groups, tighten = linked
    names = [f"area{number}" for number in range(len(worlds))]
    first = worlds[0]
    with tempfile.TemporaryDirectory() as folder:
        path = write_areas(
            Path(folder), {name: (world["observed"], [line(name, **CUTS)]) for name, world in zip(names, worlds, strict=True)},
            told={name: world["told"] for name, world in zip(names, worlds, strict=True)}, rules=first["edition"],
            criteria=first["criteria"], forecast={"horizon_days": first["horizon"]},
            linkage={"follow": {names[area]: names[leader] for area, leader in follow},
                     "joint": [{"areas": [names[area] for area in areas], "count": count} for areas, count in groups],
                     "tighten": tighten})
        (run,) = experiment.run_all(experiment.load(path))
    timeline = next(schedules(course_of(run.world, run.world.shown, run.classes))).timeline
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(timeline, run.ledger.timeline, strict=True))


@pytest.mark.parametrize("sets", [
    (), ("response.preadjust=true",), ("seasons=taiyuan-2021",), ("compliance.share=0.6",), ("response.escalate=1",),
    ("forecast.decide_on=probability",), ("forecast.every_hours=8", "response.downgrade=true"), ("linkage=none",)])
def test_a_sweep_says_of_each_variant_and_member_what_a_run_says(scenario, sets):
    found = sim.sweep(scenario, GRID[:1], sets)
    table = found.comparison.set_index(["run", "member"])
    for run in experiment.run_all(experiment.load(scenario, sets, GRID[:1])):
        for row in tables.summary(run).to_dict("records"):
            mine = table.loc[(row["run"], row["member"])]
            for name in CONTRACT:
                assert mine[name] == pytest.approx(row[name], rel=1e-9, abs=1e-9), name


def test_blocks_of_members_and_workers_give_the_same_bytes(scenario, monkeypatch):
    whole = sim.sweep(scenario, GRID)
    monkeypatch.setattr("sim.cases.COLUMNS_AT_ONCE", 2)
    few = sim.sweep(scenario, GRID)
    many = sim.sweep(scenario, GRID, workers=2)
    assert whole.comparison.to_csv() == few.comparison.to_csv() == many.comparison.to_csv()


def test_what_is_done_is_kept_and_gone_on_with(scenario, tmp_path, monkeypatch):
    monkeypatch.setattr("sim.cases.COLUMNS_AT_ONCE", 2)
    whole, parts, seen = sim.sweep(scenario, GRID), tmp_path / "out.parts", []

    def stop(stage, done, _):
        seen.append(done)
        if stage == "running" and done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sim.sweep(scenario, GRID, parts=parts, progress=stop)
    assert len(list(parts.glob("*.npy"))) == 2
    with pytest.raises(InputError, match="unfinished"):
        sim.sweep(scenario, GRID, parts=parts)
    with pytest.raises(InputError, match="do not belong"):
        sim.sweep(scenario, GRID[:1], parts=parts, resume=True)
    begun: list[int] = []
    again = sim.sweep(scenario, GRID, parts=parts, resume=True, progress=lambda stage, done, _: begun.append(done))
    assert min(done for done in begun if done) == 3
    assert again.comparison.to_csv() == whole.comparison.to_csv()
    page = sim.save_sweep(again, tmp_path / "out", parts=parts)
    assert page.exists()
    assert not parts.exists()


def test_the_terminal_says_that_the_time_of_a_resumed_sweep_is_that_of_the_rest(scenario, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sim.cases.COLUMNS_AT_ONCE", 2)

    def stop(stage, done, _):
        if stage == "running" and done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sim.sweep(scenario, GRID, parts=tmp_path / "out.parts", progress=stop)
    typed = ["sweep", str(scenario), *(word for key in GRID for word in ("--vary", key)), "--out", str(tmp_path / "out"),
             "--resume", "--lang", "en"]
    for said in ("6 variants x 9 members; what was left to do took", "6 variants x 9 members in"):  # then nothing is left
        cli.cli.main(typed, standalone_mode=False)
        assert said in capsys.readouterr().out


@pytest.mark.parametrize("workers", [0, -1])
def test_fewer_than_one_process_is_refused(scenario, workers):
    with pytest.raises(InputError, match="workers = .*use one of: 1, 2, 3"):
        sim.sweep(scenario, GRID, workers=workers)
    with pytest.raises(InputError, match="workers = .*use one of: 1, 2, 3"):
        sim.sensitivity(scenario, ["response.lead_hours=0..72"], workers=workers)


def test_lines_drawn_one_by_one_go_in_parts_of_some_seconds(scenario):
    obeyed, drawn = (tasks_of(inputs_of(experiment.load(scenario, ["forecast={source: synthetic, members: 900}"], [
        "response.lead_hours=24,48", f"compliance.share={share}"], sweeping=True).worlds)) for share in ("1", "0.9"))
    assert len(obeyed) < len(drawn)
    assert all(len(task.cases) * (task.last - task.first) <= DRAWN_AT_ONCE for task in drawn)
    assert sum(task.last - task.first for task in drawn) == 900


def test_where_no_part_was_done_no_folder_of_parts_is_left(scenario, tmp_path):
    def stop(stage, *_):
        if stage == "running":
            raise KeyboardInterrupt

    parts = tmp_path / "out.parts"
    with pytest.raises(InputError, match="cannot be reached|not installed"):
        sim.sweep(scenario, GRID, scheduler="tcp://127.0.0.1:9", parts=parts)
    assert not parts.exists()
    with pytest.raises(KeyboardInterrupt):
        sim.sweep(scenario, GRID, parts=parts, progress=stop)
    assert parts.exists()  # what is done stays


def test_a_step_is_the_difference_of_two_variants_that_differ_in_one_key(scenario, tmp_path):
    path = tmp_path / "two.yaml"
    path.write_text(scenario.read_text(encoding="utf-8") + "variants: {other: {response.paper_hours: 20}}\n", encoding="utf-8")
    found = sim.sweep(path, ["criteria.yellow.0.over=150,200", "response.lead_hours=24,48,72"],
                      ["forecast={source: synthetic, members: 5}"])
    steps = found.steps[found.steps["figure"] == "heavy_days_missed"]
    assert len(steps) == 2 * (3 + 4)  # for each of the scenario's variants: 1 step x 3 notices, 2 steps x 2 thresholds
    by = found.comparison.pivot_table(index="member", columns="run", values="heavy_days_missed")
    for row in steps.to_dict("records"):
        assert row["run"].replace(f"{row['key']}={row['to']}", "") == row["against"].replace(f"{row['key']}={row['from']}", "")
        less = by[row["run"]] - by[row["against"]]
        assert row["difference"] == pytest.approx(less.mean())
        assert row["high"] - row["low"] == pytest.approx(2 * 1.959964 * less.std() / np.sqrt(5))
    from_first = steps[steps["against"] == found.variants["run"][0]].set_index("run")["difference"]
    paired = found.paired[found.paired["figure"] == "heavy_days_missed"].set_index("run")["difference"]
    assert from_first.to_dict() == paired[from_first.index].to_dict()
    for lang, said in (("en", "One key changed, all else equal"), ("zh", "只改一项，其余不变")):
        shown = sweep_page.render(found, lang)
        assert said in shown
        assert "Shown are" not in shown
    assert (sim.save_sweep(found, tmp_path / "steps").parent / "steps.csv").exists()


def test_steps_along_a_single_value_or_of_one_member_have_no_table_or_no_interval(scenario):
    assert sim.sweep(scenario, ["response.lead_hours=24"]).steps.empty
    one = sim.sweep(scenario, ["response.lead_hours=24,48"], ["forecast.members=1"])
    assert one.steps["low"].isna().all()
    assert "One member only" in sweep_page.render(one, "en")


def test_the_page_names_every_forecast_office_and_an_ensemble(scenario):
    offices = sweep_page.render(sim.sweep(scenario, ["forecast.skill=operational,nmc2018"],
                                          ["forecast.source=synthetic", "forecast.members=3"]), "en")
    for skill in ("operational", "nmc2018"):
        assert text(f"skill.{skill}", "en") in offices
    ensemble = sweep_page.render(sim.sweep(scenario, ["response.lead_hours=24,48"], [
        "forecast={source: synthetic, members: 7, decide_on: probability}"]), "en")
    assert "an ensemble of 7 forecasts" in ensemble


def test_ensembles_of_several_sizes_are_all_named(scenario):
    found = sim.sweep(scenario, ["forecast.members=1,4"], ["forecast.source=synthetic", "forecast.decide_on=median"])
    assert "an ensemble of 1 or 4 forecasts" in sweep_page.render(found, "en")
    single = sim.sweep(scenario, ["response.lead_hours=24,48"], ["forecast={source: perfect, decide_on: median}"])
    assert "an ensemble of" not in sweep_page.render(single, "en")


def test_what_is_said_of_generated_days_and_forecasts_stands_once(scenario):
    keys = ["cities.here.observed={generate: yangquan, winters: 2}", "forecast={source: synthetic}"]
    found = sim.sweep(scenario, ["response.lead_hours=24,48"], keys)
    for lang, said in (("en", "are generated, not observed"), ("zh", "为生成数据，非实测")):
        shown = sweep_page.render(found, lang)
        assert shown.count(said) == 1
        assert shown.count(text("report.decide_on.median", lang)) == 0
    assert not re.search("。 [\u4e00-\u9fff]", sweep_page.render(found, "zh"))


def test_what_is_said_of_forecasts_stands_once_whatever_is_decided_on(scenario):
    found = sim.sweep(scenario, ["forecast.decide_on=median,mean,probability"],
                      ["forecast.source=synthetic", "forecast.members=3", "forecast.horizon_days=4"])
    for lang, drawn in (("en", "Forecasts are synthetic"), ("zh", "预报为合成预报")):
        shown = html.unescape(sweep_page.render(found, lang))
        assert shown.count(drawn) == 1
        for how in ("median", "mean", "probability"):
            assert shown.count(text(f"report.decide_on.{how}", lang, share="50%")) == 1


@pytest.mark.parametrize(("members", "said"), [(1, False), (2, True), (29, True), (30, False)])
def test_an_interval_of_few_members_is_said_to_be_too_narrow(scenario, members, said):
    found = sim.sweep(scenario, ["response.lead_hours=24,48"], [f"forecast.members={members}"])
    assert ("an interval is too narrow" in sweep_page.render(found, "en")) == said


def test_an_equals_sign_of_either_width_parts_key_and_value(scenario):
    found = sim.sweep(scenario, ["criteria.yellow.0.over＝150，200"], [" forecast.members ＝3"])
    assert found.variants["run"].tolist() == ["criteria.yellow.0.over=150", "criteria.yellow.0.over=200"]
    assert len(found.inputs.members) == 3
    with pytest.raises(InputError, match="criteria.yellow.0.over"):
        sim.sweep(scenario, ["criteria.yellow.0.over＝150"], ["criteria.yellow.0.over=200"])


def test_values_stand_on_the_page_as_words(scenario):
    words = wording.value_words
    assert words("response.preadjust", [True, "false"], "zh") == ["是", "否"]
    assert words("response.preadjust", ["yes", "no"], "zh") == ["是", "否"]
    near = [{"over": over, "hours": 48} for over in (150.00001, 150.00002)]  # the same text
    assert words("criteria.yellow.0", near, "zh") == ["150.00001/48", "150.00002/48"]
    assert words("linkage", [{}, {"tighten": "true"}, None], "zh") == ["无", "true", "null"]
    assert words("criteria.yellow", [[], [{"over": 150, "hours": 48}]], "zh") == ["无", "150/48"]
    both = [{"over": 150, "hours": 48}, {"over": 200, "hours": 24}]
    assert words("criteria.yellow", [both], "zh") == ["大于150持续48小时及以上，或大于200持续24小时及以上"]
    assert words("criteria.yellow.0", [both[0], both[1]], "en") == ["above 150 for 48 h", "above 200 for 24 h"]
    assert words("criteria.yellow.0.over", ["150", "200"], "en") == ["150", "200"]


def test_values_that_would_read_alike_are_written_whole(scenario):
    """Above 150 and from 150 on: two values in the same few signs."""
    found = sim.sweep(scenario, ["criteria.yellow.0={over: 150, hours: 48},{reaches: 150, hours: 48}",
                                 "response.lead_hours=24,48"])
    names = found.variants["run"].tolist()
    assert names[0] == "criteria.yellow.0={over: 150, hours: 48}, response.lead_hours=24"
    assert len(set(names)) == 4
    assert not any(name.endswith(")") for name in names)
    assert len(found.steps["against"].unique()) == 3
    shown = sweep_page.render(found, "en")
    assert "above 150 for 48 h → reaches 150 for 48 h" in shown
    brief = sim.sweep(scenario, ["criteria.yellow.0={over: 150, hours: 48},{over: 160, hours: 48}"])
    assert brief.variants["run"].tolist() == ["criteria.yellow.0=150/48", "criteria.yellow.0=160/48"]


def test_the_folder_holds_one_tidy_table_in_two_formats(scenario, tmp_path):
    found = sim.sweep(scenario, GRID)
    sim.save_sweep(found, tmp_path / "out", "zh", keep=["criteria.yellow.0.over=150, response.lead_hours=24"])
    sheet = pd.read_csv(tmp_path / "out" / "comparison.csv", dtype={"member": str})
    assert list(sheet.columns[:4]) == ["run", "member", "criteria.yellow.0.over", "response.lead_hours"]
    assert set(CONTRACT) < set(sheet.columns)
    assert len(sheet) == 6 * 9
    same = pd.read_parquet(tmp_path / "out" / "comparison.parquet")
    assert np.allclose(same[list(CONTRACT)].astype(float), sheet[list(CONTRACT)].astype(float), rtol=1e-12, atol=0)
    kept = pd.read_csv(tmp_path / "out" / "lines.csv")
    assert kept["run"].unique().tolist() == ["criteria.yellow.0.over=150, response.lead_hours=24"]
    assert "参数扫描" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    with pytest.raises(InputError, match="no variant"):
        sim.save_sweep(found, tmp_path / "other", keep=["nobody"])
    with pytest.raises(InputError):  # before any work
        sim.sweep(scenario, GRID, parts=tmp_path / "none", keep=["nobody"])
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_page_and_terminal_say_what_rests_on_assumed_rows(tmp_path, lang):
    own = line("own", **CUTS)
    by_rule = line("by-rule", industry="coking", grade="C", ramp_down_h=12)
    path = write_world(tmp_path, INDEX, [own, by_rule], grading="guide-2020")
    found = sim.sweep(path, GRID[:1])
    assert np.array_equal(found.assumed_shares["kg"], found.comparison["avoided_assumed_share"])
    said = sweep_page.assumed(found, lang)
    for shares in found.assumed_shares.values():
        assert f"{shares.min():.0%}" in said
        assert f"{shares.max():.0%}" in said
    assert said in sweep_page.render(found, lang)


def test_numbers_stand_on_no_dot_and_on_no_other_number():
    """Two dots in one place: the front's has its number. One that the table does not list has none."""
    variants = pd.DataFrame({"avoided_t": [10.0, 10.0, 40.0, 80.0], "curtailed_value_cny": [1e6, 1e6, 5e6, 9e6],
                             "heavy_days_missed": [1.0, 2, 3, 4], "pareto": [False, True, True, False]})
    names = dict.fromkeys(("title", "x", "y", "colour"), "")

    def numbers(some, listed):
        return sorted(each.get_text() for each in sweep_charts.front(some, 1e6, names, listed).axes[0].texts)

    assert numbers(variants, 4) == ["1", "2", "3", "4"]
    assert numbers(variants, 3) == ["1", "2", "3"]
    assert numbers(variants.loc[[0, 1, 0, 1, 0, 1, 2]].reset_index(drop=True), 7) == ["2", "4", "7"]  # one on either side


def test_variants_that_come_to_the_same_say_so(scenario):
    found = sim.sweep(scenario, ["response.lead_hours=12,24", "criteria.yellow.0.over=150,200"])
    assert [row["same"] for row in sweep_page._rows(found, "en")] == [0, 0, 1, 2]


def test_of_a_long_front_variants_are_drawn_from_end_to_end():
    variants = pd.DataFrame({"pareto": [False] + [True] * 60 + [False] * 9})
    shown = list(sweep_page._shown(variants).index)
    assert len(shown) == sweep_page.SHOWN
    assert shown[:2] == [0, 1]
    assert shown[-1] == 60
    assert max(np.diff(shown)) <= 3
    few = pd.DataFrame({"pareto": [False, True, False] * 10})
    assert set(few.index[few["pareto"]]) < set(sweep_page._shown(few).index)


def test_maps_of_all_variants_of_a_scenario_share_a_scale(tmp_path, monkeypatch):
    variants = {"late": {"response": {"paper_hours": 20}, "rules": "mee2019"}}
    path = write_world(tmp_path, INDEX, [line(**CUTS)], variants=variants)
    found = sim.sweep(path, GRID)
    drawn = []
    monkeypatch.setattr(sweep_charts, "heat", lambda table, words, unit, ends, _: drawn.append((table, ends)) or Figure())
    assert sweep_page._maps(found, "en")[1] == len(drawn) == 4
    for (one, ends), (other, same) in (drawn[::2], drawn[1::2]):  # output lost, then days missed, of both variants
        both = np.concatenate([one, other], axis=None)
        assert ends == same == (both.min(), both.max())


def test_a_map_writes_its_cells_as_the_table_does(scenario, monkeypatch):
    maps, heat = [], sweep_charts.heat

    def drawn(*given):
        maps.append(heat(*given))
        return maps[-1]

    monkeypatch.setattr(sweep_charts, "heat", drawn)
    shown = sweep_page.render(sim.sweep(scenario, GRID), "en")
    assert len(maps) == 2
    for cell in (cell.get_text() for one in maps for cell in one.axes[0].texts):
        assert re.search(f'<td class="n">{re.escape(cell)}( /|<)', shown), cell


def test_an_interval_of_no_width_is_told_as_one_figure():
    rows = [pd.Series({"difference": mean, "low": low, "high": 0.001}) for mean, low in ((0.0, -0.001), (-0.2, -0.4))]
    assert [sweep_page._difference(row, 1, "en") for row in rows] == ["0.00", "−0.20 (−0.40 to 0.00)"]


def test_all_variants_meet_the_same_days(scenario):
    """Two variants that decide alike are alike member by member: their paired difference is nothing, exactly."""
    found = sim.sweep(scenario, ["response.paper_hours=3,4"], ["forecast.issue_hour=0"])
    paired = found.paired.set_index("figure")
    assert paired.loc["heavy_days", ["difference", "low", "high"]].tolist() == [0, 0, 0]
    assert paired.loc["warnings_orange", "difference"] == 0


def test_with_perfect_forecasts_nothing_is_regretted(tmp_path):
    found = sim.sweep(write_world(tmp_path, INDEX, [line(**CUTS)]), GRID[:1])
    regretted = ["noon_missed_days", "noon_missed_kg", "noon_false_alarm_days", "noon_false_alarm_cny"]
    assert not found.comparison[regretted].to_numpy().any()


def test_by_hand_a_false_alarm_and_a_miss_are_priced(tmp_path):
    """Days 5 to 7 are 230 and nobody said so before they came; days 12 to 14 were said to be 230 and stayed clean."""
    index = [80] * 5 + [230] * 3 + [80] * 12
    told = {(day, lead): 80 for day in range(20) for lead in range(1, 8) if day + lead < 20}
    told |= {(day, lead): 230 for day in range(9, 12) for lead in range(1, 8) if 12 <= day + lead <= 14}
    found = sim.sweep(write_world(tmp_path, index, [line(orange_cut=0.5)], told), ["response.lead_hours=24,48"])
    row = found.comparison.iloc[0]
    assert (row["noon_missed_days"], row["heavy_days"], row["heavy_days_missed"]) == (3, 3, 3)
    assert row["noon_missed_kg"] == pytest.approx(3 * 0.5 * (24 + 48 + 12 + 6))
    assert row["noon_false_alarm_days"] == 1  # in force from midnight of day 12, lifted on its evening
    assert row["noon_false_alarm_cny"] == pytest.approx(0.5 * 24000)


def test_levels_at_noon_are_those_in_force_then(scenario):
    (run,) = experiment.run_all(experiment.load(scenario, ["forecast.members=3"]))
    noon = run.ledger.timeline.of_class(0).at_noon(3, len(INDEX))
    hourly = tables.hourly_level(run).reshape(3, len(INDEX), 24)
    assert np.array_equal(noon.T, hourly[:, :, 12])


def test_lines_that_disobey_are_drawn_as_in_a_run(scenario):
    world = experiment.load(scenario, ["compliance.share=0.5"]).worlds[0]
    (case,) = inputs_of((world,)).cases
    assert case.world is world
    run = experiment.run_world(world)
    (task,) = tasks_of(inputs_of((world,)))
    figures = run_task(inputs_of((world,)), task)[0]
    value = [account.curtailed_value_cny.sum() for account in accounts_of(world, run.ledger, run.classes)]
    assert figures[:, FIGURES.index("curtailed_value_cny")].tolist() == pytest.approx(value, rel=1e-12)
    assert reckon(world.phases, run.classes, run.ledger.timeline, member=0, escalate=0).curtailed_value_cny.sum() > value[0]


def test_lines_that_disobey_are_the_same_beside_a_variant_in_which_all_obey(scenario):
    alone = sim.sweep(scenario, ["compliance.share=0.7"]).comparison
    beside = sim.sweep(scenario, ["compliance.share=1,0.7"]).comparison
    theirs = beside[beside["compliance.share"].astype(str) == "0.7"]
    assert len(theirs) == len(alone) > 0
    figures = [figure for figure in FIGURES if figure in alone]
    assert {"avoided_nox_kg", "curtailed_value_cny"} <= set(figures)
    assert theirs[figures].to_numpy().tolist() == alone[figures].to_numpy().tolist()


def test_the_front_is_what_no_other_beats():
    costs = np.array([[1.0, 5], [2, 4], [3, 4], [5, 1], [5, 1], [6, 6]])
    assert on_front(costs).tolist() == [True, True, False, True, True, False]


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_gives_the_same_bytes_also_when_a_worker_is_killed(scenario, monkeypatch):
    distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    monkeypatch.setattr("sim.cases.COLUMNS_AT_ONCE", 1)
    whole = sim.sweep(scenario, GRID)
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster:
        with distributed.Client(cluster) as client:
            pids = list(client.run(os.getpid).values())
        killed = []

        def kill(stage, done, _):
            if stage == "running" and done == 2 and not killed:
                killed.append(pids[0])
                os.kill(pids[0], signal.SIGKILL)

        found = sim.sweep(scenario, GRID, scheduler=cluster.scheduler_address, progress=kill)
    assert killed
    assert found.comparison.to_csv() == whole.comparison.to_csv()


@pytest.mark.filterwarnings("ignore")
def test_a_worker_that_is_lost_while_it_gets_the_inputs_does_not_hold_up_the_others(scenario, monkeypatch):
    distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    whole, submit, killed = sim.sweep(scenario, GRID), distributed.Client.submit, []
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster:
        with distributed.Client(cluster) as client:
            pids = list(client.run(os.getpid).values())

        def lose(client, *given, **named):
            sent = submit(client, *given, **named)
            if not killed:
                killed.append(pids[0])
                os.kill(pids[0], signal.SIGKILL)
            return sent

        monkeypatch.setattr(distributed.Client, "submit", lose)
        found = sim.sweep(scenario, GRID, scheduler=cluster.scheduler_address)
    assert killed
    assert found.comparison.to_csv() == whole.comparison.to_csv()


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_takes_inputs_of_any_size_without_a_word(scenario):
    """Dask's advice on graphs of one's own, in English, says nothing to a planner."""
    distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    import dask

    with (distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster,
          dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 B"}),
          warnings.catch_warnings(record=True) as told):
        warnings.simplefilter("always")
        sim.sweep(scenario, GRID[:1], scheduler=cluster.scheduler_address)
    assert not [one for one in told if "graph" in str(one.message)]


def test_a_cluster_whose_workers_cannot_compile_is_told(scenario, monkeypatch):
    distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    monkeypatch.setattr("sim.cases.WORTH_COMPILING", 1)
    monkeypatch.setattr("sim.cases.find_spec", lambda _: True)
    monkeypatch.setattr("sim.workers._compiles", lambda: False)
    with (distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster,
          pytest.raises(InputError, match="lacks the extra")):
        sim.sweep(scenario, GRID[:1], scheduler=cluster.scheduler_address)


def test_a_cluster_that_is_not_there_is_told(scenario):
    pytest.importorskip("distributed", reason="the extra `cluster` is not installed")
    with pytest.raises(InputError, match="cannot be reached"):
        sim.sweep(scenario, GRID, scheduler="tcp://127.0.0.1:9")


def test_variants_with_other_members_are_refused(scenario):
    with pytest.raises(InputError, match="numbers of members"):
        sim.sweep(scenario, ["forecast.members=3,4"])


def test_more_runs_than_a_page_holds_are_no_fault_of_a_sweep(tmp_path):
    path = write_world(tmp_path, INDEX)
    found = sim.sweep(path, [f"criteria.yellow.0.over={','.join(map(str, range(101, 221)))}", "response.lead_hours=24,48"])
    assert len(found.variants) == 240
