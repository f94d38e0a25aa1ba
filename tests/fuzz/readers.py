"""Coverage-guided fuzzing of all that takes text apart: `python tests/fuzz/readers.py csv -max_total_time=60`.

A reader may refuse, in the words of the service; any other error is a finding, and so is an input that takes longer
than five seconds or more than a gigabyte. Part of `make fuzz`; needs the dependency group `fuzz`.
"""

import asyncio
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import atheris
from python_calamine import CalamineError

with atheris.instrument_imports(include=["service"]):
    from service.access.keys import Token
    from service.access.tokens import Issuer
    from service.api.pages import read_cursor
    from service.errors import KontorError
    from service.forms import sheet_cells
    from service.forms.catalogue import FORMS
    from service.forms.checking import Checker
    from service.forms.delimited import read_delimited
    from service.forms.dialect import DELIMITERS, ENCODINGS, Dialect
    from service.forms.limits import Limits
    from service.forms.objects import read_json, read_ndjson
    from service.method.formulas import BadFormula, Formula
    from service.settings import Settings

FORM = FORMS["statistics"]
NEWEST_MONTH = 12 * 2026 + 10
SHAPES = {column.name: column.kind.name for column in FORM.columns}
FOLDER = Path(tempfile.mkdtemp(prefix="kontor-fuzz-"))
BODY = FOLDER / "body"
ISSUER = Issuer(
    Settings(oidc_issuer="https://issuer.example", oidc_audience="kontor", oidc_jwks_url="http://127.0.0.1:1/keys"),
    lambda: datetime(2026, 11, 15, tzinfo=UTC),
)


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
    from tests.forms.test_sheets import parts_of, zipped  # noqa: PLC0415 - pytest need not be instrumented

    opened(zipped(parts_of(data.decode("utf-8", "replace"))))


def archive(data: bytes) -> None:
    opened(b"PK\x03\x04" + data)


def opened(data: bytes) -> None:
    BODY.write_bytes(data)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        sheet_cells.read(str(BODY), Path(folder), Limits(), sheet=None, known={}, shapes=SHAPES)


def formula(data: bytes) -> None:
    Formula.parse(data.decode("utf-8", "replace"))


def cursor(data: bytes) -> None:
    for kinds in ((int, str), (str, int, int), (int,)):
        read_cursor(data.decode("latin-1"), *kinds)


def key(data: bytes) -> None:
    Token.read(data.decode("latin-1"))


def token(data: bytes) -> None:
    asyncio.run(ISSUER.verified(data.decode("latin-1")))


READERS: Mapping[str, Callable[[bytes], None]] = {
    reader.__name__: reader for reader in (csv, json, ndjson, workbook, archive, formula, cursor, key, token)
}
SEEDS: Mapping[str, list[bytes]] = {
    "csv": [b"\0period,revenue\n2025-01,1.5\n", b'\x01period;channel\r\n2025-01;"a ""b"""\r\n'],
    "json": [b'[{"period": "2025-01", "revenue": "1.5", "orders": 2}]'],
    "ndjson": [b'{"period": "2025-01"}\n\n{"period": "2025-02", "channel": "\\u00fc"}\n'],
    "workbook": [b'<row r="1"><c r="A1" t="inlineStr"><is><t>period</t></is></c></row><row r="2"><c r="A2"/></row>'],
    "archive": [],
    "formula": [b"margin / revenue", b"(a + b) * 2 if c > 0 else 1", b"min(a, b) ** 2"],
    "cursor": [b"WzEsImEiXQ", b"WyJhIiwxLDJd"],
    "key": [b"kontor_aaaaaaaaaaaa_" + b"b" * 30 + b"_000000"],
    "token": [b"eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImEifQ.eyJpc3MiOiJhIn0.c2ln"],
}


def main() -> None:
    reader = READERS[sys.argv.pop(1)]
    corpus = FOLDER / "corpus"
    corpus.mkdir()
    for place, seed in enumerate(SEEDS[reader.__name__]):
        (corpus / str(place)).write_bytes(seed)

    def once(data: bytes) -> None:
        # The library's own error is turned into a refusal by the process that workbooks are read in.
        with suppress(KontorError, BadFormula, CalamineError):
            reader(data)

    found = f"-artifact_prefix={FOLDER}/"
    atheris.Setup([*sys.argv, str(corpus), "-timeout=5", "-rss_limit_mb=1024", found], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
