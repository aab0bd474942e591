"""Groups of lines and weights by steps: the same sums as line by line, whatever the list."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import line, write_list

from sim import rulebook
from sim.accounts import classify, reckon
from sim.agenda import Timeline
from sim.clock import Calendar
from sim.errors import Findings
from sim.files import read_table
from sim.grading import Choice, ask
from sim.groups import counted_together, grouped
from sim.phases import Phase, phases
from sim.population import join, list_of
from sim.response import Ramps, class_weights, level_weights
from sim.vocab import Pollutant

START, END = date(2019, 10, 20), date(2019, 11, 18)


def people_of(folder, *cities):
    """Lists as a user would give them, one for each city."""
    findings, lists = Findings(), []
    for number, rows in enumerate(cities):
        table, _ = read_table(write_list(folder / f"{number}.csv", rows), findings)
        lists.append(list_of(table, f"city{number}", findings))
    findings.raise_errors()
    return join(lists)


def random_rows(rng, size):
    """Lines of a few kinds and ramp times; own plans, firms of several lines, safe least loads, classes of their own."""
    return [line(f"L{n}", enterprise_id=f"E{rng.integers(3 * size)}", enterprise="works", county="x",
                 industry=str(rng.choice(["coking", "brick", "refractories"])),
                 grade=str(rng.choice(["B", "D"])),
                 control=str(rng.choice(["", "", "", "small_micro"])),
                 ramp_down_h=int(rng.choice([0, 72])), ramp_up_h=int(rng.choice([0, 96])),
                 min_load=float(rng.choice([0, 0, 0.3])), orange_cut=str(rng.choice(["", "", "0.35"])),
                 output_per_day=float(rng.uniform(1, 500)), so2_kg_per_day=float(rng.uniform(0, 90)))
            for n in range(size)]


def random_timeline(rng, series, hours, size=40):
    """Changes at random hours, many of them sooner than a ramp takes."""
    key = np.unique(np.stack([rng.integers(0, series, size), rng.integers(0, hours, size)]), axis=1)
    level = rng.integers(0, 5, key.shape[1])
    own, short = rng.choice([(np.int64, np.int64), (np.int32, np.int8)])  # as of an agenda, and as read off what was told
    return Timeline(np.zeros(len(level), own), key[0].astype(own), key[1].astype(float), level.astype(short), level.astype(own))


def by_cell(account, people, values):
    cell = (people.city.astype(int) * len(people.industries) + people.industry) * 20 + people.grade
    return np.bincount(cell, values(account), 20 * len(people.industries) * len(people.cities))


@pytest.mark.parametrize("policy", ["guide-2020", "zezhou-2020"])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("seasons", [(), ("jinzhong-2020",)])
def test_groups_come_to_what_their_lines_come_to(tmp_path, policy, seed, seasons):
    rng = np.random.default_rng(seed)
    people = people_of(tmp_path, random_rows(rng, 400), random_rows(rng, 200))
    few, group = grouped(people)
    assert len(few) < len(people)
    assert np.bincount(group, people.value) == pytest.approx(few.value, rel=1e-12)
    timeline = random_timeline(rng, 2, 24 * 30)
    calendar = Calendar(START, END)
    choice = Choice(rulebook.policy(policy))
    accounts = [(each, reckon(phases(each, choice, seasons, (), calendar, 1, Findings()), classify(each), timeline, member=0,
                              escalate=0)) for each in (people, few)]
    for values in (*(lambda a, p=p: a.avoided_kg(p) for p in Pollutant), lambda a: a.curtailed_output,
                   lambda a: a.curtailed_value_cny):
        lines, groups = (by_cell(account, each, values) for each, account in accounts)
        assert lines.sum() > 0
        assert groups == pytest.approx(lines, rel=1e-10, abs=1e-10 * max(1.0, lines.max()))


def test_lines_whose_firm_may_stop_whole_ones_stay_apart(tmp_path):
    rows = [line("a", enterprise_id="E1", enterprise="one"), line("b", enterprise_id="E1", enterprise="one"),
            line("c", enterprise_id="E2", enterprise="two"), line("d", enterprise_id="E3", enterprise="three")]
    people = people_of(tmp_path, rows)
    assert counted_together(people).tolist() == [True, True, False, False]
    few, group = grouped(people)
    assert group.tolist() == [0, 1, 2, 2]
    assert few.output.tolist() == [240, 240, 480]
    assert len(set(few.enterprise.tolist())) == 2
    kept, _ = grouped(people, apart=np.array([False, False, False, True]))
    assert len(kept) == 4


def test_a_group_is_asked_what_each_of_its_lines_is_asked(tmp_path):
    people = people_of(tmp_path, random_rows(np.random.default_rng(5), 150))
    choice = Choice(rulebook.policy("guide-2020"))
    few, group = grouped(people)
    assert ask(few, choice, Findings()).output[:, group] == pytest.approx(ask(people, choice, Findings()).output, abs=0)


@settings(max_examples=200)
@given(st.integers(0, 2**32), st.integers(0, 2))
def test_weights_by_steps_equal_those_followed_hour_by_hour(seed, escalate):
    rng = np.random.default_rng(seed)
    timeline = random_timeline(rng, 3, 200)
    ramps = Ramps(rng.integers(0, 3, 12), np.zeros(12, int), rng.choice([0.0, 4, 24, 72, 200], 12),
                  rng.choice([0.0, 6, 30, 96, 150], 12))
    for until_h in (10.0, 100.0, 240.0):
        expected = level_weights(timeline, ramps, until_h, escalate)
        assert class_weights(timeline, ramps, until_h, escalate) == pytest.approx(expected, abs=1e-10, rel=0)


def test_one_phase_reckoned_alone_is_a_phase(tmp_path):
    people = people_of(tmp_path, [line(orange_cut=1, ramp_down_h=48)])
    phase = Phase(0, 10, people, ask(people, Choice(rulebook.policy("none")), Findings()))
    timeline = Timeline(*(np.array(column) for column in ([0, 0], [0, 0], [24.0, 48.0], [3, 0], [1, 0])))
    account = reckon((phase,), classify(people), timeline, member=0, escalate=0)
    assert account.hours_lost[0] == pytest.approx(24 * 0.25)  # half way down in 24 h of 48, then at once back up
    later = reckon((replace(phase),), classify(people), timeline, member=0, escalate=0, since_h=36.0)
    assert later.hours_lost[0] == pytest.approx(12 * 0.375)
