"""Measures against blanket stopping (一律关停) and long warnings: what a response hit that it need not have hit.

Each is a figure of one run, for the planner to weigh; none is a limit of a document.
"""

import numpy as np
import pandas as pd

from sim.experiment import Run
from sim.regret import by_day
from sim.tables import days, grouped
from sim.vocab import Grade, Pollutant

BEST_GRADES = (Grade.A_PLUS, Grade.A, Grade.B, Grade.LEADING)
"""Lines that have done their homework: the first to be spared."""

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
    cny = by_day(run)[-1] if run.accounts else None
    rows = []
    for m, member in enumerate(world.members):
        row = {"run": world.run.name, "member": member,
               "response_hours": int(table.loc[table["member"] == member, "response_hours"].sum()),
               "hours_beyond_need": int(beyond.loc[beyond["member"] == member, "response_hours"].sum())}
        if run.accounts and cny is not None:
            account = run.accounts[m]
            value = account.curtailed_value_cny
            tonnes = sum(account.avoided_kg(pollutant) for pollutant in Pollutant) / 1000
            best = np.isin(world.population.grade, [list(Grade).index(grade) for grade in BEST_GRADES])
            by_grade = grouped(account, ["grade"], {
                "value": lambda part: part.hours / 24 * part.people.value,
                "tonnes": lambda part: sum(part.avoided_kg(pollutant) for pollutant in Pollutant) / 1000}).set_index("grade")
            on_clean_days = cny[:, m][clean[:, m]].sum()
            row |= {"clean_day_value_share": _ratio(on_clean_days, value.sum()),
                    "best_grades_lines": int(best.sum()),
                    "best_grades_hours_lost": _ratio(account.hours_lost[best].sum(), best.sum()),
                    "cny_per_tonne": _ratio(value.sum(), tonnes.sum())}
            row |= {f"cny_per_tonne_{grade}": _ratio(*by_grade.loc[grade]) for grade in by_grade.index}
        rows.append(row)
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else np.nan
