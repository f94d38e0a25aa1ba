"""(c) Segmenting: from the request to stored rows with their key, beside what does a part of it.

    pip install duckdb polars abc-analysis        # into an environment for this benchmark
    python benchmarks/segmentation.py [--customers 1000000] [--subsidiaries 50] [--rounds 3] [--part P ...] [--rule R]

Every customer has a line in each of 12 months, in 50 subsidiaries, generated in a PostgreSQL database. Parts:

    first   POST /v1/segmentations for every subsidiary, from one client and from two at once, beside (a) one statement
            over all of them that does only the sums and the classes, into an unlogged table without a key; it has the
            same memory for sorting
    again   the same requests once more
    tables  class tables, migrations and a page of customers, of what is stored
    memory  (b) DuckDB and polars on the same lines in memory: sums and classes, and the classes alone; (c) the package
            abc-analysis: the classes alone (it is under the GPL: it runs beside Kontor, which neither needs nor has it)
    files   CSV and Parquet of all customers of the first subsidiary, with the service's memory, beside psql's \\copy of
            the same rows (for one of 100 000 customers: --customers 100000 --subsidiaries 1)
    growth  the first computation with a hundredth and a tenth of the customers, and how it grows

What is not installed is left out. With `--rule computed` classes are cut by it; the references always cut by shares.
"""

import argparse
import contextlib
import importlib
import math
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import httpx
import numpy as np
from intake import databases
from running import kontor_process, most_memory, report

from service.method.measures import MEASURES
from service.store.lines import TABLE as LINE

MONTHS = 12
FIRST = 2025 * 12
ROOM = "64MB"


def generated(customers: int, subsidiaries: int) -> str:
    """The statements that fill an empty database."""
    each = customers // subsidiaries
    brought = {"orders": "10000", "revenue": "amount", "margin": "amount / 4", "calls": "20000", "hours": "15000"}
    measures = ", ".join(brought.get(name, "0") for name in MEASURES)
    units = f"generate_series(1, {subsidiaries})"
    named = "(id, code, name, country, currency, data_revision, created_at, updated_at)"
    # Amounts as markets have them: a few large customers, many small ones. The same in every run.
    amount = "(10000 * exp(8.0 * (hashint8(c::bigint * 1000 + s) & 1048575) / 1048576))::bigint + p"
    names = ", ".join((*(column.name for column in LINE.primary_key.columns), *MEASURES))
    key = ", ".join(column.name for column in LINE.primary_key.columns)
    return f"""
    INSERT INTO subsidiary {named} SELECT s, 'U' || s, 'U', 'DE', 'EUR', 1, now(), now() FROM {units} AS s;
    INSERT INTO channel SELECT s, k, CASE k WHEN 0 THEN '' ELSE 'K' || k END
        FROM {units} AS s, generate_series(0, 3) AS k;
    INSERT INTO salesperson SELECT s, k, CASE k WHEN 0 THEN '' ELSE 'S' || k END
        FROM {units} AS s, generate_series(0, 20) AS k;
    INSERT INTO product_group SELECT s, 0, '' FROM {units} AS s;
    INSERT INTO customer (subsidiary_id, id, code, name, salesperson_id, channel_id, potential, potential_source,
        industry, region, revision)
        SELECT s, c, CASE c WHEN 0 THEN '' ELSE 'C' || lpad(c::text, 8, '0') END, '', CASE c WHEN 0 THEN 0 ELSE
        c % 20 + 1 END, CASE c WHEN 0 THEN 0 ELSE c % 3 + 1 END, CASE WHEN c % 2 = 1 THEN 900000000 END, '', '', '', 1
        FROM {units} AS s, generate_series(0, {each}) AS c ORDER BY s, c;
    ALTER TABLE line DROP CONSTRAINT pk_line;
    DROP INDEX ix_line_customer;
    -- As they come: each subsidiary hands a month in.
    DO $$ BEGIN FOR p IN {FIRST}..{FIRST + MONTHS - 1} LOOP FOR s IN 1..{subsidiaries} LOOP
        INSERT INTO line ({names}, revision)
        SELECT s, p, c, c % 20 + 1, c % 3 + 1, 0, 0, {measures}, 1
        FROM (SELECT c, {amount} AS amount FROM generate_series(1, {each}) AS c) AS lines;
    END LOOP; END LOOP; END $$;
    ALTER TABLE line ADD CONSTRAINT pk_line PRIMARY KEY ({key});
    CREATE INDEX ix_line_customer ON line (subsidiary_id, customer_id, period);
    VACUUM ANALYZE;
    """


SUMS = """SELECT l.subsidiary_id, l.customer_id, c.channel_id, sum(l.revenue)::bigint AS value
    FROM line AS l JOIN customer AS c ON c.subsidiary_id = l.subsidiary_id AND c.id = l.customer_id
    WHERE l.period BETWEEN {first} AND {last} GROUP BY l.subsidiary_id, l.customer_id, c.channel_id"""
CLASSES = """SELECT subsidiary_id, customer_id, value, CASE WHEN value <= 0 THEN 'N'
    WHEN before * 100 < total * 80 THEN 'A' WHEN before * 100 < total * 95 THEN 'B' ELSE 'C' END AS abc_class
    FROM (SELECT *, coalesce(sum(value) OVER
    (PARTITION BY subsidiary_id, channel_id ORDER BY value DESC RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
    AS before, sum(value) OVER (PARTITION BY subsidiary_id, channel_id) AS total FROM ({sums}) AS sums) AS ranked"""
OF_LINES = SUMS.format(first=FIRST, last=FIRST + MONTHS - 1)


@dataclass(frozen=True, slots=True)
class Bench:
    """A filled database and the service on it."""

    url: str
    address: str
    key: str
    process: int
    rule: str
    subsidiaries: int
    rounds: int

    def psql(self, script: str) -> float:
        """Seconds that the server takes for a script."""
        command = ["psql", "-q", "-v", "ON_ERROR_STOP=1", self.url]
        began = time.perf_counter()
        subprocess.run(command, input=script, text=True, check=True, capture_output=True)
        return time.perf_counter() - began

    @contextlib.contextmanager
    def client(self) -> Iterator[httpx.Client]:
        headers = {"Authorization": f"Bearer {self.key}"}
        with httpx.Client(base_url=self.address, headers=headers, timeout=600) as client:
            yield client

    def post_all(self, clients: int, status: int = 201) -> tuple[float, list[float]]:
        """Seconds for all subsidiaries, and for each request."""
        taken: list[float] = []

        def work(numbers: range) -> None:
            with self.client() as client:
                for number in numbers:
                    began = time.perf_counter()
                    answer = client.post("/v1/segmentations", json={"subsidiary": f"U{number}", "rule": self.rule})
                    taken.append(time.perf_counter() - began)
                    assert answer.status_code == status, answer.text

        parts = [range(1 + place, self.subsidiaries + 1, clients) for place in range(clients)]
        began = time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(work, parts))
        return time.perf_counter() - began, taken

    def forget(self) -> None:
        """As if nothing had been segmented."""
        self.psql("TRUNCATE segment_row; TRUNCATE segmentation; CHECKPOINT;")

    def bare(self) -> float:
        """(a)"""
        self.psql(
            "DROP TABLE IF EXISTS bare; CREATE UNLOGGED TABLE bare (subsidiary_id integer, customer_id integer,"
            " value bigint, abc_class varchar(1)); CHECKPOINT;"
        )
        return self.psql(f"SET work_mem = '{ROOM}'; INSERT INTO bare {CLASSES.format(sums=OF_LINES)};")


@contextlib.contextmanager
def filled(
    new_database: Callable[[], str], customers: int, subsidiaries: int, rounds: int, rule: str
) -> Iterator[Bench]:
    url = new_database()
    with kontor_process(url) as running:
        bench = Bench(url, running.address, running.key, running.process, rule, subsidiaries, rounds)
        bench.psql(generated(customers, subsidiaries))
        yield bench


def first(bench: Bench) -> None:
    ours: dict[int, list[float]] = {1: [], 2: []}
    bare = []
    for _ in range(bench.rounds):
        for clients, seconds in ours.items():
            bench.forget()
            seconds.append(bench.post_all(clients)[0])
        bare.append(bench.bare())
    wrong = bench_differs(bench)
    for clients, seconds in ours.items():
        title = (
            f"(a) first computation from {clients} client{'s' if clients > 1 else ''}, all subsidiaries (target: 1.2)"
        )
        report(title, "s", seconds, bare, ("kontor", "statement"))
    print(f"  classes that differ: {wrong}")


def bench_differs(bench: Bench) -> str:
    """How many customers have another class there than here."""
    question = (
        "SELECT count(*) FROM bare FULL JOIN segment_row USING (subsidiary_id, customer_id)"
        " WHERE bare.abc_class IS DISTINCT FROM segment_row.abc_class"
    )
    command = ["psql", "-q", "-A", "-t", bench.url, "-c", question]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def again(bench: Bench) -> None:
    with contextlib.suppress(AssertionError):  # those that are there are not computed again
        bench.post_all(1)
    taken = [1000 * seconds for _ in range(bench.rounds) for seconds in bench.post_all(1, status=200)[1]]
    spread = f"median {statistics.median(taken):.1f}  max {max(taken):.1f} ms"
    print(f"asking again (target: 50 ms)\n  {spread}  ({len(taken)} requests)")


def tables(bench: Bench) -> None:
    paths = ("", "/classes", "/classes?by=state&by=potential_class", "/migration", "/customers?sort=-value")
    with bench.client() as client:
        for path in paths:
            taken = []
            for number in range(1, min(bench.subsidiaries, 10) + 1):
                began = time.perf_counter()
                client.get(f"/v1/segmentations/U{number}.1{path}").raise_for_status()
                taken.append(1000 * (time.perf_counter() - began))
            print(f"GET /v1/segmentations/{{id}}{path}  median {statistics.median(taken):.1f} ms")


def memory(bench: Bench) -> None:
    columns = {name: np.fromfile(path, dtype=np.int64) for name, path in _exported(bench).items()}
    whole, _ = _timed(bench.bare, 1)
    for name in ("duckdb", "polars", "abc_analysis"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            print(f"(b, c) {name} is not installed")
            continue
        for title, work in IN_MEMORY[name](module, columns).items():
            seconds, _ = _timed(work, bench.rounds)
            report(f"(b, c) {name}, {title}", "s", seconds, whole, (name, "statement"))


def files(bench: Bench) -> None:
    with contextlib.suppress(AssertionError):
        bench.post_all(1)
    print(f"  most memory of the service before: {most_memory(bench.process)} MB")
    copied = "\\copy (SELECT * FROM segment_row WHERE subsidiary_id = 1) TO '/dev/null' CSV"
    with bench.client() as client:
        for name in ("csv", "parquet"):
            seconds, reference = [], []
            for _ in range(bench.rounds):
                began = time.perf_counter()
                with client.stream("GET", f"/v1/segmentations/U1.1/customers?format={name}") as answer:
                    answer.raise_for_status()
                    size = sum(len(piece) for piece in answer.iter_raw())
                seconds.append(time.perf_counter() - began)
                reference.append(bench.psql(copied))
                print(f"  {name}: {size >> 10} kB, most memory of the service so far {most_memory(bench.process)} MB")
            report(f"{name} of the customers of one subsidiary", "s", seconds, reference, ("kontor", "copy"))


def _timed(work: Callable[[], object], rounds: int) -> tuple[list[float], object]:
    seconds, found = [], None
    for _ in range(rounds):
        began = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - began)
    return seconds, found


def _exported(bench: Bench) -> dict[str, Path]:
    folder = Path(tempfile.mkdtemp())
    import psycopg  # noqa: PLC0415

    names = ("subsidiary_id", "customer_id", "channel_id", "revenue")
    with psycopg.connect(bench.url) as connection, connection.cursor() as cursor:
        path = folder / "lines.csv"
        with path.open("wb") as out, cursor.copy(f"COPY line ({', '.join(names)}) TO STDOUT (FORMAT csv)") as copy:
            out.writelines(bytes(part) for part in copy)
    import pyarrow.csv as arrow_csv  # noqa: PLC0415

    table = arrow_csv.read_csv(path, arrow_csv.ReadOptions(column_names=names))
    found = {}
    for name in names:
        found[name] = folder / name
        table.column(name).to_numpy().astype(np.int64).tofile(found[name])
    return found


def _duckdb(duckdb, columns):
    import pyarrow as pa  # noqa: PLC0415

    connection = duckdb.connect()
    connection.register("given", pa.table(columns))
    connection.execute("CREATE TABLE line AS SELECT * FROM given")
    sums = "SELECT subsidiary_id, customer_id, channel_id, sum(revenue)::bigint AS value FROM line GROUP BY ALL"
    connection.execute(f"CREATE TABLE sums AS {sums}")
    whole, alone = CLASSES.format(sums=sums), CLASSES.format(sums="SELECT * FROM sums")
    return {
        "sums and classes": lambda: connection.execute(f"CREATE OR REPLACE TABLE classes AS {whole}"),
        "classes alone": lambda: connection.execute(f"CREATE OR REPLACE TABLE classes AS {alone}"),
    }


def _polars(pl, columns):
    frame = pl.DataFrame(columns)
    scope = ["subsidiary_id", "channel_id"]

    def summed():
        return frame.group_by([*scope, "customer_id"]).agg(pl.col("revenue").sum().alias("value"))

    def classes(sums):
        ranked = sums.sort("value", descending=True).with_columns(
            pl.col("value").sum().over(scope).alias("total"),
            (pl.col("value").cum_sum().over(scope) - pl.col("value")).alias("so_far"),
        )
        before = ranked.with_columns(pl.col("so_far").min().over([*scope, "value"]).alias("before"))
        a, b = pl.col("before") * 100 < pl.col("total") * 80, pl.col("before") * 100 < pl.col("total") * 95
        word = pl.when(pl.col("value") <= 0).then(pl.lit("N")).when(a).then(pl.lit("A")).when(b).then(pl.lit("B"))
        return before.with_columns(word.otherwise(pl.lit("C")).alias("abc_class"))

    sums = summed()
    return {"sums and classes": lambda: classes(summed()), "classes alone": lambda: classes(sums)}


def _abc_analysis(module, columns):
    import pandas as pd  # noqa: PLC0415

    lines = pd.DataFrame(columns)
    sums = lines.groupby(["subsidiary_id", "customer_id"])["revenue"].sum().reset_index(drop=True)
    return {"classes alone, of one scope": lambda: module.abc_analysis(sums)}


IN_MEMORY = {"duckdb": _duckdb, "polars": _polars, "abc_analysis": _abc_analysis}
PARTS = {part.__name__: part for part in (first, again, tables, memory, files)}


def growth(new_database: Callable[[], str], customers: int, subsidiaries: int, rounds: int, rule: str) -> None:
    print("How the first computation grows, from one client (target: exponent at most 1.1)")
    points = []
    for size in (customers // 100, customers // 10, customers):
        with filled(new_database, size, subsidiaries, rounds, rule) as bench:
            seconds = []
            for _ in range(rounds):
                bench.forget()
                seconds.append(bench.post_all(1)[0])
        points.append((size, statistics.median(seconds)))
        print(f"  {size:>8} customers  median {points[-1][1]:.2f} s")
    steps = [math.log(b[1] / a[1]) / math.log(b[0] / a[0]) for a, b in pairwise(points)]
    print(f"  exponents {', '.join(f'{step:.2f}' for step in steps)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--subsidiaries", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--part", choices=[*PARTS, "growth"], action="append", help="several times; all without it")
    parser.add_argument("--rule", choices=["cumulative", "computed"], default="cumulative")
    arguments = parser.parse_args()
    sizes = (arguments.customers, arguments.subsidiaries, arguments.rounds, arguments.rule)
    chosen = arguments.part or [*PARTS, "growth"]
    with tempfile.TemporaryDirectory() as name, databases("postgresql", Path(name)) as new_database:
        if set(chosen) & set(PARTS):
            with filled(new_database, *sizes) as bench:
                for part in chosen:
                    if part in PARTS:
                        PARTS[part](bench)
        if "growth" in chosen:
            growth(new_database, *sizes)


if __name__ == "__main__":
    main()
