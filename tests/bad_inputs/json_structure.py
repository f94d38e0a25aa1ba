"""B2: JSON and NDJSON of odd structure."""

from typing import Any

from tests.bad_inputs.case import JSON, NDJSON, Case, hand_in

SEGMENTATION = "/v1/segmentations"
GOOD = '{"period": "2025-02"}'


def rows(name: str, outcome: str, body: Any) -> Case:
    return hand_in(name, outcome, body)


def lines(name: str, outcome: str, body: Any) -> Case:
    return hand_in(f"NDJSON {name}", outcome, body, NDJSON)


def ask(name: str, outcome: str, body: Any) -> Case:
    return Case(name, outcome, "POST", SEGMENTATION, body)


NOT_JSON = {
    "nothing": "",
    "a space": " ",
    "trailing comma": f"[{GOOD},]",
    "single quotes": "[{'period': '2025-02'}]",
    "no quotes": "[{period: 1}]",
    "a comment": f"[{GOOD}] // all",
    "two documents": f"[{GOOD}][{GOOD}]",
    "cut": f"[{GOOD}",
    "a bracket too many": f"[{GOOD}]]",
    "leading zero": '[{"period": "2025-02", "orders": 01}]',
    "leading plus": '[{"period": "2025-02", "orders": +1}]',
    "hexadecimal": '[{"period": "2025-02", "orders": 0x1}]',
    "Arabic digits": '[{"period": "2025-02", "orders": ١}]',
    "a tab in a text": '[{"period": "2025-02", "channel": "a\tb"}]',
    "a bad escape": '[{"period": "2025-02", "channel": "\\x41"}]',
    "half an escape": '[{"period": "2025-02", "channel": "\\u00"}]',
    "overlong UTF-8": b'[{"period": "2025-02", "channel": "\xc0\x80"}]',
    "a surrogate in UTF-8": b'[{"period": "2025-02", "channel": "\xed\xa0\x80"}]',
    "Latin-1": '[{"period": "2025-02", "channel": "ü"}]'.encode("latin-1"),
    "UTF-16": f"[{GOOD}]".encode("utf-16"),
    "UTF-32": f"[{GOOD}]".encode("utf-32"),
    "NUL before": f"\0[{GOOD}]",
    "NUL after": f"[{GOOD}]\0",
    "10 000 arrays": "[" * 10_000 + "]" * 10_000,
    "100 000 objects": '{"a":' * 100_000,
    "XML": "<rows/>",
    "YAML": "- period: 2025-02",
    "a number of 5 000 digits": "9" * 5_000,
}
CASES = [
    *(rows(f"not JSON: {name}", "400 bad-body", body) for name, body in NOT_JSON.items()),
    *(
        rows(f"not a list: {body}", "400 bad-body", body)
        for body in ("1", '"a"', "true", "null", "{}", '{"rows": []}', '{"0": {}}')
    ),
    rows("an empty list", "422 rows-refused no_rows", "[]"),
    *(
        rows(f"not a row: {row}", "422 rows-refused wrong_type", f"[{row}]")
        for row in ("1", '"a"', "true", "null", "[]", "[[]]", '["2025-02"]', "1.5")
    ),
    rows("900 arrays in a cell", "422 rows-refused wrong_type", '[{"channel": ' + "[" * 900 + "]" * 900 + "}]"),
    rows("20 000 fields", "422 rows-refused unknown_column", [{f"a{place}": 1 for place in range(20_000)}]),
    rows("an empty row", "422 rows-refused missing_value", "[{}]"),
    *(
        rows(f"a field {name}", "422 rows-refused unknown_column", [{"period": "2025-02", name: "1"}])
        for name in (
            *("id", "subsidiary_id", "created_at", "revision", "feed", "__class__", "$ref", "__proto__", "constructor"),
            *("", "Period", "period ", "x" * 500, "revenue\u200b", "réven", "subsidiary_code", "currency"),
        )
    ),
    rows("a key twice", "422 rows-refused duplicate_column", '[{"period": "2025-01", "period": "2025-01"}]'),
    rows(
        "a key twice, once escaped", "422 rows-refused duplicate_column", '[{"period": "2025-01", "p\\u0065riod": 1}]'
    ),
    rows("a mark before", "201", f"\ufeff[{GOOD}]"),
    lines("of nothing", "422 rows-refused no_rows", ""),
    lines("of a list", "422 rows-refused wrong_type", f"[{GOOD}]\n"),
    lines("without a last line end", "201", GOOD),
    lines("with a blank line", "201", f"{GOOD}\n\n"),
    lines("with CR LF", "201", f"{GOOD}\r\n"),
    lines("with CR alone", "400 bad-body", f"{GOOD}\r{GOOD}\r"),
    lines("two rows in one line", "400 bad-body", f"{GOOD}{GOOD}\n"),
    lines("a row in two lines", "400 bad-body", '{"period":\n"2025-02"}\n'),
    lines("a cut last line", "400 bad-body", f'{GOOD}\n{{"per'),
    lines("a mark before", "201", f"\ufeff{GOOD}\n"),
    lines("NUL in a line", "400 bad-body", f"{GOOD}\n\0\n"),
    lines("100 000 brackets", "400 bad-body", "[" * 100_000 + "\n"),
    lines("a number", "422 rows-refused wrong_type", "1\n"),
    lines("a key twice", "422 rows-refused duplicate_column", '{"period": "2025-01", "period": "2025-01"}\n'),
    ask("a body that is a list", "422 invalid-request", []),
    ask("a body that is a text", "422 invalid-request", '"DE"'),
    ask("a body that is null", "422 invalid-request", "null"),
    ask("a body without anything", "422 invalid-request", ""),
    ask("a number for a text", "422 invalid-request", {"subsidiary": 1}),
    ask("a list for a text", "422 invalid-request", {"subsidiary": ["DE"]}),
    ask("an object for a text", "422 invalid-request", {"subsidiary": {"$ne": ""}}),
    ask("read-only id", "422 invalid-request", {"subsidiary": "DE", "id": "DE.1"}),
    ask("read-only created_at", "422 invalid-request", {"subsidiary": "DE", "created_at": "2026-01-01T00:00:00Z"}),
    ask("NUL in a text", "422 invalid-request", {"subsidiary": "D\0E"}),
    ask("lone surrogate", "422 invalid-request", '{"subsidiary": "\\ud800"}'),
    ask("NaN", "422 invalid-request", '{"subsidiary": "DE", "a": NaN}'),
    ask("Infinity", "422 invalid-request", '{"subsidiary": "DE", "a": Infinity}'),
    ask("1e999", "422 invalid-request", '{"subsidiary": "DE", "a": 1e999}'),
    ask("true for a number", "422 invalid-request", {"subsidiary": "DE", "a": True}),
    ask("deep nesting", "400 bad-request", '{"a":' * 100_000),
    ask("a number of 5 000 digits", "400 bad-request", '{"a":' + "9" * 5_000 + "}"),
]
KINDS = [
    Case(f"content type {kind!r}", "422 invalid-request", "POST", SEGMENTATION, '{"subsidiary": "DE"}', kind)
    for kind in ("text/plain", "text/csv", "application/xml", "application/x-www-form-urlencoded")
]
CASES += [*KINDS, Case("JSON declared as patch", "422 invalid-request", "POST", SEGMENTATION, "[]", JSON)]
