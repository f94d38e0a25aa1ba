"""Making and changing webhooks, trying them out, and sending again what could not be delivered."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row

from service.access.audit import Action
from service.access.keys import Caller
from service.access.safe import Safe, shown
from service.errors import BadArgument, Conflict
from service.operations import messages, references
from service.operations.subsidiaries import must_match
from service.store import deliveries, subsidiaries, webhooks
from service.store.reach import GROUP, Reach
from service.wording import say

SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Values:
    """Where to send what; `attainment_limit` in ten-thousandths, needed for `plan.attainment_below`."""

    url: str
    events: Sequence[str]
    attainment_limit: int | None
    active: bool


def create(caller: Caller, subsidiary: str | None, values: Values, safe: Safe) -> Row[Any]:
    """A new webhook, with its secret; without a subsidiary for all of the group."""
    if subsidiary is None:
        caller.whole_group()
        home = caller.reach.narrowed([GROUP])
    else:
        home = caller.reach.narrowed([subsidiaries.get(caller.connection, caller.reach, subsidiary).id])
    subsidiaries.revision_for_writing(caller.connection, home)
    columns = _columns(values) | {"secret": _new_secret(safe, home)}
    number = webhooks.create(caller.connection, home, columns, caller.now)
    made = _got(caller, home, number)
    _note(caller, home, made, "webhook.create", None)
    return made


def find(caller: Caller, identifier: str) -> tuple[Reach, Row[Any]]:
    """The webhook with this id, and whose it is. NotFound where there is none within reach."""
    home, number = references.locate(caller, identifier)
    row = webhooks.get(caller.connection, home, number)
    if row is None:
        raise references.nothing(identifier)
    return home, row


def change(caller: Caller, identifier: str, values: Values, if_match: str | None) -> Row[Any]:
    """Give it these values. Giving it the same again does nothing."""
    home, row = _locked(caller, identifier)
    columns = _columns(values)
    if all(getattr(row, name) == value for name, value in columns.items()):
        return row
    must_match(if_match, etag(row))
    fresh = {"failures": 0, "resume_at": None, "updated_at": caller.now}
    webhooks.change(caller.connection, home, row.number, columns | fresh)
    changed = _got(caller, home, row.number)
    _note(caller, home, changed, "webhook.change", row)
    return changed


def delete(caller: Caller, identifier: str) -> Row[Any]:
    """Remove it with its deliveries; as it was. Its number is not given again."""
    home, row = _locked(caller, identifier)
    deliveries.remove(caller.connection, home, row.number)
    nothing = {"state": webhooks.DELETED, "secret": "", "former_secret": None, "url": "", "updated_at": caller.now}
    webhooks.change(caller.connection, home, row.number, nothing)
    resource = f"webhooks/{references.write(row.subsidiary, row.number)}"
    caller.note(home, "webhook.delete", resource, _settings(row))
    return row


def rotate(caller: Caller, identifier: str, overlap: timedelta, safe: Safe) -> Row[Any]:
    """Another secret; for a while messages are signed with the present one too."""
    home, row = _locked(caller, identifier)
    former = {"former_secret": row.secret, "former_until": caller.now + overlap}
    columns = {"secret": _new_secret(safe, home), "updated_at": caller.now, **former}
    webhooks.change(caller.connection, home, row.number, columns)
    changed = _got(caller, home, row.number)
    _note(caller, home, changed, "webhook.rotate", row)
    return changed


def try_out(caller: Caller, identifier: str) -> Row[Any]:
    """A delivery of a test message, due at once. Conflict where nothing is sent to the webhook now."""
    home, row = _locked(caller, identifier)
    if row.state != webhooks.ACTIVE:
        raise Conflict(
            say("Webhook {identifier} is {state}: set it active first.", identifier=identifier, state=row.state)
        )
    message = messages.test_message(row, caller.now)
    webhooks.change(caller.connection, home, row.number, {"resume_at": None})
    values = {"id": message.id, "type": message.type, "payload": message.payload}
    deliveries.add(caller.connection, home, row.number, values, caller.now)
    _note(caller, home, row, "webhook.test", row)
    return deliveries.get(caller.connection, home, row.number, message.id)


def replay(caller: Caller, identifier: str, chosen: Sequence[str] | None) -> int:
    """Send deliveries again, those named or all that are dead; how many. BadArgument where one is none of its own."""
    home, row = _locked(caller, identifier)
    count = deliveries.replay(caller.connection, home, row.number, chosen, caller.now)
    if chosen is not None and count < len(set(chosen)):
        raise BadArgument("deliveries", say("Not all of these are deliveries of this webhook."))
    if count:
        webhooks.change(caller.connection, home, row.number, {"resume_at": None, "failures": 0})
        _note(caller, home, row, "webhook.replay", row)
    return count


def etag(row: Row[Any]) -> str:
    """Changes when its values do."""
    text = f"{row.url}|{row.events}|{row.attainment_limit}|{row.state}|{row.updated_at.isoformat()}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def secret_of(row: Row[Any], safe: Safe) -> str:
    """As its owner is shown it, once."""
    return shown(safe.opened(row.secret, row.subsidiary_id))


def close_again(connection: Connection, reach: Reach, safe: Safe) -> int:
    """Keep the secrets of all webhooks within reach with the first key of the safe; how many webhooks there are."""
    for number in sorted({row.subsidiary_id for row in webhooks.every(connection, reach)}):
        subsidiaries.revision_for_writing(connection, reach.narrowed([number]))  # nobody rotates one meanwhile
    rows = webhooks.every(connection, reach)
    for row in rows:
        kept = {name: getattr(row, name) for name in ("secret", "former_secret")}
        closed = {
            name: safe.closed(safe.opened(secret, row.subsidiary_id), row.subsidiary_id)
            for name, secret in kept.items()
            if secret
        }
        webhooks.change(connection, reach.narrowed([row.subsidiary_id]), row.number, closed)
    return len(rows)


def _new_secret(safe: Safe, home: Reach) -> str:
    return safe.closed(secrets.token_bytes(SECRET_BYTES), home.one)


def _columns(values: Values) -> dict[str, Any]:
    if "plan.attainment_below" in values.events and values.attainment_limit is None:
        raise BadArgument("attainment_limit", say("plan.attainment_below needs the limit to be told of."))
    return {
        "url": values.url,
        "events": " ".join(sorted(set(values.events))),
        "attainment_limit": values.attainment_limit,
        "state": webhooks.ACTIVE if values.active else webhooks.OFF,
    }


def _locked(caller: Caller, identifier: str) -> tuple[Reach, Row[Any]]:
    home, _ = references.locate(caller, identifier)
    subsidiaries.revision_for_writing(caller.connection, home)
    return find(caller, identifier)


def _got(caller: Caller, home: Reach, number: int) -> Row[Any]:
    row = webhooks.get(caller.connection, home, number)
    if row is None:
        raise references.nothing(str(number))
    return row


def _note(caller: Caller, home: Reach, row: Row[Any], action: Action, before: Row[Any] | None) -> None:
    resource = f"webhooks/{references.write(row.subsidiary, row.number)}"
    caller.note(home, action, resource, None if before is None else _settings(before), _settings(row))


def _settings(row: Row[Any]) -> dict[str, Any]:
    """Without the secret. The address may hold one too: its hash tells whether it changed."""
    url = hashlib.sha256(row.url.encode()).hexdigest()
    former = None if row.former_until is None else row.former_until.isoformat()
    told = {name: getattr(row, name) for name in ("attainment_limit", "state")}
    return {"url_sha256": url, "events": row.events.split(), "former_until": former, **told}
