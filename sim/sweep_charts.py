"""Pictures of a sweep: the front of what cannot be had cheaper, heat maps of two keys, the price of forecast errors;
keys ranked by what they move."""

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.charts import INK, drawing, width_in
from sim.comparison_charts import FAINT, PLAIN, SECOND, clipped

CELLS_WRITTEN = 60
"""Up to this many cells a heat map writes its figures in."""

NUMBER_SIDES = ((-12.0, 9.0), (12.0, -9.0))
"""Where the number of a dot may stand, in points: a front goes up to the right."""

NUMBER_PT, DOT_PT = (14, 10), (11, 9)
"""How far a number stays from others, and from dots with their rings, across and up."""

UNCROWDED = 50
"""Of more variants than these dots and rings are drawn smaller."""

THOUSANDS = "{x:,.10g}"
"""Numbers along an axis."""

ONE_WAY = 0.9
"""A key moves a figure one way when the mean effect is at least this share of the mean size of the effects."""


def front(variants: pd.DataFrame, value_unit: float, names: dict[str, str], listed: int) -> Figure:
    """Output lost against tonnes avoided, a dot for each variant, coloured by the heavy days it missed.

    variants : `avoided_t`, `curtailed_value_cny`, `heavy_days_missed`, `pareto`. names : title, x, y, colour in words.
    listed : how many of them stand in the table and may have a number.
    """
    with drawing():
        figure = Figure(figsize=(9.2, 4.8))
        figure.subplots_adjust(0.1, 0.12, 1.0, 0.92)
        axes = figure.subplots()
        value = variants["curtailed_value_cny"] / value_unit
        small = max(0.35, min(1.0, (UNCROWDED / len(variants)) ** 0.5))
        dots = axes.scatter(variants["avoided_t"], value, c=variants["heavy_days_missed"], cmap="viridis_r", s=42 * small, lw=0,
                            zorder=3)
        best = variants[variants["pareto"]].sort_values("avoided_t")
        axes.plot(best["avoided_t"], best["curtailed_value_cny"] / value_unit, color=SECOND, lw=1.2, zorder=2)
        axes.scatter(best["avoided_t"], best["curtailed_value_cny"] / value_unit, facecolors="none", edgecolors=SECOND,
                     s=96 * small, lw=1.3 * small, zorder=4)
        bar = figure.colorbar(dots, ax=axes, pad=0.02)
        bar.set_label(names["colour"])
        bar.outline.set_visible(False)
        axes.set_xlabel(names["x"])
        axes.set_ylabel(names["y"])
        axes.set_title(names["title"])
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(THOUSANDS)
        _number(axes, np.column_stack([variants["avoided_t"], value]), variants["pareto"].to_numpy(bool)[:listed])
    return figure


def _number(axes: Axes, dots: np.ndarray, first: np.ndarray) -> None:
    """Number the first dots of a list from 1 on, where a number stands on no dot and on no other number.

    dots : float64[n, 2]. first : bool[m], of those that may have a number, which come before the others.
    """
    axes.autoscale_view()  # else dots have no place yet
    at = axes.transData.transform(dots) / axes.figure.dpi * 72
    taken = np.full((0, 2), np.nan)
    for place in np.argsort(~first, kind="stable"):
        for side in NUMBER_SIDES:
            middle = at[place] + side
            if (np.abs(at - middle) > DOT_PT).any(axis=1).all() and (np.abs(taken - middle) > NUMBER_PT).any(axis=1).all():
                taken = np.vstack([taken, middle])
                axes.annotate(str(place + 1), dots[place], xytext=side, textcoords="offset points", fontsize=8.5, color=INK,
                              ha="center", va="center")
                break


def heat(table: pd.DataFrame, names: dict[str, str], unit: float, ends: tuple[float, float],
         written: Callable[[float], str]) -> Figure:
    """A figure over two keys, means over all else. table : values of one key x values of the other, cells in plain units.
    ends : least and most of the scale, which several maps share. written : a cell as the table beside it writes it."""
    cells = table.to_numpy(float) / unit
    beside_in, below_in = (min(max(width_in(str(word), 9) for word in words) + 0.1, 2.4)
                           for words in (table.index, table.columns))
    left_in, column_in = max(1.25, beside_in + 0.3), max(0.95, below_in)
    width, height = left_in + 1.15 + column_in * max(len(table.columns), 3), 1.4 + 0.48 * max(len(table), 3)
    with drawing():
        figure = Figure(figsize=(width, height))
        figure.subplots_adjust(left_in / width, 0.62 / height, 1 - 0.1 / width, 1 - 0.42 / height)
        axes = figure.subplots()
        low, high = (end / unit for end in ends)
        shown = axes.imshow(cells, cmap="YlGnBu", aspect="auto", vmin=low, vmax=high)
        axes.set_xticks(range(len(table.columns)), [clipped(str(word), column_in - 0.05, 9) for word in table.columns])
        axes.set_yticks(range(len(table)), [clipped(str(word), left_in - 0.25, 9) for word in table.index])
        axes.tick_params(length=0)
        axes.grid(visible=False)
        if cells.size <= CELLS_WRITTEN:
            for row, column in itertools.product(*map(range, cells.shape)):
                axes.annotate(written(cells[row, column]), (column, row), ha="center", va="center", fontsize=9,
                              color="white" if cells[row, column] > (low + high) / 2 else INK)
        else:
            figure.colorbar(shown, ax=axes).outline.set_visible(False)
        for side in axes.spines.values():
            side.set_visible(False)
        axes.set_xlabel(names["x"])
        axes.set_ylabel(names["y"])
        axes.set_title(names["title"])
    return figure


def prices(kg: pd.Series, cny: pd.Series, labels: Sequence[str], value_unit: float, names: dict[str, str]) -> Figure:
    """What errors or flip-flops cost each variant: tonnes to the left, output to the right. names : title, kg, cny in words."""
    height = 1.1 + 0.3 * max(len(labels), 3)
    with drawing():
        figure = Figure(figsize=(10.5, height))
        figure.subplots_adjust(0.24, 0.55 / height, 0.96, 1 - 0.42 / height, wspace=0.06)
        left, right = figure.subplots(1, 2, sharey=True)
        place = np.arange(len(labels))
        for axes, values, colour, key in ((left, kg / 1000, PLAIN, "kg"), (right, cny / value_unit, SECOND, "cny")):
            axes.barh(place, values, 0.66, color=colour)
            axes.set_xlim(left=0)
            axes.locator_params(axis="x", nbins=5)  # yuan in 万 are long
            axes.xaxis.set_major_formatter(THOUSANDS)
            axes.tick_params(axis="y", length=0)
            axes.grid(visible=False, axis="y")
            axes.set_xlabel(names[key])
        left.set_yticks(place, [clipped(label, 2.4, 9) for label in labels])
        left.invert_yaxis()
        left.set_title(names["title"], loc="left")
    return figure


def intervals(rows: Sequence[pd.DataFrame], labels: Sequence[str], units: Sequence[float], names: dict[str, str],
              titles: Sequence[str]) -> Figure:
    """Differences to the first variant with their 95 % intervals, a panel for each figure. rows : for each figure `difference`,
    `low`, `high`, one per variant. titles : what stands under each panel; names : title in words."""
    height = 1.0 + 0.3 * max(len(labels), 3)
    with drawing():
        figure = Figure(figsize=(10.5, height))
        figure.subplots_adjust(0.24, 0.55 / height, 0.96, 1 - 0.4 / height, wspace=0.06)
        panels = figure.subplots(1, len(rows), sharey=True, squeeze=False)[0]
        place = np.arange(len(labels))
        for axes, each, unit, title in zip(panels, rows, units, titles, strict=True):
            axes.axvline(0, color=INK, lw=0.8)
            axes.hlines(place, each["low"] / unit, each["high"] / unit, color=FAINT, lw=5)
            axes.scatter(each["difference"] / unit, place, color=PLAIN, s=26, zorder=3)
            axes.tick_params(axis="y", length=0)
            axes.grid(visible=False, axis="y")
            axes.locator_params(axis="x", nbins=5)
            axes.xaxis.set_major_formatter(THOUSANDS)
            axes.set_xlabel(title)
        panels[0].set_yticks(place, [clipped(label, 2.4, 9) for label in labels])
        panels[0].set_ylim(len(labels) - 0.5, -0.5)
        panels[0].set_title(names["title"], loc="left")
    return figure


def ranking(values: pd.Series, halves: pd.Series, labels: Sequence[str], names: dict[str, str], *,
            mean: pd.Series | None = None, alone: pd.Series | None = None) -> Figure:
    """Keys ranked by what they move, with their intervals. values, halves : bar and half interval, largest first.

    mean : with a sign, where bars are coloured by whether raising the key raises the figure; alone : a dot, the part that the
    key moves by itself. names : title, x, raises, lowers, mixed, alone in words.
    """
    height = 1.45 + 0.42 * max(len(values), 2)
    left_in = 0.2 + max(width_in(label, 9) for label in labels)
    with drawing():
        figure = Figure(figsize=(9.2, height))
        figure.subplots_adjust(left_in / 9.2, 0.85 / height, 0.97, 1 - (0.4 if names["title"] else 0.12) / height)
        axes = figure.subplots()
        place, value = np.arange(len(values)), values.to_numpy(float)
        kinds = np.full(len(values), "raises", object)
        if mean is not None:
            one_way = np.abs(mean.to_numpy(float)) >= ONE_WAY * value
            kinds = np.where(~one_way, "mixed", np.where(mean.to_numpy(float) >= 0, "raises", "lowers"))
        for kind, colour in (("raises", PLAIN), ("lowers", SECOND), ("mixed", FAINT)):
            some = (kinds == kind) & (value > 0)
            if some.any():
                axes.barh(place[some], value[some], 0.62, color=colour, label=names[kind] if mean is not None else None)
        axes.errorbar(value, place, xerr=halves.to_numpy(float), fmt="none", ecolor=INK, elinewidth=1, capsize=3)
        if alone is not None:
            axes.scatter(alone, place, color="white", edgecolors=INK, s=34, zorder=4, label=names["alone"])
        axes.set_yticks(place, labels, fontsize=9)
        axes.set_ylim(len(values) - 0.4, -0.6)
        axes.xaxis.set_major_formatter(THOUSANDS)
        if alone is not None:  # shares: an interval may reach beyond them, the axis only where a share itself does
            axes.set_xlim(-0.05, max(1.02, 1.05 * float(np.nanmax(value, initial=0))))
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(names["x"])
        axes.set_title(names["title"])
        if axes.get_legend_handles_labels()[1]:
            figure.legend(loc="lower right", bbox_to_anchor=(0.97, 0.0), ncols=3, fontsize=9, borderaxespad=0.2)
    return figure
