"""The folder: every file and column that the outside relies on; whole or not at all; nobody's file overwritten."""

import json

import pandas as pd
import pytest
from worlds import line, write_world

import sim
from sim import files
from sim.vocab import Pollutant

INDEX = [100] * 5 + [210] * 3 + [100] * 4
ROWS = [line("L1"), line("L2", industry="cement", process="clinker", grade="C", ramp_down_h=12),
        line("L3", industry="heat-supply", grade="ungraded", control="heating")]
COLUMNS = {
    "warnings.csv": "run member city kind level issued_at effective_at reason clause",
    "days.csv": "run member city date aqi index primary_pollutant warning_level response_hours",
    "totals.csv": "run member city industry grade pollutant baseline_kg avoided_kg avoided_assumed_kg",
    "output.csv": "run member city industry grade product output_unit baseline_output curtailed_output curtailed_value_cny",
    "lines.csv": "run member city line_id enterprise_id enterprise industry grade full_load_hours_lost avoided_so2_kg "
                 "avoided_nox_kg avoided_pm_kg avoided_voc_kg curtailed_output curtailed_value_cny",
    "orders.csv": "run member city line_id enterprise level from to share measure clause",
}
NAMES = [f"{kind}_{level}" for kind in ("warnings", "hours") for level in ("yellow", "orange", "red")] + [
    f"avoided_{p}_kg" for p in Pollutant] + ["avoided_assumed_share", "curtailed_value_cny", "seconds"]


@pytest.fixture
def scenario(tmp_path):
    return write_world(tmp_path, INDEX, ROWS, grading="guide-2020", variants={"mee2024": {"rules": "mee2024"}})


@pytest.fixture
def folder(scenario, tmp_path):
    sim.report(sim.run(sim.load(scenario)), tmp_path / "out")
    return tmp_path / "out"


@pytest.mark.parametrize("name", COLUMNS)
def test_every_table_has_its_columns_and_opens_in_excel(folder, name):
    assert (folder / name).read_bytes().startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(folder / name)
    assert set(COLUMNS[name].split()) <= set(table.columns)
    assert set(table["run"]) == {"base", "mee2024"}
    assert len(table)


def test_times_are_iso_without_seconds_and_orders_lie_inside_the_period(folder):
    orders = pd.read_csv(folder / "orders.csv")
    assert orders["from"].str.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d").all()
    assert (orders["from"] < orders["to"]).all()
    assert orders["share"].between(0, 1).all()
    assert orders["measure"].str.contains("/").all()
    assert "L3" not in set(orders["line_id"])  # heating is told nothing


def test_the_summary_uses_the_names_of_the_comparison(folder):
    runs = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["runs"]
    assert [run["run"] for run in runs] == ["base", "mee2024"]
    for run in runs:
        assert set(NAMES) <= set(run)
    totals = pd.read_csv(folder / "totals.csv").query("run == 'base'").groupby("pollutant")["avoided_kg"].sum()
    for pollutant in Pollutant:
        assert runs[0][f"avoided_{pollutant}_kg"] == pytest.approx(totals[pollutant])


def test_the_manifest_says_what_went_in_and_hashes_what_came_out(folder, scenario):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["inputs"]["scenario.yaml"] == files.sha256(scenario.read_bytes())
    assert set(manifest["inputs"]) == {"scenario.yaml", "series.csv", "list.csv"}
    assert [run["rules"]["edition"] for run in manifest["runs"]] == ["mee2019", "mee2024"]
    assert manifest["runs"][1]["changes"] == [
        {"key": "rules", "old": "mee2019", "new": "mee2024", "given": "variants.mee2024"}]
    assert manifest["runs"][0]["settings"]["forecast"]["horizon_days"] == 7
    for name, digest in manifest["outputs"].items():
        assert digest == files.content_hash(name, (folder / name).read_bytes())
    assert manifest["outputs"]["lines.csv"] == files.sha256((folder / "lines.csv").read_bytes())
    assert set(manifest["outputs"]) | {"manifest.json"} == {path.name for path in folder.iterdir()}
    assert str(scenario.parent) not in json.dumps(manifest)


def test_the_same_scenario_gives_the_same_bytes(scenario, tmp_path):
    for name in ("one", "two"):
        sim.report(sim.run(sim.load(scenario)), tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        if path.name != "summary.json":
            assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_an_untouched_folder_of_ours_is_replaced(folder, scenario):
    sim.report(sim.run(sim.load(scenario, ["rules=bj2015"])), folder)
    assert set(pd.read_csv(folder / "warnings.csv")["level"]) & {"orange"}
    assert not [path for path in folder.parent.iterdir() if path.name.startswith(".out")]


@pytest.mark.parametrize("touch", ["orders.csv", "summary.json", "manifest.json", "added", "a plain file",
                                   "a stranger's manifest", "a manifest of another shape"])
def test_a_users_file_is_never_overwritten(folder, scenario, touch, tmp_path):
    target = folder
    if touch.endswith((".csv", ".json")):
        (folder / touch).write_text((folder / touch).read_text(encoding="utf-8") + " ", encoding="utf-8")
    elif touch.startswith("a "):
        target = tmp_path / "theirs"
        if touch != "a plain file":
            target.mkdir()
            outputs = {"a.txt": None} if "stranger" in touch else 5
            (target / "manifest.json").write_text(json.dumps({"program": "hpwsim", "outputs": outputs}))
            (target / "a.txt").write_text("my notes", encoding="utf-8")
        else:
            target.write_text("my notes", encoding="utf-8")
    elif touch == "added":
        (folder / "notes.docx").write_text("my notes", encoding="utf-8")
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(sim.InputError, match="no run wrote"):
        sim.report(sim.run(sim.load(scenario)), target)
    assert before == {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}


def test_a_failure_on_the_way_leaves_no_partial_folder(scenario, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_swap", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(sim.InputError, match="No space left"):
        sim.report(sim.run(sim.load(scenario)), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".out")]


def test_without_a_list_only_warnings_are_run(tmp_path):
    page = sim.report(sim.run(sim.load(write_world(tmp_path, INDEX))), tmp_path / "out")
    assert len(pd.read_csv(tmp_path / "out" / "warnings.csv")) == 2
    assert len(pd.read_csv(tmp_path / "out" / "lines.csv")) == 0
    assert page.read_text(encoding="utf-8")


def test_two_cities_are_reckoned_apart_and_together(tmp_path):
    one = write_world(tmp_path, INDEX, ROWS, grading="guide-2020")
    text = one.read_text().replace("cities:", "cities:\n  there: {observed: series.csv}")
    both = tmp_path / "both.yaml"
    both.write_text(text.replace("cities:\n", "cities:\n", 1))
    alone, together = sim.run(sim.load(one)), sim.run(sim.load(both))
    assert set(together.warnings["city"]) == {"here", "there"}
    assert together.summary["hours_orange"].iloc[0] == 2 * alone.summary["hours_orange"].iloc[0]
    assert together.lines.drop(columns="city").equals(alone.lines.drop(columns="city"))


def test_reduction_targets_hold_the_asked_cut_against_the_citys_total(tmp_path):
    path = write_world(tmp_path, INDEX, [line("L", orange_cut=0.5, yellow_cut=0.25, red_cut=1)])
    path.write_text(path.read_text().replace("observed: series.csv", "observed: series.csv\n    totals: {nox_kg_per_day: 96}"))
    targets = sim.run(sim.load(path)).reduction_targets.set_index("level")
    assert targets["asked_kg_per_day"].to_dict() == {"yellow": 12, "orange": 24, "red": 48}
    assert targets["share"].to_dict() == {"yellow": 0.125, "orange": 0.25, "red": 0.5}
    assert targets["target"].to_dict() == {"yellow": 0.1, "orange": 0.2, "red": 0.3}
    assert targets["met"].all()


def test_hand_made_kilograms_come_out(tmp_path):
    """Three days of orange, half the load at once: 36 full-load hours, 1.5 days of everything."""
    path = write_world(tmp_path, INDEX, [line("L", orange_cut=0.5)])
    result = sim.run(sim.load(path))
    row = result.lines.iloc[0]
    assert row["full_load_hours_lost"] == 36
    assert row[["avoided_so2_kg", "avoided_nox_kg", "avoided_pm_kg", "avoided_voc_kg"]].tolist() == [36, 72, 18, 9]
    assert (row["curtailed_output"], row["curtailed_value_cny"]) == (360, 36000)
    assert result.totals.query("pollutant == 'nox'")["baseline_kg"].item() == 48 * 12


def test_a_folder_that_cannot_be_moved_is_left_as_it_was(folder, scenario, monkeypatch):
    """A spreadsheet holds one of its files open, as on Windows."""
    from pathlib import Path

    rename = Path.rename

    def held(path, target):
        if path == folder:
            raise PermissionError(13, "The process cannot access the file")
        return rename(path, target)

    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    monkeypatch.setattr(Path, "rename", held)
    with pytest.raises(sim.InputError, match="close its files"):
        sim.report(sim.run(sim.load(scenario, ["seed=2"])), folder)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert not [path for path in folder.parent.iterdir() if path.name.startswith(".out")]


def test_old_results_are_never_lost_even_when_nothing_can_be_put_back(folder, scenario, monkeypatch):
    from pathlib import Path

    rename = Path.rename

    def stuck(path, target):
        if path == folder:
            return rename(path, target)
        raise PermissionError(13, "no")

    monkeypatch.setattr(Path, "rename", stuck)
    with pytest.raises(sim.InputError):
        sim.report(sim.run(sim.load(scenario, ["seed=2"])), folder)
    (aside,) = [path for path in folder.parent.iterdir() if path.name.startswith(".out")]
    assert (aside / "orders.csv").is_file()


def test_a_link_stays_a_link(folder, scenario):
    link = folder.with_name("link")
    link.symlink_to(folder, target_is_directory=True)
    sim.report(sim.run(sim.load(scenario, ["seed=2"])), link)
    assert link.is_symlink()
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["runs"][0]["seed"] == 2


def test_the_tables_of_an_empty_run_have_their_headers(tmp_path):
    tables = sim.run(sim.load(write_world(tmp_path, [50] * 5))).files("page")
    for name, content in tables.items():
        if name.endswith(".csv"):
            assert content.decode("utf-8-sig").startswith("run,member,"), name
