"""What the forms are: for people and for machines."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field

from service.api.models import Strict
from service.api.pages import Page
from service.api.problems import responses
from service.api.security import Reads
from service.errors import NotFound
from service.forms.catalogue import FORMS
from service.forms.declaration import Form
from service.forms.schema import table_schema

router = APIRouter(tags=["forms"])


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
            raise NotFound(f"There is no form {form!r}; there are {', '.join(FORMS)}.")
        return FormDocument(**_summary(FORMS[form]), table_schema=table_schema(FORMS[form]))


def _summary(form: Form) -> dict[str, Any]:
    return {name: getattr(form, name) for name in ("name", "title", "meaning", "of_group")} | {"key": list(form.key)}
