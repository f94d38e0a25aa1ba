"""Results are computed once: the same method, parameters and data revision find the answer that is kept."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, Table

from service.access.audit import Action
from service.access.keys import Caller
from service.operations import references
from service.store import results, subsidiaries
from service.store.reach import Reach

_COMPUTED: Mapping[str, Action] = {
    "segmentation": "segmentation.compute",
    "plan": "plan.compute",
    "requirement": "requirement.compute",
}
_PLACES = {"segmentation": "segmentations", "plan": "plans", "requirement": "resource-requirements"}


def digest(method: str, data_revision: int, parameters: dict[str, Any]) -> str:
    """Names a question: the method version, the data revision, and the canonical JSON of the parameters."""
    text = json.dumps([method, data_revision, parameters], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def keep(
    caller: Caller, home: Reach, table: Table, question: tuple[str, int, dict[str, Any]], summary: dict[str, Any]
) -> tuple[int, bool]:
    """Store a result; its number and whether it is new (another request may have stored the same one meanwhile)."""
    connection = caller.connection
    subsidiaries.revision_for_writing(connection, home)
    number = results.find(connection, home, table, digest(*question))
    if number is not None:
        return number, False
    return record(caller, home, table, question, summary), True


def record(
    caller: Caller, home: Reach, table: Table, question: tuple[str, int, dict[str, Any]], summary: dict[str, Any]
) -> int:
    """Store a result that is not there yet; its number. Nobody else may be storing one of this owner meanwhile."""
    method, data_revision, parameters = question
    values = {
        "digest": digest(*question),
        "method": method,
        "data_revision": data_revision,
        "parameters": json.dumps(parameters, sort_keys=True, ensure_ascii=False),
        "computed_at": caller.now,
        "summary": json.dumps(summary, ensure_ascii=False),
    }
    number = results.record(caller.connection, home, table, values)
    identifier = references.write(subsidiaries.code_of(caller.connection, home), number)
    told = {"method": method, "data_revision": data_revision}
    caller.note(home, _COMPUTED[table.name], f"{_PLACES[table.name]}/{identifier}", None, told)
    return number


def find(caller: Caller, table: Table, identifier: str) -> tuple[Reach, Row[Any]]:
    """The result with this id, and its subsidiary. NotFound where there is none within reach."""
    home, number = references.locate(caller, identifier)
    row = results.get(caller.connection, home, table, number)
    if row is None:
        raise references.nothing(identifier)
    return home, row


def get(caller: Caller, home: Reach, table: Table, number: int) -> Row[Any]:
    """The result with this number of the one subsidiary in reach, which is known to exist."""
    row = results.get(caller.connection, home, table, number)
    if row is None:
        raise references.nothing(str(number))
    return row


def summary(row: Row[Any]) -> dict[str, Any]:
    """What was kept with the result."""
    kept: dict[str, Any] = json.loads(row.summary)
    return kept


def described(row: Row[Any]) -> dict[str, Any]:
    """What every result says of itself."""
    return {
        "id": references.write(row.subsidiary, row.number),
        "subsidiary": row.subsidiary,
        "currency": row.currency,
        "method": row.method,
        "data_revision": row.data_revision,
        "fresh": row.data_revision == row.newest,
        "computed_at": row.computed_at,
    }
