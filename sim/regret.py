"""What forecast errors cost: a run held against the same run with perfect forecasts, day by day, exactly."""

from dataclasses import replace

import numpy as np
import pandas as pd

from sim import forecast
from sim.experiment import Run, heeded, run_world
from sim.hindsight import hindsight
from sim.response import Ramps, level_weights
from sim.tables import hourly_level
from sim.vocab import Pollutant

COLUMNS = ["run", "member", "missed_days", *(f"missed_kg_{p}" for p in Pollutant), "false_alarm_days", "false_alarm_cny",
           "changes", "late_hours"]
CHANGES = ("advance", "cancel", "upgrade", "downgrade")


def perfect_twin(run: Run) -> Run:
    """The same run with the observations as its forecast; members, draws and all else stay."""
    world = run.world
    told = forecast.perfect(world.observed, world.settings.forecast.horizon_days)
    return run_world(replace(world, issue=lambda today: np.tile(told(today), (1, len(world.members)))))


def regret(run: Run, perfect_run: Run) -> pd.DataFrame:
    """One row per member: what misses, false alarms, late starts and changes of a run cost against a perfect forecast.

    A day with need belongs to an episode that reached a level, judged whole. missed_days : hours on days with need at a
    level below that of the perfect run, as days; missed_kg_… : what the perfect run avoided more on days with need.
    false_alarm_days : hours on days without need at a level above that of the perfect run, as days; false_alarm_cny :
    value of output lost beyond the perfect run's on days without need. changes : announced warnings advanced or cancelled, levels
    raised or lowered. late_hours : by how much warnings of episodes began after the perfect run's. Sums over cities; NaN
    without a list.
    """
    world = run.world
    cities, days, rows = len(world.cities), world.calendar.days, []
    truth = hindsight(world.observed, world.rules)
    need = truth.level > 0
    level, best = (hourly_level(one).reshape(len(world.members), cities, days, 24) for one in (run, perfect_run))
    taken = run.ledger.decisions
    of_member = np.asarray(taken.series, int) // cities
    for m, member in enumerate(world.members):
        row = {"run": world.run.name, "member": member,
               "missed_days": float((level[m] < best[m])[need.T].sum() / 24),
               "false_alarm_days": float((level[m] > best[m])[~need.T].sum() / 24),
               "changes": int(np.isin(np.asarray(taken.kind)[of_member == m], CHANGES).sum()),
               "late_hours": sum(_late_h(level[m, c], best[m, c], truth.start[:, c]) for c in range(cities))}
        if run.accounts:
            ours, theirs = by_day(run, m), by_day(perfect_run, m)
            short = np.maximum(theirs[:-1] - ours[:-1], 0)
            row |= {f"missed_kg_{p}": float(short[at][need].sum()) for at, p in enumerate(Pollutant)}
            row["false_alarm_cny"] = float(np.maximum(ours[-1] - theirs[-1], 0)[~need].sum())
        rows.append(row)
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


def _late_h(level: np.ndarray, best: np.ndarray, start: np.ndarray) -> int:
    """Hours by which warnings began after the perfect run's in the episodes that both met. level, best : [day, 24]."""
    late = 0
    for first in np.unique(start[start >= 0]):
        ours, theirs = (np.flatnonzero(one[start == first].ravel()) for one in (level, best))
        late += max(int(ours[0] - theirs[0]), 0) if len(ours) and len(theirs) else 0
    return late


def by_day(run: Run, member: int) -> np.ndarray:
    """Kilograms avoided by pollutant and, last, CNY of output lost: float64[pollutant + 1, day, city].

    Exact: differences of level weights between midnights for each ramp class, times what its lines are asked. Days on
    which nothing stands and nothing ramps are left at 0.
    """
    world = run.world
    assert run.classes
    cities, days = len(world.cities), world.calendar.days
    ramps, of_line = run.classes.of_member(member, cities), run.classes.of_line
    heeds = heeded(world, run.ledger, member)
    if heeds is not None:  # lines of one class that obey the same warnings share their weights
        kinds, first, of_line = np.unique(np.column_stack([of_line, heeds]), axis=0, return_index=True,
                                          return_inverse=True)
        ramps = Ramps(*(column[run.classes.of_line[first]] for column in ramps[:4]), kinds[:, 1:].astype(bool))
        of_line = of_line.ravel()
    size, city = len(ramps.series), ramps.series % cities
    found = np.zeros((len(Pollutant) + 1, days, cities))
    for phase in world.phases:
        people, asked = phase.people, phase.asked
        rates = [(asked.share_of(p), people.emission[at]) for at, p in enumerate(Pollutant)] + [(asked.output, people.value)]
        worth = np.stack([[np.bincount(of_line, share[at] * rate / 24, size) for at in range(len(share))]
                          for share, rate in rates])  # [figure, asking level, class], per hour
        before = level_weights(run.ledger.timeline, ramps, 24.0 * phase.first, world.settings.response.escalate)
        for day in range(phase.first, phase.last):
            after = level_weights(run.ledger.timeline, ramps, 24.0 * (day + 1), world.settings.response.escalate)
            hours = (after - before)[:, 1:]
            if hours.any():
                each = np.einsum("flr,rl->fr", worth, hours)
                for at, values in enumerate(each):
                    found[at, day] = np.bincount(city, values, cities)
            before = after
    return found
