"""Decisions on an ensemble: median, mean, share of members; hand-made cases and linked areas."""

import tempfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_linkage import is_as_the_twin_says, linked_run, linked_worlds
from worlds import line, write_world

import sim
from sim import experiment, explain
from sim.episodes import Outlook
from sim.settings import Forecast
from sim.vocab import Level
from sim.weather import Shown, Weather

DAYS, HORIZON = 12, 7
CLEAN, HEAVY = 80, 230


def told_of(*members):
    """A forecast file's members: each says the same at every issue, heavy on the days given."""
    return [{(day, lead): HEAVY if day + lead in heavy else CLEAN for day in range(DAYS) for lead in range(1, HORIZON + 1)
             if day + lead < DAYS} for heavy in members]


def results_of(folder, members, **forecast):
    observed = [HEAVY if day in (6, 7) else CLEAN for day in range(DAYS)]
    return sim.run(experiment.load(write_world(folder, observed, [line()], told_of(*members), forecast=forecast)))


def made(results):
    return [(row.member, row.kind, row.level, row.issued_at[5:13], row.effective_at[5:13])
            for row in results.warnings.itertuples()]


EARLY, LATE, NONE = (5, 6, 7), (6, 7), ()


def test_each_member_is_an_office_of_its_own_by_default(tmp_path):
    results = results_of(tmp_path, [EARLY, LATE, NONE])
    assert results.summary["member"].tolist() == ["0", "1", "2"]
    assert {row[0] for row in made(results)} == {"0", "1"}


@pytest.mark.parametrize(("probability", "expected"), [
    # one of three suffices: the earliest member's day 5 (6 Nov), three days above 200 are orange
    (0.3, [("0", "issue", "orange", "11-04T16", "11-06T00"), ("0", "lift", "orange", "11-08T16", "11-09T00")]),
    # two of three: two members have begun by day 6 (7 Nov)
    (0.6, [("0", "issue", "yellow", "11-05T16", "11-07T00"), ("0", "lift", "yellow", "11-08T16", "11-09T00")]),
    # all three: the third sees nothing
    (0.7, [])])
def test_a_warning_needs_its_share_of_members(tmp_path, probability, expected):
    """Yellow wants 48 h above 200, orange 72 h: days 5 to 7 are orange, days 6 and 7 yellow."""
    assert made(results_of(tmp_path, [EARLY, LATE, NONE], decide_on="probability", probability=probability)) == expected


def test_the_level_is_the_highest_that_enough_members_reach(tmp_path):
    (tmp_path / "a").mkdir()
    levels = {share: {row[2] for row in made(results_of(tmp_path / "a", [(6, 7, 8, 9), (6, 7, 8, 9), (6, 7), (6, 7)],
                                                        decide_on="probability", probability=share))} for share in (0.5, 0.75)}
    assert levels[0.5] == {"orange"}
    assert levels[0.75] == {"yellow"}


def test_a_warning_is_lifted_when_too_few_members_still_see_a_bad_day(tmp_path):
    """One member of three sees bad days on to day 9: with a third it holds the warning, with two thirds it does not."""
    members = [(6, 7), (6, 7), (6, 7, 8, 9)]
    for name, share, lifted in (("a", 0.3, "11-10T16"), ("b", 0.6, "11-08T16")):
        (tmp_path / name).mkdir()
        got = made(results_of(tmp_path / name, members, decide_on="probability", probability=share))
        assert [row[3] for row in got if row[1] == "lift"] == [lifted]


def test_reasons_say_how_many_forecasts_see_it_and_at_a_lift_how_many_do_not(tmp_path):
    """With two thirds the warning is lifted on 8 November though the third member sees bad days on."""
    results = results_of(tmp_path, [(6, 7), (6, 7), (6, 7, 8, 9)], decide_on="probability", probability=0.6)
    reasons = results.warnings.set_index("kind")["reason"]
    assert "seen by at least 2 of 3 forecasts" in reasons["issue"]
    assert reasons["lift"] == "fewer than 2 of 3 forecasts have a day above 200 among the next 2"


def test_a_share_that_nothing_is_decided_by_is_pointed_out(tmp_path):
    path = write_world(tmp_path, [100] * 10, forecast={"source": "synthetic", "members": 3, "probability": 0.3})
    assert any(doubt.code == "forecast.no_share" for doubt in sim.load(path).doubts)
    assert not any(doubt.code == "forecast.no_share" for doubt in sim.load(path, "forecast.decide_on=probability").doubts)


@pytest.mark.parametrize(("how", "warned"), [("median", True), ("mean", False)])
def test_median_and_mean_are_taken_day_by_day(tmp_path, how, warned):
    """Two members of three say 230, the third 80: the median is 230, the mean 180, below the 200 that yellow wants."""
    results = results_of(tmp_path, [LATE, LATE, NONE], decide_on=how)
    assert results.scenario.worlds[0].issue(4)[:, 0].tolist()[:3] == ([80, 230, 230] if how == "median" else [80, 180, 180])
    assert [row[1] for row in made(results)] == (["issue", "lift"] if warned else [])


@pytest.mark.parametrize(("share", "members", "count"), [
    (0.07, 100, 7), (1 / 3, 3, 1), (0.34, 3, 2), (1, 5, 5), (0.001, 20, 1)])
def test_the_share_of_members_is_counted_whole(share, members, count):
    given = Forecast(source="synthetic", members=members, decide_on="probability", probability=share)
    own = np.full((3, 1, 1), 100.0)
    assert Weather(own, own, None, given, ("c",), np.array([0]), 1).shown().count == count


def test_columns_are_laid_out_by_member_forecast_and_area():
    given = Forecast(source="synthetic", members=3, decide_on="probability")
    own = np.full((3, 2, 2), 100.0)
    shown = Weather(own, own, None, given, ("a", "b"), np.array([0, 1, 0]), 1).shown()
    assert shown.issue.column.reshape(2, 3, 3)[1, 2].tolist() == [10, 11, 10]
    assert shown.decides.reshape(2, 3, 3)[1, 2].tolist() == [3, 4, 5]


def test_members_made_in_blocks_are_the_members_made_together():
    given = Forecast(source="synthetic", members=7)
    own = np.random.default_rng(3).uniform(50, 300, (40, 1, 2))
    weather = Weather(own, own, None, given, ("a", "b"), np.array([0, 1]), 1)
    whole, part = weather.shown(), weather.shown(3, 6)
    assert part.members == ("3", "4", "5")
    for day in range(40):
        assert (whole.issue(day)[:, 6:12] == part.issue(day)).all()


def test_each_area_is_shared_among_its_own_forecasts():
    """Two members, three forecasts behind each, two areas: columns are member x forecast x area. Two of three must show it."""
    level = np.array([[[4, 0], [3, 0], [0, 2]], [[0, 2], [0, 2], [0, 4]]]).ravel()
    start = np.where(level > 0, np.arange(12), -1)
    none = np.zeros(12, int)
    outlook = Outlook(level, start, start, none, none, level > 3, level > 2, {Level.red: level > 1})
    seen = Shown(("0", "1"), 2, 3, 2, np.zeros((1, 4)), np.zeros((1, 4)), None, np.zeros(12, int)).share(outlook)
    assert seen.level.tolist() == [3, 0, 0, 2]
    assert seen.start.tolist() == [2, -1, -1, 9]
    assert seen.hold_over.tolist() == [True, False, False, False]
    assert seen.running[Level.red].tolist() == [True, False, False, True]


def test_explain_shows_the_days_as_the_share_sees_them(tmp_path):
    results = results_of(tmp_path, [EARLY, LATE, NONE], decide_on="probability", probability=0.6)
    (run_,) = results.runs
    assert run_.world.ahead(3, 0).tolist() == [80, 80, 230, 230, 80, 80, 80]
    told = explain.explain(run_, 0, run_.world.calendar.date_of(6))
    assert any("230" in said for step in told.steps for said in step.says)


def test_one_member_read_as_an_ensemble_is_that_member(tmp_path):
    plain = made(results_of(tmp_path, [EARLY]))
    for how in ("median", "mean", "probability"):
        assert made(results_of(tmp_path, [EARLY], decide_on=how)) == plain


@settings(max_examples=60)
@given(linked_worlds(), st.sampled_from(["median", "mean", "probability"]), st.sampled_from([0.3, 0.5, 0.8]),
       st.randoms(use_true_random=False))
def test_linked_areas_with_ensembles_equal_those_of_the_twin(linked, how, share, chance):
    for world in linked[0]:
        world["told"] = [{at: chance.choice([60, 151, 201, 301]) if chance.random() < 0.3 else index
                          for at, index in world["told"].items()} for _ in range(3)]
        world |= {"ensemble": [lambda day, lead, told=one: told[day, lead] for one in world["told"]],
                  "decide_on": how, "probability": share}
    with tempfile.TemporaryDirectory() as folder:
        is_as_the_twin_says(linked_run(folder, linked, decide_on=how, probability=share), linked)


def test_leads_that_no_score_covers_are_told(tmp_path):
    def doubts(*keys):
        return {d.code for d in experiment.load(write_world(tmp_path, [100] * 12), keys).doubts}

    assert "forecast.untested" in doubts("forecast.source=synthetic")
    assert "forecast.untested" not in doubts("forecast.source=synthetic", "forecast.horizon_days=4")
    assert "forecast.untested" in doubts("forecast.source=synthetic", "forecast.horizon_days=4", "forecast.skill=raw_model")
    assert "forecast.untested" not in doubts("forecast.source=synthetic", "forecast.skill=perfect")


def test_dotted_keys_reach_the_skill_whether_named_or_not(tmp_path):
    def skill(*keys):
        return experiment.load(write_world(tmp_path, [100] * 12), ["forecast.source=synthetic", *keys]) \
            .worlds[0].settings.forecast.skill

    assert skill().correlation_day1 == 0.82
    assert skill("forecast.skill=raw_model").scale_days == 40
    own = skill("forecast.skill.preset=nmc2018", "forecast.skill.correlation_day1=0.5")
    assert (own.correlation_day1, own.scale_days) == (0.5, 9.6)


def test_reader_is_told_of_drawn_forecasts_and_generated_winters(tmp_path):
    from sim import wording

    def note(lang, *keys):
        head, (own,) = wording.notes(experiment.load(write_world(tmp_path, [100] * 12), keys).worlds, lang)
        return head + " ".join(own)

    assert note("en") == ""
    drawn = ("forecast.source=synthetic", "forecast.members=5")
    assert "a city office with forecasters [reading]. " in note("en", *drawn)
    assert "[assumed]" in note("en", *drawn, "forecast.skill=skilful")
    assert "with values of its own [assumed]" in note("en", *drawn, "forecast.skill.bias_sd=0.1")
    assert "at least 30% of" in note("en", *drawn, "forecast.decide_on=probability", "forecast.probability=0.3")
    assert "生成数据" in note("zh", "cities.here.observed={generate: today, winters: 2}")


def test_an_ensemble_of_one_is_pointed_out(tmp_path):
    path = write_world(tmp_path, [100] * 10, forecast={"source": "synthetic", "decide_on": "probability"})
    assert any(doubt.code == "forecast.alone" for doubt in sim.load(path).doubts)
    assert not any(doubt.code == "forecast.alone" for doubt in sim.load(path, "forecast.members=2").doubts)
