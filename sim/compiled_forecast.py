"""Synthetic forecasts, compiled: what offices tell, as ranks among thresholds, in planes. The same arithmetic as `synthetic`.

It works on the 64 members of a word side by side, in loops over few arrays each: a compiler does not ask whether many overlap.
"""

import math

import numpy as np

from sim.compiled_bits import kernel
from sim.compiled_planes import digit_of
from sim.days import in_type
from sim.planes import WORD
from sim.synthetic import EDGE, STEP, Drawn, climate_of, draw, errors_of, persistence_of


def fill_slices(drawn: Drawn, city: np.ndarray, thresholds: np.ndarray, slices: np.ndarray) -> None:
    """How many thresholds each day ahead is above, as planes of binary digits.

    city : int64[area], whose forecast an area has. thresholds : float64[n], ascending. slices : uint64[area, word, digit, day x
    (1 + lead)], filled but for the days of the issues themselves.
    """
    days, winters, cities = drawn.observed.shape
    climate = drawn.climate or climate_of(drawn.observed.reshape(days, -1))
    errors, normal = errors_of(drawn.skill, drawn.horizon_days), np.zeros((drawn.horizon_days, WORD, days), np.float32)
    below = np.searchsorted(thresholds, np.arange(math.ceil(thresholds[-1]) + 1), "left").astype(np.int32)
    bounds = np.array([*(in_type(one, normal.dtype) for one in thresholds), np.inf], np.float32)
    nearest, room = int(np.bincount(thresholds.astype(int)).max()), _room(drawn.horizon_days, len(bounds))
    known, first, which = np.unique(city, return_index=True, return_inverse=True)
    for area, one in zip(first, known, strict=True):
        for word in range(slices.shape[1]):
            members = drawn.members[word * WORD: (word + 1) * WORD]
            normal[:, : len(members)] = draw(drawn.seed, drawn.cities[one], members, (drawn.horizon_days, days))
            own = climate.of(np.minimum(word * WORD + np.arange(WORD), winters - 1) * cities + one)
            rank_ahead(normal, np.ascontiguousarray(own.scores), own.index, own.row * own.index.shape[1],
                       persistence_of(own.r1, own.r2), errors, below, bounds, nearest, room, len(members), slices[area, word])
    slices[:] = slices[first[which]]


def _room(leads: int, bounds: int) -> tuple[np.ndarray, ...]:
    """What the kernel works with, by member: this value, the one before by lead and the one before that; the score; its place,
    and how far past it; the index; its rank."""
    return (np.zeros(WORD, np.float32), np.zeros((leads, WORD), np.float32), np.zeros((leads, WORD), np.float32),
            np.zeros(WORD, np.float32), np.zeros(WORD, np.int32), np.zeros(WORD), np.zeros(WORD, np.float32),
            np.zeros(WORD, np.int32), np.zeros(WORD, np.min_scalar_type(bounds)))


@kernel
def rank_ahead(normal, scores, index, row_at, persistence, errors, below, bounds, nearest, room, members, slices):
    """Fill the planes of one word. normal : float32[lead, 64, day]. scores : float32[day, 64]. index, row_at : as in `Climate`,
    where each member's row begins. persistence : float32[5, 64], as `persistence_of`. below : by whole number, thresholds below
    it; bounds : float32[n + 1], the thresholds and infinity; nearest : how many lie between two whole numbers at most.
    members : how many there are. slices : uint64[digit, row]."""
    fresh, before, earlier, known, place, past, value, rank, narrow = room
    kept, news, widened, bias = errors
    leads, days = normal.shape[0], normal.shape[2]
    edge, step, zero = np.float32(EDGE), np.float32(STEP), np.float32(0)
    top, last = np.float32(index.shape[1] - 1.001), np.float32(len(below) - 1)
    flat = index.reshape(index.size)
    present = ~np.uint64(0) >> np.uint64(WORD - members)
    for day in range(days):
        for m in range(WORD):
            known[m] = scores[day, m]
        for lead in range(leads):
            for m in range(WORD):
                fresh[m] = normal[lead, m, day]
            if day == 1:
                for m in range(WORD):
                    fresh[m] = persistence[3, m] * before[lead, m] + persistence[4, m] * fresh[m]
            elif day > 1:
                for m in range(WORD):
                    fresh[m] = persistence[0, m] * fresh[m] + (persistence[1, m] * before[lead, m]
                                                               + persistence[2, m] * earlier[lead, m])
            for m in range(WORD):
                earlier[lead, m] = before[lead, m]
                before[lead, m] = fresh[m]
            for m in range(WORD):
                known[m] = kept[lead] * known[m] + news[lead] * fresh[m]
            if day <= lead:
                continue  # no issue of the period tells it
            for m in range(WORD):
                at = min(max((known[m] * widened[lead] + bias + edge) / step, zero), top)
                place[m] = row_at[m] + np.int32(at)
                past[m] = np.float64(at) - np.int32(at)
            for m in range(WORD):
                low = flat[np.uint64(place[m])]
                value[m] = low + past[m] * (flat[np.uint64(place[m]) + np.uint64(1)] - low)
            for m in range(WORD):
                rank[m] = below[np.uint64(np.int32(min(max(value[m], zero), last)))]
            for _ in range(nearest):
                for m in range(WORD):
                    rank[m] += np.int32(value[m] > bounds[np.uint64(rank[m])])
            for m in range(WORD):
                narrow[m] = rank[m]
            for digit in range(len(slices)):
                slices[digit, (day - lead - 1) * (1 + leads) + 1 + lead] = digit_of(narrow, digit) & present
