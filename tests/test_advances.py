"""Earlier, higher, oftener: the two advances of Taiyuan, pre-adjustment on condition, and several issues a day."""

import pandas as pd
import pytest
from worlds import line, write_world

import sim
from sim import api, experiment
from sim.vocab import Level

ONE = [80] * 5 + [230] * 3 + [80] * 12
TWO = [80] * 5 + [230] * 3 + [80] * 2 + [230] * 3 + [80] * 7
SLOW = [line("slow", ramp_down_h=6, orange_cut=0.5), line("fast", orange_cut=0.5)]


# ---------------------------------------------------------------- pre-adjustment when several episodes are foreseen


def hours_lost(folder, index, **response):
    scenario = write_world(folder, index, SLOW, forecast={"horizon_days": 10}, response={"preadjust": True} | response)
    return api.run(experiment.load(scenario)).lines.set_index("line_id")["full_load_hours_lost"].to_dict()


def test_one_episode_ahead_is_not_enough_where_two_are_asked_for(tmp_path):
    # half the load for 72 h; the way down takes 6 h and loses 1.5 h, ahead of the hour (37.5) or from it on (34.5)
    assert hours_lost(tmp_path, ONE) == {"slow": pytest.approx(37.5), "fast": 36}
    assert hours_lost(tmp_path, ONE, preadjust_episodes=2) == {"slow": pytest.approx(34.5), "fast": 36}


def test_the_issue_that_foresees_two_starts_its_slow_lines_ahead_and_the_next_one_does_not(tmp_path):
    assert hours_lost(tmp_path, TWO, preadjust_episodes=2)["slow"] == pytest.approx(37.5 + 34.5)
    assert hours_lost(tmp_path, TWO, preadjust_episodes=1)["slow"] == pytest.approx(37.5 + 37.5)
    assert hours_lost(tmp_path, TWO, preadjust_episodes=3)["slow"] == pytest.approx(34.5 + 34.5)


def test_only_episodes_of_the_level_named_count(tmp_path):
    yellow_next = [230 if index > 200 and day < 12 else 80 for day, index in enumerate(TWO)]  # two days: yellow
    two = {"preadjust_episodes": 2}
    assert hours_lost(tmp_path, yellow_next, **two, preadjust_level="orange")["slow"] == pytest.approx(34.5)
    assert hours_lost(tmp_path, yellow_next, **two, preadjust_level="yellow")["slow"] == pytest.approx(37.5)
    assert hours_lost(tmp_path, TWO, **two, preadjust_level="red")["slow"] == pytest.approx(34.5 + 34.5)


# ---------------------------------------------------------------- several issues a day


def decisions(folder, told_by_day, every, days=14, **response):
    """Decisions under a forecast that on each day tells the days it names as heavy."""
    told = {(day, lead): 230 if day + lead in told_by_day.get(day, ()) else 80
            for day in range(days) for lead in range(1, 8) if day + lead < days}
    path = write_world(folder, [80] * days, told=told, response=response,
                       forecast={"horizon_days": 7, "issue_hour": 16, "every_hours": every})
    (one,) = experiment.run_all(experiment.load(path))
    taken = one.ledger.decisions
    return [(str(k), Level(int(v)).name, int(i), float(e)) for k, v, i, e in zip(
        taken.kind, taken.level, taken.issued, taken.effective, strict=True)]


def test_a_forecast_that_turns_is_answered_twelve_hours_earlier(tmp_path):
    turned = {3: (5, 6, 7)}  # on day 4 nothing heavy is foreseen any more
    assert decisions(tmp_path, turned, 24) == [("issue", "orange", 88, 120.0), ("cancel", "orange", 112, 112.0)]
    # issues at 4, 10, 16 and 22 h: announced at the last of day 3, when S is less than 24 + 6 h away
    assert decisions(tmp_path, turned, 6) == [("issue", "orange", 94, 120.0), ("cancel", "orange", 100, 100.0)]


def test_an_episode_that_comes_sooner_is_answered_twelve_hours_earlier(tmp_path):
    sooner = {3: (6, 7, 8), 4: (5, 6, 7, 8)}
    daily = decisions(tmp_path, sooner, 24, lead_hours=48)
    six_hourly = decisions(tmp_path, sooner, 6, lead_hours=48)
    assert daily[:2] == [("issue", "orange", 88, 144.0), ("advance", "orange", 112, 120.0)]
    assert six_hourly[:2] == [("issue", "orange", 94, 144.0), ("advance", "orange", 100, 120.0)]


def test_all_issues_of_a_day_see_the_same_days(tmp_path):
    made = decisions(tmp_path, {3: (5, 6, 7)}, 1, lead_hours=30)  # due when S is less than 30 + 1 h away
    assert made == [("issue", "orange", 90, 120.0), ("cancel", "orange", 96, 96.0)]  # nothing changes before midnight


# ---------------------------------------------------------------- the two advances on the winter of Yangquan


@pytest.fixture(scope="module")
def advanced():
    """(warnings, summary) of the base run of Yangquan's winter as it is, and two days earlier and one level higher."""
    from conftest import ROOT

    def base(*changes):
        found = sim.run(sim.load(ROOT / "scenarios" / "yangquan-2015-winter.yaml", list(changes)))
        return found.warnings[found.warnings["run"] == "base"], found.summary.set_index("run").loc["base"]

    return base(), base("response.lead_hours=48", "response.escalate=1")


def test_the_two_advances_announce_a_day_earlier_and_come_into_force_at_the_same_hours(advanced):
    before, after = (of.reset_index(drop=True) for of, _ in advanced)
    assert before[["kind", "level", "effective_at"]].equals(after[["kind", "level", "effective_at"]])
    earlier = (pd.to_datetime(before["issued_at"]) - pd.to_datetime(after["issued_at"])).dt.total_seconds() / 3600
    assert earlier[before["kind"] == "issue"].tolist() == [24, 24, 24]
    assert (earlier[before["kind"] != "issue"] == 0).all()


def test_the_two_advances_answer_yellow_as_orange_and_orange_as_red(advanced):
    (_, before), (_, after) = advanced
    hours = ["hours_yellow", "hours_orange", "hours_red"]
    assert before[hours].tolist() == [48, 144, 0]
    assert after[hours].tolist() == [0, 48, 144]
    assert before["warnings_orange"] == after["warnings_orange"] == 2
    more = [round((after[f"avoided_{p}_kg"] - before[f"avoided_{p}_kg"]) / 1000, 1) for p in ("so2", "nox", "pm", "voc")]
    assert more == [14.7, 76.2, 26.0, 6.6]  # tonnes; docs/scenarios/taiyuan-2021.md says so
    assert round((after["curtailed_value_cny"] - before["curtailed_value_cny"]) / 1e6, 1) == 309.3
