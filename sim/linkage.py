"""Regional linkage 区域联动: areas that act on another's warning, or on one decision of their own group.

Linkage changes what an issue shows to an area, never how it decides: areas that see the same take the same decisions at
the same hours. Source: Yangquan 2020, part 2 (3); Zezhou 2020, art. 5; Taiyuan 2021, part 4 (3).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.episodes import Outlook
from sim.errors import Findings
from sim.settings import Settings
from sim.vocab import Level

LATEST = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Linkage:
    """Who acts on whom, over the areas of a run in their order.

    follow : (area, its leader) pairs, leaders before those who follow them. groups : for each group its member areas and
    how many of them must meet a criterion. tighten : an area with a series of its own may warn earlier and higher than
    its leader or group. own : bool[area], has a series of its own.
    """

    follow: tuple[tuple[int, int], ...]
    groups: tuple[tuple[tuple[int, ...], int], ...]
    tighten: bool
    own: np.ndarray

    def acts_through(self, area: int) -> tuple[str, tuple[int, ...]]:
        """How an area comes to its warnings: `follow` with its leader, `joint` with its group, or "" alone."""
        for one, leader in self.follow:
            if one == area:
                return "follow", (leader,)
        return next((("joint", members) for members, _ in self.groups if area in members), ("", ()))

    def link(self, outlook: Outlook) -> Outlook:
        """The outlook that each area acts on. Series k = member x area: the areas of each member are linked."""
        if not (self.groups or self.follow) or not (outlook.level.any() or outlook.today_over.any() or outlook.hold_over.any()):
            return outlook  # nobody sees anything: there is nothing to share
        shape = (-1, len(self.own))
        level, start, end, criterion, episodes, today_over, hold_over = (part.reshape(shape) for part in outlook[:-1])
        seen = Seen(level, start, end, criterion, episodes, today_over, hold_over,
                     {lv: part.reshape(shape) for lv, part in outlook.running.items()})
        for members, count in self.groups:
            shared = seen.ranked(np.array(members), count)
            for area in members:
                seen = seen.put(area, shared.highest(seen.of(area)) if self.tighten else shared)
        for area, leader in self.follow:
            shared = seen.of(leader)
            seen = seen.put(area, shared.highest(seen.of(area)) if self.tighten and self.own[area] else shared)
        return seen.flat()


@dataclass(frozen=True)
class Seen:
    """An outlook with its areas apart: arrays [member, area], or [member] for one area or group."""

    level: np.ndarray
    start: np.ndarray
    end: np.ndarray
    criterion: np.ndarray
    episodes: np.ndarray
    today_over: np.ndarray
    hold_over: np.ndarray
    running: dict[Level, np.ndarray]

    def map(self, change: Callable[[np.ndarray], np.ndarray]) -> "Seen":
        plain = [change(part) for name, part in vars(self).items() if name != "running"]
        return Seen(*plain, {lv: change(part) for lv, part in self.running.items()})

    def of(self, area: int) -> "Seen":
        return self.map(lambda part: part[:, area])

    def put(self, area: int, one: "Seen") -> "Seen":
        made = self.map(np.copy)
        for name, part in vars(made).items():
            if name != "running":
                part[:, area] = getattr(one, name)
        for lv, part in made.running.items():
            part[:, area] = one.running[lv]
        return made

    def ranked(self, members: np.ndarray, count: int) -> "Seen":
        """One outlook for a group: what at least `count` of its members show, each figure by its rank among them.

        Only members whose episode meets the group's first one in time are looked at: a later one is a later warning. start :
        the day on which the `count`-th of them begins. level : the highest that `count` of them reach. end : the last day
        on which `count` of them have not ended. criterion : of the member with that level whose episode begins first.
        """
        level, at = self.level[:, members], len(members) - count
        start = np.where(level > 0, self.start[:, members], LATEST)
        end = np.where(level > 0, self.end[:, members], -1)
        begins = np.sort(start, axis=1)[:, [count - 1]]
        reach = np.where(start <= begins, end, -1).max(axis=1, keepdims=True)
        for _ in range(len(members)):  # an episode that begins before the others have ended draws them out
            reach = np.maximum(reach, np.where(start <= reach + 1, end, -1).max(axis=1, keepdims=True))
        together = start <= np.maximum(reach + 1, begins)
        level, end = np.where(together, level, 0), np.where(together, end, -1)
        shared = np.sort(level, axis=1)[:, at]
        gives = np.where(level == shared[:, None], start, LATEST).argmin(axis=1)
        enough = shared > 0
        return Seen(
            shared, np.where(enough, begins[:, 0], -1), np.where(enough, np.sort(end, axis=1)[:, at], -1),
            np.take_along_axis(self.criterion[:, members], gives[:, None], axis=1)[:, 0],
            np.sort(self.episodes[:, members], axis=1)[:, at], self.today_over[:, members].sum(axis=1) >= count,
            self.hold_over[:, members].sum(axis=1) >= count,
            {lv: part[:, members].sum(axis=1) >= count for lv, part in self.running.items()})

    def highest(self, other: "Seen") -> "Seen":
        """The stricter of two outlooks in every respect: the higher level, the earlier start, the later end."""
        pair = Seen(*(np.stack([getattr(self, name), getattr(other, name)], axis=1) for name in vars(self)
                       if name != "running"),
                     {lv: np.stack([part, other.running[lv]], axis=1) for lv, part in self.running.items()})
        return pair.ranked(np.array([0, 1]), 1)

    def flat(self) -> Outlook:
        parts = self.map(np.ravel)
        return Outlook(*vars(parts).values())


def linkage_of(settings: Settings, file: object, place: Callable[[str], int | str],
               findings: Findings) -> tuple[Linkage, tuple[str, ...]]:
    """Who acts on whom, and whose series stands for each area; findings for what cannot be linked.

    file, place : what the findings name, and the line of a key in it.
    """
    given, areas = settings.linkage, tuple(settings.cities)
    own = np.array([city.observed is not None for city in settings.cities.values()])
    before = findings.faults

    def fault(code: str, key: str, value: str, **words: object) -> None:
        findings.add(code, file=file, place=place(key), key=key, value=value, allowed=", ".join(areas), **words)

    for area, leader in given.follow.items():
        for word in (area, leader):
            if word not in areas:
                fault("linkage.area", f"linkage.follow.{area}", word)
    groups, seen = [], set(given.follow)
    for number, joint in enumerate(given.joint):
        members = joint.areas or tuple(a for a, has in zip(areas, own, strict=True) if has and a not in given.follow)
        for word in members:
            if word not in areas:
                fault("linkage.area", f"linkage.joint.{number}.areas", word)
            elif word in seen:
                fault("linkage.twice", f"linkage.joint.{number}.areas", word)
            elif settings.cities[word].observed is None:
                fault("linkage.no_series", f"linkage.joint.{number}.areas", word)
            seen.add(word)
        if joint.count > len(members):
            fault("linkage.count", f"linkage.joint.{number}.count", str(joint.count), members=len(members))
        groups.append((tuple(areas.index(word) for word in members if word in areas), joint.count))
    if findings.faults > before:
        return Linkage((), (), False, own), ()
    try:
        follow = in_order(given.follow, areas)
    except ValueError as ring:
        fault("linkage.ring", "linkage.follow", str(ring))
        return Linkage((), (), False, own), ()
    source = series_of_areas(follow, own)
    for at in np.flatnonzero(source < 0):
        fault("linkage.blind", f"cities.{areas[at]}.observed", areas[at])
    return Linkage(follow, tuple(groups), given.tighten, own), tuple(areas[at] for at in source)


def in_order(follow: dict[str, str], areas: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """(area, leader) pairs, leaders before those who follow them. Raises ValueError for areas that follow in a ring."""
    ordered: list[str] = []
    for area in follow:
        chain = [area]
        while follow.get(chain[-1]) in follow:
            chain.append(follow[chain[-1]])
            if len(chain) > len(follow):
                raise ValueError(area)
        ordered += [one for one in reversed(chain) if one not in ordered]
    return tuple((areas.index(area), areas.index(follow[area])) for area in ordered)


def series_of_areas(follow: tuple[tuple[int, int], ...], own: np.ndarray) -> np.ndarray:
    """Whose series stands for each area, int64[area]: its own, or that of the nearest leader that has one; -1 for none."""
    source = np.where(own, np.arange(len(own)), -1)
    for area, leader in follow:
        if source[area] < 0:
            source[area] = source[leader]
    return source
