"""The checker: what holds after every campaign, whatever happened in it. P1 to P10 in `docs/faults.md`."""

from collections import Counter
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import func, select

from service.access import audit as auditing
from service.store import audit, labels, lines, submissions, subsidiaries
from service.store.reach import Reach
from tests.faults.history import Operation
from tests.faults.oracle import canary, plain
from tests.faults.rig import HOMES, Rig

REPLAYED = 5
"""So many accepted operations are sent again."""
FIRST, LAST = "2000-01", "2025-12"


def check(rig: Rig) -> None:
    """After the faults: everything is settled, then compared. An AssertionError says what does not hold."""
    for replica in rig.replicas:
        replica.wait_until_ready()
    before = Counter(stored(rig))
    for operation in rig.history.operations:
        _whole(before, operation)
    rig.settle()
    _as_the_oracle(rig)
    _agree(rig)
    _derived(rig)
    _replayed(rig)
    _audited(rig)
    isolated(rig)
    assert not rig.history.faults, "P7: " + "\n".join(rig.history.faults[:10])


def stored(rig: Rig, operation: Operation | None = None) -> list[tuple[str, ...]]:
    """Rows as (subsidiary, period, channel, product_group, orders, revenue), of all or of one operation."""
    line, channel, group, home = lines.TABLE, labels.CHANNEL, labels.PRODUCT_GROUP, subsidiaries.TABLE
    statement = (
        select(home.c.code, line.c.period, channel.c.code, group.c.code, line.c.orders, line.c.revenue)
        .join_from(line, home, home.c.id == line.c.subsidiary_id)
        .join(channel, (channel.c.subsidiary_id == home.c.id) & (channel.c.id == line.c.channel_id))
        .join(group, (group.c.subsidiary_id == home.c.id) & (group.c.id == line.c.product_group_id))
    )
    if operation is not None:
        statement = statement.where(home.c.code == operation.home, channel.c.code == operation.rows[0][1])
    with rig.database.reading() as connection:
        return [_told(*row) for row in connection.execute(statement)]


def _told(home: str, period: int, channel: str, group: str, orders: int, revenue: int) -> tuple[str, ...]:
    month = f"{period // 12}-{period % 12 + 1:02d}"
    return home, month, channel, group, plain(Decimal(orders) / 10_000), plain(Decimal(revenue) / 10_000)


def whole(rig: Rig, operation: Operation) -> bool:
    """P1 and P2 for one operation: whether it is stored, all of it; an acknowledged one must be."""
    return _whole(Counter(stored(rig, operation)), operation)


def _whole(there: Counter[tuple[str, ...]], operation: Operation) -> bool:
    counts = {there[(operation.home, *row)] for row in operation.rows}
    assert counts in ({0}, {1}), f"P2: a part of {operation.key} is stored, or twice: {counts}"
    if operation.end == "ok":
        assert counts == {1}, f"P1: {operation.key} was acknowledged and is lost"
    if operation.end == "fail":
        assert counts == {0}, f"P2: {operation.key} was refused and is stored"
    return counts == {1}


def _as_the_oracle(rig: Rig) -> None:
    """P3: as a multiset, and in the sums to the last unit."""
    there = Counter(stored(rig))
    doubled = [row for row, count in there.items() if count > 1]
    assert not doubled, f"P1: stored more than once: {doubled[:3]}"
    expected = rig.oracle.stored()
    assert not expected - there.keys(), f"P3: lost: {sorted(expected - there.keys())[:3]}"
    assert not there.keys() - expected, f"P3: unexpected: {sorted(there.keys() - expected)[:3]}"
    for home, sums in rig.oracle.sums().items():
        rows = [row for row in there if row[0] == home]
        assert tuple(sum(Decimal(row[place]) for row in rows) for place in (4, 5)) == sums, f"P3: sums of {home}"


def _agree(rig: Rig) -> None:
    """P2: records, keys, sources and data revisions tell of the same submissions as the rows."""
    home = subsidiaries.TABLE
    with rig.database.reading() as connection:
        for code in HOMES:
            done = len({one.key for one in rig.history.of_end("ok") if one.home == code})
            about = connection.execute(select(home.c.id, home.c.data_revision).where(home.c.code == code)).one()
            for table in (submissions.TABLE, submissions.IDEMPOTENCY, submissions.SOURCE):
                count = select(func.count()).select_from(table).where(table.c.subsidiary_id == about.id)
                found = connection.execute(count).scalar_one()
                assert found == done, f"P2: {found} rows in {table.name} of {code} after {done} submissions"
            assert about.data_revision == done, f"P2: data revision {about.data_revision} after {done} submissions"


def _derived(rig: Rig) -> None:
    """P5: what is computed from the lines is what the oracle computes."""
    for home, (_, revenue) in rig.oracle.sums().items():
        answer = rig.ask("/v1/kpis", home, subsidiary=home, indicators="revenue", **window(rig, home))
        assert answer.status_code == 200, answer.text
        document = answer.json()
        told = (document["items"][0]["value"], document["control"][0]["groups"])
        assert tuple(map(Decimal, told)) == (revenue, revenue), f"P5: {document}"


def window(rig: Rig, home: str) -> dict[str, Any]:
    """From the first month with data to the last."""
    periods = [key[1] for key in rig.oracle.rows if key[0] == home]
    return {"from": min(periods), "to": max(periods)}


def _replayed(rig: Rig) -> None:
    """P4: the answer to an acknowledged key stays, says that it is one, and does nothing."""
    done = rig.history.of_end("ok")
    before = len(stored(rig))
    for operation in Random(len(done)).sample(done, min(REPLAYED, len(done))):  # noqa: S311
        answer = rig.send(operation)
        assert answer is not None
        assert answer.headers.get("idempotency-replayed") == "true", f"P4: {operation.key} {answer.text}"
        assert (answer.status_code, answer.text) == operation.answer, f"P4: {operation.key}"
    assert len(stored(rig)) == before, "P4: a replay added rows"
    _agree(rig)


def _audited(rig: Rig) -> None:
    """P10: the chain holds, and it has an entry for each submission that was accepted."""
    with rig.database.reading() as connection:
        _, broken = auditing.verify(connection, Reach(None), {})
        assert not broken, f"P10: {broken}"
        entries = select(audit.TABLE.c.resource).where(audit.TABLE.c.action == "submission.accept")
        resources = connection.execute(entries).scalars().all()
    done = Counter(one.home for one in rig.history.of_end("ok"))
    expected = {f"submissions/{home}.{place}" for home, count in done.items() for place in range(1, count + 1)}
    doubled = [one for one, count in Counter(resources).items() if count > 1]
    assert not doubled, f"P10: entered twice: {doubled[:3]}"
    assert set(resources) == expected, f"P10: {sorted(expected ^ set(resources))[:3]}"


def isolated(rig: Rig) -> None:
    """P6: nothing of the one subsidiary in what the key of the other was answered."""
    for home, other in (HOMES, HOMES[::-1]):
        leaked = [text for text in rig.seen[home] if canary(other) in text]
        assert not leaked, f"P6: {home} was told of {other}: {leaked[0][:300]}"
