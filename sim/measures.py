"""Own plans in words: which share of output a phrase of the list takes away, by the patterns of `data/measures.csv`."""

import re
from functools import cache

from sim.files import normal, records


@cache
def patterns() -> list[dict[str, str]]:
    """The known phrases: pattern, share (`0`, `1`, `x` or `1-x`, x the percentage), an example and how it reads."""
    return records("measures.csv")


def read_measure(words: str) -> float | None:
    """The share that an own plan in words takes away, None when it cannot be read without guessing.

    Every phrase must be one of the patterns, or be about vehicles only; phrases that say different shares cannot be
    read, nor can a phrase that no pattern meets whole.
    """
    shares = set()
    for phrase in map(str.strip, re.split(r"[;,。、\n]+", normal(words))):
        if not phrase or re.search(r"车辆|运输|货车|trucks?", phrase):
            continue
        shares.add(_read_phrase(phrase))
    return shares.pop() if len(shares) == 1 else None


def _read_phrase(phrase: str) -> float | None:
    for row in patterns():
        match = re.fullmatch(row["pattern"], phrase, re.IGNORECASE)
        if match:
            x = float(match[1]) / 100 if match.groups() else 0.0
            share = {"x": x, "1-x": 1 - x}.get(row["share"])
            share = float(row["share"]) if share is None else round(share, 12)
            return share if 0 <= share <= 1 else None
    return None
