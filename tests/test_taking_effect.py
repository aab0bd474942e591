"""What comes into force of decisions: by hand where one warning's changes outlive it, in planes as in rows."""

import numpy as np
import pytest

from sim.taking_effect import at_noon, changes_in_force, counted, timelines
from sim.told import in_force, told_of
from sim.vocab import Level
from sim.warning import Decided

LEVELS = (Level.yellow, Level.orange)
YELLOW, ORANGE, NONE = int(Level.yellow), int(Level.orange), 0


def decisions(series, size):
    """Issued, raised for the third day, lifted before it comes, and issued anew: kind, level, hour, issued."""
    mine, everyone = 1 << series, (1 << size) - 1
    yellow, orange = (everyone, 0), (everyone, everyone)
    return [Decided(kind, mine, level, hour, issued) for kind, level, hour, issued in (
        ("issue", yellow, 24, 16), ("upgrade", orange, 72, 40), ("lift", orange, 60, 56), ("issue", yellow, 66, 57),
        ("lift", yellow, 108, 88))]


@pytest.mark.parametrize(("withdraw_on_lift", "expected"), [
    (False, [(24, YELLOW, 1), (60, NONE, 0), (66, YELLOW, 2), (72, ORANGE, 1)]),  # the other warning's lift does not end it
    (True, [(24, YELLOW, 1), (60, NONE, 0), (66, YELLOW, 2), (108, NONE, 0)])])
@pytest.mark.parametrize(("series", "size"), [(0, 1), (9, 11)])
def test_a_lift_ends_its_own_warning_and_withdraws_where_asked(withdraw_on_lift, expected, series, size):
    taken = decisions(series, size)
    changes = changes_in_force(taken, len(LEVELS), 240, withdraw_on_lift=withdraw_on_lift)
    (timeline,) = timelines(changes, size, LEVELS)
    assert list(zip(timeline.hour, timeline.level, timeline.warning, strict=True)) == expected
    assert set(timeline.series) == {series}
    rows = in_force(told_of(taken, size, LEVELS), 240, withdraw_on_lift=withdraw_on_lift)
    for ours, theirs in zip(timeline, rows, strict=True):
        assert ours.tolist() == theirs.tolist()
        assert ours.dtype.kind == theirs.dtype.kind
    (noon,) = at_noon(changes, size, 10, LEVELS)  # one change is at noon itself: in force then
    assert noon[:, series].tolist() == [0, YELLOW, 0, *([ORANGE] * 7 if not withdraw_on_lift else [YELLOW, 0, 0, 0, 0, 0, 0])]
    assert np.array_equal(noon, timeline.at_noon(size, 10))
    (warned,) = counted(taken, size, LEVELS)
    assert warned[series].tolist() == [0, 0, 1, 1, 0]
    assert warned.sum() == 2


def test_what_is_due_after_the_end_does_not_come_and_nothing_comes_of_nothing():
    (timeline,) = timelines(changes_in_force(decisions(2, 3), 2, 107, withdraw_on_lift=True), 3, LEVELS)
    assert timeline.hour.tolist() == [24, 60, 66]
    assert [len(column) for column in next(timelines([], 3, LEVELS))] == [0] * 5
    assert next(counted([], 3, LEVELS)).sum() == 0
