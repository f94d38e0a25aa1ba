"""JSON and NDJSON: flat objects of text and of numbers as they are written; everything else is refused at its place."""

import contextlib
import json
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BadBody, KontorError, RowsRefused
from service.forms import objects
from service.forms.batches import BATCH_ROWS, KEPT_PROBLEMS
from service.forms.catalogue import FORMS
from service.forms.objects import LONGEST_LINE, read_json, read_ndjson
from tests.forms.tables import STATISTICS, Cells, cells, checked, checked_json

BOTH = pytest.mark.parametrize("reader", [read_json, read_ndjson], ids=["JSON", "NDJSON"])
LINE = '{"period": "2025-01"}'


def from_json(body: str | bytes, form: str = "statistics") -> Cells:
    return cells(body, FORMS[form], read_json)


def from_ndjson(body: str | bytes, form: str = "statistics") -> Cells:
    return cells(body, FORMS[form], read_ndjson)


def refused(body: str | bytes, reader: Any) -> str:
    """The words in which a body is refused as a whole."""
    with pytest.raises(BadBody) as caught:
        cells(body, STATISTICS, reader)
    return caught.value.detail


def written(rows: list[Any], reader: Any) -> str:
    return json.dumps(rows) if reader is read_json else "\n".join(map(json.dumps, rows))


@pytest.mark.parametrize(
    "body, words",
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"[{", "not JSON"),
        (b"[" + LINE.encode(), "not JSON"),
        (LINE.encode(), "array"),
        (b"{}", "array"),
        (b"NaN", "array"),
        (b"1", "array"),
        (b"null", "array"),
        (b'"rows"', "array"),
        (b"[" * 100_000, "nested"),
        (b'[{"period": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]", "nested"),
        (b'{"a":' * 100_000, "nested"),
        (b'[{"period": "\xff"}]', "byte 14 is 0xff"),
        (b'[{"period": "\xc0\xaf"}]', "byte 14 is 0xc0"),
        (b'[{"period": "\xed\xa0\x80"}]', "byte 14 is 0xed"),
        (f"[{LINE}]".encode("utf-16"), "byte 1 is 0xff"),
        (f"[{LINE}]".encode("utf-16-le"), "not JSON"),
        (f"[{LINE}]".encode("utf-32"), "byte 1 is 0xff"),
        (f"[{LINE},]".encode(), "not JSON"),
        (b'[{"period": "2025-01",}]', "not JSON"),
        (b"[{'period': '2025-01'}]", "not JSON"),
        (b"[{period: 1}]", "not JSON"),
        (b'[{"period": 01}]', "not JSON"),
        (b'[{"period": 1_000}]', "not JSON"),
        (b'[{"period": +1}]', "not JSON"),
        (b'[{"period": .5}]', "not JSON"),
        (b'[{"period": 0x10}]', "not JSON"),
        ('[{"period": ١}]'.encode(), "not JSON"),
        (b'[{"period": "a\nb"}]', "not JSON"),
        (b'[{"period": "a\0b"}]', "not JSON"),
        (b'[{"period": "\\x41"}]', "not JSON"),
        (f"[{LINE}] // a comment".encode(), "not JSON"),
        (f"[{LINE}][{LINE}]".encode(), "not JSON"),
        (f"[{LINE}]\0".encode(), "not JSON"),
        (b"period\n2025-01\n", "not JSON"),
        (b"PK\x03\x04", "not JSON"),
    ],
)
def test_what_is_not_a_json_array_is_refused_as_a_whole(body: bytes, words: str) -> None:
    assert words in refused(body, read_json)


@pytest.mark.parametrize(
    "body, words",
    [
        (LINE.encode() + b"\n{\n", "Line 2 is not JSON"),
        (b"{\n}\n", "Line 1 is not JSON"),
        ((LINE + LINE).encode(), "Line 1 is not JSON"),
        ((LINE + "\r" + LINE).encode(), "Line 1 is not JSON"),
        (LINE.encode() + b"\n\xff\n", "byte 1 is 0xff"),
        ((LINE + "\n").encode("utf-16"), "byte 1 is 0xff"),
        (b"[" * 100_000, "nested"),
        (b'{"period": "' + b"x" * LONGEST_LINE + b'"}', "Line 1 is longer"),
        (b" " * LONGEST_LINE + b" \n", "Line 1 is longer"),
    ],
)
def test_a_line_that_is_not_json_is_refused_by_its_number(body: bytes, words: str) -> None:
    assert words in refused(body, read_ndjson)


@pytest.mark.parametrize(
    "body, reader", [("[]", read_json), (" [ ] ", read_json), ("", read_ndjson), ("\n \r\n", read_ndjson)]
)
def test_a_table_without_rows_says_so(body: str, reader: Any) -> None:
    with pytest.raises(RowsRefused) as caught:
        cells(body, STATISTICS, reader)
    assert [(one.row, one.column, one.code) for one in caught.value.problems] == [(None, None, "no_rows")]


def test_a_row_of_json_has_its_place_and_one_of_ndjson_its_line() -> None:
    first, second = '{"period": "2025-01"}', '{"period": "2025-02"}'
    for body in (f"[{first}, {second}]", f"\ufeff[{first},\n{second}]\n"):
        found = from_json(body)
        assert (found.columns["period"], found.rows, found.received) == (["2025-01", "2025-02"], [1, 2], 2)
    for body in (f"{first}\n\n{second}", f"\ufeff{first}\r\n\r\n{second}\r\n", f"{first}\n \t\n{second}\n"):
        found = from_ndjson(body)
        assert (found.columns["period"], found.rows, found.received) == (["2025-01", "2025-02"], [1, 3], 2)


@BOTH
def test_a_field_that_is_absent_null_or_empty_is_an_empty_cell(reader: Any) -> None:
    rows = [{"period": "2025-01"}, {"period": "2025-01", "customer": None}, {"period": "", "customer": ""}]
    found = cells(written(rows, reader), STATISTICS, reader)
    assert found.columns["customer"] == ["", "", ""]
    assert found.columns["period"] == ["2025-01", "2025-01", ""]
    assert found.count == 0


@pytest.mark.parametrize(
    "item, column, code, value",
    [
        ('{"period": "2025-01", "revenu": 1}', "revenu", "unknown_column", None),
        ('{"period": "2025-01", "id": 1}', "id", "unknown_column", None),
        ('{"period": "2025-01", "created_at": 1}', "created_at", "unknown_column", None),
        ('{"period": "2025-01", "__class__": 1}', "__class__", "unknown_column", None),
        ('{"period": "2025-01", "$ref": 1}', "$ref", "unknown_column", None),
        ('{"period": "2025-01", "": 1}', "", "unknown_column", None),
        ('{"period": "2025-01", "Period": 1}', "Period", "unknown_column", None),
        ('{"period": "2025-01", "period": "2025-02"}', "period", "duplicate_column", None),
        ('{"period": "2025-01", "period": "2025-01"}', "period", "duplicate_column", None),
        ('{"period": "2025-01", "peri\\u006fd": "2025-02"}', "period", "duplicate_column", None),
        ("5", None, "wrong_type", "5"),
        ("null", None, "wrong_type", ""),
        ("true", None, "wrong_type", "true"),
        ("NaN", None, "wrong_type", "NaN"),
        ("1e999", None, "wrong_type", "1e999"),
        ('["2025-01"]', None, "wrong_type", "[…]"),
        ("[" * 900 + "]" * 900, None, "wrong_type", "[…]"),
        ('"2025-01"', None, "wrong_type", "2025-01"),
        ('"\\ud800\\u0000"', None, "wrong_type", "?"),
    ],
)
def test_an_item_that_is_no_row_is_refused_and_the_others_are_read(
    item: str, column: str | None, code: str, value: str | None
) -> None:
    items = [LINE, item, LINE]
    for found in (from_json(f"[{','.join(items)}]"), from_ndjson("\n".join(items))):
        assert (found.rows, found.columns["period"], found.received) == ([1, 3], ["2025-01", "2025-01"], 3)
        assert [(one.row, one.column, one.code, one.value) for one in found.problems] == [(2, column, code, value)]


@pytest.mark.parametrize(
    "cell, code, value",
    [
        ("true", "wrong_type", "true"),
        ("false", "wrong_type", "false"),
        ("[1]", "wrong_type", "[…]"),
        ("{}", "wrong_type", "{…}"),
        ('{"a":' * 900 + "1" + "}" * 900, "wrong_type", "{…}"),
        ("NaN", "not_a_number", "NaN"),
        ("Infinity", "not_a_number", "Infinity"),
        ("-Infinity", "not_a_number", "-Infinity"),
        ("1e5", "too_many_digits", "1e5"),
        ("1E+2", "too_many_digits", "1E+2"),
        ("1E-2", "too_many_digits", "1E-2"),
        ("1e400", "too_many_digits", "1e400"),
        ("1e999", "too_many_digits", "1e999"),
        ("-1e200000", "too_many_digits", "-1e200000"),
        ("1.234567890123456", "too_many_digits", "1.234567890123456"),
        ("90071992547409.93", "too_many_digits", "90071992547409.93"),
        ("9999999999999999.99", "too_many_digits", "9999999999999999.99"),
        ("0." + "1" * 60, "too_many_digits", "0." + "1" * 60),
        ("1" * 40, "too_many_digits", "1" * 40),
        ("1" + "0" * 400, "too_many_digits", "1" + "0" * 79),
        ("1" * 10_000, "too_many_digits", "1" * 80),
        ('"\\ud800"', "bad_text", "?"),
        ('"\\udc00\\ud800"', "bad_text", "??"),
        ('"1\\u00002"', "bad_text", "12"),
    ],
)
def test_a_value_that_is_no_cell_is_refused_at_its_place(cell: str, code: str, value: str) -> None:
    item = f'{{"period": "2025-01", "revenue": {cell}}}'
    for found in (from_json(f"[{LINE}, {item}]"), from_ndjson(f"{LINE}\n{item}\n")):
        assert [(one.row, one.column, one.code, one.value) for one in found.problems] == [(2, "revenue", code, value)]
        assert (found.rows, found.columns["revenue"]) == ([1, 2], ["", None])


@pytest.mark.parametrize(
    "cell, text",
    [
        ("0", "0"),
        ("-0", "-0"),
        ("-0.0", "-0.0"),
        ("0.1", "0.1"),
        ("0.00", "0.00"),
        ("2.675", "2.675"),
        ("1.10", "1.10"),
        ("123456789012.345", "123456789012.345"),
        ("0.000000000000001", "0.000000000000001"),
        ('"1e5"', "1e5"),
        ('"١"', "١"),
        ('"\\u00e4\\ud83d\\ude00"', "ä😀"),
        ('"90071992547409.93"', "90071992547409.93"),
        ("null", ""),
    ],
)
def test_a_number_or_text_is_taken_letter_by_letter(cell: str, text: str) -> None:
    item = f'{{"period": "2025-01", "revenue": {cell}}}'
    for found in (from_json(f"[{item}]"), from_ndjson(item)):
        assert (found.columns["revenue"], found.count) == ([text], 0)


def test_a_number_is_no_text_although_the_same_digits_as_text_are() -> None:
    found = checked_json('[{"period": "2025-01", "customer": "7"}, {"period": "2025-01", "customer": 7}]')
    assert [(one.row, one.column, one.code, one.value) for one in found.problems] == [
        (2, "customer", "wrong_type", "7")
    ]
    assert found.columns["customer"] == ["7"]


@pytest.mark.parametrize("cell, value", [("true", 1), ("false", 0), ('"true"', 1), ('""', 0), ("null", 0)])
def test_true_and_false_are_cells_of_flags(cell: str, value: int) -> None:
    found = checked_json(f'[{{"period": "2025-01", "deleted": {cell}}}]')
    assert (found.columns["deleted"], found.problems) == ([value], [])


@pytest.mark.parametrize("cell", ["1", "0", '"True"', '"1"', '"yes"', '"TRUE"'])
def test_nothing_else_is_a_flag(cell: str) -> None:
    assert checked_json(f'[{{"period": "2025-01", "deleted": {cell}}}]').told[0][:2] == (1, "deleted")


@BOTH
def test_rows_keep_their_numbers_over_many_batches(reader: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "BATCH_ROWS", 7)
    rows: list[Any] = [{"period": "2025-01", "customer": f"C{number}"} for number in range(1, 51)]
    rows[9], rows[22] = 5, {"customer": True}
    found = cells(written(rows, reader), STATISTICS, reader)
    assert found.rows == [number for number in range(1, 51) if number != 10]
    assert [found.columns["customer"][place] for place in (0, 8, 9, 48)] == ["C1", "C9", "C11", "C50"]
    assert found.columns["customer"][21] is None
    assert (found.told, found.received) == ([(10, None, "wrong_type"), (23, "customer", "wrong_type")], 50)


def test_a_batch_of_rows_that_are_none_is_counted() -> None:
    count = BATCH_ROWS + 10
    found = from_json("[" + ",".join(["5"] * count) + "]")
    assert (found.rows, found.received, found.count) == ([], count, count)
    assert len(found.problems) == KEPT_PROBLEMS + 10


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([{"period": "2025-01", f"revenu{number}": 1} for number in range(50_000)]),
        json.dumps([{f"revenu{number}": 1 for number in range(50_000)}]),
        json.dumps([{f"k{number}": 1 for number in range(50_000)}])[:-2] + ', "z": 1, "z": 2}]',
        json.dumps([{"period": [[[number] * 10] * 10]} for number in range(10_000)]),
    ],
    ids=["a strange field in each row", "many strange fields in a row", "a field twice among many", "lists"],
)
def test_strange_fields_by_the_thousand_cost_little(text: str) -> None:
    begin = process_time()
    found = from_json(text)
    assert process_time() - begin < 5, "each of them was compared with all the others"
    assert found.count >= 10_000
    assert len(found.problems) <= KEPT_PROBLEMS + 1


@pytest.mark.parametrize(
    "text",
    [
        '[{"period": "2025-01", "\\ud800": 1}]',
        '[{"period": "2025-01", "\\u0000": 1}]',
        '[{"\\ud800": 1, "\\ud800": 2}]',
        '["\\ud800"]',
        '[{"period": "\\ud800"}]',
        '[{"period": "2025-01", "revenue": "\\ud800"}]',
        '[{"period": "2025-01", "customer": "a\\u0000b"}]',
        json.dumps([{"period": "2025-01", "revenue": "x" * 100_000}]),
        json.dumps([{"period": "2025-01", "revenue": "1" * 100_000}]),
        json.dumps([{"period": "2025-01", "revenue": "," * 100_000}]),
        json.dumps([{"period": "2025-01", "customer": "x" * 100_000}]),
        json.dumps([{"period": "x" * 100_000}]),
        json.dumps([{"x" * 100_000: 1}]),
        json.dumps([{"period": ["x" * 100_000]}]),
        "[" + "1" * 100_000 + "]",
    ],
    ids=lambda text: text[:40],
)
def test_what_was_sent_comes_back_short_and_fit_for_utf8(text: str) -> None:
    problem = checked_json(text).problems[0]
    for words in (problem.column or "", problem.message, problem.value or ""):
        assert "\0" not in words.encode().decode()
    assert len(problem.column or "") <= 80
    assert len(problem.value or "") <= 80
    assert len(problem.message) < 700


CELL = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
ROW = st.dictionaries(st.sampled_from(["customer", "channel", "product_group", "subsidiary", "period"]), CELL)


@given(st.lists(ROW, min_size=1, max_size=6), st.booleans(), st.sampled_from(["", "\ufeff"]))
def test_any_texts_come_back(rows: list[dict[str, str]], ascii_only: bool, mark: str) -> None:
    one_by_one = [json.dumps(row, ensure_ascii=ascii_only) for row in rows]
    for found in (from_json(f"{mark}[{','.join(one_by_one)}]"), from_ndjson(mark + "\n".join(one_by_one))):
        assert (found.count, found.received) == (0, len(rows))
        for name in ("customer", "channel", "product_group", "subsidiary", "period"):
            assert found.columns[name] == [row.get(name, "") for row in rows]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=())), inner),
    max_leaves=5,
)


@given(st.lists(JSON_VALUES | st.dictionaries(st.sampled_from([*STATISTICS.accepted, "x"]), JSON_VALUES), max_size=4))
def test_no_json_does_anything_but_be_read_or_refused_in_words_that_utf8_carries(items: list[Any]) -> None:
    for reader in (read_json, read_ndjson):
        try:
            found = checked(written(items, reader), STATISTICS, reader)
            problems = found.problems
        except RowsRefused as caught:
            problems = caught.problems
        text = json.dumps([one.as_dict() for one in problems], ensure_ascii=False).encode()
        assert b"\\u0000" not in text


@given(st.binary(max_size=200))
@BOTH
def test_no_bytes_do_anything_but_be_read_or_refused(reader: Any, body: bytes) -> None:
    with contextlib.suppress(KontorError):
        checked(body, STATISTICS, reader)
