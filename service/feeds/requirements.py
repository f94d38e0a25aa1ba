"""The technical specification for a CRM as Markdown: tables that an integrator can work off, form by form."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

_PERCENT = 100
_FIELDS = ("column", "type", "required", "meaning", "what it feeds", "filled", "since")
_USES = ("id", "name", "needs", "fed", "share", "since")
NOTES = """\
A column is *filled* in a row that has a value there other than nothing, an empty text or 0: an absent number is stored
as 0, and 0 cannot be told from it. An absent `fte` is stored as 1 and absent `hours_a_day` as 8, so these always count
as filled. *Since* is the first month with a value: of orders and activities by their date, of deals by their creation.
The *share* of an indicator or plan input is the smallest of the share of months in which all that it needs is there,
and the shares of rows of customers and salespeople.
"""


def markdown(document: Mapping[str, Any]) -> str:
    """The answer of the specification as text."""
    whose = f" of {document['subsidiary']}" if document["subsidiary"] else ""
    parts = [f"# What a CRM hands in{whose}", NOTES.strip()]
    if document["months_expected"] is not None:
        parts.append(f"Months expected: {document['months_expected']}.")
    for form, fields in groupby(document["fields"], key=lambda field: field["form"]):
        parts += [f"## Form {form}", _table(_FIELDS, [_field(field) for field in fields])]
    parts += ["## Indicators", _table(_USES, [_use(one) for one in document["indicators"]])]
    parts += ["## Plan inputs", _table(_USES, [_use(one) for one in document["plan_inputs"]])]
    return "\n\n".join(parts) + "\n"


def _field(field: Mapping[str, Any]) -> list[str]:
    meaning = field["meaning"] + (f" Or from the register {field['from_register']}." if field["from_register"] else "")
    feeds = [*field["indicators"], *(f"plan: {name}" for name in field["plan_inputs"])]
    required = "yes" if field["required"] else ""
    return [field["column"], field["type"], required, meaning, ", ".join(feeds), _filled(field), field["since"] or ""]


def _filled(field: Mapping[str, Any]) -> str:
    if field["rows"] is None:
        return ""
    return f"{_share(field['share'])} of {field['rows']} rows".strip() if field["rows"] else "no rows"


def _use(one: Mapping[str, Any]) -> list[str]:
    needs = ", ".join(one["needs"]) or one["reason"] or "the method's own number"
    fed = {None: "", True: "yes", False: "no"}[one["fed"]]
    return [one["id"], one["name"], needs, fed, _share(one["share"]), one["since"] or ""]


def _share(share: Any) -> str:
    return "" if share is None else f"{float(share) * _PERCENT:.1f} %"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)
