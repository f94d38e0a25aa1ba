"""KPIs: identities at every grouping, empty cells, filters, totals, comparisons, currencies."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Service
from tests.group import YEARS, hand_in_subsidiary

ALL_RATES = [
    {
        "period": f"{year}-{month:02d}",
        "currency": "PLN",
        "reference": "EUR",
        "rate": f"0.{20 + year - 2022}{month:02d}37",
    }
    for year in (2024, 2025)
    for month in range(1, 13)
]
WORDS = ["subsidiary", "country", "team", "salesperson", "channel", "product_group", "industry", "abc_class", "state"]
LINE = st.fixed_dictionaries(
    {
        "period": st.sampled_from(YEARS),
        "customer": st.sampled_from(["", *(f"DE-C{number}" for number in range(1, 6))]),
        "salesperson": st.sampled_from(["", "DE-S1", "DE-S2"]),
        "channel": st.sampled_from(["", "direct", "web"]),
        "product_group": st.sampled_from(["", "pumps"]),
        "revenue": st.decimals(-2000, 2000, places=2).map(str),
        "margin": st.decimals(-200, 200, places=2).map(str),
        "orders": st.integers(0, 3),
    }
)
KEY = ("period", "customer", "salesperson", "channel", "product_group")
LINES = st.lists(LINE, min_size=1, max_size=15, unique_by=lambda line: tuple(line[name] for name in KEY))


@pytest.fixture
def group(service: Service) -> Service:
    hand_in_subsidiary(service, "DE", "EUR")
    hand_in_subsidiary(service, "PL", "PLN")
    service.submit("exchange-rates", ALL_RATES)
    return service


def by(items: list[dict[str, Any]], *names: str) -> dict[Any, dict[str, Any]]:
    return {tuple(one[name] for name in names): one for one in items}


def value(one: dict[str, Any], name: str = "value") -> Decimal | None:
    return None if one[name] is None else Decimal(one[name])


@given(
    rows=LINES, words=st.lists(st.sampled_from(WORDS), max_size=2, unique=True), time=st.sampled_from(["", "quarter"])
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=12)
def test_the_identities_hold_at_every_grouping(group: Service, rows: Any, words: list[str], time: str) -> None:
    group.submit("statistics", rows, subsidiary="DE")
    names = ",".join([*words, time] if time else words)
    ids = "revenue,margin,margin_rate,active_customers,new_customers,lost_customers,reactivated_customers,retention"
    answer = group.get("/v1/kpis", indicators=ids, group_by=names, currency="EUR", totals=True)
    whole = group.get("/v1/kpis", indicators=ids, group_by=time, currency="EUR")["items"]
    totals = [one for one in answer["items"] if one["total"]]
    told = [(one["indicator"], one.get(time), one["value"], one["n"]) for one in totals]
    assert told == [(one["indicator"], one.get(time), one["value"], one["n"]) for one in whole]
    (control,) = answer["control"]
    parts = [one for one in answer["items"] if not one["total"]]
    revenue = sum(Decimal(one["value"]) for one in parts if one["indicator"] == "revenue")
    assert revenue == Decimal(control["groups"]) == Decimal(control["revenue"])
    assert Decimal(control["attributed"]) + Decimal(control["unattributed"]) == Decimal(control["revenue"])
    figures: dict[Any, dict[str, dict[str, Any]]] = defaultdict(dict)
    for one in parts:
        figures[tuple(one[name] for name in [*words, *([time] if time else [])])][one["indicator"]] = one
    for cell in figures.values():
        before = Decimal(cell["lost_customers"]["n"])
        flow = -value(cell["lost_customers"]) + value(cell["new_customers"]) + value(cell["reactivated_customers"])
        assert value(cell["active_customers"]) == before + flow
    _ratios_roll_up(parts, whole, time)


def _ratios_roll_up(parts: list[dict[str, Any]], whole: list[dict[str, Any]], time: str) -> None:
    for one in whole:
        if one["indicator"] == "margin_rate":
            own = [p for p in parts if p["indicator"] == "margin_rate" and p.get(time) == one.get(time)]
            for side in ("numerator", "denominator"):
                assert sum(Decimal(p[side]) for p in own) == Decimal(one[side])


@given(
    rows=LINES, channel=st.sampled_from(["", "direct", "web"]), words=st.sampled_from(["", "salesperson", "industry"])
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=12)
def test_filters_leave_out_what_the_control_block_says(group: Service, rows: Any, channel: str, words: str) -> None:
    group.submit("statistics", rows, subsidiary="DE")
    query = {"indicators": "revenue", "group_by": words, "channel": channel, "currency": "EUR"}
    answer = group.get("/v1/kpis", **query)
    (control,) = answer["control"]
    kept = sum(Decimal(one["value"]) for one in answer["items"])
    assert kept == Decimal(control["groups"])
    assert kept + Decimal(control["filtered_out"]) == Decimal(control["revenue"])
    assert control["revenue"] == group.get("/v1/kpis", indicators="revenue", currency="EUR")["control"][0]["revenue"]


def test_filters_on_several_dimensions_and_words(group: Service) -> None:
    query = {"indicators": "revenue", "subsidiary": "DE"}
    one = group.get("/v1/kpis", **query, salesperson="DE-S1")["items"][0]["value"]
    two = group.get("/v1/kpis", **query, salesperson="DE-S2", state="retained")["items"][0]["value"]
    both = group.get("/v1/kpis", **query, salesperson=["DE-S1", "DE-S2"])["items"][0]["value"]
    assert (one, two, both) == ("14409", "4806", "19215")
    nobody = group.get("/v1/kpis", **query, salesperson="X", country="DE")
    assert nobody["items"][0]["value"] == "0"
    assert nobody["control"][0]["filtered_out"] == "19215"


def test_empty_cells_and_sellers_without_a_line_exist(group: Service) -> None:
    newcomer = {"code": "DE-S9", "name": "N", "team": "T", "start": "2025-01-01"}
    group.submit("salespeople", [newcomer], subsidiary="DE")
    query = {"indicators": "revenue,margin_rate", "group_by": "salesperson,month", "subsidiary": "DE"}
    items = group.get("/v1/kpis", **query)["items"]
    assert len(items) == 3 * 12 * 2
    found = by(items, "salesperson", "month", "indicator")
    assert found["DE-S9", "2025-03", "revenue"]["value"] == "0"
    assert found["DE-S9", "2025-03", "margin_rate"]["reason"] == "revenue is 0"


def test_a_numerator_and_a_denominator_stand_beside_a_ratio(group: Service) -> None:
    items = group.get("/v1/kpis", indicators="margin_rate,revenue,growth", subsidiary="DE")["items"]
    rate, revenue, growth = items
    assert (rate["numerator"], rate["denominator"], rate["value"]) == ("5760", "19215", "0.299766")
    assert (revenue["numerator"], revenue["denominator"]) == ("19215", None)
    assert (growth["numerator"], growth["denominator"]) == (growth["value"], None)


@pytest.mark.parametrize(
    ("time", "labels"),
    [
        ("half", ["2025-H1", "2025-H2"]),
        ("fiscal_year", ["FY2025", "FY2026"]),
        ("fiscal_half", ["FY2025-H2", "FY2026-H1", "FY2026-H2"]),
        ("fiscal_quarter", ["FY2025-Q4", "FY2026-Q1", "FY2026-Q2", "FY2026-Q3"]),
    ],
)
def test_parts_of_calendar_and_fiscal_years(service: Service, time: str, labels: list[str]) -> None:
    body = {"name": "D", "country": "DE", "currency": "EUR", "fiscal_year_start": 4}
    hand_in_subsidiary(service, "DE", "EUR")
    etag = service.client.get("/v1/subsidiaries/DE").headers["etag"]
    service.client.put("/v1/subsidiaries/DE", json=body, headers={"If-Match": etag}).raise_for_status()
    answer = service.get("/v1/kpis", indicators="revenue", group_by=time, subsidiary="DE")
    assert [one[time] for one in answer["items"]] == labels
    assert sum(Decimal(one["value"]) for one in answer["items"]) == Decimal(answer["control"][0]["revenue"])
    assert answer.get("fiscal_year_start") == (4 if time.startswith("fiscal") else None)


def test_rolling_12_is_the_window_of_twelve_months_that_end_with_each(group: Service) -> None:
    query = {"indicators": "revenue,active_customers,retention", "subsidiary": "DE"}
    rolling = group.get("/v1/kpis", group_by="rolling_12", **query, **{"from": "2024-11"})["items"]
    early = [one for one in rolling if one["rolling_12"] == "2024-11"]
    assert {one["reason"] for one in early} == {"the window begins before the data, which begin in 2024-01"}
    for month, first in (("2025-03", "2024-04"), ("2025-12", "2025-01")):
        own = [one | {"rolling_12": None} for one in rolling if one["rolling_12"] == month]
        alone = group.get("/v1/kpis", **query, **{"from": first, "to": month})["items"]
        assert own == [one | {"rolling_12": None} for one in alone]


def test_what_is_compared_with_before(group: Service) -> None:
    query = {"indicators": "revenue,retention", "group_by": "subsidiary,quarter", "subsidiary": "DE"}
    for compare, first, last in (("prior", "2025-04", "2025-06"), ("prior_year", "2024-07", "2024-09")):
        items = group.get("/v1/kpis", compare=compare, **query, **{"from": "2025-07", "to": "2025-09"})["items"]
        before = group.get("/v1/kpis", **query, **{"from": first, "to": last})["items"]
        for one, earlier in zip(items, before, strict=True):
            assert one["compare_value"] == earlier["value"]
            if value(earlier):
                assert value(one, "difference") == value(one) - value(earlier)
                assert abs(value(one, "ratio") - value(one) / value(earlier)) < Decimal("0.000001")
    (early,) = group.get("/v1/kpis", compare="prior", indicators="revenue", subsidiary="DE", period="2024-Q1")["items"]
    assert (early["compare_value"], early["ratio"]) == (None, None)
    assert early["compare_reason"] == "the window begins before the data, which begin in 2024-01"


def test_targets_are_compared_where_they_fall_apart(group: Service) -> None:
    targets = [
        {"period": "2025-01", "measure": "revenue", "salesperson": "DE-S1", "value": "400"},
        {"period": "2025-01", "measure": "revenue", "salesperson": "DE-S2", "value": "600"},
        {"period": "2025-01", "measure": "orders", "value": "10"},
    ]
    group.submit("targets", targets, subsidiary="DE")
    query = {"indicators": "revenue,margin_rate", "subsidiary": "DE", "compare": "target", "period": "2025-01"}
    revenue, rate = group.get("/v1/kpis", **query)["items"]
    assert (revenue["compare_value"], revenue["difference"]) == ("1000", "601.25")
    assert rate["compare_reason"] == "there is no target of margin_rate for this group and these months"
    found = by(group.get("/v1/kpis", group_by="salesperson", **query)["items"], "salesperson", "indicator")
    assert found["DE-S1", "revenue"]["compare_value"] == "400"
    product = group.get("/v1/kpis", group_by="product_group", **query)["items"][0]
    assert product["compare_reason"] == "a target does not fall apart by product_group"


def test_the_newest_plan_is_compared_where_it_has_the_months(group: Service) -> None:
    window = {"window_first": "2024-01", "window_last": "2024-12"}
    made = group.post("/v1/plans", {"subsidiary": "DE", "by": ["salesperson"], **window})
    lines = group.get(f"/v1/plans/{made['id']}/lines", limit=1000)["items"]
    query = {"indicators": "revenue", "subsidiary": "DE", "compare": "plan"}
    (whole,) = group.get("/v1/kpis", **query)["items"]
    assert whole["compare_value"] == made["revenue"]
    items = group.get("/v1/kpis", group_by="salesperson,month", **query)["items"]
    for one in items:
        own = [
            Decimal(x["revenue"])
            for x in lines
            if (x["salesperson"], x["period"]) == (one["salesperson"], one["month"])
        ]
        assert value(one, "compare_value") == sum(own)
    (channel,) = group.get("/v1/kpis", group_by="channel", **query)["items"][-1:]
    assert channel["compare_value"] is None
    (early,) = group.get("/v1/kpis", **query, period="2024-06")["items"]
    assert early["compare_reason"] == "there is no plan of revenue for this group and these months"


def test_the_local_amount_and_the_rate_stand_beside_the_converted_one(group: Service) -> None:
    query = {"indicators": "revenue,margin_rate", "group_by": "subsidiary", "currency": "EUR"}
    found = by(group.get("/v1/kpis", period="2025-03", **query)["items"], "subsidiary", "indicator")
    polish = found["PL", "revenue"]
    assert (polish["value_local"], polish["currency_local"], polish["currency"]) == ("1601.25", "PLN", "EUR")
    assert (Decimal(polish["rate"]), polish["rate_type"]) == (Decimal("0.230337"), "month_average")
    assert polish["rate_months"] == "2025-03..2025-03"
    assert "rate" not in found["PL", "margin_rate"]
    year = by(group.get("/v1/kpis", **query)["items"], "subsidiary", "indicator")["PL", "revenue"]
    assert year["rate_type"] == "weighted_average"
    assert abs(Decimal(year["rate"]) * Decimal(year["value_local"]) - Decimal(year["value"])) < Decimal("0.0001")


def test_a_group_that_bought_long_ago_has_its_local_amounts_too(group: Service) -> None:
    group.submit(
        "statistics", [{"period": "2024-01", "customer": "DE-C1", "revenue": "5", "orders": 1}], subsidiary="DE"
    )
    query = {"group_by": "subsidiary,salesperson,quarter", "currency": "EUR", "from": "2025-10", "to": "2025-12"}
    rows = group.get("/v1/kpis", indicators="revenue,new_customers", **query)["items"]
    (one,) = [row for row in rows if (row["subsidiary"], row["salesperson"], row["indicator"]) == ("DE", "", "revenue")]
    assert (one["value"], one["value_local"]) == ("0", "0")


def test_constant_rates_take_the_rate_of_the_same_month_before(group: Service) -> None:
    query = {"indicators": "revenue,growth", "subsidiary": "PL", "currency": "EUR"}
    lines = group.get("/v1/statistics", subsidiary="PL", **{"from": "2025-01", "limit": 1000})["items"]
    rates = {rate["period"]: Decimal(rate["rate"]) for rate in ALL_RATES}
    expected = sum(round(Decimal(line["revenue"]) * rates[f"2024-{line['period'][5:]}"], 4) for line in lines)
    revenue, growth = group.get("/v1/kpis", rates="constant", **query)["items"]
    assert Decimal(revenue["value"]) == expected
    before = Decimal(group.get("/v1/kpis", period="2024", **query)["items"][0]["value"])
    assert abs(Decimal(growth["value"]) - (expected / before - 1)) < Decimal("0.000001")
    monthly = group.get("/v1/kpis", group_by="month", rates="constant", **query, period="2025-Q1")["items"]
    first = next(one for one in monthly if one["month"] == "2025-01" and one["indicator"] == "revenue")
    january = sum(round(Decimal(x["revenue"]) * rates["2024-12"], 4) for x in lines if x["period"] == "2025-01")
    assert Decimal(first["value"]) == january
    missing = group.get("/v1/kpis", rates="constant", period="2024", status=422, **query)
    assert (missing["currency"], missing["months"][0]) == ("PLN", "2023-01")


def test_totals_in_local_currency_are_of_each_currency(group: Service) -> None:
    items = group.get("/v1/kpis", indicators="revenue", group_by="subsidiary", totals=True)["items"]
    told = [(one["subsidiary"], one["currency"], one["total"]) for one in items]
    assert told == [("DE", "EUR", False), ("PL", "PLN", False), ("", "EUR", True), ("", "PLN", True)]


def test_more_rows_than_an_answer_holds_are_refused(group: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.operations.figures.MOST_ROWS", 20)
    problem = group.get("/v1/kpis", group_by="salesperson,month", currency="EUR", status=422)
    assert "more than 20 rows" in problem["detail"]


def test_sums_beyond_a_million_million_are_answered(service: Service) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    line = {"period": "2025-12", "channel": "direct", "revenue": "999999999999"}
    rows = [line | {"customer": f"DE-C{number}"} for number in range(1, 5)]
    service.submit("statistics", rows, subsidiary="DE")
    answer = service.get("/v1/kpis", indicators="revenue,concentration_hhi,concentration_gini")
    assert Decimal(answer["control"][0]["revenue"]) > 3_999_999_999_996
    assert answer["items"][1]["value"] == "0.25"


def test_a_subsidiary_without_customers_has_no_classes(service: Service) -> None:
    body = {"name": "N", "country": "NO", "currency": "NOK"}
    assert service.client.put("/v1/subsidiaries/NO", json=body).status_code == 201
    service.submit("statistics", [{"period": "2025-12", "revenue": "5"}], subsidiary="NO")
    items = service.get("/v1/kpis", indicators="revenue,active_customers", group_by="abc_class,state")["items"]
    assert [(one["abc_class"], one["state"], one["value"]) for one in items] == [("", "", "5"), ("", "", "0")]
    filtered = service.get("/v1/kpis", indicators="revenue", abc_class="A")
    assert (filtered["items"][0]["value"], filtered["control"][0]["filtered_out"]) == ("0", "5")
