"""Handing in a form: check the rows, store them, the source and the receipt, all in one transaction."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from service import metrics
from service.access.keys import Caller
from service.errors import Problem, RowsRefused
from service.failpoints import reach
from service.forms.checking import Checked, Checker, Findings, Reason
from service.forms.declaration import Form
from service.method.measures import MEASURES
from service.method.months import month_of
from service.operations import closed_months, control, events, feeds, plausibility, references
from service.operations.handed import Handed, of_one_subsidiary
from service.operations.landing import Landing
from service.store import revisions, submissions, subsidiaries
from service.store.bulk import Merged
from service.store.reach import Reach
from service.wording import say

Mode = Literal["all", "valid"]
Correction = Literal["restatement", "delta"]


@dataclass(frozen=True, slots=True)
class Terms:
    """How a submission is to be taken. `reason` is needed where it corrects a closed month."""

    mode: Mode = "all"
    correction: Correction = "restatement"
    reason: str = ""


def submit(
    caller: Caller, home: Reach, handed: Handed, terms: Terms, report: Callable[[int, int], None] | None = None
) -> tuple[int, list[Problem], list[Problem]]:
    """Store a form; the number of its record, the problems of refused rows, and warnings. `report` hears of progress:
    rows checked, rows loaded.

    Raises RowsRefused, with nothing stored, where a row is wrong and the mode is "all".
    """
    connection, form = caller.connection, handed.form
    revision = subsidiaries.revision_for_writing(connection, home)
    feeds.may_hand_in(connection, home, form)
    landing, found, received = _landed(caller, home, handed, report)
    _leave_out_repeated(form, landing, found)
    _leave_out_refused(caller, home, form, landing, found, terms)
    if found.count and terms.mode == "all":
        metrics.ROWS.labels(form.name, "refused").inc(received)
        raise _refusal(handed, found, received)
    handed_in = control.handed_in(form, landing.staged)
    if terms.correction == "delta":
        landing.staged.add_to_stored(list(MEASURES))
    warnings = plausibility.unusual(connection, home, landing.staged) if form.name == "statistics" else []
    merged = landing.staged.merge(landing.history, revision + 1)
    reach("after_rows")
    if merged.changed:
        revision += 1
        feeds.derive(caller, home, form, revision)
        reach("after_aggregates")
        if form.name in feeds.GROUPS:
            closed_months.check(connection, home, terms.reason, revision)
    values = _values(caller, handed, terms, merged, received, found, revision)
    values |= {"warning_count": len(warnings), "control": json.dumps(control.block(connection, home, form, handed_in))}
    number = _recorded(caller, home, handed, values, found, warnings)
    if merged.changed:
        revisions.raise_to(connection, home, revision, caller.now, caller.principal, "submission", number)
    identifier = references.write(subsidiaries.code_of(connection, home), number)
    counts = {name: values[name] for name in ("form", "received", "accepted", "rejected", "data_revision")}
    data = {"submission": identifier, **counts, "changed": merged.changed, "read": f"/v1/submissions/{identifier}"}
    events.tell(caller, home, "submission.accepted", data)
    caller.note(home, "submission.accept", f"submissions/{identifier}", None, {"data_revision": revision})
    for outcome in ("added", "corrected", "unchanged", "removed", "rejected"):
        metrics.ROWS.labels(form.name, outcome).inc(values[outcome])
    return number, _located(handed, found.listed()), _located(handed, warnings)


def _landed(
    caller: Caller, home: Reach, handed: Handed, report: Callable[[int, int], None] | None
) -> tuple[Landing, Findings, int]:
    """All rows read and checked, the good ones staged."""
    checker = Checker(handed.form, month_of(caller.now.date()))
    landing = Landing(caller, home, handed.form, handed.reading.names)
    elsewhere = feeds.fed_elsewhere(caller.connection, home) if handed.form.name == "statistics" else {}
    received = 0
    for batch in handed.reading.batches:
        of_one_subsidiary(handed, batch)
        received += batch.received
        checked = _without_other_feeds(checker.check(batch), elsewhere, checker.found)
        landing.take(checked, checker.found)
        if report is not None:
            report(received, landing.staged.count)
    landing.staged.finish()
    return landing, checker.found, received


def _without_other_feeds(checked: Checked, elsewhere: dict[str, str], found: Findings) -> Checked:
    """Rows without a number in a measure that comes from a register."""
    refused = np.zeros(len(checked.rows), dtype=bool)
    for measure, register in elsewhere.items():
        if measure in checked.columns:
            given = np.asarray(checked.columns[measure]) != 0
            refused |= found.report(checked.rows, given, partial(_fed_by_register, measure, register))
    return checked.without(refused)


def _fed_by_register(measure: str, register: str, _place: int) -> Reason:
    said = say(
        "This subsidiary's {measure} comes from the form {register}: leave it out here, or switch the feed.",
        measure=measure,
        register=register,
    )
    return measure, "fed_by_register", said, None


def _leave_out_repeated(form: Form, landing: Landing, found: Findings) -> None:
    repeated = landing.staged.repeated()
    if not repeated:
        return
    names = ", ".join(form.key)
    found.add(
        [
            Problem(
                row,
                form.key[0],
                "duplicate_key",
                say("Row {first} has the same {names}: a key stands once in a submission.", first=first, names=names),
            )
            for row, first in repeated
        ]
    )
    landing.staged.leave_out([row for row, _ in repeated])


def _leave_out_refused(
    caller: Caller, home: Reach, form: Form, landing: Landing, found: Findings, terms: Terms
) -> None:
    """Rows that what is stored forbids: lines of closed months, customers that others are about."""
    problems: list[Problem] = []
    if form.name == "statistics" and not terms.reason and terms.correction == "restatement":
        problems = closed_months.refused_rows(caller.connection, home, landing.staged)
    elif form.name == "customers":
        problems = landing.in_use()
    found.add(problems)
    landing.staged.leave_out([problem.row for problem in problems if problem.row is not None])


def _refusal(handed: Handed, found: Findings, received: int) -> RowsRefused:
    return RowsRefused(_located(handed, found.listed()), found.count, received)


def _located(handed: Handed, problems: list[Problem]) -> list[Problem]:
    """With the name that a spreadsheet has for the cell."""
    sheet = handed.reading.sheet
    if sheet is None:
        return problems
    return [
        problem.at(sheet.cell(problem.row, problem.column)) if problem.row is not None and problem.column else problem
        for problem in problems
    ]


def _values(
    caller: Caller, handed: Handed, terms: Terms, merged: Merged, received: int, found: Findings, revision: int
) -> dict[str, Any]:
    accepted = merged.added + merged.corrected + merged.unchanged + merged.removed
    source = handed.source
    return {
        "form": handed.form.name,
        "mode": terms.mode,
        "reason": terms.reason,
        "format": source.format.name,
        "content_encoding": source.encoding,
        "charset": source.charset,
        "query": source.query,
        "sha256": source.sha256,
        "size": source.size,
        "received_at": caller.now,
        "key_id": caller.principal,
        "received": received,
        "accepted": accepted,
        "added": merged.added,
        "corrected": merged.corrected,
        "unchanged": merged.unchanged,
        "removed": merged.removed,
        "rejected": received - accepted,
        "problem_count": found.count,
        "data_revision": revision,
    }


def _recorded(
    caller: Caller, home: Reach, handed: Handed, values: dict[str, Any], found: Findings, warnings: list[Problem]
) -> int:
    with handed.source.path.open("rb") as body:
        submissions.keep_source(caller.connection, home, handed.source.sha256, body)
    reach("after_envelope")
    listed = [(problem, False) for problem in found.listed()] + [(problem, True) for problem in warnings]
    rows = [
        {**problem.kept(), "said": json.dumps(problem.message.parts()), "warning": warning}
        for problem, warning in listed
    ]
    return submissions.record(caller.connection, home, values, rows)
