"""Measures against blanket stopping (一律关停) and long warnings: what a response hit that it need not have hit.

Each is a figure of one run, for the planner to weigh; none is a limit of a document.
"""

import numpy as np
import pandas as pd

from sim.experiment import Run, heeded
from sim.response import Ramps, level_weights
from sim.tables import days, grouped
from sim.vocab import ASKING_LEVELS, Grade, Pollutant

BEST_GRADES = (Grade.A_PLUS, Grade.A, Grade.B, Grade.LEADING)
"""Lines that have done their homework: the first to be spared."""

ROWS_AT_ONCE = 60_000

COLUMNS = ["run", "member", "clean_day_value_share", "response_hours", "hours_beyond_need", "best_grades_lines",
           "best_grades_hours_lost", "cny_per_tonne", *(f"cny_per_tonne_{grade}" for grade in Grade)]


def measures(run: Run) -> pd.DataFrame:
    """One row per member: share of the curtailed value on clean days, response hours beyond need, full-load hours lost by
    lines of the best grades, value lost per tonne avoided in all and by grade.

    A day is clean when its observed index is not above T0, the lowest threshold of the criteria in force. Hours and
    values are sums over cities; tonnes are SO2, NOx, PM and VOC added up. NaN where there is nothing to divide by.
    """
    world, table = run.world, days(run)
    clean = (world.observed <= world.rules.lowest).reshape(-1, len(world.members), len(world.cities))
    beyond = table[table["index"] <= world.rules.lowest]
    rows = []
    for m, member in enumerate(world.members):
        row = {"run": world.run.name, "member": member,
               "response_hours": int(table.loc[table["member"] == member, "response_hours"].sum()),
               "hours_beyond_need": int(beyond.loc[beyond["member"] == member, "response_hours"].sum())}
        if run.accounts:
            account = run.accounts[m]
            value = account.curtailed_value_cny
            tonnes = sum(account.avoided_kg(pollutant) for pollutant in Pollutant) / 1000
            best = np.isin(world.population.grade, [list(Grade).index(grade) for grade in BEST_GRADES])
            by_grade = grouped(account, ["grade"], {
                "value": lambda part: part.hours / 24 * part.people.value,
                "tonnes": lambda part: sum(part.avoided_kg(pollutant) for pollutant in Pollutant) / 1000}).set_index("grade")
            on_clean_days = value_by_day(run, m, clean[:, m]).sum()
            row |= {"clean_day_value_share": _ratio(on_clean_days, value.sum()),
                    "best_grades_lines": int(best.sum()),
                    "best_grades_hours_lost": _ratio(account.hours_lost[best].sum(), best.sum()),
                    "cny_per_tonne": _ratio(value.sum(), tonnes.sum())}
            row |= {f"cny_per_tonne_{grade}": _ratio(*by_grade.loc[grade]) for grade in by_grade.index}
        rows.append(row)
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


def value_by_day(run: Run, member: int, wanted: np.ndarray) -> np.ndarray:
    """Value of output not made on the days that are wanted, CNY, 0 on others. wanted, result : [day, city].

    Exact: weights of the ramp classes up to two midnights, and their difference. Lines of one class that obey the same
    warnings share their weights. The only place here that knows how an account is made up.
    """
    world, classes = run.world, run.classes
    assert run.accounts and classes
    cities = len(world.cities)
    heeds = heeded(world, run.ledger.timeline, member)
    ramps, of_line = classes.of_member(member, cities), classes.of_line
    if heeds is not None:
        kinds, first, of_line = np.unique(np.column_stack([of_line, heeds]), axis=0, return_index=True, return_inverse=True)
        of_line = of_line.ravel()
        ramps = Ramps(*(column[classes.of_line[first]] for column in ramps[:4]), kinds[:, 1:].astype(bool))
    size = len(ramps.series)
    city = ramps.series % cities
    wanted = wanted & _touched(run, member, float(ramps.up_h.max(initial=0)))
    found = np.zeros(wanted.size)
    for phase in world.phases:
        worth = np.stack([np.bincount(of_line, phase.asked.output[at] * phase.people.value / 24, size)
                          for at in range(len(ASKING_LEVELS))], axis=1)  # CNY per hour at each asking level
        day, which = np.nonzero(wanted[phase.first: phase.last, city] & worth.any(axis=1))
        day += phase.first
        for begin in range(0, len(day), ROWS_AT_ONCE):
            part = slice(begin, begin + ROWS_AT_ONCE)
            rows = Ramps(*(None if column is None else column[which[part]] for column in ramps))
            until = [level_weights(run.ledger.timeline, rows, 24.0 * (day[part] + at), world.settings.response.escalate)
                     for at in (0, 1)]
            value = ((until[1] - until[0])[:, 1:] * worth[which[part]]).sum(axis=1)
            found += np.bincount(day[part] * cities + city[which[part]], value, wanted.size)
    return found.reshape(wanted.shape)


def _touched(run: Run, member: int, up_h: float) -> np.ndarray:
    """Days on which some line may be below its full load: bool[day, city]."""
    line, cities = run.ledger.timeline, len(run.world.cities)
    touched = np.zeros((run.world.calendar.days, cities), bool)
    for at in np.flatnonzero((line.level > 0) & (line.series // cities == member)):
        same = at + 1 < len(line.hour) and (line.series[at + 1], line.start_class[at + 1]) == (
            line.series[at], line.start_class[at])
        until = line.hour[at + 1] + up_h if same else run.ledger.hours
        touched[int(line.hour[at] // 24): int(np.ceil(until / 24)), line.series[at] % cities] = True
    return touched


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else np.nan
