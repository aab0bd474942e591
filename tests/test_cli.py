"""The command line as a user meets it: exit status, a Chinese console, paths, nothing written on a mistake."""

import os
import re
import subprocess
import sys

import pytest
from worlds import line, write_world

from sim import labels

COMMANDS = ("run", "compare", "sweep", "sensitivity", "check", "rules", "explain")
INDEX = [100] * 5 + [210] * 3 + [100] * 4


def call(*words, cwd, **environment):
    """Run the program as a process; returns (status, stdout, stderr) with the streams as bytes decoded by encoding."""
    given = {**os.environ, "PYTHONIOENCODING": "utf-8", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **environment}
    done = subprocess.run([sys.executable, "-W", "error", "-m", "sim", *map(str, words)], cwd=cwd, env=given,
                          capture_output=True, check=False)
    encoding = given["PYTHONIOENCODING"].split(":")[0]
    return done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding)


@pytest.fixture
def scenario(tmp_path):
    return write_world(tmp_path, INDEX, [line("L1"), line("L2", industry="cement", process="clinker", grade="C")],
                       grading="guide-2020")


def test_a_run_says_what_happened_and_where_the_files_are(scenario, tmp_path):
    status, said, wrong = call("run", scenario, "--out", tmp_path / "out", cwd=tmp_path)
    assert (status, wrong) == (0, "")
    for words in ("orange 1; response orange 72 h",
                  "2019-11-06 00:00 to 2019-11-09 00:00", "NOx", "rest on assumed rows", "report.html"):
        assert words in said
    assert (tmp_path / "out" / "report.html").is_file()


def test_a_warning_is_listed_at_its_own_level_with_the_response_beside_it(scenario, tmp_path):
    _, said, _ = call("run", scenario, "--set", "response.escalate=1", "--lang", "zh", cwd=tmp_path)
    assert "橙色  2019-11-06 00:00至2019-11-09 00:00（响应：红色）" in said


def test_remarks_that_a_set_value_brings_are_pointed_to_where_they_stand(scenario, tmp_path):
    _, said, _ = call("run", scenario, "--set", "forecast.horizon_days=1", "--lang", "zh", "--out", "out", cwd=tmp_path)
    assert "输入数据提示1类，见页面" in said
    assert "预报时效1天短于解除所需" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_without_a_folder_the_files_go_to_runs(scenario, tmp_path):
    assert call("run", scenario, cwd=tmp_path)[0] == 0
    assert (tmp_path / "runs" / "scenario" / "manifest.json").is_file()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_everything_survives_a_gbk_console(scenario, tmp_path, lang):
    folder = tmp_path / "结果 一"
    for words in (["run", scenario, "--out", folder], ["rules"], ["rules", "guide-2020"], ["check", scenario],
                  ["explain", scenario, "--line", "L2", "--day", "2019-11-06"]):
        status, said, wrong = call(*words, "--lang", lang, cwd=tmp_path, PYTHONIOENCODING="gbk")
        assert (status, wrong) == (0, ""), wrong
        assert "\ufffd" not in said
        assert "?" not in said.replace("did you mean", "")
    assert (folder / "report.html").is_file()


def test_findings_survive_a_gbk_console_too(tmp_path):
    (tmp_path / "坏 的.yaml").write_text("rules: 不存在\n", encoding="utf-8")
    status, said, wrong = call("run", "坏 的.yaml", "--lang", "zh", cwd=tmp_path, PYTHONIOENCODING="gbk")
    assert status == 2
    assert "没有该预警版本" in wrong
    assert "Traceback" not in wrong


def test_a_system_that_speaks_chinese_is_answered_in_chinese(scenario, tmp_path):
    assert "预警" in call("run", scenario, cwd=tmp_path, LANG="zh_CN.UTF-8", LC_ALL="")[1]
    assert "Warnings" in call("run", scenario, cwd=tmp_path)[1]


def test_a_mistake_ends_with_status_2_every_finding_and_nothing_written(tmp_path):
    path = write_world(tmp_path, INDEX, [line("L1", nox_kg_per_day="much"), line("L1")], rules="mee2091")
    before = sorted(p.name for p in tmp_path.iterdir())
    status, said, wrong = call("run", path, "--set", "forecast.horizon=3", cwd=tmp_path)
    assert (status, said) == (2, "")
    assert "mee2091" in wrong
    assert "horizon_days" in wrong
    assert "Traceback" not in wrong
    assert sorted(p.name for p in tmp_path.iterdir()) == before


@pytest.mark.parametrize(("words", "expected"), [
    (["run", "nowhere.yaml"], "no such file"), (["run", "--sett", "a=b"], "use one of: --set\n"),
    (["walk"], "use one of: run, compare"), (["swep"], "use one of: sweep\n"), (["--walk"], "use one of: --lang, --help"),
    (["rules", "mee2091"], "no such warning edition"), (["rules", "a", "b"], "b: more than"), (["check"], "missing"),
    (["explain", "--line"], "explain --help"), (["run", "--hourly=3"], "takes no value"),
    (["sweep", "a.yaml", "--members", "0"], "1 - 10000"),
    (["compare", "a.yaml", "--equal-tonnes", "so3"], "so2, nox, pm, voc, all"),
    (["explain", "scenario.yaml", "--line", "L9", "--day", "2019-11-06"], "did you mean L"),
    (["explain", "scenario.yaml", "--line", "L1", "--day", "today"], "not a date"),
    (["explain", "scenario.yaml", "--line", "L1", "--day", "2031-01-01"], "outside the period"),
    (["explain", "scenario.yaml", "--line", "L1", "--day", "2019-11-06", "--run", "x"], "no such variant")])
def test_wrong_words_end_with_status_2_and_a_hint(scenario, tmp_path, words, expected):
    status, _, wrong = call(*words, cwd=tmp_path)
    assert status == 2
    assert expected in wrong
    assert "Traceback" not in wrong
    told = call(*words, cwd=tmp_path, LC_ALL="zh_CN.UTF-8")[2].splitlines()[0].partition("须修改")[2]
    assert re.search("[一-鿿]", told)


def test_an_occupied_folder_is_told_before_the_run(scenario, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine", encoding="utf-8")
    status, _, wrong = call("run", scenario, "--out", "mine", cwd=tmp_path)
    assert status == 2
    assert "notes.txt" in wrong
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_check_reads_everything_and_runs_nothing(scenario, tmp_path):
    before = sorted(p.name for p in tmp_path.iterdir())
    status, said, _ = call("check", scenario, tmp_path / "list.csv", tmp_path / "series.csv", cwd=tmp_path)
    assert status == 0
    assert "nothing wrong found" in said
    (tmp_path / "list.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    status, said, _ = call("check", tmp_path / "list.csv", tmp_path / "series.csv", cwd=tmp_path)
    assert status == 2
    assert "1 to mend" in said
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_explain_shows_the_whole_chain(scenario, tmp_path):
    status, said, _ = call("explain", scenario, "--line", "L2", "--day", "2019-11-06", cwd=tmp_path)
    assert status == 0
    order = ["Line", "Day", "Forecast", "Decision", "episode foreseen from 2019-11-06 to 2019-11-08", "above 200 for 72 h",
             "Response level", "Rule row", "环办大气函〔2020〕340号", "[text]", "Ordered share", "Load by hour",
             "Kilograms", "24.00 full-load hours lost"]
    place = 0
    for words in order:
        place = said.index(words, place)


def test_explain_takes_overrides_and_variants(scenario, tmp_path):
    status, said, _ = call("explain", scenario, "--line", "L1", "--day", "2019-11-06", "--lang", "zh", "--set",
                           "grading={policy: uniform, yellow: 0.1, orange: 0.2, red: 0.3}", cwd=tmp_path)
    assert status == 0
    assert "限产20%" in said
    assert "〔假设〕" in said


def test_rules_lists_editions_and_policies_with_their_assumed_share(tmp_path):
    _, said, _ = call("rules", cwd=tmp_path)
    for words in ("bj2013", "mee2024", "2024-01-23", "环大气〔2024〕6号", "guide-2020", "62%", "uniform", "none"):
        assert words in said


def test_our_fault_is_status_1_and_says_so(scenario, tmp_path):
    program = ("import sys, sim.cli, sim.api\n"
               "def broken(*_): raise RuntimeError('inside')\n"
               "sim.api.run = broken\n"
               f"sys.argv = ['x', 'run', {str(scenario)!r}]\n"
               "sim.cli.main()\n")
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "our fault" in done.stderr


def test_the_root_script_and_the_module_are_the_same_program(root, tmp_path):
    by_script = subprocess.run([sys.executable, root / "run_sim.py", "rules"], cwd=tmp_path, capture_output=True,
                               check=True).stdout
    by_module = subprocess.run([sys.executable, "-m", "sim", "rules"], cwd=root, capture_output=True, check=True).stdout
    assert by_script == by_module


ENGLISH_WORDS = re.compile(r"(?<![\w.-])(?:usage|options|commands|command|show|default|integer range|required|text)\b",
                           re.IGNORECASE)


@pytest.mark.parametrize("words", [["--lang", "zh"], ["--lang", "zh", "--help"], ["--lang", "zh", "rules", "-h"],
                                   *([command, "--lang=zh", "--help"] for command in COMMANDS)])
def test_help_in_chinese_is_chinese_throughout(words, tmp_path):
    status, said, wrong = call(*words, cwd=tmp_path)
    assert status == (2 if words == ["--lang", "zh"] else 0)
    assert "选项" in said + wrong
    assert not ENGLISH_WORDS.findall(said + wrong)
    assert not re.findall(r"\b(?:N|ID|KEY|VALUE|DIR|RUN|PATH|DATE|ADDRESS|EDITION|SCENARIO|LOW|HIGH|V1)\b", said + wrong)


def test_what_options_mean_begins_in_one_column_of_a_chinese_help_page(tmp_path):
    _, said, _ = call("run", "--lang", "zh", "--help", cwd=tmp_path)
    terms = [re.match(r"  (--?\S+(?: \S+)?) {2,}", line)[0] for line in said.splitlines() if line.startswith("  -")]
    assert len(terms) == 5
    assert len({len(term.encode("gbk")) for term in terms}) == 1  # in GBK a sign takes as many bytes as columns


def test_the_language_may_stand_before_the_command(scenario, tmp_path):
    assert "未发现问题" in call("--lang", "zh", "check", scenario, cwd=tmp_path)[1]
    assert "nothing wrong found" in call("--lang", "zh", "check", "--lang", "en", scenario, cwd=tmp_path)[1]


def test_nothing_to_go_on_from_is_told_and_the_sweep_begins_anew(scenario, tmp_path):
    status, said, wrong = call("sweep", scenario, "--vary", "response.lead_hours=24,48", "--resume", cwd=tmp_path)
    assert (status, "begins anew" in wrong, "--out" in wrong) == (0, True, True)
    assert "report.html" in said


def test_a_colon_in_place_of_the_equals_sign_is_told_with_what_was_written(scenario, tmp_path):
    given = [word for sign in "：:" for word in ("--set", f"response.lead_hours{sign}24")]
    status, out, err = call("run", scenario, *given, "--lang", "en", cwd=tmp_path, COLUMNS="300")
    assert status == 2
    for sign in "：:":
        assert f"response.lead_hours{sign}24 is not of the form KEY=VALUE; write it with an equals sign" in out + err


@pytest.mark.parametrize("listed", ["150,175", "150，175"])
def test_several_values_for_one_key_are_not_one_number(scenario, tmp_path, listed):
    status, _, said = call("run", scenario, "--set", f"criteria.yellow.0.over={listed}", "--lang", "en", cwd=tmp_path,
                           COLUMNS="300")
    assert status == 2
    assert "one value only can be set; give one, without commas; to try several: compare or sweep with --vary" in said


def test_units_are_in_chinese_where_the_words_are(scenario, tmp_path):
    for lang, shown, not_shown in (("zh", r"[0-9]吨", r"[0-9] ?t\b"), ("en", r"[0-9] t\b", "吨")):
        _, out, _ = call("run", scenario, "--lang", lang, "--out", tmp_path / lang, cwd=tmp_path)
        page = (tmp_path / lang / "report.html").read_text(encoding="utf-8")
        assert re.search(shown, out)
        assert not re.search(not_shown, out)
        assert re.search(f"<td class=.n.>[0-9,]*{shown}</td>", page)
    assert labels.quantity("3", "台", "en") == "3 台"


@pytest.mark.parametrize("command", [("sweep", "--vary", "response.lead_hours=24,48"),
                                     ("sensitivity", "--over", "response.lead_hours=0..72")])
def test_no_process_at_all_is_refused(scenario, tmp_path, command):
    status, _, said = call(command[0], scenario, *command[1:], "--workers", 0, "--lang", "en", cwd=tmp_path)
    assert status == 2
    assert "--workers = '0': it cannot be this; use one of: 1 - 256" in said
