"""The connector that a mapping tells how to ask: the mappings for HubSpot, Salesforce, Pipedrive, Bitrix24 and Dynamics
against pages in the shape that their documentation shows. None of these CRMs was asked."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from mapping import row_of
from rest import Rest

from tests.connectors.conftest import Recorded

MAPPINGS = Path(__file__).parents[2] / "examples" / "connectors" / "mappings"
SINCE = "2026-03-01T00:00:00Z"

PAGES: dict[str, tuple[list[dict[str, Any]], dict[str, str], dict[str, Any]]] = {
    "hubspot": (
        [
            {
                "results": [
                    {"id": "5", "updatedAt": "2026-03-02", "properties": {"name": "Muster", "hubspot_owner_id": "9"}}
                ],
                "paging": {"next": {"after": "100"}},
            },
            {"results": [{"id": "6", "updatedAt": "2026-03-03", "properties": {"name": "Other"}}]},
        ],
        {"code": "5", "name": "Muster", "salesperson": "9"},
        {"properties": {"kontor_class": "A"}},
    ),
    "salesforce": (
        [
            {
                "records": [{"Id": "001A", "Name": "Muster", "OwnerId": "005B", "SystemModstamp": "2026-03-02"}],
                "nextRecordsUrl": "/services/data/v62.0/query/01g-2000",
            },
            {"records": [{"Id": "001B", "Name": "Other", "SystemModstamp": "2026-03-03"}], "done": True},
        ],
        {"code": "001A", "name": "Muster", "salesperson": "005B"},
        {"KontorClass__c": "A"},
    ),
    "pipedrive": (
        [
            {
                "data": [{"id": 5, "name": "Muster", "owner_id": 9, "update_time": "2026-03-02"}],
                "additional_data": {"next_cursor": "abc"},
            },
            {
                "data": [{"id": 6, "name": "Other", "owner_id": None, "update_time": "2026-03-03"}],
                "additional_data": {"next_cursor": None},
            },
        ],
        {"code": "5", "name": "Muster", "salesperson": "9"},
        {"custom_fields": {"key-of-the-field-class": "A"}},
    ),
    "bitrix24": (
        [
            {
                "result": [{"ID": "5", "TITLE": "Muster", "ASSIGNED_BY_ID": "9", "DATE_MODIFY": "2026-03-02"}],
                "next": 50,
            },
            {"result": [{"ID": "6", "TITLE": "Other", "DATE_MODIFY": "2026-03-03"}], "total": 51},
        ],
        {"code": "5", "name": "Muster", "salesperson": "9"},
        {"fields": {"UF_CRM_KONTOR_CLASS": "A"}},
    ),
    "dynamics": (
        [
            {
                "value": [{"accountid": "5-a", "name": "Muster", "_ownerid_value": "9-b", "modifiedon": "2026-03-02"}],
                "@odata.nextLink": "{url}/api/data/v9.2/accounts?$skiptoken=2",
            },
            {"value": [{"accountid": "6-a", "name": "Other", "modifiedon": "2026-03-03"}]},
        ],
        {"code": "5-a", "name": "Muster", "salesperson": "9-b"},
        {"new_kontorclass": "A"},
    ),
}
FOLLOWING = {"hubspot": "100", "salesforce": "01g-2000", "pipedrive": "abc", "bitrix24": "50", "dynamics": "skiptoken"}


@pytest.mark.parametrize("name", PAGES)
def test_pages_become_rows_and_results_are_written(name: str, recorded: Recorded) -> None:
    pages, row, written = PAGES[name]
    document = yaml.safe_load((MAPPINGS / f"{name}.yaml").read_text(encoding="utf-8"))
    document["url"] = recorded.url + urlsplit(document["url"]).path
    left = [*pages]

    def answer(_asked: Any) -> Any:
        page = left.pop(0) if left else {}
        following = page.get("@odata.nextLink")
        return page | {"@odata.nextLink": following.replace("{url}", recorded.url)} if following else page

    recorded.answers = answer
    rest, reading = Rest(document, "secret"), document["read"]["customers"]
    records = list(rest.records(reading, SINCE))
    assert [record["changed"] for record in records] == ["2026-03-02", "2026-03-03"]
    assert row_of(records[0], reading["columns"]) == row
    first, second = recorded.asked
    since = parse_qs(urlsplit(first.path).query).values() if first.method == "GET" else [[first.body.decode()]]
    assert any(SINCE in text for texts in since for text in texts)
    assert FOLLOWING[name] in second.path + second.body.decode()
    assert "secret" in first.path + " ".join(first.headers.values())

    rest.write(document["write"], row["code"], {"abc_class": "A"})
    assert recorded.asked[-1].json == written
    assert row["code"] in recorded.asked[-1].path


def test_an_open_deal_has_an_expected_day_and_a_lost_one_the_day_it_closed(recorded: Recorded) -> None:
    columns = yaml.safe_load((MAPPINGS / "salesforce.yaml").read_text(encoding="utf-8"))["read"]["deals"]["columns"]
    deal = {"Id": "006", "CreatedDate": "2026-01-05T10:00:00Z", "CloseDate": "2026-04-01", "StageName": "Proposal"}
    assert row_of(deal, columns) == {
        "id": "006",
        "created": "2026-01-05",
        "outcome": "open",
        "expected_close": "2026-04-01",
    }
    assert row_of(deal | {"StageName": "Closed Lost"}, columns) == {
        "id": "006",
        "created": "2026-01-05",
        "outcome": "lost",
        "closed": "2026-04-01",
    }
