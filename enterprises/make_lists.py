"""Make the synthetic lists of cities, districts and linked areas: `python enterprises/make_lists.py [FOLDER]`.

Every number comes from the three tables beside this script, each row with its source or marked as an assumption:
`mix.csv` (how many firms of which industry in which county), `profiles.csv` (what a line makes, emits and costs),
`calibration.csv` (inventory totals, grades, control classes). No row is a real enterprise. Same seed, same bytes.
"""

import csv
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from sim.industries import industries, process_named, scale_of

SEED = 20201201
POLLUTANTS = ("so2", "nox", "pm", "voc")
HEADER = ("enterprise_id", "enterprise", "county", "industry", "grade", "control", "line_id", "process", "product",
          "output_unit", "output_per_day", "output_value_cny_per_day", "so2_kg_per_day", "nox_kg_per_day",
          "pm_kg_per_day", "voc_kg_per_day", "ramp_down_h", "ramp_up_h", "min_load", "trucks_per_day", "yellow_cut",
          "orange_cut", "red_cut", "yellow_measure", "orange_measure", "red_measure")
CITIES = {"yangquan": ("阳泉", "YQ"), "taiyuan": ("太原", "TY"), "jincheng": ("晋城", "JC"),  # a new one goes last: seeds
          "yangquan-urban": ("阳泉城区", "YQC"), "linked-xinzhou": ("忻州联动区", "LXZ"),
          "linked-lvliang": ("吕梁联动区", "LLL"), "linked-jinzhong": ("晋中联动区", "LJZ"),
          "linked-yangquan": ("阳泉联动区", "LYQ"), "linked-linfen": ("临汾联动区", "LLF"),
          "linked-yuncheng": ("运城联动区", "LYC")}
PARTS = {"zezhou": ("jincheng", "泽州县")}  # list: the list it is cut from, the county kept
STEEL_STEPS = {"sinter": 1.0, "blast-furnace": 0.62, "converter": 0.64, "rolling": 0.62}  # tonnes per tonne of sinter
OWN_PLANS = ((0.1, 0.2, 0.3), (0.15, 0.3, 0.5), (0.0, 0.3, 0.5), (0.2, 0.5, 1.0))


def short(value: float) -> str:
    """Four significant digits, written out: lists are not more exact than that."""
    return f"{float(f'{value:.4g}'):.6f}".rstrip("0").rstrip(".")


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def figures(city: str) -> dict[str, float]:
    """Calibration figures that hold for a city."""
    return {r["what"]: float(r["value"]) for r in rows("calibration.csv") if r["city"] in ("*", city)}


def firms_of(city: str, rng: np.random.Generator) -> list[dict]:
    """Firms with their lines, before grades, classes and the inventory are applied."""
    profiles = {(p["industry"], p["process"]): p for p in rows("profiles.csv")}
    firms: list[dict] = []
    count: dict[str, int] = {}
    for mix in (m for m in rows("mix.csv") if m["city"] == city):
        made = []
        for county, number in (part.split(":") for part in mix["counties"].split("|")):
            for _ in range(int(number)):
                count[mix["industry"]] = count.get(mix["industry"], 0) + 1
                made.append({"county": county, "industry": mix["industry"], "number": count[mix["industry"]],
                             "size": float(rng.lognormal(0, 0.5)),
                             "lines": lines_of(mix["industry"], mix["process"], profiles, rng)})
        for firm in made:
            for line in firm["lines"]:
                line["output"] *= firm["size"]
        if mix["total_output_per_day"]:
            first = made[0]["lines"][0]["process"]
            total = sum(line["output"] for firm in made for line in firm["lines"] if line["process"] == first)
            for firm in made:
                for line in firm["lines"]:
                    line["output"] *= float(mix["total_output_per_day"]) / total
        firms += made
    return firms


def lines_of(industry: str, process: str, profiles: dict, rng: np.random.Generator) -> list[dict]:
    steps = STEEL_STEPS if industry == "integrated-steel" else {process: 1.0}
    lines = []
    for step, ratio in steps.items():
        profile = profiles[industry, step]
        low, high = map(int, profile["lines"].split("-"))
        number = int(rng.integers(low, high + 1))
        if industry == "integrated-steel":
            whole = float(profiles[industry, "sinter"]["median_output_per_line"]) * 2 * ratio
            split = rng.dirichlet(np.full(number, 20.0)) * whole
        else:
            split = float(profile["median_output_per_line"]) * rng.lognormal(0, float(profile["spread"]) / 2, number)
        lines += [{"process": step, "profile": profile, "output": float(out),
                   "dirt": float(rng.lognormal(0, 0.25))} for out in split]
    return lines


def grade(firms: list[dict], known: dict[str, float], rng: np.random.Generator) -> None:
    """Grades: the better ones go to large firms of industries that carry them; the rest by the assumed split."""
    for firm in firms:
        process = process_named(firm["industry"], firm["lines"][0]["process"])
        scale = scale_of(firm["industry"], process)
        outside = industries()[firm["industry"]].group == "outside"
        firm["scale"] = () if outside else scale
        firm["weight"] = sum(ln["output"] * float(ln["profile"]["price_cny_per_unit"]) for ln in firm["lines"])
        firm["grade"] = "ungraded"
    for word, number in (("A", known["grade_A"]), ("B", known["grade_B"]), ("leading", known["grade_leading"])):
        open_ = [f for f in firms if word in f["scale"] and f["grade"] == "ungraded"
                 and ("A" not in f["scale"] or word != "leading")]
        open_.sort(key=lambda f: f["weight"] * rng.lognormal(0, 0.4), reverse=True)
        for firm in open_[: int(number)]:
            firm["grade"] = word
            for line in firm["lines"]:
                line["dirt"] *= {"A": 0.45, "B": 0.65, "leading": 0.55}[word]
    split = [known["grade_C_of_rest"], known["grade_D_of_rest"], known["ungraded_of_rest"]]
    for firm in firms:
        if firm["grade"] == "ungraded" and firm["scale"]:
            letter = rng.choice(["C", "D", "ungraded"], p=split)
            firm["grade"] = str(letter) if "C" in firm["scale"] else ("ungraded" if letter == "ungraded" else
                                                                       "non-leading")
            for line in firm["lines"]:
                line["dirt"] *= {"D": 1.35, "ungraded": 1.2}.get(firm["grade"], 1.0)


def classify(firms: list[dict], known: dict[str, float], rng: np.random.Generator) -> None:
    """Control classes, each drawn once; heat supply is mostly residents' heating; the smallest are small-micro."""
    smallest = set(np.argsort([f["weight"] for f in firms])[: round(known["small_micro"] * len(firms))].tolist())
    for place, firm in enumerate(firms):
        draw = float(rng.random())
        firm["control"] = "normal"
        if firm["industry"] == "heat-supply":
            firm["control"] = "heating" if draw < 0.8 else "livelihood"
        elif firm["industry"] == "thermal-power":
            firm["control"] = "livelihood" if draw < 0.5 else "normal"
        elif firm["industry"] == "other" and draw < known["service"] * 4:
            firm["control"] = "service"
        elif firm["grade"] not in ("A", "B", "leading"):
            edges = np.cumsum([known["livelihood"], known["exempt"], known["non_compliant"], known["long_closed"]])
            place_in = int(np.searchsorted(edges, draw, side="right"))
            if place_in < 4:
                firm["control"] = ("livelihood", "exempt", "non-compliant", "long-closed")[place_in]
            elif place in smallest:
                firm["control"] = "small-micro"


def plan(firms: list[dict], known: dict[str, float], rng: np.random.Generator) -> None:
    """Own plans of a few firms, some as shares and some in words, as lists have them."""
    for firm in firms:
        firm["plan"] = None
        if firm["control"] == "normal" and firm["grade"] in ("A", "B", "C", "leading") and (
                rng.random() < known["own_plan"]):
            firm["plan"] = (OWN_PLANS[int(rng.integers(len(OWN_PLANS)))] if firm["grade"] == "C" else (0.0, 0.1, 0.2),
                            bool(rng.random() < 0.3))


def scale_to_inventory(city: str, firms: list[dict]) -> dict[str, float]:
    """Factor for each pollutant that brings Jincheng's list to its share of the inventory; used for every list."""
    known, factor = figures(city), {}
    for pollutant in POLLUTANTS:
        raw = sum(line["output"] * line["dirt"] * float(line["profile"][f"{pollutant}_kg_per_unit"])
                  for firm in firms if firm["control"] != "long-closed" for line in firm["lines"])
        wanted = known[f"{pollutant}_total"] * known[f"{pollutant}_listed_share"] * 1000 / 365
        factor[pollutant] = wanted / raw
    return factor


def build(city: str) -> list[dict]:
    rng = np.random.default_rng([SEED, list(CITIES).index(city)])
    firms, known = firms_of(city, rng), figures(city)
    grade(firms, known, rng)
    classify(firms, known, rng)
    plan(firms, known, rng)
    return firms


def table(city: str, firms: list[dict], factor: dict[str, float], rng: np.random.Generator) -> list[dict]:
    name, letters = CITIES[city]
    made = []
    for number, firm in enumerate(firms, start=1):
        firm_id = f"SYN-{letters}-{number:04d}"
        word = industries()[firm["industry"]].name["zh"]
        for at, line in enumerate(firm["lines"], start=1):
            profile, out = line["profile"], line["output"]
            row = {"enterprise_id": firm_id, "enterprise": f"虚构{name}{word}{firm['number']:03d}",
                   "county": firm["county"], "industry": firm["industry"], "grade": firm["grade"],
                   "control": firm["control"], "line_id": f"{firm_id}-{at}", "process": line["process"],
                   "product": profile["product"], "output_unit": profile["unit"], "output_per_day": short(out),
                   "output_value_cny_per_day": short(out * float(profile["price_cny_per_unit"])),
                   "ramp_down_h": profile["ramp_down_h"], "ramp_up_h": profile["ramp_up_h"],
                   "min_load": profile["min_load"]}
            for pollutant in POLLUTANTS:
                kg = out * line["dirt"] * float(profile[f"{pollutant}_kg_per_unit"]) * factor[pollutant]
                row[f"{pollutant}_kg_per_day"] = short(kg)
            if profile["units_per_truck"]:
                trucks = 2.2 * out / float(profile["units_per_truck"]) * rng.lognormal(0, 0.15)
                row["trucks_per_day"] = f"{max(1, round(trucks))}"
            if firm["plan"]:
                cuts, in_words = firm["plan"]
                for level, cut in zip(("yellow", "orange", "red"), cuts, strict=True):
                    words = "停产" if cut == 1 else f"限产{cut:.0%}" if cut else "自主减排"
                    row |= {f"{level}_measure": words} if in_words else {f"{level}_cut": f"{cut:g}"}
            made.append(row)
    return made


def with_small_cupolas(made: list[dict], known: dict[str, float]) -> list[dict]:
    """The same lines; the cupolas of the smallest cupola firms, by output, become cupolas below 10 t/h.

    Whole firms, so that no rule that counts lines of one process sees other groups than before.
    """
    output: dict[str, float] = {}
    for row in made:
        if row["process"] == "冲天炉":
            output[row["enterprise_id"]] = output.get(row["enterprise_id"], 0) + float(row["output_per_day"])
    small = sorted(output, key=output.__getitem__)[: int(known["cupola_small"])]
    return [row | {"process": "cupola-small"} if row["enterprise_id"] in small else row for row in made]


def with_power_freight(made: list[dict], known: dict[str, float]) -> list[dict]:
    """The same lines; power plants with the trucks that their coal and ash would fill."""
    per_mwh = known["power_freight"] / known["truck_load"]
    return [row | {"trucks_per_day": f"{max(1, round(float(row['output_per_day']) * per_mwh))}"}
            if row["industry"] == "thermal-power" else row for row in made]


def tables() -> tuple[dict[str, list[dict]], dict[str, float]]:
    """All lists as rows by name, and the factors to the inventory."""
    lists = {city: build(city) for city in CITIES}
    factor = scale_to_inventory("jincheng", lists["jincheng"])
    made = {}
    for at, (city, firms) in enumerate(lists.items()):
        made[city] = table(city, firms, factor, np.random.default_rng([SEED, 10 + at]))
        if city.startswith("linked-"):
            made[city] = with_power_freight(made[city], figures(city))
    made |= {part: [row for row in made[whole] if row["county"] == county] for part, (whole, county) in PARTS.items()}
    known = figures("taiyuan-2021")
    made["taiyuan-2021"] = with_power_freight(with_small_cupolas(made["taiyuan"], known), known)
    return made, factor


def main(folder: Path) -> None:
    """Write all lists and say what they hold."""
    made, factor = tables()
    for name, lines in made.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.DictWriter(out, HEADER, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(lines)
        firms = len({row["enterprise_id"] for row in lines})
        kg = {p: sum(float(r[f"{p}_kg_per_day"]) for r in lines if r["control"] != "long-closed") for p in POLLUTANTS}
        print(name, firms, "firms", len(lines), "lines", {p: round(v / 1000, 2) for p, v in kg.items()}, "t/d")
    print("factor to the inventory", {p: round(f, 3) for p, f in factor.items()})


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
