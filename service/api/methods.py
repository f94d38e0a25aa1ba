"""Method versions: the parameters that every result names."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field

from service.api.models import Strict
from service.api.pages import Page
from service.api.problems import responses
from service.api.security import ReadsResults
from service.errors import NotFound
from service.method.parameters import Parameters, describe
from service.operations import methods

router = APIRouter(tags=["methods"])


class MethodSummary(Strict):
    id: str
    title: str
    valid_from: str


class ParameterDocument(Strict):
    name: str
    value: Any = Field(description="A number, a word, or a table of them by class.")
    unit: str
    meaning: str
    assumption: bool = Field(description="A guess and not a finding: replace it with your own.")


class MethodDocument(MethodSummary):
    parameters: list[ParameterDocument]


@router.get("/methods", operation_id="listMethods", summary="Method versions")
def list_methods(entry: ReadsResults) -> Page[MethodSummary]:
    """A version never changes; results name the one they were computed with."""
    with entry.reading():
        return Page(items=[MethodSummary(**_summary(parameters)) for parameters in methods.listed()])


@router.get("/methods/{method}", operation_id="getMethod", summary="One method version", responses=responses(NotFound))
def get_method(
    method: Annotated[str, Path(max_length=64, examples=["standard-1"])], entry: ReadsResults
) -> MethodDocument:
    """Each parameter with its unit, its meaning, and whether it is an assumption."""
    with entry.reading():
        parameters = methods.get(method)
    lines = [
        ParameterDocument(
            name=line.name, value=line.value, unit=line.unit, meaning=line.meaning, assumption=line.assumption
        )
        for line in describe(parameters)
    ]
    return MethodDocument(**_summary(parameters), parameters=lines)


def _summary(parameters: Parameters) -> dict[str, str]:
    return {"id": parameters.id, "title": parameters.title, "valid_from": parameters.valid_from}
