"""Months as whole numbers, and windows of them.

A month is the number `12 · year + (month − 1)`, so the month after is `+ 1` and windows compare as numbers do.
"""

import re
from dataclasses import dataclass
from datetime import date

_TEXT = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


def parse_month(text: str) -> int:
    """`"2026-03"` → month number. Raises ValueError for anything else, also for the year 0000."""
    match = _TEXT.fullmatch(text)
    if match is None or match[1] == "0000":
        raise ValueError(f"{text!r} is not a month: write YYYY-MM, as in 2026-03")
    return int(match[1]) * 12 + int(match[2]) - 1


def month_of(day: date) -> int:
    """The month that a day lies in."""
    return day.year * 12 + day.month - 1


def month_text(month: int) -> str:
    """Month number → `"2026-03"`."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def quarter_text(month: int) -> str:
    """Month number → the calendar quarter it lies in, `"2026-Q1"`."""
    return f"{month // 12:04d}-Q{month % 12 // 3 + 1}"


def year_text(month: int) -> str:
    """Month number → its calendar year, `"2026"`."""
    return f"{month // 12:04d}"


@dataclass(frozen=True, slots=True)
class Window:
    """Months from–to, both included."""

    first: int
    last: int

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError(f"the window begins in {month_text(self.first)}, after its end {month_text(self.last)}")

    def __len__(self) -> int:
        return self.last - self.first + 1

    def __contains__(self, month: int) -> bool:
        return self.first <= month <= self.last

    @property
    def prior(self) -> "Window":
        """The window of the same length that ends the month before this one."""
        return Window(self.first - len(self), self.first - 1)

    @property
    def months(self) -> range:
        return range(self.first, self.last + 1)

    def __str__(self) -> str:
        return f"{month_text(self.first)}..{month_text(self.last)}"
