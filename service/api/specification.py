"""The technical specification for a CRM: what it hands in, what that feeds, and what is there already."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import Field

from service.api.models import MethodFilter, Strict
from service.api.problems import responses
from service.api.security import Reads
from service.errors import NotFound
from service.feeds.requirements import markdown
from service.operations.specification import specification
from service.values import Code, Number

router = APIRouter(tags=["data"])
MARKDOWN = "text/markdown"


class FieldRequirement(Strict):
    """A column of a form."""

    form: str
    column: str
    type: str
    required: bool = Field(description="Whether a row is refused without it.")
    unit: str
    meaning: str
    indicators: list[str] = Field(description="Ids of the indicators that need it.")
    plan_inputs: list[str] = Field(description="Inputs of plans that are observed in it.")
    from_register: str | None = Field(description="The register that these figures can be derived from instead.")
    rows: int | None = Field(description="Rows of the form that the subsidiary has; null without a subsidiary.")
    filled: int | None = Field(description="Of these, rows with a value. An absent number is 0 and counts as none.")
    share: Number | None = Field(description="filled / rows; null where there are no rows.")
    months: int | None = Field(description="Months with a value; null where rows of the form have no time.")
    since: str | None = Field(description="First month with a value.")


class UseRequirement(Strict):
    """An indicator or a plan input, and what it needs."""

    id: str
    name: str
    needs: list[str] = Field(description="As `form.column`; none: the method's own number.")
    reason: str | None = Field(description="Why no form can feed it.")
    fed: bool | None = Field(description="Whether all of it is there; null without a subsidiary.")
    share: Number | None = Field(
        description="Smallest of: the share of months expected in which all columns with a time are filled, and the "
        "shares of rows of customers and salespeople."
    )
    since: str | None = Field(description="First month in which all of it is there.")


class Requirements(Strict):
    subsidiary: str | None
    months_expected: int | None = Field(description="From the first month with data to the last that has ended.")
    fields: list[FieldRequirement] = Field(description="In the order of the forms and their columns.")
    indicators: list[UseRequirement]
    plan_inputs: list[UseRequirement]


@router.get(
    "/coverage/requirements",
    operation_id="getRequirements",
    summary="What a CRM has to hand in, and how far it does",
    response_model=Requirements,
    responses={200: {"content": {MARKDOWN: {"schema": {"type": "string"}}}}, **responses(NotFound)},
)
def get_requirements(
    request: Request,
    entry: Reads,
    subsidiary: Annotated[
        Code | None, Query(description="Whose data are looked at; without it only what is needed.", examples=["DE"])
    ] = None,
    method: MethodFilter = None,
    form: Annotated[
        Literal["json", "markdown"] | None, Query(alias="format", description="Instead of `Accept`.")
    ] = None,
) -> Response | Requirements:
    """For every column of every form the indicators and plan inputs it feeds, for each of these the columns it needs;
    with `method` also for the indicators that the version adds. Markdown for people, JSON for programs.
    """
    with entry.reading() as caller:
        document = specification(caller, subsidiary, method)
    if form == "markdown" or (form is None and MARKDOWN in request.headers.get("accept", "")):
        return PlainTextResponse(markdown(document), media_type=MARKDOWN)
    return Requirements(**document)
