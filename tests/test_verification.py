"""Warnings and forecasts held against what came: every count made by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import START, line, write_areas, write_world

import sim
from sim import page, rulebook, verification
from sim.episodes import hindsight
from sim.regret import by_day, perfect_twin, regret
from sim.verification_charts import BLUE, performance
from sim.vocab import Pollutant
from sim.warning import compile_rules, level_of_days


def rules(edition="mee2019"):
    one = rulebook.edition(edition)
    return compile_rules(one.criteria(), merges=one.merges, lift_hours=36)


def column(values):
    return np.array(values, float)[:, None]


def told(issues, days, clean=100):
    """A forecast file's values where every issue says clean days, save those named: {(issue day, lead): index}."""
    return {(day, lead): issues.get((day, lead), clean) for day in range(days) for lead in (1, 2, 3) if day + lead < days}


def measured(folder, index, issues, **keys):
    path = write_world(folder, index, told=told(issues, len(index)), **({"forecast": {"horizon_days": 3}} | keys))
    return sim.run(sim.load(path)).verification


def figure(table, measure, **where):
    rows = table[table["measure"] == measure]
    for name, value in where.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1, rows
    return rows["value"].item()


# ---------------------------------------------------------------- hindsight


def test_every_day_of_an_episode_bears_the_level_that_the_whole_of_it_reaches():
    """Yellow is 48 h above 200, orange 72 h; a gap of one day is bridged; a single day is no warning's business."""
    seen = hindsight(column([100, 210, 100, 100, 210, 210, 100, 100, 210, 210, 150, 210, 100]), rules())
    assert seen.level[:, 0].tolist() == [0, 0, 0, 0, 1 + 1, 2, 0, 0, 3, 3, 3, 3, 0]
    assert seen.start[:, 0].tolist() == [-1, 1, -1, -1, 4, 4, -1, -1, 8, 8, 8, 8, -1]


def test_a_gap_that_nothing_follows_belongs_to_no_episode_even_at_the_end():
    assert hindsight(column([210, 210, 100]), rules()).start[:, 0].tolist() == [0, 0, -1]
    assert hindsight(column([210, 210]), rules()).level[:, 0].tolist() == [2, 2]


@given(st.lists(st.sampled_from([100, 160, 210, 310, 500]), min_size=1, max_size=25),
       st.sampled_from(["mee2019", "mee2024", "bj2015"]))
def test_hindsights_highest_level_is_that_of_the_rules_and_only_days_over_t0_begin_and_end_an_episode(index, edition):
    seen, terms = hindsight(column(index), rules(edition)), rules(edition)
    assert seen.level.max() == level_of_days(index, terms)
    over, start = np.array(index) > terms.lowest, seen.start[:, 0]
    assert (start[over] >= 0).all()
    for first in set(start[start >= 0]):
        days = np.flatnonzero(start == first)
        assert days[0] == first
        assert over[days[0]]
        assert over[days[-1]]
        assert len(set(seen.level[days, 0])) == 1


# ---------------------------------------------------------------- warnings

# Days:    0    1    2    3    4    5    6    7    8    9   10   11   12   13   14   15
MIXED = [100, 100, 100, 210, 210, 100, 100, 100, 210, 210, 100, 100, 100, 100, 100, 100]
# a hit on days 3, 4; a miss on days 8, 9; a false alarm for days 12, 13
ISSUES = {(0, 3): 210, (1, 2): 210, (1, 3): 210, (2, 1): 210, (2, 2): 210, (3, 1): 210,
          (10, 2): 210, (10, 3): 210, (11, 1): 210, (11, 2): 210}


def test_a_hit_a_miss_and_a_false_alarm_are_counted_by_day_and_by_episode(tmp_path):
    """Warned: days 3, 4 and, for nothing, 12; on day 12 the office sees clean days ahead and lifts."""
    table = measured(tmp_path, MIXED, ISSUES)
    days = {"what": "warnings", "by": "day", "level": "yellow"}
    assert [figure(table, name, **days) for name in ("hits", "misses", "false_alarms")] == [2, 2, 1]
    assert figure(table, "hit_rate", **days) == 2 / 4
    assert figure(table, "false_alarm_ratio", **days) == pytest.approx(1 / 3)
    assert figure(table, "critical_success_index", **days) == 2 / 5
    assert figure(table, "frequency_bias", **days) == 3 / 4
    assert figure(table, "base_rate", **days) == 4 / 16
    episodes = days | {"by": "episode"}
    assert [figure(table, name, **episodes) for name in ("hits", "misses", "false_alarms")] == [1, 1, 1]
    assert figure(table, "hit_rate", **episodes) == figure(table, "false_alarm_ratio", **episodes) == 1 / 2
    assert figure(table, "critical_success_index", **episodes) == pytest.approx(1 / 3)


def test_the_economic_value_is_that_of_the_formula(tmp_path):
    """H = 1/2, F = 1/12, p = 1/4; at a ratio of 0.2: (0.2 - 0.0125 + 0.1 - 0.25) / (0.2 - 0.05) = 1/4. Best: H - F at p."""
    table = measured(tmp_path, MIXED, ISSUES)
    days = {"what": "warnings", "by": "day", "level": "yellow"}
    assert figure(table, "economic_value", cost_loss_ratio=0.2, **days) == pytest.approx(1 / 4)
    best = table[(table["measure"] == "economic_value_max") & (table["by"] == "day") & (table["level"] == "yellow")]
    assert best["value"].item() == pytest.approx(1 / 2 - 1 / 12)
    assert best["cost_loss_ratio"].item() == 1 / 4


def test_an_episode_met_below_its_level_is_a_hit_of_the_lower_level_and_a_miss_of_its_own(tmp_path):
    """Three days above 200 are orange; the forecast saw two of them, and of the third nothing until it was there."""
    index = [100, 100, 210, 210, 210, 100, 100, 100]
    table = measured(tmp_path, index, {(0, 2): 210, (0, 3): 210, (1, 1): 210, (1, 2): 210, (2, 1): 210})
    assert figure(table, "hits", by="episode", level="yellow") == 1
    assert figure(table, "hits", by="day", level="yellow") == 2
    assert figure(table, "misses", by="day", level="yellow") == 1
    assert figure(table, "misses", by="episode", level="orange") == 1
    assert np.isnan(figure(table, "hit_rate", by="episode", level="red"))  # no red episode: no rate


def test_a_late_warning_hits_its_episode_and_shows_in_the_notice(tmp_path):
    """On day 3 the office sees day 4: issued at 16:00, in force at 20:00, four hours of notice where 24 were asked."""
    table = measured(tmp_path, [100, 100, 100, 210, 210, 100, 100], {(3, 1): 210})
    assert figure(table, "hits", by="episode", level="yellow") == 1
    assert figure(table, "notice_h") == figure(table, "notice_least_h") == 4
    assert figure(table, "notice_asked_h") == 24
    assert figure(table, "notice_met_share") == 0
    in_time = measured(tmp_path, MIXED, ISSUES)  # 32 h for day 3, 32 h for day 12
    assert figure(in_time, "notice_h") == 32
    assert figure(in_time, "notice_met_share") == 1


def test_cancellations_advances_and_changes_of_level_are_counted(tmp_path):
    """Day 1 announces yellow for day 3, day 2 sees clean days and cancels; nothing stands, so nothing has a notice."""
    table = measured(tmp_path, [100] * 8, {(1, 2): 210, (1, 3): 210})
    assert figure(table, "cancellations") == 1
    assert figure(table, "advances") == figure(table, "level_changes") == 0
    assert "notice_h" not in set(table["measure"])
    assert figure(table, "false_alarms", by="episode", level="yellow") == 0  # a cancelled warning is none
    raised = measured(tmp_path, [100, 100, 210, 210, 210, 210, 100, 100], {
        (0, 2): 210, (0, 3): 210, (1, 1): 210, (1, 2): 210, (2, 1): 210, (2, 2): 210, (3, 1): 210, (3, 2): 210, (4, 1): 210})
    assert figure(raised, "level_changes") == 1


# ---------------------------------------------------------------- forecasts


def test_forecast_measures_by_lead_day_are_those_of_the_pairs(tmp_path):
    """Lead 1 of five days: told 210 100 250 110, came 210 230 120 110."""
    index = [100, 210, 230, 120, 110]
    table = measured(tmp_path, index, {(0, 1): 210, (2, 1): 250, (3, 1): 110})
    first = {"what": "forecasts", "lead_day": 1}
    above = first | {"threshold": 200.0}
    assert [figure(table, name, **above) for name in ("hits", "misses", "false_alarms")] == [1, 1, 1]
    assert figure(table, "critical_success_index", **above) == pytest.approx(1 / 3)
    assert figure(table, "frequency_bias", **above) == 1
    told_, came = np.array([210, 100, 250, 110]), np.array([210, 230, 120, 110])
    assert figure(table, "rmse", **first) == pytest.approx(np.sqrt(np.mean((told_ - came) ** 2)))
    assert figure(table, "mean_error", **first) == 0
    assert figure(table, "correlation", **first) == pytest.approx(np.corrcoef(told_, came)[0, 1])
    count = table[(table["measure"] == "rmse")].set_index("lead_day")["count"].to_dict()
    assert count == {1: 4, 2: 3, 3: 2}  # days after the period's last are not compared


def test_an_ensemble_has_a_brier_score_a_crps_and_measures_over_all_members(tmp_path):
    """Two members, one lead, three days: told (210, 100), (210, 250), (100, 100); came 210, 220, 100."""
    path = write_world(tmp_path, [100, 210, 220, 100], forecast={"horizon_days": 2, "source": "file", "path": "told.csv"})
    says = {0: (210, 100), 1: (210, 250), 2: (100, 100)}
    rows = [f"{pd.Timestamp(START) + pd.Timedelta(days=day):%Y-%m-%d},{lead},{m},{says[day][m] if lead == 1 else 100}"
            for day in range(3) for lead in (1, 2) if day + lead < 4 for m in (0, 1)]
    (tmp_path / "told.csv").write_text("issue_date,lead_day,member,aqi\n" + "\n".join(rows) + "\n")
    first = {"what": "forecasts", "lead_day": 1, "member": "all"}
    table = sim.run(sim.load(path, ["forecast.decide_on=probability"])).verification  # one office's ensemble
    assert figure(table, "brier_score", threshold=200.0, **first) == pytest.approx(0.25 / 3)  # shares 1/2, 1, 0
    crps = [110 / 2 - 110 / 4, (10 + 30) / 2 - 40 / 4, 0]
    assert figure(table, "crps", **first) == pytest.approx(np.mean(crps))
    value = table[(table["measure"] == "economic_value") & (table["threshold"] == 200.0) & (table["lead_day"] == 1)]
    at = value.set_index("cost_loss_ratio")["value"]
    assert at[0.4] == pytest.approx(1)  # acts on both days, on the third not: as good as perfect
    assert at[0.6] == pytest.approx(1 / 3)  # acts on the second only: (0.6 - (0.2 + 1/3)) / (0.6 - 0.4)
    means = np.array([155, 230, 100])
    assert figure(table, "rmse", **first) == pytest.approx(np.sqrt(np.mean((means - [210, 220, 100]) ** 2)))
    mean = sim.run(sim.load(path, ["forecast.decide_on=mean"])).verification
    assert figure(mean, "rmse", **(first | {"member": "0"})) == figure(table, "rmse", **first)
    table = sim.run(sim.load(path)).verification  # offices of their own: each is judged
    assert [figure(table, n, threshold=200.0, **first) for n in ("hits", "misses", "false_alarms")] == [3, 1, 0]
    errors = np.array(list(says.values())) - np.array([[210], [220], [100]])
    assert figure(table, "rmse", **first) == pytest.approx(np.sqrt(np.mean(errors**2)))
    assert table[(table["measure"] == "rmse") & (table["member"] == "all")].set_index("lead_day")["count"][1] == 6
    value = table[(table["measure"] == "economic_value_max") & (table["threshold"] == 200.0) & (table["lead_day"] == 1)]
    assert value.set_index("member")["value"].to_dict() == pytest.approx({"0": 1, "1": 1 / 2, "all": 3 / 4})  # H - F
    assert not set(table["measure"]) & {"brier_score", "crps"}  # no office has the distribution of them all
    assert set(table["member"]) == {"0", "1", "all"}


@pytest.mark.parametrize("edition", ["mep2017", "mee2019", "mee2024"])
def test_a_perfect_forecast_misses_nothing_and_warns_of_nothing_else_and_persistence_does_worse(edition, tmp_path):
    """Where the edition merges and lead allows: an episode that begins after the second day."""
    rng = np.random.default_rng(7)
    index = np.concatenate([[100] * 3, rng.choice([100, 160, 210, 310], 60, p=[0.4, 0.2, 0.3, 0.1]), [100] * 3]).tolist()
    made = {source: sim.run(sim.load(write_world(tmp_path, index, rules=edition), [
        f"forecast.source={source}", "forecast.horizon_days=30"])).verification for source in ("perfect", "persistence")}
    for by in ("day", "episode"):
        where = {"what": "warnings", "by": by, "level": "yellow"}
        assert figure(made["perfect"], "hits", **where) > 0
        assert figure(made["perfect"], "misses", **where) == figure(made["perfect"], "false_alarms", **where) == 0
    csi = {name: figure(table, "critical_success_index", what="warnings", by="day", level="yellow")
           for name, table in made.items()}
    assert csi["persistence"] < csi["perfect"] == 1
    leads = made["perfect"][made["perfect"]["what"] == "forecasts"]
    assert (leads.loc[leads["measure"] == "rmse", "value"] == 0).all()


def test_persistence_on_a_real_winter_scores_what_plain_counting_gives(root):
    """Yangquan 2015-16, index above 200: the hit rate of tomorrow is 5 of 13, and nothing is left of it at three days."""
    results = sim.run(sim.load(root / "scenarios" / "yangquan-2015-winter.yaml", ["forecast.source=persistence"]))
    table = results.verification.query("run == 'base' and what == 'forecasts'")
    index = results.days.query("run == 'base'")["index"].to_numpy()
    for lead in range(1, 8):
        told, came = index[:-lead], index[lead:]
        where = {"lead_day": lead, "threshold": 200.0}
        assert figure(table, "hits", **where) == sum((told > 200) & (came > 200))
        assert figure(table, "hit_rate", **where) == sum((told > 200) & (came > 200)) / sum(came > 200)
        assert figure(table, "false_alarm_ratio", **where) == sum((told > 200) & (came <= 200)) / sum(told > 200)
        assert figure(table, "rmse", lead_day=lead) == pytest.approx(np.sqrt(((told - came) ** 2).mean()))
    assert figure(table, "hit_rate", lead_day=1, threshold=200.0) == 5 / 13
    assert figure(table, "hits", lead_day=3, threshold=200.0) == 0


# ---------------------------------------------------------------- the price


def test_the_price_of_a_miss_and_of_a_false_alarm_is_what_the_lines_make_of_it(tmp_path):
    """Half of 24 000 CNY and 48 kg NOx a day at yellow. Two days missed; 20 hours (00:00 to 20:00) warned for nothing."""
    path = write_world(tmp_path, MIXED, [line("L", yellow_cut=0.5)], told=told(ISSUES, 16),
                       forecast={"horizon_days": 3})
    run, = sim.run(sim.load(path)).runs
    row = regret(run, perfect_twin(run)).iloc[0]
    assert row["missed_days"] == 2
    assert row["missed_kg_nox"] == 2 * 24
    assert row["missed_kg_so2"] == 2 * 12
    assert row["false_alarm_days"] == pytest.approx(20 / 24)
    assert row["false_alarm_cny"] == pytest.approx(12000 * 20 / 24)
    assert (row["changes"], row["late_hours"]) == (0, 0)


def test_a_late_start_is_a_miss_in_part(tmp_path):
    """In force at 20:00 of the first day where a perfect forecast has it at 00:00."""
    path = write_world(tmp_path, [100, 100, 100, 210, 210, 100, 100], [line("L", yellow_cut=0.5)],
                       told=told({(3, 1): 210}, 7), forecast={"horizon_days": 3})
    run, = sim.run(sim.load(path)).runs
    row = regret(run, perfect_twin(run)).iloc[0]
    assert row["late_hours"] == 20
    assert row["missed_days"] == pytest.approx(20 / 24)
    assert row["missed_kg_nox"] == pytest.approx(24 * 20 / 24)
    assert row["false_alarm_cny"] == 0


@pytest.mark.parametrize("keys", [[], ["compliance.share=0.5"], ["response.preadjust=true"]])
def test_days_add_up_to_the_account(tmp_path, keys):
    rows = [line("L", yellow_cut=0.5, orange_cut=1, ramp_down_h=30, ramp_up_h=50), line("M", yellow_cut=0.3, ramp_up_h=7),
            line("N", orange_cut=0.8, min_load=0.4)]
    path = write_areas(tmp_path, {"east": (MIXED, rows), "west": ([210] * 5 + [100] * 11, [line("W", orange_cut=0.5)])})
    run, = sim.run(sim.load(path, ["forecast.source=persistence", *keys])).runs
    days, account = by_day(run)[:, :, 0], run.accounts[0]
    assert account.curtailed_value_cny.sum() > 0
    for city in (0, 1):
        mine = run.world.population.city == city
        assert days[-1, :, city].sum() == pytest.approx(account.curtailed_value_cny[mine].sum())
        for at, pollutant in enumerate(Pollutant):
            assert days[at, :, city].sum() == pytest.approx(account.avoided_kg(pollutant)[mine].sum())


def test_a_perfect_run_has_nothing_to_regret(tmp_path):
    path = write_world(tmp_path, MIXED, [line("L", yellow_cut=0.5, ramp_up_h=20)])
    run, = sim.run(sim.load(path)).runs
    row = regret(run, perfect_twin(run)).iloc[0]
    assert row.drop(["run", "member"]).astype(float).eq(0).all()


# ---------------------------------------------------------------- the folder and the page


def test_files_and_section_are_written_where_forecasts_can_err_and_nowhere_else(tmp_path):
    path = write_world(tmp_path, MIXED, [line("L", yellow_cut=0.5)])
    for lang, heading in (("en", "How good the warnings and forecasts were"), ("zh", "预警与预报检验")):
        perfect = sim.run(sim.load(path), lang)
        assert heading not in page.render(perfect)
        assert not {"verification.csv", "regret.csv"} & set(perfect.files("page"))
        erring = sim.run(sim.load(path, ["forecast.source=persistence", "forecast.horizon_days=3"]), lang)
        assert heading in page.render(erring)
        files = erring.files("page")
        assert files["verification.csv"].decode("utf-8-sig").splitlines()[0] == ",".join(verification.COLUMNS)
        assert files["regret.csv"].decode("utf-8-sig").startswith("run,member,missed_days,missed_kg_so2,")
        assert b'"scores"' in files["manifest.json"]


def test_a_period_shorter_than_the_horizon_and_several_members_and_cities_have_a_section(tmp_path):
    path = write_areas(tmp_path, {"east": ([100, 210, 210, 100], None), "west": ([100] * 4, None)})
    shown = page.render(sim.run(sim.load(path, ["forecast.source=persistence"])))
    assert "Shown for east" in shown
    assert ">nan<" not in shown
    rows = [f"{pd.Timestamp(START) + pd.Timedelta(days=day):%Y-%m-%d},{lead},{m},{100 + 60 * m * lead}"
            for day in range(4) for lead in (1, 2) if day + lead < 4 for m in (0, 1)]
    (tmp_path / "told.csv").write_text("issue_date,lead_day,member,aqi\n" + "\n".join(rows) + "\n")
    given = "forecast={source: file, path: told.csv, horizon_days: 2}"
    found = sim.run(sim.load(path, [given]), "zh")
    assert "每个成员是一个独立的预报单位" in page.render(found)
    assert set(found.verification["member"]) == {"0", "1", "all"}
    assert found.regret["missed_kg_nox"].isna().all()  # no list, no kilograms


def test_without_the_extra_the_page_says_how_to_get_it_and_the_rest_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(verification, "find_spec", lambda name: None)
    found = sim.run(sim.load(write_world(tmp_path, MIXED), ["forecast.source=persistence"]))
    assert ".[verify]" in page.render(found)
    assert "verification.csv" not in found.files("page")
    assert "regret.csv" in found.files("page")
    with pytest.raises(sim.InputError, match=r"\.\[verify\]"):
        found.verification  # noqa: B018


def of_winters(folder, decide_on):
    """Three generated winters of 60 days, two days foreseen by one forecast or by an ensemble of four."""
    behind = 1 if decide_on == "member" else 4
    keys = ["cities.here.observed={generate: yangquan, winters: 3}",
            f"forecast={{source: synthetic, horizon_days: 2, decide_on: {decide_on}, members: {behind}}}"]
    return sim.run(sim.load(write_world(folder, [100] * 60), keys))


@pytest.mark.parametrize("decide_on", ["member", "median", "mean"])
def test_forecasts_of_several_winters_are_judged_each_by_its_own_and_all_together(tmp_path, decide_on):
    found = of_winters(tmp_path, decide_on)
    told = found.forecasts
    square = ((told["aqi"] - told["index"]) ** 2)[told["lead_day"] == 1]
    rmse = found.verification[(found.verification["measure"] == "rmse") & (found.verification["lead_day"] == 1)]
    assert rmse["member"].tolist() == ["0", "1", "2", "all"]
    assert rmse.set_index("member").loc["all", ["value", "count"]].tolist() == pytest.approx([square.mean() ** 0.5, 3 * 59])
    shown = page.render(found)
    assert "Best economic value" in shown
    assert "Each member of the run is a winter of its own" in shown
    assert "CRPS" not in shown
    assert ("The forecast judged is the" in shown) == (decide_on != "member")


def test_ensembles_of_several_winters_are_judged_by_their_means_and_shares_over_all_winters(tmp_path):
    found = of_winters(tmp_path, "probability")
    told = found.forecasts[found.forecasts["lead_day"] == 1]
    by_day = told["aqi"].to_numpy().reshape(59, 3, 4)  # as the rows stand: issue, winter, forecast behind it
    came = told["index"].to_numpy().reshape(59, 3, 4)[..., 0]
    first = {"what": "forecasts", "lead_day": 1, "member": "all"}
    table = found.verification
    assert figure(table, "rmse", **first) == pytest.approx(np.sqrt(((by_day.mean(axis=2) - came) ** 2).mean()))
    share = (by_day > 200).mean(axis=2)
    assert figure(table, "brier_score", threshold=200.0, **first) == pytest.approx(((share - (came > 200)) ** 2).mean())
    within = np.abs(by_day[..., None] - by_day[..., None, :]).mean(axis=(2, 3)) / 2
    crps = np.abs(by_day - came[..., None]).mean(axis=2) - within
    assert figure(table, "crps", **first) == pytest.approx(crps.mean())
    rows = table[(table["measure"] == "crps") & (table["lead_day"] == 1)]
    assert rows["count"].tolist() == [3 * 59]
    acts, due = share > 0.25, came > 200  # at the ratio 0.25 of cost to loss
    base = due.mean()
    spent = (0.25 * acts + 1.0 * (due & ~acts)).mean()
    value = (min(0.25, base) - spent) / (min(0.25, base) - 0.25 * base)
    assert figure(table, "economic_value", threshold=200.0, cost_loss_ratio=0.25, **first) == pytest.approx(value)
    shown = page.render(found)
    assert "Behind each decision stand 4 forecasts" in shown
    assert "Each member of the run is a winter of its own" in shown
    assert "CRPS" in shown


def test_every_day_ahead_has_its_number_in_the_diagram_also_where_dots_fall_together():
    rates = [0.6, 0.4, 0.39, 0.1, 0.1, 0.1, 0.12]
    leads = pd.DataFrame({"lead_day": range(1, 8), "hit_rate": rates, "false_alarm_ratio": [1 - rate for rate in rates]})
    warnings = pd.DataFrame(columns=["by", "level", "hit_rate", "false_alarm_ratio"])
    written = [one.get_text() for one in performance(warnings, leads, 200.0).axes[0].texts if one.get_color() == BLUE]
    assert written == ["1", "2, 3", "4–7"]
