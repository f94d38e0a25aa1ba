"""Delivering messages to webhooks by the Standard Webhooks scheme, at least once, by whichever process takes them.

One thread with an event loop. Each webhook has at most one attempt under way in a process, and one that fails rests
longer each time, so that whoever is slow or gone keeps nobody else waiting.
"""

import asyncio
import base64
import hashlib
import hmac
import logging
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar, TypeVarTuple

from sqlalchemy import Row

from service import __version__
from service.access.audit import Origin
from service.access.keys import Caller
from service.access.safe import Safe
from service.failpoints import reach
from service.operations import messages
from service.operations.sending import Sender, Sent
from service.store import deliveries, webhooks
from service.store.database import Database
from service.store.reach import Reach

POLLED = 1.0
"""Seconds between looks for what happened elsewhere."""
AT_ONCE = 32
"""Attempts under way in a process."""
LEASE = timedelta(seconds=60)
"""So long an attempt is nobody else's; longer than any attempt takes."""
GIVEN_UP = timedelta(days=3)
"""A delivery that has not succeeded for so long is dead: it is sent again only when somebody asks for it."""
KEPT = timedelta(days=30)
"""So long it is told how deliveries ended."""
FORGOTTEN = timedelta(hours=1)
"""Between two times that older ones are removed."""
_FIRST_PAUSE, _FACTOR, _LONGEST_PAUSE = 5.0, 4, 8 * 3600.0
_LONGEST_REST = 900.0
_EVENTS_AT_ONCE = 100
_STOPPED_WITHIN = 5.0
_GONE = 410
_EVERYTHING = Reach(None)
Given = TypeVarTuple("Given")
Done = TypeVar("Done")
_CHANCE = secrets.SystemRandom().random
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that this process attempts now; `attempt` counts from 1."""

    webhook: Row[Any]
    delivery: Row[Any]
    attempt: int

    @property
    def home(self) -> Reach:
        return Reach(frozenset({self.webhook.subsidiary_id}))

    @property
    def key(self) -> tuple[int, int]:
        return self.webhook.subsidiary_id, self.webhook.number


class Courier:
    """The thread that delivers, until it is told to stop. `chance` gives numbers in [0, 1)."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        sender: Sender,
        safe: Safe,
        chance: Callable[[], float] = _CHANCE,
    ) -> None:
        self._database = database
        self._clock = clock
        self._sender = sender
        self._safe = safe
        self._chance = chance
        self._stop = threading.Event()
        self._forget_at = clock()
        # One thread for the database, so that names which resolve slowly never keep it waiting.
        self._desk = ThreadPoolExecutor(1, "kontor-webhooks")
        self._running: dict[tuple[int, int], asyncio.Task[None]] = {}
        self._thread = threading.Thread(target=self._run, name="kontor-webhooks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Wait a little for what is under way; the rest is taken up again after its lease."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._until_stopped())
        self._desk.shutdown()

    async def _until_stopped(self) -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(AT_ONCE, "kontor-resolving"))
        while not self._stop.is_set():
            try:
                began = await self._round()
            except Exception:  # noqa: BLE001 - the thread goes on, whatever the database does
                _log.exception("looking for what is to be delivered failed")
                began = False
            if self._running:
                await asyncio.wait(self._running.values(), timeout=POLLED, return_when=asyncio.FIRST_COMPLETED)
            elif not began:
                await self._at_desk(self._stop.wait, POLLED)
        if self._running:
            await asyncio.wait(self._running.values(), timeout=_STOPPED_WITHIN)

    async def _round(self) -> bool:
        """Make messages of what happened, and begin what is due; whether anything was begun."""
        await self._at_desk(self.spread)
        taken = await self._at_desk(self.take, list(self._running))
        for one in taken:
            task = asyncio.create_task(self._attempt(one))
            self._running[one.key] = task
        return bool(taken)

    async def _at_desk(self, work: Callable[[*Given], Done], *given: *Given) -> Done:
        return await asyncio.get_running_loop().run_in_executor(self._desk, work, *given)

    def spread(self) -> None:
        """Turn events into deliveries, in one transaction; doing it twice makes no second delivery."""
        now = self._clock()
        with self._database.reading(_EVERYTHING) as connection:
            waiting = deliveries.untold(connection, _EVERYTHING, _EVENTS_AT_ONCE)
            listening = webhooks.active(connection, _EVERYTHING) if waiting else []
        if waiting:
            with self._database.reading(_EVERYTHING) as connection:
                caller = Caller(connection, _EVERYTHING, "", now, Origin())
                found = [one for event in waiting for one in messages.of_event(caller, event, listening)]
            with self._database.writing(_EVERYTHING) as connection:
                for one in found:
                    values = {"id": one.id, "type": one.type, "payload": one.payload}
                    home = Reach(frozenset({one.webhook.subsidiary_id}))
                    deliveries.add(connection, home, one.webhook.number, values, now)
                for event in waiting:
                    deliveries.told(connection, Reach(frozenset({event.subsidiary_id})), event.id)
        if now >= self._forget_at:
            self._forget_at = now + FORGOTTEN
            with self._database.writing(_EVERYTHING) as connection:
                deliveries.forget(connection, _EVERYTHING, now - KEPT)

    def take(self, busy: list[tuple[int, int]]) -> list[Taken]:
        """One due delivery of each webhook that is not busy, of those who waited longest, as many as may be begun."""
        now = self._clock()
        with self._database.reading(_EVERYTHING) as connection:
            found = webhooks.ready(connection, _EVERYTHING, now, busy, deliveries.due(now))
        taken = []
        for hook in found[: AT_ONCE - len(busy)]:
            home = Reach(frozenset({hook.subsidiary_id}))
            with self._database.writing(home) as connection:
                row = deliveries.take(connection, home, hook.number, now, now + LEASE)
                if row is not None:
                    webhooks.change(connection, home, hook.number, {"tried_at": now})
                    taken.append(Taken(hook, row, row.attempts + 1))
        return taken

    async def _attempt(self, taken: Taken) -> None:
        try:
            headers, body = self.signed(taken)
            sent = await self._sender.send(taken.webhook.url, body, headers)
            reach("outbox_after_send")
            await self._at_desk(self.note, taken, sent)
        except Exception:  # noqa: BLE001 - it is due again after its lease
            _log.exception("delivery %s could not be attempted", taken.delivery.id)
        finally:
            del self._running[taken.key]

    def signed(self, taken: Taken) -> tuple[dict[str, str], bytes]:
        """Headers and body. During a rotation there are two signatures."""
        now, body = self._clock(), taken.delivery.payload.encode()
        secrets_now = [taken.webhook.secret]
        if taken.webhook.former_until is not None and taken.webhook.former_until > now:
            secrets_now.append(taken.webhook.former_secret)
        moment = str(int(now.timestamp()))
        content = f"{taken.delivery.id}.{moment}.".encode() + body
        keys = [self._safe.opened(secret, taken.webhook.subsidiary_id) for secret in secrets_now]
        digests = [hmac.digest(key, content, hashlib.sha256) for key in keys]
        return {
            "Content-Type": "application/json",
            "User-Agent": f"Kontor/{__version__}",
            "webhook-id": taken.delivery.id,
            "webhook-timestamp": moment,
            "webhook-signature": " ".join(f"v1,{base64.b64encode(one).decode()}" for one in digests),
        }, body

    def note(self, taken: Taken, sent: Sent) -> None:
        """Write down how an attempt ended, and when there is to be another."""
        now, hook = self._clock(), taken.webhook
        outcome, rest = self._outcome(taken, sent, now)
        with self._database.writing(taken.home) as connection:
            if deliveries.attempted(connection, taken.home, hook.number, taken.delivery.id, taken.attempt, outcome):
                webhooks.change(connection, taken.home, hook.number, rest)

    def _outcome(self, taken: Taken, sent: Sent, now: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
        told: dict[str, Any] = {"last_status": sent.status, "last_error": sent.error}
        if sent.good:
            ended = {"state": deliveries.DELIVERED, "due_at": None, "ended_at": now}
            return told | ended, {"failures": 0, "resume_at": None}
        failures = taken.webhook.failures + 1
        rest: dict[str, Any] = {"failures": failures, "resume_at": now + self._pause(failures, 2, _LONGEST_REST)}
        if sent.status == _GONE:
            rest |= {"state": webhooks.GONE, "updated_at": now}
        if sent.status == _GONE or now - taken.delivery.offered_at >= GIVEN_UP:
            return told | {"state": deliveries.DEAD, "due_at": None, "ended_at": now}, rest
        return told | {"due_at": now + self._pause(taken.attempt, _FACTOR, _LONGEST_PAUSE)}, rest

    def _pause(self, times: int, factor: int, longest: float) -> timedelta:
        """Longer each time, and never the same for two."""
        seconds = min(_FIRST_PAUSE * factor ** min(times - 1, 20), longest)
        return timedelta(seconds=seconds * (0.5 + self._chance() / 2))
