"""Handing in forms, and what became of it. One operation per form, made from the form's declaration."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field
from sqlalchemy import Row
from starlette.background import BackgroundTask

from service.access.keys import Caller
from service.api.idempotency import IdempotencyKey, as_response
from service.api.jobs import JobDocument
from service.api.jobs import document as job_document
from service.api.models import PRINTABLE, Strict, SubsidiaryFilter, example, narrowed
from service.api.pages import After, Limit, Page, page_of, read_cursor
from service.api.problems import AnsweredIn, RowProblem, in_language, language, responses, row_problem
from service.api.security import Reads, Submits
from service.api.spool import Spooled, spooled
from service.errors import (
    LISTED_PROBLEMS,
    BadArgument,
    BadBody,
    ChangedSince,
    ClosedMonth,
    Forbidden,
    KeyReused,
    NotFound,
    OtherFeed,
    Problem,
    RequestInProgress,
    RowsRefused,
    TooLarge,
    WrongContentType,
)
from service.forms.catalogue import FORMS
from service.forms.declaration import Form
from service.forms.dialect import DateFormat, DecimalMark, Delimiter, Dialect
from service.forms.formats import CONTENT_TYPES, FORMATS
from service.forms.schema import example_csv, example_ndjson, example_rows, row_schema
from service.operations import events, intake, references, withdrawals
from service.operations.handed import Handed, home_of, opened, with_problems
from service.operations.jobs import Order, Worker, accept
from service.operations.repeats import Answer, once
from service.store import submissions
from service.store.reach import Reach
from service.wording import Message, say

router = APIRouter(tags=["submissions"])
SPOOLED_IN_MEMORY = 1 << 20
SubmissionPath = Annotated[str, Path(max_length=80, description="Id of the submission.", examples=["DE.1"])]


class ControlRow(Strict):
    """An amount of the form, added up over the rows taken: `total = attributed + unattributed` (to customers)."""

    column: str
    total: str
    attributed: str
    unattributed: str
    measure: str = Field(description="The measure it adds to.")
    ledger: str = Field(description="What is stored of the measure in the months of this submission, after it.")


class SubmissionReceipt(Strict):
    """What became of a submission: `received = accepted + rejected`,
    `accepted = added + corrected + unchanged + removed`."""

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
    removed: int = Field(description="Rows that a row with `deleted` took away; these stay in the history.")
    rejected: int
    problem_count: int
    problems: list[RowProblem] = Field(description="Of refused rows, at most 100; `problem_count` counts all.")
    warning_count: int
    warnings: list[RowProblem] = Field(description="What was taken but looks unusual, at most 100.")
    control: list[ControlRow] = Field(description="Totals of what was handed in, to compare with your own.")
    data_revision: int
    sha256: str = Field(description="Of the body as it came.")
    size: int = Field(description="Bytes of the body.")


class SubmissionRecord(Strict):
    id: str
    form: str
    subsidiary: str | None
    mode: str
    reason: str
    content_type: str = Field(description="With its charset where that is not UTF-8.")
    content_encoding: str = Field(description="`gzip` or empty: how the body came.")
    query: str = Field(description="What the request declared, as it came.")
    received_at: datetime
    received: int
    accepted: int
    added: int
    corrected: int
    unchanged: int
    removed: int
    rejected: int
    problem_count: int
    warning_count: int
    data_revision: int
    sha256: str
    size: int
    withdrawn_at: datetime | None
    withdrawn_revision: int | None
    withdrawn_reason: str
    kept_sha256: str | None = Field(
        description="Of the body as it is kept since people were erased from it; null: as it came."
    )


Delimited = Annotated[Delimiter, Query(description="CSV: what stands between cells.")]
Decimal = Annotated[
    DecimalMark | None,
    Query(description="CSV: the decimal mark. Undeclared it is a point, and `1.234` is refused: it may be thousands."),
]
Dates = Annotated[DateFormat, Query(description="CSV: how days are written; months likewise, as in `03.2026`.")]
Sheet = Annotated[
    str | None,
    Query(max_length=31, pattern=PRINTABLE, description="XLSX: the sheet; without it the first that is visible."),
]
Taken = Annotated[
    intake.Mode, Query(description="`all`: one bad row refuses everything. `valid`: good rows are stored.")
]
Corrects = Annotated[
    intake.Correction,
    Query(
        description="`restatement`: amounts replace those stored. `delta`: they are added to them (form statistics; "
        "needs an Idempotency-Key, as handing it in twice would add twice)."
    ),
]
Prefer = Annotated[
    str,
    Header(max_length=200, description="`respond-async`: accept it with 202, and work on it later; see `getJob`."),
]
Reason = Annotated[
    str,
    Query(max_length=500, pattern=PRINTABLE, description="Why; needed where a closed month is corrected."),
]


def _submit_operation(form: Form) -> Any:
    def submit(
        request: Request,
        entry: Submits,
        body: Annotated[Spooled, Depends(spooled, scope="function")],
        subsidiary: SubsidiaryFilter = None,
        mode: Taken = "all",
        delimiter: Delimited = "comma",
        decimal: Decimal = None,
        date_format: Dates = "YYYY-MM-DD",
        sheet: Sheet = None,
        correction: Corrects = "restatement",
        reason: Reason = "",
        idempotency_key: IdempotencyKey = None,
        prefer: Prefer = "",
    ) -> Response:
        terms, lang = intake.Terms(mode, correction, reason), language(request)
        if correction == "delta" and (form.name != "statistics" or idempotency_key is None):
            raise BadArgument("correction", say("A delta is for the form statistics, and needs an Idempotency-Key."))
        dialect = Dialect(delimiter, decimal, date_format, body.source.charset, sheet)
        with opened(form, body.source, dialect, body.unpacked_limit) as handed:
            try:
                with entry.writing() as caller:
                    home = home_of(caller, handed, subsidiary)
                    if "respond-async" in prefer:
                        worker, order = request.app.state.worker, Order(dialect, terms, body.unpacked_limit)
                        work = partial(_accepted, caller, home, handed, order, worker, lang)
                    else:
                        work = partial(_receipt, caller, home, handed, terms, lang, entry.count_rows)
                    answer = once(caller, home, idempotency_key, body.fingerprint, work)
            except RowsRefused as refused:
                with entry.writing() as caller:  # the transaction that refused has stored nothing
                    home = home_of(caller, handed, subsidiary)
                    events.refused(caller, home, form.name, refused.slug(), refused.total)
                if handed.reading.sheet is None or CONTENT_TYPES["xlsx"] not in request.headers.get("accept", ""):
                    raise
                return _marked(handed, refused, lang)
        return _located_at(as_response(answer, lang), request)

    return submit


def _marked(handed: Handed, refused: RowsRefused, lang: str) -> Response:
    """The sender's own workbook, with the problems in its cells; where it is too large, raises `refused`."""
    try:
        body = with_problems(handed, refused, lang)
    except (BadBody, TooLarge):
        raise refused from None
    headers = {"Content-Disposition": f'attachment; filename="{handed.form.name}-problems.xlsx"', **in_language(lang)}
    return Response(body, refused.status, headers, CONTENT_TYPES["xlsx"])


def _accepted(caller: Caller, home: Reach, handed: Handed, order: Order, worker: Worker, lang: str) -> Answer:
    return Answer(202, job_document(worker, accept(caller, home, handed, order), lang).model_dump_json())


def _located_at(answer: Response, request: Request) -> Response:
    """With the address of the job that was accepted, which may begin: it is stored by now."""
    if answer.status_code == HTTPStatus.ACCEPTED:
        job = json.loads(bytes(answer.body))["id"]
        answer.headers["Location"] = str(request.url_for("get_job", job=job).path)
        answer.headers["Preference-Applied"] = "respond-async"
        request.app.state.worker.wake()
    return answer


def _receipt(
    caller: Caller, home: Reach, handed: Handed, terms: intake.Terms, lang: str, report: Callable[[int, int], None]
) -> Answer:
    """In the language of this request; the same Idempotency-Key gets the same bytes again, whatever it asks for."""
    number, found, warnings = intake.submit(caller, home, handed, terms, report)
    row = _found(caller, home, number)
    document = SubmissionReceipt(
        problems=[row_problem(problem, lang) for problem in found[:LISTED_PROBLEMS]],
        warnings=[row_problem(problem, lang) for problem in warnings[:LISTED_PROBLEMS]],
        control=[ControlRow(**values) for values in json.loads(row.control)],
        **_record(row).model_dump(exclude=SubmissionRecord.model_fields.keys() - SubmissionReceipt.model_fields.keys()),
    )
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
        responses={
            202: {"model": JobDocument, "description": "Accepted, to be worked on."},
            **responses(
                BadBody,
                Forbidden,
                NotFound,
                RequestInProgress,
                OtherFeed,
                ClosedMonth,
                TooLarge,
                WrongContentType,
                RowsRefused,
                KeyReused,
            ),
        },
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {"type": "array", "minItems": 1, "items": row_schema(_form)},
                        "example": example_rows(_form),
                    },
                    "application/x-ndjson": {"schema": {"type": "string"}, "example": example_ndjson(_form)},
                    "text/csv": {"schema": {"type": "string"}, "example": example_csv(_form)},
                    **{
                        CONTENT_TYPES[name]: {"schema": {"type": "string", "format": "binary"}}
                        for name in ("xlsx", "parquet")
                    },
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
    lang: AnsweredIn,
    warnings: Annotated[bool, Query(description="The warnings instead.")] = False,
    limit: Limit = 100,
    after: After = None,
) -> Page[RowProblem]:
    """The rows that `mode=valid` left out, in the order of the body, each with its reason; or the warnings."""
    (place,) = read_cursor(after, int) or (-1,)
    with entry.reading() as caller:
        home, row = _located(caller, submission)
        rows = submissions.problems(caller.connection, home, row.number, limit + 1, place, warnings=warnings)
    return page_of(request, response, rows, limit, partial(_problem, lang), lambda row: (row.place,))


@router.get(
    "/submissions/{submission}/source",
    operation_id="getSubmissionSource",
    summary="What was handed in, byte by byte",
    responses={
        200: {
            "content": {
                "application/json": {},
                **{kind: {"schema": {"type": "string"}} for kind in FORMATS if kind != "application/json"},
            },
            "description": "The body.",
        },
        **responses(NotFound, Forbidden),
    },
    response_class=Response,
)
def get_submission_source(submission: SubmissionPath, entry: Reads) -> Response:
    """The body as it came, its SHA-256 stands in the record; or as it is kept since people were erased from it.

    Of customers and salespeople it is for who may read names.
    """
    with entry.reading() as caller:
        home, row = _located(caller, submission)
        if FORMS[row.form].names:
            caller.reads_names()
        body = SpooledTemporaryFile(max_size=SPOOLED_IN_MEMORY)  # noqa: SIM115 - closed when it was sent
        for piece in submissions.source(caller.connection, home, row.kept_sha256 or row.sha256):
            body.write(piece)
    body.seek(0)
    headers = {"Content-Encoding": row.content_encoding} if row.content_encoding else {}
    pieces = iter(lambda: body.read(SPOOLED_IN_MEMORY), b"")
    return StreamingResponse(
        pieces, media_type=_content_type(row), headers=headers, background=BackgroundTask(body.close)
    )


class Withdrawal(Strict):
    model_config = example(reason="The file of another month was sent.")

    reason: Annotated[str, Field(min_length=3, max_length=500, pattern=PRINTABLE)]


@router.post(
    "/submissions/{submission}/withdrawal",
    operation_id="withdrawSubmission",
    summary="Take a submission back",
    responses=responses(NotFound, ChangedSince),
)
def withdraw_submission(submission: SubmissionPath, body: Withdrawal, entry: Submits) -> SubmissionRecord:
    """Its rows return to what they were before it. Refused where a later submission changed them. Asking again
    changes nothing."""
    with entry.writing() as caller:
        home, row = _located(caller, submission)
        if row.form in FORMS and FORMS[row.form].of_group:
            caller.whole_group()
        withdrawals.withdraw(caller, home, row.number, body.reason)
        return _record(_found(caller, home, row.number))


def _located(caller: Caller, submission: str) -> tuple[Reach, Row[Any]]:
    home, number = references.locate(caller, submission)
    return home, _found(caller, home, number)


def _found(caller: Caller, home: Reach, number: int) -> Row[Any]:
    row = submissions.get(caller.connection, home, number)
    if row is None:
        raise references.nothing(str(number))
    return row


def _record(row: Row[Any]) -> SubmissionRecord:
    names = SubmissionRecord.model_fields.keys() - {"id", "subsidiary", "content_type"}
    values = {name: getattr(row, name) for name in names}
    return SubmissionRecord(
        id=references.write(row.subsidiary, row.number),
        subsidiary=row.subsidiary or None,
        content_type=_content_type(row),
        **values,
    )


def _content_type(row: Row[Any]) -> str:
    charset = "" if row.charset == "utf-8" else f"; charset={row.charset}"
    return CONTENT_TYPES[row.format] + charset


def _problem(lang: str, row: Row[Any]) -> RowProblem:
    message = Message.kept(row.message, json.loads(row.said or "null"))
    return row_problem(Problem(row.row, row.column, row.code, message, row.value, row.cell), lang)
