"""Kinds of value: exact amounts, months, currencies, codes, as they stand in requests and answers.

Inside the service an amount (money, hours, a count, FTE) is a whole number of ten-thousandths, so that sums are
exact on every database; a rate of exchange is a whole number of 10⁻¹². Text on the way in and out is plain decimal.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

from babel.numbers import get_currency_precision
from pydantic import BeforeValidator, PlainSerializer, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from service.wording import say

AMOUNT_DECIMALS = 4
AMOUNT_SCALE: int = 10**AMOUNT_DECIMALS
LARGEST_AMOUNT = 10**12
"""An amount handed in is below this in size: a few hundred of them still add up within 64 bits."""
RATE_DECIMALS = 12
RATIO_DECIMALS = 6

_JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_AMOUNT = re.compile(r"-?\d{1,12}(\.\d{1,4})?", re.ASCII)
AMOUNT_PATTERN = r"^-?\d{1,15}(\.\d{1,4})?$"


def parse_amount(text: str) -> int:
    """`"-12.5"` → −125000 ten-thousandths. Raises ValueError for anything but plain decimal with at most
    12 digits before the point and 4 after it."""
    if _AMOUNT.fullmatch(text) is None:
        raise ValueError(
            say("{text!r} is not an amount: write digits with a decimal point and at most 4 decimals", text=text)
        )
    whole, _, decimals = text.partition(".")
    return int(whole + decimals.ljust(AMOUNT_DECIMALS, "0"))


def amount_text(amount: int) -> str:
    """Ten-thousandths → plain decimal without needless zeros: 125000 → `"12.5"`."""
    sign = "-" if amount < 0 else ""
    whole, decimals = divmod(abs(amount), AMOUNT_SCALE)
    return f"{sign}{whole}.{decimals:04d}".rstrip("0").rstrip(".") if decimals else f"{sign}{whole}"


def to_amount(value: Decimal) -> int:
    """Decimal with at most 4 decimals → ten-thousandths, exactly."""
    return int(value * AMOUNT_SCALE)


def to_decimal(amount: int) -> Decimal:
    """Ten-thousandths → Decimal, exactly."""
    return Decimal(amount).scaleb(-AMOUNT_DECIMALS)


_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.ASCII)


def _moment(given: Any) -> datetime:
    """RFC 3339 → the moment in UTC. A number or a time without its offset is none."""
    if not isinstance(given, str) or _MOMENT.fullmatch(given) is None:
        raise ValueError(say("write a moment with its offset, as in 2026-03-31T12:00:00Z"))
    try:
        return datetime.fromisoformat(given).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(say("this moment lies outside the years 1 to 9999 in UTC")) from error


def round_ratio(value: Fraction | float) -> Decimal:
    """A ratio as answers carry it: 6 decimals, half to even."""
    return Decimal(round(Fraction(value) * 10**RATIO_DECIMALS)).scaleb(-RATIO_DECIMALS)


def minor_units(currency: str) -> int:
    """Decimals of a currency's smallest unit (CLDR), at most those that amounts have."""
    decimals: int = get_currency_precision(currency)
    return min(decimals, AMOUNT_DECIMALS)


def smallest_coin(currency: str) -> int:
    """A currency's smallest unit in ten-thousandths."""
    coin: int = 10 ** (AMOUNT_DECIMALS - minor_units(currency))
    return coin


def to_rate(rate: int) -> Decimal:
    """A rate of exchange (10⁻¹²) → Decimal, exactly."""
    return Decimal(rate).scaleb(-RATE_DECIMALS)


def round_money(value: Fraction | float) -> Decimal:
    """An estimate of money as answers carry it: 4 decimals, half to even."""
    return Decimal(round(Fraction(value) * AMOUNT_SCALE)).scaleb(-AMOUNT_DECIMALS)


def _amount_input(value: Any) -> Any:
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str):
        raise ValueError(  # noqa: TRY004 - pydantic turns ValueError into a problem
            say('write an amount as text, as in "12.50": a JSON number may lose digits')
        )
    return to_decimal(parse_amount(value))


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}" if value else "0"


Money = Annotated[
    Decimal,
    BeforeValidator(_amount_input),
    PlainSerializer(_plain, return_type=str),
    WithJsonSchema({"type": "string", "pattern": AMOUNT_PATTERN, "examples": ["1234.5"]}),
]
"""An amount of money: decimal text with at most 4 decimals."""

Number = Annotated[Decimal, PlainSerializer(float, return_type=float), WithJsonSchema({"type": "number"})]
"""A ratio, a share or a count that may be broken: a JSON number, rounded once."""


def _as_json_writes_it(value: Any) -> Any:
    if isinstance(value, str) and not _JSON_NUMBER.fullmatch(value):
        raise PydanticCustomError("number_parsing", "write a number as in JSON: 10, 0.5")
    return value


Whole = Annotated[int, BeforeValidator(_as_json_writes_it)]
"""A whole number of a query. Python would take `1_0`, ` 10` and `+10` for 10, too."""
Broken = Annotated[float, BeforeValidator(_as_json_writes_it)]
"""The same of a number that need not be whole."""


@dataclass(frozen=True, slots=True)
class OfUnit:
    """What a number counts, as `x-unit` in the contract and as the unit of a table's column."""

    name: str

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {**handler(schema), "x-unit": self.name}


@dataclass(frozen=True, slots=True)
class Decimals:
    """That a text is a decimal number with at most so many decimals: a number in the columns of a table."""

    count: int

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {**handler(schema), "x-decimals": self.count}


Ratio = Annotated[Number, OfUnit("ratio")]
Hours = Annotated[Number, OfUnit("hours")]
Customers = Annotated[int, OfUnit("customers")]
RatioText = Annotated[str, Decimals(RATIO_DECIMALS), OfUnit("as the row says")]
RateText = Annotated[str, Decimals(RATE_DECIMALS), OfUnit("currency per currency")]
MonthText = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@+-]{0,63}$")]
"""The CRM's own id of a thing: 1 to 64 letters, digits and `. _ : @ + -`."""
Moment = Annotated[datetime, BeforeValidator(_moment)]
"""A moment of RFC 3339, in UTC."""
