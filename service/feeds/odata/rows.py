"""Entity sets that are computed when they are asked for: conditions, order and pages over rows in memory."""

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from service.store.conditions import Both, Compared, Condition, Either, Opposite, Spelled
from service.store.relations import Asked

Row = Mapping[str, Any]


def page(rows: Iterable[Row], key: Sequence[str], asked: Asked, limit: int) -> tuple[list[Row], tuple[Any, ...] | None]:
    """At most `limit` rows, and the key of the last of them if there are more.

    Rows come in the order of the key, and without another order no more of them are taken than the page needs.
    ValueError where `asked.after` is no key of a row.
    """
    fitting: Iterable[Row] = _fitting(rows, asked.condition)
    if asked.order:
        fitting = _sorted(list(fitting), asked.order)
    if asked.after is not None:
        fitting = _rest(fitting, key, asked.after)
    found: list[Row] = []
    for place, row in enumerate(fitting):
        if place < asked.skip:
            continue
        if len(found) == limit:
            return found, tuple(found[-1][name] for name in key)
        found.append(row)
    return found, None


def count(rows: Iterable[Row], condition: Condition | None) -> int:
    """How many rows fit the condition."""
    return sum(1 for _ in _fitting(rows, condition))


def _fitting(rows: Iterable[Row], condition: Condition | None) -> Iterator[Row]:
    return (row for row in rows if condition is None or holds(condition, row))


def _sorted(rows: list[Row], order: Sequence[tuple[str, bool]]) -> list[Row]:
    for name, descending in reversed(order):
        rows.sort(key=lambda row: (row[name] is not None, row[name]), reverse=descending)
    return rows


def _rest(rows: Iterable[Row], key: Sequence[str], after: tuple[Any, ...]) -> Iterator[Row]:
    """The rows after the one with this key."""
    rows = iter(rows)
    for row in rows:
        if tuple(row[name] for name in key) == after:
            return rows
    raise ValueError(after)


_SPELLED: Mapping[str, Callable[[str, str], bool]] = {
    "contains": operator.contains,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


def holds(condition: Condition, row: Row) -> bool:
    """Whether a row fits a condition."""
    match condition:
        case Both(parts):
            return all(holds(part, row) for part in parts)
        case Either(parts):
            return any(holds(part, row) for part in parts)
        case Opposite(part):
            return not holds(part, row)
        case Spelled(name, how, wanted):
            found = row[name]
            return found is not None and _SPELLED[how](found, wanted)
        case Compared(name, way, value):
            return _compared(row[name], way, value)


def _compared(found: Any, way: str, value: Any) -> bool:
    if isinstance(found, float) and isinstance(value, Decimal):
        value = float(value)
    if way in ("eq", "ne"):
        return bool(found == value) == (way == "eq")
    return found is not None and value is not None and _OPERATORS[way](found, value)
