"""The collection of requests: every operation once, filled with the contract's examples."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "openapi"
CONTRACT = yaml.load((FOLDER / "kontor.v1.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
COLLECTION = json.loads((FOLDER / "kontor.v1.postman.json").read_text(encoding="utf-8"))
REQUESTS = [one["request"] for folder in COLLECTION["item"] for one in folder["item"]]


def test_every_operation_is_in_it_once() -> None:
    found = sorted((one["method"], re.sub(r":(\w+)", r"{\1}", one["url"]["raw"])) for one in REQUESTS)
    operations = [(method.upper(), "{{address}}" + path) for path, item in CONTRACT["paths"].items() for method in item]
    assert found == sorted(operations)


def test_places_in_paths_and_required_parameters_are_filled() -> None:
    for request in REQUESTS:
        url = request["url"]
        places = [step[1:] for step in url["path"] if step.startswith(":")]
        assert [one["key"] for one in url["variable"] if one["value"]] == places, url["raw"]
        assert all(one["value"] for one in url["query"] if not one["disabled"]), url["raw"]


def test_bodies_are_json_and_the_key_is_a_variable() -> None:
    bodies: list[Any] = [json.loads(one["body"]["raw"]) for one in REQUESTS if "body" in one]
    assert all(body or body == {} for body in bodies)
    assert len(bodies) > 30
    assert COLLECTION["auth"]["bearer"][0]["value"] == "{{key}}"
