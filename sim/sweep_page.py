"""The page of a sweep and the files of its folder: every variant by its means, the front, two keys at a time, the regret."""

import io
import itertools
from collections.abc import Callable, Sequence
from importlib import metadata
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

from sim import charts, sweep_charts, wording
from sim.files import MANIFEST, PROGRAM, content_hash, csv_bytes, sealed
from sim.labels import MONEY, sentences, text
from sim.page import doubts, environment, figure
from sim.results import PACKAGES, Results, version
from sim.sweeping import Sweep, evenly
from sim.targets import HEAVY_ABOVE
from sim.totals import FLIP_FLOP_H

SHOWN, ROWS = 24, 96
"""Variants drawn one by one (of more, the front's, evenly chosen, and the first of the others), and rows of the table."""

MANY = 30
"""Members from which an interval of the normal distribution is much as one of Student's, by rule of thumb."""

PAIRS_DRAWN = 6
WRITTEN: dict[str, Callable[[float], str]] = {"curtailed_value_cny": figure, "heavy_days_missed": "{:.2f}".format}
"""Figures that heat maps and paired differences are drawn of, as table and maps write them."""

MAPPED = tuple(WRITTEN)
STEPPED = ("avoided_t", *MAPPED)
"""Figures whose differences are told for one key changed."""


def render(found: Sweep, lang: str) -> str:
    """The page in one language, charts included."""
    world = found.scenario.worlds[0]
    note, of_each = wording.notes(found.scenario.worlds, lang)
    variants = found.variants
    listed = world.population is not None
    shown = _shown(variants)
    unit = MONEY[lang]
    labels = _labels(found, shown, lang)
    parts: dict[str, Any] = {"front": "", "regret": "", "flips": "", "intervals": "", "maps": []}
    if listed:
        maps, count = _maps(found, lang)
        parts = {
            "front": charts.svg(sweep_charts.front(
                variants, unit, _words(lang, "front", x="avoided", y="value", colour="missed"), ROWS)),
            "regret": charts.svg(sweep_charts.prices(
                shown["noon_missed_kg"], shown["noon_false_alarm_cny"], labels, unit,
                _words(lang, "regret", kg="missed_t", cny="false_cny")))
            if variants[["noon_missed_days", "noon_false_alarm_days"]].any(axis=None) else "",
            "flips": charts.svg(sweep_charts.prices(
                shown["flip_flop_kg"], shown["flip_flop_cny"], labels, unit,
                _words(lang, "flips", kg="flip_t", cny="flip_cny"))) if variants["flip_flops"].any() else "",
            "intervals": _intervals(found, shown, lang), "maps": maps,
            "maps_drawn": text("sweep.maps_drawn", lang, shown=len(maps), count=count) if len(maps) < count else ""}
    return environment().get_template("sweep.html.j2").render(
        lang=lang, t=lambda key, **words: text(f"sweep.{key}", lang, **words), word=lambda key: text(key, lang),
        title=getattr(world.settings.title, lang), version=version(), listed=listed,
        flip_flop_h=FLIP_FLOP_H, written=WRITTEN,
        note=note, keys=[(key, words) for key, words in _called(found, lang).items() if words != key],
        members=len(found.inputs.members),
        count=len(variants),
        assumed=assumed(found, lang) if listed else "", heavy=f"{HEAVY_ABOVE:g}", first=variants["run"].iloc[0],
        forecast=sentences(itertools.chain(*of_each), lang), ensemble=_ensemble(found, lang), steps=_steps(found, lang),
        few=text("sweep.few", lang, count=len(found.inputs.members)) if 1 < len(found.inputs.members) < MANY else "",
        thresholds=any(key.startswith("criteria") for key in found.keys), all_front=bool(variants["pareto"].all()),
        basis=wording.basis(found.scenario.worlds, lang),
        doubts=doubts(found.scenario, lang), rows=_rows(found, lang), more=len(variants) - len(variants.head(ROWS)),
        drawn="" if len(shown) == len(variants) else text(
            "sweep.drawn", lang, shown=len(shown), count=len(variants), best=int(shown["pareto"].sum()),
            front=int(variants["pareto"].sum())),
        **parts)


def files(found: Sweep, lang: str, kept: Results | None = None) -> dict[str, bytes]:
    """Every file of the folder by name; the manifest last. kept : full results of the variants picked with `--keep`."""
    sheets = {"comparison": found.comparison, "variants": found.variants, "paired": found.paired, "steps": found.steps}
    if kept:
        sheets |= {name: frame for name, frame in kept.sheets().items() if name not in sheets}
    written = {f"{name}.csv": csv_bytes(frame) for name, frame in sheets.items()}
    packages = [*PACKAGES]
    if find_spec("pyarrow"):
        buffer = io.BytesIO()
        found.comparison.to_parquet(buffer, index=False)
        written["comparison.parquet"] = buffer.getvalue()
        packages.append("pyarrow")
    packages += ["numba"] if found.inputs.compiled else []
    written["report.html"] = render(found, lang).encode()
    manifest = {
        "program": PROGRAM, "version": version(), "packages": {name: metadata.version(name) for name in packages},
        "scenario": ", ".join(path.name for path in found.scenario.paths), "lang": lang, "inputs": found.scenario.inputs,
        "members": len(found.inputs.members),
        "runs": [{"run": world.run.name, "changes": [vars(change) for change in world.run.changes],
                  "seed": world.settings.seed, "rules": world.edition.id} for world in found.scenario.worlds],
        "outputs": {name: content_hash(name, content) for name, content in written.items()}}
    return written | {MANIFEST: sealed(manifest)}


def _ensemble(found: Sweep, lang: str) -> str:
    """How many forecasts stand behind a decision, where they are an ensemble in any variant."""
    sizes = sorted({world.weather.ensemble for world in found.scenario.worlds})
    return text("sweep.ensemble", lang, count=text("sweep.or", lang).join(map(str, sizes))) if sizes[-1] > 1 else ""


def assumed(found: Sweep, lang: str) -> str:
    """How much of the tonnes and of the output lost rests on assumed rows, least and most of the variants; '' where none."""
    said = {}
    for unit, shares in found.assumed_shares.items():
        known = shares[np.isfinite(shares)]
        if not len(known):
            return ""
        least, most = (f"{share:.0%}" for share in (known.min(), known.max()))
        said[unit] = least if least == most else text("report.period", lang, start=least, end=most)
    return text("sweep.assumed", lang, **said)


def _called(found: Sweep, lang: str) -> dict[str, str]:
    """The keys of the grid in words; a key that has none by itself."""
    return {key: wording.key_words(key, lang) or key for key in found.keys}


def _cells(found: Sweep, lang: str) -> list[dict[str, str]]:
    """The values that each variant has of the keys of the grid, in words."""
    cases = found.inputs.cases
    words = {key: wording.value_words(key, [dict(case.varied).get(key, "") for case in cases], lang) for key in found.keys}
    return [{key: words[key][at] for key in found.keys} for at in range(len(cases))]


def _words(lang: str, picture: str, **keys: str) -> dict[str, str]:
    said = {place: text(f"sweep.axis.{key}", lang) for place, key in keys.items()}
    return {"title": text(f"sweep.chart.{picture}", lang)} | said


def _shown(variants: pd.DataFrame) -> pd.DataFrame:
    """Variants that are drawn one by one, in their order: the first, those on the front, then the others."""
    first = [0, *evenly(list(variants.index[variants["pareto"]]), SHOWN - 1), *variants.index]
    return variants.loc[sorted(list(dict.fromkeys(first))[:SHOWN])]


def _labels(found: Sweep, shown: pd.DataFrame, lang: str) -> list[str]:
    """Numbers as in variants.csv, and the values without the keys."""
    cells = _cells(found, lang)
    said = {at: ", ".join(filter(None, [found.inputs.cases[at].variant, *cells[at].values()])) for at in shown.index}
    return [f"{at + 1}  {words or text('report.base', lang)}" for at, words in said.items()]


def _maps(found: Sweep, lang: str) -> tuple[list[str], int]:
    """Heat maps of each pair of keys, for each variant of the scenario, and how many there would be without a limit; means over
    all other keys and over members, one scale for all variants of the scenario."""
    keys = [key for key in found.keys if len(set(found.variants[key])) > 1]
    cells, called = _cells(found, lang), _called(found, lang)
    variants = found.variants.assign(**{key: [cell[key] for cell in cells] for key in keys})
    of = [case.variant for case in found.inputs.cases]
    pairs = list(itertools.product(itertools.combinations(keys, 2), dict.fromkeys(of)))
    tables = {(pair, variant, name): variants[[each == variant for each in of]].pivot_table(
        index=pair[0], columns=pair[1], values=name, sort=False)
        for (pair, variant), name in itertools.product(pairs[:PAIRS_DRAWN], MAPPED)}
    drawn = []
    for ((one, other), variant, name), table in tables.items():
        alike = [each.to_numpy() for (pair, _, figure), each in tables.items() if (pair, figure) == ((one, other), name)]
        every = np.concatenate(alike, axis=None)
        title = text(f"sweep.map.{name}", lang)
        base = text("report.base", lang)
        words = {"title": f"{title} · {variant or base}" if len(set(of)) > 1 else title, "x": called[other], "y": called[one]}
        drawn.append(charts.svg(sweep_charts.heat(table, words, MONEY[lang] if name.endswith("_cny") else 1.0,
                                                    (np.nanmin(every), np.nanmax(every)), WRITTEN[name])))
    return drawn, len(MAPPED) * len(pairs)


def _intervals(found: Sweep, shown: pd.DataFrame, lang: str) -> str:
    """Differences to the first variant with intervals; nothing where one member has no spread."""
    rest = shown.iloc[1:] if shown.index[0] == 0 else shown
    if not len(rest) or found.paired["low"].isna().all():
        return ""
    return charts.svg(paired(found, rest["run"], _labels(found, rest, lang), lang))


def paired(found: Sweep, runs: Sequence[str], labels: Sequence[str], lang: str) -> Any:
    """Differences of some variants to the first in output lost and heavy days missed, with intervals; a matplotlib Figure."""
    rows = [found.paired[found.paired["figure"] == name].set_index("run").loc[list(runs)] for name in MAPPED]
    return sweep_charts.intervals(rows, labels, [MONEY[lang], 1.0], _words(lang, "paired"),
                                  [text(f"sweep.axis.{key}", lang) for key in ("value_change", "missed_change")])


def _steps(found: Sweep, lang: str) -> dict[str, Any]:
    """One key changed by one step and all else equal: rows of what is told, how many there are, which figures."""
    table = found.steps[found.steps["figure"].isin(STEPPED)]
    pairs = list(dict.fromkeys(zip(table["key"], table["run"], strict=True)))
    most = max(1, SHOWN // max(1, len(found.keys)))
    shown = {key: set(evenly([run for one, run in pairs if one == key], most)) for key in found.keys}
    units = dict(zip(STEPPED, (1.0, MONEY[lang], 1.0), strict=True))
    called, cases = _called(found, lang), found.inputs.cases
    cells = dict(zip([case.name for case in cases], _cells(found, lang), strict=True))
    of = {case.name: case.variant for case in cases}
    rows = []
    for (key, run), each in table.groupby(["key", "run"], sort=False):
        if run in shown[str(key)]:
            here, figures = cells[str(run)], each.set_index("figure").loc[list(STEPPED)]
            rest = [of[str(run)], *(text("sweep.value", lang, key=called[other], value=value)
                                       for other, value in here.items() if other != key)]
            rows.append({"key": called[str(key)], "from": cells[str(each["against"].iloc[0])][str(key)], "to": here[str(key)],
                         "rest": " · ".join(filter(None, rest)),
                         "cells": [_difference(row, units[str(name)], lang) for name, row in figures.iterrows()]})
    return {"rows": rows, "count": len(pairs)}


def _difference(row: pd.Series, unit: float, lang: str) -> str:
    """A difference in words, with its interval where there is one."""
    figures = row[["difference", "low", "high"]].astype(float).dropna() / unit
    places = 0 if (most := figures.abs().max()) >= 100 else 1 if most >= 10 else 2
    mean, *ends = (f"{value + 0.0:,.{places}f}".replace("-", "−") for value in figures.round(places))  # not -0.00
    return text("sweep.interval", lang, mean=mean, low=ends[0], high=ends[1]) if {mean, *ends} != {mean} else mean


def _rows(found: Sweep, lang: str) -> list[dict[str, Any]]:
    """What the table shows of each variant; `same` : the number of an earlier one with the same figures in every member."""
    variants, unit, called = found.variants.head(ROWS), MONEY[lang], _called(found, lang)
    words = [[case.variant, *(text("sweep.value", lang, key=called[key], value=value) for key, value in cell.items())]
             for case, cell in zip(found.inputs.cases[:ROWS], _cells(found, lang), strict=False)]
    first: dict[bytes, int] = {}
    same = [first.setdefault(figures.tobytes(), number) for number, figures in enumerate(found.figures[:ROWS], start=1)]
    rows = variants.assign(value=variants["curtailed_value_cny"] / unit, false_value=variants["noon_false_alarm_cny"] / unit,
                           missed_t=variants["noon_missed_kg"] / 1000, flip_t=variants["flip_flop_kg"] / 1000,
                           flip_value=variants["flip_flop_cny"] / unit,
                           words=[[*filter(None, each)] or [text("report.base", lang)] for each in words],
                           same=[0 if number == at else at for number, at in enumerate(same, start=1)])
    return rows.to_dict("records")
