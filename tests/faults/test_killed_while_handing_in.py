"""The service, or PostgreSQL, is killed while lines are handed in; afterwards they are handed in again, same key.

All of a submission is stored or nothing; handed in again it is stored once, as if nothing had happened. The moments
are spread by chance over the time that the submission takes. F1, F3 and F24 of the campaigns.
"""

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from service.store import lines, submissions, subsidiaries
from service.store.database import Database
from tests.faults.conftest import trials
from tests.faults.ledger import Campaign

ROWS, CUSTOMERS = 20_000, 600


def body() -> str:
    chance = random.Random(7)  # noqa: S311
    header = "period,customer,salesperson,channel,product_group,orders,revenue,margin\n"
    return header + "".join(
        f"{2022 + place // CUSTOMERS // 12}-{place // CUSTOMERS % 12 + 1:02d},C{place % CUSTOMERS},S{place % 9},"
        f"K{place % 3},P{place % 5},{chance.randint(1, 9)},{chance.randint(1, 10**6) / 100},{chance.randint(1, 9)}\n"
        for place in range(ROWS)
    )


BODY = body()


class Books:
    """A service and its database; every submission goes to a subsidiary of its own."""

    def __init__(self, server) -> None:
        self.server = server
        self.database = Database(server.environment["KONTOR_DATABASE_URL"], pool_size=1)
        self.duration = 0.0

    def prepare(self, subsidiary: str) -> None:
        with self._client() as client:
            about = {"name": "A company", "country": "DE", "currency": "EUR"}
            assert client.put(f"/v1/subsidiaries/{subsidiary}", json=about).is_success
        sellers = "code,start\n" + "".join(f"S{number},2015-01-01\n" for number in range(9))
        customers = "code\n" + "".join(f"C{number}\n" for number in range(CUSTOMERS))
        for form, text in (("salespeople", sellers), ("customers", customers)):
            assert self.submit(form, subsidiary, text).status_code == 201

    def submit(self, form: str, subsidiary: str, text: str) -> httpx.Response:
        headers = {"Content-Type": "text/csv", "Idempotency-Key": f"{form}-{subsidiary}"}
        with self._client() as client:
            return client.post(
                f"/v1/submissions/{form}", params={"subsidiary": subsidiary}, content=text, headers=headers
            )

    def undisturbed(self) -> list[tuple[int, ...]]:
        """What the lines are where nothing is killed."""
        self.prepare("R")
        began = time.perf_counter()
        assert self.submit("statistics", "R", BODY).json()["added"] == ROWS
        self.duration = time.perf_counter() - began
        expected = self.stored("R")
        assert len(expected) == ROWS
        return expected

    def disturbed(self, subsidiary: str, moment: float, fault: Callable[[], None]) -> httpx.Response | None:
        """The answer to a submission during which the fault happens, at this part of the time; None without one."""
        self.prepare(subsidiary)
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(self._submit_or_none, subsidiary)
            time.sleep(moment * self.duration)
            fault()
            return answer.result(timeout=60)

    def _submit_or_none(self, subsidiary: str) -> httpx.Response | None:
        try:
            return self.submit("statistics", subsidiary, BODY)
        except httpx.TransportError:
            return None

    def stored(self, subsidiary: str) -> list[tuple[int, ...]]:
        """Its lines in the order of their keys, without the company and the revision."""
        columns = [column for column in lines.TABLE.columns if column.name not in ("subsidiary_id", "revision")]
        statement = select(*columns).join_from(lines.TABLE, subsidiaries.TABLE, _of(lines.TABLE))
        statement = statement.where(subsidiaries.TABLE.c.code == subsidiary).order_by(*lines.TABLE.primary_key.columns)
        with self.database.reading() as connection:
            return [tuple(row) for row in connection.execute(statement)]

    def records(self, subsidiary: str) -> int:
        """How many submissions of lines it has."""
        statement = select(func.count()).join_from(submissions.TABLE, subsidiaries.TABLE, _of(submissions.TABLE))
        statement = statement.where(subsidiaries.TABLE.c.code == subsidiary, submissions.TABLE.c.form == "statistics")
        with self.database.reading() as connection:
            return connection.execute(statement).scalar_one()

    def handed_in_once(
        self,
        subsidiary: str,
        expected: list[tuple[int, ...]],
        answer: httpx.Response | None,
        ledger: Campaign,
        began: float,
    ) -> None:
        """After the fault: all or nothing, and all once it was handed in again."""
        before = self.stored(subsidiary)
        assert before in ([], expected)
        assert self.records(subsidiary) == (1 if before else 0)
        answered = answer is not None and answer.status_code == 201
        if answered:
            assert before == expected, "answered, and not stored"
        again = self.submit("statistics", subsidiary, BODY)
        ledger.tried(answered=answered, stored=bool(before), recovered=time.perf_counter() - began)
        assert again.status_code == 201, again.text
        assert again.json()["added"] == ROWS
        assert self.stored(subsidiary) == expected
        assert self.records(subsidiary) == 1

    def _client(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.server.key}"}
        return httpx.Client(base_url=self.server.url, headers=headers, timeout=60)


def _of(table):
    return subsidiaries.TABLE.c.id == table.c.subsidiary_id


def moments(count: int) -> list[float]:
    """Parts of the time, one by chance in each stretch of it."""
    return [(place + random.random()) / count for place in range(count)]  # noqa: S311


@pytest.fixture
def books_of() -> Iterator[Callable[[Any], Books]]:
    """Books of a server; their connections are closed at the end."""
    made: list[Books] = []

    def make(server: Any) -> Books:
        made.append(Books(server))
        return made[-1]

    yield make
    for books in made:
        books.database.close()


def test_a_killed_service_stores_all_or_nothing_and_then_once(server_of_either, books_of, campaign):
    books = books_of(server_of_either)
    expected = books.undisturbed()
    kind = "SQLite" if books.database.is_sqlite else "PostgreSQL"
    ledger = campaign("F24" if books.database.is_sqlite else "F1", "service killed while it stores", kind)
    for place, moment in enumerate(moments(trials(100, 2))):
        answer = books.disturbed(f"S{place}", moment, server_of_either.kill)
        began = time.perf_counter()
        server_of_either.start()
        books.handed_in_once(f"S{place}", expected, answer, ledger, began)


def test_a_killed_postgresql_stores_all_or_nothing_and_then_once(own_postgres, server_of, books_of, campaign):
    began = [0.0]

    def fault() -> None:
        own_postgres.kill()
        began[0] = time.perf_counter()
        own_postgres.start()

    with server_of(own_postgres.url) as server:
        books = books_of(server)
        expected = books.undisturbed()
        ledger = campaign("F3", "PostgreSQL killed while it stores", "PostgreSQL")
        for place, moment in enumerate(moments(trials(100, 2))):
            answer = books.disturbed(f"P{place}", moment, fault)
            assert answer is not None
            assert answer.status_code in (201, 503), answer.text
            books.handed_in_once(f"P{place}", expected, answer, ledger, began[0])
