"""Ten callers over every route of the application, and what each gets for what is his, another's, or not there.

The routes and how they are asked are those of `test_access`, which also asks with one scope, and with all others.
"""

from datetime import timedelta
from itertools import cycle
from typing import Any

import pytest

from service.access.keys import Scope, Token
from tests.api.test_access import ROUTES, _routes, _scope, _send, prepared
from tests.conftest import NOW, Service

READS = [scope for scope in Scope if scope.value.endswith(":read")]
WRITES = [scope for scope in Scope if scope.value.endswith((":write", ":approve"))]
VARY = ("x-request-id", "content-length", "ratelimit", "ratelimit-policy")


@pytest.fixture
def group(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    return prepared(service, monkeypatch)


def revoked(service: Service) -> str:
    key = service.key()
    answer = service.client.delete(f"/v1/keys/{Token.read(key).key_id}")
    assert answer.is_success, answer.text
    return key


def test_strangers_get_in_nowhere(group: Service) -> None:
    garbage = str(Token("a" * 12, "b" * 30))
    strangers = [None, "garbage", garbage, group.key(expires_at=NOW - timedelta(seconds=1)), revoked(group)]
    for method, route in _routes():
        for key in strangers:
            answer = _send(group, method, route, key)
            assert answer.status_code == 401, f"{method} {route.path}"
            assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_readers_do_not_write_and_writers_do_not_read(group: Service) -> None:
    callers = [(READS, group.key(scopes=READS)), (WRITES, group.key(scopes=WRITES))]
    refused = [0, 0]
    for method, route in _routes():
        for place, (scopes, key) in enumerate(callers):
            if _scope(route) not in scopes:
                refused[place] += 1
                assert _send(group, method, route, key).status_code == 403, f"{method} {route.path}"
    assert all(refused)


def test_whoever_reaches_both_subsidiaries_gets_what_the_whole_group_gets_of_them(group: Service) -> None:
    both = group.key(subsidiaries=["DE", "FR"])
    for method, route in _routes():
        call = ROUTES[method, route.path]
        expected = (403,) if call.foreign == "group" else call.inside
        assert _send(group, method, route, both).status_code in expected, f"{method} {route.path}"


def test_what_is_anothers_looks_like_what_is_not_there(group: Service) -> None:
    outside = group.key(subsidiaries=["FR"])
    hidden = [(method, route) for method, route in _routes() if ROUTES[method, route.path].foreign == "hidden"]
    assert hidden
    for method, route in hidden:
        foreign = told(_send(group, method, route, outside))
        assert foreign == told(_send(group, method, route, outside, "XX")), f"{method} {route.path}"


def told(answer: Any) -> tuple[int, dict[str, str], str]:
    """All that a caller can see, without what names the thing itself."""
    headers = {name: value for name, value in answer.headers.items() if name not in VARY}
    text = answer.text.replace(answer.headers["x-request-id"], "")
    return answer.status_code, headers, text.replace("XX", "DE")


CLOSED = {
    ("POST", "/v1/submissions/statistics"): (422,),
    ("GET", "/v1/plans/{plan}/attainment"): (422,),
}
"""What is answered otherwise once all months are closed: their lines change with a reason alone, so none of 2026 are
handed in, and there is nothing to hold a plan against."""


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # the longest; the others meet both
def test_ten_callers_meet_closed_months(group: Service) -> None:
    """A subsidiary is never closed, its months are: the fourth kind of object beside own, another's and missing.

    Strangers take turns: `test_strangers_get_in_nowhere` sends all of them everywhere.
    """
    months = [f"{year}-{month:02d}" for year in (2024, 2025, 2026) for month in range(1, 13)]
    for code in ("DE", "FR"):
        for period in months[:-2]:  # it is November
            assert group.client.put(f"/v1/subsidiaries/{code}/closed-months/{period}").is_success
    garbage = str(Token("a" * 12, "b" * 30))
    strangers = cycle([None, "garbage", garbage, group.key(expires_at=NOW - timedelta(seconds=1)), revoked(group)])
    limited = [(scopes, group.key(scopes=scopes)) for scopes in (READS, WRITES)]
    outside, both, admin = group.key(subsidiaries=["FR"]), group.key(subsidiaries=["DE", "FR"]), group.key()
    for method, route in _routes():
        name, call = f"{method} {route.path}", ROUTES[method, route.path]
        assert _send(group, method, route, next(strangers)).status_code == 401, name
        for scopes, key in limited:
            assert _scope(route) in scopes or _send(group, method, route, key).status_code == 403, name
        if call.foreign == "hidden":
            foreign = told(_send(group, method, route, outside))
            assert foreign == told(_send(group, method, route, outside, "XX")), name
        expected = CLOSED.get((method, route.path), call.inside)
        answer = _send(group, method, route, both)
        assert answer.status_code in ((403,) if call.foreign == "group" else expected), f"{name}: {answer.text}"
        again = (404,) if method == "DELETE" else expected  # the one before has removed it
        assert _send(group, method, route, admin).status_code in (*again, *expected), name
