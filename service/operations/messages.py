"""What webhooks are told: thin messages, with counts and where to read the rest.

What follows from an event (customers who changed, a plan behind) is looked up here, when its messages are made, and
only for those who want to be told.
"""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import NoData
from service.method.months import month_text
from service.operations import attainment, references, segmentations
from service.operations.events import EventType, new_id
from service.store import plans, segments, subsidiaries
from service.store.reach import GROUP, Reach
from service.values import AMOUNT_SCALE

TEST = "webhook.test"
_COMPARED_WITH = 50
"""So many earlier segmentations are looked at for one by the same rule."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """What one webhook is told. The same message has the same id, however often it is made."""

    webhook: Row[Any]
    id: str
    type: str
    payload: str


def of_event(caller: Caller, event: Row[Any], webhooks: Sequence[Row[Any]]) -> list[Message]:
    """What follows from an event, for each webhook of its subsidiary or of the group that wanted it then."""
    near = [one for one in webhooks if one.subsidiary_id in (event.subsidiary_id, GROUP) and one.created_at <= event.at]
    data = json.loads(event.data)
    made = [_message(one, event.id, event.type, event.at, data) for one in near if event.type in one.events.split()]
    home = caller.reach.narrowed([event.subsidiary_id])
    try:
        if event.type == "segmentation.ready":
            made += _changed(caller, event, data, [one for one in near if _wants(one, "customers.changed")])
        elif event.type == "plan.approved" or data.get("changed"):
            made += _behind(caller, home, event, [one for one in near if _wants(one, "plan.attainment_below")])
    except Exception:  # noqa: BLE001 - what happened is told all the same
        _log.exception("what follows from event %s could not be looked up", event.id)
    return made


def _wants(webhook: Row[Any], event: EventType) -> bool:
    return event in webhook.events.split()


def _message(webhook: Row[Any], identifier: str, event: str, at: datetime, data: Mapping[str, Any]) -> Message:
    payload = json.dumps({"type": event, "timestamp": at.isoformat(), "data": data}, separators=(",", ":"))
    return Message(webhook, identifier, event, payload)


def test_message(webhook: Row[Any], now: datetime) -> Message:
    """What somebody asks for who wants to see that it arrives."""
    return _message(webhook, new_id(now), TEST, now, {"webhook": references.write(webhook.subsidiary, webhook.number)})


def _changed(
    caller: Caller, event: Row[Any], data: Mapping[str, Any], webhooks: Sequence[Row[Any]]
) -> Iterator[Message]:
    """How many customers differ from the last segmentation by the same rule, if any do."""
    if not webhooks:
        return
    new = segmentations.find(caller, data["segmentation"])
    old = segmentations.earlier(caller, new, _COMPARED_WITH)
    if old is None:
        return
    both = segmentations.Compared(new, old)
    _, words = segments.change_counts(caller.connection, both.reach, both.keys, both.limits_word)
    since = references.write(old.row.subsidiary, old.row.number)
    counts = {"class_changed": words["effective_class"], "segment_changed": words["effective_segment"]}
    if not any(counts.values()):
        return
    read = f"/v1/segmentations/{data['segmentation']}/changes?since={since}"
    about = {"subsidiary": data["subsidiary"], "segmentation": data["segmentation"], "since": since, **counts}
    for one in webhooks:
        yield _message(one, f"{event.id}_changed", "customers.changed", event.at, {**about, "read": read})


def _behind(caller: Caller, home: Reach, event: Row[Any], webhooks: Sequence[Row[Any]]) -> Iterator[Message]:
    """Approved plans whose attainment to date lies below the limit of a webhook: once for each month that came in."""
    if not webhooks:
        return
    code = subsidiaries.code_of(caller.connection, home)
    for approval in plans.all_approved(caller.connection, home):
        plan = references.write(code, approval.plan)
        try:
            to_date = attainment.attained(caller, plan, 0)["to_date"]
        except NoData:
            continue
        reached, months = to_date["revenue_attainment"], to_date["months"]
        period = month_text(approval.first + months - 1)
        for one in webhooks:
            if reached is None or reached * AMOUNT_SCALE >= one.attainment_limit:
                continue
            about = {"subsidiary": code, "plan": plan, "period": period, "attainment": str(reached)}
            limit = str(one.attainment_limit / AMOUNT_SCALE)
            once = hashlib.sha256(f"{one.subsidiary_id}.{one.number} {plan} {period}".encode()).hexdigest()
            read = f"/v1/plans/{plan}/attainment"
            data = {**about, "limit": limit, "read": read}
            yield _message(one, f"msg_{once[:40]}", "plan.attainment_below", event.at, data)
