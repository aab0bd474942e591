"""Broken files, each beside the words its findings must hold: file, place, key, value and how to mend it."""

import csv
from pathlib import Path

import pytest

from sim.checking import check_paths

BAD = Path(__file__).parent / "bad"
with (BAD / "words.csv").open(encoding="utf-8", newline="") as lines:
    CASES = [(row["file"], row["place"], row["words"].split("|")) for row in csv.DictReader(lines)]


@pytest.mark.parametrize(("file", "place", "words"), CASES, ids=[case[0] for case in CASES])
def test_a_broken_file_is_told_what_where_and_how_to_mend(file, place, words):
    findings = [f for f in check_paths([BAD / file]) if not f.doubtful]
    assert findings, "nothing was found"
    said = "\n".join(f.text("en") for f in findings)
    assert [word for word in words if word not in said] == [], said
    assert not place or any(f.place == place for f in findings), said
    for finding in findings:
        assert finding.file
        assert any("一" <= sign <= "鿿" for sign in finding.text("zh"))
        assert finding.text("en") != finding.text("zh")


def test_there_are_at_least_forty_kinds():
    assert len(CASES) >= 40


def test_every_finding_of_a_file_is_told_at_once():
    said = [f for f in check_paths([BAD / "lists" / "many-faults-at-once.csv"]) if not f.doubtful]
    assert {f.key for f in said} == {"industry", "nox_kg_per_day", "output_per_day", "red_cut"}


def test_the_good_files_beside_them_are_good():
    assert [f for f in check_paths([BAD / "good" / "list.csv", BAD / "good" / "series.csv"]) if not f.doubtful] == []
