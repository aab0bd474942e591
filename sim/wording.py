"""Rules and measures in words, both languages: criteria, keys, reasons of decisions, clauses, orders to a line."""

import re
from collections.abc import Sequence
from typing import Any

from sim import labels, rulebook
from sim.grading import OWN_PLAN
from sim.grid import in_words, plain
from sim.industries import ANY, industries, processes
from sim.labels import sentences
from sim.ledger import Decisions
from sim.reading import World
from sim.rulebook import Criterion, RuleRow
from sim.seasons import SeasonRow
from sim.skill import Skill, presets
from sim.vocab import Basis, Kind, Level
from sim.winters import Generated

SWITCHES = {"true": "value.true", "yes": "value.true", "false": "value.false", "no": "value.false"}
"""How a scenario may write yes and no."""


def percent(share: float) -> str:
    """A share as people write it: 30%, 37.5%."""
    return f"{100 * share:.1f}".removesuffix(".0") + "%"


def key_words(key: str, lang: str) -> str:
    """What a dotted key of a scenario is, in words; '' for one that has none."""
    part = re.fullmatch(r"criteria\.(\w+)(?:\.(\d+)(?:\.(\w+))?)?", key)
    name = f"key.criterion.{part[3] or ('whole' if part[2] else 'all')}" if part else f"key.{key}"
    if name not in labels.catalogue() or (part and f"level.{part[1]}" not in labels.catalogue()):
        return ""
    words = {"level": labels.text(f"level.{part[1]}", lang), "number": str(int(part[2] or 0) + 1)} if part else {}
    return labels.text(name, lang, **words)


def value_words(key: str, values: Sequence[Any], lang: str) -> list[str]:
    """Values of a dotted key as a reader knows them: criteria by their text, yes and no, others in few signs; in few signs all
    of them where their words would not tell them apart."""
    said = _known_words(key, values, lang)
    return said if len(set(said)) == len({plain(value) for value in values}) else in_words(values)


def _known_words(key: str, values: Sequence[Any], lang: str) -> list[str]:
    if re.fullmatch(r"criteria\.\w+(\.\d+)?", key):
        criteria = [[rulebook.criterion_of(one) for one in (value if isinstance(value, list) else [value])] for value in values]
        if all(each and all(each) for each in criteria):  # else a part of one, or nothing
            return [labels.text("explain.or", lang).join(criterion_text(one, lang) for one in each if one) for each in criteria]
    said = []
    for value, word in zip(values, in_words(values), strict=True):
        switch = SWITCHES.get(str(value).lower()) if not isinstance(value, (dict, list)) else None
        said.append(labels.text(switch, lang) if switch else word or labels.text("report.none", lang))
    return said


def basis(worlds: Sequence[World], lang: str) -> str:
    """Days, editions and policies of runs, and what was set for all of them."""
    calendar = worlds[0].calendar
    said = labels.text("sweep.basis", lang, start=calendar.start, end=calendar.end,
                       rules=", ".join(dict.fromkeys(world.edition.id for world in worlds)),
                       grading=", ".join(dict.fromkeys(world.settings.grading.policy for world in worlds)))
    changed = dict.fromkeys(f"{change.key}={plain(change.new)}" for world in worlds for change in world.run.changes
                            if change.given == "--set")
    return said + (labels.text("sweep.basis_set", lang, changes=", ".join(changed)) if changed else "")


def document(name: str, lang: str) -> str:
    """A document's number as it is cited; the few that are no documents have words of their own."""
    key = f"document.{name}"
    return labels.text(key, lang) if key in labels.catalogue() else name


def edition_document(edition: rulebook.Edition, lang: str) -> str:
    """An edition's document; its title where no number was seen."""
    if edition.document == "unnumbered":
        return labels.text("document.unnumbered", lang, title=getattr(edition.title, lang))
    return edition.document


def criterion_text(criterion: Criterion, lang: str) -> str:
    """E.g. `above 200 for 96 h, of which above 300 for 48 h`."""
    longer = criterion.hours is None
    key = "reaches" if criterion.reaches is not None else "within" if criterion.within_over is not None else "over"
    key = {"over": "longer"}.get(key, f"{key}_longer") if longer else key
    words = {name: f"{value:g}" for name, value in criterion.model_dump(exclude_none=True).items()}
    return labels.text(f"criterion.{key}", lang, **({"hours": words.get("longer_than_hours", "")} | words))


def level_clause(edition: rulebook.Edition, level: Level, criterion: Criterion, *, replaced: bool, lang: str) -> str:
    """Where the criterion behind a decision comes from: the edition's clause, or the scenario."""
    name = labels.text(f"level.{level.name}", lang)
    if replaced:
        return labels.text("clause.scenario", lang, level=name, edition=edition.id,
                           criterion=criterion_text(criterion, lang))
    entry = edition.levels[level.name]  # type: ignore[index]
    said = labels.text("clause.level", lang, document=edition_document(edition, lang), level=name,
                       clause=getattr(entry.clause, lang))
    if entry.assumed_true:
        said += "; " + labels.text("clause.assumed_true", lang, words=getattr(entry.assumed_true, lang))
    return said


def lifecycle_clause(kind: str, lang: str) -> str:
    entry = getattr(rulebook.lifecycle(), kind)
    return labels.text("clause.plain", lang, document=document(entry.document, lang), clause=getattr(entry.clause, lang))


def reason(world: World, taken: Decisions, at: int, lang: str) -> tuple[str, str, str]:
    """Reason, clause and basis of one decision."""
    kind, days = str(taken.kind[at]), world.rules.hold_days
    if kind in {"lift", "downgrade", "cancel"}:
        lowest = min(criterion.threshold for *_, criterion in world.rules.criteria)
        name = f"reason.{kind}_share" if world.shown.behind > 1 else f"reason.{kind}"
        return (labels.text(name, lang, days=days, threshold=f"{lowest:g}", count=world.shown.count, behind=world.shown.behind),
                lifecycle_clause(kind, lang), getattr(rulebook.lifecycle(), kind).basis.value)
    level, _, criterion = world.rules.criteria[int(taken.criterion[at])]
    why = labels.text("reason.earlier" if kind == "advance" else "reason.episode", lang,
                      start=world.calendar.date_of(taken.start[at]).isoformat(),
                      end=world.calendar.date_of(taken.end[at]).isoformat(), criterion=criterion_text(criterion, lang))
    if world.shown.behind > 1:
        why += labels.text("reason.share", lang, count=world.shown.count, behind=world.shown.behind)
    replaced = level.name in world.run.criteria_replaced
    clause = level_clause(world.edition, level, criterion, lang=lang, replaced=replaced)
    basis = Basis.ASSUMED if replaced else world.edition.levels[level.name].basis
    how, areas = world.linkage.acts_through(int(taken.series[at]) % len(world.cities))
    if how:  # whose days these are: who acts on whom is the scenario's, not the edition's
        names = labels.text("list.join", lang).join(world.names[world.cities[area]][lang] for area in areas)
        why += labels.text(f"reason.{how}", lang, areas=names)
        if world.linkage.tighten:
            why += labels.text("reason.tighten", lang)
        clause += "; " + labels.text("clause.linkage", lang)
        basis = Basis.weakest(basis, Basis.READING)
    if kind == "advance":
        basis = Basis.weakest(basis, rulebook.lifecycle().advance.basis)
        clause = lifecycle_clause(kind, lang) + "; " + clause
    return why, clause, basis.value


def notes(worlds: Sequence[World], lang: str) -> tuple[str, list[list[str]]]:
    """What a reader must know of days and forecasts: of all runs, and of each, in sentences; empty where there is nothing.

    Of all: the scenario's own note; where all have generated days, that too, for title and note may speak of observed ones.
    Of each: generated days where only some have them, drawn forecasts, ensembles.
    """
    given, made = worlds[0].settings.note, [_generated(world, lang) for world in worlds]
    head = [getattr(given, lang) if given else "", made[0] if all(made) else ""]
    return sentences(head, lang), [["" if all(made) else days, *_foreseen(world, lang)]
                                   for world, days in zip(worlds, made, strict=True)]


def _foreseen(world: World, lang: str) -> list[str]:
    """That forecasts are drawn, and on what an ensemble's office decides."""
    given, said = world.settings.forecast, []
    if given.source == "synthetic" and given.skill:
        preset = given.skill.preset
        own = given.skill != Skill(preset=preset)  # type: ignore[call-arg]
        basis = Basis.ASSUMED if own else Basis(presets()[preset]["basis"])
        said.append(labels.text("report.synthetic", lang, skill=labels.text(f"skill.{preset}", lang),
                                own=labels.text("report.skill.own", lang) if own else "",
                                basis=labels.text(f"basis.{basis}", lang)))
    if given.decide_on != "member":
        said.append(labels.text(f"report.decide_on.{given.decide_on}", lang, share=percent(given.probability)))
    return said


def _generated(world: World, lang: str) -> str:
    """That days are generated, where they are."""
    made = [world.names[key][lang] for key, city in world.settings.cities.items() if isinstance(city.observed, Generated)]
    return labels.text("report.generated", lang, cities=labels.text("list.join", lang).join(made),
                       count=len(world.members)) if made else ""


def row_key(row: RuleRow | SeasonRow, lang: str) -> str:
    """Which kind of line a row is for: control class unless normal, industry, process, grade."""
    parts = [] if row.control in ("normal", ANY) else [labels.text(f"control.{row.control}", lang)]
    if row.industry != ANY:
        parts.append(industries()[row.industry].name[lang])
    if row.process not in ("", ANY):
        known = processes().get((row.industry, row.process))
        parts.append(known.name[lang] if known else row.process)
    if row.grade != ANY:
        parts.append(labels.text(f"grade.{row.grade}", lang))
    return (", " if lang == "en" else "，").join(parts)


def row_clause(row: RuleRow, lang: str) -> str:
    """Document and clause of a rule row, and of the rules that led to it."""
    return "; ".join(cited(key, lang) for key in (row.cite, *row.via))


def cited(key: str, lang: str) -> str:
    """Document and clause of a citation."""
    citation = rulebook.citations()[key]
    return labels.text("clause.plain", lang, document=document(citation.document, lang), clause=citation.clause[lang])


def measure(row: RuleRow, share: float, whole: int, lang: str, *, min_load: float = 0.0, own_words: str = "") -> str:
    """What a line is told to do: `row` as asked, `share` as it came out, `whole` 1 stops, 0 runs on, -1 not counted."""
    words = {"share": percent(share), "hours": f"{row.coking_h or 0:g}"}
    if row is OWN_PLAN or row.cite == OWN_PLAN.cite:
        parts = [own_words or labels.text("measure.own_plan" if share else "measure.own_none", lang, **words)]
    elif whole >= 0:
        parts = [labels.text("measure.lines.stop" if whole else "measure.lines.run", lang)]
    elif row.kind in {Kind.LOAD, Kind.LINES} or (row.kind is Kind.STOP and share < 1):
        parts = [labels.text("measure.load", lang, **words)]
    else:
        parts = [labels.text(f"measure.{row.kind.value}", lang, **words)]
    asked = row.share if isinstance(row.share, float) else 0.0
    if min_load and share < asked and whole < 0:
        parts.append(labels.text("measure.capped", lang, min_load=percent(min_load)))
    if row.trucks:
        parts.append(labels.text(f"trucks.{row.trucks}", lang))
    return (", " if lang == "en" else "，").join(parts)


def both_ways(row: RuleRow, share: float, whole: int, *, min_load: float = 0.0, own_words: str = "") -> str:
    """The measure in Chinese and English, side by side; an own plan in the words of the list."""
    if own_words and row.cite == OWN_PLAN.cite:
        return own_words
    return " / ".join(measure(row, share, whole, lang, min_load=min_load, own_words=own_words)
                      for lang in ("zh", "en"))


