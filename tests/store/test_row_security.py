"""PostgreSQL's second wall alone: what the service's role can do where the service forgot to ask whose rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Insert, Select, Table, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlmodel import SQLModel

from service.store.database import Database, confine
from service.store.reach import GROUP, Reach
from tests.conftest import OWNER, ROLE, as_role, migrated, new_postgres_database
from tests.filled import row_of

TABLES = [t for t in SQLModel.metadata.sorted_tables if "subsidiary_id" in t.c or t.name == "subsidiary"]
OPEN = {"subsidiary": "(id = 0)", "method": "(subsidiary_id = 0)", "api_key_subsidiary": "true"}
"""Which rows everybody may read: the group's own, and who reaches what."""
OF_THE_GROUP = {"api_key", "exchange_rate", "exchange_rate_history", "quota_count", "alembic_version"}
APPENDED = "audit_entry"
OWN, OTHER, NEW = 1, 2, 3
REACH = Reach(frozenset([OWN]))


@pytest.fixture(scope="module")
def url(postgres: str) -> str:
    """A database with a row of two subsidiaries and of the group in every table; its owner's address."""
    url = new_postgres_database(postgres)
    migrated(url)
    database = Database(url, pool_size=1)
    with database.writing(Reach(None)) as connection:
        for table in SQLModel.metadata.sorted_tables:
            rows = [row_of(table, number) for number in (GROUP, OWN, OTHER)]
            if table.name == "subsidiary":  # the group's stands there from the first migration
                rows = [*rows[1:], row_of(table, NEW)]
            connection.execute(insert(table), rows if table in TABLES else rows[:1])
    database.close()
    return url


@pytest.fixture(scope="module")
def role(url: str) -> Iterator[Database]:
    """The database as the service's role."""
    database = Database(as_role(url, ROLE), pool_size=2)
    yield database
    database.close()


@contextmanager
def _undone(connection: Connection) -> Iterator[Connection]:
    savepoint = connection.begin_nested()
    yield connection
    savepoint.rollback()


def _touched(connection: Connection, statement: Any) -> int:
    with _undone(connection):
        return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount


def test_every_table_of_subsidiaries_has_its_wall_which_holds_for_the_owner_too(role: Database) -> None:
    statement = text(
        "SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS forced, concat(p.polname, ' ', p.polcmd)"
        " AS policy, pg_get_expr(p.polqual, p.polrelid) AS shown, p.polwithcheck IS NULL AS same"
        " FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid"
        " WHERE c.relkind IN ('r', 'p', 'm', 'f') AND c.relnamespace = 'public'::regnamespace"
    )
    with role.reading() as connection:
        rows = connection.execute(statement).all()
    assert {row.relname for row in rows} == {table.name for table in TABLES} | OF_THE_GROUP
    walls = {(row.relname, row.policy): row.shown for row in rows if row.forced and row.same}
    for table in TABLES:
        column = "id" if table.name == "subsidiary" else "subsidiary_id"
        assert f" OR ({column} = ANY (( SELECT (NULLIF(current_setting(" in walls.pop((table.name, "reach *")), (
            table.name
        )
    assert walls == {(name, "readable r"): shown for name, shown in OPEN.items()}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_only_rows_in_reach_can_be_read_and_changed(role: Database, table: Table) -> None:
    key = table.c.id if table.name == "subsidiary" else table.c.subsidiary_id
    change = {column.name: column for column in list(table.columns)[-1:]}
    if table.name == APPENDED:
        with role.reading(REACH) as connection:
            assert set(connection.execute(select(key)).scalars()) == {OWN}
        return  # nobody changes it: test_the_services_role_adds_to_the_audit_and_changes_nothing_in_it
    readable = {"true": {GROUP, OWN, OTHER}, None: {OWN}}.get(OPEN.get(table.name), {GROUP, OWN})
    with role.writing(REACH) as connection:
        assert set(connection.execute(select(key)).scalars()) == readable
        for number, rows in ((OWN, 1), (OTHER, 0), (GROUP, 0)):
            assert _touched(connection, update(table).where(key == number).values(change)) == rows
            assert len(connection.execute(select(key).where(key == number).with_for_update()).all()) == rows
        assert _touched(connection, delete(table).where(key != OWN)) == 0


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_only_rows_in_reach_can_be_added(role: Database, table: Table) -> None:
    key = "id" if table.name == "subsidiary" else "subsidiary_id"
    with role.writing(REACH) as connection:
        if table.name not in ("subsidiary", APPENDED):
            connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))
            with _undone(connection), pytest.raises(ProgrammingError, match="row-level security"):
                connection.execute(update(table).where(table.c[key] == OWN).values({key: OTHER}))
    for number in (OTHER, NEW, GROUP):
        with pytest.raises(ProgrammingError, match="row-level security"), role.writing(REACH) as connection:
            connection.execute(insert(table).values(row_of(table, number) | {key: number}))


@pytest.mark.parametrize("used_before", [False, True], ids=["at first", "after a transaction that said its reach"])
def test_a_transaction_that_does_not_say_its_reach_gets_nothing(url: str, *, used_before: bool) -> None:
    database = Database(as_role(url, ROLE), pool_size=1)
    if used_before:
        with database.writing(Reach(None)) as connection:
            connection.execute(text("SELECT count(*) FROM line"))
    for table in TABLES:
        key = table.c.id if table.name == "subsidiary" else table.c.subsidiary_id
        statements = (
            select(key).where(key == OWN),
            insert(table).values(row_of(table, NEW)),
            update(table).where(key == OWN).values({key: key}),
            delete(table).where(key == OWN),
        )
        for statement in statements[OPEN.get(table.name) == "true" :]:
            with pytest.raises(DBAPIError) as refused, database.writing() as connection:
                connection.execute(statement)
            # Never set, or an empty text, which is no array of numbers.
            changes = table.name == APPENDED and not isinstance(statement, (Select, Insert))
            expected = ("42501",) if changes else ("42704", "22P02")
            assert refused.value.orig.sqlstate in expected, table.name
    database.close()


def test_the_reach_of_one_transaction_is_not_that_of_the_next(role: Database) -> None:
    count = text("SELECT count(*) FROM customer")
    with role.reading(Reach(None)) as connection:
        assert connection.execute(count).scalar_one() == 3
    with role.reading(REACH) as connection:
        assert connection.execute(count).scalar_one() == 1
        confine(connection, Reach(frozenset()))
        assert connection.execute(count).scalar_one() == 0


def test_a_look_up_is_confined_statement_by_statement(role: Database) -> None:
    customer = text("SELECT subsidiary_id FROM customer WHERE code = :code AND subsidiary_id > :least")
    for _ in range(2):
        with role.looking_up() as connection:
            with pytest.raises(DBAPIError):
                connection.execute(customer, {"code": "0", "least": 0})
            confine(connection, REACH)
            for _ in range(2):
                assert connection.execute(customer, {"code": "0", "least": 0}).scalars().all() == [OWN]
            assert connection.execute(customer, {"code": "' OR true --", "least": 0}).all() == []
            confine(connection, Reach(None))
            assert len(connection.execute(customer, {"code": "0", "least": -1}).all()) == 3


def test_the_services_role_changes_no_table(role: Database) -> None:
    for statement in (
        "DROP TABLE line",
        "ALTER TABLE line DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE mine (id INTEGER)",
        "UPDATE alembic_version SET version_num = '0001'",
        f"SET ROLE {OWNER}",
    ):
        with pytest.raises(DBAPIError), role.writing(Reach(None)) as connection:
            connection.execute(text(statement))


@pytest.mark.parametrize("reach", [REACH, Reach(None)], ids=["of a subsidiary", "of the group"])
def test_the_services_role_adds_to_the_audit_and_changes_nothing_in_it(role: Database, reach: Reach) -> None:
    table = SQLModel.metadata.tables[APPENDED]
    with role.writing(reach) as connection:
        assert _touched(connection, insert(table).values(row_of(table, OWN, 9))) == 1
    of_own = table.c.subsidiary_id == OWN
    for statement in (
        *(update(table).where(of_own).values({column: column}) for column in table.c),
        delete(table).where(of_own),
        text(f"TRUNCATE {APPENDED}"),
        select(table).where(of_own).with_for_update(),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), role.writing(reach) as connection:
            connection.execute(statement)


def test_a_view_shows_what_its_tables_show(role: Database) -> None:
    with role.reading() as connection:
        views = connection.execute(text("SELECT viewname FROM pg_views WHERE schemaname = 'public'")).scalars().all()
    seen = set[str]()
    for view in views:
        count = text(f"SELECT count(*) FROM {view}")
        with role.reading(REACH) as connection:
            own = connection.execute(count).scalar_one()
        with role.reading(Reach(frozenset([OTHER]))) as connection:
            other = connection.execute(count).scalar_one()
        with role.reading(Reach(frozenset())) as connection:
            assert connection.execute(count).scalar_one() == 0, view
        with role.reading(Reach(None)) as connection:
            assert connection.execute(count).scalar_one() >= own + other, view
        seen |= {view} if own and other else set()
        with pytest.raises(DBAPIError), role.reading() as connection:
            connection.execute(count)
        with pytest.raises(DBAPIError), role.writing(Reach(None)) as connection:
            connection.execute(text(f"DELETE FROM {view}"))
    assert len(seen) > 4, "else no row would have to be hidden"


def test_after_an_error_the_next_transaction_has_to_say_its_reach_too(url: str) -> None:
    database = Database(as_role(url, ROLE), pool_size=1)
    count = text("SELECT count(*) FROM line")
    with pytest.raises(DBAPIError), database.writing(Reach(None)) as connection:
        connection.execute(text("SELECT 1 / 0 FROM line"))
    with pytest.raises(DBAPIError), database.reading() as connection:
        connection.execute(count)
    with database.reading(REACH) as connection:
        assert connection.execute(count).scalar_one() == 1
    database.close()
