"""How much a key may ask for in a minute, and how many wrong keys an address may try.

A process counts in memory and adds what it counted to the shared tally every second, when it learns what the others
counted: a key gets its quota, and at most what the other processes let in during the last second. What one
submission hands in beyond the quota of rows is owed: it uses up the minutes that follow. Where the tally cannot be
reached, each process counts by itself and the log says so.

Nobody sends his minute's requests at once: each process has a bucket of them for every key, which holds what the quota
comes to in some seconds and fills with the quota's speed.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from math import ceil
from threading import Lock

from service.access.tally import Tally
from service.errors import KontorError, NotAuthenticated, QuotaExceeded
from service.store.quota_counts import Counter
from service.wording import say

REQUESTS, ROWS, BURST = "requests", "rows", "burst"
MINUTE = 60
SHARED_EVERY = 1.0
"""Seconds."""
BURST_SECONDS = 3
"""A bucket holds the requests of so many seconds."""
LEAST_BURST = 10
"""Requests that a bucket holds at least, if the quota has so many: a page of a CRM sends them together."""
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
    window: int = MINUTE
    """Seconds for which the quota is."""


@dataclass(slots=True)
class _Count:
    known: int = 0
    """By all processes, when the tally was last asked."""
    fresh: int = 0
    """By this process, since."""

    @property
    def total(self) -> int:
        return self.known + self.fresh


@dataclass(slots=True)
class _Bucket:
    """The requests that may be sent at once, of so many a minute."""

    speed: float
    """A second."""
    size: int
    left: float
    filled: float
    """When, in seconds since 1970."""

    @classmethod
    def of(cls, quota: int, now: float) -> "_Bucket":
        size = min(quota, max(LEAST_BURST, quota * BURST_SECONDS // MINUTE))
        return cls(quota / MINUTE, size, size, now)

    def fill(self, now: float) -> None:
        self.left = min(self.size, self.left + max(0.0, now - self.filled) * self.speed)
        self.filled = now

    def seconds_to(self, left: int) -> int:
        """Until so many are there; one at least."""
        return max(1, ceil((left - self.left) / self.speed))


class Quotas:
    """The quotas of every key in this process. 0 means no limit. Safe to use from several threads."""

    def __init__(self, requests: int, rows: int, wrong_keys: int, tally: Tally, clock: Callable[[], datetime]) -> None:
        self._quota = {REQUESTS: requests, ROWS: rows}
        self._wrong_keys = wrong_keys
        self._tally = tally
        self._clock = clock
        self._counts: dict[Counter, _Count] = {}
        self._buckets: dict[str, _Bucket] = {}
        self._wrong: dict[str, int] = {}
        self._known: dict[str, str] = {}
        self._known_before: dict[str, str] = {}
        self._minute = 0
        self._shared = True
        self._lock = Lock()

    def spent(self, credentials: str) -> QuotaExceeded | None:
        """The refusal of somebody who was admitted a moment ago and may not send anything more yet."""
        principal, now = self._principal(credentials), self._now()
        with self._lock:
            return None if principal is None else self._refusal(principal, now)

    def enter(self, address: str, credentials: str) -> Sequence[Standing] | None:
        """Count a request of somebody who was admitted a moment ago; what is left to him. None of anybody else, who is
        counted when he is admitted.

        Raises QuotaExceeded, before the database is asked, where nothing was left, or where too many wrong keys came
        from this address. A key that was good a moment ago gets in from there.
        """
        now = self._now()
        principal = self._principal(credentials)
        if principal is not None:
            with self._lock:
                return self._counted(principal, now)
        if self._wrong and self._wrong.get(_network(address), 0) >= self._wrong_keys > 0:
            raise QuotaExceeded(
                say("Too many wrong API keys came from this address."), "wrong-keys", _seconds_left(now)
            )
        return None

    def _principal(self, credentials: str) -> str | None:
        return self._known.get(credentials) or self._known_before.get(credentials)

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

    def admitted(self, principal: str, credentials: str) -> None:
        """Somebody was: the next time he is known as he enters."""
        with self._lock:
            self._known[credentials] = principal

    def count_request(self, principal: str) -> Sequence[Standing]:
        """What is left to who sent it. Raises QuotaExceeded if nothing was."""
        now = self._now()
        with self._lock:
            return self._counted(principal, now)

    def _counted(self, principal: str, now: float) -> Sequence[Standing]:
        refusal = self._refusal(principal, now)
        if refusal is not None:
            raise refusal
        quota = self._quota[REQUESTS]
        if not quota:
            return ()
        count, bucket = self._counts[principal, REQUESTS, self._minute], self._buckets[principal]
        count.fresh += 1
        bucket.left -= 1
        return (
            Standing(REQUESTS, quota, quota - count.total, _seconds_left(now)),
            Standing(
                BURST, bucket.size, int(bucket.left), bucket.seconds_to(bucket.size), ceil(bucket.size / bucket.speed)
            ),
        )

    def _refusal(self, principal: str, now: float) -> QuotaExceeded | None:
        quota = self._quota[REQUESTS]
        if not quota:
            return None
        count = self._counts.setdefault((principal, REQUESTS, self._minute), _Count())
        if count.total >= quota:
            return self._exceeded(REQUESTS, now)
        bucket = self._buckets.setdefault(principal, _Bucket.of(quota, now))
        bucket.fill(now)
        if bucket.left >= 1:
            return None
        detail = say("The key may send {size} requests at once, and {quota} a minute.", size=bucket.size, quota=quota)
        return QuotaExceeded(detail, BURST, bucket.seconds_to(1))

    def expect_rows(self, principal: str) -> Sequence[Standing]:
        """Before a form is read: what is left, as the tally knows it. Raises QuotaExceeded if nothing is."""
        now, quota = self._now(), self._quota[ROWS]
        if not quota:
            return ()
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
            return (Standing(ROWS, quota, quota - count.total, _seconds_left(now)),)

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
                # A full one is as good as none.
                self._buckets = {one: kept for one, kept in self._buckets.items() if now - kept.filled < MINUTE}
                self._known_before, self._known = self._known, {}
                self._wrong = {}
        return now

    def _exceeded(self, kind: str, now: float) -> QuotaExceeded:
        seconds = _seconds_left(now)
        most = self._quota[kind]
        if kind == ROWS:
            detail = say(
                "The key has used up its {most} rows of this minute; wait {seconds} s.", most=most, seconds=seconds
            )
        else:
            detail = say(
                "The key has used up its {most} requests of this minute; wait {seconds} s.", most=most, seconds=seconds
            )
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
