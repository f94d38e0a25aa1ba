"""What figures can be grouped by: dimensions, and parts of time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import Row

from service.access.keys import Caller
from service.method.months import Window, fiscal_year, month_of, month_text, quarter_text, year_text
from service.store import cells, salespeople
from service.store.reach import Reach
from service.values import AMOUNT_SCALE

DIMENSIONS = cells.DIMENSIONS
OF_SELLER = frozenset({"subsidiary", "country", "salesperson", "team"})
"""Groupings in which the sellers, and so their FTE, fall apart without rest."""
ROLLING = "rolling_12"


def _half_text(month: int) -> str:
    return f"{month // 12:04d}-H{month % 12 // 6 + 1}"


CALENDAR: Mapping[str, Callable[[int], str]] = {
    "month": month_text,
    "quarter": quarter_text,
    "half": _half_text,
    "year": year_text,
}
FISCAL = {"fiscal_quarter": ("-Q", 3), "fiscal_half": ("-H", 6), "fiscal_year": ("", 12)}
"""Word → what its label has behind the year, and its months."""
TIMES = (*CALENDAR, *FISCAL, ROLLING)


def parts(window: Window, time: str, year_start: int) -> list[tuple[str, Window]]:
    """The parts of the window that lie in one month, quarter, half or year, with their names.

    `rolling_12`: for each month the 12 months that end with it.
    """
    if not time:
        return [("", window)]
    if time == ROLLING:
        return [(month_text(month), Window(month - 11, month)) for month in window.months]
    months: dict[str, list[int]] = {}
    for month in window.months:
        label = CALENDAR[time](month) if time in CALENDAR else _fiscal_text(month, time, year_start)
        months.setdefault(label, []).append(month)
    return [(label, Window(own[0], own[-1])) for label, own in months.items()]


def _fiscal_text(month: int, time: str, year_start: int) -> str:
    mark, length = FISCAL[time]
    year = next(year for year in (month // 12, month // 12 + 1) if month in fiscal_year(year, year_start))
    place = (month - fiscal_year(year, year_start).first) // length + 1
    return f"FY{year:04d}" + (f"{mark}{place}" if mark else "")


class Teams:
    """The team of a seller in a month: of his newest span that has begun by then, else of his first."""

    def __init__(self, spans: Sequence[Row[Any]]) -> None:
        self._spans: dict[tuple[int, str], list[tuple[int, str]]] = {}
        for span in spans:
            key = (span.subsidiary_id, span.code)
            self._spans.setdefault(key, []).append((month_of(span.start), span.team))

    def at(self, subsidiary: int, salesperson: str, month: int) -> str:
        known = self._spans.get((subsidiary, salesperson), [])
        begun = [team for start, team in known if start <= month]
        return begun[-1] if begun else (known[0][1] if known else "")


@dataclass(frozen=True, slots=True)
class Employed:
    """A span of employment with the words it is grouped by. FTE, hours a day and pay a month in ten-thousandths."""

    words: Mapping[str, str]
    start: date
    end: date | None
    fte: int
    hours_a_day: int
    monthly_cost: int | None

    def in_window(self, window: Window) -> Fraction:
        """Average full-time equivalents over the window's months, by days."""
        return Fraction(self.fte, AMOUNT_SCALE) * self.share(window)

    def share(self, window: Window) -> Fraction:
        """The part of the window's days on which he was employed."""
        first, last = window.days
        start = max(self.start, first)
        end = last if self.end is None else min(self.end, last)
        return Fraction(max((end - start).days + 1, 0), (last - first).days + 1)


def employment(caller: Caller, reach: Reach) -> list[Employed]:
    """All spans within reach."""
    return [
        Employed(
            {"subsidiary": span.subsidiary, "salesperson": span.code, "team": span.team},
            span.start,
            span.end,
            span.fte,
            span.hours_a_day,
            span.monthly_cost,
        )
        for span in salespeople.spans(caller.connection, reach)
    ]
