"""What an issue shows, for all series at once: open episodes kept day by day, looked through to the last foreseen day.

The rules are those of `episodes` (model, section 4), read forwards. There a word holds the days of one series, and says which
days an episode has; here a plane holds one day of all series, and only what a decision needs is kept: how far each criterion
is met, and on which of the next days the episode begins.
"""

from typing import NamedTuple

from sim.episodes import Rules


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
    above T0. run : by chain, at least 1, 2, … days on end up to this one. inside : by criterion with an inner run: that has
    been met within the run that goes on. met : by criterion, its run has been met.
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
        self.gap, self.days = rules.longest_gap_days, 0
        chains: dict[tuple[int, int], int] = {}  # days above one threshold, and above a second: the longest run asked for
        self.plan: list[tuple[int, int, int, int, int]] = []
        self.reached: list[list[int]] = [[] for _ in self.levels]
        for place, (level, _, criterion) in enumerate(rules.criteria):
            outer, inner, counts = at[criterion.exceeds], -1, rules.merges and criterion.over == rules.lowest
            if criterion.within_over is not None:
                inner = _chain(chains, (outer, at[criterion.within_over]), criterion.within_days)
            if counts:  # gap days neither break the run nor count: so many days above T0 anywhere in the episode
                self.days = max(self.days, criterion.days)
            run = -1 if counts else _chain(chains, (outer, 0), criterion.days)
            self.plan.append((outer, run, criterion.days, inner, criterion.within_days))
            for lower in range(self.levels.index(level) + 1):
                self.reached[lower].append(place)
        self.chains = tuple((outer, second, length) for (outer, second), length in chains.items())
        self.nothing = Open(0, (0,) * self.gap, (0,) * self.days, tuple((0,) * length for *_, length in self.chains),
                            (0,) * len(self.plan), (0,) * len(self.plan))

    def after(self, before: Open, over: tuple[int, ...]) -> tuple[Open, int]:
        """Open episodes after one more day, and those that the day has closed. over : by threshold, T0 first."""
        hot = over[0]
        cold = before.is_open & ~hot
        if not (cold or hot):
            return self.nothing, 0
        closes = cold & before.paused[-1] if self.gap else cold
        goes_on = ~closes
        waits = cold & goes_on
        paused = tuple([waits, *(longer & waits for longer in before.paused[:-1])]) if self.gap else ()
        below, counted = hot, []
        for had in before.counted:
            counted.append((had | below) & goes_on)
            below = had & hot
        run = []
        for (outer, second, _), had in zip(self.chains, before.run, strict=True):
            below, now = hot & over[outer] & over[second], []
            hit = below
            for long in had:
                now.append(below)
                below = long & hit
            run.append(now)
        inside, met = [], []
        for place, (outer, chain, days, inner, inner_days) in enumerate(self.plan):
            within = 0
            if inner >= 0:
                within = run[inner][inner_days - 1]
                if chain >= 0:  # the inner run must lie in a run that is long enough
                    within = (before.inside[place] | within) & hot & over[outer]
            inside.append(within)
            new = run[chain][days - 1] if chain >= 0 else 0
            new = new & within if chain >= 0 and inner >= 0 else within if inner >= 0 else new
            met.append((before.met[place] & goes_on) | new)
        return Open((before.is_open & goes_on) | hot, paused, tuple(counted), tuple(map(tuple, run)), tuple(inside),
                    tuple(met)), closes

    def holding(self, now: Open) -> list[int]:
        """By level of the rules: the open episode has it or a higher one."""
        holds = []
        for (_, chain, days, inner, _), met in zip(self.plan, now.met, strict=True):
            counted = now.counted[days - 1] if chain < 0 else 0
            holds.append(met if chain >= 0 else counted & met if inner >= 0 else counted)
        made = []
        for places in self.reached:
            plane = 0
            for place in places:
                plane |= holds[place]
            made.append(plane)
        return made

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
                since[ahead] = hot & ~now.is_open
            now, closes = self.after(now, over)
            if closes:
                found |= closes & reaches[0]
                live &= ~closes
                since = [day & ~closes for day in since]
            live |= hot
            fresh = live & ~found
            if not fresh:
                continue
            for place, plane in enumerate(self.holding(now)):
                reaches[place] |= plane & fresh
            fresh &= reaches[0]
            if fresh:
                for place, plane in enumerate(since):
                    begins[place] |= plane & fresh
        return tuple(reaches), tuple(begins)

    def without(self, now: Open, gone: int) -> Open:
        """Open episodes but for those of some series: what lies behind a lift counts no more."""
        keep = ~gone
        return Open(now.is_open & keep, tuple(plane & keep for plane in now.paused), tuple(plane & keep for plane in now.counted),
                    tuple(tuple(plane & keep for plane in run) for run in now.run),
                    tuple(plane & keep for plane in now.inside), tuple(plane & keep for plane in now.met))


def _chain(chains: dict[tuple[int, int], int], key: tuple[int, int], length: int) -> int:
    """Number of the chain of days on end above two thresholds, long enough for one more use."""
    chains[key] = max(chains.get(key, 0), length)
    return list(chains).index(key)


def own_places(rules: Rules) -> list[int]:
    """By level of the rules, lowest first: which of the thresholds is its own lowest."""
    return [rules.thresholds.index(rules.own_threshold[level]) for level in sorted(rules.own_threshold)]
