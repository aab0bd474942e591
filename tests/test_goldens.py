"""No figure of the five documents moves unannounced."""

import goldens
import pytest


@pytest.mark.parametrize("name", goldens.DOCUMENTS)
def test_the_figures_of_a_document_stand_as_they_were(name):
    told = goldens.moved(goldens.kept(name), goldens.figures(name))
    assert told == [], "\n".join([f"{len(told)} figures moved (CONTRIBUTING.md, goldens):", *told])


def test_a_figure_that_moves_is_named_and_rounding_is_not():
    before = {("base", "0"): {"avoided_nox_kg": "1000", "hours_red": "24", "trips_banned": ""}}
    rounded = {("base", "0"): {"avoided_nox_kg": "1000.0000009", "hours_red": "24", "trips_banned": ""}}
    assert goldens.moved(before, rounded) == []
    other = {("base", "0"): {"avoided_nox_kg": "1000.000002", "hours_red": "24", "trips_banned": "5", "new": "1"},
             ("more", "0"): {}}
    told = "\n".join(goldens.moved(before, other))
    wanted = ["avoided_nox_kg '1000' -> '1000.000002'", "trips_banned", "new", "a new run"]
    assert [word for word in wanted if word not in told] == []
    assert "hours_red" not in told
    assert goldens.moved(before, {}) == ["base (member 0): the run is gone"]
