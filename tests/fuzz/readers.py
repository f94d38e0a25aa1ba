"""Coverage-guided fuzzing of all that takes text apart: `python -m tests.fuzz.readers csv -max_total_time=60`.

A reader may refuse, in the words of the service; any other error is a finding, and so is an input that takes longer
than five seconds or more than a gigabyte. Part of `make fuzz`; needs the dependency group `fuzz`.
"""

import asyncio
import io
import resource
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path

import atheris
import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError

with atheris.instrument_imports(include=["service", "odata_query"]):
    from service.access.keys import Token
    from service.access.tokens import Issuer
    from service.api.pages import read_cursor, read_place
    from service.errors import KontorError
    from service.feeds.odata.filters import read_filter
    from service.forms import parquet_cells, sheet_cells
    from service.forms.catalogue import FORMS
    from service.forms.checking import Checker
    from service.forms.delimited import read_delimited
    from service.forms.dialect import DELIMITERS, ENCODINGS, Dialect
    from service.forms.limits import Limits
    from service.forms.objects import read_json, read_ndjson
    from service.method.formulas import BadFormula, Formula
    from service.method.quantities import QUANTITIES
    from service.method.units import OF_QUANTITIES
    from service.operations import method_documents
    from service.settings import Settings

# These need pytest, and are no readers: they are not instrumented.
from tests.access.provider import AUDIENCE, MOMENT, Provider, provider
from tests.conftest import NOW
from tests.forms.test_sheets import parts_of, zipped

FORM = FORMS["statistics"]
NEWEST_MONTH = 12 * 2026 + 10
SHAPES = {column.name: column.kind.name for column in FORM.columns}
TYPES = {
    "code": pa.string(),
    "month": pa.date32(),
    "revenue": pa.decimal128(19, 4),
    "orders": pa.int64(),
    "share": pa.float64(),
    "planned": pa.bool_(),
}
FOLDER = Path(tempfile.mkdtemp(prefix="kontor-fuzz-"))
BODY = FOLDER / "body"
LOOP, ENDED = asyncio.Runner(), ExitStack()
REFUSALS = (KontorError, BadFormula, CalamineError)
"""What the library says of a damaged workbook is turned into a refusal by the process that it is read in."""


def checked(read: Callable[[Path], object], data: bytes) -> None:
    BODY.write_bytes(data)
    checker = Checker(FORM, NEWEST_MONTH)
    for batch in read(BODY).batches:
        checker.check(batch)


def csv(data: bytes) -> None:
    choice = data[0] if data else 0
    delimiters, encodings = list(DELIMITERS), list(ENCODINGS)
    dialect = Dialect(
        delimiter=delimiters[choice % len(delimiters)],
        charset=encodings[choice // 8 % len(encodings)],
        decimal="comma" if choice & 128 else "point",
    )
    checked(lambda path: read_delimited(path, FORM, dialect), data[1:])


def json(data: bytes) -> None:
    checked(lambda path: read_json(path, FORM), data)


def ndjson(data: bytes) -> None:
    checked(lambda path: read_ndjson(path, FORM), data)


def workbook(data: bytes) -> None:
    """Bytes stand for the sheet, in an archive as it must be: a fuzzer would not find one by itself."""
    opened(zipped(parts_of(data.decode("utf-8", "replace"))))


def archive(data: bytes) -> None:
    opened(b"PK\x03\x04" + data)


def opened(data: bytes) -> None:
    BODY.write_bytes(data)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        sheet_cells.read(str(BODY), Path(folder), Limits(), sheet=None, known={}, shapes=SHAPES)


@cache
def confined() -> None:
    """As in the child: what asks for gigabytes is refused at once, and not after seconds of writing zeros."""
    taken = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    bound = taken + Limits().memory
    resource.setrlimit(resource.RLIMIT_AS, (bound, bound))


def parquet(data: bytes) -> None:
    confined()
    BODY.write_bytes(data)
    # The library has errors of all kinds; what is looked for is what takes long, or much, or ends the process.
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder, suppress(Exception):
        parquet_cells.read(str(BODY), Path(folder), Limits(), shapes=SHAPES)


def formula(data: bytes) -> None:
    parsed = Formula.parse(data.decode("utf-8", "replace"))
    parsed.evaluate(dict.fromkeys(parsed.names, Fraction(3, 7)))
    if parsed.names <= QUANTITIES.keys():
        parsed.dimension({name: OF_QUANTITIES[QUANTITIES[name].unit] for name in parsed.names})
    parsed.expanded(dict.fromkeys(parsed.names, parsed))


def method(data: bytes) -> None:
    """A document of a method, with indicators of one's own."""
    kind = method_documents.JSON if data.startswith(b"{") else method_documents.YAML
    method_documents.read(data, kind)


def condition(data: bytes) -> None:
    read_filter(data.decode("utf-8", "replace"), TYPES)


def cursor(data: bytes) -> None:
    text = data.decode("latin-1")
    for kinds in ((int, str), (str, int, int), (int,), (date, str)):
        with suppress(KontorError):
            read_cursor(text, *kinds)
    read_place(text)


def key(data: bytes) -> None:
    Token.read(data.decode("latin-1"))


@cache
def issued() -> tuple[Provider, Issuer]:
    """A provider on this machine, and who takes its tokens."""
    signing = ENDED.enter_context(provider())
    return signing, Issuer(Settings(oidc_issuer=signing.issuer, oidc_audience=AUDIENCE), lambda: NOW)


def token(data: bytes) -> None:
    LOOP.run(issued()[1].verified(data.decode("latin-1")))


def claims(data: bytes) -> None:
    """Bytes stand for what a provider signed: nobody looks at claims without his signature."""
    signing, issuer = issued()
    text = data.decode("utf-8", "replace").replace("ISSUER", signing.issuer)
    LOOP.run(issuer.verified(signing.signed(text)))


READERS: Mapping[str, Callable[[bytes], None]] = {
    reader.__name__: reader
    for reader in (
        *(csv, json, ndjson, workbook, archive, parquet),
        *(formula, method, condition, cursor, key, token, claims),
    )
}


def table() -> bytes:
    columns = {"period": ["2025-01", None], "revenue": [1.5, 2.0], "orders": [1, 2], "channel": ["a", "b"]}
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, compression="none")
    return out.getvalue()


SEEDS: Mapping[str, list[bytes]] = {
    "csv": [b"\0period,revenue\n2025-01,1.5\n", b'\x01period;channel\r\n2025-01;"a ""b"""\r\n'],
    "json": [b'[{"period": "2025-01", "revenue": "1.5", "orders": 2}]'],
    "ndjson": [b'{"period": "2025-01"}\n\n{"period": "2025-02", "channel": "\\u00fc"}\n'],
    "workbook": [b'<row r="1"><c r="A1" t="inlineStr"><is><t>period</t></is></c></row><row r="2"><c r="A2"/></row>'],
    "archive": [zipped(parts_of())[4:]],
    "parquet": [table()],
    "formula": [b"margin / revenue", b"(a + b) * 2 / -c", b"revenue - 1.5e3"],
    "method": [
        b'{"id": "own", "indicators": [{"id": "a", "name": "A", "formula": "margin / revenue", "n": "revenue"}]}',
        b"id: own\nbase: standard\nindicators:\n- id: a\n  formula: margin / revenue\n  unit: share\n",
    ],
    "condition": [
        b"code eq 'a''b' and not (revenue gt 1.5 or orders in (1,2))",
        b"contains(code,'x') and month ge 2025-01-01 and planned",
        b"null ne share",
    ],
    "cursor": [b"WzEsImEiXQ", b"WyJhIiwxLDJd", b"WyIyMDI1LTAxLTAxIiwiYSJd"],
    "key": [b"kontor_aaaaaaaaaaaa_" + b"b" * 30 + b"_000000", str(Token("a" * 12, "b" * 30)).encode()],
    "token": [b"eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6InJzYS0xIn0.eyJpc3MiOiJhIn0.c2ln"],
    "claims": [
        b'{"iss": "ISSUER", "aud": "%b", "sub": "a", "iat": %d, "exp": %d, "scope": "results:read", '
        b'"kontor_subsidiaries": ["DE"]}' % (AUDIENCE.encode(), MOMENT, MOMENT + 600)
    ],
}


def main() -> None:
    reader = READERS[sys.argv.pop(1)]
    corpus = FOLDER / "corpus"
    corpus.mkdir()
    for place, seed in enumerate(SEEDS[reader.__name__]):
        (corpus / str(place)).write_bytes(seed)

    def once(data: bytes) -> None:
        with suppress(*REFUSALS):
            reader(data)

    found = f"-artifact_prefix={FOLDER}/"
    with ENDED:
        atheris.Setup([*sys.argv, str(corpus), "-timeout=5", "-rss_limit_mb=1024", found], once)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
