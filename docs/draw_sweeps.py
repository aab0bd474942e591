"""Draw the pictures of docs/sweep.md anew: `python docs/draw_sweeps.py`."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from matplotlib.figure import Figure

import sim
from sim import sensitivity_page, sweep_charts, sweep_page
from sim.charts import png
from sim.labels import MONEY, text
from sim.sensitivities import Sensitivity
from sim.sweeping import Sweep

SCENARIO = HERE.parent / "scenarios" / "yangquan-2015-winter.yaml"
SETS = ["rules=mee2019", "forecast.source=synthetic"]
VARY = ["criteria.yellow.0.over=150,175,200", "response.lead_hours=24,48"]
OVER = ["criteria.yellow.0.over=150..200", "response.lead_hours=0..72", "forecast.skill.correlation_day1=0.5..0.95",
        "response.ramp_factor=0..2", "compliance.share=0.84..1"]


def swept() -> Sweep:
    """Three thresholds of yellow x one day's notice or two, 100 members."""
    return sim.sweep(SCENARIO, VARY, [*SETS, "forecast.members=100"])


def ranked() -> Sensitivity:
    """Five keys on 20 trajectories, 20 members."""
    return sim.sensitivity(SCENARIO, OVER, [*SETS, "forecast.members=20"])


def front(found: Sweep, lang: str) -> Figure:
    """Tonnes, output, heavy days missed."""
    return sweep_charts.front(found.variants, MONEY[lang], {
        "title": text("sweep.chart.front", lang), "x": text("sweep.axis.avoided", lang), "y": text("sweep.axis.value", lang),
        "colour": text("sweep.axis.missed", lang)}, len(found.variants))


def paired(found: Sweep, lang: str) -> Figure:
    """Output not made and heavy days missed against the first variant."""
    labels = [f"{number}  {' / '.join(value for _, value in case.varied)}"
              for number, case in enumerate(found.inputs.cases[1:], start=2)]
    return sweep_page.paired(found, [case.name for case in found.inputs.cases[1:]], labels, lang)


def main(folder: Path) -> None:
    """Every picture, in both languages."""
    sweep, sensitivity = swept(), ranked()
    for lang in ("en", "zh"):
        drawn = {"sweep-front": front(sweep, lang), "sweep-paired": paired(sweep, lang)}
        drawn |= {f"sensitivity-{short}": sensitivity_page.picture(sensitivity, name, lang)
                  for short, name in (("output", "curtailed_value_cny"), ("missed", "heavy_days_missed"))}
        for name, figure in drawn.items():
            (folder / f"{name}-{lang}.png").write_bytes(png(figure, 110))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "images")
