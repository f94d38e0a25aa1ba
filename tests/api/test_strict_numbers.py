"""In bodies a number is a number: neither `true` nor a text stands for it."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, get_args

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

import service.app  # noqa: F401  all bodies are declared by then
from service.api.models import Strict

NUMBERS = {"integer", "number"}


def _bodies(base: type[BaseModel] = Strict) -> Iterator[type[BaseModel]]:
    for one in base.__subclasses__():
        if "json_schema_extra" in one.model_config:
            yield from _within(one)
        yield from _bodies(one)


def _within(kind: Any) -> Iterator[type[BaseModel]]:
    """The model and those that its fields consist of."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        for field in kind.model_fields.values():
            yield from _within(field.annotation)
    for part in get_args(kind):
        yield from _within(part)


def _numbers() -> list[tuple[str, TypeAdapter[Any]]]:
    found = {}
    for model in _bodies():
        for name, field in model.model_fields.items():
            kind = TypeAdapter(Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation)
            schema = kind.json_schema()
            types = {one.get("type") for one in schema.get("anyOf", [schema])}
            if types & NUMBERS and not types & {"string", "boolean"}:
                found[f"{model.__name__}.{name}"] = kind
    return sorted(found.items())


@pytest.mark.parametrize(("name", "kind"), _numbers())
def test_neither_a_truth_nor_a_text_is_a_number(name: str, kind: TypeAdapter[Any]) -> None:
    for value in (True, False, "1", "0.5"):
        with pytest.raises(ValidationError):
            kind.validate_json(json.dumps(value))
