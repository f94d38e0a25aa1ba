"""What a CRM has to hand in, and how far the data fill it."""

from typing import Any

import pytest

from service.forms.catalogue import FORMS
from service.method.indicators import INDICATORS, UNAVAILABLE
from service.method.plan.inputs import INPUTS, NEEDS
from tests.conftest import Service
from tests.documents import HALF, document
from tests.group import hand_in_subsidiary

# The clock says November 2026: expected are the ten months from January to October.
LINES = [
    {"period": "2026-01", "customer": "C1", "orders": 2, "revenue": "100", "leads": 4},
    {"period": "2026-01", "revenue": "10"},
    {"period": "2026-02", "customer": "C2", "revenue": "100", "hours": "2"},
    {"period": "2026-04", "customer": "C1", "revenue": "0", "leads": 2, "wins": 1},
]
CUSTOMERS = [{"code": "C1", "potential": "1000"}, {"code": "C2", "industry": "machinery"}, {"code": "C3"}]


@pytest.fixture
def data(service: Service) -> Service:
    body = {"name": "DE", "country": "DE", "currency": "PLN"}
    assert service.client.put("/v1/subsidiaries/DE", json=body).status_code == 201
    service.submit("salespeople", [{"code": "S1", "start": "2020-01-01"}], subsidiary="DE")
    service.submit("customers", CUSTOMERS, subsidiary="DE")
    service.submit("statistics", LINES, subsidiary="DE")
    rates = [
        {"period": "2026-01", "currency": currency, "reference": "EUR", "rate": "0.2"} for currency in ("PLN", "USD")
    ]
    service.submit("exchange-rates", rates)
    return service


def _field(document: Any, form: str, column: str) -> dict[str, Any]:
    (found,) = [one for one in document["fields"] if (one["form"], one["column"]) == (form, column)]
    return dict(found)


def _filled(document: Any, form: str, column: str) -> tuple[Any, ...]:
    field = _field(document, form, column)
    return tuple(field[name] for name in ("rows", "filled", "share", "months", "since"))


def test_every_column_indicator_and_input_is_named(service: Service) -> None:
    found = service.get("/v1/coverage/requirements")
    columns = [(form.name, name) for form in FORMS.values() for name in form.by_name if name != "deleted"]
    assert [(one["form"], one["column"]) for one in found["fields"]] == columns
    assert [one["id"] for one in found["indicators"]] == [*INDICATORS, *UNAVAILABLE]
    assert [one["id"] for one in found["plan_inputs"]] == [*INPUTS]
    assert all(one["fed"] is None and one["share"] is None for one in found["indicators"])
    assert {one["rows"] for one in found["fields"]} == {None}


def test_every_need_of_a_plan_input_is_a_column_of_a_form() -> None:
    assert NEEDS.keys() == INPUTS.keys()
    for needs in NEEDS.values():
        for need in needs:
            form, column = need.split(".")
            assert column in FORMS[form].by_name


def test_how_far_the_columns_are_filled(data: Service) -> None:
    """Zeros and empty texts are nothing; a default that stands for a value is one."""
    found = data.get("/v1/coverage/requirements", subsidiary="DE")
    assert found["months_expected"] == 10
    assert _filled(found, "statistics", "revenue") == (4, 3, 0.75, 2, "2026-01")
    assert _filled(found, "statistics", "customer") == (4, 3, 0.75, 3, "2026-01")
    assert _filled(found, "statistics", "period") == (4, 4, 1.0, 3, "2026-01")
    assert _filled(found, "statistics", "wins") == (4, 1, 0.25, 1, "2026-04")
    assert _filled(found, "statistics", "margin") == (4, 0, 0.0, 0, None)
    assert _filled(found, "customers", "potential") == (3, 1, 0.333333, None, None)
    assert _filled(found, "customers", "code") == (3, 3, 1.0, None, None)
    assert _filled(found, "customers", "salesperson") == (3, 0, 0.0, None, None)
    assert _filled(found, "salespeople", "code") == (1, 1, 1.0, None, None)
    assert _filled(found, "salespeople", "fte") == (1, 1, 1.0, None, None)
    assert _filled(found, "salespeople", "monthly_cost") == (1, 0, 0.0, None, None)
    assert _filled(found, "deals", "created") == (0, 0, None, 0, None)
    # Rates are the group's: those of the subsidiary's own currency count.
    assert _filled(found, "exchange-rates", "rate") == (1, 1, 1.0, 1, "2026-01")
    assert "wallet_share" in _field(found, "customers", "potential")["indicators"]
    assert "grow_gap" in _field(found, "customers", "potential")["plan_inputs"]
    assert _field(found, "statistics", "wins")["from_register"] == "deals"


@pytest.mark.parametrize(
    "indicator, fed, share, since",
    [
        ("revenue", True, 0.2, "2026-01"),  # January and February of ten months
        ("lead_to_win", True, 0.1, "2026-04"),  # leads in January and April, wins in April
        ("order_frequency", True, 0.1, "2026-01"),
        ("revenue_per_hour", True, 0.1, "2026-02"),
        ("wallet_share", True, 0.2, "2026-01"),  # months count less than the third of the customers
        ("known_potential_share", True, 0.333333, "2026-01"),
        ("revenue_per_fte", True, 0.2, "2026-01"),
        ("selling_cost_ratio", False, 0.0, None),
        ("margin", False, 0.0, None),
        ("win_rate", False, 0.0, None),
        ("completeness", True, 1.0, "2026-01"),
        ("price_index", False, None, None),
    ],
)
def test_whether_the_data_feed_an_indicator(
    data: Service, indicator: str, fed: bool, share: float | None, since: str | None
) -> None:
    expected = {"fed": fed, "share": share, "since": since}
    asked = data.get("/v1/coverage/requirements", subsidiary="DE")["indicators"]
    (one,) = [one for one in asked if one["id"] == indicator]
    in_catalogue = data.get(f"/v1/indicators/{indicator}", subsidiary="DE")
    for found in (one, in_catalogue):
        assert {name: found[name] for name in expected} == expected
    assert one["needs"] == in_catalogue["needs"]


def test_a_subsidiary_without_data_feeds_nothing(service: Service) -> None:
    body = {"name": "IT", "country": "IT", "currency": "EUR"}
    assert service.client.put("/v1/subsidiaries/IT", json=body).status_code == 201
    found = service.get("/v1/coverage/requirements", subsidiary="IT")
    assert found["months_expected"] == 0
    assert {(one["fed"], one["share"], one["since"]) for one in found["indicators"]} == {(False, None, None)}


def test_registers_fill_their_columns(data: Service) -> None:
    feeds = {"results": "lines", "funnel": "register", "activity": "lines"}
    assert data.client.put("/v1/subsidiaries/DE/feeds?replace=true", json=feeds).status_code == 200
    deals = [
        {"id": "D1", "salesperson": "S1", "created": "2026-03-05", "outcome": "won", "closed": "2026-04-01"},
        {"id": "D2", "salesperson": "S1", "created": "2026-03-31", "customer": "C1", "amount": "5"},
    ]
    data.submit("deals", deals, subsidiary="DE")
    found = data.get("/v1/coverage/requirements", subsidiary="DE")
    assert _filled(found, "deals", "id") == (2, 2, 1.0, 1, "2026-03")
    assert _filled(found, "deals", "closed") == (2, 1, 0.5, 1, "2026-03")
    assert _filled(found, "deals", "customer") == (2, 1, 0.5, 1, "2026-03")
    assert _filled(found, "deals", "stages") == (2, 0, 0.0, 0, None)


def test_own_indicators_are_in_it(data: Service) -> None:
    assert data.client.post("/v1/methods", json=document(indicators=[HALF])).status_code == 201
    asked = {"subsidiary": "DE", "method": "house-1"}
    found = data.get("/v1/coverage/requirements", **asked)
    assert "half" in _field(found, "statistics", "wins")["indicators"]
    assert next(one for one in found["indicators"] if one["id"] == "half")["fed"] is True
    assert data.get("/v1/indicators/half", **asked)["source"] == "Method version house-1."
    assert "half" in [one["id"] for one in data.get("/v1/indicators", **asked)["items"]]
    data.get("/v1/indicators/half", status=404)


@pytest.mark.parametrize("asked", [{"headers": {"Accept": "text/markdown"}}, {"params": {"format": "markdown"}}])
def test_the_same_as_markdown(data: Service, asked: Any) -> None:
    asked.setdefault("params", {})["subsidiary"] = "DE"
    answer = data.client.get("/v1/coverage/requirements", **asked)
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    lines = answer.text.splitlines()
    assert lines[0] == "# What a CRM hands in of DE"
    assert [line for line in lines if line.startswith("## Form")] == [f"## Form {form}" for form in FORMS]
    (potential,) = [line for line in lines if line.startswith("| potential |")]
    assert "wallet_share" in potential
    assert "plan: grow_gap" in potential
    assert potential.endswith("| 33.3 % of 3 rows |  |")
    assert "| leads | Leads | statistics.leads | yes | 20.0 % | 2026-01 |" in lines
    assert any(line.startswith("| price_index | Price index | It needs the quantity of goods") for line in lines)
    tables = [line for line in lines if line.startswith("|")]
    assert {line.count("|") for line in tables} == {7, 8}


def test_without_a_subsidiary_the_markdown_tells_nothing_of_data(service: Service) -> None:
    text = service.client.get("/v1/coverage/requirements", params={"format": "markdown"}).text
    assert text.startswith("# What a CRM hands in\n")
    assert "%" not in text


def test_the_data_of_others_are_not_found(service: Service) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    hand_in_subsidiary(service, "FR", "EUR")
    headers = service.as_key(service.key(subsidiaries=["FR"]))
    for path in ("/v1/coverage/requirements", "/v1/indicators", "/v1/indicators/revenue"):
        assert service.client.get(path, params={"subsidiary": "DE"}, headers=headers).status_code == 404
        assert service.client.get(path, params={"subsidiary": "FR"}, headers=headers).status_code == 200


def test_the_catalogue_shows_what_is_executed(service: Service) -> None:
    found = service.get("/v1/indicators/velocity")
    assert found["formula"] == "open_deals * win_rate * (won_value / won_deals) / cycle"
    assert "win_rate" not in found["executed"]
    assert [one["name"] for one in found["quantities"]] == sorted(
        ["open_deals", "won_deals", "lost_deals", "won_value", "deal_days"]
    )
    assert (found["owner"], found["available"], found["fed"]) == ("team lead", True, None)
    missing = service.get("/v1/indicators/price_index")
    assert (missing["formula"], missing["available"]) == (None, False)
    assert "no form has it" in missing["reason"]
    refused = service.get("/v1/kpis", indicators="price_index", status=422)
    assert "no form has it" in refused["detail"] or refused["type"] == "/problems/no-data"
