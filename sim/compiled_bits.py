"""Bits of machine words, compiled: days above thresholds as planes of 64 series. A door to `numba`, an extra."""

import numpy as np
from numba import njit

WORD = 64
LANES = 8
"""Words of one plane: as many as two or four steps of a processor take."""
NONE = np.uint64(0)


@njit(cache=True)
def ones(word):
    """How many bits are set."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(cache=True)
def ranked(values, thresholds, first_at, rank):
    """How many thresholds each value is above. values : float[n]. thresholds : ascending, of the type of the values.
    first_at : by whole number up to the last threshold, how many thresholds are below it. rank : [n], filled."""
    last = len(first_at) - 1
    for n in range(len(values)):
        value = values[n]
        above = 0
        if value > 0:
            above = first_at[int(min(value, last))]
            while above < len(thresholds) and value > thresholds[above]:
                above += 1
        rank[n] = above


@njit(cache=True)
def sliced(rank, slices):
    """Ranks as planes of their binary digits. rank : uint[word, 64, row]. slices : uint64[word, digit, row], added to."""
    for word in range(rank.shape[0]):
        for member in range(WORD):
            for digit in range(slices.shape[1]):
                for row in range(rank.shape[2]):
                    slices[word, digit, row] |= np.uint64((rank[word, member, row] >> digit) & 1) << np.uint64(member)


@njit(cache=True)
def compare(slices, at_least, lane, over):
    """Where ranks are at least so much, and that at least 1. slices : uint64[digit, row], of one word. at_least : by threshold.
    over : uint64[threshold, row, lane], its lane filled."""
    for threshold in range(len(at_least)):
        for row in range(over.shape[1]):
            above = NONE
            for digit in range(len(slices)):  # from the lowest: a higher digit overrules
                if (at_least[threshold] - 1) >> digit & 1:  # as greater than one less
                    above &= slices[digit, row]
                else:
                    above |= slices[digit, row]
            over[threshold, row, lane] = above
