"""Method versions: posted whole, checked, never changed, found by whatever takes `method`."""

import json
from typing import Any

import pytest
import yaml

from service.access.keys import Scope
from service.operations.methods import standard
from tests.conftest import Service
from tests.documents import HALF, OWN, document
from tests.group import hand_in_subsidiary
from tests.operations.test_method_documents import BAD, ODD_YAML, UNREADABLE

JSON, YAML = "application/json", "application/yaml"


def post(service: Service, body: Any, kind: str = JSON, **headers: str) -> Any:
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    return service.client.post("/v1/methods", content=content, headers={"Content-Type": kind, **headers})


def test_a_version_is_posted_once_and_never_changed(service: Service) -> None:
    first = post(service, document())
    assert first.status_code == 201, first.text
    again = post(service, document())
    assert (again.status_code, again.json()) == (200, first.json())
    other = post(service, document(plan__shrinkage=7))
    assert other.status_code == 409
    assert "choose another id" in other.json()["detail"]
    assert [one["id"] for one in service.get("/v1/methods")["items"]] == ["standard-1", "house-1"]
    assert service.get("/v1/methods/house-1") == first.json()


def test_the_standard_version_cannot_be_replaced(service: Service) -> None:
    assert post(service, standard().model_dump(mode="json")).status_code == 200
    assert post(service, document(id="standard-1")).status_code == 409


@pytest.mark.parametrize("kind, word", [(JSON, "json"), (YAML, "yaml")])
def test_the_document_that_is_given_back_is_the_one_that_was_posted(service: Service, kind: str, word: str) -> None:
    posted = post(service, document(indicators=[OWN, HALF], potential__limits={"*": {"A": "100", "B": "10.5"}})).json()
    by_accept = service.client.get("/v1/methods/house-1/document", headers={"Accept": kind})
    by_query = service.client.get("/v1/methods/house-1/document", params={"format": word})
    assert by_accept.headers["content-type"].startswith(kind)
    assert by_accept.text == by_query.text
    again = post(service, by_accept.text, kind)
    assert (again.status_code, again.json()) == (200, posted)


def test_a_number_of_a_document_is_taken_as_it_is_written(service: Service) -> None:
    text = service.client.get("/v1/methods/standard-1/document", params={"format": "yaml"}).text
    text = text.replace("id: standard-1", "id: house-1").replace("a: '0.80'", "a: 0.70")
    post(service, text, YAML)
    values = {one["name"]: one["value"] for one in service.get("/v1/methods/house-1")["parameters"]}
    assert values["abc.a"] == "0.70"


def test_posting_needs_the_scope_admin_and_the_whole_group(service: Service) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    for key in (service.key([Scope.PLANS_WRITE]), service.key(subsidiaries=["DE"])):
        assert post(service, document(), **service.as_key(key)).status_code == 403
    one_subsidiary = service.as_key(service.key(subsidiaries=["DE"]))
    post(service, document())
    assert service.client.get("/v1/methods/house-1", headers=one_subsidiary).status_code == 200


def test_what_is_refused_has_its_problem_document_and_is_not_kept(service: Service) -> None:
    """Each case by itself: tests/operations/test_method_documents.py."""
    for _, body, expected in BAD:
        answer = post(service, body)
        assert answer.status_code == 422, answer.text
        assert answer.json()["type"] == "/problems/document-refused"
        assert answer.json()["errors_total"] == len(expected)
    for kind, text in UNREADABLE:
        answer = post(service, text, kind)
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-body"), answer.text
    for text in ODD_YAML:
        assert post(service, text, YAML).status_code == 422
    assert len(service.get("/v1/methods")["items"]) == 1


def test_a_document_has_a_content_type_and_a_size(service: Service) -> None:
    assert post(service, "{}", "text/plain").status_code == 415
    assert post(service, "{}", "").status_code == 415
    assert post(service, " " * (128 * 1024 + 1)).status_code == 413


def test_versions_are_found_by_name_and_by_month(service: Service) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    before = service.post("/v1/segmentations", {"subsidiary": "DE"})
    assert before["method"] == "standard-1"
    post(service, document(abc__scope="subsidiary"))
    post(service, document(id="house-2", valid_from="2026-01"))
    post(service, document(id="old", valid_from="2019-01"))
    for asked, used in [
        ({}, "house-1"),  # the window ends in December 2025
        ({"to": "2025-06"}, "house-1"),
        ({"to": "2025-05"}, "standard-1"),
        ({"method": "house-2"}, "house-2"),
        ({"method": "standard-1"}, "standard-1"),
    ]:
        assert service.get("/v1/kpis", subsidiary="DE", **asked)["method"] == used
        if "to" not in asked:
            segmentation = service.client.post("/v1/segmentations", json={"subsidiary": "DE", **asked})
            assert segmentation.json()["method"] == used
    plan = service.post("/v1/plans", {"subsidiary": "DE", "method": "house-2"})
    assert plan["method"] == "house-2"
    assert service.post("/v1/resource-requirements", {"plan": plan["id"]})["method"] == "house-2"
    assert service.get(f"/v1/segmentations/{before['id']}") == before


@pytest.mark.parametrize("method", ["house-9", "a b", "\0", "ä", "x" * 64])
def test_a_version_that_is_not_there_is_not_found(service: Service, method: str) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    query = {"method": method, "subsidiary": "DE"}
    assert service.client.get("/v1/kpis", params=query).status_code == 404
    assert service.client.post("/v1/segmentations", json=query).status_code in (404, 422)
    assert service.client.get("/v1/methods/standard-1/diff", params={"against": method}).status_code == 404


def test_own_indicators_have_values(service: Service) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    post(service, document(indicators=[HALF | {"formula": "lead_to_qualified / 2"}]))
    (row,) = service.get("/v1/kpis", subsidiary="DE", indicators="half")["items"]
    assert row["value"] == "0.25"
    assert service.get("/v1/kpis", subsidiary="DE", indicators="half", method="standard-1", status=422)
    own = service.get("/v1/methods/house-1")["indicators"]
    assert [(one["id"], one["executed"]) for one in own] == [("half", "qualified / leads / 2")]


def test_classes_of_figures_are_those_of_the_version_that_is_named(service: Service) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    post(service, document(valid_from="2030-01", abc__a="0.30", abc__b="0.40"))
    counted = {}
    for method in ("standard-1", "house-1"):
        question = {"indicators": "active_customers", "group_by": "abc_class", "method": method}
        figures = {row["abc_class"]: row["n"] for row in service.get("/v1/kpis", **question)["items"] if row["n"]}
        segmentation = service.post("/v1/segmentations", {"subsidiary": "DE", "scope": "channel", "method": method})
        customers = service.get(f"/v1/segmentations/{segmentation['id']}/customers")["items"]
        classes = [one["abc_class"] for one in customers if one["abc_class"] != "N"]
        counted[method] = {word: classes.count(word) for word in set(classes)}
        assert figures == counted[method]
    assert counted["house-1"] != counted["standard-1"]


def test_the_difference_of_two_versions(service: Service) -> None:
    post(service, document(plan__cycle_months={"A": 6, "B": 4, "C": 1.5}, indicators=[HALF]))
    limits = {"direct": {"A": "100", "B": "10"}}
    post(service, document(id="house-2", potential__limits=limits, indicators=[HALF | {"formula": "wins / leads"}]))
    found = service.get("/v1/methods/house-2/diff", against="house-1")
    assert found["parameters"] == [
        {"name": "potential.limits.direct.A", "change": "added", "value": "100", "against": None},
        {"name": "potential.limits.direct.B", "change": "added", "value": "10", "against": None},
        {"name": "plan.cycle_months.B", "change": "changed", "value": 3.0, "against": 4.0},
    ]
    assert found["indicators"] == [
        {"name": "half.formula", "change": "changed", "value": "wins / leads", "against": "wins / leads / 2"}
    ]
    back = service.get("/v1/methods/house-1/diff", against="house-2")
    assert {one["change"] for one in back["parameters"]} == {"removed", "changed"}
    same = service.get("/v1/methods/house-1/diff", against="house-1")
    assert (same["parameters"], same["indicators"]) == ([], [])
    added = service.get("/v1/methods/house-1/diff", against="standard-1")["indicators"]
    assert {one["change"] for one in added} == {"added"}


def test_what_a_version_would_change(service: Service) -> None:
    """A ends at 40 %, potentials have limits, and unknown ones are taken for twice as much."""
    hand_in_subsidiary(service, "DE", "EUR")
    service.submit("customers", [{"code": "DE-C7"}], subsidiary="DE")
    service.submit("statistics", [{"period": "2025-12", "customer": "DE-C7", "revenue": "60"}], subsidiary="DE")
    limits = {"*": {"A": "150000", "B": "50000"}}
    potential = {"limits": limits, "default_wallet_share": "0.25"}
    body = document(valid_from="2030-01", abc__a="0.40", potential=potential, indicators=[HALF])
    assert post(service, body).status_code == 201
    query = {"against": "standard-1", "subsidiary": "DE"}
    found = service.get("/v1/methods/house-1/effects", **query)
    kept = [
        {
            row["customer"]: (row["abc_class"], row["potential_class"], row["segment"])
            for row in service.get(f"/v1/segmentations/{one['id']}/customers")["items"]
        }
        for one in (
            service.post("/v1/segmentations", {"subsidiary": "DE", "method": method})
            for method in ("house-1", "standard-1")
        )
    ]
    expected = {code: (kept[0][code], kept[1][code]) for code in kept[0] if kept[0][code] != kept[1][code]}
    words = ("abc_class", "potential_class", "segment")
    assert expected == {
        row["customer"]: (tuple(row[word] for word in words), tuple(row[f"against_{word}"] for word in words))
        for row in found["items"]
    }
    assert found["moved"] == len(expected) > 1
    assert found["customers"] == 7
    # Coverage follows the limits of the potential, load and contacts against norm the classes.
    moved = ["wallet_share", "strong_coverage", "load", "contact_attainment", "half"]
    assert [one["indicator"] for one in found["indicators"]] == moved
    assert found["indicators"][-1]["against_reason"] == "This version does not have it."

    pages = []
    page = service.get("/v1/methods/house-1/effects", limit=1, **query)
    while page["items"]:
        pages += page["items"]
        if page["next"] is None:
            break
        page = service.get("/v1/methods/house-1/effects", limit=1, after=page["next"], **query)
    assert pages == found["items"]


def test_a_version_changes_nothing_against_itself(service: Service) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    found = service.get("/v1/methods/standard-1/effects", against="standard-1", subsidiary="DE")
    assert (found["items"], found["indicators"], found["moved"]) == ([], [], 0)


def test_yaml_is_written_without_aliases(service: Service) -> None:
    text = service.client.get("/v1/methods/standard-1/document", params={"format": "yaml"}).text
    assert not [token for token in yaml.scan(text) if isinstance(token, yaml.AliasToken | yaml.AnchorToken)]
