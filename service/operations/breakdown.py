"""A kept plan broken down to the customers of its units."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Row

from service.access.keys import Caller
from service.method.months import month_text
from service.method.plan import deals
from service.method.plan.blocks import BLOCKS, MONTHS_A_YEAR, by_origin, closing_months, plan
from service.method.plan.breakdown import OF_CUSTOMERS, Member, broken_down, weights
from service.method.plan.statistics import lead_shares
from service.method.segments.classes import CLASSES
from service.method.states import POOL
from service.operations import keeping, references
from service.operations.observations import Unit, basis_of, portfolios, register, unit_name
from service.operations.plans import months_of, read_inputs
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

    def months(self, figure: str) -> list[int]:
        """Of all blocks, 12 ten-thousandths."""
        return [sum(column) for column in zip(*self.amounts[figure].values(), strict=True)]


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
    months = {figure: one.months(figure) for figure in FIGURES}
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
    lengths = closing_months(inputs.by_month.values["cycle_months"])[:, :, 0].astype(int).tolist()
    for place, (unit, portfolio) in enumerate(zip(units, _of_units(caller, row, kept, units, lengths), strict=True)):
        if salesperson not in (None, unit[0]) or (customer and customer not in portfolio.codes):
            continue
        share = weights(portfolio.members, CLASSES, portfolio.deals)
        found = [Part(unit, *head, {}) for head in (*portfolio.heads, ("", "", ""))]
        for figure in FIGURES:
            parts = {block: exact[figure][block][place] * AMOUNT_SCALE / step for block in OF_CUSTOMERS}
            whole = {block: [total // step for total in totals[unit][figure][block]] for block in BLOCKS}
            for part, blocks in zip(found, broken_down(portfolio.members, share, parts, whole), strict=True):
                part.amounts[figure] = {block: [coins * step for coins in months] for block, months in blocks.items()}
        yield from found


@dataclass(frozen=True)
class _Portfolio:
    """A unit's customers by code, with class and segment; whoever is in another unit, but has an open deal in this one,
    is no member but for his deals. `deals`: their worth, and last nobody's, × classes × 12."""

    members: list[Member]
    heads: list[tuple[str, str, str]]
    deals: np.ndarray

    @property
    def codes(self) -> set[str]:
        return {one.key for one in self.members}


def _of_units(
    caller: Caller, row: Row[Any], kept: dict[str, Any], units: Sequence[Unit], lengths: Sequence[Sequence[int]]
) -> Iterator[_Portfolio]:
    """By unit. `lengths`: over how many months open deals of a unit and class close."""
    basis = basis_of(caller, row, kept)
    customers = portfolios(basis, kept["by"]).sort_values("code")
    sold = register(caller, basis, kept["by"], customers)
    rates = deals.win_rates(sold, basis.parameters.plan.conversions)
    of_unit, deals_of_unit = dict(iter(customers.groupby("unit"))), dict(iter(sold.groupby("unit")))
    for unit, closing in zip(units, lengths, strict=True):
        own = of_unit.get(unit_name(unit), customers.iloc[:0])
        worth = deals.worth_of_customers(
            deals_of_unit.get(unit_name(unit), sold.iloc[:0]),
            lead_shares(own, customers),
            rates,
            dict(zip(CLASSES, closing, strict=True)),
            months_of(kept).first,
        )
        yield _portfolio(own, customers[customers["code"].isin(set(worth) - set(own["code"]))], worth)


def _portfolio(own: pd.DataFrame, guests: pd.DataFrame, worth: dict[str, dict[str, list[float]]]) -> _Portfolio:
    strangers = guests.assign(abc_class="", revenue=0, gap=0, last_class="", state="")
    members = sorted([*_members(own), *_members(strangers)], key=lambda one: one.key)
    names = ("code", "abc_class", "segment")
    shown = {
        code: (code, abc_class, segment)
        for frame in (own, guests)
        for code, abc_class, segment in zip(*(frame[name].tolist() for name in names), strict=True)
    }
    nothing = [[0.0] * MONTHS_A_YEAR for _ in CLASSES]
    rows = [list(worth[key].values()) if key in worth else nothing for key in (*(one.key for one in members), "")]
    return _Portfolio(members, [shown[one.key] for one in members], np.array(rows))


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
