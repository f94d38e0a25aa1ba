"""Which months a calculation is about."""

from service.errors import BadArgument, NoData
from service.method.months import Window, month_text, parse_month, parse_period
from service.wording import say

MONTHS_A_YEAR = 12


def month(argument: str, text: str | None) -> int | None:
    """A month given as text; BadArgument names the argument where it is none."""
    if text is None:
        return None
    try:
        return parse_month(text)
    except ValueError as error:
        raise BadArgument(argument, say("{place}: {message}.", place=argument, message=error.args[0])) from error


def bounds(
    first: str | None, last: str | None, period: str | None = None, year_start: int = 1
) -> tuple[int | None, int | None]:
    """First and last month that a request names, by from and to or by a period; None what it leaves open.

    `year_start` is the month in which the fiscal year begins that the period may mean.
    """
    if period is None:
        return month("from", first), month("to", last)
    if first is not None or last is not None:
        raise BadArgument("period", say("Name the months by period, or by from and to, not by both."))
    try:
        window = parse_period(period, year_start)
    except ValueError as error:
        raise BadArgument("period", say("{place}: {message}.", place="period", message=error.args[0])) from error
    return window.first, window.last


def resolve(
    first: str | None, last: str | None, data: Window | None, period: str | None = None, year_start: int = 1
) -> Window:
    """The window asked for, by from and to or by a period, within the months that have data.

    Without `last` it ends with the newest month with data; without `first` it is 12 months long, or as long as there
    are data. NoData where nothing is stored; BadArgument where the window is upside down or goes beyond the data.
    """
    start, end = bounds(first, last, period, year_start)
    if data is None:
        raise NoData(say("No statistics are stored. Hand in the form statistics first."))
    stored = say(
        "Statistics are stored for {first} to {last}", first=month_text(data.first), last=month_text(data.last)
    )
    if end is None:
        end = data.last
    if start is None:
        start = max(end - MONTHS_A_YEAR + 1, data.first)
    if start > end:
        raise BadArgument(
            "from",
            say(
                "The window would begin in {start}, after its end {end}. {stored}.",
                start=month_text(start),
                end=month_text(end),
                stored=stored,
            ),
        )
    if end > data.last or start < data.first:
        raise BadArgument(
            "period" if period is not None else "to" if end > data.last else "from",
            say(
                "The window {start} to {end} goes beyond the data. {stored}.",
                start=month_text(start),
                end=month_text(end),
                stored=stored,
            ),
        )
    return Window(start, end)
