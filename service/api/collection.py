"""The contract as a collection of requests (Postman 2.1, which Bruno, Insomnia and others import too), filled with its
examples."""

import json
from typing import Any

Node = dict[str, Any]
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
JSON = "application/json"


def collection(contract: Node) -> Node:
    """A folder for each tag; address and key are variables of the collection."""
    requests: dict[str, list[Node]] = {tag["name"]: [] for tag in contract["tags"]}
    for path, item in contract["paths"].items():
        for method, operation in item.items():
            request = {"name": operation["summary"], "request": _request(contract, method, path, operation)}
            requests[operation["tags"][0]].append(request)
    return {
        "info": {"name": contract["info"]["title"], "version": contract["info"]["version"], "schema": SCHEMA},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{key}}", "type": "string"}]},
        "variable": [{"key": "address", "value": "http://127.0.0.1:8000"}, {"key": "key", "value": ""}],
        "item": [{"name": tag, "item": found} for tag, found in requests.items() if found],
    }


def _request(contract: Node, method: str, path: str, operation: Node) -> Node:
    parameters = operation.get("parameters", [])
    query = [_parameter(one) | {"disabled": not one["required"]} for one in parameters if one["in"] == "query"]
    steps = [f":{step[1:-1]}" if step.startswith("{") else step for step in path.split("/")[1:]]
    request: Node = {
        "method": method.upper(),
        "description": operation["description"],
        "header": [],
        "url": {
            "raw": "{{address}}/" + "/".join(steps),
            "host": ["{{address}}"],
            "path": steps,
            "query": query,
            "variable": [_parameter(one) for one in parameters if one["in"] == "path"],
        },
    }
    body = operation.get("requestBody", {}).get("content", {}).get(JSON)
    if body is not None:
        request["header"] = [{"key": "Content-Type", "value": JSON}]
        request["body"] = {"mode": "raw", "raw": json.dumps(_example(contract, body), ensure_ascii=False, indent=2)}
    return request


def _parameter(parameter: Node) -> Node:
    schema = parameter["schema"]
    value = schema["examples"][0] if "examples" in schema else schema.get("default")
    return {
        "key": parameter["name"],
        "value": "" if value is None else str(value),
        "description": parameter.get("description", ""),
    }


def _example(contract: Node, media: Node) -> Any:
    """Of the body, or of its schema."""
    if "example" in media:
        return media["example"]
    schema = media["schema"]
    if "$ref" in schema:
        schema = contract["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema["examples"][0]
