"""B3: CSV."""

from typing import Any

from tests.bad_inputs.case import CSV, PERIOD, Case, hand_in

HEAD = "period,channel,revenue\n"


def csv(name: str, outcome: str, body: Any, query: str = "", kind: str = CSV) -> Case:
    return hand_in(name, outcome, body, kind, query)


def one(name: str, outcome: str, line: str, head: str = HEAD) -> Case:
    return csv(name, outcome, f"{head}{line}\n")


def kept(name: str, body: Any, channel: str, revenue: str, query: str = "", kind: str = CSV) -> Case:
    return hand_in(name, "201", body, kind, query, channel=channel, stored=(("revenue", revenue),))


CASES = [
    csv("an empty file", "400 bad-body", ""),
    csv("a line end", "400 bad-body", "\n"),
    csv("NUL alone", "400 bad-body", "\0"),
    csv("no header", "422 rows-refused unknown_column", f"{PERIOD},x,1\n"),
    csv("UTF-16 LE", "400 bad-body", HEAD.encode("utf-16-le")),
    csv(
        "mixed encodings",
        "400 bad-body",
        f"{HEAD}{PERIOD},ü,1\n".encode() + f"{PERIOD},ü,2\n".encode("cp1252"),
    ),
    kept("CR only line ends", f"{HEAD}{PERIOD},cr,5\n".replace("\n", "\r"), "cr", "5"),
    kept("CR LF line ends", f"{HEAD}{PERIOD},crlf,5\n".replace("\n", "\r\n"), "crlf", "5"),
    kept("no final line end", f"{HEAD}{PERIOD},final,5", "final", "5"),
    kept("a mark before", f"\ufeff{HEAD}{PERIOD},mark,5\n", "mark", "5"),
    kept("quotes that are doubled", f'{HEAD}{PERIOD},"a ""b""",5\n', 'a "b"', "5"),
    kept("a comma in quotes", f'{HEAD}{PERIOD},"a,b",5\n', "a,b", "5"),
    kept(
        "declared semicolons",
        f"period;channel;revenue\n{PERIOD};semi;1,5\n",
        "semi",
        "1.5",
        "&delimiter=semicolon&decimal=comma",
    ),
    kept(
        "declared windows-1252",
        f"{HEAD}{PERIOD},Köln,5\n".encode("cp1252"),
        "Köln",
        "5",
        kind=f"{CSV}; charset=windows-1252",
    ),
    kept("the code 00123", f"{HEAD}{PERIOD},00123,5\n", "00123", "5"),
    kept("the code 1e5", f"{HEAD}{PERIOD},1e5,5\n", "1e5", "5"),
    kept("the code NA", f"{HEAD}{PERIOD},NA,5\n", "NA", "5"),
    kept("the code null", f"{HEAD}{PERIOD},null,5\n", "null", "5"),
    kept("the code None", f"{HEAD}{PERIOD},None,5\n", "None", "5"),
    kept("the code -", f"{HEAD}{PERIOD},-,5\n", "-", "5"),
    kept("the code True", f"{HEAD}{PERIOD},True,5\n", "True", "5"),
    kept("an amount of 16 digits", f"{HEAD}{PERIOD},digits,900719925474.0993\n", "digits", "900719925474.0993"),
    kept("a formula as a word", f"{HEAD}{PERIOD},=1+1,5\n", "=1+1", "5"),
    csv("semicolons, not declared", "422 rows-refused unknown_column", "period;revenue\n2025-02;1\n"),
    csv("pipes", "422 rows-refused unknown_column", "period|revenue\n2025-02|1\n"),
    csv("tabs, not declared", "422 rows-refused unknown_column", "period\trevenue\n2025-02\t1\n"),
    one("an open quote", "400 bad-body", f'{PERIOD},"x,1'),
    one("an open quote swallows the rest", "400 bad-body", f'{PERIOD},"x,1\n' + f"{PERIOD},y,1\n" * 1_000),
    one("a quote inside", "400 bad-body", f'{PERIOD},5" pipe,1'),
    one("text after a quote", "400 bad-body", f'{PERIOD},"a"b,1'),
    one("a line end in quotes", "422 rows-refused bad_text", f'{PERIOD},"a\nb",1'),
    one("a short row", "422 rows-refused wrong_number_of_cells", f"{PERIOD},x"),
    one("a long row", "422 rows-refused wrong_number_of_cells", f"{PERIOD},x,1,2"),
    one("a long row of empty cells", "422 rows-refused wrong_number_of_cells", f"{PERIOD},x,1,,"),
    one("a header twice in the file", "422 rows-refused bad_month", "period,channel,revenue"),
    one("a comment", "422 rows-refused wrong_number_of_cells", "# comment"),
    one("a total below", "422 rows-refused bad_month", f"{PERIOD},x,1\nTotal,,1"),
    one("sep=, above", "422 rows-refused unknown_column", f"{HEAD}{PERIOD},x,1", "sep=,\n"),
    one("a column twice", "422 rows-refused duplicate_column", f"{PERIOD},1,2", "period,revenue,revenue\n"),
    one("an unknown column", "422 rows-refused unknown_column", f"{PERIOD},1", "period,umsatz2\n"),
    one("a column without a name", "422 rows-refused unknown_column", f"{PERIOD},1", "period,\n"),
    one("a column of another case", "422 rows-refused unknown_column", f"{PERIOD},1", "period,REVENUE\n"),
    csv("a column alone", "201", f"period\n{PERIOD}\n"),
    one("10 000 columns", "422 rows-refused unknown_column", PERIOD, "period" + ",x" * 10_000 + "\n"),
    *(
        one(f"amount {amount!r}", f"422 rows-refused {code}", f'{PERIOD},x,"{amount}"')
        for amount, code in (
            ("1 000", "bad_number"),
            ("1'000", "bad_number"),
            ("1\u00a0000", "bad_number"),
            ("1,000.50", "bad_number"),
            ("1.000,50", "bad_number"),
            ("1.234", "ambiguous_number"),
            ("1,5", "bad_number"),
            ("€ 5", "bad_number"),
            ("5 EUR", "bad_number"),
            ("5-", "bad_number"),
            ("(5)", "bad_number"),
            ("5 kg", "bad_number"),
            ("#DIV/0!", "bad_number"),
            ("=A1", "bad_number"),
            ("+cmd|' /C calc'!A0", "bad_number"),
            ("\t=1", "bad_number"),
            ("1e3", "bad_number"),
            ("１", "bad_number"),
            ("--5", "bad_number"),
            ("inf", "bad_number"),
            ("9" * 40, "out_of_range"),
        )
    ),
    *(
        one(f"text {text!r}", "422 rows-refused bad_text", f'{PERIOD},"{text}",1')
        for text in ("x\ty", "a\x01b", "\u202eabc", "a\u200bb", "a\ufffeb", "a\x1bb")
    ),
    one("NUL in a cell", "400 bad-body", f"{PERIOD},a\0b,1"),
    one("the same line twice", "422 rows-refused duplicate_key", f"{PERIOD},x,1\n{PERIOD},x,2"),
    one("the same line twice, apart", "422 rows-refused duplicate_key", f"{PERIOD},x,1\n2025-03,x,1\n{PERIOD},x,1"),
    csv("a workbook", "400 bad-body", b"PK\x03\x04" + bytes(100)),
    csv("a picture", "400 bad-body", b"\x89PNG\r\n\x1a\n" + bytes(20)),
    csv("a PDF", "400 bad-body", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    csv("HTML", "422 rows-refused unknown_column", "<!DOCTYPE html><html></html>"),
    csv("a 1 MB cell", "422 rows-refused too_long", f"{HEAD}{PERIOD},{'x' * 1_000_000},1\n"),
    csv("100 000 empty lines", "422 rows-refused no_rows", HEAD + "\n" * 100_000),
    csv("100 000 commas", "422 rows-refused wrong_number_of_cells", HEAD + "," * 100_000 + "\n"),
    csv("quotes alone", "400 bad-body", '"' * 100_001),
]
