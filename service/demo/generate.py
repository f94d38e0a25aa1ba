"""A believable group: four subsidiaries in four currencies, twelve sellers, four hundred customers, three years.

Everything follows from one seed. Amounts are decimal text, as a CRM would hand them in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from service.method.months import month_of, month_text

MONTHS = 36
REFERENCE = "EUR"
Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Unit:
    """A subsidiary: how many customers, how much money makes the same sale there, and how well it goes."""

    code: str
    name: str
    country: str
    currency: str
    customers: int
    price_level: float
    rate: float
    growth: float
    margin: float


UNITS = (
    Unit("DE", "Nordwerk Deutschland", "DE", "EUR", 150, 1.0, 1.0, 0.04, 0.30),
    Unit("PL", "Nordwerk Polska", "PL", "PLN", 120, 3.2, 0.235, 0.12, 0.26),
    Unit("GB", "Nordwerk UK", "GB", "GBP", 95, 0.85, 1.16, 0.00, 0.33),
    Unit("KZ", "Nordwerk Kazakhstan", "KZ", "KZT", 35, 420.0, 0.0019, 0.18, 0.22),
)
FIRST_NAMES = ("Anna", "Boris", "Clara", "Daniel", "Elena", "Farid", "Greta", "Henry", "Iris", "Jan", "Kamila", "Leo")
INDUSTRIES = ("machinery", "food", "chemistry", "construction", "logistics")
REGIONS = ("north", "south", "east", "west")
PRODUCTS = ("pumps", "valves", "service")
LARGE = 4.0
"""Size from which a customer is a key account; the smallest have 0.15."""
SEASON = (0.86, 0.90, 1.04, 1.06, 1.10, 1.08, 0.88, 0.82, 1.06, 1.12, 1.10, 0.98)


@dataclass(frozen=True, slots=True)
class Customer:
    """How a generated customer behaves. Months count from 0; `last` is his last month."""

    code: str
    unit: Unit
    salesperson: str
    channel: str
    product: str
    monthly: float
    orders: float
    first: int
    last: int
    potential: float


@dataclass(frozen=True)
class Group:
    """What is handed in: rows of each form, by subsidiary where the form belongs to one."""

    salespeople: dict[str, list[Row]]
    customers: dict[str, list[Row]]
    statistics: dict[str, list[Row]]
    exchange_rates: list[Row]


def generate(today: date, seed: int = 2026) -> Group:
    """The group's data for the 36 months that ended before `today`."""
    random = np.random.default_rng(seed)
    first = month_of(today) - MONTHS
    salespeople, customers, statistics = {}, {}, {}
    for place, unit in enumerate(UNITS):
        sellers = [f"{unit.code}-S{number}" for number in (1, 2, 3)]
        names = FIRST_NAMES[3 * place : 3 * place + 3]
        salespeople[unit.code] = [
            _seller(unit, code, name, number) for number, (code, name) in enumerate(zip(sellers, names, strict=True))
        ]
        found = [_customer(random, unit, sellers, number) for number in range(unit.customers)]
        customers[unit.code] = [_customer_row(random, one, number) for number, one in enumerate(found)]
        lines = [line for one in found for line in _lines(random, one, first)]
        funnel = [line for seller in sellers for line in _funnel(random, unit, seller, first)]
        statistics[unit.code] = lines + funnel
    return Group(salespeople, customers, statistics, list(_rates(random, first)))


def _seller(unit: Unit, code: str, name: str, number: int) -> Row:
    fte = "1" if number < 2 else "0.8"
    team = "key accounts" if number == 0 else "field"
    cost = f"{4200 * unit.price_level:.2f}"
    return {"code": code, "name": name, "team": team, "fte": fte, "start": "2019-01-01", "monthly_cost": cost}


def _customer(random: np.random.Generator, unit: Unit, sellers: list[str], number: int) -> Customer:
    size = min(float(random.pareto(1.1)) + 0.15, 45.0)
    large = size > LARGE  # large accounts were won long ago and stay: one more or less would hide everything else
    comes = 0 if large or random.random() < 0.7 else int(random.integers(1, MONTHS))
    stays = int(random.geometric(0.012)) + 3
    monthly = size * 900 * unit.price_level
    return Customer(
        code=f"{unit.code}-C{number + 1:03d}",
        unit=unit,
        salesperson=sellers[int(random.integers(3))],
        channel="direct" if random.random() < 0.65 else "dealers",
        product=PRODUCTS[int(random.integers(3))],
        monthly=monthly,
        orders=0.3 + min(size, 8.0) * 0.3,
        first=comes,
        last=MONTHS if large or random.random() < 0.45 else min(comes + stays, MONTHS),
        potential=monthly * 12 / float(random.uniform(0.15, 1.05)),
    )


def _customer_row(random: np.random.Generator, one: Customer, number: int) -> Row:
    row = {
        "code": one.code,
        "name": f"{one.unit.code} customer {number + 1:03d}",
        "salesperson": one.salesperson,
        "channel": one.channel,
        "industry": INDUSTRIES[int(random.integers(len(INDUSTRIES)))],
        "region": REGIONS[int(random.integers(len(REGIONS)))],
    }
    if random.random() < 0.8:
        source = "declared" if random.random() < 0.5 else "norm"
        row |= {"potential": f"{one.potential:.0f}", "potential_source": source}
    return row


def _lines(random: np.random.Generator, one: Customer, first: int) -> Iterator[Row]:
    """A line a month while he buys; now and then a return; calls, meetings and hours as his size deserves."""
    for place in range(one.first, one.last):
        month = first + place
        trend = (1 + one.unit.growth) ** (place / 12) * SEASON[month % 12]
        orders = int(random.poisson(one.orders * trend))
        calls, meetings = int(random.poisson(0.8)), int(random.poisson(0.15 + min(one.orders, 3) * 0.1))
        if not orders and not calls and not meetings:
            continue
        revenue = orders / one.orders * one.monthly * float(random.normal(1.0, 0.15))
        if orders and random.random() < 0.01:
            revenue = -0.3 * revenue
        margin = revenue * float(random.normal(one.unit.margin, 0.03))
        yield {
            "period": month_text(month),
            "customer": one.code,
            "salesperson": one.salesperson,
            "channel": one.channel,
            "product_group": one.product,
            "orders": str(orders),
            "revenue": f"{revenue:.2f}",
            "margin": f"{margin:.2f}",
            "quotes": str(orders + int(random.poisson(0.6))),
            "calls": str(calls),
            "meetings": str(meetings),
            "hours": f"{calls * 0.4 + meetings * 2.5 + orders * 0.5:.1f}",
        }


def _funnel(random: np.random.Generator, unit: Unit, seller: str, first: int) -> Iterator[Row]:
    """What a seller does for new customers; these are not customers yet, so the lines name none."""
    deal = 6000 * unit.price_level
    for place in range(MONTHS):
        leads = int(random.poisson(2.5))
        qualified = int(random.binomial(leads, 0.5))
        offers = int(random.binomial(qualified, 0.5))
        wins = int(random.binomial(offers, 0.35))
        yield {
            "period": month_text(first + place),
            "customer": "",
            "salesperson": seller,
            "leads": str(leads),
            "qualified": str(qualified),
            "offers": str(offers),
            "wins": str(wins),
            "lead_value": f"{leads * deal:.2f}",
            "offer_value": f"{offers * deal:.2f}",
            "win_value": f"{wins * deal:.2f}",
            "hours": f"{leads * 1.5 + qualified * 2 + offers * 6:.1f}",
        }


def _rates(random: np.random.Generator, first: int) -> Iterator[Row]:
    """Monthly rates of the currencies in euro, wandering a little."""
    for unit in UNITS:
        if unit.currency == REFERENCE:
            continue
        rate = unit.rate
        for place in range(MONTHS):
            rate *= 1 + float(random.normal(0, 0.008))
            period = month_text(first + place)
            yield {"period": period, "currency": unit.currency, "reference": REFERENCE, "rate": f"{rate:.8f}"}
