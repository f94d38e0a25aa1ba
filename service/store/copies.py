"""Copies of a SQLite database: made while others write to it, checked, and never put over another one."""

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from service.errors import BadArgument
from service.store.database import known_revisions
from service.wording import say


def file_of(url: str) -> Path:
    """The file of a SQLite database. BadArgument for one in memory, and for PostgreSQL, which has its own means."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise BadArgument(
            "database_url", say("PostgreSQL is backed up by pg_dump and restored by pg_restore: see Backup.")
        )
    if parsed.database in (None, "", ":memory:"):
        raise BadArgument("database_url", say("The database is in memory: it has no file."))
    return Path(str(parsed.database))


def back_up(database: Path, to: Path) -> str:
    """Copy a database that may be in use to a new file; the copy's revision. BadArgument where that cannot be."""
    if to.exists():
        raise BadArgument("file", say("{to} is there already and is not written over.", to=str(to)))
    return _copy(database, to)


def restore(copy: Path, database: Path) -> str:
    """Put a copy in the place of a database that is not there, or has no table yet; the copy's revision.

    BadArgument where that cannot be; then nothing has changed.
    """
    empty = database.exists()
    if empty and not _is_empty(database):
        raise BadArgument(
            "database_url", say("{database} is a database with data: move it away first.", database=str(database))
        )
    return _copy(copy, database, over_empty=empty)


def _is_empty(database: Path) -> bool:
    try:
        with closing(_opened(database)) as connection:
            return connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None
    except sqlite3.DatabaseError:
        return False  # whatever it is, it is not ours to remove


def _copy(source: Path, target: Path, *, over_empty: bool = False) -> str:
    """The copy is of one moment, only its owner can read it, and it appears whole or not at all."""
    if not source.is_file():
        raise BadArgument("file", say("There is no file {source}.", source=str(source)))
    # SQLite would take them for those of the copy.
    left = [rest for ending in ("-wal", "-shm", "-journal") if (rest := Path(f"{target}{ending}")).exists()]
    if left and not over_empty:
        raise BadArgument(
            "file",
            say("{left} is left of another database and would spoil this one: move it away first.", left=str(left[0])),
        )
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".kontor-") as folder:
            partial = Path(folder) / target.name
            partial.touch(mode=0o600)
            with closing(_opened(source)) as of, closing(sqlite3.connect(partial)) as to:
                of.backup(to)
                # A copy is one file, which can be read where nothing can be written.
                to.execute("PRAGMA journal_mode=DELETE")
                revision = _checked(source, to)
            _kept(partial)
            for rest in left:
                rest.unlink()
            # Renaming alone would write over what somebody has just put there.
            target.touch(exist_ok=over_empty)
            partial.replace(target)
            _kept(target.parent)
    except (sqlite3.DatabaseError, OSError) as error:
        raise BadArgument(
            "file",
            say(
                "{source} cannot be copied to {target}: {error}.",
                source=str(source),
                target=str(target),
                error=str(error),
            ),
        ) from error
    return revision


def _opened(file: Path) -> sqlite3.Connection:
    # Whoever may only read leaves a log and a lock behind.
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)


def _checked(source: Path, copied: sqlite3.Connection) -> str:
    """The revision of a copy that is sound, Kontor's, and not from a later version."""
    (found,) = copied.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise BadArgument("file", say("{source} is damaged: {found}.", source=str(source), found=found))
    if broken := copied.execute("PRAGMA foreign_key_check").fetchone():
        raise BadArgument(
            "file",
            say(
                "{source} is damaged: a row of {broken} refers to one of {gone} that is gone.",
                source=str(source),
                broken=broken[0],
                gone=broken[2],
            ),
        )
    tables = {name for (name,) in copied.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"alembic_version", "subsidiary", "api_key"} <= tables:
        raise BadArgument("file", say("{source} is no database of Kontor.", source=str(source)))
    (revision,) = copied.execute("SELECT max(version_num) FROM alembic_version").fetchone()
    if revision not in known_revisions():
        raise BadArgument(
            "file",
            say(
                "{source} is at revision {revision}, which this version does not know: take a newer one.",
                source=str(source),
                revision=revision,
            ),
        )
    return str(revision)


def _kept(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
