"""Bans by emission standard: stages, levels, new energy, clean freight, and what they take from a city's trucks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import line, write_areas, write_world

import sim
from sim import rulebook, transport
from sim.transport import STAGES, Fleet, Transport, clean_fleet, emission_cut, stage_weights, trips_taken
from sim.vocab import Pollutant, Source

INDEX = [100] * 5 + [210] * 3 + [100] * 4
"""Three days of orange."""
FLEET = {"china4": 0.5, "china6": 0.4, "new_energy": 0.1}
TRUCKS = Source.HEAVY_TRUCKS


def banned(folder, rows, escalate=0, **keys):
    scenario = write_world(folder, INDEX, rows, response={"escalate": escalate},
                           transport={"bans": "taiyuan-2021", "fleet": FLEET} | keys)
    return sim.run(sim.load(scenario)).trucks.set_index("line_id")


def test_orange_takes_stage_4_and_below_at_large_users_only(tmp_path):
    """20 trips, half of them stage 4, three days: 30; a user of 4 trips is none of the large ones."""
    table = banned(tmp_path, [line("large", trucks_per_day=20), line("small", trucks_per_day=4), line("none")])
    assert table["trips_baseline"].to_dict() == {"large": 240, "small": 48}
    assert table["trips_banned"].to_dict() == pytest.approx({"large": 30, "small": 0})
    assert table["clause"]["small"] == ""
    assert "2020-01-06" in table["clause"]["large"]
    assert "2020-01:" not in table["clause"]["large"]  # no red in this run


def test_a_line_cites_the_bans_that_met_its_own_city(tmp_path):
    """Red in one city, orange in the other, nothing in the third."""
    areas = {"red": ([100] * 5 + [320] * 4 + [100] * 3, [line("R", trucks_per_day=20)]),
             "orange": (INDEX, [line("O", trucks_per_day=20)]), "clean": ([100] * 12, [line("N", trucks_per_day=20)])}
    scenario = write_areas(tmp_path, areas, transport={"bans": "taiyuan-2021", "fleet": FLEET})
    clause = sim.run(sim.load(scenario)).trucks.set_index("line_id")["clause"]
    assert "2020-01:" in clause["R"]
    assert "2020-01-06" in clause["O"]
    assert "2020-01:" not in clause["O"]
    assert clause["N"] == ""


def test_the_trips_of_all_lines_of_an_enterprise_make_a_large_user(tmp_path):
    rows = [line("a", enterprise_id="E", trucks_per_day=6), line("b", enterprise_id="E", trucks_per_day=4)]
    assert banned(tmp_path, rows)["trips_banned"].to_dict() == pytest.approx({"a": 9, "b": 6})


@pytest.mark.parametrize(("exempt", "trips"), [(True, 54), (False, 60)])
def test_red_takes_all_but_new_energy_where_it_is_exempt(tmp_path, exempt, trips):
    table = banned(tmp_path, [line("x", trucks_per_day=20)], escalate=1, new_energy_exempt=exempt)
    assert table["trips_banned"]["x"] == pytest.approx(trips)
    assert ("并政办发〔2021〕16号" in table["clause"]["x"]) == exempt


def test_clean_freight_loses_nothing_to_a_ban_of_stages_and_its_stage_6_at_red(tmp_path):
    """136.98 trips of 30 t are 1.5 Mt a year; stage 6 and new energy stand 4 to 1 in what is left of the fleet."""
    rows = [line("clean", trucks_per_day=137), line("not", trucks_per_day=136)]
    orange = banned(tmp_path, rows)
    assert orange["clean"].to_dict() == {"clean": True, "not": False}
    assert orange["trips_banned"].to_dict() == pytest.approx({"clean": 0, "not": 136 * 0.5 * 3})
    assert banned(tmp_path, rows, escalate=1)["trips_banned"]["clean"] == pytest.approx(137 * 0.8 * 3)


@pytest.mark.parametrize(("stage", "trips"), [("china5", 0), ("china6", 0)])
def test_in_2021_stage_5_was_clean_too(tmp_path, stage, trips):
    fleet = {"china4": 0.5, "china5": 0.5}
    table = banned(tmp_path, [line("x", trucks_per_day=200)], clean_stage=stage, fleet=fleet)
    assert table["trips_banned"]["x"] == trips
    assert clean_fleet(Fleet(**fleet).shares, stage)[STAGES.index(stage)] == 1


def test_trucks_that_serve_daily_life_run_on_and_closed_lines_have_none(tmp_path):
    rows = [line("heat", industry="heat-supply", grade="ungraded", control="heating", trucks_per_day=50),
            line("life", control="livelihood", trucks_per_day=50), line("shut", control="long-closed", trucks_per_day=50),
            line("x", trucks_per_day=50)]
    assert banned(tmp_path, rows, escalate=1)["trips_banned"].to_dict() == pytest.approx({"heat": 0, "life": 0, "x": 135})


def test_all_roads_meet_small_users_too(tmp_path):
    assert banned(tmp_path, [line("small", trucks_per_day=4)], bans="yangquan-2019")["trips_banned"]["small"] == 6


def test_without_bans_there_is_no_table_of_trucks(tmp_path):
    assert sim.run(sim.load(write_world(tmp_path, INDEX, [line("x", trucks_per_day=50)]))).trucks.empty


def test_emission_is_cut_by_what_each_stage_emits():
    """Of 0.5 x 3.5 + 0.4 x 0.4 = 1.91 parts of NOx orange takes 1.75; of PM 0.010 of 0.014; of SO2 5 of 9."""
    taken = trips_taken(transport.bans("taiyuan-2021"), TRUCKS, 20, new_energy_exempt=True)
    cut = emission_cut(np.ones(1), Fleet(**FLEET).shares[None], taken[None], stage_weights(TRUCKS))
    assert cut[0].tolist() == [0, 0, 0, 0]
    assert cut[1, :3] == pytest.approx([5 / 9, 1.75 / 1.91, 10 / 14])
    assert cut[2] == pytest.approx([1, 1, 1, 1])


def test_odd_and_even_plates_take_half_of_what_is_not_banned_whole():
    taken = trips_taken(transport.bans("beijing-2016"), Source.LIGHT_VEHICLES, 0, new_energy_exempt=True)
    assert taken[1].tolist() == [1, 1, 0, 0, 0, 0, 0]
    assert taken[2].tolist() == [1, 1, 0.5, 0.5, 0.5, 0.5, 0]


def test_without_a_list_the_listed_share_of_the_trips_counts_as_large_users():
    cut = transport.city_cut(TRUCKS, Transport(bans="taiyuan-2021", fleet=Fleet(**FLEET), listed_share=0.25))
    assert cut[1, list(Pollutant).index(Pollutant.NOX)] == pytest.approx(0.25 * 1.75 / 1.91)
    assert cut[2] == pytest.approx([1, 1, 1, 1])


shares = st.lists(st.floats(0.01, 1), min_size=7, max_size=7).map(lambda v: np.array(v) / sum(v))


@given(fleet=shares, trips=st.floats(0, 500), name=st.sampled_from(["taiyuan-2021", "yangquan-2019"]))
def test_a_higher_level_takes_no_less_and_an_exemption_no_more(fleet, trips, name):
    with_, without = (trips_taken(transport.bans(name), TRUCKS, trips, new_energy_exempt=exempt) for exempt in (True, False))
    assert (np.diff(with_ @ fleet) >= 0).all()
    assert (with_ <= without).all()
    assert ((with_ >= 0) & (without <= 1)).all()


def test_every_ban_cites_a_document_and_names_a_stage():
    assert transport.ban_names()[0] == "none"
    for name in transport.ban_names():
        for ban in transport.bans(name):
            assert ban.cite in rulebook.citations()
            assert ban.up_to_stage in STAGES[:-1]
            assert 0 < ban.share <= 1
            assert ban.vehicle in (TRUCKS, Source.LIGHT_VEHICLES)
            assert all(ban.measure.values())


def test_the_default_fleets_add_up():
    assert Transport().fleet.shares.sum() == pytest.approx(1)
    assert Transport().car_fleet.shares.sum() == pytest.approx(1)
