"""B7: days, months, moments, periods."""

from tests.bad_inputs.case import Case, get, hand_in

MONTHS = [
    ("2025-13", "bad_month"),
    ("2025-00", "bad_month"),
    ("2025-1", "bad_month"),
    ("25-01", "bad_month"),
    ("2025/01", "bad_month"),
    ("202501", "bad_month"),
    ("2025-01-01", "bad_month"),
    ("2025-W05", "bad_month"),
    ("2025-Q1", "bad_month"),
    ("Jan 2025", "bad_month"),
    ("0000-01", "bad_month"),
    ("0001-01", "out_of_range"),
    ("1899-12", "out_of_range"),
    ("9999-12", "future_period"),
    ("10000-01", "bad_month"),
    ("-2025-01", "bad_month"),
    ("2026-12", "future_period"),
    (" 2025-01", "bad_month"),
    ("2025-01\n", "bad_month"),
    ("２０２５-０１", "bad_month"),
    ("2025‐01", "bad_month"),
    (202501, "wrong_type"),
    (1735689600, "wrong_type"),
    (True, "wrong_type"),
    (["2025-01"], "wrong_type"),
]
DAYS = [
    ("2026-02-29", "bad_date"),
    ("2026-02-30", "bad_date"),
    ("1900-02-29", "bad_date"),
    ("2100-02-29", "bad_date"),
    ("2024-02-29", ""),
    ("2000-02-29", ""),
    ("0000-01-01", "bad_date"),
    ("10000-01-01", "bad_date"),
    ("13/02/2026", "bad_date"),
    ("02/13/2026", "bad_date"),
    ("2026-031", "bad_date"),
    ("2026-W01-1", "bad_date"),
    ("20260101", "bad_date"),
    ("2026-1-1", "bad_date"),
    ("2026-01-01T00:00:00", "bad_date"),
    ("2026-01-01T00:00:00z", "bad_date"),
    ("2026-01-01T23:59:60Z", "bad_date"),
    ("2026-01-01+12:00", "bad_date"),
    ("1.1.2026", "bad_date"),
    ("today", "bad_date"),
    ("46023", "bad_date"),
    (46023, "wrong_type"),
    (1767225600000, "wrong_type"),
    (1767225600.5, "wrong_type"),
]


def seller(value: object, code: str) -> Case:
    outcome = f"422 rows-refused {code}" if code else "201"
    return hand_in(f"start {value!r}", outcome, [{"code": "DE-S9", "start": value}], form="salespeople")


CASES = [
    *(
        hand_in(f"period {value!r}", f"422 rows-refused {code}", [{"period": value, "revenue": "1"}])
        for value, code in MONTHS
    ),
    *(seller(value, code) for value, code in DAYS),
    *(
        get(f"period={period}", f"/v1/kpis?subsidiary=DE&period={period}", "422 bad-argument")
        for period in (
            *("2025-Q0", "2025-Q5", "2025-H3", "2025-13", "2025-W53", "FY2025-M13", "FY2025-Q5", "fy2025", "25"),
            *("2025-Q1%00", "-2025", "0000", "9999", "2027-01", "FY0000", "FY9999", "%20", "2025-2026"),
        )
    ),
    get("period of the year 10000", "/v1/kpis?subsidiary=DE&period=FY10000-M12", "422 invalid-request"),
    *(
        get(f"from={value}", f"/v1/kpis?subsidiary=DE&from={value}", "422 invalid-request")
        for value in ("2025", "2025-1", "2025-01-01", "1735689600", "2025-01T00", "%00", "２０２５-01", "-1", "now")
    ),
    get("window that is upside down", "/v1/kpis?subsidiary=DE&from=2025-06&to=2025-05", "422 bad-argument"),
    get("a window of a thousand years", "/v1/kpis?subsidiary=DE&from=1000-01&to=2025-01", "422 bad-argument"),
    *(
        get(f"as_of={value}", f"/v1/statistics?as_of={value}", "422 invalid-request")
        for value in (
            *("2026-01-01T24:00:01Z", "2026-01-01T00:00", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00%2B25:00"),
            *("99999-01-01T00:00:00Z", "2026-02-29T00:00:00Z", "0000-01-01T00:00:00Z", "-1", "NaN", "1e99"),
        )
    ),
    get("as_of in another zone", "/v1/statistics?as_of=2026-01-01T00:00:00-12:00", "200"),
    *(
        Case(f"closing {month}", outcome, "PUT", f"/v1/subsidiaries/DE/closed-months/{month}")
        for month, outcome in (
            ("2026-11", "422 bad-argument"),
            ("2027-01", "422 bad-argument"),
            ("9999-12", "422 bad-argument"),
            ("1800-01", "200"),
            ("2025-1", "422 invalid-request"),
            ("2025-01-01", "422 invalid-request"),
            ("%00", "422 invalid-request"),
        )
    ),
]
