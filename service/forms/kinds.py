"""Kinds of cell: how its text is read into an internal value, and how it is described to people and machines.

Internal values: amounts (money, hours, counts, shares) are whole ten-thousandths, months are numbers
(`service.method.months`), rates whole 10⁻¹², days are dates, everything else is text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from service.method.months import month_of, parse_month
from service.values import AMOUNT_SCALE, RATE_DECIMALS, parse_amount

EARLIEST_MONTH = parse_month("1900-01")
_NUMBER = re.compile(r"-?\d{1,40}(\.\d{1,40})?", re.ASCII)
_COUNT = re.compile(r"\d{1,9}", re.ASCII)
_RATE = re.compile(r"\d{1,6}(\.\d{1,12})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


class BadValue(Exception):
    """A cell that cannot be taken, with a stable code and what would be right."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Kind:
    """`read` turns the text of a cell that is not empty into its value, given the newest month allowed.

    `table_type` and `constraints` are Table Schema's words, `json` is the JSON Schema of the cell.
    """

    name: str
    read: Callable[[str, int], Any]
    table_type: str
    json: dict[str, Any]
    constraints: dict[str, Any] = field(default_factory=dict)
    numeric: bool = False


def _text(longest: int, shortest: int = 0) -> Callable[[str, int], str]:
    def read(text: str, _newest: int) -> str:
        if len(text) > longest:
            raise BadValue("too_long", f"At most {longest} characters; these are {len(text)}.")
        if len(text) < shortest:
            raise BadValue("missing_value", "A value is needed here.")
        if text != text.strip():
            raise BadValue("surrounding_space", "Remove the spaces before and after the text.")
        if not text.isprintable():
            raise BadValue("bad_text", "The text has characters that cannot be printed.")
        return text

    return read


def _number(text: str) -> str:
    if _NUMBER.fullmatch(text) is None:
        if "," in text:
            raise BadValue("bad_number", f"{text!r} is not a number: the decimal mark is a point, without grouping.")
        raise BadValue("bad_number", f"{text!r} is not a number: write digits with a decimal point, as in 12.5.")
    return text


def amount(lowest: int | None = None, highest: int | None = None) -> Callable[[str, int], int]:
    """Reads ten-thousandths within bounds (in whole units)."""

    def read(text: str, _newest: int) -> int:
        try:
            value = parse_amount(_number(text))
        except ValueError as error:
            raise BadValue("out_of_range", "At most 12 digits before the decimal point and 4 after it.") from error
        if lowest is not None and value < lowest * AMOUNT_SCALE:
            raise BadValue("out_of_range", f"It may not be below {lowest}.")
        if highest is not None and value > highest * AMOUNT_SCALE:
            raise BadValue("out_of_range", f"It may not be above {highest}.")
        return value

    return read


def _count(text: str, _newest: int) -> int:
    if _COUNT.fullmatch(_number(text)) is None:
        raise BadValue("not_a_count", "A whole number from 0 to 999999999 is needed.")
    return int(text) * AMOUNT_SCALE


def _rate(text: str, _newest: int) -> int:
    if _RATE.fullmatch(_number(text)) is None:
        raise BadValue("out_of_range", "A rate is above 0 and below 1000000, with at most 12 decimals.")
    whole, _, decimals = text.partition(".")
    value = int(whole + decimals.ljust(RATE_DECIMALS, "0"))
    if value == 0:
        raise BadValue("out_of_range", "A rate is above 0.")
    return value


def _month(text: str, newest: int) -> int:
    try:
        month = parse_month(text)
    except ValueError as error:
        raise BadValue("bad_month", f"{text[:20]!r} is not a month: write YYYY-MM, as in 2026-03.") from error
    if month > newest:
        raise BadValue("future_period", f"{text} has not begun yet.")
    if month < EARLIEST_MONTH:
        raise BadValue("out_of_range", "Months before 1900-01 are not taken.")
    return month


def _day(text: str, _newest: int) -> date:
    try:
        if _DAY.fullmatch(text) is None:
            raise ValueError(text)  # noqa: TRY301
        day = date.fromisoformat(text)
    except ValueError as error:
        raise BadValue("bad_date", f"{text[:20]!r} is not a day: write YYYY-MM-DD, as in 2026-03-31.") from error
    if month_of(day) < EARLIEST_MONTH:
        raise BadValue("out_of_range", "Days before 1900 are not taken.")
    return day


def _currency(text: str, _newest: int) -> str:
    if _CURRENCY.fullmatch(text) is None:
        raise BadValue("bad_currency", f"{text[:20]!r} is not a currency: write three capital letters, as in EUR.")
    return text


def choice(*words: str) -> Kind:
    """One of these words."""

    def read(text: str, _newest: int) -> str:
        if text not in words:
            raise BadValue("not_a_choice", f"It must be one of {', '.join(words)}.")
        return text

    return Kind("choice", read, "string", {"type": "string", "enum": ["", *words]}, {"enum": list(words)})


def _numeric(
    name: str, read: Callable[[str, int], Any], pattern: str, table_type: str = "number", **constraints: int
) -> Kind:
    schema = {"type": ["string", "number"], "pattern": pattern}
    return Kind(name, read, table_type, schema, constraints, numeric=True)


def _of_text(name: str, longest: int) -> Kind:
    schema = {"type": "string", "maxLength": longest}
    return Kind(name, _text(longest), "string", schema, {"maxLength": longest})


_EMPTY_OR = r"^(|{})$"
CODE = _of_text("code", 64)
LABEL = _of_text("label", 120)
NAME = _of_text("name", 200)
MONEY = _numeric("money", amount(), _EMPTY_OR.format(r"-?[0-9]{1,12}(\.[0-9]{1,4})?"))
POSITIVE_MONEY = _numeric("money", amount(0), _EMPTY_OR.format(r"[0-9]{1,12}(\.[0-9]{1,4})?"), minimum=0)
HOURS = _numeric("hours", amount(0), _EMPTY_OR.format(r"[0-9]{1,12}(\.[0-9]{1,4})?"), minimum=0)
FTE = _numeric("fte", amount(0, 2), _EMPTY_OR.format(r"[0-2](\.[0-9]{1,4})?"), minimum=0, maximum=2)
HOURS_A_DAY = _numeric("hours", amount(0, 24), _EMPTY_OR.format(r"[0-9]{1,2}(\.[0-9]{1,4})?"), minimum=0, maximum=24)
COUNT = _numeric("count", _count, _EMPTY_OR.format(r"[0-9]{1,9}"), "integer", minimum=0, maximum=999_999_999)
RATE = _numeric("rate", _rate, r"^[0-9]{1,6}(\.[0-9]{1,12})?$", exclusiveMinimum=0, exclusiveMaximum=1_000_000)
MONTH = Kind(
    "month", _month, "yearmonth", {"type": "string", "pattern": r"^[0-9]{4}-(0[1-9]|1[0-2])$"}, {"minimum": "1900-01"}
)
DAY = Kind("date", _day, "date", {"type": "string", "pattern": _EMPTY_OR.format(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")})
CURRENCY = Kind("currency", _currency, "string", {"type": "string", "pattern": "^[A-Z]{3}$"}, {"pattern": "[A-Z]{3}"})
