"""Why a number of a plan is what it is, as JSON and as text."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from service.api.models import ResultPath, Strict, example
from service.api.pages import After, Limit, page_of, read_cursor
from service.api.plan_calculations import PlanFacts
from service.api.problems import responses
from service.api.security import Calculates
from service.errors import BadArgument, NotFound
from service.method.plan.blocks import plan
from service.method.plan.explained import Explained, plain, shown, text
from service.method.plan.explanation import Story
from service.method.plan.levers import apply
from service.operations import evidence, explanations
from service.values import Whole

router = APIRouter()

_TEXT = "text/plain"
_AS_TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {_TEXT: {"schema": {"type": "string"}}}}}
NUMBER = (
    "`revenue` or `margin` (`exact_revenue`, `exact_margin` before rounding), then any of unit (`u1` is the plan's "
    "first), class, block and month, with points between; or a number that an explanation names."
)
MostNumbers = Annotated[int, Field(ge=1, le=5000, strict=True, description="At most so many numbers are explained.")]
NumberName = Annotated[str, Field(min_length=1, max_length=120, description=NUMBER)]


class ExplainedTerm(Strict):
    name: str
    number: str = Field(description="Ask for it to have it explained.")
    value: str


class ExplainedNumber(Strict):
    number: str
    meaning: str
    value: str = Field(description="Plain decimal text with all digits.")
    formula: str | None = Field(
        description="+ - * / ** and parentheses over numbers, terms, max, min, ceil, rounded(value, coin) and "
        "share(year, month, coin, months…): the month's part in coins by largest remainder, gains and losses apart."
    )
    with_numbers: str | None = Field(description="The same formula with the numbers in, to 6 decimals.")
    terms: list[ExplainedTerm]
    source: str | None = Field(
        description="Of an input: observed, shrunk, borrowed from …, default, set by lever, given."
    )
    n: int | None = Field(description="How many customers or deals it was observed on.")


class ExplainedUnit(Strict):
    unit: str
    salesperson: str
    channel: str


CountedSource = Literal["customers", "funnel", "deals", "parameter"]
CountedHow = Literal["sum", "mean", "median", "given"]


class EvidenceItem(Strict):
    """A customer, a customer's month of the funnel, or a deal that was counted."""

    customer: str = Field(description="His code; empty: none is named.")
    period: str | None = Field(default=None, description="Of the funnel: the month.")
    deal: str | None = Field(default=None, description="Of a deal: the CRM's id.")
    stage: str | None = Field(default=None, description="Of a deal: the last stage entered by the window's end.")
    outcome: str | None = Field(default=None, description="Of a deal: open, won or lost by the window's end.")
    share: float = Field(description="The part of it that counts: leads and deals without a class are spread.")
    value: str = Field(description="What it brings to the fact; plain decimal text.")
    lines: str | None = Field(default=None, description="Where its statistics lines are; relative.")


class CountedLine(Strict):
    """A statistics line that has something of the fact."""

    period: str
    salesperson: str
    channel: str
    product_group: str
    value: str


class CountedItem(EvidenceItem):
    statistics: list[CountedLine] = Field(description="The first of them; all are at `lines`.")


class CountedNumber(Strict):
    """A sum or count that an explanation ends with."""

    number: str
    source: CountedSource
    how: CountedHow = Field(description="How these make the number.")
    total: int = Field(description="How many were counted.")
    found: str | None = Field(description="What they make by the data of now; null of a parameter.")
    items: list[CountedItem] = Field(description="The largest of them.")
    all: str = Field(description="Where all of them are; relative.")


class ExplanationDocument(Strict):
    plan: str
    fresh: bool = Field(description="Whether the data are those that the plan was calculated from.")
    numbers: list[ExplainedNumber] = Field(description="The number asked for, then what it rests on, level by level.")
    complete: bool = Field(description="False: there are more than `limit`; ask for one of those named.")
    units: list[ExplainedUnit] = Field(description="Those that the numbers name.")
    counted: list[CountedNumber] = Field(
        description="The end of each answer: statistics lines and deals behind the first 200 sums and counts; also "
        "behind those that `limit` cuts off."
    )


class ExplanationFacts(PlanFacts):
    """A plan's facts, and which of its numbers to explain; months are m1 to m12."""

    model_config = example(
        classes=[{"abc_class": "A", "customers": 4, "orders": 50, "revenue": "1120", "margin_rate": 0.22}],
        number="revenue.A",
    )

    number: NumberName = "revenue"
    limit: MostNumbers = 2000


class CalculatedExplanation(Strict):
    numbers: list[ExplainedNumber]
    complete: bool


@router.get(
    "/plans/{plan}/explanation",
    operation_id="explainPlan",
    summary="Why a number of a plan is what it is",
    response_model=ExplanationDocument,
    responses={**responses(NotFound, BadArgument), **_AS_TEXT},
    tags=["plans"],
)
def explain_plan(
    request: Request,
    plan: ResultPath,
    entry: Calculates,
    number: Annotated[NumberName, Query()] = "revenue",
    limit: Annotated[Whole, Query(ge=1, le=5000, description="At most so many numbers are explained.")] = 500,
    most: Annotated[
        Whole,
        Query(
            ge=0,
            le=20,
            alias="counted",
            description="So many customers, months or deals behind each sum, and so many lines of each; 0: none.",
        ),
    ] = 3,
    given: Annotated[
        Literal["json", "text"] | None, Query(alias="format", description="Without it `Accept` decides.")
    ] = None,
) -> Any:
    """Its formula, the formula with the numbers in, and where each comes from, down to the largest customers, lines of
    the statistics and deals behind each sum and count. `/evidence` has all of these."""
    with entry.reading() as caller:
        found = explanations.explained(caller, plan, number, limit, most)
    facts = found.pop("facts")
    counted = [_counted(plan, facts, number, one) for number, one in found["counted"].items()]
    if given == "text" or (given is None and _wants_text(request)):
        return _text(found["numbers"], {one.number: _read(one) for one in counted}, complete=found["complete"])
    return ExplanationDocument(plan=plan, **{**found, "numbers": _numbers(found["numbers"]), "counted": counted})


def _counted(plan: str, facts: evidence.Facts, number: str, one: explanations.Counted) -> CountedNumber:
    counted = one.fact.counted
    items = []
    for row, lines in one.items:
        statistics = [CountedLine(**{**line, "value": plain(line["value"])}) for line in lines]
        items.append(CountedItem(**dict(_evidence_item(facts, one.fact, row)), statistics=statistics))
    return CountedNumber(
        number=number,
        source=counted.source,
        how=counted.how,
        total=len(counted.rows),
        found=None if one.fact.found is None else plain(one.fact.found),
        items=items,
        all=f"/v1/plans/{plan}/evidence?{urlencode({'number': number})}",
    )


def _read(one: CountedNumber) -> list[str]:
    """For people."""
    if one.how == "given":
        return []
    lines = [f"counted over {one.total} of {one.source} ({one.how}), {one.all}"]
    for item in one.items:
        words = " ".join(word for word in (item.deal, item.customer, item.period) if word)
        lines.append(f"  {words or 'no customer'}: {shown(item.value)}" + (f", {item.lines}" if item.lines else ""))
        for line in item.statistics:
            words = " ".join(word for word in (line.period, line.salesperson, line.channel, line.product_group) if word)
            lines.append(f"    {words}: {shown(line.value)}")
    return lines


class EvidencePage(Strict):
    plan: str
    number: str
    value: str = Field(description="As the plan has it.")
    found: str | None = Field(description="What these make by the data of now; null of a parameter.")
    fresh: bool = Field(description="Whether the data are those that the plan was calculated from.")
    provenance: str
    source: CountedSource
    how: CountedHow = Field(description="How they make the fact.")
    total: int = Field(description="How many were counted.")
    items: list[EvidenceItem]
    next: str | None = Field(default=None, description="Hand it in as `after`; null on the last page.")


@router.get(
    "/plans/{plan}/evidence",
    operation_id="listPlanEvidence",
    summary="What a fact behind a plan was counted over",
    responses=responses(NotFound, BadArgument),
    tags=["plans"],
)
def list_plan_evidence(
    request: Request,
    response: Response,
    plan: ResultPath,
    entry: Calculates,
    number: Annotated[
        str,
        Query(
            max_length=120,
            description="A term that an explanation ends with.",
            examples=["orders.u1.A.order_frequency"],
        ),
    ],
    limit: Limit = 100,
    after: After = None,
) -> EvidencePage:
    """The end of a "why?": the customers (and where their lines are), the months of the funnel or the deals that make
    a sum or count of an explanation, the largest first."""
    (start,) = read_cursor(after, int) or (0,)
    with entry.reading() as caller:
        facts = evidence.Facts.of(caller, plan)
        fact = facts.get(number)
    rows = facts.rows(fact, max(start, 0), limit + 1)
    numbered = list(enumerate(rows, start=max(start, 0)))
    page = page_of(
        request, response, numbered, limit, lambda one: _evidence_item(facts, fact, one[1]), lambda one: (one[0] + 1,)
    )
    return EvidencePage(
        plan=plan,
        number=number,
        value=plain(fact.value),
        found=None if fact.found is None else plain(fact.found),
        fresh=facts.fresh,
        provenance=fact.provenance,
        source=fact.counted.source,
        how=fact.counted.how,
        total=len(fact.counted.rows),
        items=page.items,
        next=page.next,
    )


def _evidence_item(facts: evidence.Facts, fact: evidence.Fact, row: dict[str, Any]) -> EvidenceItem:
    lines = None
    if fact.counted.source != "deals":
        first, last = facts.months_of(row)
        where = {"subsidiary": facts.row.subsidiary, "customer": row["customer"], "from": first, "to": last}
        lines = f"/v1/statistics?{urlencode(where)}"
    return EvidenceItem(**{**row, "value": plain(row["value"])}, lines=lines)


@router.post(
    "/calculations/explanation",
    operation_id="calculateExplanation",
    summary="Why a number of a calculated plan is what it is",
    response_model=CalculatedExplanation,
    responses={**responses(BadArgument), **_AS_TEXT},
    tags=["calculations"],
)
def calculate_explanation(request: Request, facts: ExplanationFacts, entry: Calculates) -> Any:
    """The plan of `POST /v1/calculations/plan`, explained: `revenue.A.new`, `exact_revenue.m3`, `worth.u1.A`."""
    with entry.reading():
        moved = facts.moved()
        inputs = apply(facts.baseline(), moved)
    found = plan(inputs, facts.season, facts.spread)
    months = [f"m{month}" for month in range(1, 13)]
    story = Story(inputs, moved, found, facts.season, "given", facts.spread, months, Decimal("0.0001"))
    numbers, complete = story.explain(facts.number, facts.limit)
    if _wants_text(request):
        return _text(numbers, {}, complete=complete)
    return CalculatedExplanation(numbers=_numbers(numbers), complete=complete)


def _wants_text(request: Request) -> bool:
    accepted = [part.partition(";")[0].strip() for part in request.headers.get("accept", "").split(",")]
    return accepted[0] in (_TEXT, "text/markdown")


def _text(numbers: list[Explained], sources: Mapping[str, list[str]], *, complete: bool) -> Response:
    return Response(text(numbers, sources, complete=complete), media_type=f"{_TEXT}; charset=utf-8")


def _numbers(numbers: list[Explained]) -> list[ExplainedNumber]:
    return [ExplainedNumber.model_validate(one, from_attributes=True) for one in numbers]
