"""Seasons and dated events: what the calendar holds back, never counted twice with a warning."""

from datetime import date

import pytest
import twin
from hypothesis import given, settings
from hypothesis import strategies as st
from test_twin import engine_run, plain_worlds
from worlds import line, write_world

from sim import api, experiment
from sim.errors import InputError
from sim.rulebook import citations
from sim.seasons import season, season_names

HEAVY = [80] * 5 + [230] * 3 + [80] * 12  # an orange warning on days 5 to 7: 72 hours from 2019-11-06


def results(folder, rows, index=HEAVY, **keys):
    return api.run(experiment.load(write_world(folder, index, rows, **keys)))


def test_every_row_of_a_season_has_a_citation_and_a_share():
    for name in season_names():
        for row in season(name).rows:
            assert row.cite in citations()
            assert 0 < row.share <= 1


def test_the_clinker_kilns_of_jincheng_stop_on_131_days():
    rows = season("jincheng-2021").rows
    days = [date.fromordinal(day) for day in range(date(2021, 10, 1).toordinal(), date(2022, 3, 31).toordinal() + 1)]
    assert sum(any(row.holds_on(day) for row in rows) for day in days) == 131


def test_a_line_stopped_for_the_season_saves_nothing_in_a_warning_and_appears_with_the_season(tmp_path):
    rows = [line("D", grade="D"), line("B", grade="B")]
    found = results(tmp_path, rows, grading="zezhou-2020", seasons="zezhou-2020")
    lines = found.lines.set_index("line_id")
    assert lines.loc["D", "full_load_hours_lost"] == 0
    assert lines.loc["D", "seasonal_hours_lost"] == 20 * 24
    assert lines.loc["B", "full_load_hours_lost"] == pytest.approx(72 * 0.4)
    assert lines.loc["B", "seasonal_hours_lost"] == 0
    totals = found.totals[(found.totals["pollutant"] == "so2")].set_index("grade")
    assert totals.loc["D", "baseline_kg"] == 0
    assert totals.loc["D", "seasonal_kg"] == 24 * 20
    assert totals.loc["B", "avoided_kg"] == pytest.approx(72 / 24 * 24 * 0.4)
    (row,) = found.seasons.to_dict("records")
    assert (row["season"], row["lines"], row["seasonal_so2_kg"], row["basis"]) == ("zezhou-2020", 1, 24 * 20, "reading")
    assert not (found.orders["line_id"] == "D").any()


def test_a_half_season_leaves_half_of_what_a_warning_saves(tmp_path):
    rows = [line("C", grade="C", industry="coking", orange_cut=0.3, red_cut=0.3)]
    full = results(tmp_path, rows).lines
    half = results(tmp_path, rows, seasons="taiyuan-2021").lines
    assert half["avoided_nox_kg"][0] == pytest.approx(full["avoided_nox_kg"][0] / 2)
    assert half["full_load_hours_lost"][0] == pytest.approx(72 * 0.3 / 2)


def test_season_and_warning_together_never_go_below_the_safe_least_load(tmp_path):
    rows = [line("C", grade="C", industry="coking", orange_cut=1, red_cut=1, min_load=0.4)]
    (row,) = results(tmp_path, rows, seasons="taiyuan-2021").lines.to_dict("records")
    assert row["seasonal_hours_lost"] == pytest.approx(20 * 24 * 0.5)
    assert row["full_load_hours_lost"] == pytest.approx(72 * (0.5 - 0.4))  # from half load down to 40 %
    (stopped,) = results(tmp_path, [rows[0] | {"grade": "D"}], seasons="taiyuan-2021").lines.to_dict("records")
    assert stopped["seasonal_hours_lost"] == pytest.approx(20 * 24 * 0.6)
    assert stopped["full_load_hours_lost"] == 0


def test_small_cupolas_stop_on_the_first_of_november(tmp_path):
    rows = [line("S", industry="foundry", process="cupola-small", grade="B"),
            line("L", industry="foundry", process="\u51b2\u5929\u7089", grade="B")]
    found = results(tmp_path, rows, index=[80] * 4, start=date(2019, 10, 30), seasons="taiyuan-2021")
    assert found.lines.set_index("line_id")["seasonal_hours_lost"].to_dict() == {"S": 48, "L": 0}


def test_fraud_drops_a_firm_to_the_lowest_grade_and_so_into_the_season(tmp_path):
    rows = [line("A", grade="A", enterprise_id="E1"), line("B", grade="B")]
    found = results(tmp_path, rows, grading="zezhou-2020", seasons="zezhou-2020",
                    events=[{"date": "2019-11-08", "event": "fraud", "enterprise": "E1"}])
    a = found.lines.set_index("line_id").loc["A"]
    assert a["seasonal_hours_lost"] == 13 * 24  # stopped from 8 November, the eighth of twenty days
    assert a["full_load_hours_lost"] == 0  # autonomous before, stopped after
    assert set(found.totals["grade"]) == {"A", "B", "D"}


def test_a_grade_that_changes_under_a_warning_changes_what_is_asked_from_that_midnight(tmp_path):
    found = results(tmp_path, [line("C", grade="A", enterprise_id="E1")], grading="zezhou-2020",
                    events=[{"date": "2019-11-07", "event": "grade", "enterprise": "E1", "to": "C"}])
    assert found.lines["full_load_hours_lost"][0] == pytest.approx(48 * 0.4)
    assert found.orders[["from", "to", "share"]].values.tolist() == [
        ["2019-11-06T00:00", "2019-11-07T00:00", 0.0], ["2019-11-07T00:00", "2019-11-09T00:00", 0.4]]


def test_a_closed_line_emits_nothing_from_its_day_and_a_new_one_nothing_before(tmp_path):
    rows = [line("old", orange_cut=1), line("new", orange_cut=1)]
    found = results(tmp_path, rows, events=[{"date": "2019-11-07", "event": "closes", "line": "old"},
                                            {"date": "2019-11-08", "event": "opens", "line": "new"}])
    lines = found.lines.set_index("line_id")["full_load_hours_lost"]
    assert lines.to_dict() == {"old": 24, "new": 24}
    so2 = found.totals[found.totals["pollutant"] == "so2"]
    assert so2["baseline_kg"].sum() == 24 * 6 + 24 * 13
    assert so2["seasonal_kg"].sum() == 0


def test_the_upgrade_drive_draws_the_same_firms_whoever_else_is_listed(tmp_path):
    rows = [line(f"L{n}", grade="B", enterprise_id=f"E{n}") for n in range(200)]
    drive = [{"date": "2019-11-02", "event": "upgrade", "grade": "B", "share": 0.3}]

    def upgraded(listed):
        world = experiment.load(write_world(tmp_path, HEAVY, listed, grading="zezhou-2020", events=drive)).worlds[0]
        people = world.phases[-1].people
        return {name for name, grade in zip(people.line_id, people.grade, strict=True) if grade == 1}

    all_ = upgraded(rows)
    assert 40 <= len(all_) <= 80  # 60 expected of 200, standard deviation 6.5
    assert upgraded(rows[:100]) == {name for name in all_ if int(name[1:]) < 100}


@pytest.mark.parametrize(("event", "words"), [
    ({"event": "fraud", "enterprise": "nobody"}, ["events.0", "nobody", "no line"]),
    ({"event": "grade", "line": "L1"}, ["events.0", "`to`"]),
    ({"event": "grade", "line": "L1", "to": "leading"}, ["events.0.to", "leading", "scale"]),
    ({"event": "closes"}, ["events.0", "one enterprise or one line"]),
    ({"event": "upgrade", "share": 0.1, "industry": "alchemy"}, ["events.0.industry", "alchemy"]),
    ({"event": "closes", "line": "L1", "city": "elsewhere"}, ["events.0.city", "elsewhere"]),
    ({"event": "burns", "line": "L1"}, ["events.0.event", "burns"]),
])
def test_events_that_cannot_be_are_told(tmp_path, event, words):
    path = write_world(tmp_path, HEAVY, [line()], events=[{"date": "2019-11-05"} | event])
    with pytest.raises(InputError) as told:
        experiment.load(path)
    assert [word for word in words if word not in str(told.value)] == [], str(told.value)
    assert "scenario.yaml:" in str(told.value)


def test_an_unknown_season_is_told(tmp_path):
    with pytest.raises(InputError, match="no such season"):
        experiment.load(write_world(tmp_path, HEAVY, [line()], seasons="summer"))


@settings(max_examples=60)
@given(plain_worlds().filter(lambda world: any(world["criteria"].values())), st.booleans())
def test_hours_lost_beside_a_season_equal_those_of_the_twin(world, other):
    """Grades D and C of refractories under the winter of Jinzhong: all of D, half of C, from 1 November (the first day)."""
    import tempfile

    world["forecast"] = lambda day, lead: world["told"][day, lead]
    share = 0.5 if other else 1.0
    for ln in world["lines"]:
        ln["season"] = lambda _: share
    with tempfile.TemporaryDirectory() as folder:
        run = engine_run(world, folder, rows_as={"industry": "refractories", "grade": "C" if other else "D"},
                         seasons="jinzhong-2020")
    expected = [twin.hours_lost(ln, twin.decisions_of(world), world) for ln in world["lines"]]
    assert run.accounts[0].hours_lost == pytest.approx(expected, abs=1e-9, rel=0)


@settings(max_examples=60)
@given(plain_worlds().filter(lambda world: any(world["criteria"].values())), st.integers(1, 11))
def test_hours_lost_when_a_season_begins_under_way_equal_those_of_the_twin(world, opens):
    """A line that closes is a season of its own: everything from its day on."""
    import tempfile

    world["forecast"] = lambda day, lead: world["told"][day, lead]
    world["lines"] = [ln | {"min_load": 0} for ln in world["lines"]]
    for ln in world["lines"]:
        ln["season"] = lambda day: 1.0 if day >= opens else 0.0
    with tempfile.TemporaryDirectory() as folder:
        run = engine_run(world, folder, events=[{"date": date(2019, 11, 1 + opens), "event": "closes", "line": f"L{n}"}
                                                for n in range(len(world["lines"]))])
    expected = [twin.hours_lost(ln, twin.decisions_of(world), world) for ln in world["lines"]]
    assert run.accounts[0].hours_lost == pytest.approx(expected, abs=1e-9, rel=0)
