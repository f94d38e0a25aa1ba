"""Jobs: submissions that were accepted with `Prefer: respond-async`, and how far they are."""

import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import Field
from sqlalchemy import Row

from service.api.models import Strict
from service.api.problems import AnsweredIn, RowProblem, responses, row_problem
from service.api.security import Reads
from service.errors import NotFound, Problem
from service.forms.languages import worded
from service.operations import jobs as operations
from service.operations import references
from service.operations.jobs import Worker
from service.wording import Message

router = APIRouter(tags=["submissions"])
JobPath = Annotated[str, Path(max_length=80, description="Id of the job.", examples=["DE.1"])]


class JobDocument(Strict):
    """A submission that is worked on later."""

    id: str
    status: str = Field(description="`waiting`, `working`, `done` or `refused`.")
    form: str
    created_at: datetime
    ended_at: datetime | None
    rows_checked: int = Field(description="Rows read and checked so far.")
    rows_loaded: int = Field(description="Of these, rows on their way into the table.")
    submission: str | None = Field(description="Id of the submission, once it is done.")
    problem_type: str | None = Field(description="Why it was refused: the type of the problem.")
    problem_detail: str | None = Field(description="The same in words.")
    errors: list[RowProblem] = Field(description="Of refused rows, at most 100; `errors_total` counts all.")
    errors_total: int


@router.get("/jobs/{job}", operation_id="getJob", summary="How far a job is", responses=responses(NotFound))
def get_job(request: Request, job: JobPath, entry: Reads, lang: AnsweredIn) -> JobDocument:
    """Ask again until it is `done` or `refused`. It survives a restart of the service."""
    with entry.reading() as caller:
        home, number = references.locate(caller, job)
        return document(request.app.state.worker, operations.found(caller, home, number), lang)


def document(worker: Worker, row: Row[Any], lang: str) -> JobDocument:
    checked, loaded = worker.progress(row)
    problem = json.loads(row.problem or "{}")
    status = "working" if row.status == "waiting" and checked else row.status
    return JobDocument(
        id=references.write(row.subsidiary, row.number),
        status=status,
        form=row.form,
        created_at=row.created_at,
        ended_at=row.ended_at,
        rows_checked=checked,
        rows_loaded=loaded,
        submission=None if row.submission is None else references.write(row.subsidiary, row.submission),
        problem_type=problem.get("type"),
        problem_detail=worded(Message.kept(problem["detail"], problem.get("said")), lang) if problem else None,
        errors=[row_problem(Problem.read(error), lang) for error in problem.get("errors", [])],
        errors_total=problem.get("errors_total", 0),
    )
