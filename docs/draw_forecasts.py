"""Draw the pictures of docs/forecasts.md anew: `python docs/draw_forecasts.py`."""

import sys
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import matplotlib.dates as mdates
import numpy as np
from matplotlib.figure import Figure

import sim
from sim import experiment
from sim.charts import drawing, png
from sim.lead_scores import scores_by_lead
from sim.skill import presets

SCENARIO = HERE.parent / "scenarios" / "yangquan-2015-winter.yaml"
PRESETS = {"operational": "#35618f", "nmc2018": "#5f9e6e", "raw_model": "#c2553b", "persistence": "#8a8a86"}
WORDS = {
    "en": {"operational": "operational", "nmc2018": "nmc2018", "raw_model": "raw_model", "persistence": "persistence",
           "plume": "Yangquan, issued {day} 16:00", "observed": "observed", "range": "80 % of 200 members",
           "median": "median of the members", "office": "the office's own forecast", "index": "Index",
           "lead": "Lead, days (dotted: extrapolated)", "correlation": "Correlation", "hit": "Days above 200 foreseen",
           "false": "Forecasts above 200 that failed", "heavy": "orange trigger: 200"},
    "zh": {"operational": "城市会商", "nmc2018": "2018年全国", "raw_model": "数值模式", "persistence": "持续性预报",
           "plume": "阳泉，{day} 16时起报", "observed": "实测", "range": "200个成员的80%区间",
           "median": "成员中位数", "office": "业务预报", "index": "指数",
           "lead": "提前天数（点线为外推）", "correlation": "相关系数", "hit": "大于200日命中率",
           "false": "大于200预报空报率", "heavy": "阈值200"},
}


def world(*keys: str) -> experiment.World:
    """The base run of Yangquan with keys changed."""
    return sim.load(SCENARIO, list(keys)).worlds[0]


def plume(lang: str) -> Figure:
    """One episode as four issues saw it: members' range, median, the office's own forecast, and what came."""
    words, figure = WORDS[lang], Figure(figsize=(9.2, 5.6))
    axes = figure.subplots(2, 2, sharex=True, sharey=True)
    ensemble = ("forecast.source=synthetic", "forecast.horizon_days=10", "forecast.members=200", "forecast.probability=0.5",
                "forecast.decide_on=probability")
    members, office = world(*ensemble), world(*ensemble[:2])
    first, last = (members.calendar.day_of(when) for when in (date(2015, 12, 26), date(2016, 1, 14)))
    days = np.array([members.calendar.date_of(day) for day in range(members.calendar.days)])
    for axis, issued in zip(axes.flat, (date(2015, 12, 28), date(2015, 12, 31), date(2016, 1, 2), date(2016, 1, 4)),
                            strict=True):
        today = members.calendar.day_of(issued)
        ahead = slice(today + 1, today + 11)
        told = members.issue(today)
        low, middle, high = np.quantile(told, [0.1, 0.5, 0.9], axis=1)
        axis.fill_between(days[ahead], low, high, color="#35618f", alpha=0.18, lw=0, label=words["range"])
        axis.plot(days[ahead], middle, color="#35618f", lw=1.4, ls="--", label=words["median"])
        axis.plot(days[ahead], office.issue(today)[:, 0], color="#c2553b", lw=1.8, label=words["office"])
        axis.plot(days[first:last], members.observed[first:last, 0], color="#2b2f36", lw=1.4, marker="o", ms=3,
                  label=words["observed"])
        axis.axhline(200, color="#f08c1e", lw=0.9)
        axis.axvline(issued, color="#8a8f98", lw=0.9)
        axis.set_title(words["plume"].format(day=issued.isoformat()), fontsize=10)
        axis.set_ylim(0, 480)
        axis.xaxis.set_major_locator(mdates.DayLocator(interval=4))
        axis.xaxis.set_major_formatter(mdates.DateFormatter("%m-%d"))
    axes[0, 0].set_ylabel(words["index"])
    axes[1, 0].set_ylabel(words["index"])
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=4, fontsize=9)
    figure.subplots_adjust(0.065, 0.12, 0.985, 0.95, hspace=0.22, wspace=0.06)
    return figure


def skill(lang: str) -> Figure:
    """Correlation, hits and false alarms by lead for each preset and for persistence, 200 winters of forecasts each; dotted
    where no score was published."""
    words, figure = WORDS[lang], Figure(figsize=(9.2, 3.5))
    axes = figure.subplots(1, 3)
    for preset, colour in PRESETS.items():
        source = ("forecast.source=persistence",) if preset == "persistence" else (
            "forecast.source=synthetic", f"forecast.skill={preset}", "forecast.members=200")
        given = world("forecast.horizon_days=7", *source)
        table = scores_by_lead(given.observed, given.issue)
        tested = 7 if preset == "persistence" else int(presets()[preset]["tested_to_day"])
        for axis, column in zip(axes, ("correlation", "hit_share", "false_alarm_ratio"), strict=True):
            axis.plot(table["lead_day"][:tested], table[column][:tested], color=colour, lw=1.8, marker="o", ms=3.5,
                      label=words[preset], ls="--" if preset == "persistence" else "-")
            axis.plot(table["lead_day"][tested - 1:], table[column][tested - 1:], color=colour, lw=1, ls=":")
    for axis, title in zip(axes, ("correlation", "hit", "false"), strict=True):
        axis.set_title(words[title], fontsize=10)
        axis.set_xlabel(words["lead"])
        axis.set_ylim(-0.05, 1.02)
        axis.set_xticks(range(1, 8))
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=4, fontsize=9)
    figure.subplots_adjust(0.05, 0.26, 0.985, 0.9, wspace=0.2)
    return figure


def main(folder: Path) -> None:
    """Both pictures in both languages."""
    for lang in ("en", "zh"):
        for name, draw in (("forecast-plume", plume), ("forecast-skill", skill)):
            with drawing():
                (folder / f"{name}-{lang}.png").write_bytes(png(draw(lang), 110))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "images")
