"""Bad inputs by family. Every case has one outcome, the same on SQLite and on PostgreSQL; none takes long, and what is
refused is not stored."""

import re
import time

import pytest

from tests.bad_inputs import amounts, days, delimited, json_structure, parameters, sequences, texts, workbooks
from tests.bad_inputs.case import Case
from tests.conftest import Service
from tests.group import hand_in_subsidiary

FAMILIES = {
    "B2 JSON": json_structure.CASES,
    "B3 CSV": delimited.CASES,
    "B4 workbooks": workbooks.CASES,
    "B5 parameters": parameters.CASES,
    "B6 amounts": amounts.CASES,
    "B7 days": days.CASES,
    "B8 texts": texts.CASES,
    "B9 sequences": sequences.CASES,
}
SECONDS = 5


@pytest.fixture
def stored(service: Service) -> Service:
    hand_in_subsidiary(service, "DE", "EUR")
    hand_in_subsidiary(service, "FR", "EUR")
    return service


def outcome(service: Service, case: Case) -> str:
    headers = dict(case.headers) | ({"Content-Type": case.kind} if case.body is not None else {})
    headers = {name: value.encode() for name, value in headers.items()}
    answer = service.client.request(case.method, case.path, content=case.content, headers=headers)
    if answer.is_success:
        return str(answer.status_code)
    assert answer.headers["content-type"] == "application/problem+json", answer.text[:300]
    document = answer.json()
    slug = document["type"].rpartition("/")[2]
    codes = [one["code"] for one in document.get("errors", [])]
    code = f" {codes[0]}" if slug == "rows-refused" else ""
    return f"{answer.status_code} {slug}{code}"


def test_there_are_as_many_cases_as_promised():
    assert sum(map(len, FAMILIES.values())) >= 400


def test_nothing_that_a_path_or_a_query_can_name_is_a_nul(stored: Service) -> None:
    """PostgreSQL knows no text with it, so it must not come so far."""
    contract = stored.client.get("/openapi.json").json()
    for path, operations in contract["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", []):
            where, name = parameter["in"], parameter["name"]
            if where == "header" or parameter["schema"].get("type") != "string":
                continue
            asked = path.replace("{" + name + "}", "%00").replace("{subsidiary}", "DE").replace("{code}", "DE-C1")
            asked = re.sub(r"\{\w+\}", "DE.1", asked)
            answer = stored.client.get(asked + (f"?subsidiary=DE&{name}=%00" if where == "query" else ""))
            assert answer.status_code in (400, 404, 422), f"{asked} {name}: {answer.status_code} {answer.text[:200]}"


def test_every_case_has_its_one_outcome(stored: Service) -> None:
    wrong = []
    for family, all_cases in FAMILIES.items():
        # A workbook is read in a process of its own, before the database is asked, and that takes its time.
        cases = all_cases[::5] if family == "B4 workbooks" and not stored.database.is_sqlite else all_cases
        for case in cases:
            began = time.perf_counter()
            found = outcome(stored, case)
            seconds = time.perf_counter() - began
            if found != case.outcome or seconds > SECONDS:
                wrong.append(f"{family}: {case.name}: {found}, not {case.outcome}, after {seconds:.1f} s")
    assert not wrong, "\n".join(wrong)
    lines = {line["channel"]: line for line in stored.get("/v1/statistics", subsidiary="DE", limit=1000)["items"]}
    for cases in FAMILIES.values():
        for case in cases:
            kept = {name: str(lines[case.channel][name]) for name, _ in case.stored}
            assert kept == dict(case.stored), case.name
