from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.method.formulas import BadFormula, Formula


@pytest.mark.parametrize(
    "text, value",
    [
        ("a + b * 2", 7),
        ("(a + b) * 2", 8),
        ("-a / b", Fraction(-1, 3)),
        ("a - 0.1", Fraction(9, 10)),
        ("7", 7),
        ("a * 2.5e-1", Fraction(1, 4)),
    ],
)
def test_a_formula_is_evaluated_exactly(text: str, value: Fraction) -> None:
    assert Formula.parse(text).evaluate({"a": Fraction(1), "b": Fraction(3)}).value == value


def test_a_zero_denominator_has_a_reason_and_no_value() -> None:
    outcome = Formula.parse("a / (b - b)").evaluate({"a": Fraction(1), "b": Fraction(3)})
    assert (outcome.value, outcome.reason) == (None, "b - b is 0")


def test_a_missing_quantity_has_a_reason_and_no_value() -> None:
    outcome = Formula.parse("a / fte").evaluate({"a": Fraction(1), "fte": None})
    assert (outcome.value, outcome.reason) == (None, "fte is not known here")


@pytest.mark.parametrize(
    "text",
    [
        "a ** 2",
        "f(a)",
        "a.b",
        "a[0]",
        "'x'",
        "True",
        "a if a else b",
        "a <",
        "",
        "lambda: 1",
        "a; b",
        "a // b",
        "+a",
        "1e999 * a",
        "1j",
    ],
)
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(BadFormula):
        Formula.parse(text)


def test_names_are_told() -> None:
    assert Formula.parse("revenue / (orders + revenue)").names == {"revenue", "orders"}


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_a_sum_is_undone_by_its_difference(a: int, b: int) -> None:
    values = {"a": Fraction(a), "b": Fraction(b)}
    assert Formula.parse("a + b - b").evaluate(values).value == a
