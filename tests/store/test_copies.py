"""Backup and restore of a SQLite database."""

import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from service.access import audit
from service.errors import BadArgument
from service.store import copies
from service.store.database import Database, newest_revision
from service.store.reach import Reach
from tests.cli.test_cli import run
from tests.conftest import Server, service_at
from tests.group import hand_in_subsidiary

ANSWERS = ("/v1/customers?subsidiary=DE", "/v1/statistics?subsidiary=DE", "/v1/submissions?subsidiary=DE", "/v1/audit")


@pytest.fixture
def used(migrated_file: Path, tmp_path: Path) -> Path:
    """A migrated database, whose revision tells it from an empty one."""
    return Path(shutil.copy(migrated_file, tmp_path / "used.db"))


def _change(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(statement)
        connection.commit()


def test_a_restored_copy_answers_as_the_database_did_and_its_audit_holds(used: Path, tmp_path: Path) -> None:
    copy, restored = tmp_path / "copy.db", tmp_path / "restored.db"
    with service_at(f"sqlite:///{used}") as service:
        hand_in_subsidiary(service, "DE", "EUR")
        before = [service.get(path) for path in ANSWERS]
        assert copies.back_up(used, copy) == newest_revision()
    assert copy.stat().st_mode & 0o777 == 0o600, "it holds secrets"
    assert copies.restore(copy, restored) == newest_revision()
    with service_at(f"sqlite:///{restored}") as service:
        assert [service.get(path) for path in ANSWERS] == before
        with service.database.reading() as connection:
            count, broken = audit.verify(connection, Reach(None), {})
    assert (count, broken) == (4, [])
    assert sorted(file.name for file in tmp_path.iterdir()) == ["copy.db", "restored.db", "used.db"]


def test_a_copy_made_while_others_write_holds_whole_transactions(used: Path, tmp_path: Path) -> None:
    _change(used, "CREATE TABLE pair (number INTEGER)")
    stop, wrote = threading.Event(), threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(used, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            number = 0
            while not stop.is_set():
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("INSERT INTO pair VALUES (?)", [number])
                connection.execute("INSERT INTO pair VALUES (?)", [number])
                connection.execute("COMMIT")
                number += 1
                wrote.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert wrote.wait(10)
        for place in range(5):
            copies.back_up(used, tmp_path / f"{place}.db")
    finally:
        stop.set()
        writer.join()
    seen = []
    for place in range(5):
        with closing(sqlite3.connect(tmp_path / f"{place}.db")) as connection:
            numbers = [row[0] for row in connection.execute("SELECT number FROM pair ORDER BY rowid")]
        assert numbers == [number for number in range(len(numbers) // 2) for _ in "ab"]
        seen.append(len(numbers))
    assert seen == sorted(seen)
    assert seen[0] > 0


def _no_database(file: Path) -> None:
    file.write_bytes(b"name,amount\n" * 1000)


def _of_somebody_else(file: Path) -> None:
    file.unlink()
    _change(file, "CREATE TABLE alembic_version (version_num TEXT)")


def _from_later(file: Path) -> None:
    _change(file, "UPDATE alembic_version SET version_num = '9999'")


def _torn(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[8192:] = bytes(len(content) - 8192)
    file.write_bytes(content)


def _without_its_subsidiary(file: Path) -> None:
    _change(file, "INSERT INTO channel (subsidiary_id, id, code) VALUES (9, 0, '')")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (Path.unlink, "There is no file"),
        (_no_database, "file is not a database"),
        (_of_somebody_else, "no database of Kontor"),
        (_from_later, "9999, which this version does not know"),
        (_torn, "damaged|malformed"),
        (_without_its_subsidiary, "refers to one of subsidiary that is gone"),
    ],
)
def test_what_is_no_sound_database_of_kontor_is_refused_and_leaves_nothing(
    used: Path, tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    spoil(used)
    before = sorted(tmp_path.iterdir())
    for work in (copies.back_up, copies.restore):
        with pytest.raises(BadArgument, match=words):
            work(used, tmp_path / "new.db")
    empty = tmp_path / "empty.db"
    empty.touch()
    with pytest.raises(BadArgument, match=words):
        copies.restore(used, empty)
    assert sorted(tmp_path.iterdir()) == sorted([*before, empty])


def test_an_older_copy_is_restored_and_then_migrated(tmp_path: Path, used: Path) -> None:
    _change(used, "UPDATE alembic_version SET version_num = '0001'")
    assert copies.restore(used, tmp_path / "new.db") == "0001"


def test_a_file_that_is_there_is_not_written_over(used: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("mine")
    with pytest.raises(BadArgument, match="there already"):
        copies.back_up(used, there)
    with pytest.raises(BadArgument, match="move it away first"):
        copies.restore(used, there)
    assert there.read_text() == "mine"
    with pytest.raises(BadArgument, match="is a database with data"):
        copies.restore(used, used)
    (tmp_path / "new.db-wal").touch()
    with pytest.raises(BadArgument, match=r"new\.db-wal is left of another database"):
        copies.restore(used, tmp_path / "new.db")
    with pytest.raises(BadArgument, match="cannot be copied"):
        copies.back_up(used, tmp_path / "no folder" / "new.db")


def test_an_empty_database_is_replaced(used: Path, tmp_path: Path) -> None:
    target = tmp_path / "empty.db"
    database = Database(f"sqlite:///{target}", pool_size=1)
    assert database.revision() is None
    database.close()
    assert target.stat().st_size > 0, "opening it has made it a database"
    copies.restore(used, target)
    assert copies.back_up(target, tmp_path / "copy.db") == newest_revision()


def test_the_commands_copy_a_served_database_and_refuse_others(server: Server, tmp_path: Path) -> None:
    copy, new = tmp_path / "copy.db", tmp_path / "new.db"
    made = run(server.environment["KONTOR_DATABASE_URL"], "backup", str(copy))
    assert made.stdout == f"{copy} is a copy of the database, at revision {newest_revision()}.\n", made.stderr
    assert run(f"sqlite:///{new}", "restore", str(copy)).returncode == 0
    listed = run(f"sqlite:///{new}", "keys", "list").stdout
    assert listed.startswith(server.key.split("_")[1])
    for command in ("backup", "restore"):
        refused = run("postgresql://nobody@127.0.0.1:1/none", command, str(tmp_path / "other"))
        assert (refused.returncode, "pg_dump" in refused.stderr, "Traceback" in refused.stderr) == (1, True, False)
    in_memory = run("sqlite://", "backup", str(tmp_path / "other"))
    assert "in memory" in in_memory.stderr
