"""The house rules that a reader relies on: imports one way, one door for each library, every word in both languages."""

import ast
import importlib.util
import re
import string

import pytest

from sim.files import records

ORDER = [["labels", "vocab", "clock", "rng"], ["errors", "language"], ["files", "planes"],
         ["compiled_planes", "compiled_plan"], ["compiled_bits"],
         ["columns", "measures", "aqi", "other_measures", "grid"], ["schema"], ["industries", "targets"],
         ["rulebook", "transport", "skill", "winters"], ["target_tables"], ["days"], ["episodes"],
         ["watch", "compiled_effect"], ["compiled_warning"],
         ["settings", "series", "population", "warning"],
         ["forecast", "scenario", "seasons", "events", "linkage", "grading", "agenda", "other_sources"],
         ["synthetic", "lead_scores"],
         ["groups", "negotiation", "response", "taking_effect", "told", "weather", "compiled_forecast"],
         ["phases", "ledger", "compiled_hours"], ["office"],
         ["engine", "accounts"],
         ["totals", "reading"], ["experiment", "sweep_regret", "compiled_response"], ["wording", "cases"],
         ["society", "compiled"], ["tables"],
         ["orders", "electricity", "hourly", "reductions", "regret", "verification"], ["assessment", "blanket"],
         ["results", "differences", "uniform", "workers"], ["sweeping"], ["sensitivities", "charts", "metrics"],
         ["comparison", "mechanisms"],
         ["scorecard", "comparison_charts", "verification_charts"], ["sweep_charts", "verdict"],
         ["explain", "page", "checking"], ["comparison_page", "sweep_page", "sensitivity_page"], ["api", "showing"], ["cli"],
         ["__init__", "__main__"]]
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names}
DOORS = {"simpy": {"engine"},
         "matplotlib": {"charts", "scorecard", "comparison_charts", "verification_charts", "sweep_charts"},
         "jinja2": {"page"}, "rich": {"cli", "showing"}, "click": {"cli", "language"},
         "pydantic": {"schema", "rulebook", "settings", "transport", "target_tables", "skill", "winters"},
         "pydantic_core": {"rulebook", "settings", "transport", "target_tables"}, "yaml": {"files", "aqi"},
         "scores": {"verification"}, "xarray": {"verification"}, "distributed": {"workers"}, "concurrent": {"workers"},
         "SALib": {"sensitivities"},
         "numba": {"compiled_bits", "compiled_planes"}, "llvmlite": {"compiled_planes"}}


def modules(root):
    return {path.stem: path.read_text(encoding="utf-8") for path in (root / "sim").glob("*.py")}


def imports(code):
    """(module of ours or None, top name of an outside package or None) of every import, lazy ones included."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "sim":
                yield from ((name.name, None) for name in node.names)
            elif node.module.startswith("sim."):
                yield node.module.split(".")[1], None
            else:
                yield None, node.module.split(".")[0]
        elif isinstance(node, ast.Import):
            yield from ((None, name.name.split(".")[0]) for name in node.names)


def test_imports_point_one_way(root):
    for name, code in modules(root).items():
        for ours, _ in imports(code):
            if ours in RANK and name != "__init__":
                assert RANK[ours] < RANK[name], f"{name} imports {ours}"
    assert set(modules(root)) == set(RANK)


def test_each_outside_library_has_its_door(root):
    for name, code in modules(root).items():
        for _, outside in imports(code):
            if outside in DOORS:
                assert name in DOORS[outside], f"{name} imports {outside}"


def test_modules_are_short(root):
    lengths = sorted(len(code.splitlines()) for code in modules(root).values())
    assert lengths[-1] <= 400
    assert lengths[len(lengths) // 2] <= 200


def test_only_the_command_line_prints_or_exits(root):
    for name, code in modules(root).items():
        calls = {node.func.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)
                 and isinstance(node.func, ast.Name)}
        assert "print" not in calls
        assert "sys.exit" not in code or name == "cli"


def test_every_public_function_says_what_it_returns(root):
    for name, code in modules(root).items():
        tree = ast.parse(code)
        assert ast.get_docstring(tree), name
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_") and (
                    isinstance(node, ast.ClassDef) or len(node.body) > 2):
                assert ast.get_docstring(node), f"{name}.{node.name}"


@pytest.mark.parametrize("row", records("text.csv"), ids=lambda row: row["key"])
def test_every_text_stands_in_both_languages_with_the_same_places(row):
    places = [{field for _, field, _, _ in string.Formatter().parse(row[lang]) if field} for lang in ("en", "zh")]
    assert row["en"]
    assert row["zh"]
    assert set(row) == {"key", "en", "zh"}, "a comma outside quotes"
    assert places[0] == places[1]
    assert not re.search("[一-鿿]", row["en"])


@pytest.mark.parametrize(("word", "others"), [("预报水平", "预报技巧"), ("提前量", "提前通知")])
def test_one_thing_has_one_word(root, word, others):
    shown = [root / "sim" / "data" / "text.csv", root / "README.zh.md", *(root / "docs").rglob("*.zh.md")]
    said = {path.name: path.read_text(encoding="utf-8") for path in shown}
    assert word in said["text.csv"]
    assert [name for name, text in said.items() if others in text] == []


def test_every_text_that_the_code_asks_for_exists_and_none_is_left_over(root):
    keys = {row["key"] for row in records("text.csv")}
    code = "\n".join([*modules(root).values(), *(page.read_text(encoding="utf-8") for page in
                                                (root / "sim" / "data").glob("*.j2"))])
    asked = set(re.findall(r"[\"']([a-z]+\.[a-z0-9_.+-]+)[\"']", code))
    roots = {key.split(".")[0] for key in keys}
    for code_ in set(re.findall(r"findings?\.add\(\s*[\"']([a-z_.0-9]+)[\"']", code)) | set(
            re.findall(r"Finding\(\s*[\"']([a-z_.0-9]+)[\"']", code)):
        assert f"finding.{code_}" in keys, code_
        assert f"mend.{code_}" in keys, code_
    unknown = {key for key in asked if key.split(".")[0] in roots and key not in keys and not key.endswith(".")}
    used = {key for key in keys if key in code or f".{key.split('.', 1)[1]}" in code or f"'{key.split('.', 1)[1]}'" in code}
    built = ("finding", "mend", "level", "kind", "grade", "control", "basis", "pollutant", "measure", "measurekind", "trucks",
             "trigger", "species", "criterion", "reason", "document", "source", "quantity", "skill", "key", "unit")
    left_over = {key for key in keys - used if key.split(".")[0] not in built}
    assert {key for key in left_over if not key.startswith((
        "report.confidence.", "report.limits.", "chart.level.", "cli.stage.", "cli.help.", "cli.placed.", "clause.",
        "report.event.", "report.decide_on.", "sweep.", "sensitivity."))} == set()
    told = {key for key in unknown if key.split(".")[0] in ("report", "compare", "cli", "explain", "reason", "measure")}
    assert told - {"report.html", "report.html.j2", "comparison.html.j2", "sweep.html.j2"} == set()  # names of files
    assert {key.removeprefix("finding.") for key in keys if key.startswith("finding.")} - {"join"} == {
        key.removeprefix("mend.") for key in keys if key.startswith("mend.")}


@pytest.mark.parametrize("folder", ["benchmarks", "docs"])
def test_what_scripts_take_from_the_package_is_there(root, folder):
    taken = {(node.module, one.name) for path in (root / folder).glob("*.py")
             for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
             if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "sim" for one in node.names}
    assert taken
    for module, name in taken:
        assert hasattr(importlib.import_module(module), name) or importlib.util.find_spec(f"{module}.{name}"), (module, name)


def test_the_project_speaks_of_itself_alone(root):
    """No package registry, no path of a machine, no tool of a workplace."""
    banned = re.compile(r"pypi\.org|pythonhosted|/work/|/root/|/tmp/[a-z]|\bsession\b|\.library", re.IGNORECASE)
    for path in root.rglob("*"):
        parts = set(path.relative_to(root).parts)
        if path.is_file() and path.suffix in {".py", ".md", ".toml", ".txt", ".yaml", ".csv", ".j2", ".ipynb", ""} and not (
                parts & {".git", ".venv", "runs", "__pycache__", "tests", ".hypothesis", ".pytest_cache", "build"}
                or any(part.endswith(".egg-info") for part in parts)):
            try:
                found = banned.search(path.read_text(encoding="utf-8"))
            except UnicodeDecodeError:
                continue
            assert not found, f"{path.relative_to(root)}: {found[0]}"
