"""The grid of a comparison: dotted keys, the values that each takes, every combination of them, names of its runs."""

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Any

from sim.errors import Findings
from sim.files import normal, parse_yaml

RUNS_AT_MOST = 200
"""More runs than this are a sweep: no page puts them side by side."""

VARIED = "--vary"
"""Where a change was given: on the command line, as one of several values of its key."""

OVER = "--over"
"""… as one of the values of its range."""

Cell = tuple[tuple[str, Any], ...]
"""One combination of values: (dotted key, value) in the order of the keys."""

OPENS, CLOSES = "[{(", "]})"


def read_grid(given: Iterable[str], overrides: Iterable[str], findings: Findings) -> dict[str, list[Any]]:
    """Values by dotted key of some `KEY=V1,V2,…`, in the order given.

    overrides : the `KEY=VALUE` of `--set`, which come last: a key given to both would never vary. Findings: no `=`, no
    value, a value or a key twice, a key that is also set.
    """
    grid: dict[str, list[Any]] = {}
    is_set = {parted(text)[0] for text in overrides}
    for text in given:
        key, equals, listed = parted(text)
        if not equals or not key:
            findings.add("vary.syntax", file=VARIED, value=text)
            continue
        if key in grid:
            findings.add("vary.key_twice", file=VARIED, key=key)
            continue
        above = {key, *(key[:at] for at, sign in enumerate(key) if sign == ".")}
        if above & is_set:
            findings.add("vary.also_set", file=VARIED, key=key, other=min(above & is_set))
        grid[key] = []
        for written in split_values(listed):
            tree = parse_yaml(written, f"{VARIED} {key}", findings) if written else None
            if not written:
                findings.add("vary.empty", file=VARIED, key=key, value=listed)
            elif tree and tree.value in grid[key]:
                findings.add("vary.value_twice", file=VARIED, key=key, value=written)
            elif tree:
                grid[key].append(tree.value)
    return {key: values for key, values in grid.items() if values}  # a faulty one hides no fault of the scenario


def parted(text: str) -> tuple[str, str, str]:
    """Key, sign and value of a `KEY=VALUE`; sign and value are empty where there is no equals sign, of either width."""
    sign = re.search("[=＝]", text)
    return (normal(text[: sign.start()]), "=", text[sign.end():].strip()) if sign else (normal(text), "", "")


def split_values(listed: str) -> list[str]:
    """Values split at commas, of either width, that stand outside brackets and quotes: `a,{b: 1, c: 2}` is two."""
    values, depth, quote = [""], 0, ""
    for sign in listed:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        depth += not quote and (sign in OPENS) - (sign in CLOSES)
        if sign in ",，" and depth <= 0 and not quote:
            values.append("")
        else:
            values[-1] += sign
    return [value.strip() for value in values]


def cells(grid: dict[str, list[Any]]) -> list[Cell]:
    """Every combination of the values, the last key varying fastest; one empty cell where nothing varies."""
    return [tuple(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def cell_names(given: Sequence[Cell]) -> list[str]:
    """Names of some cells: each key with its value in words, "" for an empty cell."""
    keys = dict.fromkeys(key for cell in given for key, _ in cell)
    words = {key: in_words([dict(cell).get(key) for cell in given]) for key in keys}
    return [", ".join(f"{key}={words[key][at]}" for key, _ in cell) for at, cell in enumerate(given)]


def in_words(values: Sequence[Any]) -> list[str]:
    """Values of one key in few signs; as a scenario would write them where these would not tell them apart."""
    brief, full = [_short(value) for value in values], [plain(value) for value in values]
    return brief if len(set(brief)) == len(set(full)) else full


def plain(value: Any) -> str:
    """A value as a scenario would write it, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {plain(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(plain, value)) + "]"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _short(value: Any) -> str:
    """What stands in a block or list, one after the other."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return "/".join(map(_short, inner)) if inner is not None else plain(value)
