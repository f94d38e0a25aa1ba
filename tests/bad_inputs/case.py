"""A case: one request, and the one outcome that it must have, on either database."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

CSV, JSON, NDJSON = "text/csv", "application/json", "application/x-ndjson"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PERIOD = "2025-02"


@dataclass(frozen=True)
class Case:
    """`outcome`: the status, and for a refusal its slug and, for a row or an argument, the code: `422 rows-refused
    bad_month`. `stored` are values that the line with the case's own channel has afterwards."""

    name: str
    outcome: str
    method: str
    path: str
    body: Any = None
    kind: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    channel: str = ""
    stored: tuple[tuple[str, str], ...] = ()

    @property
    def content(self) -> bytes | None:
        if self.body is None or isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


def get(name: str, path: str, outcome: str) -> Case:
    return Case(name, outcome, "GET", path)


def hand_in(
    name: str, outcome: str, body: Any, kind: str = JSON, query: str = "", form: str = "statistics", **more: Any
) -> Case:
    home = "" if form == "exchange-rates" else "subsidiary=DE"
    return Case(name, outcome, "POST", f"/v1/submissions/{form}?{home}{query}", body, kind, **more)


def cells(family: str, column: str, values: Iterable[tuple[Any, str]]) -> list[Case]:
    """A line for each value of a column: what it becomes, as `=value`, or the code with which it is refused.

    Values that are `bytes` stand in the JSON as they are.
    """
    made = []
    for place, (value, expected) in enumerate(values):
        channel = f"{family}-{column}-{place}"
        raw = value.decode() if isinstance(value, bytes) else json.dumps(value)
        body = f'[{{"period": "{PERIOD}", "channel": "{channel}", "{column}": {raw}}}]'
        name = f"{column} {raw[:40]}"
        if expected.startswith("="):
            made.append(hand_in(name, "201", body, channel=channel, stored=((column, expected[1:]),)))
        else:
            made.append(hand_in(name, f"422 rows-refused {expected}", body))
    return made
