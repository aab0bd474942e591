"""A scenario: what is in force where it is silent, variants, and overrides by dotted keys."""

import copy
import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from sim import other_measures, rulebook, target_tables, transport
from sim.aqi import editions as aqi_editions
from sim.errors import Findings
from sim.files import Tree, dotted, parse_yaml
from sim.grid import OVER, VARIED, Cell, cell_names, parted
from sim.industries import industries, industry_named
from sim.schema import Frozen, build
from sim.settings import Compliance, Forecast, Grading, Response, Settings
from sim.skill import DEFAULT as DEFAULT_SKILL
from sim.transport import Transport


@dataclass(frozen=True)
class Change:
    """An override that was applied: which key, what stood there, what stands there now, and where it was given."""

    key: str
    old: Any
    new: Any
    given: str


@dataclass(frozen=True)
class RunSettings:
    """The settings of one run of a scenario. criteria_replaced : levels whose criteria are not the edition's own.

    place : line of a dotted key in the file, for findings that only the whole world can make. file : the scenario it comes
    from. variant : what it is called without the values of a comparison's grid that it has, `varied`; "" for a base run.
    """

    name: str
    settings: Settings
    changes: tuple[Change, ...]
    criteria_replaced: frozenset[str]
    place: Callable[[str], int | str]
    file: Path = Path()
    variant: str = ""
    varied: Cell = ()

    @property
    def overruled(self) -> list[str]:
        """Keys of `--set` that take the place of what a variant sets, or of a part or the whole of it."""
        own = [change.key for change in self.changes if change.given.startswith("variants.")]
        later = [change.key for change in self.changes if change.given == "--set"]
        return [key for key in later if any(f"{one}.".startswith(f"{key}.") or f"{key}.".startswith(f"{one}.") for one in own)]

    def shown(self, lang: str) -> str:
        """The run as a reader knows it: by the title that its variant gives itself, else by its name."""
        variant = next((c.given.removeprefix("variants.") for c in self.changes if c.key == TITLE and not self.varied), None)
        if variant is None:
            return self.name
        return self.name.removesuffix(variant) + getattr(self.settings.title, lang)  # of several scenarios the name stays

    @property
    def told(self) -> tuple[Change, ...]:
        """What was changed beside its title; what was given as it stood is no change."""
        return tuple(change for change in self.changes if change.key != TITLE and change.old != change.new)


@dataclass(frozen=True)
class Places:
    """Line of each dotted key of a scenario's file. tree : the file, with the overrides of one run."""

    tree: Tree

    def __call__(self, key: str) -> int | str:
        return self.tree.line(tuple(int(part) if part.isdigit() else part for part in key.split(".")))


BASE = "base"
FILE = "scenario"
"""Where a change was given: the file itself, `variants.<name>`, `--vary`, `--over` or `--set`."""
TITLE = "title"
DEFAULT_POLICY = "guide-2020"
MAY_BE_NONE = ("linkage", "seasons", "events", "targets", "transport", "electricity")
"""Keys for which null and `none` mean the same, with `linkage.follow`, `linkage.joint` and `grading.negotiated`."""


def read_runs(tree: Tree, file: Path, overrides: list[str], findings: Findings,
              grid: Sequence[Cell] = ((),), varied: str = VARIED) -> list[RunSettings]:
    """The base run and every variant of a scenario, each with all overrides applied, or findings for every fault.

    grid : every run once for each of its cells; varied : where these were given. Precedence: the file, then the variant,
    then the grid, then `overrides` (each `KEY=VALUE`, as given on the command line).
    """
    if not isinstance(tree.value, dict):
        findings.add("value.mapping", file=file, place=1)
        return []
    written = copy.deepcopy(tree.value)
    variants = written.pop("variants", None) or {}
    if not isinstance(variants, dict) or not all(isinstance(v, dict) or v is None for v in variants.values()):
        findings.add("value.mapping", file=file, place=tree.line(("variants",)), key="variants")
        return []
    given = [one for one in (_parse_override(text, findings) for text in overrides) if one]
    for key in sorted({key for key, _ in given}):
        if [k for k, _ in given].count(key) > 1:
            findings.add("override.twice", file="--set", key=key)
    if BASE in variants:
        findings.add("variants.base", file=file, place=tree.line(("variants", BASE)), key=f"variants.{BASE}")
    runs, cell_words, names = [], cell_names(grid), set[str]()
    for name, variant in ({BASE: {}} | variants).items():
        own = [(key, value, f"variants.{name}") for key, value in (variant or {}).items()]
        for cell, values in zip(grid, cell_words, strict=True):
            steps = [*own, *((key, value, varied) for key, value in cell), *((key, value, "--set") for key, value in given)]
            variant_name = "" if name == BASE else str(name)
            called = ", ".join(filter(None, [variant_name, values])) or BASE
            called += f" ({len(runs) + 1})" if called in names else ""
            names.add(called)
            run = _one_run(called, written, steps, tree, file, findings)
            runs += [replace(run, file=file, variant=variant_name, varied=cell)] if run else []
    return runs


def _parse_override(text: str, findings: Findings) -> tuple[str, Any] | None:
    key, equals, value = parted(text)
    if not equals or not key:
        findings.add("override.syntax", file="--set", value=text)
        return None
    tree = parse_yaml(value, f"--set {key}", findings)
    return (key, tree.value) if tree else None


def _one_run(name: str, written: dict, steps: list[tuple[str, Any, str]], tree: Tree, file: Path,
             findings: Findings) -> RunSettings | None:
    """Apply the overrides of one run and check it. Criteria come last: they start from the edition then in force."""
    before = findings.faults
    tree_now = Tree(_spelled_out(copy.deepcopy(written), file), dict(tree.marks))
    plain = tree_now.value
    changes: list[Change] = []
    about_criteria = [step for step in steps if step[0].split(".")[0] == "criteria"]
    for step in steps:
        if step not in about_criteria:
            _apply(tree_now, *step, changes, file, findings)
            _spelled_out(plain, file)  # a short form given by one step is a block for the next
    own = plain.get("criteria") or {}
    if not isinstance(own, dict):
        findings.add("value.mapping", file=file, place=tree.line(("criteria",)), key="criteria")
        return None
    plain["criteria"] = _edition_criteria(plain.get("rules"))
    given_in_file = [(f"criteria.{level}", rows, FILE) for level, rows in own.items()]
    for key, value, given in [*given_in_file, *_by_level(about_criteria)]:
        _apply(tree_now, key, value, given, changes, file, findings)
    changes += [Change(f"grading.override.{n}", None, row, FILE) for n, row in enumerate(_overrides(written))]
    _check_names(plain, file, tree_now, findings)
    settings = build(Settings, tree_now, file, findings)
    if settings is None or findings.faults > before:
        return None
    _check_grading(settings.grading, file, tree_now, findings)
    target_tables.check(settings.targets, tuple(settings.cities), tree_now, file, findings)
    target_tables.doubt_outside(settings.targets, settings.period.calendar(), tree_now, file, findings)
    _doubt_idle(settings, file, tree_now, findings)
    if not any(settings.criteria.values()):
        findings.add("criteria.none", file=file, place=tree.line(("criteria",)), key="criteria")
    if findings.faults > before:
        return None
    edition = rulebook.edition(settings.rules).criteria()
    replaced = {level for level, rows in settings.criteria.items() if rows != edition.get(level, ())}
    return RunSettings(name, settings, tuple(changes), frozenset(replaced | (set(edition) - set(settings.criteria))),
                       Places(tree_now))


def _by_level(steps: list[tuple[str, Any, str]]) -> list[tuple[str, Any, str]]:
    """A block given for `criteria` as one step for each level that it names: the others stay as they are."""
    return [one for key, value, given in steps for one in (
        [(f"criteria.{level}", rows, given) for level, rows in value.items()]
        if key == "criteria" and isinstance(value, dict) else [(key, value, given)])]


def _overrides(written: dict) -> list:
    grading = written.get("grading")
    rows = grading.get("override") if isinstance(grading, dict) else None
    return rows if isinstance(rows, list) else []


def _spelled_out(plain: dict, file: Path) -> dict:
    """Short forms written out, and defaults put in place, so that a dotted key finds what is in force."""
    for block, keys in ((plain, MAY_BE_NONE), (plain.get("linkage"), ("follow", "joint")),
                        (plain.get("grading"), ("negotiated",))):
        for key in keys if isinstance(block, dict) else ():
            if _is_none(block.get(key)):
                block.pop(key, None)
    plain.setdefault("title", Path(file).stem)
    plain.setdefault("grading", DEFAULT_POLICY)
    if isinstance(plain.get("title"), str):
        plain["title"] = {"en": plain["title"], "zh": plain["title"]}
    if isinstance(plain.get("note"), str):
        plain["note"] = {"en": plain["note"], "zh": plain["note"]}
    if isinstance(plain.get("transport"), str):
        plain["transport"] = {"bans": plain["transport"]}
    if isinstance(plain.get("grading"), str):
        plain["grading"] = {"policy": plain["grading"]}
    for key, model in (("forecast", Forecast), ("response", Response), ("compliance", Compliance),
                       ("transport", Transport)):
        if plain.get(key) is None:
            plain[key] = {}
        if isinstance(plain[key], dict):
            for name, fields in model.model_fields.items():
                if fields.default is not None:
                    plain[key].setdefault(name, _as_text(fields.default))
    _spell_out_skill(plain["forecast"])
    if isinstance(plain.get("cities"), dict):
        for city in plain["cities"].values():
            if isinstance(city, dict) and isinstance(city.get("name"), str):
                city["name"] = {"en": city["name"], "zh": city["name"]}
    if isinstance(plain.get("targets"), str):
        plain["targets"] = [plain["targets"]]
    if isinstance(plain.get("targets"), list):
        plain["targets"] = [{"table": one} if isinstance(one, str) else one for one in plain["targets"]]
    plain.setdefault("seed", "1")
    plain.setdefault("other_measures", other_measures.DEFAULT)
    plain.setdefault("linkage", {})
    joint = plain["linkage"].get("joint") if isinstance(plain["linkage"], dict) else None
    if isinstance(joint, dict):
        plain["linkage"]["joint"] = joint = [joint]
    for group in joint if isinstance(joint, list) else ():
        if isinstance(group, dict) and group.get("areas") == "all":
            group["areas"] = []
    if isinstance(plain.get("seasons"), str):
        plain["seasons"] = [plain["seasons"]]
    return plain


def _is_none(value: Any) -> bool:
    """Whether a value says `none`: as a word, as null, or as a list of nothing else."""
    return value in (None, "none") or (isinstance(value, list) and all(one in (None, "none") for one in value))


def _spell_out_skill(forecast: Any) -> None:
    """The name of a preset as its block; a synthetic forecast has a skill even where none is named."""
    if isinstance(forecast, dict):
        if isinstance(forecast.get("skill"), str):
            forecast["skill"] = {"preset": forecast["skill"]}
        elif forecast.get("skill") is None and forecast.get("source") == "synthetic":
            forecast["skill"] = {"preset": DEFAULT_SKILL}


def _as_text(value: Any) -> Any:
    if isinstance(value, Frozen):
        return {key: _as_text(one) for key, one in value.model_dump().items()}
    return str(value).lower() if isinstance(value, bool) else str(value)


def _edition_criteria(rules: Any) -> dict[str, list[dict[str, str]]]:
    """The edition's own criteria as a scenario would write them."""
    if not isinstance(rules, str) or rules not in rulebook.edition_names():
        return {}
    return {level: [{key: f"{value:g}" for key, value in criterion.model_dump(exclude_none=True).items()}
                    for criterion in criteria]
            for level, criteria in rulebook.edition(rules).criteria().items()}


def _apply(tree: Tree, key: str, value: Any, given: str, changes: list[Change], file: Path,
           findings: Findings) -> None:
    """Put one value at a dotted key; list items by number, the next free number appends."""
    place = given if given in {"--set", VARIED, OVER} else tree.line(tuple(key.split("."))) if given == FILE else ""
    place = place or tree.line((*given.split(".", 1), key))
    path: tuple = ()
    here: Any = tree.value
    parts = str(key).split(".")
    for depth, part in enumerate(parts):
        last = depth == len(parts) - 1
        at: Any = part
        if isinstance(here, list):
            at = int(part) if part.isdigit() else -1
            wrong = not 0 <= at <= len(here) - (not last)
            has = " … ".join(dict.fromkeys(("0", str(len(here) - 1)))) if here else "[]"
        else:
            known = Settings.model_fields if not path else get_args(rulebook.LevelName) if path == ("criteria",) else None
            wrong = not isinstance(here, dict) or (known is not None and at not in known)
            has = str(here) if known is None else ", ".join(known)
        path = (*path, at)
        if wrong:
            findings.add("override.path", file=file, place=place, key=key, part=".".join(parts[: depth + 1]), has=has)
            return
        if isinstance(here, list) and at == len(here):
            here.append(None)
        if last:
            changes.append(Change(key, copy.deepcopy(here[at] if isinstance(here, list) else here.get(at)), value, given))
            here[at] = copy.deepcopy(value)
            tree.marks[path] = place
        else:
            if (here[at] if isinstance(here, list) else here.get(at)) is None:
                here[at] = [] if parts[depth + 1].isdigit() else {}
            here = here[at]


def _check_names(plain: dict, file: Path, tree: Tree, findings: Findings) -> None:
    """Names that the schema cannot know: editions and policies stand in the rule book."""
    rules, edition, grading = plain.get("rules"), plain.get("aqi"), plain.get("grading")
    banned = plain["transport"].get("bans") if isinstance(plain.get("transport"), dict) else None
    policy = grading.get("policy") if isinstance(grading, dict) else None
    for value, key, known, code in (
        (rules, ("rules",), rulebook.edition_names(), "rules.unknown"),
        (edition, ("aqi",), list(aqi_editions()), "aqi.unknown"),
        (policy, ("grading",), rulebook.policy_names(), "grading.unknown"),
        (banned, ("transport",), transport.ban_names(), "transport.unknown"),
        (plain.get("other_measures"), ("other_measures",), other_measures.names(), "other_measures.unknown"),
    ):
        if isinstance(value, str) and value not in known:
            findings.add(code, file=file, place=tree.line(key), key=dotted(key), value=value,
                         allowed=", ".join(known))


def _check_grading(grading: Grading, file: Path, tree: Tree, findings: Findings) -> None:
    """A policy with parameters needs all of them; one without takes none. Overrides name industries that exist."""
    wanted = rulebook.policy(grading.policy).head.parameters
    for level in ("yellow", "orange", "red"):
        has = getattr(grading, level) is not None
        if has != (level in wanted):
            findings.add("grading.no_parameter" if has else "grading.parameter", file=file,
                         place=tree.line(("grading", level)), key=f"grading.{level}", policy=grading.policy)
    for number, override in enumerate(grading.override):
        if override.industry is not None and industry_named(override.industry) is None:
            known = [name for i in industries().values() for name in (i.key, i.name["zh"])]
            findings.add("grading.override_industry", file=file, place=tree.line(("grading", "override", number)),
                         key=f"grading.override.{number}.industry", value=override.industry,
                         hint=", ".join(difflib.get_close_matches(override.industry, known, n=3, cutoff=0.3)) or
                         ", ".join(known))


def _doubt_idle(settings: Settings, file: Path, tree: Tree, findings: Findings) -> None:
    """Tell of keys that are given and change nothing."""
    given, offers, seasons = settings.forecast, settings.grading.negotiated, settings.seasons
    alone = given.source in ("perfect", "persistence")
    for idle, code, key, value in (
        (given.skill and given.source != "synthetic", "forecast.no_skill", "forecast.skill", None),
        (alone and given.decide_on != "member", "forecast.one", "forecast.decide_on", given.decide_on),
        (given.decide_on != "probability" and given.probability != Forecast.model_fields["probability"].default,
         "forecast.no_share", "forecast.probability", given.probability),
        (offers and not offers.levels, "negotiated.no_level", "grading.negotiated.levels", None),
        (len(set(seasons)) < len(seasons), "seasons.twice", "seasons", ", ".join(seasons)),
    ):
        if idle:
            findings.add(code, doubtful=True, file=file, place=tree.line(tuple(key.split("."))), key=key, value=value,
                         source=given.source)
