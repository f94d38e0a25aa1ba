"""Where all processes add up what keys use of their quotas: the database, or Redis where an address of one is set."""

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from limits.errors import StorageError
from limits.storage import storage_from_string

from service.errors import Unavailable
from service.store import quota_counts
from service.store.database import Database
from service.store.quota_counts import Counter
from service.wording import say

_KEPT_SECONDS = 7200
"""In Redis. Longer than rows can be owed."""


class Tally(Protocol):
    """Counters that all processes share. Raises a KontorError where they cannot be reached."""

    def add(self, amounts: Mapping[Counter, int], minute: int) -> dict[Counter, int]:
        """Add; what each comes to then. What was counted before the minute is not needed any more."""

    def totals(self, counters: Collection[Counter]) -> dict[Counter, int]:
        """What each comes to; those that nobody added to may be left out."""


class DatabaseTally:
    """Counters in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._forgotten = 0

    def add(self, amounts: Mapping[Counter, int], minute: int) -> dict[Counter, int]:
        with self._database.writing() as connection:
            if self._forgotten < minute:
                quota_counts.forget(connection, minute)
            totals = quota_counts.add(connection, amounts)
        self._forgotten = minute
        return totals

    def totals(self, counters: Collection[Counter]) -> dict[Counter, int]:
        with self._database.looking_up() as connection:
            return quota_counts.totals(connection, counters)


class RedisTally:
    """Counters in Redis, which forgets them by itself. The address is one that `limits` knows, as `redis://host/0`."""

    def __init__(self, url: str) -> None:
        # Redis' own errors become one of `limits`, so nothing of Redis is imported where none is used.
        self._storage: Any = storage_from_string(url, wrap_exceptions=True)

    def add(self, amounts: Mapping[Counter, int], minute: int) -> dict[Counter, int]:  # noqa: ARG002
        try:
            return {one: self._storage.incr(_name(one), _KEPT_SECONDS, amount=by) for one, by in amounts.items()}
        except StorageError as error:
            raise Unavailable(say("Redis cannot be reached.")) from error

    def totals(self, counters: Collection[Counter]) -> dict[Counter, int]:
        try:
            return {one: self._storage.get(_name(one)) for one in counters}
        except StorageError as error:
            raise Unavailable(say("Redis cannot be reached.")) from error


def _name(counter: Counter) -> str:
    return "kontor/" + "/".join(map(str, counter))
