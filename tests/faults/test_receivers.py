"""F22: receivers of webhooks that refuse, break off or say nothing, and a sender that is killed after it has sent."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from service.errors import KontorError
from service.store import deliveries, webhooks
from service.store.reach import Reach
from tests.faults import properties
from tests.faults.conftest import SHARE, trials
from tests.faults.proxy import FaultProxy, Kind, Toxic
from tests.faults.rig import PATIENCE, Rig

ROWS = 20
GOOD, NO_TLS = "/good", "/no-tls"
BROKEN = {
    "/reset": Toxic(Kind.RESET, 100),
    "/half": Toxic(Kind.HALF_CLOSE, 100),
    "/cut": Toxic(Kind.LIMIT, 20, upstream=False),
    "/down": Toxic(Kind.DOWN),
} | ({"/silent": Toxic(Kind.BLACK_HOLE)} if SHARE == 100 else {})
REFUSING = {"/500": 500, "/301": 301, "/429": 429}


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        receiver: Any = self.server
        receiver.came[self.path, self.headers["webhook-id"]] += 1
        self.send_response(REFUSING.get(self.path, 204) if receiver.spoilt else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


class Receiver(ThreadingHTTPServer):
    """Counts how often each message came to each path; some refuse while it is spoilt."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.came: Counter[tuple[str, str]] = Counter()
        self.spoilt = False

    def handle_error(self, *_: Any) -> None:
        """Broken connections are what is tried."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def sending(rig_of, database_url: str) -> Iterator[Rig]:
    """A rig that may send to this machine."""
    settings = {"KONTOR_WEBHOOK_ALLOW_PRIVATE": "true", "KONTOR_WEBHOOK_ALLOW_HTTP": "true"}
    with rig_of(database_url, **settings) as rig:
        yield rig


def listens(rig: Rig, url: str) -> None:
    asked = {"url": url, "events": ["submission.accepted"]}
    headers = {"Authorization": f"Bearer {rig.keys['*']}"}
    answer = httpx.post(f"{rig.replica.url}/v1/webhooks", json=asked, headers=headers, timeout=PATIENCE)
    assert answer.status_code == 201, answer.text


def messages(rig: Rig) -> list[Any]:
    """Of every webhook: its url, and the id, state, attempts and last outcome of each message."""
    hook, told = webhooks.TABLE, deliveries.TABLE
    of_it = (hook.c.subsidiary_id == told.c.subsidiary_id) & (hook.c.number == told.c.webhook)
    with rig.database.reading(Reach(None)) as connection:
        return list(connection.execute(select(hook.c.url, told).join_from(told, hook, of_it)))


def all_due(rig: Rig) -> None:
    """As if the pauses between attempts, and the lease of an attempt that was never noted, were over."""
    before = datetime.now(UTC) - timedelta(hours=1)
    waiting = deliveries.TABLE.c.state == deliveries.WAITING
    with rig.database.writing(Reach(None)) as connection:
        connection.execute(update(webhooks.TABLE).values(resume_at=None))
        connection.execute(update(deliveries.TABLE).where(waiting).values(due_at=before))


def all_told(rig: Rig, count: int) -> bool:
    """Whether so many messages are delivered; an attempt that began before the faults ended may fail yet."""
    told = len(in_state(rig, "delivered")) == count
    if not told:
        with suppress(KontorError):  # it is the sender's turn
            all_due(rig)
    return told


def until(holds: Callable[[], bool], said: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, said
        time.sleep(0.2)


def in_state(rig: Rig, state: str, path: str = "") -> list[Any]:
    return [one for one in messages(rig) if one.state == state and one.url.endswith(path)]


def tried(message: Any) -> bool:
    """Of the receiver without TLS only the first is, again and again."""
    return bool(message.last_error or message.last_status) or message.url.endswith(NO_TLS)


def test_receivers_that_fail_are_told_later_and_keep_nobody_waiting(sending, receiver, campaign):
    proxies = {path: FaultProxy.to_port(receiver.server_port) for path in BROKEN}
    ports = {path: proxy.port for path, proxy in proxies.items()} | dict.fromkeys(REFUSING, receiver.server_port)
    for path, port in {**ports, GOOD: receiver.server_port}.items():
        listens(sending, f"http://127.0.0.1:{port}{path}")
    listens(sending, f"https://127.0.0.1:{receiver.server_port}{NO_TLS}")
    ledgers = {path: campaign("F22", f"a receiver fails: {path[1:]}", sending.kind) for path in ports}
    rounds = trials(20)
    for place in range(1, rounds + 1):
        receiver.spoilt = True
        for path, proxy in proxies.items():
            proxy.spoil(BROKEN[path])
        assert sending.submit(ROWS).end == "ok"
        until(lambda place=place: len(in_state(sending, "delivered", GOOD)) == place, "others keep it waiting")
        until(lambda: all(map(tried, in_state(sending, "waiting"))), "not tried")
        receiver.spoilt = False
        for proxy in proxies.values():
            proxy.heal()
        began = time.monotonic()
        until(lambda place=place: all_told(sending, place * (len(ports) + 1)), "not told later")
        for ledger in ledgers.values():
            ledger.tried(answered=True, stored=True, recovered=time.monotonic() - began)
    for proxy in proxies.values():
        proxy.stop()
    for one in messages(sending):
        if not one.url.endswith(NO_TLS):
            assert receiver.came["/" + one.url.rpartition("/")[2], one.id] >= 1, "told as delivered, and never came"
        else:
            assert (one.state, one.last_status) == ("waiting", None)
            assert "SSL" in one.last_error or not one.attempts
    good = [count for (path, _), count in receiver.came.items() if path == GOOD]
    assert good == [1] * rounds, "who answers is told once"
    properties.check(sending)


def test_a_message_whose_sender_is_killed_after_sending_comes_again_under_its_id(sending, receiver, campaign):
    ledger = campaign("F22", "the sender is killed after it has sent", sending.kind)
    listens(sending, f"http://127.0.0.1:{receiver.server_port}{GOOD}")
    for place in range(1, trials(40) + 1):
        sending.replica.kill()
        sending.replica.start("outbox_after_send:1:exit")
        operation = sending.submit(ROWS)
        sending.replica.wait(PATIENCE)
        assert len(receiver.came) == place, "it was sent"
        began = time.monotonic()
        all_due(sending)
        sending.replica.start()
        until(lambda place=place: len(in_state(sending, "delivered")) == place, "not told again")
        ledger.tried(answered=operation.end == "ok", stored=True, recovered=time.monotonic() - began)
        assert len(receiver.came) == place, "under another id"
        assert set(receiver.came.values()) == {2}
        sending.settle()
    properties.check(sending)
