"""An answer that is sent while it is written: to slow clients, to clients that leave, and when writing fails."""

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from service.api.lanes import Lanes
from service.api.spooling import SpooledResponse

PIECE = b"x" * 100_000


def answered(write: Callable[[Any], None], send: Any, *, leaves: threading.Event | None = None) -> Lanes:
    """Send what is written; the client leaves when it is told to."""

    async def receive() -> dict[str, str]:
        if leaves is None:
            await anyio.sleep_forever()
        await anyio.to_thread.run_sync(leaves.wait, abandon_on_cancel=True)
        return {"type": "http.disconnect"}

    async def run() -> Lanes:
        lanes = Lanes.of(4)
        visit = SimpleNamespace(leave=lambda: None, caller="one")
        scope = {"app": SimpleNamespace(state=SimpleNamespace(lanes=lanes)), "state": {"visit": visit}}
        await SpooledResponse(write, "text/csv", {}, reads=True)(scope, receive, send)
        return lanes

    return anyio.run(run)


def test_a_slow_client_holds_no_place_and_gets_everything() -> None:
    got, places = [], []
    written = threading.Event()

    def write(into: Any) -> None:
        for _ in range(50):
            into.write(PIECE)
        written.set()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            got.append(message["body"])
        if len(got) == 1:
            await anyio.to_thread.run_sync(written.wait, 30)
            places.append(written.is_set())

    lanes = answered(write, send)
    assert b"".join(got) == PIECE * 50
    assert places[0], "the writer waited for the client"
    assert lanes.heavy.taken == 0


def test_an_answer_of_no_bytes_begins_and_ends() -> None:
    sent = []

    async def send(message: Any) -> None:
        sent.append(message["type"])

    answered(lambda _into: None, send)
    assert sent == ["http.response.start", "http.response.body"]


def test_what_fails_before_the_first_byte_is_raised_and_nothing_is_sent() -> None:
    sent = []

    def write(_into: Any) -> None:
        raise ValueError("no such table")

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(ValueError, match="no such table"):
        answered(write, send)
    assert sent == []


def test_what_fails_later_breaks_the_answer_off() -> None:
    sent = []

    def write(into: Any) -> None:
        into.write(PIECE)
        raise ValueError("the disk is full")

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(ValueError, match="the disk is full"):
        answered(write, send)
    assert sent[0]["status"] == 200
    assert all(message.get("more_body", True) for message in sent), "it looks whole"


def test_writing_ends_when_the_client_has_left() -> None:
    leaves, pieces = threading.Event(), []

    def write(into: Any) -> None:
        for number in range(100_000):
            pieces.append(into.write(PIECE))
            if number == 10:
                leaves.set()
            threading.Event().wait(0.001)

    async def send(_message: Any) -> None:
        return

    lanes = answered(write, send, leaves=leaves)
    assert len(pieces) < 10_000
    assert lanes.heavy.taken == 0
