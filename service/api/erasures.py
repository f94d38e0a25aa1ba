"""Erasing people: their names go from all that is kept."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from service.api.models import PRINTABLE, Strict, example
from service.api.problems import responses
from service.api.security import Administers
from service.errors import Conflict, NotFound
from service.operations import erasures
from service.store.erasures import PersonForm
from service.values import Code

router = APIRouter(tags=["erasures"])
PersonCode = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=PRINTABLE)]


class ErasureRequest(Strict):
    model_config = example(subsidiary="DE", form="customers", codes=["C-1001"])

    subsidiary: Code
    form: PersonForm = Field(description="The form that handed the people in.")
    codes: list[PersonCode] = Field(min_length=1, max_length=100, description="Their codes, which stay.")


class Erasure(Strict):
    """What was found and changed; nothing where the people had been erased before."""

    subsidiary: str
    form: PersonForm
    codes: list[str]
    rows: int = Field(description="Rows of the form, and of what they were before corrections.")
    bodies: int = Field(description="Submissions whose body is kept anew without what was erased.")
    texts: int = Field(description="Reasons, notes, problems and kept answers that mentioned a name.")


@router.post("/erasures", operation_id="erasePeople", summary="Erase people", responses=responses(NotFound, Conflict))
def erase_people(asked: ErasureRequest, entry: Administers) -> Erasure:
    """Put `(erased)` in the place of their names, everywhere; no figure changes. It cannot be undone. A later
    submission that names them brings that name, as a new fact: erase them in the CRM first."""
    codes = list(dict.fromkeys(asked.codes))
    with entry.writing() as caller:
        found = erasures.erase(caller, asked.subsidiary, asked.form, codes)
    return Erasure(
        subsidiary=asked.subsidiary,
        form=asked.form,
        codes=codes,
        rows=found.rows,
        bodies=found.bodies,
        texts=found.texts,
    )
