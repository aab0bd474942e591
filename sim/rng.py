"""Named draws: a number depends on what it is for and on whom it is about, and on nothing else."""

import hashlib
from functools import cache
from math import prod
from statistics import NormalDist

import numpy as np

QUANTILES = 2**16
"""So many values, all as likely, `quantile_normals` has: as many as two bytes."""


def fingerprints(names: np.ndarray) -> np.ndarray:
    """A fixed 64-bit number for each name, uint64[n]: the same whatever stands beside it in a list."""
    return np.array([_fingerprint(str(name)) for name in names], np.uint64)


def _fingerprint(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def _key(seed: int, purpose: tuple[str | int, ...]) -> int:
    """The fingerprint of what a draw is for."""
    return _fingerprint("/".join(map(str, (seed, *purpose))))


def uniform(seed: int, purpose: tuple[str | int, ...], about: np.ndarray) -> np.ndarray:
    """One draw from [0, 1) for each fingerprint, float64[n], for one purpose, e.g. ("compliance", "yangquan", "0", 3).

    The same seed, purpose and fingerprint give the same draw in whatever order, company or process. Source: the
    finaliser of SplitMix64 (Steele, Lea, Flood 2014).
    """
    with np.errstate(over="ignore"):
        mixed = about + np.uint64(_key(seed, purpose)) * np.uint64(0x9E3779B97F4A7C15)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return (mixed ^ (mixed >> np.uint64(31))) / np.float64(2**64)


def normals(seed: int, purpose: tuple[str | int, ...], size: tuple[int, ...]) -> np.ndarray:
    """Standard normal draws, float32[size], of a stream of their own, e.g. ("winter", "yangquan", 7).

    The stream depends on seed and purpose alone, so they are the same whatever else is drawn, and a longer first axis goes on
    where a shorter one ends. Source: PCG64 (O'Neill 2014).
    """
    return np.random.Generator(np.random.PCG64(_key(seed, purpose))).standard_normal(size, np.float32)


def quantile_normals(seed: int, purpose: tuple[str | int, ...], size: tuple[int, ...]) -> np.ndarray:
    """Standard normal draws as of `normals`, float32[size], seven times as fast: each is one of QUANTILES as likely quantiles.

    None is beyond 4.33; their variance is 1, their kurtosis 2.9992. For the many draws behind forecasts, of which each value
    adds up several. Source: PCG64, two bytes a draw, and the inverse of the normal distribution.
    """
    count = prod(size)
    raw = np.random.PCG64(_key(seed, purpose)).random_raw(-(-count // 4))
    return _quantiles().take(raw.astype("<u8", copy=False).view("<u2")[:count]).reshape(size)


@cache
def _quantiles() -> np.ndarray:
    """The standard normal in the middle of each of QUANTILES equal parts of probability, scaled to variance 1, float32."""
    below = np.array([NormalDist().inv_cdf((part + 0.5) / QUANTILES) for part in range(QUANTILES // 2)])
    every = np.concatenate([below, -below[::-1]])
    return (every / every.std()).astype(np.float32)
