"""Speed, as ratios in one process: `python benchmarks/bench.py [lines|million|default]`.

lines    the same winter with one event-driven SimPy process per line, against ours, at 1,000 and 10,000 lines;
         every line's lost hours must be equal to 1e-9
million  one million lines in 337 cities, in memory passes (one pass: E @ w, 7 x 1,000,000 float64) and bytes a line
default  the default scenario, report included, as a process, in seconds
"""

import argparse
import gc
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np
import simpy

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from sim import experiment, rulebook  # noqa: E402
from sim.accounts import classify, reckon, sums  # noqa: E402
from sim.engine import simulate  # noqa: E402
from sim.episodes import Days, compile_rules  # noqa: E402
from sim.errors import Findings  # noqa: E402
from sim.forecast import perfect  # noqa: E402
from sim.grading import Choice, ask  # noqa: E402
from sim.office import Course  # noqa: E402
from sim.phases import Phase  # noqa: E402
from sim.population import Population  # noqa: E402
from sim.reading import World  # noqa: E402
from sim.response import response_level  # noqa: E402
from sim.vocab import Grade, Pollutant  # noqa: E402
from sim.warning import Terms  # noqa: E402

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


# ---------------------------------------------------------------- one process per line


def line_process(env, shares, down_h, up_h, mailbox, lost, place):
    """One line as a user would write it: waits on an event of its own, ramps in closed form, never ticks."""
    level, load, goal, since, lasts = 0, 1.0, 1.0, 0.0, 0.0
    while True:
        change = yield mailbox[place]
        mailbox[place] = env.event()
        to = level if change is None else change
        if to == level and change is not None:
            continue
        passed = env.now - since
        ramp = min(passed, lasts)
        reached = load + (goal - load) * (ramp / lasts) if lasts else goal
        lost[place] += ramp * (1 - (load + reached) / 2) + (passed - ramp) * (1 - goal)
        load, since = reached, env.now
        lasts = down_h if to > level else up_h
        goal, level = 1 - shares[to], to
        if change is None:
            return


def per_line_simpy(world, until_h):
    """The same winter, one process per line; each city posts its changes to the mailboxes of its lines."""
    people, asked = world.population, world.asked
    env = simpy.Environment()
    lost = np.zeros(len(people))
    shares = np.concatenate([np.zeros((2, len(people))), asked.output]).T.tolist()
    mailbox = [env.event() for _ in range(len(people))]
    for place in range(len(people)):
        env.process(line_process(env, shares[place], float(people.ramp_down_h[place]), float(people.ramp_up_h[place]),
                                 mailbox, lost, place))
    timeline = simulate(course_of(world)).timeline
    levels = response_level(timeline.level, 0)
    of_city = [np.flatnonzero(people.city == city).tolist() for city in range(len(world.cities))]

    def post(city):
        for hour, level in zip(timeline.hour[timeline.series == city], levels[timeline.series == city], strict=True):
            yield env.timeout(hour - env.now)
            for place in of_city[city]:
                mailbox[place].succeed(int(level))
        yield env.timeout(until_h - env.now)
        for place in of_city[city]:
            mailbox[place].succeed(None)

    for city in range(len(world.cities)):
        env.process(post(city))
    env.run()
    return lost


def course_of(world):
    response = world.settings.response
    return course(world.observed, world.shown.issue, world.rules,
                  Terms(response.lead_hours, response.paper_hours, response.downgrade), world.settings.forecast.issue_hour)


def course(observed, issue, rules, terms, issue_hour):
    return Course(Days(observed, issue), np.arange(observed.shape[1]), rules, terms, issue_hour)


def grown(world, size: int):
    """The world with its list sampled, with replacement, to `size` lines, shares asked anew."""
    rng = np.random.default_rng(size)
    people = world.population.take(np.sort(rng.integers(0, len(world.population), size)))
    phases = whole(people, world.choice, world.calendar.days)
    return World(**(vars(world) | {"population": people, "phases": phases}))


def whole(people, choice, days: int):
    """One phase: nothing is dated."""
    return (Phase(0, days, people, ask(people, choice, Findings())),)


def bench_lines() -> None:
    scenario = experiment.load(ROOT / "scenarios" / "yangquan-2015-winter.yaml")
    world = next(world for world in scenario.worlds if world.run.name == "mee2024")
    print(f"{'lines':>8} {'per-line SimPy':>15} {'ours':>10} {'ratio':>8} {'largest difference':>20}")
    for size in (1_000, 10_000):
        large = grown(world, size)
        slow, theirs = best(lambda large=large: per_line_simpy(large, large.calendar.hours), 3)
        fast, run = best(lambda large=large: experiment.run_world(large))
        ours = run.accounts[0].hours_lost
        off = float(np.abs(theirs - ours).max())
        print(f"{size:>8,} {slow:>13.3f} s {fast:>8.4f} s {slow / fast:>7.0f}x {off:>20.1e} h")
        if off > 1e-9:
            raise SystemExit("the two disagree")


# ---------------------------------------------------------------- a million lines


def nation(lines: int = 1_000_000, cities: int = 337, days: int = 182):
    """A list of a million lines over 337 cities, drawn from the lists of the project, and a harsh winter for each."""
    scenario = experiment.load(ROOT / "scenarios" / "taiyuan-2015-winter.yaml")
    rng = np.random.default_rng(1)
    source = scenario.worlds[0].population
    people = source.take(rng.integers(0, len(source), lines))
    people = Population(**(vars(people) | {
        "cities": tuple(f"city{n:03d}" for n in range(cities)),
        "city": np.sort(rng.integers(0, cities, lines)).astype(np.int16),
        "enterprise": np.arange(lines, dtype=np.int32)}))
    drift = np.cumsum(rng.normal(0, 30, (days, cities)), axis=0) * 0.3
    observed = np.clip(drift + rng.normal(95, 45, (days, cities)), 20, 500).round()
    return people, observed


def list_bytes(people: Population) -> int:
    return sum(part.nbytes for part in vars(people).values() if isinstance(part, np.ndarray))


def bench_million() -> None:
    people, observed = nation()
    edition = rulebook.edition("mee2024")
    rules = compile_rules(edition.criteria(), merges=edition.merges, lift_hours=36)
    def office():
        return course(observed, perfect(observed, 7), rules, Terms(), 16)

    policy = Choice(rulebook.policy("guide-2020"))
    phases = whole(people, policy, len(observed))
    classes = classify(people)
    sizes = (len(people.cities), len(people.industries), len(Grade))
    group = ((people.city.astype(np.int32) * sizes[1] + people.industry) * sizes[2] + people.grade).astype(np.int32)
    groups = int(np.prod(sizes))

    def winter():
        """Warnings, weights, and totals of four pollutants, output and value by city, industry and grade."""
        ledger = simulate(office())
        account = reckon(phases, classes, ledger.timeline, member=0, escalate=0)
        totals = [sums(group, groups, account.avoided_kg(p)) for p in Pollutant]
        totals += [sums(group, groups, account.curtailed_output), sums(group, groups, account.curtailed_value_cny)]
        return ledger, totals

    one_pass = memory_pass()
    took, (ledger, totals) = best(winter)
    tracemalloc.start()
    phases = whole(people, policy, len(observed))
    classes = classify(people)
    winter()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    changes = len(ledger.timeline.hour) / len(people.cities)
    print(f"one memory pass      {1e3 * one_pass:.2f} ms")
    print(f"changes per line     {changes:.1f}")
    print(f"winter, 1M lines     {took:.3f} s = {took / one_pass:.0f} memory passes")
    print(f"peak memory          {peak / len(people):.0f} bytes a line above the list's {list_bytes(people) / len(people):.0f}")
    print(f"avoided              {sum(t.sum() for t in totals[:4]) / 1e6:,.0f} kt")


# ---------------------------------------------------------------- the default run


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
    benches = {"lines": bench_lines, "million": bench_million, "default": bench_default}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", nargs="*", choices=[[], *benches], help="which benchmarks; all if left out")
    for name in parser.parse_args().which or benches:
        print(f"-- {name}")
        benches[name]()


if __name__ == "__main__":
    main()
