"""The only door to a user's files: text in its encoding, YAML with line marks, tables with row numbers, folders out."""

import csv
import hashlib
import io
import json
import os
import re
import shutil
import unicodedata
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from sim.errors import Findings, InputError

DATA = resources.files("sim") / "data"
"""Editions, policies, words: the project's own tables."""

PROGRAM = "hpwsim"
MANIFEST, SELF = "manifest.json", "manifest_sha256"
TOTALS = {"合计", "总计", "共计", "小计", "total", "totals", "sum", "grandtotal"}
"""Words with which a row of sums begins, without spaces."""

SPREADSHEET_MARKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


# ---------------------------------------------------------------- text in


def read_bytes(path: Path, findings: Findings) -> bytes | None:
    """The bytes of a file, or None with a finding when it is missing, a folder, locked or empty."""
    try:
        raw = path.read_bytes()
    except (FileNotFoundError, ValueError):  # a name that no file can have
        findings.add("file.missing", file=path)
    except IsADirectoryError:
        findings.add("file.folder", file=path)
    except OSError as error:  # on Windows a folder, or a file that Excel holds open, ends here
        findings.add("file.folder" if path.is_dir() else "file.locked", file=path, reason=error.strerror or str(error))
    else:
        if raw.strip():
            return raw
        findings.add("file.empty", file=path)
    return None


def decode(raw: bytes, path: Path, findings: Findings) -> str | None:
    """Text of a UTF-8 (with or without mark) or GB18030 file; None with a finding for anything else."""
    if raw.startswith(SPREADSHEET_MARKS):
        findings.add("file.workbook", file=path)
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            decoded = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in decoded:
            return decoded
    findings.add("file.encoding", file=path)
    return None


def sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


# ---------------------------------------------------------------- YAML in


@dataclass(frozen=True)
class Tree:
    """A YAML document as plain dicts, lists and text: scalars stay as they were written, `18:30` is no number.

    marks : line of each value and key by its path, e.g. `("cities", "yangquan", "observed")`.
    """

    value: Any
    marks: dict[tuple, int | str]

    def line(self, path: tuple) -> int | str:
        """Line of the nearest enclosing value that the document holds."""
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks.get(path, "")


class _TextLoader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):
    """Resolves nothing but null: types come from the schema, not from how a scalar looks."""


_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse_yaml(text: str, path: Any, findings: Findings) -> Tree | None:
    """The document as a Tree, or None with findings: bad syntax, full-width signs, tabs, doubled keys."""
    try:
        node = yaml.compose(text, Loader=_TextLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        culprit = _typing_slip(text.splitlines(), mark.line if mark else 0)
        if culprit:
            findings.add(f"yaml.{culprit[0]}", file=path, place=culprit[1], sign=culprit[2])
        else:
            findings.add("yaml.syntax", file=path, place=line, problem=problem)
        return None
    marks: dict[tuple, int | str] = {}
    before = findings.faults
    value = _plain(node, (), marks, path, findings)
    return Tree(value, marks) if findings.faults == before else None


def read_yaml(path: Path, findings: Findings) -> tuple[Tree | None, bytes]:
    """A YAML file as a Tree, with its bytes for the manifest."""
    raw = read_bytes(path, findings)
    text = decode(raw, path, findings) if raw is not None else None
    return (parse_yaml(text, path, findings) if text is not None else None), raw or b""


def _plain(node: yaml.Node | None, at: tuple, marks: dict, path: Any, findings: Findings) -> Any:
    if node is None:
        return None
    marks.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        if not node.style and node.value[:1] in ("｛", "［"):  # a block or list that reads as a text
            findings.add("yaml.full_width", file=path, place=node.start_mark.line + 1, sign=node.value[0])
        return None if node.tag == "tag:yaml.org,2002:null" else node.value
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*at, i), marks, path, findings) for i, item in enumerate(node.value)]
    plain: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            findings.add("yaml.key", file=path, place=line)
            continue
        key = key_node.value
        typed = re.search("：|，", key) if not value_node.value else None  # `{hours：48}` reads as a key without a value
        if typed:
            findings.add("yaml.full_width", file=path, place=line, sign=typed[0])
            continue
        if key in plain:
            findings.add("yaml.doubled", file=path, place=line, key=dotted((*at, key)), first=marks[(*at, key)])
            continue
        marks[(*at, key)] = line
        plain[key] = _plain(value_node, (*at, key), marks, path, findings)
    return plain


def _typing_slip(lines: list[str], number: int) -> tuple[str, int, str] | None:
    """The usual reason for a syntax error in a file typed with a Chinese keyboard: a full-width sign, or a tab.

    Looks at the faulty line and the one above: after a full-width colon the parser blames the line that follows.
    """
    for at in range(max(number - 1, 0), min(number + 1, len(lines))):
        bare = lines[at].split("#")[0]
        indent = bare[: len(bare) - len(bare.lstrip())]
        if "\t" in indent:
            return "tab", at + 1, "TAB"
        slip = re.search(r"^\s*-?\s*[\w.]+\s*(：)|(　)|([｛｝［］])|[\[{].*(，)", bare)
        if slip:
            return "full_width", at + 1, next(filter(None, slip.groups()))
    return None


def dotted(path: tuple) -> str:
    return ".".join(str(part) for part in path)


# ---------------------------------------------------------------- tables in


@dataclass(frozen=True)
class Table:
    """A CSV file as text cells. rows : int[n], the row of each record as a spreadsheet counts it."""

    file: str
    cells: pd.DataFrame
    rows: np.ndarray

    def only(self, which: np.ndarray) -> "Table":
        """The table with some of its rows. which : bool[n]."""
        return Table(self.file, self.cells[which].reset_index(drop=True), self.rows[which])


def read_table(path: Path, findings: Findings, content: bytes | None = None) -> tuple[Table | None, bytes]:
    """A CSV file as a Table of trimmed text, with its bytes for the manifest."""
    raw = content if content is not None else read_bytes(path, findings)
    if path.suffix.lower() in {".xlsx", ".xls", ".parquet"} and raw is not None:
        findings.add("file.workbook", file=path)
        return None, raw
    text = decode(raw, path, findings) if raw is not None else None
    return (_parse_csv(text, path, findings) if text is not None else None), raw or b""


def _parse_csv(text: str, path: Path, findings: Findings) -> Table | None:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    csv.field_size_limit(max(len(text), 131_072))
    if _misread(text, path, findings):
        return None
    header = [normal(name) for name in next(csv.reader(io.StringIO(text)), [])]
    while header and not header[-1]:
        header.pop()
    header = [name or f"\0blank {at}" for at, name in enumerate(header)]
    if doubled := {name for name in header if header.count(name) > 1}:
        for name in sorted(doubled):
            findings.add("table.doubled_column", file=path, place=1, key=name)
        return None
    names = [*header, "\0spill"]  # one column more than the header, to catch rows that are too long
    try:
        cells = pd.read_csv(io.StringIO(text), header=None, names=range(len(names)), dtype=str,
                            keep_default_na=False, skip_blank_lines=False)
        if not isinstance(cells.index, pd.RangeIndex):  # a row longer still, taken for an index
            raise ValueError("ragged")  # noqa: TRY301
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError):
        return _reread(text, len(header), path, findings)
    if _report_ragged(text, len(header), path, findings):
        return None
    cells = cells.iloc[1:].fillna("").reset_index(drop=True)
    cells.columns = names
    rows = np.arange(2, len(cells) + 2)
    for name in names:
        cells[name] = cells[name].str.strip()
    del cells["\0spill"]
    filled = (cells != "").any(axis=1).to_numpy(copy=True)
    if not filled.any():
        findings.add("table.no_rows", file=path)
        return None
    last = np.flatnonzero(filled)[-1]
    start = next(cell for cell in cells.iloc[last] if cell)
    if re.sub(r"\s", "", start).lower() in TOTALS:
        findings.add("table.total", file=path, place=rows[last], key=start)
        filled[last] = False
    return Table(str(path), cells[filled].reset_index(drop=True), rows[filled]) if filled.any() else None


def _reread(text: str, width: int, path: Path, findings: Findings) -> Table | None:
    """What could not be read at once: faults are told, empty columns on the right, as Excel writes them, are left out."""
    if _report_ragged(text, width, path, findings):
        return None
    cut = io.StringIO()
    csv.writer(cut, lineterminator="\n").writerows(row[:width] for row in csv.reader(io.StringIO(text)))
    if width and cut.getvalue() != text:
        return _parse_csv(cut.getvalue(), path, findings)
    findings.add("table.no_rows", file=path)
    return None


def _misread(text: str, path: Path, findings: Findings) -> bool:
    """Whether cells are parted by another sign than the comma, or titles stand above the header; one finding for the file."""
    first = [row for _, row in zip(range(6), csv.reader(io.StringIO(text)), strict=False)]
    filled = [sum(bool(cell.strip()) for cell in row) for row in first]
    words = [count if not any(re.match(r"[-+.]?\d", normal(cell)) for cell in row) else 0
             for row, count in zip(first, filled, strict=True)]
    header = words.index(max(words, default=0)) if any(words) else 0
    if header and 2 * max(filled[:header]) <= filled[header]:
        title = next((cell for row in first[:header] for cell in row if cell.strip()), "")
        findings.add("table.title", file=path, place=1, key=title, header=header + 1)
        return True
    for row, cells in enumerate(first[:2], start=1):
        sign = re.search("[，;；\t]", cells[0]) if len(cells) == 1 else None
        if sign:
            findings.add("table.separator", file=path, place=row, sign="TAB" if sign[0] == "\t" else sign[0])
            return True
    return False


def _report_ragged(text: str, wanted: int, path: Path, findings: Findings) -> bool:
    """Whether some row has more or fewer cells than the header; one finding for each."""
    before = findings.faults
    try:
        for row, record in enumerate(csv.reader(io.StringIO(text), strict=True), start=1):
            if any(record[wanted:]):
                findings.add("table.ragged", file=path, place=row, wanted=wanted)
            elif len(record) < wanted and any(record):
                wide = next((cell for cell in record if "，" in cell), "")
                findings.add("table.wide_comma" if wide else "table.short", file=path, place=row, wanted=wanted,
                             has=len(record), cell=wide)
    except csv.Error as error:
        findings.add("table.quotes", file=path, reason=str(error))
    return findings.faults > before


def normal(cell: str) -> str:
    """A cell as typed on any keyboard, made plain: full-width digits and signs narrowed, spaces at the ends dropped."""
    return unicodedata.normalize("NFKC", cell).strip()


def records(name: str) -> list[dict[str, str]]:
    """Rows of one of the project's own tables under `data/`."""
    with DATA.joinpath(name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


# ---------------------------------------------------------------- folders out


def write_folder(folder: Path, contents: dict[str, bytes]) -> None:
    """Write all files of a run, whole or not at all: beside the folder first, then renamed into place.

    A folder that an earlier run wrote and nobody changed is replaced; anything else that stands there is left alone.
    Raises InputError when the folder holds a user's file, or cannot be written.
    """
    findings = Findings()
    folder = Path(os.path.realpath(folder))  # a link stays a link: what it points to is written
    for name in strangers(folder):
        findings.add("out.occupied", file=folder, key=name)
    findings.raise_errors()
    beside = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        try:
            for name, content in contents.items():
                (beside / name).write_bytes(content)
            _swap(beside, folder)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as error:
        findings.add("out.refused", file=folder, reason=error.strerror or str(error))
        findings.raise_errors()


def _swap(beside: Path, folder: Path) -> None:
    """Put a new folder in the place of the old one; the old one goes only when the new one stands."""
    if not folder.exists():
        beside.rename(folder)
        return
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    folder.rename(aside)
    try:
        beside.rename(folder)
    except OSError:
        aside.rename(folder)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def strangers(folder: Path) -> list[str]:
    """Names in a folder that no run of ours wrote, or that were changed since. Empty where there is no folder.

    Raises InputError when the folder cannot be read.
    """
    try:
        if not folder.exists():
            return []
        if not folder.is_dir():
            return [folder.name]
        written = _written(folder)
        return [entry.name for entry in sorted(folder.iterdir()) if not (
            entry.is_file() and written.get(entry.name) == content_hash(entry.name, entry.read_bytes()))]
    except OSError as error:
        findings = Findings()
        findings.add("out.refused", file=folder, reason=error.strerror or str(error))
        raise InputError(findings.all) from None


def _written(folder: Path) -> dict[str, str]:
    """Hashes of the files that a run of ours wrote into a folder, by the manifest that it left."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if manifest["program"] == PROGRAM:
            return {MANIFEST: manifest[SELF]} | {str(k): str(v) for k, v in manifest["outputs"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    return {}


def content_hash(name: str, content: bytes) -> str:
    """SHA-256 of an output file, without what differs between two equal runs: the seconds taken, the hash itself."""
    passing = {"summary.json": rb'("seconds": )[0-9.]+', MANIFEST: rb'("' + SELF.encode() + rb'": )"[0-9a-f]*"'}
    return sha256(re.sub(passing[name], rb"\1", content) if name in passing else content)


def sealed(manifest: dict[str, Any]) -> bytes:
    """A manifest with its own hash in it, so that a change to it is seen."""
    draft = json_bytes(manifest | {SELF: ""})
    return json_bytes(manifest | {SELF: content_hash(MANIFEST, draft)})


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """A table as UTF-8 with mark, which Excel opens with its Chinese intact."""
    return frame.to_csv(index=False, lineterminator="\n").encode("utf-8-sig")


def json_bytes(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()

