"""The same rows as JSON, NDJSON, CSV, a workbook and Parquet: the same receipt, rows stored, and problems."""

import gzip
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from tests.conftest import Service

ROWS = [
    {"period": "2025-03", "channel": "direct", "orders": "2", "revenue": "1250.5", "hours": "0.25"},
    {"period": "2025-04", "channel": "=1+1", "orders": "", "revenue": "-3", "hours": "4"},
]
BAD = [*ROWS, {"period": "2025-13", "channel": "x", "orders": "1.5", "revenue": "1", "hours": "1"}]
NAMES = list(ROWS[0])


def as_json(rows: list[dict[str, str]]) -> bytes:
    return json.dumps(rows).encode()


def as_ndjson(rows: list[dict[str, str]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def as_csv(rows: list[dict[str, str]]) -> bytes:
    lines = [",".join(NAMES), *(",".join(row[name] for name in NAMES) for row in rows)]
    return ("\r\n".join(lines) + "\r\n").encode()


def as_workbook(rows: list[dict[str, str]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("Statistics")
        for column, name in enumerate(NAMES):
            sheet.write_string(0, column, name)
            for line, row in enumerate(rows, start=1):
                if name in ("orders", "revenue", "hours") and row[name]:
                    sheet.write_number(line, column, float(row[name]))
                else:
                    sheet.write_string(line, column, row[name])
    return out.getvalue()


def as_parquet(rows: list[dict[str, str]]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({name: [row[name] for row in rows] for name in NAMES}), out)
    return out.getvalue()


FORMATS: dict[str, tuple[str, Any]] = {
    "json": ("application/json", as_json),
    "ndjson": ("application/x-ndjson", as_ndjson),
    "csv": ("text/csv", as_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_workbook),
    "parquet": ("application/vnd.apache.parquet", as_parquet),
}


@pytest.fixture
def home(service: Service) -> Service:
    body = {"name": "Deutschland", "country": "DE", "currency": "EUR"}
    assert service.client.put("/v1/subsidiaries/DE", json=body).status_code == 201
    return service


def hand_in(service: Service, name: str, rows: list[dict[str, str]], *, packed: bool = False) -> Any:
    content_type, write = FORMATS[name]
    body, headers = write(rows), {"Content-Type": content_type}
    if packed:
        body, headers = gzip.compress(body), headers | {"Content-Encoding": "gzip"}
    return service.client.post("/v1/submissions/statistics?subsidiary=DE", content=body, headers=headers)


def test_every_format_stores_the_same_rows(home: Service) -> None:
    first = hand_in(home, "json", ROWS).json()
    assert first["added"] == 2
    stored = home.get("/v1/statistics")["items"]
    for name, (content_type, write) in FORMATS.items():
        for packed in (False, True):
            answer = hand_in(home, name, ROWS, packed=packed)
            assert answer.status_code == 201, answer.text
            receipt = answer.json()
            assert (receipt["received"], receipt["unchanged"], receipt["control"]) == (2, 2, first["control"]), name
            source = home.client.get(f"/v1/submissions/{receipt['id']}/source")
            assert source.headers["content-type"].startswith(content_type)
            if name != "xlsx":  # a workbook carries the time it was written
                assert source.content == write(ROWS)
    assert home.get("/v1/statistics")["items"] == stored


def test_every_format_names_the_same_problems(home: Service) -> None:
    first_row = {"json": 3, "ndjson": 3, "parquet": 3, "csv": 4, "xlsx": 4}
    for name in FORMATS:
        answer = hand_in(home, name, BAD)
        assert answer.status_code == 422
        found = {(error["row"], error["column"], error["code"]) for error in answer.json()["errors"]}
        row = first_row[name]
        assert found == {(row, "period", "bad_month"), (row, "orders", "not_a_count")}, name
    cells = {error["cell"] for error in hand_in(home, "xlsx", BAD).json()["errors"]}
    assert cells == {"Statistics!A4", "Statistics!C4"}
