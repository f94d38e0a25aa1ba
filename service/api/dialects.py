"""The contract in the older dialects of OpenAPI, for CRMs that import nothing else: Power Automate takes Swagger 2.0
only, Salesforce 2.0 or 3.0 without `type: null`.

What a dialect cannot say becomes narrower for requests, never wrong: of several types the first remains (amounts may be
written as text or number; here they are text), and 2.0 knows one body per operation, so there it is JSON.
"""

from collections.abc import Callable, Mapping
from typing import Any

from service.api.problems import MEDIA_TYPE

Node = dict[str, Any]
JSON = "application/json"


def openapi_3_0(contract: Node) -> Node:
    """The contract (OpenAPI 3.1) as OpenAPI 3.0.3."""
    info = {**contract["info"], "license": {"name": contract["info"]["license"]["name"]}}
    paths = {
        path: {method: _operation_3_0(operation) for method, operation in item.items()}
        for path, item in contract["paths"].items()
    }
    schemas = {name: _schema_3_0(schema) for name, schema in contract["components"]["schemas"].items()}
    return {
        **contract,
        "openapi": "3.0.3",
        "info": info,
        "paths": paths,
        "components": {**contract["components"], "schemas": schemas},
    }


def _operation_3_0(operation: Node) -> Node:
    older = {**operation, "responses": {}}
    for status, response in operation["responses"].items():
        older["responses"][status] = _content_3_0(response)
    if "parameters" in operation:
        older["parameters"] = [{**one, "schema": _schema_3_0(one["schema"])} for one in operation["parameters"]]
    if "requestBody" in operation:
        older["requestBody"] = _content_3_0(operation["requestBody"])
    return older


def _content_3_0(body: Node) -> Node:
    """A request's or a response's body in its media types."""
    if "content" not in body:
        return body
    content = {
        kind: {**media, "schema": _schema_3_0(media["schema"])} if "schema" in media else media
        for kind, media in body["content"].items()
    }
    return {**body, "content": content}


def _schema_3_0(schema: Node) -> Node:
    if "$ref" in schema:  # words beside a reference are ignored in 3.0
        return {"$ref": schema["$ref"]}
    older: Node = {}
    for word, value in schema.items():
        older |= _REWORDED[word](value) if word in _REWORDED else {word: value}
    if older.get("type") == "string" and "enum" in older:
        older["enum"] = [value for value in older["enum"] if value is None or isinstance(value, str)]
    return older


def _types(value: str | list[str]) -> Node:
    names = [value] if isinstance(value, str) else value
    first = next(name for name in names if name != "null")
    return {"type": first, "nullable": True} if "null" in names else {"type": first}


def _named(schemas: Mapping[str, Node]) -> dict[str, Node]:
    return {name: _schema_3_0(schema) for name, schema in schemas.items()}


_REWORDED: Mapping[str, Callable[[Any], Node]] = {
    "type": _types,
    "examples": lambda values: {"example": values[0]},
    "exclusiveMinimum": lambda value: {"minimum": value, "exclusiveMinimum": True},
    "exclusiveMaximum": lambda value: {"maximum": value, "exclusiveMaximum": True},
    "properties": lambda schemas: {"properties": _named(schemas)},
    "items": lambda schema: {"items": _schema_3_0(schema)},
    "additionalProperties": lambda value: {
        "additionalProperties": value if isinstance(value, bool) else _schema_3_0(value)
    },
    "patternProperties": lambda schemas: {"additionalProperties": _schema_3_0(next(iter(schemas.values())))},
    "propertyNames": lambda _schema: {},
    "unit": lambda value: {"x-unit": value},
    "assumption": lambda value: {"x-assumption": value},
}


def swagger_2_0(contract: Node) -> Node:
    """The contract (OpenAPI 3.1) as Swagger 2.0. It names no host: where the service runs is the importer's to say."""
    older = openapi_3_0(contract)
    paths = {
        path: {method: _operation_2_0(operation) for method, operation in item.items()}
        for path, item in older["paths"].items()
    }
    key = older["components"]["securitySchemes"]["apiKey"]
    return {
        "swagger": "2.0",
        "info": older["info"],
        "basePath": "/",
        "schemes": ["https"],
        "consumes": [JSON],
        "produces": [JSON, MEDIA_TYPE],
        "securityDefinitions": {
            "apiKey": {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "description": f"The word `Bearer`, a space and the key. {key['description']}",
            }
        },
        "tags": older["tags"],
        "paths": paths,
        "definitions": {name: _schema_2_0(schema) for name, schema in older["components"]["schemas"].items()},
    }


def _operation_2_0(operation: Node) -> Node:
    older = {name: value for name, value in operation.items() if name not in ("requestBody", "parameters")}
    parameters = [_parameter_2_0(one) for one in operation.get("parameters", [])]
    if "requestBody" in operation:
        body = operation["requestBody"]
        schema = _schema_2_0(body["content"][JSON]["schema"])
        parameters.append({"name": "body", "in": "body", "required": body.get("required", False), "schema": schema})
    if parameters:
        older["parameters"] = parameters
    kinds = [kind for answer in operation["responses"].values() for kind in answer.get("content", {})]
    if JSON not in kinds:
        older["produces"] = list(dict.fromkeys(kinds))
    older["responses"] = {status: _response_2_0(answer) for status, answer in operation["responses"].items()}
    return older


def _parameter_2_0(parameter: Node) -> Node:
    """Flat, with the title where Power Automate shows it."""
    schema = {name: value for name, value in _schema_2_0(parameter["schema"]).items() if name in _OF_PARAMETERS}
    older: Node = {name: parameter[name] for name in ("name", "in", "description", "required") if name in parameter}
    if "items" in schema:
        schema["items"] = {name: value for name, value in schema["items"].items() if name in _OF_PARAMETERS}
        schema["collectionFormat"] = "multi"
    return {**older, "x-ms-summary": parameter["schema"]["title"], **schema}


def _response_2_0(answer: Node) -> Node:
    older: Node = {"description": answer["description"]}
    content = answer.get("content", {})
    kind = next((one for one in (JSON, MEDIA_TYPE) if one in content), None)
    if kind is not None and "schema" in content[kind]:
        older["schema"] = _schema_2_0(content[kind]["schema"])
    elif kind is None and content:
        older["schema"] = {"type": "string", "format": "binary"}
    return older


def _schema_2_0(schema: Node) -> Node:
    if "$ref" in schema:
        return {"$ref": schema["$ref"].replace("#/components/schemas/", "#/definitions/")}
    older = {name: value for name, value in schema.items() if name != "nullable"}
    if schema.get("nullable"):
        older["x-nullable"] = True
        if "enum" in older:
            older["enum"] = [value for value in older["enum"] if value is not None]
    if "properties" in older:
        older["properties"] = {name: _schema_2_0(one) for name, one in older["properties"].items()}
    for word in ("items", "additionalProperties"):
        if isinstance(older.get(word), dict):
            older[word] = _schema_2_0(older[word])
    return older


_OF_PARAMETERS = frozenset(
    {
        *("type", "format", "items", "default", "enum", "pattern", "minimum", "maximum", "exclusiveMinimum"),
        *("exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems"),
    }
)
