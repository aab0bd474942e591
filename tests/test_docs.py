"""Every command and snippet shown is run; what the pages say is so."""

import re
import shlex
import subprocess
import sys

import pytest
import yaml
from conftest import ROOT

PAGES = ["README.md", "README.zh.md", "docs/planner.md", "docs/planner.zh.md", "docs/compare.md", "docs/compare.zh.md",
         "docs/verification.md", "docs/verification.zh.md", "docs/sweep.md", "docs/sweep.zh.md", "enterprises/README.md"]


def blocks(text, kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


DOCUMENTS = ["zezhou-2020", "yangquan-2020", "yangquan-2024", "yangquan-urban-2024", "taiyuan-2021"]


def commands(root, pages=PAGES):
    found = {}
    for page in pages:
        for block in blocks((root / page).read_text(encoding="utf-8"), "sh"):
            for command in block.splitlines():
                if command.startswith("python "):
                    found.setdefault(command.removesuffix(" --lang zh"), f"{page}: {command}")
    return found


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A folder that looks like the project's, so that runs do not land in it."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("run_sim.py", "sim", "scenarios", "enterprises"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.mark.parametrize(("command", "where"), sorted(commands(ROOT).items()))
def test_a_command_that_is_shown_runs(workplace, command, where):
    words = shlex.split(command)
    if "make_lists.py" in command:
        (workplace / words[-1]).mkdir(parents=True, exist_ok=True)
    done = subprocess.run([sys.executable, *words[1:]], cwd=workplace, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{where}\n{done.stderr}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_of_a_documents_page_is_read(root, name):
    """Read and checked, not run: the goldens run these scenarios."""
    from sim import experiment

    shown = commands(root, [f"docs/scenarios/{name}.md"])
    chinese = commands(root, [f"docs/scenarios/{name}.zh.md"])
    assert list(shown) == list(chinese)
    assert len(shown) == 4
    for command in shown:
        words = shlex.split(command)[2:]
        options = [(words[at], words[at + 1]) for at in range(2, len(words), 2)]
        assert {key for key, _ in options} <= {"--set", "--vary", "--out"}, command
        assert words[:2] in ([verb, f"scenarios/{name}.yaml"] for verb in ("run", "compare")), command
        changed = experiment.load(root / words[1], [value for key, value in options if key == "--set"],
                                  [value for key, value in options if key == "--vary"])
        assert changed.worlds


def test_one_of_them_is_run(root, workplace):
    words = shlex.split(next(iter(commands(root, ["docs/scenarios/yangquan-urban-2024.md"]))))
    done = subprocess.run([sys.executable, *words[1:]], cwd=workplace, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("lang", ["", ".zh"])
def test_the_numbers_of_a_documents_page_are_those_of_the_golden(root, name, lang):
    """Tonnes of NOx avoided in every run, and its share on assumed rows, stand in the page's table."""
    import goldens

    page = (root / "docs" / "scenarios" / f"{name}{lang}.md").read_text(encoding="utf-8")
    for (run, _), row in goldens.kept(name).items():
        tonnes = float(row["avoided_nox_kg"]) / 1000
        assert f"{tonnes:,.1f}" in page or f"{tonnes:.1f}" in page, (run, tonnes)
        assert f"{float(row['avoided_assumed_share']):.0%}".replace("%", " %" if not lang else "%") in page, run


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_the_five_lines_of_python_run(root, workplace, page):
    (snippet,) = blocks((root / page).read_text(encoding="utf-8"), "python")
    assert len(snippet.strip().splitlines()) == 5
    done = subprocess.run([sys.executable, "-c", snippet], cwd=workplace, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (workplace / "winter.png").is_file()
    assert (workplace / "runs" / "from-python" / "report.html").is_file()


def test_the_output_shown_is_the_output(root, yangquan):
    from io import StringIO
    from pathlib import Path

    from rich.console import Console

    from sim import showing

    shown = StringIO()
    showing.results(Console(file=shown, width=110), yangquan, Path("report.html"), "en")
    plain = " ".join(shown.getvalue().split())
    (block,) = blocks((root / "README.md").read_text(encoding="utf-8"), "text")
    for said in block.strip().splitlines():
        assert " ".join(said.split()) in plain


def test_ci_runs_the_readmes_test_command_and_both_readmes_agree(root):
    pattern = re.compile(r"^(python3|py -3\.11) -m venv .*$", re.MULTILINE)
    english, chinese = ([m[0].replace(" --lang zh", "") for m in pattern.finditer((root / page).read_text(encoding="utf-8"))]
                        for page in ("README.md", "README.zh.md"))
    assert sorted(english) == sorted(chinese)
    assert len(english) == 4
    assert "README.md" in (root / ".ci" / "run").read_text()


@pytest.mark.parametrize("page", ["docs/scenario.md", "docs/scenario.zh.md"])
def test_scenario_snippets_are_read(root, tmp_path, page):
    from worlds import line, write_list

    from sim import experiment

    first, override = blocks((root / page).read_text(encoding="utf-8"), "yaml")
    (tmp_path / "scenarios" / "series").mkdir(parents=True)
    (tmp_path / "enterprises").mkdir()
    write_list(tmp_path / "enterprises" / "yangquan.csv", [
        line("L", industry="cement", process="clinker", grade="B"), line("M", grade="C")])
    (tmp_path / "scenarios" / "series" / "yangquan-2015-16.csv").write_bytes(
        (root / "scenarios" / "series" / "yangquan-2015-16.csv").read_bytes())
    (tmp_path / "scenarios" / "all.yaml").write_text(first, encoding="utf-8")
    assert [w.run.name for w in experiment.load(tmp_path / "scenarios" / "all.yaml").worlds] == ["base", "mee2024", "uniform"]
    changed = yaml.safe_load(first) | yaml.safe_load(override)
    (tmp_path / "scenarios" / "two.yaml").write_text(yaml.safe_dump(changed, allow_unicode=True), encoding="utf-8")
    asked = experiment.load(tmp_path / "scenarios" / "two.yaml").worlds[0].asked
    assert asked.output[1].tolist() == [0.2, 0.4]
    assert asked.output[0].tolist()[0] == 0.1


@pytest.mark.parametrize("page", ["docs/scenario.md", "docs/scenario.zh.md"])
def test_the_transport_block_shown_holds_the_values_in_force(root, page):
    from sim.scenario import Transport

    (block,) = blocks((root / page).read_text(encoding="utf-8"), "yml")
    shown = Transport(**yaml.safe_load(block)["transport"])
    known = Transport(bans="taiyuan-2021")
    assert shown.model_dump(exclude={"new_energy_exempt", "clean_freight_mt_per_year", "clean_stage"}) == known.model_dump(
        exclude={"new_energy_exempt", "clean_freight_mt_per_year", "clean_stage"})
    for spared in ("spares_new_energy", "clean_from_mt", "clean_from_stage"):
        assert getattr(shown, spared) == getattr(known, spared)


def rows_of(page):
    return [[cell.strip() for cell in row.split("|")[1:-1]] for row in page.splitlines() if row.startswith("|")]


@pytest.mark.parametrize(("page", "unit", "flip_unit"), [("docs/sweep.md", 1e6, 1e6), ("docs/sweep.zh.md", 1e8, 1e4)])
def test_the_numbers_of_the_page_of_sweeps_are_those_of_its_commands(root, page, unit, flip_unit):
    import sim

    text = (root / page).read_text(encoding="utf-8")
    wanted = []
    for command in [c for block in blocks(text, "sh") for c in block.splitlines() if " sweep " in c]:
        words = shlex.split(command)
        sets, vary = ([value for key, value in zip(words, words[1:], strict=False) if key == option]
                      for option in ("--set", "--vary"))
        found = sim.sweep(root / words[3], vary, [*sets, "forecast.members=100"]).variants
        for row in found.to_dict("records"):
            hours = sum(row[f"hours_{level}"] for level in ("yellow", "orange", "red"))
            wanted.append([hours, row["avoided_t"], row["curtailed_value_cny"] / unit, row["heavy_days_missed"],
                           row["noon_false_alarm_cny"] / unit, row["flip_flops"],
                           row["flip_flop_cny"] / flip_unit])
    shown = [row[-7:] if len(row) == 9 else row[-4:] for row in rows_of(text) if len(row) in (5, 9)]
    shown = [[float(cell.replace(",", "")) for cell in row] for row in shown if row[0].replace(",", "").isdigit()]
    assert len(shown) == len(wanted) == 10
    for ours, theirs in zip(shown, wanted, strict=True):
        assert ours == pytest.approx(theirs[: len(ours)], rel=0.003, abs=0.0051)


@pytest.mark.parametrize("page", ["docs/sweep.md", "docs/sweep.zh.md"])
def test_commands_of_the_page_of_sweeps_that_take_long_or_a_cluster_are_read(root, page):
    """Options as the command line knows them, keys and ranges as the scenario does."""
    from sim.cli import cli
    from sim.experiment import load, load_cells

    shown = [line for block in blocks((root / page).read_text(encoding="utf-8"), "bash") for line in block.splitlines()
             if line.startswith("python ")]
    assert len(shown) == 2
    for command in shown:
        verb, *words = shlex.split(command)[2:]
        given = cli.commands[verb].make_context(verb, words).params
        path = root / given["scenario"]
        if verb == "sweep":
            assert load(path, given["overrides"], given["vary"], sweeping=True).worlds
        else:
            ends = [[text.partition("=")[0], *text.partition("=")[2].split("..")] for text in given["over"]]
            assert len(load_cells(path, [tuple((key, end[at]) for key, *end in ends) for at in (0, 1)],
                                  given["overrides"]).worlds) == 2


@pytest.mark.parametrize("page", ["docs/forecasts.md", "docs/forecasts.zh.md"])
def test_the_page_of_forecasts_says_what_comes_out(root, tmp_path, page):
    from datetime import date

    from sim import experiment, lead_scores
    from sim.skill import Skill

    text = (root / page).read_text(encoding="utf-8")
    for block in blocks(text, "yml"):
        given = {"period": {"start": date(2015, 11, 1), "end": date(2015, 12, 31)}, "rules": "mee2019", "grading": "none",
                 "cities": {"yangquan": {"observed": str(root / "scenarios" / "series" / "yangquan-2015-16.csv")}}}
        (tmp_path / "shown.yaml").write_text(yaml.safe_dump(given | yaml.safe_load(block)), encoding="utf-8")
        assert experiment.load(tmp_path / "shown.yaml").worlds
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in text.splitlines() if row.startswith("|")]
    for name, _, shown, *_ in [row for row in rows if len(row) == 4 and row[0].startswith("`")]:
        by_lead = Skill(preset=name.strip("`")).correlation(7)[[0, 2, 6]]
        assert [float(one) for one in re.split("[,、] ?", shown)] == pytest.approx(by_lead.tolist(), abs=0.0051)
    tables = [lead_scores.scores_by_lead(world.observed, world.issue).set_index("lead_day") for world in (
        experiment.load(root / "scenarios" / "yangquan-2015-winter.yaml", keys).worlds[0] for keys in (
            ["forecast.source=synthetic", "forecast.members=200"], ["forecast.source=persistence"]))]
    for lead, *shown in [row for row in rows if len(row) == 8 and row[0].isdigit()]:
        columns = ["correlation", "hit_share", "false_alarm_ratio", "heavy_bias_share"]
        got = [*tables[0].loc[int(lead), columns], *tables[1].loc[int(lead), columns[:3]]]
        assert [float(one) for one in shown] == pytest.approx([abs(got[3]) if at == 3 else one for at, one in enumerate(got)],
                                                              abs=0.0051)


def decisions_shown(page):
    """Rows (name, warnings, hours yellow, orange, red) of the table of decisions on an ensemble."""
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in page.splitlines() if row.startswith("|")]
    return [row for row in rows if len(row) == 5 and row[1].isdigit()]


def test_the_decisions_shown_on_the_page_of_forecasts_are_those_taken(root):
    import sim

    english, chinese = (decisions_shown((root / "docs" / name).read_text(encoding="utf-8"))
                        for name in ("forecasts.md", "forecasts.zh.md"))
    assert [row[1:] for row in chinese] == [row[1:] for row in english]
    assert len(english) == 6
    for number, (name, *shown) in enumerate(english):
        keys = ["rules=mee2024", "cities.yangquan.enterprises=null"]
        if number:
            how, _, share = re.search("`(.*?)`", name)[1].partition(": ")
            keys += ["forecast.source=synthetic", "forecast.members=100", f"forecast.decide_on={how}"]
            keys += [f"forecast.probability={share}"] if share else []
        got = sim.run(sim.load(root / "scenarios" / "yangquan-2015-winter.yaml", keys)).summary
        mean = got[got["run"] == "base"].mean(numeric_only=True)
        hours = [round(float(mean[f"hours_{level}"])) for level in ("yellow", "orange", "red")]
        warned = sum(mean[f"warnings_{level}"] for level in ("yellow", "orange", "red"))
        assert [round(float(warned)), *hours] == [int(one) for one in shown], name


@pytest.mark.parametrize("page", ["docs/scenario.md", "docs/scenario.zh.md"])
def test_the_blocks_of_negotiated_cuts_and_linkage_say_what_they_say(root, page):
    from sim.settings import Linkage, Negotiated

    negotiated, linkage = (yaml.safe_load(block) for block in blocks((root / page).read_text(encoding="utf-8"), "YAML"))
    assert Negotiated(**negotiated["grading"]["negotiated"]) == Negotiated(wanted_kg_per_day=1500)
    read = Linkage(**linkage["linkage"])
    assert read.joint[0].areas == ("taiyuan", "yangquan")
    assert read == Linkage(joint=read.joint, follow={"zezhou": "jincheng"})


@pytest.mark.parametrize("page", ["docs/planner.md", "docs/planner.zh.md"])
def test_the_planners_variants_are_read(root, tmp_path, page):
    from worlds import write_world

    from sim import experiment

    (block,) = blocks((root / page).read_text(encoding="utf-8"), "yaml")
    scenario = experiment.load(write_world(tmp_path, [100] * 10, **yaml.safe_load(block)))
    assert len(scenario.worlds) == 3


def test_the_edition_shown_to_contributors_is_read(root):
    from sim.errors import Findings
    from sim.files import parse_yaml
    from sim.rulebook import Edition
    from sim.schema import build

    text = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = re.search(r"^ {3}```yaml\n(.*?)^ {3}```", text, flags=re.DOTALL | re.MULTILINE)[1]
    findings = Findings()
    edition = build(Edition, parse_yaml(re.sub("^ {3}", "", block, flags=re.MULTILINE), "shown", findings), "shown", findings)
    assert findings.all == []
    assert edition.id == "city2027"


def test_links_between_pages_lead_somewhere(root):
    folders = ("", "docs/", "docs/scenarios/", "enterprises/", "benchmarks/")
    pages = [page for folder in folders for page in root.glob(f"{folder}*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def anchors(page):
    """Headings of a page as its links name them: lower case, spaces as hyphens, other signs left out."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)}


def test_links_to_headings_meet_one(root):
    met = 0
    for folder in ("", "docs/", "docs/scenarios/", "enterprises/", "benchmarks/"):
        for page in root.glob(f"{folder}*.md"):
            for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", page.read_text(encoding="utf-8")):
                assert anchor in anchors(page.parent / target if target else page), f"{page.name}: {target}#{anchor}"
                met += 1
    assert met >= 5


def test_every_module_stands_in_the_design_once(root):
    page = (root / "docs" / "design.md").read_text(encoding="utf-8")
    table = page.split("| module | what |")[1].split("\n\n")[0]
    named = [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(named) == sorted(path.stem for path in (root / "sim").glob("[!_]*.py"))


def test_modules_and_functions_that_pages_name_exist(root):
    import importlib

    for page in [*root.glob("*.md"), *root.glob("docs/*.md")]:
        for module, name in re.findall(r"`sim\.(\w+)\.(\w+)`", page.read_text(encoding="utf-8")):
            assert hasattr(importlib.import_module(f"sim.{module}"), name), f"{page.name}: sim.{module}.{name}"


@pytest.mark.parametrize("page", ["docs/outputs.md", "docs/outputs.zh.md"])
def test_the_table_of_outputs_names_every_file(root, yangquan, page):
    text = (root / page).read_text(encoding="utf-8")
    for name in yangquan.files("page"):
        assert f"`{name}`" in text


@pytest.mark.parametrize("name", ["scenario", "model"])
def test_a_page_says_as_much_in_chinese(root, name):
    """As many headings and rows, every key, column and number; only what a user is to replace has other words."""
    english, chinese = ((root / "docs" / f"{name}{ending}").read_text(encoding="utf-8") for ending in (".md", ".zh.md"))
    for sign in ("## ", "| "):
        told = [sum(row.startswith(sign) for row in page.splitlines()) for page in (english, chinese)]
        assert told[0] == told[1] > 0
    bare = [re.sub(r"```.*?```", "", page, flags=re.DOTALL) for page in (english, chinese)]
    keys = [{key for key in re.findall(r"`([^`\n]+)`", page) if not re.search("KEY=", key)} for page in bare]
    assert keys[0] - keys[1] == set()
    numbers = [set(re.findall(r"\d+(?:\.\d+)?", page)) for page in (english, chinese)]
    assert numbers[0] - numbers[1] <= {"1.5"}  # 1.5 Mt are 150万吨


def test_both_tables_of_outputs_name_the_same_columns(root):
    """Every word with an underscore in it is a column; so are the files."""
    english, chinese = ((root / page).read_text(encoding="utf-8") for page in ("docs/outputs.md", "docs/outputs.zh.md"))
    named = [set(re.findall(r"`[a-z_]+\.[a-z]+`|[a-z0-9]+(?:_[a-zA-Z0-9]+)+", text)) for text in (english, chinese)]
    assert named[0] <= named[1]


@pytest.mark.parametrize("page", ["docs/scenario.md", "docs/scenario.zh.md"])
def test_the_keys_of_a_scenario_are_all_told(root, page):
    from sim import settings

    told = (root / page).read_text(encoding="utf-8")
    for model in (settings.Settings, settings.Forecast, settings.Response, settings.GradingOverride, settings.Period,
                  settings.Grading, settings.Negotiated, settings.Joint, settings.Linkage, settings.Event,
                  settings.Electricity, settings.City, settings.Transport):
        for key in model.model_fields:
            assert re.search(rf"(?<![a-z0-9_]){key}(?![a-z0-9_])", told), key
