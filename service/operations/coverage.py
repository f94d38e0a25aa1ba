"""What is stored and what is missing: by subsidiary, month and measure. A gap is a row, never an absence."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import groupby, islice
from typing import Any, Literal

from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import BadArgument
from service.method.measures import MEASURES
from service.method.months import Window, month_of, month_text
from service.operations import fiscal, windows
from service.store import closed_months, lines, subsidiaries
from service.store.reach import Reach
from service.values import amount_text, round_ratio
from service.wording import say

Status = Literal["present", "missing", "zero"]
Key = tuple[int, int, int]
"""Subsidiary, month, and place of the measure among the measures."""
GROUPS = tuple(dict.fromkeys(measure.group for measure in MEASURES.values()))
_MEASURES = tuple(MEASURES.values())


@dataclass(frozen=True, slots=True)
class Question:
    """Whose months, and which; None takes the default of each."""

    subsidiary: str | None
    first: str | None
    last: str | None
    period: str | None


@dataclass(frozen=True, slots=True)
class Span:
    """The months that a subsidiary is expected to have data for; None before it has handed in any."""

    subsidiary: Row[Any]
    data: Window | None
    expected: Window | None


def page(
    caller: Caller, question: Question, limit: int, after: Key | None
) -> tuple[Sequence[Key], Mapping[Key, dict[str, Any]]]:
    """The keys of the page and of one more, if there is one, and the row of each key."""
    spans = {span.subsidiary.id: span for span in expected_spans(caller, question)}
    keys = list(islice(_keys(spans, after), limit + 1))
    return keys, dict(zip(keys, _told(caller, spans, keys), strict=True))


def each(caller: Caller, question: Question) -> Iterator[dict[str, Any]]:
    """All rows, read subsidiary by subsidiary as they are taken."""
    spans = {span.subsidiary.id: span for span in expected_spans(caller, question)}
    return _told(caller, spans, _keys(spans, None))


def _told(caller: Caller, spans: Mapping[int, Span], keys: Iterable[Key]) -> Iterator[dict[str, Any]]:
    closed = closed_months.pairs(caller.connection, caller.reach.narrowed(spans))
    for number, group in groupby(keys, key=lambda key: key[0]):
        own = list(group)
        window = Window(own[0][1], own[-1][1])
        stored = _stored(caller, caller.reach.narrowed([number]), window)
        for key in own:
            line = stored.get((number, key[1]))
            yield _row(spans[number].subsidiary, key, line, (number, key[1]) in closed)


def completeness(caller: Caller, question: Question) -> list[dict[str, Any]]:
    """Per subsidiary: the months expected, those with data for each group of measures, and those with none at all."""
    return [_summary(caller, span) for span in expected_spans(caller, question)]


def expected_spans(caller: Caller, question: Question) -> list[Span]:
    """Expected are the months from the first with data to the window's end, at most the present month.

    Without an end it is the newest month that has ended, or that has data: a month not handed in is missing.
    """
    connection = caller.connection
    named = [question.subsidiary] if question.subsidiary is not None else []
    rows = [subsidiaries.get(connection, caller.reach, code) for code in named] or subsidiaries.listed(
        connection, caller.reach
    )
    start = fiscal.year_start(caller, named)
    first, last = windows.bounds(question.first, question.last, question.period, start)
    if first is not None and last is not None and first > last:
        raise BadArgument(
            "from",
            say(
                "The window would begin in {first}, after its end {last}.",
                first=month_text(first),
                last=month_text(last),
            ),
        )
    data = {row.id: lines.periods(connection, caller.reach.narrowed([row.id])) for row in rows}
    present = month_of(caller.now.date())
    newest = max([present - 1, *(window.last for window in data.values() if window is not None)])
    end = min(newest if last is None else last, present)
    return [Span(row, data[row.id], _expected(data[row.id], first, end)) for row in rows]


def _expected(data: Window | None, first: int | None, end: int) -> Window | None:
    if data is None:
        return None
    start = data.first if first is None else max(first, data.first)
    return Window(start, end) if start <= end else None


def _keys(spans: Mapping[int, Span], after: Key | None) -> Iterator[Key]:
    for number in sorted(spans):
        expected = spans[number].expected
        for month in expected.months if expected is not None else ():
            for place in range(len(_MEASURES)):
                key = (number, month, place)
                if after is None or key > after:
                    yield key


def _stored(caller: Caller, home: Reach, window: Window) -> dict[tuple[int, int], Row[Any]]:
    rows = lines.coverage(caller.connection, home, window)
    return {(row.subsidiary_id, row.period): row for row in rows}


def _row(subsidiary: Row[Any], key: Key, line: Row[Any] | None, closed: bool) -> dict[str, Any]:
    _, month, place = key
    measure = _MEASURES[place]
    found = {} if line is None else line._mapping  # noqa: SLF001 - SQLAlchemy's public name
    count = found.get(f"{measure.name}_lines", 0)
    status: Status = "missing" if line is None else "present" if count else "zero"
    return {
        "subsidiary": subsidiary.code,
        "period": month_text(month),
        "measure": measure.name,
        "group": measure.group,
        "status": status,
        "lines": count,
        "total": amount_text(found.get(measure.name, 0)),
        "attributed": amount_text(found.get(f"{measure.name}_attributed", 0)),
        "unattributed": amount_text(found.get(f"{measure.name}_unattributed", 0)),
        "currency": subsidiary.currency if measure.kind == "money" else None,
        "closed": closed,
    }


def _summary(caller: Caller, span: Span) -> dict[str, Any]:
    expected = span.expected
    home = caller.reach.narrowed([span.subsidiary.id])
    stored = _stored(caller, home, expected) if expected is not None else {}
    months = {month: row for (_, month), row in stored.items()}
    count = len(expected) if expected is not None else 0
    return {
        "subsidiary": span.subsidiary.code,
        "first": None if span.data is None else month_text(span.data.first),
        "newest": None if span.data is None else month_text(span.data.last),
        "months_expected": count,
        "months_with_data": len(months),
        "share": _share(len(months), count),
        "missing": [month_text(month) for month in (expected.months if expected else ()) if month not in months],
        "groups": [_of_group(group, months, count) for group in GROUPS],
    }


def _of_group(group: str, months: Mapping[int, Row[Any]], expected: int) -> dict[str, Any]:
    names = [f"{measure.name}_lines" for measure in _MEASURES if measure.group == group]
    there = sorted(month for month, row in months.items() if any(getattr(row, name) for name in names))
    return {
        "group": group,
        "months_with_data": len(there),
        "share": _share(len(there), expected),
        "newest": month_text(there[-1]) if there else None,
    }


def _share(part: int, whole: int) -> Decimal | None:
    return round_ratio(Fraction(part, whole)) if whole else None
