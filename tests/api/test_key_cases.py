"""Every way to present a key wrongly, as one table, and what may be learned from a refusal: nothing."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import event

from service.access.keys import Scope, Token
from tests.conftest import NOW, Service
from tests.group import hand_in_subsidiary

GOOD = "a key that works"
UNKNOWN = str(Token("a" * 12, "b" * 30))


def bearer(text: str) -> dict[str, Any]:
    return {"headers": {"Authorization": f"Bearer {text}"}}


def mistyped(key: str) -> str:
    """Another letter in the secret: the checksum no longer fits."""
    return key[:-8] + ("a" if key[-8] != "a" else "b") + key[-7:]


PRESENTED: dict[str, tuple[Callable[[str], dict[str, Any]], int]] = {
    GOOD: (bearer, 200),
    "no header": (lambda _: {"headers": {"Authorization": ""}}, 401),
    "nothing after the word": (lambda _: bearer(""), 401),
    "another scheme": (lambda key: {"headers": {"Authorization": f"Basic {key}"}}, 401),
    "no scheme": (lambda key: {"headers": {"Authorization": key}}, 401),
    "wrong prefix": (lambda key: bearer(key.replace("kontor_", "contor_")), 401),
    "another environment's prefix": (lambda key: bearer(key.replace("kontor_", "kontor_test_")), 401),
    "bad checksum": (lambda key: bearer(mistyped(key)), 401),
    "checksum cut off": (lambda key: bearer(key[:-7]), 401),
    "right checksum, unknown key": (lambda _: bearer(UNKNOWN), 401),
    "known key, another secret": (lambda key: bearer(str(Token(Token.read(key).key_id, "b" * 30))), 401),
    "upper case": (lambda key: bearer(key.upper()), 401),
    "a newline behind it, which is no part of a header's value": (lambda key: bearer(f"{key}\n"), 200),
    "a newline inside": (lambda key: bearer(f"{key[:20]}\n{key[20:]}"), 401),
    "a space inside": (lambda key: bearer(f"{key[:20]} {key[20:]}"), 401),
    "digits of another script": (
        lambda key: {"headers": {"Authorization": f"Bearer {key[:-1]}\N{ARABIC-INDIC DIGIT ONE}".encode()}},
        401,
    ),
    "a megabyte": (lambda key: bearer(key + "a" * (1 << 20)), 401),
    "in the query string": (lambda key: {"headers": {"Authorization": ""}, "params": {"api_key": key}}, 401),
    "in a cookie": (lambda key: {"headers": {"Authorization": "", "Cookie": f"Authorization=Bearer {key}"}}, 401),
    "two keys in two headers": (
        lambda key: {"headers": [("Authorization", f"Bearer {key}"), ("Authorization", f"Bearer {UNKNOWN}")]},
        401,
    ),
    "the same key in two headers": (lambda key: {"headers": [("Authorization", f"Bearer {key}")] * 2}, 401),
}


def ask(service: Service, presented: dict[str, Any], path: str = "/v1/customers") -> Any:
    service.client.headers.pop("Authorization", None)
    return service.client.get(path, **presented)


@contextmanager
def statements(service: Service) -> Iterator[list[str]]:
    """What the database is asked meanwhile, but for the threads that look for jobs and for messages to send."""
    asked: list[str] = []
    engine = service.database._engine

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not threading.current_thread().name.startswith("kontor-"):
            asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_each_way_to_present_a_key(service: Service) -> None:
    key = service.key()
    for name, (present, status) in PRESENTED.items():
        answer = ask(service, present(key))
        assert answer.status_code == status, f"{name}: {answer.text}"
        if status == 401:
            assert answer.json()["type"] == "/problems/not-authenticated", name
            assert Token.read(key).secret not in answer.text, f"{name}: the answer repeats the secret"


def test_what_has_no_true_checksum_is_refused_before_the_database_is_asked(service: Service) -> None:
    key = service.key()
    for name in ("bad checksum", "checksum cut off", "upper case", "wrong prefix", "two keys in two headers"):
        with statements(service) as asked:
            assert ask(service, PRESENTED[name][0](key)).status_code == 401
        assert asked == [], name


def test_an_unknown_key_and_a_wrong_secret_cannot_be_told_apart(service: Service) -> None:
    """By the answer, or by the work that it takes."""
    key = service.key()
    seen = []
    for name in ("right checksum, unknown key", "known key, another secret"):
        with statements(service) as asked:
            answer = ask(service, PRESENTED[name][0](key))
        seen.append((asked, {**answer.json(), "request_id": ""}))
    assert seen[0] == seen[1]


def test_a_wrong_secret_does_not_tell_that_a_key_has_ended(service: Service) -> None:
    revoked, expired = service.key(), service.key(expires_at=NOW + timedelta(hours=1))
    service.client.delete(f"/v1/keys/{Token.read(revoked).key_id}").raise_for_status()
    service.later(hours=1)
    unknown = ask(service, bearer(UNKNOWN)).json()["detail"]
    for key in (revoked, expired):
        ended = ask(service, bearer(key))
        assert (ended.status_code, ended.json()["detail"]) == (401, "This API key has expired or was revoked.")
        assert ask(service, bearer(str(Token(Token.read(key).key_id, "b" * 30)))).json()["detail"] == unknown


def test_a_key_does_what_its_scopes_say_and_nothing_else(service: Service) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    reader, writer = (service.key(scopes=[one]) for one in (Scope.STATISTICS_READ, Scope.STATISTICS_WRITE))
    rows = [{"code": "X"}]
    path = "/v1/submissions/customers?subsidiary=DE"
    assert service.client.post(path, json=rows, headers=service.as_key(reader)).status_code == 403
    assert service.client.post(path, json=rows, headers=service.as_key(writer)).status_code == 201
    refused = service.client.get("/v1/customers", headers=service.as_key(writer))
    assert refused.status_code == 403
    assert "statistics:read" in refused.json()["detail"]


def test_a_key_has_no_beginning_but_its_making(service: Service) -> None:
    """There is no key that is not good yet: who asks for one is told so."""
    body = {"name": "x", "scopes": ["statistics:read"], "not_before": "2030-01-01"}
    assert service.post("/v1/keys", body, status=422)["errors"][0]["column"] == "not_before"


def test_a_key_whose_subsidiary_is_not_there_any_more_reaches_nothing(service: Service) -> None:
    """Subsidiaries cannot be switched off; a key that reaches none of them gets empty lists, not those of others."""
    hand_in_subsidiary(service, "DE", "EUR")
    key = service.key(subsidiaries=["DE"])
    with service.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM api_key_subsidiary")
    assert ask(service, bearer(key)).json()["items"] == []
    assert ask(service, bearer(key), "/v1/customers/DE/DE-C1").status_code == 404


def test_wrong_keys_by_the_dozen_leave_nothing_behind(service: Service) -> None:
    for place in range(36):
        assert ask(service, bearer(str(Token(f"{place:012d}", "b" * 30)))).status_code == 401
    assert service.client.app.state.uses._moments == {}  # type: ignore[attr-defined]
