"""Spreading the tables over several machines by Citus, the distributed engine of PostgreSQL.

The rows of a subsidiary stay together: every table of subsidiaries is distributed by `subsidiary_id`, and what all of
them refer to is copied to every machine. Only statements that Citus documents are used; it was not at hand where this
was written, so they ran against functions of the same names that note what they are asked.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, text
from sqlmodel import SQLModel

from service.errors import BadArgument
from service.store import tables  # noqa: F401  # every table is declared by then
from service.wording import say

BY = "subsidiary_id"
REFERENCE = ("subsidiary", "api_key", "api_key_subsidiary", "exchange_rate", "exchange_rate_history", "method")
"""Small, read by everybody, and referred to."""
LOCAL = ("quota_count", "alembic_version")
"""Stay on the coordinator, which the service speaks to."""
_FIRST = "data_revision"
"""The table that the others are put beside."""
_THERE = text(
    "SELECT to_regproc('create_distributed_table') IS NOT NULL AND to_regclass('pg_dist_partition') IS NOT NULL"
)
_SPREAD = text("SELECT logicalrelid::text FROM pg_dist_partition")
_REFERENCES = text(
    "SELECT conname, conrelid::regclass::text AS held_by, pg_get_constraintdef(oid) AS said FROM pg_constraint"
    " WHERE contype = 'f' AND conrelid = ANY (CAST(:tables AS regclass[])) ORDER BY conname, conrelid"
)
_POLICIES = text(
    "SELECT tablename FROM pg_policies WHERE policyname = 'reach' AND schemaname = current_schema()"
    " AND tablename = ANY (:tables) ORDER BY tablename"
)
# As in the migrations but without sub-selects, which Citus takes in no policy.
_REACH = (
    "current_setting('kontor.reach') = 'group'"
    " OR {column} = ANY (CAST(nullif(current_setting('kontor.reach'), 'group') AS integer[]))"
)


def distributed() -> list[str]:
    """Names of the tables of subsidiaries, those that others refer to first."""
    names = [table.name for table in SQLModel.metadata.sorted_tables]
    found = [name for name in names if name not in REFERENCE and name not in LOCAL]
    return sorted(found, key=lambda name: name != _FIRST)


def statements(connection: Connection) -> list[str]:
    """What is left to be done, in order; nothing once all is. Raises BadArgument where there is no Citus."""
    if connection.dialect.name == "sqlite":
        raise BadArgument(
            "database", say("SQLite is one file on one machine: only PostgreSQL with Citus is distributed.")
        )
    if not connection.execute(_THERE).scalar_one():
        raise BadArgument("database", say("This database has no Citus: CREATE EXTENSION citus there first."))
    spread = {name.rpartition(".")[2] for name in connection.execute(_SPREAD).scalars()}
    references = [name for name in REFERENCE if name not in spread]
    parts = [name for name in distributed() if name not in spread]
    if not references and not parts:
        return []
    return list(_ordered(connection, references, parts))


def distribute(connection: Connection) -> list[str]:
    """Do it, in this transaction; what was done."""
    done = statements(connection)
    for statement in done:
        connection.exec_driver_sql(statement)
    return done


def _ordered(connection: Connection, references: Sequence[str], parts: Sequence[str]) -> Iterator[str]:
    # Foreign keys between tables of which one is moved and one is not yet are refused: they come back at the end.
    moved = [*references, *parts]
    keys = connection.execute(_REFERENCES, {"tables": moved}).all()
    yield "SET LOCAL citus.multi_shard_modify_mode = 'sequential'"
    for key in keys:
        yield f"ALTER TABLE {key.held_by} DROP CONSTRAINT {key.conname}"
    for table in connection.execute(_POLICIES, {"tables": moved}).scalars():
        column = "id" if table == "subsidiary" else BY
        yield f"ALTER POLICY reach ON {table} USING ({_REACH.format(column=column)})"
    for table in references:
        yield f"SELECT create_reference_table('{table}')"
    for table in parts:
        beside = "none" if table == _FIRST else _FIRST
        yield f"SELECT create_distributed_table('{table}', '{BY}', colocate_with => '{beside}')"
    for key in keys:
        yield f"ALTER TABLE {key.held_by} ADD CONSTRAINT {key.conname} {key.said}"
    name = connection.exec_driver_sql("SELECT quote_ident(current_database())").scalar_one()
    # Else the reach of a transaction stays on the coordinator, and the machines show no row.
    yield f"ALTER DATABASE {name} SET citus.propagate_set_commands = 'local'"
