"""From a text tree to a frozen, typed object: the schema library's faults become findings with line and mend."""

import difflib
import math
import re
from collections.abc import Iterable
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from sim.columns import date_in, number_in, percent
from sim.errors import Findings
from sim.files import Tree, dotted, normal
from sim.labels import catalogue


class Frozen(BaseModel):
    """Base of everything that a user may write: closed keys, no NaN, frozen once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, str_strip_whitespace=True)


Model = TypeVar("Model", bound=BaseModel)


def build(model: type[Model], tree: Tree, file: Any, findings: Findings) -> Model | None:
    """The tree as a `model`, or None with a finding for every fault the schema sees."""
    try:
        return model.model_validate(tree.value)
    except ValidationError as error:
        for fault in error.errors():
            _report(model, fault, tree, file, findings)
        return None


def _report(model: type[BaseModel], fault: Any, tree: Tree, file: Any, findings: Findings) -> None:
    path = tuple(part for part in fault["loc"] if not str(part).startswith("["))  # [key] and tags of ours
    kind, context, value = fault["type"], fault.get("ctx", {}), fault["input"]
    shown = None if isinstance(value, (dict, list)) else value
    words: dict[str, Any] = {}
    if f"finding.{kind}" in catalogue():  # raised by a validator of ours
        code = kind
        if "key" in context and isinstance(value, dict):  # it is about this key of the block
            path, shown = (*path, context["key"]), value.get(context["key"])
    elif kind == "extra_forbidden":
        code, words, shown = "key.unknown", {"hint": _near(str(path[-1]), _siblings(model, path[:-1]))}, None
    elif kind == "missing":
        code, shown = "key.missing", None
    elif kind in {"literal_error", "enum"}:
        code, words = "value.choice", {"allowed": context["expected"].replace("'", "").replace(" or ", ", ")}
    elif kind.startswith(("greater_than", "less_than", "too_")):
        limit = {"greater_than": ">", "greater_than_equal": ">=", "less_than": "<", "less_than_equal": "<="}.get(kind)
        bound = next((context[name] for name in ("gt", "ge", "lt", "le", "min_length") if name in context), "")
        share = percent(number_in(normal(str(value)), percent=True)) if kind == "less_than_equal" and bound == 1 and (
            "_cny" not in dotted(path) and "%" not in normal(str(value))) else ""  # yuan are no shares
        code = "value.percent" if share else "value.range"
        words = {"limit": f"{limit or 'length >='} {bound}", "share": share}
    elif kind.startswith(("date", "datetime")):
        code, words = _date_meant(str(value))
    elif tree.line(path) == "--set" and "," in normal(str(value)) and kind.startswith(("int", "float")):
        code, words = "value.one", {"listed": normal(str(value))}
    elif kind.startswith(("int", "float", "decimal", "finite")):
        whole = kind.startswith("int")
        meant = _meant(str(value), whole=whole)
        like = "1, 2, 3 …" if whole else "24" if "hours" in str(path[-1]) else "0.5, 24"
        code, words = ("value.number", {"wanted": like}) if meant is None else ("value.plain_number", {"wanted": meant})
    elif kind.startswith("bool"):
        code = "value.bool"
    elif kind in {"model_type", "dict_type", "model_attributes_type"}:
        code = "value.mapping"
    elif kind in {"list_type", "tuple_type"}:
        code = "value.list"
    elif kind == "string_type":
        code = "value.text"
    else:
        code, words = "value.other", {"reason": fault["msg"]}
    findings.add(code, file=file, place=tree.line(path), key=dotted(path), value=shown, **words)


def _date_meant(written: str) -> tuple[str, dict[str, str]]:
    """What is wrong with a date: it is written in another way, there is no such day, or it is none at all."""
    try:
        meant = date_in(written)
    except ValueError:
        return "date.none", {}
    return "value.date", {"wanted": meant.isoformat() if meant else "2015-11-01"}


def _meant(written: str, *, whole: bool) -> str | None:
    """The plain number behind `30%`, `１５０` or `4小时`; None where there is no telling."""
    found = re.fullmatch(r"([\d.,+-]+%?)\D*", normal(written))
    value = number_in(found[1], percent=True) if found else math.nan
    return None if math.isnan(value) or (whole and value % 1) else f"{value:.15g}"


def _siblings(model: type[BaseModel], path: tuple) -> list[str]:
    """Keys that the schema knows where an unknown one stands."""
    here: Any = model
    for part in path:
        fields = getattr(here, "model_fields", None)
        if fields and part in fields:
            here = fields[part].annotation
        here = _inner(here)
    return list(getattr(here, "model_fields", {}))


def _inner(annotation: Any) -> Any:
    """The model inside `Model | None`, `dict[str, Model]`, `tuple[Model, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = [_inner(arg) for arg in getattr(annotation, "__args__", ())]
    return next((model for model in inner if model is not None), None)


def type_at(model: Any, path: Iterable[str]) -> Any:
    """What the schema wants at a dotted key, e.g. `float`; None where it knows no such key."""
    here = model
    for part in path:
        fields = getattr(_inner(here), "model_fields", {})
        if get_origin(here) in (tuple, dict):
            here = [arg for arg in get_args(here) if arg is not Ellipsis][-1]
        elif part in fields:
            here = fields[part].annotation
        else:
            return None
        while get_origin(here) in (Annotated, Union, UnionType):
            here = next(arg for arg in get_args(here) if arg is not type(None))
    return here


def _near(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return close[0] if close else ", ".join(known)
