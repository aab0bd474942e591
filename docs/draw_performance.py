"""Draw how cost grows, from measurements of this machine: `python docs/draw_performance.py`."""

import sys
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "benchmarks")]

import matplotlib as mpl
import national
import sweep
from bench import yangquan
from timing import best, memory_pass

from sim import experiment
from sim.cases import Task
from sim.charts import png
from sim.compiled import run_task
from sim.engine import simulate

mpl.use("Agg")
import matplotlib.pyplot as plt


def measured() -> dict[str, tuple[str, list[tuple[float, float]]]]:
    """Seconds by what grows: a title and (size, seconds) pairs."""
    found = {}
    worlds = {n: yangquan(n) for n in (1_000, 10_000, 100_000)}
    found["lines"] = ("lines, one city", [(n, best(lambda world=world: experiment.run_world(world))[0])
                                          for n, world in worlds.items()])
    _, observed = national.nation(10)
    winters = {n: national.Winter(national.nation(n)[0]) for n in (10_000, 100_000, 1_000_000)}
    ledger = simulate(national.office(observed))
    found["cities"] = ("cities, warnings in SimPy", [(n, best(lambda n=n: simulate(national.office(observed[:, :n])))[0])
                                                     for n in (1, 10, 100, 337)])
    found["days"] = ("days, warnings of 337 cities", [(n, best(lambda n=n: simulate(national.office(observed[:n])))[0])
                                                      for n in (30, 91, 182)])
    found["totals"] = ("lines in groups, totals of 337 cities",
                       [(n, best(lambda winter=winter: winter.totals(ledger.timeline))[0]) for n, winter in winters.items()])
    given = sweep.inputs(11, 1_000, 64)
    for how, compiled in (("", False), (", compiled", True)):
        each = replace(given, compiled=compiled)
        found[f"members{how}"] = (
            f"members, 2 variants of 11 areas{how}",
            [(n, best(lambda n=n, each=each: run_task(each, Task((0, 1), 0, n)), 3)[0]) for n in (10, 100, 1_000)])
        found[f"variants{how}"] = (
            f"variants, 128 members of 11 areas{how}",
            [(n, best(lambda n=n, each=each: run_task(each, Task(tuple(range(n)), 0, 128)), 3)[0]) for n in (1, 4, 16, 64)])
    return found


def main(path: Path) -> None:
    """One line for each axis, and the memory pass."""
    found, one_pass = measured(), memory_pass()
    figure, axes = plt.subplots(figsize=(8, 5.2), layout="constrained")
    for (title, points), mark in zip(found.values(), "os^Dv*PX", strict=True):
        sizes, seconds = zip(*points, strict=True)
        axes.loglog(sizes, seconds, marker=mark, label=title)
        print(title, [(size, round(second, 4)) for size, second in points])
    least = min(second for _, points in found.values() for _, second in points)
    axes.set_ylim(bottom=min(one_pass, least) / 1.6)  # room for its name
    axes.axhline(one_pass, color="grey", linestyle=":", linewidth=1)
    axes.annotate(f"one memory pass, {1e3 * one_pass:.1f} ms", (430, one_pass), (0, -11), textcoords="offset points",
                  color="grey", fontsize=8, ha="center")
    axes.set(xlabel="how many", ylabel="CPU seconds")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.legend(fontsize=8, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    path.write_bytes(png(figure, 110))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "images" / "performance.png")
