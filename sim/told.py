"""What was told to many series, as rows: all decisions of a period at once, after the last of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sim.agenda import ISSUE, KINDS
from sim.planes import bits, places_by_series
from sim.vocab import Level
from sim.warning import Decided


class Told(NamedTuple):
    """Decisions of many series, in order of series and announcement, int[n] each but hour, float64[n]. kind : as in KINDS.
    level : the new level; of lifts and cancels the one that ends. warning : numbers the warnings of all series, from 0.
    row : which of the decisions taken it is."""

    kind: np.ndarray
    series: np.ndarray
    hour: np.ndarray
    level: np.ndarray
    warning: np.ndarray
    row: np.ndarray

    @property
    def number(self) -> np.ndarray:
        """Numbers of the warnings, from 1 in each series: int32[n]."""
        begins = np.diff(self.series, prepend=-1) != 0  # with an issue
        return self.warning - np.maximum.accumulate(np.where(begins, self.warning, 0)) + 1


def told_of(taken: Sequence[Decided], size: int, levels: tuple[Level, ...]) -> Told:
    """Decisions in planes as rows. size : how many series there are. levels : those of the rules, lowest first."""
    kinds = np.array([KINDS.index(one.kind) for one in taken], np.int8)
    row, series = places_by_series(bits([one.series for one in taken], size))
    found = {id(one.level): one.level for one in taken}  # many share theirs
    place = {key: at * (len(levels) - 1) for at, key in enumerate(found)}
    planes_of = bits([plane for level in found.values() for plane in level[1:]], size)  # all have the lowest
    first, bit = np.array([place[id(one.level)] for one in taken], np.int64)[row], (series & 7).astype(np.uint8)
    level = np.full(len(row), levels[0], np.int8)
    for step, lv in enumerate(np.diff(levels).tolist()):
        level += (planes_of[first + step, series >> 3] >> bit & 1).view(np.int8) * np.int8(lv)
    kind = kinds[row]
    hours = np.array([one.effective for one in taken], float)
    return Told(kind, series, hours[row], level, np.cumsum(kind == ISSUE, dtype=np.int32) - 1, row)
