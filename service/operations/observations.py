"""What a subsidiary's plan is derived from: customers of each unit's portfolio, its funnel, its deals."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Row

from service.access.keys import Caller
from service.forms.kinds import read_stages
from service.method.months import month_of
from service.method.plan import deals, statistics
from service.method.plan.evidence import Observed
from service.operations.segments import Basis, read_basis, segmented
from service.store import labels, lines, registered
from service.store.nouns import NOUNS
from service.store.reach import Reach

Unit = tuple[str, str]
"""Salesperson and channel; "" for all."""
UNIT_WORDS = ("salesperson", "channel")
DAYS_A_MONTH = 365.25 / 12
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("new_customer", "created_now", "closed_now", "buys"), bool),
    **dict.fromkeys(("stage", "amount", "closes", "customer_id"), "int64"),
    "months": float,
}
"""Of the columns of deals that hold no text, which a frame without rows could not know."""


def observed(caller: Caller, basis: Basis, by: Sequence[str]) -> Observed:
    """The customers of each unit's portfolio, the funnel of its own lines, its deals; `customer` is a code."""
    customers = portfolios(basis, by)
    return Observed(customers, _funnel(caller, basis, by, customers), register(caller, basis, by, customers))


def basis_of(caller: Caller, row: Row[Any], kept: Mapping[str, Any]) -> Basis:
    """What a kept plan rests on, by the data of now."""
    window = kept["window"]
    return read_basis(caller, row.subsidiary, window["first"], window["last"], row.method)


def customers_of(caller: Caller, row: Row[Any], kept: Mapping[str, Any]) -> pd.DataFrame:
    """The customers that a kept plan rests on, segmented by the data of now, each with its `unit`."""
    return portfolios(basis_of(caller, row, kept), kept["by"])


def portfolios(basis: Basis, by: Sequence[str]) -> pd.DataFrame:
    """Customers with their segments, each in the `unit` of his portfolio; `customer` is his code."""
    frame = segmented(basis).customers
    return frame.assign(unit=unit_names(frame, by), customer=frame["code"])


def unit_name(unit: Unit) -> str:
    return "\t".join(unit)


def unit_of(name: str) -> Unit:
    salesperson, channel = name.split("\t")
    return salesperson, channel


def unit_reader(caller: Caller, home: Reach, by: Collection[str]) -> Callable[[Any], Unit]:
    """The unit of a row that points to a salesperson and a channel of the one subsidiary in reach."""
    codes = {word: labels.codes(caller.connection, home, NOUNS[word]) for word in by}

    def unit(row: Any) -> Unit:
        salesperson, channel = (
            codes[word][home.one, getattr(row, f"{word}_id")] if word in codes else "" for word in UNIT_WORDS
        )
        return salesperson, channel

    return unit


def unit_names(frame: pd.DataFrame, by: Sequence[str]) -> list[str]:
    """The unit of each customer: of his portfolio."""
    nothing = [""] * len(frame)
    salespeople, channels = (frame[word].tolist() if word in by else nothing for word in UNIT_WORDS)
    return [unit_name(unit) for unit in zip(salespeople, channels, strict=True)]


def _funnel(caller: Caller, basis: Basis, by: Sequence[str], customers: pd.DataFrame) -> pd.DataFrame:
    """The window's funnel by unit and class: of the line's customer."""
    unit, classes = unit_reader(caller, basis.home, by), _classes(customers)
    columns = [f"{word}_id" for word in by]
    cells = lines.monthly(caller.connection, basis.home, basis.window.last, columns, statistics.FUNNEL)
    cells = cells[cells["period"] >= basis.window.first]
    cells = cells[(cells[list(statistics.FUNNEL)] != 0).any(axis=1)]
    units = [unit_name(unit(row)) for row in cells.itertuples(index=False)]
    return cells.assign(
        unit=pd.Series(units, index=cells.index, dtype=object),
        abc_class=pd.Series(
            [classes.get(number, "") for number in cells["customer_id"].tolist()], index=cells.index, dtype=object
        ),
        customer=_codes(cells, customers),
    )


def _classes(customers: pd.DataFrame) -> dict[int, str]:
    """Each customer's actual class, of who buys nothing his potential class; "" where that is none either."""
    actual = customers["abc_class"].where(customers["abc_class"] != "N", customers["potential_class"])
    return dict(zip(customers["customer_id"].tolist(), actual.where(actual != "N", "").tolist(), strict=True))


def _codes(frame: pd.DataFrame, customers: pd.DataFrame) -> pd.Series:
    """The code of each row's customer, "" where none is named."""
    codes = dict(zip(customers["customer_id"].tolist(), customers["code"].tolist(), strict=True))
    return frame["customer_id"].map(codes).fillna("").astype(object)


def register(caller: Caller, basis: Basis, by: Sequence[str], customers: pd.DataFrame) -> pd.DataFrame:
    """The deals that lived in the window, as they stood at its end: of the class that the seller expects, else of the
    customer's. `customers` are the subsidiary's `portfolios`."""
    unit, classes = unit_reader(caller, basis.home, by), _classes(customers)
    first, last = basis.window.days
    buying = set(customers["customer_id"][customers["abc_class"] != "N"].tolist())
    rows = []
    for deal in registered.deals_between(caller.connection, basis.home, first, last):
        closed = not registered.is_open(deal, last)
        stages = {stage for stage, day in read_stages(deal.stages).items() if day <= last}
        rows.append(
            {
                "deal": deal.id,
                "unit": unit_name(unit(deal)),
                "customer_id": deal.customer_id,
                "abc_class": deal.abc_class or classes.get(deal.customer_id, ""),
                "new_customer": bool(deal.new_customer),
                "created_now": deal.created >= first,
                "closed_now": closed and deal.closed >= first,
                "outcome": deal.outcome if closed else "open",
                "stage": 2 if "offer" in stages else 1 if "qualified" in stages else 0,
                "months": (deal.closed - deal.created).days / DAYS_A_MONTH if closed else 0.0,
                "buys": deal.customer_id in buying,
                "amount": deal.amount,
                "closes": 0 if deal.expected_close is None else month_of(deal.expected_close),
            }
        )
    found = pd.DataFrame(rows, columns=[*deals.COLUMNS, "customer_id"]).astype(_TYPES)
    return found.assign(customer=_codes(found, customers))
