"""Identities that must hold, checked on what is stored: two ways to the same figure, side by side."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pandas as pd
from sqlalchemy import Row

from service.access.keys import Caller
from service.method.measures import MEASURES
from service.method.months import Window, month_text
from service.method.segments import Segmentation
from service.method.segments.cells import Cell, Cells
from service.method.segments.classes import ALL_CLASSES, CLASSES
from service.method.segments.migration import bridge
from service.method.segments.table import MONTHS_A_YEAR, WHOLE, class_table
from service.method.states import State
from service.operations import segments
from service.store import lines
from service.values import AMOUNT_SCALE, amount_text, round_money

Classes = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Check:
    """Two sides that must be equal; `of` says for which class, month or measure ("": for all).

    `holds` is None, and so is a side, where it cannot be asked.
    """

    name: str
    of: str
    meaning: str
    left: str | None
    right: str | None
    holds: bool | None

    @classmethod
    def amounts(cls, name: str, of: str, meaning: str, left: int, right: int) -> "Check":
        """Of exact ten-thousandths."""
        return cls(name, of, meaning, amount_text(left), amount_text(right), left == right)

    @classmethod
    def counts(cls, name: str, of: str, meaning: str, left: int, right: int) -> "Check":
        return cls(name, of, meaning, str(left), str(right), left == right)


def of_data(
    caller: Caller, subsidiary: str, first: str | None, last: str | None, period: str | None
) -> tuple[Window, list[Check]]:
    """The window, and the identities of the subsidiary's figures in it (the method, section 2)."""
    basis = segments.read_basis(caller, subsidiary, first, last, None, period=period)
    found = segments.segmented(basis)
    cells = Cells.of(found)
    table = class_table(cells)
    months = lines.coverage(caller.connection, basis.home, basis.window)
    totals = lines.totals(caller.connection, basis.home, basis.window)
    return basis.window, [
        *_of_classes(table, months),
        *_of_plan_factors(table, found, basis.monthly, basis.window),
        *_of_customers(cells.cells),
        *_of_months(months, totals),
    ]


def _of_classes(table: Classes, months: Sequence[Row[Any]]) -> Iterator[Check]:
    in_classes = sum(row["revenue"] for row in _classes(table, ALL_CLASSES))
    of_lines = sum(month.revenue_attributed for month in months)
    meaning = "Revenue of the class table = revenue of the lines that name a customer."
    yield Check.amounts("class_table_revenue", "", meaning, in_classes, of_lines)


def _classes(table: Classes, words: Sequence[str]) -> Classes:
    """The rows of these classes over all scopes."""
    return [row for row in table if row["scope"] == WHOLE and row["abc_class"] in words]


def _of_plan_factors(table: Classes, found: Segmentation, monthly: pd.DataFrame, window: Window) -> Iterator[Check]:
    inside = monthly[monthly["period"].between(window.first, window.last)]
    bought = inside.groupby("customer_id")["revenue"].sum()
    class_of = dict(zip(found.customers["customer_id"], found.customers["abc_class"], strict=True))
    meaning = "N · F · V × months / 12 = positive revenue of the class."
    for row in _classes(table, CLASSES):
        positive = sum(amount for key, amount in bought.items() if amount > 0 and class_of.get(key) == row["abc_class"])
        product = _product(row, len(window))
        told = None if product is None else f"{round_money(product / AMOUNT_SCALE).normalize():f}"
        holds = None if product is None else product == positive
        yield Check("n_f_v", row["abc_class"], meaning, told, amount_text(int(positive)), holds)


def _product(row: Mapping[str, Any], months: int) -> Fraction | None:
    """N · F · V of the window, in ten-thousandths; None where orders are not counted."""
    if row["active"] == 0:
        return Fraction(0)
    frequency, value = row["order_frequency"], row["value_per_order"]
    if frequency is None or value is None:
        return None
    product: Fraction = row["active"] * frequency * value * months / MONTHS_A_YEAR * AMOUNT_SCALE
    return product


def _of_customers(cells: Sequence[Cell]) -> Iterator[Check]:
    counts = {state: sum(cell["customers"] for cell in cells if cell["state"] == state) for state in State}
    active, before = (sum(cell[name] for cell in cells) for name in ("active", "bought"))
    balance = before - counts[State.LOST] + counts[State.NEW] + counts[State.REACTIVATED]
    meaning = "Customers active now = active before − lost + new + reactivated."
    yield Check.counts("active_customers", "", meaning, active, balance)
    told = bridge(cells)
    steps = told.lost + told.contraction + told.expansion + told.new + told.reactivated + told.credit_notes
    meaning = "Start + lost + contraction + expansion + new + reactivated + credit notes of the bridge = its end."
    yield Check.amounts("revenue_bridge", "", meaning, told.start + steps, told.end)


def _of_months(months: Sequence[Row[Any]], totals: Mapping[str, int]) -> Iterator[Check]:
    for row in months:
        parts = row.revenue_attributed + row.revenue_unattributed
        meaning = "Revenue attributed to customers + unattributed = revenue of the month."
        yield Check.amounts("attribution", month_text(row.period), meaning, parts, row.revenue)
    for name in MEASURES:
        added = sum(getattr(row, name) for row in months)
        yield Check.amounts("months", name, "Sum of the months = sum of the window.", added, totals[name])
