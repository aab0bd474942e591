"""The command line: the only module that prints or ends the program."""

import difflib
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console
from rich.markup import escape

from sim.errors import Finding, InputError
from sim.labels import LANGUAGES, text
from sim.language import Group, helped, placed, spoken, typed

DEFAULT_SCENARIO = "scenarios/yangquan-2015-winter.yaml"
OK, OUR_FAULT, MEND = 0, 1, 2


def main() -> NoReturn:
    """Run the command line: exit status 0 done, 2 the input needs mending, 1 our fault."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a GBK console has no sign for some letters: print a mark, go on
    lang = spoken()
    try:
        status = cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        _console(error=True).print(text("cli.interrupted", lang))
        status = OUR_FAULT
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        status = MEND
    except (click.UsageError, InputError) as error:
        findings = error.findings if isinstance(error, InputError) else [_wrong_words(error)]
        _print_findings(findings, lang)
        _console(error=True).print(text("cli.refused", lang))
        status = MEND
    except Exception:  # noqa: BLE001 - whatever it is, it is ours, and the user is told so
        traceback.print_exc()
        _console(error=True).print(text("cli.fault", lang))
        status = OUR_FAULT
    sys.exit(status or OK)


def _wrong_words(error: click.UsageError) -> Finding:
    """What is wrong with the words of the command line, as a finding: click says it in English only."""
    context, param = error.ctx or click.Context(cli, info_name=Path(sys.argv[0]).name), getattr(error, "param", None)
    name = "" if param is None else param.opts[0] if isinstance(param, click.Option) else param.make_metavar(context)
    if isinstance(error, click.NoSuchCommand):
        return _unknown(error.command_name, cli.commands)
    if isinstance(error, click.NoSuchOption):
        known = [option.opts[0] for option in context.command.params if isinstance(option, click.Option)]
        return _unknown(error.option_name, [*known, "--help"])
    if isinstance(error, click.BadOptionUsage):
        return _bad_option(error.option_name)
    if isinstance(error, click.MissingParameter):
        return Finding("words.missing", key=name, words={"command": context.command_path})
    if isinstance(error, click.BadParameter) and param:
        kind = param.type
        allowed = (", ".join(map(str, kind.choices)) if isinstance(kind, click.Choice)
                   else f"{kind.min} - {kind.max}" if isinstance(kind, click.IntRange) else param.make_metavar(context))
        return Finding("words.value", key=name, value=typed(name), words={"allowed": allowed})
    extra = re.search(r"\((.*)\)", error.format_message())
    return Finding("words.extra", key=extra[1] if extra else error.format_message(), words={"command": context.command_path})


def _bad_option(name: str) -> Finding:
    """An option without its value, or a flag with one. The error knows no command."""
    typed = cli.commands.get(next((word for word in sys.argv[1:] if word in cli.commands), ""), cli)
    if any(name in option.opts and option.is_flag for option in typed.get_params(click.Context(typed))
           if isinstance(option, click.Option)):
        return Finding("words.flag", key=name)
    program = Path(sys.argv[0]).name
    return Finding("words.missing", key=name, words={"command": program if typed is cli else f"{program} {typed.name}"})


def _unknown(word: str, known: Iterable[str]) -> Finding:
    """A command or option that there is not; those that look like it, else all."""
    near = difflib.get_close_matches(word, known) or known
    return Finding("words.unknown", key=word, words={"allowed": ", ".join(near)})


def _console(*, error: bool = False) -> Console:
    stream = sys.stderr if error else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else 110, highlight=False, soft_wrap=False)


def _print_findings(findings: tuple[Finding, ...] | list[Finding], lang: str, *, error: bool = True) -> None:
    console = _console(error=error)
    for finding in findings:
        word, style = (text("cli.look", lang), "yellow") if finding.doubtful else (text("cli.mend", lang), "bold red")
        console.print(f"[{style}]{word}[/]  {escape(finding.text(lang))}", soft_wrap=True)


language = click.option("--lang", type=click.Choice(LANGUAGES), default=spoken, help=helped("lang"))
overrides = click.option("--set", "overrides", multiple=True, metavar=placed("set"), help=helped("set"))
sample = click.option("--members", type=click.IntRange(1, 10_000), metavar=placed("count"), help=helped("members"))
processes = click.option("--workers", type=click.IntRange(1, 256), default=1, metavar=placed("count"), help=helped("workers"))


@click.group(cls=Group, help=helped("all"), invoke_without_command=True,
             context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--lang", type=click.Choice(LANGUAGES), expose_value=False, help=helped("lang"))
@click.pass_context
def cli(context: click.Context) -> None:
    """What a heavy-pollution warning really does: warnings, orders, tonnes avoided, output lost."""
    if not context.invoked_subcommand:
        raise click.exceptions.NoArgsIsHelpError(context)


@cli.command(help=helped("run"))
@click.argument("scenario", default=DEFAULT_SCENARIO, metavar=placed("own_scenario"))
@click.option("--out", metavar=placed("folder"), help=helped("out"))
@click.option("--hourly", is_flag=True, help=helped("hourly"))
@overrides
@language
def run(scenario: str, out: str | None, overrides: tuple[str, ...], lang: str, *, hourly: bool) -> None:
    """Run SCENARIO with all its variants and write tables and report.

    Without SCENARIO: the winter of 2015-16 in Yangquan.
    """
    from sim import api, experiment, showing

    with _progress(lang) as progress:
        progress("reading", 0, 1)
        loaded = experiment.load(_path(scenario), overrides)
        folder = Path(_path(out)) if out else Path("runs") / loaded.path.stem
        _refuse_occupied(folder)
        results = api.run(loaded, lang, progress, by_hour=hourly)
        page = api.report(results, folder, progress)
    showing.results(_console(), results, page, lang)


@cli.command(help=helped("compare"))
@click.argument("scenarios", nargs=-1, required=True, metavar=placed("scenarios"))
@click.option("--vary", multiple=True, metavar=placed("vary"), help=helped("vary"))
@click.option("--equal-tonnes", type=click.Choice(["so2", "nox", "pm", "voc", "all"]), help=helped("equal"))
@click.option("--out", metavar=placed("folder"), help=helped("out_compare"))
@overrides
@language
def compare(scenarios: tuple[str, ...], vary: tuple[str, ...], equal_tonnes: str | None, out: str | None,
            overrides: tuple[str, ...], lang: str) -> None:
    """Run scenarios, their variants and every combination of varied values side by side."""
    from sim import api, comparison, experiment, showing

    with _progress(lang) as progress:
        progress("reading", 0, 1)
        loaded = experiment.load([_path(scenario) for scenario in scenarios], overrides, vary)
        folder = Path(_path(out)) if out else Path("runs") / f"{loaded.path.stem}-compare"
        _refuse_occupied(folder)
        results = comparison.compare_runs(loaded, lang, progress, equal_tonnes)
        page = api.report(results, folder, progress)
    showing.comparison(_console(), results, page, lang)
    _print_findings([doubt for doubt in results.scenario.doubts if doubt.code.startswith(("runs.", "equal."))], lang,
                    error=False)


@cli.command(help=helped("sweep"))
@click.argument("scenario", metavar=placed("scenario"))
@click.option("--vary", multiple=True, metavar=placed("vary"), help=helped("vary"))
@sample
@processes
@click.option("--scheduler", metavar=placed("address"), help=helped("scheduler"))
@click.option("--keep", multiple=True, metavar=placed("run"), help=helped("keep"))
@click.option("--resume", is_flag=True, help=helped("resume"))
@click.option("--out", metavar=placed("folder"), help=helped("out_sweep"))
@overrides
@language
def sweep(scenario: str, vary: tuple[str, ...], members: int | None, workers: int, scheduler: str | None,
          keep: tuple[str, ...], resume: bool, out: str | None, overrides: tuple[str, ...], lang: str) -> None:
    """Run the grid of all values x members."""
    from sim import api, showing
    from sim.sweeping import PARTS, any_done

    if not vary:
        raise InputError([Finding("sweep.nothing", key="--vary")])
    began = time.monotonic()
    folder = Path(_path(out)) if out else Path("runs") / f"{Path(_path(scenario)).stem}-sweep"
    parts = folder.with_name(folder.name + PARTS)
    _refuse_occupied(folder)
    if resume and not parts.exists():
        _print_findings([Finding("sweep.none_kept", file=str(parts), key="--resume", doubtful=True)], lang)
    rest = resume and any_done(parts)
    if members is not None:
        overrides = (*overrides, f"forecast.members={members}")
    try:
        with _progress(lang) as progress:
            found = api.sweep(_path(scenario), vary, overrides, workers=workers, scheduler=scheduler, parts=parts,
                              resume=resume, keep=keep, progress=progress)
            page = api.save_sweep(found, folder, lang, keep=keep, parts=parts, progress=progress)
    except KeyboardInterrupt:
        _console(error=True).print(text("cli.swept_kept" if any_done(parts) else "cli.swept_none", lang, folder=parts))
        raise click.exceptions.Exit(OUR_FAULT) from None
    showing.swept(_console(), found, page, time.monotonic() - began, lang, rest=rest)


@cli.command(help=helped("sensitivity"))
@click.argument("scenario", metavar=placed("scenario"))
@click.option("--over", multiple=True, metavar=placed("over"), help=helped("over"))
@click.option("--method", type=click.Choice(["morris", "sobol"]), default="morris", help=helped("method"))
@click.option("--samples", type=click.IntRange(1, 100_000), metavar=placed("count"), help=helped("samples"))
@sample
@processes
@click.option("--out", metavar=placed("folder"), help=helped("out_sensitivity"))
@overrides
@language
def sensitivity(scenario: str, over: tuple[str, ...], method: str, samples: int | None, members: int | None, workers: int,
                out: str | None, overrides: tuple[str, ...], lang: str) -> None:
    """Rank keys by what they move within their ranges."""
    from sim import api, showing

    began = time.monotonic()
    folder = Path(_path(out)) if out else Path("runs") / f"{Path(_path(scenario)).stem}-sensitivity"
    _refuse_occupied(folder)
    if members is not None:
        overrides = (*overrides, f"forecast.members={members}")
    with _progress(lang) as progress:
        found = api.sensitivity(_path(scenario), over, overrides, method=method, samples=samples, workers=workers,
                                progress=progress)
        page = api.save_sensitivity(found, folder, lang, progress)
    showing.sensitive(_console(), found, page, time.monotonic() - began, lang)


@cli.command(help=helped("check"))
@click.argument("paths", nargs=-1, required=True, metavar=placed("paths"))
@language
def check(paths: tuple[str, ...], lang: str) -> None:
    """Read scenarios, lists and series whole, run nothing, print every finding."""
    from sim.checking import check_paths

    findings = check_paths(Path(_path(path)) for path in paths)
    _print_findings(findings, lang, error=False)
    errors = sum(not finding.doubtful for finding in findings)
    said = text("cli.found", lang, errors=errors, doubts=len(findings) - errors) if findings else text("cli.nothing", lang)
    _console().print(said)
    if errors:
        _console().print(text("cli.again", lang))
        raise click.exceptions.Exit(MEND)


@cli.command(help=helped("rules"))
@click.argument("edition", required=False, metavar=placed("edition"))
@language
def rules(edition: str | None, lang: str) -> None:
    """List warning editions and grading policies; with EDITION, show one whole."""
    from sim import showing

    showing.rules(_console(), edition, lang)


@cli.command(help=helped("explain"))
@click.argument("scenario", default=DEFAULT_SCENARIO, metavar=placed("own_scenario"))
@click.option("--line", required=True, metavar=placed("line"), help=helped("line"))
@click.option("--day", required=True, metavar=placed("date"), help=helped("day"))
@click.option("--run", "which", default="base", metavar=placed("run"), help=helped("which"))
@click.option("--city", metavar=placed("city"), help=helped("city"))
@overrides
@language
def explain(scenario: str, line: str, day: str, which: str, city: str | None, overrides: tuple[str, ...],
            lang: str) -> None:
    """Say why a line stood as it did on a day: forecast, episode, criterion, level, row, load, kilograms."""
    from sim import experiment, showing
    from sim.explain import explain as reason
    from sim.explain import find_line

    loaded = experiment.load(_path(scenario), overrides)
    worlds = {world.run.name: world for world in loaded.worlds}
    if which not in worlds:
        raise InputError([Finding("run.unknown", key="--run", value=which, words={"allowed": ", ".join(worlds)})])
    try:
        when = date.fromisoformat(day)
    except ValueError:
        raise InputError([Finding("cell.date", key="--day", value=day)]) from None
    place = find_line(worlds[which], line, city)
    showing.explanation(_console(), reason(experiment.run_world(worlds[which]), place, when, lang))


# ---------------------------------------------------------------- what is shown


def _path(name: str) -> str:
    """A path with slashes of either kind."""
    return name if Path(name).exists() else name.replace("\\", "/")


def _refuse_occupied(folder: Path) -> None:
    """Say before the run, not after it, that the output folder holds something of the user's."""
    from sim.files import strangers

    if folder.exists() and (names := strangers(folder)):
        raise InputError([Finding("out.occupied", file=str(folder), key=name) for name in names])


STAGES = ("reading", "running", "report", "tables")


@contextmanager
def _progress(lang: str) -> Iterator[Callable[[str, int, int], None]]:
    """One progress bar over reading, running, report and tables; it shows itself when the work takes over a second."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"),
                   TimeRemainingColumn(), console=_console(error=True), transient=True)
    began, task = time.monotonic(), bar.add_task("", total=len(STAGES))

    def report(stage: str, done: int, of: int) -> None:
        if not bar.live.is_started and time.monotonic() - began > 1 and sys.stderr.isatty():
            bar.start()
        place = STAGES.index(stage) if stage in STAGES else STAGES.index("running")
        known = stage in {*STAGES, "compiling"}
        words = text(f"cli.stage.{stage if known else STAGES[place]}", lang, run="" if known else stage)
        bar.update(task, description=words, completed=place + done / of)

    try:
        yield report
    finally:
        if bar.live.is_started:
            bar.stop()
