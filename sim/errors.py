"""Findings: what is wrong with an input, where, and how to mend it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sim import labels


@dataclass(frozen=True)
class Finding:
    """One thing wrong (or doubtful) in an input.

    file : path as the user gave it. place : line or row, as an editor or a spreadsheet counts it, or "".
    key : column or dotted key. value : what stands there. code : names the texts `finding.<code>` (what is wrong) and
    `mend.<code>` (how to mend it) of the catalogue, filled from `words`; a dict among these is one text per language.
    doubtful : told, but does not stop a run.
    """

    code: str
    file: str = ""
    place: str = ""
    key: str = ""
    value: Any = None
    words: dict[str, Any] = field(default_factory=dict, hash=False)
    doubtful: bool = False

    def text(self, lang: str = "en") -> str:
        """The finding as one line in `lang`."""
        words = {"value": self.value, "key": self.key} | {
            name: word[lang] if isinstance(word, dict) else word for name, word in self.words.items()}
        where = ":".join(part for part in (self.file, self.place) if part)
        what = labels.text(f"finding.{self.code}", lang, **words)
        mend = labels.text(f"mend.{self.code}", lang, **words)
        shown = "" if self.value is None else f" = {_short(self.value)}"
        key = f"{self.key}{shown}: " if self.key else ""
        start = f"{where}: " if where else ""
        return f"{start}{key}{what}{labels.text('finding.join', lang)}{mend}"


class InputError(ValueError):
    """The input needs mending: carries every finding, not the first only."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = in_order(findings)
        super().__init__("\n".join(f.text("en") for f in self.findings))

    def __reduce__(self) -> tuple:  # findings survive the way back from a worker process
        return (InputError, (self.findings,))


class Findings:
    """Collects findings while an input is read whole, each once; raises them all at once."""

    def __init__(self) -> None:
        self._found: dict[Finding, None] = {}
        self.faults = 0
        """Errors met so far, repeated ones included: whoever reads compares before and after."""

    def add(self, code: str, *, doubtful: bool = False, file: Any = "", place: Any = "", key: str = "",
            value: Any = None, **words: Any) -> None:
        self.take([Finding(code, str(file), str(place), key, value, words, doubtful)])

    def take(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self._found.setdefault(finding)
            self.faults += not finding.doubtful

    @property
    def all(self) -> list[Finding]:
        return list(self._found)

    @property
    def errors(self) -> list[Finding]:
        return [f for f in self._found if not f.doubtful]

    @property
    def doubts(self) -> list[Finding]:
        return [f for f in self._found if f.doubtful]

    def raise_errors(self) -> None:
        """Raise InputError with every finding when at least one is an error."""
        if self.errors:
            raise InputError(self._found)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings file by file as they came, within a file by row or line."""
    found = list(findings)
    files = list(dict.fromkeys(f.file for f in found))
    return tuple(sorted(found, key=lambda f: (files.index(f.file), int(f.place) if f.place.isdigit() else -1)))


def _short(value: Any, most: int = 60) -> str:
    shown = str(value)
    return repr(shown if len(shown) <= most else shown[: most - 1] + "…") if isinstance(value, str) else shown
