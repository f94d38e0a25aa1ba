"""Method versions: the immutable documents of parameters that results name."""

from functools import cache
from importlib import resources

import yaml

from service.errors import NotFound
from service.method.parameters import Parameters


@cache
def standard() -> Parameters:
    """The version that is used where a request names none."""
    text = resources.files("service.method").joinpath("standard.yaml").read_text(encoding="utf-8")
    return Parameters.model_validate(yaml.safe_load(text))


def listed() -> list[Parameters]:
    return [standard()]


def get(method: str | None) -> Parameters:
    """The version with this id; without an id the standard one."""
    for parameters in listed():
        if method in (None, parameters.id):
            return parameters
    known = ", ".join(parameters.id for parameters in listed())
    raise NotFound(f"There is no method version {method!r}; there is {known}.")
