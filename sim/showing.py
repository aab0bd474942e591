"""What the command line shows, set for a terminal: results, rules, explanations."""

from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from sim import metrics, page, rulebook, sweep_page, wording
from sim.comparison import Comparison, against_first
from sim.errors import Finding, InputError
from sim.experiment import Run, Scenario
from sim.explain import Explanation
from sim.grid import plain
from sim.labels import MONEY, quantity, text
from sim.orders import spells
from sim.response import response_level
from sim.results import Results
from sim.seasons import Season, season, season_names
from sim.sensitivities import RANKED, Sensitivity
from sim.sweeping import Sweep, evenly
from sim.vocab import WARNING_LEVELS, Basis, Level, Pollutant

RUNS_SHOWN = 20
LEVEL_STYLE = {"blue": "bold blue", "yellow": "bold yellow", "orange": "bold dark_orange", "red": "bold red"}


# ---------------------------------------------------------------- results


def _head(console: Console, scenario: Scenario, lang: str) -> None:
    """Title, period and note."""
    world = scenario.worlds[0]
    console.print()
    period = text("report.period", lang, start=world.calendar.start, end=world.calendar.end)
    console.print(f"[bold]{escape(getattr(world.settings.title, lang))}[/]  {period}")
    if said := wording.notes(scenario.worlds, lang)[0]:
        console.print(escape(said), style="dim", soft_wrap=True)


def _remarks(console: Console, scenario: Scenario, lang: str) -> None:
    """How many kinds of remark there are on the input, and that the page has them: `check` knows no `--set` and no grid."""
    if doubts := page.doubts(scenario, lang):
        console.print()
        console.print(text("cli.doubts", lang, count=len(doubts)), style="yellow")


def results(console: Console, found: Results, written: Path, lang: str) -> None:
    """Warnings with dates and levels, tonnes avoided, output lost, what rests on assumptions, where the files are."""
    _head(console, found.scenario, lang)
    for run in found.runs:
        _run(console, found, run, lang)
    _remarks(console, found.scenario, lang)
    console.print()
    _where(console, written, lang)


def comparison(console: Console, found: Comparison, written: Path, lang: str) -> None:
    """Runs side by side: response hours, tonnes, value, each with its difference to the first; where the files are."""
    _head(console, found.scenario, lang)
    table = Table(box=None, header_style="dim", padding=(0, 1))
    table.add_column(text("report.run", lang), overflow="fold", min_width=24)
    table.add_column(text("cli.response_hours", lang))
    if found.lists:
        for pollutant in Pollutant:
            table.add_column(f"{text(f'pollutant.{pollutant}', lang)} {text('unit.t', lang)}", justify="right")
        table.add_column(text("report.value_m", lang), justify="right")
    held = against_first(found.comparison)
    for number, run in enumerate(found.runs[:RUNS_SHOWN]):
        mine = held.loc[run.world.run.name]
        hours = ", ".join(f"{_level(level, lang)} {_count(mine[f'hours_{level.name}', 'value'])}" for level in WARNING_LEVELS
                          if mine[f"hours_{level.name}", "value"])
        figures = [(f"avoided_{p}_kg", 1000) for p in Pollutant] + [("curtailed_value_cny", MONEY[lang])]
        shown = [_against(mine[key], unit, first=number == 0) for key, unit in figures] if found.lists else []
        table.add_row(escape(found.name(run)), hours or text("cli.no_warning", lang), *shown)
    console.print(Padding(table, (1, 0, 0, 0)))
    if len(found.runs) > RUNS_SHOWN:
        console.print(text("cli.more_runs", lang, count=len(found.runs) - RUNS_SHOWN), style="dim")
    console.print()
    _where(console, written, lang)


def swept(console: Console, found: Sweep, written: Path, seconds: float, lang: str, *, rest: bool = False) -> None:
    """The variants on the front of a sweep, and where the files are. rest : the seconds are those of what was left to do."""
    _head(console, found.scenario, lang)
    console.print(text("cli.swept_rest" if rest else "cli.swept", lang, count=len(found.variants),
                       members=len(found.inputs.members), seconds=f"{seconds:.1f}"), style="dim")
    table = Table(box=None, header_style="dim", padding=(0, 1))
    for key in ("sweep.variant", "sweep.hours", "sweep.axis.avoided", "sweep.axis.value", "sweep.axis.missed"):
        table.add_column(text(key, lang), justify="left" if key == "sweep.variant" else "right", overflow="fold")
    front = found.variants[found.variants["pareto"]]
    best = found.variants.loc[list(dict.fromkeys([0, *evenly(list(front.index), RUNS_SHOWN - 1)]))]
    for row in best.to_dict("records"):
        hours = sum(row[f"hours_{level.name}"] for level in WARNING_LEVELS)
        table.add_row(escape(row["run"]), f"{hours:,.0f}", page.figure(row["avoided_t"]),
                      *(written(row[name] / (MONEY[lang] if name.endswith("_cny") else 1))
                        for name, written in sweep_page.WRITTEN.items()))
    console.print(Padding(table, (1, 0, 0, 0)))
    if len(best) < len(found.variants):
        shown = int(best["pareto"].sum())
        key = "sweep.front_only" if shown == len(front) else "sweep.front_some"
        console.print(text(key, lang, shown=len(best), best=shown, front=len(front), count=len(found.variants)), style="dim")
    if said := sweep_page.assumed(found, lang):
        console.print(said, style="dim", highlight=False)
    _remarks(console, found.scenario, lang)
    console.print()
    if not (written.parent / "comparison.parquet").exists():
        console.print(escape(text("cli.no_parquet", lang)), style="dim", soft_wrap=True)
    _where(console, written, lang)


def sensitive(console: Console, found: Sensitivity, written: Path, seconds: float, lang: str) -> None:
    """The keys ranked by what they move of each figure, and where the files are."""
    _head(console, found.scenario, lang)
    console.print(text("cli.sensitive", lang, count=len(found.samples), members=found.members, seconds=f"{seconds:.1f}"),
                  style="dim")
    measure, half = RANKED[found.method]
    for name, rows in found.table.groupby("figure", sort=False):
        unit = MONEY[lang] if str(name).endswith("_cny") and found.method == "morris" else 1.0
        table = Table(box=None, header_style="dim", padding=(0, 1))
        said = text(f"sensitivity.figure.{name}", lang)
        if found.method == "morris":
            said = text("report.in_unit", lang, what=said, unit=text(f"sensitivity.unit.{name}", lang))
        table.add_column(said, width=44)
        table.add_column(text(f"sensitivity.measure.{measure}", lang), justify="right")
        for row in rows.sort_values(measure, ascending=False, kind="stable").to_dict("records"):
            table.add_row(escape(row["key"]), f"{row[measure] / unit:,.2f} ± {row[half] / unit:,.2f}")
        console.print(Padding(table, (1, 0, 0, 0)))
    console.print()
    _where(console, written, lang)


def _against(figure: pd.Series, unit: float, *, first: bool) -> str:
    """A figure, and under it the difference to the first run."""
    if figure["value"] != figure["value"]:
        return "-"
    value = f"{figure['value'] / unit:,.1f}"
    share = figure["share"]
    return value if first else f"{value}\n[dim]{f'{share:+.1%}' if share == share else '-'}[/]"


def _run(console: Console, found: Results, run: Run, lang: str) -> None:
    facts = metrics.glance(found, run)
    console.print()
    console.rule(f"[bold]{escape(facts.name)}[/]  {escape(facts.edition)}", align="left", style="dim")
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(text("cli.warnings", lang), _warnings(found, run, lang))
    members = len(run.world.members)
    if run.accounts:
        avoided = "   ".join(
            f"{text(f'pollutant.{p}', lang)} {quantity(f'[bold]{facts.avoided_t[p]:,.1f}[/]', 't', lang)} "
            f"({facts.avoided_share[p]:.1%})" for p in Pollutant)
        grid.add_row(text("cli.avoided", lang), avoided)
        output = found.output[found.output["run"] == run.world.run.name]
        first = metrics.products(output).head(5)
        made = "   ".join(escape(f"{row.product} {quantity(f'{row.curtailed_output / members:,.0f}', row.output_unit, lang)}")
                          for row in first.itertuples())
        made = f"{text('cli.top_five', lang)} {made}" if made else ""
        value = text("cli.value", lang, value=f"[bold]{facts.value_cny / MONEY[lang]:,.1f}[/]")
        grid.add_row(text("cli.curtailed", lang), f"{value}\n{made}" if made else value)
        grid.add_row("", text("cli.assumed", lang, share=f"[bold]{facts.assumed_share:.0%}[/]",
                              value=f"[bold]{facts.assumed_value_share:.0%}[/]"))
        seasonal = found.summary[found.summary["run"] == run.world.run.name]
        if "seasonal_value_cny" in seasonal and seasonal["seasonal_value_cny"].notna().all():
            mean = seasonal.mean(numeric_only=True)
            held = "   ".join(f"{text(f'pollutant.{p}', lang)} {quantity(f'{tonnes:,.1f}', 't', lang)}" for p, tonnes in
                              ((p, mean[f"seasonal_{p}_kg"] / 1000) for p in Pollutant))
            grid.add_row(text("cli.seasonal", lang), held + "   " + text(
                "cli.value", lang, value=f"{mean['seasonal_value_cny'] / MONEY[lang]:,.1f}"))
    else:
        grid.add_row("", text("cli.no_list", lang))
    targets = found.targets[(found.targets["run"] == run.world.run.name) & found.targets["met"].notna()]
    cuts = targets["target"].str.startswith("reduction_") if len(targets) else targets["met"]
    for key, rows in (("cli.targets", targets[~cuts.astype(bool)]), ("cli.targets_cuts", targets[cuts.astype(bool)])):
        if len(rows):
            grid.add_row(text(key, lang), text("cli.targets_met", lang, met=int(rows["met"].astype(bool).sum()), of=len(rows)))
    if members > 1:
        grid.add_row("", text("cli.members", lang, count=members, member=run.world.members[0]))
    if run.world.run.told:
        keys = ", ".join(f"{change.key}={plain(change.new)}" for change in run.world.run.told)
        grid.add_row("", escape(text("cli.changed", lang, keys=keys)))
    console.print(Padding(grid, (0, 0, 0, 1)))


def _warnings(found: Results, run: Run, lang: str) -> str:
    """Counts by level, then each spell of a warning with its dates (first member) and the response level where it is higher."""
    facts = metrics.glance(found, run)
    if not sum(facts.warnings.values()):
        return text("cli.no_warning", lang)
    counted = ", ".join(f"{_level(level, lang)} {_count(facts.warnings[level.name])}" for level in WARNING_LEVELS
                        if facts.warnings[level.name])
    hours = ", ".join(f"{_level(level, lang)} {text('cli.hours', lang, hours=_count(facts.hours[level.name]))}"
                      for level in WARNING_LEVELS if facts.hours[level.name])
    cities, stamp = len(run.world.cities), run.world.calendar.stamp
    summed = text("cli.summed", lang, count=cities) if cities > 1 else ""
    lines = [f"{counted}; {text('cli.response', lang)} {hours}{summed}"]
    listed = run.accounts is not None  # with lists, areas that have none are told in warnings.csv
    together: dict[tuple, list[str]] = {}
    for series, cls, level, begins, ends in spells(run, warned=True):
        if series < cities and cls == 0 and (not listed or run.world.settings.cities[run.world.cities[series]].enterprises):
            together.setdefault((begins, ends, level), []).append(run.world.names[run.world.cities[series]][lang])
    of = sum(bool(city.enterprises) for city in run.world.settings.cities.values()) if listed else cities
    for (begins, ends, level), names in together.items():
        place = "" if of == 1 else f"{_areas(names, of, lang)}  "
        dates = text("report.period", lang, start=stamp(begins).replace("T", " "), end=stamp(ends).replace("T", " "))
        answer = Level(int(response_level(np.array(level), run.world.settings.response.escalate)))
        beside = "" if answer == level else text("cli.answered", lang, level=_level(answer, lang))
        lines.append(f"{place}{_level(level, lang)}  {dates}{beside}")
    return "\n".join(lines)


def _areas(names: list[str], of: int, lang: str) -> str:
    """Areas that share a spell: all of them, up to three by name, or the first and how many more."""
    if len(names) == of:
        return text("cli.all_areas", lang, count=of)
    if len(names) <= 3:
        return text("list.join", lang).join(names)
    return text("cli.more_areas", lang, first=names[0], count=len(names) - 1)


def _count(value: float) -> str:
    """A whole number, or a mean over members with two decimals."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _level(level: Level, lang: str) -> str:
    return f"[{LEVEL_STYLE[level.name]}]{text(f'level.{level.name}', lang)}[/]"


# ---------------------------------------------------------------- rules


def rules(console: Console, name: str | None, lang: str) -> None:
    """All editions and policies, or one of them whole. Raises InputError for an unknown name."""
    if name is None:
        _all_rules(console, lang)
    elif name in rulebook.edition_names():
        _edition(console, rulebook.edition(name), lang)
    elif name in rulebook.policy_names() or name in season_names():  # a document may bring both, under one name
        if name in rulebook.policy_names():
            _policy(console, rulebook.policy(name), lang)
        if name in season_names():
            _season(console, season(name), lang)
    else:
        known = ", ".join(dict.fromkeys([*rulebook.edition_names(), *rulebook.policy_names(), *season_names()]))
        raise InputError([Finding("rules.unknown", key="EDITION", value=name, words={"allowed": known})])


def _all_rules(console: Console, lang: str) -> None:
    table = Table(box=None, header_style="dim", padding=(0, 1))
    for key in ("cli.edition", "cli.valid", "cli.levels", "cli.trigger", "cli.confidence", "cli.document"):
        table.add_column(text(key, lang), no_wrap=key != "cli.document", overflow="fold")
    for name in rulebook.edition_names():
        edition = rulebook.edition(name)
        used = " ".join(f"[{LEVEL_STYLE[level.name]}]{text(f'level.{level.name}', lang)}[/]"
                        for level in WARNING_LEVELS if edition.levels.get(level.name))  # type: ignore[call-overload]
        table.add_row(f"[bold]{name}[/]", _valid(edition.valid), used, text(f"trigger.{edition.trigger}", lang),
                      edition.confidence, _document(edition, lang))
    console.print(table)
    console.print()
    table = Table(box=None, header_style="dim", padding=(0, 1))
    for key in ("cli.policy", "cli.valid", "cli.basis_shares", "cli.document"):
        table.add_column(text(key, lang))
    for name in rulebook.policy_names():
        policy = rulebook.policy(name)
        table.add_row(f"[bold]{name}[/]", _valid(policy.head.valid), _bases(policy),
                      f"{wording.document(policy.head.document, lang)} {getattr(policy.head.title, lang)}")
    console.print(table)
    table = Table(box=None, header_style="dim", padding=(0, 1))
    for key in ("cli.season", "cli.valid", "cli.basis_shares", "cli.document"):
        table.add_column(text(key, lang))
    for name in season_names():
        head, rows = season(name).head, season(name).rows
        table.add_row(f"[bold]{name}[/]", _valid(head.valid),
                      " / ".join(str(sum(row.basis is basis for row in rows)) for basis in Basis),
                      f"{head.document} {getattr(head.title, lang)}")
    console.print(table)
    console.print()
    console.print(text("cli.assumed_rows", lang) + ": " + ", ".join(
        f"{name} {rulebook.policy(name).assumed_rows_share:.0%}" for name in rulebook.policy_names()), style="dim")


def _document(edition: rulebook.Edition, lang: str) -> str:
    said = wording.edition_document(edition, lang)
    title = getattr(edition.title, lang)
    return said if title in said else f"{said} {title}"


def _valid(valid: rulebook.Validity) -> str:
    return f"{valid.from_ or ''} - {valid.to or ''}" if valid.from_ or valid.to else "-"


def _bases(policy: rulebook.Policy) -> str:
    count = [sum(row.basis is basis for row in policy.rows.values()) for basis in Basis]
    return " / ".join(map(str, count)) if sum(count) else "-"


def _edition(console: Console, edition: rulebook.Edition, lang: str) -> None:
    console.print(f"[bold]{edition.id}[/]  {getattr(edition.title, lang)}")
    console.print(f"{wording.edition_document(edition, lang)}; {text('cli.valid', lang)} {_valid(edition.valid)}"
                  + (f" ({getattr(edition.valid_note, lang)})" if edition.valid_note else ""), style="dim", soft_wrap=True)
    console.print(f"{text('cli.scope', lang)}: {getattr(edition.scope, lang)}; "
                  f"{text(f'report.confidence.{edition.confidence}', lang)} ({getattr(edition.sources, lang)})", style="dim",
                  soft_wrap=True)
    console.print(f"{text('cli.trigger', lang)}: {text(f'trigger.{edition.trigger}', lang)}; "
                  f"{text('cli.merges' if edition.merges else 'cli.no_merges', lang)}")
    table = Table(box=None, header_style="dim", padding=(0, 1))
    for key in ("report.level", "explain.criterion", "report.clause", "report.basis"):
        table.add_column(text(key, lang))
    for level in WARNING_LEVELS:
        entry = edition.levels.get(level.name)  # type: ignore[call-overload]
        if entry:
            either = "\n".join(wording.criterion_text(criterion, lang) for criterion in entry.criteria)
            assumed = f"\n{text('clause.assumed_true', lang, words=getattr(entry.assumed_true, lang))}" \
                if entry.assumed_true else ""
            table.add_row(_level(level, lang), either, getattr(entry.clause, lang) + assumed,
                          text(f"basis.{entry.basis}", lang))
    console.print(table)
    for note in edition.notes:
        console.print(f"- {getattr(note, lang)}", style="dim", soft_wrap=True)


def _policy(console: Console, policy: rulebook.Policy, lang: str) -> None:
    head = policy.head
    console.print(f"[bold]{head.id}[/]  {getattr(head.title, lang)}")
    console.print(f"{wording.document(head.document, lang)}; {text('cli.valid', lang)} {_valid(head.valid)}", style="dim")
    console.print(f"{text('cli.basis_shares', lang)}: {_bases(policy)}")
    table = Table(box=None, header_style="dim", padding=(0, 1))
    for key in ("report.industry", "report.level", "report.measure", "report.basis", "report.document"):
        table.add_column(text(key, lang), overflow="fold")
    for row in policy.rows.values():
        share = wording.percent(row.share) if isinstance(row.share, float) else text("cli.parameter", lang)
        if row.interval:
            share = " - ".join(map(wording.percent, row.interval))
        hours = f" {row.coking_h:g} h" if row.coking_h else f" {share}"
        table.add_row(wording.row_key(row, lang) or text("cli.any", lang), _level(row.level, lang),
                      text(f"measurekind.{row.kind}", lang) + hours, text(f"basis.{row.basis}", lang),
                      wording.document(rulebook.citations()[row.cite].document, lang))
    console.print(table)


def _season(console: Console, shown: Season, lang: str) -> None:
    console.print(f"[bold]{shown.head.id}[/]  {getattr(shown.head.title, lang)}")
    console.print(f"{shown.head.document}; {text('cli.valid', lang)} {_valid(shown.head.valid)}", style="dim")
    table = Table(box=None, header_style="dim", padding=(0, 1))
    for key in ("report.industry", "report.days", "report.share", "report.basis", "report.document"):
        table.add_column(text(key, lang), overflow="fold")
    for row in shown.rows:
        table.add_row(wording.row_key(row, lang) or text("cli.any", lang), "{:02d}-{:02d} - {:02d}-{:02d}".format(
            *row.first, *row.last), wording.percent(row.share), text(f"basis.{row.basis}", lang),
            wording.cited(row.cite, lang))
    console.print(table)


# ---------------------------------------------------------------- explanations


def explanation(console: Console, chain: Explanation) -> None:
    """The chain as a short readable list, one link under the other."""
    console.print(f"[bold]{escape(chain.title)}[/]")
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for step in chain.steps:
        grid.add_row(step.heading, escape("\n".join(step.says)))
    console.print(Padding(grid, (0, 0, 0, 1)))


def _where(console: Console, written: Path, lang: str) -> None:
    """Where the files are, and what to open."""
    console.print(f"{text('cli.files', lang)}: {escape(str(written.parent))}", soft_wrap=True)
    console.print(text("cli.open", lang, file=escape(str(written))), soft_wrap=True)
