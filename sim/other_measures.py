"""What a response level asks of sources that are no enterprises: rows by source and level, with document and basis."""

from dataclasses import dataclass
from functools import cache

from sim.files import DATA, records
from sim.vocab import Basis, Level, Source

DEFAULT = "shanxi-2020"
BY_BANS = "bans"
"""In place of a share: the bans in force and the fleet decide."""


@dataclass(frozen=True)
class OtherMeasure:
    """A measure for a class of sources at a level. share : of emission taken away, None where the bans decide."""

    source: Source
    level: Level
    share: float | None
    basis: Basis
    cite: str
    words: dict[str, str]


def names() -> list[str]:
    """Names of the sets of measures."""
    return sorted(f.name for f in (DATA / "other_sources").iterdir() if f.is_dir())


@cache
def other_measures(name: str) -> dict[tuple[Source, Level], OtherMeasure]:
    """The set of measures of that name, from `data/other_sources/<name>/rows.csv`."""
    rows = [OtherMeasure(Source(r["source"]), Level[r["level"]], None if r["share"] == BY_BANS else float(r["share"]),
                         Basis(r["basis"]), r["cite"], {"en": r["measure_en"], "zh": r["measure_zh"]})
            for r in records(f"other_sources/{name}/rows.csv")]
    return {(row.source, row.level): row for row in rows}
