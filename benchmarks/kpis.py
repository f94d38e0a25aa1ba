"""(e) Twelve indicators of every subsidiary and month over HTTP, beside the bare aggregate of the same sums.

    python benchmarks/kpis.py [--customers 20000] [--subsidiaries 50] [--rounds 5]

The lines are made in the database: each customer of each subsidiary has 12 of them, spread over 24 months; the question
is about the last 12. PostgreSQL only. The reference adds up what the indicators need by subsidiary and month and counts
the distinct customers with a positive line, in one statement, over a connection that is open already. It knows nothing
of states: who is new, lost or came back, and what he brought before, has to be found out customer by customer. A second
reference does that too, as one would write it by hand, with window functions over the months of each customer.

Parts:

    sums    six indicators that are sums of lines and ratios of them, beside the same sums
    states  all twelve, of which six count states of customers, beside the same reference and beside the second

Each part is asked when the data of all subsidiaries are new, when those of one are, and when nothing is: figures are
kept by subsidiary and data revision.
"""

import argparse
import tempfile
import time
from pathlib import Path

import httpx
import psycopg
from intake import databases
from running import kontor_process, report

FIRST, MONTHS = 2024 * 12, 24
OF_SUMS = ("revenue", "margin", "margin_rate", "growth", "value_per_order", "revenue_per_hour")
OF_STATES = (
    "active_customers",
    "new_customers",
    "lost_customers",
    "reactivated_customers",
    "retention",
    "net_revenue_retention",
)
PARTS = {"sums": OF_SUMS, "states": OF_SUMS + OF_STATES}
BARE = """
SELECT subsidiary_id, period, sum(revenue), sum(margin), sum(orders), sum(hours),
       count(DISTINCT customer_id) FILTER (WHERE revenue > 0)
FROM line WHERE period BETWEEN %(first)s AND %(last)s GROUP BY subsidiary_id, period
"""
BY_HAND = """
WITH cells AS (
    SELECT subsidiary_id, customer_id, period, sum(revenue)::bigint AS now FROM line WHERE period <= %(last)s
    GROUP BY subsidiary_id, customer_id, period
), told AS (
    SELECT subsidiary_id, period, now,
           CASE WHEN lag(period) OVER own = period - 1 THEN lag(now) OVER own ELSE 0 END AS before,
           CASE WHEN lead(period) OVER own = period + 1 THEN lead(now) OVER own ELSE 0 END AS next,
           min(CASE WHEN now > 0 THEN period END) OVER (PARTITION BY subsidiary_id, customer_id) AS first
    FROM cells WINDOW own AS (PARTITION BY subsidiary_id, customer_id ORDER BY period)
)
SELECT subsidiary_id, period, count(*) FILTER (WHERE now > 0), count(*) FILTER (WHERE now > 0 AND before > 0),
       count(*) FILTER (WHERE now > 0 AND before <= 0 AND first < period - 1),
       count(*) FILTER (WHERE now > 0 AND before <= 0 AND first >= period - 1),
       count(*) FILTER (WHERE now > 0 AND next <= 0) AS lost_in_next,
       sum(now) FILTER (WHERE now > 0 AND next <= 0) AS revenue_lost_in_next,
       sum(before) FILTER (WHERE before > 0), sum(before - now) FILTER (WHERE now > 0 AND before > now),
       sum(now - before) FILTER (WHERE before > 0 AND now > before)
FROM told WHERE period >= %(first)s - 1 GROUP BY subsidiary_id, period
"""
"""States of each month, with what was lost in the month after it; beside it the sums are needed too."""
DATA = """
SET synchronous_commit = off; SET maintenance_work_mem = '1GB'; SET work_mem = '512MB';
SELECT setseed(0.42);
INSERT INTO subsidiary (id, code, name, country, currency, data_revision, created_at, updated_at)
    SELECT n, 'S' || lpad(n::text, 2, '0'), 'Subsidiary ' || n, 'DE', 'EUR', 1, now(), now()
    FROM generate_series(1, {subsidiaries}) n;
INSERT INTO salesperson SELECT s, n, CASE n WHEN 0 THEN '' ELSE 'P' || n END
    FROM generate_series(1, {subsidiaries}) s, generate_series(0, 100) n;
INSERT INTO channel SELECT s, n, CASE n WHEN 0 THEN '' ELSE 'K' || n END
    FROM generate_series(1, {subsidiaries}) s, generate_series(0, 3) n;
INSERT INTO product_group SELECT s, n, CASE n WHEN 0 THEN '' ELSE 'G' || n END
    FROM generate_series(1, {subsidiaries}) s, generate_series(0, 7) n;
INSERT INTO customer
    (subsidiary_id, id, code, name, salesperson_id, channel_id, potential_source, industry, region, revision)
    SELECT s, n, CASE n WHEN 0 THEN '' ELSE 'C' || n END, '', sign(n) * (n % 100 + 1), sign(n) * (n % 3 + 1),
           '', 'I' || n % 10, 'R' || n % 5, 1
    FROM generate_series(1, {subsidiaries}) s, generate_series(0, {customers}) n;
ALTER TABLE line DROP CONSTRAINT pk_line; DROP INDEX ix_line_customer;
INSERT INTO line (subsidiary_id, period, customer_id, salesperson_id, channel_id, product_group_id, feed, revision,
                  orders, revenue, margin, quotes, quote_value, leads, qualified, offers, wins, lead_value, offer_value,
                  win_value, calls, meetings, hours)
    SELECT s, {first} + 2 * k + (random() > 0.5)::int, n, n % 100 + 1, n % 3 + 1, (n + k) % 7 + 1, 0, 1,
           10000 * (1 + random() * 9)::int, (random() * 1e9)::bigint * 100 - (random() > 0.97)::int * 1e11::bigint,
           (random() * 1e8)::bigint * 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20000, 10000, 15000
    FROM generate_series(1, {subsidiaries}) s, generate_series(1, {customers}) n, generate_series(0, 11) k
    ORDER BY 1, 2, 3;
ALTER TABLE line ADD CONSTRAINT pk_line PRIMARY KEY
    (subsidiary_id, period, customer_id, salesperson_id, channel_id, product_group_id, feed);
CREATE INDEX ix_line_customer ON line (subsidiary_id, customer_id, period);
"""


def made(url: str, subsidiaries: int, customers: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(DATA.format(subsidiaries=subsidiaries, customers=customers, first=FIRST))
        connection.execute("VACUUM ANALYZE")


NEW = {"all new": "", "one new": " WHERE id = 7", "again": " WHERE false"}


def asked(client: httpx.Client, connection: psycopg.Connection, part: str, new: str) -> float:
    with connection.transaction():
        connection.execute(f"UPDATE subsidiary SET data_revision = data_revision + 1{NEW[new]}")
    began = time.perf_counter()
    answer = client.get("/v1/kpis", params={"indicators": ",".join(PARTS[part]), "group_by": "subsidiary,month"})
    seconds = time.perf_counter() - began
    answer.raise_for_status()
    return seconds


def bare(connection: psycopg.Connection, *statements: str) -> float:
    began = time.perf_counter()
    for statement in statements or (BARE,):
        connection.execute(statement, {"first": FIRST + MONTHS - 12, "last": FIRST + MONTHS - 1}).fetchall()
    return time.perf_counter() - began


def measured(client: httpx.Client, connection: psycopg.Connection, rounds: int, size: str) -> None:
    for part, indicators in PARTS.items():
        ours: dict[str, list[float]] = {new: [] for new in NEW}
        reference, by_hand = [], []
        for _ in range(rounds):
            reference.append(bare(connection))
            for new, seconds in ours.items():
                seconds.append(asked(client, connection, part, new))
            if part == "states":
                by_hand.append(bare(connection, BARE, BY_HAND))
        title = f"{len(indicators)} indicators of every subsidiary and month, {size}, {part}"
        for new, seconds in ours.items():
            report(f"{title}, {new} (target: 1.5)", "s", seconds, reference, ("kontor", "bare SQL"))
        if by_hand:
            report(f"{title}, states by hand", "s", ours["all new"], by_hand, ("kontor", "by hand"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subsidiaries", type=int, default=50)
    parser.add_argument("--customers", type=int, default=20_000, help="of each subsidiary")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    lines = arguments.subsidiaries * arguments.customers * 12
    with tempfile.TemporaryDirectory() as name, databases("postgresql", Path(name)) as new_database:
        url = new_database()
        with kontor_process(url) as running, psycopg.connect(url, autocommit=True) as connection:
            made(url, arguments.subsidiaries, arguments.customers)
            headers = {"Authorization": f"Bearer {running.key}"}
            with httpx.Client(base_url=running.address, headers=headers, timeout=600) as client:
                measured(client, connection, 1, "to warm up")
                measured(client, connection, arguments.rounds, f"{lines} lines")


if __name__ == "__main__":
    main()
