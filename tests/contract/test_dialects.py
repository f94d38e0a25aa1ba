"""The contract in OpenAPI 3.0 and Swagger 2.0: valid, flat, complete, and as the importers of CRMs need it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate

from service.api.dialects import openapi_3_0, swagger_2_0
from tests.conftest import Service

FOLDER = Path(__file__).parents[2] / "openapi"
CONTRACT = yaml.safe_load((FOLDER / "kontor.v1.yaml").read_text(encoding="utf-8"))
V3 = json.loads((FOLDER / "kontor.v1.openapi-3.0.json").read_text(encoding="utf-8"))
V2 = json.loads((FOLDER / "kontor.v1.swagger-2.0.json").read_text(encoding="utf-8"))
DIALECTS = {"3.0": V3, "2.0": V2}

either = pytest.mark.parametrize("dialect", DIALECTS)


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in document["paths"].values():
        yield from item.values()


def objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from objects(value)


@either
def test_it_is_valid(dialect: str) -> None:
    validate(DIALECTS[dialect])


@either
def test_a_type_is_one_word_and_never_null(dialect: str) -> None:
    for one in objects(DIALECTS[dialect]):
        assert one.get("type") != "null"
        assert not {"anyOf", "oneOf", "allOf", "propertyNames", "prefixItems", "patternProperties"} & one.keys()
        assert not (isinstance(one.get("type"), list) and "enum" not in one), one


@either
def test_it_has_every_operation_with_its_parameters_and_schemas(dialect: str) -> None:
    document = DIALECTS[dialect]
    schemas = document["definitions"] if dialect == "2.0" else document["components"]["schemas"]
    assert schemas.keys() == CONTRACT["components"]["schemas"].keys()
    assert document["paths"].keys() == CONTRACT["paths"].keys()
    for older, newer in zip(operations(document), operations(CONTRACT), strict=True):
        assert older["operationId"] == newer["operationId"]
        assert older["responses"].keys() == newer["responses"].keys()
        names = [one["name"] for one in older.get("parameters", []) if one["in"] != "body"]
        assert names == [one["name"] for one in newer.get("parameters", [])]


def test_swagger_fits_the_megabyte_that_power_automate_takes() -> None:
    assert len(json.dumps(V2, indent=1).encode()) < 1_000_000


def test_every_parameter_has_a_title_to_show() -> None:
    for operation in operations(V2):
        for parameter in operation.get("parameters", []):
            assert parameter["in"] == "body" or parameter["x-ms-summary"], operation["operationId"]


def small(schema: dict[str, Any]) -> dict[str, Any]:
    """A contract whose answer and body have this schema."""
    media = {"content": {"application/json": {"schema": schema}}}
    operation = {
        "operationId": "ask",
        "parameters": [{"name": "p", "in": "query", "schema": {"title": "P", "type": "string"}}],
        "requestBody": {"required": True, **media},
        "responses": {"200": {"description": "Yes", **media}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1", "license": {"name": "l", "identifier": "l"}},
        "tags": [],
        "paths": {"/p": {"post": operation}},
        "components": {"schemas": {"S": schema}, "securitySchemes": {"apiKey": {"type": "http", "description": "k"}}},
    }


@pytest.mark.parametrize(
    ("schema", "in_3_0", "in_2_0"),
    [
        (
            {"type": ["string", "null"], "enum": ["a", None]},
            {"type": "string", "nullable": True, "enum": ["a", None]},
            {"type": "string", "x-nullable": True, "enum": ["a"]},
        ),
        (
            {"type": ["string", "boolean"], "enum": ["true", True]},
            {"type": "string", "enum": ["true"]},
            {"type": "string", "enum": ["true"]},
        ),
        (
            {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "examples": [0.5]},
            {
                "type": "number",
                "minimum": 0,
                "exclusiveMinimum": True,
                "maximum": 1,
                "exclusiveMaximum": True,
                "example": 0.5,
            },
            None,
        ),
        (
            {"type": "object", "patternProperties": {"^a": {"type": ["integer", "null"]}}, "propertyNames": {}},
            {"type": "object", "additionalProperties": {"type": "integer", "nullable": True}},
            {"type": "object", "additionalProperties": {"type": "integer", "x-nullable": True}},
        ),
        (
            {"$ref": "#/components/schemas/S", "description": "lost"},
            {"$ref": "#/components/schemas/S"},
            {"$ref": "#/definitions/S"},
        ),
        (
            {"type": "object", "properties": {"type": {"type": ["string", "null"]}}, "unit": "EUR"},
            {"type": "object", "properties": {"type": {"type": "string", "nullable": True}}, "x-unit": "EUR"},
            {"type": "object", "properties": {"type": {"type": "string", "x-nullable": True}}, "x-unit": "EUR"},
        ),
    ],
)
def test_a_schema_in_older_words(schema: dict[str, Any], in_3_0: dict[str, Any], in_2_0: dict[str, Any] | None) -> None:
    v3 = openapi_3_0(small(schema))
    assert v3["components"]["schemas"]["S"] == in_3_0
    operation = v3["paths"]["/p"]["post"]
    assert operation["responses"]["200"]["content"]["application/json"]["schema"] == in_3_0
    assert operation["requestBody"]["content"]["application/json"]["schema"] == in_3_0
    v2 = swagger_2_0(small(schema))
    assert v2["definitions"]["S"] == (in_2_0 or in_3_0)
    operation = v2["paths"]["/p"]["post"]
    assert operation["responses"]["200"]["schema"] == (in_2_0 or in_3_0)
    assert operation["parameters"][-1]["schema"] == (in_2_0 or in_3_0)


def test_lists_in_queries_are_repeated_and_files_are_binary() -> None:
    kpis = V2["paths"]["/v1/kpis"]["get"]
    (listed,) = [one for one in kpis["parameters"] if one["name"] == "subsidiary"]
    assert (listed["type"], listed["collectionFormat"]) == ("array", "multi")
    template = V2["paths"]["/v1/forms/{form}/template.xlsx"]["get"]
    assert template["responses"]["200"]["schema"] == {"type": "string", "format": "binary"}
    assert template["produces"][0].endswith("spreadsheetml.sheet")


def test_the_service_serves_what_is_checked_in(service: Service) -> None:
    for path, document in (("/openapi.json", CONTRACT), ("/openapi-3.0.json", V3), ("/swagger-2.0.json", V2)):
        answer = service.client.get(path, headers={"Authorization": ""})
        assert answer.status_code == 200
        assert answer.json() == document
