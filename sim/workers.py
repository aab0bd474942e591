"""Who does the tasks of a sweep: this process, processes of this machine, or a Dask cluster. The same answers from each."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import numpy as np

from sim.cases import Inputs, Task
from sim.compiled import run_task
from sim.errors import Finding, InputError

Done = Iterator[tuple[int, np.ndarray]]
"""Number of a task and what it came to, in the order in which they are done."""

Answers = Callable[[list[tuple[int, Task]]], Done]

TRIES = 5
"""How often a task is given to another worker when one is lost."""

_held: Inputs | None = None
"""What a process of this machine works on: handed over once, when it starts."""


def _hold(inputs: Inputs) -> None:
    global _held  # noqa: PLW0603
    _held = inputs


def _held_task(task: Task) -> np.ndarray:
    assert _held is not None
    return run_task(_held, task)


def check_count(count: int) -> None:
    """Raises InputError for fewer than one process."""
    if count < 1:
        raise InputError([Finding("words.value", key="workers", value=count, words={"allowed": "1, 2, 3 …"})])


@contextmanager
def workers(inputs: Inputs, count: int, scheduler: str | None = None) -> Iterator[Answers]:
    """Something that does tasks: a cluster where an address is given, else `count` processes, this one for 1.

    Raises InputError when the cluster cannot be reached, or its extra is not installed.
    """
    if scheduler:
        with _cluster(inputs, scheduler) as answers:
            yield answers
    elif count > 1:
        pool = ProcessPoolExecutor(count, initializer=_hold, initargs=(inputs,))
        try:
            yield lambda tasks: _from_pool(pool, tasks)
        finally:
            pool.shutdown(cancel_futures=True)
    else:
        yield lambda tasks: ((number, run_task(inputs, task)) for number, task in tasks)


def _from_pool(pool: ProcessPoolExecutor, tasks: list[tuple[int, Task]]) -> Done:
    numbers = {pool.submit(_held_task, task): number for number, task in tasks}
    for future in as_completed(numbers):
        yield numbers[future], future.result()


def _compiles() -> bool:
    """Whether this machine has the extra `compiled`."""
    return find_spec("numba") is not None


def _same(inputs: Inputs) -> Inputs:
    """The inputs as the result of a task: a cluster makes it again where the worker that held it is gone."""
    return inputs


@contextmanager
def _cluster(inputs: Inputs, scheduler: str) -> Iterator[Answers]:
    if find_spec("distributed") is None:
        raise InputError([Finding("sweep.no_dask", key="--scheduler", value=scheduler)])
    import dask
    from distributed import Client, as_completed

    try:
        client = Client(scheduler, timeout="10s")
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError([Finding("sweep.scheduler", key="--scheduler", value=scheduler,
                                  words={"reason": str(error) or type(error).__name__})]) from None
    # Tasks come as they are, inputs of any size once: dask's advice on graphs of its own is none here.
    with client, dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"}):
        if inputs.compiled and not all(client.run(_compiles).values()):
            raise InputError([Finding("sweep.no_numba", key="--scheduler", value=scheduler)])
        shared: Any = client.submit(_same, inputs, pure=False, retries=TRIES)  # to each worker once; not lost with a worker

        def stream(tasks: list[tuple[int, Task]]) -> Done:
            futures = {client.submit(run_task, shared, task, pure=False, retries=TRIES): number for number, task in tasks}
            for future, found in as_completed(list(futures), with_results=True):
                yield futures[future], found

        yield stream
