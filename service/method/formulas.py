"""Formulas as text: `+ − * /`, parentheses, numbers and names. The text that is shown is the text that is executed.

Parsed with `ast` on a white list of nodes, evaluated exactly with Fractions.
"""

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

Quantities = Mapping[str, Fraction | None]
_OPERATORS: Mapping[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
}


class BadFormula(ValueError):
    """The text is not a formula."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A value, or the reason why there is none."""

    value: Fraction | None
    reason: str | None


class _None(Exception):
    """A formula has no value here."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A parsed formula; `names` are the quantities it needs."""

    text: str
    names: frozenset[str]
    _tree: ast.expr

    @classmethod
    def parse(cls, text: str) -> "Formula":
        """Raises BadFormula, naming what is not allowed."""
        try:
            tree = ast.parse(text, mode="eval").body
        except SyntaxError as error:
            raise BadFormula(f"{text!r} is not a formula: {error.msg}") from error
        names = frozenset(_checked(tree, text))
        return cls(text, names, tree)

    def evaluate(self, quantities: Quantities) -> Outcome:
        """None with a reason where a quantity is missing or a denominator is 0."""
        try:
            return Outcome(_value(self._tree, quantities), None)
        except _None as none:
            return Outcome(None, str(none))


def _checked(node: ast.expr, text: str) -> set[str]:
    """The names in a tree of allowed nodes."""
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div(), right=right):
            return _checked(left, text) | _checked(right, text)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _checked(operand, text)
        case ast.Name(id=name):
            return {name}
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool) and math.isfinite(number):
            return set()
    raise BadFormula(f"{text!r}: {ast.unparse(node)} is not allowed in a formula")


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
