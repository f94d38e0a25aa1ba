"""Two requests at the same moment: each does its work once or says that another is writing."""

from collections.abc import Callable
from functools import partial
from threading import Barrier, Thread
from typing import Any

import pytest

from service.store import submissions, subsidiaries
from service.store.reach import Reach
from tests.conftest import NOW, Service

Call = Callable[[], Any]


@pytest.fixture
def home(service: Service) -> Service:
    for code in ("DE", "FR"):
        body = {"name": code, "country": code, "currency": "EUR"}
        assert service.client.put(f"/v1/subsidiaries/{code}", json=body).status_code == 201
    return service


def hand_in(service: Service, period: str, key: str | None = None, subsidiary: str = "DE") -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    rows = [{"period": period, "revenue": "5"}]
    path = f"/v1/submissions/statistics?subsidiary={subsidiary}"
    return service.client.post(path, json=rows, headers=headers)


def at_once(*calls: Call) -> list[Any]:
    start, answers = Barrier(len(calls)), [None] * len(calls)

    def run(place: int, call: Call) -> None:
        start.wait()
        answers[place] = call()

    threads = [Thread(target=run, args=(place, call)) for place, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


def test_one_request_sent_twice_at_once_works_once(home: Service) -> None:
    for turn in range(1, 7):
        call = lambda turn=turn: hand_in(home, f"2025-{turn:02d}", f"k{turn}")  # noqa: E731 - said twice, here
        answers = at_once(call, call)
        done = [answer for answer in answers if answer.status_code == 201]
        assert done
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert len({answer.text for answer in done}) == 1
        assert ["Idempotency-Replayed" in answer.headers for answer in done].count(False) == 1
        assert call().text == done[0].text
        assert home.get("/v1/subsidiaries/DE")["data_revision"] == turn
    assert len(home.get("/v1/submissions")["items"]) == 6
    assert len(home.get("/v1/statistics")["items"]) == 6


def test_two_requests_to_one_subsidiary_at_once_follow_one_another(home: Service) -> None:
    answers = at_once(lambda: hand_in(home, "2025-01"), lambda: hand_in(home, "2025-02"))
    assert [answer.status_code for answer in answers] == [201, 201]
    assert sorted(answer.json()["data_revision"] for answer in answers) == [1, 2]
    assert len(home.get("/v1/statistics")["items"]) == 2


def test_who_has_claimed_a_key_waits_for_nobody_who_has_claimed_another(home: Service) -> None:
    """A key refers to its subsidiary, which who claimed it wants to lock next; two such would wait for each other."""
    if home.database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    with home.database.writing() as connection:
        group = Reach(None)
        reach = group.narrowed([subsidiaries.get(connection, group, "DE").id])
        assert submissions.claim(connection, reach, "first", "f", NOW) is None
        assert hand_in(home, "2025-01", "second").status_code == 201


def test_of_two_edits_that_rest_on_one_state_one_is_refused(home: Service) -> None:
    for turn in range(5):
        etag = home.get("/v1/subsidiaries/DE")["etag"]
        answers = at_once(*(partial(rename, home, f"{turn} {name}", etag) for name in ("a", "b", "c")))
        assert sorted(answer.status_code for answer in answers) == [200, 412, 412]


def rename(service: Service, name: str, etag: str) -> Any:
    about = {"name": name, "country": "DE", "currency": "EUR"}
    return service.client.put("/v1/subsidiaries/DE", json=about, headers={"If-Match": etag})


def test_a_subsidiary_that_is_being_written_blocks_no_other_on_postgresql(home: Service) -> None:
    if home.database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    with home.database.writing() as connection:
        group = Reach(None)
        reach = group.narrowed([subsidiaries.get(connection, group, "DE").id])
        subsidiaries.revision_for_writing(connection, reach)
        assert hand_in(home, "2025-01", subsidiary="FR").status_code == 201
        waited = hand_in(home, "2025-01")
        assert (waited.status_code, waited.json()["type"].rpartition("/")[2]) == (409, "request-in-progress")
        assert int(waited.headers["Retry-After"]) > 0
    assert hand_in(home, "2025-01").status_code == 201
