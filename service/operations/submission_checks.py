"""Checks of one submission: its source, its counts, and what became of its rows."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from service.access.keys import Caller
from service.forms.batches import KEPT_PROBLEMS
from service.operations import references
from service.operations.checks import Check
from service.store import kept, submissions
from service.store.reach import Reach


@dataclass(frozen=True, slots=True)
class Checked:
    """The checks, and how many rows of the submission stand and how many were replaced since.

    These are None where the submission changed nothing.
    """

    rows_now: int | None
    rows_replaced: int | None
    checks: list[Check]


def of_submission(caller: Caller, identifier: str) -> Checked:
    """Check the submission against what is stored. NotFound where there is none within reach."""
    home, number = references.locate(caller, identifier)
    row = submissions.get(caller.connection, home, number)
    if row is None:
        raise references.nothing(identifier)
    checks = [*_of_source(caller, home, row), *_of_counts(caller, home, row)]
    wrote = row.added + row.corrected
    # A submission that changed nothing has the revision of the one before it, whose rows are not its own.
    if not wrote:
        return Checked(None, None, checks)
    now, replaced = kept.rows(caller.connection, home, row.form, row.data_revision)
    meaning = "Rows of its data revision that stand + those replaced since = added + corrected."
    return Checked(now, replaced, [*checks, Check.counts("rows", "", meaning, now + replaced, wrote)])


def _of_source(caller: Caller, home: Reach, row: Row[Any]) -> Iterator[Check]:
    content = _source(caller, home, row.sha256)
    meaning = "SHA-256 of the stored source = the recorded one."
    found = None if content is None else hashlib.sha256(content).hexdigest()
    yield Check("source_sha256", "", meaning, found, row.sha256, found == row.sha256)
    size = None if content is None else str(len(content))
    meaning = "Bytes of the stored source = the recorded ones."
    yield Check("source_size", "", meaning, size, str(row.size), size == str(row.size))


def _source(caller: Caller, home: Reach, sha256: str) -> bytes | None:
    """What was handed in; None where it cannot be read any more."""
    try:
        return b"".join(submissions.source(caller.connection, home, sha256))
    except OSError:  # what Arrow raises for a piece that cannot be unpacked
        return None


def _of_counts(caller: Caller, home: Reach, row: Row[Any]) -> Iterator[Check]:
    meaning = "Rows received = accepted + rejected."
    yield Check.counts("received", "", meaning, row.received, row.accepted + row.rejected)
    meaning = "Rows accepted = added + corrected + unchanged + removed."
    parts = row.added + row.corrected + row.unchanged + row.removed
    yield Check.counts("accepted", "", meaning, row.accepted, parts)
    stored = submissions.problems_stored(caller.connection, home, row.number)
    meaning = f"Problems stored = problems counted; of more than {KEPT_PROBLEMS} at least so many."
    holds = stored == row.problem_count or KEPT_PROBLEMS <= stored < row.problem_count
    yield Check("problems", "", meaning, str(stored), str(row.problem_count), holds)
