"""Laws that hold for every world."""

import tempfile
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import START, line, write_world

import sim
from sim.vocab import Pollutant

KG = [f"avoided_{p}_kg" for p in Pollutant]


@st.composite
def worlds(draw, grading="guide-2020"):
    """Index series and lists under a policy that promises red >= orange >= yellow."""
    index = draw(st.lists(st.sampled_from([60, 120, 160, 210, 260, 310, 510]), min_size=15, max_size=40))
    rows = []
    for n in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from([("coking", "5.5m-stamped"), ("foundry", ""), ("cement", "clinker"), ("glass", ""),
                                     ("refractories", ""), ("coal-washing", "")]))
        grade = "ungraded" if kind[0] == "coal-washing" else draw(st.sampled_from("ABCD"))
        rows.append(line(f"L{n}", enterprise_id=f"E{n % 3}", enterprise=f"W{n % 3}", industry=kind[0], process=kind[1],
                         grade=grade, ramp_down_h=draw(st.sampled_from([0, 8, 48])),
                         ramp_up_h=draw(st.sampled_from([0, 24, 72])), min_load=draw(st.sampled_from([0, 0, 0.4])),
                         nox_kg_per_day=draw(st.sampled_from([10, 33.3])),
                         output_per_day=draw(st.sampled_from([50, 80, 120]))))
    edition = draw(st.sampled_from(["bj2015", "mep2017", "mee2019", "mee2024"]))
    return index, rows, {"rules": edition, "grading": grading}


def run(index, rows, overrides=(), **keys):
    with tempfile.TemporaryDirectory() as folder:
        return sim.run(sim.load(write_world(Path(folder), index, rows, **keys), overrides))


@settings(max_examples=40)
@given(worlds())
def test_baseline_is_actual_plus_avoided_and_no_line_saves_more_than_it_emits(world):
    index, rows, keys = world
    result = run(index, rows, **keys)
    totals = result.totals
    assert totals["baseline_kg"].to_numpy() == pytest.approx((totals["actual_kg"] + totals["avoided_kg"]).to_numpy())
    assert (totals["avoided_kg"] >= -1e-9).all()
    assert (totals["avoided_kg"] <= totals["baseline_kg"] + 1e-9).all()
    assert (totals["avoided_assumed_kg"] <= totals["avoided_kg"] + 1e-9).all()
    assert totals["avoided_kg"].sum() == pytest.approx(result.lines[KG].sum().sum())
    assert totals["avoided_kg"].sum() == pytest.approx(result.by_level["avoided_kg"].sum())
    assert totals["avoided_kg"].sum() == pytest.approx(result.by_county["avoided_kg"].sum())
    assert totals["avoided_kg"].sum() == pytest.approx(result.rules[KG].sum().sum())
    lost = result.lines["full_load_hours_lost"]
    assert ((lost >= -1e-9) & (lost <= 24 * len(index) + 1e-9)).all()
    if not len(result.warnings):
        assert totals["avoided_kg"].sum() == 0


@settings(max_examples=25)
@given(worlds())
def test_without_a_warning_nothing_is_avoided(world):
    _, rows, keys = world
    result = run([100] * 20, rows, **keys)
    assert len(result.warnings) == len(result.orders) == 0
    assert result.lines[KG].to_numpy().sum() == 0


@settings(max_examples=25)
@given(worlds())
def test_a_higher_level_takes_at_least_as_much_of_what_is_cut_by_load(world):
    index, rows, keys = world
    result = run(index, rows, **keys)
    asked = result.runs[0].world.asked
    by_load = (asked.whole < 0).all(axis=0)
    assert (np.diff(asked.output[:, by_load], axis=0) >= -1e-12).all()


@settings(max_examples=25)
@given(worlds(), st.randoms(use_true_random=False))
def test_shuffling_the_list_changes_nothing(world, random):
    index, rows, keys = world
    shuffled = list(rows)
    random.shuffle(shuffled)
    one = run(index, rows, **keys).lines.set_index("line_id").sort_index()
    two = run(index, shuffled, **keys).lines.set_index("line_id").sort_index()
    assert one.equals(two)


@settings(max_examples=25)
@given(worlds(grading={"policy": "uniform", "yellow": 0.2, "orange": 0.3, "red": 0.5}))
def test_splitting_a_line_in_two_halves_changes_nothing(world):
    index, rows, keys = world
    halves = [{**row, "line_id": f"{row['line_id']}{half}", **{name: row[name] / 2 for name in row
               if name.endswith("_per_day")}} for row in rows for half in "ab"]
    one, two = run(index, rows, **keys).summary, run(index, halves, **keys).summary
    names = [name for name in one if name.startswith(("avoided", "curtailed", "baseline"))]
    assert two[names].to_numpy(float) == pytest.approx(one[names].to_numpy(float))


@settings(max_examples=25)
@given(worlds())
def test_moving_the_start_a_week_moves_every_row_a_week(world):
    index, rows, keys = world
    one, two = run(index, rows, **keys), run(index, rows, start=START + timedelta(days=7), **keys)
    for table, times in ((("warnings"), ["issued_at", "effective_at"]), ("orders", ["from", "to"])):
        first, second = getattr(one, table), getattr(two, table)
        assert len(first) == len(second)
        for name in times:
            if len(first):
                moved = pd.to_datetime(second[name]) - pd.to_datetime(first[name])
                assert (moved == pd.Timedelta(days=7)).all()
    assert one.lines.equals(two.lines)


@settings(max_examples=25)
@given(worlds())
def test_doubling_rates_doubles_kilograms(world):
    index, rows, keys = world
    twice = [{**row, **{f"{p}_kg_per_day": 2 * row[f"{p}_kg_per_day"] for p in Pollutant}} for row in rows]
    one, two = run(index, rows, **keys), run(index, twice, **keys)
    assert two.totals["avoided_kg"].to_numpy() == pytest.approx(2 * one.totals["avoided_kg"].to_numpy())
    assert two.lines["curtailed_output"].equals(one.lines["curtailed_output"])


@settings(max_examples=40)
@given(worlds(), st.integers(3, 12))
def test_forecasts_that_differ_from_a_day_on_agree_before_it(world, day):
    index, rows, keys = world
    told = {(d, lead): index[d + lead] for d in range(len(index)) for lead in range(1, 8) if d + lead < len(index)}
    other = {(d, lead): (value if d < day else 400) for (d, lead), value in told.items()}
    one, two = run(index, rows, told=told, **keys), run(index, rows, told=other, **keys)
    at = (START + timedelta(days=day)).isoformat()
    for table, column in (("warnings", "issued_at"), ("days", "date")):
        first, second = ([row for row in getattr(r, table).to_dict("records") if row[column] < at] for r in (one, two))
        assert first == second


@settings(max_examples=15)
@given(worlds(), st.sampled_from([0.2, 0.7]))
def test_the_same_seed_gives_the_same_bytes_and_compliance_draws_are_for_all_lines(world, share):
    index, rows, keys = world
    with tempfile.TemporaryDirectory() as folder:
        path = write_world(Path(folder), index, rows, **keys)
        override = [f"compliance.share={share}"]
        one, two = (sim.run(sim.load(path, override)).files("page") for _ in range(2))
        assert {k: v for k, v in one.items() if k != "summary.json"} == {k: v for k, v in two.items()
                                                                         if k != "summary.json"}
        none = sim.run(sim.load(path, ["compliance.share=0"])).lines["full_load_hours_lost"]
        assert none.sum() == 0


@settings(max_examples=10)
@given(worlds(), st.randoms(use_true_random=False))
def test_who_obeys_does_not_hang_on_the_order_of_the_list(world, random):
    index, rows, keys = world
    shuffled = [*rows, line("extra")]
    random.shuffle(shuffled)
    one = run(index, rows, ["compliance.share=0.5"], **keys).lines.set_index("line_id")
    two = run(index, shuffled, ["compliance.share=0.5"], **keys).lines.set_index("line_id").drop("extra")
    if "lines" not in {r.kind for r in run(index, rows, **keys).runs[0].world.asked.rows}:
        assert one.sort_index().equals(two.sort_index())


def test_about_the_given_share_of_lines_obeys():
    rows = [line(f"L{n}", orange_cut=1) for n in range(2000)]
    index = [100] * 5 + [210] * 3 + [100] * 4
    for share in (0.16, 0.9):
        lost = run(index, rows, [f"compliance.share={share}"], grading="none").lines["full_load_hours_lost"]
        assert set(lost) == {0.0, 72.0}
        assert (lost > 0).mean() == pytest.approx(share, abs=0.04)  # four standard errors and more
