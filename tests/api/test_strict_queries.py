"""In queries a number is written as in JSON. Python's own reading is wider."""

from service.values import AMOUNT_PATTERN
from tests.conftest import Service

WRONG = ("1_0", "%EF%BC%91%EF%BC%90", "%2010", "%2B10", "10%0A")


def _asked(service: Service) -> list[tuple[str, str]]:
    """Every GET with a number in its query, and the name of the number."""
    found = []
    for path, operations in service.client.get("/openapi.json").json()["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", []):
            kinds = str(parameter["schema"].get("type"))
            amount = parameter["schema"].get("pattern") == AMOUNT_PATTERN
            if parameter["in"] == "query" and ("integer" in kinds or "number" in kinds or amount):
                found.append((path, parameter["name"]))
    return found


def test_numbers_of_queries_are_written_as_in_json(service: Service) -> None:
    asked = _asked(service)
    assert len(asked) > 40
    for path, name in asked:
        address = path.replace("{chart}", "blocks.svg").replace("{", "").replace("}", "")
        for value in WRONG:
            answer = service.client.get(f"{address}?{name}={value}")
            assert answer.status_code == 422, f"{path}?{name}={value}: {answer.status_code}"
            said = [one["column"] for one in answer.json()["errors"]]
            assert name in said, f"{path}?{name}={value}: {said}"
