"""Spans as a collector gets them: what was asked for and how long it took, and nothing of what was sent."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from pydantic import SecretStr

from service import traces
from service.app import create_app
from service.settings import Settings
from tests.conftest import Server

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CANARY = "CANARY-4711"


@contextmanager
def _collector() -> Iterator[tuple[str, list[bytes]]]:
    """Its address, and what came."""
    came: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_spans_name_their_route_and_nothing_of_what_was_sent(
    server_of: Callable[..., AbstractContextManager[Server]], tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path}/served.db"
    with _collector() as (address, came), server_of(database, OTEL_EXPORTER_OTLP_ENDPOINT=address) as server:
        headers = {"Authorization": f"Bearer {server.key}", "traceparent": f"00-{TRACE}-{PARENT}-01"}
        with httpx.Client(base_url=server.url, headers=headers) as client:
            assert client.get(f"/v1/customers/{CANARY}/{CANARY}", params={"x": CANARY}).status_code == 404
            assert httpx.get(f"{server.url}/odata/v1/$metadata?key={server.key}").status_code == 200
            assert client.get(f"/{CANARY}").status_code == 404
            row = {"period": "2026-01", "currency": "PLN", "reference": "EUR", "rate": "0.23", CANARY: CANARY}
            assert client.post("/v1/submissions/exchange-rates", json=[row]).status_code == 422
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(30)
        log = server.log()
    spans = {}
    for body in came:
        assert CANARY.encode() not in body
        assert server.key.encode() not in body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            told = {one.key: one.value.string_value for one in resource.resource.attributes}
            assert told["service.name"] == "kontor"
            for scope in resource.scope_spans:
                spans |= {(span.name, span.span_id): span for span in scope.spans}
    assert {one.key for span in spans.values() for one in span.attributes} <= set(traces.ATTRIBUTES)
    assert not any(span.events or span.status.message for span in spans.values())
    named = {name: span for (name, _), span in spans.items()}
    card = named["GET /v1/customers/{subsidiary}/{code}"]
    assert (card.trace_id.hex(), card.parent_span_id.hex()) == (TRACE, PARENT)
    assert any(name.startswith("POST /v1/submissions/") for name in named)
    assert "GET" in named, "of no route"
    parents = {span.span_id for span in spans.values()}
    statements = [span for (name, _), span in spans.items() if name == "SELECT"]
    assert statements
    assert {span.trace_id.hex() for span in statements} >= {TRACE}
    assert all(span.parent_span_id in parents for span in statements)
    assert sum(f'"trace_id": "{TRACE}"' in line for line in log) == 3


def test_nothing_is_traced_unless_a_variable_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(database_url=SecretStr("sqlite://"))
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    assert create_app(settings).state.traces is None
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:9/v1/traces")
    asked = create_app(settings)
    assert asked.state.traces is not None
    asked.state.traces.shutdown()


def test_who_asks_for_traces_without_the_extra_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "service.traces", None)
    monkeypatch.delattr("service.traces")
    assert create_app(Settings(database_url=SecretStr("sqlite://"))).state.traces is None
    assert [record.levelname for record in caplog.records] == ["ERROR"]
