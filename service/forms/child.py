"""The child process in which a file of others is opened: `python -I -m service.forms.child FOLDER`.

FOLDER holds `job.json`. The rows go to `rows.arrow` there, and what came of it, as JSON, to standard output.
Nothing but the reader that is asked for is imported, so that the child starts quickly.
"""

import errno
import importlib
import json
import resource
import sys
from pathlib import Path
from typing import Any

from service.errors import BadBody, RowsRefused, TooLarge
from service.forms.limits import Limits
from service.wording import Message, say

READERS = {
    "sheet": "service.forms.sheet_cells",
    "parquet": "service.forms.parquet_cells",
    "marking": "service.forms.marking",
}
WRITTEN = "written"
"""A file beside the job that a reader may leave."""
CANNOT_BE_READ = say("The file is damaged, or it is not of the format that its content type promises.")
NEEDS_MEMORY = say("The file needs more memory to be read than the service gives: hand it in in parts, or as CSV.")

TOO_MUCH = say("The file holds more than the service unpacks.")


def confine(limits: Limits) -> None:
    """Binds this process for good: the limits hold before the file is opened, and it cannot raise them."""
    bounds = {
        resource.RLIMIT_AS: limits.memory,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_FSIZE: limits.unpacked,
    }
    for what, bound in bounds.items():
        resource.setrlimit(what, (bound, bound))


def read(folder: Path) -> dict[str, Any]:
    """The report: what was read, or why it was refused."""
    job = json.loads((folder / "job.json").read_text("utf-8"))
    limits = Limits(**job.pop("limits"))
    confine(limits)
    try:
        reader = importlib.import_module(READERS[job.pop("reader")])
        report: dict[str, Any] = reader.read(folder=folder, limits=limits, **job)
    except BaseException as error:  # noqa: BLE001  # a panic of the Rust reader is no Exception
        return refusal(error)
    return report


def refusal(error: BaseException) -> dict[str, Any]:
    """How an error is reported. What a library says of a damaged file helps nobody and is not repeated."""
    if isinstance(error, RowsRefused):
        problems = [problem.kept() for problem in error.problems]
        return {"refused": "RowsRefused", "problems": problems, "total": error.total}
    if isinstance(error, BadBody | TooLarge):
        return _refused(type(error).__name__, error.detail)
    if isinstance(error, MemoryError):
        return _refused("TooLarge", NEEDS_MEMORY)
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return _refused("TooLarge", TOO_MUCH)
    return _refused("BadBody", CANNOT_BE_READ)


def _refused(kind: str, detail: Message) -> dict[str, Any]:
    return {"refused": kind, "detail": str(detail), "said": detail.parts()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(read(Path(sys.argv[1]))))
