"""Pictures that put runs side by side, on common axes."""

from collections.abc import Sequence

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sim.charts import INK, LEVEL_COLOUR, POLLUTANT_COLOUR, drawing, spells_of_level, width_in
from sim.industries import industries
from sim.labels import text
from sim.vocab import Level, Pollutant

NUMBERED = 12
"""Up to this many runs are drawn one by one; more are told by table and scatter."""
PLAIN, SECOND, FAINT = "#35618f", "#c2553b", "#c9ced6"


def calendars(days: Sequence[pd.DataFrame], names: Sequence[str], title: str, index_name: str, lang: str = "en") -> Figure:
    """Warning levels of every run, one strip each, on one time axis under the index of each day.

    days : per run `date`, `index`, `warning_level` of one member and city. index_name : what the first run's index is.
    """
    strip_in, index_in, bottom_in, top_in = 0.3, 1.5, 0.58, 0.36
    left_in = min(4.2, 0.25 + max(width_in(name, 9) for name in names))
    height_in = top_in + index_in + 0.12 + strip_in * len(days) + bottom_in
    with drawing():
        figure = Figure(figsize=(11, height_in))
        x, width = left_in / 11, 1 - (left_in + 0.4) / 11
        above = figure.add_axes((x, 1 - (top_in + index_in) / height_in, width, index_in / height_in))
        below = figure.add_axes((x, bottom_in / height_in, width, strip_in * len(days) / height_in), sharex=above)
        when = [mdates.date2num(pd.to_datetime(table["date"]).to_numpy()) for table in days]  # in days
        above.bar(when[0], days[0]["index"].to_numpy(float), width=1.0, align="edge", color=FAINT)
        above.set_title(title)
        above.set_ylabel(index_name, fontsize=9)
        above.tick_params(axis="x", labelbottom=False, length=0)
        seen = set()
        for row, (own, table) in enumerate(zip(when, days, strict=True)):
            for level, first, last in spells_of_level(table["warning_level"].to_numpy()):
                seen.add(level)
                below.barh(row, own[last] + 1 - own[first], 0.72, left=own[first], color=LEVEL_COLOUR[level])
                above.axvspan(own[first], own[last] + 1, color=LEVEL_COLOUR[level], alpha=0.5 / len(days), lw=0)
        below.set_yticks(range(len(names)), [clipped(name, left_in - 0.2, 9) for name in names])
        below.tick_params(axis="y", labelsize=9, length=0)
        below.set_ylim(len(names) - 0.5, -0.5)
        below.set_xlim(min(own[0] for own in when), max(own[-1] for own in when) + 1)
        long = len(when[0]) > 62
        below.xaxis.set_major_locator(mdates.MonthLocator() if long else mdates.AutoDateLocator(maxticks=9))
        below.xaxis.set_major_formatter(mdates.DateFormatter("%Y-%m" if long else "%m-%d"))
        used = [level for level in Level if level and level.name in seen]
        if used:
            figure.legend(handles=[Patch(color=LEVEL_COLOUR[level.name], label=text(f"chart.level.{level.name}", lang))
                                   for level in used], loc="lower right", ncols=4, fontsize=9)
    return figure


def bars(table: pd.DataFrame, names: Sequence[str], value_name: str, lang: str = "en",
         held: pd.DataFrame | None = None) -> Figure:
    """Tonnes avoided of each pollutant, and the value of output not made, a bar for each run.

    table : one row per run, columns the pollutants in tonnes and `value` in the unit that value_name says. The panels of
    the pollutants have one scale. held : the same table for what a season holds back, drawn lighter beyond the bars.
    """
    beyond = held if held is not None else table * 0
    left_in = min(4.2, 0.25 + max(width_in(name, 9) for name in names))
    foot_in = 0.1 if held is None else 0.4
    width, height = 11.0, 0.4 + foot_in + 0.3 * len(table)
    with drawing():
        figure = Figure(figsize=(width, height))
        panels = figure.subplots(1, 5, sharey=True)
        figure.subplots_adjust(left_in / width, foot_in / height, 1 - 0.35 / width, 1 - 0.4 / height, wspace=0.12)
        most = max(float((table + beyond)[list(Pollutant)].to_numpy().max(initial=0)), 1e-9)
        places = np.arange(len(table))
        for axes, column in zip(panels, [*Pollutant, "value"], strict=True):
            values, more = table[str(column)].to_numpy(float), beyond[str(column)].to_numpy(float)
            colour = POLLUTANT_COLOUR.get(column, PLAIN)
            axes.barh(places, values, 0.7, color=colour)
            axes.barh(places, more, 0.7, left=values, color=colour, alpha=0.35, lw=0)
            whole = most if column in list(Pollutant) else max(float((values + more).max(initial=0)), 1e-9)
            axes.set_xlim(0, whole * (1.42 if held is None else 1.75 if column in list(Pollutant) else 2.3))
            for place, value, light in zip(places, values, more, strict=True):
                said = amount(value) + (f" + {amount(light)}" if light else "")
                axes.annotate(said, (value + light, place), xytext=(3, 0), textcoords="offset points", va="center",
                              fontsize=8.5)
            axes.set_title(text(f"pollutant.{column}", lang) + f" ({text('chart.tonnes', lang)})"
                           if column in list(Pollutant) else value_name, fontsize=9)
            axes.tick_params(axis="both", length=0, labelsize=9)
            axes.tick_params(axis="x", labelbottom=False)
            axes.grid(visible=False)
            axes.spines["bottom"].set_visible(False)
        panels[0].set_yticks(places, [clipped(name, left_in - 0.2, 9) for name in names])
        panels[0].set_ylim(len(table) - 0.5, -0.5)
        if held is not None:
            figure.legend(handles=[Patch(color=INK, label=text("chart.in_warnings", lang)),
                                   Patch(color=INK, alpha=0.35, lw=0, label=text("chart.by_season", lang))],
                          loc="lower right", ncols=2, fontsize=9, borderaxespad=0.2)
    return figure


def supply(offers: pd.DataFrame, names: Sequence[str], wanted_kg: float, title: str, pollutant: str,
           lang: str = "en") -> Figure:
    """Offers of a negotiated cut, cheapest first: a block for each, as wide as its kilograms and as high as its price.

    offers : one row or more of `kg_per_day`, `price_cny_per_kg`, `accepted` in the order taken, as `negotiation.offers`
    gives them. names : what stands above the wide blocks, one for each offer.
    """
    kg, price = offers["kg_per_day"].to_numpy(), offers["price_cny_per_kg"].to_numpy()
    starts, most = kg.cumsum() - kg, max(float(kg.sum()), wanted_kg) * 1.01
    colour = POLLUTANT_COLOUR[Pollutant(pollutant)]
    with drawing():
        figure = Figure(figsize=(9, 3.6))
        figure.subplots_adjust(0.09, 0.15, 0.98, 0.9)
        axes = figure.subplots()
        axes.set_yscale("log")
        axes.bar(starts, price, kg, align="edge", color=np.where(offers["accepted"], colour, FAINT), edgecolor="white", lw=0.8)
        for start, width, height, name in zip(starts, kg, price, names, strict=True):
            if width > most / 9 * (width_in(name, 9) + 0.1):
                axes.annotate(name, (start + width / 2, height), (0, 3), textcoords="offset points", ha="center", fontsize=9)
        axes.axvline(wanted_kg, color=INK, lw=1.2, ls=(0, (4, 3)))
        axes.annotate(text("chart.wanted", lang, kg=f"{wanted_kg:,.0f}"), (wanted_kg, 0.97), (5, 0), fontsize=9, va="top",
                      xycoords=("data", "axes fraction"), textcoords="offset points")
        axes.set_xlim(0, most)
        axes.set_ylim(bottom=price.min() / 3)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.grid(visible=False, axis="x")
        axes.set_xlabel(text("chart.offered", lang, pollutant=text(f"pollutant.{pollutant}", lang)))
        axes.set_ylabel(text("chart.price", lang))
        axes.set_title(title)
        axes.legend(handles=[Patch(color=colour, label=text("chart.accepted", lang)),
                             Patch(color=FAINT, label=text("chart.declined", lang))], loc="upper left", fontsize=9)
    return figure


def scatter(tonnes: np.ndarray, value: np.ndarray, title: str, tonnes_name: str, value_name: str) -> Figure:
    """Output lost against tonnes avoided, a dot for each run with its number in the table.

    tonnes, value : float64[run]. The line through the first run shows what is as dear per tonne: below it is cheaper.
    """
    with drawing():
        figure = Figure(figsize=(7.2, 4.4))
        figure.subplots_adjust(0.13, 0.12, 0.97, 0.92)
        axes = figure.subplots()
        top_x, top_y = max(float(tonnes.max(initial=0)), 1e-9) * 1.1, max(float(value.max(initial=0)), 1e-9) * 1.14
        if tonnes[0] > 0 and value[0] > 0:
            slope = value[0] / tonnes[0]
            end = min(top_x, top_y / slope)
            axes.plot([0, end], [0, end * slope], color=INK, lw=0.8, ls=(0, (4, 3)), zorder=1)
        axes.scatter(tonnes[1:], value[1:], s=46, color=PLAIN, zorder=3)
        axes.scatter(tonnes[:1], value[:1], s=60, color=SECOND, zorder=4)
        places: dict[tuple[float, float], list[str]] = {}
        for number, (x, y) in enumerate(zip(tonnes, value, strict=True), start=1):
            near = next((p for p in places if abs(p[0] - x) < 0.02 * top_x and abs(p[1] - y) < 0.03 * top_y), (x, y))
            places.setdefault(near, []).append(str(number))
        if len(tonnes) <= 4 * NUMBERED:
            for (x, y), numbers in places.items():
                axes.annotate(", ".join(numbers), (x, y), xytext=(0, 7), textcoords="offset points", ha="center", fontsize=9)
        axes.set_xlim(0, top_x)
        axes.set_ylim(0, top_y)
        axes.set_xlabel(tonnes_name)
        axes.set_ylabel(value_name)
        axes.set_title(title)
    return figure


def pairs(table: pd.DataFrame, names: Sequence[str], title: str, unit: str, lang: str = "en", most: int = 14) -> Figure:
    """Two bars for each industry, the first run's and the other's. table : industry key x two columns, in `unit`."""
    shown = table.loc[table.max(axis=1).sort_values(ascending=False, kind="stable").index].head(most)
    shown = shown[shown.max(axis=1) > 0]
    words = [industries()[key].name[lang] for key in shown.index]
    left_in = 0.25 + max((width_in(word, 9) for word in words), default=1)
    width, height = 9.0, 1.15 + 0.4 * max(len(shown), 2)
    with drawing():
        figure = Figure(figsize=(width, height))
        figure.subplots_adjust(left_in / width, 0.75 / height, 1 - 0.2 / width, 1 - 0.36 / height)
        axes = figure.subplots()
        places = np.arange(len(shown))
        for column, colour, shift, name in zip(shown.columns, (PLAIN, SECOND), (-0.19, 0.19), names, strict=True):
            axes.barh(places + shift, shown[column], 0.36, color=colour, label=name)
        axes.set_yticks(places, words)
        axes.tick_params(axis="y", labelsize=9, length=0)
        axes.grid(visible=False, axis="y")
        axes.invert_yaxis()
        axes.set_xlabel(unit)
        axes.set_title(title)
        figure.legend(loc="lower left", fontsize=9, ncols=2)
    return figure


def amount(value: float) -> str:
    """A number beside a bar: three digits or so."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 1 or value == 0 else 3
    return f"{value:,.{digits}f}" if value == value else "-"


def clipped(name: str, most_in: float, points: float) -> str:
    """A name cut to a width, with an ellipsis where it was longer."""
    if width_in(name, points) <= most_in:
        return name
    while name and width_in(name + "…", points) > most_in:
        name = name[:-1]
    return name + "…"
