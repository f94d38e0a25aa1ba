"""A page far into a long list costs what the first does: the plan takes no more rows up than the page needs."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from service.store import customers, lines, relations
from service.store.conditions import Compared, Condition, Either, Opposite
from service.store.database import Database
from service.store.reach import Reach
from tests.conftest import new_postgres_database

FIRST, MONTHS, CUSTOMERS = 24_000, 10, 2_000
MADE = f"""
INSERT INTO subsidiary (id, code, name, country, currency, data_revision, created_at, updated_at)
    SELECT n, 'S' || n, '', 'DE', 'EUR', 1, now(), now() FROM generate_series(1, 2) n;
INSERT INTO salesperson SELECT s, n, 'P' || n FROM generate_series(1, 2) s, generate_series(1, 9) n;
INSERT INTO channel SELECT s, n, 'K' || n FROM generate_series(1, 2) s, generate_series(1, 2) n;
INSERT INTO product_group SELECT s, 1, 'G' FROM generate_series(1, 2) s;
INSERT INTO customer (subsidiary_id, id, code, name, salesperson_id, channel_id, potential_source, industry, region,
                      revision)
    SELECT 1, n, 'C' || n, '', 1, 1, '', '', '', 1 FROM generate_series(1, {CUSTOMERS}) n
    UNION ALL SELECT 2, 1, 'C1', '', 1, 1, '', '', '', 1;
INSERT INTO line (subsidiary_id, period, customer_id, salesperson_id, channel_id, product_group_id, feed, revision,
                  orders, revenue, margin, quotes, quote_value, leads, qualified, offers, wins, lead_value, offer_value,
                  win_value, calls, meetings, hours)
    SELECT 1, {FIRST} + p, n, n % 9 + 1, n % 2 + 1, 1, 0, 1, 10000, n * 10000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    FROM generate_series(1, {CUSTOMERS}) n, generate_series(0, {MONTHS - 1}) p
    UNION ALL SELECT 2, {FIRST}, 1, 1, 1, 1, 0, 1, 10000, 10000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0;
"""
LIMIT = 100
MOST = 3 * LIMIT
"""Half of the lines are of a channel; a page is looked for with one row more."""


@pytest.fixture(scope="module")
def connection(postgres: str, migrated_name: str) -> Iterator[Connection]:
    """All but one of twenty thousand lines are one subsidiary's."""
    with closing(Database(new_postgres_database(postgres, migrated_name), pool_size=1)) as database:
        with database.writing(Reach(None)) as connection:
            connection.execute(text(MADE))
            connection.execute(text("ANALYZE line, customer, salesperson, channel, product_group, subsidiary"))
        with database.reading(Reach(None)) as connection:
            yield connection


@contextmanager
def planned(connection: Connection) -> Iterator[list[dict[str, Any]]]:
    """The steps of the last statement, as they went."""
    asked: list[tuple[str, Any]] = []
    steps: list[dict[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield steps
    finally:
        event.remove(connection, "before_cursor_execute", note)
    statement, parameters = asked[-1]
    told = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}", parameters)
    waiting = [told.scalar_one()[0]["Plan"]]
    while waiting:
        steps.append(waiting.pop())
        waiting += steps[-1].get("Plans", ())


def taken_up(steps: list[dict[str, Any]]) -> float:
    """The most rows that a step gave on, in all of its loops, or left out."""
    return max(
        step["Actual Loops"]
        * (step["Actual Rows"] + step.get("Rows Removed by Filter", 0) + step.get("Rows Removed by Join Filter", 0))
        for step in steps
    )


WORDS = relations.Asked(("subsidiary", "period", "customer", "channel", "revenue"))
CONDITIONS: dict[str, Condition | None] = {
    "all": None,
    "of a month on": Compared("period", "ge", "2000-01"),
    "of a channel": Compared("channel", "eq", "K2"),
    "not of a channel": Opposite(Compared("channel", "eq", "K1")),
    "of a subsidiary": Compared("subsidiary", "eq", "S1"),
    "of either": Either((Compared("channel", "eq", "K2"), Compared("customer", "eq", "C3"))),
}


@pytest.mark.parametrize("name", CONDITIONS)
@pytest.mark.parametrize("reach", [Reach(None), Reach(frozenset([1])), Reach(frozenset([1, 2]))], ids=str)
def test_a_page_of_odata(connection: Connection, reach: Reach, name: str) -> None:
    half = (1, FIRST + MONTHS // 2, CUSTOMERS // 2, 0, 0, 0, 0)
    asked = relations.Asked(WORDS.names, CONDITIONS[name], after=half)
    with planned(connection) as steps:
        shown, place = relations.page(connection, lines.relation(reach), asked, LIMIT)
    assert shown.num_rows == LIMIT
    assert place is not None
    assert taken_up(steps) <= MOST


@pytest.mark.parametrize("codes", [{}, {"channel": "K2"}], ids=str)
@pytest.mark.parametrize("last", [None, FIRST + MONTHS])
def test_a_page_of_statistics(connection: Connection, codes: dict[str, str | None], last: int | None) -> None:
    asked = lines.Asked((FIRST, last), codes)
    with planned(connection) as steps:
        found = lines.page(connection, Reach(None), LIMIT, (1, FIRST + MONTHS - 1, CUSTOMERS // 2, 0, 0, 0, 0), asked)
    assert len(found) == LIMIT
    assert taken_up(steps) <= MOST


def test_a_page_of_customers(connection: Connection) -> None:
    relation = customers.relation(Reach(None))
    asked = relations.Asked(("code", "channel"), after=(1, "C1500"))
    with planned(connection) as steps:
        shown, _ = relations.page(connection, relation, asked, LIMIT)
    assert shown.num_rows == LIMIT
    assert taken_up(steps) <= MOST
