"""Making and changing a subsidiary."""

import hashlib
from typing import Any

from sqlalchemy import Row, insert

from service.access.keys import Caller
from service.errors import Conflict, NotFound, PreconditionFailed, PreconditionRequired
from service.store import customers, labels, lines, salespeople, subsidiaries
from service.store.reach import GROUP, Reach
from service.wording import say


def etag(row: Row[Any]) -> str:
    """Changes when the subsidiary's own values do (its data have `data_revision`)."""
    text = f"{row.code}|{row.name}|{row.country}|{row.currency}|{row.fiscal_year_start}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def put(caller: Caller, code: str, values: dict[str, Any], if_match: str | None) -> tuple[Row[Any], bool]:
    """Make the subsidiary, or give it these values; it, and whether it is new. Putting the same again does nothing."""
    connection = caller.connection
    row = subsidiaries.find(connection, caller.reach, code)
    if row is None:
        home = _create(caller, code, values)
        caller.note(home, "subsidiary.create", f"subsidiaries/{code}", None, values)
        return subsidiaries.get(connection, caller.reach, code), True
    home = caller.reach.narrowed([row.id])
    subsidiaries.revision_for_writing(connection, home)
    row = subsidiaries.get(connection, caller.reach, code)  # as it is now that nobody else changes it
    if _same(row, values):
        return row, False
    must_match(if_match, etag(row))
    if row.currency != values["currency"] and lines.periods(connection, home) is not None:
        raise Conflict(
            say("Statistics in {currency} are stored; the currency cannot change any more.", currency=row.currency)
        )
    subsidiaries.change(connection, home, values, caller.now)
    caller.note(home, "subsidiary.change", f"subsidiaries/{code}", _former(row, values), values)
    return subsidiaries.get(connection, caller.reach, code), False


def put_group(caller: Caller, values: dict[str, Any], if_match: str | None) -> Row[Any]:
    """Give the group these values. Putting the same again does nothing."""
    caller.whole_group()
    home = caller.reach.narrowed([GROUP])
    subsidiaries.revision_for_writing(caller.connection, home)
    row = subsidiaries.group(caller.connection, home)
    if _same(row, values):
        return row
    must_match(if_match, etag(row))
    subsidiaries.change(caller.connection, home, values, caller.now)
    caller.note(home, "group.change", "group", _former(row, values), values)
    return subsidiaries.group(caller.connection, home)


def _same(row: Row[Any], values: dict[str, Any]) -> bool:
    return all(getattr(row, name) == value for name, value in values.items())


def _former(row: Row[Any], values: dict[str, Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in values}


def must_match(if_match: str | None, etag: str) -> None:
    """Refuse a change by somebody who has not read what he changes."""
    if if_match is None:
        raise PreconditionRequired(say("This exists with other values: send its etag in If-Match to change it."))
    if if_match.strip('"') not in (etag, "*"):
        raise PreconditionFailed(say("This has changed since you read it: read it again."))


def _create(caller: Caller, code: str, values: dict[str, Any]) -> Reach:
    if not caller.reach.whole_group:
        raise NotFound(
            say("There is no subsidiary {code!r} that this key reaches; only a key for all can make one.", code=code)
        )
    number = subsidiaries.create(caller.connection, {"code": code, **values}, caller.now)
    # What a line does not name is attributed to number 0 of its kind.
    nothing = {"subsidiary_id": number, "id": 0, "code": ""}
    for table in (labels.CHANNEL, labels.PRODUCT_GROUP, salespeople.TABLE):
        caller.connection.execute(insert(table).values(nothing))
    customer = {"name": "", "salesperson_id": 0, "channel_id": 0, "potential_source": "", "industry": "", "region": ""}
    caller.connection.execute(insert(customers.TABLE).values(nothing | customer | {"revision": 0}))
    return caller.reach.narrowed([number])
