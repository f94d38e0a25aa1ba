"""The database: opening it, transactions, and the few statements in which SQLite and PostgreSQL differ.

SQLite: write-ahead log, full synchronisation, foreign keys, `BEGIN IMMEDIATE` for whoever writes (a reader that turns
writer fails under concurrency whatever the busy timeout). PostgreSQL: read-only repeatable reads, no prepared
statements (they break behind transaction poolers and after schema changes), time-outs on every session.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.csv as arrow_csv
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from opentelemetry.trace import Tracer
from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    FromClause,
    Row,
    Table,
    Text,
    bindparam,
    create_engine,
    event,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import QueuePool
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType
from sqlmodel import SQLModel

from service import failpoints
from service.errors import (
    AmountTooLarge,
    BadArgument,
    Conflict,
    OutcomeUnknown,
    RequestInProgress,
    StorageFull,
    Unavailable,
)
from service.method.money import convert
from service.store import spans
from service.store.reach import BUILT, Reach
from service.store.silence import Patience, Watched
from service.store.watched_file import watch
from service.values import RATE_DECIMALS
from service.wording import say

MIGRATIONS = Path(__file__).parents[2] / "migrations"
_READ, _AUTOCOMMIT = "kontor_read", "AUTOCOMMIT"
_LOCK_NOT_AVAILABLE, _DEADLOCK, _SERIALIZATION, _TIMEOUT = "55P03", "40P01", "40001", "57014"
_UNIQUE, _DISK_FULL = "23505", "53100"
_SHUTTING_DOWN = ("57P01", "57P02", "57P03")
"""By order, by a crash, or not yet up again."""
_NO_WORKER = "parallel worker failed to initialize"
"""What a session that still runs may say of the server's end; its SQLSTATE is that of many mistakes, too."""
_SQLITE_ROWS = 65_536
_ROOM = "64MB"
_SURE_SECONDS = 1.0
_STOP_SECONDS = 5.0
_CSV = arrow_csv.WriteOptions(include_header=False, batch_size=16_384)
_SQLITE_OUT_OF_ORDER = ("unable to open", "disk I/O error", "attempt to write a readonly")


class Database:
    """One database, and the only maker of transactions."""

    def __init__(
        self, url: str, pool_size: int = 16, statement_timeout_ms: int = 120_000, silence_seconds: int = 8
    ) -> None:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        if backend not in ("sqlite", "postgresql"):
            raise BadArgument(
                "database_url", say("Kontor keeps its data in SQLite or PostgreSQL, not in {backend}.", backend=backend)
            )
        self.is_sqlite = backend == "sqlite"
        if self.is_sqlite:
            self._engine = _open_sqlite(parsed.render_as_string(hide_password=False), pool_size)
        else:
            driver = parsed.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
            self._engine = _open_postgresql(driver, pool_size, statement_timeout_ms, silence_seconds)

    @contextmanager
    def reading(self, reach: Reach | None = None) -> Iterator[Connection]:
        """A read-only transaction over one snapshot, confined to the reach where it is known before it begins."""
        options: dict[str, Any] = {_READ: True}
        if not self.is_sqlite:
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with _translated(), self._engine.connect() as connection:
            connection.execution_options(**options)
            if reach is not None:
                confine(connection, reach)
            yield connection

    @contextmanager
    def looking_up(self) -> Iterator[Connection]:
        """For hot reads of one statement: without a transaction around it, which costs PostgreSQL two trips more."""
        if self.is_sqlite:
            with self.reading() as connection:
                yield connection
            return
        with _translated(), self._engine.connect() as connection:
            connection.execution_options(isolation_level=_AUTOCOMMIT)
            driver: Any = connection.connection.driver_connection
            try:
                yield connection
            finally:
                driver.cursor_factory = psycopg.Cursor

    @contextmanager
    def writing(self, reach: Reach | None = None) -> Iterator[Connection]:
        """A transaction that is committed when the block ends well, and only then; confined as `reading` is."""
        with _translated(), self._engine.connect() as connection:
            with connection.begin() as transaction:
                if reach is not None:
                    confine(connection, reach)
                yield connection
                failpoints.reach("before_commit")
                with _outcome_known():
                    transaction.commit()
            failpoints.reach("after_commit_before_response")

    @property
    def connections_in_use(self) -> int:
        pool = self._engine.pool
        return pool.checkedout() if isinstance(pool, QueuePool) else 0

    def trace(self, tracer: Tracer) -> None:
        """Make a span of each statement."""
        spans.trace(self._engine, tracer)

    def close(self) -> None:
        self._engine.dispose()

    def migrate(self) -> None:
        """Bring the schema to the newest revision. Unavailable, with nothing changed, where others hold its tables."""
        try:
            with _translated(), self._engine.begin() as connection:
                self._upgrade(connection)
        except RequestInProgress as error:
            raise Unavailable(
                say(
                    "The migration waited too long for tables that others are using, or for another migration. Nothing"
                    " was changed: try again."
                )
            ) from error

    def _upgrade(self, connection: Connection) -> None:
        config = _alembic_config()
        if not self.is_sqlite:
            # Whoever comes after a migration that waits for a table waits too. A pooler may drop the session's limit.
            connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
            # Two replicas that start at once: one migrates, the other waits.
            connection.execute(text("SELECT pg_advisory_xact_lock(7520414)"))
        confine(connection, Reach(None))  # revisions change rows too
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    def revision(self) -> str | None:
        """The revision that the database is at; None when it is empty."""
        with _translated(), self._engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def differences(self) -> list[Any]:
        """What the tables of the code have that the database lacks, and the other way round."""
        with self._engine.connect() as connection:
            found: list[Any] = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
            return found


@cache
def newest_revision() -> str:
    """The revision that this code needs. Reading the scripts takes long, and anybody may ask."""
    head = ScriptDirectory.from_config(_alembic_config()).get_current_head()
    if head is None:
        raise RuntimeError(f"no migrations in {MIGRATIONS}")
    return head


def serves(revision: str | None) -> bool:
    """Whether this code works on a database at this revision: on its own, and on those of later releases, which only
    add to the schema, so that old and new processes run side by side. Revisions are numbers of four digits."""
    return revision is not None and re.fullmatch("[0-9]{4}", revision) is not None and revision >= newest_revision()


def known_revisions() -> frozenset[str]:
    """Every revision that this code can bring to the newest."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(_alembic_config()).walk_revisions())


def confine(connection: Connection, reach: Reach) -> None:
    """From here to the end of the transaction, PostgreSQL shows no row outside of the reach and takes none.

    It shows no row of any subsidiary before. SQLite has no such second wall. The setting is a literal: what
    `set_config()` sets does not reach the workers of Citus.
    """
    if connection.dialect.name == "sqlite":
        return
    setting = f"SET LOCAL kontor.reach = '{reach.setting}'"
    if connection.get_execution_options().get("isolation_level") == _AUTOCOMMIT:
        driver: Any = connection.connection.driver_connection
        driver.cursor_factory = _confined(setting)
    else:
        connection.exec_driver_sql(setting)


@lru_cache(BUILT)
def _confined(setting: str) -> type[psycopg.ClientCursor[Any]]:
    """A cursor for single statements, each of which is sent together with the setting that holds for it alone.

    Both go in one trip, and are one transaction by themselves. The protocol takes two statements at once only without
    parameters beside them, so psycopg writes those into the text.
    """

    class Confined(psycopg.ClientCursor[Any]):
        def execute(self, query: Any, params: Any = None, **words: Any) -> Any:
            super().execute(f"{setting}; {query}", params, **words)
            self.nextset()
            return self

    return Confined


def load(connection: Connection, table: Table, rows: pa.Table) -> None:
    """Put many rows into a temporary table, by their columns' names, in the quickest way of the database.

    (PostgreSQL copies nothing into a table with row-level security.)
    """
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in rows.column_names)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in rows.column_names)
        # Names come from our own table declarations.
        statement = f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks})"  # noqa: S608
        cursor = connection.connection.cursor()
        for part in rows.to_batches(_SQLITE_ROWS):
            cursor.executemany(statement, list(zip(*(_listed(column) for column in part.columns), strict=True)))
        return
    driver: Any = connection.connection.driver_connection
    statement = f"COPY {quote(table.name)} ({names}) FROM STDIN (FORMAT csv)"
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        arrow_csv.write_csv(rows, pa.PythonFile(_Sink(copy.write), "w"), _CSV)


class _Sink:
    """What Arrow writes, handed on as it comes."""

    closed = False

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self.write = write

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        self.closed = True


def _listed(column: pa.Array) -> list[Any]:
    """Values as SQLite takes them: days are ISO text, as SQLAlchemy stores them too."""
    if pa.types.is_integer(column.type) and not column.null_count:
        return column.to_numpy().tolist()  # type: ignore[no-any-return]
    if pa.types.is_date(column.type):
        column = column.cast(pa.string())
    return column.to_pylist()  # type: ignore[no-any-return]


def stopper(connection: Connection) -> Callable[[], None]:
    """Stops, from another thread, the statement that the connection is busy with; nothing happens if there is none."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        interrupt: Callable[[], None] = driver.interrupt
        return interrupt

    def stop() -> None:
        # A connection that is lost has no statement to stop.
        with suppress(psycopg.Error):
            driver.cancel_safe(timeout=_STOP_SECONDS)

    return stop


def in_sets(connection: Connection) -> None:
    """Let PostgreSQL join whole sets, in memory, until the transaction ends.

    It knows nothing of the rows that a part of a statement hands to the next and would take them for few: then it joins
    row by row, which takes the square of their number.
    """
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"SET LOCAL work_mem = '{_ROOM}'")
        connection.exec_driver_sql("SET LOCAL enable_nestloop = off")


def insert_new(connection: Connection, table: Table, values: dict[str, Any]) -> bool:
    """Insert a row unless its key is there; whether it was inserted.

    On PostgreSQL this waits for another transaction that is inserting the same key.
    """
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table).values(values).on_conflict_do_nothing()
    return affected(connection, statement) == 1


def added_up(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], column: str) -> Sequence[Row[Any]]:
    """Insert rows, or add their `column` to that of the row which has their key; the rows as they are then."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table).values(list(rows))
    total = {column: table.c[column] + statement.excluded[column]}
    keyed = statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=total)
    return connection.execute(keyed.returning(*table.c)).all()


def affected(connection: Connection, statement: Any) -> int:
    """Execute an INSERT; how many rows it wrote (which SQLAlchemy keeps only when asked to)."""
    count: int = connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount
    return count


def lock(connection: Connection, statement: Any) -> Any:
    """The statement with its rows locked until the transaction ends (SQLite locks the whole file already).

    Rows that refer to these can still be written (FOR NO KEY UPDATE): whoever has claimed an Idempotency-Key of a
    subsidiary and then waits for the subsidiary would else wait for another who has done the same, and he for him.
    """
    return statement if connection.dialect.name == "sqlite" else statement.with_for_update(key_share=True)


def one_at_a_time(connection: Connection, subject: int, number: int) -> None:
    """Wait until no other transaction works on the same subject and number (SQLite has one writer anyway)."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s, %s)", (subject, number))


def _alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _open_sqlite(url: str, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=1,
        connect_args={"timeout": 5, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            connection.execute(f"PRAGMA {pragma}")
        for name, function in _SQLITE_FUNCTIONS.items():
            connection.create_function(name, 2, function, deterministic=True)
        connection.create_aggregate("kontor_products", 2, _Products)

    if path := make_url(url).database:
        watch(engine, Path(path))

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get(_READ, False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _open_postgresql(url: str, pool_size: int, statement_timeout_ms: int, silence_seconds: int) -> Engine:
    patience = Patience(silence_seconds, statement_timeout_ms / 1000)
    session = {
        "statement_timeout": statement_timeout_ms,
        "lock_timeout": 2_000,
        "idle_in_transaction_session_timeout": 60_000,
        "timezone": "UTC",
    }
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=1,
        connect_args={
            "prepare_threshold": None,
            **patience.tcp,
            "options": " ".join(f"-c {name}={value}" for name, value in session.items()),
        },
    )

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, arguments: list[Any], named: dict[str, Any]) -> Watched:
        return patience.connect(*arguments, **named)

    @event.listens_for(engine, "checkin")
    def _put_back(_connection: Any, record: Any) -> None:
        record.info["idle_since"] = monotonic()

    @event.listens_for(engine, "checkout")
    def _take(connection: Any, record: Any, _proxy: Any) -> None:
        # Asking before every use whether the server is still there costs a trip; what was used just now is there.
        if monotonic() - record.info.get("idle_since", monotonic()) > _SURE_SECONDS:
            try:
                engine.dialect.do_ping(connection)
            except psycopg.Error as error:
                raise DisconnectionError from error

    return engine


def skip_locked(connection: Connection, statement: Any) -> Any:
    """The statement over rows that no other transaction has locked, which are locked then."""
    return statement if connection.dialect.name == "sqlite" else statement.with_for_update(skip_locked=True)


@contextmanager
def _outcome_known() -> Iterator[None]:
    """A connection that breaks while it commits: the database may have stored everything, and could not say so."""
    try:
        yield
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise OutcomeUnknown(
            say(
                "The database did not say whether it stored this. Send the request again, with the same"
                " Idempotency-Key."
            )
        ) from error


@contextmanager
def _translated() -> Iterator[None]:
    """What a database says, as a refusal of ours."""
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable(say("All database connections are in use.")) from error
    except (DBAPIError, psycopg.Error) as error:  # psycopg's own come from COPY
        original = error.orig if isinstance(error, DBAPIError) else error
        state = getattr(original, "sqlstate", None)
        said = str(original)
        if state == _LOCK_NOT_AVAILABLE or "database is locked" in said:
            raise RequestInProgress(say("Another request is writing the same data. Try again in a moment.")) from error
        if state == _UNIQUE or said.startswith("UNIQUE constraint"):
            raise Conflict(say("Another request has just stored the same thing. Read it and try again.")) from error
        if state in (_DEADLOCK, _SERIALIZATION, _TIMEOUT) or said == "interrupted":
            raise Unavailable(say("The database gave the request up. Try again.")) from error
        if state == _DISK_FULL or said.startswith("database or disk is full"):
            raise StorageFull(say("The database has no room left. Nothing of the request was stored.")) from error
        if "integer overflow" in said or state == "22003":
            raise AmountTooLarge(say("A sum of the amounts asked for does not fit into 64 bits.")) from error
        unreachable = isinstance(original, psycopg.OperationalError) and state in (None, *_SHUTTING_DOWN)
        if unreachable or said.startswith((_NO_WORKER, *_SQLITE_OUT_OF_ORDER)):
            raise Unavailable(
                say("The database cannot be reached. Send the request again, with the same key.")
            ) from error
        raise


class _Amount(FunctionElement[Any]):
    """An expression of whole numbers that the two databases write differently."""

    type: Any = BigInteger()


class exchanged(_Amount):  # noqa: N801 - reads as a function in a statement
    """`exchanged(amount, rate)`: the amount at the rate (10⁻¹² units), rounded once, half to even."""

    name = "kontor_exchanged"
    inherit_cache = True


class exchanged_down(_Amount):  # noqa: N801
    """The same, rounded down."""

    name = "kontor_exchanged_down"
    inherit_cache = True


class exchanged_rest(_Amount):  # noqa: N801
    """What rounding down cuts off, for comparing it with others."""

    name = "kontor_exchanged_rest"
    inherit_cache = True


class products(_Amount):  # noqa: N801
    """`products(a, b)`: aggregate, the sum of the products, exact beyond 64 bits. Its value becomes whole by `int`."""

    type = NullType()
    name = "kontor_products"
    inherit_cache = True


class day_number(_Amount):  # noqa: N801
    """`day_number(date)`: days since the day before 0001-01-01, as `date.toordinal` counts them."""

    name = "kontor_day_number"
    inherit_cache = True


_ANY_AMOUNT = (exchanged, exchanged_down, exchanged_rest, products)


def _as_function(element: Any, compiler: Any, **words: Any) -> str:
    return f"{element.name}({compiler.process(element.clauses, **words)})"


def _postgresql_amount(element: Any, compiler: Any, **words: Any) -> str:
    left, right = (compiler.process(clause, **words) for clause in element.clauses)
    if isinstance(element, products):
        return f"sum(CAST({left} AS numeric) * ({right}))"
    exact = f"(CAST({left} AS numeric) * ({right}) * 1e-{RATE_DECIMALS})"
    if isinstance(element, exchanged_down):
        return f"CAST(floor({exact}) AS bigint)"
    if isinstance(element, exchanged_rest):
        return f"({exact} - floor({exact}))"
    # round() rounds a half away from 0; twice the rounded half of k + ½ is the even neighbour.
    half = f"{exact} - trunc({exact}) IN (0.5, -0.5)"
    return f"CAST(CASE WHEN {half} THEN 2 * round({exact} / 2) ELSE round({exact}) END AS bigint)"


for _kind in _ANY_AMOUNT:
    compiles(_kind, "sqlite")(_as_function)
    compiles(_kind, "postgresql")(_postgresql_amount)


@compiles(day_number, "sqlite")
def _sqlite_day_number(element: Any, compiler: Any, **words: Any) -> str:
    return f"CAST(julianday({compiler.process(element.clauses, **words)}) - 1721424.5 AS INTEGER)"


@compiles(day_number, "postgresql")
def _postgresql_day_number(element: Any, compiler: Any, **words: Any) -> str:
    return f"({compiler.process(element.clauses, **words)} - DATE '0001-01-01' + 1)"


def _sixty_four(value: int) -> int | float:
    """Beyond 64 bits SQLite has binary floating point only, which `whole` refuses where it comes out."""
    return value if -(1 << 63) <= value < 1 << 63 else float(value)


_RATE_UNIT = 10**RATE_DECIMALS
_SQLITE_FUNCTIONS: Mapping[str, Callable[[int, int], int | float]] = {
    "kontor_exchanged": lambda amount, rate: _sixty_four(convert(int(amount), rate)),
    "kontor_exchanged_down": lambda amount, rate: _sixty_four(int(amount) * rate // _RATE_UNIT),
    "kontor_exchanged_rest": lambda amount, rate: int(amount) * rate % _RATE_UNIT,
}


class _Products:
    """The aggregate of SQLite: text, as a whole number there has 64 bits."""

    def __init__(self) -> None:
        self._sum = 0

    def step(self, left: int, right: int) -> None:
        self._sum += left * right

    def finalize(self) -> str:
        return str(self._sum)


def whole(value: Any) -> int:
    """A sum as the database gave it. AmountTooLarge where SQLite fell into binary floating point."""
    if isinstance(value, float):
        raise AmountTooLarge(say("A sum of the amounts asked for does not fit into 64 bits."))
    return int(value or 0)


def given(
    connection: Connection, name: str, texts: Collection[str] = (), **columns: Sequence[int] | Sequence[str]
) -> FromClause:
    """Rows that the caller knows, as a relation to join with; however many, they are one parameter a column.

    Columns are whole numbers, those named in `texts` text.
    """
    kinds = {column: Text() if column in texts else BigInteger() for column in columns}
    if connection.dialect.name == "sqlite":
        rows = json.dumps(list(zip(*columns.values(), strict=True)))
        each = func.json_each(bindparam(None, rows, Text())).table_valued("value", name=f"{name}_rows")
        cells = (func.json_extract(each.c.value, f"$[{place}]", type_=kinds[one]) for place, one in enumerate(columns))
        return select(*(cell.label(one) for cell, one in zip(cells, columns, strict=True))).cte(name)
    arrays = [bindparam(None, list(values), postgresql.ARRAY(kinds[column])) for column, values in columns.items()]
    table = func.unnest(*arrays).table_valued(*columns, name=f"{name}_rows").render_derived()
    return select(*(table.c[column] for column in columns)).cte(name)
