"""Keys that are given and change nothing are pointed out, and stop no run; nothing itself is written in one way."""

import pytest
import yaml
from worlds import line, write_world

from sim import experiment

DAYS = [80] * 20
"""1 to 20 November 2019."""
ROWS = [line("L1", grade="B"), line("L2", grade="A")]


def doubts(folder, rows=None, **keys):
    """{code: finding} of a scenario."""
    return {doubt.code: doubt for doubt in experiment.load(write_world(folder, DAYS, rows, **keys)).doubts}


def event(what, day="2019-11-05", **more):
    return [{"date": day, "event": what} | more]


@pytest.mark.parametrize(("events", "code"), [
    (event("closes", "2019-11-21", line="L1"), "event.outside"), (event("closes", "2019-11-20", line="L1"), None),
    (event("closes", "2019-10-01", line="L1"), None), (event("opens", "2019-11-21", line="L1"), "event.outside"),
    (event("opens", "2019-10-31", line="L1"), "event.outside"), (event("opens", line="L1"), None),
    (event("upgrade", grade="B", share=1), None), (event("upgrade", grade="C", share=1), "event.nobody_moves"),
    (event("upgrade", grade="A", share=1), "event.nobody_moves"), (event("upgrade", share=0), "event.nobody_moves"),
    (event("upgrade", industry="cement", share=1), "event.nobody_moves"),
    (event("grade", "2019-11-04", line="L1", to="C") + event("upgrade", grade="C", share=1), None)])
def test_an_event_that_changes_nothing_is_pointed_out(tmp_path, events, code):
    found = doubts(tmp_path, ROWS, events=events)
    assert set(found) == ({code} if code else set())
    assert not code or found[code].place.isdigit()


def test_an_upgrade_by_share_without_a_list_is_pointed_out(tmp_path):
    assert set(doubts(tmp_path, events=event("upgrade", share=0.5))) == {"event.nobody_moves"}


@pytest.mark.parametrize(("keys", "code"), [
    ({"targets": [{"target": "heavy_days", "months": "1-3", "limit": 5}]}, "targets.outside"),
    ({"targets": [{"target": "heavy_days", "months": "10-3", "limit": 5}]}, None),
    ({"forecast": {"source": "perfect", "skill": "skilful"}}, "forecast.no_skill"),
    ({"forecast": {"source": "persistence", "skill": "skilful"}}, "forecast.no_skill"),
    ({"forecast": {"source": "synthetic", "skill": "skilful"}}, None),
    ({"forecast": {"source": "perfect", "decide_on": "median"}}, "forecast.one"),
    ({"forecast": {"source": "persistence", "decide_on": "probability"}}, "forecast.one"),
    ({"forecast": {"source": "synthetic", "members": 3, "decide_on": "median"}}, None),
    ({"grading": {"policy": "guide-2020", "negotiated": {"wanted_kg_per_day": 5, "levels": []}}}, "negotiated.no_level"),
    ({"seasons": ["zezhou-2020", "zezhou-2020"]}, "seasons.twice"),
    ({"seasons": ["zezhou-2020", "taiyuan-2021"]}, None)])
def test_a_key_that_changes_nothing_is_pointed_out(tmp_path, keys, code):
    found = doubts(tmp_path, ROWS, **keys)
    assert set(found) & {"targets.outside", "forecast.no_skill", "forecast.one", "negotiated.no_level", "seasons.twice"} == (
        {code} if code else set())
    assert not code or found[code].key.split(".")[0] in keys


def test_a_table_of_targets_of_another_season_is_pointed_out(tmp_path):
    """The plan of Yangquan begins in October."""
    from datetime import date

    path = write_world(tmp_path, DAYS, start=date(2019, 7, 1), targets=[{"table": "yangquan-2020", "of": "here"}])
    assert "targets.outside" in {doubt.code for doubt in experiment.load(path).doubts}


NONE = ["linkage", "linkage.follow", "linkage.joint", "seasons", "events", "targets", "transport", "electricity",
        "grading.negotiated"]


@pytest.mark.parametrize("key", NONE)
@pytest.mark.parametrize("nothing", [None, "none", ["none"]])
def test_null_and_none_mean_nothing_in_the_file_in_a_variant_and_in_an_override(tmp_path, key, nothing):
    plain = experiment.load(write_world(tmp_path, DAYS, ROWS, grading="guide-2020")).worlds[0].settings
    block, _, inner = key.partition(".")
    written = {block: {inner: nothing} | ({"policy": "guide-2020"} if block == "grading" else {})} if inner else {
        block: nothing}
    path = write_world(tmp_path, DAYS, ROWS, **({"grading": "guide-2020"} | written), variants={"again": {key: nothing}})
    override = f"{key}={yaml.safe_dump(nothing, default_flow_style=True).removesuffix('...' + chr(10)).strip()}"
    for world in (*experiment.load(path).worlds, *experiment.load(path, [override]).worlds):
        assert world.settings == plain


def test_none_takes_out_what_the_file_has(tmp_path):
    path = write_world(tmp_path, DAYS, ROWS, seasons="zezhou-2020", events=event("closes", line="L1"),
                       variants={"bare": {"seasons": "none", "events": None}})
    base, bare = (world.settings for world in experiment.load(path).worlds)
    assert (len(base.seasons), len(base.events)) == (1, 1)
    assert (bare.seasons, bare.events) == ((), ())
