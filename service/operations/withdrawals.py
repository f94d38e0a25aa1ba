"""Taking a submission back: its rows return to what they were before it."""

from sqlalchemy import select

from service.access.keys import Caller
from service.errors import ChangedSince, Conflict
from service.forms.catalogue import FORMS
from service.operations import feeds, references
from service.store import customers, lines, revisions, submissions, subsidiaries
from service.store.bulk import take_back
from service.store.kept import TABLES
from service.store.reach import Reach
from service.wording import say


def withdraw(caller: Caller, home: Reach, number: int, reason: str) -> None:
    """Withdraw a submission to the one subsidiary in reach; once is enough, again does nothing.

    Raises ChangedSince where a later submission changed its rows, or lines would come back that a register feeds by
    now; Conflict where others refer to its customers. The reason serves for closed months too.
    """
    connection = caller.connection
    revision = subsidiaries.revision_for_writing(connection, home)
    row = submissions.get(connection, home, number)
    if row is None or row.withdrawn_at is not None:
        return
    brought = revisions.of_submission(connection, home, number)
    if brought is not None:
        revision += 1
        _take_back(caller, home, row.form, brought, revision)
        feeds.derive(caller, home, FORMS[row.form], brought, revision)
        revisions.raise_to(connection, home, revision, caller.now, caller.principal, "withdrawal", number)
    submissions.withdrawn(connection, home, number, caller.now, revision, reason)
    identifier = references.write(row.subsidiary, number)
    caller.note(home, "submission.withdraw", f"submissions/{identifier}", None, {"data_revision": revision})


def _take_back(caller: Caller, home: Reach, name: str, brought: int, revision: int) -> None:
    connection, (table, history) = caller.connection, TABLES[name]
    if name == "customers":
        _unused(caller, home, brought)
    of = {} if FORMS[name].of_group else {"subsidiary_id": home.one}
    if "feed" in table.columns:
        of["feed"] = lines.BY_LINES
    if not take_back(connection, table, history, of, brought, revision):
        raise ChangedSince(say("A later submission changed rows of this one. Withdraw or correct the later one first."))
    if name == "statistics" and feeds.counted_twice(connection, home):
        raise ChangedSince(
            say("Lines would come back whose measures come from a register by now. Switch the feed first.")
        )


def _unused(caller: Caller, home: Reach, brought: int) -> None:
    table, history = customers.TABLE, customers.HISTORY
    before = select(history.c.id).where(history.c.subsidiary_id == home.one, history.c.until_revision == brought)
    new = select(table.c.id).where(
        table.c.subsidiary_id == home.one, table.c.revision == brought, table.c.id.not_in(before)
    )
    used = customers.in_use(caller.connection, home, new)
    if used:
        raise Conflict(
            say("Other rows are about its customers ({used}, …): withdraw those first.", used=", ".join(used[:5]))
        )
