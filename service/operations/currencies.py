"""Amounts of several subsidiaries in one currency, at the average rate of each month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import pandas as pd
from sqlalchemy import Connection

from service.errors import MissingRate
from service.method.money import split_converted
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


def converted(
    cells: pd.DataFrame, currencies: Mapping[int, str], rates: Rates, measures: Sequence[str]
) -> pd.DataFrame:
    """The cells with these measures in the reference currency.

    An amount is rounded once at (subsidiary, customer, month); its cells share it by largest remainder, so that every
    roll-up is the sum of its parts. Raises MissingRate.
    """
    keys = ["subsidiary_id", "customer_id", "period"]
    ordered = cells.sort_values(keys, kind="stable").reset_index(drop=True)
    rows = list(zip(*(ordered[key].tolist() for key in keys), strict=True))
    rates.require([(currencies[subsidiary], month) for subsidiary, _, month in set(rows)])
    for measure in measures:
        amounts, result = ordered[measure].tolist(), []
        place = 0
        for (subsidiary, _, month), same in groupby(rows):
            count = len(list(same))
            rate = rates.of(currencies[subsidiary], month)
            result += split_converted(amounts[place : place + count], rate)
            place += count
        ordered[measure] = pd.Series(result, dtype="int64")
    return ordered
