from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.method.formulas import MOST_NESTED, MOST_TERMS, BadFormula, Formula, UnitClash
from service.method.units import NUMBER, OF_QUANTITIES, Dimension

MONEY, HOURS = OF_QUANTITIES["money"], OF_QUANTITIES["hours"]
UNITS = {"revenue": MONEY, "cost": MONEY, "hours": HOURS, "orders": NUMBER}


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
        "1or a",
        "1_000",
        "0x10",
        "007",
        "1e13",
        "1e-13",
        "0.1234567890123456",
        "9" * 400,
        "not a",
        "a if b",
        "ａ",
        "a\0",
        "a # b",
        "(" * 240 + "a" + ")" * 240,
        "-" * 400 + "a",
        "a" * 501,
        " + ".join("a" for _ in range(MOST_NESTED + 1)),
        f"({' + '.join(['a * a * a'] * 20)}) * ({' + '.join(['a * a * a'] * 20)})",
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


def test_the_depth_that_is_allowed_can_be_used() -> None:
    ones = {"a": Fraction(1)}
    assert Formula.parse("+".join("a" * MOST_NESTED)).evaluate(ones).value == MOST_NESTED
    assert Formula.parse("(" * 150 + "a" + ")" * 150).evaluate(ones).value == 1


def test_a_formula_that_grows_too_large_by_the_formulas_in_it_is_refused() -> None:
    double = Formula.parse("a * a * a * a")
    for _ in range(2):
        double = Formula.parse("b * b * b * b").expanded({"b": double})
    with pytest.raises(BadFormula, match=str(MOST_TERMS)):
        Formula.parse("b * b * b").expanded({"b": double})


def test_names_are_replaced_by_their_formulas() -> None:
    formula = Formula.parse("-a / b - 2").expanded({"b": Formula.parse("c - d"), "unused": Formula.parse("e")})
    assert formula.text == "-a / (c - d) - 2"
    assert formula.names == {"a", "c", "d"}


@pytest.mark.parametrize(
    "text, unit",
    [
        ("revenue", "money"),
        ("revenue / cost - 1", "number"),
        ("-revenue + cost", "money"),
        ("revenue / hours / hours", "money / hours^2"),
        ("orders / hours", "1 / hours"),
        ("revenue * cost * hours", "money^2 · hours"),
        ("2 * orders", "number"),
    ],
)
def test_the_unit_of_a_formula(text: str, unit: str) -> None:
    assert str(Formula.parse(text).dimension(UNITS)) == unit


def test_different_units_cannot_be_added() -> None:
    message = "revenue / hours - orders adds different units: revenue / hours is money / hours, orders is number"
    with pytest.raises(UnitClash, match=message):
        Formula.parse("revenue / hours - orders").dimension(UNITS)


FORMULAS = st.recursive(
    st.sampled_from(["a", "b", "c", "2", "0.25", "3e-2"]),
    lambda part: st.one_of(
        st.builds(lambda left, sign, right: f"({left} {sign} {right})", part, st.sampled_from("+-*/"), part),
        st.builds(lambda left, sign, right: f"{left} {sign} {right}", part, st.sampled_from("+-*/"), part),
        st.builds(lambda operand: f"-({operand})", part),
    ),
    max_leaves=20,
)
VALUES = st.fixed_dictionaries({name: st.fractions(-100, 100, max_denominator=50) for name in "abc"})


@given(FORMULAS, VALUES)
def test_the_text_that_is_told_is_the_formula_that_is_executed(text: str, values: dict[str, Fraction]) -> None:
    formula = Formula.parse(text).expanded({})
    assert (
        Formula.parse(formula.text).evaluate(values) == formula.evaluate(values) == Formula.parse(text).evaluate(values)
    )


@given(FORMULAS, FORMULAS, VALUES)
def test_a_formula_in_a_formula_is_its_value(outer: str, inner: str, values: dict[str, Fraction]) -> None:
    definition = Formula.parse(inner)
    inside = definition.evaluate(values).value
    if inside is not None:
        together = Formula.parse(outer).expanded({"a": definition})
        assert together.evaluate(values).value == Formula.parse(outer).evaluate(values | {"a": inside}).value


DIMENSIONS = st.builds(lambda powers: Dimension(tuple(powers)), st.lists(st.integers(-3, 3), min_size=5, max_size=5))


@given(DIMENSIONS, DIMENSIONS, DIMENSIONS)
def test_units_multiply_as_numbers_do(one: Dimension, other: Dimension, third: Dimension) -> None:
    assert one * other == other * one
    assert (one * other) * third == one * (other * third)
    assert (one * other) / other == one
    assert one / one == NUMBER


@given(FORMULAS, VALUES, st.fractions("1/9", 9, max_denominator=9))
def test_what_units_say_holds_for_a_change_of_the_measure(text: str, values: dict[str, Fraction], by: Fraction) -> None:
    """Measured in a unit `by` times as small, a formula of dimension moneyⁿ becomes byⁿ times as large."""
    formula = Formula.parse(text)
    try:
        power = formula.dimension({"a": MONEY, "b": MONEY, "c": NUMBER}).exponents[0]
    except UnitClash:
        return
    before = formula.evaluate(values).value
    after = formula.evaluate(values | {"a": values["a"] * by, "b": values["b"] * by}).value
    assert (before is None) == (after is None)
    if before is not None:
        assert after == before * by**power
