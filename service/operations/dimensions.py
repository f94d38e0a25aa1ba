"""What figures can be grouped by, and the word that each statistics cell has in each of these."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import pandas as pd
from sqlalchemy import Row

from service.access.keys import Caller
from service.method.months import Window, month_of, month_text, quarter_text, year_text
from service.operations import segments
from service.store import labels, lines, salespeople
from service.store.reach import Reach
from service.values import AMOUNT_SCALE

TIMES = {"month": month_text, "quarter": quarter_text, "year": year_text}
OF_LINE = {
    "salesperson": (salespeople.TABLE, "salesperson_id"),
    "channel": (labels.CHANNEL, "channel_id"),
    "product_group": (labels.PRODUCT_GROUP, "product_group_id"),
}
OF_CUSTOMER = ("industry", "region")
OF_SEGMENTATION = {"abc_class": "abc_class", "segment": "segment"}
DIMENSIONS = ("subsidiary", *OF_LINE, "team", *OF_CUSTOMER, *OF_SEGMENTATION)
OF_SELLER = frozenset({"subsidiary", "salesperson", "team"})
"""Groupings in which the sellers, and so their FTE, fall apart without rest."""


def id_columns(dimensions: Sequence[str]) -> list[str]:
    """The columns of a line that cells must keep apart for these dimensions."""
    names = {"salesperson" if name == "team" else name for name in dimensions}
    return [column for name, (_, column) in OF_LINE.items() if name in names]


def words(
    caller: Caller, reach: Reach, dimensions: Sequence[str], cells: pd.DataFrame, customers: pd.DataFrame, last: int
) -> dict[str, list[str]]:
    """For each dimension the word of each cell; "" for what is not attributed.

    `cells`: subsidiary_id, customer_id, period and the id columns; `customers`: see `store.customers.portfolio`;
    classes and segments are those of the 12 months that end with month `last`.
    """
    found: dict[str, list[str]] = {}
    subsidiary = cells["subsidiary_id"].tolist()
    for name in dimensions:
        if name == "subsidiary":
            codes = dict(zip(customers["subsidiary_id"], customers["subsidiary"], strict=True))
            found[name] = [codes.get(number, "") for number in subsidiary]
        elif name == "team":
            teams = Teams(salespeople.spans(caller.connection, reach))
            sellers, months = cells["salesperson_id"].tolist(), cells["period"].tolist()
            found[name] = [teams.at(*key) for key in zip(subsidiary, sellers, months, strict=True)]
        elif name in OF_LINE:
            table, column = OF_LINE[name]
            known = labels.codes(caller.connection, reach, table)
            found[name] = [known[key] for key in zip(subsidiary, cells[column].tolist(), strict=True)]
        else:
            known = _of_customers(caller, name, customers, last)
            keys = zip(subsidiary, cells["customer_id"].tolist(), strict=True)
            found[name] = [known.get(key, "") for key in keys]
    return found


def _of_customers(caller: Caller, name: str, customers: pd.DataFrame, last: int) -> dict[tuple[int, int], str]:
    if name in OF_CUSTOMER:
        return dict(zip(zip(customers["subsidiary_id"], customers["id"], strict=True), customers[name], strict=True))
    found: dict[tuple[int, int], str] = {}
    for number, code in customers[["subsidiary_id", "subsidiary"]].drop_duplicates().itertuples(index=False):
        data = lines.periods(caller.connection, caller.reach.narrowed([number]))
        if data is None or data.first > last:
            continue
        basis = segments.read_basis(caller, code, None, month_text(min(last, data.last)), None)
        frame = segments.segmented(basis).customers
        found |= {(number, key): word for key, word in zip(frame["customer_id"], frame[name], strict=True)}
    return found


class Teams:
    """The team of a seller in a month: of his newest span that has begun by then, else of his first."""

    def __init__(self, spans: Iterable[Row[Any]]) -> None:
        self._spans: dict[tuple[int, int], list[tuple[int, str]]] = {}
        for span in spans:
            key = (span.subsidiary_id, span.salesperson_id)
            self._spans.setdefault(key, []).append((month_of(span.start), span.team))

    def at(self, subsidiary: int, salesperson: int, month: int) -> str:
        known = self._spans.get((subsidiary, salesperson), [])
        begun = [team for start, team in known if start <= month]
        return begun[-1] if begun else (known[0][1] if known else "")


@dataclass(frozen=True, slots=True)
class Employed:
    """A span of employment with the words it is grouped by."""

    words: Mapping[str, str]
    start: date
    end: date | None
    fte: int

    def in_window(self, window: Window) -> Fraction:
        """Average full-time equivalents over the window's months, by days."""
        first = date(window.first // 12, window.first % 12 + 1, 1)
        after = date((window.last + 1) // 12, (window.last + 1) % 12 + 1, 1)
        start = max(self.start, first)
        end = after if self.end is None else min(date.fromordinal(self.end.toordinal() + 1), after)
        days = max((end - start).days, 0)
        return Fraction(self.fte * days, AMOUNT_SCALE * (after - first).days)


def employment(caller: Caller, reach: Reach) -> list[Employed]:
    """All spans within reach."""
    return [
        Employed(
            {"subsidiary": span.subsidiary, "salesperson": span.code, "team": span.team}, span.start, span.end, span.fte
        )
        for span in salespeople.spans(caller.connection, reach)
    ]
