"""How much a key may ask for in a minute, and how many wrong keys an address may try.

A process counts in memory and adds what it counted to the shared tally every second, when it learns what the others
counted: a key gets its quota, and at most what the other processes let in during the last second. What one
submission hands in beyond the quota of rows is owed: it uses up the minutes that follow. Where the tally cannot be
reached, each process counts by itself and the log says so.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from threading import Lock

from service.access.tally import Tally
from service.errors import KontorError, NotAuthenticated, QuotaExceeded
from service.store.quota_counts import Counter

REQUESTS, ROWS = "requests", "rows"
MINUTE = 60
SHARED_EVERY = 1.0
"""Seconds."""
_MOST_OWED = 60
"""Minutes for which rows can be owed."""
_MOST_ADDRESSES = 100_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of a quota, and for how many seconds it has to do."""

    kind: str
    quota: int
    left: int
    seconds: int


@dataclass(slots=True)
class _Count:
    known: int = 0
    """By all processes, when the tally was last asked."""
    fresh: int = 0
    """By this process, since."""

    @property
    def total(self) -> int:
        return self.known + self.fresh


class Quotas:
    """The quotas of every key in this process. 0 means no limit. Safe to use from several threads."""

    def __init__(self, requests: int, rows: int, wrong_keys: int, tally: Tally, clock: Callable[[], datetime]) -> None:
        self._quota = {REQUESTS: requests, ROWS: rows}
        self._wrong_keys = wrong_keys
        self._tally = tally
        self._clock = clock
        self._counts: dict[Counter, _Count] = {}
        self._wrong: dict[str, int] = {}
        self._known: dict[str, str] = {}
        self._known_before: dict[str, str] = {}
        self._minute = 0
        self._shared = True
        self._lock = Lock()

    def enter(self, address: str, credentials: str) -> None:
        """Refuse at the door, without asking the database, who has used up his quota or tries many wrong keys.

        A key that was good a moment ago gets in from an address of which others try wrong ones.
        """
        now = self._now()
        principal = self._known.get(credentials) or self._known_before.get(credentials)
        if principal is not None:
            count = self._counts.get((principal, REQUESTS, self._minute))
            if count is not None and count.total >= self._quota[REQUESTS] > 0:
                raise self._exceeded(REQUESTS, now)
        elif self._wrong and self._wrong.get(_network(address), 0) >= self._wrong_keys > 0:
            raise QuotaExceeded("Too many wrong API keys came from this address.", "wrong-keys", _seconds_left(now))

    @contextmanager
    def judging(self, address: str) -> Iterator[None]:
        """Counts it if what came from the address is found in this block to be no good key."""
        try:
            yield
        except NotAuthenticated:
            self._count_wrong(address)
            raise

    def _count_wrong(self, address: str) -> None:
        with self._lock:
            if len(self._wrong) >= _MOST_ADDRESSES:
                self._wrong.clear()
            network = _network(address)
            self._wrong[network] = self._wrong.get(network, 0) + 1

    def count_request(self, principal: str, credentials: str) -> Standing | None:
        """A request with a good key; what is left of its quota. Raises QuotaExceeded if nothing was left."""
        now, quota = self._now(), self._quota[REQUESTS]
        with self._lock:
            self._known[credentials] = principal
            if not quota:
                return None
            count = self._counts.setdefault((principal, REQUESTS, self._minute), _Count())
            if count.total >= quota:
                raise self._exceeded(REQUESTS, now)
            count.fresh += 1
            return Standing(REQUESTS, quota, quota - count.total, _seconds_left(now))

    def expect_rows(self, principal: str) -> Standing | None:
        """Before a form is read: what is left, as the tally knows it. Raises QuotaExceeded if nothing is."""
        now, quota = self._now(), self._quota[ROWS]
        if not quota:
            return None
        counter = (principal, ROWS, self._minute)
        try:
            known = self._tally.totals([counter]).get(counter, 0)
        except KontorError as error:
            self._alone(error)
            known = 0
        with self._lock:
            count = self._counts.setdefault(counter, _Count())
            count.known = max(count.known, known)
            if count.total >= quota:
                raise self._exceeded(ROWS, now)
            return Standing(ROWS, quota, quota - count.total, _seconds_left(now))

    def count_rows(self, principal: str, rows: int) -> None:
        """Rows were read; those beyond the quota use up the minutes that follow."""
        quota = self._quota[ROWS]
        self._now()
        with self._lock:
            for ahead in range(_MOST_OWED if quota else 0):
                count = self._counts.setdefault((principal, ROWS, self._minute + ahead), _Count())
                part = min(rows, max(0, quota - count.total))
                count.fresh += part
                rows -= part
                if not rows:
                    return

    def synchronise(self) -> None:
        """Add to the tally what was counted since the last time, and learn what the others counted."""
        self._now()
        with self._lock:
            fresh = {counter: count.fresh for counter, count in self._counts.items() if count.fresh}
        if not fresh:
            return
        try:
            totals = self._tally.add(fresh, self._minute)
        except KontorError as error:
            self._alone(error)
            return
        self._shared = True
        with self._lock:
            for counter, total in totals.items():
                count = self._counts.setdefault(counter, _Count(fresh=fresh[counter]))
                count.known, count.fresh = total, count.fresh - fresh[counter]

    @property
    def shared(self) -> bool:
        """Whether the tally could be reached the last time."""
        return self._shared

    def _alone(self, error: KontorError) -> None:
        if self._shared:
            _log.error("quotas are counted by this process alone", exc_info=error)
        self._shared = False

    def _now(self) -> float:
        """Seconds since 1970; where a minute has begun, what was counted in those before is forgotten."""
        now = self._clock().timestamp()
        minute = int(now) // MINUTE
        if minute > self._minute:
            with self._lock:
                if minute == self._minute:
                    return now
                self._minute = minute
                self._counts = {counter: count for counter, count in self._counts.items() if counter[2] >= minute}
                self._known_before, self._known = self._known, {}
                self._wrong = {}
        return now

    def _exceeded(self, kind: str, now: float) -> QuotaExceeded:
        seconds = _seconds_left(now)
        detail = f"The key has used up its {self._quota[kind]} {kind} of this minute; wait {seconds} s."
        return QuotaExceeded(detail, kind, seconds)


def _seconds_left(now: float) -> int:
    return MINUTE - int(now) % MINUTE


def _network(address: str) -> str:
    """Who has one IPv6 address has all of its last 64 bits."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return parsed.exploded[:19] if isinstance(parsed, IPv6Address) else address
