"""Opening, migrating, and what a transaction promises, on both databases."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, MetaData, literal, select, text
from sqlalchemy.exc import DBAPIError

from service.errors import AmountTooLarge, Conflict, RequestInProgress, Unavailable
from service.method.money import convert
from service.store.database import Database, _alembic_config, exchanged, newest_revision, serves
from service.store.subsidiaries import TABLE

ROW = {"name": "X", "country": "DE", "currency": "EUR", "data_revision": 0}
NOW = {"created_at": datetime(2026, 1, 1, tzinfo=UTC), "updated_at": datetime(2026, 1, 1, tzinfo=UTC)}


@pytest.fixture
def database(database_url: str) -> Any:
    database = Database(database_url, pool_size=4)
    yield database
    database.close()


def _insert(connection: Any, code: str) -> None:
    connection.execute(TABLE.insert().values({"code": code, **ROW, **NOW}))


def _count(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute(text("SELECT count(*) FROM subsidiary WHERE id <> 0")).scalar_one())


def test_an_empty_database_has_no_revision_and_a_migrated_one_the_newest(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    assert database.revision() is None
    database.migrate()
    database.migrate()
    assert database.revision() == newest_revision()
    database.close()


@pytest.mark.parametrize(
    ("revision", "good"),
    [(None, False), ("0001", False), (newest_revision(), True), ("9999", True), ("ae1027a6acf", False)],
)
def test_a_process_serves_its_own_schema_and_later_ones(revision: str | None, *, good: bool) -> None:
    assert serves(revision) is good


def test_every_revision_can_be_undone_and_done_again(database: Database) -> None:
    config = _alembic_config()
    with database._engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert database.revision() is None
    database.migrate()
    assert database.differences() == []


def test_a_subsidiary_from_before_fiscal_years_has_the_calendar_year(database: Database) -> None:
    config = _alembic_config()
    with database._engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        row = {"code": "DE", **ROW, "now": "2026-01-01"}
        names = "code, name, country, currency, data_revision, created_at, updated_at"
        values = ":code, :name, :country, :currency, :data_revision, :now, :now"
        if not database.is_sqlite:
            values = values.replace(":now", "CAST(:now AS TIMESTAMPTZ)")
        connection.execute(text(f"INSERT INTO subsidiary ({names}) VALUES ({values})"), row)
    database.migrate()
    with database.reading() as connection:
        starts = connection.execute(text("SELECT code, fiscal_year_start FROM subsidiary ORDER BY code")).all()
    assert [tuple(row) for row in starts] == [("", 1), ("DE", 1)]


def test_rows_of_segmentations_from_before_are_kept(database: Database) -> None:
    config = _alembic_config()
    numbers = {"subsidiary_id": 1, "segmentation": 1, "prior_value": 0, "revenue": 0, "margin": 0, "orders": 0}
    numbers |= {"before": 0, "scope_value": 3, "to_next_class": None, "effective_potential": 9, "gap": 2}
    words = {"scope": "direct", "prior_class": "N", "raw_prior_class": "N", "potential_class": "A", "state": "new"}
    words |= {"regularity": "", "segment": "KEEP", "potential_assumed": False, "potential_understated": False}
    with database._engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0006")
        now = {"created_at": NOW["created_at"], "updated_at": NOW["updated_at"]}
        connection.execute(TABLE.insert().values({"id": 1, "code": "DE", **ROW, **now}))
        old = MetaData()
        old.reflect(connection, only=["salesperson", "channel", "customer", "segmentation", "segment_row"])
        for name in ("salesperson", "channel"):
            connection.execute(old.tables[name].insert().values(subsidiary_id=1, id=0, code=""))
        person = {"subsidiary_id": 1, "name": "", "salesperson_id": 0, "channel_id": 0, "potential_source": ""}
        person |= {"industry": "", "region": "", "revision": 1}
        result = {"subsidiary_id": 1, "number": 1, "digest": "", "method": "", "data_revision": 1, "parameters": ""}
        connection.execute(
            old.tables["segmentation"].insert().values(result | {"computed_at": NOW["created_at"], "summary": ""})
        )
        for place, (value, abc_class) in enumerate([(7, "A"), (5, "A"), (2, "B"), (1, "C"), (0, "N")]):
            connection.execute(old.tables["customer"].insert().values(person | {"id": place, "code": f"C{place}"}))
            own = {"customer_id": place, "value": value, "abc_class": abc_class}
            connection.execute(old.tables["segment_row"].insert().values(numbers | words | own))
    database.migrate()
    statement = "SELECT owner, value, abc_class, floor_a, floor_b FROM segment_row ORDER BY customer_id"
    with database.writing() as connection:
        rows = connection.execute(text(statement)).all()
        config.attributes["connection"] = connection
        command.downgrade(config, "0006")
        former = connection.execute(text("SELECT to_next_class, gap FROM segment_row ORDER BY customer_id")).all()
    assert [tuple(row) for row in rows] == [
        (1, v, w, 5, 2) for v, w in [(7, "A"), (5, "A"), (2, "B"), (1, "C"), (0, "N")]
    ]
    assert [tuple(row) for row in former] == [(None, 2), (None, 4), (3, 7), (1, 8), (0, 9)]


def test_who_could_post_methods_and_see_all_before_still_can(database: Database) -> None:
    config = _alembic_config()
    with database._engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0011")
        old = MetaData()
        old.reflect(connection, only=["api_key"])
        given = {"name": "", "secret_hash": "", "whole_group": True, "created_at": NOW["created_at"]}
        for place, scopes in enumerate(("admin", "results:read admin", "results:read", "administers")):
            connection.execute(old.tables["api_key"].insert().values(given | {"id": str(place), "scopes": scopes}))
    database.migrate()
    with database.reading() as connection:
        found = connection.execute(text("SELECT scopes FROM api_key ORDER BY id")).scalars().all()
    also = "admin method:write audit:read"
    former = [also, f"results:read {also}", "results:read", "administers"]
    assert found == [f"{scopes} names:read" for scopes in former], "names were for everybody"


AMOUNTS = st.integers(-(10**16), 10**16) | st.integers(-9, 9)
RATES = st.integers(1, 10**13) | st.sampled_from([5 * 10**11, 25 * 10**10, 15 * 10**11, 10**12, 1])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(AMOUNTS, RATES), min_size=1, max_size=20))
def test_the_database_converts_as_the_method_does(database: Database, pairs: list[tuple[int, int]]) -> None:
    statement = select(*(exchanged(literal(amount, BigInteger), literal(rate, BigInteger)) for amount, rate in pairs))
    with database.reading() as connection:
        found = connection.execute(statement).one()
    assert list(found) == [convert(amount, rate) for amount, rate in pairs]


def test_the_migrated_schema_is_that_of_the_tables(database: Database) -> None:
    assert database.differences() == []


def test_a_block_that_fails_stores_nothing(database: Database) -> None:
    def fail() -> None:
        with database.writing() as connection:
            _insert(connection, "DE")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert _count(database) == 0


def test_a_block_that_ends_well_is_stored(database: Database) -> None:
    with database.writing() as connection:
        _insert(connection, "DE")
    assert _count(database) == 1


def test_a_second_row_with_a_unique_value_is_a_conflict(database: Database) -> None:
    with database.writing() as connection:
        _insert(connection, "DE")
    with pytest.raises(Conflict), database.writing() as connection:
        _insert(connection, "DE")


def test_a_reader_cannot_write(database: Database) -> None:
    if database.is_sqlite:
        return  # SQLite has no read-only transactions; the scope of a key decides there
    with pytest.raises(DBAPIError), database.reading() as connection:
        _insert(connection, "DE")


def test_a_reader_sees_one_snapshot(database: Database) -> None:
    with database.reading() as connection:
        before = connection.execute(text("SELECT count(*) FROM subsidiary")).scalar_one()
        with database.writing() as writer:
            _insert(writer, "DE")
        assert connection.execute(text("SELECT count(*) FROM subsidiary")).scalar_one() == before


def test_writers_at_once_all_succeed_or_are_told_to_try_again(database: Database) -> None:
    outcomes: list[str] = []

    def work(number: int) -> None:
        try:
            with database.writing() as connection:
                connection.execute(text("SELECT count(*) FROM subsidiary")).scalar_one()
                _insert(connection, f"S{number}")
            outcomes.append("stored")
        except RequestInProgress:
            outcomes.append("again")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 4
    assert _count(database) == outcomes.count("stored")
    assert "stored" in outcomes


def test_a_sum_that_leaves_64_bits_is_refused(database: Database) -> None:
    big = 2**62
    union = text(f"SELECT CAST(sum(v) AS BIGINT) FROM (SELECT {big} AS v UNION ALL SELECT {big}) AS t")
    with pytest.raises(AmountTooLarge), database.reading() as connection:
        connection.execute(union).scalar_one()


def test_a_mistake_of_ours_is_not_told_as_a_database_that_is_away(database: Database) -> None:
    with pytest.raises(DBAPIError), database.reading() as connection:
        connection.execute(text("SELECT no_such_column FROM subsidiary"))


def test_all_connections_in_use_is_told_as_such(database_url: str) -> None:
    database = Database(database_url, pool_size=1)
    with database.reading() as connection:
        connection.execute(text("SELECT 1"))
        with pytest.raises(Unavailable), database.reading() as other:
            other.execute(text("SELECT 1"))
    database.close()


@pytest.mark.parametrize("state, said", [("57P01", "by order"), ("55000", "parallel worker failed to initialize")])
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_that_ends_in_the_middle_of_a_statement_is_told_as_such(
    database: Database, state: str, said: str
) -> None:
    with pytest.raises(Unavailable, match="cannot be reached"), database.reading() as connection:
        connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION '{said}' USING ERRCODE = '{state}'; END $$")


def test_a_database_that_is_not_there_is_told_as_such() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable), database.reading() as connection:
        connection.execute(text("SELECT 1"))
    database.close()
