"""XLSX workbooks: a sheet with a row of headings, read in a child process.

The first visible sheet is read, or the one named; hidden rows and columns are read like others. Wholly empty rows are
skipped. A formula counts as the value that it last had. Macros (.xlsm) are neither run nor looked at.
"""

from collections.abc import Mapping
from pathlib import Path

from service.errors import BadBody
from service.forms import sandbox
from service.forms.batches import Reading, Sheet, check_names, no_rows
from service.forms.child import CANNOT_BE_READ
from service.forms.declaration import Form
from service.forms.limits import DEFAULT_LIMITS, Limits


def read_sheet(
    path: Path, form: Form, known: Mapping[str, str], sheet: str | None = None, *, limits: Limits = DEFAULT_LIMITS
) -> Reading:
    """`known` maps a heading, folded and without surrounding spaces, to a column; the columns' own names are known.

    Raises BadBody for what is no workbook, TooLarge for what is beyond the limits, RowsRefused for wrong headings.
    """
    headings = {name.casefold(): name for name in form.accepted} | dict(known)
    job = {"sheet": sheet, "known": headings, "shapes": sandbox.shapes(form)}
    answer = sandbox.run("sheet", path, job, limits)
    report = answer.report
    try:
        names, row, name = [str(name) for name in report["names"]], int(report["row"]), str(report["sheet"])
        letters = {str(column): str(text) for column, text in report.get("letters", {}).items()}
        received = int(report["received"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadBody(CANNOT_BE_READ) from error
    check_names(names, form, row)
    if not received:
        raise no_rows()
    return Reading(names, sandbox.batches(answer), Sheet(name, letters))
