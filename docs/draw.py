"""Draw the pictures of the README and the docs anew from real runs: `python docs/draw.py`."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import sim
from sim.charts import png
from sim.comparison_page import calendar

EDITIONS = "rules=mee2019,mee2024,bj2015"


def main(folder: Path) -> None:
    """The winter of Yangquan under two editions, and three side by side, in both languages."""
    scenario = sim.load(HERE.parent / "scenarios" / "yangquan-2015-winter.yaml")
    for lang in ("en", "zh"):
        results = sim.run(scenario, lang)
        for run in ("base", "mee2024"):
            (folder / f"yangquan-{run}-{lang}.png").write_bytes(png(sim.plot(results, run), 110))
        beside = sim.compare(HERE.parent / "scenarios" / "yangquan-2015-winter.yaml", [EDITIONS], lang=lang)
        (folder / f"yangquan-editions-{lang}.png").write_bytes(png(calendar(beside, "yangquan"), 110))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "images")
