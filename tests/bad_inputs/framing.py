"""B1: where a request ends, whom it is for, and its headers; as bytes on a connection."""

from dataclasses import dataclass
from gzip import compress

ROWS = b'[{"period": "2025-02", "channel": "framed"}]'
AFTER = b"GET /version HTTP/1.1\r\nHost: kontor\r\n\r\n"
"""What a smuggler hides in a body."""
CHUNKED, SIZE = b"Transfer-Encoding: chunked", b"Content-Length: %d" % len(ROWS)
LINE = b"%x\r\n%s\r\n" % (len(ROWS), ROWS)
WHOLE = LINE + b"0\r\n\r\n"
LONG = 66_000


@dataclass(frozen=True)
class Framed:
    """Bytes that are sent, with `KEY` where a good key belongs, and the statuses that come back, one for each request.

    No status at all: the connection is closed without a word, at the latest when the client has closed its side.
    """

    name: str
    sent: bytes
    statuses: tuple[int, ...]


def _head(first: bytes, *more: bytes, host: bytes = b"Host: kontor", kept: bool = False) -> bytes:
    lines = [first, host, b"Authorization: Bearer KEY", b"" if kept else b"Connection: close", *more]
    return b"\r\n".join(line for line in lines if line) + b"\r\n\r\n"


def get(*more: bytes, path: bytes = b"/v1/forms", version: bytes = b"HTTP/1.1", **words: bytes) -> bytes:
    return _head(b"GET %s %s" % (path, version), *more, **words)


def post(*more: bytes, body: bytes = ROWS, kind: bytes = b"Content-Type: application/json") -> bytes:
    return _head(b"POST /v1/submissions/statistics?subsidiary=DE HTTP/1.1", kind, *more) + body


def _lengths() -> list[Framed]:
    sent = {
        b"-1": 400,
        b"+44": 400,
        b"0x2c": 400,
        b"4 4": 400,
        b"4,4": 400,
        b"44, 44": 400,
        b"": 400,
        b"abc": 400,
        b"44.0": 400,
        "４４".encode(): 400,
        b"18446744073709551660": 400,
        b"9" * 400: 400,
        b"9437184": 413,
        b"0": 400,
        b"2": 400,
    }
    return [
        Framed(f"length {value[:24]!r}", post(b"Content-Length: " + value), (status,)) for value, status in sent.items()
    ]


def _codings() -> list[Framed]:
    refused = (
        *(
            b"xchunked",
            b"chunked, identity",
            b"gzip, chunked",
            b"identity",
            b'"chunked"',
            b"chunked;q=1",
            b"",
            b"\x0bchunked",
        ),
        *(b"chunked\r\nTransfer-Encoding: chunked", b"chunked\r\nTransfer-Encoding: identity", b"\r\n chunked"),
    )
    return [
        *(Framed(f"coding {one!r}", post(b"Transfer-Encoding: " + one, body=WHOLE), (400,)) for one in refused),
        Framed("coding with a space before the colon", post(b"Transfer-Encoding : chunked", body=WHOLE), (400,)),
        Framed("coding in capitals", post(b"TRANSFER-ENCODING:\tChunked", body=WHOLE), (201,)),
        Framed("coding in HTTP/1.0", post(CHUNKED, body=WHOLE).replace(b"HTTP/1.1", b"HTTP/1.0"), (400,)),
        Framed("length and coding", post(SIZE, CHUNKED, body=WHOLE), (400,)),
        Framed("length and coding, smuggled", post(b"Content-Length: 5", CHUNKED, body=b"0\r\n\r\n" + AFTER), (400,)),
        Framed("coding and length, smuggled", post(CHUNKED, b"Content-Length: 44", body=b"0\r\n\r\n" + AFTER), (400,)),
        Framed("two lengths", post(SIZE, b"Content-Length: 3"), (400,)),
        Framed("one length twice", post(SIZE, SIZE), (400,)),
        Framed("length with a space before the colon", post(b"Content-Length : 44"), (400,)),
    ]


def _chunks() -> list[Framed]:
    refused = (
        b"10000000000000001\r\n",
        b"-1\r\n",
        b"0x2c\r\n",
        b"zz\r\n",
        b"2c\n",
        b" 2c\r\n",
        b"\r\n",
        b"2a\r\n",
        b"2f\r\n",
    )
    end = b"\r\n0\r\n\r\n"
    return [
        *(Framed(f"chunk {size!r}", post(CHUNKED, body=size + ROWS + end), (400,)) for size in refused),
        Framed("chunk with an extension", post(CHUNKED, body=b"2c;a=b\r\n" + ROWS + end), (201,)),
        Framed("chunk of 2^64 - 1", post(CHUNKED, body=b"ffffffffffffffff\r\n" + ROWS), ()),
        Framed("no last chunk", post(CHUNKED, body=LINE), ()),
        Framed("a length that is not reached", post(b"Content-Length: 1000"), ()),
        Framed("a key behind the body", post(CHUNKED, body=LINE + b"0\r\nAuthorization: Bearer x\r\n\r\n"), (201,)),
        Framed("a length behind the body", post(CHUNKED, body=LINE + b"0\r\nContent-Length: 3\r\n\r\n"), (400,)),
    ]


def _headers() -> list[Framed]:
    refused = (
        *(b" X-A: b", b"X-A: b\r\n c", b"X-A: b\nX-B: c", b"X-A: b\rX-B: c", b"X-A: a\0b", b"X\0A: b", b"XA", b": b"),
        *(
            b"X(A): b",
            "X-Ä: b".encode(),
            b"X A: b",
            b"Host: other",
            b"Content-Type: text/csv\r\nContent-Type: text/csv",
        ),
        *(b"Idempotency-Key: a\r\nIdempotency-Key: b", b"If-Match: a\r\nIf-Match: b"),
    )
    hosts = (b"user@kontor:80", b"a b", b"kontor/v1", b"kontor?x", b"kontor:8a", b"kontor,other", b"[::1", "ä".encode())
    spoofed = (
        b"X-Forwarded-Host: evil.example",
        b"X-Forwarded-Proto: ftp",
        b"Forwarded: for=1.2.3.4;host=evil.example",
    )
    tenant = (b"X-Tenant-Id: FR", b"X-User-Id: 1", b"X-Original-URL: /v1/keys", b"X-HTTP-Method-Override: DELETE")
    key = b"Idempotency-Key: "
    return [
        *(Framed(f"header {one!r}", get(one), (400,)) for one in refused),
        *(Framed(f"host {one!r}", get(host=b"Host: " + one), (400,)) for one in hosts),
        *(Framed(f"host {one!r}", get(host=b"Host: " + one), (200,)) for one in (b"", b"kontor:80", b"[::1]:80")),
        Framed("no host", get(host=b""), (400,)),
        Framed("no host in HTTP/1.0", get(host=b"", version=b"HTTP/1.0"), (200,)),
        Framed("bare LF everywhere", get().replace(b"\r\n", b"\n"), (400,)),
        Framed("a header of 64 KB", get(b"X-A: " + b"b" * LONG), (431,)),
        Framed("a header name of 64 KB", get(b"X" * LONG + b": b"), (431,)),
        Framed("10 000 headers", get(*(b"X-%d: b" % number for number in range(10_000))), (431,)),
        Framed("two keys", get(b"Authorization: Bearer KEY"), (401,)),
        Framed("a key of 60 KB", get().replace(b"KEY", b"x" * 60_000), (401,)),
        Framed("Idempotency-Key of 60 KB", post(SIZE, key + b"k" * 60_000), (422,)),
        Framed("Idempotency-Key of 64 KB", post(SIZE, key + b"k" * LONG), (431,)),
        Framed("an empty Idempotency-Key", post(SIZE, key), (422,)),
        Framed("another's host and address", get(*spoofed), (200,)),
        Framed("another's subsidiary", get(*tenant), (200,)),
        Framed("ranges by the thousand", get(b"Range: bytes=0-" + b",0-" * 1000), (200,)),
    ]


def _first_lines() -> list[Framed]:
    methods = {b"TRACE": 405, b"BREW": 400, b"get": 400, b"G" * 1000: 400, b"": 400}
    versions = (b"HTTP/0.9", b"HTTP/1.2", b"HTTP/2.0", b"HTTP/9", b"http/1.1", b"HTTP/1.1 x", b"HTTP/1.", b"ICY/1.1")
    paths = (b"/v1/for ms", b"/v1/for\tms", b"/v1/for\0ms", "/v1/förms".encode(), b"kontor:80", b"v1/forms")
    return [
        *(Framed(f"method {one[:9]!r}", _head(one + b" /v1/forms HTTP/1.1"), (code,)) for one, code in methods.items()),
        *(Framed(f"version {one!r}", get(version=one), (400,)) for one in versions),
        *(Framed(f"path {one!r}", get(path=one), (400,)) for one in paths),
        Framed("path of 64 KB", get(path=b"/v1/" + b"x" * LONG), (431,)),
        Framed("query of 64 KB", get(path=b"/v1/forms?a=" + b"x" * LONG), (431,)),
        Framed("path with a host", get(path=b"http://other/v1/forms"), (200,)),
        Framed("no version", b"GET /v1/forms\r\n\r\n", (400,)),
        Framed("CONNECT", _head(b"CONNECT kontor:80 HTTP/1.1"), (400,)),
        Framed("OPTIONS *", _head(b"OPTIONS * HTTP/1.1"), (404,)),
        Framed("HTTP/2 without asking", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400,)),
        Framed("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100, (400,)),
        Framed("noise", bytes(range(256)) * 4, (400,)),
        Framed("blank lines first", b"\r\n\r\n" + get(), (200,)),
    ]


def _bodies() -> list[Framed]:
    twice, zeros = compress(compress(ROWS)), compress(bytes(1 << 20))
    bomb = b"%x\r\n%s\r\n0\r\n\r\n" % (len(zeros), zeros)
    coded = b"Content-Encoding: "
    return [
        Framed("text/plain", post(SIZE, kind=b"Content-Type: text/plain"), (415,)),
        Framed("no content type", post(SIZE, kind=b""), (415,)),
        Framed("plain, said to be gzip", post(SIZE, coded + b"gzip"), (400,)),
        Framed("gzip twice", post(b"Content-Length: %d" % len(twice), coded + b"gzip", body=twice), (400,)),
        Framed("gzip of a megabyte of zeros in chunks", post(CHUNKED, coded + b"gzip", body=bomb), (413,)),
        Framed("gzip twice, said", post(SIZE, coded + b"gzip, gzip"), (415,)),
        Framed("a coding that is not known", post(SIZE, coded + b"br"), (415,)),
        Framed("100-continue", post(SIZE, b"Expect: 100-continue"), (100, 201)),
        Framed("100-continue, and no body", post(SIZE, b"Expect: 100-continue", body=b""), (100,)),
        Framed("a body that nobody asked for", get(SIZE) + ROWS, (200,)),
    ]


def _several() -> list[Framed]:
    """More requests than one on a connection."""
    kept = _head(b"GET /version HTTP/1.1", kept=True)
    hidden = _head(b"GET /version HTTP/1.1", b"Content-Length: %d" % len(AFTER), kept=True)
    upgrade = _head(b"GET /version HTTP/1.1", b"Connection: Upgrade, close", b"Upgrade: websocket", kept=True)
    return [
        Framed("1 000 at once", kept * 999 + get(), (200,) * 1000),
        Framed("one behind the last", get() + AFTER, (200,)),
        Framed("one hidden in a body that nobody asked for", hidden + AFTER + get(), (200, 200)),
        Framed("one hidden behind an upgrade", upgrade + AFTER, (200,)),
        Framed("noise behind one that is not answered yet", kept + b"\0\0\r\n\r\n", ()),
    ]


CASES = [
    *_lengths(),
    *_codings(),
    *_chunks(),
    *_headers(),
    *_first_lines(),
    *_bodies(),
    *_several(),
]
