"""Local time as whole hours since 00:00 of the period's first day: the only time arithmetic of the project."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np


@dataclass(frozen=True)
class Calendar:
    """The period of a run; both days are included."""

    start: date
    end: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    @property
    def hours(self) -> int:
        return 24 * self.days

    def day_of(self, when: date) -> int:
        """Day number of a date, 0 for the first day; may lie outside the period."""
        return (when - self.start).days

    def date_of(self, day: int) -> date:
        return self.start + timedelta(days=int(day))

    def dates(self) -> list[str]:
        """ISO dates of the period, one a day."""
        return [self.date_of(day).isoformat() for day in range(self.days)]

    def stamps(self, hours: np.ndarray) -> np.ndarray:
        """ISO local times (`2015-11-28T00:00`) of hours since the start, as text[...]."""
        minutes = np.rint(np.asarray(hours, float) * 60).astype("int64")
        return np.datetime_as_string(np.datetime64(self.start, "m") + minutes, unit="m")

    def stamp(self, hour: float) -> str:
        """ISO local time of one hour."""
        return str(self.stamps(np.array([hour]))[0])
