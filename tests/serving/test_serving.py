"""A served process as its clients, its operators and its balancer meet it."""

import asyncio
import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

import httpx
import pytest
import uvicorn

from service import logs, serving
from tests.conftest import Server

CANARY = "zqcanary"
_ALWAYS = {"time", "level", "logger", "message"}


def _sent_canaries(server: Server) -> None:
    """Requests with the canary in every place where a client can put something."""
    headers = {"Authorization": f"Bearer {server.key}", "X-Customer": CANARY, "User-Agent": CANARY}
    with httpx.Client(base_url=server.url, headers=headers) as client:
        subsidiary = {"name": CANARY, "country": "DE", "currency": "EUR"}
        assert client.put("/v1/subsidiaries/DE", json=subsidiary).status_code in (200, 201)
        person = [{"code": CANARY, "name": f"{CANARY} Miller", "start": "2020-01-01"}]
        assert client.post("/v1/submissions/salespeople?subsidiary=DE", json=person).status_code == 201
        assert client.post("/v1/submissions/salespeople?subsidiary=DE", json=[{"code": CANARY}]).status_code == 422
        assert client.get(f"/v1/customers/DE/{CANARY}?q={CANARY}").status_code == 404
        assert client.get(f"/{CANARY}").status_code == 404
        assert client.request(CANARY.upper(), "/v1/forms").status_code == 400
        assert client.delete(f"/v1/forms?{CANARY}").status_code == 405
        assert client.post(f"/v1/submissions/{CANARY}", content=CANARY).status_code in (404, 405)
        assert client.get("/v1/forms", headers={"Authorization": f"Bearer {CANARY}"}).status_code == 401
        assert client.get("/v1/kpis", params={"indicators": CANARY}).status_code == 422


def test_the_log_tells_what_happened_and_nothing_of_what_was_sent(server: Server) -> None:
    _sent_canaries(server)
    trace = "0af7651916cd43dd8448eb211c80319c"
    marked = {"X-Request-Id": "mine-1", "traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    httpx.get(f"{server.url}/v1/forms?name=x", headers={"Authorization": f"Bearer {server.key}"} | marked)
    with socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1]))) as raw:
        raw.sendall(f"{CANARY} what\r\n\r\n".encode())
        raw.recv(1000)
    text = "\n".join(server.log())
    assert CANARY not in text.lower()
    assert server.key not in text
    assert server.key.split("_")[2] not in text
    assert "?" not in text
    lines = [json.loads(line) for line in server.log()]
    for line in lines:
        assert set(line) <= _ALWAYS | set(logs.FIELDS) | {"request_id", "trace_id", "errors"}, line
    requests = [line for line in lines if line["message"] == "request"]
    mine = next(line for line in requests if line["request_id"] == "mine-1")
    assert mine["trace_id"] == trace
    assert (mine["method"], mine["route"], mine["status"]) == ("GET", "/v1/forms", 200)
    assert mine["principal"] == server.key.split("_")[1]
    card = next(line for line in requests if line["route"] == "/v1/customers/{subsidiary}/{code:path}")
    assert (card["status"], card["problem"]) == (404, "not-found")
    assert any((line["route"], line["status"]) == ("none", 404) for line in requests)


def test_metrics_are_for_those_who_may_read_them(server: Server) -> None:
    _sent_canaries(server)
    assert httpx.get(f"{server.url}/metrics").status_code == 401
    answer = httpx.get(f"{server.url}/metrics", headers={"Authorization": f"Bearer {server.key}"})
    assert answer.status_code == 200
    assert CANARY not in answer.text.lower()
    for line in (
        'kontor_requests_total{method="PUT",route="/v1/subsidiaries/{subsidiary}",status="201"} 1.0',
        'kontor_rows_total{form="salespeople",outcome="added"} 1.0',
        'kontor_rows_total{form="salespeople",outcome="refused"} 1.0',
        'kontor_calculation_seconds_count{route="/v1/kpis"} 1.0',
        "kontor_jobs_waiting 0.0",
    ):
        assert line in answer.text


def test_a_process_takes_its_leave_in_order(
    tmp_path: Any, server_of: Callable[..., AbstractContextManager[Server]]
) -> None:
    """Not ready, answering yet; then no new connections; then gone, whatever clients hold open."""
    with server_of(f"sqlite:///{tmp_path}/served.db", KONTOR_LINGER_SECONDS="2", KONTOR_DRAIN_SECONDS="1") as server:
        port = int(server.url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port)) as half:
            head = f"POST /v1/submissions/statistics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}\r\n"
            half.sendall(f"{head}Content-Type: text/csv\r\nContent-Length: 1000\r\n\r\nperiod".encode())
            time.sleep(0.3)
            begun = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            refused = httpx.get(f"{server.url}/readyz")
            assert refused.status_code == 503
            assert "about to end" in refused.json()["detail"]
            assert httpx.get(f"{server.url}/healthz").status_code == 200
            time.sleep(2.2)
            with pytest.raises(httpx.ConnectError):
                httpx.get(f"{server.url}/healthz")
            server.process.wait(timeout=10)
            assert 3 < time.monotonic() - begun < 12


@contextmanager
def _running() -> Iterator[Any]:
    """A maker of connections to a server with our protocol, in this process; its application reads nothing."""

    async def application(scope: Any, _receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"x" * (1 << 24 if scope["path"] == "/much" else 1)})

    config = uvicorn.Config(application, http=serving.Deadlines, lifespan="off", log_config=None, ws="none")
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    yield server, listener
    listener.close()


def _spoken(pieces: list[bytes], pause: float, *, reads: bool = True) -> tuple[bytes, float]:
    """What a server answers to pieces that come with pauses between, and after how many seconds it hangs up."""

    async def speak() -> tuple[bytes, float]:
        with _running() as (server, listener):
            task = asyncio.create_task(server.serve(sockets=[listener]))
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            begun, answer = time.monotonic(), b""
            with suppress(ConnectionError):  # it hung up on us
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(pause)
                await asyncio.sleep(0 if reads else 1)
                answer = await asyncio.wait_for(reader.read(), 20)
            seconds = time.monotonic() - begun
            writer.close()
            server.should_exit = True
            await task
            return answer, seconds

    return asyncio.run(speak())


def test_headers_that_do_not_end_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HEAD_SECONDS", 0.3)
    silent, _ = _spoken([b""], 0)
    assert silent.startswith(b"HTTP/1.1 408")
    _, seconds = _spoken([b"GET / HTTP/1.1\r\n", *[b"X-A: b\r\n"] * 200], 0.1)
    assert seconds < 15
    _, seconds = _spoken([b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", *[b"GET / HTTP"], *[b"X"] * 200], 0.1)
    assert seconds < 15


def test_headers_that_are_too_long_are_given_up() -> None:
    answer, _ = _spoken([b"GET / HTTP/1.1\r\n", *[b"X-A: " + b"b" * 20_000 + b"\r\n"] * 4], 0.02)
    assert answer.startswith(b"HTTP/1.1 431")


def test_a_request_that_is_answered_gets_no_second_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever becomes of its body."""
    monkeypatch.setattr(serving, "HEAD_SECONDS", 0.3)
    begun = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"
    for rest in ([b"zz\r\n"], [b"2\r\nab\r\n"]):
        answer, _ = _spoken([begun, *rest], 0.1)
        assert answer.count(b"HTTP/1.1") == 1
        assert answer.startswith(b"HTTP/1.1 200")


def test_an_answer_that_nobody_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "UNREAD_SECONDS", 0.2)
    answer, _ = _spoken([b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n"], 0, reads=False)
    assert len(answer) < 1 << 24
    read, _ = _spoken([b"GET /much HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"], 0)
    assert len(read) > 1 << 24
