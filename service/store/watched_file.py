"""The file of a SQLite database, looked after: whoever still has a removed file open would write on, into nothing."""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

from service.errors import Unavailable
from service.wording import say


def watch(engine: Engine, path: Path) -> None:
    """A connection is used only while its file stands at the path; another one there is opened instead.

    The first connection may make the file. Where it has gone since, no empty one takes its place: Unavailable.
    """
    known = False

    @event.listens_for(engine, "do_connect")
    def _expect(*_: Any) -> None:
        if known and not path.exists():
            raise Unavailable(say("The file of the database has gone. Put it back: nothing was stored meanwhile."))

    @event.listens_for(engine, "connect")
    def _remember(_connection: Any, record: Any) -> None:
        nonlocal known
        known = True
        record.info["file"] = _identity(path)

    @event.listens_for(engine, "checkout")
    def _compare(_connection: Any, record: Any, _proxy: Any) -> None:
        if _identity(path) != record.info["file"]:
            raise DisconnectionError


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file stands there; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
