"""Reading a file of others in a child process that is bound in memory, time, files and output.

Whatever the child does, dies of or writes ends in rows or in a refusal. It starts as a fresh interpreter: a server
with threads must not be forked. What it wrote is unlinked as soon as it is open, so nothing stays behind.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from service.errors import BadBody, Problem, RowsRefused, TooLarge
from service.forms.batches import Batch
from service.forms.child import CANNOT_BE_READ, NEEDS_MEMORY, WRITTEN
from service.forms.declaration import Form
from service.forms.kinds import FLAG
from service.forms.limits import Limits
from service.forms.text_batches import PROBLEMS, ROWS
from service.wording import Message, say

COMMAND = (sys.executable, "-I", "-m", "service.forms.child")
ENVIRONMENT = {
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    # Threads and arenas that are never used would eat up the address space.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
_CHILDREN = threading.BoundedSemaphore(2)
"""So many read at once in a process: each may take half a gigabyte."""
LONGEST_REPORT = 1 << 18
_REFUSALS = {"BadBody": BadBody, "TooLarge": TooLarge}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the child reports, and the rows and the file if it wrote any."""

    report: Mapping[str, Any]
    rows: pa.OSFile | None
    written: bytes | None = None


def run(reader: str, path: Path, job: Mapping[str, Any], limits: Limits) -> Answer:
    """Raises BadBody, TooLarge or RowsRefused: as the child says, or for how it ended."""
    with tempfile.TemporaryDirectory(prefix="kontor-") as name:
        folder = Path(name)
        task = {"reader": reader, "path": str(path.absolute()), "limits": asdict(limits), **job}
        (folder / "job.json").write_text(json.dumps(task), "utf-8")
        with _CHILDREN:
            ended = _end_of_child(folder, limits)
        _judge(ended, limits)
        report = _report(folder / "report")
        rows = folder / "rows.arrow"
        written = (folder / WRITTEN).read_bytes() if (folder / WRITTEN).is_file() else None
        return Answer(report, pa.OSFile(str(rows), "rb") if rows.is_file() else None, written)


def batches(answer: Answer) -> Iterator[Batch]:
    """The rows, one batch in memory at a time."""
    if answer.rows is None:
        raise BadBody(CANNOT_BE_READ)
    with answer.rows as file:
        try:
            stream = pa.ipc.open_stream(file)
            names = stream.schema.names[1:]
            while True:
                piece, told = stream.read_next_batch_with_custom_metadata()
                # The child may be in the hands of who wrote the file: text that is no text must not get further.
                piece.validate(full=True)
                said = (told or {}).get(PROBLEMS)
                problems = _problems(json.loads(said)) if said else []
                columns = {name: piece.column(name) for name in names}
                yield Batch(columns, piece.column(ROWS), piece.num_rows, problems)
        except StopIteration:
            return
        except (pa.ArrowException, IndexError, KeyError, OSError, TypeError, ValueError, RecursionError) as error:
            raise BadBody(CANNOT_BE_READ) from error


def shapes(form: Form) -> dict[str, str]:
    """Column → how a typed cell of it is written: amount, number, month, date, flag or text."""
    return {name: _shape(name, form) for name in form.accepted}


def _shape(name: str, form: Form) -> str:
    column = form.by_name.get(name)
    if name in form.by_name and form.by_name[name].kind is FLAG:
        return "flag"
    if column is None:
        return "text"
    if column.kind.numeric:
        return "number" if column.kind.name == "rate" else "amount"
    return column.kind.name if column.kind.name in ("month", "date") else "text"


def _end_of_child(folder: Path, limits: Limits) -> int:
    """The child's exit code, below 0 the signal it died of."""
    with (folder / "report").open("wb") as report:
        child = subprocess.Popen(  # noqa: S603  # our own interpreter and module; the folder's name is made here
            [*COMMAND, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=report,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=ENVIRONMENT,
            start_new_session=True,
        )
    try:
        return child.wait(limits.wall_seconds)
    except subprocess.TimeoutExpired as error:
        raise TooLarge(_slow(limits.wall_seconds)) from error
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _judge(code: int, limits: Limits) -> None:
    if code == 0:
        return
    _log.warning("A reader's child process ended with %s", code)
    if code == -signal.SIGXCPU:
        raise TooLarge(_slow(limits.cpu_seconds))
    if code == -signal.SIGKILL:
        # The bound of processor time kills as well; else it is the system, short of memory.
        raise TooLarge(say("The file took too much time or memory to be read: hand it in in parts, or as CSV."))
    if code == -signal.SIGABRT:
        raise TooLarge(NEEDS_MEMORY)
    raise BadBody(CANNOT_BE_READ)


def _problems(told: Mapping[str, Any]) -> list[Problem]:
    messages = [Message.kept(text, parts) for text, *parts in told["messages"]]
    return [Problem(row, column, code, messages[said], value) for row, column, code, value, said in told["problems"]]


def _slow(seconds: float) -> Message:
    return say("The file was not read within {seconds:g} seconds: hand it in in parts, or as CSV.", seconds=seconds)


def _report(path: Path) -> Mapping[str, Any]:
    with path.open("rb") as file:
        text = file.read(LONGEST_REPORT + 1)
    try:
        report = json.loads(text) if len(text) <= LONGEST_REPORT else None
        if not isinstance(report, dict):
            raise BadBody(CANNOT_BE_READ)
        refused = report.get("refused")
        if refused == "RowsRefused":
            problems = [Problem.read(problem) for problem in report["problems"]]
            raise RowsRefused(problems, int(report["total"]), 0)
        if refused is not None:
            raise _REFUSALS[refused](Message.kept(str(report["detail"]), report.get("said")))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise BadBody(CANNOT_BE_READ) from error
    return report
