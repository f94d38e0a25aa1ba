"""A kept plan broken down to the customers of its units."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Row

from service.access.keys import Caller
from service.method.months import month_text
from service.method.plan.blocks import BLOCKS, MONTHS_A_YEAR, by_origin, plan
from service.method.plan.breakdown import OF_CUSTOMERS, Member, broken_down, weights
from service.method.segments.classes import CLASSES
from service.method.states import POOL
from service.operations import keeping, references
from service.operations.plans import Unit, customers_of, months_of, read_inputs, unit_name
from service.store import plans
from service.store.reach import Reach
from service.values import AMOUNT_SCALE, amount_text, smallest_coin, to_decimal

FIGURES = ("revenue", "margin")


@dataclass(frozen=True, slots=True)
class Part:
    """What a customer, or nobody (""), is to bring: figure → block → 12 ten-thousandths."""

    unit: Unit
    customer: str
    abc_class: str
    segment: str
    amounts: dict[str, dict[str, list[int]]]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Customers by unit and code, and after those of each unit what is nobody's: all add up to the plan."""

    plan: str
    currency: str
    fresh: bool
    periods: list[str]
    parts: list[Part]

    def told(self) -> dict[str, Any]:
        """A row a customer, as answers carry it."""
        head = {"plan": self.plan, "currency": self.currency, "fresh": self.fresh, "periods": self.periods}
        return {**head, "items": [_item(one) for one in self.parts]}

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row a customer, block and month, where there is anything, as files carry it."""
        for one in self.parts:
            head = {**_head(one), "currency": self.currency}
            for block in BLOCKS:
                amounts = [one.amounts[figure].get(block, [0] * MONTHS_A_YEAR) for figure in FIGURES]
                for period, revenue, margin in zip(self.periods, *amounts, strict=True):
                    if revenue or margin:
                        figures = {"revenue": to_decimal(revenue), "margin": to_decimal(margin)}
                        yield {**head, "block": block, "period": period, **figures}


def read(
    caller: Caller, home: Reach, row: Row[Any], salesperson: str | None = None, customer: str | None = None
) -> Breakdown:
    """Of a kept plan, of one seller's units or one customer where they are named."""
    kept = keeping.summary(row)
    parts = [one for one in _parts(caller, home, row, kept, salesperson, customer) if customer in (None, one.customer)]
    periods = [month_text(month) for month in months_of(kept).months]
    plan_id = references.write(row.subsidiary, row.number)
    return Breakdown(plan_id, row.currency, row.data_revision == row.newest, periods, parts)


def _head(one: Part) -> dict[str, Any]:
    return {
        "salesperson": one.unit[0],
        "channel": one.unit[1],
        "customer": one.customer,
        "abc_class": one.abc_class,
        "segment": one.segment,
    }


def _item(one: Part) -> dict[str, Any]:
    blocks = {
        f"{block}_{figure}": amount_text(sum(one.amounts[figure].get(block, ())))
        for figure in FIGURES
        for block in BLOCKS
    }
    months = {figure: [sum(column) for column in zip(*one.amounts[figure].values(), strict=True)] for figure in FIGURES}
    return {
        **_head(one),
        **{figure: amount_text(sum(months[figure])) for figure in FIGURES},
        **blocks,
        **{f"monthly_{figure}": [amount_text(amount) for amount in months[figure]] for figure in FIGURES},
    }


def _parts(
    caller: Caller, home: Reach, row: Row[Any], kept: dict[str, Any], salesperson: str | None, customer: str | None
) -> Iterator[Part]:
    """Of the units of this seller, that this customer is in; None: of all."""
    portfolios = dict(iter(customers_of(caller, row, kept).sort_values("code").groupby("unit")))
    units, inputs = read_inputs(caller, home, row)
    planned = plan(inputs, kept["season"])
    one = np.ones_like(inputs.by_month.order_value)
    exact = {
        "revenue": {**planned.months, "existing": by_origin(inputs, kept["season"], one)},
        "margin": {
            **{block: planned.margins(block) for block in BLOCKS},
            "existing": by_origin(inputs, kept["season"], one * planned.margin_rate),
        },
    }
    step = smallest_coin(row.currency)
    totals = _totals(caller, home, row, units, months_of(kept).first)
    for place, unit in enumerate(units):
        own = portfolios.get(unit_name(unit))
        members, segments = ([], []) if own is None else (_members(own), own["segment"].tolist())
        if salesperson not in (None, unit[0]) or (customer and customer not in {one.key for one in members}):
            continue
        share = weights(members, CLASSES)
        everybody = [(one.key, one.abc_class, segment) for one, segment in zip(members, segments, strict=True)]
        found = [Part(unit, *head, {}) for head in (*everybody, ("", "", ""))]
        for figure in FIGURES:
            parts = {block: exact[figure][block][place] * AMOUNT_SCALE / step for block in OF_CUSTOMERS}
            whole = {block: [total // step for total in totals[unit][figure][block]] for block in BLOCKS}
            for part, blocks in zip(found, broken_down(members, share, parts, whole), strict=True):
                part.amounts[figure] = {block: [coins * step for coins in months] for block, months in blocks.items()}
        yield from found


def _members(frame: pd.DataFrame) -> list[Member]:
    columns = ("code", "abc_class", "revenue", "gap", "segment", "last_class", "state")
    return [
        Member(
            code,
            abc_class,
            int(revenue),
            int(gap) if segment == "GROW" else 0,
            last_class if state in POOL else "",
        )
        for code, abc_class, revenue, gap, segment, last_class, state in zip(
            *(frame[name].tolist() for name in columns), strict=True
        )
    ]


def _totals(
    caller: Caller, home: Reach, row: Row[Any], units: Sequence[Unit], first: int
) -> dict[Unit, dict[str, dict[str, list[int]]]]:
    """By unit, figure and block the plan's 12 months."""
    found = {unit: {figure: {block: [0] * MONTHS_A_YEAR for block in BLOCKS} for figure in FIGURES} for unit in units}
    for line in plans.page(caller.connection, home, plans.LINE, plans.LINE_ORDER, row.number):
        for figure in FIGURES:
            found[line.salesperson, line.channel][figure][line.block][line.period - first] += getattr(line, figure)
    return found
