"""What cities avoid hour by hour: each hour is what the weights give up to its end less what they give up to its beginning."""

import tempfile
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from test_twin import engine_run, plain_worlds
from worlds import CUTS, INDEX, line, write_areas, write_world

import sim
from sim import experiment
from sim.accounts import reckon
from sim.cli import cli
from sim.hourly import hourly, worth_compiling
from sim.totals import SUMS
from sim.vocab import Pollutant

NUMBERS = [*SUMS, *(f"actual_{p}_kg" for p in Pollutant)]


def spied(patch):
    """What the kernel has been asked for: a list that grows."""
    from sim import compiled_hours

    used, hours_of = [], compiled_hours.hours_of
    patch.setattr(compiled_hours, "hours_of", lambda *given: used.append(given) or hours_of(*given))
    return used


def hour_by_hour(run, member, hours):
    """The slow way: an account of each hour on its own, by city."""
    people = run.world.population
    made = np.zeros((len(run.world.cities), len(hours), len(SUMS)))
    for at, hour in enumerate(hours):
        account = reckon(run.world.phases, run.classes, run.ledger.timeline, member=member,
                         escalate=run.world.settings.response.escalate, since_h=hour, until_h=hour + 1,
                         heeds=experiment.heeded(run.world, run.ledger.timeline, member))
        for figure, each in enumerate([
                *map(account.avoided_kg, Pollutant), sum(account.avoided_kg(p, assumed_only=True) for p in Pollutant),
                account.curtailed_value_cny, account.curtailed_assumed_cny]):
            made[:, at, figure] = np.bincount(people.city, each, len(run.world.cities))
    return made


def assert_hours_are_exact(run, hours):
    table = hourly(run)
    if find_spec("numba"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sim.hourly.WORTH_COMPILING", 0)
            assert worth_compiling(run)
            used = spied(patch)
            by_kernel = hourly(run)
            assert used
        assert by_kernel[NUMBERS].to_numpy() == pytest.approx(table[NUMBERS].to_numpy(), rel=1e-9, abs=1e-7)
        assert ((by_kernel[NUMBERS] == 0) == (table[NUMBERS] == 0)).all(axis=None)
    found = table[list(SUMS)].to_numpy().reshape(len(run.world.members), len(run.world.cities), -1, len(SUMS))
    assert (table[NUMBERS] >= 0).all(axis=None)
    for member in range(len(run.world.members)):
        assert found[member][:, hours] == pytest.approx(hour_by_hour(run, member, hours), rel=1e-9, abs=1e-7)
    for at, p in enumerate(Pollutant):
        whole = sum(float(account.avoided_kg(p).sum()) for account in run.accounts)
        assert found[..., at].sum() == pytest.approx(whole, rel=1e-10, abs=1e-7)
    return table


@settings(max_examples=40)
@given(plain_worlds().filter(lambda world: any(world["criteria"].values())))
def test_every_hour_of_random_worlds_is_exact(world):
    with tempfile.TemporaryDirectory() as folder:
        run = engine_run(world, folder)
    assert_hours_are_exact(run, np.arange(0, run.world.calendar.hours, 7))


@pytest.mark.parametrize("keys", [
    {}, {"compliance": {"share": 0.6}}, {"seasons": "taiyuan-2021"}, {"response": {"preadjust": True, "escalate": 1}}])
def test_hours_of_several_cities_and_members_are_exact(tmp_path, keys):
    rows = [line(f"L{n}", ramp_down_h=6.5 * n, ramp_up_h=11 * n, **CUTS) for n in range(6)]
    path = write_areas(tmp_path, {"here": (INDEX, rows), "there": (INDEX[::-1], rows[:3])},
                       **keys | {"forecast": {"source": "synthetic", "members": 2}})
    (run,) = experiment.run_all(experiment.load(path))
    table = assert_hours_are_exact(run, np.arange(0, run.world.calendar.hours, 5))
    totals = sim.tables.totals(run)
    for p in Pollutant:
        rows = totals[totals["pollutant"] == p.value]
        assert table[f"actual_{p}_kg"].sum() == pytest.approx(rows["actual_kg"].sum())


def test_the_file_is_written_when_asked_for(tmp_path):
    rows = [line("L", ramp_down_h=12, ramp_up_h=24, **CUTS)]
    path = write_world(tmp_path, INDEX, rows)
    for flags, there in ((["--hourly"], True), ([], False)):
        folder = tmp_path / f"out{there}"
        done = CliRunner().invoke(cli, ["run", str(path), "--out", str(folder), *flags])
        assert done.exit_code == 0, done.output
        assert (folder / "hourly.csv").exists() is there
    table = pd.read_csv(tmp_path / "outTrue" / "hourly.csv")
    assert len(table) == 24 * len(INDEX)
    assert list(table.columns[:6]) == ["run", "member", "city", "hour", "warning_level", "response_level"]
    assert table["hour"].str.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:00").all()
    calm = table[(table["warning_level"] == "none") & (table["avoided_so2_kg"] == 0)]
    assert len(calm)
    assert np.ptp(calm["actual_so2_kg"]) == 0
    assert (table["actual_so2_kg"] >= 0).all()
    assert not sim.results.hourly.hourly(experiment.run_all(experiment.load(write_world(tmp_path, INDEX)))[0]).size


def test_many_hours_go_through_the_kernel_and_the_manifest_says_so(tmp_path, monkeypatch):
    pytest.importorskip("numba", reason="the extra `compiled` is not installed")
    scenario = experiment.load(write_world(tmp_path, INDEX, [line("L", ramp_down_h=12, ramp_up_h=24, **CUTS)]))
    for least, expected in ((24 * len(INDEX), True), (24 * len(INDEX) + 1, False)):
        monkeypatch.setattr("sim.hourly.WORTH_COMPILING", least)
        results, used = sim.run(scenario, by_hour=True), spied(monkeypatch)
        assert len(results.hourly)
        assert bool(used) is expected
        assert ("numba" in results.manifest({})["packages"]) is expected
        assert "numba" not in sim.run(scenario).manifest({})["packages"]
    monkeypatch.setattr("sim.hourly.WORTH_COMPILING", 0)
    monkeypatch.setattr("sim.hourly.find_spec", lambda _: None)
    assert "numba" not in results.manifest({})["packages"]
