"""Hour by hour what cities avoid and lose: exact integrals over each hour, no samples.

What lines of a class have curtailed is, for each level, a line with bends: a change of level bends it, the end of a ramp bends
it back. A city's course is the sum of its classes, so it is enough to add up all bends by city and hour, weighted with what the
class would emit, and to sum the bends up twice: once to slopes, once to what is under way.
"""

from importlib.util import find_spec

import numpy as np
import pandas as pd

from sim.accounts import CHUNK
from sim.agenda import Timeline
from sim.experiment import Run, heeded
from sim.phases import Phase
from sim.response import Ramps, bends, response_level
from sim.tables import hourly_level
from sim.totals import SUMS, per_hour_of
from sim.vocab import Level, Pollutant

ROUNDING = 1e-9
"""Share of the most that a city avoids at the end of an hour below which a figure is what rounding left."""
WORTH_COMPILING = 20_000_000
"""Hours of cities and members from which a run goes through the kernel: fewer are done before it is loaded."""
COLUMNS = ["run", "member", "city", "hour", "warning_level", "response_level", *SUMS, *(f"actual_{p}_kg" for p in Pollutant)]


def city_hours(timeline: Timeline, ramps: Ramps, per_hour: np.ndarray, city: np.ndarray, cities: int, hours: int,
               escalate: int = 0, *, compiled: bool = False) -> np.ndarray:
    """What each city avoids in each hour: float64[city, hour, figure].

    ramps : r classes of lines. per_hour : float64[r, asking level, figure], what an hour at a level takes away. city :
    int64[r]. compiled : by the kernel, which gives the same to rounding. Source: model, section 6.
    """
    if compiled:
        from sim.compiled_hours import hours_of

        return hours_of(timeline, ramps, per_hour, city, cities, hours, escalate, ROUNDING)
    jumps, ramped, ends_h = bends(timeline, ramps, float(hours), escalate)
    at = np.concatenate([jumps.at, ramped.at, ends_h])
    first = np.minimum(at.astype(np.int64), hours - 1)
    left = first + 1 - at  # of the hour in which it bends
    place, of = _numbered(city[np.concatenate([jumps.which, ramped.which, ramped.which])] * hours + first, cities, hours)
    begins = np.flatnonzero(place % hours == 0)  # of the cities
    turns = np.repeat([0.0, 1.0, -1.0], [len(jumps.at), len(ends_h), len(ends_h)])
    goes_on = np.flatnonzero(_running(np.bincount(of, turns, len(place)), begins))  # a ramp is under way after the hour
    last = np.diff(place, append=cities * hours)  # hours to the next that bends
    owner = np.repeat(goes_on, last[goes_on] - 1)
    hour = np.arange(len(owner)) - np.repeat(np.cumsum(last[goes_on] - 1) - last[goes_on] + 1, last[goes_on] - 1)
    slope, jump = (np.einsum("rl,rlf->fr", each.by[:, 1:], per_hour[each.which])  # blue asks nothing
                   for each in (ramped, jumps))
    made, since = np.empty((per_hour.shape[2], cities * hours)), np.repeat(np.arange(len(place)), last)
    passing, later_h = place[owner] + 1 + hour, hour + 0.5
    for figure in range(len(made)):
        jumped = np.concatenate([jump[figure], np.zeros(2 * len(ends_h))])
        turned = np.concatenate([np.zeros(len(jumps.at)), slope[figure], -slope[figure]])
        steeper, more, within = (np.bincount(of, each, len(place)) for each in (
            turned, jumped + turned * left, (jumped + turned * left / 2) * left))
        steep = np.zeros(len(place))  # from the end of the hour on
        steep[goes_on] = _running(steeper, begins)[goes_on]
        before = np.roll(steep, 1)
        passed = before * np.roll(last, 1)
        before[begins] = passed[begins] = 0
        level = _running(passed + more, begins)  # at the end of the hour
        least = np.repeat(ROUNDING * np.maximum.reduceat(level, begins), np.diff(begins, append=len(place)))
        here, later = level - more - before / 2 + within, level[owner] + steep[owner] * later_h
        for each, bound in ((level, least), (here, least), (later, least[owner])):
            each[each < bound] = 0  # what running sums leave behind
        np.take(level, since, out=made[figure], mode="clip")
        made[figure, passing] = later
        made[figure, place] = here
    return made.reshape(-1, cities, hours).transpose(1, 2, 0)


def _numbered(cell: np.ndarray, cities: int, hours: int) -> tuple[np.ndarray, np.ndarray]:
    """Hours that bend, in order, each city's first among them, and which of them each bend is in. cell : int64[m], city and
    hour."""
    bent = np.zeros(cities * hours, bool)
    bent[cell] = bent[::hours] = True
    place = np.flatnonzero(bent)
    number = np.empty(cities * hours, np.int64)
    number[place] = np.arange(len(place))
    return place, number[cell]


def _running(changes: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """Running sums that begin anew in some places, the first one too, float64[n]."""
    total = np.cumsum(changes)
    return total - np.repeat((total - changes)[begins], np.diff(begins, append=len(changes)))


def worth_compiling(run: Run) -> bool:
    """Whether the hours of a run go through the kernel: where there are enough, and `numba` is installed."""
    world = run.world
    many = len(world.members) * len(world.cities) * world.calendar.hours >= WORTH_COMPILING
    return bool(run.classes) and many and find_spec("numba") is not None


def hourly(run: Run) -> pd.DataFrame:
    """One row per hour and city with a list: levels in force, kilograms avoided and emitted by the listed lines, yuan,
    and how much of both rests on assumed rows."""
    world = run.world
    if not run.classes:
        return pd.DataFrame(columns=COLUMNS)
    cities, hours = len(world.cities), world.calendar.hours
    listed = np.isin(np.arange(cities), world.population.city)
    level = hourly_level(run).reshape(len(world.members), cities, hours)
    response = response_level(level, world.settings.response.escalate)
    stamps, names = world.calendar.stamps(np.arange(hours)), np.array([level.name for level in Level], object)
    frames = []
    for member, called in enumerate(world.members):
        avoided, baseline = np.zeros((cities, hours, len(SUMS))), np.zeros((cities, hours, len(Pollutant)))
        for phase in world.phases:
            within = slice(24 * phase.first, 24 * phase.last)
            avoided[:, within] = _of_phase(run, phase, member)[:, within]
            for at in range(len(Pollutant)):
                per_hour = np.bincount(phase.people.city, phase.people.emission[at], cities) / 24
                baseline[:, within, at] = per_hour[:, None]
        actual = baseline - avoided[:, :, : len(Pollutant)]
        actual[np.abs(actual) < ROUNDING * baseline] = 0
        frame = pd.DataFrame({
            "run": world.run.name, "member": called, "city": np.repeat(np.array(world.cities, object)[listed], hours),
            "hour": np.tile(stamps, listed.sum()), "warning_level": names[level[member][listed].ravel()],
            "response_level": names[response[member][listed].ravel()]})
        frame[list(SUMS)] = avoided[listed].reshape(-1, len(SUMS))
        frame[[f"actual_{p}_kg" for p in Pollutant]] = actual[listed].reshape(-1, len(Pollutant))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)[COLUMNS]


def _of_phase(run: Run, phase: Phase, member: int) -> np.ndarray:
    """What each city avoids in each hour under the shares of one phase, float64[city, hour, figure]."""
    world, classes, timeline, compiled = run.world, run.classes, run.ledger.timeline, worth_compiling(run)
    sizes = len(world.cities), world.calendar.hours, world.settings.response.escalate
    ramps, heeds = classes.of_member(member, sizes[0]), heeded(world, timeline, member)
    if heeds is None:
        rates = per_hour_of(phase, classes.of_line, len(classes.ramps.series))
        return city_hours(timeline, ramps, rates, classes.ramps.series, *sizes, compiled=compiled)
    lines, made = np.arange(len(phase.people), dtype=np.int32), np.zeros((*sizes[:2], len(SUMS)))
    rates = per_hour_of(phase, lines, len(lines))
    for first in range(0, len(lines), CHUNK):  # each line obeys in its own way
        some = slice(first, first + CHUNK)
        own = Ramps(*(column[classes.of_line[some]] for column in ramps[:4]), heeds[some])
        made += city_hours(timeline, own, rates[some], phase.people.city[some].astype(int), *sizes, compiled=compiled)
    return made
