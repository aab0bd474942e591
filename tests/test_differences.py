"""The policy diff: which clauses differ, what each moved, and that the parts add up. H2 and H3 of the record."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_twin import index_series
from worlds import line, write_world

import sim
from sim.differences import MOVED
from sim.rulebook import edition
from sim.vocab import Pollutant
from sim.wording import criterion_text

EDITIONS = ["bj2013", "ha2014", "bj2015", "jjj2016", "mep2017", "mee2019", "sd2022draft", "mee2024"]
CUTS = {"yellow_cut": 0.25, "orange_cut": 0.5, "red_cut": 1}
GRADED = [line("L1", industry="cement", process="clinker", grade="A"),
          line("L2", industry="cement", process="clinker", grade="C", ramp_down_h=10),
          line("L3", industry="foundry", grade="D", ramp_up_h=30), line("L4", industry="foundry", control="small-micro")]
UNIFORM = "grading=guide-2020,{policy: uniform, yellow: 0.2, orange: 0.3, red: 0.5}"
FIGURES = [*(f"hours_{level}" for level in ("yellow", "orange", "red")), *(f"avoided_{p}_kg" for p in Pollutant),
           "curtailed_value_cny"]


def adds_up(found):
    """Sums of the differences against the rows of the comparison, for every run that is taken apart."""
    table = found.comparison.set_index("run")
    for run, mine in found.differences.groupby("run", sort=False):
        for figure in FIGURES:
            total = table.loc[run, figure] - table[figure].iloc[0]
            assert mine[figure].sum() == pytest.approx(total, rel=1e-9, abs=1e-6), (run, figure)
    return True


# ---------------------------------------------------------------- what differs, and what it moved


def test_by_hand_each_level_is_credited_with_what_it_moves_on_top_of_those_before(tmp_path):
    """Four days of 210: bj2015 red over four days, jjj2016 yellow. Line: 25, 50, 100 % at yellow, orange, red.

    Orange first: red still holds, nothing moves. Then red: without it neither orange (no day above 300), so yellow.
    """
    index = [100] * 5 + [210] * 4 + [100] * 4
    found = sim.compare(write_world(tmp_path, index, [line("L", **CUTS)]), ["rules=bj2015,jjj2016"])
    table = found.differences.set_index("difference")
    assert table["kind"].tolist() == ["criteria", "criteria"]
    assert table.index.tolist() == ["orange", "red"]
    assert not table.loc["orange", MOVED].astype(float).any()
    red = table.loc["red"]
    assert (red["hours_yellow"], red["hours_orange"], red["hours_red"], red["warning_days"]) == (96, 0, -96, 0)
    assert (red["lines"], red["avoided_nox_kg"], red["curtailed_value_cny"]) == (1, -48 * 4 * 0.75, -72_000)
    assert red["rule_from"] == criterion_text(edition("bj2015").levels["red"].criteria[0], "en")
    assert "of which above 300 for 48 h" in red["rule_to"]
    assert adds_up(found)


def test_by_hand_a_policy_is_taken_apart_by_industry_and_control_class(tmp_path):
    index = [100] * 5 + [210] * 3 + [100] * 4
    found = sim.compare(write_world(tmp_path, index, GRADED), [UNIFORM])
    table = found.differences.set_index("difference")
    assert table.index.tolist() == ["Foundry", "Foundry (small and micro)", "Cement"]  # as in the table of industries
    assert set(table["kind"]) == {"rows"}
    assert not table[["warning_days", "hours_yellow", "hours_orange", "hours_red"]].to_numpy().any()
    lines = found.lines.pivot_table(index="line_id", columns="run", values="curtailed_value_cny", sort=False)
    moved = (lines.iloc[:, 1] - lines.iloc[:, 0])
    assert table["curtailed_value_cny"]["Cement"] == pytest.approx(moved["L1"] + moved["L2"])
    assert "环办大气函〔2020〕340号" in table["clause_from"]["Cement"]
    assert table["rule_to"].str.contains("orange 30%").any()
    assert adds_up(found)


def test_edition_and_policy_differ_together_and_still_add_up(tmp_path):
    index = [100] * 3 + [160] * 3 + [100] * 3 + [210] * 3 + [100] * 2 + [210, 160, 310, 310, 220] + [100] * 3
    found = sim.compare(write_world(tmp_path, index, GRADED), ["rules=mee2019,mee2024,bj2015", UNIFORM])
    kinds = found.differences.groupby("run", sort=False)["kind"].agg(lambda kinds: "".join(dict.fromkeys(k[0] for k in kinds)))
    assert kinds["rules=mee2024, grading=guide-2020"] == "ct"
    assert kinds["rules=mee2019, grading=uniform/0.2/0.3/0.5"] == "r"
    assert kinds["rules=mee2024, grading=uniform/0.2/0.3/0.5"] == "ctr"
    assert kinds["rules=bj2015, grading=uniform/0.2/0.3/0.5"] == "ctmr"
    assert adds_up(found)
    steps = found.differences.groupby("run", sort=False)["step"].agg(list)
    assert all(b - a == 1 for one in steps for a, b in pairwise(one))


@settings(max_examples=12)
@given(st.data())
def test_the_parts_add_up_on_generated_winters(tmp_path_factory, data):
    index = data.draw(index_series(30))
    pair = data.draw(st.lists(st.sampled_from(EDITIONS), min_size=2, max_size=3, unique=True))
    compliance = data.draw(st.sampled_from([1.0, 0.6]))
    path = write_world(tmp_path_factory.mktemp("world"), index, GRADED, grading="guide-2020")
    lowered = data.draw(st.sampled_from(["true", "false"]))
    found = sim.compare(path, [f"rules={','.join(pair)}", UNIFORM],
                        [f"compliance.share={compliance}", f"response.downgrade={lowered}"])
    assert adds_up(found)


def test_half_way_houses_without_any_criterion_have_no_warning(tmp_path):
    """From yellow only to red only: with yellow switched off and red not yet on, nothing warns."""
    path = write_world(tmp_path, [100] * 4 + [210] * 3 + [100] * 4, [line("L", **CUTS)])
    none = "blue: [], yellow: [], orange: [], red: []"
    values = [f"{{{none.replace(f'{level}: []', f'{level}: [{{over: 200, hours: 24}}]')}}}" for level in ("yellow", "red")]
    found = sim.compare(path, [f"criteria={','.join(values)}"])
    assert found.differences[["hours_yellow", "hours_red"]].to_numpy().tolist() == [[-72, 0], [0, 72]]
    assert adds_up(found)


def test_runs_that_differ_elsewhere_are_named_and_not_taken_apart(tmp_path):
    path = write_world(tmp_path, [100] * 4 + [210] * 3 + [100] * 4, GRADED, grading="guide-2020")
    found = sim.compare(path, ["rules=mee2019,mee2024", "response.lead_hours=24,48"])
    assert found.elsewhere == {"rules=mee2019, response.lead_hours=48": ["response"],
                               "rules=mee2024, response.lead_hours=48": ["response"]}
    assert set(found.differences["run"]) == {"rules=mee2024, response.lead_hours=24"}
    assert "response" in sim.report(found, tmp_path / "out").read_text(encoding="utf-8")


def test_equal_runs_have_no_differences(tmp_path):
    path = write_world(tmp_path, [100] * 4 + [210] * 3 + [100] * 4, GRADED, grading="guide-2020",
                       variants={"same": {"title": "another title"}})
    assert sim.compare(path).differences.empty


@pytest.mark.parametrize(("lang", "words"), [("en", "mean above 200 for 72 h"), ("zh", "均值大于200持续72小时")])
def test_clauses_stand_in_the_readers_language(tmp_path, lang, words):
    path = write_world(tmp_path, [100] * 4 + [210] * 3 + [100] * 4, GRADED, grading="guide-2020")
    found = sim.compare(path, ["rules=mee2019,mee2024"], lang=lang)
    assert found.differences["clause_from"].str.contains(words).any()


# ---------------------------------------------------------------- H2: the unified grading of 2016


def test_h2_the_grading_of_2016_raises_beijings_bar_for_orange_and_red(tmp_path):
    """Three days and four days of heavy pollution, none above 300: orange and red of 2015, yellow of 2016."""
    index = [100] * 3 + [230] * 3 + [100] * 3 + [250] * 4 + [100] * 3
    found = sim.compare(write_world(tmp_path, index, [line("L", **CUTS)]), ["rules=bj2015,jjj2016"])
    before, after = found.comparison.to_dict("records")
    assert (before["warnings_orange"], before["warnings_red"]) == (1, 1)
    assert (after["warnings_orange"], after["warnings_red"], after["warnings_yellow"]) == (0, 0, 2)
    moved = found.differences.set_index("difference")
    assert moved["hours_orange"].sum() == -72 and moved["hours_red"].sum() == -96
    assert moved["curtailed_value_cny"].sum() < 0
    assert adds_up(found)


def test_h2_the_same_grading_tightens_hebeis(tmp_path):
    """Hebei before 2016: red only for a day above 500 (other levels not known, so those of 2016 stand in)."""
    index = [100] * 3 + [230, 320, 340, 260] + [100] * 3 + [500] + [100] * 3
    path = write_world(tmp_path, index, [line("L", **CUTS)], rules="jjj2016",
                       criteria={"red": [{"over": 500, "hours": 24}]}, variants={"unified": {"criteria.red": [
                           {"over": 200, "hours": 96, "within_over": 300, "within_hours": 48}, {"reaches": 500, "hours": 24}]}})
    found = sim.compare(path)
    before, after = found.comparison.to_dict("records")
    assert (before["warnings_red"], after["warnings_red"]) == (0, 2)
    (red,) = found.differences.to_dict("records")
    assert (red["kind"], red["hours_red"]) == ("criteria", 96 + 24)
    assert (red["hours_orange"], red["curtailed_value_cny"] > 0) == (-96, True)
    assert "above 500 for 24 h" in red["rule_from"]


# ---------------------------------------------------------------- H3: two episodes of 2015 in Beijing


START = date(2015, 11, 24)
LIKE_2015 = [90, 80, 120, 150, 190, 260, 350, 450, 80, 70, 60, 110, 150, 230, 270, 290, 210, 90, 80]
"""24 November to 12 December, written by hand after the record: a heavy run of three days, 29 November to 1 December, with
two days above 300 and no daily mean of 500 (single hours passed it); 7 to 10 December heavy, never above 300."""
RULES = ("bj2013", "bj2015", "jjj2016")


def three_days_ahead(index):
    """Forecasts that show heavy days three days ahead, and 150 beyond."""
    return {(day, lead): index[day + lead] if lead <= 3 else min(150, index[day + lead])
            for day in range(len(index)) for lead in range(1, 8) if day + lead < len(index)}


def replay(folder, index):
    path = write_world(folder, index, told=three_days_ahead(index), start=START)
    found = sim.compare(path, [f"rules={','.join(RULES)}"])
    return found, {rules: found.days[found.days["run"] == f"rules={rules}"].set_index("date")["warning_level"]
                   for rules in RULES}


def test_h3_a_run_of_three_days_stays_orange_however_high_and_four_days_below_300_go_red(tmp_path):
    """Reproduced under the rules then in force (bj2015): 30 November and 1 December stay orange, although far above 300;
    8 to 10 December go from orange to red with every day below 300, as the forecast grows to a fourth day.
    Not reproduced: the hours. On the record red begins 8 December 07:00 and ends 10 December 12:00; decisions are of
    16:00 here, so it begins on the 7th at 20:00 and ends at midnight after the 10th.
    """
    found, days = replay(tmp_path, LIKE_2015)
    for rules in RULES:  # three days with one above 300 are orange in all three
        assert days[rules][["2015-11-30", "2015-12-01"]].tolist() == ["orange", "orange"]
    assert days["bj2015"]["2015-12-08":"2015-12-10"].tolist() == ["red"] * 3
    for rules in ("bj2013", "jjj2016"):  # neither has an orange or a red without a day above 300
        assert set(days[rules]["2015-12-07":"2015-12-10"]) <= {"blue", "yellow"}
    mine = found.warnings[(found.warnings["run"] == "rules=bj2015") & (found.warnings["issued_at"] > "2015-12-04")]
    assert mine[["kind", "level", "effective_at"]].to_numpy().tolist() == [
        ["issue", "yellow", "2015-12-07T00:00"], ["upgrade", "orange", "2015-12-07T00:00"],
        ["upgrade", "red", "2015-12-07T20:00"], ["lift", "red", "2015-12-11T00:00"]]


def test_h3_what_a_fourth_day_or_a_daily_mean_of_500_would_have_changed(tmp_path):
    """A fourth heavy day makes red of November in bj2015 and jjj2016, not in bj2013; a mean of 500 in jjj2016 alone."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    _, longer = replay(tmp_path / "a", [*LIKE_2015[:4], 230, *LIKE_2015[5:]])
    assert [longer[rules]["2015-12-01"] for rules in RULES] == ["orange", "red", "red"]
    _, higher = replay(tmp_path / "b", [*LIKE_2015[:7], 500, *LIKE_2015[8:]])
    assert [higher[rules]["2015-12-01"] for rules in RULES] == ["orange", "orange", "red"]
