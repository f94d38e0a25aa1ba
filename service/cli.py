"""The command `kontor`."""

import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn

import httpx
import typer
import uvicorn
from pydantic import SecretStr
from rich.console import Console
from sqlalchemy import Connection

from service import demo as demonstration
from service import serving
from service.access import audit as auditing
from service.access import keys as access
from service.access.audit import OPERATOR, Action, Origin
from service.access.keys import Caller, Scope
from service.access.safe import Safe
from service.access.tokens import principal_of
from service.errors import KontorError, Unavailable
from service.operations import erasures, mappings
from service.operations import webhooks as hooks
from service.settings import Settings
from service.store import copies, distribution, service_role
from service.store import keys as stored_keys
from service.store.database import Database, newest_revision, serves
from service.store.erasures import PersonForm
from service.store.reach import Reach

commands = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
keys = typer.Typer(help="API keys.", no_args_is_help=True)
audit = typer.Typer(help="The audit: who did what.", no_args_is_help=True)
commands.add_typer(keys, name="keys")
commands.add_typer(audit, name="audit")
webhooks = typer.Typer(help="Webhooks.", no_args_is_help=True)
commands.add_typer(webhooks, name="webhooks")
mapping = typer.Typer(help="Mapping files of connectors.", no_args_is_help=True)
commands.add_typer(mapping, name="mapping")

_START_SECONDS = 20
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
    settings = Settings()
    _prepare(settings)
    serving.run(settings, host, port, workers)


@commands.command()
def migrate() -> None:
    """Bring the database to the schema that this version needs."""
    settings = Settings()
    with closing(_open(settings)) as database:
        database.migrate()
        if settings.service_role:
            with database.writing() as connection:
                service_role.grant(connection, settings.service_role)
        typer.echo(f"The database is at revision {database.revision()}.")


@commands.command()
def distribute(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be done, and do nothing.")] = False,
) -> None:
    """Spread the tables over the machines of a PostgreSQL with Citus. Again: does what is left, or nothing."""
    with _writing(Settings()) as connection:
        work = distribution.statements if dry_run else distribution.distribute
        done = work(connection)
    typer.echo("\n".join(f"{one};" for one in done) or "Every table is where it belongs.")


@commands.command()
def backup(
    file: Annotated[Path, typer.Argument(help="File to make; it must not be there yet.", dir_okay=False)],
) -> None:
    """Copy the SQLite database to a file and check the copy. The service may go on meanwhile."""
    revision = copies.back_up(copies.file_of(Settings().database_url.get_secret_value()), file)
    typer.echo(f"{file} is a copy of the database, at revision {revision}.")


@commands.command()
def restore(file: Annotated[Path, typer.Argument(help="File that `kontor backup` made.", dir_okay=False)]) -> None:
    """Make the SQLite database from a copy. Refuses to put it over one that has data."""
    database = copies.file_of(Settings().database_url.get_secret_value())
    revision = copies.restore(file, database)
    typer.echo(
        f"{database} is what {file} is, at revision {revision}; `kontor serve` migrates it where that is behind."
    )


@commands.command()
def openapi(folder: Annotated[Path, typer.Argument(help="Folder to write into.")] = Path("openapi")) -> None:
    """Write the contract: OpenAPI 3.1, and generated from it 3.0 and Swagger 2.0."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in contract_files().items():
        (folder / name).write_text(text, encoding="utf-8")
        typer.echo(f"Wrote {folder / name}.")


def contract_files() -> dict[str, str]:
    """Name and text of the contract's files."""
    from service.api import contract  # noqa: PLC0415  # as in the demonstration
    from service.app import create_app  # noqa: PLC0415

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
    now = datetime.now(UTC)
    with _writing(settings) as connection:
        token = access.create(connection, "demo", list(Scope), None, now)
        _noted(connection, token.key_id, "key.create", now)
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
    with _writing(Settings()) as connection:
        token = access.create(connection, name, scope, subsidiary or None, now, expires)
        _noted(connection, token.key_id, "key.create", now)
    typer.echo(str(token))


@keys.command("list")
def list_keys() -> None:
    """Every key: id, name, scopes, reach, and whether it still works."""
    now = datetime.now(UTC)
    with _reading(Settings()) as connection:
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
    now = datetime.now(UTC)
    with _writing(Settings()) as connection:
        before = access.terms(connection, key)
        token = access.rotated(connection, key, timedelta(hours=hours), now)
        _noted(connection, key, "key.rotate", now, before)
    typer.echo(str(token))


@keys.command("revoke")
def revoke_key(key: Annotated[str, typer.Argument(help="Id of the key, from `kontor keys list`.")]) -> None:
    """End a key at once."""
    now = datetime.now(UTC)
    with _writing(Settings()) as connection:
        before = access.terms(connection, key)
        if not stored_keys.revoke(connection, key, now):
            _refuse(f"There is no working key {key}.")
        _noted(connection, key, "key.revoke", now, before)
    typer.echo(f"Key {key} is revoked.")


def _noted(
    connection: Connection, key: str, action: Action, now: datetime, before: dict[str, Any] | None = None
) -> None:
    auditing.write(connection, OPERATOR, now, Origin(), access.noted(connection, key, action, before))


Seals = Annotated[
    Path | None, typer.Argument(help="File of seals, which `kontor audit seal` writes.", dir_okay=False, exists=True)
]


@audit.command("verify")
def verify_audit(seals: Seals = None) -> None:
    """Check every chain of the audit, against seals where given; the first broken entry of each is named."""
    settings = Settings()
    lines = [] if seals is None else seals.read_text(encoding="utf-8").splitlines()
    sealed = auditing.read_seals(lines, _seal_key(settings)) if lines else {}
    with _reading(settings) as connection:
        count, broken = auditing.verify(connection, Reach(None), sealed)
    for one in broken:
        typer.echo(f"{one.entry}: {one.reason}.", err=True)
    if broken:
        _refuse("The audit is not as it was written.")
    typer.echo(f"{count} entries are as they were written; {len(sealed)} of them are sealed.")


@audit.command("seal")
def seal_audit(
    seals: Annotated[Path, typer.Argument(help="File to append to.", dir_okay=False)],
    every: Annotated[int | None, typer.Option(min=1, help="Go on, with a seal every so many seconds.")] = None,
) -> None:
    """Append a signed line with the last hash of every chain to a file. Keep that file away from the database."""
    settings = Settings()
    key = _seal_key(settings)
    _append_seal(settings, key, seals)
    while every is not None:
        time.sleep(every)
        try:
            _append_seal(settings, key, seals)
        except Unavailable as error:  # a database that is away for a while leaves a gap, no end
            typer.echo(f"kontor: {error.detail}", err=True)


def _append_seal(settings: Settings, key: str, seals: Path) -> None:
    with seals.open("a+", encoding="utf-8") as file:
        file.seek(0)
        lines = file.read().splitlines()
        auditing.read_seals(lines, key)
        with _reading(settings) as connection:
            line = auditing.seal(connection, Reach(None), key, datetime.now(UTC), lines[-1] if lines else "")
        file.write(f"{line}\n")
    typer.echo(f"Sealed {len(json.loads(line)['chains'])} chains.")


def _seal_key(settings: Settings) -> str:
    if settings.audit_seal_key is None:
        _refuse("Set KONTOR_AUDIT_SEAL_KEY: seals are signed with it.")
    return settings.audit_seal_key.get_secret_value()


@commands.command()
def erase(
    form: Annotated[PersonForm, typer.Argument(help="The form that handed the people in.")],
    subsidiary: Annotated[str, typer.Argument(help="Code of their subsidiary.")],
    codes: Annotated[list[str], typer.Argument(help="Their codes, which stay.")],
) -> None:
    """Erase people: put `(erased)` in the place of their names, in all that is kept."""
    with _writing(Settings()) as connection:
        caller = Caller(connection, Reach(None), OPERATOR, datetime.now(UTC), Origin())
        found = erasures.erase(caller, subsidiary, form, codes)
        caller.written()
    typer.echo(f"Erased from {found.rows} rows, {found.bodies} bodies and {found.texts} texts.")


@commands.command()
def principal(
    subject: Annotated[str, typer.Argument(help="`sub` of the tokens of KONTOR_OIDC_ISSUER.")],
) -> None:
    """Print the name under which records keep the subject of an access token."""
    issuer = Settings().oidc_issuer
    if issuer is None:
        _refuse("KONTOR_OIDC_ISSUER is not set: no tokens are taken.")
    typer.echo(principal_of(issuer, subject))


@webhooks.command("rekey")
def rekey_webhooks() -> None:
    """Keep the secrets of all webhooks with the first of KONTOR_WEBHOOK_SECRET_KEYS, those that have no key yet too."""
    settings = Settings()
    safe = Safe(settings.keys_of_webhook_secrets)
    if not settings.keys_of_webhook_secrets:
        _refuse("Set KONTOR_WEBHOOK_SECRET_KEYS: secrets are kept with its first key.")
    with _writing(settings) as connection:
        count = hooks.close_again(connection, Reach(None), safe)
    typer.echo(f"The secrets of {count} webhooks are kept with the first key.")


@mapping.command("check")
def check_mapping(
    file: Annotated[Path, typer.Argument(help="Mapping file of a connector.", exists=True, dir_okay=False)],
) -> None:
    """Say all that is wrong with a mapping file; exit code 1 if anything is."""
    problems = mappings.problems_of(file.read_bytes())
    for problem in problems:
        typer.echo(f"{file}: {problem.column}: {problem.message}", err=True)
    if problems:
        raise typer.Exit(1)
    typer.echo(f"{file}: nothing is wrong with it.")


def _open(settings: Settings) -> Database:
    return Database(settings.database_url.get_secret_value())


@contextmanager
def _reading(settings: Settings) -> Iterator[Connection]:
    with closing(_open(settings)) as database, database.reading(Reach(None)) as connection:
        yield connection


@contextmanager
def _writing(settings: Settings) -> Iterator[Connection]:
    with closing(_open(settings)) as database, database.writing(Reach(None)) as connection:
        yield connection


def _prepare(settings: Settings) -> None:
    """See that the database has the schema that this version needs."""
    with closing(_open(settings)) as database:
        at, needed = database.revision(), newest_revision()
        if not serves(at) and database.is_sqlite:
            database.migrate()
        elif not serves(at):
            state = "empty" if at is None else f"at revision {at}"
            _refuse(f"The database is {state}, this version needs revision {needed}: run `kontor migrate` first.")
        with database.reading() as connection:
            if service_role.sees_everything(connection):
                typer.echo(
                    "kontor: row-level security does not hold for this role of PostgreSQL: see KONTOR_SERVICE_ROLE.",
                    err=True,
                )


def _start(settings: Settings, port: int) -> tuple[uvicorn.Server, str]:
    """The service in a thread of this process, once it answers, and its address."""
    listener = socket.create_server(("127.0.0.1", port))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    # Most of what the product imports, and most commands need none of it: each would start two seconds later.
    from service.app import create_app  # noqa: PLC0415

    config = uvicorn.Config(create_app(settings), log_level="warning", server_header=False)
    server = uvicorn.Server(config)
    threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True).start()
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if time.monotonic() > deadline:
            _refuse("The service did not start.")
        time.sleep(0.02)
    return server, address


def _refuse(message: str) -> NoReturn:
    typer.echo(f"kontor: {message}", err=True)
    raise typer.Exit(1)
