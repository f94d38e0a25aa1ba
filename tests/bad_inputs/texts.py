"""B8: text that is odd, and text that would be harmful where somebody ran it."""

from tests.bad_inputs.case import Case, cells, hand_in

KEPT = [
    "Müller",
    "Mu\u0308ller",
    "А",
    "A",
    "😀",
    "𝒳" * 60,
    "Robert'); DROP TABLE line;--",
    "' OR 1=1--",
    "%s%n{0}${jndi:ldap://127.0.0.1/a}{{7*7}}",
    "<script>alert(1)</script>",
    "CON",
    "aux.txt",
    "null",
    "None",
    "NaN",
    "NA",
    "-",
    "0",
    "true",
    "../../etc/passwd",
    "=cmd|'/C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "a,b;c|d",
    '"',
    "\\",
    "\\u0041",
    "x" * 120,
    "中文",
    "ا",
    "e\u0301" * 40,
    "a b",
    "__class__",
    "$ref",
]
REFUSED = [
    (" a", "surrounding_space"),
    ("a ", "surrounding_space"),
    ("\u00a0a", "surrounding_space"),
    ("a\u3000", "surrounding_space"),
    ("a\tb", "bad_text"),
    ("a\r\nb", "bad_text"),
    ("a\nb", "bad_text"),
    ("a\0b", "bad_text"),
    ("\x1b[31m", "bad_text"),
    ("\x7f", "bad_text"),
    ("a\x85b", "bad_text"),
    ("a\u200bb", "bad_text"),
    ("a\u200db", "bad_text"),
    ("a\u202eb", "bad_text"),
    ("\ufeffa", "bad_text"),
    ("a\ufffeb", "bad_text"),
    ("a\uffffb", "bad_text"),
    ("a\u2028b", "bad_text"),
    ("a\U000e0041b", "bad_text"),
    (b'"\\ud800"', "bad_text"),
    (b'"\\udfff\\ud800"', "bad_text"),
    ("x" * 121, "too_long"),
    ("x" * 100_000, "too_long"),
    (1, "wrong_type"),
    (True, "wrong_type"),
    (["a"], "wrong_type"),
    ({"a": 1}, "wrong_type"),
]


def name(text: str, outcome: str) -> Case:
    return hand_in(f"name {text!r}"[:60], outcome, [{"code": "DE-C1", "name": text}], form="customers")


CASES = [
    *cells("text", "product_group", [(text, f"={text}") for text in KEPT]),
    *cells("bad", "product_group", REFUSED),
    name("x" * 257, "422 rows-refused too_long"),
    name("a\0", "422 rows-refused bad_text"),
    name("\u202egnp.exe", "422 rows-refused bad_text"),
    *(
        hand_in(f"code {code!r}", f"422 rows-refused {expected}", [{"code": code}], form="customers")
        for code, expected in (
            ("", "missing_value"),
            (" ", "surrounding_space"),
            ("a\0", "bad_text"),
            ("x" * 121, "too_long"),
        )
    ),
]
