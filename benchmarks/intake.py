"""(b) Handing in statistics lines, beside the database's own client loading and upserting the same file.

    python benchmarks/intake.py [--rows 1000000] [--rounds 5] [--database postgresql|sqlite] [--part PART ...]

Kontor reads, checks, resolves codes, keeps the source and the history, and answers. The client (`psql`, `sqlite3`)
loads the file as it is into a staging table and upserts from there into a table with the same columns, primary key and
second index, of the codes themselves. Both sides stand on the same server, in databases of their own, and take turns.

The lines are a month of a customer each, 36 months, in the order of an export that nobody sorted. Parts:

    new        lines that are not there yet, also beside the client with a file sorted by key
    again      the same file once more, beside its first time
    corrected  one month of the 36 with other amounts, into ten times as many lines, beside into as many
    formats    the same lines in each other format, beside CSV
    memory     the most memory that the service ever had, by the size of the submission
    health     how long `GET /healthz` takes while lines are handed in
"""

import argparse
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
from running import Kontor, databases, kontor_process, most_memory, report

from service.method.measures import MEASURES
from service.store import lines

KEY = ("period", "customer", "salesperson", "channel", "product_group")
BROUGHT = ("orders", "revenue", "margin")
COLUMNS = (*KEY, *BROUGHT)
MONTHS, FIRST_YEAR, SELLERS = 36, 2023, 200
LARGEST = "KONTOR_MAX_BODY_BYTES"
MEMORY_LIMIT_MB = 400


def made(rows: int, seed: int, month: int | None = None, *, by_key: bool = False) -> pa.Table:
    """Lines as text: of every month or of one; amounts by the seed."""
    chance = np.random.default_rng(seed)
    customers = -(-rows // MONTHS)
    place = (
        np.arange(rows) if month is None else month * customers + np.arange(min(customers, rows - month * customers))
    )
    customer = place % customers
    months = [f"{FIRST_YEAR + number // 12}-{number % 12 + 1:02d}" for number in range(MONTHS)]
    table = pa.table(
        {
            "period": pa.array(months).take(pa.array(place // customers)),
            "customer": _codes("C", customer, 6),
            "salesperson": _codes("S", customer % SELLERS, 3),
            "channel": _codes("K", customer % 3, 1),
            "product_group": _codes("P", customer % 7, 1),
            "orders": pa.array(chance.integers(1, 10, len(place))).cast(pa.string()),
            "revenue": _money(chance.integers(1, 10**7, len(place))),
            "margin": _money(chance.integers(1, 10**6, len(place))),
        }
    )
    return table if by_key else table.take(pa.array(chance.permutation(len(place))))


def _codes(letter: str, numbers: np.ndarray, width: int) -> pa.Array:
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(letter, digits, "")


def _money(cents: np.ndarray) -> pa.Array:
    whole, rest = pa.array(cents // 100).cast(pa.string()), pa.array(cents % 100).cast(pa.string())
    return pc.binary_join_element_wise(whole, pc.utf8_lpad(rest, 2, "0"), ".")


def write_csv(table: pa.Table, path: Path) -> None:
    arrow_csv.write_csv(table, path, arrow_csv.WriteOptions(quoting_style="none"))


def write_ndjson(table: pa.Table, path: Path) -> None:
    parts = []
    for name in COLUMNS:
        mark = "" if name in BROUGHT else '"'
        parts += [f'"{name}":{mark}', table.column(name), f"{mark},"]
    parts[-1] = "}\n"
    objects = pc.binary_join_element_wise("{", *parts, "")
    with path.open("w", encoding="utf-8") as out:
        out.writelines(objects.to_pylist())


FORMATS: Mapping[str, tuple[str, Callable[[pa.Table, Path], None]]] = {
    "csv": ("text/csv", write_csv),
    "ndjson": ("application/x-ndjson", write_ndjson),
}
"""Name → content type, and how a table is written."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What every part needs: how much, where files go, and new databases by their address."""

    rows: int
    rounds: int
    sizes: list[int]
    folder: Path
    database: str
    new_database: Callable[[], str]

    def file(self, table: pa.Table, name: str, form: str = "csv") -> Path:
        path = self.folder / f"{name}.{form}"
        FORMATS[form][1](table, path)
        return path

    @contextmanager
    def service(self, url: str | None = None, rows: int | None = None) -> Iterator[tuple[Kontor, httpx.Client]]:
        """A service that knows all customers and sellers and has no line."""
        with kontor_process(url or self.new_database(), **{LARGEST: str(1 << 31)}) as running:
            headers = {"Authorization": f"Bearer {running.key}"}
            with httpx.Client(base_url=running.address, headers=headers, timeout=600) as client:
                self._prepare(client, rows or self.rows)
                yield running, client

    def _prepare(self, client: httpx.Client, rows: int) -> None:
        client.put("/v1/subsidiaries/DE", json={"name": "D", "country": "DE", "currency": "EUR"}).raise_for_status()
        sellers = "code,start\n" + "".join(f"S{number:03d},2015-01-01\n" for number in range(SELLERS))
        customers = "code\n" + "".join(f"C{number:06d}\n" for number in range(-(-rows // MONTHS)))
        for form, body in (("salespeople", sellers), ("customers", customers)):
            path = self.folder / f"{form}.csv"
            path.write_text(body, encoding="utf-8")
            submit(client, path, form)


def submit(client: httpx.Client, path: Path, form: str = "statistics") -> tuple[float, dict]:
    """Seconds until the answer, and the receipt."""
    headers = {"Content-Type": FORMATS[path.suffix[1:]][0], "Content-Length": str(path.stat().st_size)}
    with path.open("rb") as body:
        pieces = iter(lambda: body.read(1 << 18), b"")
        began = time.perf_counter()
        answer = client.post(f"/v1/submissions/{form}?subsidiary=DE", content=pieces, headers=headers)
        seconds = time.perf_counter() - began
    answer.raise_for_status()
    return seconds, answer.json()


def _kind(measure: str) -> str:
    return "NUMERIC" if measure in ("revenue", "margin", "hours") or measure.endswith("_value") else "BIGINT"


def client_tables(bench: Bench) -> str:
    """A database with the table that the client loads into."""
    url = bench.new_database()
    keys = ", ".join(f"{name} TEXT NOT NULL" for name in KEY)
    measures = ", ".join(f"{name} {_kind(name)} NOT NULL" for name in MEASURES)
    line = f"CREATE TABLE line ({keys}, {measures}, PRIMARY KEY ({', '.join(KEY)}));"
    wal = "PRAGMA journal_mode=WAL;\n" if bench.database == "sqlite" else ""
    run_client(bench, url, f"{wal}{line}\nCREATE INDEX line_customer ON line (customer, period);\n")
    return url


def by_client(bench: Bench, url: str, file: Path) -> float:
    """Seconds that the database's client takes for the file."""
    others = [name for name in MEASURES if name not in BROUGHT]
    staged = ", ".join([f"{name} TEXT" for name in KEY] + [f"{name} {_kind(name)}" for name in BROUGHT])
    changes = ", ".join(f"{name} = excluded.{name}" for name in MEASURES)
    upsert = (
        f"INSERT INTO line ({', '.join([*COLUMNS, *others])}) SELECT {', '.join(COLUMNS)}{', 0' * len(others)}"
        f" FROM staged WHERE true ON CONFLICT ({', '.join(KEY)}) DO UPDATE SET {changes};"
    )
    table = f"CREATE TEMP TABLE staged ({staged});"
    if bench.database == "sqlite":
        script = f"PRAGMA synchronous=FULL;\n{table}\n.import --csv --skip 1 {file} staged\n{upsert}\n"
    else:
        script = f"BEGIN;\n{table}\n\\copy staged FROM '{file}' CSV HEADER\n{upsert}\nCOMMIT;\n"
    began = time.perf_counter()
    run_client(bench, url, script)
    return time.perf_counter() - began


def run_client(bench: Bench, url: str, script: str) -> str:
    """What the client prints."""
    if bench.database == "sqlite":
        command = ["sqlite3", "-bail", url.removeprefix("sqlite:///")]
    else:
        command = ["psql", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url]
    return subprocess.run(command, input=script, text=True, check=True, capture_output=True).stdout


def new(bench: Bench) -> None:
    ours, client, client_sorted = [], [], []
    file = bench.file(made(bench.rows, 0), "lines")
    by_key = bench.file(made(bench.rows, 0, by_key=True), "sorted")
    for _ in range(bench.rounds):
        with bench.service() as (_, service):
            seconds, receipt = submit(service, file)
        assert receipt["added"] == bench.rows
        ours.append(seconds)
        client.append(by_client(bench, client_tables(bench), file))
        client_sorted.append(by_client(bench, client_tables(bench), by_key))
    limit = 1.0 if bench.database == "postgresql" else 2.0
    report(f"{bench.rows} new lines, {bench.database} (target: {limit})", "s", ours, client)
    limit = f" (target: {1.3})" if bench.database == "postgresql" else ""
    report(f"the same, the client's file sorted by key{limit}", "s", ours, client_sorted)


def again(bench: Bench) -> None:
    first, second = [], []
    file = bench.file(made(bench.rows, 0), "lines")
    for _ in range(bench.rounds):
        with bench.service() as (_, service):
            first.append(submit(service, file)[0])
            seconds, receipt = submit(service, file)
        assert receipt["unchanged"] == bench.rows
        second.append(seconds)
    title = f"{bench.rows} lines again, {bench.database} (target: 0.5)"
    report(title, "s", second, first, ("again", "first time"))


def corrected(bench: Bench) -> None:
    into_ten, into_one = [], []
    file = bench.file(made(bench.rows, 0), "lines")
    months = [bench.file(made(bench.rows, 1 + number, MONTHS - 2), f"month{number}") for number in range(bench.rounds)]
    urls = [bench.new_database(), bench.new_database()]
    for url, times in zip(urls, (1, 10), strict=True):
        with bench.service(url) as (_, service):
            submit(service, file)
        run_client(bench, url, _copies(times - 1) + ("ANALYZE;" if bench.database == "sqlite" else "VACUUM ANALYZE;"))
    with _serving(bench, urls[0]) as one, _serving(bench, urls[1]) as ten:
        for month in months:
            for service, seconds in ((one, into_one), (ten, into_ten)):
                taken, receipt = submit(service, month)
                assert receipt["corrected"] > 0.99 * receipt["received"]
                seconds.append(taken)
    title = f"{receipt['received']} lines of one month corrected, in {bench.rows} and ten times as many"
    report(f"{title}, {bench.database} (target: 1.2)", "s", into_ten, into_one, ("tenfold", "single"))


@contextmanager
def _serving(bench: Bench, url: str) -> Iterator[httpx.Client]:
    with bench.service(url) as (_, client):
        yield client


def _copies(times: int) -> str:
    """Every line so many times more, in earlier months."""
    names = [column.name for column in lines.TABLE.columns]
    statements = []
    for number in range(1, times + 1):
        cells = [f"period - {MONTHS * number}" if name == "period" else name for name in names]
        only = f"WHERE period > (SELECT max(period) - {MONTHS} FROM line)"
        statements.append(f"INSERT INTO line ({', '.join(names)}) SELECT {', '.join(cells)} FROM line {only};\n")
    return "".join(statements)


def formats(bench: Bench) -> None:
    files = {form: bench.file(made(bench.rows, 0), "lines", form) for form in FORMATS}
    seconds = {form: [] for form in FORMATS}
    for _ in range(bench.rounds):
        for form, file in files.items():
            with bench.service() as (_, service):
                seconds[form].append(submit(service, file)[0])
    for form in FORMATS.keys() - {"csv"}:
        title = f"{bench.rows} new lines as {form}, {bench.database}"
        report(title, "s", seconds[form], seconds["csv"], (form, "csv"))


def memory(bench: Bench) -> None:
    print(f"Most memory of the service, {bench.database} (target: below {MEMORY_LIMIT_MB} MB)")
    for rows in bench.sizes:
        file = bench.file(made(rows, 0), "lines")
        with bench.service(rows=rows) as (running, service):
            before = most_memory(running.process)
            submit(service, file)
            print(f"  {rows:>9} lines  {most_memory(running.process)} MB  ({before} MB before)")


def health(bench: Bench) -> None:
    file = bench.file(made(bench.rows, 0), "lines")
    waited: list[float] = []
    with bench.service() as (running, service), httpx.Client(base_url=running.address) as asking:
        work = threading.Thread(target=submit, args=(service, file))
        work.start()
        while work.is_alive():
            began = time.perf_counter()
            asking.get("/healthz").raise_for_status()
            taken = time.perf_counter() - began
            waited.append(1000 * taken)
            time.sleep(max(0, 0.02 - taken))
    p99 = statistics.quantiles(waited, n=100)[98]
    print(f"GET /healthz while {bench.rows} lines are handed in, {bench.database} (target: p99 of 100 ms)")
    print(
        f"  median {statistics.median(waited):.1f}  p99 {p99:.1f}  max {max(waited):.1f} ms  ({len(waited)} requests)"
    )


PARTS = {part.__name__: part for part in (new, again, corrected, formats, memory, health)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--part", choices=PARTS, action="append", help="several times; all of them without it")
    parser.add_argument("--largest", action="store_true", help="measure memory with five times the rows too")
    arguments = parser.parse_args()
    client = {"sqlite": "sqlite3", "postgresql": "psql"}[arguments.database]
    if shutil.which(client) is None:
        raise SystemExit(f"The reference is the program {client}, which is not installed here.")
    rows = arguments.rows
    sizes = [rows // 100, rows // 10, rows, *([5 * rows] if arguments.largest else [])]
    with tempfile.TemporaryDirectory() as name, databases(arguments.database, Path(name)) as new_database:
        bench = Bench(rows, arguments.rounds, sizes, Path(name), arguments.database, new_database)
        for part in arguments.part or PARTS:
            PARTS[part](bench)


if __name__ == "__main__":
    main()
