"""What happens and may be told to others: stored in the transaction in which it does, as a few words and counts."""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from service.access.keys import Caller
from service.store import deliveries, subsidiaries
from service.store.reach import Reach

EventType = Literal[
    "submission.accepted",
    "submission.refused",
    "segmentation.ready",
    "customers.changed",
    "plan.approved",
    "plan.attainment_below",
]


def tell(caller: Caller, home: Reach, event: EventType, data: Mapping[str, Any]) -> None:
    """Store what happened in the one subsidiary in reach, or the group."""
    code = subsidiaries.code_of(caller.connection, home)
    about = {"subsidiary": code or None, **data}
    values = {"id": new_id(caller.now), "type": event, "data": json.dumps(about), "at": caller.now}
    deliveries.happened(caller.connection, home, values)


def refused(caller: Caller, home: Reach, form: str, problem: str, count: int) -> None:
    """Tell that a form was refused, by the slug of the problem; what was handed in is not stored."""
    tell(caller, home, "submission.refused", {"form": form, "problem": f"/problems/{problem}", "problems": count})


def new_id(now: datetime) -> str:
    """Of an event; a later one is larger, to the millisecond."""
    return f"msg_{int(now.timestamp() * 1000):012x}{secrets.token_hex(10)}"
