"""Whoever changes the audit behind the service's back is found out."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, update
from typer.testing import CliRunner

from service import cli
from service.access import audit
from service.access.audit import BEGINNING, Note, Origin, _hash
from service.errors import BadArgument, Unavailable
from service.store import subsidiaries
from service.store.audit import TABLE
from service.store.database import Database
from service.store.reach import GROUP, Reach
from tests.conftest import NOW

KEY = "k" * 32
ALL = Reach(None)
COUNT = 6
Tamper = Callable[[Connection, int], Any]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url, pool_size=2)
    yield database
    database.close()


@pytest.fixture
def chain(database: Database) -> int:
    """The id of a subsidiary with six entries; the group has six too."""
    with database.writing() as connection:
        values = {"code": "DE", "name": "DE", "country": "DE", "currency": "EUR"}
        number = subsidiaries.create(connection, values, NOW)
    for place in range(COUNT):
        append(database, Reach(frozenset({number})), place)
        append(database, Reach(frozenset({GROUP})), place)
    return number


def append(database: Database, home: Reach, place: int) -> None:
    note = Note(home, "group.change", f"group/{place}", {"name": place}, {"name": place + 1})
    with database.writing() as connection:
        audit.write(connection, "key", NOW + timedelta(seconds=place), Origin("10.0.0.1", f"r{place}"), [note])


def sealed(database: Database, previous: str = "") -> str:
    with database.reading() as connection:
        return audit.seal(connection, ALL, KEY, NOW, previous)


def found(database: Database, tamper: Tamper, number: int, seals: list[str]) -> list[str]:
    """The broken entries after tampering, which is undone."""
    with database._engine.connect() as connection:
        tamper(connection, number)
        _, broken = audit.verify(connection, ALL, audit.read_seals(seals, KEY))
        connection.rollback()
    return [one.entry for one in broken]


def at(number: int, place: int) -> Any:
    return (TABLE.c.subsidiary_id == number) & (TABLE.c.number == place)


def row(connection: Connection, number: int, place: int) -> dict[str, Any]:
    return dict(connection.execute(select(TABLE).where(at(number, place))).mappings().one())


def put(connection: Connection, values: dict[str, Any]) -> None:
    connection.execute(insert(TABLE).values(values))


def change(name: str, value: Any) -> Tamper:
    return lambda connection, number: connection.execute(update(TABLE).where(at(number, 3)).values({name: value}))


def remove(connection: Connection, number: int) -> None:
    connection.execute(delete(TABLE).where(at(number, 3)))


def swap(connection: Connection, number: int) -> None:
    third, fourth = row(connection, number, 3), row(connection, number, 4)
    connection.execute(delete(TABLE).where(at(number, 3) | at(number, 4)))
    put(connection, third | {"number": 4})
    put(connection, fourth | {"number": 3})


def put_between(connection: Connection, number: int) -> None:
    for place in range(COUNT, 2, -1):
        connection.execute(update(TABLE).where(at(number, place)).values(number=place + 1))
    put(connection, row(connection, number, 2) | {"number": 3})


def move_to_the_group(connection: Connection, number: int) -> None:
    put(connection, row(connection, number, COUNT) | {"subsidiary_id": GROUP, "number": COUNT + 1})


def add_another_end(connection: Connection, number: int) -> None:
    put(connection, row(connection, number, COUNT) | {"number": COUNT + 1})


def remove_the_beginning(connection: Connection, number: int) -> None:
    connection.execute(delete(TABLE).where(at(number, 1)))


def cut_off(connection: Connection, number: int) -> None:
    connection.execute(delete(TABLE).where(at(number, COUNT)))


def remove_all(connection: Connection, number: int) -> None:
    connection.execute(delete(TABLE).where(TABLE.c.subsidiary_id == number))


def write_anew(connection: Connection, number: int) -> None:
    """As somebody else's doing from the third entry on, with hashes that fit."""
    before = BEGINNING
    for place in range(1, COUNT + 1):
        entry = row(connection, number, place) | ({"principal": "another"} if place >= 3 else {})
        before = _hash(before, number, entry)
        connection.execute(update(TABLE).where(at(number, place)).values(principal=entry["principal"], hash=before))


CHANGES = {
    "at": NOW + timedelta(seconds=2, microseconds=1),
    "principal": "another",
    "action": "feeds.change",
    "resource": "group/3",
    "address": "10.0.0.2",
    "request_id": "r3",
    "before": '{"name":3}',
    "after": None,
    "hash": "f" * 64,
}


def test_each_way_of_tampering_names_the_first_broken_entry(database: Database, chain: int) -> None:
    assert CHANGES.keys() | {"subsidiary_id", "number"} == set(TABLE.c.keys()), "every column is tried"
    ways: list[tuple[Tamper, str]] = [(change(name, value), "DE.3") for name, value in CHANGES.items()]
    ways += [(remove, "DE.4"), (swap, "DE.3"), (put_between, "DE.3"), (remove_the_beginning, "DE.2")]
    ways += [(add_another_end, f"DE.{COUNT + 1}"), (move_to_the_group, f"group.{COUNT + 1}")]
    for place, (tamper, entry) in enumerate(ways):
        assert found(database, tamper, chain, []) == [entry], place
    assert found(database, lambda *_: None, chain, []) == []


def test_five_hundred_ways_of_tampering_are_found(database: Database, chain: int) -> None:
    """Every column of every entry changed in several ways, every entry removed, moved, doubled, every end cut off."""
    seals, ways = [sealed(database)], list(_mutations(Random(1)))  # noqa: S311 - the same ways each time
    assert len(ways) >= 500
    with database._engine.connect() as connection:
        for tamper in ways:
            savepoint = connection.begin_nested()
            tamper(connection, chain)
            assert audit.verify(connection, ALL, audit.read_seals(seals, KEY))[1], tamper
            savepoint.rollback()
        assert audit.verify(connection, ALL, audit.read_seals(seals, KEY)) == (2 * COUNT, [])
        connection.rollback()


def _mutations(random: Random) -> Iterator[Tamper]:
    for place in range(1, COUNT + 1):
        for name, value in CHANGES.items():
            for _ in range(8):
                other = NOW + timedelta(days=random.randrange(1, 9999)) if name == "at" else value
                if isinstance(other, str):
                    other = f"{other[:-6]}{random.getrandbits(24):06x}"
                yield partial(_change_at, place, {name: other})
        yield partial(_change_at, place, {"number": COUNT + 1 + place})
        yield partial(_change_at, place, {"subsidiary_id": GROUP, "number": COUNT + place})
        yield partial(connection_delete, place=place)
        yield partial(_cut_off_from, place)
        for twice in range(COUNT + 1, COUNT + 9):
            yield partial(_double, place, twice)


def _change_at(place: int, values: dict[str, Any], connection: Connection, number: int) -> None:
    connection.execute(update(TABLE).where(at(number, place)).values(values))


def _cut_off_from(place: int, connection: Connection, number: int) -> None:
    connection.execute(delete(TABLE).where(TABLE.c.subsidiary_id == number, TABLE.c.number >= place))


def _double(place: int, twice: int, connection: Connection, number: int) -> None:
    put(connection, row(connection, number, place) | {"number": twice})


def test_a_shortened_or_rewritten_chain_shows_against_a_seal_alone(database: Database, chain: int) -> None:
    seals = [sealed(database)]
    append(database, Reach(frozenset({chain})), COUNT)
    seals.append(sealed(database, seals[-1]))
    cut_two: Tamper = lambda *asked: [connection_delete(*asked, place) for place in (COUNT, COUNT + 1)]  # noqa: E731
    ways: list[tuple[Tamper, str]] = [(cut_two, f"DE.{COUNT}"), (remove_all, "DE.1"), (write_anew, f"DE.{COUNT}")]
    for tamper, entry in ways:
        assert found(database, tamper, chain, seals) == [entry]
    assert found(database, cut_two, chain, []) == [], "a chain alone does not know where it ended"
    assert found(database, remove_all, chain, []) == []


def connection_delete(connection: Connection, number: int, place: int) -> None:
    connection.execute(delete(TABLE).where(at(number, place)))


def test_seals_cannot_be_changed_left_out_or_made_without_the_key(database: Database, chain: int) -> None:
    first = sealed(database)
    append(database, Reach(frozenset({chain})), COUNT)
    second = sealed(database, first)
    third = sealed(database, second)
    assert set(audit.read_seals([first, second, third], KEY)) == {
        (GROUP, COUNT),
        (chain, COUNT),
        (chain, COUNT + 1),
    }
    wrong = {
        "changed": [first.replace(f", {COUNT}, ", ", 1, ")],
        "signed with another": [first, second],
        "does not follow": [first, third],
        "no seal": [first, "{}"],
    }
    for word, lines in wrong.items():
        with pytest.raises(BadArgument, match=word):
            audit.read_seals(lines, KEY if word != "signed with another" else "x" * 32)
    for line in ("", "[]", "1", "{", '{"signature": 1}'):
        with pytest.raises(BadArgument, match="no seal"):
            audit.read_seals([line], KEY)


def test_the_commands_seal_and_verify(database: Database, chain: int, database_url: str, tmp_path: Path) -> None:
    def run(*words: str, key: str = KEY) -> tuple[int, str]:
        environment = {"KONTOR_DATABASE_URL": database_url} | ({"KONTOR_AUDIT_SEAL_KEY": key} if key else {})
        done = CliRunner().invoke(cli.commands, ["audit", *words], env=environment | {"NO_COLOR": "1"})
        return done.exit_code, done.output

    assert "KONTOR_AUDIT_SEAL_KEY" not in os.environ
    seals = str(tmp_path / "seals")
    assert run("seal", seals) == (0, "Sealed 2 chains.\n")
    append(database, Reach(frozenset({chain})), COUNT)
    assert run("seal", seals) == (0, "Sealed 2 chains.\n")
    assert run("verify", seals) == (0, f"{2 * COUNT + 1} entries are as they were written; 3 of them are sealed.\n")
    assert "Set KONTOR_AUDIT_SEAL_KEY" in run("seal", seals, key="")[1]
    with database.writing() as connection:
        connection_delete(connection, chain, COUNT + 1)
    assert run("verify") == (0, f"{2 * COUNT} entries are as they were written; 0 of them are sealed.\n")
    code, said = run("verify", seals)
    assert (code, f"DE.{COUNT + 1}: it is missing" in said) == (1, True)


def test_seals_are_added_every_so_often(
    database: Database, chain: int, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seals, slept = tmp_path / "seals", list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 4:
            raise KeyboardInterrupt
        if len(slept) == 2:
            monkeypatch.setattr(cli, "_append_seal", away)
        else:
            monkeypatch.setattr(cli, "_append_seal", append_seal)

    def away(*_: Any) -> None:
        raise Unavailable("The database cannot be reached.")

    append_seal = cli._append_seal
    monkeypatch.setattr(cli.time, "sleep", sleep)
    environment = {"KONTOR_DATABASE_URL": database_url, "KONTOR_AUDIT_SEAL_KEY": KEY}
    CliRunner().invoke(cli.commands, ["audit", "seal", str(seals), "--every", "60"], env=environment)
    assert slept == [60] * 4
    lines = seals.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3, "at the start, after a minute, and when the database was there again"
    assert len(audit.read_seals(lines, KEY)) == 2


def test_what_commands_do_to_keys_is_told(database: Database, database_url: str) -> None:
    def run(*words: str) -> str:
        done = CliRunner().invoke(cli.commands, ["keys", *words], env={"KONTOR_DATABASE_URL": database_url})
        assert done.exit_code == 0
        return done.output.strip()

    key = run("create", "--name", "x", "--scope", "admin").split("_")[1]
    run("rotate", key)
    run("revoke", key)
    with database.reading() as connection:
        told = connection.execute(select(TABLE.c.principal, TABLE.c.action).order_by(TABLE.c.number)).all()
    assert [tuple(one) for one in told] == [("operator", f"key.{word}") for word in ("create", "rotate", "revoke")]
