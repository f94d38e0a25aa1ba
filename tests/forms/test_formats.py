"""Opening what came: gzip from end to end, within limits, and the reader that a content type names."""

import gzip
import io
import json
import tempfile
import zlib
from pathlib import Path
from time import process_time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BadBody, TooLarge
from service.forms.dialect import Dialect
from service.forms.formats import CONTENT_TYPES, FORMATS, unpack
from tests.forms.tables import STATISTICS

LIMIT = 1 << 30
TEXT = b"period,revenue\n2025-01,1\n"


def unpacked(body: bytes, limit: int = LIMIT) -> bytes:
    plain = io.BytesIO()
    unpack(io.BytesIO(body), plain, limit)
    return plain.getvalue()


@pytest.mark.parametrize("level", [0, 1, 9])
def test_what_was_packed_comes_back(level: int) -> None:
    assert unpacked(gzip.compress(TEXT, level)) == TEXT


def test_several_members_come_back_one_after_the_other() -> None:
    assert unpacked(gzip.compress(b"a", mtime=0) + gzip.compress(b"", mtime=0) + gzip.compress(b"b", mtime=0)) == b"ab"


def test_nothing_packed_is_nothing() -> None:
    assert unpacked(gzip.compress(b"", mtime=0)) == b""


def test_a_packed_body_that_is_packed_again_is_unpacked_once() -> None:
    once = gzip.compress(TEXT, mtime=0)
    assert unpacked(gzip.compress(once, mtime=0)) == once


def test_a_name_in_the_gzip_is_of_no_account() -> None:
    out = io.BytesIO()
    with gzip.GzipFile("../../etc/passwd", "wb", fileobj=out) as file:
        file.write(TEXT)
    assert unpacked(out.getvalue()) == TEXT


@pytest.mark.parametrize("cut", range(1, len(gzip.compress(TEXT, mtime=0))))
def test_a_gzip_that_ends_too_early_is_refused(cut: int) -> None:
    with pytest.raises(BadBody, match="ends too early"):
        unpacked(gzip.compress(TEXT, mtime=0)[:-cut])


@pytest.mark.parametrize(
    "body",
    [
        TEXT,
        b"\n",
        zlib.compress(TEXT),
        zlib.compress(TEXT)[2:-4],
        b"PK\x03\x04" + TEXT,
        b"BZh9" + TEXT,
        gzip.compress(TEXT, mtime=0) + b"garbage",
        gzip.compress(TEXT, mtime=0) + b"\0\0\0",
        gzip.compress(TEXT, mtime=0) + b"\x1f\x8bgarbage",
        gzip.compress(TEXT, mtime=0)[:-8] + b"\0" * 8,
        gzip.compress(TEXT, mtime=0)[:-4] + b"\0" * 4,
        gzip.compress(TEXT, mtime=0)[:2] + b"\x07" + gzip.compress(TEXT, mtime=0)[3:],
        b"\x1f\x8b\x08\xff" + b"\xff" * 100,
    ],
    ids=lambda body: repr(body[:12]),
)
def test_what_is_not_gzip_from_end_to_end_is_refused(body: bytes) -> None:
    with pytest.raises(BadBody, match=r"not gzip|ends too early"):
        unpacked(body)


def test_an_empty_body_is_no_gzip() -> None:
    with pytest.raises(BadBody, match="ends too early"):
        unpacked(b"")


class _Counted(io.RawIOBase):
    """Takes what is written and counts it."""

    taken = 0

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        self.taken += len(piece)
        return len(piece)


def _zeros(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    block = bytes(1 << 20)
    return b"".join(packer.compress(block) for _ in range(size >> 20)) + packer.flush()


def test_a_bomb_is_refused_long_before_it_is_unpacked() -> None:
    bomb = _zeros(1 << 30)
    assert len(bomb) < 1_100_000
    plain = _Counted()
    begin = process_time()
    with pytest.raises(TooLarge, match="200 times"):
        unpack(io.BytesIO(bomb), plain, LIMIT * 4)
    assert plain.taken <= 230 << 20
    assert process_time() - begin < 10


def test_a_bomb_of_many_members_is_refused() -> None:
    with pytest.raises(TooLarge):
        unpack(io.BytesIO(_zeros(8 << 20) * 128), _Counted(), LIMIT * 4)


def test_a_little_body_may_be_packed_well() -> None:
    plain = _Counted()
    unpack(io.BytesIO(_zeros(64 << 20)), plain, LIMIT)
    assert plain.taken == 64 << 20


def test_the_limit_is_of_what_is_unpacked() -> None:
    assert unpacked(gzip.compress(bytes(1_000), mtime=0), limit=1_000) == bytes(1_000)
    with pytest.raises(TooLarge, match="1000 bytes"):
        unpacked(gzip.compress(bytes(1_001), mtime=0), limit=1_000)
    with pytest.raises(TooLarge):
        unpacked(gzip.compress(bytes(600), mtime=0) * 2, limit=1_000)


def test_very_many_members_cost_little() -> None:
    begin = process_time()
    assert unpacked(gzip.compress(b"", mtime=0) * 200_000) == b""
    assert process_time() - begin < 8, "what is left was copied after each member"


@given(st.lists(st.binary(max_size=2_000), min_size=1, max_size=5))
def test_any_members_come_back(parts: list[bytes]) -> None:
    assert unpacked(b"".join(map(gzip.compress, parts))) == b"".join(parts)


@given(st.binary(max_size=200) | st.binary(max_size=50).map(lambda body: gzip.compress(TEXT, mtime=0)[:15] + body))
def test_no_bytes_do_anything_but_be_unpacked_or_refused(body: bytes) -> None:
    try:
        found = unpacked(body)
    except BadBody:
        return
    assert found == gzip.decompress(body)


def _workbook() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        for line, cells in enumerate((("period", "revenue"), ("2025-01", "1"))):
            sheet.write_row(line, 0, cells)
    return out.getvalue()


def _parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"period": ["2025-01"], "revenue": ["1"]}), out)
    return out.getvalue()


def test_each_content_type_names_its_reader() -> None:
    bodies = {
        "json": json.dumps([{"period": "2025-01", "revenue": "1"}]).encode(),
        "ndjson": b'{"period": "2025-01", "revenue": "1"}\n',
        "csv": TEXT,
        "xlsx": _workbook(),
        "parquet": _parquet(),
    }
    assert bodies.keys() == CONTENT_TYPES.keys()
    for name, body in bodies.items():
        with tempfile.NamedTemporaryFile() as file:
            file.write(body)
            file.flush()
            reading = FORMATS[CONTENT_TYPES[name]].read(Path(file.name), STATISTICS, Dialect())
            (batch,) = list(reading.batches)
        assert [batch.columns[column].to_pylist() for column in ("period", "revenue")] == [["2025-01"], ["1"]]
        assert batch.received == 1


def test_what_is_read_as_a_whole_says_so() -> None:
    assert [format_.name for format_ in FORMATS.values() if format_.whole] == ["json"]
