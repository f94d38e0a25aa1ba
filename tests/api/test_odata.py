"""OData over HTTP: what Power Query and other clients ask for, beside the same figures under /v1."""

import base64
import json
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from service.access.keys import Scope
from service.feeds.odata import options
from tests.conftest import Service
from tests.group import hand_in_group

ROOT = "/odata/v1/"
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
SETS = (
    "KpisByMonth",
    "KpisByQuarter",
    "Customers",
    "Segments",
    "ClassTable",
    "Migration",
    "PlanLines",
    "ResourceLines",
    "Attainment",
    "Statistics",
    "Coverage",
)


@pytest.fixture
def group(service: Service) -> Service:
    hand_in_group(service)
    service.submit("statistics", [{"period": "2026-01", "customer": "DE-C1", "revenue": "90.5"}], subsidiary="DE")
    return service


def _get(service: Service, path: str, status: int = 200, **query: Any) -> Any:
    answer = service.client.get(ROOT + path, params=query)
    assert answer.status_code == status, answer.text
    assert answer.headers["OData-Version"] == "4.0"
    assert answer.headers["content-type"].startswith("application/json")
    return answer.json()


def _all(service: Service, name: str, **query: Any) -> list[dict[str, Any]]:
    """Every row, through the next links."""
    found, page = [], _get(service, name, **query)
    for _ in range(1_000):
        found += page["value"]
        if "@odata.nextLink" not in page:
            return found
        answer = service.client.get(page["@odata.nextLink"])
        assert answer.status_code == 200, answer.text
        page = answer.json()
    raise AssertionError("too many pages")


def _count(service: Service, name: str, **query: Any) -> int:
    answer = service.client.get(f"{ROOT}{name}/$count", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    return int(answer.text)


def test_the_service_names_its_sets_and_their_types(service: Service) -> None:
    document = _get(service, "")
    assert document["@odata.context"] == "http://testserver/odata/v1/$metadata"
    assert [one["name"] for one in document["value"]] == list(SETS)
    assert all(one["kind"] == "EntitySet" and one["url"] == one["name"] for one in document["value"])
    answer = service.client.get(ROOT + "$metadata", headers={"Accept": "application/json"})
    assert answer.headers["content-type"] == "application/xml"
    root = ET.fromstring(answer.content)  # noqa: S314 - our own document
    assert root.get("Version") == "4.0"
    types = {one.get("Name"): one for one in root.iter(f"{EDM}EntityType")}
    assert list(types) == [f"{name}Row" for name in SETS]
    for kind in types.values():
        properties = {one.get("Name"): one for one in kind.iter(f"{EDM}Property")}
        keys = [one.get("Name") for one in kind.iter(f"{EDM}PropertyRef")]
        assert keys
        assert all(properties[name].get("Nullable") == "false" for name in keys)
    revenue = next(one for one in types["StatisticsRow"] if one.get("Name") == "revenue")
    assert dict(revenue.attrib) == {"Name": "revenue", "Type": "Edm.Decimal", "Precision": "19", "Scale": "4"}


def test_every_set_goes_page_by_page_to_its_last_row(group: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETS:
        monkeypatch.setattr("service.api.odata.PAGE", 1_000 if name.startswith("Kpis") else 50)
        rows = _all(group, name)
        first = _get(group, name, **{"$count": "true", "$top": 3})
        assert len(rows) == _count(group, name) == first["@odata.count"], name
        assert rows, name
        assert first["value"] == rows[:3], name
        descending = _all(group, name, **{"$orderby": f"{list(rows[0])[-1]} desc,{next(iter(rows[0]))}"})
        assert sorted(map(json.dumps, descending)) == sorted(map(json.dumps, rows)), name
        assert len(_all(group, name, **{"$top": 60, "$skip": 5})) == min(60, max(len(rows) - 5, 0)), name


def test_figures_are_those_of_the_contract(group: Service) -> None:
    lines = _all(group, "Statistics")
    with group.database.reading() as connection:
        count, total = connection.exec_driver_sql("SELECT count(*), sum(revenue) FROM line").one()
    assert len(lines) == count
    assert sum(Decimal(str(line["revenue"])) for line in lines) == Decimal(int(total)) / 10_000
    assert [line["revenue"] for line in lines[:5]] == [
        float(item["revenue"]) for item in group.get("/v1/statistics", limit=5)["items"]
    ]
    indicators = ",".join(dict.fromkeys(one["indicator"] for one in _get(group, "KpisByMonth")["value"]))
    query = {"group_by": "subsidiary,month", "indicators": indicators, "from": "2024-06", "to": "2024-08"}
    asked = group.get("/v1/kpis", **query)["items"]
    read = _all(group, "KpisByMonth", **{"$filter": "month ge '2024-06' and month le '2024-08'"})
    assert {(one["month"], one["subsidiary"], one["indicator"]): one["value"] for one in read} == {
        (one["month"], one["subsidiary"], one["indicator"]): None if one["value"] is None else float(one["value"])
        for one in asked
    }
    quarter = group.get("/v1/kpis", group_by="subsidiary,quarter", indicators="revenue", period="2025-Q2")["items"]
    read = _all(group, "KpisByQuarter", **{"$filter": "quarter eq '2025-Q2' and indicator eq 'revenue'"})
    assert [one["value"] for one in read] == [float(one["value"]) for one in quarter]
    plan = group.get("/v1/plans/DE.1")
    planned = _all(group, "PlanLines", **{"$filter": "plan eq 'DE.1'", "$select": "revenue"})
    assert sum(Decimal(str(line["revenue"])) for line in planned) == Decimal(plan["revenue"])
    assert set(planned[0]) == {"revenue"}
    hours = _all(group, "ResourceLines", **{"$filter": "requirement eq 'DE.1'"})
    assert sum(line["hours"] for line in hours) == pytest.approx(group.get("/v1/resource-requirements/DE.1")["hours"])
    segments = group.get("/v1/segmentations/FR.1/customers")["items"]
    read = _all(group, "Segments", **{"$filter": "subsidiary eq 'FR'"})
    for ours, theirs in zip(read, segments, strict=True):
        assert {name: theirs[name] for name in ("customer", "abc_class", "segment", "state", "at_risk")} == {
            name: ours[name] for name in ("customer", "abc_class", "segment", "state", "at_risk")
        }
        assert ours["revenue"] == float(theirs["revenue"])
    table = group.get("/v1/segmentations/DE.1/classes")["items"]
    read = _all(group, "ClassTable", **{"$filter": "segmentation eq 'DE.1'"})
    assert [one["customers"] for one in read] == [one["customers"] for one in table]
    months = group.get("/v1/plans/DE.1/attainment")["months"]
    read = _all(group, "Attainment")
    assert [(one["period"], one["planned_revenue"]) for one in read] == [
        (one["period"], float(one["planned_revenue"])) for one in months
    ]


FILTERS: dict[str, Any] = {
    "customer eq 'DE-C1'": lambda one: one["customer"] == "DE-C1",
    "customer ne 'DE-C1'": lambda one: one["customer"] != "DE-C1",
    "'DE-C3' lt customer": lambda one: one["customer"] > "DE-C3",
    "revenue gt 300.25 and revenue le 600.25": lambda one: 300.25 < one["revenue"] <= 600.25,
    "revenue ge 300.25001": lambda one: one["revenue"] > 300.25,
    "revenue eq 300.25001 or hours gt 1": lambda one: one["hours"] > 1,
    "not (revenue lt 300.25)": lambda one: one["revenue"] >= 300.25,
    "period ge '2025-11' and (customer eq '' or endswith(customer,'C6'))": lambda one: (
        one["period"] >= "2025-11" and (one["customer"] == "" or one["customer"].endswith("C6"))
    ),
    "contains(customer,'-C2') and startswith(salesperson,'FR')": lambda one: (
        "-C2" in one["customer"] and one["salesperson"].startswith("FR")
    ),
    "customer in ('DE-C1','FR-C2') and subsidiary ne 'FR'": lambda one: one["customer"] == "DE-C1",
    "contains(customer,'c2')": lambda _: False,
    "contains(customer,'')": lambda _: True,
    "contains(customer,'%')": lambda _: False,
    "customer eq null": lambda _: False,
    "customer ne null": lambda _: True,
    "revenue lt -1e15": lambda _: False,
    "(" * 500 + " or ".join(["revenue eq 1"] * 400) + ")" * 500: lambda _: False,
}


def test_filters_mean_what_they_say(group: Service) -> None:
    rows = _all(group, "Statistics")
    for text, fits in FILTERS.items():
        expected = [one for one in rows if fits(one)]
        assert _all(group, "Statistics", **{"$filter": text}) == expected, text
        assert _count(group, "Statistics", **{"$filter": text}) == len(expected), text
    people = _all(group, "Customers", **{"$filter": "since eq null and potential_date eq null and potential gt 80000"})
    assert [one["code"] for one in people[:2]] == ["DE-C3", "DE-C4"]
    assert _all(group, "Customers", **{"$filter": "since ge 2020-01-01"}) == []
    assert _all(group, "Customers", **{"$filter": "not (since ge 2020-01-01)"})
    assert _all(group, "Segments", **{"$filter": "potential_understated"}) == []
    months = _all(group, "Coverage", **{"$filter": "closed eq false and lines gt 4 and startswith(measure,'rev')"})
    assert {one["measure"] for one in months} == {"revenue"}
    without = _all(group, "KpisByQuarter", **{"$filter": "value eq null and indicator eq 'growth'"})
    assert {one["quarter"] for one in without} >= {"2024-Q1"}


REFUSED: tuple[tuple[str, dict[str, str], int], ...] = (
    ("Statistics", {"$filter": "nothing eq 1"}, 400),
    ("Statistics", {"$select": "nothing"}, 400),
    ("Statistics", {"$orderby": "nothing"}, 400),
    ("Statistics", {"$orderby": "revenue upwards"}, 400),
    ("Statistics", {"$filter": "revenue gt"}, 400),
    ("Statistics", {"$filter": "revenue gt 'x'"}, 400),
    ("Statistics", {"$filter": "revenue gt 1e400"}, 400),
    ("Statistics", {"$filter": "period eq '2026-13'"}, 400),
    ("Statistics", {"$filter": "startswith(period,'2026')"}, 400),
    ("Statistics", {"$filter": "customer eq '\0'"}, 400),
    ("Statistics", {"$filter": " or ".join(["revenue eq 1"] * 2_000)}, 400),
    ("Customers", {"$filter": "not " * 1_500 + "(code eq 'x')"}, 400),
    ("Customers", {"$filter": "since eq 2026-02-30"}, 400),
    ("Customers", {"$filter": "code"}, 400),
    ("Coverage", {"$filter": "lines eq 1.5e30"}, 400),
    ("Statistics", {"$top": "-1"}, 400),
    ("Statistics", {"$top": "1", "$skip": "x"}, 400),
    ("Statistics", {"$skip": "99999999999999999999"}, 400),
    ("Statistics", {"$count": "yes"}, 400),
    ("Statistics", {"$skiptoken": "x"}, 400),
    ("Statistics", {"$skiptoken": "WzFd"}, 400),
    ("Statistics", {"$skiptoken": "WyJhIiwxLDEsMSwxLDEsMV0"}, 400),
    ("ClassTable", {"$skiptoken": "WzFd"}, 400),
    ("Statistics", {"$expand": "customer"}, 501),
    ("Statistics", {"$apply": "groupby((customer))"}, 501),
    ("Statistics", {"$search": "x"}, 501),
    ("Statistics", {"$format": "atom"}, 501),
    ("Statistics", {"top": "1"}, 501),
    ("Statistics", {"$filter": "tolower(customer) eq 'x'"}, 501),
    ("Statistics", {"$filter": "foo(customer) eq 'x'"}, 501),
    ("Statistics", {"$filter": "foo(a=1,b=2,c=3) eq 'x'"}, 400),
    ("Statistics", {"$filter": "revenue add 1 eq 2"}, 501),
    ("Statistics", {"$filter": "customer/name eq 'x'"}, 501),
    ("Statistics", {"$filter": "customer/any(c: c eq 'x')"}, 501),
    ("Statistics", {"$orderby": "tolower(customer)"}, 501),
    ("Statistics(1)", {}, 501),
    ("Statistics/customer", {}, 501),
    ("$batch", {}, 501),
    ("Nothing", {}, 404),
)


def test_what_is_not_understood_is_refused_and_never_ignored(group: Service) -> None:
    for path, query, status in REFUSED:
        problem = _get(group, path, status, **query)
        assert problem["error"]["message"] == problem["detail"], (path, query)
        assert problem["error"]["code"], (path, query)


def test_names_are_for_who_may_read_them_in_filters_and_orders_too(group: Service) -> None:
    shown = _all(group, "Customers", **{"$filter": "startswith(name,'DE-Customer')", "$orderby": "name desc"})
    assert [one["name"] for one in shown] == [f"DE-Customer {number}" for number in range(6, 0, -1)]
    without = [scope for scope in Scope if scope is not Scope.NAMES_READ]
    group.client.headers["Authorization"] = f"Bearer {group.key(scopes=without)}"
    for name in ("Customers", "Segments"):
        rows = _all(group, name, **{"$orderby": "name desc"})
        assert rows == _all(group, name)
        assert all(one["name"] is None for one in rows)
        assert _count(group, name, **{"$filter": "name ne null"}) == 0
        assert _count(group, name, **{"$filter": "contains(name,'a')"}) == 0


def test_a_key_comes_as_bearer_as_password_or_in_the_query_and_once(group: Service) -> None:
    key = group.key(scopes=[Scope.STATISTICS_READ, Scope.RESULTS_READ])
    client = group.client
    del client.headers["Authorization"]
    basic = base64.b64encode(f"anybody:{key}".encode()).decode()
    url = f"{ROOT}Customers"
    for headers, query, status in (
        ({"Authorization": f"Bearer {key}"}, {}, 200),
        ({"Authorization": f"Basic {basic}"}, {}, 200),
        ({}, {"key": key}, 200),
        ({"Authorization": f"Basic {basic}"}, {"key": key}, 401),
        ({}, {"key": [key, key]}, 401),
        ({"Authorization": "Basic !"}, {}, 401),
        ({"Authorization": "Bearer "}, {}, 401),
        ({"Authorization": f"Digest {key}"}, {}, 401),
        ({}, {}, 401),
    ):
        answer = client.get(url, headers=headers, params={**query, "$top": 2})  # type: ignore[arg-type]
        assert answer.status_code == status, answer.text
        assert key not in answer.text
        if status == 401:
            assert answer.headers["WWW-Authenticate"] == 'Basic realm="Kontor", Bearer'
    assert client.get("/v1/customers", params={"key": key}).status_code == 401


def test_a_key_in_the_query_is_in_no_log_and_in_no_next_link(group: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.api.odata.PAGE", 2)
    key = group.key()
    del group.client.headers["Authorization"]
    seen = []
    inner = group.client.app

    async def server(scope: Any, receive: Any, send: Any) -> None:
        await inner(scope, receive, send)
        seen.append(scope.get("query_string"))  # what a server writes into its log

    monkeypatch.setattr(group.client._transport, "app", server)
    answer = group.client.get(f"{ROOT}Customers", params={"key": key, "$filter": "code ne 'ä&='", "$top": 3})
    assert answer.status_code == 200, answer.text
    assert seen == [b"%24filter=code+ne+%27%C3%A4%26%3D%27&%24top=3"]
    link = answer.json()["@odata.nextLink"]
    assert key not in link
    rest = group.client.get(link, headers={"Authorization": f"Bearer {key}"})
    assert len(rest.json()["value"]) == 1
    assert "@odata.nextLink" not in rest.json()


def test_what_power_query_sends_is_answered(group: Service) -> None:
    headers = {
        "Accept": "application/json;odata.metadata=minimal;q=1.0,application/json;odata=minimalmetadata;q=0.9,"
        "application/atomsvc+xml;q=0.8,application/atom+xml;q=0.8,application/xml;q=0.7,text/plain;q=0.7",
        "OData-MaxVersion": "4.0",
        "MaxDataServiceVersion": "3.0",
        "Prefer": "return-no-content",
        "User-Agent": "Microsoft.Data.Mashup (https://go.microsoft.com/fwlink/?LinkID=304225)",
    }
    for path in ("", "$metadata", "Statistics?$top=1000", "Statistics?%24filter=revenue%20gt%20100&%24select=customer"):
        answer = group.client.get(ROOT + path, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.headers["OData-Version"] == "4.0"
        kind = "application/xml" if path == "$metadata" else "application/json;odata.metadata=minimal"
        assert answer.headers["content-type"] == kind


def test_pages_are_no_longer_than_promised() -> None:
    assert options.PAGE <= 1_000
