"""B10: bodies that are packed, cut off, or larger than they say."""

import gzip
import zlib

from tests.bad_inputs.case import CSV, NDJSON, Case, hand_in

LINE = b"period,channel,revenue\n2025-02,sized,1\n"
GZIP = (("Content-Encoding", "gzip"),)
MOST_JSON, MOST_BODY = 100_000, 4_000_000
"""`KONTOR_MAX_JSON_BYTES` and `KONTOR_MAX_BODY_BYTES` of the service that these are sent to."""
MULTIPART = "multipart/form-data; boundary="


def _zeros(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    piece = bytes(1 << 20)
    return b"".join([*(packer.compress(piece) for _ in range(size >> 20)), packer.flush()])


def _packed(name: str, outcome: str, body: bytes, kind: str = CSV) -> Case:
    return hand_in(name, outcome, body, kind, headers=GZIP)


def _part(number: int, name: str = "a.csv") -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="f{number}"; filename="{name}"\r\n\r\nx\r\n'.encode()


def cases() -> list[Case]:
    """Made when asked for: a gigabyte takes seconds to pack."""
    zeros = _zeros(1 << 30)
    good, rows = gzip.compress(LINE), b'[{"period": "2025-02", "channel": "sized"}]'
    raw = zlib.compressobj(wbits=-15)
    return [
        _packed("gzip of a gigabyte of zeros", "413 too-large", zeros),
        _packed("the same as lines of JSON", "413 too-large", zeros, NDJSON),
        _packed("gzip of 64 MB of lines", "413 too-large", gzip.compress(LINE[:23] + b"2025-02,sized,1\n" * (1 << 22))),
        _packed("gzip with noise behind it", "400 bad-body", good + b"noise"),
        _packed("gzip, and gzip behind it", "201", gzip.compress(LINE[:23]) + gzip.compress(LINE[23:])),
        _packed("gzip cut off", "400 bad-body", good[:-9]),
        _packed("gzip without its checksum", "400 bad-body", good[:-8]),
        _packed("gzip with a wrong checksum", "400 bad-body", good[:-8] + bytes(4) + good[-4:]),
        _packed("gzip with a wrong length", "400 bad-body", good[:-4] + b"\xff" * 4),
        _packed("gzip header alone", "400 bad-body", good[:10]),
        _packed("gzip of nothing", "400 bad-body", gzip.compress(b"")),
        _packed("deflate", "400 bad-body", raw.compress(LINE) + raw.flush()),
        _packed("zlib", "400 bad-body", zlib.compress(LINE)),
        hand_in("deflate, said", "415 wrong-content-type", LINE, CSV, headers=(("Content-Encoding", "deflate"),)),
        hand_in("JSON of the limit", "201", rows.ljust(MOST_JSON)),
        hand_in("JSON of the limit and a byte", "413 too-large", rows.ljust(MOST_JSON + 1)),
        _packed("JSON of the limit, packed", "201", gzip.compress(rows.ljust(MOST_JSON)), "application/json"),
        _packed(
            "JSON of the limit and a byte, packed",
            "413 too-large",
            gzip.compress(rows.ljust(MOST_JSON + 1)),
            "application/json",
        ),
        hand_in("CSV of the limit and a byte", "413 too-large", LINE + b"\n" * (MOST_BODY + 1 - len(LINE)), CSV),
        hand_in(
            "a thousand and one files", "415 wrong-content-type", b"".join(map(_part, range(1001))), MULTIPART + "b"
        ),
        hand_in("a boundary of 257 bytes", "415 wrong-content-type", _part(0), MULTIPART + "b" * 257),
        hand_in("a file name with a path", "415 wrong-content-type", _part(0, "../../etc/passwd"), MULTIPART + "b"),
        hand_in("multipart without its end", "415 wrong-content-type", _part(0), MULTIPART + "b"),
        hand_in("multipart without a boundary", "415 wrong-content-type", _part(0), "multipart/form-data"),
    ]
