"""Segmentations: computed once for a state of the data, kept, and served in parts."""

from fractions import Fraction
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from sqlalchemy import Row

from service.api.idempotency import IdempotencyKey, answer_once
from service.api.models import PERIODS, ResultPath, Strict, SubsidiaryFilter, WindowDocument, example, narrowed
from service.api.pages import After, Limit, Page, page_of, read_cursor
from service.api.problems import responses
from service.api.results import ResultDocument
from service.api.security import ReadsResults
from service.errors import BadArgument, NoData, NotFound
from service.operations import keeping
from service.operations import segments as operation
from service.operations.repeats import Answer
from service.store import results, segments
from service.values import Code, Money, MonthText, Number, round_ratio, to_decimal

router = APIRouter(tags=["segmentations"])

Scope = Literal["channel", "subsidiary", "salesperson"]
AbcClass = Literal["A", "B", "C", "N"]
Rule = Literal["frozen", "raw"]


class SegmentationRequest(Strict):
    model_config = example(subsidiary="DE", scope="channel")

    subsidiary: Code
    first: MonthText | None = Field(default=None, alias="from", description="First month; default 12 months.")
    last: MonthText | None = Field(default=None, alias="to", description="Last month; default the newest with data.")
    period: str | None = Field(default=None, max_length=10, description=f"{PERIODS}; they are the subsidiary's.")
    scope: Scope | None = Field(default=None, description="Whose total the classes are cut from; default the method's.")
    method: str | None = Field(default=None, max_length=64, description="Method version; default the standard one.")


class Floors(Strict):
    """The smallest value in A and in B of a scope: the frozen floors."""

    scope: str
    a: Money | None
    b: Money | None


class Control(Strict):
    """Totals that must agree: revenue = attributed + unattributed, and the class table's = attributed."""

    revenue: Money
    attributed: Money
    unattributed: Money
    class_table: Money


class SegmentationDocument(ResultDocument):
    window: WindowDocument
    prior_window: WindowDocument
    prior_complete: bool = Field(description="Whether the data reach back over the whole prior window.")
    scope: Scope
    customers: int
    floors: list[Floors]
    control: Control


class CustomerFigures(Strict):
    """Where a customer stands, and why."""

    scope: str = Field(description="Whose total his class is cut from.")
    abc_class: AbcClass
    prior_class: AbcClass = Field(description="Class of the prior window, by the frozen floors of this one.")
    raw_prior_class: AbcClass = Field(description="Class of the prior window, by its own limits.")
    potential_class: AbcClass
    state: str
    regularity: str
    class_code: str = Field(description="actual/potential/state/regularity, as in B/A/retained/Y.")
    segment: Literal["WIN", "GROW", "KEEP", "LIMIT"]
    value: Money = Field(description="What the class was cut from: revenue of the window, or margin.")
    prior_value: Money
    revenue: Money
    margin: Money
    orders: Number
    share_before: Number | None = Field(
        description="Share of the scope's positive value held by customers with more: below the limit a it is an A."
    )
    to_next_class: Money | None = Field(
        description="What is missing to the floor of the next class up; null in A. From N he must exceed it."
    )
    effective_potential: Money = Field(
        description="Potential, or what he buys if that is more; of the window's length."
    )
    potential_assumed: bool = Field(description="It is not known, but derived from the default wallet share.")
    potential_understated: bool = Field(description="The customer buys more than the potential that was handed in.")
    wallet_share: Number | None
    gap: Money


class SegmentedCustomer(CustomerFigures):
    customer: str
    name: str
    salesperson: str
    channel: str


class ClassRow(Strict):
    scope: str = Field(description="Empty: the whole subsidiary.")
    abc_class: str = Field(description="A, B, C, N; `all` for the total and for rows of a segment.")
    segment: str | None = Field(description="The row of an action segment; null in rows of classes.")
    customers: int
    active: int
    retained: int
    new: int
    reactivated: int
    lost: int
    dormant: int
    prospect: int
    revenue: Money
    revenue_share: Number | None
    margin: Money
    margin_rate: Number | None
    orders: Number
    order_frequency: Number | None = Field(description="F: orders per customer and year.")
    value_per_order: Money | None = Field(description="V: revenue of the class's customers / orders.")
    quotes: Number
    quote_to_order: Number | None
    contacts: Number
    contacts_per_customer: Number | None
    hours: Number
    hours_per_customer: Number | None
    revenue_per_hour: Money | None
    potential: Money
    wallet_share: Number | None = Field(description="Of active customers.")
    wallet_share_all: Number | None = Field(description="Of all customers.")
    retention: Number | None
    hhi: Number | None
    gini: Number | None
    largest_share: Number | None


class ClassTable(Strict):
    items: list[ClassRow]
    control: Control


class MigrationRow(Strict):
    scope: str
    from_class: AbcClass
    to_class: AbcClass
    customers: int
    share: Number | None


class Bridge(Strict):
    """From the prior window's revenue to this one's: adds up exactly."""

    start: Money
    lost: Money
    contraction: Money
    expansion: Money
    new: Money
    reactivated: Money
    credit_notes: Money
    end: Money


class Migration(Strict):
    rule: Rule
    items: list[MigrationRow]
    retention: Number | None
    net_revenue_retention: Number | None
    gross_revenue_retention: Number | None
    bridge: Bridge


@router.post(
    "/segmentations",
    operation_id="computeSegmentation",
    summary="Segment the customers of a subsidiary",
    status_code=201,
    response_model=SegmentationDocument,
    responses={
        200: {"description": "It had been computed before.", "model": SegmentationDocument},
        **responses(NotFound, NoData, BadArgument),
    },
)
def compute_segmentation(
    request: Request, asked: SegmentationRequest, entry: ReadsResults, idempotency_key: IdempotencyKey = None
) -> Response:
    """Classes, potential classes, states, segments, the class table and the migration from the prior window."""

    def work() -> Answer:
        question = operation.Question(
            asked.subsidiary, asked.first, asked.last, asked.scope, asked.method, asked.period
        )
        home, number, made = operation.compute(entry, question)
        with entry.reading() as caller:
            row = keeping.get(caller, home, results.SEGMENTATION, number)
        return Answer(201 if made else 200, _document(row).model_dump_json())

    return answer_once(request, entry, asked.subsidiary, idempotency_key, asked, work)


@router.get("/segmentations", operation_id="listSegmentations", summary="Segmentations", responses=responses(NotFound))
def list_segmentations(
    request: Request,
    response: Response,
    entry: ReadsResults,
    subsidiary: SubsidiaryFilter = None,
    limit: Limit = 100,
    after: After = None,
) -> Page[SegmentationDocument]:
    """In the order of computing within each subsidiary."""
    with entry.reading() as caller:
        reach = narrowed(caller, subsidiary)
        rows = results.page(caller.connection, reach, results.SEGMENTATION, limit + 1, read_cursor(after, int, int))
    return page_of(request, response, rows, limit, _document, lambda row: (row.subsidiary_id, row.number))


@router.get(
    "/segmentations/{segmentation}",
    operation_id="getSegmentation",
    summary="One segmentation",
    responses=responses(NotFound),
)
def get_segmentation(segmentation: ResultPath, entry: ReadsResults) -> SegmentationDocument:
    """What it was computed from, its floors and its control totals."""
    with entry.reading() as caller:
        return _document(keeping.find(caller, results.SEGMENTATION, segmentation)[1])


@router.get(
    "/segmentations/{segmentation}/customers",
    operation_id="listSegmentedCustomers",
    summary="Customers of a segmentation",
    responses=responses(NotFound),
)
def list_segmented_customers(
    request: Request,
    response: Response,
    segmentation: ResultPath,
    entry: ReadsResults,
    abc_class: AbcClass | None = None,
    segment: Annotated[str | None, Query(max_length=8)] = None,
    state: Annotated[str | None, Query(max_length=16)] = None,
    scope: Annotated[str | None, Query(max_length=120)] = None,
    salesperson: Annotated[str | None, Query(max_length=64)] = None,
    sort: Annotated[Literal["code", "-value", "-gap"], Query(description="`-`: largest first.")] = "code",
    limit: Limit = 100,
    after: After = None,
) -> Page[SegmentedCustomer]:
    """Each with his classes, his segment, and why he is where he is."""
    asked = {
        "abc_class": abc_class,
        "segment": segment,
        "state": state,
        "scope": scope,
        "salesperson": salesperson,
    }
    filters = {name: value for name, value in asked.items() if value is not None}
    cursor = read_cursor(after, *((str,) if sort == "code" else (int, str)))
    with entry.reading() as caller:
        home, row = keeping.find(caller, results.SEGMENTATION, segmentation)
        rows = segments.page(caller.connection, home, row.number, limit + 1, cursor, sort, filters)
    return page_of(request, response, rows, limit, segmented, lambda row: _sort_key(row, sort))


@router.get(
    "/segmentations/{segmentation}/classes",
    operation_id="getClassTable",
    summary="Class table of a segmentation",
    responses=responses(NotFound),
)
def get_class_table(segmentation: ResultPath, entry: ReadsResults) -> ClassTable:
    """Per scope, class and segment: customers, revenue, and the figures a plan is computed from."""
    with entry.reading() as caller:
        row = keeping.find(caller, results.SEGMENTATION, segmentation)[1]
    summary = keeping.summary(row)
    return ClassTable(items=summary["classes"], control=summary["control"])


@router.get(
    "/segmentations/{segmentation}/migration",
    operation_id="getMigration",
    summary="Migration between the classes of two windows",
    responses=responses(NotFound),
)
def get_migration(
    segmentation: ResultPath,
    entry: ReadsResults,
    rule: Annotated[
        Rule, Query(description="`frozen`: both windows by the floors of this one. `raw`: each by its own limits.")
    ] = "frozen",
) -> Migration:
    """From which class to which, retention, and the revenue bridge."""
    with entry.reading() as caller:
        row = keeping.find(caller, results.SEGMENTATION, segmentation)[1]
    return Migration(rule=rule, **keeping.summary(row)["migration"][rule])


def segmented(row: Row[Any]) -> SegmentedCustomer:
    """A stored row as the contract shows it."""
    who = {name: getattr(row, name) for name in ("customer", "name", "salesperson", "channel")}
    return SegmentedCustomer(**who, **customer_figures(row))


def customer_figures(row: Any) -> dict[str, Any]:
    """The figures of a customer, from a row with exact amounts as attributes."""
    amounts = ("value", "prior_value", "revenue", "margin", "orders", "effective_potential", "gap")
    words = ("scope", "abc_class", "prior_class", "raw_prior_class", "potential_class", "state", "regularity")
    more = ("segment", "potential_assumed", "potential_understated")
    return {
        **{name: getattr(row, name) for name in (*words, *more)},
        **{name: to_decimal(int(getattr(row, name))) for name in amounts},
        "class_code": f"{row.abc_class}/{row.potential_class}/{row.state}/{row.regularity or '-'}",
        "share_before": _ratio(row.before, row.scope_value) if row.value > 0 else None,
        "to_next_class": None if row.to_next_class is None else to_decimal(row.to_next_class),
        "wallet_share": _ratio(max(row.value, 0), row.effective_potential),
    }


def _ratio(part: int, whole: int) -> Any:
    return round_ratio(Fraction(int(part), int(whole))) if whole > 0 else None


def _sort_key(row: Row[Any], sort: str) -> tuple[Any, ...]:
    return {"code": (row.customer,), "-value": (-row.value, row.customer), "-gap": (-row.gap, row.customer)}[sort]


def _document(row: Row[Any]) -> SegmentationDocument:
    return SegmentationDocument(**keeping.described(row), **keeping.summary(row)["head"])
