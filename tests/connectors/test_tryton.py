"""A real Tryton beside a served Kontor: filled over its own interface, synchronised twice, its customers classed.

`make test-connectors` runs this: Tryton (GPL) lives in an environment of its own and is only spoken to over HTTP.
"""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.conftest import Server
from tests.connectors.tryton_sales import CUSTOMERS, company_at

ROOT = Path(__file__).parents[2]
TRYTON = ROOT / ".venv-tryton" / "bin"
SYNC = ROOT / "examples" / "connectors" / "sync.py"
MAPPING = ROOT / "examples" / "connectors" / "mappings" / "tryton.yaml"
SECONDS = 240


@dataclass
class Tryton:
    """A running Tryton: its address with the database, and a key."""

    url: str
    key: str


@pytest.fixture
def tryton(tmp_path: Path) -> Iterator[Tryton]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    configuration = tmp_path / "trytond.conf"
    configuration.write_text(f"[database]\nuri = sqlite://\npath = {tmp_path}\n[web]\nlisten = 127.0.0.1:{port}\n")
    (tmp_path / "password").write_text("quite a long password")
    (tmp_path / "company.sqlite").touch()
    environment = os.environ | {"TRYTOND_CONFIG": str(configuration), "TRYTONPASSFILE": str(tmp_path / "password")}
    for program in (
        [TRYTON / "trytond-admin", "-d", "company", "--all", "--email", "admin@example.org"],
        [TRYTON / "python", Path(__file__).with_name("tryton_company.py"), "company"],
    ):
        done = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    process = subprocess.Popen([TRYTON / "trytond", "-d", "company"], env=environment, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}/company"
        wait_for(address, process)
        yield Tryton(address, done.stdout.split()[-1])
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "Tryton ended"
        try:
            httpx.get(address)
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("Tryton did not start")


def synchronise(server: Server, tryton: Tryton, mapping: Path, *more: str) -> dict[str, dict[str, int]]:
    """What the connector says of each form, and how many customers it wrote to."""
    done = subprocess.run(
        [sys.executable, SYNC, mapping, "--url", server.url, *more],
        env=os.environ | {"KONTOR_KEY": server.key, "TRYTON_KEY": tryton.key},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.partition(": ") for line in done.stdout.splitlines()]
    return {form: {word: int(n) for word, n in re.findall(r"(\w+) (\d+)", told)} for form, _, told in lines if told}


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def kept_apart(tmp_path: Path, tryton: Tryton) -> Path:
    document = yaml.safe_load(MAPPING.read_text(encoding="utf-8")) | {"url": tryton.url}
    path = tmp_path / "tryton.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def test_tryton_is_synchronised_and_its_customers_are_classed(server: Server, tryton: Tryton, tmp_path: Path) -> None:
    with (
        httpx.Client(base_url=f"{tryton.url}/rest/model/", headers=bearer(tryton.key), timeout=60) as rest,
        httpx.Client(base_url=server.url, headers=bearer(server.key), timeout=60) as ask,
    ):
        both_sides(server, tryton, kept_apart(tmp_path, tryton), rest, ask)


def both_sides(server: Server, tryton: Tryton, mapping: Path, rest: httpx.Client, ask: httpx.Client) -> None:
    sold = company_at(rest).sell_all()
    first = synchronise(server, tryton, mapping, "--prepare")
    rows = {"salespeople": 2, "customers": 4, "orders": 16, "deals": 6}
    assert {form: first[form]["added"] for form in rows} == rows
    orders = ask.get("/v1/orders", params={"subsidiary": "US"}).json()["items"]
    assert sum(Decimal(order["amount"]) for order in orders) == sold
    assert {order["product_group"] for order in orders} == {"pumps"}
    by_seller = {order["salesperson"] for order in orders}
    assert len(by_seller - {""}) == 2, "the sellers of the opportunities"
    deals = ask.get("/v1/deals", params={"subsidiary": "US"}).json()["items"]
    assert sorted(deal["outcome"] for deal in deals) == ["lost", "open", "won", "won", "won", "won"]
    assert all("qualified=" in deal["stages"] for deal in deals)

    again = synchronise(server, tryton, mapping, "--full")
    assert {form: again[form]["unchanged"] for form in rows} == rows
    assert all(again[form]["added"] == again[form]["corrected"] == 0 for form in rows)
    only_changed = synchronise(server, tryton, mapping)
    assert only_changed["orders"]["read"] < rows["orders"]

    computed = ask.post("/v1/segmentations", json={"subsidiary": "US"}).json()
    customers = ask.get(f"/v1/segmentations/{computed['id']}/customers").json()["items"]
    parties = rest.get("party.party", params={"f": ["code", "categories.name", "categories.parent.name"]}).json()
    shown = {party["code"]: labels(party) for party in parties}
    for one in customers:
        assert shown[one["customer"]]["Class"] == [one["effective_class"]]
        assert shown[one["customer"]]["Segment"] == [one["effective_segment"]]
    assert {one["name"] for one in customers if one["effective_class"] == "A"} == {"Alpha", "Beta"}
    notes = [note["message"] for note in rest.get("ir.note", params={"f": ["message"]}).json()]
    assert len(notes) == len(CUSTOMERS), "one note a customer, however often it is written"
    assert all("planned revenue: " in note for note in notes)


def labels(party: dict[str, Any]) -> dict[str, list[str]]:
    """Its categories by the name of their group."""
    found: dict[str, list[str]] = {}
    for category in party["categories"]:
        if category["parent"]:
            found.setdefault(category["parent"]["name"], []).append(category["name"])
    return found
