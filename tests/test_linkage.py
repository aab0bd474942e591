"""Regional linkage: areas that follow, groups that share one decision, and the twin's reading of both."""

import tempfile
from pathlib import Path

import pytest
import twin
from hypothesis import given, settings
from hypothesis import strategies as st
from test_twin import plain_worlds
from worlds import line, write_areas

from sim import experiment
from sim.errors import InputError
from sim.vocab import Level

CLEAN, HEAVY = 80, 230


def run(folder, areas, **keys):
    (one, *_) = experiment.run_all(experiment.load(write_areas(Path(folder), areas, **keys)))
    return one


def decisions(one):
    """Decisions of each area, as (kind, level, issued, effective)."""
    taken, areas = one.ledger.decisions, one.world.cities
    made = {name: [] for name in areas}
    for k, s, v, i, e in zip(taken.kind, taken.series, taken.level, taken.issued, taken.effective, strict=True):
        made[areas[int(s)]].append((str(k), Level(int(v)).name, int(i), float(e)))
    return made


def winter(*heavy, days=20):
    return [HEAVY if day in heavy else CLEAN for day in range(days)]


def test_a_county_without_a_series_does_what_its_city_does(tmp_path):
    one = run(tmp_path, {"city": (winter(5, 6, 7), None), "county": (None, [line()])},
              linkage={"follow": {"county": "city"}})
    made = decisions(one)
    assert made["county"] == made["city"] == [("issue", "orange", 88, 120.0), ("lift", "orange", 184, 192.0)]
    assert one.world.index["county"] is one.world.index["city"]


def test_a_follower_has_no_warning_of_its_own_unless_it_may_tighten(tmp_path):
    areas = {"city": (winter(5, 6), None), "county": (winter(5, 6, 12, 13, 14), [line()])}
    follows = decisions(run(tmp_path, areas, linkage={"follow": {"county": "city"}}))
    assert follows["county"] == follows["city"]
    tightens = decisions(run(tmp_path, areas, linkage={"follow": {"county": "city"}, "tighten": "true"}))
    assert tightens["city"] == follows["city"]
    assert [kind for kind, *_ in tightens["county"]] == ["issue", "lift", "issue", "lift"]
    assert tightens["county"][2][:2] == ("issue", "orange")


def test_joint_areas_start_with_the_first_and_at_the_highest_level_and_stop_with_the_last(tmp_path):
    areas = {"a": (winter(5, 6), [line("A")]), "b": (winter(6, 7, 8), [line("B")])}
    made = decisions(run(tmp_path, areas, linkage={"joint": {"areas": "all"}}))
    assert made["a"] == made["b"] == [("issue", "orange", 88, 120.0), ("lift", "orange", 208, 216.0)]


def test_a_count_of_two_waits_for_the_second_city(tmp_path):
    areas = {"a": (winter(5, 6, 7), [line("A")]), "b": (winter(7, 8), None), "c": (winter(), None)}
    made = decisions(run(tmp_path, areas, linkage={"joint": {"areas": ["a", "b", "c"], "count": 2}}))
    # orange in a, yellow in b: two cities reach yellow, from day 7 on, when the second has begun; on day 8 only b is heavy
    assert made["a"] == made["b"] == made["c"]
    assert made["a"][0] == ("issue", "yellow", 136, 168.0)


def test_a_city_may_go_beyond_its_province(tmp_path):
    areas = {"a": (winter(5, 6, 7), [line("A")]), "b": (winter(6, 7), None), "c": (winter(), None)}
    made = decisions(run(tmp_path, areas, linkage={"joint": {"areas": ["a", "b", "c"], "count": 2}, "tighten": "true"}))
    assert made["a"][0] == ("issue", "orange", 88, 120.0)
    assert made["c"][0][1] == "yellow"


def test_areas_in_a_chain_follow_the_head_of_it(tmp_path):
    areas = {"town": (None, [line()]), "county": (None, None), "city": (winter(5, 6, 7), None)}
    made = decisions(run(tmp_path, areas, linkage={"follow": {"town": "county", "county": "city"}}))
    assert made["town"] == made["county"] == made["city"] != []


@pytest.mark.parametrize(("linkage", "words"), [
    ({"follow": {"here": "nowhere"}}, ["linkage.follow.here", "nowhere"]),
    ({"follow": {"a": "b", "b": "a"}}, ["linkage.follow", "ring"]),
    ({"joint": [{"areas": ["a", "b"]}, {"areas": ["b"]}]}, ["linkage.joint.1.areas", "another group"]),
    ({"joint": {"areas": ["a", "b"], "count": 3}}, ["linkage.joint.0.count", "only 2"]),
    ({"joint": {"areas": ["a", "blind"]}}, ["linkage.joint.0.areas", "series of its own"]),
])
def test_areas_that_cannot_be_linked_are_told(tmp_path, linkage, words):
    areas = {"a": (winter(5), None), "b": (winter(5), None), "blind": (None, [line()]), "here": (winter(5), None)}
    with pytest.raises(InputError) as told:
        experiment.load(write_areas(tmp_path, areas, linkage=linkage))
    said = str(told.value)
    assert [word for word in words if word not in said] == [], said
    assert "scenario.yaml:" in said


@st.composite
def linked_worlds(draw):
    """Two to four areas under one edition and one set of keys, linked in one of the three ways."""
    worlds = [draw(plain_worlds().filter(lambda world: any(world["criteria"].values())))]
    days, horizon = worlds[0]["days"], worlds[0]["horizon"]
    level = st.sampled_from([60, 149, 151, 201, 230, 301, 350, 500])
    for _ in range(draw(st.integers(1, 3))):
        observed: list[int] = []
        while len(observed) < days:
            observed += [draw(level)] * draw(st.integers(1, 4))
        told = {(day, lead): draw(st.just(observed[day + lead]) | level) for day in range(days)
                for lead in range(1, horizon + 1) if day + lead < days}
        worlds.append(worlds[0] | {"observed": observed[:days], "told": told})
    size = len(worlds)
    way = draw(st.sampled_from(["follow", "joint", "both"]))
    follow, groups = [], []
    if way != "joint":
        follow = [(area, draw(st.integers(0, area - 1))) for area in range(1 if way == "follow" else max(2, size - 1), size)]
    if way != "follow":
        members = [area for area in range(size) if area not in [one for one, _ in follow]]
        groups = [(members, draw(st.integers(1, len(members))))]
    return worlds, follow, groups, draw(st.booleans())


def linked_run(folder, linked, **forecast):
    """The engine's run of linked worlds."""
    worlds, follow, groups, tighten = linked
    names, first = [f"area{number}" for number in range(len(worlds))], worlds[0]
    return run(folder, {name: (world["observed"], None) for name, world in zip(names, worlds, strict=True)},
               told={name: world["told"] for name, world in zip(names, worlds, strict=True)},
               rules=first["edition"], criteria=first["criteria"],
               forecast={"horizon_days": first["horizon"], "issue_hour": first["issue_hour"],
                         "every_hours": first["every"]} | forecast,
               response={"lead_hours": first["lead"], "paper_hours": first["paper"], "lift_hours": first["lift"],
                         "downgrade": first["downgrade"]},
               linkage={"follow": {names[area]: names[leader] for area, leader in follow},
                        "joint": [{"areas": [names[area] for area in areas], "count": count} for areas, count in groups],
                        "tighten": tighten})


def is_as_the_twin_says(one, linked):
    expected = twin.linked_decisions(*linked)
    for name, made in zip(one.world.cities, expected, strict=True):
        assert decisions(one)[name] == [(d["kind"], d["level"], d["issued"], d["effective"]) for d in made]


@settings(max_examples=60)
@given(linked_worlds())
def test_linked_events_equal_those_of_the_twin(linked):
    for world in linked[0]:
        world["forecast"] = lambda day, lead, world=world: world["told"][day, lead]
    with tempfile.TemporaryDirectory() as folder:
        is_as_the_twin_says(linked_run(folder, linked), linked)
