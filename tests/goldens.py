"""Summary figures of the five documents' scenarios as they stand in `goldens/`, and where a run differs from them."""

import csv
from pathlib import Path

import sim

FOLDER = Path(__file__).parent / "goldens"
SCENARIOS = FOLDER.parents[1] / "scenarios"
DOCUMENTS = ["zezhou-2020", "yangquan-2020", "yangquan-2024", "yangquan-urban-2024", "taiyuan-2021"]
RELATIVE = 1e-9
KEYS = ("run", "member")


def figures(name):
    """Every numeric column of every run's summary but the seconds: {(run, member): {column: text}}, blank for none."""
    table = sim.run(sim.load(SCENARIOS / f"{name}.yaml")).summary.drop(columns="seconds", errors="ignore")
    numbers = [column for column in table.select_dtypes("number").columns if column not in KEYS]
    return {(row["run"], str(row["member"])): {column: "" if row[column] != row[column] else repr(float(row[column]))
                                               for column in numbers} for row in table.to_dict("records")}


def kept(name):
    """The same from the golden."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return {(row.pop("run"), row.pop("member")): row for row in csv.DictReader(lines)}


def keep(name, found):
    """Write a golden anew, with ten significant digits: well inside what a test lets pass."""
    columns = list(next(iter(found.values())))
    with (FOLDER / f"{name}.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*KEYS, *columns])
        for key, row in found.items():
            writer.writerow([*key, *(row[column] and f"{float(row[column]):.10g}" for column in columns)])


def moved(before, after):
    """One line for each run and column that differs by more than 1e-9 of it, or that only one side has."""
    told = []
    for run in dict.fromkeys([*before, *after]):
        old, new = before.get(run), after.get(run)
        if old is None or new is None:
            told.append(f"{run[0]} (member {run[1]}): {'a new run' if old is None else 'the run is gone'}")
            continue
        told += [f"{run[0]} (member {run[1]}): {column} {old.get(column)!r} -> {new.get(column)!r}"
                 for column in dict.fromkeys([*old, *new]) if not _same(old.get(column), new.get(column))]
    return told


def _same(old, new):
    if old == new:
        return True
    if not old or not new:
        return False
    return abs(float(old) - float(new)) <= RELATIVE * max(abs(float(old)), abs(float(new)))
