"""The contract as a whole: which rooms of the API there are, and the corrections that make its OpenAPI document say
what the service does (FastAPI would promise its own error shape)."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import yaml
from anyio import to_thread
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from starlette.routing import Route

from service.api import (
    allocations,
    attainment,
    audit,
    calculations,
    calls,
    charts,
    checks,
    closed_months,
    comparisons,
    coverage,
    customer_plans,
    customers,
    dialects,
    erasures,
    exchange_rates,
    explanations,
    forms,
    goals,
    group,
    indicators,
    jobs,
    keys,
    kpis,
    methods,
    overrides,
    plan_calculations,
    plan_totals,
    plans,
    priorities,
    registers,
    requirements,
    salespeople,
    segmentations,
    specification,
    staffing,
    statistics,
    submissions,
    subsidiaries,
    target_tree,
    uncertainty,
    variances,
    webhooks,
)
from service.api.collection import collection
from service.api.problems import MEDIA_TYPE, responses
from service.errors import (
    BadRequest,
    Forbidden,
    NotAuthenticated,
    QuotaExceeded,
    TooSlow,
    Unavailable,
    Unprocessable,
)

ROUTERS: Sequence[APIRouter] = (
    # Customers first, as they are asked most: a request is held against each route before its own.
    overrides.router,
    customer_plans.router,
    customers.router,
    subsidiaries.router,
    closed_months.router,
    group.router,
    keys.router,
    erasures.router,
    audit.router,
    webhooks.router,
    forms.router,
    submissions.router,
    checks.router,
    jobs.router,
    salespeople.router,
    statistics.router,
    target_tree.router,
    registers.router,
    exchange_rates.router,
    coverage.router,
    specification.router,
    methods.router,
    indicators.router,
    segmentations.router,
    kpis.router,
    comparisons.router,
    plans.router,
    plan_totals.router,
    attainment.router,
    allocations.router,
    goals.router,
    requirements.router,
    staffing.router,
    calculations.router,
    plan_calculations.router,
    explanations.router,
    uncertainty.router,
    priorities.router,
    variances.router,
    calls.router,
    charts.router,
)
EVERYWHERE = responses(BadRequest, NotAuthenticated, Forbidden, TooSlow, Unprocessable, QuotaExceeded, Unavailable)
DESCRIPTION = """\
Kontor sits behind a company's CRM and calculates: subsidiaries hand in sales statistics in standard forms, the service
answers with the ABC segmentation of customers, indicators, sales plans and the people they need.

Every request to `/v1` carries an API key: `Authorization: Bearer kontor_…`. Money is decimal text beside an ISO
currency, months are `YYYY-MM`, times RFC 3339 in UTC. Errors are `application/problem+json` (RFC 9457). What belongs to
a subsidiary that the key does not reach is not found. Clients ignore fields they do not know.
"""
TAGS = [
    {"name": "subsidiaries", "description": "Units that report, their closed months, and the group."},
    {"name": "keys", "description": "Who may do what, for which subsidiaries, and until when."},
    {"name": "erasures", "description": "Taking the names of people out of all that is kept."},
    {"name": "audit", "description": "Who did what to which resource, when, and from where."},
    {"name": "webhooks", "description": "Being told what happens: signed messages to an address of yours."},
    {"name": "forms", "description": "What subsidiaries hand in: columns, types, rules, meaning."},
    {"name": "submissions", "description": "Handing in forms, and what became of it."},
    {"name": "data", "description": "What is stored, and what is missing."},
    {"name": "methods", "description": "Method versions: the parameters every result names."},
    {"name": "indicators", "description": "The catalogue of indicators, and their values."},
    {"name": "segmentations", "description": "ABC segmentation: classes, segments, migration."},
    {"name": "plans", "description": "Sales plans calculated from the statistics."},
    {"name": "resources", "description": "Hours and people that a plan needs."},
    {"name": "priorities", "description": "What to do first."},
    {"name": "charts", "description": "Pictures of results, and links to them that need no key."},
    {"name": "calculations", "description": "Data in, result out, nothing kept."},
    {"name": "operations", "description": "For those who run the service."},
]


def install(app: FastAPI) -> None:
    """Make `app.openapi()` the corrected contract, computed once."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _corrected(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    description=app.description,
                    routes=app.routes,
                    tags=app.openapi_tags,
                    license_info=app.license_info,
                    separate_input_output_schemas=False,
                )
            )
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def show(app: FastAPI) -> None:
    """Serve the contract in its three dialects. Each is written once: anybody may ask, and writing takes long."""

    @cache
    def written(path: str) -> bytes:
        return json.dumps(_SERVED[path](app.openapi()), ensure_ascii=False).encode()

    # Else all who ask first would write it side by side, and nobody else would be answered meanwhile.
    turn = asyncio.Lock()

    async def answer(request: Request) -> Response:
        async with turn:
            body = await to_thread.run_sync(written, request.url.path)
        return Response(body, media_type="application/json")

    for path in _SERVED:
        # Before FastAPI's own route of the document, which writes it anew for everybody.
        app.router.routes.insert(0, Route(path, answer, include_in_schema=False))


_SERVED: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "/openapi.json": lambda document: document,
    "/openapi-3.0.json": dialects.openapi_3_0,
    "/swagger-2.0.json": dialects.swagger_2_0,
}


def files(document: dict[str, Any]) -> dict[str, str]:
    """Name and text of the contract's files: the contract, and what is generated from it."""
    return {
        "kontor.v1.yaml": yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120),
        "kontor.v1.openapi-3.0.json": _json(dialects.openapi_3_0(document)),
        "kontor.v1.swagger-2.0.json": _json(dialects.swagger_2_0(document)),
        "kontor.v1.postman.json": _json(collection(document)),
    }


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _corrected(document: dict[str, Any]) -> dict[str, Any]:
    for path in document["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    response["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
                    if response["description"] == "Validation Error":
                        response["description"] = "`invalid-request`: The request does not fit the contract."
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    flat: dict[str, Any] = _flattened(document)
    return flat


def _flattened(node: Any) -> Any:
    """`anyOf: [X, null]` as one schema of two types: some importers of contracts know no `anyOf`."""
    if isinstance(node, list):
        return [_flattened(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {name: _flattened(value) for name, value in _as_known_to_all(node).items()}
    choices = node.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices and len(choices) == 2:
        (choice,) = [one for one in choices if one != {"type": "null"}]
        if isinstance(choice.get("type"), str):
            del node["anyOf"]
            nullable = {"enum": [*choice["enum"], None]} if "enum" in choice else {}
            return {**choice, **nullable, **node, "type": [choice["type"], "null"]}
    return node


def _as_known_to_all(node: dict[str, Any]) -> dict[str, Any]:
    """A schema in words that linters and importers know. Behind a validator of our own pydantic writes `ge` for
    `minimum`, and a tuple of one kind is a list."""
    found = {_LIMITS[name]: value for name, value in node.items() if name in _LIMITS and not isinstance(value, dict)}
    found |= {name: value for name, value in node.items() if _LIMITS.get(name) not in found}
    kinds = found.get("prefixItems", [])
    if kinds and all(kind == kinds[0] for kind in kinds):
        found["items"] = found.pop("prefixItems")[0]
    return found


_LIMITS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
