"""Templates: a form as a workbook with the subsidiary's own codes to choose from, and its own values to start from."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from service.access.keys import Caller
from service.errors import BadArgument
from service.forms.declaration import DELETED, Form
from service.forms.template import workbook
from service.method.months import month_text
from service.operations.windows import month
from service.store import labels, lines, registered, subsidiaries
from service.store.kept import TABLES
from service.store.nouns import NOUNS
from service.store.reach import Reach
from service.values import amount_text
from service.wording import say

MOST_ROWS = 100_000


def template(caller: Caller, form: Form, subsidiary: str | None, lang: str, period: str | None) -> bytes:
    """The form as XLSX in a language. `period` asks for the subsidiary's rows of that month, to change and hand in."""
    if subsidiary is None or form.of_group:
        return workbook(form, lang, {})
    row = subsidiaries.get(caller.connection, caller.reach, subsidiary)
    home = caller.reach.narrowed([row.id])
    choices = {
        name: sorted(code for code in labels.numbers(caller.connection, home, table) if code)
        for name, table in NOUNS.items()
        if name in form.by_name
    }
    return workbook(form, lang, choices, _filled(caller, home, form, period), title=f"{row.code} {row.name}")


def _filled(caller: Caller, home: Reach, form: Form, period: str | None) -> Sequence[Mapping[str, str]]:
    wanted = month("rows", period)
    if wanted is None:
        return []
    if form.name == "statistics":
        rows = lines.page(caller.connection, home, MOST_ROWS + 1, None, lines.Asked((wanted, wanted)))
        rows = [row for row in rows if row.feed == lines.BY_LINES]
    elif form.name == "targets":
        table, _ = TABLES[form.name]
        rows = registered.page(caller.connection, home, table, MOST_ROWS + 1, None, wanted)
    else:
        raise BadArgument("rows", say("Rows of a month are there for the forms statistics and targets."))
    if len(rows) > MOST_ROWS:
        raise BadArgument(
            "rows",
            say("{period} has more than {most} rows: read them as data instead.", period=str(period), most=MOST_ROWS),
        )
    return [_texts(form, row) for row in rows]


def _texts(form: Form, row: Row[Any]) -> dict[str, str]:
    """The row as a person would write it; what is 0 or nothing stays empty."""
    texts = {}
    for column in form.columns:
        value = getattr(row, column.name, None)
        if column.name == DELETED or value is None or value == column.default:
            continue
        if column.kind.name == "month":
            texts[column.name] = month_text(value)
        else:
            texts[column.name] = amount_text(value) if column.kind.numeric else str(value)
    return texts
