"""Speed, as ratios in one process: `python benchmarks/bench.py [lines|hourly|million|sweep|default]`.

lines    the winter of 2015-16 in Yangquan, one event-driven SimPy process per line against ours, at 1,000, 10,000 and
         100,000 lines; every line's lost hours must be equal to 1e-10
hourly   the same with processes that wake every hour, at 10,000 lines, over a part of the winter, scaled up
million  one million lines in 337 cities by groups, in memory passes (one pass: E @ w, 7 x 1,000,000 float64) and bytes a
         line; a pandas loop over days beside it
sweep    1,000 forecasts x threshold sets x areas with exact totals, over 2 processes, as arrays and compiled; of 337 areas
         in arrays some tasks, scaled up
default  the default scenario, report included, as a process, in seconds
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import national  # noqa: E402
import rivals  # noqa: E402
import sweep  # noqa: E402
from timing import REPEATS, best, memory_pass  # noqa: E402

from sim import experiment  # noqa: E402
from sim.compiled import compile_for  # noqa: E402
from sim.engine import simulate  # noqa: E402
from sim.errors import Findings  # noqa: E402
from sim.grading import ask  # noqa: E402
from sim.phases import Phase  # noqa: E402
from sim.reading import World  # noqa: E402
from sim.vocab import Pollutant  # noqa: E402


def yangquan(size: int):
    """The winter of Yangquan with its list sampled, with replacement, to `size` lines, shares asked anew."""
    scenario = experiment.load(ROOT / "scenarios" / "yangquan-2015-winter.yaml")
    world = next(world for world in scenario.worlds if world.run.name == "mee2024")
    rng = np.random.default_rng(size)
    people = world.population.take(np.sort(rng.integers(0, len(world.population), size)))
    phases = (Phase(0, world.calendar.days, people, ask(people, world.choice, Findings())),)
    return World(**(vars(world) | {"population": people, "phases": phases}))


def bench_lines() -> None:
    print(f"{'lines':>8} {'per-line SimPy':>15} {'ours':>10} {'ratio':>8} {'largest difference':>20}")
    for size in (1_000, 10_000, 100_000):
        world = yangquan(size)
        fast, run = best(lambda world=world: experiment.run_world(world), 10)
        slow, theirs = best(lambda world=world, run=run: rivals.event_driven(
            world.population, world.asked, run.ledger.timeline, world.calendar.hours), 1 if size > 10_000 else 3)
        off = float(np.abs(theirs - run.accounts[0].hours_lost).max())
        print(f"{size:>8,} {slow:>13.3f} s {fast:>8.4f} s {slow / fast:>7.0f}x {off:>20.1e} h")
        if off > 1e-10:
            raise SystemExit("the two disagree")


def bench_hourly(part: float = 0.05) -> None:
    world = yangquan(10_000)
    fast, run = best(lambda: experiment.run_world(world), 10)
    hours = int(part * world.calendar.hours)
    slow, _ = best(lambda: rivals.hourly(world.population, world.asked, run.ledger.timeline, hours), 1)
    print(f"10,000 lines, {hours} of {world.calendar.hours} hours: {slow:.2f} s; the winter at that pace {slow / part:.0f} s, "
          f"ours {fast:.4f} s: {slow / part / fast:,.0f}x")
    small = yangquan(200)
    exact = experiment.run_world(small)
    hourly = rivals.hourly(small.population, small.asked, exact.ledger.timeline, small.calendar.hours)
    print(f"largest difference of 200 lines over the winter {np.abs(hourly - exact.accounts[0].hours_lost).max():.2g} h")


def bench_million() -> None:
    people, observed = national.nation()
    one_pass = memory_pass()
    by_line = national.Winter(people, by_group=False)
    grouping, winter = best(lambda: national.Winter(people), 3)
    took, (ledger, totals) = best(lambda: winter.run(observed), 10)
    posts, _ = best(lambda: simulate(national.office(observed)), 10)
    exact = by_line.totals(ledger.timeline)
    off = max(float(np.abs(ours - other).max() / np.abs(other).max()) for ours, other in zip(totals, exact, strict=True))
    print(f"one memory pass        {1e3 * one_pass:.2f} ms; after it {1e3 * memory_pass():.2f} ms")
    print(f"changes per line       {len(ledger.timeline.hour) / national.CITIES:.1f}")
    print(f"list to groups, asked  {grouping:.3f} s, once: {len(winter.people):,} groups")
    print(f"winter, 1M lines       {took:.3f} s = {took / one_pass:.0f} memory passes, {posts / took:.0%} of it the warnings")
    print(f"by groups against line by line: {off:.1e} of the largest cell")
    for compiled in (False, True) if find_spec("numba") else (False,):
        winter.hourly(ledger.timeline, compiled=compiled)
        more, hours = best(lambda by=compiled: winter.hourly(ledger.timeline, compiled=by), REPEATS)
        apart = max(abs(hours[:, :, k].sum() / totals[k].sum() - 1) for k in range(len(Pollutant)))
        print(f"and every city's hours {took + more:.3f} s = {(took + more) / one_pass:.0f} memory passes"
              f"{', compiled' if compiled else ''}; their sums against the totals: {apart:.1e}")

    small = national.Winter(national.nation(10_000)[0])
    few, _ = best(lambda: (small.under("guide-2020"), small.run(observed)), REPEATS)
    many, _ = best(lambda: (winter.under("guide-2020"), winter.run(observed)), REPEATS)
    print(f"a new policy           {many:.3f} s at 1M lines, {few:.3f} s at 10,000: {many / few:.2f}x")
    tracemalloc.start()
    national.Winter(people).run(observed)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"peak memory            {peak / len(people):.0f} bytes a line above the list's "
          f"{national.list_bytes(people) / len(people):.0f}")
    slow, theirs = best(lambda: rivals.pandas_days(people, by_line.phases[0].asked, ledger.timeline, national.DAYS), 1)
    wrong = [float(theirs[p.value].sum() / totals[k].sum() - 1) for k, p in enumerate(Pollutant)]
    print(f"pandas day loop        {slow:.1f} s: {slow / took:.0f}x; off by {', '.join(f'{one:+.1%}' for one in wrong)}")


def bench_sweep(members: int = 1_000, sets: int = 100) -> None:
    print(f"one memory pass {1e3 * memory_pass():.2f} ms")
    for areas in (11, 337):
        loaded = sweep.inputs(areas, members, sets)
        for compiled in (False, True) if find_spec("numba") else (False,):
            given = replace(loaded, compiled=compiled)
            if compiled:
                compile_for(given)
            tasks = sweep.tasks_of(given)
            wall, cpu, runs = sweep.run(given, tasks if compiled or areas == 11 else tasks[:8])
            scale = members * sets / runs
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
            print(f"{areas:>4} areas, {'compiled' if compiled else 'arrays  '}: {runs:,} runs in {wall:.1f} s, {cpu:.1f} s of "
                  f"CPU; all {members * sets:,}{' (scaled up)' if scale > 1 else ''}: {wall * scale:,.1f} s, CPU over 2 cores "
                  f"{cpu * scale / 2:,.1f} s; a process {peak:.2f} GB at most so far")


def bench_default() -> None:
    with tempfile.TemporaryDirectory() as folder:
        seconds = []
        for number in range(REPEATS):
            began = time.perf_counter()
            subprocess.run([sys.executable, ROOT / "run_sim.py", "run", "--out", str(Path(folder) / str(number))], cwd=ROOT,
                           check=True, capture_output=True)
            seconds.append(time.perf_counter() - began)
    print(f"default run, report included: median {np.median(seconds):.2f} s, of {[round(s, 2) for s in seconds]}")


def main() -> None:
    """Run the benchmarks that are named, all of them if none is."""
    benches = {"lines": bench_lines, "hourly": bench_hourly, "million": bench_million, "sweep": bench_sweep,
               "default": bench_default}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", nargs="*", choices=[[], *benches], help="which benchmarks; all if left out")
    for name in parser.parse_args().which or benches:
        print(f"-- {name}")
        benches[name]()


if __name__ == "__main__":
    main()
