"""Formulas as text: `+ − * /`, parentheses, numbers and names. The text that is shown is the text that is executed.

Parsed with `ast` on a white list of tokens and nodes, evaluated exactly with Fractions. Anybody may send one, so its
length, its depth and its numbers are bounded.
"""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from service.method.units import NUMBER, Dimension
from service.wording import Message, say

Quantities = Mapping[str, Fraction | None]
_OPERATORS: Mapping[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
}
MOST_CHARACTERS = 500
MOST_NESTED = 50
MOST_TERMS = 200
"""Names, numbers and operators of a formula, after the indicators in it were replaced by theirs."""
_DIGITS = 15
"""A number with more digits would lose some as it is read."""
_LARGEST = 10**12
_TOKEN = re.compile(r"\s+|[A-Za-z_]\w*|(?P<number>\d+(\.\d+)?([eE][+-]?\d+)?(?![\w.]))|[-+*/()]", re.ASCII)


class BadFormula(ValueError):
    """The text is not a formula."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message


class UnitClash(BadFormula):
    """It adds what cannot be added."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A value, or the reason why there is none."""

    value: Fraction | None
    reason: str | None


class _None(Exception):
    """A formula has no value here."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A parsed formula; `names` are the quantities (or indicators) in it."""

    text: str
    names: frozenset[str]
    _tree: ast.expr

    @classmethod
    def parse(cls, text: str) -> "Formula":
        """Raises BadFormula, naming what is not allowed."""
        _scan(text)
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, RecursionError, MemoryError) as error:
            raise BadFormula(
                say("{text!r} is not a formula: {error}", text=text, error=getattr(error, "msg", _too_deep()))
            ) from error
        # Sizes first: what walks a tree to its depth must not be the one to find out how deep it is.
        _measure(tree)
        return cls(text, frozenset(_checked(tree, text)), tree)

    def expanded(self, definitions: Mapping[str, "Formula"]) -> "Formula":
        """The same with these names replaced by their formulas. Raises BadFormula where it grows too large."""
        trees = {name: definition._tree for name, definition in definitions.items()}  # noqa: SLF001 - its own kind
        tree = _replaced(self._tree, trees)
        _measure(tree)
        text = ast.unparse(tree)
        return Formula(text, frozenset(_checked(tree, text)), tree)

    def evaluate(self, quantities: Quantities) -> Outcome:
        """None with a reason where a quantity is missing or a denominator is 0."""
        try:
            return Outcome(_value(self._tree, quantities), None)
        except _None as none:
            return Outcome(None, str(none))

    def dimension(self, of: Mapping[str, Dimension]) -> Dimension:
        """What it yields, from what its names are. Raises UnitClash where it adds different units."""
        return _dimension(self._tree, of)


def _scan(text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        raise BadFormula(
            say("a formula has at most {most} characters, not {count}", most=MOST_CHARACTERS, count=len(text))
        )
    place = 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            raise BadFormula(
                say(
                    "{text!r}: {part!r} is not allowed: write names, numbers, + - * / and parentheses",
                    text=text,
                    part=text[place : place + 10],
                )
            )
        number = token["number"]
        if number and sum(sign.isdigit() for sign in number) > _DIGITS:
            raise BadFormula(say("{number} has more than {digits} digits", number=number, digits=_DIGITS))
        place = token.end()


def _measure(tree: ast.expr) -> None:
    """Refuse a tree that is too deep or too large, walking it level by level."""
    level, depth, terms = [tree], 0, 0
    while level:
        depth, terms = depth + 1, terms + len(level)
        if depth > MOST_NESTED:
            raise BadFormula(_too_deep())
        if terms > MOST_TERMS:
            raise BadFormula(say("it has more than {most} names, numbers and operators; divide it", most=MOST_TERMS))
        level = [child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]


def _too_deep() -> Message:
    return say("it is nested more than {most} deep; a sum of many parts counts each part", most=MOST_NESTED)


def _checked(node: ast.expr, text: str) -> set[str]:
    """The names in a tree of allowed nodes."""
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div(), right=right):
            return _checked(left, text) | _checked(right, text)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _checked(operand, text)
        case ast.Name(id=name):
            return {name}
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            if number and not Fraction(1, _LARGEST) <= abs(number) <= _LARGEST:
                raise BadFormula(say("{text!r}: numbers lie between 1e-12 and 1e12", text=text))
            return set()
    raise BadFormula(say("{text!r}: {node} is not allowed in a formula", text=text, node=ast.unparse(node)))


def _replaced(node: ast.expr, trees: Mapping[str, ast.expr]) -> ast.expr:
    match node:
        case ast.BinOp(left=left, op=operator, right=right):
            return ast.BinOp(_replaced(left, trees), operator, _replaced(right, trees))
        case ast.UnaryOp(op=operator, operand=operand):
            return ast.UnaryOp(operator, _replaced(operand, trees))
        case ast.Name(id=name):
            return trees.get(name, node)
    return node


def _value(node: ast.expr, quantities: Quantities) -> Fraction:
    match node:
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            below = _value(right, quantities)
            if below == 0:
                raise _None(f"{ast.unparse(right)} is 0")
            return _value(left, quantities) / below
        case ast.BinOp(left=left, op=operator, right=right):
            return _OPERATORS[type(operator)](_value(left, quantities), _value(right, quantities))
        case ast.UnaryOp(operand=operand):
            return -_value(operand, quantities)
        case ast.Name(id=name):
            quantity = quantities[name]
            if quantity is None:
                raise _None(f"{name} is not known here")
            return quantity
    # What is left is a number, taken as it is written: 0.1 is a tenth.
    return Fraction(ast.unparse(node))


def _dimension(node: ast.expr, of: Mapping[str, Dimension]) -> Dimension:
    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _dimension(left, of) * _dimension(right, of)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _dimension(left, of) / _dimension(right, of)
        case ast.BinOp(left=left, right=right):
            one, other = _dimension(left, of), _dimension(right, of)
            if one != other:
                raise UnitClash(
                    say(
                        "{node} adds different units: {left} is {one}, {right} is {other}",
                        node=ast.unparse(node),
                        left=ast.unparse(left),
                        one=str(one),
                        right=ast.unparse(right),
                        other=str(other),
                    )
                )
            return one
        case ast.UnaryOp(operand=operand):
            return _dimension(operand, of)
        case ast.Name(id=name):
            return of[name]
    return NUMBER
