"""The connector for Odoo against answers as its documentation shows them; no Odoo was asked."""

import xmlrpc.client
from pathlib import Path
from typing import Any

import pytest
import yaml
from mapping import row_of
from odoo import PAGE, Odoo

from tests.connectors.conftest import Asked, Recorded

MAPPING = Path(__file__).parents[2] / "examples" / "connectors" / "mappings" / "odoo.yaml"
INVOICE = {
    "id": 7,
    "name": "INV/2026/00007",
    "invoice_date": "2026-03-14",
    "commercial_partner_id": [41, "Muster GmbH"],
    "invoice_user_id": False,
    "amount_untaxed_signed": -120.5,
    "write_date": "2026-03-15 08:00:00",
}


def document(recorded: Recorded, **more: Any) -> dict[str, Any]:
    return yaml.safe_load(MAPPING.read_text(encoding="utf-8")) | {"url": recorded.url, "database": "company", **more}


def test_json_2_is_asked_as_documented_and_gives_rows(recorded: Recorded) -> None:
    recorded.answers = lambda _asked: [INVOICE]
    said = document(recorded)
    reading = said["read"]["orders"]
    (record,) = Odoo(said, "secret").records(reading, "2026-03-01 00:00:00")
    assert row_of(record, reading["columns"]) == {
        "id": "INV/2026/00007",
        "date": "2026-03-14",
        "customer": "41",
        "amount": "-120.5",
    }
    assert record["changed"] == "2026-03-15 08:00:00"
    (asked,) = recorded.asked
    assert (asked.method, asked.path) == ("POST", "/json/2/account.move/search_read")
    assert asked.headers["Authorization"] == "bearer secret"
    assert asked.headers["X-Odoo-Database"] == "company"
    assert asked.json["domain"][-1] == ["write_date", ">=", "2026-03-01 00:00:00"]
    assert asked.json["fields"] == [
        "amount_untaxed_signed",
        "commercial_partner_id",
        "invoice_date",
        "invoice_user_id",
        "name",
        "write_date",
    ]
    assert (asked.json["limit"], asked.json["offset"]) == (PAGE, 0)


def test_pages_follow_until_one_is_not_full(recorded: Recorded) -> None:
    recorded.answers = lambda asked: [INVOICE] * (PAGE if asked.json["offset"] == 0 else 1)
    said = document(recorded)
    assert len(list(Odoo(said, "secret").records(said["read"]["orders"], None))) == PAGE + 1
    assert [asked.json["offset"] for asked in recorded.asked] == [0, PAGE]


def test_results_are_written_into_fields_of_the_contact(recorded: Recorded) -> None:
    recorded.answers = lambda asked: [41] if asked.path.endswith("/search") else True
    said = document(recorded)
    Odoo(said, "secret").write(said["write"], "41", {"abc_class": "A", "segment": "KEEP"})
    search, write = recorded.asked
    assert search.json == {"domain": [["id", "=", 41]], "limit": 1}
    assert (write.path, write.json) == (
        "/json/2/res.partner/write",
        {"ids": [41], "vals": {"x_kontor_class": "A", "x_kontor_segment": "KEEP"}},
    )


def by_xmlrpc(asked: Asked) -> bytes:
    arguments, method = xmlrpc.client.loads(asked.body)
    answers = {"authenticate": 2, "search_read": [INVOICE], "search": [41], "write": True}
    found = answers["authenticate" if method == "authenticate" else arguments[4]]
    return xmlrpc.client.dumps((found,), methodresponse=True).encode()


def test_xml_rpc_serves_versions_before_19(recorded: Recorded) -> None:
    recorded.answers = by_xmlrpc
    said = document(recorded, api="xmlrpc", login="kontor@example.org")
    odoo = Odoo(said, "secret")
    (record,) = odoo.records(said["read"]["orders"], None)
    assert record["commercial_partner_id"] == {"id": 41, "name": "Muster GmbH"}
    odoo.write(said["write"], "41", {"abc_class": "A"})
    calls = [xmlrpc.client.loads(asked.body)[0] for asked in recorded.asked]
    assert calls[0] == ("company", "kontor@example.org", "secret", {})
    assert calls[1][:5] == ("company", 2, "secret", "account.move", "search_read")
    assert calls[-1][3:] == ("res.partner", "write", [[41], {"x_kontor_class": "A"}], {})
    assert [asked.path for asked in recorded.asked[:2]] == ["/xmlrpc/2/common", "/xmlrpc/2/object"]


def test_an_unknown_login_ends_with_a_word(recorded: Recorded) -> None:
    recorded.answers = lambda _asked: xmlrpc.client.dumps((False,), methodresponse=True).encode()
    said = document(recorded, api="xmlrpc", login="nobody")
    with pytest.raises(SystemExit, match="does not know"):
        list(Odoo(said, "secret").records(said["read"]["orders"], None))
