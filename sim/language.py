"""Which language the command line speaks, and the words of `click` that it says itself in English only."""

import locale
import os
import sys
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


class Formatter(click.HelpFormatter):
    """Headings of a help page."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or f"{helped('usage')} ")

    def write_heading(self, heading: str) -> None:
        """`click` has two headings, both plural of what they list."""
        self.write(f"{'':>{self.current_indent}}{helped(heading.lower())}\n")

    def write_dl(self, rows: Sequence[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        """Terms and what they mean; of an option, also whether it can be left out."""
        super().write_dl([(term, meaning.replace("[required]", helped("required"))) for term, meaning in rows], *args, **kwargs)


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
