"""Every declared quantity comes from a source; hand-worked values of each source, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest

from service.access.audit import Origin
from service.access.keys import Caller
from service.method.months import Window, parse_month
from service.method.quantities import QUANTITIES
from service.operations import methods
from service.operations.quantities import SOURCES, Quantities, gather
from service.operations.quantities.scope import Scope
from service.store import subsidiaries
from service.store.cells import Bucket
from service.store.reach import Reach
from tests.conftest import Service
from tests.group import hand_in_subsidiary

NOW = datetime(2026, 11, 15, tzinfo=UTC)
DEALS = [
    {"id": "D1", "salesperson": "DE-S1", "customer": "DE-C1", "created": "2025-10-01", "amount": "100"},
    {"id": "D2", "salesperson": "DE-S1", "created": "2025-12-28", "amount": "50", "stages": "offer=2025-12-30"},
    {
        "id": "D3",
        "salesperson": "DE-S2",
        "customer": "DE-C2",
        "created": "2025-01-01",
        "amount": "70",
        "outcome": "won",
        "closed": "2025-03-02",
    },
    {"id": "D4", "salesperson": "DE-S2", "created": "2025-02-01", "outcome": "lost", "closed": "2025-12-26"},
    {"id": "D5", "salesperson": "DE-S2", "created": "2024-02-01", "outcome": "lost", "closed": "2024-12-31"},
]
ACTIVITIES = [
    {"id": "A1", "date": "2025-12-01", "salesperson": "DE-S1", "customer": "DE-C1", "type": "call"},
    {"id": "A2", "date": "2024-12-31", "salesperson": "DE-S1", "customer": "DE-C2", "type": "call"},
    {"id": "A3", "date": "2025-12-31", "salesperson": "DE-S1", "customer": "DE-C5", "type": "call"},
]


@pytest.fixture
def group(service: Service) -> Service:
    hand_in_subsidiary(service, "DE", "EUR")
    part_time = {"code": "DE-S3", "name": "P", "team": "U", "start": "2025-07-01", "end": "2025-07-31", "fte": "0.5"}
    people = [part_time | {"monthly_cost": "1000", "hours_a_day": "6"}]
    service.submit("salespeople", people, subsidiary="DE")
    return service


def by_register(service: Service) -> None:
    feeds = {"results": "lines", "funnel": "register", "activity": "register"}
    service.client.put("/v1/subsidiaries/DE/feeds", params={"replace": "true"}, json=feeds).raise_for_status()


@contextmanager
def scoped(
    service: Service, words: tuple[str, ...] = (), windows: list[Window] | None = None, **more: Any
) -> Iterator[Scope]:
    year = [Window(parse_month("2025-01"), parse_month("2025-12"))]
    buckets = [Bucket(window, window.prior) for window in windows or year]
    with service.database.reading() as connection:
        caller = Caller(connection, Reach(None), "test", NOW, Origin())
        rows = subsidiaries.listed(connection, caller.reach)
        reach = caller.reach.narrowed([row.id for row in rows])
        told = {"filters": {}, "currency": "local", "constant": False} | more
        yield Scope(caller, reach, rows, methods.standard(), words, buckets=buckets, last=buckets[-1].now.last, **told)


def asked(service: Service, *names: str, words: tuple[str, ...] = (), **more: Any) -> Quantities:
    with scoped(service, words, **more) as scope:
        return gather(scope, names)


def values(service: Service, *names: str, words: tuple[str, ...] = (), group: tuple[str, ...] = (), **more: Any) -> Any:
    found = asked(service, *names, words=words, **more).of(group, 0)
    return tuple(found[name] for name in names)


def test_every_declared_quantity_has_one_source() -> None:
    names = [name for source in SOURCES for name in source.names]
    assert sorted(names) == sorted(QUANTITIES)


def test_all_of_them_are_known_of_a_subsidiary_except_targets_and_plans(group: Service) -> None:
    by_register(group)
    found = asked(group, *QUANTITIES, words=("subsidiary",)).of(("DE",), 0)
    unknown = {name for name in QUANTITIES if found[name] is None}
    assert unknown == {"target", "target_ahead", "planned_revenue", "cost"}


@pytest.mark.parametrize(
    "words", [("salesperson",), ("team",), ("channel",), ("industry",), ("abc_class",), ("product_group",)]
)
def test_what_does_not_fall_apart_says_so(group: Service, words: tuple[str, ...]) -> None:
    by_register(group)
    found = asked(group, *QUANTITIES, words=words)
    for source in SOURCES:
        across = set(words) - source.dimensions
        for name in source.names:
            told = f"{name} does not fall apart by {words[0]}" if across else None
            assert found.reasons.get(name) == told


def test_what_only_a_register_tells_is_not_known_without_one(group: Service) -> None:
    found = asked(group, "open_deals", "won_value", "contacted", "active")
    assert [found.of((), 0)[name] for name in ("open_deals", "won_value", "contacted")] == [None] * 3
    assert found.reasons == dict.fromkeys(("open_deals", "won_value"), "no register feeds the group funnel") | {
        "contacted": "no register feeds the group activity"
    }


def test_sellers_count_by_days(group: Service) -> None:
    july = [Window(parse_month("2025-07"), parse_month("2025-07"))]
    names = ("fte", "sellers", "seller_months", "logged_months")
    assert values(group, *names, windows=july) == (Fraction(5, 2), 3, 3, 2)
    (year,) = values(group, "fte")
    assert year == 2 + Fraction(31, 2 * 365)
    own = {"words": ("salesperson",), "group": ("DE-S3",), "windows": july}
    assert values(group, "cost", "paid_hours", "selling_hours", **own) == (
        1000,
        Fraction(217, 12) * 6 / 2,
        Fraction(217, 12) * 6 / 2 * Fraction(45, 100),
    )
    assert values(group, "cost", windows=july) == (None,)
    assert values(group, "seller_months", "fte", words=("team",), group=("T",)) == (24, 2)


def test_deals_are_open_closed_stuck_and_moved(group: Service) -> None:
    by_register(group)
    group.submit("deals", DEALS, subsidiary="DE")
    names = (
        "open_deals",
        "open_value",
        "won_deals",
        "lost_deals",
        "won_value",
        "deal_days",
        "stuck_deals",
        "moved_deals",
    )
    assert values(group, *names) == (2, 150, 1, 1, 70, 60, 1, 2)
    own = {"words": ("salesperson",), "group": ("DE-S2",)}
    assert values(group, *names, **own) == (0, 0, 1, 1, 70, 60, 0, 1)
    march = [Window(parse_month("2025-03"), parse_month("2025-03"))]
    assert values(group, *names, windows=march) == (1, 0, 1, 0, 70, 60, 1, 0)
    assert values(group, "won_deals", filters={"salesperson": ("DE-S1",)}) == (0,)


def test_contacts_are_as_old_as_the_last_one(group: Service) -> None:
    by_register(group)
    group.submit("activities", ACTIVITIES, subsidiary="DE")
    assert values(group, "contacted", "contact_age") == (2, 30 + 365)
    own = {"words": ("salesperson",), "group": ("DE-S2",)}
    assert values(group, "contacted", "contact_age", **own) == (1, 30)


def test_customers_handed_in_count_by_their_own_seller(group: Service) -> None:
    assert values(group, "customers", "known_potentials") == (6, 6)
    assert values(group, "customers", words=("salesperson",), group=("DE-S1",)) == (3,)


def test_classes_and_potential(group: Service) -> None:
    customers = group.get(f"/v1/segmentations/{group.post('/v1/segmentations', {'subsidiary': 'DE'})['id']}/customers")
    rows = customers["items"]
    strong = [row for row in rows if row["potential_class"] in "AB"]
    potential = sum(Fraction(row["effective_potential"]) for row in strong)
    bought = sum(max(Fraction(row["value"]), 0) for row in strong)
    assert values(group, "strong_potential", "strong_revenue") == (potential, bought)
    contacts = {"A": 24, "B": 12, "C": 4, "N": 0}
    norm = sum(contacts[row["abc_class"]] for row in rows)
    assert values(group, "contact_norm") == (norm,)
    hours = sum(contacts[row["abc_class"]] * {"A": 3, "B": 2, "C": 1, "N": 0}[row["abc_class"]] for row in rows)
    funnel = 12 * (4 * Fraction(1, 2) + 2 * 1 + 1 * 3)
    assert values(group, "norm_hours") == (hours + 60 * Fraction(1, 2) + funnel,)
    by_class = {row["abc_class"] for row in rows}
    parts = [values(group, "contact_norm", words=("abc_class",), group=(word,))[0] for word in by_class]
    assert sum(parts) == norm


def test_growth_of_the_customers_who_could_grow(group: Service) -> None:
    before = group.post("/v1/segmentations", {"subsidiary": "DE", "from": "2024-01", "to": "2024-12"})
    grow = group.get(f"/v1/segmentations/{before['id']}/customers", segment="GROW")["items"]
    assert grow
    group.submit("statistics", [{"period": "2025-12", "customer": "DE-C4", "revenue": "12.5"}], subsidiary="DE")
    assert "DE-C4" in {row["customer"] for row in grow}
    gap = sum(Fraction(row["gap"]) for row in grow)
    assert values(group, "grow_gap", "grow_won") == (gap, Fraction(25, 2))


def test_targets_of_these_months_and_of_those_ahead(group: Service) -> None:
    group.submit(
        "targets",
        [
            {"period": "2025-12", "measure": "revenue", "value": "100"},
            {"period": "2025-12", "measure": "revenue", "team": "T", "value": "90"},
            {"period": "2026-03", "measure": "revenue", "value": "70"},
        ],
        subsidiary="DE",
    )
    assert values(group, "target", "target_ahead") == (100, 70)
    assert values(group, "target", words=("team",), group=("T",)) == (90,)
    assert values(group, "target", words=("salesperson",), group=("DE-S1",)) == (None,)


def test_expected_and_filled_months(group: Service) -> None:
    line = {"period": "2026-02", "customer": "DE-C1", "revenue": "1"}
    group.submit("statistics", [line], subsidiary="DE")
    window = [Window(parse_month("2025-12"), parse_month("2026-02"))]
    assert values(group, "expected_cells", "filled_cells", windows=window) == (3, 2)


def test_a_converted_amount_of_a_month_to_come_takes_the_newest_rate(group: Service) -> None:
    rates = [
        {"period": f"{year}-{month:02d}", "currency": "EUR", "reference": "USD", "rate": str(month)}
        for year in (2024, 2025)
        for month in range(1, 13)
    ]
    group.submit("exchange-rates", rates)
    target = {"period": "2026-03", "measure": "revenue", "value": "70"}
    group.submit("targets", [target], subsidiary="DE")
    by_register(group)
    group.submit("deals", DEALS, subsidiary="DE")
    found = values(
        group, "target_ahead", "open_value", "won_value", "revenue_at_prior_rates", "revenue", currency="USD"
    )
    assert found[:3] == (70 * 12, 150 * 12, 70 * 3)
    assert found[3] == found[4]
