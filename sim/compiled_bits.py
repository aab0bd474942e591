"""Bits of machine words, compiled: days above thresholds as planes of 64 series. The door to `numba`, an extra."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
from numba import config, njit

from sim.compiled_planes import LANES, nobody, plane, put, put_turned
from sim.planes import WORD

HERE = Path(__file__).parent
KERNELS = sorted([*HERE.glob("compiled_*.py"), *(HERE / f"{name}.py" for name in ("planes", "synthetic", "totals", "vocab"))])
"""The sources of kernels, and of the numbers that are compiled into them."""


def _folder() -> Path | None:
    """Where compiled kernels are kept: elsewhere for every state of their sources, since a kernel's own file does not tell when
    another one that it calls has changed. None where there is no folder to write to."""
    state = sha256(b"".join(path.read_bytes() for path in KERNELS)).hexdigest()[:16]
    for parent in (config.CACHE_DIR, Path(__file__).parent / "__pycache__", Path.home() / ".cache"):
        folder = Path(parent or Path(__file__).parent / "__pycache__") / f"hpwsim-{state}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return None


KEPT = _folder()


def kernel(function: Callable) -> Callable:
    """Compile a function when it is first called from Python, and keep it for the next process.

    It makes no arrays: what it works with is handed to it. So no owners of arrays are counted (`_nrt`), each count being
    locked.
    """
    if KEPT is None:
        return njit(_nrt=False)(function)
    before, config.CACHE_DIR = config.CACHE_DIR, str(KEPT)
    try:
        return njit(cache=True, _nrt=False)(function)
    finally:
        config.CACHE_DIR = before


def part(function: Callable) -> Callable:
    """Compile a function into each kernel that calls it: to hand an array over takes as long as many a step on it."""
    return njit(_nrt=False, forceinline=True)(function)


NONE = np.uint64(0)


@part
def ones(word):
    """How many bits are set."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@kernel
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


@kernel
def sliced(rank, every, slices):
    """Ranks as planes of their binary digits. rank : uint[word, 64, row]. slices : uint64[word, digit, row], every so many rows
    of it added to."""
    for word in range(rank.shape[0]):
        for member in range(WORD):
            for digit in range(slices.shape[1]):
                for row in range(rank.shape[2]):
                    slices[word, digit, row * every] |= np.uint64((rank[word, member, row] >> digit) & 1) << np.uint64(member)


@part
def compare(slices, at_least, first, last, eight, over):
    """Where ranks are at least so much, and that at least 1, of some items, variant x word.

    slices : uint64[word, digit, row / LANES, LANES]. at_least : int64[variant, threshold]. eight : uint64[LANES, LANES], to
    work with. over : uint64[threshold, row, lane], a lane for each item, filled.
    """
    words, digits, blocks = slices.shape[:3]
    begins = first // words, first % words
    for rows in range(blocks):
        for threshold in range(len(over)):
            case, word = begins
            for lane in range(last - first):
                above, below = nobody(), at_least[case, threshold] - 1
                for digit in range(digits):  # from the lowest: a higher digit overrules
                    here = plane(slices, (word, digit, rows))
                    above = above & here if below >> digit & 1 else above | here  # as greater than one less
                put(eight, lane, above)
                word += 1
                if word == words:
                    case, word = case + 1, 0
            put_turned(over, (threshold, rows * LANES), eight)
