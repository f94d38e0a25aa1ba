"""What SQL counts of customers is what the method counts, on random lines, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert

from service.method.measures import MEASURES
from service.method.money import convert
from service.method.months import Window
from service.store import cells, customers, facts, labels, lines, salespeople, subsidiaries
from service.store.database import Database
from service.store.reach import Reach
from service.values import AMOUNT_SCALE
from tests.method.counting import quantities, split_converted

ALL = Reach(None)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LAST = 123
RATE = {(1, month): 10**12 for month in range(80, 130)} | {
    (2, month): 234_567_890_123 + month * 987_654_321 for month in range(80, 130)
}
LINE = st.fixed_dictionaries(
    {
        "subsidiary_id": st.integers(1, 2),
        "period": st.integers(LAST - 30, LAST),
        "customer_id": st.integers(0, 4),
        "salesperson_id": st.integers(0, 2),
        "channel_id": st.integers(0, 1),
        "revenue": st.one_of(st.integers(-3, 3), st.integers(-(10**15), 10**15)),
        "orders": st.integers(0, 5).map(lambda count: count * AMOUNT_SCALE),
    }
)
KEY = ("subsidiary_id", "period", "customer_id", "salesperson_id", "channel_id")
LINES = st.lists(LINE, min_size=1, max_size=40, unique_by=lambda line: tuple(line[name] for name in KEY))
WORDS = st.sampled_from([(), ("subsidiary",), ("salesperson",), ("channel", "subsidiary"), ("team",), ("industry",)])
BUCKETS = st.sampled_from(
    [
        [Window(LAST - 11, LAST)],
        [Window(month, month) for month in range(LAST - 3, LAST + 1)],
        [Window(LAST - 5, LAST - 3), Window(LAST - 2, LAST), Window(LAST, LAST)],
        [Window(month - 11, month) for month in range(LAST - 2, LAST + 1)],
    ]
)
ALONE = ["active", "active_before", "positive_revenue", "revenue_before", "sum_of_squares", "largest_revenue"]
"""Figures of one window each: by a statement of their own where no month is in two windows."""
SAME = (
    "active",
    "active_before",
    "retained",
    "new",
    "lost",
    "reactivated",
    "positive_revenue",
    "revenue_before",
    "revenue_lost",
    "revenue_contracted",
    "revenue_expanded",
    "ranked_sum",
)
CODES = {"salesperson": ("", "S1", "S2"), "channel": ("", "web"), "industry": ("", "i1", "i0", "i1", "i0")}
POTENTIAL = {1: 5 * 10**12, 3: 7}


@pytest.fixture
def books(database_url: str) -> Iterator[Database]:
    """Two subsidiaries with four customers each; S1 changes team in the middle, S2 has none."""
    database = Database(database_url, pool_size=2)
    with database.writing() as connection:
        for number in (1, 2):
            values = {"id": number, "name": "X", "country": "DE", "currency": "EUR", "code": f"X{number}"}
            subsidiaries.create(connection, values, NOW)
            one = {"subsidiary_id": number}
            for name, table in (("salesperson", salespeople.TABLE), ("channel", labels.CHANNEL)):
                connection.execute(insert(table), [one | {"id": n, "code": c} for n, c in enumerate(CODES[name])])
            connection.execute(insert(labels.PRODUCT_GROUP), [one | {"id": 0, "code": ""}])
            span = one | {
                "salesperson_id": 1,
                "name": "",
                "role": "",
                "fte": 10000,
                "hours_a_day": 80000,
                "revision": 1,
            }
            for start, team in (("0008-03-05", "T"), ("0009-06-20", "U")):
                day = {"start": datetime.fromisoformat(start).date(), "team": team}
                connection.execute(insert(salespeople.EMPLOYMENT), [span | day])
            person = one | {"name": "", "salesperson_id": 1, "channel_id": 0, "potential_source": "", "region": ""}
            rows = [
                person
                | {
                    "id": n,
                    "code": f"C{n}" if n else "",
                    "industry": word,
                    "potential": POTENTIAL.get(n),
                    "revision": 1,
                }
                for n, word in enumerate(CODES["industry"])
            ]
            connection.execute(insert(customers.TABLE), rows)
    yield database
    database.close()


@contextmanager
def stored(database: Database, rows: list[dict[str, Any]]) -> Iterator[Connection]:
    """A transaction in which only these lines are there."""
    nothing = dict.fromkeys(MEASURES, 0) | {"product_group_id": 0, "feed": 0, "revision": 1}
    with database.writing() as connection:
        connection.execute(delete(lines.TABLE))
        connection.execute(insert(lines.TABLE), [nothing | row for row in rows])
        yield connection


def word(name: str, row: dict[str, Any]) -> str:
    if name == "subsidiary":
        return f"X{row['subsidiary_id']}"
    if name == "team":
        return {0: "", 1: "T" if row["period"] < 9 * 12 + 5 else "U", 2: ""}[row["salesperson_id"]]
    return CODES[name][row["customer_id" if name == "industry" else f"{name}_id"]]


def summed(rows: list[dict[str, Any]], words: tuple[str, ...]) -> pd.DataFrame:
    """A row per group, customer and month, as the method wants it."""
    found: dict[Any, dict[str, int]] = {}
    for row in rows:
        number = row["subsidiary_id"] * 10 + row["customer_id"] if row["customer_id"] else 0
        key = (tuple(word(name, row) for name in words), number, row["period"])
        sums = found.setdefault(key, dict.fromkeys(MEASURES, 0))
        for name in ("revenue", "orders"):
            sums[name] += row[name]
    frame = pd.DataFrame(list(found.values()), dtype="int64")
    keys = list(found)
    frame = frame.assign(customer=[key[1] for key in keys], month=[key[2] for key in keys])
    return frame.assign(group=pd.Series([key[0] for key in keys], dtype=object))


def compare(found: Any, expected: dict[Any, Any], place: int) -> None:
    for group, values in expected.items():
        one = found.get((group, place), dict.fromkeys(facts.COUNTS, 0) | {"ranked_sum": 0})
        for name in SAME:
            unit = 1 if name in ("active", "active_before", "retained", "new", "lost", "reactivated") else AMOUNT_SCALE
            assert Fraction(one[name], unit) == values[name], (group, name)
        assert Fraction(one["sum_of_squares"], AMOUNT_SCALE**2) == values["sum_of_squares"]
        potential = Fraction(one["known_potential"], 12) + 2 * one["revenue_of_unknown"]
        assert potential / AMOUNT_SCALE == values["potential"]


@given(rows=LINES, words=WORDS, windows=BUCKETS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
def test_states_and_sums_are_those_of_the_method(
    books: Database, rows: list[dict[str, Any]], words: tuple[str, ...], windows: list[Window]
) -> None:
    cut = cells.Cut(LAST, words, {}, {})
    buckets = [cells.Bucket(window, window.prior) for window in windows]
    with stored(books, rows) as connection:
        found = facts.of_customers(connection, ALL, cut, buckets, [*facts.COUNTS, "ranked_sum"])
        alone = {size: facts.of_customers(connection, ALL, cut, buckets, ALONE[:size]) for size in (1, len(ALONE))}
        sums = facts.sums(connection, ALL, cut, Window(0, LAST), ["revenue", "credited_revenue"])
    for size, told in alone.items():
        assert told.keys() <= found.keys()
        nothing = dict.fromkeys(ALONE[:size], 0)
        assert all(told.get(key, nothing) == {name: values[name] for name in nothing} for key, values in found.items())
    frame = summed(rows, words)
    potentials = {s * 10 + n: amount for s in (1, 2) for n, amount in POTENTIAL.items()}
    for place, window in enumerate(windows):
        expected = quantities(frame, window, potentials, Fraction(1, 2))
        compare(found, expected, place)
        for group, values in expected.items():
            told = sum(one.now["revenue"] for one in sums if one.words == group and one.month in window)
            assert Fraction(told, AMOUNT_SCALE) == values["revenue"]
    credited = sum(one.now["credited_revenue"] for one in sums)
    assert credited == sum(row["revenue"] for row in rows if row["salesperson_id"])


@given(rows=LINES, words=WORDS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
def test_an_amount_is_converted_once_and_shared(
    books: Database, rows: list[dict[str, Any]], words: tuple[str, ...]
) -> None:
    keys = list(RATE)
    rates = cells.Rates([s for s, _ in keys], [m for _, m in keys], list(RATE.values()), None, {1: 10**12, 2: 10**12})
    cut = cells.Cut(LAST, words, {}, {}, rates)
    window = Window(LAST - 11, LAST)
    with stored(books, rows) as connection:
        sums = facts.sums(connection, ALL, cut, Window(0, LAST), ["revenue", "orders"])
        found = facts.of_customers(
            connection, ALL, cut, [cells.Bucket(window, window.prior)], [*facts.COUNTS, "ranked_sum"]
        )
    expected = converted(rows, cut.ids)
    assert sum(one.now["revenue"] for one in sums) == sum(row["revenue"] for row in expected)
    assert sum(one.now["orders"] for one in sums) == sum(row["orders"] for row in rows)
    at = {n: convert(amount, 10**12) for n, amount in POTENTIAL.items()}
    potentials = {s * 10 + n: amount for s in (1, 2) for n, amount in at.items()}
    compare(found, quantities(summed(expected, words), window, potentials, Fraction(1, 2)), 0)


def converted(rows: list[dict[str, Any]], ids: tuple[str, ...]) -> list[dict[str, Any]]:
    """The reference: each (subsidiary, customer, month) converted once, shared by its cells in the order of ids."""
    parts: dict[Any, dict[Any, dict[str, Any]]] = {}
    for row in rows:
        whole = parts.setdefault((row["subsidiary_id"], row["customer_id"], row["period"]), {})
        own = whole.setdefault(tuple(row[name] for name in ids), row | {"revenue": 0, "orders": 0})
        own["revenue"] += row["revenue"]
        own["orders"] += row["orders"]
    for (subsidiary, _, month), whole in parts.items():
        ordered = [whole[key] for key in sorted(whole)]
        shares = split_converted([cell["revenue"] for cell in ordered], RATE[subsidiary, month])
        for cell, share in zip(ordered, shares, strict=True):
            cell["revenue"] = share
    return [cell for whole in parts.values() for cell in whole.values()]
