"""The only record of a run: decisions with their reasons, changes in force, and what each line lost and saved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.agenda import KINDS, Timeline
from sim.episodes import Ahead
from sim.told import Told
from sim.warning import Decided


@dataclass(frozen=True)
class Decisions:
    """Every decision, in the order taken. Columns of n entries each.

    kind : text. series, level, issued, warning : int64. effective : float64. start, end, criterion : int64, first and last
    day of the episode behind an issue, advance or upgrade (-1 where none) and the criterion of the edition that it met.
    """

    kind: np.ndarray
    series: np.ndarray
    level: np.ndarray
    issued: np.ndarray
    effective: np.ndarray
    warning: np.ndarray
    start: np.ndarray
    end: np.ndarray
    criterion: np.ndarray

    @staticmethod
    def of(taken: Sequence[Decided], told: Told, ahead: Ahead) -> "Decisions":
        """The decisions of a period. told : `taken` as rows, with the levels that ended. ahead : the episode behind each row.

        Of one issue, decisions of one kind stand together, in order of the series. An advance at an older, higher level
        bears what gave that level.
        """
        moves = [(one.issued, one.kind) != (before.issued, before.kind)
                 for before, one in zip(taken, taken[1:], strict=False)]
        group = np.cumsum([0, *moves]).astype(np.int32)
        order = np.lexsort((told.series, group[told.row]))
        row, level = told.row[order], told.level[order].astype(int)
        kind = np.array(KINDS)[told.kind[order]]
        about_episode = np.isin(told.kind[order], [KINDS.index(one) for one in ("issue", "advance", "upgrade")])
        start, end, gives, criterion = (part[order] for part in (ahead.start, ahead.end, ahead.level, ahead.criterion))
        made = Decisions(
            kind, told.series[order].astype(int), level, np.array([one.issued for one in taken], int)[row], told.hour[order],
            told.number[order].astype(int), *(np.where(about_episode & there, part, -1) for part, there in (
                (start, True), (end, True), (criterion, gives == level))))
        for at in np.flatnonzero((made.criterion < 0) & (kind == "advance")):
            before = np.arange(at)[(made.series[:at] == made.series[at]) & (made.warning[:at] == made.warning[at])
                                   & (made.level[:at] == made.level[at])]
            made.criterion[at] = made.criterion[before[-1]]
        return made

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(frozen=True)
class Ledger:
    """Decisions and the timeline of levels of all series, over `hours` hours.

    record : makes the decisions with what they rest on, when they are first read: a run that is only held against another
    has no reader for them.
    """

    record: Callable[[], Decisions]
    timeline: Timeline
    hours: int

    @cached_property
    def decisions(self) -> Decisions:
        """Every decision."""
        made = self.record()
        object.__setattr__(self, "record", lambda: made)  # the office that they are from is needed no more
        return made
