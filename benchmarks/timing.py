"""How time is taken: least CPU seconds of several runs in one process, and the memory pass that they are held against."""

import gc
import time

import numpy as np

REPEATS = 5


def best(work, repeats: int = REPEATS) -> tuple[float, object]:
    """Least CPU seconds of several runs, and the last result."""
    least, result = np.inf, None
    for _ in range(repeats):
        gc.collect()
        began = time.process_time()
        result = work()
        least = min(least, time.process_time() - began)
    return least, result


def memory_pass() -> float:
    """Seconds of one `E @ w` over 7 x 1,000,000 float64: the unit of the national run."""
    rates, weights = np.ones((7, 1_000_000)), np.ones(1_000_000)
    return best(lambda: rates @ weights, 20)[0]
