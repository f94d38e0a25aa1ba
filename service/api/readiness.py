"""Whether this process can answer, and how it takes its leave: not ready, lingering, draining, gone."""

import asyncio
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from anyio import CapacityLimiter, move_on_after, to_thread

from service.errors import KontorError, Unavailable
from service.store.database import Database, newest_revision, serves
from service.wording import say

ANSWER_SECONDS = 0.5
"""In which the database has to answer."""
_GOOD_FOR = 1.0
"""Seconds. Whoever may ask does not ask the database more often."""
SPOOL_BYTES = 64 * 1024 * 1024
"""That have to be free where bodies are spooled."""
_LAST_SECONDS = 5.0
"""For what is still running when the time to drain is over."""


class Readiness:
    """Of one process."""

    def __init__(self, database: Database) -> None:
        self.draining = False
        self._database = database
        self._verdict: KontorError | None = None
        self._good_until = 0.0
        self._asking = asyncio.Lock()

    async def check(self) -> None:
        """Raises Unavailable, with the reason, where the process should be sent nothing."""
        if self.draining:
            raise Unavailable(say("The service is about to end."))
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if now >= self._good_until:
                self._good_until = now + _GOOD_FOR
                self._verdict = Unavailable(
                    say("The database does not answer within {seconds:g} s.", seconds=ANSWER_SECONDS)
                )
                with move_on_after(ANSWER_SECONDS):
                    self._verdict = await to_thread.run_sync(
                        self._examined, abandon_on_cancel=True, limiter=CapacityLimiter(1)
                    )
        if self._verdict is not None:
            raise self._verdict

    def _examined(self) -> KontorError | None:
        try:
            revision = self._database.revision()
        except KontorError as error:
            return error
        if not serves(revision):
            return Unavailable(
                say(
                    "The database is at revision {revision}, not {newest}: run kontor migrate.",
                    revision=str(revision),
                    newest=newest_revision(),
                )
            )
        if shutil.disk_usage(tempfile.gettempdir()).free < SPOOL_BYTES:
            return Unavailable(say("There is no room left for bodies that are handed in."))
        return None


@contextmanager
def lingering(readiness: Readiness, linger: float, drain: float) -> Iterator[None]:
    """On SIGTERM the process is not ready any more, but answers for a while yet, so that whoever balances the load
    notices; then the server ends by itself. What is not done in time is abandoned: its transaction is not committed.

    A second signal ends the lingering. Without a server that handles the signal nothing is changed.
    """
    ends = signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread() or not callable(ends):
        yield
        return
    loop = asyncio.get_running_loop()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if readiness.draining:
            ends(number, frame)
            return
        readiness.draining = True
        watchdog = threading.Timer(linger + drain + _LAST_SECONDS, os._exit, (1,))
        watchdog.daemon = True
        watchdog.start()
        loop.call_soon_threadsafe(loop.call_later, linger, ends, number, frame)

    signal.signal(signal.SIGTERM, on_signal)
    yield
    signal.signal(signal.SIGTERM, ends)
