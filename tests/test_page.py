"""The report: one file, no network, both languages whole, charts that draw Chinese."""

import re

import numpy as np
import pytest

import sim
from sim import charts, metrics, page
from sim.results import Results

SECTIONS = {"en": ["The runs at a glance", "The period, day by day", "Decisions", "What the warnings saved",
                   "By county", "What they cost", "The most affected enterprises",
                   "Assumptions that moved numbers", "Documents", "Limits of the model"],
            "zh": ["总览", "逐日空气质量与预警", "预警决定", "减排成效", "分县区",
                   "经济影响", "受影响最大的企业", "影响结果的假设", "文件", "模型局限"]}


@pytest.fixture(scope="module")
def pages(yangquan):
    return {lang: page.render(Results(yangquan.scenario, yangquan.runs, lang)) for lang in ("en", "zh")}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_has_every_section_and_asks_the_network_for_nothing(pages, lang):
    for heading in SECTIONS[lang]:
        assert heading in pages[lang]
    bare = re.sub(r'xmlns(:\w+)?="[^"]*"', "", pages[lang])
    assert not re.search(r'(src|href|url)\s*[=(]\s*["\']?(https?:)?//', bare)
    assert "<script" not in bare
    assert "<link" not in bare
    assert pages[lang].count("<svg") == 8


def test_the_chinese_page_is_chinese(pages):
    shown = re.sub(r"<svg.*?</svg>|<style.*?</style>|<[^>]+>", " ", pages["zh"], flags=re.DOTALL)
    words = set(re.findall(r"[A-Za-z]{4,}", shown)) - {"hpwsim", "manifest", "json", "rules", "VOCs"}
    assert {word for word in words if word.islower()} <= {"applied", "variants"}, words  # names of files and keys


def test_the_english_page_has_no_chinese_words_of_ours(pages):
    shown = re.sub(r"<svg.*?</svg>|<style.*?</style>", " ", pages["en"], flags=re.DOTALL)
    for words in ("预警", "停产", "绩效等级", "假设"):
        assert words not in re.sub(r"<td[^>]*>.*?</td>", " ", shown, flags=re.DOTALL)


def test_enterprise_names_are_escaped(tmp_path):
    from worlds import line, write_world

    rows = [line("L", enterprise="<b>&Works</b>", orange_cut=0.5)]
    shown = page.render(sim.run(sim.load(write_world(tmp_path, [100] * 5 + [210] * 3 + [100] * 3, rows))))
    assert "<b>&Works" not in shown
    assert "&lt;b&gt;&amp;Works" in shown


def test_charts_draw_chinese_without_a_missing_sign(yangquan):
    zh = Results(yangquan.scenario, yangquan.runs, "zh")
    for run in zh.runs:
        for city in run.world.cities:
            assert charts.png(page.winter(zh, run, city)).startswith(b"\x89PNG")  # a missing sign would be a warning: an error


def test_the_picture_is_the_same_each_time(yangquan):
    one, two = (charts.svg(sim.plot(yangquan)) for _ in range(2))
    assert one == two


def test_the_top_twenty_are_ranked_by_value(yangquan):
    lines = yangquan.lines[yangquan.lines["run"] == "base"]
    rows = metrics.most_affected(lines, yangquan.runs[0], "en")
    values = [row["value"] for row in rows]
    assert len(rows) == 20
    assert values == sorted(values, reverse=True)
    assert values[0] == pytest.approx(lines.groupby("enterprise_id")["curtailed_value_cny"].sum().max())


def test_hours_outside_a_warning_are_told(tmp_path):
    """A blue warning is to become yellow two days on; the forecast turns, it is lifted, and the upgrade stands."""
    from worlds import line, write_world

    days = 12
    index = [50, 50, 50, 210, *[50] * 8]
    told = {(d, lead): 50 for d in range(days) for lead in range(1, 8) if d + lead < days}
    told |= {(2, 1): 210, (3, 2): 210, (3, 3): 210, (4, 1): 50, (4, 2): 50}
    path = write_world(tmp_path, index, [line("L", yellow_cut=0.5)], told, rules="bj2015")
    result = sim.run(sim.load(path))
    kinds = result.warnings["kind"].tolist()
    assert kinds == ["issue", "upgrade", "lift"]
    assert metrics.hours_outside_warnings(result.runs[0]) == 24 * days - 120
    assert "withdraw_on_lift" in page.render(result)
    withdrawn = sim.run(sim.load(path, ["response.withdraw_on_lift=true"]))
    assert metrics.hours_outside_warnings(withdrawn.runs[0]) == 0
    assert "Response without a warning" not in page.render(withdrawn)


def test_an_ensemble_shows_means(tmp_path):
    from worlds import line, write_world

    index = [100] * 5 + [210] * 3 + [100] * 4
    told = {(d, lead): index[d + lead] for d in range(12) for lead in range(1, 8) if d + lead < 12}
    path = write_world(tmp_path, index, [line("L", orange_cut=0.5)], [told, dict.fromkeys(told, 100)])
    result = sim.run(sim.load(path))
    facts = metrics.glance(result, result.runs[0])
    assert facts.warnings["orange"] == 0.5
    assert facts.avoided_t["nox"] == pytest.approx(0.036)
    shown = page.render(result)
    assert "means over 2 members" in shown
    assert np.isclose(result.totals["avoided_kg"].sum(), 2 * sum(facts.avoided_t.values()) * 1000)


@pytest.mark.parametrize("zero", ["output_value_cny_per_day", "kg"])
def test_a_list_without_values_or_without_emissions_has_its_page(tmp_path, zero):
    from worlds import line, write_world

    none = {name: 0 for name in line() if name.endswith("_per_day") and zero in name}
    rows = [line("L", orange_cut=0.5, **none)]
    shown = page.render(sim.run(sim.load(write_world(tmp_path, [100] * 5 + [210] * 3 + [100] * 3, rows))))
    assert ("What they cost" in shown) == (zero == "kg")
    assert ("What the warnings saved" in shown) == (zero != "kg")


HEAVY = [80] * 5 + [230] * 3 + [80] * 4


def test_a_variant_is_called_by_its_title_and_its_title_is_no_change(tmp_path):
    from worlds import line, write_world

    path = write_world(tmp_path, HEAVY, [line(orange_cut=0.5)], variants={
        "later": {"title": {"en": "A day later", "zh": "晚一天"}, "response.lead_hours": 0}, "plain": {"seed": 2}})
    found = sim.run(sim.load(path), "zh")
    assert [metrics.run_name(run, "zh") for run in found.runs] == ["基准方案", "晚一天", "plain"]
    assert [metrics.run_name(run, "en") for run in found.runs] == ["base", "A day later", "plain"]
    shown = page.render(found)
    assert "<h1>test</h1>" in shown  # the page is the scenario's
    assert "晚一天" in shown
    assert "response.lead_hours" in shown
    assert '<td class="w">title</td>' not in shown
    assert found.summary["run"].tolist() == ["base", "later", "plain"]
    beside = sim.compare(path, lang="zh")
    assert [beside.name(run) for run in beside.runs] == ["基准方案", "晚一天", "plain"]
    varied = sim.compare(path, ["response.paper_hours=2,4"], lang="zh")
    assert len({varied.name(run) for run in varied.runs}) == len(varied.runs)  # a title alone would stand twice


def test_the_page_says_over_how_many_areas_it_counts_and_that_responses_are_higher(tmp_path):
    from worlds import line, write_areas

    areas = {"city": (HEAVY, None), "county": (None, [line(orange_cut=0.5)])}
    linked = page.render(sim.run(sim.load(write_areas(tmp_path, areas, linkage={"follow": {"county": "city"}},
                                                      response={"escalate": 1}))))
    assert "added up over 2 areas" in linked
    assert "1 level higher" in linked
    alone = page.render(sim.run(sim.load(write_areas(tmp_path, {"city": areas["city"]}))))
    assert "added up over" not in alone
    assert "level higher" not in alone


def test_dates_in_a_reason_are_held_together_and_the_rest_is_escaped():
    assert page.unbroken("from 2015-11-28 <on>") == 'from <span class="w">2015-11-28</span> &lt;on&gt;'


def test_where_no_target_can_be_judged_the_page_says_so(tmp_path):
    from worlds import line, write_world

    path = write_world(tmp_path, HEAVY, [line()], targets=[{"target": "heavy_days", "months": "year", "limit": 50}])
    shown = page.render(sim.run(sim.load(path)))
    assert "no target can be judged here; 1 are shown" in shown
    assert "12 of 365 days" in shown


def test_what_a_season_holds_back_stands_beside_what_warnings_avoid(tmp_path):
    from worlds import line, write_world

    path = write_world(tmp_path, HEAVY, [line(grade="D"), line("B")], grading="zezhou-2020", seasons="zezhou-2020",
                       variants={"none": {"seasons": []}})
    found = sim.run(sim.load(path))
    first, second = (metrics.glance(found, run) for run in found.runs)
    assert first.seasonal_t == {"so2": 0.288, "nox": 0.576, "pm": 0.144, "voc": 0.072}  # all of D's twelve days
    assert first.seasonal_value_cny == 24000 * 12
    assert second.seasonal_t == {}
    assert page.render(found).count("The season holds back besides") == 1


def test_assumed_rows_of_two_processes_are_told_apart_also_where_only_the_list_has_words_for_one(root):
    """Of the default list some lines of refractories are calcining, which no rule knows as a process."""
    shown = page.render(sim.run(sim.load(root / "scenarios" / "yangquan-2015-winter.yaml"), "zh"))
    rows = re.findall(r"<tr><td>(.*?)</td>.*?</tr>", shown[shown.index("影响结果的假设"): shown.index("rules_applied.csv")])
    assert "耐火材料 · 煅烧" in rows
    table = shown[shown.index("影响结果的假设"): shown.index("rules_applied.csv")]
    heads = re.findall(r"<tr><td>(.*?)</td><td class=\"k\">(.*?)</td><td>(.*?)</td><td class=\"k\">(.*?)</td>", table)
    assert len(heads) > 10
    assert len(set(heads)) == len(heads)
