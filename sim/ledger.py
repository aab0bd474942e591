"""The only record of a run: decisions with their reasons, changes in force, and what each line lost and saved."""

from dataclasses import dataclass

import numpy as np

from sim.agenda import Timeline
from sim.episodes import Outlook
from sim.warning import Decision


@dataclass(frozen=True)
class Decisions:
    """Every decision, in the order taken. Columns of n entries each.

    kind : text. series, level, issued, effective, warning : int64. start, end, criterion : int64, first and last day of
    the episode behind an issue, advance or upgrade (-1 where none) and the criterion of the edition that it met.
    """

    kind: list
    series: list
    level: list
    issued: list
    effective: list
    warning: list
    start: list
    end: list
    criterion: list

    @staticmethod
    def empty() -> "Decisions":
        return Decisions(*([] for _ in range(9)))

    def add(self, decision: Decision, now: int, outlook: Outlook) -> None:
        which = decision.series
        about_episode = decision.kind in {"issue", "advance", "upgrade"}
        none = np.full(len(which), -1)
        gives = np.where(outlook.level[which] == decision.level, outlook.criterion[which], -1)
        for column, values in (
            (self.kind, np.full(len(which), decision.kind)), (self.series, which),
            (self.level, decision.level), (self.issued, np.full(len(which), now)),
            (self.effective, decision.effective), (self.warning, decision.number),
            (self.start, outlook.start[which] if about_episode else none),
            (self.end, outlook.end[which] if about_episode else none),
            (self.criterion, gives if about_episode else none),
        ):
            column.append(values)

    def frozen(self) -> "Decisions":
        """The same with each column as one array; an advance at an older, higher level bears what gave that level."""
        made = Decisions(*(np.concatenate(column) if column else np.zeros(0, int) for column in vars(self).values()))
        for at in np.flatnonzero((np.asarray(made.criterion) < 0) & (np.asarray(made.kind) == "advance")):
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
