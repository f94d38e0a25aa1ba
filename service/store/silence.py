"""PostgreSQL that falls silent: its connections stay open, and nothing comes.

TCP notices a machine that is gone, but not a network that swallows what is sent, nor a server that stands still. A
statement may take minutes, so that nothing comes says little; who has heard nothing for half of the time allowed tries
whether a new connection is answered. If it is not, his own is given up, and so is everybody's who waits like him.
"""

from contextlib import suppress
from threading import Lock
from time import monotonic
from typing import Any

import psycopg
from psycopg.abc import PQGen

_FRESH_SECONDS = 2.0
"""So long the last attempt speaks for those after it, so that a pile of requests makes one."""


class Patience:
    """With one database. Safe to use from several threads.

    `seconds`: how long it may be silent. `statement_seconds`: after which it ends a statement by itself.
    """

    def __init__(self, seconds: int, statement_seconds: float) -> None:
        self.half = seconds // 2
        self.longest = statement_seconds + seconds
        self.tcp = {
            "connect_timeout": self.half,
            "tcp_user_timeout": seconds * 1000,
            "keepalives_idle": self.half,
            "keepalives_interval": 1,
            "keepalives_count": self.half,
        }
        """Parameters of its connections."""
        self._silent = False
        self._tried = -_FRESH_SECONDS
        self._words: tuple[tuple[Any, ...], dict[str, Any]] = (), {}
        self._lock = Lock()

    def connect(self, *arguments: Any, **named: Any) -> "Watched":
        """A connection that is given up in time. Raises psycopg.OperationalError where none is answered."""
        if self._silent and self._just_tried():
            raise psycopg.OperationalError("the database answers nobody")
        self._words = arguments, named
        connection = self._try()
        connection.patience = self
        return connection

    def ended(self) -> bool:
        """Whether the database answers nobody."""
        with self._lock:
            if not self._just_tried():
                with suppress(psycopg.Error):  # `_try` notes whether it was silence
                    self._try().close()
            return self._silent

    def _just_tried(self) -> bool:
        return monotonic() - self._tried < _FRESH_SECONDS

    def _try(self) -> "Watched":
        arguments, named = self._words
        silent = False
        try:
            return Watched.connect(*arguments, **named)
        except psycopg.errors.ConnectionTimeout:
            silent = True
            raise
        finally:
            self._silent, self._tried = silent, monotonic()


class Watched(psycopg.Connection[Any]):
    """A connection of a database with which patience can end."""

    patience: Patience

    def wait(self, gen: PQGen[Any], *arguments: Any, **named: Any) -> Any:
        return super().wait(self._watched(gen), *arguments, **named)

    def _watched(self, gen: PQGen[Any]) -> PQGen[Any]:
        heard = tried = monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                now = monotonic()
                if ready:
                    heard = tried = now
                elif now - tried > self.patience.half:
                    if now - heard > self.patience.longest or self.patience.ended():
                        self.pgconn.finish()
                        raise psycopg.OperationalError("the database has fallen silent")
                    tried = monotonic()
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value
