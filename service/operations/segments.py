"""Segmenting the customers of a subsidiary: read a snapshot, compute, keep."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
import pandas as pd
from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import NotFound
from service.method.months import Window, month_text
from service.method.parameters import Parameters
from service.method.season import SeasonalIndex, seasonal_index
from service.method.segments import Segmentation, segment
from service.method.segments.migration import Rule, bridge, moves, retention
from service.method.segments.table import class_table
from service.operations import keeping, methods, windows
from service.store import customers, lines, results, segments, subsidiaries
from service.store.reach import Reach
from service.values import amount_text, round_money, round_ratio

RULES: tuple[Rule, ...] = ("frozen", "raw")
_MONEY_RATIOS = ("value_per_order", "revenue_per_hour")


class Entry(Protocol):
    """Opens transactions for a caller."""

    def reading(self) -> AbstractContextManager[Caller]: ...

    def writing(self) -> AbstractContextManager[Caller]: ...


@dataclass(frozen=True, slots=True)
class Question:
    """Which segmentation is asked for; None takes the default of each."""

    subsidiary: str
    first: str | None = None
    last: str | None = None
    scope: str | None = None
    method: str | None = None
    period: str | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """Everything a segmentation rests on, read from one snapshot."""

    home: Reach
    data_revision: int
    parameters: Parameters
    window: Window
    data: Window
    portfolio: pd.DataFrame
    monthly: pd.DataFrame

    @property
    def prior_complete(self) -> bool:
        return self.data.first <= self.window.prior.first

    @property
    def season(self) -> SeasonalIndex:
        """Of the subsidiary's revenue up to the window's end."""
        revenue = self.monthly.groupby("period")["revenue"].sum()
        months: list[int] = revenue.index.tolist()
        return seasonal_index(dict(zip(months, revenue.tolist(), strict=True)), self.window.last)


@dataclass(frozen=True, slots=True)
class Card:
    """A customer, the newest segmentation of his subsidiary, and his row in it."""

    customer: Row[Any]
    segmentation: Row[Any] | None
    row: Row[Any] | None


def compute(entry: Entry, question: Question) -> tuple[Reach, int, bool]:
    """The subsidiary, the number of the segmentation, and whether it is new: the same question finds the kept one."""
    with entry.reading() as caller:
        asked_for = (question.first, question.last, question.method, question.scope, question.period)
        basis = read_basis(caller, question.subsidiary, *asked_for)
        asked = _asked(basis)
        kept = results.find(caller.connection, basis.home, results.SEGMENTATION, keeping.digest(*asked))
        if kept is not None:
            return basis.home, kept, False
        totals = lines.totals(caller.connection, basis.home, basis.window)
    found = segmented(basis)
    with entry.writing() as caller:
        summary = _summary(basis, found, totals)
        number, made = keeping.keep(caller, basis.home, results.SEGMENTATION, asked, summary)
        if made:
            rows = [{"subsidiary_id": basis.home.one, "segmentation": number, **row} for row in _rows(found)]
            results.add_rows(caller.connection, segments.TABLE, rows)
    return basis.home, number, made


def read_basis(
    caller: Caller,
    subsidiary: str,
    first: str | None,
    last: str | None,
    method: str | None,
    scope: str | None = None,
    period: str | None = None,
) -> Basis:
    """Resolve the question against one snapshot of the data."""
    connection = caller.connection
    row = subsidiaries.get(connection, caller.reach, subsidiary)
    home = caller.reach.narrowed([row.id])
    data = lines.periods(connection, home)
    window = windows.resolve(first, last, data, period, row.fiscal_year_start)
    assert data is not None  # noqa: S101 - resolve refuses where there are no data
    parameters = methods.get(caller, method, window.last)
    if scope is not None:
        parameters = parameters.model_copy(update={"abc": parameters.abc.model_copy(update={"scope": scope})})
    portfolio = customers.portfolio(connection, home)
    monthly = lines.monthly(connection, home, window.last)
    return Basis(home, row.data_revision, parameters, window, data, portfolio, monthly)


def segmented(basis: Basis) -> Segmentation:
    """The segmentation of the basis; its customers also have `customer_id`, `salesperson` and `last_class`."""
    window, parameters = basis.window, basis.parameters
    frame = _customers(basis)
    quarters, season = _quarters(basis, frame["customer_id"])
    found = segment(frame, parameters, len(window), quarters, season)
    return replace(found, customers=_with_last_class(found, basis))


def card(caller: Caller, subsidiary: str, code: str) -> Card:
    """A customer's card; NotFound where there is none within reach."""
    row = customers.card(caller.connection, caller.reach, subsidiary, code)
    if row is None:
        raise NotFound(f"There is no customer {code!r} of subsidiary {subsidiary!r} that this key reaches.")
    home = caller.reach.narrowed([row.subsidiary_id])
    newest = results.newest(caller.connection, home, results.SEGMENTATION)
    if newest is None:
        return Card(row, None, None)
    return Card(row, newest, segments.of_customer(caller.connection, home, newest.number, row.id))


def _asked(basis: Basis) -> tuple[str, int, dict[str, Any]]:
    parameters = {
        "window": [month_text(basis.window.first), month_text(basis.window.last)],
        "scope": basis.parameters.abc.scope,
    }
    return basis.parameters.id, basis.data_revision, parameters


def _customers(basis: Basis) -> pd.DataFrame:
    """One row per customer as the method wants it."""
    frame = basis.portfolio.rename(columns={"id": "customer_id"})
    ids, window, monthly = frame["customer_id"], basis.window, basis.monthly
    measure, scope = basis.parameters.abc.measure, basis.parameters.abc.scope
    now = _sums(monthly, window, ids)
    prior = _sums(monthly, window.prior, ids)
    bought = monthly[(monthly["period"] < window.prior.first) & (monthly["revenue"] > 0)]["customer_id"]
    amounts = {name: now[name].to_numpy() for name in ("revenue", "margin", "orders", "quotes", "hours")}
    return frame.assign(
        **amounts,
        contacts=(now["calls"] + now["meetings"]).to_numpy(),
        prior_revenue=prior["revenue"].to_numpy(),
        value=now[measure].to_numpy(),
        prior_value=prior[measure].to_numpy(),
        bought_before=ids.isin(bought).to_numpy(),
        scope=frame[scope] if scope != "subsidiary" else "",
    )


def _sums(monthly: pd.DataFrame, window: Window, ids: pd.Series) -> pd.DataFrame:
    """Measures of the window per customer, in the order of `ids`, 0 where there is no line."""
    part = monthly[monthly["period"].between(window.first, window.last)]
    sums = part.groupby("customer_id").sum().drop(columns=["subsidiary_id", "period"])
    return sums.reindex(ids, fill_value=0)


def _quarters(basis: Basis, ids: pd.Series) -> tuple[np.ndarray, list[float]]:
    """Revenue by customer and whole quarter of the window (counted back from its end), and the season of each."""
    count = len(basis.window) // 3
    starts = [basis.window.last - 3 * place - 2 for place in reversed(range(count))]
    parts = [_sums(basis.monthly, Window(start, start + 2), ids)["revenue"].to_numpy() for start in starts]
    table = np.stack(parts, axis=1) if parts else np.zeros((len(ids), 0), dtype="int64")
    season = basis.season
    return table, [max(season.of_quarter(start), 1e-9) for start in starts]


def _with_last_class(found: Segmentation, basis: Basis) -> pd.DataFrame:
    """Adds the class of the last 12 months in which a customer bought, before this window, by the frozen floors."""
    frame = found.customers
    earlier = basis.monthly[basis.monthly["period"] < basis.window.first]
    last = earlier[earlier["revenue"] > 0].groupby("customer_id")["period"].max()
    since = earlier["customer_id"].map(last)
    year = earlier[(since.notna()) & (earlier["period"] > since - windows.MONTHS_A_YEAR) & (earlier["period"] <= since)]
    bought = year.groupby("customer_id")[basis.parameters.abc.measure].sum()
    values = bought.reindex(frame["customer_id"], fill_value=0).to_numpy()
    classes = [
        "N" if value <= 0 else _by_floors(value, found, scope)
        for value, scope in zip(values.tolist(), frame["scope"], strict=True)
    ]
    return frame.assign(last_class=classes)


def _by_floors(value: int, found: Segmentation, scope: str) -> str:
    floors = found.floors[scope]
    if floors.a is not None and value >= floors.a:
        return "A"
    return "B" if floors.b is not None and value >= floors.b else "C"


def _rows(found: Segmentation) -> list[dict[str, Any]]:
    names = {column.name for column in segments.TABLE.columns} - {"subsidiary_id", "segmentation"}
    frame = found.customers[sorted(names)]
    return [{str(name): value for name, value in row.items()} for row in frame.astype(object).to_dict("records")]


def _summary(basis: Basis, found: Segmentation, totals: Mapping[str, int]) -> dict[str, Any]:
    table = class_table(found)
    in_classes = sum(row["revenue"] for row in table if not row["scope"] and row["abc_class"] in "ABCN")
    attributed = int(found.customers["revenue"].sum())
    control = {
        "revenue": amount_text(totals["revenue"]),
        "attributed": amount_text(attributed),
        "unattributed": amount_text(totals["revenue"] - attributed),
        "class_table": amount_text(in_classes),
    }
    head = {
        "window": window_text(basis.window),
        "prior_window": window_text(basis.window.prior),
        "prior_complete": basis.prior_complete,
        "scope": basis.parameters.abc.scope,
        "customers": len(found.customers),
        "floors": [
            {"scope": scope, "a": _text(floors.a), "b": _text(floors.b)} for scope, floors in found.floors.items()
        ],
        "control": control,
    }
    migration = {rule: migrated(found, rule) for rule in RULES}
    return {"head": head, "control": control, "classes": [told(row) for row in table], "migration": migration}


def window_text(window: Window) -> dict[str, str]:
    return {"first": month_text(window.first), "last": month_text(window.last)}


def migrated(found: Segmentation, rule: Rule) -> dict[str, Any]:
    """The migration and the bridge, as answers carry them."""
    bridged = bridge(found.customers)
    return {
        "items": [{**asdict(move), "share": _ratio(move.share)} for move in moves(found.customers, rule)],
        "retention": _ratio(retention(found.customers)),
        "net_revenue_retention": _ratio(bridged.net_revenue_retention),
        "gross_revenue_retention": _ratio(bridged.gross_revenue_retention),
        "bridge": {name: amount_text(amount) for name, amount in asdict(bridged).items()},
    }


def told(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the class table as answers carry it: money as text, ratios rounded once."""
    amounts = ("revenue", "margin", "orders", "quotes", "contacts", "hours", "potential")
    return {
        name: amount_text(value)
        if name in amounts
        else (None if value is None else str(round_money(value)))
        if name in _MONEY_RATIOS
        else _ratio(value)
        if isinstance(value, Fraction)
        else value
        for name, value in row.items()
    }


def _ratio(value: Fraction | None) -> str | None:
    return None if value is None else str(round_ratio(value))


def _text(amount: int | None) -> str | None:
    return None if amount is None else amount_text(amount)
