"""Units as powers of money, hours, days, months and FTE; a plain number has none of them.

What is counted (customers, orders, deals) is a plain number: "money an order" is money.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

BASES = ("money", "hours", "days", "months", "fte")
QuantityUnit = Literal["money", "money²", "hours", "days", "months", "fte", "number"]
IndicatorUnit = Literal[
    "ratio",
    "count",
    "money",
    "hours",
    "days",
    "orders a year",
    "money an order",
    "money a customer",
    "money an FTE",
    "money an hour",
    "money a day",
    "hours a customer",
    "months",
    "deals a seller",
]


@dataclass(frozen=True, slots=True)
class Dimension:
    """The exponent of each base; units can be added only where these are equal."""

    exponents: tuple[int, ...]

    @classmethod
    def of(cls, **powers: int) -> "Dimension":
        return cls(tuple(powers.get(base, 0) for base in BASES))

    def __mul__(self, other: "Dimension") -> "Dimension":
        return Dimension(tuple(a + b for a, b in zip(self.exponents, other.exponents, strict=True)))

    def __truediv__(self, other: "Dimension") -> "Dimension":
        return Dimension(tuple(a - b for a, b in zip(self.exponents, other.exponents, strict=True)))

    def __str__(self) -> str:
        """`money / hours`, `1 / months`, `money^2`, `number`."""
        above = self._words(1)
        below = self._words(-1)
        if not below:
            return " · ".join(above) or "number"
        return " / ".join([" · ".join(above) or "1", *below])

    def _words(self, sign: int) -> list[str]:
        powers = [(base, sign * power) for base, power in zip(BASES, self.exponents, strict=True) if sign * power > 0]
        return [base if power == 1 else f"{base}^{power}" for base, power in powers]


NUMBER = Dimension.of()
_MONEY = Dimension.of(money=1)
OF_QUANTITIES: Mapping[QuantityUnit, Dimension] = {
    "number": NUMBER,
    "money": _MONEY,
    "money²": _MONEY * _MONEY,
    "hours": Dimension.of(hours=1),
    "days": Dimension.of(days=1),
    "months": Dimension.of(months=1),
    "fte": Dimension.of(fte=1),
}
OF_INDICATORS: Mapping[IndicatorUnit, Dimension] = {
    "ratio": NUMBER,
    "count": NUMBER,
    "money": _MONEY,
    "hours": Dimension.of(hours=1),
    "days": Dimension.of(days=1),
    "orders a year": Dimension.of(months=-1),
    "money an order": _MONEY,
    "money a customer": _MONEY,
    "money an FTE": Dimension.of(money=1, fte=-1),
    "money an hour": Dimension.of(money=1, hours=-1),
    "money a day": Dimension.of(money=1, days=-1),
    "hours a customer": Dimension.of(hours=1),
    "months": Dimension.of(months=1),
    "deals a seller": NUMBER,
}
