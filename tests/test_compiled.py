"""The kernels of large sweeps: every figure as the arrays give it; what they cannot hold goes through the arrays."""

import ast
import importlib
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_sweep import AT_ONCE
from test_twin import engine_run, plain_worlds
from worlds import CUTS, INDEX, line, write_areas, write_world

import sim
from sim import agenda, compiled, experiment
from sim.cases import FIGURES, Task, in_arrays, inputs_of, tasks_of

pytest.importorskip("numba", reason="the extra `compiled` is not installed")
from numba.core.types import Array

from sim import compiled_bits
from sim import compiled_plan as kernels
from sim.compiled_planes import LANES
from sim.compiled_response import add_figures

COUNTED = [at for at, name in enumerate(FIGURES) if not name.endswith(("_kg", "_cny"))]
CRITERIA = {"yellow": [{"over": 150, "hours": 48}], "orange": [{"over": 200, "hours": 72}],
            "red": [{"over": 200, "hours": 96, "within_over": 300, "within_hours": 24}]}


def both(worlds):
    """What some worlds come to by kernels and by arrays, and that the kernels did it."""
    inputs = replace(inputs_of(worlds), compiled=True)
    shown = inputs.weathers[0].shown()
    assert all(compiled._holds(case, shown) for case in inputs.cases)
    ours = compiled.run_task(inputs, Task(tuple(range(len(inputs.cases))), 0, len(inputs.members)))
    return ours, in_arrays(list(inputs.cases), inputs.weathers[0], shown, 0)


def assert_same(ours, arrays):
    assert np.array_equal(ours[:, :, COUNTED], arrays[:, :, COUNTED])
    assert ours == pytest.approx(arrays, rel=1e-12, abs=1e-9)


@settings(max_examples=150)
@given(plain_worlds().filter(lambda world: any(world["criteria"].values())), st.sampled_from([{"preadjust": False}, AT_ONCE]))
def test_kernels_equal_arrays_in_random_worlds(world, keys):
    with tempfile.TemporaryDirectory() as folder:
        run = engine_run(world | keys, folder)
    assert_same(*both((run.world,)))


@pytest.mark.parametrize("keys", [
    {}, {"rules": "bj2013"}, {"rules": "mep2017"}, {"criteria": CRITERIA},
    {"response": {"downgrade": True, "escalate": 1, "withdraw_on_lift": True}, "forecast": {"every_hours": 12}},
    {"response": {"lead_hours": 72, "paper_hours": 23}, "forecast": {"issue_hour": 3}},
    {"response": {"withdraw_on_lift": True}, "forecast": {"every_hours": 1}},
    {"seasons": "taiyuan-2021"}])
def test_kernels_equal_arrays_for_many_members_areas_and_variants(tmp_path, keys):
    rows = [line(f"L{n}", ramp_down_h=6 * n, ramp_up_h=11 * n, **CUTS) for n in range(11)]
    keys = keys | {"forecast": {"source": "synthetic", "members": 70} | keys.get("forecast", {})}
    path = write_areas(tmp_path, {"here": (INDEX, rows), "there": (INDEX[::-1], rows[:3]), "listless": (INDEX, None)}, **keys)
    grid = ["response.lead_hours=24,48"] if "response" not in keys else ["response.lift_hours=24,36,60"]
    worlds = experiment.load(path, (), grid, sweeping=True).worlds
    ours, arrays = both(worlds)
    assert_same(ours, arrays)
    assert ours[:, :, FIGURES.index("hours_orange")].any()
    assert ours[:, :, FIGURES.index("flip_flop_cny")].any()


@pytest.mark.parametrize("members", [3, 130])
def test_kernels_equal_arrays_where_thresholds_fill_planes_many_times(tmp_path, members):
    """Variants that differ in thresholds go side by side: more of them, with their words of members, than lanes."""
    rows = [line(f"L{n}", ramp_down_h=6 * n, ramp_up_h=11 * n, **CUTS) for n in range(11)]
    path = write_areas(tmp_path, {"here": (INDEX, rows), "there": (INDEX[::-1], rows[:3])}, criteria=CRITERIA,
                       forecast={"source": "synthetic", "members": members})
    grid = [f"criteria.yellow.0.over={','.join(str(150.5 + step) for step in range(21))}"]
    worlds = experiment.load(path, (), grid, sweeping=True).worlds[1:]
    cases = list(inputs_of(worlds).cases)
    thresholds = np.unique([one for case in cases for one in case.rules.thresholds])
    assert max(len(alike.places) for alike in compiled._alike(cases, thresholds)) > 2 * LANES
    ours, arrays = both(worlds)
    assert_same(ours, arrays)
    assert len(np.unique(ours[:, :, FIGURES.index("hours_yellow")].sum(axis=1))) > 2


@pytest.mark.parametrize("winters", [1, 70])
@pytest.mark.parametrize("thresholds", [[150.0, 200.0], [99.5, 99.75, 100.0, 100.25, 149.999999999, 150.0, 300.0]])
def test_forecasts_are_ranked_as_the_arrays_would_rank_them(tmp_path, thresholds, winters):
    """Also thresholds that lie near one another, or round to the same number of 32 bits."""
    own = {"period": {"start": "2015-11-15", "end": "2015-12-05"},
           "cities": {"here": {"observed": {"generate": "yangquan", "winters": winters}}}}
    path = write_world(tmp_path, INDEX, forecast={"source": "synthetic", "members": 70}, **own if winters > 1 else {})
    shown = experiment.load(path).worlds[0].weather.shown(3, 70)
    known = compiled._slices(shown.observed, shown.issue, 1, np.array(thresholds))
    assert "_values" not in vars(shown.issue.issue)  # none was made
    kept = np.stack([shown.issue(day) for day in range(len(shown.observed))])
    assert np.array_equal(known, compiled._slices(shown.observed, lambda day: kept[day], 1, np.array(thresholds)))


def test_a_forecast_without_error_is_not_drawn(tmp_path):
    exact = {"source": "synthetic", "members": 70, "skill": {"correlation_day1": 1, "scale_days": 1e9}}
    path = write_world(tmp_path, INDEX, [line("L", **CUTS)], forecast=exact)
    ours, arrays = both(experiment.load(path).worlds)
    assert_same(ours, arrays)
    assert (ours[:, :, FIGURES.index("noon_missed_days")] == 0).all()


def test_each_member_may_have_a_winter_of_its_own(tmp_path):
    path = write_world(tmp_path, INDEX, [line("L", ramp_down_h=30, ramp_up_h=50, **CUTS)],
                       period={"start": "2015-11-15", "end": "2015-12-31"},
                       cities={"here": {"observed": {"generate": "yangquan", "winters": 66}, "enterprises": "list.csv"}},
                       forecast={"source": "synthetic", "members": 66})
    assert_same(*both(experiment.load(path).worlds))


def test_a_sweep_with_kernels_is_one_without(tmp_path, monkeypatch):
    """Variants that the kernels cannot hold go through the arrays, in the same sweep; workers change nothing."""
    rows = [line(f"L{n}", ramp_down_h=6 * n, ramp_up_h=11 * n, **CUTS) for n in range(3)]
    path = write_world(tmp_path, INDEX, rows, forecast={"source": "synthetic", "members": 130})
    grid = ["criteria.yellow.0.over=150,200", "response.preadjust=false,true", "compliance.share=1,0.8"]
    without = sim.sweep(path, grid)
    monkeypatch.setattr("sim.cases.WORTH_COMPILING", 1)
    with_kernels = sim.sweep(path, grid)
    assert with_kernels.inputs.compiled and not without.inputs.compiled
    assert with_kernels.figures == pytest.approx(without.figures, rel=1e-12, abs=1e-9)
    monkeypatch.setattr("sim.cases.COLUMNS_AT_ONCE", 2)
    by_two = sim.sweep(path, grid, workers=2)
    obeyed = [task.last - task.first for task in tasks_of(by_two.inputs) if by_two.inputs.cases[task.cases[0]].world is None]
    assert obeyed == [64, 64, 2]  # in whole machine words
    assert by_two.comparison.to_csv() == with_kernels.comparison.to_csv()


def test_few_winters_are_not_worth_compiling(tmp_path, monkeypatch):
    path = write_world(tmp_path, INDEX, [line("L", **CUTS)], forecast={"source": "synthetic", "members": 10})
    worlds = experiment.load(path, (), ["response.lead_hours=24,48"], sweeping=True).worlds
    monkeypatch.setattr("sim.cases.AT_LEAST", 1)
    for least, used in ((20, True), (21, False)):
        monkeypatch.setattr("sim.cases.WORTH_COMPILING", least)
        assert inputs_of(worlds).compiled is used
    monkeypatch.setattr("sim.cases.AT_LEAST", 11)  # a variant of few takes as long as one of eleven
    assert inputs_of(worlds).compiled
    monkeypatch.setattr("sim.cases.find_spec", lambda _: None)
    assert not inputs_of(worlds).compiled


def test_the_kernels_number_decisions_as_the_agenda_does():
    numbers = (kernels.ISSUE, kernels.UPGRADE, kernels.DOWNGRADE, kernels.ADVANCE, kernels.LIFT, kernels.CANCEL)
    assert [agenda.KINDS[number] for number in numbers] == ["issue", "upgrade", "downgrade", "advance", "lift", "cancel"]


def test_kernels_are_compiled_once_for_all_processes(tmp_path):
    """Also where the first variants are not for the kernels; whatever was compiled before, arrays are of one kind."""
    path = write_world(tmp_path, INDEX, [line("L", **CUTS)], forecast={"source": "synthetic", "members": 70})
    worlds = experiment.load(path, (), ["forecast.decide_on=probability,member"], sweeping=True).worlds[1:]
    inputs = replace(inputs_of(worlds), compiled=True)
    compiled.compile_for(inputs)
    known = len(add_figures.signatures)
    assert known
    for task in tasks_of(inputs):
        compiled.run_task(inputs, task)
    assert len(add_figures.signatures) == known
    assert {kind.layout for signature in add_figures.signatures for kind in signature if isinstance(kind, Array)} == {"C"}


def test_kernels_are_kept_apart_for_every_state_of_their_sources(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled_bits, "KERNELS", [tmp_path / "one.py"])
    monkeypatch.setattr(compiled_bits.config, "CACHE_DIR", "")
    (tmp_path / "one.py").write_text("a = 1")
    first = compiled_bits._folder()
    (tmp_path / "one.py").write_text("a = 2")
    second = compiled_bits._folder()
    assert first != second
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(compiled_bits, "__file__", str(tmp_path / "file" / "x.py"))  # nothing can be written there
    monkeypatch.setattr(compiled_bits.Path, "home", lambda: tmp_path)
    elsewhere = compiled_bits._folder()
    assert elsewhere == tmp_path / ".cache" / second.name
    monkeypatch.setattr(compiled_bits.Path, "home", lambda: tmp_path / "file")
    assert compiled_bits._folder() is None
    for folder in (first, second):
        folder.rmdir()


def test_kernels_are_compiled_anew_when_a_number_changes_that_they_take_from_elsewhere():
    """A number of another module is compiled into a kernel: its source belongs to theirs."""
    for path in compiled_bits.HERE.glob("compiled_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("sim."):
                module = importlib.import_module(node.module)
                numbers = [name.name for name in node.names if isinstance(getattr(module, name.name), (int, float))]
                assert not numbers or Path(module.__file__) in compiled_bits.KERNELS, (path.name, node.module, numbers)
