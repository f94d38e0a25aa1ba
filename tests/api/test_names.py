"""Names of people and customers are for who may read names: on every route, in every format."""

import io
import zipfile
from typing import Any, get_args

import pyarrow.parquet as pq
import pytest
from fastapi.routing import RouteContext

from service.access.keys import Scope
from tests.api.test_access import ROUTES, _routes, _send
from tests.conftest import Service
from tests.group import hand_in_group

CANARIES = ("-Customer ", "-Seller ")
"""What every name of the group has in it, and nothing else."""
WITHOUT_NAMES = [scope for scope in Scope if scope is not Scope.NAMES_READ]
SHOWING = {
    "/odata/v1/Customers",
    "/odata/v1/Segments",
    "/v1/customers",
    "/v1/customers/{subsidiary}/{code:path}",
    "/v1/customers/{subsidiary}/{code:path}/plan",
    "/v1/priorities/customers",
    "/v1/salespeople",
    "/v1/segmentations/{segmentation}/changes",
    "/v1/segmentations/{segmentation}/customers",
    "/v1/submissions/{submission}/source",
}
"""Routes that show names to who may read them."""


@pytest.fixture
def group(service: Service) -> Service:
    """With a second segmentation of DE, in which customers moved."""
    hand_in_group(service)
    line = {"period": "2025-12", "customer": "DE-C1", "channel": "direct", "orders": 1, "revenue": "90000"}
    service.submit("statistics", [line], subsidiary="DE")
    service.post("/v1/segmentations", {"subsidiary": "DE"})
    return service


def told(answer: Any) -> str:
    """All text of an answer, whatever its format."""
    kind = answer.headers.get("content-type", "")
    if "parquet" in kind:
        return str(pq.read_table(io.BytesIO(answer.content)).to_pydict())
    if "spreadsheetml" in kind:
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            return "".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
    return answer.text


def formats(route: RouteContext) -> list[str]:
    """What the query parameter `format` may be, where there is one."""
    kinds = [one.field_info.annotation for one in route.dependant.query_params if one.alias == "format"]
    return [word for kind in kinds for part in get_args(kind) for word in get_args(part)]


def asked(service: Service, method: str, route: RouteContext, key: str) -> list[Any]:
    """The answers of a route in each of its formats, and of each kept body."""
    answers = [_send(service, method, route, key)]
    headers = service.as_key(key)
    path = route.path
    for name, value in {"subsidiary": "DE", **ROUTES[method, route.path].path}.items():
        path = path.replace("{" + name + "}", value)
    for file_format in formats(route):
        query = {**ROUTES[method, route.path].query, "format": file_format}
        answers.append(service.client.get(path, params=query, headers=headers))
        assert answers[-1].is_success, answers[-1].text
    if route.path == "/v1/submissions/{submission}/source":
        answers += [service.client.get(f"/v1/submissions/DE.{n}/source", headers=headers) for n in (1, 2)]
    if route.path == "/v1/segmentations/{segmentation}/changes":
        path = "/v1/segmentations/DE.2/changes"
        answers.append(service.client.get(path, params={"since": "DE.1"}, headers=headers))
    return answers


def test_no_route_shows_a_name_to_who_may_not_read_names(group: Service) -> None:
    blind, seeing = group.key(scopes=WITHOUT_NAMES), group.key()
    showing = set()
    for method, route in _routes():
        for answer in asked(group, method, route, blind):
            assert not any(canary in told(answer) for canary in CANARIES), f"{method} {route.path}: {answer.text}"
        if any(canary in told(answer) for answer in asked(group, method, route, seeing) for canary in CANARIES):
            showing.add(route.path)
    assert showing >= SHOWING, "what is looked for is there"


def test_who_may_not_read_names_reads_everything_else(group: Service) -> None:
    headers = group.as_key(group.key(scopes=WITHOUT_NAMES))
    for path in ("/v1/customers", "/v1/salespeople", "/v1/segmentations/DE.2/customers"):
        blind = group.client.get(path, headers=headers).json()["items"]
        seen = group.get(path)["items"]
        assert all(one["name"] for one in seen), path
        assert blind == [{**one, "name": None} for one in seen], path
    refused = group.client.get("/v1/submissions/DE.1/source", headers=headers)
    assert (refused.status_code, "names:read" in refused.json()["detail"]) == (403, True)
    assert group.client.get("/v1/submissions/DE.3/source", headers=headers).status_code == 200


def test_names_cannot_be_found_out_by_asking_for_them(group: Service) -> None:
    """A condition or an order on a name that may not be read tells nothing of it."""
    blind, seeing = group.key(scopes=WITHOUT_NAMES), group.key()
    for key, count in ((blind, 0), (seeing, 1)):
        query = {"$filter": "name eq 'DE-Customer 1'"}
        found = group.client.get("/odata/v1/Customers", params=query, headers=group.as_key(key)).json()
        assert len(found["value"]) == count


def test_what_is_wrong_with_a_name_is_told_without_the_name(group: Service) -> None:
    rows = [{"code": "X", "name": "Somebody\tUnprintable"}, {"code": "Y"}]
    refused = group.submit("customers", rows, subsidiary="DE", status=422)
    assert [(one["column"], one["code"], one["value"]) for one in refused["errors"]] == [("name", "bad_text", None)]
    receipt = group.submit("customers", rows, subsidiary="DE", mode="valid")
    assert receipt["problems"][0]["value"] is None
    assert "Somebody" not in group.client.get(f"/v1/submissions/{receipt['id']}/problems").text
