"""Secrets of webhooks: who reads the database cannot sign with them."""

import base64
import hmac
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select
from sqlmodel import SQLModel
from typer.testing import CliRunner

from service import cli
from service.access.safe import PREFIX, Safe, shown
from service.app import create_app
from service.errors import Unavailable
from service.operations.courier import Courier
from service.operations.sending import Sender
from service.settings import Settings
from service.store import webhooks
from service.store.reach import Reach
from tests.conftest import NOW, Service

FORMER, NEWER, SECRET = "f" * 32, "n" * 32, bytes(range(32))


def test_a_secret_opens_with_its_key_for_its_owner_and_else_for_nobody() -> None:
    stored = Safe([FORMER]).closed(SECRET, 3)
    assert len(stored) <= webhooks.TABLE.c.secret.type.length
    assert stored != Safe([FORMER]).closed(SECRET, 3), "the same secret does not look the same"
    assert Safe([FORMER]).opened(stored, 3) == Safe([NEWER, FORMER]).opened(stored, 3) == SECRET
    changed = stored[:-4] + ("A" if stored[-4] != "A" else "B") + stored[-3:]
    for safe, text, owner in (
        (Safe([NEWER]), stored, 3),
        (Safe(), stored, 3),
        (Safe([FORMER]), stored, 4),
        (Safe([FORMER]), changed, 3),
    ):
        with pytest.raises(Unavailable, match="KONTOR_WEBHOOK_SECRET_KEYS"):
            safe.opened(text, owner)


def test_without_a_key_a_secret_stays_as_it_is() -> None:
    assert Safe().closed(SECRET, 3) == shown(SECRET)
    assert Safe([NEWER]).opened(shown(SECRET), 3) == SECRET


def dump(service: Service) -> str:
    """All that stands in the database."""
    with service.database.reading() as connection:
        return "".join(str(connection.execute(select(table)).all()) for table in SQLModel.metadata.sorted_tables)


def test_a_dump_of_the_database_has_no_secret_to_sign_with(service: Service, database_url: str) -> None:
    hook = service.post("/v1/webhooks", {"url": "https://crm.example/", "events": ["plan.approved"]})
    made = [hook["secret"]]
    assert made[0] in dump(service), "as it was before there was a key"

    def rekeyed(*keys: str) -> None:
        settings = {"KONTOR_DATABASE_URL": database_url, "KONTOR_WEBHOOK_SECRET_KEYS": " ".join(keys)}
        done = CliRunner().invoke(cli.commands, ["webhooks", "rekey"], env=settings)
        assert done.output == "The secrets of 1 webhooks are kept with the first key.\n"

    rekeyed(FORMER)
    service.client.app.state.safe = Safe([FORMER])  # type: ignore[attr-defined]
    made.append(service.post(f"/v1/webhooks/{hook['id']}/rotate", {"overlap_hours": 24}, status=200)["secret"])
    rekeyed(NEWER, FORMER)
    stored = dump(service)
    for secret in made:
        raw = base64.b64decode(secret.removeprefix(PREFIX))
        assert all(form not in stored for form in (secret, secret.removeprefix(PREFIX), repr(raw), raw.hex()))
    headers, body = _signed(service, Safe([NEWER]))
    content = f"m.{headers['webhook-timestamp']}.".encode() + body
    keys = [base64.b64decode(secret.removeprefix(PREFIX)) for secret in reversed(made)]
    digests = [hmac.digest(key, content, "sha256") for key in keys]  # by both, as one was rotated lately
    assert headers["webhook-signature"] == " ".join(f"v1,{base64.b64encode(one).decode()}" for one in digests)
    with pytest.raises(Unavailable):
        _signed(service, Safe([FORMER]))


def _signed(service: Service, safe: Safe) -> tuple[dict[str, str], bytes]:
    with service.database.reading() as connection:
        (hook,) = webhooks.every(connection, Reach(None))
    delivery: Any = SimpleNamespace(id="m", payload="{}")
    return Courier(service.database, lambda: NOW, Sender(), safe).signed(
        SimpleNamespace(webhook=hook, delivery=delivery)
    )


def test_keys_come_from_a_setting_or_a_file_and_are_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "keys"
    file.write_text(f"{NEWER}\n{FORMER}\n", encoding="utf-8")
    monkeypatch.setenv("KONTOR_WEBHOOK_SECRET_KEYS_FILE", str(file))
    assert Settings().keys_of_webhook_secrets == [NEWER, FORMER]
    assert create_app(Settings()).state.safe.opened(Safe([FORMER]).closed(SECRET, 1), 1) == SECRET
    monkeypatch.setenv("KONTOR_WEBHOOK_SECRET_KEYS", FORMER)
    assert Settings().keys_of_webhook_secrets == [FORMER], "the variable itself goes first"
    monkeypatch.setenv("KONTOR_WEBHOOK_SECRET_KEYS", "short-and-secret")
    with pytest.raises(ValidationError, match="32 characters") as refused:
        Settings()
    assert "short-and-secret" not in str(refused.value)
    monkeypatch.delenv("KONTOR_WEBHOOK_SECRET_KEYS")
    monkeypatch.setenv("KONTOR_WEBHOOK_SECRET_KEYS_FILE", str(tmp_path / "missing"))
    with pytest.raises(ValidationError, match="KONTOR_WEBHOOK_SECRET_KEYS_FILE cannot be read"):
        Settings()
