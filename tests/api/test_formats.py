"""The same rows in every format: the same receipt, the same problems, the same rows stored."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import Service

Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Way:
    """A way to write rows down: how, what to declare, and how many rows the header takes."""

    write: Callable[[Rows], bytes]
    headers: dict[str, str]
    query: dict[str, str]
    header_rows: int = 0


def _json(rows: Rows) -> bytes:
    return json.dumps(rows).encode()


def _ndjson(rows: Rows) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\r\n" for row in rows).encode()


def _csv(rows: Rows, delimiter: str = ",", line_end: str = "\n") -> str:
    out = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(out, names, delimiter=delimiter, lineterminator=line_end)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _european(rows: Rows) -> Rows:
    """Commas for the decimal mark and days as DD.MM.YYYY."""
    return [{name: _turned(name, cell) for name, cell in row.items()} for row in rows]


def _turned(name: str, cell: str) -> str:
    if name in ("start", "end", "since", "period"):
        return ".".join(reversed(cell.split("-"))) if "-" in cell else cell
    return (
        cell.replace(".", ",")
        if name in ("revenue", "orders", "margin", "hours", "potential", "fte", "value")
        else cell
    )


JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
POINT = {"decimal": "point"}
EUROPEAN = {"decimal": "comma", "delimiter": "semicolon", "date_format": "DD.MM.YYYY"}
PACKED = {"Content-Encoding": "gzip"}
WAYS = {
    "JSON": Way(_json, {"Content-Type": JSON}, {}),
    "JSON gzip": Way(lambda rows: gzip.compress(_json(rows)), {"Content-Type": JSON} | PACKED, {}),
    "NDJSON": Way(_ndjson, {"Content-Type": NDJSON}, {}),
    "NDJSON gzip": Way(lambda rows: gzip.compress(_ndjson(rows)), {"Content-Type": NDJSON} | PACKED, {}),
    "CSV": Way(lambda rows: _csv(rows).encode(), {"Content-Type": CSV}, POINT, 1),
    "CSV gzip": Way(lambda rows: gzip.compress(_csv(rows).encode()), {"Content-Type": CSV} | PACKED, POINT, 1),
    "CSV from a spreadsheet": Way(
        lambda rows: _csv(_european(rows), ";", "\r\n").encode("utf-8-sig"), {"Content-Type": CSV}, EUROPEAN, 1
    ),
    "CSV with tabs in UTF-16": Way(
        lambda rows: _csv(rows, "\t", "\r\n").encode("utf-16"),
        {"Content-Type": f"{CSV}; charset=UTF-16"},
        POINT | {"delimiter": "tab"},
        1,
    ),
    "CSV of Windows": Way(
        lambda rows: _csv(rows).encode("cp1252"), {"Content-Type": f'{CSV};charset="windows-1252"'}, POINT, 1
    ),
}

PEOPLE = [
    {"code": "S1", "name": "Jürgen Groß", "team": "Nord", "fte": "0.5", "start": "2020-01-01", "end": ""},
    {"code": "S2", "name": 'O\'Brien; "Bob"', "team": "", "fte": "", "start": "2020-01-01", "end": "2025-12-31"},
]
CUSTOMERS = [
    {"code": "C1", "name": "Müller, Söhne & Co", "salesperson": "S1", "potential": "12000.5", "since": "2019-05-01"},
    {"code": "NA", "name": "None", "salesperson": "", "potential": "", "since": ""},
    {"code": "00123", "name": "=1+1", "salesperson": "S2", "potential": "0", "since": "2024-02-29"},
]
STATISTICS = [
    {"period": "2025-01", "customer": "C1", "salesperson": "S1", "revenue": "1.234", "margin": "-0.5", "hours": "1.5"},
    {"period": "2025-01", "customer": "NA", "salesperson": "", "revenue": "999999999.9999", "margin": "", "hours": ""},
    {"period": "2025-02", "customer": "00123", "salesperson": "S2", "revenue": "0", "margin": "0.0000", "hours": "7"},
    {"period": "2025-03", "customer": "", "salesperson": "S1", "revenue": "-12.5", "margin": "1", "hours": "0.0001"},
]
TARGETS = [{"period": "2026-12", "measure": "revenue", "salesperson": "S1", "value": "50000.25"}]
BAD = [
    {"period": "2025-04", "customer": "C1", "channel": "good", "revenue": "1", "orders": "1"},
    {"period": "2025-13", "customer": "C1", "channel": "x", "revenue": "2", "orders": "1"},
    {"period": "2025-04", "customer": "C9", "channel": "x", "revenue": "3", "orders": "1"},
    {"period": "2025-04", "customer": "C1", "channel": "y" * 121, "revenue": "x", "orders": "1.5"},
    {"period": "", "customer": "C1", "channel": "z", "revenue": "1e5", "orders": "-1"},
    {"period": "2025-04", "customer": "C1", "channel": "good", "revenue": "6", "orders": "1"},
    {"period": "2027-01", "customer": "C1", "channel": " s", "revenue": "1000000000000", "orders": ""},
    {"period": "2025-05", "customer": "C1", "channel": "good", "revenue": "8", "orders": "2"},
]
COUNTED = ("received", "accepted", "added", "corrected", "unchanged", "removed", "rejected", "problem_count")


def _send(service: Service, way: Way, form: str, rows: Rows, **query: str) -> Any:
    return service.client.post(
        f"/v1/submissions/{form}", params=way.query | query, content=way.write(rows), headers=way.headers
    )


def _receipt(service: Service, way: Way, form: str, rows: Rows, **query: str) -> dict[str, Any]:
    answer = _send(service, way, form, rows, **query)
    assert answer.status_code == 201, answer.text
    receipt = answer.json()
    counts = {name: receipt[name] for name in COUNTED}
    control = [row for row in receipt["control"] if row["total"] != "0"]  # JSON may have any column, CSV names its own
    return counts | {
        "control": control,
        "problems": _told(receipt["problems"], way),
        "warnings": _told(receipt["warnings"], way),
    }


def _told(problems: list[dict[str, Any]], way: Way) -> list[tuple[Any, ...]]:
    """By place among the rows handed in, which only the header moves."""
    return sorted((one["row"] - way.header_rows, one["column"], one["code"]) for one in problems)


def _stored(service: Service, subsidiary: str) -> Any:
    paths = ("/v1/salespeople", "/v1/customers", "/v1/statistics")
    pages = [service.get(path, subsidiary=subsidiary)["items"] for path in paths]
    return [[{**item, "subsidiary": ""} for item in items] for items in pages]


@pytest.fixture
def subsidiaries(service: Service) -> dict[str, str]:
    """A subsidiary for each way."""
    codes = {name: f"W{place}" for place, name in enumerate(WAYS)}
    for code in codes.values():
        body = {"name": code, "country": "DE", "currency": "EUR"}
        assert service.client.put(f"/v1/subsidiaries/{code}", json=body).status_code == 201
    return codes


def test_the_same_rows_give_the_same_receipts_and_the_same_stored_rows(
    service: Service, subsidiaries: dict[str, str]
) -> None:
    parts = [("salespeople", PEOPLE), ("customers", CUSTOMERS), ("statistics", STATISTICS), ("targets", TARGETS)]
    corrected = [STATISTICS[0] | {"revenue": "2"}, STATISTICS[1], STATISTICS[2] | {"deleted": "true"}]
    found = {
        name: [
            *(_receipt(service, way, form, rows, subsidiary=subsidiaries[name]) for form, rows in parts),
            _stored(service, subsidiaries[name]),
            _receipt(service, way, "statistics", corrected, subsidiary=subsidiaries[name]),
            _stored(service, subsidiaries[name]),
        ]
        for name, way in WAYS.items()
    }
    people, customers, statistics, targets, before, correction, after = found["JSON"]
    assert [one["added"] for one in (people, customers, statistics, targets)] == [2, 3, 4, 1]
    assert [correction[name] for name in ("corrected", "unchanged", "removed")] == [1, 1, 1]
    assert [len(items) for items in before] == [2, 3, 4]
    assert [len(items) for items in after] == [2, 3, 3]
    assert before[1][0]["code"] == "00123"
    assert {line["revenue"] for line in before[2]} == {"1.234", "999999999.9999", "0", "-12.5"}
    assert {name: one == found["JSON"] for name, one in found.items()} == dict.fromkeys(WAYS, True)


def test_the_same_bad_rows_have_the_same_problems(service: Service, subsidiaries: dict[str, str]) -> None:
    taken, refused = {}, {}
    for name, way in WAYS.items():
        home = {"subsidiary": subsidiaries[name]}
        for form, rows in (("salespeople", PEOPLE), ("customers", CUSTOMERS)):
            _receipt(service, way, form, rows, **home)
        answer = _send(service, way, "statistics", BAD, **home)
        assert answer.status_code == 422, answer.text
        document = answer.json()
        refused[name] = (_told(document["errors"], way), document["errors_total"], document["received"])
        assert _stored(service, subsidiaries[name])[2] == []
        taken[name] = [
            _receipt(service, way, "statistics", BAD, mode="valid", **home),
            _stored(service, home["subsidiary"]),
        ]
    assert refused["JSON"] == (
        [
            (2, "period", "bad_month"),
            (3, "customer", "unknown_customer"),
            (4, "channel", "too_long"),
            (4, "orders", "not_a_count"),
            (4, "revenue", "bad_number"),
            (5, "orders", "not_a_count"),
            (5, "period", "missing_value"),
            (5, "revenue", "bad_number"),
            (6, "period", "duplicate_key"),
            (7, "channel", "surrounding_space"),
            (7, "period", "future_period"),
            (7, "revenue", "out_of_range"),
        ],
        12,
        8,
    )
    assert {name: one == refused["JSON"] for name, one in refused.items()} == dict.fromkeys(WAYS, True)
    receipt, stored = taken["JSON"]
    assert receipt["problems"] == refused["JSON"][0]
    assert [receipt[name] for name in ("received", "accepted", "rejected", "problem_count")] == [8, 2, 6, 12]
    assert [line["revenue"] for line in stored[2]] == ["1", "8"]
    assert {name: one == taken["JSON"] for name, one in taken.items()} == dict.fromkeys(WAYS, True)


def test_what_came_is_kept_byte_by_byte_and_can_be_handed_in_again(
    service: Service, subsidiaries: dict[str, str]
) -> None:
    for name, way in WAYS.items():
        answer = _send(service, way, "salespeople", PEOPLE, subsidiary=subsidiaries[name])
        receipt = answer.json()
        record = service.get(f"/v1/submissions/{receipt['id']}")
        assert record["content_encoding"] == way.headers.get("Content-Encoding", "")
        assert record["size"] == len(way.write(PEOPLE))
        source = service.client.get(f"/v1/submissions/{receipt['id']}/source")
        packed = record["content_encoding"] == "gzip"  # the client unpacks what is declared as packed
        assert source.content == (gzip.decompress(way.write(PEOPLE)) if packed else way.write(PEOPLE))
        again = _receipt(service, way, "salespeople", PEOPLE, subsidiary=subsidiaries[name])
        assert (again["unchanged"], again["added"]) == (2, 0)
