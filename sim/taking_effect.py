"""Decisions as they take effect, in planes: what comes into force of all that was told, where no line begins ahead of the hour.

The same as an agenda gives, for thousands of series and several rule sets at once: some planes a decision, and rows only of
what changed. Of few series `told` reads it off the rows of the record, which is quicker.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest
from typing import NamedTuple

import numpy as np

from sim.agenda import Timeline
from sim.planes import bits, but, counts, places_by_series, union
from sim.vocab import Level
from sim.warning import Decided

Digits = tuple[int, ...]
"""A whole number of each series, as planes of its binary digits, lowest first."""


class Change(NamedTuple):
    """What changes at an hour, as planes. series : for whom. level : by level of the rules, lowest first: this one or a higher
    one is in force from then on. warning : number of the warning that asks, 0 for none; both of all series, changed or not."""

    hour: float
    series: int
    level: tuple[int, ...]
    warning: Digits


class _Planned:
    """The change of one decision. latest : series of which it is about the latest warning."""

    def __init__(self, told: Decided, number: Digits) -> None:
        self.lifts, self.level, self.number = told.kind == "lift", told.level, number
        self.series = self.latest = told.series


def changes_in_force(taken: Sequence[Decided], count: int, until_h: float, *, withdraw_on_lift: bool = False) -> list[Change]:
    """What comes into force by `until_h`, hour by hour. taken : decisions of issues before that hour. count : of the
    levels that the rules have.

    A cancel strikes its warning, an advance what was told of it before, and, with `withdraw_on_lift`, a lift what is due at
    its hour or later. Of what is left the later hour wins, in one hour the later announced; a lift ends its own warning only.
    """
    last = Change(-np.inf, 0, (0,) * count, ())
    changes, planned, number = [], dict[float, list[_Planned]](), Digits()
    for (issued, kind), same in groupby(taken, _of_an_issue):
        for due in sorted(hour for hour in planned if hour < issued):
            changes.append(last := _after(last, due, planned.pop(due)))
        told = list(same)
        series = union(one.series for one in told)
        if kind == "issue":
            number = _one_more(number, series)
            for each in _due(planned):
                each.latest = but(each.latest, series)
        elif kind in {"cancel", "advance"}:
            _strike(planned, series)
        for one in told:
            if kind == "lift" and withdraw_on_lift:
                _strike(planned, one.series, one.effective)
            if kind != "cancel":
                planned.setdefault(one.effective, []).append(_Planned(one, number))
    for due in sorted(hour for hour in planned if hour <= until_h):
        changes.append(last := _after(last, due, planned[due]))
    return changes


def _of_an_issue(one: Decided) -> tuple[int, str]:
    """What decisions that are taken at once share: hour of the issue, and kind."""
    return one.issued, one.kind


def _due(planned: dict[float, list[_Planned]], since: float = -np.inf) -> Iterator[_Planned]:
    """What is planned for an hour or later."""
    return (each for hour, entries in planned.items() if hour >= since for each in entries)


def _strike(planned: dict[float, list[_Planned]], series: int, since: float = -np.inf) -> None:
    """Withdraw what is planned of some series' latest warnings for an hour or later."""
    for each in _due(planned, since):
        each.series = but(each.series, series & each.latest)


def _one_more(number: Digits, series: int) -> Digits:
    """A number that is one more for some series."""
    digits = []
    for digit in number:
        digits.append(digit ^ series)
        series &= digit
    return (*digits, series) if series else tuple(digits)


def _after(last: Change, hour: float, entries: list[_Planned]) -> Change:
    """One change, from before an hour to after it."""
    level, warning = last.level, last.warning
    for each in entries:
        series = each.series
        if each.lifts:
            for had, mine in zip_longest(warning, each.number, fillvalue=0):
                series = but(series, had ^ mine)
            level, warning = (tuple([but(had, series) for had in planes]) for planes in (level, warning))
        else:
            level, warning = (tuple([had ^ ((had ^ new) & series) for had, new in zip_longest(*planes, fillvalue=0)])
                              for planes in ((level, each.level), (warning, each.number)))
    differs = 0
    for had, has in (*zip(last.level, level, strict=True), *zip_longest(last.warning, warning, fillvalue=0)):
        differs |= had ^ has
    return Change(hour, differs, level, warning)


def timelines(changes: Sequence[Change], size: int, levels: tuple[Level, ...], sets: int = 1, *,
              numbered: bool = True) -> Iterator[Timeline]:
    """The timeline of each of some rule sets, whose series stand side by side in whole bytes. size : series of one set.
    levels : those of the rules, lowest first. numbered : with the numbers of the warnings; else they are 0."""
    steps, digits = 1 + len(levels), len(changes[-1].warning) if numbered and changes else 0
    hours = np.repeat(np.array([change.hour for change in changes], float), steps)
    level_of = np.tile((0, *levels), len(changes)).astype(np.int8)
    changed = _rows([_by_level(change) for change in changes], size, sets, steps)
    numbers = _rows([(*change.warning, *[0] * digits)[:digits] for change in changes], size, sets, digits)
    for which in range(sets):
        row, series = places_by_series(changed[:, :, which].reshape(len(level_of), (size + 7) // 8))
        warning, bit = np.zeros(len(row), np.int32), (series & 7).astype(np.uint8)
        for digit in range(digits):
            warning |= (numbers[row // steps, digit, which, series >> 3] >> bit & 1).astype(np.int32) << digit
        yield Timeline(np.zeros(len(row), np.int32), series, hours[row], level_of[row], warning)


def at_noon(changes: Sequence[Change], size: int, days: int, levels: tuple[Level, ...], sets: int = 1) -> Iterator[np.ndarray]:
    """Warning level in force at noon of each day: int8[day, k], under each of some rule sets as in `timelines`."""
    noons = np.searchsorted([change.hour for change in changes], 24 * np.arange(days) + 12, "right") - 1
    nothing = (0,) * len(levels)
    rows = _rows([changes[last].level if last >= 0 else nothing for last in noons], size, sets, len(levels))
    for which in range(sets):
        held = np.unpackbits(rows[:, :, which], axis=2, count=size, bitorder="little").view(np.int8)
        level = np.zeros((days, size), np.int8)
        for place, step in enumerate(np.diff((0, *levels)).tolist()):
            level += held[:, place] if step == 1 else held[:, place] * np.int8(step)
        yield level


def _rows(planes: Sequence[Sequence[int]], size: int, sets: int, count: int) -> np.ndarray:
    """So many planes of each of some moments as rows of bytes: uint8[moment, plane, set, ceil(size / 8)]."""
    width = (size + 7) // 8
    return bits([plane for each in planes for plane in each], 8 * width * sets).reshape(len(planes), count, sets, width)


def _by_level(change: Change) -> list[int]:
    """For which series the level becomes none, and each of those of the rules."""
    found, left = [], change.series
    for plane in change.level:
        higher = left & plane
        found.append(left ^ higher)
        left = higher
    return [*found, left]


def counted(taken: Sequence[Decided], size: int, levels: tuple[Level, ...], sets: int = 1) -> Iterator[np.ndarray]:
    """Warnings of each series by the highest level they reached, int64[k, 5], under each of some rule sets as in `timelines`.
    Cancelled ones are none."""
    reached = [0] * len(levels)  # by the latest warning
    ended: list[list[int]] = [[] for _ in levels]
    for (_, kind), same in groupby(taken, _of_an_issue):
        told = list(same) if kind != "lift" else []
        for place, had in enumerate(reached if told else ()):
            if kind == "cancel":
                reached[place] = but(had, union(one.series for one in told))
                continue
            if kind == "issue":
                before = had & union(one.series for one in told)
                ended[place].append(before)
                had ^= before
            reached[place] = had | union(one.series & one.level[place] for one in told)
    wide = 8 * ((size + 7) // 8)
    at_least = [counts([*planes, left], wide * sets) for planes, left in zip(ended, reached, strict=True)]
    made = np.zeros((sets, size, 5), np.int64)
    for level, some, higher in zip(levels, at_least, [*at_least[1:], 0], strict=True):
        made[:, :, level] = (some - higher).reshape(sets, wide)[:, :size]
    return iter(made)
