"""Which language the command line speaks, and the words of `click` that it says itself in English only."""

import locale
import os
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any

import click

from sim.labels import LANGUAGES, text


def spoken() -> str:
    """`--lang` as typed; else Chinese where the system speaks Chinese, else English."""
    if (given := typed("--lang")) in LANGUAGES:
        return str(given)
    system = os.environ.get("LC_ALL") or os.environ.get("LANG") or locale.getlocale()[0] or ""
    return "zh" if system.lower().startswith(("zh", "chinese")) else "en"


def typed(option: str) -> str | None:
    """What was typed for an option last, None where it was not. Known before `click` has read the line."""
    value = None
    for word, after in zip(sys.argv, [*sys.argv[1:], ""], strict=True):
        if word.partition("=")[0] == option:
            value = word.partition("=")[2] or after
    return value


def helped(key: str) -> str:
    """A help text of the command line."""
    return text(f"cli.help.{key}", spoken())


def placed(key: str) -> str:
    """What stands in a help page in place of a value."""
    return text(f"cli.placed.{key}", spoken())


class Formatter(click.HelpFormatter):
    """Headings of a help page."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or f"{helped('usage')} ")

    def write_heading(self, heading: str) -> None:
        """`click` has two headings, both plural of what they list."""
        self.write(f"{'':>{self.current_indent}}{helped(heading.lower())}\n")

    def write_dl(self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Terms and what they mean; of an option, also whether it can be left out. `click` counts signs, so its columns
        would not meet: a Chinese sign is two wide."""
        second = min(max(_cells(term) for term, _ in rows), col_max) + col_spacing
        for term, meaning in rows:
            said = click.wrap_text(meaning.replace("[required]", helped("required")), max(self.width - second - 2, 10),
                                   preserve_paragraphs=True).splitlines() or [""]
            if _cells(term) > second - col_spacing:  # it has a line of its own
                said = ["", *said]
            indents = [term + " " * (second - _cells(term)), *[" " * second] * len(said)]
            for before, line in zip(indents, said, strict=False):
                self.write(f"{'':>{self.current_indent}}{before}{line}".rstrip() + "\n")


def _cells(shown: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in shown)


class Context(click.Context):
    """A context whose help page is in the language spoken."""

    formatter_class = Formatter


class Command(click.Command):
    """A command whose help page is in the language spoken."""

    context_class = Context

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"options_metavar": helped("options_metavar")} | kwargs)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option `--help`, with its own help."""
        option = super().get_help_option(ctx)
        if option:
            option.help = helped("help")
        return option


class Group(Command, click.Group):
    """All commands together."""

    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"subcommand_metavar": helped("subcommand_metavar")} | kwargs)
