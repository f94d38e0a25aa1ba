"""Who gets in, and how far: a matrix over every route of the application.

A new route under /v1 that is not in `ROUTES` fails `test_every_route_is_in_the_matrix`; one without a key check fails
`test_nobody_enters_without_a_key`.
"""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from fastapi.routing import RouteContext, iter_route_contexts
from pydantic import SecretStr

from service.access import keys
from service.access.keys import Scope, Token
from service.api import odata
from service.app import create_app
from service.operations.methods import standard
from service.settings import Settings
from tests.conftest import NOW, Service
from tests.group import hand_in_group


@dataclass(frozen=True)
class Call:
    """How to ask a route for what belongs to subsidiary DE.

    `foreign` says what somebody who reaches only FR gets: "hidden" (404), "filtered" (his own part of a list),
    "shared" (the answer has nothing of a subsidiary) or "group" (403: it concerns the whole group). `inside` is what
    somebody within reach gets.
    """

    foreign: str
    query: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    path: dict[str, str] = field(default_factory=dict)
    inside: tuple[int, ...] = (200, 201)


_KEY = "keyForDE0000"
_WEBHOOK = {"url": "https://crm.example.com/hook", "events": ["segmentation.ready"]}
_CUSTOMERS = [{"code": "X-1"}]
_PEOPLE = [{"code": "X-1", "start": "2020-01-01"}]
_LINES = [{"period": "2026-01", "revenue": "1"}]
_BY_LINES = (409,)
_ORDERS = [{"id": "O-1", "date": "2026-01-05", "customer": "DE-C1", "amount": "10"}]
_DEALS = [{"id": "D-1", "salesperson": "DE-S1", "created": "2026-01-05"}]
_ACTIVITIES = [{"id": "A-1", "date": "2026-01-05", "salesperson": "DE-S1", "type": "call"}]
_TARGETS = [{"period": "2026-01", "measure": "revenue", "value": "10"}]
_RATES = [{"period": "2026-01", "currency": "PLN", "reference": "EUR", "rate": "0.23"}]
_SEGMENTATION = {"customers": [{"code": "C1", "revenue": "10"}]}
_CLASS = {"abc_class": "A", "customers": 1, "orders": 10, "revenue": "100"}
_METHOD = standard().model_dump(mode="json") | {"id": "house-1"}
_SOLD = {"name": "pumps", "before": {"quantity": "1", "revenue": "1"}, "after": {"quantity": "2", "revenue": "3"}}
_JUDGED = {
    "none": 0.2,
    "saturation": 1.6,
    "points": [{"effort": 1, "sales": 1}, {"effort": 1.5, "sales": 1.25}],
}
_RANKED = {
    "customers": [
        {
            "code": "C1",
            "segment": "GROW",
            "abc_class": "A",
            "potential_class": "A",
            "gap": "1",
            "potential": "2",
            "revenue": "1",
        }
    ],
    "margin_rates": [0.2, 0.2, 0.2],
}
ROUTES: dict[tuple[str, str], Call] = {
    ("GET", "/v1/subsidiaries"): Call("filtered"),
    ("GET", "/v1/subsidiaries/{subsidiary}"): Call("hidden"),
    ("PUT", "/v1/subsidiaries/{subsidiary}"): Call(
        "hidden", body={"name": "DE-Company", "country": "DE", "currency": "EUR"}
    ),
    ("GET", "/v1/keys"): Call("filtered"),
    ("GET", "/v1/keys/{key}"): Call("hidden", path={"key": _KEY}),
    ("POST", "/v1/keys"): Call("hidden", body={"name": "x", "scopes": ["statistics:read"], "subsidiaries": ["DE"]}),
    ("POST", "/v1/keys/{key}/rotate"): Call("hidden", path={"key": _KEY}, body={}),
    ("DELETE", "/v1/keys/{key}"): Call("hidden", path={"key": _KEY}),
    ("GET", "/v1/audit"): Call("filtered"),
    ("GET", "/v1/webhooks"): Call("filtered"),
    ("POST", "/v1/webhooks"): Call("hidden", body=_WEBHOOK | {"subsidiary": "DE"}),
    ("GET", "/v1/webhooks/{webhook}"): Call("hidden", path={"webhook": "DE.1"}),
    ("PUT", "/v1/webhooks/{webhook}"): Call("hidden", path={"webhook": "DE.1"}, body=_WEBHOOK),
    ("POST", "/v1/webhooks/{webhook}/rotate"): Call("hidden", path={"webhook": "DE.1"}, body={}),
    ("POST", "/v1/webhooks/{webhook}/test"): Call("hidden", path={"webhook": "DE.1"}, inside=(202,)),
    ("GET", "/v1/webhooks/{webhook}/deliveries"): Call("hidden", path={"webhook": "DE.1"}),
    ("POST", "/v1/webhooks/{webhook}/replay"): Call("hidden", path={"webhook": "DE.1"}, body={}),
    ("DELETE", "/v1/webhooks/{webhook}"): Call("hidden", path={"webhook": "DE.1"}),
    ("GET", "/v1/subsidiaries/{subsidiary}/closed-months"): Call("hidden"),
    ("PUT", "/v1/subsidiaries/{subsidiary}/closed-months/{period}"): Call("hidden", path={"period": "2024-01"}),
    ("DELETE", "/v1/subsidiaries/{subsidiary}/closed-months/{period}"): Call(
        "hidden", {"reason": "a late credit note"}, path={"period": "2024-01"}
    ),
    ("GET", "/v1/group"): Call("shared"),
    ("PUT", "/v1/group"): Call("group", body={"fiscal_year_start": 1}),
    ("POST", "/v1/erasures"): Call("hidden", body={"subsidiary": "DE", "form": "customers", "codes": ["DE-C6"]}),
    ("GET", "/v1/forms"): Call("shared"),
    ("GET", "/v1/forms/{form}"): Call("shared", path={"form": "statistics"}),
    ("GET", "/v1/forms/{form}/template.xlsx"): Call("hidden", {"subsidiary": "DE"}, path={"form": "statistics"}),
    ("POST", "/v1/submissions/customers"): Call("hidden", {"subsidiary": "DE"}, _CUSTOMERS),
    ("POST", "/v1/submissions/salespeople"): Call("hidden", {"subsidiary": "DE"}, _PEOPLE),
    ("POST", "/v1/submissions/statistics"): Call("hidden", {"subsidiary": "DE"}, _LINES),
    ("POST", "/v1/submissions/orders"): Call("hidden", {"subsidiary": "DE"}, _ORDERS, inside=_BY_LINES),
    ("POST", "/v1/submissions/deals"): Call("hidden", {"subsidiary": "DE"}, _DEALS, inside=_BY_LINES),
    ("POST", "/v1/submissions/activities"): Call("hidden", {"subsidiary": "DE"}, _ACTIVITIES, inside=_BY_LINES),
    ("POST", "/v1/submissions/targets"): Call("hidden", {"subsidiary": "DE"}, _TARGETS),
    ("POST", "/v1/submissions/exchange-rates"): Call("group", body=_RATES),
    ("GET", "/v1/submissions"): Call("filtered"),
    ("GET", "/v1/submissions/{submission}"): Call("hidden", path={"submission": "DE.1"}),
    ("GET", "/v1/submissions/{submission}/problems"): Call("hidden", path={"submission": "DE.1"}),
    ("GET", "/v1/submissions/{submission}/checks"): Call("hidden", path={"submission": "DE.1"}),
    ("GET", "/v1/submissions/{submission}/source"): Call("hidden", path={"submission": "DE.3"}),
    ("GET", "/v1/customers"): Call("filtered"),
    ("GET", "/v1/customers/{subsidiary}/{code:path}"): Call("hidden", path={"code:path": "DE-C1"}),
    ("GET", "/v1/salespeople"): Call("filtered"),
    ("GET", "/v1/statistics"): Call("filtered"),
    ("GET", "/v1/subsidiaries/{subsidiary}/feeds"): Call("hidden"),
    ("PUT", "/v1/subsidiaries/{subsidiary}/feeds"): Call(
        "hidden", body={"results": "lines", "funnel": "lines", "activity": "lines"}
    ),
    ("POST", "/v1/submissions/{submission}/withdrawal"): Call(
        "hidden", path={"submission": "DE.4"}, body={"reason": "A test."}
    ),
    ("GET", "/v1/jobs/{job}"): Call("hidden", path={"job": "DE.1"}, inside=(404,)),
    ("GET", "/v1/orders"): Call("shared"),
    ("GET", "/v1/deals"): Call("shared"),
    ("GET", "/v1/activities"): Call("shared"),
    ("GET", "/v1/targets"): Call("shared"),
    ("GET", "/v1/targets/tree"): Call("hidden", {"subsidiary": "DE"}),
    ("GET", "/v1/exchange-rates"): Call("shared"),
    ("GET", "/v1/coverage"): Call("filtered"),
    ("GET", "/v1/coverage/completeness"): Call("filtered"),
    ("GET", "/v1/coverage/checks"): Call("hidden", {"subsidiary": "DE"}),
    ("GET", "/v1/coverage/requirements"): Call("hidden", {"subsidiary": "DE"}),
    ("GET", "/v1/methods"): Call("shared"),
    ("GET", "/v1/methods/{method}"): Call("shared", path={"method": "standard-1"}),
    ("POST", "/v1/methods"): Call("group", body=_METHOD),
    ("GET", "/v1/methods/{method}/document"): Call("shared", path={"method": "standard-1"}),
    ("GET", "/v1/methods/{method}/diff"): Call("shared", {"against": "standard-1"}, path={"method": "standard-1"}),
    ("GET", "/v1/methods/{method}/effects"): Call(
        "hidden", {"against": "standard-1", "subsidiary": "DE"}, path={"method": "standard-1"}
    ),
    ("GET", "/v1/indicators"): Call("hidden", {"subsidiary": "DE"}),
    ("GET", "/v1/indicators/{indicator}"): Call("hidden", {"subsidiary": "DE"}, path={"indicator": "revenue"}),
    ("POST", "/v1/segmentations"): Call("hidden", body={"subsidiary": "DE"}),
    ("GET", "/v1/segmentations"): Call("filtered"),
    ("GET", "/v1/segmentations/{segmentation}"): Call("hidden", path={"segmentation": "DE.1"}),
    ("GET", "/v1/segmentations/{segmentation}/customers"): Call("hidden", path={"segmentation": "DE.1"}),
    ("GET", "/v1/segmentations/{segmentation}/classes"): Call("hidden", path={"segmentation": "DE.1"}),
    ("GET", "/v1/segmentations/{segmentation}/migration"): Call("hidden", path={"segmentation": "DE.1"}),
    ("GET", "/v1/segmentations/{segmentation}/changes"): Call(
        "hidden", {"since": "DE.1"}, path={"segmentation": "DE.1"}
    ),
    ("GET", "/v1/customers/{subsidiary}/{code:path}/override"): Call("hidden", path={"code:path": "DE-C1"}),
    ("PUT", "/v1/customers/{subsidiary}/{code:path}/override"): Call(
        "hidden", path={"code:path": "DE-C1"}, body={"abc_class": "A", "reason": "a test"}
    ),
    ("DELETE", "/v1/customers/{subsidiary}/{code:path}/override"): Call("hidden", path={"code:path": "DE-C1"}),
    ("GET", "/v1/customers/{subsidiary}/{code:path}/plan"): Call("hidden", path={"code:path": "DE-C1"}),
    ("GET", "/v1/plans/{plan}/customers"): Call("hidden", path={"plan": "DE.1"}),
    ("GET", "/v1/comparisons"): Call("filtered"),
    ("GET", "/v1/kpis"): Call("filtered", {"indicators": "revenue", "group_by": "subsidiary", "currency": "EUR"}),
    ("POST", "/v1/plans"): Call("hidden", body={"subsidiary": "DE"}),
    ("GET", "/v1/plans"): Call("filtered"),
    ("GET", "/v1/plans/{plan}"): Call("hidden", path={"plan": "DE.1"}),
    ("GET", "/v1/plans/{plan}/lines"): Call("hidden", path={"plan": "DE.1"}),
    ("GET", "/v1/plans/{plan}/inputs"): Call("hidden", path={"plan": "DE.1"}),
    ("GET", "/v1/plans/{plan}/scenarios"): Call("hidden", path={"plan": "DE.1"}),
    ("GET", "/v1/plan-totals"): Call("filtered", {"from": "2026-01", "currency": "EUR"}),
    ("GET", "/v1/plans/{plan}/levers"): Call("hidden", path={"plan": "DE.1"}),
    ("GET", "/v1/plans/{plan}/explanation"): Call("hidden", path={"plan": "DE.1"}),
    ("GET", "/v1/plans/{plan}/evidence"): Call(
        "hidden", path={"plan": "DE.1"}, query={"number": "customers.u1.A.order_frequency"}
    ),
    ("POST", "/v1/calculations/explanation"): Call("shared", body={"classes": [_CLASS]}),
    ("GET", "/v1/plans/{plan}/uncertainty"): Call("hidden", path={"plan": "DE.1"}),
    ("POST", "/v1/calculations/uncertainty"): Call("shared", body={"classes": [_CLASS]}),
    ("GET", "/v1/priorities/customers"): Call("hidden", {"subsidiary": "DE"}),
    ("POST", "/v1/allocations"): Call("hidden", body={"plan": "DE.1", "target": "1000"}),
    ("POST", "/v1/calculations/allocation"): Call(
        "shared", body={"target": "1", "units": [{"name": "one", "planned": "1", "headroom": "1"}]}
    ),
    ("GET", "/v1/priorities/levers"): Call("hidden", {"plan": "DE.1"}),
    ("POST", "/v1/calculations/priorities"): Call("shared", body=_RANKED),
    ("POST", "/v1/calculations/attainment"): Call("shared", body={"planned": ["1"] * 12, "actual": ["1"]}),
    ("POST", "/v1/calculations/response-functions"): Call("shared", body=_JUDGED),
    ("POST", "/v1/calculations/call-allocation"): Call(
        "shared", body={"time": 2, "accounts": [{"name": "P", "curve": {"a": 1, "b": 2, "c": 1, "d": 4}}]}
    ),
    ("POST", "/v1/calculations/price-volume-mix"): Call("shared", body={"items": [_SOLD]}),
    ("POST", "/v1/plans/{plan}/approve"): Call("hidden", path={"plan": "DE.1"}, body={"stale": True}),
    ("GET", "/v1/plans/{plan}/attainment"): Call("hidden", path={"plan": "DE.1"}),
    ("POST", "/v1/plans/{plan}/goals"): Call(
        "hidden",
        path={"plan": "DE.1"},
        body={"target": "1000", "levers": [{"lever": "leads", "cap": 2}]},
    ),
    ("POST", "/v1/plans/{plan}/goal-seek"): Call(
        "hidden", path={"plan": "DE.1"}, body={"target": "1000000", "lever": "value_per_order"}
    ),
    ("POST", "/v1/resource-requirements"): Call("hidden", body={"plan": "DE.1"}),
    ("GET", "/v1/resource-requirements"): Call("filtered"),
    ("GET", "/v1/resource-requirements/{requirement}"): Call("hidden", path={"requirement": "DE.1"}),
    ("GET", "/v1/resource-requirements/{requirement}/lines"): Call("hidden", path={"requirement": "DE.1"}),
    ("GET", "/v1/resource-requirements/{requirement}/staffing"): Call("hidden", path={"requirement": "DE.1"}),
    ("GET", "/v1/resource-requirements/{requirement}/feasible-plan"): Call("hidden", path={"requirement": "DE.1"}),
    ("GET", "/v1/segmentations/{segmentation}/charts/{chart}"): Call(
        "hidden", path={"segmentation": "DE.1", "chart": "migration.json"}
    ),
    ("GET", "/v1/plans/{plan}/charts/{chart}"): Call("hidden", path={"plan": "DE.1", "chart": "blocks.json"}),
    ("GET", "/v1/resource-requirements/{requirement}/charts/{chart}"): Call(
        "hidden", path={"requirement": "DE.1", "chart": "workload.json"}
    ),
    ("GET", "/v1/comparisons/charts/{chart}"): Call("filtered", path={"chart": "comparison.json"}),
    ("POST", "/v1/chart-links"): Call(
        "shared", body={"path": "/v1/comparisons/charts/comparison.svg", "seconds": 3600}
    ),
    ("POST", "/v1/calculations/segmentation"): Call("shared", body=_SEGMENTATION),
    ("POST", "/v1/calculations/plan"): Call("shared", body={"classes": [_CLASS]}),
    ("POST", "/v1/calculations/resources"): Call("shared", body={"classes": [_CLASS]}),
    ("GET", "/odata/v1"): Call("shared"),
    ("GET", "/odata/v1/"): Call("shared"),
    ("GET", "/odata/v1/$metadata"): Call("shared"),
    ("GET", "/odata/v1/{rest:path}"): Call("shared", path={"rest:path": "Statistics(1)"}, inside=(501,)),
    ("POST", "/odata/v1/{rest:path}"): Call("shared", path={"rest:path": "$batch"}, inside=(501,)),
    **{("GET", f"/odata/v1/{one.type.name}"): Call("filtered") for one in odata.SETS if one.type.name != "Attainment"},
    ("GET", "/odata/v1/Attainment"): Call("shared"),
    **{("GET", f"/odata/v1/{one.type.name}/$count"): Call("shared") for one in odata.SETS},
}


def _routes() -> list[tuple[str, RouteContext]]:
    app = create_app(Settings(database_url=SecretStr("sqlite://")))
    found = [route for route in iter_route_contexts(app.routes) if str(route.path).startswith(("/v1", "/odata"))]
    return [(method, route) for route in found for method in sorted(route.methods or ())]


def _scope(route: RouteContext) -> Scope:
    dependencies = route.dependant.dependencies
    scopes = [scope for one in dependencies if isinstance(scope := getattr(one.call, "scope", None), Scope)]
    assert len(scopes) == 1, f"{route.path}: an operation asks for exactly one scope"
    return scopes[0]


def _send(service: Service, method: str, route: RouteContext, key: str | None, subsidiary: str = "DE") -> Any:
    """Ask for what belongs to DE, or for the same of a subsidiary that is not there."""
    call = ROUTES[method, route.path]
    path = route.path.replace("{subsidiary}", subsidiary)
    for name, value in call.path.items():
        path = path.replace("{" + name + "}", _of(subsidiary, value))
    headers = {"Authorization": f"Bearer {key}"} if key is not None else {"Authorization": ""}
    query = {name: _of(subsidiary, value) for name, value in call.query.items()}
    body = {} if call.body is None else {"json": _of(subsidiary, call.body)}
    return service.client.request(method, path, params=query, headers=headers, **body)


def _of(subsidiary: str, value: Any) -> Any:
    """The same, said of another subsidiary."""
    text = json.dumps(value).replace(_KEY, f"keyFor{subsidiary}0000").replace('"DE"', f'"{subsidiary}"')
    return json.loads(text.replace("DE.", f"{subsidiary}."))


def prepared(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """With all that the calls of `ROUTES` ask for."""
    hand_in_group(service)
    for code in ("DE", "FR"):
        service.post("/v1/webhooks", _WEBHOOK | {"subsidiary": code})
    with monkeypatch.context() as patch:
        patch.setattr(keys, "_random", lambda length: _KEY if length == len(_KEY) else "s" * length)
        service.key(subsidiaries=["DE"])
    return service


@pytest.fixture
def group(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    return prepared(service, monkeypatch)


def test_every_route_is_in_the_matrix() -> None:
    assert {(method, route.path) for method, route in _routes()} == set(ROUTES)


def test_the_matrix_over_all_routes(group: Service) -> None:
    """One database for all routes: making it takes longer than asking."""
    outside = group.key(subsidiaries=["FR"])
    for method, route in _routes():
        name = f"{method} {route.path}"
        scope = _scope(route)
        anonymous = _send(group, method, route, None)
        assert anonymous.status_code == 401, name
        challenge = 'Basic realm="Kontor", Bearer' if str(route.path).startswith("/odata") else "Bearer"
        assert anonymous.headers["WWW-Authenticate"] == challenge, name
        others = [other for other in Scope if other is not scope]
        assert _send(group, method, route, group.key(scopes=others)).status_code == 403, name
        foreign = _send(group, method, route, outside)
        inside = _send(group, method, route, group.key(scopes=[scope]))
        assert inside.status_code in ROUTES[method, route.path].inside, f"{name}: {inside.text}"
        expected = {"hidden": 404, "group": 403}.get(ROUTES[method, route.path].foreign, inside.status_code)
        assert foreign.status_code == expected, f"{name}: {foreign.text}"
        if ROUTES[method, route.path].foreign == "filtered":
            assert "FR" in foreign.text, name
        for secret in ("DE-Company", "DE-Customer", "DE-Seller"):
            assert secret not in foreign.text, f"{name} shows data of another subsidiary"
        assert '"DE"' not in foreign.text, f"{name} names another subsidiary"


ALIEN = {"id": 1, "subsidiary_id": 1, "created_at": "2026-01-01T00:00:00Z", "revision": 9, "secret_hash": "x"}


def test_no_route_takes_a_field_that_it_does_not_ask_for(group: Service) -> None:
    """Whatever the tables have beside it: what nobody may write is refused, not passed over."""
    taken = []
    for (method, path), call in ROUTES.items():
        for name, value in {"subsidiary": "DE", "code": "DE", **call.path}.items():
            path = path.replace("{" + name + "}", value)  # noqa: PLW2901 - filled in
        given = call.body[0] if isinstance(call.body, list) else call.body
        for name in ALIEN.keys() - (ALIEN if given is None else given).keys():
            alien = given | {name: ALIEN[name]}
            body = [alien] if isinstance(call.body, list) else alien
            answer = group.client.request(method, path, params=call.query, json=body)
            named = answer.status_code == 422 and name in answer.text
            # A subsidiary that hands in lines is told so before anybody looks at the rows of its registers.
            if not named and answer.json()["type"] != "/problems/other-feed":
                taken.append(f"{method} {path} {name}: {answer.status_code} {answer.text[:200]}")
    assert not taken, "\n".join(taken)


def test_what_is_hidden_looks_like_what_is_not_there(group: Service) -> None:
    outside = group.key(subsidiaries=["FR"])
    texts = []
    for subsidiary in ("DE", "XX"):
        answer = group.client.get(f"/v1/subsidiaries/{subsidiary}", headers=group.as_key(outside))
        document = answer.json()
        texts.append({**document, "request_id": "", "detail": document["detail"].replace(subsidiary, "")})
    assert texts[0] == texts[1]


def test_a_mistyped_key_is_refused(service: Service) -> None:
    key = service.key()
    mistyped = key[:-8] + ("a" if key[-8] != "a" else "b") + key[-7:]
    assert service.client.get("/v1/forms", headers=service.as_key(mistyped)).status_code == 401


def test_a_key_that_was_never_made_is_refused(service: Service) -> None:
    invented = str(Token("a" * 12, "b" * 30))
    answer = service.client.get("/v1/forms", headers=service.as_key(invented))
    assert answer.status_code == 401
    assert "unknown" in answer.json()["detail"]


def test_an_expired_key_is_refused(service: Service) -> None:
    expired = service.key(expires_at=NOW - timedelta(seconds=1))
    assert service.client.get("/v1/forms", headers=service.as_key(expired)).status_code == 401


def test_only_the_hash_of_a_key_is_stored(service: Service) -> None:
    token = Token.read(service.key())
    with service.database.reading() as connection:
        stored = connection.exec_driver_sql("SELECT * FROM api_key").all()
    assert token.key_id in str(stored)
    assert token.secret not in str(stored)


def test_a_key_for_some_cannot_make_a_subsidiary(group: Service) -> None:
    headers = group.as_key(group.key(subsidiaries=["FR"]))
    body = {"name": "New", "country": "IT", "currency": "EUR"}
    assert group.client.put("/v1/subsidiaries/IT", json=body, headers=headers).status_code == 404
