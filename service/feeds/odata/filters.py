"""`$filter` as a condition on the columns of a table.

The library reads the grammar; here each literal is held against the type of the column that it is compared with.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias, cast

import pyarrow as pa
from odata_query import ast
from odata_query.exceptions import ODataException, UnknownFunctionException
from odata_query.grammar import ODataLexer, ODataParser

from service.errors import BadOption, NotImplementedHere
from service.store.conditions import Both, Compared, Condition, Either, Operator, Opposite, Spelled, Value
from service.wording import say

Types: TypeAlias = Mapping[str, pa.DataType]
_LONGEST = 8_000
_DEEPEST = 30
_LARGEST = Decimal(10) ** 18
_OPERATORS: Mapping[type[Any], Operator] = {
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
}
_TURNED: Mapping[Operator, Operator] = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
_SPELLED = ("contains", "startswith", "endswith")
_UNDERSTOOD = ", ".join((*_OPERATORS.values(), "in", "and", "or", "not", *_SPELLED))


def read_filter(text: str, types: Types) -> Condition:
    """BadOption for what is no filter over these columns, NotImplementedHere for what OData has and this has not."""
    if len(text) > _LONGEST:
        raise BadOption(say("$filter is longer than {longest} characters.", longest=_LONGEST))
    if "\0" in text:
        raise BadOption(say("$filter holds a NUL."))
    try:
        tree = ODataParser().parse(ODataLexer().tokenize(text))
    except UnknownFunctionException as error:
        raise _unknown_function(error.function_name) from error
    except ODataException as error:
        raise BadOption(say("$filter is not an expression of OData: {error}.", error=str(error))) from error
    except AttributeError as error:  # the library stumbles over a third named parameter
        raise BadOption(say("$filter is not an expression of OData: {error}.", error="name=value")) from error
    return _condition(tree, types)


def _condition(node: Any, types: Types, depth: int = 0) -> Condition:
    if depth > _DEEPEST:
        raise BadOption(say("$filter is nested more than {deepest} times.", deepest=_DEEPEST))
    match node:
        case ast.BoolOp(word, _, _):
            parts = tuple(_condition(one, types, depth + 1) for one in _chained(node, type(word)))
            return Both(parts) if isinstance(word, ast.And) else Either(parts)
        case ast.UnaryOp(ast.Not(), operand):
            return Opposite(_condition(operand, types, depth + 1))
        case ast.Compare(ast.In(), left, ast.List(values)):
            name = _column(left, types)
            return Either(tuple(Compared(name, "eq", _value(name, one, types)) for one in values))
        case ast.Compare(comparator, left, right) if type(comparator) in _OPERATORS:
            return _compared(_OPERATORS[type(comparator)], left, right, types)
        case ast.Call(func, args) if func.name in _SPELLED:
            return _spelled(func.name, args, types)
    name = _column(node, types)
    return Compared(name, "eq", _value(name, ast.Boolean("true"), types))


def _chained(node: Any, word: type[Any]) -> list[Any]:
    """What stands between the same words, however many there are: they do not nest."""
    parts = []
    while isinstance(node, ast.BoolOp) and isinstance(node.op, word):
        parts.append(node.right)
        node = node.left
    return [node, *reversed(parts)]


def _compared(operator: Operator, left: Any, right: Any, types: Types) -> Condition:
    if not isinstance(left, ast.Identifier):
        left, right, operator = right, left, _TURNED[operator]
    name = _column(left, types)
    value = _value(name, right, types)
    if value is None and operator not in ("eq", "ne"):
        return Either(())  # nothing is less or more than null
    return Compared(name, operator, value)


def _spelled(how: str, args: list[Any], types: Types) -> Condition:
    name = _column(args[0], types)
    value = _value(name, args[1], types) if len(args) > 1 else None
    if not isinstance(value, str):
        raise BadOption(say("{how} compares the text of {name} with a text.", how=how, name=name))
    return Spelled(name, cast("Any", how), value)


def _column(node: Any, types: Types) -> str:
    match node:
        case ast.Identifier(name, ()):
            if name not in types:
                raise BadOption(say("There is no property {name!r}.", name=name))
            return str(name)
        case ast.Call(func, _):
            raise _unknown_function(func.name)
    raise _unknown_expression(type(node).__name__)


def _value(name: str, node: Any, types: Types) -> Value:
    kind, text = types[name], getattr(node, "val", None)
    try:
        match node:
            case ast.Null():
                return None
            case ast.String() if pa.types.is_string(kind):
                return str(text)
            case ast.Boolean() if pa.types.is_boolean(kind):
                return text == "true"
            case ast.Date() if pa.types.is_date(kind):
                return date.fromisoformat(str(text))
            case ast.Integer() | ast.Float() if pa.types.is_integer(kind):
                return int(_number(str(text)))
            case ast.Integer() | ast.Float() if pa.types.is_decimal(kind) or pa.types.is_floating(kind):
                return _number(str(text))
    except ValueError as error:
        raise BadOption(say("{name} cannot be compared with {text}.", name=name, text=str(text))) from error
    if text is None or isinstance(node, ast.List):
        raise _unknown_expression(type(node).__name__)
    raise BadOption(say("{name} ({kind}) cannot be compared with {text!r}.", name=name, kind=kind, text=text))


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if abs(number) >= _LARGEST:
        raise ValueError(text)
    return number


def _unknown_function(name: str) -> NotImplementedHere:
    return NotImplementedHere(
        say("The function {name} is not understood in $filter: use {known}.", name=name, known=_UNDERSTOOD)
    )


def _unknown_expression(name: str) -> NotImplementedHere:
    return NotImplementedHere(
        say("The expression {name} is not understood in $filter: use {known}.", name=name, known=_UNDERSTOOD)
    )
