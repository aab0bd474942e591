"""The only record of a run: decisions with their reasons, changes in force, and what each line lost and saved."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.agenda import Decision, Timeline
from sim.episodes import Ahead


@dataclass(frozen=True)
class Decisions:
    """Every decision, in the order taken. Columns of n entries each.

    kind : text. series, level, issued, effective, warning : int64. start, end, criterion : int64, first and last day of
    the episode behind an issue, advance or upgrade (-1 where none) and the criterion of the edition that it met.
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
    def of(taken: Sequence[tuple[int, Decision]], ahead: Ahead) -> "Decisions":
        """The decisions of some issues, by their hours. ahead : the episode behind each, all series of all in one row.

        An advance at an older, higher level bears what gave that level.
        """
        sizes = [len(one.series) for _, one in taken]

        def joined(parts: Sequence[np.ndarray]) -> np.ndarray:
            return np.concatenate(parts) if parts else np.zeros(0, int)

        kind = np.repeat(np.array([one.kind for _, one in taken], str), sizes)
        level, none = joined([one.level for _, one in taken]), np.int64(-1)
        about_episode = np.isin(kind, ("issue", "advance", "upgrade"))
        made = Decisions(
            kind, joined([one.series for _, one in taken]), level, np.repeat(np.array([now for now, _ in taken], int), sizes),
            joined([one.effective for _, one in taken]), joined([one.number for _, one in taken]),
            np.where(about_episode, ahead.start, none), np.where(about_episode, ahead.end, none),
            np.where(about_episode & (ahead.level == level), ahead.criterion, none))
        for at in np.flatnonzero((made.criterion < 0) & (kind == "advance")):
            before = np.arange(at)[(made.series[:at] == made.series[at]) & (made.warning[:at] == made.warning[at])
                                   & (made.level[:at] == made.level[at])]
            made.criterion[at] = made.criterion[before[-1]]
        return made

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(frozen=True)
class Ledger:
    """Decisions and the timeline of levels of all series, over `hours` hours."""

    decisions: Decisions
    timeline: Timeline
    hours: int
