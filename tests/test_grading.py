"""What a level asks of a line: precedence, whole lines, safe least loads, overrides; and a plain second reading."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import LIST_HEADER, line

from sim import rulebook
from sim.errors import Findings
from sim.files import Table, records
from sim.grading import Choice, Override, ask
from sim.industries import industries, processes, scale_of
from sim.population import list_of
from sim.rulebook import RuleRow
from sim.vocab import ASKING_LEVELS, Basis, Control, Kind, Level, Pollutant

GUIDE = Choice(rulebook.policy("guide-2020"))


def population(rows, city="here"):
    cells = pd.DataFrame([{name: str(row.get(name, "")) for name in LIST_HEADER} for row in rows])
    findings = Findings()
    people = list_of(Table("list.csv", cells, np.arange(2, len(rows) + 2)), city, findings)
    findings.raise_errors()
    return people


def shares(rows, choice=GUIDE):
    findings = Findings()
    asked = ask(population(rows), choice, findings)
    findings.raise_errors()
    return asked


def clinker(line_id, grade="C", **given):
    return line(line_id, enterprise_id="E", enterprise="Works", industry="cement", process="clinker", grade=grade, **given)


def test_the_own_plan_comes_before_the_row_level_by_level():
    asked = shares([line("L", industry="cement", process="clinker", grade="B", orange_cut=0.35)])
    assert asked.output[:, 0].tolist() == [0, 0.35, 1]
    assert asked.rows[asked.row[1, 0]].cite == "own-plan"


def test_an_own_plan_in_words_is_read_where_the_cut_is_blank():
    asked = shares([line("L", grade="D", process="6m-top", yellow_measure="限产25%", orange_measure="停产",
                         red_cut=0.6, red_measure="停产")])
    assert asked.output[:, 0].tolist() == [0.25, 1, 0.6]


def test_control_class_comes_before_the_grade():
    asked = shares([line("L", industry="cement", process="clinker", grade="D", control="livelihood")])
    assert asked.output[:, 0].tolist() == [0, 0, 0]


def test_a_process_that_no_row_names_takes_the_row_for_any_process():
    asked = shares([line("L", industry="foundry", grade="C"), line("M", industry="foundry", process="cupola-small", grade="C")])
    assert asked.output[:, 0].tolist() == asked.output[:, 1].tolist() == [0.5, 1, 1]


def test_without_a_policy_a_blank_cut_asks_nothing():
    asked = shares([line("L", grade="D", orange_cut=0.4)], Choice(rulebook.policy("none")))
    assert asked.output[:, 0].tolist() == [0, 0.4, 0]


def test_half_of_three_lines_stops_the_largest_until_half_the_output_stands():
    asked = shares([clinker("a", output_per_day=30), clinker("b", output_per_day=50), clinker("c", output_per_day=40)])
    assert asked.output[0].tolist() == [0, 1, 1]  # 50 is not half of 120, 90 is
    assert asked.whole[0].tolist() == [0, 1, 1]


def test_a_share_met_exactly_stops_no_further_line():
    asked = shares([clinker("a", output_per_day=10), clinker("b", output_per_day=10)])
    assert asked.output[0].tolist() == [1, 0]


def test_equal_lines_stop_the_dirtier_first_and_then_by_id():
    rows = [clinker("b", output_per_day=10), clinker("a", output_per_day=10),
            clinker("c", output_per_day=10, nox_kg_per_day=90)]
    assert shares(rows).output[0].tolist() == [0, 1, 1]


def test_one_line_alone_cuts_its_load_and_so_does_one_that_cannot_stop():
    assert shares([clinker("a")]).output[0].tolist() == [0.5]
    asked = shares([clinker("a"), clinker("b", min_load=0.3), clinker("c", output_per_day=100)])
    assert asked.output[0].tolist() == [1, 0.5, 0]
    assert asked.whole[0].tolist() == [1, -1, 0]


def test_lines_with_an_own_plan_or_another_unit_are_counted_apart():
    asked = shares([clinker("a", yellow_cut=0.1), clinker("b"), clinker("c", output_unit="m3")])
    assert asked.output[0].tolist() == [0.1, 0.5, 0.5]


def test_the_safe_least_load_bounds_every_cut():
    asked = shares([line("L", industry="cement", process="clinker", grade="D", min_load=0.4),
                    line("M", orange_cut=0.9, min_load=0.4)], Choice(rulebook.policy("guide-2020")))
    assert asked.output[:, 0] == pytest.approx([0.6, 0.6, 0.6])
    assert asked.output[1, 1] == pytest.approx(0.6)


def test_an_override_replaces_a_share_and_rests_on_an_assumption():
    choice = Choice(GUIDE.policy, {}, (Override(0.4, Level.orange, "cement", "*", "B"),))
    asked = shares([line("L", industry="cement", process="clinker", grade="B")], choice)
    assert asked.output[:, 0].tolist() == [0, 0.4, 1]
    assert asked.assumed[:, 0].tolist() == [False, True, False]
    assert asked.rows[asked.row[1, 0]].kind is Kind.LOAD


def test_an_override_that_meets_nothing_is_told():
    findings = Findings()
    choice = Choice(GUIDE.policy, {}, (Override(0.4, Level.orange, "glass"),))
    ask(population([line("L")]), choice, findings)
    assert [f.code for f in findings.doubts] == ["grading.override_unused"]


def test_a_rule_that_cuts_heating_is_an_error():
    findings = Findings()
    choice = Choice(GUIDE.policy, {}, (Override(0.4, Level.orange, control="heating"),))
    ask(population([line("L", industry="heat-supply", grade="ungraded", control="heating")]), choice, findings)
    assert [f.code for f in findings.errors] == ["grading.cuts_protected"]


def test_uniform_asks_the_same_of_every_grade_and_nothing_of_the_protected():
    choice = Choice(rulebook.policy("uniform"), {"yellow": 0.2, "orange": 0.3, "red": 0.5})
    asked = shares([line("a", grade="A"), line("d", grade="D"), line("n", control="non-compliant"),
                    line("h", industry="heat-supply", grade="ungraded", control="heating")], choice)
    assert asked.output.T.tolist() == [[0.2, 0.3, 0.5]] * 3 + [[0, 0, 0]]
    assert asked.assumed[:, :3].all()


def test_a_case_that_no_row_covers_prints_the_missing_row():
    head = GUIDE.policy.head
    rows = {key: row for key, row in GUIDE.policy.rows.items() if key[1] != "lime"}
    findings = Findings()
    ask(population([line("L", industry="lime", grade="C")]), Choice(type(GUIDE.policy)(head, rows)), findings)
    said = [f.text("en") for f in findings.errors]
    assert len(said) == 3
    assert "control=normal, industry=lime, process=*, grade=C, level=yellow" in said[0]


def test_a_missing_row_is_no_error_where_every_such_line_has_an_own_plan():
    rows = {key: row for key, row in GUIDE.policy.rows.items() if key[1] != "lime"}
    own = {f"{level.name}_cut": 0.1 for level in ASKING_LEVELS}
    asked = shares([line("L", industry="lime", grade="C", **own)], Choice(type(GUIDE.policy)(GUIDE.policy.head, rows)))
    assert asked.output[:, 0].tolist() == [0.1, 0.1, 0.1]


def test_a_row_may_give_a_pollutant_a_share_of_its_own():
    row = RuleRow("normal", "coking", "*", "B", Level.orange, Kind.LOAD, 0.4, None, "", Basis.TEXT, "x", "none",
                  {"so2": 0.1, "nox": 0.2})
    rows = {**GUIDE.policy.rows, ("normal", "coking", "*", "B", Level.orange): row}
    asked = shares([line("L"), line("M", min_load=0.8)], Choice(type(GUIDE.policy)(GUIDE.policy.head, rows)))
    assert asked.share_of(Pollutant.SO2)[1].tolist() == pytest.approx([0.1, 0.05])  # the least load halves the cut
    assert asked.share_of(Pollutant.NOX)[1].tolist() == pytest.approx([0.2, 0.1])
    assert asked.share_of(Pollutant.PM)[1].tolist() == pytest.approx([0.4, 0.2])


# ---------------------------------------------------------------- a second, plain reading


ROWS = records("grading/guide-2020/rows.csv")
BASIS = ["text", "reading", "assumed"]
NORMAL_H = {(r["industry"], r["process"]): r for r in records("processes.csv") if r["normal_coking_h"]}
OUT = ("livelihood", "heating", "service", "exempt", "long-closed")


def plain_row(control, industry, process, grade, level):
    """(share, kind, basis) of a line by the text of section 5 and the head of the policy, found by plain search."""
    def direct(of_control, of_grade):
        best = None
        for row in ROWS:
            if row["control"] != of_control or row["level"] not in (level, "*"):
                continue
            if row["industry"] not in (industry, "*") or row["process"] not in (process or "*", "*"):
                continue
            if row["grade"] not in (of_grade, "*"):
                continue
            rank = (row["industry"] != "*", row["process"] not in ("*",) or not process, row["grade"] != "*")
            if best is None or rank > best[0]:
                best = (rank, row)
        if best is None:
            return None
        row, basis = best[1], best[1]["basis"]
        if row["kind"] == "coking_time":
            oven = NORMAL_H.get((industry, process)) or NORMAL_H[industry, "*"]
            share = max(0.0, 1 - float(oven["normal_coking_h"]) / float(row["coking_h"]))
            return share, row["kind"], max(basis, oven["basis"], key=BASIS.index)
        return float(row["share"]), row["kind"], basis

    def strictest():
        best = None
        for g in scale_of(industry, process):
            found = plain_row("normal", industry, process, g, level) if g != "ungraded" else None
            if found and (best is None or found[0] >= best[0]):  # of equal ones the worst grade's
                best = found
        return best

    if control == "non-compliant":
        share, kind, basis = strictest()
        return share, kind, max(basis, "reading", key=BASIS.index)
    found = direct(control, grade)
    if found is None and grade in ("A+", "B-"):
        share, kind, basis = direct(control, {"A+": "A", "B-": "B"}[grade])
        found = share, kind, max(basis, {"A+": "reading", "B-": "assumed"}[grade], key=BASIS.index)
    if found is None and grade == "ungraded":
        share, kind, basis = strictest()
        found = share, kind, max(basis, "reading", key=BASIS.index)
    return found


def plain_shares(rows):
    """Shares by line and level, line by line and group by group."""
    result = {}
    for level in ("yellow", "orange", "red"):
        asked, counted = {}, {}
        for row in rows:
            share, kind, basis = plain_row(row["control"] or "normal", row["industry"], row["process"], row["grade"], level)
            own = row.get(f"{level}_cut", "")
            if own != "":
                share, kind, basis = float(own), "own", "text"
            asked[row["line_id"]] = [share, basis == "assumed"]
            if kind == "lines" and row["min_load"] == 0 and (row["control"] or "normal") not in OUT:
                key = (row["enterprise_id"], row["process"], row["output_unit"])
                counted.setdefault(key, []).append(row)
        for group in counted.values():
            if len(group) == 1:
                continue
            wanted = max(asked[row["line_id"]][0] for row in group)
            total, stopped = sum(row["output_per_day"] for row in group), 0.0
            kg = {row["line_id"]: sum(row[f"{p}_kg_per_day"] for p in ("so2", "nox", "pm", "voc")) for row in group}
            for row in sorted(group, key=lambda r: (-r["output_per_day"], -kg[r["line_id"]], r["line_id"])):
                stop = not stopped >= wanted * total - 1e-9 * total
                asked[row["line_id"]][0] = 1.0 if stop else 0.0
                stopped += row["output_per_day"] if stop else 0
        for row in rows:
            share, assumed = asked[row["line_id"]]
            result[row["line_id"], level] = (min(share, 1 - row["min_load"]), assumed)
    return result


@st.composite
def lists(draw):
    """Lists over all industries, processes, grades and classes that may stand together."""
    rows = []
    for firm in range(draw(st.integers(1, 4))):
        industry = draw(st.sampled_from(sorted(industries())))
        known = ["", *(key for of, key in processes() if of == industry and key != "*")]
        grade_seed = draw(st.integers(0, 50))
        control = draw(st.sampled_from(["", "", "", "", *(c.value for c in Control)]))
        for number in range(draw(st.integers(1, 4))):
            process = draw(st.sampled_from(known))
            scale = scale_of(industry, process)
            row = line(f"L{firm}-{number}", enterprise_id=f"E{firm}", enterprise=f"W{firm}", industry=industry,
                       grade=scale[grade_seed % len(scale)], control=control, process=process,
                       output_per_day=draw(st.sampled_from([10, 20, 20, 35.5])),
                       nox_kg_per_day=draw(st.sampled_from([1, 1, 5])),
                       min_load=draw(st.sampled_from([0, 0, 0, 0.3, 0.7])),
                       output_unit=draw(st.sampled_from(["t", "t", "m3"])))
            if control not in ("heating", "service") and draw(st.booleans()):
                row["orange_cut"] = draw(st.sampled_from([0, 0.25, 1]))
            rows.append(row)
    return rows


@settings(max_examples=200)
@given(lists())
def test_shares_equal_those_of_a_plain_reading(rows):
    asked = shares(rows)
    expected = plain_shares(rows)
    for at, level in enumerate(("yellow", "orange", "red")):
        for n, row in enumerate(rows):
            share, assumed = expected[row["line_id"], level]
            assert asked.output[at, n] == pytest.approx(share, abs=1e-12), (row, level)
            assert bool(asked.assumed[at, n]) == assumed, (row, level)
