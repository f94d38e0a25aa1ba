"""What the revisions tell PostgreSQL, held against squawk's rules for changes that do not keep others waiting."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, event

from service.store.database import Database, _alembic_config, known_revisions
from tests.conftest import new_postgres_database

SQUAWK = Path(sys.executable).with_name("squawk")
LIMITS = "SET lock_timeout = '2s';\nSET statement_timeout = '120s';\n"
"""As `Database.migrate` and the session have it."""
NOT_OURS = {
    "prefer-text-field": "texts are bounded on both databases; making a bound longer rewrites nothing",
    "prefer-bigint-over-int": "ids of subsidiaries and counts of parts; amounts and row numbers are BIGINT",
    "prefer-identity": "one SERIAL of the first revision",
}
WAIVED = {
    ("0005", "ban-drop-table"): "lines are copied to tables with a longer key: an upgrade with the service stopped",
    ("0005", "ban-drop-column"): "the same revision, of kept bodies which move to pieces",
    ("0008", "ban-drop-table"): "rows of segmentations are copied to a wider table, as the lines were",
}
"""Findings in revisions that are in use, which cannot be written anew."""
DEFINES = ("CREATE", "ALTER", "DROP", "COMMENT", "GRANT", "REVOKE", "TRUNCATE")


@pytest.fixture(scope="module")
def told(postgres: str) -> Iterator[dict[str, list[str]]]:
    """What each revision says to a PostgreSQL that is brought from nothing to the newest."""
    database = Database(new_postgres_database(postgres), pool_size=1)
    said: dict[str, list[str]] = {}
    for revision in sorted(known_revisions()):
        with database._engine.begin() as connection:
            said[revision] = _recorded(connection, revision)
    yield said
    database.close()


def _recorded(connection: Connection, revision: str) -> list[str]:
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith(DEFINES) and "alembic_version" not in statement:
            found.append(statement.strip())

    event.listen(connection, "before_cursor_execute", note)
    config = _alembic_config()
    config.attributes["connection"] = connection
    connection.exec_driver_sql("SET LOCAL kontor.reach = 'group'")
    command.upgrade(config, revision)
    return found


def _findings(folder: Path, revision: str, statements: list[str]) -> set[tuple[str, str]]:
    file = folder / f"{revision}.sql"
    file.write_text(LIMITS + "".join(f"{one};\n" for one in statements), encoding="utf-8")
    words = ["--pg-version", "15", "--assume-in-transaction", "--no-error-on-unmatched-pattern", "--reporter", "Gcc"]
    done = subprocess.run([SQUAWK, *words, file], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    # FILE:LINE:COLUMN: LEVEL: RULE WORDS
    return {(revision, line.split(": ")[2].split()[0]) for line in done.stdout.splitlines() if line}


def test_revisions_change_tables_without_keeping_others_waiting(told: dict[str, list[str]], tmp_path: Path) -> None:
    assert sum(map(len, told.values())) > 100
    found = set[tuple[str, str]]()
    for revision, statements in told.items():
        found |= _findings(tmp_path, revision, statements)
    assert {one for one in found if one[1] not in NOT_OURS} == set(WAIVED)
    assert {rule for _, rule in found} >= set(NOT_OURS), "a rule that finds nothing needs no waiver"


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("CREATE INDEX one ON line (customer_id)", "require-concurrent-index-creation"),
        ("ALTER TABLE line ADD COLUMN x INTEGER NOT NULL", "adding-required-field"),
        ("ALTER TABLE line ALTER COLUMN revenue TYPE NUMERIC", "changing-column-type"),
        ("ALTER TABLE line RENAME COLUMN revenue TO sales", "renaming-column"),
        ("ALTER TABLE line DROP COLUMN revenue", "ban-drop-column"),
    ],
)
def test_a_change_that_keeps_others_waiting_is_found(tmp_path: Path, statement: str, rule: str) -> None:
    assert ("9999", rule) in _findings(tmp_path, "9999", [statement])
