"""Planes: one bit for each of many series, as one whole number of Python.

What holds for a series or not is a bit, and a rule is a few `&`, `|` and `^` on whole numbers: the same rule for one city
as for a million series, at some picoseconds a series, with no array to set up where there are few.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_

import numpy as np

WORD = 64
"""Bits of a machine word."""

NARROW_BITS = 32
"""Row and series are sorted as one number: of so many bits where they fit, since that is faster."""

FEW = 4
"""Up to so many bits are faster found one by one."""


def planes(holds: np.ndarray) -> list[int]:
    """One plane for each row. holds : bool[n, k]."""
    return planes_of(np.packbits(holds, axis=1, bitorder="little"))


def planes_of(rows: np.ndarray) -> list[int]:
    """Rows of bytes, as of `bits`, as planes. rows : uint8[n, width]."""
    if rows.shape[1] <= 8:
        words = np.zeros((len(rows), 8), np.uint8)
        words[:, : rows.shape[1]] = rows
        return words.view("<u8")[:, 0].tolist()
    width, raw = rows.shape[1], memoryview(rows.tobytes())
    return [int.from_bytes(raw[at: at + width], "little") for at in range(0, len(raw), width)]


def bits(rows: Sequence[int], size: int) -> np.ndarray:
    """Planes as rows of bytes, eight series each, lowest bit first: uint8[n, ceil(size / 8)]."""
    width = (size + 7) // 8
    return np.frombuffer(b"".join(row.to_bytes(width, "little") for row in rows), np.uint8).reshape(len(rows), width)


def side_by_side(rows: Sequence[int], width: int) -> int:
    """Planes of so many bytes each as one wide plane, the first lowest."""
    if len(rows) == 1:
        return rows[0]
    return int.from_bytes(b"".join([row.to_bytes(width, "little") for row in rows]), "little")


def apart(plane: int, count: int, width: int) -> list[int]:
    """A wide plane as the planes that stand in it side by side."""
    if count == 1:
        return [plane]
    return planes_of(np.frombuffer(plane.to_bytes(count * width, "little"), np.uint8).reshape(count, width))


def held(rows: Sequence[int], size: int) -> np.ndarray:
    """For which series each plane holds: bool[n, size]."""
    return np.unpackbits(bits(rows, size), axis=1, count=size, bitorder="little").astype(bool)


def counts(rows: Iterable[int], size: int) -> np.ndarray:
    """How many of some planes hold for each series: int64[size]."""
    total, left, weight = np.zeros(size, np.int64), list(rows), 1
    while left:
        carries = []
        while len(left) > 1:  # three planes of one weight make one of it, and one of twice the weight
            one, other, third = left.pop(), left.pop(), left.pop() if left else 0
            differ = one ^ other
            left.append(differ ^ third)
            carries.append((one & other) | (differ & third))
        total += weight * held(left, size)[0]
        left, weight = carries, 2 * weight
    return total


def places_by_series(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every (row, series) for which a plane holds, in order of series and row: int32[m] each. rows : uint8[n, width], as of
    `bits`."""
    wide = np.zeros((len(rows), (rows.shape[1] + 7) // 8 * 8), np.uint8)
    wide[:, : rows.shape[1]] = rows
    words = wide.view("<u8").ravel()
    at = np.flatnonzero(words)  # few words hold anything, and those few series: one by one, the lowest of each
    left, (row, word) = words[at], np.divmod(at, max(1, wide.shape[1] // 8))
    shift = len(rows).bit_length()
    fits = np.uint32 if 8 * wide.shape[1] << shift <= 1 << NARROW_BITS else np.uint64
    key, keys = (WORD * word << shift | row).astype(fits), [np.zeros(0, fits)]
    while len(left):
        others = left & left - np.uint64(1)
        keys.append(key + (np.bitwise_count((left ^ others) - np.uint64(1)).astype(fits) << shift))
        more = np.flatnonzero(others)
        left, key = others[more], key[more]
    found = np.sort(np.concatenate(keys))
    return (found & (1 << shift) - 1).astype(np.int32), (found >> shift).astype(np.int32)


def but(plane: int, other: int) -> int:
    """Where the one holds but the other does not. (`& ~` passes through a negative number, and is slow on wide planes.)"""
    return plane ^ (plane & other)


def union(rows: Iterable[int]) -> int:
    """Where any of the planes holds."""
    return reduce(or_, rows, 0)


def places(plane: int, size: int) -> np.ndarray:
    """The series for which a plane holds, in ascending order: int64[m]."""
    if plane.bit_count() > FEW:
        return np.flatnonzero(held([plane], size)[0])
    found = []
    while plane:
        found.append((plane & -plane).bit_length() - 1)
        plane &= plane - 1
    return np.array(found, np.int64)
