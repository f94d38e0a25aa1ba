"""The statement that segments in the database gives what the method gives, row by row, on both databases."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select

from service.access.audit import Origin
from service.access.keys import Caller
from service.method.measures import MEASURES
from service.method.months import Window
from service.method.parameters import Abc, Limits, Parameters
from service.method.segments.cells import SUMS, WORDS, Cells
from service.method.segments.lapse import lapse
from service.operations import windows
from service.operations.segmentations import Settled, _terms
from service.operations.segments import Basis, segmented
from service.store import customers, labels, lines, overrides, registers, salespeople, segmenting, segments
from service.store.database import Database
from service.store.reach import Reach
from service.store.subsidiaries import TABLE as SUBSIDIARY
from service.values import AMOUNT_SCALE
from tests.method.frames import PARAMETERS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LAST = 2025 * 12 + 11
HOME = Reach(frozenset([1]))
CHANNELS, SELLERS = ("", "direct", "dealers"), ("", "S1", "S2")
# Few different amounts: ties, zeros and negatives come up all the time.
AMOUNT = st.sampled_from([0, 1, 1, 2, 5, 5, 10, 60, 100, -1, -7]) | st.integers(-(10**9), 10**12)
LINE = st.tuples(st.integers(0, 47), AMOUNT, AMOUNT, st.integers(0, 3))
CUSTOMER = st.fixed_dictionaries(
    {
        "channel": st.integers(0, 2),
        "seller": st.integers(0, 2),
        "potential": st.none() | st.sampled_from([0, 1, 7, 100, 100]) | st.integers(0, 10**13),
        "lines": st.lists(LINE, max_size=8, unique_by=lambda line: line[0]),
        "orders": st.lists(st.integers(-700, 20), max_size=5),
    }
)
SHARE = st.decimals("0.000000001", "1", places=9)


@st.composite
def methods(draw: Any) -> Parameters:
    a = draw(SHARE)
    low, high = sorted((draw(st.integers(1, 1000)), draw(st.integers(1, 1000))))
    abc = {
        "rule": draw(st.sampled_from(["cumulative", "cumulative", "floors", "computed"])),
        "measure": draw(st.sampled_from(["revenue", "margin"])),
        "a": draw(st.sampled_from([Decimal("0.80"), a])),
        "b": draw(st.sampled_from([Decimal("0.95"), Decimal(1)])),
        "floor_a": Decimal(high) / 1000,
        "floor_b": Decimal(low) / 1000,
        "scope": draw(st.sampled_from(["channel", "subsidiary", "salesperson"])),
    }
    abc["a"] = min(abc["a"], abc["b"])
    declared = draw(
        st.sampled_from(
            [{}, {"*": Limits(A=Decimal(high), B=Decimal(low))}, {"direct": Limits(A=Decimal(high), B=Decimal(1))}]
        )
    )
    potential = PARAMETERS.potential.model_copy(
        update={"limits": declared, "default_wallet_share": draw(st.sampled_from([Decimal("0.5"), Decimal("0.3")]))}
    )
    return PARAMETERS.model_copy(update={"abc": Abc.model_validate(abc), "potential": potential})


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url, pool_size=2)
    with database.writing() as connection:
        now = {"created_at": NOW, "updated_at": NOW}
        row = {"id": 1, "code": "DE", "name": "D", "country": "DE", "currency": "EUR", "data_revision": 1}
        connection.execute(insert(SUBSIDIARY).values(row | now | {"feed_results": "register"}))
        for table, words in ((labels.CHANNEL, CHANNELS), (salespeople.TABLE, SELLERS)):
            named = [{"subsidiary_id": 1, "id": place, "code": word} for place, word in enumerate(words)]
            connection.execute(insert(table), named)
    yield database
    database.close()


@contextmanager
def stored(database: Database, found: list[dict[str, Any]]) -> Iterator[Connection]:
    """A transaction that sees these customers and their lines, and leaves nothing behind."""
    with database._engine.connect() as connection:
        words = {"name": "", "potential_source": "", "industry": "", "region": "", "revision": 1}
        people, facts, orders = [], [], []
        for place, one in enumerate([{"channel": 0, "seller": 0, "potential": None, "lines": []}, *found]):
            key = {"subsidiary_id": 1, "id": place, "code": f"C{place:05d}" if place else ""}
            of = {"salesperson_id": one["seller"], "channel_id": one["channel"], "potential": one["potential"]}
            people.append(key | of | words)
            for month, revenue, margin, count in one["lines"]:
                zeros = dict.fromkeys(MEASURES, 0)
                at = {"period": LAST - month, "customer_id": place, "salesperson_id": 0, "channel_id": 0}
                measured = {"revenue": revenue, "margin": margin, "orders": count * AMOUNT_SCALE, "calls": count}
                rest = {"subsidiary_id": 1, "product_group_id": 0, "feed": 0, "revision": 1}
                facts.append(zeros | at | measured | rest)
            for number, day in enumerate(one.get("orders", [])):
                at = {"subsidiary_id": 1, "id": f"{place}.{number}", "date": date(2025, 12, 31) + timedelta(days=day)}
                nobody = {"salesperson_id": 0, "channel_id": 0, "product_group_id": 0, "credit_shares": ""}
                orders.append(at | nobody | {"customer_id": place, "amount": 1, "margin": 0, "revision": 1})
        connection.execute(insert(customers.TABLE), people)
        for table, rows in ((lines.TABLE, facts), (registers.TABLES["orders"][0], orders)):
            if rows:
                connection.execute(insert(table), rows)
        yield connection
        connection.rollback()


def computed(connection: Connection, parameters: Parameters, window: Window, data: Window) -> list[dict[str, Any]]:
    """The rows that the database makes of it, by customer."""
    row = connection.execute(select(SUBSIDIARY).where(SUBSIDIARY.c.id == 1)).one()
    settled = Settled(HOME, HOME, {"DE": row}, 1, parameters, window, data, None)
    terms = _terms(Caller(connection, HOME, "", NOW, Origin()), settled)
    segmenting.write(connection, HOME, 1, 1, terms)
    statement = select(segments.TABLE).order_by(segments.TABLE.c.customer_id)
    return [dict(row._mapping) for row in connection.execute(statement)]


def by_method(connection: Connection, parameters: Parameters, window: Window, data: Window) -> Any:
    portfolio = customers.portfolio(connection, HOME)
    monthly = lines.monthly(connection, HOME, window.last)
    return segmented(Basis(HOME, 1, parameters, window, data, portfolio, monthly))


COMPARED = (
    *("customer_id", "scope", "value", "prior_value", "revenue", "prior_revenue", "margin", "orders", "quotes"),
    *(
        "contacts",
        "hours",
        "abc_class",
        "prior_class",
        "raw_prior_class",
        "before",
        "scope_value",
        "floor_a",
        "floor_b",
    ),
    *("potential_class", "effective_potential", "potential_assumed", "potential_understated", "state", "regularity"),
    "segment",
)


def agree(database: Database, found: list[dict[str, Any]], parameters: Parameters, months: int) -> None:
    with stored(database, found) as connection:
        data = lines.periods(connection, HOME)
        if data is None:
            return
        window = Window(max(data.last - months + 1, data.first), data.last)
        rows = computed(connection, parameters, window, data)
        expected = by_method(connection, parameters, window, data)
        frame = expected.customers.sort_values("customer_id")
        for name in COMPARED:
            assert [row[name] for row in rows] == frame[name].tolist(), name
        end = (date(window.last // 12, window.last % 12 + 1, 1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        for row, one in zip(rows, found, strict=True):
            days = [(date(2025, 12, 31) + timedelta(days=day)).toordinal() for day in one["orders"]]
            told = lapse(days, end.toordinal(), parameters.lapse.minimum_days)
            interval = None if row["order_interval"] is None else Fraction(row["order_interval"], AMOUNT_SCALE)
            assert (row["days_since_order"], row["at_risk"]) == (told and told.days, told and told.at_risk)
            assert interval == (told and told.interval)
        same_tables(segments.cells(connection, HOME, (1, 1), len(window)), Cells.of(expected))


def same_tables(one: Cells, other: Cells) -> None:
    def sums(cells: Cells) -> dict[tuple[str, ...], list[int]]:
        return {tuple(cell[name] for name in WORDS): [cell[name] for name in SUMS] for cell in cells.cells}

    assert sums(one) == sums(other)
    assert sorted(one.values) == sorted(other.values)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(CUSTOMER, min_size=1, max_size=14), methods(), st.sampled_from([12, 12, 5, 24]))
def test_the_database_segments_as_the_method_does(
    database: Database, found: list[dict[str, Any]], parameters: Parameters, months: int
) -> None:
    agree(database, found, parameters, months)


@pytest.mark.parametrize(("rule", "customers"), [("cumulative", 10_000), ("computed", 1_500), ("floors", 1_500)])
def test_it_does_so_with_many_customers(database: Database, rule: str, customers: int) -> None:
    chance = random.Random(20)  # noqa: S311
    found = [
        {
            "channel": chance.randrange(3),
            "seller": chance.randrange(3),
            "potential": chance.choice([None, chance.randrange(10**9)]),
            "lines": [
                (month, int(10 ** chance.uniform(3, 9)) * chance.choice([1, 1, 1, 0, -1]), 0, 1)
                for month in chance.sample(range(48), 6)
            ],
            "orders": [],
        }
        for _ in range(customers)
    ]
    abc = PARAMETERS.abc.model_copy(update={"rule": rule, "floor_a": Decimal(5000), "floor_b": Decimal(500)})
    agree(database, found, PARAMETERS.model_copy(update={"abc": abc}), windows.MONTHS_A_YEAR)


def one(lines_of: list[tuple[int, int, int, int]], **more: Any) -> dict[str, Any]:
    return {"channel": 1, "seller": 1, "potential": None, "lines": lines_of, "orders": [], **more}


@pytest.mark.parametrize("revenues", [[5], [0], [-3], [10, 10, 10], [0, -1]])
def test_one_customer_equal_ones_and_none_that_buys(database: Database, revenues: list[int]) -> None:
    agree(database, [one([(0, revenue, 0, 1)]) for revenue in revenues], PARAMETERS, 12)


def test_an_override_stands_beside_what_is_computed_while_it_is_valid(database: Database) -> None:
    for until, expected in ((None, "C"), (LAST, "C"), (LAST - 1, None)):
        with stored(database, [one([(0, 50, 0, 1)])]) as connection:
            values = {"abc_class": "C", "segment": None, "until": until, "reason": "a test", "at": NOW, "key_id": ""}
            overrides.add(connection, HOME, 1, values)
            data = lines.periods(connection, HOME)
            (row,) = computed(connection, PARAMETERS, data, data)
            assert (row["abc_class"], row["set_class"], row["set_segment"]) == ("A", expected, None)
