"""Named draws: a number depends on what it is for and on whom it is about, and on nothing else."""

import hashlib

import numpy as np


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
