"""What an issue shows, for all series at once: open episodes kept day by day, looked through to the last foreseen day.

The rules are those of `episodes` (model, section 4), read forwards. There a word holds the days of one series, and says which
days an episode has; here a plane holds one day of all series, and only what a decision needs is kept: how far each criterion
is met, and on which of the next days the episode begins.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sim.episodes import Rules
from sim.planes import but, side_by_side, union


class Sight(NamedTuple):
    """What an issue shows to each series, as planes.

    reaches : by level of the rules, lowest first: the episode ahead has this level or a higher one. begins : by day from
    today on: that episode begins on it (the first: today or before). today_over, hold_over : today, or one of the next
    `hold_days`, is above T0. running : by level: its own threshold is exceeded today or on one of those days; empty where
    nobody asks.
    """

    reaches: tuple[int, ...]
    begins: tuple[int, ...]
    today_over: int
    hold_over: int
    running: tuple[int, ...]


class Open(NamedTuple):
    """Open episodes after a day, as planes: an episode is open until a gap has become too long to be bridged.

    is_open : there is one. paused : at least 1, 2, … clean days since its last day above T0. counted : at least 1, 2, … days
    above T0. run : by chain, at least 1, 2, … days on end up to this one. inside : by nested run, the inner run has been met
    within the run that goes on. met : by run, it has been met: plain runs, nested ones, inner runs of criteria that count.
    """

    is_open: int
    paused: tuple[int, ...]
    counted: tuple[int, ...]
    run: tuple[tuple[int, ...], ...]
    inside: tuple[int, ...]
    met: tuple[int, ...]


class Watch:
    """How the episodes of an edition's rules go on from day to day.

    levels : the levels that have a criterion, lowest first.
    """

    def __init__(self, rules: Rules) -> None:
        at = {threshold: place for place, threshold in enumerate(rules.thresholds)}
        self.levels = tuple(sorted({level for level, _, _ in rules.criteria}))
        chains: dict[tuple[int, int], int] = {}  # days above one threshold, and above a second: the longest run asked for
        plain, nested, counts = [], [], []  # criteria of three kinds, with what each needs
        for level, _, criterion in rules.criteria:
            outer, days = at[criterion.exceeds], criterion.days - 1
            inner = None
            if criterion.within_over is not None:
                inner = _chain(chains, (outer, at[criterion.within_over]), criterion.within_days)
            if rules.merges and criterion.over == rules.lowest:
                # gap days neither break the run nor count: so many days above T0 anywhere in the episode
                counts.append((level, days, inner))
            elif inner is None:
                plain.append((level, _chain(chains, (outer, 0), criterion.days)))
            else:
                nested.append((level, outer, _chain(chains, (outer, 0), criterion.days), inner))
        self.chains = tuple((outer, second, length) for (outer, second), length in chains.items())
        self.plain = [run for _, run in plain]
        self.nested = [needs for _, *needs in nested]
        self.inner = [inner for _, _, inner in counts if inner]
        met = [level for level, *_ in (*plain, *nested)]  # in the order of Open.met
        asked = [(level, -1, place) for place, level in enumerate(met)]
        inners = iter(range(len(met), len(met) + len(self.inner)))
        asked += [(level, days, next(inners) if inner else -1) for level, days, inner in counts]
        self.reached = [[(days, place) for level, days, place in asked if level == own] for own in self.levels]
        self.nothing = Open(0, (0,) * rules.longest_gap_days, (0,) * (1 + max((days for _, days, _ in counts), default=-1)),
                            tuple((0,) * length for *_, length in self.chains), (0,) * len(nested),
                            (0,) * (len(met) + len(self.inner)))

    def after(self, before: Open, over: tuple[int, ...]) -> tuple[Open, int]:
        """Open episodes after one more day, and those that the day has closed. over : by threshold, T0 first."""
        is_open, paused, counted, run, inside, met = before
        hot = over[0]
        cold = is_open ^ (is_open & hot)
        if not (cold or hot):
            return self.nothing, 0
        closes = cold & paused[-1] if paused else cold
        if closes:  # a run of theirs has ended before
            is_open, cold = is_open ^ closes, cold ^ closes
            counted, met = (tuple([plane ^ (plane & closes) for plane in planes]) for planes in (counted, met))
        if paused:
            paused = (cold, *[below & cold for below in paused[:-1]])
        if not hot:
            return Open(is_open, paused, counted, self.nothing.run, self.nothing.inside, met), closes
        counted = tuple([had | (below & hot) for had, below in zip(counted, (hot, *counted), strict=False)])
        hits = [hot & over[outer] & over[second] for outer, second, _ in self.chains]
        run = tuple([(hit, *[below & hit for below in had[:-1]]) for hit, had in zip(hits, run, strict=True)])
        new = [run[chain][days] for chain, days in self.plain]
        if self.nested:  # the inner run must lie in a run that is long enough
            inside = tuple([(had | run[inner][inner_days]) & hot & over[outer]
                            for had, (outer, _, (inner, inner_days)) in zip(inside, self.nested, strict=True)])
            new += [run[chain][days] & has for has, (_, (chain, days), _) in zip(inside, self.nested, strict=True)]
        new += [run[inner][inner_days] for inner, inner_days in self.inner]
        met = tuple([had | now for had, now in zip(met, new, strict=True)])
        return Open(is_open | hot, paused, counted, run, inside, met), closes

    def holding(self, now: Open) -> list[int]:
        """By level of the rules: the open episode has it or a higher one."""
        counted, met = (*now.counted, -1), (*now.met, -1)
        made, plane = [], 0
        for ways in reversed(self.reached):
            for days, place in ways:
                plane |= counted[days] & met[place]
            made.append(plane)
        return made[::-1]

    def ahead(self, now: Open, days: list[tuple[int, ...]], furthest: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """`Sight.reaches` and `Sight.begins`: the first episode with a day after today and a level.

        now : after today. days : by day ahead, by threshold. furthest : an episode that begins later is left out.
        """
        reaches, begins = [0] * len(self.levels), [0] * (furthest + 1)
        since = [now.is_open] + [0] * furthest  # on which day the open episode began
        live = found = 0  # open with a day after today; the episode ahead is over, later ones are later warnings
        for ahead, over in enumerate(days, 1):
            hot = over[0]
            if ahead > furthest:  # only what is open goes on
                if not now.is_open:
                    break
                over = (hot & now.is_open, *over[1:])
                hot = over[0]
            else:
                since[ahead] = but(hot, now.is_open)
            now, closes = self.after(now, over)
            if closes:
                found |= closes & reaches[0]
                live = but(live, closes)
                since = [but(day, closes) for day in since]
            live |= hot
            fresh = but(live, found)
            if not fresh:
                continue
            for place, plane in enumerate(self.holding(now)):
                reaches[place] |= plane & fresh
            fresh &= reaches[0]
            if fresh:
                for place, plane in enumerate(since):
                    begins[place] |= plane & fresh
        return tuple(reaches), tuple(begins)

    def goes_on(self, now: Open, hot: list[int]) -> int:
        """Which open episodes one of the next days would go on with. hot : by day ahead, above T0."""
        gap = len(now.paused)
        return union(but(soon & now.is_open, now.paused[gap - clean] if clean else 0)
                     for clean, soon in enumerate(hot[: gap + 1]))

    def beside(self, days: Sequence[Open], width: int) -> Open:
        """Open episodes after each of some days, as wide planes, one day's series beside the next's. width : bytes of a day."""

        def wide(planes: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
            return tuple([side_by_side(rows, width) for rows in zip(*planes, strict=True)])

        is_open, paused, counted, run, inside, met = zip(*days, strict=True)
        return Open(side_by_side(is_open, width), wide(paused), wide(counted), tuple(map(wide, zip(*run, strict=True))),
                    wide(inside), wide(met))

    def without(self, now: Open, gone: int) -> Open:
        """Open episodes but for those of some series: what lies behind a lift counts no more."""

        def kept(planes: tuple[int, ...]) -> tuple[int, ...]:
            return tuple([but(plane, gone) for plane in planes])

        return Open(but(now.is_open, gone), kept(now.paused), kept(now.counted), tuple(map(kept, now.run)), kept(now.inside),
                    kept(now.met))


def _chain(chains: dict[tuple[int, int], int], key: tuple[int, int], length: int) -> tuple[int, int]:
    """A chain of days on end above two thresholds, and the place of its runs of this length."""
    chains[key] = max(chains.get(key, 0), length)
    return list(chains).index(key), length - 1


def own_places(rules: Rules) -> list[int]:
    """By level of the rules, lowest first: which of the thresholds is its own lowest."""
    return [rules.thresholds.index(rules.own_threshold[level]) for level in sorted(rules.own_threshold)]
