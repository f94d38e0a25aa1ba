"""Submissions: what was handed in, byte by byte, what became of it, and the answers kept for repeated requests."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, BinaryIO

import pyarrow as pa
from sqlalchemy import BigInteger, Connection, ForeignKeyConstraint, Row, Table, Text, func, insert, or_, select, update
from sqlmodel import Field, SQLModel

from service.store.bulk import next_number
from service.store.columns import amount, code, number_key, subsidiary_key
from service.store.database import insert_new
from service.store.pages import later
from service.store.reach import Reach
from service.store.subsidiaries import TABLE as SUBSIDIARY


class Source(SQLModel, table=True):
    """A body as it came; the same bytes are kept once."""

    subsidiary_id: int = subsidiary_key()
    sha256: str = Field(primary_key=True, max_length=64)


class SourceChunk(SQLModel, table=True):
    """A piece of a body, compressed (zstd) on its own."""

    __tablename__ = "source_chunk"
    __table_args__ = (ForeignKeyConstraint(["subsidiary_id", "sha256"], ["source.subsidiary_id", "source.sha256"]),)
    subsidiary_id: int = number_key()
    sha256: str = Field(primary_key=True, max_length=64)
    place: int = number_key()
    size: int
    content: bytes


class Submission(SQLModel, table=True):
    __table_args__ = (ForeignKeyConstraint(["subsidiary_id", "sha256"], ["source.subsidiary_id", "source.sha256"]),)
    subsidiary_id: int = subsidiary_key()
    number: int = number_key()
    form: str = Field(max_length=32)
    mode: str = Field(max_length=8)
    format: str = Field(max_length=8)
    content_encoding: str = Field(default="", max_length=16)
    charset: str = Field(default="utf-8", max_length=16)
    query: str = Field(default="", sa_type=Text)
    reason: str = Field(default="", max_length=500)
    sha256: str = Field(max_length=64)
    size: int = Field(sa_type=BigInteger)
    received_at: datetime
    key_id: str = Field(max_length=32)
    received: int
    accepted: int
    added: int
    corrected: int
    unchanged: int
    removed: int = 0
    rejected: int
    problem_count: int
    warning_count: int = 0
    control: str = Field(default="[]", sa_type=Text)
    data_revision: int = amount()
    withdrawn_at: datetime | None = None
    withdrawn_revision: int | None = amount(default=None)
    withdrawn_reason: str = Field(default="", max_length=500)
    kept_sha256: str | None = Field(default=None, max_length=64)
    """Of the body that is kept instead of what came, since people were erased from it."""


class SubmissionProblem(SQLModel, table=True):
    """A row that was refused while others of its submission were stored (`mode=valid`), or a warning."""

    __tablename__ = "submission_problem"
    __table_args__ = (
        ForeignKeyConstraint(["subsidiary_id", "submission"], ["submission.subsidiary_id", "submission.number"]),
    )
    subsidiary_id: int = number_key()
    submission: int = number_key()
    place: int = number_key()
    row: int | None
    column: str | None = Field(max_length=120)
    code: str = Field(max_length=32)
    message: str = Field(sa_type=Text)
    said: str | None = Field(default=None, sa_type=Text)
    """What the message was made of, as JSON; rows from before this was kept have none."""
    value: str | None = Field(default=None, max_length=120)
    cell: str | None = Field(default=None, max_length=300)
    warning: bool = False


class Idempotency(SQLModel, table=True):
    """The answer given to a request with an Idempotency-Key, committed together with what the request did."""

    subsidiary_id: int = subsidiary_key()
    key: str = code(255, primary_key=True)
    fingerprint: str = Field(max_length=64)
    status: int
    answer: str = Field(sa_type=Text)
    created_at: datetime


SOURCE: Table = Source.__table__  # type: ignore[attr-defined]
CHUNK: Table = SourceChunk.__table__  # type: ignore[attr-defined]
TABLE: Table = Submission.__table__  # type: ignore[attr-defined]
PROBLEM: Table = SubmissionProblem.__table__  # type: ignore[attr-defined]
IDEMPOTENCY: Table = Idempotency.__table__  # type: ignore[attr-defined]
_CHUNK = 4 << 20
_ZSTD = pa.Codec("zstd", compression_level=1)
_KEY = (TABLE.c.subsidiary_id, TABLE.c.number)


def keep_source(connection: Connection, reach: Reach, sha256: str, body: BinaryIO) -> None:
    """Keep a body as it came, unless the same bytes, handed in before, are kept of the one subsidiary in reach."""
    key = {"subsidiary_id": reach.one, "sha256": sha256}
    of_body = (CHUNK.c.subsidiary_id == reach.one) & (CHUNK.c.sha256 == sha256)
    if not insert_new(connection, SOURCE, key) and connection.execute(select(CHUNK.c.place).where(of_body)).first():
        return
    for place, piece in enumerate(iter(lambda: body.read(_CHUNK), b"")):
        content = _ZSTD.compress(piece, asbytes=True)
        connection.execute(insert(CHUNK).values({**key, "place": place, "size": len(piece), "content": content}))


def source(connection: Connection, reach: Reach, sha256: str) -> Iterator[bytes]:
    """The bytes that were handed in to the one subsidiary in reach, piece by piece."""
    of_body = (CHUNK.c.subsidiary_id == reach.one) & (CHUNK.c.sha256 == sha256)
    for place in connection.execute(select(CHUNK.c.place).where(of_body).order_by(CHUNK.c.place)).scalars().all():
        piece = connection.execute(select(CHUNK.c.size, CHUNK.c.content).where(of_body, CHUNK.c.place == place)).one()
        yield _ZSTD.decompress(piece.content, piece.size, asbytes=True)


def record(connection: Connection, reach: Reach, values: dict[str, Any], problems: Sequence[dict[str, Any]]) -> int:
    """Write down a submission to the one subsidiary in reach; its number."""
    number = next_number(connection, TABLE.c.number, TABLE.c.subsidiary_id == reach.one)
    connection.execute(insert(TABLE).values(values | {"subsidiary_id": reach.one, "number": number}))
    if problems:
        key = {"subsidiary_id": reach.one, "submission": number}
        connection.execute(insert(PROBLEM), [{**key, "place": place, **row} for place, row in enumerate(problems)])
    return number


def withdrawn(connection: Connection, reach: Reach, number: int, at: datetime, revision: int, reason: str) -> None:
    """Note that a submission to the one subsidiary in reach was withdrawn."""
    condition = (TABLE.c.subsidiary_id == reach.one) & (TABLE.c.number == number)
    values = {"withdrawn_at": at, "withdrawn_revision": revision, "withdrawn_reason": reason}
    connection.execute(update(TABLE).where(condition).values(values))


def telling(connection: Connection, reach: Reach, form: str) -> Sequence[Row[Any]]:
    """Submissions to the one subsidiary in reach whose bodies may name people: of this form, or with refused rows."""
    whole = TABLE.c.kept_sha256.is_(None) & (TABLE.c.rejected > 0)
    return connection.execute(_described(reach).where(or_(TABLE.c.form == form, whole)).order_by(*_KEY)).all()


def refused(connection: Connection, reach: Reach, number: int) -> frozenset[int]:
    """Numbers of the refused rows of a submission to the one subsidiary in reach, as far as their reasons are kept."""
    condition = (PROBLEM.c.subsidiary_id == reach.one) & (PROBLEM.c.submission == number) & ~PROBLEM.c.warning
    return frozenset(connection.execute(select(PROBLEM.c.row).where(condition, PROBLEM.c.row.is_not(None))).scalars())


def kept_as(connection: Connection, reach: Reach, number: int, values: dict[str, Any]) -> None:
    """Note that another body is kept of a submission to the one subsidiary in reach, and how it is to be read."""
    condition = (TABLE.c.subsidiary_id == reach.one) & (TABLE.c.number == number)
    connection.execute(update(TABLE).where(condition).values(values))


def get(connection: Connection, reach: Reach, number: int) -> Row[Any] | None:
    """The submission with this number, of the one subsidiary in reach."""
    found: Row[Any] | None = connection.execute(_described(reach).where(TABLE.c.number == number)).one_or_none()
    return found


def page(
    connection: Connection, reach: Reach, limit: int, after: tuple[int, int] | None, form: str | None
) -> Sequence[Row[Any]]:
    """Submissions by (subsidiary, number), at most `limit`, those after the cursor."""
    statement = _described(reach).order_by(*_KEY).limit(limit)
    if after is not None:
        statement = statement.where(later(_KEY, after))
    if form is not None:
        statement = statement.where(TABLE.c.form == form)
    return connection.execute(statement).all()


def problems(
    connection: Connection, reach: Reach, number: int, limit: int, after: int, *, warnings: bool
) -> Sequence[Row[Any]]:
    """The refused rows (or the warnings) of a submission to the one subsidiary in reach, after a place."""
    condition = (PROBLEM.c.subsidiary_id == reach.one) & (PROBLEM.c.submission == number) & (PROBLEM.c.place > after)
    condition &= PROBLEM.c.warning == warnings
    return connection.execute(select(PROBLEM).where(condition).order_by(PROBLEM.c.place).limit(limit)).all()


def problems_stored(connection: Connection, reach: Reach, number: int) -> int:
    """How many refused rows of a submission to the one subsidiary in reach are kept with their reason."""
    condition = (PROBLEM.c.subsidiary_id == reach.one) & (PROBLEM.c.submission == number) & ~PROBLEM.c.warning
    count: int = connection.execute(select(func.count()).select_from(PROBLEM).where(condition)).scalar_one()
    return count


def claim(connection: Connection, reach: Reach, key: str, fingerprint: str, now: datetime) -> Row[Any] | None:
    """Take an Idempotency-Key for this transaction. None: it is ours. Else what was answered to its first use."""
    values = {"subsidiary_id": reach.one, "key": key, "fingerprint": fingerprint, "created_at": now}
    if insert_new(connection, IDEMPOTENCY, values | {"status": 0, "answer": ""}):
        return None
    return answer_to(connection, reach, key)


def answer_to(connection: Connection, reach: Reach, key: str) -> Row[Any] | None:
    """What was answered under this key to the one subsidiary in reach."""
    condition = (IDEMPOTENCY.c.subsidiary_id == reach.one) & (IDEMPOTENCY.c.key == key)
    return connection.execute(select(IDEMPOTENCY).where(condition)).one_or_none()


def answered(connection: Connection, reach: Reach, key: str, status: int, answer: str) -> None:
    """Keep the answer under the claimed key."""
    condition = (IDEMPOTENCY.c.subsidiary_id == reach.one) & (IDEMPOTENCY.c.key == key)
    connection.execute(IDEMPOTENCY.update().where(condition).values(status=status, answer=answer))


def _described(reach: Reach) -> Any:
    joined = select(TABLE, SUBSIDIARY.c.code.label("subsidiary")).join(
        SUBSIDIARY, SUBSIDIARY.c.id == TABLE.c.subsidiary_id
    )
    return joined.where(reach.covers(TABLE.c.subsidiary_id))
