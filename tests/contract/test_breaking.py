"""No change of the contract breaks those who call by a released one. The rule itself, on made-up contracts."""

import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.breaking import breaks

FOLDER = Path(__file__).parents[2] / "openapi"
CHANGELOG = FOLDER.parent / "CHANGELOG.md"
Node = dict[str, Any]

TEXT = {"type": ["string", "null"], "enum": ["a", "b", None]}
THING = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 9}, "kind": TEXT, "parts": {"type": "array", "items": {}}},
    "required": ["name"],
}
THING["properties"]["parts"]["items"] = {"$ref": "#/components/schemas/Thing"}
MEDIA = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}
SMALL: Node = {
    "paths": {
        "/things": {
            "post": {
                "operationId": "makeThing",
                "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 10}}],
                "requestBody": MEDIA,
                "responses": {"200": {"description": "Yes", **deepcopy(MEDIA)}},
            }
        }
    },
    "components": {"schemas": {"Thing": THING}},
}


def test_the_contract_keeps_what_was_released() -> None:
    """A release freezes its contract as `openapi/released/VERSION.yaml`; 0.1.0 was made before there were releases."""
    versions = re.findall(r"^## (\d+\.\d+\.\d+)$", CHANGELOG.read_text(encoding="utf-8"), re.MULTILINE)
    frozen = {path.stem: path for path in (FOLDER / "released").glob("*.yaml")}
    assert set(versions) - {"0.1.0"} <= frozen.keys()
    current = read(FOLDER / "kontor.v1.yaml")
    assert [(version, breaks(read(path), current)) for version, path in frozen.items()] == [
        (version, []) for version in frozen
    ]


def operation(contract: Node) -> Node:
    return contract["paths"]["/things"]["post"]


def thing(contract: Node) -> Node:
    return contract["components"]["schemas"]["Thing"]


def read(path: Path) -> Node:
    contract: Node = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return contract


PLACE = "POST /things"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda c: c["paths"].clear(), [f"{PLACE}: removed"]),
        (lambda c: operation(c).update(operationId="x"), [f"{PLACE}: its operationId is another"]),
        (lambda c: operation(c)["parameters"].clear(), [f"{PLACE}, limit: removed"]),
        (lambda c: operation(c)["parameters"][0].update(required=True), [f"{PLACE}, limit: newly required"]),
        (
            lambda c: operation(c)["parameters"].append({"name": "n", "in": "query", "required": True, "schema": {}}),
            [f"{PLACE}, n: newly required"],
        ),
        (lambda c: operation(c)["parameters"][0]["schema"].update(maximum=9), [f"{PLACE}, limit: maximum is now 9"]),
        (lambda c: operation(c)["requestBody"]["content"].clear(), [f"{PLACE}, body, application/json: removed"]),
        (lambda c: operation(c)["requestBody"].update(required=True), [f"{PLACE}, body: newly required"]),
        (lambda c: operation(c)["responses"].clear(), [f"{PLACE}, 200: removed"]),
        (
            lambda c: thing(c)["properties"].pop("name"),
            [f"{PLACE}, body.name: removed", f"{PLACE}, 200.name: removed"],
        ),
        (lambda c: thing(c)["required"].append("kind"), [f"{PLACE}, body.kind: newly required"]),
        (lambda c: thing(c)["required"].clear(), [f"{PLACE}, 200.name: no longer always there"]),
        (
            lambda c: thing(c)["properties"]["kind"].update(enum=["a", None]),
            [f"{PLACE}, body.kind: without b", f"{PLACE}, 200.kind: without b"],
        ),
        (
            lambda c: thing(c)["properties"]["kind"].update(type="string"),
            [f"{PLACE}, body.kind: no longer takes null"],
        ),
        (
            lambda c: thing(c)["properties"]["name"].update(type=["string", "null"]),
            [f"{PLACE}, 200.name: may now be null"],
        ),
        (lambda c: thing(c)["properties"]["name"].update(pattern="x"), [f"{PLACE}, body.name: its pattern is now x"]),
        (lambda c: thing(c)["properties"]["name"].update(minLength=1), [f"{PLACE}, body.name: minLength is now 1"]),
        (lambda c: thing(c)["properties"]["name"].update(enum=["x"]), [f"{PLACE}, body.name: only x now"]),
        (lambda c: thing(c).update(additionalProperties=False), [f"{PLACE}, body: refuses unknown fields now"]),
        (lambda c: c["paths"].update({"/more": {}}), []),
        (lambda c: thing(c)["properties"].update(more={"type": "string"}), []),
        (lambda c: thing(c)["properties"]["kind"]["enum"].append("c"), []),
        (lambda c: thing(c)["properties"]["name"].update(maxLength=10), []),
        (lambda c: operation(c)["parameters"].append({"name": "n", "in": "query", "schema": {}}), []),
    ],
)
def test_what_breaks_and_what_does_not(change: Callable[[Node], Any], found: list[str]) -> None:
    changed = deepcopy(SMALL)
    change(changed)
    assert breaks(SMALL, changed) == found


def test_a_contract_does_not_break_itself() -> None:
    contract = read(FOLDER / "kontor.v1.yaml")
    assert breaks(contract, contract) == []
