"""Hours and people that a plan needs."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy import Row

from service.api.idempotency import IdempotencyKey, answer_once
from service.api.models import ResultPath, Strict, SubsidiaryFilter, example, narrowed
from service.api.pages import After, Limit, Page, page_of, read_cursor
from service.api.problems import responses
from service.api.results import ResultDocument
from service.api.security import Plans, ReadsResults
from service.api.tables import AS_FILE, AsTable
from service.errors import BadArgument, NotFound
from service.method.parameters import LeverName
from service.operations import keeping
from service.operations import requirements as operation
from service.operations.repeats import Answer
from service.store import requirements, results
from service.values import Hours, Number, to_decimal
from service.wording import say

router = APIRouter(tags=["resources"])


Norm = Annotated[float, Field(ge=0, le=1e4, allow_inf_nan=False, strict=True)]
PerClass = Annotated[list[Norm], Field(min_length=3, max_length=3)]
CLASSES = ("A", "B", "C")
_BY_CLASS = ("contacts_a_year", "hours_a_contact", "stage_hours")


class Programme(Strict):
    """What is done to move a lever: trainings, campaigns, visits beyond the norms."""

    lever: LeverName
    hours: Norm = Field(description="Of all sellers together a year; counted where the plan has the lever.")


class Norms(Strict):
    """Norms that replace the method's; absent ones stay. Lists are in the order A, B, C."""

    contacts_a_year: PerClass | None = None
    hours_a_contact: PerClass | None = None
    stage_hours: Annotated[list[PerClass], Field(min_length=3, max_length=3)] | None = Field(
        default=None, description="For each class the hours for a lead, a qualified lead, an offer."
    )
    hours_an_order: Norm | None = None
    hours_a_reactivation: Norm | None = None
    hours_a_grow_customer: Norm | None = None
    working_days: Annotated[float, Field(ge=1, le=366, strict=True)] | None = None
    leave: Annotated[float, Field(ge=0, le=366, strict=True)] | None = None
    sick: Annotated[float, Field(ge=0, le=366, strict=True)] | None = None
    training: Annotated[float, Field(ge=0, le=366, strict=True)] | None = None
    hours_a_day: Annotated[float, Field(gt=0, le=24, strict=True)] | None = None
    selling_share: Annotated[float, Field(gt=0, le=1, strict=True)] | None = None
    simultaneous_deals: Annotated[float, Field(ge=0.01, le=1e4, strict=True)] | None = None

    ramp: Annotated[list[Annotated[float, Field(ge=0, le=1, strict=True)]], Field(max_length=24)] | None = Field(
        default=None, description="What a new seller is worth in his first months, of a full one."
    )
    recruiting_months: Annotated[int, Field(ge=0, le=24, strict=True)] | None = None
    hiring_pay_months: Annotated[float, Field(ge=0, le=1e4, strict=True)] | None = None
    attrition: Annotated[float, Field(ge=0, lt=1, strict=True)] | None = None
    programmes: Annotated[list[Programme], Field(max_length=15)] | None = None

    def given(self) -> dict[str, Any]:
        """As the method's document has them."""
        found = {
            name: dict(zip(CLASSES, value, strict=True)) if name in _BY_CLASS else value
            for name, value in self
            if value is not None
        }
        if self.programmes is not None:
            found["programmes"] = {one.lever: one.hours for one in self.programmes}
            if len(found["programmes"]) < len(self.programmes):
                raise BadArgument("programmes", say("A lever stands twice."))
        return found


class RequirementRequest(Strict):
    model_config = example(plan="DE.1", norms={"contacts_a_year": [24, 12, 4], "selling_share": 0.45})

    plan: str = Field(max_length=80, description="Id of a plan.", examples=["DE.1"])
    norms: Norms = Field(default_factory=Norms)
    observed: bool = Field(
        default=False,
        strict=True,
        description="Contacts and hours by class that `norms` does not give are those of the plan's window, where its "
        "statistics show them.",
    )


class Figures(Strict):
    hours: Number
    fte: Number = Field(description="By hours: hours / productive hours of one seller.")
    fte_deals: Number = Field(description="By deals worked on at once: Little's law against the norm.")
    heads: int = Field(description="Whole people: the larger of both, rounded up in each unit.")
    fte_present: Number | None = Field(description="Employed over the plan's months; null if units cut across sellers.")
    gap: Number | None = Field(description="FTE needed less FTE there.")
    load: Number | None
    zone: Literal["spare", "right", "overloaded"] | None


class RequirementUnit(Figures):
    salesperson: str
    channel: str


class KindHours(Strict):
    kind: str
    hours: Number


class RequirementTotal(Figures):
    productive_hours: Number = Field(description="Selling hours of one full-time seller a year.")
    work_in_progress: Number = Field(description="Deals worked on at once.")
    kinds: list[KindHours]


class UsedNorm(Strict):
    norm: str
    abc_class: str
    stage: str | None = Field(description="Of stage_hours: lead, qualified or offer.")
    value: float = Field(description="Contacts a year, or hours.")
    provenance: str = Field(description="given, observed, borrowed from all classes, or method.")
    n: int | None = Field(description="The customers, contacts or deals that it was observed on.")


class RequirementDocument(ResultDocument, RequirementTotal):
    plan: str
    norms: list[UsedNorm] = Field(
        default_factory=list, description="Contacts and hours by class; empty where they were computed before."
    )
    units: list[RequirementUnit]


class RequirementLine(Strict):
    salesperson: str
    channel: str
    abc_class: str
    kind: str
    hours: Hours


@router.post(
    "/resource-requirements",
    operation_id="computeRequirement",
    summary="Hours and people for a plan",
    status_code=201,
    response_model=RequirementDocument,
    responses={
        200: {"description": "It had been computed before.", "model": RequirementDocument},
        **responses(NotFound, BadArgument),
    },
)
def compute_requirement(
    request: Request, asked: RequirementRequest, entry: Plans, idempotency_key: IdempotencyKey = None
) -> Response:
    """Hours by unit, class and kind of work, FTE needed against FTE there."""

    def work() -> Answer:
        home, number, made = operation.compute(
            entry, operation.Question(asked.plan, asked.norms.given(), asked.observed)
        )
        with entry.reading() as caller:
            row = keeping.get(caller, home, results.REQUIREMENT, number)
        return Answer(201 if made else 200, _document(row).model_dump_json())

    return answer_once(request, entry, asked.plan.rpartition(".")[0], idempotency_key, asked, work)


@router.get(
    "/resource-requirements",
    operation_id="listRequirements",
    summary="Resource requirements",
    responses=responses(NotFound),
)
def list_requirements(
    request: Request,
    response: Response,
    entry: ReadsResults,
    subsidiary: SubsidiaryFilter = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[RequirementDocument]:
    """In the order of computing within each subsidiary."""
    with entry.reading() as caller:
        reach = narrowed(caller, subsidiary)
        rows = results.page(caller.connection, reach, results.REQUIREMENT, limit + 1, read_cursor(after, int, int))
    return page_of(request, response, rows, limit, _document, lambda row: (row.subsidiary_id, row.number))


@router.get(
    "/resource-requirements/{requirement}",
    operation_id="getRequirement",
    summary="One requirement",
    responses=responses(NotFound),
)
def get_requirement(requirement: ResultPath, entry: ReadsResults) -> RequirementDocument:
    """Hours, FTE and heads, in all and by unit."""
    with entry.reading() as caller:
        return _document(keeping.find(caller, results.REQUIREMENT, requirement)[1])


@router.get(
    "/resource-requirements/{requirement}/lines",
    operation_id="listRequirementLines",
    summary="Hours by unit, class and kind of work",
    response_model=Page[RequirementLine],
    responses={**AS_FILE, **responses(NotFound)},
)
def list_requirement_lines(
    request: Request,
    response: Response,
    requirement: ResultPath,
    entry: ReadsResults,
    limit: Limit = 100,
    after: After = None,
    table: AsTable = None,
) -> Any:
    """The hours a year behind the total."""
    cursor = read_cursor(after, str, str, str, str)
    with entry.reading() as caller:
        home, row = keeping.find(caller, results.REQUIREMENT, requirement)
        rows = requirements.page(caller.connection, home, row.number, None if table else limit + 1, cursor)
    if table is not None:
        return table.of_rows(f"requirement-{requirement}-lines", RequirementLine, (dict(_line(row)) for row in rows))
    return page_of(request, response, rows, limit, _line, lambda row: [getattr(row, n) for n in requirements.ORDER])


def _line(row: Row[Any]) -> RequirementLine:
    return RequirementLine(hours=to_decimal(row.hours), **{name: getattr(row, name) for name in requirements.ORDER})


def _document(row: Row[Any]) -> RequirementDocument:
    return RequirementDocument(**keeping.described(row), **keeping.summary(row))
