"""Stored segmentations: every scope and rule, the group's, reasons of changes, overrides, tables that add up."""

import json
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from service.access.keys import Scope
from service.store import results, segmenting
from tests.conftest import Service
from tests.group import YEARS, hand_in_subsidiary

RATES = [
    {"period": period, "currency": "PLN", "reference": "EUR", "rate": f"0.2{place:02d}37"}
    for place, period in enumerate(YEARS)
]


@pytest.fixture
def group(service: Service) -> Service:
    hand_in_subsidiary(service, "DE", "EUR")
    hand_in_subsidiary(service, "PL", "PLN")
    service.submit("exchange-rates", RATES)
    return service


def customers(service: Service, made: dict[str, Any], **query: Any) -> dict[str, dict[str, Any]]:
    items = service.get(f"/v1/segmentations/{made['id']}/customers", limit=1000, **query)["items"]
    return {one["customer"]: one for one in items}


def test_each_row_says_why(group: Service) -> None:
    found = customers(group, group.post("/v1/segmentations", {"subsidiary": "DE"}))
    # 6 buys 7 203, then 4 803, 3 603, 2 403, 1 203: 80 % are 15 372.
    assert [found[f"DE-C{n}"]["abc_class"] for n in range(1, 7)] == ["B", "B", "A", "A", "N", "A"]
    third, last = found["DE-C3"], found["DE-C1"]
    assert (third["share_before"], third["limit_share"], third["limit"]) == (0.624824, 0.8, "15372")
    assert third["to_next_class"] is None
    assert (last["limit_share"], last["limit"]) == (0.95, "18254.25")
    assert last["to_next_class"] == "2400"
    assert (found["DE-C5"]["limit"], found["DE-C5"]["to_next_class"]) == (None, "0")
    assert (last["potential_known_by"], last["potential_known_on"]) == ("norm", None)
    assert (last["at_risk"], last["days_since_order"], last["order_interval_days"]) == (None, None, None)


@pytest.mark.parametrize(
    "asked, classes, limit",
    [
        ({"rule": "floors", "floor_a": "4803", "floor_b": "2000"}, "CBBANA", "4803"),
        ({"rule": "computed"}, "CCBANA", "4803"),
        ({"a": 0.5, "b": 0.6}, "CCCANA", "9607.5"),
        ({"measure": "margin", "a": 0.5, "b": 0.6}, "CCCANA", "2880"),
    ],
)
def test_the_rule_may_be_asked_for(group: Service, asked: dict[str, Any], classes: str, limit: str) -> None:
    made = group.post("/v1/segmentations", {"subsidiary": "DE", **asked})
    found = customers(group, made)
    assert "".join(found[f"DE-C{n}"]["abc_class"] for n in range(1, 7)) == classes
    assert found["DE-C4"]["limit"] == limit
    assert {name: made[name] for name in asked} == asked
    again = group.post("/v1/segmentations", {"subsidiary": "DE", **asked}, status=200)
    assert again == made


@pytest.mark.parametrize(
    "asked, argument",
    [
        ({"subsidiary": "DE", "rule": "floors"}, "floor_a and floor_b"),
        ({"subsidiary": "DE", "a": 0.9, "b": 0.5}, "cannot reach less"),
        ({"subsidiary": "DE", "a": 0.1234567891}, "9"),
        ({"subsidiary": "DE", "rule": "floors", "floor_a": "1", "floor_b": "2"}, "cannot begin below"),
        ({"subsidiary": "DE", "floor_a": "0"}, "greater than 0"),
        ({"subsidiary": "DE", "scope": "group"}, "leave it out"),
        ({"scope": "channel"}, "Name the subsidiary"),
        ({"scope": "group"}, "currency"),
        ({"subsidiary": "DE", "currency": "EUR"}, "currency"),
    ],
)
def test_what_does_not_fit_together_is_refused(group: Service, asked: dict[str, Any], argument: str) -> None:
    assert argument in group.post("/v1/segmentations", asked, status=422)["detail"]


@pytest.mark.parametrize("scope", ["channel", "subsidiary", "salesperson"])
@pytest.mark.parametrize("by", ["abc_class", "segment", "state", "potential_class"])
def test_every_table_adds_up_to_the_lines(group: Service, scope: str, by: str) -> None:
    group.submit("statistics", [{"period": "2025-02", "revenue": "77.7"}], subsidiary="DE")
    made = group.post("/v1/segmentations", {"subsidiary": "DE", "scope": scope})
    lines = group.get("/v1/statistics", subsidiary="DE", **{"from": "2025-01", "limit": 1000})["items"]
    control = {name: Decimal(value) for name, value in made["control"].items()}
    assert control["revenue"] == sum(Decimal(line["revenue"]) for line in lines)
    table = group.get(f"/v1/segmentations/{made['id']}/classes", by=by)["items"]
    for wanted in {row["scope"] for row in table} - ({""} if scope != "subsidiary" else set()):
        rows = [row for row in table if row["scope"] == wanted]
        assert all(row[by] is not None for row in rows)
    whole = [row for row in table if not row["scope"] and (by != "abc_class" or row["abc_class"] != "all")]
    parts = [row for row in table if row["scope"] and (by != "abc_class" or row["abc_class"] != "all")] or whole
    for rows in (whole, parts):
        assert sum(Decimal(row["revenue"]) for row in rows) == control["attributed"] == control["class_table"]
        assert sum(row["customers"] for row in rows) == made["customers"] == 6


def test_migration_in_money_closes_with_the_bridge(group: Service) -> None:
    made = group.post("/v1/segmentations", {"subsidiary": "DE"})
    for rule in ("frozen", "raw"):
        answer = group.get(f"/v1/segmentations/{made['id']}/migration", rule=rule)
        whole = [row for row in answer["items"] if not row["scope"]]
        bridge = {name: Decimal(value) for name, value in answer["bridge"].items()}
        assert sum(Decimal(row["revenue"]) for row in whole) == bridge["end"]
        assert sum(Decimal(row["prior_revenue"]) for row in whole) == bridge["start"]
        assert sum(bridge.values()) - bridge["end"] == bridge["end"]


def test_the_group_is_one_scope_in_one_currency(group: Service) -> None:
    made = group.post("/v1/segmentations", {"scope": "group", "currency": "EUR"})
    assert (made["id"], made["subsidiary"], made["currency"], made["customers"]) == ("group.1", "group", "EUR", 12)
    assert {one["subsidiary"] for one in made["revisions"]} == {"DE", "PL"}
    kpi = group.get("/v1/kpis", indicators="revenue", currency="EUR")["items"][0]
    assert made["control"]["revenue"] == kpi["value"]
    found = customers(group, made, sort="-value")
    values = [Decimal(one["value"]) for one in found.values()]
    assert values == sorted(values, reverse=True)
    rates = {rate["period"]: Decimal(rate["rate"]) for rate in RATES}
    expected = sum(round(Decimal("600.25") * rates[period], 4) for period in YEARS[12:])
    assert Decimal(found["PL-C6"]["value"]) == expected
    assert Decimal(found["PL-C6"]["effective_potential"]) == round(240_000 * rates[YEARS[-1]], 4)
    assert found["PL-C6"]["subsidiary"] == "PL"
    (whole,) = [row for row in group.get("/v1/segmentations/group.1/classes")["items"] if row["abc_class"] == "A"]
    assert whole["customers"] == sum(one["abc_class"] == "A" for one in found.values())
    assert group.post("/v1/segmentations", {"scope": "group", "currency": "EUR"}, status=200) == made
    assert [one["id"] for one in group.get("/v1/segmentations")["items"]] == ["group.1"]
    group.submit("statistics", [{"period": "2025-02", "revenue": "77.7"}], subsidiary="PL")
    assert group.get("/v1/segmentations/group.1")["fresh"] is False
    assert group.post("/v1/segmentations", {"scope": "group", "currency": "EUR"})["id"] == "group.2"


def test_the_group_is_for_keys_that_reach_all_of_it(group: Service) -> None:
    group.post("/v1/segmentations", {"scope": "group", "currency": "EUR"})
    headers = group.as_key(group.key(subsidiaries=["DE", "PL"]))
    asked = {"scope": "group", "currency": "EUR"}
    for more in ({}, {"Idempotency-Key": "k"}):
        assert group.client.post("/v1/segmentations", json=asked, headers=headers | more).status_code == 403
    for part in ("", "/customers", "/classes", "/migration"):
        assert group.client.get(f"/v1/segmentations/group.1{part}", headers=headers).status_code == 404


def test_a_missing_rate_names_its_months(group: Service) -> None:
    problem = group.post("/v1/segmentations", {"scope": "group", "currency": "USD"}, status=422)
    assert problem["type"] == "/problems/missing-rate"
    assert problem["months"] == YEARS


def test_the_register_of_orders_tells_who_is_at_risk(group: Service) -> None:
    group.client.put(
        "/v1/subsidiaries/DE/feeds",
        params={"replace": "true"},
        json={"results": "register", "funnel": "lines", "activity": "lines"},
    ).raise_for_status()
    days = {"DE-C1": ["2025-01-05", "2025-03-05", "2025-09-01"], "DE-C2": ["2025-12-01"], "DE-C3": ["2025-06-01"]}
    orders = [
        {"id": f"{code}-{day}", "date": day, "customer": code, "amount": "10"}
        for code, dates in days.items()
        for day in dates
    ]
    group.submit("orders", orders, subsidiary="DE")
    made = group.post("/v1/segmentations", {"subsidiary": "DE"})
    found = customers(group, made)
    facts = {
        code: tuple(one[name] for name in ("days_since_order", "order_interval_days", "at_risk"))
        for code, one in found.items()
    }
    # 59 and 180 days between: 119.5; at risk after 0.8 · 239 = 191.2 days. One order: after 0.8 · 90 = 72.
    assert facts["DE-C1"] == (121, 119.5, False)
    assert facts["DE-C2"] == (30, None, False)
    assert facts["DE-C3"] == (213, None, True)
    assert facts["DE-C4"] == (None, None, None)
    assert list(customers(group, made, at_risk="true")) == ["DE-C3"]


OVERRIDE = "/v1/customers/DE/DE-C1/override"


def test_an_override_counts_from_now_on_and_stays_beside_the_computed(group: Service) -> None:
    before = group.post("/v1/segmentations", {"subsidiary": "DE"})
    values = {"abc_class": "A", "segment": "KEEP", "until": "2025-12", "reason": "a framework contract"}
    made = group.client.put(OVERRIDE, json=values)
    assert made.status_code == 200
    assert made.headers["ETag"] == f'"{made.json()["etag"]}"'
    assert group.get(f"/v1/segmentations/{before['id']}")["fresh"] is False
    assert customers(group, before)["DE-C1"]["overridden"] is False
    after = group.post("/v1/segmentations", {"subsidiary": "DE"})
    own = customers(group, after, effective_class="A", effective_segment="KEEP")["DE-C1"]
    assert (own["abc_class"], own["effective_class"], own["effective_segment"]) == ("B", "A", "KEEP")
    assert group.get("/v1/customers/DE/DE-C1")["effective_class"] == "A"
    assert "DE-C1" not in customers(group, after, abc_class="A")
    tables = [group.get(f"/v1/segmentations/{one['id']}/classes")["items"] for one in (before, after)]
    assert tables[0] == tables[1]
    changes = group.get(f"/v1/segmentations/{after['id']}/changes", since=before["id"])
    (change,) = changes["items"]
    assert (change["customer"], change["why"], change["to_effective_class"]) == ("DE-C1", "override", "A")
    assert changes["by_reason"]["override"] == 1
    assert changes["by_word"] == {
        **dict.fromkeys(("abc_class", "potential_class", "state", "segment"), 0),
        "effective_class": 1,
        "effective_segment": 1,
    }


def test_an_override_is_changed_by_who_has_read_it_and_all_are_kept(group: Service) -> None:
    values = {"abc_class": "A", "segment": None, "until": None, "reason": "a test"}
    revision = group.get("/v1/subsidiaries/DE")["data_revision"]
    first = group.client.put(OVERRIDE, json=values).json()
    assert group.client.put(OVERRIDE, json=values).json() == first
    assert group.client.put(OVERRIDE, json=values | {"abc_class": "B"}).status_code == 428
    stale = {"If-Match": '"0000"'}
    assert group.client.put(OVERRIDE, json=values | {"abc_class": "B"}, headers=stale).status_code == 412
    second = group.client.put(OVERRIDE, json=values | {"abc_class": "B"}, headers={"If-Match": first["etag"]}).json()
    assert [one["abc_class"] for one in second["history"]] == ["B", "A"]
    ended = group.client.delete(OVERRIDE).json()
    assert (ended["abc_class"], ended["reason"]) == (None, None)
    assert all(one["ended_at"] and one["ended_by"] for one in ended["history"])
    assert group.get(OVERRIDE) == ended
    assert group.client.delete(OVERRIDE).status_code == 404
    assert group.get("/v1/subsidiaries/DE")["data_revision"] == revision + 3


def test_an_override_says_something_about_a_customer_that_is_there(group: Service) -> None:
    nothing = {"reason": "a test"}
    assert group.client.put(OVERRIDE, json=nothing).status_code == 422
    assert group.client.put("/v1/customers/DE/DE-C99/override", json=nothing | {"abc_class": "A"}).status_code == 404
    assert group.client.get("/v1/customers/DE/DE-C99/override").status_code == 404
    reader = group.as_key(group.key(scopes=[Scope.STATISTICS_READ]))
    assert group.client.put(OVERRIDE, json=nothing | {"abc_class": "A"}, headers=reader).status_code == 403


def test_an_override_that_has_run_out_does_not_count(group: Service) -> None:
    group.client.put(OVERRIDE, json={"abc_class": "A", "until": "2025-11", "reason": "a test"}).raise_for_status()
    made = group.post("/v1/segmentations", {"subsidiary": "DE"})
    assert customers(group, made)["DE-C1"]["effective_class"] == "B"
    earlier = group.post("/v1/segmentations", {"subsidiary": "DE", "to": "2025-11"})
    assert customers(group, earlier)["DE-C1"]["effective_class"] == "A"


def line(customer: str, revenue: str, period: str = "2025-06") -> dict[str, Any]:
    return {"period": period, "customer": customer, "salesperson": "DE-S2", "channel": "direct", "revenue": revenue}


def test_changes_say_why(group: Service) -> None:
    before = group.post("/v1/segmentations", {"subsidiary": "DE"})
    group.submit("statistics", [line("DE-C1", "50000")], subsidiary="DE")
    group.submit("customers", [{"code": "DE-C7", "channel": "direct"}], subsidiary="DE")
    after = group.post("/v1/segmentations", {"subsidiary": "DE"})
    path = f"/v1/segmentations/{after['id']}/changes"
    answer = group.get(path, since=before["id"])
    found = {one["customer"]: one for one in answer["items"]}
    assert (found["DE-C1"]["from_class"], found["DE-C1"]["to_class"], found["DE-C1"]["why"]) == ("B", "A", "value")
    # C4 buys what he bought; the limits moved over him.
    assert (found["DE-C4"]["from_class"], found["DE-C4"]["to_class"], found["DE-C4"]["why"]) == ("A", "B", "limits")
    assert (found["DE-C7"]["from_class"], found["DE-C7"]["why"]) == (None, "appeared")
    assert sum(answer["by_reason"].values()) == len(answer["items"])
    assert one_by_one(group, path, before["id"]) == answer["items"]
    back = group.get(f"/v1/segmentations/{before['id']}/changes", since=after["id"])
    assert {one["customer"]: one["why"] for one in back["items"]}["DE-C7"] == "gone"
    assert back["by_word"] == answer["by_word"]


def one_by_one(group: Service, path: str, since: str) -> list[dict[str, Any]]:
    """The changes in pages of one."""
    pages, after = [], {}
    while after is not None:
        page = group.get(path, since=since, limit=1, **after)
        pages += page["items"]
        after = {"after": page["next"]} if page["next"] else None
    return pages


def test_changes_of_the_group_are_of_all_its_companies(group: Service) -> None:
    asked = {"scope": "group", "currency": "EUR"}
    before = group.post("/v1/segmentations", asked)
    for code, revenue in (("DE", "900000"), ("PL", "4000000")):
        bought = {"period": "2025-06", "customer": f"{code}-C1", "channel": "direct", "revenue": revenue}
        group.submit("statistics", [bought], subsidiary=code)
    after = group.post("/v1/segmentations", asked)
    path = f"/v1/segmentations/{after['id']}/changes"
    answer = group.get(path, since=before["id"])
    found = {(one["subsidiary"], one["customer"]): one["to_class"] for one in answer["items"]}
    assert found["DE", "DE-C1"] == found["PL", "PL-C1"] == "A"
    assert len(found) == len(answer["items"]) == sum(answer["by_reason"].values()) > 2
    assert one_by_one(group, path, before["id"]) == answer["items"]


def test_changes_by_another_rule_and_by_a_potential(group: Service) -> None:
    first = group.post("/v1/segmentations", {"subsidiary": "DE"})
    other = group.post("/v1/segmentations", {"subsidiary": "DE", "a": 0.5, "b": 0.6})
    answer = group.get(f"/v1/segmentations/{other['id']}/changes", since=first["id"])
    assert {one["why"] for one in answer["items"]} == {"rule"}
    known = {"code": "DE-C4", "salesperson": "DE-S1", "channel": "direct", "potential": "4900"}
    group.submit("customers", [known], subsidiary="DE")
    second = group.post("/v1/segmentations", {"subsidiary": "DE"})
    (change,) = group.get(f"/v1/segmentations/{second['id']}/changes", since=first["id"])["items"]
    assert (change["why"], change["from_segment"], change["to_segment"]) == ("potential", "GROW", "KEEP")
    same = group.get(f"/v1/segmentations/{first['id']}/changes", since=first["id"])
    assert (same["items"], set(same["by_word"].values())) == ([], {0})
    group.post("/v1/segmentations", {"subsidiary": "PL"})
    assert group.client.get("/v1/segmentations/PL.1/changes?since=DE.1").status_code == 422


def test_what_was_kept_before_is_served_as_it_was(group: Service) -> None:
    made = group.post("/v1/segmentations", {"subsidiary": "DE"})
    path = f"/v1/segmentations/{made['id']}"
    table = group.get(f"{path}/classes")
    moved = {rule: group.get(f"{path}/migration", rule=rule) for rule in ("frozen", "raw")}
    with group.database.writing() as connection:
        table_of = results.SEGMENTATION
        kept = json.loads(connection.execute(select(table_of.c.summary)).scalar_one())
        migration = {rule: {name: one[name] for name in one if name != "rule"} for rule, one in moved.items()}
        kept |= {"classes": table["items"], "control": table["control"], "migration": migration}
        asked = {"window": ["2025-01", "2025-12"], "scope": "channel"}
        connection.execute(update(table_of).values(summary=json.dumps(kept), parameters=json.dumps(asked)))
    assert group.get(path) == made
    assert group.get(f"{path}/classes") == table
    assert {rule: group.get(f"{path}/migration", rule=rule) for rule in moved} == moved
    assert group.client.get(f"{path}/classes?by=state").status_code == 422


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_is_handed_in_meanwhile_is_waited_for_by_nobody(group: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite has one writer at a time: nothing can be handed in meanwhile."""
    write, calls = segmenting.write, []

    def slow(*given: Any) -> None:
        calls.append(given)
        if len(calls) == 1:
            group.submit("statistics", [line("DE-C1", "50000")], subsidiary="DE")
        write(*given)

    monkeypatch.setattr(segmenting, "write", slow)
    made = group.post("/v1/segmentations", {"subsidiary": "DE"})
    assert (len(calls), made["fresh"]) == (2, True)
    assert customers(group, made)["DE-C1"]["abc_class"] == "A"


@pytest.mark.parametrize("months", [["2025-06"], ["2025-06", "2025-07"]])
def test_amounts_whose_sum_leaves_64_bits_are_refused(group: Service, months: list[str]) -> None:
    """500 still fit into a column, and not into what is added up from there; 1 000 do not fit into a column."""
    for period in months:
        most = [line("DE-C1", "999999999999.9999", period) | {"product_group": f"P{number}"} for number in range(500)]
        group.submit("statistics", most, subsidiary="DE")
    problem = group.post("/v1/segmentations", {"subsidiary": "DE"}, status=422)
    assert problem["type"] == "/problems/amount-too-large"
