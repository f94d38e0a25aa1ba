"""A kept plan broken down to the customers of its units."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Row

from service.access.keys import Caller
from service.method.months import month_text, parse_month
from service.method.plan.blocks import BLOCKS, MONTHS_A_YEAR, by_origin, plan
from service.method.plan.breakdown import OF_CUSTOMERS, Member, broken_down
from service.method.segments.classes import CLASSES
from service.method.states import State
from service.operations import keeping
from service.operations.plans import Unit, read_inputs, unit_name, unit_names
from service.operations.segments import read_basis, segmented
from service.store import plans, results
from service.store.reach import Reach
from service.values import AMOUNT_DECIMALS, AMOUNT_SCALE, amount_text, minor_units, to_decimal

FIGURES = ("revenue", "margin")
_POOL = (State.LOST.value, State.DORMANT.value)


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


def read(caller: Caller, identifier: str, salesperson: str | None = None, customer: str | None = None) -> Breakdown:
    """Of a kept plan, of one seller's units or one customer where they are named."""
    home, row = keeping.find(caller, results.PLAN, identifier)
    kept = keeping.summary(row)
    asked = [
        one
        for one in _parts(caller, home, row, kept)
        if salesperson in (None, one.unit[0]) and customer in (None, one.customer)
    ]
    first = parse_month(kept["first"])
    periods = [month_text(first + place) for place in range(MONTHS_A_YEAR)]
    return Breakdown(identifier, row.currency, row.data_revision == row.newest, periods, asked)


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


def _parts(caller: Caller, home: Reach, row: Row[Any], kept: dict[str, Any]) -> list[Part]:
    basis = read_basis(caller, row.subsidiary, kept["window"]["first"], kept["window"]["last"], row.method)
    frame = segmented(basis).customers
    portfolios = dict(iter(frame.assign(unit=unit_names(frame, kept["by"])).sort_values("code").groupby("unit")))
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
    step = 10 ** (AMOUNT_DECIMALS - minor_units(row.currency))
    totals = _totals(caller, home, row, units, parse_month(kept["first"]))
    found: list[Part] = []
    for place, unit in enumerate(units):
        own = portfolios.get(unit_name(unit), frame.iloc[:0])
        members = _members(own)
        amounts: dict[str, Any] = {}
        for figure in FIGURES:
            parts = {block: exact[figure][block][place] * AMOUNT_SCALE / step for block in OF_CUSTOMERS}
            whole = {block: [one // step for one in totals[unit][figure][block]] for block in BLOCKS}
            amounts[figure] = broken_down(members, parts, whole, CLASSES)
        for number, member in enumerate(members):
            by_figure = {
                figure: {
                    block: [amount * step for amount in rows[number]] for block, rows in amounts[figure][0].items()
                }
                for figure in FIGURES
            }
            found.append(Part(unit, member.key, member.abc_class, str(own["segment"].iloc[number]), by_figure))
        rest = {
            figure: {block: [amount * step for amount in months] for block, months in amounts[figure][1].items()}
            for figure in FIGURES
        }
        found.append(Part(unit, "", "", "", rest))
    return found


def _members(frame: pd.DataFrame) -> list[Member]:
    columns = ("code", "abc_class", "revenue", "gap", "segment", "last_class", "state")
    return [
        Member(
            code,
            abc_class,
            int(revenue),
            int(gap) if segment == "GROW" else 0,
            last_class if state in _POOL else "",
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
