"""The life of a plan: draft, approved, superseded. The plan never changes; what is decided about it is recorded."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import StalePlan, Superseded
from service.method.months import parse_month
from service.operations import events, keeping, references
from service.store import plans, results, subsidiaries
from service.store.reach import Reach
from service.wording import say

APPROVED, SUPERSEDED = "approved", "superseded"


def approve(caller: Caller, identifier: str, note: str, *, stale: bool) -> None:
    """Approve a plan; the approved plan of the subsidiary that begins in the same month is superseded by it.

    Approving it again changes nothing. Superseded where a later plan took its place; StalePlan where the data changed
    since it was calculated and `stale` does not allow that.
    """
    home, row = keeping.find(caller, results.PLAN, identifier)
    revision = subsidiaries.revision_for_writing(caller.connection, home)
    known = {one.status for one in plans.decisions(caller.connection, home, [(home.one, row.number)])}
    if SUPERSEDED in known:
        raise Superseded(
            say(
                "Plan {identifier} was approved, and a later plan took its place. Calculate a new one.",
                identifier=identifier,
            )
        )
    if APPROVED in known:
        return
    if row.data_revision != revision and not stale:
        raise StalePlan(
            say(
                "Plan {identifier} rests on data revision {data_revision}; the data are at {revision}. Calculate it"
                " again, or approve it as it is with stale.",
                identifier=identifier,
                data_revision=row.data_revision,
                revision=revision,
            )
        )
    first = parse_month(keeping.summary(row)["first"])
    decision = {
        "first": first,
        "decided_at": caller.now,
        "key_id": caller.principal,
        "data_revision": revision,
        "note": note,
    }
    former = plans.approved(caller.connection, home, first)
    superseded = None if former is None else references.write(row.subsidiary, former.plan)
    if former is not None:
        ended = {**decision, "plan": former.plan, "status": SUPERSEDED, "successor": row.number}
        plans.decide(caller.connection, home, ended)
        caller.note(home, "plan.supersede", f"plans/{superseded}", None, {"successor": identifier})
    plans.decide(caller.connection, home, {**decision, "plan": row.number, "status": APPROVED, "successor": None})
    data = {"plan": identifier, "supersedes": superseded, "read": f"/v1/plans/{identifier}"}
    events.tell(caller, home, "plan.approved", data)
    caller.note(home, "plan.approve", f"plans/{identifier}", None, {"data_revision": revision, "stale": stale})


def told(caller: Caller, rows: Sequence[Row[Any]]) -> dict[tuple[int, int], dict[str, Any]]:
    """Status and decisions of these plans, by subsidiary and number."""
    found: dict[tuple[int, int], dict[str, Any]] = {
        (row.subsidiary_id, row.number): {"status": "draft", "decisions": []} for row in rows
    }
    codes = {row.subsidiary_id: row.subsidiary for row in rows}
    for one in plans.decisions(caller.connection, caller.reach, list(found)):
        plan = found.get((one.subsidiary_id, one.plan))
        if plan is None:
            continue
        plan["status"] = SUPERSEDED if SUPERSEDED in (one.status, plan["status"]) else APPROVED
        successor = None if one.successor is None else references.write(codes[one.subsidiary_id], one.successor)
        plan["decisions"].append(
            {
                "status": one.status,
                "at": one.decided_at,
                "key": one.key_id,
                "data_revision": one.data_revision,
                "successor": successor,
                "note": one.note,
            }
        )
    return found


def standing(caller: Caller, home: Reach, first: int | None = None) -> Row[Any] | None:
    """The plan that counts of those that begin in this month (None: in any): the approved one, of the last month; else
    the newest without levers, as a scenario is nobody's plan before it is approved."""
    approved = plans.approved(caller.connection, home, first)
    if approved is not None:
        return keeping.get(caller, home, results.PLAN, approved.plan)
    for number in plans.beginning(caller.connection, home, first):
        row = keeping.get(caller, home, results.PLAN, number)
        if keeping.summary(row).get("baseline") is None:
            return row
    return None
