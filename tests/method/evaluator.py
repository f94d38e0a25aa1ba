"""Recomputes the numbers of an explanation from its formulas and terms alone: none of the service's code is used."""

import ast
import math
import operator
from fractions import Fraction
from typing import Any

OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


def rounded(value: Fraction, coin: Fraction) -> Fraction:
    """To whole coins, half to even."""
    return round(value / coin) * coin


def share(year: Fraction, month: Fraction, coin: Fraction, *months: Fraction) -> Fraction:
    """The month's part of the year in whole coins; gains and losses apart."""
    gains, losses = [max(one, Fraction(0)) for one in months], [max(-one, Fraction(0)) for one in months]
    whole = int(year / coin)
    gained = int(rounded(sum(gains), coin) / coin) if any(losses) else whole
    parts = zip(largest_remainder(gained, gains), largest_remainder(whole - gained, losses), strict=True)
    return [gain + loss for gain, loss in parts][int(month) - 1] * coin


def largest_remainder(whole: int, weights: list[Fraction]) -> list[int]:
    if not any(weights):
        return [0] * len(weights)
    exact = [abs(whole) * weight / sum(weights) for weight in weights]
    shares = [int(one) for one in exact]
    order = sorted(range(len(weights)), key=lambda place: (shares[place] - exact[place], place))
    for place in order[: abs(whole) - sum(shares)]:
        shares[place] += 1
    return [one if whole >= 0 else -one for one in shares]


FUNCTIONS: dict[str, Any] = {
    "max": max,
    "min": min,
    "ceil": lambda value: Fraction(math.ceil(value)),
    "rounded": rounded,
    "share": share,
}


def evaluate(formula: str, terms: dict[str, Fraction]) -> Fraction:
    return _value(ast.parse(formula, mode="eval").body, terms)


def _value(node: ast.AST, terms: dict[str, Fraction]) -> Fraction:
    match node:
        case ast.Constant(value=value):
            return Fraction(str(value))
        case ast.Name(id=name):
            return terms[name]
        case ast.BinOp(left=left, op=how, right=right):
            found = OPERATORS[type(how)](_value(left, terms), _value(right, terms))
            return Fraction(found)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, terms)
        case ast.Call(func=ast.Name(id=name), args=args):
            return Fraction(FUNCTIONS[name](*(_value(one, terms) for one in args)))
    raise AssertionError(ast.dump(node))


def recomputed(numbers: list[dict[str, Any]]) -> dict[str, Fraction]:
    """Every number: one with a formula from its terms, which are recomputed themselves, the others as they stand."""
    by_name = {one["number"]: one for one in numbers}
    found: dict[str, Fraction] = {}

    def value(name: str) -> Fraction:
        if name not in found:
            one = by_name[name]
            if one["formula"] is None:
                found[name] = Fraction(one["value"])
            else:
                found[name] = evaluate(one["formula"], {term["name"]: value(term["number"]) for term in one["terms"]})
        return found[name]

    return {name: value(name) for name in by_name}
