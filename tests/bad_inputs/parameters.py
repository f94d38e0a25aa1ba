"""B5: paths and queries."""

from tests.bad_inputs.case import Case, get

NONE_SUCH = (
    *("-1", "0", "2147483648", "9" * 400, "0x10", "DE.0", "DE.-1", "DE.2147483648", "DE.9223372036854775808"),
    *("DE." + "9" * 60, "DE.1.1", "DE.+1", "DE.%EF%BC%91", "DE.1e0", "de.1", "XX.1", ".1", "DE.", "%20DE.1", "DE.1%20"),
    *("00000000-0000-0000-0000-000000000000", "DE.1;jsessionid=1", "DE.1'--", "*", "%25", "DE%2F1"),
)
CASES = [
    *(
        get(f"id {one[:30]}", f"/v1/segmentations/{one}", "422 invalid-request" if len(one) > 80 else "404 not-found")
        for one in NONE_SUCH
    ),
    *(
        get(f"path {path}", path, "404 not-found")
        for path in (
            *("/v1", "/v1/", "/v1//customers", "/v1/customers/", "/V1/customers", "/v1/Customers", "//v1/customers"),
            *("/v1/customers;a=b", "/v1/customers.json", "/v2/customers", "/v1/%63ustomersx", "/.env", "/v1/../admin"),
            *("/v1/submissions/DE.1/", "/metrics.txt", "/openapi", "/v1/keys/x/y"),
        )
    ),
    *(
        get(f"customer {code}", f"/v1/customers/DE/{code}", outcome)
        for code, outcome in (
            ("%00", "422 invalid-request"),
            ("%ED%A0%80", "404 not-found"),
            ("%FF", "404 not-found"),
            ("%0A", "404 not-found"),
            ("x" * 121, "422 invalid-request"),
            ("' OR 1=1--", "404 not-found"),
            ("%2e%2e", "404 not-found"),
            ("de-c1", "404 not-found"),
            ("DE-C1%20", "404 not-found"),
        )
    ),
    *(
        get(f"limit={value}", f"/v1/customers?limit={value}", "422 invalid-request")
        for value in (
            "-1",
            "0",
            "1001",
            "1000000",
            "9" * 400,
            "1.5",
            "1e2",
            "0x10",
            "",
            "abc",
            "１",
            "1_0",
            "%2010",
            "10%20",
            "%2B10",
            "010",
            "10%0A",
            "%00",
            "true",
        )
    ),
    *(
        get(f"after={value}"[:40], f"/v1/customers?after={value}", "400 bad-cursor")
        for value in (
            *("", "x", "e30", "W10", "WzFd", "WzEsMl0", "WyJhIiwyXQ", "bnVsbA", "W251bGwsbnVsbF0", "WzEuNSwiYSJd"),
            *(
                "WzkyMjMzNzIwMzY4NTQ3NzU4MDgsImEiXQ",
                "WzEsIlx1MDAwMCJd",
                "W3RydWUsImEiXQ",
                "%FF",
                "====",
                "WzFlOTksImEiXQ",
            ),
            *("WzFlOTksImEiXQ", "W" * 999, "WzEsIlx1ZDgwMCJd", "WzEsICJhIl0gWzEsICJhIl0", "TmFO", "XzEsImEiXQ"),
        )
    ),
    get("a cursor of 1001 letters", "/v1/customers?after=" + "W" * 1001, "422 invalid-request"),
    *(
        get(f"{query[:40]}", f"/v1/kpis?subsidiary=DE&{query}", outcome)
        for query, outcome in (
            ("group_by=" + ",".join(["customer"] * 50), "422 invalid-request"),
            ("group_by=customer,customer", "422 bad-argument"),
            ("group_by=;", "422 bad-argument"),
            ("group_by=period%00", "422 bad-argument"),
            ("indicators=__class__", "422 bad-argument"),
            ("indicators=" + "revenue," * 2_000, "422 invalid-request"),
            ("currency=EURO", "422 invalid-request"),
            ("currency=%00", "422 invalid-request"),
            ("currency=eur", "422 invalid-request"),
            ("method=../../x", "404 not-found"),
            ("method=%00", "404 not-found"),
            ("totals=maybe", "422 invalid-request"),
            ("compare=;--", "422 invalid-request"),
            ("channel=%ED%A0%80", "200"),
            ("channel=" + "x" * 5_000, "422 invalid-request"),
        )
    ),
    *(
        get(f"subsidiary={value}"[:40], f"/v1/customers?subsidiary={value}", outcome)
        for value, outcome in (
            ("de", "404 not-found"),
            ("XX", "404 not-found"),
            ("%25", "422 invalid-request"),
            ("_", "422 invalid-request"),
            ("", "422 invalid-request"),
            ("%00", "422 invalid-request"),
            ("DE%00", "422 invalid-request"),
            ("D" * 33, "404 not-found"),
            ("' OR 1=1--", "422 invalid-request"),
        )
    ),
    get("a parameter that nobody knows", "/v1/customers?fields=password", "200"),
    get("a parameter twice: the last holds", "/v1/customers?limit=1&limit=2", "200"),
    Case(
        "a parameter in the query and in the body: the body holds",
        *("404 not-found", "POST", "/v1/segmentations?subsidiary=DE", {"subsidiary": "XX"}),
    ),
    Case("TRACE", "405 method-not-allowed", "TRACE", "/v1/customers"),
    Case("a method that is none", "405 method-not-allowed", "BREW", "/v1/customers"),
    Case("PATCH", "405 method-not-allowed", "PATCH", "/v1/subsidiaries/DE", {}),
    Case("DELETE of all", "405 method-not-allowed", "DELETE", "/v1/statistics"),
]
