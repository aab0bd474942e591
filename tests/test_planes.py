"""Planes: one bit for each series, made from days and thresholds, counted, and found again as rows and series."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import planes
from sim.days import MANY, Days


@pytest.mark.parametrize("narrow_bits", [32, 4])
@pytest.mark.parametrize(("rows", "series", "share"), [
    (0, 9, 0), (1, 1, 1), (3, 0, 0), (40, 130, 0.5), (700, 63, 0.01), (5, 900, 1)])
def test_places_come_in_order_of_series_and_row(monkeypatch, narrow_bits, rows, series, share):
    monkeypatch.setattr(planes, "NARROW_BITS", narrow_bits)  # the wider number that many rows of many series take
    holds = np.random.default_rng(rows).random((rows, series)) < share
    packed = np.packbits(holds, axis=1, bitorder="little")
    beside = np.stack([~packed, packed], axis=1)[:, 1]  # of one rule set among several: not in one piece
    for each in (packed, beside):
        row, found = planes.places_by_series(each)
        expected = np.nonzero(holds.T)
        assert found.tolist() == expected[0].tolist()
        assert row.tolist() == expected[1].tolist()


@given(st.lists(st.integers(0, (1 << 20) - 1), max_size=40))
def test_planes_are_counted_by_series(rows):
    assert planes.counts(rows, 20).tolist() == [sum(row >> series & 1 for row in rows) for series in range(20)]


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(MANY, 300), st.sets(st.sampled_from([150.5, 99.25, math.nextafter(200, 0)])))
def test_many_thresholds_are_exceeded_where_each_alone_is(seed, many, between):
    """Whole ones are compared by ranks; values at thresholds, next to them, below all and days after the end."""
    thresholds = [*range(0, 3 * many // 2, 1 + seed % 2)][:many] + sorted(between)
    rng = np.random.default_rng(seed)
    told = rng.choice([*thresholds, -np.inf, -0.0, 0.5, 600.25], (5, 3, 11)).astype(np.float32)
    told += rng.choice([-1e-4, 0, 1e-4], told.shape).astype(np.float32)
    observed = told[:, 0].astype(float)
    together = Days(observed, lambda day: told[day])
    together.look(tuple(thresholds))
    for threshold in thresholds:
        alone = Days(observed, lambda day: told[day])
        alone.look((threshold,))
        for ours, theirs in zip(together.above([(threshold,)]), alone.above([(threshold,)]), strict=True):
            assert np.array_equal(ours[0], theirs[0])
        assert np.array_equal(planes.held(alone.above([(threshold,)]).on(0), 11), observed > threshold)
