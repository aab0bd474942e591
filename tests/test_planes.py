"""Planes: one bit for each series, found again as rows and series."""

import numpy as np
import pytest

from sim import planes


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
