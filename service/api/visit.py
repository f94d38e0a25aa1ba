"""A visit: what the service holds for a request while it is answered, and how it lets go when the client has left."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from time import perf_counter

from anyio import CapacityLimiter, to_thread
from sqlalchemy import Connection
from starlette.types import Receive

from service.access.audit import Origin
from service.access.quotas import Standing
from service.api.lanes import HEAVY, Lane
from service.errors import Unavailable
from service.store.database import stopper
from service.wording import Message, say

WATCHED_AFTER = 0.5
"""Seconds. Few requests take longer; those are watched for clients that leave."""
_AGAIN = 0.5


class Visit:
    """Of one request. Each of its reads is stopped when the client leaves or it takes longer than `most_seconds`; what
    it writes is not, as a client that asks again with the same Idempotency-Key finds it then."""

    def __init__(self, origin: Origin, most_seconds: float) -> None:
        self.origin = origin
        self.principal = ""
        self.caller = ""
        """Who takes places: what he presented, as others could pretend a mere name before they are admitted."""
        self.problem = ""
        self.revisions = ""
        self.rows = 0
        self.calculated: float | None = None
        """Seconds that a heavy calculation took, once it is done."""
        self.standings: list[Standing] = []
        self.counted = False
        """Whether it is counted already, as of somebody who was admitted a moment ago."""
        self.body_taken = False
        self._most_seconds = most_seconds
        self._lane: Lane | None = None
        self._entered = 0.0
        self._stop: Callable[[], None] | None = None
        self._begun: float | None = None
        """When the read that runs began."""
        self._ended: Message | None = None
        self._lock = Lock()
        self._watcher: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self, lane: Lane) -> None:
        """Take a place in a lane instead of the one before."""
        self.leave()
        await lane.enter(self.caller)
        self._lane, self._entered = lane, perf_counter()

    def stands(self, *standings: Standing) -> None:
        """What is left of quotas, for the headers of the answer."""
        self.standings.extend(standings)

    def leave(self) -> None:
        """Give the place back, if there is one."""
        if self._lane is not None:
            seconds = perf_counter() - self._entered
            self._lane.leave(self.caller, seconds)
            if self._lane.name == HEAVY:
                self.calculated = seconds
            self._lane = None

    @contextmanager
    def reading(self, connection: Connection) -> Iterator[None]:
        """What is read in this block may be stopped. Raises Unavailable where it has been already."""
        with self._lock:
            self._may_go_on()
            self._stop, self._begun = stopper(connection), perf_counter()
        try:
            yield
        finally:
            with self._lock:
                self._stop = self._begun = None
            if self._ended is not None:
                # The order to stop may still be on its way to the server: nobody else shall get it.
                connection.invalidate()

    def _may_go_on(self) -> None:
        if self._ended is not None:
            raise Unavailable(self._ended)

    def watch(self, receive: Receive) -> None:
        """Begin to look after the client, if this takes long."""
        self._timer = asyncio.get_running_loop().call_later(WATCHED_AFTER, self._begin, receive)

    def _begin(self, receive: Receive) -> None:
        if self.body_taken:
            self._watcher = asyncio.create_task(self._watched(receive))
        else:
            self.watch(receive)

    async def _watched(self, receive: Receive) -> None:
        leaving = asyncio.create_task(_left(receive))
        try:
            while not leaving.done() and not self._too_long():
                await asyncio.wait([leaving], timeout=_AGAIN)
        finally:
            leaving.cancel()
        self._ended = (
            say("The client has left.")
            if leaving.done()
            else say("This takes longer than {seconds:g} s. Ask for less at once.", seconds=self._most_seconds)
        )
        # A thread that is between two statements notices at its next.
        limiter = CapacityLimiter(1)
        while True:
            await to_thread.run_sync(self._stop_reading, limiter=limiter)
            await asyncio.sleep(_AGAIN)

    def _too_long(self) -> bool:
        begun = self._begun
        return begun is not None and perf_counter() - begun > self._most_seconds

    def _stop_reading(self) -> None:
        with self._lock:
            if self._stop is not None:
                self._stop()

    def over(self) -> None:
        """The request is answered, or nobody waits for an answer."""
        self.leave()
        if self._timer is not None:
            self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()


async def _left(receive: Receive) -> None:
    """Returns when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
