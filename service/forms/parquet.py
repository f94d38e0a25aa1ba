"""Parquet files of flat columns, read in a child process. Rows count from 1; columns have the form's own names."""

from dataclasses import replace
from pathlib import Path

from service.errors import BadBody, RowsRefused
from service.forms import sandbox
from service.forms.batches import Reading, check_names, no_rows
from service.forms.child import CANNOT_BE_READ
from service.forms.declaration import Form
from service.forms.limits import DEFAULT_LIMITS, Limits


def read_parquet(path: Path, form: Form, *, limits: Limits = DEFAULT_LIMITS) -> Reading:
    """Raises BadBody for what is no Parquet, TooLarge for what is beyond the limits, RowsRefused for wrong columns."""
    answer = sandbox.run("parquet", path, {"shapes": sandbox.shapes(form)}, limits)
    try:
        names, received = [str(name) for name in answer.report["names"]], int(answer.report["received"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadBody(CANNOT_BE_READ) from error
    try:
        check_names(names, form, 0)
    except RowsRefused as refused:
        # There is no row of headings.
        problems = [replace(problem, row=None) for problem in refused.problems]
        raise RowsRefused(problems, refused.total, 0) from None
    if not received:
        raise no_rows()
    return Reading(names, sandbox.batches(answer))
