"""A sweep in arrays: winters and forecasts of many members under many threshold sets, with exact totals."""

import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import yaml

from sim import experiment
from sim.cases import Inputs, Task, inputs_of, tasks_of
from sim.workers import workers

ROOT = Path(__file__).parents[1]
LISTS = ("yangquan", "linked-jinzhong", "linked-linfen", "linked-lvliang", "linked-xinzhou", "linked-yuncheng", "jincheng",
         "taiyuan", "zezhou", "yangquan-urban", "linked-yangquan")


def inputs(areas: int, members: int, sets: int) -> Inputs:
    """Areas with the lists of the project in turn, a generated winter each; forecasts of it, and sets of thresholds."""
    rng = np.random.default_rng(1)
    variants = {}
    for number in range(sets):
        low, middle, high = sorted(rng.integers(120, 300, 3).tolist())
        variants[f"set{number}"] = {"criteria": {
            "yellow": [{"over": low, "hours": 48}], "orange": [{"over": middle, "hours": 48}, {"over": low, "hours": 72}],
            "red": [{"over": high, "hours": 48}, {"over": middle, "hours": 96}]}}
    cities = {f"area{n:03d}": {"observed": {"generate": "yangquan"},
                               "enterprises": str(ROOT / "enterprises" / f"{LISTS[n % len(LISTS)]}.csv")}
              for n in range(areas)}
    scenario = {"title": "sweep", "period": {"start": "2015-11-01", "end": "2016-03-31"}, "rules": "mee2024",
                "grading": "guide-2020", "cities": cities, "forecast": {"source": "synthetic", "members": members},
                "variants": variants}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sweep.yaml"
        path.write_text(yaml.safe_dump(scenario, sort_keys=False), encoding="utf-8")
        return inputs_of(experiment.load(path).worlds[1:])


def run(given: Inputs, tasks: list[Task], count: int = 2) -> tuple[float, float, int]:
    """Wall seconds over some processes, their start included, CPU seconds of all of them, and how many runs that was."""
    before, began = _children(), time.perf_counter()
    with workers(given, count) as answers:
        for _ in answers(list(enumerate(tasks))):
            pass
    return time.perf_counter() - began, _children() - before, sum(len(task.cases) * (task.last - task.first) for task in tasks)


def _children() -> float:
    """CPU seconds of the processes that were forked and are done; those of a fork server are not seen."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


__all__ = ["inputs", "run", "tasks_of"]
