"""Checks: identities that must hold, each with both its sides."""

from dataclasses import asdict

from fastapi import APIRouter
from pydantic import Field

from service.api.models import Strict
from service.api.problems import responses
from service.api.security import Reads
from service.api.submissions import SubmissionPath
from service.errors import NotFound
from service.operations.checks import Check
from service.operations.submission_checks import of_submission

router = APIRouter(tags=["submissions"])


class CheckDocument(Strict):
    """Two ways to the same figure."""

    name: str = Field(description="Stable word for the identity.")
    of: str = Field(description="The class, month or measure it was asked for; empty: for all.")
    meaning: str
    left: str | None
    right: str | None
    holds: bool | None = Field(description="Null: it cannot be asked here, as a side is not known.")

    @classmethod
    def of_check(cls, check: Check) -> "CheckDocument":
        return cls(**asdict(check))


class SubmissionChecks(Strict):
    """Whether a submission is stored as it was handed in and as its receipt says."""

    id: str
    holds: bool = Field(description="Whether all checks hold.")
    rows_now: int | None = Field(description="Rows it wrote that stand; null if it changed nothing.")
    rows_replaced: int | None = Field(description="Rows it wrote that were replaced since; they are in the history.")
    items: list[CheckDocument]


@router.get(
    "/submissions/{submission}/checks",
    operation_id="checkSubmission",
    summary="Whether a submission is stored as its receipt says",
    responses=responses(NotFound),
)
def check_submission(submission: SubmissionPath, entry: Reads) -> SubmissionChecks:
    """The hash of the stored source, the sums of the receipt, and what became of the rows, checked now."""
    with entry.reading() as caller:
        found = of_submission(caller, submission)
    return SubmissionChecks(
        id=submission,
        holds=all(check.holds is not False for check in found.checks),
        rows_now=found.rows_now,
        rows_replaced=found.rows_replaced,
        items=[CheckDocument.of_check(check) for check in found.checks],
    )
