"""Where messages may be sent: table of addresses that must never be reached, without a packet leaving."""

import asyncio
import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any

import httpx
import pytest
import trustme

from service.errors import BadArgument
from service.operations import sending
from service.operations.sending import READ_AT_MOST, Sender, Sent, public

PUBLIC = "93.184.215.14"


def resolver(*answers: Sequence[str]) -> sending.Resolve:
    """Gives these answers, one after the other; the last again and again."""
    left = list(answers)

    async def resolve(_name: str, _port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


@pytest.fixture
def connects(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The connections that were tried; none is made."""
    tried: list[Any] = []

    def refuse(_socket: Any, address: Any) -> None:
        tried.append(address)
        raise ConnectionRefusedError

    async def connect(_loop: Any, _socket: Any, address: Any) -> None:
        refuse(_socket, address)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(asyncio.selector_events.BaseSelectorEventLoop, "sock_connect", connect)
    return tried


HTTP = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://localhost/",
    "http://localhost./",
    "http://LOCALHOST/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[fe80::1%25lo]/",
    "http://169.254.169.254/",
    "http://[fd00:ec2::254]/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.0.1/",
    "http://100.64.0.1/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://metadata.internal/",
    "http://user@127.0.0.1/",
    "http://good.example@127.0.0.1/",
    "http://good.example#@127.0.0.1/",
    "http://127.0.0.1%2f@good.example/",
    "http://good.example:80@127.0.0.1/",
]
"""With https they are refused as well, so it is the address and not the scheme that refuses them."""
MORE = [
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:7f00:1::80ff:fffe]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://168.63.129.16/",
    "https://192.0.2.1/",
    "https://240.0.0.1/",
    "https://127.0.0.1./",
    "https://0x7f.0x1/",
    "https://0x7f.1/",
    "https://1.2.3/",
    "https://good/",
    "https://good..example/",
    "https://-good.example/",
    "https:///hook",
    "https://",
    "//good.example/",
    "good.example/hook",
    "ftp://good.example/",
    "file:///etc/passwd",
    "gopher://good.example/",
    "dict://good.example:443/",
    "unix:///var/run/docker.sock",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
    "data:text/plain,x",
    "jar:https://good.example!/x",
    "javascript:alert(1)",
    "http://good.example/",
    "https://good.example:22/",
    "https://good.example:5432/",
    "https://good.example:80/",
    "https://good.example:0/",
    "https://good.example:99999/",
    "https://good.example:-1/",
    "https://good.example:443x/",
    "https://gооd.example/",
    "https://good.example/\r\nX: 1",
    "https://good.example/\tx",
    "https://good.example\\@127.0.0.1/",
    "https://good.example/ x",
    "https://good.example/" + "a" * 65_536,
    "",
]


@pytest.mark.parametrize("url", [*HTTP, *(f"https{url[4:]}" for url in HTTP), *MORE])
def test_an_address_inside_or_odd_is_refused_unseen(url: str, connects: list[Any]) -> None:
    sender = Sender(resolve=resolver([PUBLIC]))
    with pytest.raises(BadArgument):
        asyncio.run(sender.addresses(url))
    sent = asyncio.run(sender.send(url, b"{}", {}))
    assert sent.status is None
    assert sent.error.startswith("Nothing can be sent to this address")
    assert connects == []


RESOLVED = {
    "a name of loopback": ["127.0.0.1"],
    "one public, one private": [PUBLIC, "10.0.0.1"],
    "an alias of localhost": ["::1"],
    "mapped": ["::ffff:169.254.169.254"],
    "with a zone": ["fe80::1%lo"],
    "no address": ["nonsense"],
}


@pytest.mark.parametrize("answer", RESOLVED.values(), ids=RESOLVED)
def test_a_name_that_resolves_inside_is_refused(answer: list[str], connects: list[Any]) -> None:
    sender = Sender(resolve=resolver(answer))
    with pytest.raises(BadArgument, match="resolves to an address that is not public"):
        asyncio.run(sender.addresses("https://good.example/"))
    assert asyncio.run(sender.send("https://good.example/", b"{}", {})).status is None
    assert connects == []


def test_the_connection_goes_to_the_very_address_that_was_looked_at(connects: list[Any]) -> None:
    """A name that would resolve to another one a moment later is not asked again."""
    sender = Sender(resolve=resolver([PUBLIC], ["127.0.0.1"]))
    sent = asyncio.run(sender.send("https://good.example:8443/", b"{}", {}))
    assert sent.status is None
    assert connects == [(PUBLIC, 8443)]


def test_a_name_that_does_not_resolve_is_told(connects: list[Any]) -> None:
    async def resolve(_name: str, _port: int) -> Sequence[str]:
        raise socket.gaierror

    sender = Sender(resolve=resolve)
    assert asyncio.run(sender.addresses("https://good.example/")) == []
    assert asyncio.run(sender.send("https://good.example/", b"", {})).error == "its name does not resolve"
    assert connects == []


def test_public_addresses_are_public() -> None:
    for text in (PUBLIC, "1.1.1.1", "2606:4700::1111", "64:ff9b::5db8:d70e", "::ffff:1.1.1.1", "2002:101:101::"):
        assert public(ip_address(text)), text


class Receiver(BaseHTTPRequestHandler):
    """Answers as the last part of the path says."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        answer: Callable[[], None] = getattr(self, self.path.strip("/").replace("-", "_"))
        self.server.seen.append((self.path, self.headers["Host"]))  # type: ignore[attr-defined]
        with suppress(OSError):  # whoever asked has left
            answer()

    def _answer(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def fine(self) -> None:
        self._answer(204)

    def gone(self) -> None:
        self._answer(410)

    def found(self) -> None:
        self._answer(302, Location="/fine")

    def kept(self) -> None:
        self._answer(307, Location="/kept")

    def slow(self) -> None:
        for _ in range(40):
            self.wfile.write(b"H")
            self.wfile.flush()
            time.sleep(0.1)

    def silent(self) -> None:
        time.sleep(3)

    def endless(self) -> None:
        self._answer(200)
        for _ in range(2_000):
            self.wfile.write(b"x" * 100_000)

    def packed(self) -> None:
        self._answer(200, **{"Content-Encoding": "gzip"})
        self.wfile.write(gzip.compress(bytes(50_000_000)))

    def cut(self) -> None:
        self._answer(200, **{"Content-Length": "100"})
        self.wfile.write(b"x")

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def receiver() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.seen = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


INSIDE = Sender(allow_private=True, allow_http=True)


def test_what_a_receiver_may_do(receiver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "SECONDS", 1.0)
    base = f"http://localhost:{receiver.server_port}"

    def send(path: str) -> Sent:
        return asyncio.run(INSIDE.send(f"{base}/{path}", b"{}", {}))

    assert [send(path).status for path in ("fine", "gone", "found", "kept", "endless", "packed")] == [
        *(204, 410, 302, 307, 200, 200)
    ]
    assert [one[0] for one in receiver.seen] == ["/fine", "/gone", "/found", "/kept", "/endless", "/packed"]
    assert receiver.seen[0][1] == f"localhost:{receiver.server_port}", "the name stays in the request"
    for path in ("slow", "silent"):
        began = time.monotonic()
        assert send(path) == Sent(None, "no whole answer within 1 s"), path
        assert time.monotonic() - began < 2.5
    assert send("cut").status is None
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        sent = asyncio.run(INSIDE.send(f"http://127.0.0.1:{taken.getsockname()[1]}/", b"", {}))
    assert (sent.status, sent.error.split(":")[0]) == (None, "ConnectError")


def test_no_more_is_read_than_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    given = 0

    async def endless() -> Any:
        nonlocal given
        while True:
            given += 1024
            yield b"x" * 1024

    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=endless()))
    client = httpx.AsyncClient(transport=transport)
    sent = asyncio.run(sending._post(client, "https://good.example/", PUBLIC, (b"", {})))
    assert (sent.status, given) == (200, READ_AT_MOST)


def test_a_certificate_of_nobody_or_of_another_name_is_refused(receiver: Any) -> None:
    authority = trustme.CA()
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("good.example").configure_cert(served)
    receiver.socket = served.wrap_socket(receiver.socket, server_side=True)
    loopback = resolver(["127.0.0.1"])
    strict, trusting = (Sender(allow_private=True, resolve=loopback) for _ in range(2))
    authority.configure_trust(trusting._tls)

    def send(sender: Sender, name: str) -> Sent:
        return asyncio.run(sender.send(f"https://{name}:{receiver.server_port}/fine", b"{}", {}))

    assert send(trusting, "good.example") == Sent(204)
    assert "CERTIFICATE_VERIFY_FAILED" in send(strict, "good.example").error
    assert "Hostname mismatch" in send(trusting, "other.example").error
    assert len(receiver.seen) == 1
