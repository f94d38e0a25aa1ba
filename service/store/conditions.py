"""Conditions on the rows of a table by the names of its columns, and what they are in SQL.

They have two values, as OData wants it: what compares with nothing (null) is false, and its negation true.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Integer, String, and_, collate, false, func, not_, or_, true

from service.errors import BadOption
from service.method.months import parse_month
from service.values import AMOUNT_SCALE
from service.wording import say

Value: TypeAlias = str | int | bool | Decimal | date | None
"""A whole number is compared with a whole number, a Decimal with an amount."""
Operator = Literal["eq", "ne", "lt", "le", "gt", "ge"]


@dataclass(frozen=True, slots=True)
class Compared:
    column: str
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Spelled:
    """The text of a column contains another, or begins or ends with it; letters count as they are."""

    column: str
    how: Literal["contains", "startswith", "endswith"]
    text: str


@dataclass(frozen=True, slots=True)
class Both:
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Opposite:
    part: "Condition"


Condition: TypeAlias = Compared | Spelled | Both | Either | Opposite


Met: TypeAlias = Callable[[str, ColumnElement[bool]], ColumnElement[bool]]
"""What a condition on the column of a name comes to where the rows do not hold that column themselves."""


def of_rows(_name: str, found: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition itself, on columns that the rows hold."""
    return found


def in_sql(condition: Condition, columns: Mapping[str, ColumnElement[Any]], met: Met = of_rows) -> ColumnElement[bool]:
    """The condition over these columns, which hold what is stored: ten-thousandths, numbers of months, 0 and 1."""
    match condition:
        case Both(parts):
            return and_(true(), *(in_sql(part, columns, met) for part in parts))
        case Either(parts):
            return or_(false(), *(in_sql(part, columns, met) for part in parts))
        case Opposite(part):
            return not_(in_sql(part, columns, met))
        case Spelled(name, how, wanted):
            return met(name, _spelled(name, columns[name], how, wanted))
        case Compared(name, operator, value):
            return met(name, _compared(name, columns[name], operator, value))


def ordered(element: ColumnElement[Any], dialect: str) -> ColumnElement[Any]:
    """Text in the order of its code points on every database."""
    return collate(element, "C") if dialect != "sqlite" and isinstance(element.type, String) else element


_MOST = 2**63 - 1
_OPERATORS: Mapping[Operator, Callable[[Any, Any], Any]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
}


def _compared(name: str, element: ColumnElement[Any], operator: Operator, value: Value) -> ColumnElement[bool]:
    if value is None:
        return element.is_(None) if operator == "eq" else element.is_not(None)
    if isinstance(value, Decimal):
        whole = _bound(operator, value * AMOUNT_SCALE)
        if whole is None:  # no amount has so many decimals
            return element.is_(None) | element.is_not(None) if operator == "ne" else false()
        value = whole
    elif isinstance(element.type, Integer) and isinstance(value, str):
        value = _month(name, value)
    elif isinstance(element.type, Integer) and isinstance(value, bool):
        value = int(value)
    found: ColumnElement[bool] = _OPERATORS[operator](element, value)
    return or_(element.is_(None), found) if operator == "ne" else and_(element.is_not(None), found)


def _bound(operator: Operator, exact: Decimal) -> int | None:
    """The whole number that compares with whole numbers as this one does; None where none can equal it."""
    whole = math.ceil(exact) if operator in ("lt", "ge") else math.floor(exact)
    if operator in ("eq", "ne") and (whole != exact or abs(whole) > _MOST):
        return None
    return max(-_MOST, min(whole, _MOST))


def _month(name: str, text: str) -> int:
    try:
        return parse_month(text)
    except ValueError as error:
        raise BadOption(
            say("{name} is compared with a month, as in '2026-03', not with {text!r}.", name=name, text=text)
        ) from error


def _spelled(name: str, element: ColumnElement[Any], how: str, wanted: str) -> ColumnElement[bool]:
    if not isinstance(element.type, String):
        raise BadOption(say("{name} is a month: compare it, as in {name} ge '2026-01'.", name=name))
    count = len(wanted)
    if how == "contains":
        found = func.replace(element, wanted, "") != element
    elif how == "startswith":
        found = func.substr(element, 1, count) == wanted
    else:
        found = and_(func.length(element) >= count, func.substr(element, func.length(element) - count + 1) == wanted)
    return and_(element.is_not(None), found if wanted else true())


def after(terms: Sequence[tuple[ColumnElement[Any], bool]], values: Sequence[Any]) -> ColumnElement[bool]:
    """That a row comes after the one with these values, in an order of (column, whether descending); null is least."""
    ways: list[ColumnElement[bool]] = []
    same: list[ColumnElement[bool]] = []
    for (element, descending), value in zip(terms, values, strict=True):
        ways.append(and_(*same, _beyond(element, value, descending=descending)))
        same.append(element.is_(None) if value is None else element == value)
    return or_(*ways)


def _beyond(element: ColumnElement[Any], value: Any, *, descending: bool) -> ColumnElement[bool]:
    if descending:
        return false() if value is None else or_(element < value, element.is_(None))
    return element.is_not(None) if value is None else element > value
