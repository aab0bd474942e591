"""Editions and policies as data: cases beside the rules, a document and clause with every row."""

import pytest

from sim import rulebook, wording
from sim.episodes import compile_rules, level_of_days
from sim.files import DATA, records
from sim.grading import Choice, find_row
from sim.industries import industries, processes, scale_of
from sim.labels import LANGUAGES
from sim.vocab import ASKING_LEVELS, Control, Grade, Kind, Level
from sim.warning import easier_above

EDITIONS = rulebook.edition_names()
WITH_CASES = [name for name in rulebook.policy_names() if DATA.joinpath("grading", name, "cases.csv").is_file()]


@pytest.mark.parametrize("name", EDITIONS)
def test_the_cases_beside_an_edition_come_out(name):
    edition = rulebook.edition(name)
    cases = records(f"rules/{name}/cases.csv")
    assert len(cases) >= 8
    for case in cases:
        rules = compile_rules(edition.criteria(), merges=case["merges"] == "yes", lift_hours=36)
        days = [float(index) for index in case["index_by_day"].split(",")]
        assert level_of_days(days, rules).name == case["level"], case


def test_the_eight_editions_are_there():
    assert set(EDITIONS) == {"bj2013", "bj2015", "ha2014", "jjj2016", "mep2017", "mee2019", "sd2022draft", "mee2024"}


@pytest.mark.parametrize("name", EDITIONS)
def test_an_edition_says_its_document_clause_scope_validity_and_confidence(name):
    edition = rulebook.edition(name)
    assert edition.document
    assert edition.sources
    assert edition.scope
    assert edition.valid.from_
    for level, entry in edition.levels.items():
        for lang in LANGUAGES:
            for criterion in entry.criteria:
                assert wording.criterion_text(criterion, lang)
            assert wording.level_clause(edition, Level[level], entry.criteria[0], replaced=False, lang=lang)


def test_only_the_shandong_draft_assumes_a_clause_and_says_so():
    assuming = {name for name in EDITIONS for entry in rulebook.edition(name).levels.values() if entry.assumed_true}
    assert assuming == {"sd2022draft"}
    edition = rulebook.edition("sd2022draft")
    said = wording.level_clause(edition, Level.yellow, edition.levels["yellow"].criteria[0], replaced=False, lang="en")
    assert "assumed" in said


def test_four_and_three_colour_editions_stand_side_by_side():
    assert set(rulebook.edition("bj2015").levels) == {"blue", "yellow", "orange", "red"}
    assert set(rulebook.edition("mee2024").levels) == {"yellow", "orange", "red"}


def test_only_a_single_day_of_500_jumps_the_level_below_it():
    """Red by one day of 500 does not need the three days of orange: the texts have it so, and no edition else jumps."""
    jumps = {}
    for name in EDITIONS:
        edition = rulebook.edition(name)
        for upper, number, lower in easier_above(edition.criteria(), merges=edition.merges, lift_hours=36):
            jumps.setdefault(name, []).append((upper.name, edition.criteria()[upper.name][number].reaches, lower.name))
    assert jumps == dict.fromkeys(["ha2014", "jjj2016", "mep2017", "mee2019"], [("red", 500, "orange")])


def test_an_orange_easier_to_reach_than_yellow_is_seen():
    tight = {"yellow": rulebook.edition("mee2019").criteria()["orange"],
             "orange": rulebook.edition("mee2019").criteria()["yellow"]}
    assert [(u.name, low.name) for u, _, low in easier_above(tight, merges=True, lift_hours=36)] == [("orange", "yellow")]


def test_guide_2020_holds_all_39_industries_and_the_sectors_outside_them():
    numbers = {industry.number for industry in industries().values()}
    assert {str(n) for n in range(1, 40)} <= numbers
    policy = rulebook.policy("guide-2020")
    covered = {row.industry for row in policy.rows.values()}
    assert set(industries()) <= covered


def test_every_line_the_list_may_hold_has_a_row_at_every_level():
    choice = Choice(rulebook.policy("guide-2020"))
    for industry in industries().values():
        known = [key for of, key in processes() if of == industry.key and key != "*"]
        for process in ["", *known]:
            for grade in scale_of(industry.key, process):
                for control in Control:
                    for level in ASKING_LEVELS:
                        row = find_row(choice, control.value, industry.key, process, grade, level)
                        assert row, (industry.key, process, grade, control, level)
                        assert 0 <= row.share <= 1
                        assert row.cite in rulebook.citations()


@pytest.mark.parametrize("name", WITH_CASES)
def test_the_cases_beside_a_policy_come_out(name):
    """A policy with ranges or a choice for non-compliant firms has columns for both; blank is what holds by default."""
    cases = records(f"grading/{name}/cases.csv")
    assert len(cases) >= 8
    for case in cases:
        choice = Choice(rulebook.policy(name), point=float(case["point"]) if case.get("point") else None,
                        non_compliant=case.get("non_compliant") or Choice.non_compliant)
        row = find_row(choice, case["control"], case["industry"], case["process"], case["grade"], Level[case["level"]])
        assert row, case
        assert (row.kind.value, row.basis.value) == (case["kind"], case["basis"]), case
        assert row.share == pytest.approx(float(case["share"]), abs=1e-12), case


def test_the_two_policies_of_a_document_have_cases():
    assert {"guide-2020", "zezhou-2020"} <= set(WITH_CASES)


def test_grade_a_and_leading_never_lose_output_without_their_own_choice():
    for row in rulebook.policy("guide-2020").rows.values():
        if row.grade in (Grade.A, Grade.A_PLUS, Grade.LEADING) and row.control == "normal":
            assert row.kind is Kind.AUTONOMOUS
            assert row.share == 0


def test_no_policy_cuts_heating_or_life_services():
    for name in rulebook.policy_names():
        for row in rulebook.policy(name).rows.values():
            if row.control in ("heating", "service"):
                assert row.share == 0


def test_a_row_without_a_document_is_assumed_and_an_assumed_row_never_cites_a_clause_as_text():
    for row in rulebook.policy("guide-2020").rows.values():
        assert (row.cite == "none") == (row.basis.value == "assumed")


def test_the_guide_says_openly_how_little_of_it_is_known():
    share = rulebook.policy("guide-2020").assumed_rows_share
    assert 0.55 < share < 0.70


def test_every_citation_and_note_stands_in_both_languages():
    for citation in rulebook.citations().values():
        for lang in LANGUAGES:
            assert citation.title[lang]
            assert citation.clause[lang]


def test_no_table_of_the_project_has_a_row_twice():
    for sheet in ("industries.csv", "cities.csv", "text.csv", "grading/citations.csv"):
        keys = [next(iter(row.values())) for row in records(sheet)]
        assert len(keys) == len(set(keys)), sheet
    assert DATA.joinpath("rules").is_dir()
