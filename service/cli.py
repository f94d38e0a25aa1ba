"""The command `kontor`."""

import os
import shutil
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import httpx
import typer
import uvicorn
from pydantic import SecretStr
from rich.console import Console

from service import demo as demonstration
from service.access import keys as access
from service.access.keys import Scope
from service.api import contract
from service.app import create_app
from service.errors import KontorError
from service.settings import Settings
from service.store import keys as stored_keys
from service.store.database import Database, newest_revision
from service.store.reach import Reach

commands = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
keys = typer.Typer(help="API keys.", no_args_is_help=True)
commands.add_typer(keys, name="keys")

_GRACE_SECONDS = 20
NARROWEST = 110
"""Columns that the tables of the demonstration need."""
DEMO_DATABASE = "sqlite:///kontor-demo.db"


def main() -> None:
    """Run a command; a refusal is a line on standard error and exit code 1."""
    try:
        commands()
    except KontorError as error:
        typer.echo(f"kontor: {error.detail}", err=True)
        raise SystemExit(1) from error


@commands.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
) -> None:
    """Serve the API. Migrates a SQLite file; refuses a PostgreSQL database that is behind."""
    _prepare(Settings())
    uvicorn.run(
        "service.app:from_environment",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


@commands.command()
def migrate() -> None:
    """Bring the database to the schema that this version needs."""
    database = _open(Settings())
    database.migrate()
    typer.echo(f"The database is at revision {database.revision()}.")


@commands.command()
def openapi(folder: Annotated[Path, typer.Argument(help="Folder to write into.")] = Path("openapi")) -> None:
    """Write the contract: OpenAPI 3.1, and generated from it 3.0 and Swagger 2.0."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in contract_files().items():
        (folder / name).write_text(text, encoding="utf-8")
        typer.echo(f"Wrote {folder / name}.")


def contract_files() -> dict[str, str]:
    """Name and text of the contract's files."""
    return contract.files(create_app(Settings(database_url=SecretStr("sqlite://"))).openapi())


@commands.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End after printing.")] = False,
    port: Annotated[int, typer.Option(help="Port to serve on; 0 takes a free one.")] = 8000,
) -> None:
    """Generate a group, hand its statistics in over HTTP, print what a director wants to see, and serve it."""
    url = os.environ.get("KONTOR_DATABASE_URL", DEMO_DATABASE)
    settings = Settings(database_url=SecretStr(url))
    _prepare(settings)
    with _open(settings).writing() as connection:
        token = access.create(connection, "demo", list(Scope), None, datetime.now(UTC))
    server, address = _start(settings, port)
    out = Console(width=max(shutil.get_terminal_size().columns, NARROWEST))
    try:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
            demonstration.run(client, datetime.now(UTC).date(), out)
        out.print(f"\nAPI key of this run, shown once: {token}", soft_wrap=True, highlight=False)
        if not once:
            out.print(f"Serving on {address} (documentation at {address}/docs); end with Ctrl-C.", soft_wrap=True)
            threading.Event().wait()
    except KeyboardInterrupt:
        pass
    finally:
        server.should_exit = True


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Option(help="Who uses it.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may do; several times.")],
    subsidiary: Annotated[
        list[str] | None, typer.Option(help="Subsidiaries it reaches; without it, the whole group.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days until it expires.")] = None,
) -> None:
    """Make a key and print it. It is shown only now."""
    now = datetime.now(UTC)
    expires = None if days is None else now + timedelta(days=days)
    with _open(Settings()).writing() as connection:
        token = access.create(connection, name, scope, subsidiary or None, now, expires)
    typer.echo(str(token))


@keys.command("list")
def list_keys() -> None:
    """Every key: id, name, scopes, reach, and whether it still works."""
    now = datetime.now(UTC)
    with _open(Settings()).reading() as connection:
        for key, subsidiaries in stored_keys.page(connection, Reach(None)):
            ended = key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now)
            reach = "all" if key.whole_group else ",".join(subsidiaries)
            typer.echo("\t".join((key.id, key.name, key.scopes, reach, "ended" if ended else "works")))


@keys.command("rotate")
def rotate_key(
    key: Annotated[str, typer.Argument(help="Id of the key, from `kontor keys list`.")],
    hours: Annotated[int, typer.Option(min=0, max=720, help="So long the present secret is good yet.")] = 24,
) -> None:
    """Give a key another secret and print it. It is shown only now."""
    with _open(Settings()).writing() as connection:
        token = access.rotated(connection, key, timedelta(hours=hours), datetime.now(UTC))
    typer.echo(str(token))


@keys.command("revoke")
def revoke_key(key: Annotated[str, typer.Argument(help="Id of the key, from `kontor keys list`.")]) -> None:
    """End a key at once."""
    with _open(Settings()).writing() as connection:
        if not stored_keys.revoke(connection, key, datetime.now(UTC)):
            _refuse(f"There is no working key {key}.")
    typer.echo(f"Key {key} is revoked.")


def _open(settings: Settings) -> Database:
    return Database(settings.database_url.get_secret_value())


def _prepare(settings: Settings) -> None:
    """See that the database has the schema that this version needs."""
    database = _open(settings)
    try:
        at, needed = database.revision(), newest_revision()
        if at != needed and database.is_sqlite:
            database.migrate()
        elif at != needed:
            state = "empty" if at is None else f"at revision {at}"
            _refuse(f"The database is {state}, this version needs revision {needed}: run `kontor migrate` first.")
    finally:
        database.close()


def _start(settings: Settings, port: int) -> tuple[uvicorn.Server, str]:
    """The service in a thread of this process, once it answers, and its address."""
    listener = socket.create_server(("127.0.0.1", port))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = uvicorn.Config(create_app(settings), log_level="warning", server_header=False)
    server = uvicorn.Server(config)
    threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True).start()
    deadline = time.monotonic() + _GRACE_SECONDS
    while not server.started:
        if time.monotonic() > deadline:
            _refuse("The service did not start.")
        time.sleep(0.02)
    return server, address


def _refuse(message: str) -> None:
    typer.echo(f"kontor: {message}", err=True)
    raise typer.Exit(1)
