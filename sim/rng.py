"""Named streams of random numbers, so that a draw depends on what it is for and on nothing else."""

import zlib

import numpy as np


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """A generator for one purpose, e.g. `stream(1, "compliance", "yangquan", 3)`.

    The same seed and names give the same draws whatever else was drawn, in whatever order, by however many workers.
    """
    return np.random.default_rng([seed, *(zlib.crc32(str(name).encode()) for name in names)])
