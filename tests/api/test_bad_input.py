"""Bad input: each case has its problem document, changes nothing, and is never a 500."""

import gzip
import json
import zlib
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import Service
from tests.group import hand_in_subsidiary

LINE = {"period": "2025-01", "customer": "DE-C1"}
WINDOWS_OF_BOTH_KINDS = {"subsidiary": "DE", "period": "2025", "to": "2025-12"}
MONTHS = "/v1/subsidiaries/DE/closed-months"
CSV = "text/csv"
JSON = "application/json"
NDJSON = "application/x-ndjson"
GZIP = (("Content-Encoding", "gzip"),)
KEY = (("Idempotency-Key", "k-1"),)
GOOD_CSV = "period,customer,revenue\n2025-01,DE-C1,1\n"


@dataclass(frozen=True)
class Bad:
    """A request and the refusal it must get: status, slug, and for rows (row, column, code)."""

    name: str
    method: str
    path: str
    status: int
    slug: str
    body: Any = None
    kind: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    row: tuple[int | None, str | None, str] | None = None
    words: tuple[str, ...] = ()


def submit(name: str, body: Any, slug: str = "rows-refused", status: int = 422, **more: Any) -> Bad:
    form = more.pop("form", "statistics")
    query = more.pop("query", "?subsidiary=DE")
    return Bad(name, "POST", f"/v1/submissions/{form}{query}", status, slug, body, **more)


def line(name: str, column: str, code: str, value: Any, **more: Any) -> Bad:
    return submit(name, [LINE | {column: value}], row=(1, column, code), **more)


def ask(name: str, path: str, slug: str, status: int = 422, **more: Any) -> Bad:
    return Bad(name, "GET", path, status, slug, **more)


def table(name: str, line: str, column: str, code: str, query: str = "", **more: Any) -> Bad:
    """A table of one row, cut by semicolons."""
    body = f"period;customer;revenue\n{line}\n"
    return submit(
        name, body, kind=CSV, query=f"?subsidiary=DE&delimiter=semicolon{query}", row=(2, column, code), **more
    )


CASES = [
    line("unknown period", "period", "bad_month", "2025-13"),
    line("period of another shape", "period", "bad_month", "01/2025"),
    line("full-width digits", "period", "bad_month", "２０２５-01"),
    line("future period", "period", "future_period", "2026-12"),
    line("period long ago", "period", "out_of_range", "1899-12"),
    submit("NaN", '[{"period": "2025-01", "revenue": NaN}]', row=(1, "revenue", "not_a_number")),
    submit("Infinity", '[{"period": "2025-01", "revenue": -Infinity}]', row=(1, "revenue", "not_a_number")),
    line("NaN as text", "revenue", "bad_number", "NaN"),
    line("decimal comma", "revenue", "bad_number", "1,5", words=("decimal mark is a point",)),
    line("grouped thousands", "revenue", "bad_number", "1,234.50"),
    line("underscore", "revenue", "bad_number", "1_000"),
    line("exponent", "revenue", "bad_number", "1e5"),
    line("30 digits", "revenue", "out_of_range", "1" * 30),
    submit(
        "30 digits as a number",
        '[{"period": "2025-01", "revenue": %s}]' % ("1" * 30),
        row=(1, "revenue", "too_many_digits"),
    ),
    line("five decimals", "revenue", "out_of_range", "1.00001"),
    line("negative hours", "hours", "out_of_range", "-1"),
    line("negative orders", "orders", "not_a_count", "-1"),
    line("broken orders", "orders", "not_a_count", "1.5"),
    line("unknown customer", "customer", "unknown_customer", "X-404", words=("X-404",)),
    line("unknown salesperson", "salesperson", "unknown_salesperson", "X-404", words=("X-404",)),
    line("customer as a number", "customer", "wrong_type", 7),
    line("true", "revenue", "wrong_type", True),
    line("a list", "revenue", "wrong_type", [1]),
    line("control character", "channel", "bad_text", "a\u0007b"),
    line("NUL", "channel", "bad_text", "a\0b"),
    submit("lone surrogate", '[{"period": "2025-01", "channel": "\\ud800"}]', row=(1, "channel", "bad_text")),
    line("surrounding space", "customer", "surrounding_space", " DE-C1"),
    line("too long", "channel", "too_long", "x" * 121),
    submit("duplicate key", [LINE, LINE | {"revenue": "1"}], row=(2, "period", "duplicate_key"), words=("Row 1",)),
    submit(
        "unknown field", [LINE | {"revenu": "1"}], row=(1, "revenu", "unknown_column"), words=("did you mean revenue",)
    ),
    submit("field twice", '[{"period": "2025-01", "period": "2025-02"}]', row=(1, "period", "duplicate_column")),
    submit("missing field", [{"revenue": "1"}], row=(1, "period", "missing_value")),
    submit("missing field in one row", [LINE, {"revenue": "1"}], row=(2, "period", "missing_value")),
    submit("not an object", [LINE, 5], row=(2, None, "wrong_type")),
    submit("not an array", {"period": "2025-01"}, "bad-body", 400),
    submit("not JSON", "[{", "bad-body", 400),
    submit("deep nesting", "[" * 50_000, "bad-body", 400),
    submit("empty JSON body", "", "bad-body", 400),
    submit("empty array", [], row=(None, None, "no_rows")),
    submit("empty CSV body", "", "bad-body", 400, kind=CSV),
    submit("CSV of one header", "period,revenue\n", kind=CSV, row=(None, None, "no_rows")),
    submit("CSV of one header with BOM", "\ufeffperiod,revenue\r\n", kind=CSV, row=(None, None, "no_rows")),
    submit("CSV with an unknown column", "period,revenu\n2025-01,1\n", kind=CSV, row=(1, "revenu", "unknown_column")),
    submit("CSV without a needed column", "revenue\n1\n", kind=CSV, row=(1, "period", "missing_column")),
    submit(
        "CSV with a column twice", "period,period\n2025-01,2025-01\n", kind=CSV, row=(1, "period", "duplicate_column")
    ),
    submit(
        "CSV row too short", "period,revenue\n2025-01,1\n2025-02\n", kind=CSV, row=(3, None, "wrong_number_of_cells")
    ),
    submit("CSV row too long", "period,revenue\n2025-01,1,5\n", kind=CSV, row=(2, None, "wrong_number_of_cells")),
    submit("CSV with semicolons", "period;revenue\n2025-01;1\n", kind=CSV, row=(1, "period;revenue", "unknown_column")),
    submit(
        "CSV with CRLF and a bad row", "period,revenue\r\n2025-01,x\r\n", kind=CSV, row=(2, "revenue", "bad_number")
    ),
    submit("CSV with an open quote", 'period,revenue\n2025-01,"1\n', "bad-body", 400, kind=CSV),
    submit("CSV in another encoding", "period,channel\n2025-01,Köln\n".encode("latin-1"), "bad-body", 400, kind=CSV),
    submit("CSV with NUL", "period,channel\n2025-01,a\0\n", "bad-body", 400, kind=CSV),
    submit("wrong content type", "x", "wrong-content-type", 415, kind="text/plain"),
    submit("no content type", "x", "wrong-content-type", 415, kind=""),
    *(
        submit(f"content type {kind!r}", GOOD_CSV, "wrong-content-type", 415, kind=kind)
        for kind in (
            "text/csv2",
            "text/plain; charset=utf-8",
            "application/csv",
            "application/vnd.ms-excel",
            "application/octet-stream",
            "application/zip",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencoded",
            "*/*",
            ";",
            "text/csv,application/json",
            "text/csv; charset=utf-7",
            "text/csv; charset=utf-32",
            "text/csv; charset=idna",
            "text/csv; charset=rot13",
            "text/csv; charset=",
            "application/json; charset=utf-16",
            "application/x-ndjson; charset=windows-1252",
        )
    ),
    *(
        submit(
            f"content encoding {encoding!r}",
            GOOD_CSV,
            "wrong-content-type",
            415,
            kind=CSV,
            headers=(("Content-Encoding", encoding),),
        )
        for encoding in ("br", "deflate", "zstd", "compress", "gzip, gzip", "gzip,identity", "utf-8")
    ),
    *(
        submit(f"gzip that is {name}", body, "bad-body", 400, kind=kind, headers=GZIP)
        for kind in (CSV, JSON, NDJSON)
        for name, body in {
            "none": GOOD_CSV.encode(),
            "empty": b"",
            "cut": gzip.compress(GOOD_CSV.encode())[:-1],
            "followed by garbage": gzip.compress(GOOD_CSV.encode()) + b"garbage",
            "raw deflate": zlib.compress(GOOD_CSV.encode())[2:-4],
            "zlib": zlib.compress(GOOD_CSV.encode()),
            "gzip twice": gzip.compress(gzip.compress(GOOD_CSV.encode())),
            "wrong in its checksum": gzip.compress(GOOD_CSV.encode())[:-8] + b"\0" * 8,
            "empty inside": gzip.compress(b"") if kind != NDJSON else b"\x1f",
        }.items()
    ),
    submit("gzip that is not declared", gzip.compress(GOOD_CSV.encode()), "bad-body", 400, kind=CSV),
    submit(
        "gzip of a bad row",
        gzip.compress(b"period,revenue\n2025-01,x\n"),
        kind=CSV,
        headers=GZIP,
        row=(2, "revenue", "bad_number"),
    ),
    submit("gzip of a bomb", gzip.compress(bytes(100 << 20), 9), "too-large", 413, kind=CSV, headers=GZIP),
    submit("gzip of a long JSON", gzip.compress(b" " * (9 << 20)), "too-large", 413, headers=GZIP),
    submit("CSV in UTF-16, not declared", GOOD_CSV.encode("utf-16"), "bad-body", 400, kind=CSV),
    submit(
        "CSV in UTF-16 without a mark", GOOD_CSV.encode("utf-16-le"), "bad-body", 400, kind=f"{CSV}; charset=utf-16"
    ),
    submit("CSV that is no UTF-16", GOOD_CSV[:-1], "bad-body", 400, kind=f"{CSV}; charset=utf-16"),
    submit(
        "CSV that is no windows-1252",
        b"period,channel\n2025-01,\x81\n",
        "bad-body",
        400,
        kind=f"{CSV}; charset=windows-1252",
    ),
    submit("CSV with a quote inside a cell", 'period,channel\n2025-01,5" pipe\n', "bad-body", 400, kind=CSV),
    submit("CSV that is a spreadsheet", b"PK\x03\x04\x14\0\x06\0", "bad-body", 400, kind=CSV),
    submit("CSV that is JSON", json.dumps([LINE]), "bad-body", 400, kind=CSV),
    submit("CSV without a header", "2025-01,DE-C1,1\n", kind=CSV, row=(1, "period", "missing_column")),
    submit("CSV of empty rows", "period,revenue\n,\n\n", kind=CSV, row=(None, None, "no_rows")),
    submit("CSV with a stray mark", "period,revenue\n\ufeff2025-01,1\n", kind=CSV, row=(2, "period", "bad_month")),
    submit(
        "CSV with a comma declared as a tab",
        GOOD_CSV,
        kind=CSV,
        query="?subsidiary=DE&delimiter=tab",
        row=(1, "period", "missing_column"),
    ),
    *(
        submit(f"query {query}", GOOD_CSV, "invalid-request", kind=CSV, query=f"?subsidiary=DE&{query}")
        for query in (
            "delimiter=pipe",
            "delimiter=;",
            "delimiter=",
            "decimal=dot",
            "decimal=,",
            "decimal=",
            "date_format=YYYY/MM/DD",
            "date_format=dd.mm.yyyy",
            "date_format=%00",
            "correction=replace",
            "mode=",
            "mode=ALL",
            "reason=%00",
            "reason=" + "x" * 501,
        )
    ),
    table(
        "1.234 without a declared mark", "2025-01;DE-C1;1.234", "revenue", "ambiguous_number", words=("decimal=point",)
    ),
    table("1.234 with a comma declared", "2025-01;DE-C1;1.234", "revenue", "bad_number", "&decimal=comma"),
    table("1,5 without a declared mark", "2025-01;DE-C1;1,5", "revenue", "bad_number"),
    table("1.234,50 with a comma declared", "2025-01;DE-C1;1.234,50", "revenue", "bad_number", "&decimal=comma"),
    table("an ISO-like day as a month", "01.01.2025;DE-C1;1", "period", "bad_month", "&date_format=DD.MM.YYYY"),
    table("a month in a notation that was not declared", "01.2025;DE-C1;1", "period", "bad_month"),
    table("American days declared as British", "13.2025;DE-C1;1", "period", "bad_month", "&date_format=DD/MM/YYYY"),
    submit(
        "delta without a key",
        [LINE],
        "bad-argument",
        query="?subsidiary=DE&correction=delta",
        words=("Idempotency-Key",),
    ),
    submit(
        "delta of another form",
        [{"code": "DE-C1"}],
        "bad-argument",
        form="customers",
        query="?subsidiary=DE&correction=delta",
        headers=KEY,
    ),
    submit("a key of another shape", [LINE], "invalid-request", headers=(("Idempotency-Key", "a b"),)),
    submit(
        "NDJSON with a broken line",
        '{"period": "2025-01"}\n{"period"\n',
        "bad-body",
        400,
        kind=NDJSON,
        words=("Line 2",),
    ),
    submit("NDJSON of arrays", '["2025-01"]\n', kind=NDJSON, row=(1, None, "wrong_type")),
    submit("NDJSON that is empty", "\n\n", kind=NDJSON, row=(None, None, "no_rows")),
    submit(
        "NDJSON with a bad third line",
        '{"period": "2025-01"}\n\n{"period": "x"}\n',
        kind=NDJSON,
        row=(3, "period", "bad_month"),
    ),
    submit("NDJSON in UTF-16", '{"period": "2025-01"}\n'.encode("utf-16"), "bad-body", 400, kind=NDJSON),
    submit("overlong UTF-8", b'[{"period": "2025-01", "channel": "\xc0\xaf"}]', "bad-body", 400),
    submit("two documents", "[][]", "bad-body", 400),
    submit("1e400", '[{"period": "2025-01", "revenue": 1e400}]', row=(1, "revenue", "too_many_digits")),
    submit("10^400", '[{"period": "2025-01", "orders": 1%s}]' % ("0" * 400), row=(1, "orders", "too_many_digits")),
    submit("NUL in a name", [LINE | {"a\0b": 1}], row=(1, "ab", "unknown_column")),
    submit("NUL in the subsidiary", [LINE | {"subsidiary": "D\0E"}], "bad-argument", query=""),
    submit(
        "NUL in the subsidiary of a later row",
        [LINE | {"subsidiary": "DE"}, LINE | {"subsidiary": "\0"}],
        query="",
        row=(2, "subsidiary", "bad_text"),
    ),
    submit("surrogate in the subsidiary", '[{"period": "2025-01", "subsidiary": "\\ud800"}]', "bad-argument", query=""),
    line("NUL in a number", "revenue", "bad_text", "1\0"),
    line("flag as a number", "deleted", "wrong_type", 1),
    line("flag as another word", "deleted", "not_a_choice", "yes"),
    submit("unknown subsidiary", [LINE], "not-found", 404, query="?subsidiary=XX"),
    submit("no subsidiary", [LINE], "bad-argument", query=""),
    submit("subsidiary of another shape", [LINE], "invalid-request", query="?subsidiary=%00"),
    submit(
        "two subsidiaries",
        [LINE | {"subsidiary": "DE"}, {"period": "2025-02", "subsidiary": "FR"}],
        query="",
        row=(2, "subsidiary", "mixed_subsidiaries"),
    ),
    submit("query and rows differ", [LINE | {"subsidiary": "FR"}], "bad-argument"),
    submit("unknown mode", [LINE], "invalid-request", query="?subsidiary=DE&mode=some"),
    submit("unknown form", [LINE], "method-not-allowed", 405, form="statistic"),
    submit(
        "end before start",
        [{"code": "S", "start": "2025-02-01", "end": "2025-01-31"}],
        form="salespeople",
        row=(1, "end", "ends_before_start"),
    ),
    submit(
        "day that is none", [{"code": "S", "start": "2025-02-30"}], form="salespeople", row=(1, "start", "bad_date")
    ),
    submit(
        "negative potential", [{"code": "C", "potential": "-1"}], form="customers", row=(1, "potential", "out_of_range")
    ),
    submit("empty code", [{"code": ""}], form="customers", row=(1, "code", "missing_value")),
    submit(
        "unknown source",
        [{"code": "C", "potential_source": "guess"}],
        form="customers",
        row=(1, "potential_source", "not_a_choice"),
    ),
    submit(
        "rate of 0",
        [{"period": "2025-01", "currency": "PLN", "reference": "EUR", "rate": "0"}],
        form="exchange-rates",
        query="",
        row=(1, "rate", "out_of_range"),
    ),
    submit(
        "rate in itself",
        [{"period": "2025-01", "currency": "EUR", "reference": "EUR", "rate": "1"}],
        form="exchange-rates",
        query="",
        row=(1, "reference", "same_currency"),
    ),
    submit(
        "currency of another shape",
        [{"period": "2025-01", "currency": "eur", "reference": "USD", "rate": "1"}],
        form="exchange-rates",
        query="",
        row=(1, "currency", "bad_currency"),
    ),
    *(
        ask(f"as_of {moment}", f"/v1/statistics?as_of={moment}", "invalid-request")
        for moment in ("0.5", "1767225600", "2026-01-01", "2026-01-01T00:00:00", "2026-02-30T00:00:00Z")
    ),
    ask("as_of before time", "/v1/statistics?as_of=0001-01-01T00:00:00%2B02:00", "invalid-request"),
    ask("from after to", "/v1/kpis?from=2025-06&to=2025-01&subsidiary=DE", "bad-argument", words=("2025-06",)),
    ask("window before the data", "/v1/kpis?from=2020-01&to=2020-12&subsidiary=DE", "bad-argument", words=("2024-01",)),
    ask("window beyond the data", "/v1/kpis?from=2025-01&to=2026-06&subsidiary=DE", "bad-argument", words=("2025-12",)),
    ask("month that is none", "/v1/kpis?from=2025-13", "invalid-request"),
    ask("year 0000", "/v1/kpis?from=0000-01", "bad-argument"),
    ask("period that is none", "/v1/kpis?period=2025-Q5", "bad-argument", words=("2025-Q5", "FY2026-Q1")),
    ask("period beside from", "/v1/kpis?period=2025&from=2025-01", "bad-argument", words=("not by both",)),
    ask("period beyond the data", "/v1/kpis?period=2026&subsidiary=DE", "bad-argument", words=("2025-12",)),
    ask("period of lines that is none", "/v1/statistics?period=FY2025-03", "bad-argument", words=("FY2025-03",)),
    ask("coverage upside down", "/v1/coverage?from=2025-06&to=2025-01", "bad-argument", words=("2025-06",)),
    ask("coverage of a period and a month", "/v1/coverage/completeness?period=2025&to=2025-01", "bad-argument"),
    ask("coverage of nobody", "/v1/coverage?subsidiary=XX", "not-found", 404),
    ask("coverage after another cursor", "/v1/coverage?after=WzEsMl0", "bad-cursor", 400),
    ask("checks of no subsidiary", "/v1/coverage/checks", "invalid-request"),
    ask("checks without data", "/v1/coverage/checks?subsidiary=NO", "no-data"),
    ask("checks beyond the data", "/v1/coverage/checks?subsidiary=DE&period=2026", "bad-argument", words=("2025-12",)),
    ask("unknown indicator", "/v1/kpis?indicators=profit", "bad-argument", words=("profit",)),
    ask("unknown grouping", "/v1/kpis?group_by=colour", "bad-argument", words=("colour",)),
    ask("unknown comparison", "/v1/kpis?compare=budget", "invalid-request"),
    ask("unknown rates", "/v1/kpis?rates=old", "invalid-request"),
    ask("filter with a control character", "/v1/kpis?channel=%00", "invalid-request"),
    ask("constant rates without a rate", "/v1/kpis?currency=USD&rates=constant", "missing-rate", words=("EUR",)),
    ask("two times at once", "/v1/kpis?group_by=month,quarter", "bad-argument"),
    ask("unknown subsidiary in KPIs", "/v1/kpis?subsidiary=XX", "not-found", 404),
    ask("currency without a rate", "/v1/kpis?subsidiary=DE&currency=USD", "missing-rate", words=("EUR", "2024-01")),
    ask("subsidiary without data", "/v1/kpis?subsidiary=NO", "no-data"),
    ask("limit too large", "/v1/customers?limit=1001", "invalid-request"),
    ask("cursor that is none", "/v1/customers?after=abc", "bad-cursor", 400),
    ask("cursor of another list", "/v1/customers?after=WzEsMl0", "bad-cursor", 400),
    ask("no such customer", "/v1/customers/DE/X-404", "not-found", 404),
    ask("checks of no submission", "/v1/submissions/DE.99/checks", "not-found", 404, words=("DE.99",)),
    ask("checks of an id of another shape", "/v1/submissions/99/checks", "not-found", 404),
    ask("no such segmentation", "/v1/segmentations/DE.9", "not-found", 404),
    ask("id of another shape", "/v1/segmentations/9", "not-found", 404),
    ask("no such path", "/v1/nothing", "not-found", 404),
    Bad("wrong method", "DELETE", "/v1/customers", 405, "method-not-allowed"),
    Bad("unknown field in a body", "POST", "/v1/segmentations", 422, "invalid-request", {"subsidiary": "DE", "x": 1}),
    Bad("window without data", "POST", "/v1/segmentations", 422, "no-data", {"subsidiary": "NO"}),
    Bad("unknown scope", "POST", "/v1/segmentations", 422, "invalid-request", {"subsidiary": "DE", "scope": "moon"}),
    Bad("unknown method", "POST", "/v1/segmentations", 404, "not-found", {"subsidiary": "DE", "method": "other"}),
    Bad("plan inside its window", "POST", "/v1/plans", 422, "bad-argument", {"subsidiary": "DE", "from": "2025-06"}),
    Bad(
        "lever out of range",
        "POST",
        "/v1/plans",
        422,
        "bad-argument",
        {"subsidiary": "DE", "levers": [{"lever": "retention", "operation": "set", "value": 1.5}]},
    ),
    Bad("requirement of no plan", "POST", "/v1/resource-requirements", 404, "not-found", {"plan": "DE.9"}),
    Bad(
        "amount as a float",
        "POST",
        "/v1/calculations/segmentation",
        422,
        "invalid-request",
        {"customers": [{"code": "C", "revenue": 1.5}]},
    ),
    Bad(
        "class twice",
        "POST",
        "/v1/calculations/plan",
        422,
        "bad-argument",
        {"classes": [{"abc_class": "A", "customers": 1, "orders": 1, "revenue": "1"}] * 2},
    ),
    Bad(
        "change without If-Match",
        "PUT",
        "/v1/subsidiaries/DE",
        428,
        "precondition-required",
        {"name": "X", "country": "DE", "currency": "EUR"},
    ),
    Bad(
        "country of another shape",
        "PUT",
        "/v1/subsidiaries/DE",
        422,
        "invalid-request",
        {"name": "X", "country": "Germany", "currency": "EUR"},
    ),
    Bad(
        "fiscal year of month 13",
        "PUT",
        "/v1/subsidiaries/DE",
        422,
        "invalid-request",
        {"name": "X", "country": "DE", "currency": "EUR", "fiscal_year_start": 13},
    ),
    Bad("group without a fiscal year", "PUT", "/v1/group", 422, "invalid-request", {"name": "X"}),
    Bad("group without If-Match", "PUT", "/v1/group", 428, "precondition-required", {"fiscal_year_start": 7}),
    Bad("window of both kinds", "POST", "/v1/segmentations", 422, "bad-argument", WINDOWS_OF_BOTH_KINDS),
    Bad("closing the present month", "PUT", f"{MONTHS}/2026-11", 422, "bad-argument", words=("2026-10",)),
    Bad("closing a month that is none", "PUT", f"{MONTHS}/2026-13", 422, "invalid-request"),
    Bad("closing the year 0000", "PUT", f"{MONTHS}/0000-01", 422, "bad-argument"),
    Bad("re-opening without a reason", "DELETE", f"{MONTHS}/2026-01", 422, "invalid-request", words=("reason",)),
    Bad("re-opening an open month", "DELETE", f"{MONTHS}/2026-01?reason=late", 404, "not-found", words=("2026-01",)),
    Bad("JSON that is none", "POST", "/v1/segmentations", 400, "bad-body", "{"),
]


@pytest.fixture
def stored(service: Service) -> Service:
    hand_in_subsidiary(service, "DE", "EUR")
    service.client.put("/v1/subsidiaries/NO", json={"name": "Empty", "country": "NO", "currency": "NOK"})
    return service


def _state(service: Service) -> str:
    """Everything that a caller can see change."""
    paths = (MONTHS, "/v1/group", "/v1/subsidiaries", "/v1/submissions", "/v1/customers", "/v1/salespeople")
    results = (
        "/v1/statistics?limit=1000",
        "/v1/exchange-rates",
        "/v1/segmentations",
        "/v1/plans",
        "/v1/resource-requirements",
    )
    return json.dumps([service.get(path) for path in (*paths, *results)])


def _send(service: Service, case: Bad) -> Any:
    content = case.body if isinstance(case.body, str | bytes) else json.dumps(case.body)
    headers = ({"Content-Type": case.kind} if case.kind else {}) | dict(case.headers)
    if case.body is None:
        return service.client.request(case.method, case.path)
    return service.client.request(case.method, case.path, content=content, headers=headers)


def test_every_bad_input_has_its_problem_and_changes_nothing(stored: Service) -> None:
    before = _state(stored)
    wrong = [f"{case.name}: {found}" for case in CASES if (found := _judged(stored, case))]
    assert not wrong, "\n".join(wrong)
    assert _state(stored) == before


def _judged(service: Service, case: Bad) -> str:
    """What is wrong with the answer; empty if it is as it must be."""
    answer = _send(service, case)
    if answer.headers["content-type"] != "application/problem+json":
        return f"{answer.status_code} {answer.text[:200]}"
    document = answer.json()
    if (answer.status_code, document["type"]) != (case.status, f"/problems/{case.slug}"):
        return f"{answer.status_code} {document}"
    if document["request_id"] != answer.headers["x-request-id"]:
        return "the request id differs"
    missing = [word for word in case.words if word not in json.dumps(document, ensure_ascii=False)]
    if missing:
        return f"does not say {missing}: {document}"
    found = [(one["row"], one["column"], one["code"]) for one in document.get("errors", [])]
    return f"rows {found}" if case.row is not None and case.row not in found else ""


def test_bad_text_of_every_kind_is_kept_among_the_problems_of_good_rows(stored: Service) -> None:
    rows = [LINE, *(LINE | {"channel": f"a{letter}b"} for letter in "\0\a\n\x7f\u200b\u202e\ufffe\U000e0041")]
    body = json.dumps(rows)[:-1] + ', {"period": "2025-01", "\\u0000\\ud800": 1}, "\\u0000", {"channel": "\\udfff"}]'
    headers = {"Content-Type": JSON}
    answer = stored.client.post("/v1/submissions/statistics?subsidiary=DE&mode=valid", content=body, headers=headers)
    assert answer.status_code == 201, answer.text
    receipt = answer.json()
    assert (receipt["received"], receipt["accepted"], receipt["problem_count"]) == (12, 1, 12)
    kept = stored.get(f"/v1/submissions/{receipt['id']}/problems")["items"]
    assert kept == receipt["problems"]
    assert [one["row"] for one in kept] == [*range(2, 12), 12, 12]


def test_a_hundred_thousand_bad_rows_get_a_small_answer(stored: Service) -> None:
    body = "period,revenue\n" + "2025-01,x\n" * 100_000
    answer = stored.client.post("/v1/submissions/statistics?subsidiary=DE", content=body, headers={"Content-Type": CSV})
    document = answer.json()
    assert answer.status_code == 422
    assert document["errors_total"] == 100_000
    assert len(document["errors"]) == 100
    assert [one["row"] for one in document["errors"][:2]] == [2, 3]
    assert len(answer.content) < 50_000


def test_a_body_over_the_limit_is_refused(stored: Service) -> None:
    too_long = b"[" + b" " * (8 * 1024 * 1024) + b"]"
    for content in (too_long, iter([too_long[:5_000_000], too_long[5_000_000:]])):
        answer = stored.client.post(
            "/v1/submissions/statistics?subsidiary=DE", content=content, headers={"Content-Type": JSON}
        )
        assert answer.status_code == 413
        assert answer.json()["status"] == 413


def test_good_rows_are_stored_and_bad_ones_listed(stored: Service) -> None:
    rows = [LINE, LINE | {"period": "2025-02", "revenue": "x"}, LINE | {"period": "2025-03", "customer": "nobody"}]
    receipt = stored.submit("statistics", rows, subsidiary="DE", mode="valid")
    assert (receipt["received"], receipt["accepted"], receipt["rejected"]) == (3, 1, 2)
    assert [(one["row"], one["code"]) for one in receipt["problems"]] == [(2, "bad_number"), (3, "unknown_customer")]
    kept = stored.get(f"/v1/submissions/{receipt['id']}/problems")["items"]
    assert kept == receipt["problems"]
