"""B9: requests that are well-formed, and come in an order that makes no sense. Each name tells the story; the steps of
a story follow one another."""

from typing import Any

from tests.bad_inputs.case import CSV, JSON, Case, hand_in

KEY = "story-"
ROW = {"period": "2025-02", "channel": "story", "revenue": "5"}


def keyed(name: str, outcome: str, body: Any, key: str, query: str = "", kind: str = JSON, **more: Any) -> Case:
    return hand_in(name, outcome, body, kind, query, headers=(("Idempotency-Key", KEY + key),), **more)


def line(name: str, outcome: str, query: str = "", **values: str) -> Case:
    return hand_in(name, outcome, [ROW | values], query=query)


def kept(name: str, channel: str, revenue: str) -> Case:
    row = {"period": "2025-02", "channel": channel, "revenue": revenue}
    return hand_in(name, "201", [row], channel=channel, stored=(("revenue", revenue),))


def on(name: str, outcome: str, method: str, path: str, body: Any = None, **headers: str) -> Case:
    return Case(name, outcome, method, path, body, headers=tuple((k.replace("_", "-"), v) for k, v in headers.items()))


WHY = {"reason": "none"}
ABOUT = {"name": "Another name", "country": "DE", "currency": "EUR"}
CASES = [
    keyed("handed in with a key", "201", [ROW], "1"),
    keyed("handed in again, same key", "201", [ROW], "1"),
    keyed("another body, same key", "422 key-reused", [ROW | {"revenue": "6"}], "1"),
    keyed("another query, same key", "422 key-reused", [ROW], "1", "&mode=valid"),
    keyed("another form, same key", "422 key-reused", [{"code": "DE-C1"}], "1", form="customers"),
    keyed("another content type, same key", "422 key-reused", "period\n2025-02\n", "1", kind=CSV),
    keyed("a bad body leaves its key free", "422 rows-refused bad_month", [ROW | {"period": "2025-99"}], "2"),
    keyed("so that it can be mended", "201", [ROW | {"channel": "mended"}], "2"),
    *(keyed(f"a key {key[:20]!r}", "422 invalid-request", [ROW], key) for key in ("x" * 256, "a b", "a\tb", "é")),
    hand_in("an empty key", "422 invalid-request", [ROW], headers=(("Idempotency-Key", ""),)),
    hand_in("a delta without a key", "422 bad-argument", [ROW], query="&correction=delta"),
    keyed("a delta", "201", [ROW | {"channel": "delta", "revenue": "-3"}], "3", "&correction=delta"),
    line("removed before it was there", "201", channel="never", deleted="true"),
    hand_in(
        "a customer who has lines is removed",
        "422 rows-refused in_use",
        [{"code": "DE-C1", "deleted": "true"}],
        form="customers",
    ),
    line("lines of a customer of another subsidiary", "422 rows-refused unknown_customer", customer="FR-C1"),
    line("lines for another subsidiary than asked", "422 bad-argument", subsidiary="FR"),
    kept("a return larger than what was sold", "return", "-9"),
    kept("a month with nothing", "zero", "0"),
    on("a month is closed", "200", "PUT", "/v1/subsidiaries/DE/closed-months/2024-01"),
    line("a line in it", "422 rows-refused closed_month", period="2024-01", channel="late"),
    line("with a reason that is none", "422 invalid-request", "&reason=%00", period="2024-01", channel="late"),
    line("with a reason", "201", "&reason=a%20late%20invoice", period="2024-01", channel="late"),
    on("closed once more", "200", "PUT", "/v1/subsidiaries/DE/closed-months/2024-01"),
    on("opened without a reason", "422 invalid-request", "DELETE", "/v1/subsidiaries/DE/closed-months/2024-01"),
    on("opened", "200", "DELETE", "/v1/subsidiaries/DE/closed-months/2024-01?reason=audit"),
    on("opened once more", "404 not-found", "DELETE", "/v1/subsidiaries/DE/closed-months/2024-01?reason=audit"),
    on("changed without having read", "428 precondition-required", "PUT", "/v1/subsidiaries/DE", ABOUT),
    on("changed after somebody else", "412 precondition-failed", "PUT", "/v1/subsidiaries/DE", ABOUT, If_Match='"0"'),
    on("a tag that is none", "412 precondition-failed", "PUT", "/v1/subsidiaries/DE", ABOUT, If_Match="W/0"),
    on("a plan of nothing", "404 not-found", "POST", "/v1/plans/DE.77/approve", {"stale": True}),
    on("what is not there is withdrawn", "404 not-found", "POST", "/v1/submissions/DE.999/withdrawal", WHY),
    on("withdrawn without a reason", "422 invalid-request", "POST", "/v1/submissions/DE.1/withdrawal", {}),
    on("a segmentation of another's customers", "404 not-found", "POST", "/v1/segmentations", {"subsidiary": "XX"}),
    on("a job that is not there", "404 not-found", "GET", "/v1/jobs/DE.1"),
    on("a requirement before its plan", "404 not-found", "POST", "/v1/resource-requirements", {"plan": "DE.50"}),
]
