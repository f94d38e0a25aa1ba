"""Handing in a form: read, check, resolve codes, and store the rows, the source and the receipt in one transaction."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

from service.access.keys import Caller
from service.errors import BadArgument, Problem, RowsRefused
from service.forms.checking import Checked, check
from service.forms.declaration import Form
from service.forms.readers import Table, read_csv, read_json
from service.method.measures import MEASURES
from service.method.months import month_of
from service.store import customers, exchange_rates, labels, lines, salespeople, submissions, subsidiaries
from service.store.bulk import Merged
from service.store.reach import GROUP, Reach

Mode = Literal["all", "valid"]
Columns = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Body:
    """What was handed in, as it came, and read as a table."""

    form: Form
    content_type: str
    content: bytes
    table: Table

    @classmethod
    def read(cls, form: Form, content_type: str, content: bytes) -> "Body":
        reader = read_csv if content_type == "text/csv" else read_json
        return cls(form, content_type, content, reader(BytesIO(content), form))


def home_of(caller: Caller, body: Body, asked: str | None) -> Reach:
    """The one subsidiary that a submission goes to: the query's, or the one its rows name; or the group."""
    if body.form.of_group:
        caller.whole_group()
        return caller.reach.narrowed([GROUP])
    named = body.table.subsidiary
    if asked is not None and named is not None and asked != named:
        raise BadArgument("subsidiary", f"The query names subsidiary {asked!r}, the rows name {named!r}.")
    code = asked or named
    if code is None:
        raise BadArgument("subsidiary", "Name the subsidiary, in the query or in a column.")
    return caller.reach.narrowed([subsidiaries.get(caller.connection, caller.reach, code).id])


def submit(caller: Caller, home: Reach, body: Body, mode: Mode) -> tuple[int, list[Problem]]:
    """Store a form; the number of its record, and the problems of refused rows.

    Raises RowsRefused, with nothing stored, where a row is wrong and `mode` is "all".
    """
    connection = caller.connection
    revision = subsidiaries.revision_for_writing(connection, home)
    checked = check(body.form, body.table, month_of(caller.now.date()))
    columns, problems, count = _resolved(caller, home, body.form, checked)
    if count and mode == "all":
        raise RowsRefused(problems, count, body.table.received)
    merged = _SAVE[body.form.name](caller, home, columns, revision + 1)
    if merged.changed:
        revision += 1
        subsidiaries.raise_revision(connection, home, revision)
    sha256 = hashlib.sha256(body.content).hexdigest()
    submissions.keep_source(connection, home, sha256, body.content)
    accepted = merged.added + merged.corrected + merged.unchanged
    counts = {"added": merged.added, "corrected": merged.corrected, "unchanged": merged.unchanged}
    values = {
        "form": body.form.name,
        "mode": mode,
        "content_type": body.content_type,
        "sha256": sha256,
        "size": len(body.content),
        "received_at": caller.now,
        "key_id": caller.key_id,
        "received": body.table.received,
        "accepted": accepted,
        "rejected": body.table.received - accepted,
        "problem_count": count,
        "data_revision": revision,
        **counts,
    }
    number = submissions.record(connection, home, values, [problem.as_dict() for problem in problems])
    return number, problems


def _resolved(caller: Caller, home: Reach, form: Form, checked: Checked) -> tuple[Columns, list[Problem], int]:
    """The good rows with numbers in place of codes, and all problems, those of unknown codes among them."""
    columns, unknown = dict(checked.columns), []
    places: set[int] = set()
    for column, noun, table in _REFERENCES.get(form.name, ()):
        known = labels.numbers(caller.connection, home, table)
        numbers = [known.get(code) for code in columns[column]]
        for place in [place for place, number in enumerate(numbers) if number is None]:
            code = columns[column][place]
            message = f"There is no {noun} {code!r} in this subsidiary. Hand in the {noun} first."
            unknown.append(Problem(checked.rows[place], column, f"unknown_{noun}", message, code))
            places.add(place)
        columns[column] = numbers
    if places:
        columns = {
            name: [value for place, value in enumerate(values) if place not in places]
            for name, values in columns.items()
        }
    problems = sorted([*checked.problems, *unknown], key=lambda problem: problem.row or 0)
    return columns, problems, checked.problem_count + len(unknown)


def _rows(columns: Columns, *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*(columns[name] for name in names), strict=True))


def _numbered(caller: Caller, home: Reach, columns: Columns, *names: str) -> Columns:
    """With numbers in place of channels and product groups; new ones are numbered."""
    result = dict(columns)
    for name in names:
        known = labels.ensure(caller.connection, home, _LABELS[name], columns[name])
        result[name] = [known[code] for code in columns[name]]
    return result


def _save_customers(caller: Caller, home: Reach, columns: Columns, revision: int) -> Merged:
    columns = _numbered(caller, home, columns, "channel")
    names = ("code", "name", "salesperson", "channel", "potential", "potential_date", "potential_source")
    return customers.save(caller.connection, home, _rows(columns, *names, "industry", "region", "since"), revision)


def _save_salespeople(caller: Caller, home: Reach, columns: Columns, revision: int) -> Merged:
    names = ("code", "start", "end", "name", "team", "role", "fte", "hours_a_day", "monthly_cost")
    return salespeople.save(caller.connection, home, _rows(columns, *names), revision)


def _save_statistics(caller: Caller, home: Reach, columns: Columns, revision: int) -> Merged:
    columns = _numbered(caller, home, columns, "channel", "product_group")
    names = ("period", "customer", "salesperson", "channel", "product_group", *MEASURES)
    return lines.save(caller.connection, home, _rows(columns, *names), revision)


def _save_exchange_rates(caller: Caller, _home: Reach, columns: Columns, revision: int) -> Merged:
    rows = _rows(columns, "period", "currency", "reference", "rate")
    return exchange_rates.save(caller.connection, rows, revision)


_SAVE: Mapping[str, Callable[[Caller, Reach, Columns, int], Merged]] = {
    "customers": _save_customers,
    "salespeople": _save_salespeople,
    "statistics": _save_statistics,
    "exchange-rates": _save_exchange_rates,
}
_LABELS = {"channel": labels.CHANNEL, "product_group": labels.PRODUCT_GROUP}
_REFERENCES = {
    "customers": (("salesperson", "salesperson", salespeople.TABLE),),
    "statistics": (
        ("customer", "customer", customers.TABLE),
        ("salesperson", "salesperson", salespeople.TABLE),
    ),
}
