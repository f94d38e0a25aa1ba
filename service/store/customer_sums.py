"""What a segmentation starts from: the sums of every customer over a window and the one before, in whole numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import BigInteger, Connection, Integer, and_, case, cast, false, func, literal, or_, select

from service.method.months import Window
from service.method.parameters import Parameters
from service.method.segments.classes import MONTHS_A_YEAR
from service.method.segments.regularity import FEWEST_QUARTERS
from service.store import customers, exchange_rates, labels, salespeople
from service.store.database import exchanged
from service.store.lines import TABLE as LINE
from service.store.reach import Reach
from service.store.subsidiaries import TABLE as SUBSIDIARY
from service.values import RATE_DECIMALS

ONE = 10**RATE_DECIMALS
_SUMS: Mapping[str, Any] = {
    "revenue": LINE.c.revenue,
    "margin": LINE.c.margin,
    "orders": LINE.c.orders,
    "quotes": LINE.c.quotes,
    "contacts": LINE.c.calls + LINE.c.meetings,
    "hours": LINE.c.hours,
}
_MONEY = ("revenue", "margin")
SCOPES = {
    "channel": (customers.TABLE.c.channel_id, labels.CHANNEL),
    "salesperson": (customers.TABLE.c.salesperson_id, salespeople.TABLE),
}
KEY = ("subsidiary_id", "customer_id")


@dataclass(frozen=True, slots=True)
class Terms:
    """What is computed. `season`: the index of each whole quarter of the window. `currency`: what money is converted
    to, at each month's rate; None: every subsidiary's own. `registers`: subsidiaries whose orders are in the register,
    `end` the number of the window's last day."""

    parameters: Parameters
    window: Window
    data: Window
    season: Sequence[float]
    currency: str | None
    registers: Sequence[int]
    end: int


def by_month(connection: Connection, reach: Reach, until: int, currency: str | None) -> dict[int, int]:
    """Net revenue of all customers by month, up to a month."""
    monthly = _monthly(reach, LINE.c.period <= until, currency)
    revenue = summed(monthly.c.revenue).label("revenue")
    statement = select(monthly.c.period, revenue).group_by(monthly.c.period)
    return {row.period: row.revenue for row in connection.execute(statement)}


def totals(connection: Connection, reach: Reach, window: Window, currency: str | None) -> tuple[int, int]:
    """Net revenue of all lines of a window, and of those that name no customer."""
    monthly = _monthly(reach, LINE.c.period.between(window.first, window.last), currency)
    nobody = monthly.c.customer_id == customers.UNATTRIBUTED
    sums = [summed(monthly.c.revenue), summed(monthly.c.revenue, nobody)]
    whole, unattributed = connection.execute(select(*(func.coalesce(one, 0) for one in sums))).one()
    return whole, unattributed


def currencies(connection: Connection, reach: Reach, window: Window) -> list[tuple[str, int]]:
    """(currency, month) of every line in the window of the subsidiaries in reach."""
    statement = (
        select(SUBSIDIARY.c.currency, LINE.c.period)
        .join(SUBSIDIARY, SUBSIDIARY.c.id == LINE.c.subsidiary_id)
        .where(reach.covers(LINE.c.subsidiary_id), LINE.c.period.between(window.first, window.last))
        .distinct()
    )
    return [(currency, period) for currency, period in connection.execute(statement)]


def _monthly(reach: Reach, months: Any, currency: str | None) -> Any:
    """Lines as they are, or sums per customer and month in one currency, each amount rounded once."""
    within = (reach.covers(LINE.c.subsidiary_id), months)
    keys = (LINE.c.subsidiary_id, LINE.c.customer_id, LINE.c.period)
    if currency is None:
        return select(*keys, *(column.label(name) for name, column in _SUMS.items())).where(*within).subquery()
    sums = [summed(column).label(name) for name, column in _SUMS.items()]
    own = select(*keys, *sums).where(*within).group_by(*keys).subquery()
    rate = _rate(currency)
    money = {name: exchanged(own.c[name], rate) if name in _MONEY else own.c[name] for name in _SUMS}
    named = [amount.label(name) for name, amount in money.items()]
    return (
        select(own.c.subsidiary_id, own.c.customer_id, own.c.period, *named)
        .join(SUBSIDIARY, SUBSIDIARY.c.id == own.c.subsidiary_id)
        .outerjoin(exchange_rates.TABLE, _rated(own.c.period, currency))
        .subquery()
    )


def _rated(period: Any, currency: str) -> Any:
    rate = exchange_rates.TABLE.c
    return and_(rate.currency == SUBSIDIARY.c.currency, rate.reference == currency, rate.period == period)


def _rate(currency: str) -> Any:
    return case((SUBSIDIARY.c.currency == currency, literal(ONE, BigInteger)), else_=exchange_rates.TABLE.c.rate)


def of_customers(reach: Reach, terms: Terms) -> Any:
    """A row per customer: the sums of both windows, whether he bought earlier, and his potential."""
    window, prior, currency = terms.window, terms.window.prior, terms.currency
    measure = terms.parameters.abc.measure
    customer = customers.TABLE.c
    now = _of_window(reach, window, currency, tuple(_SUMS), whole_quarters(terms)).cte("now")
    names = dict.fromkeys(("revenue", measure))
    joined: Any = customers.TABLE.outerjoin(now, same_customer(customer, now.c))
    zero = literal(0, BigInteger)
    found: dict[str, Any] = {f"prior_{name}": zero for name in names} | {"bought_before": false()}
    if terms.data.first <= prior.last:
        earlier = _of_window(reach, prior, currency, tuple(names), ()).cte("earlier")
        joined = joined.outerjoin(earlier, same_customer(customer, earlier.c))
        found |= {f"prior_{name}": func.coalesce(earlier.c[name], 0) for name in names}
    if terms.data.first < prior.first:
        before = _bought(reach, prior.first).cte("before")
        joined = joined.outerjoin(before, same_customer(customer, before.c))
        found["bought_before"] = before.c.customer_id.is_not(None)
    sums = {column.name: func.coalesce(column, 0) for column in now.columns if column.name not in KEY}
    found["prior_value"] = found[f"prior_{measure}"]
    potential: Any = customer.potential
    if currency is not None:
        joined = joined.join(SUBSIDIARY, SUBSIDIARY.c.id == customer.subsidiary_id)
        joined = joined.outerjoin(exchange_rates.TABLE, _rated(window.last, currency))
        potential = exchanged(potential, _rate(currency))
        potential = case((customer.potential.is_not(None), potential))
    scope = SCOPES[terms.parameters.abc.scope][0] if terms.parameters.abc.scope in SCOPES else literal(0, Integer)
    return (
        select(
            customer.subsidiary_id,
            customer.id.label("customer_id"),
            scope.label("scope_id"),
            customer.channel_id,
            customer.potential_source,
            customer.potential_date,
            scaled(potential, Fraction(len(window), MONTHS_A_YEAR)).label("potential"),
            *(amount.label(name) for name, amount in sums.items()),
            *(amount.label(name) for name, amount in found.items()),
            sums[measure].label("value"),
        )
        .select_from(joined)
        .where(reach.covers(customer.subsidiary_id), customer.id != customers.UNATTRIBUTED)
        .subquery("sums")
    )


def _of_window(
    reach: Reach, window: Window, currency: str | None, names: Sequence[str], quarters: Sequence[int]
) -> Any:
    """Sums per customer over a window, and of revenue over its quarters, given by their first months."""
    monthly = _monthly(reach, LINE.c.period.between(window.first, window.last), currency)
    # From the beginning of each quarter on: one comparison a line, and the first begins with the window or is cut off.
    by_quarter = [
        func.coalesce(summed(monthly.c.revenue, monthly.c.period >= start), 0).label(f"since_{place}")
        for place, start in enumerate(quarters)
        if start > window.first
    ]
    keys = [monthly.c[name] for name in KEY]
    return select(*keys, *(summed(monthly.c[name]).label(name) for name in names), *by_quarter).group_by(*keys)


def whole_quarters(terms: Terms) -> list[int]:
    """First months of the whole quarters, counted back from the window's end; none where they are too few."""
    count = len(terms.season)
    return [terms.window.last - 3 * place - 2 for place in reversed(range(count))] if count >= FEWEST_QUARTERS else []


def _bought(reach: Reach, until: int) -> Any:
    """Customers with a month of positive net revenue before a month."""
    months = (
        select(LINE.c.subsidiary_id, LINE.c.customer_id)
        .where(reach.covers(LINE.c.subsidiary_id), LINE.c.period < until)
        .group_by(LINE.c.subsidiary_id, LINE.c.customer_id, LINE.c.period)
        .having(func.sum(LINE.c.revenue) > 0)
        .subquery()
    )
    return select(months).distinct()


def scaled(amount: Any, by: Fraction) -> Any:
    """An amount that is not negative times a fraction, rounded half to even."""
    part, whole = by.numerator, by.denominator
    if whole == 1:
        return amount if part == 1 else amount * part
    low = (amount % whole) * part
    down, rest = (amount // whole) * part + low // whole, low % whole
    return down + case((or_(2 * rest > whole, and_(2 * rest == whole, down % 2 == 1)), 1), else_=0)


def at_least(amount: Any, least: Any) -> Any:
    return case((amount > least, amount), else_=least)


def summed(amount: Any, condition: Any = None) -> Any:
    total = func.sum(amount)
    return cast(total if condition is None else total.filter(condition), BigInteger)


def same_customer(one: Any, other: Any) -> Any:
    number = one.id if "id" in one else one.customer_id
    return and_(one.subsidiary_id == other.subsidiary_id, number == other.customer_id)
