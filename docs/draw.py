"""Draw the pictures of the README and the docs anew from real runs: `python docs/draw.py`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import sim
from sim import comparison_charts, negotiation, scorecard
from sim.charts import png
from sim.comparison_page import calendar
from sim.industries import industries
from sim.labels import MONEY
from sim.vocab import Pollutant

SCENARIOS = HERE.parent / "scenarios"
EDITIONS = "rules=mee2019,mee2024,bj2015"
MILLIONS = {"en": "value (million CNY)", "zh": "产值（万元）"}


def editions(lang: str) -> Iterator[tuple[str, Any]]:
    """The winter of Yangquan under two editions, and three side by side."""
    winter = SCENARIOS / "yangquan-2015-winter.yaml"
    results = sim.run(sim.load(winter), lang)
    for run in ("base", "mee2024"):
        yield f"yangquan-{run}", sim.plot(results, run)
    yield "yangquan-editions", calendar(sim.compare(winter, [EDITIONS], lang=lang), "yangquan")


def zezhou(lang: str) -> Iterator[tuple[str, Any]]:
    """Tonnes and value by reading of article 3, and what the season holds back."""
    results = sim.run(sim.load(SCENARIOS / "zezhou-2020.yaml"), lang)
    names = {"thirty": ("B and C cut 30 %", "B、C级减30%"), "base": ("B and C cut 40 %", "B、C级减40%"),
             "fifty": ("B and C cut 50 %", "B、C级减50%"), "guide-2020": ("guide of 2020, no season", "2020版指南、无错峰"),
             "fraud": ("one A firm falls to D", "一家A级降为D级")}
    yield "zezhou-2020", _bars(results, names, lang, season=True)


def yangquan_2020(lang: str) -> Iterator[tuple[str, Any]]:
    """Targets of the document's annexes held against the winter."""
    results = sim.run(sim.load(SCENARIOS / "yangquan-2020.yaml"), lang)
    rows = scorecard.air_quality(results, results.runs[0])
    rows = rows[(rows["table"] == "yangquan-2020") & rows["period"].str.startswith("2015")]
    title = {"en": "Yangquan, October-December 2015", "zh": "阳泉市，2015年10-12月"}[lang]
    yield "yangquan-2020", scorecard.picture(rows, title, lang)


def yangquan_2024(lang: str) -> Iterator[tuple[str, Any]]:
    """Offers of negotiated cuts at orange, cheapest first."""
    world = sim.load(SCENARIOS / "yangquan-2024.yaml", ["grading.negotiated=null"]).worlds[0]
    terms = sim.load(SCENARIOS / "yangquan-2024.yaml").worlds[0].choice.negotiated
    people = world.phases[-1].people
    made = negotiation.offers(people, world.phases[-1].asked, terms, "orange")
    industry = dict(zip(people.enterprise, people.industry, strict=True))
    names = [industries()[people.industries[industry[firm]]].name[lang] for firm in made["enterprise"]]
    title = {"en": "Yangquan, negotiated cuts at orange", "zh": "阳泉市橙色预警下的协商减排"}[lang]
    yield "yangquan-2024", comparison_charts.supply(made, names, terms.wanted_kg_per_day, title, terms.pollutant, lang)


def urban(lang: str) -> Iterator[tuple[str, Any]]:
    """The district's list by industry: what it emits in the winter, and what the warnings take away."""
    results = sim.run(sim.load(SCENARIOS / "yangquan-urban-2024.yaml"), lang)
    totals = results.totals[results.totals["run"] == "base"]
    table = totals.groupby("industry")[["baseline_kg", "avoided_kg"]].sum() / 1000
    names = {"en": ("emitted in the winter", "avoided in warnings"), "zh": ("冬季排放", "预警期间减排")}[lang]
    title = {"en": "Urban district of Yangquan, by industry", "zh": "阳泉市城区，分行业"}[lang]
    unit = {"en": "tonnes of SO2, NOx, PM and VOCs together", "zh": "SO2、NOx、颗粒物、VOCs合计（吨）"}[lang]
    yield "yangquan-urban-2024", comparison_charts.pairs(table, names, title, unit, lang, most=12)


def taiyuan(lang: str) -> Iterator[tuple[str, Any]]:
    """The two advances and joint control: tonnes and value."""
    results = sim.run(sim.load(SCENARIOS / "taiyuan-2021.yaml"), lang)
    names = {"base": ("joint, earlier and one level higher", "联动、提前两天、提高一级"),
             "earlier-only": ("joint, earlier", "联动、提前两天"), "no-advances": ("joint, neither", "联动、不提前不提级"),
             "taiyuan-alone": ("Taiyuan decides alone, both", "太原单独决策、提前并提级")}
    yield "taiyuan-2021", _bars(results, names, lang)


def _bars(results: Any, names: dict[str, tuple[str, str]], lang: str, *, season: bool = False) -> Any:
    """Avoided tonnes and value by run, in the order of `names`; what the season holds back beyond them."""
    rows = results.summary.set_index("run").loc[list(names)]

    def table(of: str, value: str) -> pd.DataFrame:
        made = {str(p): rows[f"{of}_{p}_kg"].astype(float) / 1000 for p in Pollutant}
        return pd.DataFrame(made | {"value": rows[value].astype(float) / MONEY[lang]}).fillna(0)

    return comparison_charts.bars(table("avoided", "curtailed_value_cny"), [both[lang == "zh"] for both in names.values()],
                                  MILLIONS[lang], lang, table("seasonal", "seasonal_value_cny") if season else None)


PICTURES = (editions, zezhou, yangquan_2020, yangquan_2024, urban, taiyuan)


def main(folder: Path) -> None:
    """Every picture, in both languages."""
    for draw in PICTURES:
        for lang in ("en", "zh"):
            for name, figure in draw(lang):
                (folder / f"{name}-{lang}.png").write_bytes(png(figure, 110))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "images")
