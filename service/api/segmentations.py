"""Segmentations: computed once for a state of the data, kept, and served in parts."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Row

from service.access.keys import Caller
from service.api.idempotency import IdempotencyKey, answer_once
from service.api.models import ResultPath, SubsidiaryFilter, narrowed
from service.api.pages import After, Limit, Page, page_of, read_cursor
from service.api.problems import responses
from service.api.security import Calculates, ReadsResults
from service.api.segmented import (
    AbcClass,
    Action,
    Change,
    ChangesPage,
    ClassRow,
    ClassTable,
    Grouping,
    Migration,
    MigrationRow,
    ReasonCounts,
    Rule,
    SegmentationDocument,
    SegmentationRequest,
    SegmentedCustomer,
    WordCounts,
    change_fields,
    segmented,
    segmented_fields,
)
from service.api.tables import AS_FILE, AsTable
from service.errors import AmountTooLarge, BadArgument, Forbidden, MissingRate, NoData, NotFound
from service.method.segments.table import BY_CLASS_AND_SEGMENT, class_table
from service.operations import keeping
from service.operations import segmentations as operation
from service.operations.repeats import Answer
from service.operations.segments import told
from service.store import results, segments
from service.wording import say

router = APIRouter(tags=["segmentations"])


@router.post(
    "/segmentations",
    operation_id="computeSegmentation",
    summary="Segment the customers of a subsidiary",
    status_code=201,
    response_model=SegmentationDocument,
    responses={
        200: {"description": "It had been computed before.", "model": SegmentationDocument},
        **responses(NotFound, NoData, BadArgument, AmountTooLarge, MissingRate, Forbidden),
    },
)
def compute_segmentation(
    request: Request, asked: SegmentationRequest, entry: Calculates, idempotency_key: IdempotencyKey = None
) -> Response:
    """Classes, potential classes, states and segments of every customer of a subsidiary, or of the group."""

    def work() -> Answer:
        home, number, made = operation.compute(entry, asked.question())
        with entry.reading() as caller:
            row = keeping.get(caller, home, results.SEGMENTATION, number)
            (told,) = operation.described(caller, [row])
        return Answer(201 if made else 200, SegmentationDocument(**told).model_dump_json())

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
    """In the order of computing within each subsidiary; the group's first, for a key that reaches all."""
    with entry.reading() as caller:
        reach = narrowed(caller, subsidiary)
        rows = results.page(caller.connection, reach, results.SEGMENTATION, limit + 1, read_cursor(after, int, int))
        found = list(zip(rows, operation.described(caller, rows), strict=True))
    return page_of(
        request,
        response,
        found,
        limit,
        lambda one: SegmentationDocument(**one[1]),
        lambda one: (one[0].subsidiary_id, one[0].number),
    )


@router.get(
    "/segmentations/{segmentation}",
    operation_id="getSegmentation",
    summary="One segmentation",
    responses=responses(NotFound),
)
def get_segmentation(segmentation: ResultPath, entry: ReadsResults) -> SegmentationDocument:
    """What it was computed from, its floors and its control totals."""
    with entry.reading() as caller:
        (told,) = operation.described(caller, [operation.find(caller, segmentation).row])
    return SegmentationDocument(**told)


@router.get(
    "/segmentations/{segmentation}/customers",
    operation_id="listSegmentedCustomers",
    summary="Customers of a segmentation",
    response_model=Page[SegmentedCustomer],
    responses={**AS_FILE, **responses(NotFound)},
)
def list_segmented_customers(
    request: Request,
    response: Response,
    segmentation: ResultPath,
    entry: ReadsResults,
    abc_class: Annotated[AbcClass | None, Query(description="As computed.")] = None,
    segment: Annotated[str | None, Query(max_length=8, description="As computed.")] = None,
    effective_class: AbcClass | None = None,
    effective_segment: Action | None = None,
    potential_class: AbcClass | None = None,
    state: Annotated[str | None, Query(max_length=16)] = None,
    at_risk: bool | None = None,
    scope: Annotated[str | None, Query(max_length=120)] = None,
    salesperson: Annotated[str | None, Query(max_length=64)] = None,
    sort: Annotated[Literal["code", "-value", "-gap"], Query(description="`-`: largest first.")] = "code",
    limit: Limit = 100,
    after: After = None,
    table: AsTable = None,
) -> Any:
    """Each with his classes, his segment, and why he is where he is."""
    asked = {
        "abc_class": abc_class,
        "segment": segment,
        "effective_class": effective_class,
        "effective_segment": effective_segment,
        "potential_class": potential_class,
        "state": state,
        "at_risk": at_risk,
        "scope": scope,
        "salesperson": salesperson,
    }
    filters = {name: value for name, value in asked.items() if value is not None}
    cursor = read_cursor(after, *((str, int) if sort == "code" else (int, str, int)))
    if table is not None:

        def read(caller: Caller) -> Iterator[dict[str, Any]]:
            kept = operation.find(caller, segmentation)
            found = segments.each(caller.connection, kept.reach, kept.key, sort, filters)
            return (segmented_fields(row, kept.abc) for row in found)

        return table.of_read(entry, f"segmentation-{segmentation}", SegmentedCustomer, read)
    with entry.reading() as caller:
        kept = operation.find(caller, segmentation)
        rows = segments.page(caller.connection, kept.reach, kept.key, limit + 1, cursor, sort, filters)
    return page_of(
        request, response, rows, limit, lambda row: segmented(row, kept.abc), lambda row: _sort_key(row, sort)
    )


@router.get(
    "/segmentations/{segmentation}/classes",
    operation_id="getClassTable",
    summary="Class table of a segmentation",
    response_model=ClassTable,
    responses={**AS_FILE, **responses(NotFound, BadArgument)},
)
def get_class_table(
    segmentation: ResultPath,
    entry: ReadsResults,
    by: Annotated[
        list[Grouping] | None, Query(max_length=4, description="Groupings of the rows; default class and segment.")
    ] = None,
    table: AsTable = None,
) -> Any:
    """Per scope, and in it per class, segment, state or potential class: customers, revenue, and the figures a plan is
    computed from. Classes and segments are the computed ones."""
    with entry.reading() as caller:
        kept = operation.find(caller, segmentation)
        cells = operation.cells(caller, kept)
    summary = keeping.summary(kept.row)
    if cells is None:
        if by is not None:
            raise BadArgument("by", say("This segmentation is of an earlier version, which kept its table ready made."))
        rows, control = summary["classes"], summary["control"]
    else:
        made = class_table(cells, tuple(dict.fromkeys(by or BY_CLASS_AND_SEGMENT)))
        rows, control = [told(row) for row in made], summary["head"]["control"]
    if table is not None:
        return table.of_rows(f"segmentation-{segmentation}-classes", ClassRow, rows)
    return ClassTable(items=[ClassRow(**row) for row in rows], control=control)


@router.get(
    "/segmentations/{segmentation}/migration",
    operation_id="getMigration",
    summary="Migration between the classes of two windows",
    response_model=Migration,
    responses={**AS_FILE, **responses(NotFound)},
)
def get_migration(
    segmentation: ResultPath,
    entry: ReadsResults,
    rule: Annotated[
        Rule, Query(description="`frozen`: both windows by the floors of this one. `raw`: each by its own limits.")
    ] = "frozen",
    table: AsTable = None,
) -> Any:
    """From which class to which, in customers and in money; retention, and the revenue bridge."""
    with entry.reading() as caller:
        found = operation.migration(caller, operation.find(caller, segmentation), rule)
    if table is not None:
        return table.of_rows(f"segmentation-{segmentation}-migration", MigrationRow, found["items"])
    return Migration(rule=rule, **found)


@router.get(
    "/segmentations/{segmentation}/changes",
    operation_id="listChanges",
    summary="What differs since another segmentation",
    response_model=ChangesPage,
    responses={**AS_FILE, **responses(NotFound, BadArgument)},
)
def list_changes(
    request: Request,
    response: Response,
    segmentation: ResultPath,
    entry: ReadsResults,
    since: Annotated[str, Query(max_length=80, description="Id of the other one.", examples=["DE.1"])],
    limit: Limit = 100,
    after: After = None,
    table: AsTable = None,
) -> Any:
    """Customers whose class, potential class, segment or state differs from the other segmentation of the same
    subsidiary or of the group, by code: from what, to what and why; and how many there are in all."""
    cursor = read_cursor(after, str, int)
    if table is not None:

        def read(caller: Caller) -> Iterator[dict[str, Any]]:
            both = operation.compared(caller, segmentation, since)
            asked = (caller.connection, both.reach, both.keys, both.limits_word)
            return (change_fields(row) for row in segments.changes(*asked, (None, None)))

        return table.of_read(entry, f"segmentation-{segmentation}-changes", Change, read)
    with entry.reading() as caller:
        both = operation.compared(caller, segmentation, since)
        asked = (caller.connection, both.reach, both.keys, both.limits_word)
        rows = segments.changes(*asked, (limit + 1, cursor))
        reasons, words = segments.change_counts(*asked)
    page = page_of(
        request,
        response,
        rows,
        limit,
        lambda row: Change(**change_fields(row)),
        lambda row: (row.customer, row.subsidiary_id),
    )
    by_reason = ReasonCounts(**dict.fromkeys(ReasonCounts.model_fields, 0) | reasons)
    return ChangesPage(items=page.items, next=page.next, since=since, by_reason=by_reason, by_word=WordCounts(**words))


def _sort_key(row: Row[Any], sort: str) -> tuple[Any, ...]:
    last = (row.customer, row.subsidiary_id)
    return {"code": last, "-value": (-row.value, *last), "-gap": (-row.gap, *last)}[sort]
