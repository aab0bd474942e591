"""The page of a sensitivity run and the files of its folder: one chart per figure, keys ranked by what they move."""

from importlib import metadata
from itertools import chain
from typing import Any

import pandas as pd

from sim import charts, sweep_charts, wording
from sim.files import MANIFEST, PROGRAM, content_hash, csv_bytes, sealed
from sim.labels import MONEY, sentences, text
from sim.page import doubts, environment
from sim.results import PACKAGES, version
from sim.sensitivities import MEASURES, RANKED, Sensitivity


def render(found: Sensitivity, lang: str) -> str:
    """The page in one language, charts included."""
    world = found.scenario.worlds[0]
    note, of_each = wording.notes(found.scenario.worlds, lang)
    return environment().get_template("sensitivity.html.j2").render(
        lang=lang, t=lambda key, **words: text(f"sensitivity.{key}", lang, **words), word=lambda key: text(key, lang),
        title=getattr(world.settings.title, lang), note=note, version=version(),
        count=len(found.samples), members=found.members, ranges=found.ranges,
        words={one.key: wording.key_words(one.key, lang) for one in found.ranges}, measures=MEASURES[found.method],
        basis=wording.basis(found.scenario.worlds[:1], lang), doubts=doubts(found.scenario, lang),
        how=text(f"sensitivity.how.{found.method}", lang, asked=found.asked), forecast=sentences(chain(*of_each), lang),
        figures=[_figure(found, name, lang) for name in found.figures])


def files(found: Sensitivity, lang: str) -> dict[str, bytes]:
    """Every file of the folder by name; the manifest last."""
    written = {"sensitivity.csv": csv_bytes(found.table), "samples.csv": csv_bytes(found.samples),
               "report.html": render(found, lang).encode()}
    first = found.scenario.worlds[0]
    manifest = {
        "program": PROGRAM, "version": version(),
        "packages": {name: metadata.version(name) for name in (*PACKAGES, "SALib")},
        "scenario": first.run.file.name, "lang": lang, "inputs": found.scenario.inputs, "method": found.method,
        "asked": found.asked, "members": found.members, "over": [vars(one) for one in found.ranges],
        "changes": [vars(change) for change in first.run.changes if change.key not in {one.key for one in found.ranges}],
        "seed": first.settings.seed, "rules": first.edition.id,
        "outputs": {name: content_hash(name, content) for name, content in written.items()}}
    return written | {MANIFEST: sealed(manifest)}


def picture(found: Sensitivity, name: str, lang: str, *, titled: bool = True) -> Any:
    """The keys ranked by what they move of one figure; a matplotlib Figure."""
    measure, half = RANKED[found.method]
    rows = _ranked(found, name)
    by_key = {one.key: one for one in found.ranges}
    labels = [f"{wording.key_words(one.key, lang) or one.key}  {one.written(one.low)}–{one.written(one.high)}"
              for one in (by_key[key] for key in rows["key"])]
    unit, shares = _unit(name, lang), found.method == "sobol"
    words = {"title": text(f"sensitivity.figure.{name}", lang) if titled else "",
             "x": text("sensitivity.axis.sobol" if shares else f"sensitivity.axis.{name}", lang),
             **{word: text(f"sensitivity.{word}", lang) for word in ("raises", "lowers", "mixed", "alone")}}
    scale = 1.0 if shares else unit
    return sweep_charts.ranking(rows[measure] / scale, rows[half] / scale, labels, words,
                                mean=None if shares else rows["mu"] / scale, alone=rows["S1"] if shares else None)


def _ranked(found: Sensitivity, name: str) -> pd.DataFrame:
    rows = found.table[found.table["figure"] == name]
    return rows.sort_values(RANKED[found.method][0], ascending=False, kind="stable")


def _unit(name: str, lang: str) -> float:
    return MONEY[lang] if name.endswith("_cny") else 1.0


def _figure(found: Sensitivity, name: str, lang: str) -> dict[str, Any]:
    """What the page shows of one figure."""
    values, rows = found.samples[name] / _unit(name, lang), _ranked(found, name)
    scale = _unit(name, lang) if found.method == "morris" else 1.0
    moved = bool(values.max() > values.min())
    return {"name": text(f"sensitivity.figure.{name}", lang), "unit": text(f"sensitivity.unit.{name}", lang),
            "low": _short(values.min()), "high": _short(values.max()),
            "chart": charts.svg(picture(found, name, lang, titled=False)) if moved else "",
            "rows": [{"key": row["key"]} | {measure: _short(row[measure] / scale) for measure in MEASURES[found.method]}
                     for row in rows.to_dict("records")]}


def _short(value: float) -> str:
    """A figure in about three digits."""
    if value != value:
        return "-"
    size = abs(value)
    if size < 0.005:
        value = 0.0  # no minus before it
    return f"{value:,.{0 if size >= 100 or not size else 1 if size >= 10 else 2}f}"
