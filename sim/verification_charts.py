"""The performance diagram of warnings and forecasts (Roebber 2009): hit rate over success ratio, with CSI and bias."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sim.charts import INK, LEVEL_COLOUR, drawing
from sim.labels import text

SOFT = "#9aa1ab"
BLUE = "#35618f"
CSI = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
BIAS = (0.25, 0.5, 1, 2, 4)
MARKER = {"episode": ("s", 10.5, "chart.performance.episode"), "day": ("o", 6.5, "chart.performance.day")}
"""Sign, size and words; the smaller is drawn last, so that both show where they fall together."""

TOGETHER = 0.06
"""Days nearer to one another than this, where numbers would lie on each other, share a label with all their numbers."""


def performance(warnings: pd.DataFrame, forecasts: pd.DataFrame, threshold: float, lang: str = "en") -> Figure:
    """Warnings by level and forecasts by lead day in one diagram; the upper right corner is perfect.

    warnings : `level`, `by`, `hit_rate`, `false_alarm_ratio`. forecasts : `lead_day`, `hit_rate`, `false_alarm_ratio`
    of `index > threshold`. Rows without a case are not drawn.
    """
    with drawing():
        figure = Figure(figsize=(5.4, 4.9))
        figure.subplots_adjust(0.115, 0.12, 0.935, 0.9)
        axes = figure.subplots()
        _ground(axes)
        told = forecasts.dropna(subset=["hit_rate", "false_alarm_ratio"])
        x, y = 1 - told["false_alarm_ratio"].to_numpy(float), told["hit_rate"].to_numpy(float)
        axes.plot(x, y, color=BLUE, lw=1.2, marker="o", ms=4.5, clip_on=False, zorder=3,
                  label=text("chart.performance.forecast", lang, threshold=f"{threshold:g}"))
        named: dict[tuple[float, float], list[int]] = {}
        for lead, at, high in zip(told["lead_day"], x, y, strict=True):
            near = next((place for place in named if np.hypot(at - place[0], high - place[1]) < TOGETHER), (at, high))
            named.setdefault(near, []).append(int(lead))
        for place, leads in named.items():
            axes.annotate(_in_short(leads), place, (7, -5), textcoords="offset points", fontsize=9, color=BLUE)
        for by, (marker, size, words) in MARKER.items():
            for row in warnings[warnings["by"] == by].dropna(subset=["hit_rate", "false_alarm_ratio"]).itertuples():
                axes.plot(1 - row.false_alarm_ratio, row.hit_rate, marker, color=LEVEL_COLOUR[row.level], ms=size,
                          mec=INK, mew=0.9, clip_on=False, zorder=4)
            axes.plot([], [], marker, color="white", ms=size * 0.85, mec=INK, mew=0.9, label=text(words, lang))
        axes.set_xlabel(text("chart.performance.success", lang))
        axes.set_ylabel(text("chart.performance.hit_rate", lang))
        axes.set_title(text("chart.performance", lang), pad=20)
        axes.legend(fontsize=8.5, loc="lower right", frameon=True, framealpha=0.92, edgecolor="none", borderaxespad=0.4)
    return figure


def _in_short(days: list[int]) -> str:
    """Days of a dot: `3`, `4, 5`, `1–7`."""
    in_a_row = len(days) > 2 and days[-1] - days[0] == len(days) - 1
    return f"{days[0]}–{days[-1]}" if in_a_row else ", ".join(map(str, days))


def _ground(axes: object) -> None:
    """Lines of equal critical success index (curved) and of equal bias (straight, dashed)."""
    success = np.linspace(0.005, 1, 400)
    for csi in CSI:
        hit = 1 / (1 / csi - 1 / success + 1)
        hit = np.where((hit > 0) & (hit <= 1), hit, np.nan)
        axes.plot(success, hit, color="#d3d7dd", lw=0.8, zorder=1)
        if csi in (0.2, 0.4, 0.6, 0.8):
            end = 1 / (1 / csi - 1 / 0.985 + 1)
            axes.annotate(f"{csi:g}", (0.985, end), fontsize=8, color=SOFT, ha="right", va="center", zorder=2,
                          bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})
    for bias in BIAS:
        axes.plot([0, min(1, 1 / bias)], [0, min(1, bias)], color=SOFT, lw=0.7, ls=(0, (4, 3)), zorder=1)
        at = (1.008, bias) if bias < 1 else (1 / bias, 1.03)
        axes.annotate(f"{bias:g}", at, fontsize=8, color=SOFT, annotation_clip=False,
                      ha="left" if bias < 1 else "center", va="center" if bias < 1 else "bottom")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.grid(visible=False)
