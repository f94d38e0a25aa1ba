"""When keys were used last: noted in memory, and stored now and then, so that no reader becomes a writer."""

from datetime import datetime
from threading import Lock

from service.store import keys
from service.store.database import Database


class Uses:
    """The moments of use that this process has not stored yet."""

    def __init__(self) -> None:
        self._moments: dict[str, datetime] = {}
        self._lock = Lock()

    def seen(self, key_id: str, now: datetime) -> None:
        """Note that a key was used."""
        self._moments[key_id] = now

    def store(self, database: Database) -> None:
        """Write what was noted since the last time; nothing where no key was used."""
        with self._lock:
            moments, self._moments = self._moments, {}
        if moments:
            with database.writing() as connection:
                keys.used(connection, moments)
