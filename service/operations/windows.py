"""Which months a calculation is about."""

from service.errors import BadArgument, NoData
from service.method.months import Window, month_text, parse_month

MONTHS_A_YEAR = 12


def month(argument: str, text: str | None) -> int | None:
    """A month given as text; BadArgument names the argument where it is none."""
    if text is None:
        return None
    try:
        return parse_month(text)
    except ValueError as error:
        raise BadArgument(argument, f"{argument}: {error}.") from error


def resolve(first: str | None, last: str | None, data: Window | None) -> Window:
    """The window asked for, within the months that have data.

    Without `last` it ends with the newest month with data; without `first` it is 12 months long, or as long as there
    are data. NoData where nothing is stored; BadArgument where the window is upside down or goes beyond the data.
    """
    start, end = month("from", first), month("to", last)
    if data is None:
        raise NoData("No statistics are stored. Hand in the form statistics first.")
    stored = f"Statistics are stored for {month_text(data.first)} to {month_text(data.last)}"
    if end is None:
        end = data.last
    if start is None:
        start = max(end - MONTHS_A_YEAR + 1, data.first)
    if start > end:
        raise BadArgument(
            "from", f"The window would begin in {month_text(start)}, after its end {month_text(end)}. {stored}."
        )
    if end > data.last or start < data.first:
        raise BadArgument(
            "to" if end > data.last else "from",
            f"The window {month_text(start)} to {month_text(end)} goes beyond the data. {stored}.",
        )
    return Window(start, end)
