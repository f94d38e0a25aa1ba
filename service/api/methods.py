"""Method versions: the parameters that every result names."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from service.api.models import FirstMonth, LastMonth, Period, Strict, WindowDocument
from service.api.pages import After, Limit, Page, page_of, read_cursor
from service.api.problems import responses
from service.api.security import Calculates, ReadsResults, WritesMethods
from service.errors import BadArgument, BadBody, Conflict, DocumentRefused, NoData, NotFound, TooLarge, WrongContentType
from service.method.indicators import Indicator
from service.method.parameters import Parameters, catalogue, declarations, describe
from service.operations import effects, method_documents, methods
from service.operations.method_documents import JSON, MOST_BYTES, YAML
from service.operations.methods import Version
from service.values import Code
from service.wording import say

router = APIRouter(tags=["methods"])
MethodPath = Annotated[str, Path(max_length=64, examples=["standard-1"])]
Against = Annotated[
    str, Query(max_length=64, description="Id of the version to compare with.", examples=["standard-1"])
]


class MethodSummary(Strict):
    id: str
    title: str
    valid_from: str = Field(description="Used where no version is named and the window ends in this month or later.")
    sha256: str = Field(description="Of the canonical document: equal for equal content.")
    created_at: datetime | None = Field(description="Null: it came with Kontor.")
    key_id: str | None = Field(
        description="Public id of the key that posted it, or `oidc_…` for the subject of a token."
    )


class ParameterDocument(Strict):
    name: str
    value: Any = Field(description="A number, a word, or a table of them by class.")
    unit: str
    meaning: str
    assumption: bool = Field(description="A guess and not a finding: replace it with your own.")


class OwnIndicatorDocument(Strict):
    """An indicator that the version adds to the catalogue."""

    id: str
    name: str
    kind: str
    unit: str
    direction: str
    formula: str
    executed: str = Field(description="The formula with other indicators replaced by theirs.")
    n: str
    owner: str
    meaning: str


class MethodDocument(MethodSummary):
    parameters: list[ParameterDocument]
    indicators: list[OwnIndicatorDocument]


class MethodChange(Strict):
    name: str = Field(description="Dotted: `plan.cycle_months.A`; of an indicator its id and field.")
    change: Literal["added", "removed", "changed"]
    value: Any = Field(description="In this version; null where it is removed.")
    against: Any = Field(description="In the version compared with; null where it is added.")


class MethodDiff(Strict):
    method: str
    against: str
    parameters: list[MethodChange]
    indicators: list[MethodChange]


class MovedIndicator(Strict):
    """An indicator of the whole subsidiary that the two versions value differently."""

    indicator: str
    unit: str
    value: str | None
    reason: str | None = Field(description="Why there is no value.")
    against: str | None
    against_reason: str | None


class MovedCustomer(Strict):
    """A customer whose class, segment or potential class the two versions see differently."""

    customer: str
    abc_class: str
    against_abc_class: str
    potential_class: str
    against_potential_class: str
    segment: str
    against_segment: str


class MethodEffects(Page[MovedCustomer]):
    """A page of the customers who move, and the indicators that do."""

    method: str
    against: str
    subsidiary: str
    window: WindowDocument
    data_revision: int
    customers: int = Field(description="Customers of the subsidiary.")
    moved: int = Field(description="Of these, the ones in the list over all pages.")
    indicators: list[MovedIndicator]


async def _body(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            raise TooLarge(say("A method document has at most {most} bytes.", most=MOST_BYTES))
    return body


def _example() -> dict[str, Any]:
    standard = methods.standard()
    floors = {"floor_a": Decimal(100_000), "floor_b": Decimal(20_000)}
    changed: dict[str, Any] = {"id": "house-1", "title": "House method, version 1", "valid_from": "2026-01"}
    changed["abc"] = standard.abc.model_copy(update=floors)
    return standard.model_copy(update=changed).model_dump(mode="json")


@router.get("/methods", operation_id="listMethods", summary="Method versions")
def list_methods(entry: ReadsResults) -> Page[MethodSummary]:
    """The one that came with Kontor, then those posted, by the month they are valid from. Every key may read them."""
    with entry.reading() as caller:
        return Page(items=[MethodSummary(**_summary(version)) for version in methods.listed(caller)])


@router.post(
    "/methods",
    operation_id="postMethod",
    summary="Post a method version",
    status_code=201,
    responses={
        200: {"description": "It is there already, with the same content.", "model": MethodDocument},
        **responses(BadBody, Conflict, TooLarge, WrongContentType, DocumentRefused),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                JSON: {"schema": {"$ref": "#/components/schemas/Parameters"}, "example": _example()},
                YAML: {"schema": {"$ref": "#/components/schemas/Parameters"}, "example": _example()},
            },
        }
    },
)
def post_method(
    request: Request, response: Response, entry: WritesMethods, body: Annotated[bytes, Depends(_body)]
) -> MethodDocument:
    """A whole document of parameters and own indicators, as JSON or YAML; `/v1/methods/{method}/document` gives one to
    start from. It is checked as a whole, kept, and never changed: the same id with the same content answers 200, with
    another content 409. It belongs to the group: the key must reach all subsidiaries.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    with entry.writing() as caller:
        caller.whole_group()
        version, made = methods.post(caller, method_documents.read(body, content_type))
    response.status_code = 201 if made else 200
    return _document(version)


@router.get("/methods/{method}", operation_id="getMethod", summary="One method version", responses=responses(NotFound))
def get_method(method: MethodPath, entry: ReadsResults) -> MethodDocument:
    """Each parameter with its unit, its meaning, and whether it is an assumption; and the indicators it adds."""
    with entry.reading() as caller:
        return _document(methods.version(caller, method))


@router.get(
    "/methods/{method}/document",
    operation_id="getMethodDocument",
    summary="A method version as a document to edit",
    response_class=Response,
    responses={
        200: {"model": Parameters, "content": {YAML: {"schema": {"$ref": "#/components/schemas/Parameters"}}}},
        **responses(NotFound),
    },
)
def get_method_document(
    request: Request,
    method: MethodPath,
    entry: ReadsResults,
    form: Annotated[Literal["json", "yaml"] | None, Query(alias="format", description="Instead of `Accept`.")] = None,
) -> Response:
    """Change it, give it another id, and post it."""
    accepted = request.headers.get("accept", "")
    kind = YAML if form == "yaml" or (form is None and YAML in accepted) else JSON
    with entry.reading() as caller:
        text = method_documents.write(methods.version(caller, method).parameters, kind)
    return Response(text, media_type=kind)


@router.get(
    "/methods/{method}/diff",
    operation_id="diffMethods",
    summary="What differs between two method versions",
    responses=responses(NotFound),
)
def diff_methods(method: MethodPath, against: Against, entry: ReadsResults) -> MethodDiff:
    """Parameters and own indicators that were added, removed or changed, each with both values."""
    with entry.reading() as caller:
        versions = [methods.version(caller, one).parameters for one in (method, against)]
    parameters, indicators = methods.diff(versions[0], versions[1])
    return MethodDiff(
        method=method,
        against=against,
        parameters=[_change(one) for one in parameters],
        indicators=[_change(one) for one in indicators],
    )


@router.get(
    "/methods/{method}/effects",
    operation_id="getMethodEffects",
    summary="What a method version would change",
    responses=responses(NotFound, NoData, BadArgument),
)
def get_method_effects(
    request: Request,
    response: Response,
    method: MethodPath,
    against: Against,
    subsidiary: Annotated[Code, Query(description="Code of the subsidiary.", examples=["DE"])],
    entry: Calculates,
    first: FirstMonth = None,
    last: LastMonth = None,
    period: Period = None,
    limit: Limit = 100,
    after: After = None,
) -> MethodEffects:
    """Both versions computed now on the data there are; nothing is kept. Customers by code, in pages."""
    cursor = read_cursor(after, str)
    question = effects.Question(method, against, subsidiary, first, last, period)
    with entry.reading() as caller:
        found = effects.effects(caller, question)
    rows = [row for row in found.customers if cursor is None or row["customer"] > cursor[0]][: limit + 1]
    page = page_of(request, response, rows, limit, lambda row: MovedCustomer(**row), lambda row: [row["customer"]])
    return MethodEffects(
        items=page.items,
        next=page.next,
        method=method,
        against=against,
        subsidiary=subsidiary,
        window=WindowDocument.of(found.window),
        data_revision=found.data_revision,
        customers=found.total,
        moved=len(found.customers),
        indicators=[MovedIndicator(**one) for one in found.indicators],
    )


def _change(change: methods.Change) -> MethodChange:
    return MethodChange(name=change.name, change=change.change, value=change.value, against=change.against)


def _summary(version: Version) -> dict[str, Any]:
    head = {name: getattr(version.parameters, name) for name in ("id", "title", "valid_from")}
    return head | {"sha256": version.sha256, "created_at": version.created_at, "key_id": version.key_id}


def _document(version: Version) -> MethodDocument:
    lines = [
        ParameterDocument(
            name=line.name, value=line.value, unit=line.unit, meaning=line.meaning, assumption=line.assumption
        )
        for line in describe(version.parameters)
    ]
    known = catalogue(version.parameters)
    own = [_own(known[one.id]) for one in declarations(version.parameters)]
    return MethodDocument(**_summary(version), parameters=lines, indicators=own)


def _own(indicator: Indicator) -> OwnIndicatorDocument:
    names = OwnIndicatorDocument.model_fields.keys() - {"executed"}
    return OwnIndicatorDocument(executed=indicator.parsed.text, **{name: getattr(indicator, name) for name in names})
