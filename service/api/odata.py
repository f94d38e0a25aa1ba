"""OData 4.0, read-only, for Power BI, Excel, Tableau, Qlik: `/odata/v1/`.

Entity sets are flat and added up as far as they can be: these tools fold neither groupings nor joins into a request.
Their columns are those of the tables under `/v1`, so that both say the same.
"""

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response

from service.access.keys import Scope
from service.api import attainment, coverage, customers, kpis, plans, requirements, segmented, statistics
from service.api.pages import read_place, write_cursor
from service.api.security import Entry, needs_of_tool
from service.api.tables import table_columns
from service.errors import BadCursor, NotFound, NotImplementedHere
from service.feeds.odata.documents import EntityType, metadata, page, service_document
from service.feeds.odata.options import PAGE, Options, read_options
from service.feeds.odata.sets import EntitySet, Place
from service.operations import entities
from service.store import customers as stored_customers
from service.store import lines, segments
from service.store import plans as stored_plans
from service.store import requirements as stored_requirements
from service.store.relations import Asked
from service.wording import say

router = APIRouter(include_in_schema=False)
VERSION = {"OData-Version": "4.0"}
_JSON = "application/json;odata.metadata=minimal"
_ROOT = "/odata/v1/"
_KPI = ("indicator", "value", "unit", "currency", "n", "numerator", "denominator", "reason")
_CLASS_ROW = tuple(name for name in segmented.ClassRow.model_fields if name not in ("state", "potential_class"))
_SEGMENTED = ("name", *segments.ENTITY)


def _type(name: str, item: Any, key: tuple[str, ...], words: tuple[str, ...] = (), only: tuple[str, ...] = ()) -> Any:
    """`words`: columns of text before those of the item; `only`: these of the item's."""
    columns = table_columns(item, words)
    return EntityType(name, tuple(one for one in columns if not only or one.name in (*words, *only)), key)


_READ, _RESULTS = Scope.STATISTICS_READ, Scope.RESULTS_READ
_OF_LINE = ("subsidiary", "period", "customer", "salesperson", "channel", "product_group", "feed")
_OF_CELL = ("salesperson", "channel", "abc_class")
SETS: tuple[EntitySet, ...] = (
    EntitySet(
        _type("KpisByMonth", kpis.Kpi, ("month", "subsidiary", "indicator"), ("month", "subsidiary"), _KPI),
        _RESULTS,
        calculated=entities.kpis_by_month,
    ),
    EntitySet(
        _type("KpisByQuarter", kpis.Kpi, ("quarter", "subsidiary", "indicator"), ("quarter", "subsidiary"), _KPI),
        _RESULTS,
        calculated=entities.kpis_by_quarter,
    ),
    EntitySet(
        _type("Customers", customers.CustomerDocument, ("subsidiary", "code")), _READ, stored=stored_customers.relation
    ),
    EntitySet(
        _type("Segments", segmented.SegmentedCustomer, ("subsidiary", "customer"), ("segmentation",), _SEGMENTED),
        _RESULTS,
        stored=segments.relation,
    ),
    EntitySet(
        _type(
            "ClassTable",
            segmented.ClassRow,
            ("segmentation", "scope", "abc_class", "segment"),
            ("subsidiary", "segmentation", "currency"),
            _CLASS_ROW,
        ),
        _RESULTS,
        calculated=entities.class_tables,
    ),
    EntitySet(
        _type(
            "Migration",
            segmented.MigrationRow,
            ("segmentation", "scope", "from_class", "to_class"),
            ("subsidiary", "segmentation", "currency"),
        ),
        _RESULTS,
        calculated=entities.migrations,
    ),
    EntitySet(
        _type("PlanLines", plans.PlanLine, ("plan", *_OF_CELL, "block", "period"), ("subsidiary", "plan", "currency")),
        _RESULTS,
        stored=stored_plans.relation,
    ),
    EntitySet(
        _type(
            "ResourceLines",
            requirements.RequirementLine,
            ("requirement", *_OF_CELL, "kind"),
            ("subsidiary", "requirement"),
        ),
        _RESULTS,
        stored=stored_requirements.relation,
    ),
    EntitySet(
        _type("Attainment", attainment.AttainmentMonth, ("plan", "period"), ("subsidiary", "plan", "currency")),
        _RESULTS,
        calculated=entities.attainments,
    ),
    EntitySet(_type("Statistics", statistics.StatisticsLine, _OF_LINE), _READ, stored=lines.relation),
    EntitySet(
        _type("Coverage", coverage.CoverageRow, ("subsidiary", "period", "measure")),
        _READ,
        calculated=entities.coverages,
    ),
)
TYPES = tuple(one.type for one in SETS)
_Entered = Annotated[Entry, needs_of_tool(_RESULTS)]


@router.get(_ROOT.rstrip("/"))
@router.get(_ROOT)
def service_root(request: Request, entry: _Entered) -> Response:
    """Which entity sets there are."""
    _admitted(entry)
    return Response(service_document(_root(request), TYPES), media_type=_JSON, headers=VERSION)


@router.get(_ROOT + "$metadata")
def metadata_document(entry: _Entered) -> Response:
    """Types of the entity sets; XML whatever `Accept` says, as there is nothing else."""
    _admitted(entry)
    return Response(metadata(TYPES), media_type="application/xml", headers=VERSION)


def _pages(one: EntitySet) -> Any:
    door = needs_of_tool(one.scope, "light" if one.stored is not None else "heavy")

    def entity_set(request: Request, entry: Annotated[Entry, door]) -> Response:
        options = read_options(_asked(request), one.type.columns)
        top = PAGE if options.top is None else options.top
        after = None if options.token is None else read_place(options.token)
        asked = Asked(options.select, options.condition, options.order, options.skip, after)
        with entry.reading() as caller:
            try:
                rows, place = one.page(caller, asked, min(top, PAGE))
            except ValueError as error:
                raise BadCursor(say("$skiptoken is none that this entity set has given out for this order.")) from error
            count = one.count(caller, options.condition) if options.count else None
        following = _next(request, options, place, rows.num_rows)
        part = options.select != tuple(column.name for column in one.type.columns)
        body = page(_root(request), one.type.name, rows, count, following, part=part)
        return Response(body, media_type=_JSON, headers=VERSION)

    return entity_set


def _count(one: EntitySet) -> Any:
    door = needs_of_tool(one.scope, "light" if one.stored is not None else "heavy")

    def count(request: Request, entry: Annotated[Entry, door]) -> Response:
        options = read_options(_asked(request), one.type.columns)
        with entry.reading() as caller:
            return Response(str(one.count(caller, options.condition)), media_type="text/plain", headers=VERSION)

    return count


for _one in SETS:
    router.add_api_route(f"{_ROOT}{_one.type.name}/$count", _count(_one), methods=["GET"])
    router.add_api_route(f"{_ROOT}{_one.type.name}", _pages(_one), methods=["GET"])


@router.api_route(_ROOT + "{rest:path}", methods=["GET", "POST"])
def anything_else(rest: str, entry: _Entered) -> Response:
    """Single rows, functions, batches: what OData has and this service has not."""
    _admitted(entry)
    known = tuple(one.name + mark for one in TYPES for mark in ("(", "/"))
    if rest.startswith(("$", *known)):
        raise NotImplementedHere(
            say("This service has entity sets, their $count, and $metadata; nothing else of OData.")
        )
    raise NotFound(say("There is no entity set {rest!r}.", rest=rest))


def _admitted(entry: Entry) -> None:
    with entry.reading():
        pass


def _root(request: Request) -> str:
    return str(request.base_url).rstrip("/") + _ROOT


def _asked(request: Request) -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.query_params.multi_items() if name != "key"]


def _next(request: Request, options: Options, place: Place, shown: int) -> str | None:
    """The address of the next page. The key is not in it: answers are kept in more places than requests."""
    left = None if options.top is None else options.top - shown
    if place is None or left == 0:
        return None
    kept = [(name, value) for name, value in _asked(request) if name in ("$select", "$filter", "$orderby")]
    more = [] if left is None else [("$top", str(left))]
    query = urlencode([*kept, *more, ("$skiptoken", write_cursor(place))], quote_via=quote, safe="$")
    return f"{_root(request)}{request.url.path.rpartition('/')[2]}?{query}"
