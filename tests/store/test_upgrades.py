"""What stands in a database of any older revision is there after the migration."""

import zlib
from pathlib import Path

import pyarrow as pa
import pytest
from alembic import command
from sqlalchemy import Connection, MetaData, func, select, text

from service.errors import Unavailable
from service.store.database import Database, _alembic_config, known_revisions, newest_revision
from tests.conftest import new_postgres_database
from tests.filled import row_of

OLDER = sorted(known_revisions() - {newest_revision()})
SEVEN = 7
"""Stands in every number and text: it is no row that a revision makes, and JSON too."""

BODIES = {
    "source": zlib.compress(b"[]"),
    "source_chunk": pa.Codec("zstd").compress(b" " * SEVEN, asbytes=True),
}
"""What was handed in is unpacked where it is kept anew."""


def _upgrade(connection: Connection, revision: str) -> None:
    config = _alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _tables(connection: Connection) -> MetaData:
    found = MetaData()
    found.reflect(connection)
    found.remove(found.tables["alembic_version"])
    return found


def _counts(connection: Connection, tables: MetaData) -> dict[str, int]:
    return {
        name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for name, table in tables.tables.items()
    }


def _filled_at(database: Database, revision: str) -> dict[str, int]:
    """Rows of each table of a database that was brought to the revision and given a row for each."""
    with database._engine.begin() as connection:
        _upgrade(connection, revision)
        tables = _tables(connection)
        for table in tables.sorted_tables:
            row = row_of(table, SEVEN, SEVEN)
            if "content" in row:
                row["content"] = BODIES[table.name]
            connection.execute(table.insert().values(row))
        return _counts(connection, tables)


def _lost_nothing(url: str, revision: str) -> None:
    database = Database(url, pool_size=1)
    before = _filled_at(database, revision)
    database.migrate()
    assert database.revision() == newest_revision()
    with database._engine.begin() as connection:
        after = _counts(connection, _tables(connection))
    database.close()
    assert min(before.values()) > 0
    assert {name: after.get(name) for name in before} == before


@pytest.mark.parametrize("revision", OLDER)
def test_a_sqlite_database_of_each_older_revision_keeps_its_rows(tmp_path: Path, revision: str) -> None:
    _lost_nothing(f"sqlite:///{tmp_path}/old.db", revision)


@pytest.mark.parametrize("revision", [OLDER[0], OLDER[len(OLDER) // 2], OLDER[-1]])
def test_a_postgresql_database_of_an_older_revision_keeps_its_rows(postgres: str, revision: str) -> None:
    _lost_nothing(new_postgres_database(postgres), revision)


def test_a_migration_that_would_wait_for_others_is_refused_and_changes_nothing(empty_database_url: str) -> None:
    database = Database(empty_database_url, pool_size=2)
    with database._engine.begin() as connection:
        _upgrade(connection, "0018")
    with database.writing() as other:
        if not database.is_sqlite:  # SQLite has locked the file
            other.execute(text("LOCK TABLE line IN ACCESS SHARE MODE"))
        with pytest.raises(Unavailable, match="Nothing was changed: try again"):
            database.migrate()
    assert database.revision() == "0018"
    database.migrate()
    assert database.revision() == newest_revision()
    database.close()
