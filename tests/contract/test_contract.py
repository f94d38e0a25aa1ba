"""The contract: the file equals the application, it is valid and flat, and its examples work."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate
from pydantic import SecretStr

from service.access.keys import Token
from service.app import create_app
from service.cli import contract_files
from service.settings import Settings
from tests.conftest import Service
from tests.group import hand_in_group

FOLDER = Path(__file__).parents[2] / "openapi"
CONTRACT = create_app(Settings(database_url=SecretStr("sqlite://"))).openapi()
OPERATIONS = [
    (method.upper(), path, operation) for path, item in CONTRACT["paths"].items() for method, operation in item.items()
]


def test_the_files_are_what_the_application_says() -> None:
    for name, text in contract_files().items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, (
            f"{name}: run `make openapi` and write the change into CHANGELOG.md"
        )


def test_it_is_valid_openapi() -> None:
    validate(yaml.safe_load((FOLDER / "kontor.v1.yaml").read_text(encoding="utf-8")))


def test_schemas_have_names_of_their_own() -> None:
    """Two of one name would be told apart by the modules of our code."""
    assert not [name for name in CONTRACT["components"]["schemas"] if "__" in name]


def test_it_is_flat() -> None:
    text = json.dumps(CONTRACT)
    for word in ("anyOf", "oneOf", "allOf"):
        assert f'"{word}"' not in text


def test_every_operation_is_described() -> None:
    ids = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(ids)) == len(ids)
    for _, path, operation in OPERATIONS:
        assert re.fullmatch(r"[A-Za-z0-9]{1,64}", operation["operationId"]), path
        assert operation["summary"], path
        assert operation["description"], path
        assert operation["tags"], path


def test_every_refusal_is_a_problem_document() -> None:
    for _, path, operation in OPERATIONS:
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], f"{path} {status}"


def test_operations_under_v1_and_metrics_need_a_key() -> None:
    for _, path, operation in OPERATIONS:
        assert bool(operation.get("security")) == path.startswith(("/v1", "/metrics")), path


def _body(operation: dict[str, Any]) -> list[tuple[str, Any]]:
    """(content type, example) of the request."""
    found = []
    for kind, media in operation.get("requestBody", {"content": {}})["content"].items():
        schema = media["schema"]
        if schema.get("format") == "binary":  # a workbook or Parquet: tests/api/test_files.py hands them in
            continue
        if "$ref" in schema:
            schema = CONTRACT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        found.append((kind, media["example"] if "example" in media else schema["examples"][0]))
    return found or [("", None)]


def _request(path: str, operation: dict[str, Any], known: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Path and query with what is known, else with the examples that the contract gives."""
    query = {}
    for parameter in operation.get("parameters", []):
        examples = parameter["schema"].get("examples")
        if parameter["in"] == "path":
            value = known.get(parameter["name"], examples[0])
            path = path.replace("{" + parameter["name"] + "}", value)
        elif parameter["in"] == "query" and parameter["name"] == "subsidiary":
            query["subsidiary"] = "DE"
        elif parameter["in"] == "query" and parameter["required"]:
            query[parameter["name"]] = examples[0]
    return path, query


REGISTERS = ("/orders", "/deals", "/activities")
BY_REGISTER = {"results": "register", "funnel": "register", "activity": "register"}
TARGET = {"period": "2026-01", "measure": "revenue", "value": "1"}


WEBHOOK = {"url": "https://crm.example.com/hook", "events": ["plan.approved"]}


def test_every_example_works(service: Service) -> None:
    """Submissions first, in the order of the forms; then everything else."""
    hand_in_group(service)
    service.client.post(
        "/v1/submissions/targets?subsidiary=DE", json=[TARGET], headers={"Prefer": "respond-async"}
    ).raise_for_status()
    order = ("salespeople", "customers", "statistics", "exchange-rates")
    ordered = sorted(OPERATIONS, key=lambda one: [name in one[1] for name in order], reverse=True)
    registers = [one for one in ordered if one[1].startswith("/v1/submissions/") and one[1].endswith(REGISTERS)]
    for method, path, operation in [*(one for one in ordered if one not in registers), *registers]:
        if (method, path, operation) in registers:
            service.client.put("/v1/subsidiaries/DE/feeds", params={"replace": "true"}, json=BY_REGISTER)
        for kind, example in _body(operation):
            known = {"code": "DE-C1", "key": Token.read(service.key()).key_id}
            if "{webhook}" in path:
                known["webhook"] = service.post("/v1/webhooks", WEBHOOK)["id"]
            url, query = _request(path, operation, known)
            content = example if isinstance(example, str) else json.dumps(example)
            headers = {"Content-Type": kind, "If-Match": "*"} if kind else {}
            answer = service.client.request(
                method, url, params=query, content=content if kind else None, headers=headers
            )
            assert answer.is_success, f"{method} {url}: {answer.text}"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/version", "/docs", "/openapi.json"])
def test_pages_for_operators_need_no_key(service: Service, path: str) -> None:
    assert service.client.get(path, headers={"Authorization": ""}).status_code == 200


def test_the_type_of_every_problem_leads_to_its_page(service: Service) -> None:
    found = service.get("/problems")
    assert {"rows-refused", "not-found", "internal-error"} <= {one["slug"] for one in found}
    for one in found:
        assert service.get(f"/problems/{one['slug']}") == one
        assert one["meaning"]


def test_the_documentation_page_needs_no_internet(service: Service) -> None:
    page = service.client.get("/docs").text
    assert "http://" not in page.replace("http://testserver", "")
    assert "https://" not in page
