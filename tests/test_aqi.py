"""The index of HJ 633, by edition."""

from datetime import date

import numpy as np
import pytest

from sim import aqi
from sim.clock import Calendar
from sim.series import Series

# concentration, index of 2012, index of 2026 (facts on the standards, section 6)
PM25 = [(35, 50, 50), (50, 69, 80), (60, 82, 100), (75, 100, 114), (90, 119, 128), (115, 150, 150), (116, 152, 152),
        (150, 200, 200), (151, 201, 201), (250, 300, 300), (251, 301, 301), (500, 500, 500), (150.5, 201, 201)]
PM10 = [(50, 50, 50), (100, 75, 86), (120, 85, 100), (150, 100, 112), (200, 125, 131), (250, 150, 150),
        (350, 200, 200), (420, 300, 300), (500, 400, 400), (600, 500, 500), (700, 500, 500)]


@pytest.mark.parametrize(("species", "vectors"), [("pm25_ug_m3", PM25), ("pm10_ug_m3", PM10)])
def test_the_published_vectors_come_out(species, vectors):
    for column, key in ((1, "HJ633-2012"), (2, "HJ633-2026")):
        given = np.array([float(v[0]) for v in vectors])
        assert aqi.iaqi(given, species, aqi.editions()[key]).tolist() == [v[column] for v in vectors]


@pytest.mark.parametrize("species", aqi.SPECIES)
def test_every_breakpoint_gives_its_own_index_and_nothing_above_the_last(species):
    for edition in aqi.editions().values():
        at = np.array(edition.breakpoints[species], float)
        assert aqi.iaqi(at, species, edition).tolist() == list(edition.index[: len(at)])
        assert aqi.iaqi(at[-1:] * 3, species, edition)[0] == edition.index[len(at) - 1]


def test_so2_follows_its_own_row_and_ozone_stops_at_300():
    old = aqi.editions()["HJ633-2012"]
    assert aqi.iaqi(np.array([475.0]), "so2_ug_m3", old)[0] == 150
    assert aqi.iaqi(np.array([900.0]), "o3_8h_ug_m3", old)[0] == 300


def test_the_edition_follows_the_date():
    assert aqi.edition_on(date(2026, 2, 28)) == "HJ633-2012"
    assert aqi.edition_on(date(2026, 3, 1)) == "HJ633-2026"


def test_a_period_that_straddles_the_change_takes_each_day_by_its_edition():
    series = Series({"pm25_ug_m3": np.array([60.0, 60.0])})
    index = series.daily_index(Calendar(date(2026, 2, 28), date(2026, 3, 1)), None, "aqi")
    assert index.aqi.tolist() == [82, 100]


def day(**values):
    return {name: np.array([float(value)]) for name, value in values.items()}


def test_primary_pollutants_are_named_above_50_only_and_ties_name_both():
    old = aqi.editions()["HJ633-2012"]
    assert aqi.daily_index(day(pm25_ug_m3=35, so2_ug_m3=10), old, "aqi").primary.tolist() == [""]
    assert aqi.daily_index(day(pm25_ug_m3=75, pm10_ug_m3=150), old, "aqi").primary.tolist() == ["pm25+pm10"]


def test_a_dust_day_is_taken_out_of_the_index_of_2019_and_stays_in_earlier_ones():
    old = aqi.editions()["HJ633-2012"]
    dusty = day(pm25_ug_m3=84, pm10_ug_m3=398)  # 2016-02-19 in Yangquan
    assert aqi.daily_index(dusty, old, "aqi_no_dust").dust.tolist() == [True]
    assert aqi.daily_index(dusty, old, "aqi").trigger[0] == 269
    assert aqi.daily_index(dusty, old, "aqi_no_dust").trigger[0] == 112
    assert aqi.daily_index(dusty, old, "pm25").trigger[0] == 112
    coarse = day(pm25_ug_m3=120, pm10_ug_m3=398)  # ratio 0.3015: not dust
    assert aqi.daily_index(coarse, old, "aqi_no_dust").trigger[0] == 269
    both = day(pm25_ug_m3=50, pm10_ug_m3=350, so2_ug_m3=800)  # SO2 is primary too
    assert aqi.daily_index(both, old, "aqi_no_dust").dust.tolist() == [False]
    assert aqi.daily_index(dusty, old, "aqi_no_dust", dust_ratio=0.2).dust.tolist() == [False]


def test_a_file_of_aqi_alone_is_its_own_index_under_every_trigger():
    series = Series({"aqi": np.array([260.0])})
    for trigger in aqi.TRIGGERS:
        assert series.daily_index(Calendar(date(2020, 1, 1), date(2020, 1, 1)), None, trigger).trigger.tolist() == [260]
