"""The warning machine, decision by decision, with hand-made series."""

import numpy as np
import pytest

from sim import rulebook
from sim.days import Days
from sim.engine import simulate
from sim.episodes import compile_rules, level_of_days
from sim.forecast import perfect, persistence
from sim.office import Course
from sim.rulebook import Criterion
from sim.vocab import Level
from sim.warning import Terms


def course_of(observed, forecast, rules, terms, hour):
    return Course(Days(observed, forecast), np.arange(observed.shape[1]), rules, terms, hour)


def decided(index, edition="mee2019", forecast=None, horizon=7, hour=16, lift_hours=36, **terms):
    """Decisions on one city's series as (kind, level, issued, effective); times as day.hour."""
    book = rulebook.edition(edition)
    observed = np.array(index, float)[:, None]
    rules = compile_rules(book.criteria(), merges=book.merges, lift_hours=lift_hours)
    course = course_of(observed, forecast or perfect(observed, horizon), rules, Terms(**terms), hour)
    taken = simulate(course).decisions
    when = "{}.{:02d}".format
    return [(str(k), Level(int(v)).name, when(*divmod(int(a), 24)), when(*divmod(int(b), 24)))
            for k, v, a, b in zip(taken.kind, taken.level, taken.issued, taken.effective, strict=True)]


def told(*issues, days=12, horizon=7):
    """A forecast by issue day: {issue day: {day: index}}, other days clean."""
    by_day = dict(issues)

    def issue(today):
        ahead = np.full((horizon, 1), 50.0)
        ahead[days - 1 - today:] = -np.inf
        for day, value in by_day.get(today, {}).items():
            if today < day <= today + horizon:
                ahead[day - today - 1] = value
        return ahead

    return issue


def test_a_warning_is_issued_when_the_next_issue_would_come_too_late():
    assert decided([50] * 5 + [210, 210, 210] + [50] * 4) == [
        ("issue", "orange", "3.16", "5.00"), ("lift", "orange", "7.16", "8.00")]


def test_more_notice_issues_earlier_in_steps_of_a_day():
    series = [50] * 5 + [210, 210, 210] + [50] * 4
    for lead in (9, 24, 32):
        assert decided(series, lead_hours=lead)[0][2] == "3.16"
    assert decided(series, lead_hours=33)[0][2] == "2.16"
    assert decided(series, lead_hours=48)[0][2] == "2.16"
    assert decided(series, lead_hours=8)[0][2] == "4.16"


def test_an_episode_is_judged_whole_days_behind_us_included():
    series = [50, 50, 210, 210, 210, 210, 50, 50, 50, 50]
    blind = told((2, {3: 210}), (3, {4: 210}), (4, {5: 210}), days=len(series))
    assert decided(series, forecast=blind) == [
        ("issue", "yellow", "2.16", "2.20"), ("upgrade", "orange", "3.16", "3.20"), ("lift", "orange", "5.16", "6.00")]


def test_a_lift_closes_what_lies_behind_it():
    series = [50, 210, 210, 50, 50, 210, 50, 50, 50]
    made = decided(series)
    assert [d[0] for d in made] == ["issue", "lift"]  # one day of 210 after the lift is no episode of two


def test_lifting_looks_at_the_lowest_threshold_and_waits_for_midnight_on_a_heavy_day():
    assert decided([50, 50, 50, 210, 210, 199, 199, 50, 50])[-1] == ("lift", "yellow", "4.16", "5.00")
    late = told((2, {3: 210, 4: 210}), (3, {4: 210, 5: 210}), (4, {5: 210}), days=9)
    assert decided([50, 50, 50, 210, 210, 199, 50, 50, 50], forecast=late)[-1] == ("lift", "orange", "5.16", "5.20")


def test_an_announced_warning_no_longer_due_is_cancelled_at_once():
    fickle = told((1, {3: 210, 4: 210}), days=8)
    assert decided([50] * 8, forecast=fickle) == [
        ("issue", "yellow", "1.16", "3.00"), ("cancel", "yellow", "2.16", "2.16")]


def test_an_announced_warning_whose_level_rises_is_upgraded_not_lowered():
    rising = told((1, {3: 210, 4: 210}), (2, {3: 210, 4: 210, 5: 210}), days=9)
    assert decided([50, 50, 50, 210, 210, 210, 50, 50, 50], forecast=rising)[:2] == [
        ("issue", "yellow", "1.16", "3.00"), ("upgrade", "orange", "2.16", "3.00")]
    falling = told((1, {3: 210, 4: 210, 5: 210}), (2, {3: 210, 4: 210}), (3, {4: 210}), days=9)
    assert decided([50, 50, 50, 210, 210, 50, 50, 50, 50], forecast=falling)[:2] == [
        ("issue", "orange", "1.16", "3.00"), ("lift", "orange", "4.16", "5.00")]


def test_an_episode_seen_earlier_advances_the_announced_warning_at_the_higher_level():
    earlier = told((1, {4: 210, 5: 210, 6: 210}), (2, {3: 210, 4: 210}), days=10)
    made = decided([50, 50, 50, 210, 210, 50, 50, 50, 50, 50], forecast=earlier, lead_hours=48)
    assert made[:2] == [("issue", "orange", "1.16", "4.00"), ("advance", "orange", "2.16", "3.00")]


def test_a_downgrade_follows_the_level_that_still_runs_and_only_where_it_is_allowed():
    series = [50, 50, 50, 210, 210, 210, 160, 160, 50, 50]
    kept = decided(series, "mee2024")
    assert [d[0] for d in kept] == ["issue", "lift"]
    criteria = {"yellow": [{"over": 150, "hours": 24}], "orange": [{"over": 200, "hours": 48}]}
    book = {name: tuple(rulebook.Criterion(**c) for c in cs) for name, cs in criteria.items()}
    observed = np.array(series, float)[:, None]
    course = course_of(observed, perfect(observed, 7), compile_rules(book, merges=True, lift_hours=36),
                    Terms(downgrade=True), 16)
    taken = simulate(course).decisions
    assert list(zip(taken.kind, taken.level.tolist(), taken.effective.tolist(), strict=True)) == [
        ("issue", 3, 72), ("downgrade", 2, 168), ("lift", 2, 192)]


def test_with_downgrade_an_episode_judged_whole_goes_back_up_at_the_next_issue():
    """The page as it reads: the past days of the episode still make it an orange one (docs/model.md, open points)."""
    criteria = {"yellow": (rulebook.Criterion(over=150, hours=24),), "orange": (rulebook.Criterion(over=200, hours=48),)}
    observed = np.array([50, 50, 50, 210, 210, 210, 160, 160, 160, 160, 50, 50, 50], float)[:, None]
    course = course_of(observed, perfect(observed, 7), compile_rules(criteria, merges=True, lift_hours=36),
                    Terms(downgrade=True), 16)
    assert simulate(course).decisions.kind.tolist() == ["issue", "downgrade", "upgrade", "downgrade", "lift"]


def test_days_after_the_period_are_clean_whatever_a_source_says():
    assert decided([50, 50, 50, 50, 210], "mee2024") == [
        ("issue", "yellow", "2.16", "4.00"), ("lift", "yellow", "4.16", "5.00")]
    always = persistence(np.array([[50.0], [50], [50], [210], [210]]), 7)
    assert [d[0] for d in decided([50, 50, 50, 210, 210], forecast=always)] == ["issue", "lift"]


def test_a_level_by_more_than_72_hours_needs_the_fourth_day():
    three, four = [50] * 4 + [210] * 3 + [50] * 4, [50] * 4 + [210] * 4 + [50] * 4
    assert decided(three, "bj2015")[0][1] == "orange"
    assert decided(four, "bj2015")[0][1] == "red"


def test_members_and_cities_side_by_side_decide_as_each_alone():
    rng = np.random.default_rng(7)
    observed = rng.choice([60, 160, 210, 310, 510], (60, 12)).astype(float)
    for name in rulebook.edition_names():
        book = rulebook.edition(name)
        rules = compile_rules(book.criteria(), merges=book.merges, lift_hours=36)
        together = simulate(course_of(observed, perfect(observed, 7), rules, Terms(downgrade=True), 16)).decisions
        for k in range(12):
            one = observed[:, [k]]
            alone = simulate(course_of(one, perfect(one, 7), rules, Terms(downgrade=True), 16)).decisions
            mine = together.series == k
            for column in ("kind", "level", "issued", "effective", "warning", "start", "end", "criterion"):
                assert getattr(together, column)[mine].tolist() == getattr(alone, column).tolist()


@pytest.mark.parametrize(("city", "edition", "warnings", "hours"), [
    ("yangquan", "base", (1, 2, 0), (48, 144, 0)), ("yangquan", "mee2024", (4, 5, 0), (192, 600, 0))])
def test_the_figures_of_the_model_page_come_out(yangquan, city, edition, warnings, hours):
    row = yangquan.summary.set_index("run").loc[edition]
    assert tuple(row[[f"warnings_{name}" for name in ("yellow", "orange", "red")]]) == warnings
    assert tuple(row[[f"hours_{name}" for name in ("yellow", "orange", "red")]]) == hours
    if edition == "base":
        first = yangquan.warnings[yangquan.warnings["run"] == "base"].iloc[:2]
        assert first[["kind", "level", "issued_at", "effective_at"]].to_numpy().tolist() == [
            ["issue", "orange", "2015-11-26T16:00", "2015-11-28T00:00"],
            ["lift", "orange", "2015-11-30T16:00", "2015-12-01T00:00"]]


def test_an_advance_at_the_older_higher_level_bears_the_criterion_of_that_level(tmp_path):
    from worlds import write_world

    import sim

    index = [50, 50, 50, 210, 210, 50, 50, 50, 50, 50]
    told = {(d, lead): 50 for d in range(10) for lead in range(1, 8) if d + lead < 10}
    told |= {(1, 3): 210, (1, 4): 210, (1, 5): 210, (2, 1): 210, (2, 2): 210, (3, 1): 210}
    result = sim.run(sim.load(write_world(tmp_path, index, told=told), ["response.lead_hours=48"]))
    row = result.warnings[result.warnings["kind"] == "advance"].iloc[0]
    assert row["level"] == "orange"
    assert "72 h" in row["reason"]
    assert "orange" in row["clause"]


@pytest.mark.parametrize(("index", "over", "reaches", "just_below"), [
    ([160, 160], "yellow", "yellow", "yellow"), ([160, 90, 160], "yellow", "none", "yellow"),
    ([150, 150], "none", "none", "yellow"), ([160, 150, 160], "yellow", "none", "yellow")])
def test_days_that_reach_the_lowest_threshold_warn_less_than_days_above_it(index, over, reaches, just_below):
    """The table of open points in the model: no bridged gap, and no day at the very value."""
    verbs = ({"over": 150}, {"reaches": 150}, {"over": 149.9})
    levels = [level_of_days(index, compile_rules({"yellow": (Criterion(hours=48, **verb),)}, merges=True, lift_hours=36)).name
              for verb in verbs]
    assert levels == [over, reaches, just_below]
