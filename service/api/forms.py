"""What the forms are: for people and for machines."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from service.api.models import Strict, SubsidiaryFilter
from service.api.pages import Page
from service.api.problems import in_language, responses
from service.api.security import Reads
from service.errors import NotFound
from service.forms.catalogue import FORMS
from service.forms.declaration import Form
from service.forms.formats import CONTENT_TYPES
from service.forms.languages import negotiate
from service.forms.schema import table_schema
from service.operations.templates import template
from service.values import MonthText
from service.wording import say

router = APIRouter(tags=["forms"])
XLSX = CONTENT_TYPES["xlsx"]
Language = Literal["en", "de", "fr", "ru", "pl", "es"]


class FormSummary(Strict):
    name: str
    title: str
    meaning: str
    key: list[str] = Field(description="Columns that tell one row from another: the same key again is a correction.")
    of_group: bool = Field(description="It belongs to the group, not to a subsidiary.")


class FormDocument(FormSummary):
    table_schema: dict[str, Any] = Field(description="Frictionless Table Schema: columns, types, rules, meaning, use.")


@router.get("/forms", operation_id="listForms", summary="Forms that can be handed in")
def list_forms(entry: Reads) -> Page[FormSummary]:
    """In the order in which they are best handed in."""
    with entry.reading():
        return Page(items=[FormSummary(**_summary(form)) for form in FORMS.values()])


@router.get("/forms/{form}", operation_id="getForm", summary="One form", responses=responses(NotFound))
def get_form(form: Annotated[str, Path(max_length=32, examples=["statistics"])], entry: Reads) -> FormDocument:
    """Its columns as a Table Schema: type, rule, meaning, and which formulas use it."""
    with entry.reading():
        if form not in FORMS:
            raise NotFound(say("There is no form {form!r}; there are {forms}.", form=form, forms=", ".join(FORMS)))
        return FormDocument(**_summary(FORMS[form]), table_schema=table_schema(FORMS[form]))


@router.get(
    "/forms/{form}/template.xlsx",
    operation_id="getFormTemplate",
    summary="A workbook to fill in",
    responses={200: {"content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}, **responses(NotFound)},
    response_class=Response,
)
def get_template(
    request: Request,
    form: Annotated[str, Path(max_length=32, examples=["statistics"])],
    entry: Reads,
    subsidiary: SubsidiaryFilter = None,
    lang: Annotated[
        Language | None, Query(description="Language; without it the best for `Accept-Language`, else English.")
    ] = None,
    rows: Annotated[MonthText | None, Query(description="Fill in this month's rows (statistics, targets).")] = None,
) -> Response:
    """Headings and notes in the language, typed columns, lists of the subsidiary's own codes. Filled in and handed back
    it is accepted as it is."""
    with entry.reading() as caller:
        if form not in FORMS:
            raise NotFound(say("There is no form {form!r}; there are {forms}.", form=form, forms=", ".join(FORMS)))
        language = lang or negotiate(request.headers.get("accept-language"))
        body = template(caller, FORMS[form], subsidiary, language, rows)
    headers = {"Content-Disposition": f'attachment; filename="{form}-{language}.xlsx"', **in_language(language)}
    return Response(body, headers=headers, media_type=XLSX)


def _summary(form: Form) -> dict[str, Any]:
    return {name: getattr(form, name) for name in ("name", "title", "meaning", "of_group")} | {"key": list(form.key)}
