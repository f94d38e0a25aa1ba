"""Text that would be run where somebody ran it: it is text, or refused, and shows nothing of another subsidiary."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select
from sqlmodel import SQLModel

from tests.conftest import Service
from tests.group import hand_in_subsidiary

FORMULAS = ("=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", '=HYPERLINK("http://127.0.0.1")')
SQL = {
    "always true": "' OR 1=1--",
    "drop": "'; DROP TABLE line;--",
    "union": "x' UNION SELECT name, name, name FROM customer--",
    "stacked": "1; DELETE FROM line",
    "comment": "DE'/**/OR/**/'1'='1",
    "backslash": "\\' OR 1=1 #",
}
Probe = Callable[[Any], Any]


def query(path: str, **given: str) -> Probe:
    return lambda ask: ask("GET", path, params=given)


def headed(name: str, value: str) -> Probe:
    """Hands nothing new in."""
    asked = {"params": {"subsidiary": "FR"}, "json": [{"code": "FR-C1", "name": "FR-Customer 1"}]}
    return lambda ask: ask("POST", "/v1/submissions/customers", **asked, headers={name: value})


PROBES: dict[str, Probe] = {
    **{f"a filter: {name}": query("/v1/customers", code=text) for name, text in SQL.items()},
    **{f"a path: {name}": query(f"/v1/customers/FR/{text}") for name, text in SQL.items()},
    "another subsidiary by a filter": query("/v1/statistics", subsidiary="FR' OR subsidiary='DE"),
    "an order": query("/odata/v1/Customers", **{"$orderby": "code; DROP TABLE line"}),
    "an order by a sub-select": query("/odata/v1/Customers", **{"$orderby": "(select name from customer)"}),
    "a condition": query("/odata/v1/Customers", **{"$filter": "code eq 'x' or 1 eq 1) or (subsidiary eq 'DE'"}),
    "a condition in quotes": query("/odata/v1/Customers", **{"$filter": "code eq '''; DROP TABLE line;--'"}),
    "columns": query("/odata/v1/Customers", **{"$select": "secret_hash,name from api_key--"}),
    "a grouping": query("/v1/kpis", indicators="revenue", group_by="subsidiary;DROP TABLE line", currency="EUR"),
    "an indicator": query("/v1/kpis", indicators="revenue) FROM line--", currency="EUR"),
    "a formula of Python": query("/v1/indicators/__import__('os').system('id')", subsidiary="FR"),
    "wildcards": query("/v1/customers", code="%" * 64),
    "one wildcard": query("/v1/statistics", channel="_irect"),
    "a slow expression": query("/v1/statistics", customer="(a+)+$" * 5 + "a" * 60 + "!"),
    "a template": query("/v1/customers", salesperson="{{7*7}}${jndi:ldap://127.0.0.1/a}{0.__class__}"),
    "a way out of a folder": query("/v1/forms/..%2f..%2fetc%2fpasswd/template.xlsx"),
    "a cursor": query("/v1/customers", after="WyJERSIsICcnIE9SIDE9MV0="),
    "a key of idempotency": headed("Idempotency-Key", "' OR 1=1--"),
    "a header that ends": headed("X-Request-Id", "a%0d%0aSet-Cookie: x=1"),
    "an escape in a header": headed("User-Agent", "%1b[31m' OR 1=1--"),
    "a language": headed("Accept-Language", "de' OR 1=1--"),
}


def test_what_would_be_run_is_text_or_refused(service: Service) -> None:
    for code in ("DE", "FR"):
        hand_in_subsidiary(service, code, "EUR")
    headers = service.as_key(service.key(subsidiaries=["FR"]))

    def ask(method: str, path: str, **given: Any) -> Any:
        return service.client.request(method, path, **given | {"headers": headers | given.get("headers", {})})

    assert len(PROBES) >= 31
    before = counts(service)
    for name, probe in PROBES.items():
        answer = probe(ask)
        assert answer.status_code in (200, 201, 400, 404, 422), f"{name}: {answer.status_code} {answer.text}"
        assert "DE-C" not in answer.text.replace("DE-C1' OR", ""), name
        assert not {"Traceback", "sqlite3", "psycopg", "secret_hash'"} & set(answer.text.split()), name
        assert "set-cookie" not in answer.headers, name
        assert answer.elapsed.total_seconds() < 5, name
    for text in ("' OR 1=1--", "FR-C%", "FR-C_"):
        assert query("/v1/customers", code=text)(ask).json()["items"] == [], f"{text}: no such code"
    assert counts(service) == before


def test_stored_text_is_not_run_when_it_is_read(service: Service) -> None:
    hand_in_subsidiary(service, "FR", "EUR")
    names = [*SQL.values(), *(one for one in FORMULAS if one.isprintable()), "{{7*7}}", "<script>alert(1)</script>"]
    rows = [{"code": f"X{place}", "name": name} for place, name in enumerate(names)]
    service.submit("customers", rows, subsidiary="FR")
    before = counts(service)
    read = {row["code"]: row["name"] for row in service.get("/v1/customers", limit=100)["items"]}
    assert [read[row["code"]] for row in rows] == names
    cards = [service.get(f"/v1/customers/FR/{row['code']}")["name"] for row in rows]
    assert cards == names
    assert counts(service) == before


def counts(service: Service) -> dict[str, int]:
    """Rows of each table that keeps figures or who may see them."""
    kept = ("line", "customer", "salesperson", "subsidiary", "api_key", "api_key_subsidiary", "plan", "segmentation")
    tables = [SQLModel.metadata.tables[name] for name in kept]
    with service.database.reading() as connection:
        return {one.name: connection.execute(select(func.count()).select_from(one)).scalar_one() for one in tables}
