"""Negotiated cuts: who offers, how much, in which order a city takes them, and what the record says."""

import pytest
from test_grading import population
from worlds import line, write_areas

from sim import experiment, rulebook
from sim.errors import Findings
from sim.grading import Choice, ask
from sim.negotiation import negotiate, offers
from sim.settings import Negotiated
from sim.vocab import Basis, Grade, Pollutant

NOTHING_ASKED = Choice(rulebook.policy("none"))
THREE = [line("a"),                                                  # 25 %: 12 kg for 6,000 CNY, 500 CNY a kg
         line("b", nox_kg_per_day=96),                               # 24 kg for 6,000 CNY, 250 CNY a kg
         line("c", output_value_cny_per_day=48000)]                  # 12 kg for 12,000 CNY, 1,000 CNY a kg


def terms(wanted, **given):
    return Negotiated(**({"wanted_kg_per_day": wanted, "offer_share": 0.25, "value_cny_per_day": 10_000} | given))


def agreed(rows, wanted, choice=NOTHING_ASKED, **given):
    people = population(rows)
    return negotiate(people, ask(people, choice, Findings()), terms(wanted, **given))


def orange(asked):
    return asked.output[1].tolist()


def test_the_cheapest_offers_come_first():
    people = population(THREE)
    made = offers(people, ask(people, NOTHING_ASKED, Findings()), terms(24), "orange")
    assert made["id"].tolist() == ["E-b", "E-a", "E-c"]
    assert made["kg_per_day"].tolist() == [24, 12, 12]
    assert made["price_cny_per_kg"].tolist() == [250, 500, 1000]
    assert made["accepted"].tolist() == [True, False, False]


@pytest.mark.parametrize(("wanted", "cut"), [
    (0, [0, 0, 0]), (1, [0, 0.25, 0]), (24, [0, 0.25, 0]), (25, [0.25, 0.25, 0]), (36, [0.25, 0.25, 0]),
    (37, [0.25, 0.25, 0.25]), (999, [0.25, 0.25, 0.25]),
])
def test_the_last_offer_is_taken_whole_and_none_beyond_what_is_wanted(wanted, cut):
    assert orange(agreed(THREE, wanted)) == cut


def test_offers_at_one_price_go_by_enterprise_id():
    assert orange(agreed([line("2"), line("1")], 12)) == [0, 0.25]


def test_only_large_enterprises_of_the_grades_named_without_a_class_of_their_own_offer():
    rows = [line("C", grade="C"), line("small", output_value_cny_per_day=9_999), line("town", control="livelihood"),
            line("B"), line("half-1", enterprise_id="E", enterprise="E", output_value_cny_per_day=5_000),
            line("half-2", enterprise_id="E", enterprise="E", output_value_cny_per_day=5_000)]
    assert orange(agreed(rows, 999)) == [0, 0, 0, 0.25, 0.25, 0.25]
    assert orange(agreed(rows, 999, grades=[Grade.C])) == [0.25, 0, 0, 0, 0, 0]


def test_an_offer_stands_on_top_of_the_row_and_stops_at_the_safe_least_load():
    shares = Choice(rulebook.policy("uniform"), {"yellow": 0.1, "orange": 0.3, "red": 0.5})
    asked = agreed([line("a"), line("b", min_load=0.6), line("c", min_load=0.7)], 999, shares)
    assert orange(asked) == pytest.approx([0.55, 0.4, 0.3])
    assert asked.share_of(Pollutant.NOX)[1].tolist() == pytest.approx([0.55, 0.4, 0.3])


def test_a_whole_line_that_stands_still_has_nothing_left_to_offer():
    half = [line(name, enterprise_id="E", enterprise="E", industry="cement", process="clinker", grade="C", output_per_day=out)
            for name, out in (("big", 30), ("small", 10))]
    people = population(half)
    asked = ask(people, Choice(rulebook.policy("guide-2020")), Findings())  # yellow: half of the lines, so the big one
    assert asked.output[0].tolist() == [1, 0]
    cut = negotiate(people, asked, terms(999, levels=["yellow"], grades=[Grade.C]))
    assert cut.output[0].tolist() == [1, 0.25]


def test_only_the_levels_named_are_negotiated():
    assert agreed(THREE[:1], 999).output[:, 0].tolist() == [0, 0.25, 0.25]
    assert agreed(THREE[:1], 999, levels=["red"]).output[:, 0].tolist() == [0, 0, 0.25]


def test_the_price_is_that_of_the_pollutant_wanted():
    rows = [line("a", so2_kg_per_day=48), line("b", nox_kg_per_day=96)]
    assert orange(agreed(rows, 1, pollutant="so2")) == [0.25, 0]
    assert orange(agreed(rows, 1, pollutant="nox")) == [0, 0.25]


def test_what_is_negotiated_counts_as_assumed_and_cites_the_plan():
    asked = agreed(THREE, 24)
    assert asked.assumed.tolist() == [[False] * 3, [False, True, False], [False, True, False]]
    row = asked.rows[asked.row[1, 1]]
    assert (row.basis, row.cite, row.confidence) == (Basis.ASSUMED, "NEGOTIATED2024", "negotiated")
    assert asked.rows[asked.row[1, 0]].cite != "NEGOTIATED2024"


def test_each_city_takes_what_it_wants_from_its_own_enterprises(tmp_path):
    areas = {"east": ([80] * 3, [line("a", nox_kg_per_day=96), line("b")]), "west": ([80] * 3, [line("c"), line("d")])}
    grading = {"policy": "none", "negotiated": {"wanted_kg_per_day": 12, "offer_share": 0.25, "value_cny_per_day": 10_000}}
    (world,) = experiment.load(write_areas(tmp_path, areas, grading=grading)).worlds
    assert orange(world.asked) == [0.25, 0, 0.25, 0]
