"""A TCP proxy of this machine that spoils connections on demand: between the service and its database, or between a
client and the service."""

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

PIECE = 1 << 16


class Kind(StrEnum):
    LATENCY = "latency"
    BANDWIDTH = "bandwidth"
    SLICER = "slicer"
    BLACK_HOLE = "black hole"
    RESET = "reset"
    HALF_CLOSE = "half-close"
    LIMIT = "limit data"
    DOWN = "down"
    CUT_REPLY = "cut reply"


@dataclass(frozen=True, slots=True)
class Toxic:
    """What is done to connections.

    `amount`: seconds of latency (half as much to half as much again), bytes a second, bytes of a slice, or after how
    many bytes of the direction, from the spoiling on, a reset, a half-close or the end comes. `upstream` is the
    direction from the one who connects. CUT_REPLY passes what contains `pattern` upstream, and then breaks the
    connection in place of the reply.
    """

    kind: Kind
    amount: float = 0
    upstream: bool = True
    pattern: bytes = b""


class Link:
    """One connection and its twin."""

    def __init__(self, *writers: asyncio.StreamWriter) -> None:
        self.writers = writers
        self.cut = False

    def close(self, *, reset: bool = False) -> None:
        for writer in self.writers:
            if reset:
                linger = struct.pack("ii", 1, 0)
                with suppress(OSError):  # it has ended by itself
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
            else:
                writer.close()


Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


class FaultProxy:
    """Listens on a free port of 127.0.0.1. `struck` counts what the toxic has spoilt since it was set."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._toxic: Toxic | None = None
        self._links: set[Link] = set()
        self.struck = 0
        self._passed = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        ready.wait(10)

    @classmethod
    def to_port(cls, port: int) -> "FaultProxy":
        return cls(lambda: asyncio.open_connection("127.0.0.1", port))

    @classmethod
    def to_socket(cls, path: Path) -> "FaultProxy":
        return cls(lambda: asyncio.open_unix_connection(str(path)))

    def spoil(self, toxic: Toxic) -> None:
        """From now on, connections that are open too."""
        self.struck = 0
        self._passed = 0
        self._toxic = toxic
        if toxic.kind is Kind.DOWN:
            self.break_all()

    def heal(self) -> None:
        self._toxic = None

    def break_all(self, *, reset: bool = True) -> None:
        """End every connection that is open."""
        done = threading.Event()

        def close() -> None:
            for link in list(self._links):
                self.struck += 1
                link.close(reset=reset)
            done.set()

        self._loop.call_soon_threadsafe(close)
        done.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(asyncio.start_server(self._accepted, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()
        self._server.close()
        for link in list(self._links):
            link.close(reset=True)
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._toxic is not None and self._toxic.kind is Kind.DOWN:
            self.struck += 1
            Link(writer).close(reset=True)
            return
        try:
            far_reader, far_writer = await self._connect()
        except OSError:
            Link(writer).close(reset=True)
            return
        link = Link(writer, far_writer)
        self._links.add(link)
        try:
            await asyncio.gather(
                self._pump(link, reader, far_writer, upstream=True),
                self._pump(link, far_reader, writer, upstream=False),
            )
        except (OSError, RuntimeError):  # one of the two has gone
            pass
        finally:
            self._links.discard(link)
            link.close()

    async def _pump(
        self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, upstream: bool
    ) -> None:
        while piece := await reader.read(PIECE):
            toxic = self._toxic
            if link.cut and not upstream:
                self.struck += 1
                link.close(reset=True)
                return
            if toxic is not None and toxic.upstream is upstream:
                if not await self._spoilt(toxic, link, writer, piece):
                    return
                self._passed += len(piece)
            else:
                writer.write(piece)
                await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    async def _spoilt(self, toxic: Toxic, link: Link, writer: asyncio.StreamWriter, piece: bytes) -> bool:
        """Pass a piece on, in the way of the toxic; whether the direction goes on."""
        left = int(toxic.amount) - self._passed
        if toxic.kind in (Kind.RESET, Kind.LIMIT, Kind.HALF_CLOSE) and len(piece) >= left:
            self.struck += 1
            writer.write(piece[: max(left, 0)])
            await writer.drain()
            if toxic.kind is Kind.HALF_CLOSE:
                writer.write_eof()
            else:
                link.close(reset=toxic.kind is Kind.RESET)
            return False
        if toxic.kind is Kind.BLACK_HOLE:
            self.struck += 1
            return True
        if toxic.kind is Kind.CUT_REPLY and toxic.pattern in piece:
            link.cut = True
        if toxic.kind is Kind.LATENCY:
            self.struck += 1
            await asyncio.sleep(toxic.amount * (0.5 + random.random()))  # noqa: S311
        await self._in_slices(toxic, writer, piece)
        return True

    async def _in_slices(self, toxic: Toxic, writer: asyncio.StreamWriter, piece: bytes) -> None:
        if toxic.kind is Kind.BANDWIDTH:
            size = max(int(toxic.amount / 50), 1)
        else:
            size = int(toxic.amount) if toxic.kind is Kind.SLICER else PIECE
        for start in range(0, len(piece), size):
            part = piece[start : start + size]
            writer.write(part)
            await writer.drain()
            if toxic.kind is Kind.BANDWIDTH:
                self.struck += 1
                await asyncio.sleep(len(part) / toxic.amount)
            elif toxic.kind is Kind.SLICER:
                self.struck += 1
                await asyncio.sleep(0.0002)
