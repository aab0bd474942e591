"""Generated winters: memory, runs of heavy days, and common weather as in the winters that the recipes were fitted to."""

from datetime import date

import numpy as np
import pytest
import yaml

import sim
from sim import aqi
from sim.clock import Calendar
from sim.winters import NORMAL, Generated, recipes, winters

WINTER = Calendar(date(2015, 11, 1), date(2016, 3, 31))
SHEET = {  # city: (winters, r1, mean run of days > 150, > 200); normal scores of the daily AQI, Nov-Mar 2014-2016
    "yangquan": (3, 0.59, 2.14, 1.67), "taiyuan": (3, 0.46, 1.83, 1.38), "linfen": (3, 0.62, 2.56, 2.00),
    "changzhi": (3, 0.58, 2.85, 1.92), "yuncheng": (2, 0.73, 3.05, 2.38), "jinzhong": (2, 0.53, 1.75, 1.89),
    "datong": (3, 0.47, 1.31, 1.67)}


@pytest.fixture(scope="module")
def made():
    """240 winters of PM2.5 of every recipe, float[day, member]."""
    return {name: winters(Generated(generate=name, winters=240), WINTER, name, 1) for name in recipes()}


def index(pm25):
    edition = aqi.editions()["HJ633-2012"]
    return aqi.daily_index({"pm25_ug_m3": pm25.ravel()}, edition, "pm25").trigger.reshape(pm25.shape)


def runs(over):
    """Lengths of the runs of days of each winter (a column), all together."""
    edges = np.diff(np.pad(over, ((1, 1), (0, 0))).astype(int), axis=0).T
    return np.nonzero(edges == -1)[1] - np.nonzero(edges == 1)[1]


@pytest.mark.parametrize("city", SHEET)
def test_one_day_remembers_another_as_observed(made, city):
    """Autocorrelation of the log, months included: within 0.05 of the sheet; standard error over 240 winters 0.005."""
    z = np.log(made[city])
    z = z - z.mean()
    assert (z[1:] * z[:-1]).mean() / z.var() == pytest.approx(SHEET[city][1], abs=0.05)


@pytest.mark.parametrize("city", SHEET)
def test_median_and_spread_are_the_recipes(made, city):
    """By construction; the months put 0.04 on top. The standard error of the log median is 0.01 to 0.02."""
    recipe = recipes()[city]
    offsets = np.log(np.median(made[city])) - np.log(float(recipe["median_pm25_ug_m3"]))
    assert offsets == pytest.approx(0.04, abs=0.06)
    assert np.log(made[city]).std() == pytest.approx(np.log(float(recipe["gsd"])), rel=0.07)


def test_runs_of_heavy_days_are_as_long_as_those_observed(made):
    """Mean run of each city and threshold against the 5-95 % band of as many generated winters as were observed. With 14
    of them and a right model, fewer than 11 inside come about once in 100 (binomial, 0.9)."""
    inside = []
    for city, (observed, _, *expected) in SHEET.items():
        over = index(made[city])
        groups = [over[:, first: first + observed] for first in range(0, 240 - observed + 1, observed)]
        for threshold, mean in zip((150, 200), expected, strict=True):
            sampled = [runs(group > threshold).mean() for group in groups if (group > threshold).any()]
            low, high = np.quantile(sampled, [0.05, 0.95])
            inside.append(low <= mean <= high)
    assert sum(inside) >= 11, inside


@pytest.mark.parametrize("city", ["yangquan", "linfen", "changzhi", "jinzhong"])
def test_it_builds_up_slowly_and_clears_at_once(made, city):
    """Skew of the daily change of the log: negative as observed (-0.6 to -1.0), where a symmetric process has 0 +- 0.02."""
    change = np.diff(np.log(made[city]), axis=0)
    assert -1.1 < ((change - change.mean()) ** 3).mean() / change.std() ** 3 < -0.4


def test_cities_share_their_weather_as_much_as_told():
    """Rank correlation of Yangquan with its neighbours .73-.82 (observed), so .75 +- .06; with share 0 only the months are:
    0.07, four standard errors of 60 winters apart at most."""
    def rank_correlation(share):
        one, two = (winters(Generated(generate=city, winters=60, regional_share=share), WINTER, city, 1)
                    for city in ("yangquan", "jinzhong"))
        ranks = [pair.argsort(axis=0).argsort(axis=0) for pair in (one, two)]
        return np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(ranks[0].T, ranks[1].T, strict=True)])

    assert rank_correlation(0.88) == pytest.approx(0.76, abs=0.06)
    assert rank_correlation(0.0) == pytest.approx(0.07, abs=0.06)


def test_a_winter_is_the_same_whoever_else_is_generated():
    few, many = (winters(Generated(generate="linfen", winters=n), WINTER, "linfen", 4) for n in (2, 9))
    assert (few == many[:, :2]).all()
    assert (winters(Generated(generate="linfen", winters=2), WINTER, "yuncheng", 4) != few).any()


def test_levels_scale_with_the_median_and_what_is_given_wins_over_the_recipe():
    plain, doubled = (winters(Generated(generate="today", median_pm25_ug_m3=median), WINTER, "x", 1) for median in (45, 90))
    assert doubled == pytest.approx(2 * plain)
    assert Generated(generate="today").median_pm25_ug_m3 == 45
    assert Generated(generate="today", memory=0.1).memory == 0.1
    assert NORMAL.inv_cdf(0.5) == 0


# ---------------------------------------------------------------- through a scenario


def scenario(folder, forecast, cities=None, **keys):
    given = {"period": {"start": date(2015, 11, 1), "end": date(2015, 12, 31)}, "rules": "mee2019", "grading": "none",
             "cities": cities or {"yangquan": {"observed": {"generate": "yangquan", "winters": 3}}},
             "forecast": forecast} | keys
    path = folder / "scenario.yaml"
    path.write_text(yaml.safe_dump(given, sort_keys=False), encoding="utf-8")
    return sim.load(path)


def test_each_winter_is_a_member_with_days_of_its_own(tmp_path):
    results = sim.run(scenario(tmp_path, {"source": "perfect"}))
    (world,) = results.scenario.worlds
    assert results.summary["member"].tolist() == ["0", "1", "2"]
    assert results.days["index"].to_numpy().reshape(3, 61).T.tolist() == world.observed.tolist()
    assert len({tuple(winter) for winter in world.observed.T}) == 3
    assert set(results.days["primary_pollutant"]) <= {"pm25", ""}


def test_an_area_without_a_series_has_the_winters_of_its_leader(tmp_path):
    areas = {"yangquan": {"observed": {"generate": "yangquan", "winters": 2}}, "county": {},
             "taiyuan": {"observed": {"generate": "taiyuan", "winters": 2}}}
    world = scenario(tmp_path, {"source": "perfect"}, areas, linkage={"follow": {"county": "yangquan"}}).worlds[0]
    by_area = world.observed.reshape(61, 2, 3)
    assert (by_area[:, :, 0] == by_area[:, :, 1]).all()
    assert (by_area[:, :, 0] != by_area[:, :, 2]).any()
    results = sim.run(scenario(tmp_path, {"source": "synthetic", "members": 4, "decide_on": "mean"}, areas,
                               linkage={"follow": {"county": "yangquan"}}))
    taken = results.warnings.drop(columns=["warning", "reason", "clause", "basis"])  # the county says whom it follows
    one, other = (taken[taken["city"] == city].drop(columns="city").to_dict("records") for city in ("yangquan", "county"))
    assert one == other
    assert one


def test_winters_and_forecasts_meet_member_by_member(tmp_path):
    assert len(scenario(tmp_path, {"source": "synthetic"}).worlds[0].members) == 3
    assert len(scenario(tmp_path, {"source": "synthetic", "members": 3}).worlds[0].members) == 3
    together = scenario(tmp_path, {"source": "synthetic", "members": 8, "decide_on": "probability"}).worlds[0]
    assert len(together.members) == 3
    assert together.issue(0).shape == (7, 24)
    with pytest.raises(sim.InputError, match="each already a member"):
        scenario(tmp_path, {"source": "synthetic", "members": 2})


def test_a_single_observed_winter_stands_beside_generated_ones(tmp_path, root):
    series = str(root / "scenarios" / "series" / "taiyuan-2015-16.csv")
    world = scenario(tmp_path, {"source": "perfect"}, {
        "taiyuan": {"observed": series}, "yangquan": {"observed": {"generate": "yangquan", "winters": 3}}}).worlds[0]
    by_area = world.observed.reshape(61, 3, 2)
    assert (by_area[:, 0, 0] == by_area[:, 2, 0]).all()
    assert (by_area[:, 0, 1] != by_area[:, 2, 1]).any()


def test_where_all_days_are_generated_the_note_says_so_and_where_some_are_it_does_not(root):
    import sim
    from sim import wording

    scenario = root / "scenarios" / "yangquan-2015-winter.yaml"
    made = "cities.yangquan.observed={generate: yangquan}"
    for lang, said in (("en", "are generated, not observed"), ("zh", "为生成数据，非实测")):
        assert said in wording.notes(sim.load(scenario, [made]).worlds, lang)[0]
        observed = wording.notes(sim.load(scenario).worlds, lang)[0]
        assert observed
        assert said not in observed
        head, each = wording.notes([*sim.load(scenario).worlds, *sim.load(scenario, [made]).worlds], lang)
        half = len(each) // 2
        assert [any(said in one for one in told) for told in ([head], *each)] == [False] * (half + 1) + [True] * half


@pytest.mark.parametrize(("lang", "observed", "both"), [("en", "observed index", "generated winters follow observed ones"),
                                                        ("zh", "实测指数", "生成的冬季取自实测冬季")])
def test_a_page_of_generated_winters_speaks_of_no_observed_index(tmp_path, root, lang, observed, both):
    from sim import page

    made = {"yangquan": {"observed": {"generate": "yangquan", "winters": 2},
                         "enterprises": str(root / "enterprises" / "yangquan.csv")}}
    shown = page.render(sim.run(scenario(tmp_path, {"source": "perfect"}, made), lang))
    assert both in shown
    assert observed not in shown
