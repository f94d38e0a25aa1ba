"""Documents of method versions: read from JSON or YAML, checked as a whole, written back as both."""

import json
from decimal import Decimal
from typing import Any, NoReturn

import yaml
from pydantic import ValidationError

from service.errors import BadBody, DocumentRefused, Problem, WrongContentType
from service.method.catalogue import BadCatalogue
from service.method.parameters import Parameters, catalogue
from service.operations.validation import found_wrong
from service.wording import Message, say

JSON, YAML = "application/json", "application/yaml"
MOST_BYTES = 128 * 1024
_SHOWN = 200


def read(body: bytes, content_type: str) -> Parameters:
    """Raises BadBody where it is no document, DocumentRefused with all that is wrong in it."""
    if content_type not in (JSON, YAML):
        raise WrongContentType(say("Send {json} or {yaml}.", json=JSON, yaml=YAML))
    document = decoded(body, content_type)
    try:
        parameters = Parameters.model_validate(document)
    except ValidationError as error:
        raise DocumentRefused(
            [_problem(one["loc"], one["type"], found_wrong(one)) for one in error.errors()]
        ) from error
    try:
        catalogue(parameters)
    except BadCatalogue as error:
        findings = [_problem(("indicators", one.place, one.field), one.code, one.message) for one in error.findings]
        raise DocumentRefused(findings) from error
    return parameters


def canonical(parameters: Parameters) -> str:
    """The same text for the same content."""
    return json.dumps(parameters.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))


def write(parameters: Parameters, content_type: str) -> str:
    """As it can be edited and posted under another id."""
    document = parameters.model_dump(mode="json")
    if content_type == YAML:
        return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    return json.dumps(document, ensure_ascii=False, indent=2)


def _problem(place: tuple[int | str, ...], code: str, message: Message) -> Problem:
    path = ".".join(str(part) for part in place) or "document"
    short = message if len(message) <= 2 * _SHOWN else Message.kept(message[: 2 * _SHOWN])
    return Problem(None, path[:_SHOWN], code, short)


def decoded(body: bytes, content_type: str) -> Any:
    """What the document says, JSON or YAML. Raises BadBody."""
    try:
        text = body.decode("utf-8-sig")
        if content_type == JSON:
            document = json.loads(text, parse_constant=_no_number, object_pairs_hook=_object)
        else:
            document = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader that takes less
        # A lone surrogate is text in JSON and in YAML, and can neither be stored nor told.
        json.dumps(document, ensure_ascii=False, default=str).encode()
    except (ValueError, TypeError, RecursionError, yaml.YAMLError) as error:
        raise BadBody(
            say("The body is no {content_type} document: {error}", content_type=content_type, error=str(error)[:_SHOWN])
        ) from error
    return document


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{doubled!r} stands twice in one object")
    return found


class _Loader(yaml.SafeLoader):
    """Plain YAML: no aliases, of which a few can stand for gigabytes, and no name twice."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not taken; write it out")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        found: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        if len(found) < len(node.value):
            raise yaml.YAMLError(f"a name stands twice in the mapping of line {node.start_mark.line + 1}")
        return found


def _decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
    """Numbers are taken as they are written, not as the nearest binary one."""
    text = loader.construct_scalar(node)
    try:
        return Decimal(text)
    except ArithmeticError:  # .inf, 1:30.5 and the like
        return loader.construct_yaml_float(node)


_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)
