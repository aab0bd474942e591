"""Flip-flops of a sweep: counted from the steps of a response, priced as the ramps of model section 6 have it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import INDEX, line, write_world

import sim
from sim.agenda import Timeline
from sim.response import Ramps, level_weights, steps_of
from sim.sweep_regret import flip_flops, regret_at_noon
from sim.totals import FLIP_FLOP_H, SUMS, Rates
from sim.vocab import Level

KG, CNY = 5.0, 700.0
"""An hour at orange of the lines of one class; yellow is worth half, red twice as much."""


def timeline(*changes):
    """Changes (hour, level) of one series."""
    hour, level = np.array(changes, float).T
    return Timeline(np.zeros(len(hour), int), np.zeros(len(hour), int), hour, level.astype(int), (level > 0).astype(int))


def rates(*pairs, ends_h=(2000.0,)):
    """One class of lines for each pair of ramp times; the second phase is worth three times the first."""
    per_hour = np.zeros((len(ends_h), len(pairs), 3, len(SUMS)))
    for lv, worth in enumerate((0.5, 1.0, 2.0)):
        per_hour[:, :, lv, SUMS.index("avoided_so2_kg")] = KG * worth
        per_hour[:, :, lv, SUMS.index("curtailed_value_cny")] = CNY * worth
    per_hour[1:] *= 3
    down_h, up_h = np.array(pairs, float).T
    nobody = np.zeros(len(pairs), int)
    return Rates(per_hour, ends_h, Ramps(nobody, nobody, down_h, up_h), (0.0,), 1)


def priced(given_rates, *changes):
    steps = steps_of(timeline(*changes), 1, given_rates.ends_h[-1])
    return flip_flops(given_rates, steps, 1)[0]


@given(st.floats(0, 60), st.floats(0, 300), st.integers(1, FLIP_FLOP_H))
def test_a_flip_flop_costs_what_its_ramps_take_and_give(down_h, up_h, lasts_h):
    """Against the exact course of the weights: output not made while nothing is asked, emissions on the way down again."""
    course = timeline((100, Level.orange), (500, 0), (500 + lasts_h, Level.orange), (1500, 0))
    ramps = Ramps(*(np.array([each]) for each in (0, 0, down_h, up_h)))

    def orange_h(until_h):
        return level_weights(course, ramps, until_h)[0, 2]

    again = 500 + lasts_h
    not_made_h = orange_h(again) - orange_h(500.0)
    on_the_way_h = down_h - (orange_h(again + down_h) - orange_h(again))
    count, kg, cny = priced(rates((down_h, up_h)), (100, Level.orange), (500, 0), (again, Level.orange), (1500, 0))
    assert count == 1
    assert cny == pytest.approx(not_made_h * CNY, abs=1e-6)
    assert kg == pytest.approx(on_the_way_h * KG, abs=1e-6)


def test_lines_of_several_ramp_times_add_up():
    pairs, course = ((12, 24), (0, 0), (48, 240)), ((10, 3), (100, 0), (124, 3))
    every = priced(rates(*pairs), *course)
    assert every[1:] == pytest.approx(sum(priced(rates(pair), *course)[1:] for pair in pairs))


@pytest.mark.parametrize(("changes", "count"), [
    ([(10, 3), (100, 0), (149, 3)], 0),  # a new episode, more than two days later
    ([(10, 3), (100, 0), (148, 3)], 1),
    ([(10, 3), (100, 2), (124, 3)], 1),  # lowered and raised
    ([(10, 2), (34, 3), (58, 0)], 0),  # raised, then lifted
    ([(10, 4), (34, 3), (58, 2), (82, 0)], 0),  # lowered step by step
    ([(10, 3), (100, 0)], 0),
    ([(10, 3), (40, 0), (64, 3), (100, 0), (124, 2)], 2)])
def test_only_what_is_tightened_again_within_two_days_counts(changes, count):
    assert priced(rates((12, 24)), *changes)[0] == count


def test_the_level_that_is_regained_is_priced_in_its_phase():
    full = priced(rates((12, 24)), (10, 3), (100, 0), (130, 3))
    assert priced(rates((12, 24)), (10, 3), (100, 2), (130, 3))[1:] == pytest.approx(full[1:] / 2)  # from yellow, half as much
    assert priced(rates((12, 24)), (10, 3), (100, 0), (130, 4))[1:] == pytest.approx(full[1:])  # red is asked anew
    assert priced(rates((12, 24), ends_h=(90.0, 2000.0)), (10, 3), (100, 0), (130, 3))[1:] == pytest.approx(3 * full[1:])


def test_eased_in_the_hour_in_which_a_phase_ends_is_of_the_next():
    later = priced(rates((12, 24), ends_h=(100.0, 2000.0)), (10, 3), (100, 0), (130, 3))
    assert later[1:] == pytest.approx(3 * priced(rates((12, 24)), (10, 3), (100, 0), (130, 3))[1:])


def two_areas():
    """Lines of two ramp times and start classes in the first area, of one in the second, worth ten times as much."""
    area, start_class = np.array([0, 0, 1]), np.array([0, 1, 0])
    down_h, up_h, worth = np.array([12.0, 6, 12]), np.array([24.0, 48, 24]), np.array([1.0, 2, 10])
    per_hour = np.zeros((1, 3, 3, len(SUMS)))
    per_hour[..., SUMS.index("avoided_nox_kg")] = worth[:, None] * (0.5, 1, 2)
    per_hour[..., SUMS.index("curtailed_value_cny")] = 100 * worth[:, None] * (0.5, 1, 2)
    return Rates(per_hour, (2000.0,), Ramps(area, start_class, down_h, up_h), (0.0, 6.0), 2)


def test_by_hand_members_areas_and_start_classes_are_told_apart():
    """Two members of two areas; 36 hours, so that lines of 48 h get three quarters of the way up."""
    series = np.array([1, 1, 1, 2, 2, 2])
    course = Timeline(np.zeros(6, int), series, np.array([10.0, 100, 136] * 2), np.array([3, 0, 3] * 2), np.ones(6, int))
    found = flip_flops(two_areas(), steps_of(course, 4, 2000.0), 2)
    assert found[0] == pytest.approx([1, 10 * 12 / 2, 1000 * 24 / 2])  # the second area of the first member
    kg, cny = 12 / 2 + 2 * 0.75 * 6 / 2, 100 * 24 / 2 + 200 * (36 - 0.75 * 36 / 2)
    assert found[1] == pytest.approx([1, kg, cny])


def test_by_hand_days_missed_are_priced_by_area_and_all_start_classes():
    """A day each: orange due and nothing in force, yellow in force and nothing due."""
    now, due = np.zeros((2, 4, 5), np.int8)
    due[1, 2], due[2, 0], now[2, 4], now[3, 1] = 3, 3, 2, 2
    found = regret_at_noon(two_areas(), now.T, due.T, 2)
    assert found[0] == pytest.approx([1, 0, 24 * 10, 0])
    assert found[1] == pytest.approx([1, 2, 24 * 3, 24 * 100 * (0.5 * 3 + 0.5 * 10)])


def test_where_lines_may_not_obey_prices_go_by_their_share(tmp_path):
    index = [80] * 5 + [230] * 12 + [80] * 8
    told = {(day, lead): index[day + lead] for day in range(25) for lead in range(1, 8) if day + lead < 25}
    told |= {(9, lead): 80 for lead in range(1, 8)}
    told |= {(day, lead): 230 for day in (17, 18, 19) for lead in range(1, 8) if 20 <= day + lead < 23}  # a false alarm
    path = write_world(tmp_path, index, [line(orange_cut=0.5, ramp_down_h=12, ramp_up_h=240)], told,
                       response={"paper_hours": 0})
    full, half, nobody = sim.sweep(path, ["compliance.share=1,0.5,0"]).comparison.to_dict("records")
    for figure in ("noon_missed_kg", "noon_false_alarm_cny", "flip_flop_kg", "flip_flop_cny"):
        assert full[figure] > 0
        assert [half[figure], nobody[figure]] == pytest.approx([full[figure] / 2, 0])
    assert half["flip_flops"] == nobody["flip_flops"] == full["flip_flops"] == 1


def test_a_sweep_counts_them_by_variant_and_without_a_list_prices_nothing(tmp_path):
    """The issue of day 9 shows nothing more to come: the warning of days 5 to 16 is lifted and issued again."""
    index = [80] * 5 + [230] * 12 + [80] * 8
    told = {(day, lead): index[day + lead] for day in range(25) for lead in range(1, 8) if day + lead < 25}
    told |= {(9, lead): 80 for lead in range(1, 8)}
    for name, rows in (("listed", [line(orange_cut=0.5, ramp_down_h=12, ramp_up_h=240)]), ("bare", None)):
        (tmp_path / name).mkdir()
        path = write_world(tmp_path / name, index, rows, told, response={"paper_hours": 0})
        row = sim.sweep(path, ["response.lead_hours=24"]).comparison.iloc[0]
        assert row["flip_flops"] == 1
        assert [row["flip_flop_cny"] > 0, row["flip_flop_kg"] > 0] == [bool(rows)] * 2
    smooth = sim.sweep(write_world(tmp_path, INDEX, [line()]), ["response.lead_hours=24"]).comparison.iloc[0]
    assert smooth["flip_flops"] == 0
