"""Months as whole numbers, and windows of them.

A month is the number `12 · year + (month − 1)`, so the month after is `+ 1` and windows compare as numbers do.

A fiscal year is named after the calendar year in which it ends: with a start in April `FY2026` is 2025-04 to 2026-03,
with a start in January it is the calendar year.
"""

import re
from dataclasses import dataclass
from datetime import date

from service.wording import Message, say

_TEXT = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_PERIOD = re.compile(r"(FY)?(\d{4})(?:-([QHM])([1-9]|1[0-2]))?", re.ASCII)
_PARTS = {"H": 6, "Q": 3, "M": 1}
"""Months of a half, a quarter, a month of a year."""


def parse_month(text: str) -> int:
    """`"2026-03"` → month number. Raises ValueError for anything else, also for the year 0000."""
    match = _TEXT.fullmatch(text)
    if match is None or match[1] == "0000":
        raise ValueError(say("{text!r} is not a month: write YYYY-MM, as in 2026-03", text=text))
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
            raise ValueError(
                say(
                    "the window begins in {first}, after its end {last}",
                    first=month_text(self.first),
                    last=month_text(self.last),
                )
            )

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

    @property
    def days(self) -> tuple[date, date]:
        """Its first and its last day."""
        after = self.last + 1
        first = date(self.first // 12, self.first % 12 + 1, 1)
        return first, date.fromordinal(date(after // 12, after % 12 + 1, 1).toordinal() - 1)

    def __str__(self) -> str:
        return f"{month_text(self.first)}..{month_text(self.last)}"


def parse_period(text: str, year_start: int = 1) -> Window:
    """The months that a period names, where fiscal years begin in month `year_start` (1..12).

    Of the calendar: `2026-03`, `2026-Q1`, `2026-H1`, `2026`. Of the fiscal year: `FY2026-M3` (its third month),
    `FY2026-Q1`, `FY2026-H1`, `FY2026`. Raises ValueError for anything else.
    """
    if _TEXT.fullmatch(text):
        month = parse_month(text)
        return Window(month, month)
    match = _PERIOD.fullmatch(text)
    fiscal = match is not None and match[1] is not None
    if match is None or (match[3] == "M" and not fiscal):
        raise ValueError(_no_period(text))
    length = _PARTS.get(match[3], 12)
    place = int(match[4] or 1)
    if place * length > 12:
        raise ValueError(_no_period(text))
    first = fiscal_year(int(match[2]), year_start).first if fiscal else int(match[2]) * 12
    if first < 12:  # there is no year 0000
        raise ValueError(_no_period(text))
    first += (place - 1) * length
    return Window(first, first + length - 1)


def fiscal_year(year: int, year_start: int) -> Window:
    """The fiscal year of this name, which begins in month `year_start` and ends in this calendar year."""
    last = year * 12 + (year_start - 2) % 12
    return Window(last - 11, last)


def _no_period(text: str) -> Message:
    return say(
        "{text!r} is not a period: write 2026-03, 2026-Q1, 2026-H1 or 2026,"
        " and of the fiscal year FY2026-M3, FY2026-Q1, FY2026-H1 or FY2026",
        text=text,
    )
