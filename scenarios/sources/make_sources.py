"""Make the files of other sources from `shares.csv`, the lists and the inventory of Jincheng; the same bytes each time.

    python scenarios/sources/make_sources.py runs/sources
"""

import csv
import sys
from pathlib import Path

HERE = Path(__file__).parent
LISTS = HERE.parents[1] / "enterprises"
POLLUTANTS = ("so2", "nox", "pm", "voc")
SOURCES = ("light-vehicles", "heavy-trucks", "non-road-machines", "construction-dust", "road-dust", "residential-heating")
DAYS = 366
"""Of the inventory's year, 2020."""


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def listed_kg_per_day(city: str) -> dict[str, float]:
    running = [row for row in rows_of(LISTS / f"{city}.csv") if row["control"] != "long-closed"]
    return {p: sum(float(row[f"{p}_kg_per_day"]) for row in running) for p in POLLUTANTS}


def main(folder: Path) -> None:
    """Write one file per city."""
    known = {(row["city"], row["what"]): float(row["value"]) for row in rows_of(LISTS / "calibration.csv")}
    inventory = {p: known["jincheng", f"{p}_total"] * 1000 / DAYS for p in POLLUTANTS}
    share = {(row["pollutant"], row["source"]): float(row["share"]) for row in rows_of(HERE / "shares.csv")}
    part = {p: listed_kg_per_day("jincheng")[p] / inventory[p] for p in POLLUTANTS}
    for city in ("yangquan", "taiyuan", "jincheng"):
        listed = listed_kg_per_day(city)
        total = {p: listed[p] / part[p] for p in POLLUTANTS}  # Jincheng: the inventory itself
        kg = {source: {p: round(share[p, source] * total[p]) for p in POLLUTANTS} for source in SOURCES}
        kg["other"] = {p: round(total[p] - listed[p]) - sum(kg[source][p] for source in SOURCES) for p in POLLUTANTS}
        with (folder / f"{city}.csv").open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(["source", *(f"{p}_kg_per_day" for p in POLLUTANTS), "yellow_cut", "orange_cut", "red_cut"])
            writer.writerows([source, *values.values(), "", "", ""] for source, values in kg.items())


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    target.mkdir(parents=True, exist_ok=True)
    main(target)
