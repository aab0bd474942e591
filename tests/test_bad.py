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


SCENARIOS = [case for case in CASES if case[0].startswith("scenarios/") and (BAD / case[0]).read_bytes()[:1] not in (b"", b"-")
             and "encoding" not in case[0]]


@pytest.mark.parametrize(("file", "words"), [(case[0], case[2]) for case in SCENARIOS], ids=[c[0] for c in SCENARIOS])
def test_a_fault_that_two_runs_meet_is_told_once_and_crashes_neither(file, words, tmp_path):
    text = (BAD / file).read_text(encoding="utf-8")
    (tmp_path / "s").mkdir()
    for folder in ("good", "forecasts"):
        (tmp_path / folder).symlink_to(BAD / folder)
    again = tmp_path / "s" / "scenario.yaml"
    added = "" if "variants:" in text else "variants: {second: {seed: 2}}\n"
    again.write_text(text + added, encoding="utf-8")
    findings = [f for f in check_paths([again]) if not f.doubtful]
    said = "\n".join(f.text("en") for f in findings)
    assert [word for word in words if word not in said] == [], said
    assert len(findings) == len(set(findings))


@pytest.mark.parametrize(("file", "words"), [(c[0], c[2]) for c in CASES if c[0].startswith(("lists/", "series/"))
                                             and not c[0].endswith((".keep", "a-folder.csv", "not-there.csv"))])
def test_a_broken_table_is_told_through_a_scenario_of_two_runs_too(file, words, tmp_path):
    kind = "enterprises" if file.startswith("lists/") else "observed"
    paths = {"observed": BAD / "good" / "series.csv", "enterprises": BAD / "good" / "list.csv"} | {kind: BAD / file}
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(
        "period: {start: 2019-11-01, end: 2019-11-10}\nrules: mee2019\ngrading: none\ncities:\n"
        f"  here: {{observed: '{paths['observed']}', enterprises: '{paths['enterprises']}'}}\n"
        "variants: {second: {rules: bj2015}}\n", encoding="utf-8")
    said = "\n".join(f.text("en") for f in check_paths([scenario]) if not f.doubtful)
    assert [word for word in words if word not in said] == [], said


def test_there_are_at_least_forty_kinds():
    assert len(CASES) >= 40


def test_every_finding_of_a_file_is_told_at_once():
    said = [f for f in check_paths([BAD / "lists" / "many-faults-at-once.csv"]) if not f.doubtful]
    assert {f.key for f in said} == {"industry", "nox_kg_per_day", "output_per_day", "red_cut"}


def test_the_good_files_beside_them_are_good():
    good = [BAD / "good" / name for name in ("list.csv", "series.csv", "sources.csv")]
    assert [f for f in check_paths(good) if not f.doubtful] == []
