"""Amounts of several subsidiaries in one currency, at the average rate of each month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from service.errors import MissingRate
from service.method.months import month_text
from service.store import exchange_rates
from service.values import RATE_DECIMALS

ONE = 10**RATE_DECIMALS


@dataclass(frozen=True, slots=True)
class Rates:
    """Rates into one reference currency, by (currency, month)."""

    reference: str
    known: Mapping[tuple[str, int], int]

    @classmethod
    def into(cls, connection: Connection, reference: str) -> "Rates":
        return cls(reference, exchange_rates.into(connection, reference))

    def require(self, needed: Sequence[tuple[str, int]]) -> None:
        """Refuse if a rate is missing, naming the currency and all its months without one."""
        missing = sorted(pair for pair in set(needed) if pair[0] != self.reference and pair not in self.known)
        if missing:
            currency = missing[0][0]
            raise MissingRate(currency, self.reference, [month_text(m) for c, m in missing if c == currency])

    def of(self, currency: str, month: int) -> int:
        return ONE if currency == self.reference else self.known[currency, month]
