"""A CRM that replays recorded answers, and the connectors as an integrator runs them."""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

CONNECTORS = Path(__file__).parents[2] / "examples" / "connectors"
sys.path.insert(0, str(CONNECTORS))


@dataclass
class Asked:
    """A request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Recorded:
    """Answers what `answers` gives for a request, bytes as they are and all else as JSON, and keeps what was asked."""

    url: str = ""
    answers: Callable[[Asked], Any] = lambda _asked: {}
    asked: list[Asked] = field(default_factory=list)


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    crm = Recorded()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(self.command, self.path, dict(self.headers), body)
            crm.asked.append(asked)
            found = crm.answers(asked)
            content = found if isinstance(found, bytes) else json.dumps(found).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = answer  # noqa: N815 - named by http.server

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    crm.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield crm
    server.shutdown()
    server.server_close()
