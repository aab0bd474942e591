"""Pictures of a run, drawn with matplotlib from its tables; Chinese is drawn with the font that comes with zhplot."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import matplotlib as mpl
import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sim.industries import industries
from sim.labels import text
from sim.vocab import Level, Pollutant

LEVEL_COLOUR = {"blue": "#4a90d9", "yellow": "#f2c500", "orange": "#f08c1e", "red": "#d43a2f"}
BANDS = ((0, "#57b64a"), (50, "#e3c51c"), (100, "#ef8a2b"), (150, "#dd3b3b"), (200, "#8e2a6b"), (300, "#5d1530"))
POLLUTANT_COLOUR = dict(zip(Pollutant, ("#35618f", "#c2553b", "#8a8a86", "#5f9e6e"), strict=True))
INK = "#2b2f36"
STYLE = {
    "svg.fonttype": "path", "text.parse_math": False, "svg.hashsalt": "hpwsim", "axes.unicode_minus": False,
    "axes.spines.top": False,
    "axes.spines.right": False, "axes.edgecolor": "#8a8f98", "axes.labelcolor": INK, "text.color": INK,
    "xtick.color": INK, "ytick.color": INK, "axes.titlelocation": "left", "axes.titlesize": 12,
    "axes.titleweight": "regular", "font.size": 10, "axes.grid": True, "grid.color": "#e4e6ea", "grid.linewidth": 0.7,
    "axes.formatter.limits": (-5, 9), "axes.axisbelow": True, "legend.frameon": False, "figure.facecolor": "white",
}


@cache
def chinese_font() -> str:
    """Family name of Noto Sans SC, registered from the package that carries it."""
    package = find_spec("zhplot")
    assert package and package.submodule_search_locations
    path = Path(package.submodule_search_locations[0]) / "fonts" / "NotoSansSC-Regular.ttf"
    font_manager.fontManager.addfont(path)
    return font_manager.FontProperties(fname=path).get_name()


def _sheet(width_in: float, height_in: float, left_in: float = 0.62, right_in: float = 0.15, top_in: float = 0.36,
           bottom_in: float = 0.34) -> tuple[Figure, Axes]:
    """A figure with one pair of axes and margins in inches: laid out once, where a layout engine draws all twice."""
    figure = Figure(figsize=(width_in, height_in))
    figure.subplots_adjust(left_in / width_in, bottom_in / height_in, 1 - right_in / width_in, 1 - top_in / height_in)
    return figure, figure.subplots()


def width_in(words: str, points: float) -> float:
    """Width of a label in inches, near enough for a margin: Chinese signs are as wide as high, others half as wide."""
    return sum(1.0 if ord(sign) > 0x2E80 else 0.56 for sign in words) * points / 72


@contextmanager
def drawing() -> Iterator[None]:
    """The project's style, for as long as a picture is drawn."""
    with mpl.rc_context(STYLE | {"font.family": chinese_font()}):
        yield


def svg(figure: Figure) -> str:
    """A figure as SVG text to stand inside a page: letters as outlines, so that it looks the same everywhere."""
    with drawing():
        buffer = io.StringIO()
        # straight to the canvas: savefig would draw everything once more beforehand
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
    drawn = buffer.getvalue()
    return drawn[drawn.index("<svg"):]


def png(figure: Figure, dots_per_inch: int = 150) -> bytes:
    with drawing():
        buffer = io.BytesIO()
        figure.set_dpi(dots_per_inch)
        FigureCanvasAgg(figure).print_png(buffer, metadata={"Software": None})
    return buffer.getvalue()


def winter(days: pd.DataFrame, thresholds: dict[str, float], title: str, index_name: str, lang: str = "en") -> Figure:
    """The index of each day with the warning levels in force behind it.

    days : `date`, `index`, `warning_level` of one run, member and city. thresholds : words by index, drawn as lines.
    index_name : what the index is.
    """
    with drawing():
        figure, axes = _sheet(11, 3.3, right_in=0.45, bottom_in=0.3)
        when = pd.to_datetime(days["date"]).to_numpy()
        index = days["index"].to_numpy(float)
        colours = np.array([colour for _, colour in BANDS], object)
        band = np.searchsorted([low for low, _ in BANDS], index, side="left") - 1
        one_day = np.timedelta64(1, "D")
        top = max(float(index.max()) * 1.12, 220)
        for level, from_day, to_day in spells_of_level(days["warning_level"].to_numpy()):
            axes.axvspan(when[from_day], when[to_day] + one_day, color=LEVEL_COLOUR[level], alpha=0.33, lw=0)
            axes.axvspan(when[from_day], when[to_day] + one_day, ymin=0.965, color=LEVEL_COLOUR[level], lw=0)
        at = mdates.date2num(when)
        corners = np.stack([at, at, at + 0.82, at + 0.82, np.zeros(len(at)), index, index, np.zeros(len(at))], axis=1)
        axes.add_collection(PolyCollection(corners.reshape(-1, 2, 4).swapaxes(1, 2), facecolors=colours[np.maximum(band, 0)]))
        for value, words in sorted(thresholds.items(), key=lambda item: item[1]):
            axes.axhline(words, color=INK, lw=0.8, ls=(0, (4, 3)))
            axes.annotate(value, (1.002, words), xycoords=("axes fraction", "data"), va="center", fontsize=9)
        axes.set_xlim(when[0], when[-1] + one_day)
        axes.set_ylim(0, top)
        axes.grid(visible=False, axis="x")
        long = len(when) > 62
        axes.xaxis.set_major_locator(mdates.MonthLocator() if long else mdates.AutoDateLocator(maxticks=9))
        axes.xaxis.set_major_formatter(mdates.DateFormatter("%Y-%m" if long else "%m-%d"))
        axes.set_ylabel(index_name)
        used = [lv for lv in Level if lv and lv.name in set(days["warning_level"])]
        axes.set_title(title)
        if used:
            axes.legend(handles=[Patch(color=LEVEL_COLOUR[lv.name], label=text(f"chart.level.{lv.name}", lang))
                                 for lv in used], loc="lower right", bbox_to_anchor=(1, 1), ncols=4, fontsize=9,
                        borderaxespad=0.2)
    return figure


def spells_of_level(levels: np.ndarray) -> Iterator[tuple[str, int, int]]:
    """Unbroken spells of one level: (level, first day, last day)."""
    start = 0
    for day in range(1, len(levels) + 1):
        if day == len(levels) or levels[day] != levels[start]:
            if levels[start] != "none":
                yield levels[start], start, day - 1
            start = day


def avoided_by_grade(totals: pd.DataFrame, title: str, lang: str = "en") -> Figure:
    """Tonnes avoided by grade, a bar for each pollutant. totals : `grade`, `pollutant`, `avoided_kg` of one run."""
    table = totals.pivot_table(index="grade", columns="pollutant", values="avoided_kg", aggfunc="sum") / 1000
    order = [g for g in ("A+", "A", "B", "B-", "C", "D", "leading", "non-leading", "ungraded") if g in table.index]
    with drawing():
        figure, axes = _sheet(5.4, 3.3, bottom_in=0.42)
        place = np.arange(len(order))
        for at, pollutant in enumerate(Pollutant):
            axes.bar(place + (at - 1.5) * 0.2, table.loc[order, pollutant.value], 0.19,
                     color=POLLUTANT_COLOUR[pollutant], label=text(f"pollutant.{pollutant}", lang))
        axes.set_xticks(place, [text(f"grade.{grade}", lang).replace("-l", "-\nl") for grade in order])
        axes.tick_params(axis="x", labelsize=9, length=0)
        axes.grid(visible=False, axis="x")
        axes.set_title(title)
        axes.legend(fontsize=9, ncols=2, handlelength=1.2)
    return figure


def by_industry(table: pd.DataFrame, title: str, unit: str, lang: str = "en", most: int = 12) -> Figure:
    """Bars by industry, stacked where the table has several columns; the small ones together as the last bar.

    table : industry key x series, values >= 0 in `unit`; series are pollutants or one unnamed column.
    """
    ranked = table.loc[table.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    shown, rest = ranked.iloc[:most], ranked.iloc[most:]
    shown = shown[shown.sum(axis=1) > 0]
    names = [industries()[key].name[lang] for key in shown.index]
    if len(rest) and rest.to_numpy().sum() > 0:
        shown = pd.concat([shown, rest.sum().to_frame().T])
        names.append(text("chart.rest", lang).format(count=int((rest.sum(axis=1) > 0).sum())))
    with drawing():
        left_in = 0.15 + max(width_in(name, 9) for name in names)
        figure, axes = _sheet(5.4, 0.95 + 0.27 * max(len(names), 4), left_in, bottom_in=0.5)
        left = np.zeros(len(shown))
        for column in shown.columns:
            values = shown[column].to_numpy(float)
            known = column in list(Pollutant)
            axes.barh(names, values, 0.72, left=left, color=POLLUTANT_COLOUR[column] if known else "#35618f",
                      label=text(f"pollutant.{column}", lang) if known else None)
            left += values
        axes.invert_yaxis()
        axes.tick_params(axis="y", labelsize=9, length=0)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(unit)
        axes.set_title(title)
        if len(shown.columns) > 1:
            axes.legend(fontsize=9)
    return figure
