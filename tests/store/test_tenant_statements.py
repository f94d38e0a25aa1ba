"""Each statement of a request names the subsidiary of every row that it touches: SQLite has no wall behind that."""

import pytest
from sqlalchemy import Executable, Table, delete, exists, insert, select, true, update
from sqlmodel import SQLModel

from service.access.keys import Scope
from service.store.database import Database
from tests.api.test_access import _routes, _send, prepared
from tests.conftest import Service
from tests.filled import row_of
from tests.statements import Asked, recorded, unbound

EXCEPTIONS = {
    "SELECT api_key_subsidiary.subsidiary_id FROM api_key_subsidiary WHERE api_key_subsidiary.key_id = ?": (
        "which subsidiaries a key reaches is asked before anybody's reach is known"
    ),
}
WRITTEN = {"BEGIN", "BEGIN IMMEDIATE"}
"""What is said as text, of which no table can be read."""


def key(table: Table) -> str | None:
    """The column that says whose a row is."""
    if table.name == "subsidiary":
        return "id"
    return "subsidiary_id" if "subsidiary_id" in table.c else None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_statement_of_a_request_names_the_subsidiary(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    group = prepared(service, monkeypatch)
    one, two = group.key(subsidiaries=["DE"]), group.key(list(Scope), ["DE", "FR"])
    with recorded(group.database._engine) as asked:
        for method, route in _routes():
            for caller in (one, two):
                _send(group, method, route, caller)
    assert len(asked) > 200
    assert {each.text for each in asked if each.built is None} == WRITTEN
    found = {" ".join(each.text.split()): unbound(each, key) for each in asked}
    assert {text: tables for text, tables in found.items() if tables and text not in EXCEPTIONS} == {}
    assert all(found[text] for text in EXCEPTIONS), "what is no exception any more needs no reason"


LINE, CUSTOMER, SUBSIDIARY, API_KEY = (
    SQLModel.metadata.tables[name] for name in ("line", "customer", "subsidiary", "api_key")
)
OWN = LINE.c.subsidiary_id == 1
SAME = (CUSTOMER.c.subsidiary_id == LINE.c.subsidiary_id) & (CUSTOMER.c.id == LINE.c.customer_id)
BY_NUMBER = CUSTOMER.c.id == LINE.c.customer_id


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        (select(LINE.c.subsidiary_id, LINE.c.period), {"line"}),
        (select(LINE.c.period).where(LINE.c.period == 1), {"line"}),
        (select(LINE.c.period).where(OWN), set()),
        (select(LINE.c.period).join(CUSTOMER, BY_NUMBER).where(OWN), {"customer"}),
        (select(LINE.c.period).join(CUSTOMER, SAME).where(OWN), set()),
        (select(LINE.alias().c.period).where(OWN), {"line"}),
        (select(select(LINE.c.period).subquery()).where(true()), {"line"}),
        (select(CUSTOMER.c.id).where(CUSTOMER.c.subsidiary_id == 1, exists().where(BY_NUMBER)), {"customer", "line"}),
        (select(CUSTOMER.c.id).where(CUSTOMER.c.subsidiary_id == 1, exists().where(SAME)), set()),
        (update(LINE).where(LINE.c.period == 1).values(orders=1), {"line"}),
        (update(LINE).where(OWN).values(orders=1), set()),
        (delete(LINE), {"line"}),
        (insert(SUBSIDIARY).values(code="X"), {"subsidiary"}),
        (insert(LINE).values(row_of(LINE, 1)), set()),
        (insert(SUBSIDIARY).from_select(["id", "code"], select(CUSTOMER.c.id, CUSTOMER.c.code)), {"customer"}),
        (select(SUBSIDIARY.c.id), {"subsidiary"}),
        (select(API_KEY.c.id), set()),
    ],
)
def test_a_statement_that_does_not_is_found(statement: Executable, tables: set[str]) -> None:
    database = Database("sqlite://")
    said = str(statement.compile(database._engine))
    database.close()
    assert unbound(Asked(said, statement), key) == tables
