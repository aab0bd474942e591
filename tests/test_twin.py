"""The engine equals the slow twin on generated worlds: events identical, every line's lost hours within 1e-9."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
import twin
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import line, write_world

from sim import experiment, rulebook
from sim.response import level_hours
from sim.vocab import Level

EDITIONS = ["bj2013", "ha2014", "bj2015", "jjj2016", "mep2017", "mee2019", "sd2022draft", "mee2024"]


@st.composite
def index_series(draw, days):
    """Daily indices with spells of heavy days, single clean gaps, and values on the very thresholds."""
    level = st.sampled_from([60, 120, 149, 150, 151, 160, 199, 200, 201, 230, 299, 300, 301, 350, 499, 500])
    values: list[int] = []
    while len(values) < days:
        values += [draw(level)] * draw(st.integers(1, 4))
    return values[:days]


@st.composite
def replaced_criteria(draw, criteria):
    """An edition's criteria with some levels replaced by the planner's own, thresholds often equal to one another."""
    threshold, hours = st.sampled_from([120, 150, 160, 200, 210, 300]), st.sampled_from([12, 24, 36, 48, 72, 96])

    def one():
        if draw(st.integers(0, 3)) == 0:
            return {"reaches": draw(threshold), "hours": draw(hours)}
        over = draw(threshold)
        held = {"hours": draw(hours)} if draw(st.booleans()) else {"longer_than_hours": draw(hours)}
        inner = {"within_over": over + draw(st.sampled_from([0, 40, 100])), "within_hours": draw(hours)}
        return {"over": over} | held | (inner if draw(st.integers(0, 2)) == 0 else {})

    named = draw(st.sets(st.sampled_from(["blue", "yellow", "orange", "red"]), min_size=1))
    return criteria | {name: [one() for _ in range(draw(st.integers(0, 2)))] for name in sorted(named)}


@st.composite
def plain_worlds(draw):
    """A twin's world: series, forecast with errors, edition, keys, lines."""
    days = draw(st.integers(12, 45))
    edition = rulebook.edition(draw(st.sampled_from(EDITIONS)))
    horizon = draw(st.sampled_from([3, 5, 7]))
    observed = draw(index_series(days))
    wrong = np.random.default_rng(draw(st.integers(0, 10**6)))
    spread = draw(st.sampled_from([0, 30, 120]))
    told = {(day, lead): max(0, round(observed[day + lead] + wrong.normal(0, spread)))
            for day in range(days) for lead in range(1, horizon + 1) if day + lead < days}
    share = st.integers(0, 100).map(lambda part: part / 100)
    hours = st.sampled_from([0, 0, 4, 12, 24, 36, 48, 96, 7.5])
    lines = [{"cuts": {name: draw(share) for name in ("yellow", "orange", "red")}, "down": draw(hours),
              "up": draw(hours), "min_load": draw(st.sampled_from([0, 0, 0.3, 0.65]))}
             for _ in range(draw(st.integers(1, 5)))]
    criteria = {name: [c.model_dump(exclude_none=True) for c in cs] for name, cs in edition.criteria().items()}
    if draw(st.integers(0, 2)) == 0:
        criteria = draw(replaced_criteria(criteria))
    return {
        "days": days, "issue_hour": draw(st.sampled_from([0, 8, 16, 22])), "horizon": horizon,
        "edition": edition.id, "merges": edition.merges,
        "criteria": criteria,
        "lead": draw(st.sampled_from([0, 24, 48, 72])), "paper": draw(st.sampled_from([0, 4, 10, 23])),
        "lift": draw(st.sampled_from([12, 24, 36, 48, 60])), "downgrade": draw(st.booleans()),
        "escalate": draw(st.sampled_from([0, 0, 1, 2])), "preadjust": draw(st.booleans()),
        "withdraw": draw(st.booleans()), "observed": observed, "told": told, "lines": lines,
        "every": draw(st.sampled_from([24, 24, 12, 6])), "counted": draw(st.sampled_from(["blue", "orange"])),
        "often": draw(st.sampled_from([1, 1, 2])),
    }


def engine_run(world, folder, rows_as=None, **keys):
    rows = [line(f"L{n}", ramp_down_h=ln["down"], ramp_up_h=ln["up"], min_load=ln["min_load"],
                 **{f"{name}_cut": share for name, share in ln["cuts"].items()}, **(rows_as or {}))
            for n, ln in enumerate(world["lines"])]
    path = write_world(
        Path(folder), world["observed"], rows, world["told"], rules=world["edition"], criteria=world["criteria"],
        forecast={"horizon_days": world["horizon"], "issue_hour": world["issue_hour"], "every_hours": world["every"]}
        | {key: world[key] for key in ("decide_on", "probability") if key in world},
        response={"lead_hours": world["lead"], "paper_hours": world["paper"], "lift_hours": world["lift"],
                  "downgrade": world["downgrade"], "escalate": world["escalate"], "preadjust": world["preadjust"],
                  "preadjust_episodes": world["often"], "preadjust_level": world["counted"],
                  "withdraw_on_lift": world["withdraw"]}, **keys)
    (run,) = experiment.run_all(experiment.load(path))
    return run


def events(run):
    taken = run.ledger.decisions
    return [(str(k), Level(int(v)).name, int(a), float(b), int(n)) for k, v, a, b, n in zip(
        taken.kind, taken.level, taken.issued, taken.effective, taken.warning, strict=True)]


@settings(max_examples=300)
@given(plain_worlds().filter(lambda world: any(world["criteria"].values())))
def test_events_and_lost_hours_equal_those_of_the_twin(world):
    world["forecast"] = lambda day, lead: world["told"][day, lead]
    with tempfile.TemporaryDirectory() as folder:
        run = engine_run(world, folder)
    expected = twin.decisions_of(world)
    assert events(run) == [(d["kind"], d["level"], d["issued"], d["effective"], d["warning"]) for d in expected]
    lost = [twin.hours_lost(ln, expected, world) for ln in world["lines"]]
    assert run.accounts[0].hours_lost == pytest.approx(lost, abs=1e-9, rel=0)
    counted = twin.hours_by_level(expected, world)
    hours = level_hours(run.ledger.timeline, 1, run.ledger.hours, world["escalate"])[0]
    assert dict(zip(counted, hours, strict=True)) == counted


@settings(max_examples=60)
@given(plain_worlds().filter(lambda world: any(world["criteria"].values())), st.integers(50, 100), st.data())
def test_episodes_of_many_weeks_are_judged_whole(world, days, data):
    """Longer than any window: what an episode met long ago, it has met, and its first day is remembered."""
    threshold = twin.lowest_threshold(world["criteria"])
    level = st.sampled_from([threshold + 1, threshold + 1, threshold + 1, threshold + 60, threshold - 1, 520])
    observed = [data.draw(level) for _ in range(days)]
    told = {(day, lead): observed[day + lead] for day in range(days) for lead in range(1, world["horizon"] + 1)
            if day + lead < days}
    world |= {"days": days, "observed": observed, "told": told, "forecast": lambda day, lead: told[day, lead]}
    with tempfile.TemporaryDirectory() as folder:
        run = engine_run(world, folder)
    assert events(run) == [(d["kind"], d["level"], d["issued"], d["effective"], d["warning"])
                           for d in twin.decisions_of(world)]


@settings(max_examples=40)
@given(plain_worlds().filter(lambda world: any(world["criteria"].values())), st.sampled_from([0.0, 0.3, 0.8]))
def test_lines_that_disobey_a_warning_go_on_as_the_twin_says(world, share):
    world["forecast"] = lambda day, lead: world["told"][day, lead]
    with tempfile.TemporaryDirectory() as folder:
        run = engine_run(world, folder)
        path = Path(folder) / "scenario.yaml"
        (run,) = experiment.run_all(experiment.load(path, [f"compliance.share={share}"]))
    expected = twin.decisions_of(world)
    heeds = experiment.heeded(run.world, run.ledger.timeline, 0)
    lost = [twin.hours_lost(ln, expected, world, obeys=lambda number, at=at: bool(heeds[at, number]))
            for at, ln in enumerate(world["lines"])]
    assert run.accounts[0].hours_lost == pytest.approx(lost, abs=1e-9, rel=0)


@st.composite
def ensemble_worlds(draw):
    """A world whose forecast has members that differ here and there, and one decision on all of them."""
    world = draw(plain_worlds().filter(lambda world: any(world["criteria"].values())))
    chance, told = draw(st.randoms(use_true_random=False)), world["told"]
    wild = draw(st.sampled_from([0.1, 0.4, 0.8]))
    world["told"] = [{at: chance.choice([60, 149, 150, 151, 200, 201, 230, 300, 301, 500]) if chance.random() < wild else index
                      for at, index in told.items()} for _ in range(draw(st.integers(2, 6)))]
    world["ensemble"] = [lambda day, lead, told=one: told[day, lead] for one in world["told"]]
    world["decide_on"] = draw(st.sampled_from(["median", "mean", "probability", "probability"]))
    world["probability"] = draw(st.sampled_from([0.1, 0.2, 1 / 3, 0.4, 0.5, 0.6, 0.75, 1.0]))
    return world


@settings(max_examples=200)
@given(ensemble_worlds())
def test_one_decision_on_an_ensemble_equals_that_of_the_twin(world):
    with tempfile.TemporaryDirectory() as folder:
        run = engine_run(world, folder)
    assert run.world.members == ("0",)
    assert events(run) == [(d["kind"], d["level"], d["issued"], d["effective"], d["warning"])
                           for d in twin.decisions_of(world)]


def test_the_ensembles_differ_in_what_they_decide():
    different = 0

    @settings(max_examples=150, database=None)
    @given(ensemble_worlds())
    def look(world):
        nonlocal different
        world = world | {"probability": 0.5}
        made = [twin.decisions_of(world | {"decide_on": how}) for how in ("median", "mean", "probability")]
        different += made[0] != made[1] or made[1] != made[2]

    look()
    assert different > 20


def test_the_worlds_hold_every_kind_of_decision_and_interrupted_ramps():
    kinds, interrupted = set(), 0

    @settings(max_examples=250, database=None)
    @given(plain_worlds().filter(lambda world: any(world["criteria"].values())))
    def look(world):
        nonlocal interrupted
        world["forecast"] = lambda day, lead: world["told"][day, lead]
        made = twin.decisions_of(world)
        kinds.update(d["kind"] for d in made)
        hours = sorted(d["effective"] for d in made)
        longest = max(ln["up"] for ln in world["lines"])
        interrupted += any(b - a < longest for a, b in zip(hours, hours[1:], strict=False))

    look()
    assert kinds == {"issue", "advance", "upgrade", "downgrade", "lift", "cancel"}
    assert interrupted > 20
