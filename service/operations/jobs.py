"""Handing in later: a submission is accepted with its bytes, and worked on by whichever process takes it."""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from time import monotonic
from typing import Any

from sqlalchemy import Row

from service.access.audit import Origin
from service.access.keys import Caller
from service.access.uses import Uses
from service.errors import KontorError, Problem, RequestInProgress, Unavailable
from service.failpoints import reach
from service.forms.catalogue import FORMS
from service.forms.dialect import Dialect
from service.forms.formats import CONTENT_TYPES, FORMATS
from service.operations import events, intake, references
from service.operations.handed import Handed, Source, opened
from service.store import jobs, submissions, subsidiaries
from service.store.database import Database, confine
from service.store.reach import Reach

POLLED = 1.0
"""Seconds between looks for jobs that other processes accepted."""
USES_STORED = 60.0
"""Seconds between two times that last uses of keys are stored."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """All that a submission was declared to be, so that it can be worked on later."""

    dialect: Dialect
    terms: intake.Terms
    unpacked_limit: int


def accept(caller: Caller, home: Reach, handed: Handed, order: Order) -> Row[Any]:
    """Keep the bytes and what is to be done with them."""
    subsidiaries.revision_for_writing(caller.connection, home)
    source = handed.source
    with source.path.open("rb") as body:
        submissions.keep_source(caller.connection, home, source.sha256, body)
    terms = {
        "format": source.format.name,
        "encoding": source.encoding,
        "query": source.query,
        "size": source.size,
        "dialect": asdict(order.dialect),
        "terms": asdict(order.terms),
        "unpacked_limit": order.unpacked_limit,
        "origin": asdict(caller.origin),
    }
    values = {
        "form": handed.form.name,
        "terms": json.dumps(terms),
        "sha256": source.sha256,
        "key_id": caller.principal,
        "created_at": caller.now,
    }
    number = jobs.create(caller.connection, home, values)
    row = found(caller, home, number)
    caller.note(home, "job.accept", f"jobs/{references.write(row.subsidiary, number)}")
    return row


def found(caller: Caller, home: Reach, number: int) -> Row[Any]:
    """The job; NotFound where there is none."""
    row = jobs.get(caller.connection, home, number)
    if row is None:
        raise references.nothing(str(number))
    return row


def _origin(row: Row[Any]) -> Origin:
    """Of the request that the job was accepted from; one from before this was kept has none."""
    return Origin(**json.loads(row.terms).get("origin", {}))


class Worker:
    """A thread that works on jobs, one after the other, until it is told to stop; beside it, it stores uses of keys."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], uses: Uses, count_rows: Callable[[str, int], None]
    ) -> None:
        self._database = database
        self._count_rows = count_rows
        self._clock = clock
        self._uses = uses
        self._uses_due = monotonic() + USES_STORED
        self._stop = threading.Event()
        self._awake = threading.Event()
        self._progress: dict[tuple[int, int], tuple[int, int]] = {}
        self._thread = threading.Thread(target=self._run, name="kontor-jobs", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There is a new job."""
        self._awake.set()

    def stop(self) -> None:
        """Finish the job at hand, and no other."""
        self._stop.set()
        self._awake.set()
        self._thread.join()
        try:
            self._uses.store(self._database)
        except KontorError:
            _log.exception("last uses of keys were not stored")

    def progress(self, row: Row[Any]) -> tuple[int, int]:
        """Rows checked and loaded, as this process knows them or as they are stored."""
        return self._progress.get((row.subsidiary_id, row.number), (row.rows_checked, row.rows_loaded))

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                worked = self._work()
                if monotonic() > self._uses_due:
                    self._uses_due = monotonic() + USES_STORED
                    self._uses.store(self._database)
            except Exception:  # noqa: BLE001 - the thread goes on, whatever the database does
                _log.exception("looking for jobs failed")
                worked = False
            if not worked:
                self._awake.wait(POLLED)
                self._awake.clear()

    def _work(self) -> bool:
        """Do a job, if one waits; whether one was done."""
        everything = Reach(None)
        with self._database.reading(everything) as connection:
            if not jobs.waiting(connection, everything):
                return False
        row = None
        try:
            with self._database.writing(everything) as connection:
                row = jobs.take(connection, everything)
                if row is None:
                    return False
                reach("job_after_claim")
                home = everything.narrowed([row.subsidiary_id])
                confine(connection, home)
                caller = Caller(connection, home, row.key_id, self._clock(), _origin(row))
                self._hand_in(caller, home, row)
                caller.written()
        except (RequestInProgress, Unavailable):
            return False  # it stays, and is taken up again
        except KontorError as error:
            self._refuse(row, error.slug(), error)
        except Exception as error:  # noqa: BLE001 - a job that failed must say so
            _log.exception("a job failed")
            self._refuse(row, "internal-error", error)
        finally:
            if row is not None:
                self._count_rows(row.key_id, self._progress.get((row.subsidiary_id, row.number), (0, 0))[0])
            self._progress.clear()  # from here on the stored one is told
        return True

    def _hand_in(self, caller: Caller, home: Reach, row: Row[Any]) -> None:
        declared = json.loads(row.terms)
        with NamedTemporaryFile(prefix="kontor-") as file:
            for piece in submissions.source(caller.connection, home, row.sha256):
                file.write(piece)
            file.flush()
            format_ = FORMATS[CONTENT_TYPES[declared["format"]]]
            dialect = Dialect(**declared["dialect"])
            as_it_came = (declared["encoding"], dialect.charset, declared["query"])
            source = Source(Path(file.name), row.sha256, declared["size"], format_, *as_it_came)
            with opened(FORMS[row.form], source, dialect, declared["unpacked_limit"]) as handed:
                terms = intake.Terms(**declared["terms"])
                number, _, _ = intake.submit(caller, home, handed, terms, self._reporter(home, row))
        jobs.progressed(caller.connection, home, row.number, *self._progress[row.subsidiary_id, row.number])
        reach("job_before_done")
        values = {"status": jobs.DONE, "ended_at": caller.now, "submission": number}
        jobs.end(caller.connection, home, row.number, values)

    def _reporter(self, home: Reach, row: Row[Any]) -> Callable[[int, int], None]:
        def report(rows_checked: int, rows_loaded: int) -> None:
            self._progress[row.subsidiary_id, row.number] = (rows_checked, rows_loaded)
            if not self._database.is_sqlite:  # there the job's own transaction keeps every other from writing
                with self._database.writing(home) as connection:
                    jobs.progressed(connection, home, row.number, rows_checked, rows_loaded)

        return report

    def _refuse(self, row: Row[Any] | None, slug: str, error: Exception) -> None:
        if row is None:
            return
        home = Reach(None).narrowed([row.subsidiary_id])
        problem: dict[str, Any] = {"type": f"/problems/{slug}", "title": "It failed", "status": 500, "detail": ""}
        if isinstance(error, KontorError):
            problem |= {"title": error.title, "status": error.status, **error.extra()}
            problem |= {"detail": str(error.detail), "said": error.detail.parts()}
            if "errors" in problem:
                problem["errors"] = [Problem(**one).kept() for one in problem["errors"]]
        values = {"status": jobs.REFUSED, "ended_at": self._clock(), "problem": json.dumps(problem)}
        with self._database.writing(home) as connection:
            jobs.end(connection, home, row.number, values)
            caller = Caller(connection, home, row.key_id, self._clock(), _origin(row))
            events.refused(caller, home, row.form, slug, problem.get("errors_total", 0))
