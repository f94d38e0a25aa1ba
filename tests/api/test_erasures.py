"""Erasing people: not a trace of the name is left, and not a cent is different."""

import gzip
import io
import json
from typing import Any
from urllib.parse import quote_plus

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook
from sqlalchemy import String, select
from sqlmodel import AutoString, SQLModel
from typer.testing import CliRunner

from service.access.keys import Scope
from service.cli import commands
from service.store.erasures import _TEXTS, ERASED
from service.store.submissions import _ZSTD, CHUNK
from tests.api.test_jobs import ended
from tests.conftest import Service
from tests.group import hand_in_subsidiary
from tests.operations.test_replay import empty, replay  # noqa: F401

CUSTOMER, SELLER = "Zdeněk “Zed” Nováček", "Olga O'Çelik"
"""With what is written in another way in JSON and in addresses."""
PEOPLE = {"customers": ("DE-C1", CUSTOMER), "salespeople": ("DE-S1", SELLER)}
NO_TEXTS = {
    "api_key.scopes",
    "audit_entry.after",
    "audit_entry.before",
    "data_revision.declared",
    "deal.stages",
    "deal_history.stages",
    "delivery.payload",
    "event.data",
    "method.document",
    "plan.parameters",
    "plan.summary",
    "plan_input.evidence",
    "requirement.parameters",
    "requirement.summary",
    "sales_order.credit_shares",
    "sales_order_history.credit_shares",
    "segmentation.parameters",
    "segmentation.summary",
    "submission.control",
    "submission_problem.cell",
    "webhook.events",
    "webhook.url",
}
"""Long texts of codes and numbers, and an address: with a word of it erased, messages would go elsewhere."""
FIGURES = (
    "/v1/statistics?limit=1000",
    "/v1/segmentations/DE.1/customers",
    "/v1/plans/DE.1/lines?limit=1000",
    "/v1/kpis?indicators=revenue,margin,revenue_per_fte&subsidiary=DE&group_by=salesperson&from=2025-01&to=2025-12",
    "/v1/resource-requirements/DE.1/lines",
)


def post(service: Service, form: str, body: Any, kind: str, *, query: str = "", **headers: str) -> Any:
    path = f"/v1/submissions/{form}?subsidiary=DE{query}"
    content = body if isinstance(body, bytes) else body.encode()
    answer = service.client.post(path, content=content, headers={"Content-Type": kind, **headers})
    assert answer.is_success, answer.text
    return answer.json()


@pytest.fixture
def group(service: Service) -> Service:
    """The two people handed in by every format, corrected, and refused in part."""
    hand_in_subsidiary(service, "DE", "EUR")
    body = {"name": "FR-Company", "country": "FR", "currency": "EUR"}
    service.client.put("/v1/subsidiaries/FR", json=body).raise_for_status()
    for path, asked in (("segmentations", {"subsidiary": "DE"}), ("plans", {"subsidiary": "DE"})):
        service.post(f"/v1/{path}", asked)
    service.post("/v1/resource-requirements", {"plan": "DE.1"})
    code, name = PEOPLE["customers"]
    others = {"salesperson": "DE-S2", "channel": "direct", "potential_source": "norm"}
    lines = "code;name;salesperson;channel;potential;potential_source;since\n"
    lines += f"{code};{name};DE-S2;direct;40000,50;norm;01.05.2019\nbad;{name};too;many;cells;here;in;it\n"
    query = "&mode=valid&delimiter=semicolon&decimal=comma&date_format=DD.MM.YYYY&reason=For+" + quote_plus(name)
    headers = {"Content-Encoding": "gzip", "Idempotency-Key": "csv"}
    packed = gzip.compress(lines.encode("utf-16-le"))
    post(service, "customers", packed, "text/csv; charset=utf-16le", query=query, **headers)
    row = {"code": code, "name": name, "potential": "40000", **others}
    post(service, "customers", json.dumps([row, {"code": "DE-C2"}]), "application/json")
    sheet = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([{**row, "potential": "40000.5"}]), sheet)
    post(service, "customers", sheet.getvalue(), "application/vnd.apache.parquet")
    book, file = Workbook(), io.BytesIO()
    book.active.append(list(row))
    book.active.append(list(row.values()))
    book.save(file)
    post(service, "customers", file.getvalue(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    code, name = PEOPLE["salespeople"]
    spans = [
        {"code": code, "name": name, "role": f"deputy of {name}", "start": "2020-01-01", "monthly_cost": cost}
        for cost in ("5000", "6000.25")
    ]
    for span in spans:
        post(service, "salespeople", json.dumps(span), "application/x-ndjson")
    return service


def mention(service: Service) -> None:
    """People write names where they like."""
    reason = f"{CUSTOMER}, says {SELLER}"
    service.client.put(
        "/v1/customers/DE/DE-C1/override", json={"abc_class": "A", "reason": reason}, headers={"Idempotency-Key": "o"}
    ).raise_for_status()
    path = "/v1/subsidiaries/DE/closed-months/2024-01"
    service.client.put(path, params={"note": reason}).raise_for_status()
    service.client.delete(path, params={"reason": reason}).raise_for_status()
    service.post("/v1/plans/DE.1/approve", {"stale": True, "note": reason}, status=200)
    rows = [{"period": "2025-01", "customer": CUSTOMER, "revenue": "1"}, {"period": "2025-01", "revenue": "0"}]
    for more in ({"Idempotency-Key": "s"}, {}):
        taken = post(service, "statistics", json.dumps(rows), "application/json", query="&mode=valid", **more)
    service.post(f"/v1/submissions/{taken['id']}/withdrawal", {"reason": reason}, status=200)
    query = "&reason=Asked+by+" + quote_plus(SELLER)
    later = post(service, "statistics", json.dumps(rows[:1]), "application/json", query=query, Prefer="respond-async")
    assert ended(service, later["id"])["status"] == "refused"
    refused = post(service, "customers", json.dumps([{"name": CUSTOMER}]), "application/json", Prefer="respond-async")
    assert ended(service, refused["id"])["status"] == "refused"


def kept(service: Service) -> dict[str, str]:
    """All that the database holds, as text, table by table; bodies unpacked."""
    found = {}
    with service.database.reading() as connection:
        for table in SQLModel.metadata.sorted_tables:
            if table is not CHUNK:
                rows = connection.exec_driver_sql(f'SELECT * FROM "{table.name}"').all()
                found[table.name] = str([tuple(row) for row in rows])
        chunks = connection.execute(select(CHUNK)).all()
    bodies = [_ZSTD.decompress(chunk.content, chunk.size, asbytes=True) for chunk in chunks]
    bodies = [
        gzip.decompress(body).decode("utf-16-le").encode() if body[:2] == b"\x1f\x8b" else body for body in bodies
    ]
    found["source_chunk"] = b"".join(bodies).decode("utf-8", "replace")
    return found


def telling(service: Service) -> set[str]:
    """Tables in which a piece of a name is found, in any spelling."""
    pieces = ("Nováček", "Nov\\u00e1", "Nov%C3%A1", "Zed", "Çelik", "\\u00c7elik", "%C3%87elik", "Olga")
    return {name for name, text in kept(service).items() if any(piece in text for piece in pieces)}


def figures(service: Service) -> list[Any]:
    found = [service.client.get(path).json() for path in FIGURES]
    return json.loads(json.dumps(found).replace(json.dumps(CUSTOMER)[1:-1], ERASED))  # type: ignore[no-any-return]


def submissions(service: Service) -> list[Any]:
    return service.get("/v1/submissions", subsidiary="DE", limit=1000)["items"]  # type: ignore[no-any-return]


def erase(service: Service, form: str, *codes: str, status: int = 200) -> Any:
    return service.post("/v1/erasures", {"subsidiary": "DE", "form": form, "codes": list(codes)}, status=status)


def test_nothing_is_left_of_a_name_and_no_figure_changes(group: Service) -> None:
    mention(group)
    records, before = submissions(group), figures(group)
    assert telling(group) >= {
        *("customer", "customer_history", "employment", "employment_history", "source_chunk", "submission"),
        *("submission_problem", "idempotency", "job", "customer_override", "closed_month_event", "plan_decision"),
    }
    for form, (code, _) in PEOPLE.items():
        found = erase(group, form, code)
        assert found["rows"] >= 2
        assert found["bodies"] >= 2
        assert found["texts"] >= 1
    assert telling(group) == set()
    assert figures(group) == before
    assert group.get("/v1/customers/DE/DE-C1")["name"] == ERASED
    for form, (code, _) in PEOPLE.items():
        again = erase(group, form, code)
        assert (again["rows"], again["bodies"], again["texts"]) == (0, 0, 0)
    audit = group.get("/v1/audit", subsidiary="DE", action="person.erase")["items"]
    assert {one["resource"] for one in audit} == {"customers/DE/DE-C1", "salespeople/DE/DE-S1"}
    assert [one["sha256"] for one in submissions(group)] == [one["sha256"] for one in records]
    anew = [one for one in submissions(group) if one["kept_sha256"] is not None]
    assert {one["form"] for one in anew} == {"customers", "salespeople", "statistics"}
    assert {(one["content_type"], one["content_encoding"]) for one in anew} == {("application/x-ndjson", "")}


def test_an_old_name_comes_back_only_as_a_new_fact_and_what_is_kept_gives_the_same_sums(
    group: Service,
    empty: Any,  # noqa: F811
) -> None:
    later = group.submit("customers", [{"code": "DE-C1", "name": "Somebody else"}], subsidiary="DE")
    erase(group, "customers", "DE-C1")
    group.post(f"/v1/submissions/{later['id']}/withdrawal", {"reason": "not he"}, status=200)
    assert group.get("/v1/customers/DE/DE-C1")["name"] == ERASED, "the history has forgotten it too"
    rows = [{"code": "DE-C1", "name": CUSTOMER, "channel": "direct"}]
    first = group.submit("customers", rows, subsidiary="DE")
    assert group.get("/v1/customers/DE/DE-C1")["name"] == CUSTOMER
    assert erase(group, "customers", "DE-C1")["rows"] == 1
    assert "Nováček" not in kept(group)["source_chunk"]
    second = group.submit("customers", rows, subsidiary="DE")
    assert second["sha256"] == first["sha256"], "the same bytes again"
    assert group.client.get(f"/v1/submissions/{second['id']}/source").json() == rows, "are kept again"
    assert ERASED in group.client.get(f"/v1/submissions/{first['id']}/source").text
    for form, (code, _) in PEOPLE.items():
        erase(group, form, code)
    replay(group, empty)
    for path in ("/v1/statistics", "/v1/customers", "/v1/salespeople"):
        query = {"subsidiary": "DE", "limit": 1000}
        assert empty.get(path, params=query).json() == group.client.get(path, params=query).json()


def test_fifty_people_are_forgotten_at_once_and_one_of_them_in_three_subsidiaries(service: Service) -> None:
    people = {f"P-{place}": f"Person-{place:02d}-{place * 7919}" for place in range(50)}
    for code in ("DE", "FR", "PL"):
        about = {"name": code, "country": code, "currency": "EUR"}
        service.client.put(f"/v1/subsidiaries/{code}", json=about).raise_for_status()
        names = people if code == "DE" else {"P-0": people["P-0"]}
        service.submit("customers", [{"code": one, "name": name} for one, name in names.items()], subsidiary=code)
        lines = [{"period": "2025-01", "customer": one, "revenue": f"{place}.07"} for place, one in enumerate(names)]
        service.submit("statistics", lines, subsidiary=code)
    before = service.get("/v1/statistics", limit=100)["items"]
    assert len(before) == 52
    for count, (code, names) in enumerate({"DE": list(people), "FR": ["P-0"], "PL": ["P-0"]}.items()):
        asked = {"subsidiary": code, "form": "customers", "codes": names}
        assert service.post("/v1/erasures", asked, status=200)["rows"] == len(names)
        assert service.post("/v1/erasures", asked, status=200)["rows"] == 0, "once is enough"
        held = "".join(kept(service).values())
        left = {name for name in people.values() if name in held}
        assert left == ({people["P-0"]} if count < 2 else set())
    assert service.get("/v1/statistics", limit=100)["items"] == before


def test_who_is_not_there_and_who_may_not(service: Service) -> None:
    service.client.put("/v1/subsidiaries/DE", json={"name": "D", "country": "DE", "currency": "EUR"}).raise_for_status()
    service.client.put("/v1/subsidiaries/FR", json={"name": "F", "country": "FR", "currency": "EUR"}).raise_for_status()
    service.submit("customers", [{"code": "DE-C1", "name": CUSTOMER}], subsidiary="DE")
    assert "DE-C99" in erase(service, "customers", "DE-C1", "DE-C99", status=404)["detail"]
    body = {"subsidiary": "DE", "form": "customers", "codes": ["DE-C1"]}
    headers = service.as_key(service.key(subsidiaries=["FR"]))
    assert service.client.post("/v1/erasures", json=body, headers=headers).status_code == 404
    writer = service.as_key(service.key(scopes=[Scope.STATISTICS_WRITE]))
    assert service.client.post("/v1/erasures", json=body, headers=writer).status_code == 403
    erase(service, "orders", "O-1", status=422)
    erase(service, "customers", status=422)
    assert telling(service) == {"customer", "source_chunk"}, "nothing was erased"


def test_the_command_erases_too(service: Service, database_url: str) -> None:
    service.client.put("/v1/subsidiaries/DE", json={"name": "D", "country": "DE", "currency": "EUR"}).raise_for_status()
    service.submit("salespeople", [{"code": "DE-S1", "name": SELLER, "start": "2020-01-01"}], subsidiary="DE")
    environment = {"KONTOR_DATABASE_URL": database_url}
    done = CliRunner().invoke(commands, ["erase", "salespeople", "DE", "DE-S1"], env=environment)
    assert (done.exit_code, done.output) == (0, "Erased from 1 rows, 1 bodies and 0 texts.\n"), done.output
    assert telling(service) == set()
    assert [one["principal"] for one in service.get("/v1/audit", action="person.erase")["items"]] == ["operator"]


def test_every_text_that_people_write_is_known_to_erasures() -> None:
    known = {f"{table.name}.{column}" for table, column, _ in _TEXTS}
    long = {
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, String | AutoString) and (getattr(column.type, "length", None) or 10_000) >= 300
    }
    assert long - NO_TEXTS - known == set()
    assert NO_TEXTS | known <= long | {"submission_problem.value"}, "named, but not there"
