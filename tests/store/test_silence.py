"""A PostgreSQL that keeps its connections open and answers nothing."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from service.errors import OutcomeUnknown, Unavailable
from service.store.database import Database
from tests.faults.proxy import FaultProxy, Kind, Toxic
from tests.faults.rig import at_once

SECONDS = 4
SILENT = Toxic(Kind.BLACK_HOLE)


@pytest.fixture
def behind_proxy(postgres: str) -> Iterator[Callable[[], Any]]:
    """Makes databases, each behind a proxy of its own."""
    about = psycopg.conninfo.conninfo_to_dict(postgres)

    @contextmanager
    def make() -> Iterator[tuple[Database, FaultProxy]]:
        proxy = FaultProxy.to_socket(Path(about["host"]) / ".s.PGSQL.5432")
        url = f"postgresql://postgres@127.0.0.1:{proxy.port}/postgres?sslmode=disable"
        database = Database(url, pool_size=2, silence_seconds=SECONDS)
        yield database, proxy
        database.close()
        proxy.stop()

    return make


def _read(database: Database, proxy: FaultProxy) -> None:
    with database.reading() as connection:
        connection.exec_driver_sql("SELECT 1")
        proxy.spoil(SILENT)
        connection.exec_driver_sql("SELECT 2")


def _written(database: Database, proxy: FaultProxy) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("SELECT 1")
        proxy.spoil(SILENT)


def _copied(database: Database, proxy: FaultProxy) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TEMPORARY TABLE much (word text)")
        driver: Any = connection.connection.driver_connection
        proxy.spoil(SILENT)
        with driver.cursor() as cursor, cursor.copy("COPY much FROM STDIN") as copy:
            for _ in range(1000):
                copy.write(b"x" * 10_000 + b"\n")


def _connected(database: Database, proxy: FaultProxy) -> None:
    proxy.spoil(SILENT)
    with database.reading() as connection:
        connection.exec_driver_sql("SELECT 1")


def _looked_up(database: Database, proxy: FaultProxy) -> None:
    """With a connection that is asked first whether it is there yet, as it has been idle."""
    with database.looking_up() as connection:
        connection.exec_driver_sql("SELECT 1")
    time.sleep(1.1)
    _connected(database, proxy)


def test_a_statement_that_takes_long_is_waited_for(behind_proxy: Callable[[], Any]) -> None:
    with behind_proxy() as (database, _), database.reading() as connection:
        connection.exec_driver_sql(f"SELECT pg_sleep({SECONDS + 1})")


def test_a_database_that_falls_silent_is_given_up_and_found_again(behind_proxy: Callable[[], Any]) -> None:
    def tried(work: Callable[[Database, FaultProxy], None]) -> tuple[type[BaseException], float, float]:
        with behind_proxy() as (database, proxy):
            begun = time.monotonic()
            with pytest.raises(Unavailable) as refused:
                work(database, proxy)
            seconds, healed = time.monotonic() - begun, time.monotonic()
            proxy.heal()
            while True:
                try:
                    _connected_again(database)
                    break
                except Unavailable:
                    assert time.monotonic() < healed + 10
                    time.sleep(0.05)
            return type(refused.value), seconds, time.monotonic() - healed

    works = (_read, _written, _copied, _connected, _looked_up)
    found = at_once([lambda work=work: tried(work) for work in works])
    for work, one in zip(works, found, strict=True):
        assert one is not None, work
        kind, seconds, recovered = one
        assert kind is (OutcomeUnknown if work is _written else Unavailable), work
        assert seconds < SECONDS + 4, (work, seconds)
        assert recovered < 5, (work, recovered)


def _connected_again(database: Database) -> None:
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
