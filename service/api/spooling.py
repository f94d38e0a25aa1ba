"""An answer that is sent while it is written.

A thread writes it to a temporary file as fast as the database gives it; the client gets what is there, at its own pace.
So the first bytes come at once, memory stays flat, and a slow client holds neither a transaction nor a connection.
What goes wrong before the first byte is a problem document; after it the answer breaks off, which every client sees.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from tempfile import TemporaryFile
from time import perf_counter
from typing import IO, Any, cast

import anyio
from anyio.to_thread import run_sync as in_thread
from fastapi import Response
from starlette.types import Receive, Scope, Send

from service.api.lanes import Lane

_PIECE = 1 << 18
_ENOUGH = 1 << 16


class _Left(Exception):
    """The client has gone: the rest need not be written."""


class _Spool:
    """A file that one thread writes to, while the loop reads it."""

    closed = False

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._kept = bytearray()
        self._loop = asyncio.get_running_loop()
        self._written = 0
        self.size = 0
        self.complete = False
        self.left = False
        self.failure: Exception | None = None
        self.changed = asyncio.Event()

    def write(self, data: Any) -> int:
        """From the thread. Small pieces wait for each other, but for the first."""
        if self.left:
            raise _Left
        with memoryview(data) as view:
            count = view.nbytes
            self._kept += view.cast("B")
        if not self._written or len(self._kept) >= _ENOUGH:
            self.hand_on()
        return count

    def hand_on(self) -> None:
        """From the thread: what was kept back is there for the reader."""
        if self._kept:
            self._file.write(self._kept)
            self._file.flush()
            self._written += len(self._kept)
            self._loop.call_soon_threadsafe(self._grown, self._written)
            self._kept = bytearray()

    def tell(self) -> int:
        return self._written + len(self._kept)

    def flush(self) -> None:
        """Whoever writes does not decide what is handed on."""

    def close(self) -> None:
        """The file belongs to the answer."""

    def read(self, begin: int) -> bytes:
        return os.pread(self._file.fileno(), min(_PIECE, self.size - begin), begin)

    def ended(self, failure: Exception | None) -> None:
        self.failure, self.complete = failure, True
        self._grown(self._written)

    def abandoned(self) -> None:
        """Nobody reads any more."""
        self.left = True
        self._grown(self._written)

    def _grown(self, size: int) -> None:
        self.size = size
        self.changed.set()
        self.changed = asyncio.Event()


class SpooledResponse(Response):
    """`write` gets a file, in a thread of its own. One that `reads` the database has a place in the heavy lane until it
    is done, which is not when its answer begins, as it is for all others."""

    def __init__(
        self, write: Callable[[IO[bytes]], None], media_type: str, headers: Mapping[str, str], *, reads: bool
    ) -> None:
        super().__init__(media_type=media_type, headers=dict(headers))
        del self.headers["content-length"]
        self._write = write
        self._reads = reads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        lane = scope["app"].state.lanes.heavy if self._reads else None
        visit = scope["state"]["visit"]
        if lane is not None:
            visit.leave()
            await lane.enter(visit.caller)
        with TemporaryFile(prefix="kontor-") as file:
            spool = _Spool(file)
            async with anyio.create_task_group() as group:
                group.start_soon(self._written, spool, lane, visit.caller)
                group.start_soon(_watch, spool, receive)
                await self._send(spool, send)
                group.cancel_scope.cancel()
        if spool.failure is not None and not spool.left:
            raise spool.failure

    async def _written(self, spool: _Spool, lane: Lane | None, caller: str) -> None:
        failure, begun = None, perf_counter()
        try:
            await in_thread(self._fill, spool)
        except Exception as error:  # noqa: BLE001 - it is raised once the task group is left
            failure = error
        finally:
            if lane is not None:
                lane.leave(caller, perf_counter() - begun)
            spool.ended(failure)

    def _fill(self, spool: _Spool) -> None:
        self._write(cast("IO[bytes]", spool))
        spool.hand_on()

    async def _send(self, spool: _Spool, send: Send) -> None:
        sent = 0
        while not spool.left:
            changed = spool.changed
            if spool.size > sent:
                if sent == 0:
                    await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                piece = spool.read(sent)
                sent += len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            elif spool.complete:
                break
            else:
                await changed.wait()
        if spool.complete and spool.failure is None:
            if sent == 0:  # a table of no rows is no bytes as NDJSON
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _watch(spool: _Spool, receive: Receive) -> None:
    """Notice that the client has gone."""
    with suppress(OSError):
        while (await receive())["type"] != "http.disconnect":
            pass
    spool.abandoned()
