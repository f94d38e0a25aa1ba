"""Handing in forms, and what became of it. One operation per form, made from the form's declaration."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field
from sqlalchemy import Row

from service.access.keys import Caller
from service.api.idempotency import IdempotencyKey, as_response
from service.api.models import Strict, SubsidiaryFilter, narrowed
from service.api.pages import After, Limit, Page, page_of, read_cursor
from service.api.problems import RowProblem, responses
from service.api.security import Reads, Submits
from service.errors import (
    LISTED_PROBLEMS,
    BadBody,
    Forbidden,
    KeyReused,
    NotFound,
    RequestInProgress,
    RowsRefused,
    TooLarge,
    WrongContentType,
)
from service.forms.catalogue import FORMS
from service.forms.declaration import Form
from service.forms.schema import example_csv, example_rows, row_schema
from service.operations import intake, references
from service.operations.repeats import Answer, fingerprint, once
from service.store import submissions
from service.store.reach import Reach

router = APIRouter(tags=["submissions"])
_CONTENT_TYPES = ("application/json", "text/csv")

SubmissionPath = Annotated[str, Path(max_length=80, description="Id of the submission.", examples=["DE.1"])]


class SubmissionReceipt(Strict):
    """What became of a submission: `received = accepted + rejected`, `accepted = added + corrected + unchanged`."""

    id: str
    form: str
    subsidiary: str | None = Field(description="Null for a form of the whole group.")
    mode: str
    received_at: datetime
    received: int
    accepted: int
    added: int = Field(description="Rows with a new key.")
    corrected: int = Field(description="Rows that replaced other values; these stay in the history.")
    unchanged: int = Field(description="Rows that were there already, value for value.")
    rejected: int
    problem_count: int
    problems: list[RowProblem] = Field(description="Of refused rows, at most 100; `problem_count` counts all.")
    data_revision: int
    sha256: str = Field(description="Of the body as it came.")
    size: int = Field(description="Bytes of the body.")


class SubmissionRecord(Strict):
    id: str
    form: str
    subsidiary: str | None
    mode: str
    content_type: str
    received_at: datetime
    received: int
    accepted: int
    added: int
    corrected: int
    unchanged: int
    rejected: int
    problem_count: int
    data_revision: int
    sha256: str
    size: int


async def _body(request: Request) -> bytes:
    """The whole body; the guard has limited it."""
    return await request.body()


def _submit_operation(form: Form) -> Any:
    def submit(
        request: Request,
        entry: Submits,
        content: Annotated[bytes, Depends(_body)],
        subsidiary: SubsidiaryFilter = None,
        mode: Annotated[
            intake.Mode, Query(description="`all`: one bad row refuses everything. `valid`: good rows are stored.")
        ] = "all",
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type not in _CONTENT_TYPES or request.headers.get("content-encoding"):
            raise WrongContentType(f"Send {' or '.join(_CONTENT_TYPES)}, not compressed.")
        with entry.reading():
            pass  # nobody makes us read a form without a key that may hand it in
        body = intake.Body.read(form, content_type, content)
        asked = fingerprint(request.method, request.url.path, request.url.query, content_type, content)
        with entry.writing() as caller:
            home = intake.home_of(caller, body, subsidiary)
            answer = once(caller, home, idempotency_key, asked, lambda: _receipt(caller, home, body, mode))
        return as_response(answer)

    return submit


def _receipt(caller: Caller, home: Reach, body: intake.Body, mode: intake.Mode) -> Answer:
    number, found = intake.submit(caller, home, body, mode)
    row = _found(caller, home, number)
    problems = [RowProblem(**problem.as_dict()) for problem in found[:LISTED_PROBLEMS]]
    document = SubmissionReceipt(problems=problems, **_record(row).model_dump(exclude={"content_type"}))
    return Answer(201, document.model_dump_json())


for _form in FORMS.values():
    _words = "".join(word.title() for word in _form.name.split("-"))
    router.add_api_route(
        f"/submissions/{_form.name}",
        _submit_operation(_form),
        methods=["POST"],
        operation_id=f"submit{_words}",
        summary=f"Hand in the form {_form.name}",
        description=f"{_form.meaning} The same rows again change nothing; a row with a known key and other values "
        "replaces the former, which stays in the history. All of it is one transaction.",
        status_code=201,
        response_model=SubmissionReceipt,
        responses=responses(
            BadBody, Forbidden, NotFound, RequestInProgress, TooLarge, WrongContentType, RowsRefused, KeyReused
        ),
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {"type": "array", "minItems": 1, "items": row_schema(_form)},
                        "example": example_rows(_form),
                    },
                    "text/csv": {"schema": {"type": "string"}, "example": example_csv(_form)},
                },
            }
        },
    )


@router.get("/submissions", operation_id="listSubmissions", summary="Submissions", responses=responses(NotFound))
def list_submissions(
    request: Request,
    response: Response,
    entry: Reads,
    subsidiary: SubsidiaryFilter = None,
    form: Annotated[str | None, Query(max_length=32)] = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[SubmissionRecord]:
    """What was handed in, in the order of coming within each subsidiary."""
    with entry.reading() as caller:
        reach = narrowed(caller, subsidiary)
        cursor = read_cursor(after, int, int)
        rows = submissions.page(caller.connection, reach, limit + 1, cursor, form)
    return page_of(request, response, rows, limit, _record, lambda row: (row.subsidiary_id, row.number))


@router.get(
    "/submissions/{submission}", operation_id="getSubmission", summary="One submission", responses=responses(NotFound)
)
def get_submission(submission: SubmissionPath, entry: Reads) -> SubmissionRecord:
    """Its counts, and the hash of what was handed in."""
    with entry.reading() as caller:
        return _record(_located(caller, submission)[1])


@router.get(
    "/submissions/{submission}/problems",
    operation_id="listSubmissionProblems",
    summary="Refused rows of a submission",
    responses=responses(NotFound),
)
def list_submission_problems(
    request: Request,
    response: Response,
    submission: SubmissionPath,
    entry: Reads,
    limit: Limit = 100,
    after: After = None,
) -> Page[RowProblem]:
    """The rows that `mode=valid` left out, in the order of the body, each with its reason."""
    (place,) = read_cursor(after, int) or (-1,)
    with entry.reading() as caller:
        home, row = _located(caller, submission)
        rows = submissions.problems(caller.connection, home, row.number, limit + 1, place)
    return page_of(request, response, rows, limit, _problem, lambda row: (row.place,))


@router.get(
    "/submissions/{submission}/source",
    operation_id="getSubmissionSource",
    summary="What was handed in, byte by byte",
    responses={
        200: {
            "content": {"application/json": {}, "text/csv": {"schema": {"type": "string"}}},
            "description": "The body.",
        },
        **responses(NotFound),
    },
    response_class=Response,
)
def get_submission_source(submission: SubmissionPath, entry: Reads) -> Response:
    """The body as it came; its SHA-256 stands in the record."""
    with entry.reading() as caller:
        home, row = _located(caller, submission)
        content = submissions.source(caller.connection, home, row.sha256)
    return Response(content, media_type=row.content_type)


def _located(caller: Caller, submission: str) -> tuple[Reach, Row[Any]]:
    home, number = references.locate(caller, submission)
    return home, _found(caller, home, number)


def _found(caller: Caller, home: Reach, number: int) -> Row[Any]:
    row = submissions.get(caller.connection, home, number)
    if row is None:
        raise references.nothing(str(number))
    return row


def _record(row: Row[Any]) -> SubmissionRecord:
    names = SubmissionRecord.model_fields.keys() - {"id", "subsidiary"}
    values = {name: getattr(row, name) for name in names}
    return SubmissionRecord(
        id=references.write(row.subsidiary, row.number), subsidiary=row.subsidiary or None, **values
    )


def _problem(row: Row[Any]) -> RowProblem:
    return RowProblem(row=row.row, column=row.column, code=row.code, message=row.message, value=row.value)
