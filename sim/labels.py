"""One look-up for every word that is shown, in Chinese and in English."""

import csv
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "zh")


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Every text by key and language, from `data/text.csv`."""
    with (files("sim") / "data" / "text.csv").open(encoding="utf-8", newline="") as lines:
        return {row["key"]: {lang: row[lang] for lang in LANGUAGES} for row in csv.DictReader(lines)}


def text(key: str, lang: str = "en", /, **words: Any) -> str:
    """The text of `key` in `lang`, its placeholders filled from `words`. Raises KeyError for an unknown key."""
    return catalogue()[key][lang].format(**words) if words else catalogue()[key][lang]


def quantity(amount: str, unit: str, lang: str) -> str:
    """An amount with its unit, the unit in words where the language has some: `12 t`, `12吨`. unit : as a list writes it."""
    return amount + ("" if lang == "zh" else " ") + catalogue().get(f"unit.{unit}", {}).get(lang, unit)


def sentences(said: Iterable[str], lang: str) -> str:
    """Sentences one after the other, each once, empty ones left out; in Chinese without spaces between."""
    return ("" if lang == "zh" else " ").join(filter(None, dict.fromkeys(said)))


MONEY = {"en": 1e6, "zh": 1e4}
"""What yuan are divided by where they are shown: millions in English, 万 in Chinese (`money.unit`)."""
