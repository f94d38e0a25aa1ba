"""Segmenting the customers of a subsidiary in memory, for those who go on calculating; tables as answers show them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
import pandas as pd

from service.access.keys import Caller
from service.method.months import Window, month_text
from service.method.parameters import Parameters
from service.method.season import SeasonalIndex, seasonal_index
from service.method.segments import Segmentation, segment
from service.method.segments.cells import Cell
from service.method.segments.migration import Rule, bridge, moves, retention
from service.operations import methods, windows
from service.store import customers, lines, subsidiaries
from service.store.reach import Reach
from service.values import amount_text, round_money, round_ratio

RULES: tuple[Rule, ...] = ("frozen", "raw")
_MONEY_RATIOS = ("value_per_order", "revenue_per_hour")


class Entry(Protocol):
    """Opens transactions for a caller."""

    def reading(self) -> AbstractContextManager[Caller]: ...

    def writing(self) -> AbstractContextManager[Caller]: ...


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


def read_basis(
    caller: Caller,
    subsidiary: str,
    first: str | None,
    last: str | None,
    method: str | None,
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
        scope=frame[scope] if scope in ("channel", "salesperson") else "",
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
    return table, season_of_quarters(basis.season, basis.window, count)


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


def season_of_quarters(season: SeasonalIndex, window: Window, count: int) -> list[float]:
    """The index of each whole quarter of the window, counted back from its end; never 0, as it is divided by."""
    starts = [window.last - 3 * place - 2 for place in reversed(range(count))]
    return [max(season.of_quarter(start), 1e-9) for start in starts]


def window_text(window: Window) -> dict[str, str]:
    return {"first": month_text(window.first), "last": month_text(window.last)}


def migrated(cells: Sequence[Cell], rule: Rule) -> dict[str, Any]:
    """The migration and the bridge, as answers carry them."""
    bridged = bridge(cells)
    return {
        "items": list(_moves(cells, rule)),
        "retention": _ratio(retention(cells)),
        "net_revenue_retention": _ratio(bridged.net_revenue_retention),
        "gross_revenue_retention": _ratio(bridged.gross_revenue_retention),
        "bridge": {name: amount_text(amount) for name, amount in asdict(bridged).items()},
    }


def _moves(cells: Sequence[Cell], rule: Rule) -> Iterator[dict[str, Any]]:
    for move in moves(cells, rule):
        money = {name: amount_text(getattr(move, name)) for name in ("prior_revenue", "revenue")}
        yield asdict(move) | money | {"share": _ratio(move.share)}


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


def exact_text(amount: int | None) -> str | None:
    return None if amount is None else amount_text(amount)
