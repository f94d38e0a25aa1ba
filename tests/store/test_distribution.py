"""Growing out of one machine: what Citus asks of tables and statements, and the command that spreads the tables.

Citus itself is not in the packages that tests can get. Its rules are written down here as checks, and the command runs
against a stand-in: functions of the same names, which note what they are asked.
"""

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
import sqlglot
from sqlalchemy import Table, UniqueConstraint
from sqlglot import exp
from sqlmodel import SQLModel
from typer.testing import CliRunner

from service import cli
from service.store import jobs, subsidiaries
from service.store.database import Database
from service.store.distribution import BY, LOCAL, REFERENCE, distributed
from service.store.reach import Reach
from tests.api.test_access import _routes, _send, prepared
from tests.conftest import NOW, OWNER, Service, migrated, new_postgres_database
from tests.statements import recorded

TABLES = {table.name: table for table in SQLModel.metadata.sorted_tables}
SPREAD = set(distributed())
KINDS = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")
LEAST = 150
"""So many different statements at least are looked at."""


def test_every_table_has_its_place() -> None:
    placed = [*distributed(), *REFERENCE, *LOCAL]
    assert sorted(placed) == sorted({*TABLES, "alembic_version"})
    assert len(placed) == len(set(placed))


@pytest.mark.parametrize("table", [TABLES[name] for name in distributed()], ids=lambda table: table.name)
def test_keys_and_references_hold_the_subsidiary(table: Table) -> None:
    assert str(table.columns[BY].type) == "INTEGER", "the same type everywhere"
    unique = [table.primary_key, *(one for one in table.constraints if isinstance(one, UniqueConstraint))]
    for columns in [*(one.columns for one in unique), *(one.columns for one in table.indexes if one.unique)]:
        assert BY in columns
    for key in table.foreign_key_constraints:
        referred = key.referred_table.name
        assert referred not in LOCAL
        if referred in SPREAD:
            assert [pair.column.name for pair in key.elements if pair.parent.name == BY] == [BY]
        assert key.ondelete is None or "NULL" not in key.ondelete.upper()
    assert not any(column.identity or column.server_default is not None for column in table.primary_key.columns)


@pytest.mark.parametrize("name", REFERENCE)
def test_what_is_everywhere_refers_only_to_what_is_everywhere(name: str) -> None:
    assert {key.referred_table.name for key in TABLES[name].foreign_key_constraints} <= set(REFERENCE)


# ---------------------------------------------------------------------------------------------------------- statements


def parsed(statement: str) -> exp.Expr:
    """Parameters are read as a constant."""
    return sqlglot.parse_one(re.sub(r"%\(\w+\)s|%s", "0", statement.replace("%%", "%")), read="postgres")


def _sources(select: exp.Select) -> dict[str, str]:
    """Alias → table or derived table, of one FROM."""
    froms = select.args.get("from_") or select.args.get("from")
    parts = [*([froms.this] if froms else []), *(join.this for join in select.args.get("joins") or ())]
    return {part.alias_or_name: part.name if isinstance(part, exp.Table) else "" for part in parts}


def _conditions(select: exp.Select) -> Iterator[exp.EQ]:
    """Equalities of this level, not of queries inside it."""
    places = [select.args.get("where"), *(join.args.get("on") for join in select.args.get("joins") or ())]
    for place in places:
        if place is not None:
            yield from (one for one in place.find_all(exp.EQ) if one.find_ancestor(exp.Select) is select)


def _met(select: exp.Select) -> list[set[str]]:
    """Sets of aliases whose subsidiaries are equal; `=` stands for a constant or a query around."""
    own, met = set(_sources(select)), []
    for one in _conditions(select):
        sides = [side for side in (one.left, one.right) if isinstance(side, exp.Column)]
        if not sides or any(side.name not in {BY, "owner", "id"} for side in sides):
            continue
        group = {side.table if side.table in own else "=" for side in sides}
        group |= {"="} if len(sides) == 1 else set()
        joined = [other for other in met if other & group]
        met = [other for other in met if not other & group] + [set().union(group, *joined)]
    return met


def broken(tree: exp.Expr) -> list[str]:
    """Which rules of Citus a statement breaks."""
    found = [kind.__name__ for kind in (exp.Rollup, exp.Cube, exp.GroupingSets, exp.Lateral) if tree.find(kind)]
    for conflict in tree.find_all(exp.OnConflict):
        found += ["now() in DO UPDATE"] if conflict.find(exp.CurrentTimestamp) else []
    if isinstance(tree, exp.Update) and tree.this.name in SPREAD:
        changed = [one.left.name for one in tree.expressions if isinstance(one, exp.EQ)]
        found += ["changes the subsidiary"] if BY in changed else []
    for select in tree.find_all(exp.Select):
        sources, met = _sources(select), _met(select)
        parts = [alias for alias, name in sources.items() if name in SPREAD]
        together = next((group for group in met if parts and parts[0] in group), set(parts[:1]))
        if len(parts) > 1 and not set(parts) <= together:
            found.append(f"joins {sorted(sources[alias] for alias in parts)} without equal subsidiaries")
        if select.args.get("locks") and parts and "=" not in together:
            found.append("locks rows without naming a subsidiary")
        if parts and isinstance(select.parent, exp.Exists) and not met:
            found.append("EXISTS without equal subsidiaries")
    return found


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("SELECT 1 FROM line GROUP BY ROLLUP (period)", "Rollup"),
        ("SELECT 1 FROM line JOIN customer ON line.customer_id = customer.id", "joins"),
        ("SELECT 1 FROM job WHERE status = 'waiting' FOR UPDATE", "locks"),
        ("UPDATE line SET subsidiary_id = 2", "changes"),
        ("SELECT 1 FROM line WHERE EXISTS (SELECT 1 FROM customer WHERE customer.code = 'x')", "EXISTS"),
        ("INSERT INTO line (period) VALUES (1) ON CONFLICT (period) DO UPDATE SET period = now()", "now"),
    ],
)
def test_what_breaks_a_rule_is_found(statement: str, rule: str) -> None:
    assert any(one.startswith(rule) for one in broken(parsed(statement)))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 FROM line JOIN customer ON line.subsidiary_id = customer.subsidiary_id AND customer_id = customer.id",
        "SELECT 1 FROM line, customer WHERE line.subsidiary_id = 3 AND customer.subsidiary_id = 3",
        "SELECT 1 FROM job WHERE job.subsidiary_id = 3 AND job.number = 2 FOR UPDATE SKIP LOCKED",
        "SELECT 1 FROM line JOIN subsidiary ON subsidiary.id = line.subsidiary_id",
    ],
)
def test_what_keeps_the_rules_is_left_alone(statement: str) -> None:
    assert broken(parsed(statement)) == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_every_statement_of_the_store_keeps_the_rules(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    with recorded(service.database._engine) as asked:
        prepared(service, monkeypatch)
        key = service.key()
        for method, route in _routes():
            _send(service, method, route, key)
        with service.database.writing() as connection:
            jobs.take(connection, Reach(None))
    told = [one.text for one in asked if one.text.lstrip().startswith(KINDS)]
    wrong = {statement: rules for statement in told if (rules := broken(parsed(statement)))}
    assert not wrong, "\n\n".join(f"{rules}\n{statement}" for statement, rules in wrong.items())
    assert len(told) > LEAST


# ------------------------------------------------------------------------------------------------------------- command

STAND_IN = """
CREATE TABLE pg_dist_partition (logicalrelid regclass, beside text);
CREATE FUNCTION create_reference_table(name regclass) RETURNS void LANGUAGE sql
    AS 'INSERT INTO pg_dist_partition VALUES (name, NULL)';
CREATE FUNCTION create_distributed_table(name regclass, by text, colocate_with text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    ASSERT by = 'subsidiary_id';
    ASSERT NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND conrelid = name), 'a key is still there';
    ASSERT NOT EXISTS (SELECT FROM pg_policies WHERE tablename = name::text AND qual LIKE '%SELECT%'), 'a sub-select';
    INSERT INTO pg_dist_partition VALUES (name, colocate_with);
END $$;
"""


def kontor(url: str, *words: str) -> Any:
    return CliRunner().invoke(cli.commands, list(words), env={"KONTOR_DATABASE_URL": url}, catch_exceptions=True)


@pytest.fixture
def spread_out(postgres: str) -> str:
    url = migrated(new_postgres_database(postgres))
    with psycopg.connect(postgres, autocommit=True) as connection:
        # Citus lets everybody set this; PostgreSQL by itself knows no such parameter.
        connection.execute(f'GRANT SET ON PARAMETER "citus.propagate_set_commands" TO {OWNER}')
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(STAND_IN)
    return url


def _shape(url: str) -> tuple[list[Any], int]:
    """Every foreign key as it is said, and how many tables are confined."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        keys = (
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'"
        )
        policies = connection.execute("SELECT count(*) FROM pg_policies WHERE policyname = 'reach'").fetchone()
        return sorted(connection.execute(keys).fetchall()), policies[0]


def test_the_tables_are_spread_once(spread_out: str) -> None:
    before = _shape(spread_out)
    planned = kontor(spread_out, "distribute", "--dry-run")
    assert planned.exit_code == 0, planned.output
    assert kontor(spread_out, "distribute", "--dry-run").output == planned.output, "nothing was done"
    done = kontor(spread_out, "distribute")
    assert done.output == planned.output, done.exception
    assert kontor(spread_out, "distribute").output == "Every table is where it belongs.\n"
    assert _shape(spread_out) == before
    with psycopg.connect(spread_out.replace("+psycopg", "")) as connection:
        placed = dict(connection.execute("SELECT logicalrelid::text, beside FROM pg_dist_partition").fetchall())
        (settings,) = connection.execute(
            "SELECT array_agg(one) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase,"
            " unnest(setconfig) one WHERE d.datname = current_database()"
        ).fetchone()
    assert set(placed) == {*distributed(), *REFERENCE}
    assert {name for name, beside in placed.items() if beside is not None} == SPREAD
    assert settings == ["citus.propagate_set_commands=local"]


def test_a_table_that_came_later_is_spread_alone(spread_out: str) -> None:
    kontor(spread_out, "distribute")
    with psycopg.connect(spread_out.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DELETE FROM pg_dist_partition WHERE logicalrelid = 'webhook'::regclass")
    done = kontor(spread_out, "distribute").output
    assert [line for line in done.splitlines() if "create_" in line] == [
        "SELECT create_distributed_table('webhook', 'subsidiary_id', colocate_with => 'data_revision');"
    ]


def test_rows_are_still_confined_afterwards(spread_out: str) -> None:
    """By policies that were written anew."""
    with closing(Database(spread_out)) as database:
        with database.writing(Reach(None)) as connection:
            values = {"country": "DE", "currency": "EUR", "fiscal_year_start": 1}
            _, own = (
                subsidiaries.create(connection, values | {"code": code, "name": code}, NOW) for code in ("DE", "FR")
            )
        assert kontor(spread_out, "distribute").exit_code == 0
        with database.reading(Reach(frozenset({own}))) as connection:
            seen = connection.exec_driver_sql("SELECT code FROM subsidiary WHERE id > 0").scalars().all()
    assert seen == ["FR"]


def test_where_there_is_no_citus_it_is_said(empty_database_url: str) -> None:
    done = kontor(migrated(empty_database_url), "distribute")
    assert done.exit_code != 0
    assert "Citus" in str(done.exception)
