"""Ramps and level weights against closed forms."""

import numpy as np
import pytest

from sim.agenda import Agenda, Decision, Timeline
from sim.response import Ramps, level_hours, level_weights, response_level


def timeline(*changes):
    hour, level = zip(*changes, strict=True)
    none = np.zeros(len(hour), int)
    return Timeline(none, none, np.array(hour, float), np.array(level), np.where(np.array(level) > 0, 1, 0))


def weights(line, down, up, until=240.0, escalate=0):
    one = Ramps(np.zeros(1, int), np.zeros(1, int), np.array([float(down)]), np.array([float(up)]))
    return level_weights(line, one, until, escalate)[0].tolist()


ORANGE_48 = timeline((24, 3), (72, 0))


def test_without_ramps_the_weights_are_the_hours_in_force():
    assert weights(ORANGE_48, 0, 0) == [0, 0, 48, 0]


def test_a_ramp_down_costs_half_its_length_and_a_ramp_up_gives_half_of_its_own():
    assert weights(ORANGE_48, 24, 0) == [0, 0, 36, 0]
    assert weights(ORANGE_48, 0, 24) == [0, 0, 60, 0]


def test_a_response_ended_on_the_way_down_comes_back_from_where_it_is():
    """24 of 96 hours down leaves a quarter; it comes back over the whole ramp-up time, whatever the distance."""
    short = timeline((24, 3), (48, 0))
    assert weights(short, 96, 40) == pytest.approx([0, 0, 24 * 0.125 + 40 * 0.125, 0])


def test_a_ramp_up_is_cut_off_at_the_end_of_the_period():
    assert weights(timeline((24, 3), (72, 0)), 0, 40, until=92) == pytest.approx([0, 0, 48 + 20 * 0.75, 0])


def test_a_change_on_the_way_starts_anew_and_each_level_has_its_own_weight():
    both = timeline((0, 2), (10, 3))
    area = weights(both, 20, 0, until=40)
    assert area[1] == pytest.approx(10 * 0.25 + 20 * 0.25)  # up to a half, then down from it
    assert area[2] == pytest.approx(20 * 0.5 + 10)


def test_a_change_that_leaves_the_response_level_starts_no_ramp_anew():
    raised = timeline((0, 3), (10, 4))
    assert weights(raised, 20, 0, until=40, escalate=1) == weights(timeline((0, 4)), 20, 0, until=40)


def test_escalation_stops_at_red_and_blue_becomes_yellow():
    assert response_level(np.array([0, 1, 2, 3, 4]), 1).tolist() == [0, 2, 3, 4, 4]


def test_hours_count_the_series_whatever_the_lines_do():
    assert level_hours(timeline((24, 2), (48, 3), (90, 0)), 1, 240).tolist() == [[0, 24, 42, 0]]


def decision(kind, level, effective, number=1):
    one = np.array([True])
    return Decision(kind, np.flatnonzero(one), np.array([level]), np.array([effective]), np.array([number]))


def agenda_of(*steps, early=(0.0,), withdraw=False):
    agenda = Agenda(1, early, 4, withdraw)
    hours = set()
    for now, step in steps:
        for hour in sorted(h for h in agenda.planned if h < now):
            agenda.take_effect(hour)
        agenda.plan(step, now)
    for hour in sorted(agenda.planned):
        hours.add(hour)
        agenda.take_effect(hour)
    line = agenda.timeline()
    return list(zip(line.start_class.tolist(), line.hour.tolist(), line.level.tolist(), strict=True))


def test_the_later_announced_wins_within_an_hour():
    made = agenda_of((16, decision("issue", 2, 48)), (40, decision("upgrade", 3, 48)), (88, decision("lift", 3, 92)))
    assert made == [(0, 48, 3), (0, 92, 0)]


def test_a_cancelled_warning_never_comes_into_force():
    assert agenda_of((16, decision("issue", 2, 48)), (40, decision("cancel", 2, 40))) == []


def test_an_upgrade_announced_before_a_lift_stands_unless_it_is_withdrawn():
    steps = ((0, decision("issue", 1, 4)), (16, decision("upgrade", 2, 48)), (40, decision("lift", 2, 44)))
    assert agenda_of(*steps) == [(0, 4, 1), (0, 44, 0), (0, 48, 2)]
    assert agenda_of(*steps, withdraw=True) == [(0, 4, 1), (0, 44, 0)]


def test_pre_adjustment_starts_ahead_but_not_before_the_paper_is_done():
    made = agenda_of((16, decision("issue", 3, 72)), (112, decision("lift", 3, 120)), early=(0.0, 24.0, 96.0))
    assert made == [(0, 72, 3), (0, 120, 0), (1, 48, 3), (1, 120, 0), (2, 20, 3), (2, 120, 0)]


def test_lines_that_started_ahead_go_back_when_the_warning_is_cancelled():
    made = agenda_of((16, decision("issue", 3, 72)), (40, decision("cancel", 3, 40)), early=(0.0, 96.0))
    assert made == [(1, 20, 3), (1, 40, 0)]


def test_a_lift_does_not_end_a_next_warning_that_lines_already_answer():
    made = agenda_of((0, decision("issue", 2, 24)), (40, decision("lift", 2, 64)), (41, decision("issue", 3, 64, 2)),
                     early=(0.0, 12.0))
    assert [m for m in made if m[0] == 1] == [(1, 12, 2), (1, 52, 3)]


@pytest.mark.parametrize(("second", "after_lift"), [(3, 3), (2, 2)])
def test_pre_adjustment_goes_on_across_the_lift_of_a_warning_that_asks_as_much(second, after_lift):
    made = agenda_of((0, decision("issue", 3, 24)), (40, decision("issue", second, 120, 2)), (64, decision("lift", 3, 68)),
                     early=(0.0, 72.0))
    slow = [(hour, level) for cls, hour, level in made if cls == 1]
    assert slow[0] == (4, 3)  # the first, ahead of its own hour
    assert slow[1:] == [(68, after_lift)]  # the second asks from hour 48 on, and takes over at the lift
    assert [m[1:] for m in made if m[0] == 0] == [(24, 3), (68, 0), (120, second)]
