"""Documents of method versions: what is refused, and with which words. Nothing here needs a database."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BadBody, DocumentRefused
from service.operations.method_documents import JSON, YAML, canonical, read, write
from service.operations.methods import standard
from tests.documents import HALF, document

BAD: list[tuple[str, Any, list[tuple[str, str]]]] = [
    ("nothing", {}, [(name, "missing") for name in document() if name != "indicators"]),
    ("a list", [], [("document", "model_type")]),
    ("a word", '"house-1"', [("document", "model_type")]),
    ("null", "null", [("document", "model_type")]),
    ("an unknown group", document(abcd={}), [("abcd", "extra_forbidden")]),
    ("an unknown parameter", document(plan__shrink=1), [("plan.shrink", "extra_forbidden")]),
    ("a bad id", document(id="house 1"), [("id", "string_pattern_mismatch")]),
    ("an id with NUL", document(id="house\0"), [("id", "string_pattern_mismatch")]),
    ("a title with NUL", document(title="a\0b"), [("title", "string_pattern_mismatch")]),
    ("a month that is none", document(valid_from="2025-13"), [("valid_from", "string_pattern_mismatch")]),
    ("the year 0000", document(valid_from="0000-01"), [("valid_from", "value_error")]),
    ("a share above 1", document(abc__a="1.5"), [("abc.a", "less_than_equal")]),
    ("a share that is no number", document(abc__a="NaN"), [("abc.a", "finite_number")]),
    ("a share with too many digits", document(abc__a="0." + "1" * 50), [("abc.a", "decimal_max_digits")]),
    ("a share of 1e400", document(abc__a="1e400"), [("abc.a", "decimal_max_digits")]),
    ("limits out of order", document(abc__a="0.99"), [("abc", "value_error")]),
    ("a negative number", document(plan__shrinkage=-1), [("plan.shrinkage", "greater_than_equal")]),
    ("a giant number", document(plan__shrinkage=10**400), [("plan.shrinkage", "float_type")]),
    ("true for a number", document(plan__shrinkage=True), [("plan.shrinkage", "value_error")]),
    (
        "a number for exact money",
        document(segments__grow_gap_at_least=0),
        [("segments.grow_gap_at_least", "value_error")],
    ),
    ("a number for an exact share", document(abc__a=0.8), [("abc.a", "value_error")]),
    ("a word for a number", document(plan__shrinkage="5"), [("plan.shrinkage", "value_error")]),
    ("a class too few", document(plan__capture={"A": 1, "B": 1}), [("plan.capture", "value_error")]),
    ("a long channel", document(potential__limits={"x" * 9999: 1}), [("potential.limits." + "x" * 183, "")] * 2),
    (
        "several at once",
        document(abc__a="2", plan__shrinkage=-1),
        [("abc.a", "less_than_equal"), ("plan.shrinkage", "greater_than_equal")],
    ),
    ("an unknown name", document(indicators=[HALF | {"formula": "profit / 2"}]), [("0.formula", "unknown_name")]),
    ("an unknown n", document(indicators=[HALF | {"n": "profit"}]), [("0.n", "unknown_name")]),
    ("an unknown unit", document(indicators=[HALF | {"unit": "roubles"}]), [("0.unit", "literal_error")]),
    ("an unknown field", document(indicators=[HALF | {"color": "red"}]), [("0.color", "extra_forbidden")]),
    (
        "a cycle",
        document(indicators=[HALF | {"id": "a1", "formula": "b1"}, HALF | {"id": "b1", "formula": "a1"}]),
        [("0.formula", "cycle")],
    ),
    ("a unit clash", document(indicators=[HALF | {"formula": "revenue + orders"}]), [("0.formula", "unit_clash")]),
    ("a unit that does not fit", document(indicators=[HALF | {"formula": "revenue"}]), [("0.unit", "unit_clash")]),
    ("a quantity's id", document(indicators=[HALF | {"id": "orders"}]), [("0.id", "shadows_quantity")]),
    ("an indicator's id", document(indicators=[HALF | {"id": "load"}]), [("0.id", "shadows_indicator")]),
    (
        "the id of one without values",
        document(indicators=[HALF | {"id": "price_index"}]),
        [("0.id", "shadows_indicator")],
    ),
    ("the same id twice", document(indicators=[HALF, HALF]), [("1.id", "duplicate_id")]),
    ("a call", document(indicators=[HALF | {"formula": "__import__('os')"}]), [("0.formula", "bad_formula")]),
    ("a power", document(indicators=[HALF | {"formula": "wins ** 99"}]), [("0.formula", "bad_formula")]),
    ("a deep formula", document(indicators=[HALF | {"formula": "-" * 400 + "wins"}]), [("0.formula", "bad_formula")]),
    (
        "many parentheses",
        document(indicators=[HALF | {"formula": "(" * 249 + "1" + ")" * 249}]),
        [("0.formula", "bad_formula")],
    ),
    ("a long formula", document(indicators=[HALF | {"formula": "1" * 1000}]), [("0.formula", "string_too_long")]),
    ("a giant constant", document(indicators=[HALF | {"formula": "9" * 400}]), [("0.formula", "bad_formula")]),
    ("too many", document(indicators=[HALF | {"id": f"i{n}"} for n in range(101)]), [("", "too_long")]),
]


@pytest.mark.parametrize("_name, body, expected", BAD, ids=[case[0] for case in BAD])
def test_what_is_wrong_in_a_document_is_told_with_its_place(
    _name: str, body: Any, expected: list[tuple[str, str]]
) -> None:
    with pytest.raises(DocumentRefused) as caught:
        read((body if isinstance(body, str) else json.dumps(body)).encode(), JSON)
    for found, (place, code) in zip(caught.value.problems, expected, strict=True):
        assert str(found.column).removeprefix("indicators").removeprefix(".") == place
        assert code in found.code
        assert found.message


ODD_YAML = ["", "a", "5", ".inf", "a: .nan", "a: 1:30.5", "a: 2026-01-01", "a: !!binary aGk=", "? 1\n: 2"]
DOUBLED = '{"id": "a", "id": "b"}'
UNREADABLE = [
    (JSON, ""),
    (JSON, "{"),
    (JSON, "[" * 100_000),
    (JSON, '{"a": NaN}'),
    (JSON, '{"a": ' + "1" * 5000 + "}"),
    (JSON, '{"\\ud800": 1}'),
    (JSON, DOUBLED),
    (JSON, b"\xff\xfe"),
    (JSON, "{} {}"),
    (YAML, "a: [" * 1000),
    (YAML, "a: &x [1, 2]\nb: *x"),
    (YAML, "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]"),
    (YAML, "a: &x {b: 1}\nc:\n  <<: *x"),
    (YAML, "a: 1\na: 2"),
    (YAML, "a: !!python/object/apply:os.system [ls]"),
    (YAML, "a: !own 1"),
    (YAML, "a: 1\n---\na: 2"),
    (YAML, "a: \0"),
    (YAML, "1.5: 2"),
    (YAML, "? [1]\n: 2"),
    (YAML, '"\\ud800": 1'),
    (YAML, "a: " + "1" * 5000),
    (YAML, "a: 2026-99-99"),
]


@pytest.mark.parametrize("kind, body", UNREADABLE, ids=[f"{kind} {body[:12]!r}" for kind, body in UNREADABLE])
def test_what_is_no_document_is_refused(kind: str, body: str | bytes) -> None:
    with pytest.raises(BadBody):
        read(body.encode() if isinstance(body, str) else body, kind)


@pytest.mark.parametrize("text", ODD_YAML)
def test_odd_yaml_is_refused_in_words(text: str) -> None:
    with pytest.raises(DocumentRefused):
        read(text.encode(), YAML)


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=120),
    st.decimals(0, 10**6, places=4),
    st.floats(0, 1e6),
    st.sampled_from([JSON, YAML]),
)
def test_what_is_written_is_read_as_the_same(title: str, gap: Any, hours: float, kind: str) -> None:
    body = document(title=title, segments__grow_gap_at_least=str(gap), resources__hours_an_order=hours)
    parameters = read(json.dumps(body).encode(), JSON)
    assert canonical(read(write(parameters, kind).encode(), kind)) == canonical(parameters)


def test_the_standard_method_is_a_document() -> None:
    assert read(write(standard(), YAML).encode(), YAML) == standard()
