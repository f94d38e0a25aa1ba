"""Feeds: per group of measures a subsidiary hands in lines, or a register from which the lines are derived.

Lines of a register stand beside those of the form `statistics`, under their own feed, and are the sums of the entries
that the register's rows make. They are made anew whenever a row of the register changes.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, Row

from service.access.keys import Caller
from service.errors import FeedInUse, OtherFeed
from service.forms.declaration import Form
from service.forms.kinds import read_shares, read_stages
from service.method.measures import MEASURES
from service.method.money import largest_remainder
from service.method.months import month_of, month_text
from service.store import entries, labels, lines, revisions, salespeople, subsidiaries
from service.store.bulk import Staged
from service.store.reach import Reach
from service.store.registers import TABLES
from service.values import AMOUNT_SCALE, amount_text
from service.wording import say

GROUPS: Mapping[str, str] = {"orders": "results", "deals": "funnel", "activities": "activity"}
"""Register → the group of measures that it feeds."""
_NUMBERS = {name: number for number, name in lines.FEEDS.items()}
Entry = dict[str, Any]


def may_hand_in(connection: Connection, home: Reach, form: Form) -> None:
    """Raises OtherFeed for a register whose measures this subsidiary hands in as lines."""
    group = GROUPS.get(form.name)
    if group is not None and subsidiaries.feeds(connection, home)[group] == "lines":
        raise OtherFeed(
            say(
                "This subsidiary hands in its {group} as lines (the form statistics). To hand in {name}, declare the"
                " feed of its {group} as register first.",
                group=group,
                name=form.name,
            )
        )


def fed_elsewhere(connection: Connection, home: Reach) -> dict[str, str]:
    """Measure → the register it comes from, for the measures that lines may not bring."""
    declared = subsidiaries.feeds(connection, home)
    registers = {group: register for register, group in GROUPS.items() if declared[group] == "register"}
    return {name: registers[measure.group] for name, measure in MEASURES.items() if measure.group in registers}


def derive(caller: Caller, home: Reach, form: Form, *changed_by: int) -> None:
    """Bring the lines of a register up to its rows, which these data revisions changed; the last is the present.

    A register that does not feed its measures now has no lines.
    """
    if form.name not in GROUPS or subsidiaries.feeds(caller.connection, home)[GROUPS[form.name]] == "lines":
        return
    touched = entries.touched(home, TABLES[form.name], *changed_by)
    rows = entries.rows_of(caller.connection, home, TABLES[form.name], touched)
    _derive(caller, home, form.name, changed_by[-1], (touched, rows))


def _derive(caller: Caller, home: Reach, register: str, revision: int, changed: tuple[Any, Sequence[Row[Any]]]) -> None:
    """The same, with the statement of touched ids, and the rows of the register that make entries now."""
    connection, feed = caller.connection, _NUMBERS[register]
    touched, rows = changed
    sellers = labels.numbers(connection, home, salespeople.TABLE) if register == "orders" else {}
    made = [
        {"source": row.id, "place": place, **_EMPTY, **entry}
        for row in rows
        for place, entry in enumerate(_ENTRIES[register](row, sellers))
    ]
    frame = pd.DataFrame(made, columns=["source", "place", *entries.KEY, *MEASURES])
    _store(connection, home, feed, entries.replace(connection, home, feed, touched, frame), revision)


def _store(connection: Connection, home: Reach, feed: int, sums: pd.DataFrame, revision: int) -> None:
    """Lines of a register; those without any entry are removed."""
    names = [*entries.KEY, *MEASURES]
    staged = Staged(connection, lines.TABLE, names, {"subsidiary_id": home.one, "feed": feed})
    columns = {name: pa.array(sums[name].to_numpy()) for name in names}
    rows = pa.array(range(1, len(sums) + 1), type=pa.int64())
    staged.add(columns, rows, pa.array((sums["entries"] == 0).to_numpy().astype("int64")))
    staged.finish()
    staged.merge(lines.HISTORY, revision)


def counted_twice(connection: Connection, home: Reach) -> bool:
    """Whether measures that come from a register stand in lines of the form statistics all the same."""
    names = list(fed_elsewhere(connection, home))
    return bool(names) and lines.of_feed(connection, home, lines.BY_LINES, names)["lines"] > 0


def switch(caller: Caller, home: Reach, wanted: Mapping[str, str], *, replace: bool) -> None:
    """Declare the feeds of the one subsidiary in reach: group of measures → `lines` or `register`.

    Raises FeedInUse, with nothing done, where that would replace what is stored and `replace` does not allow it.
    """
    connection = caller.connection
    revision = subsidiaries.revision_for_writing(connection, home)
    declared = subsidiaries.feeds(connection, home)
    switched = [register for register, group in GROUPS.items() if declared[group] != wanted[group]]
    found = [_stored(connection, home, register, declared[GROUPS[register]]) for register in switched]
    replaces = [one for one in found if one["lines"]]
    if replaces and not replace:
        raise FeedInUse(
            say("Lines are stored that the other feed would replace. Look at them, then ask again."), replaces
        )
    if not switched:
        return
    revision += 1
    to_registers = [register for register in switched if wanted[GROUPS[register]] == "register"]
    # Once for all of them: a line has one former state in a revision.
    taken = [name for register in to_registers for name in _measures(register)]
    if taken:
        lines.empty(connection, home, lines.BY_LINES, taken, revision)
    for register in switched:
        if register in to_registers:
            rows = entries.all_of(connection, home, TABLES[register])
            _derive(caller, home, register, revision, (entries.touched(home, TABLES[register], revision), rows))
        else:
            lines.remove(connection, home, _NUMBERS[register], revision)
            entries.clear(connection, home, _NUMBERS[register])
    declaration = json.dumps({"feeds": wanted, "replace": replace})
    columns = {f"feed_{group}": feed for group, feed in wanted.items()}
    subsidiaries.change(connection, home, columns, caller.now)
    revisions.raise_to(connection, home, revision, caller.now, caller.principal, "feeds", declared=declaration)
    resource = f"subsidiaries/{subsidiaries.code_of(connection, home)}/feeds"
    caller.note(home, "feeds.change", resource, declared, dict(wanted))


def _stored(connection: Connection, home: Reach, register: str, declared: str) -> dict[str, Any]:
    """What is stored of a register's measures by the feed that is declared."""
    measures = _measures(register)
    feed = lines.BY_LINES if declared == "lines" else _NUMBERS[register]
    found = lines.of_feed(connection, home, feed, measures)
    return {
        "group": GROUPS[register],
        "feed": declared,
        "lines": found["lines"],
        "first": month_text(found["first"]) if found["lines"] else None,
        "last": month_text(found["last"]) if found["lines"] else None,
        "totals": {name: amount_text(found[name]) for name in measures},
    }


def _measures(register: str) -> list[str]:
    return [name for name, measure in MEASURES.items() if measure.group == GROUPS[register]]


_EMPTY: Entry = dict.fromkeys((*entries.KEY, *MEASURES), 0)


def _of_order(row: Row[Any], sellers: Mapping[str, int]) -> Iterator[Entry]:
    """An order by its credit shares; every part is rounded so that the parts add up to the order."""
    key = {
        "period": month_of(row.date),
        "customer_id": row.customer_id,
        "channel_id": row.channel_id,
        "product_group_id": row.product_group_id,
    }
    amounts = {"orders": AMOUNT_SCALE * (row.amount >= 0), "revenue": row.amount, "margin": row.margin}
    if not row.credit_shares:
        yield {**key, "salesperson_id": row.salesperson_id, **amounts}
        return
    shares = read_shares(row.credit_shares)
    shares[""] = AMOUNT_SCALE - sum(shares.values())
    codes, weights = list(shares), list(shares.values())
    parts = {name: largest_remainder(amount, weights, codes) for name, amount in amounts.items()}
    for place, code in enumerate(codes):
        if weights[place]:
            yield {**key, "salesperson_id": sellers[code], **{name: split[place] for name, split in parts.items()}}


def _of_deal(row: Row[Any], _sellers: Mapping[str, int]) -> Iterator[Entry]:
    """What a deal adds in the month it was created, qualified, offered and won."""
    key = {"customer_id": row.customer_id, "salesperson_id": row.salesperson_id, "channel_id": row.channel_id}
    days = read_stages(row.stages)
    one = AMOUNT_SCALE
    if not row.new_customer:
        if "offer" in days:
            yield {**key, "period": month_of(days["offer"]), "quotes": one, "quote_value": row.amount}
        return
    yield {**key, "period": month_of(row.created), "leads": one, "lead_value": row.amount}
    if "qualified" in days:
        yield {**key, "period": month_of(days["qualified"]), "qualified": one}
    if "offer" in days:
        yield {**key, "period": month_of(days["offer"]), "offers": one, "offer_value": row.amount}
    if row.outcome == "won":
        yield {**key, "period": month_of(row.closed), "wins": one, "win_value": row.amount}


def _of_activity(row: Row[Any], _sellers: Mapping[str, int]) -> Iterator[Entry]:
    key = {"period": month_of(row.date), "customer_id": row.customer_id, "salesperson_id": row.salesperson_id}
    counted = {"call": "calls", "meeting": "meetings"}.get(row.type)
    yield {**key, "hours": row.hours, **({counted: AMOUNT_SCALE} if counted else {})}


_ENTRIES: Mapping[str, Callable[[Row[Any], Mapping[str, int]], Iterator[Entry]]] = {
    "orders": _of_order,
    "deals": _of_deal,
    "activities": _of_activity,
}
