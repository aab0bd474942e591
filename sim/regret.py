"""What forecast errors cost: a run held against the same run with perfect forecasts, day by day, exactly."""

from dataclasses import replace

import numpy as np
import pandas as pd

from sim.episodes import hindsight
from sim.experiment import Run, heeded, run_world
from sim.phases import Phase
from sim.response import Ramps, level_weights
from sim.tables import hourly_level
from sim.vocab import Pollutant

COLUMNS = ["run", "member", "missed_days", *(f"missed_kg_{p}" for p in Pollutant), "false_alarm_days",
           "false_alarm_cny", "changes", "late_hours"]
CHANGES = ("advance", "cancel", "upgrade", "downgrade")


def perfect_twin(run: Run) -> Run:
    """The same run with the observations as its forecast; members, draws and all else stay."""
    return run_world(replace(run.world, weather=replace(run.world.weather, exact=True)))


def regret(run: Run, perfect_run: Run) -> pd.DataFrame:
    """One row per member: what misses, false alarms, late starts and changes of a run cost against a perfect forecast.

    A day with need belongs to an episode that reached a level, judged whole. Sums over cities; NaN without a list.
    missed_days : hours on days with need at a level below that of the perfect run, as days. missed_kg_… : what the
    perfect run avoided more on days with need. false_alarm_days : hours on days without need at a level above that of
    the perfect run, as days. false_alarm_cny : output lost beyond the perfect run's on days without need. changes :
    warnings advanced or cancelled, levels raised or lowered. late_hours : by how much warnings began after the perfect
    run's in the episodes that both met.
    """
    world = run.world
    cities, days, rows = len(world.cities), world.calendar.days, []
    truth = hindsight(world.observed, world.rules)
    need = (truth.level > 0).reshape(days, -1, cities)
    level, best = (hourly_level(one).reshape(len(world.members), cities, days, 24) for one in (run, perfect_run))
    taken = run.ledger.decisions
    of_member = np.asarray(taken.series, int) // cities
    ours, theirs = (by_day(one) if one.accounts else None for one in (run, perfect_run))
    for m, member in enumerate(world.members):
        row = {"run": world.run.name, "member": member,
               "missed_days": float((level[m] < best[m])[need[:, m].T].sum() / 24),
               "false_alarm_days": float((level[m] > best[m])[~need[:, m].T].sum() / 24),
               "changes": int(np.isin(np.asarray(taken.kind)[of_member == m], CHANGES).sum()),
               "late_hours": sum(_late_h(level[m, c], best[m, c], truth.start[:, m * cities + c]) for c in range(cities))}
        if ours is not None and theirs is not None:
            more = ours[:, :, m] - theirs[:, :, m]
            row |= {f"missed_kg_{p}": float(np.maximum(-more[at][need[:, m]], 0).sum()) for at, p in enumerate(Pollutant)}
            row["false_alarm_cny"] = float(np.maximum(more[-1][~need[:, m]], 0).sum())
        rows.append(row)
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


def _late_h(level: np.ndarray, best: np.ndarray, start: np.ndarray) -> int:
    """Hours by which warnings began after the perfect run's in the episodes that both met. level, best : [day, 24]."""
    late = 0
    for first in np.unique(start[start >= 0]):
        ours, theirs = (np.flatnonzero(one[start == first].ravel()) for one in (level, best))
        late += max(int(ours[0] - theirs[0]), 0) if len(ours) and len(theirs) else 0
    return late


def by_day(run: Run) -> np.ndarray:
    """Kilograms avoided by pollutant and, last, CNY of output lost: float64[pollutant + 1, day, member, city].

    Exact: differences of level weights between midnights for each ramp class, times what its lines are asked.
    """
    world, classes = run.world, run.classes
    assert classes
    cities, members = len(world.cities), len(world.members)
    parts = [_answering(run, member) for member in range(members)]
    first_row = np.cumsum([0, *(len(ramps.series) for ramps, _ in parts)])
    of_line = [rows + at for (_, rows), at in zip(parts, first_row, strict=False)]
    ramps = Ramps(*(None if column[0] is None else np.concatenate(column)
                    for column in zip(*(ramps for ramps, _ in parts), strict=True)))
    size, touched = len(ramps.series), _touched(run, float(ramps.up_h.max(initial=0)))
    found = np.zeros((len(Pollutant) + 1, world.calendar.days, members * cities))
    for phase in world.phases:
        worth = _worth(phase, of_line, size)
        midnight, before = -1, np.zeros(0)
        for day in range(phase.first, phase.last):
            if not touched[day]:
                continue
            if midnight != day:
                before = level_weights(run.ledger.timeline, ramps, 24.0 * day, world.settings.response.escalate)
            midnight = day + 1
            after = level_weights(run.ledger.timeline, ramps, 24.0 * midnight, world.settings.response.escalate)
            for at, values in enumerate(np.einsum("flr,rl->fr", worth, (after - before)[:, 1:])):
                found[at, day] = np.bincount(ramps.series, values, members * cities)
            before = after
    return found.reshape(*found.shape[:2], members, cities)


def _answering(run: Run, member: int) -> tuple[Ramps, np.ndarray]:
    """Ramp classes of a member, and the class of every line; lines of a class that obey the same warnings stay one."""
    classes = run.classes
    assert classes
    ramps, heeds = classes.of_member(member, len(run.world.cities)), heeded(run.world, run.ledger.timeline, member)
    if heeds is None:
        return ramps, classes.of_line
    kinds, first, of_line = np.unique(np.column_stack([classes.of_line, heeds]), axis=0, return_index=True,
                                      return_inverse=True)
    return Ramps(*(column[classes.of_line[first]] for column in ramps[:4]), kinds[:, 1:].astype(bool)), of_line.ravel()


def _worth(phase: Phase, of_line: list[np.ndarray], size: int) -> np.ndarray:
    """What an hour at each asking level takes away: float64[figure, level, class], kg by pollutant, then CNY."""
    people, asked = phase.people, phase.asked
    rates = [*((asked.share_of(p), people.emission[at]) for at, p in enumerate(Pollutant)), (asked.output, people.value)]
    return np.stack([[sum(np.bincount(rows, share[at] * rate / 24, size) for rows in of_line)
                      for at in range(len(share))] for share, rate in rates])


def _touched(run: Run, up_h: float) -> np.ndarray:
    """Days on which some line of some member may be below its full load: bool[day]."""
    line, touched = run.ledger.timeline, np.zeros(run.world.calendar.days, bool)
    for at in np.flatnonzero(line.level > 0):
        same = at + 1 < len(line.hour) and (line.series[at + 1], line.start_class[at + 1]) == (
            line.series[at], line.start_class[at])
        until = line.hour[at + 1] + up_h if same else run.ledger.hours
        touched[int(line.hour[at] // 24): int(np.ceil(until / 24))] = True
    return touched
