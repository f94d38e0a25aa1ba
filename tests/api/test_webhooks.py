"""Webhooks from end to end: what happens is told, signed, at least once, and nobody waits for another."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from service.access.keys import Scope
from service.app import create_app
from service.operations.sending import Sender
from service.settings import Settings
from service.store import deliveries, webhooks
from service.store.reach import GROUP, Reach
from tests.conftest import NOW, Service
from tests.group import hand_in_subsidiary


class Receiver(BaseHTTPRequestHandler):
    """Notes what comes, and answers with the status that its path names, or the last of `statuses`."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.answer(self.path)  # type: ignore[attr-defined]
        self.server.seen.append((self.path, dict(self.headers), body))  # type: ignore[attr-defined]
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing."""


class Told(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.seen: list[tuple[str, dict[str, str], bytes]] = []
        self.answer: Callable[[str], int] = lambda _: 204

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def wait(self, count: int) -> list[tuple[str, dict[str, str], bytes]]:
        until(lambda: len(self.seen) >= count)
        return self.seen

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [found["data"] for _, _, body in self.seen if (found := json.loads(body))["type"] == kind]


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


@pytest.fixture
def receiver() -> Iterator[Told]:
    with Told() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def inside(service: Service) -> Service:
    """A service that may send to this machine."""
    service.client.app.state.sender.__dict__.update(allow_private=True, allow_http=True)  # type: ignore[attr-defined]
    return service


def hook(service: Service, url: str, *events: str, **more: Any) -> dict[str, Any]:
    service.later(seconds=1)  # it is told of what happens from now on
    made: dict[str, Any] = service.post("/v1/webhooks", {"url": url, "events": list(events), **more})
    return made


def listed(service: Service, webhook: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = service.get(f"/v1/webhooks/{webhook}/deliveries", **query)["items"]
    return found


def test_the_settings_are_those_of_the_sender() -> None:
    url = SecretStr("sqlite://")
    assert create_app(Settings(database_url=url)).state.sender == Sender()
    settings = Settings(database_url=url, webhook_allow_private=True, webhook_allow_http=True)
    assert create_app(settings).state.sender == Sender(allow_private=True, allow_http=True)


EVERYTHING = ("submission.accepted", "submission.refused", "segmentation.ready", "customers.changed", "plan.approved")
IN_2025 = {"subsidiary": "DE", "from": "2025-01", "to": "2025-12"}


def test_what_happens_is_told(inside: Service, receiver: Told) -> None:
    hand_in_subsidiary(inside, "DE", "EUR")
    inside.post("/v1/segmentations", {"subsidiary": "DE", "from": "2024-01", "to": "2024-12"})
    plan = inside.post("/v1/plans", {"subsidiary": "DE", "window_last": "2024-12"})["id"]
    hook(inside, f"{receiver.url}/group", *EVERYTHING, "plan.attainment_below", attainment_limit=9)
    inside.post(f"/v1/plans/{plan}/approve", {"stale": True}, status=200)
    inside.submit("statistics", [{"period": "2026-02", "customer": "DE-C1", "revenue": "1"}], subsidiary="DE")
    inside.submit("statistics", [{"period": "2026-13"}], subsidiary="DE", status=422)
    segmentation = inside.post("/v1/segmentations", IN_2025)["id"]
    inside.post("/v1/segmentations", {"subsidiary": "DE", "from": "2024-02", "to": "2025-01"})
    receiver.wait(7)
    (accepted,) = receiver.of("submission.accepted")
    told = {"subsidiary": "DE", "submission": "DE.4", "accepted": 1, "rejected": 0, "read": "/v1/submissions/DE.4"}
    assert accepted == accepted | told
    assert receiver.of("submission.refused") == [
        {"subsidiary": "DE", "form": "statistics", "problem": "/problems/rows-refused", "problems": 1}
    ]
    assert {one["segmentation"] for one in receiver.of("segmentation.ready")} == {segmentation, "DE.3"}
    (changed,) = receiver.of("customers.changed")  # the last one looks back
    assert (changed["since"], changed["segmentation"]) == ("DE.1", segmentation)
    page = inside.client.get(changed["read"]).json()
    assert changed["class_changed"] == page["by_word"]["effective_class"] > 0
    assert changed["segment_changed"] == page["by_word"]["effective_segment"] > 0
    assert [one["plan"] for one in receiver.of("plan.approved")] == [plan]
    (behind,) = receiver.of("plan.attainment_below")
    assert (behind["period"], behind["limit"]) == ("2025-12", "9.0")
    assert float(behind["attainment"]) == inside.get(behind["read"])["to_date"]["revenue_attainment"]
    inside.submit("statistics", [{"period": "2026-03", "customer": "DE-C1", "revenue": "1"}], subsidiary="DE")
    receiver.wait(8)
    assert len(receiver.of("plan.attainment_below")) == 1, "once for a plan and the month that came in"
    for _, _, body in receiver.seen:
        assert len(body) < 20_000
        assert b"DE-Seller" not in body
        assert b"DE-Customer" not in body


def test_messages_are_signed_and_a_rotation_overlaps(inside: Service, receiver: Told) -> None:
    inside.later(seconds=(datetime.now(UTC) - NOW).total_seconds())  # who verifies looks at the clock
    made = hook(inside, f"{receiver.url}/x", "plan.approved")
    path = f"/v1/webhooks/{made['id']}"
    secrets = [made["secret"]]

    def verified() -> list[bool]:
        """Whether each secret verifies the next message."""
        count = len(receiver.seen)
        inside.post(f"{path}/test", None, status=202)
        _, headers, body = receiver.wait(count + 1)[-1]
        found = []
        for secret in secrets:
            try:
                assert Verifier(secret).verify(body.decode(), headers)["type"] == "webhook.test"
                found.append(True)
            except WebhookVerificationError:
                found.append(False)
        return found

    assert verified() == [True]
    secrets.append(inside.post(f"{path}/rotate", {"overlap_hours": 24}, status=200)["secret"])
    assert verified() == [True, True]
    secrets.append(inside.post(f"{path}/rotate", {"overlap_hours": 0}, status=200)["secret"])
    assert verified() == [False, False, True]
    assert all(secret not in inside.client.get(path).text for secret in secrets)


def test_a_webhook_is_made_read_changed_and_removed(service: Service) -> None:
    hand_in_subsidiary(service, "DE", "EUR")
    url = "https://crm.example.com/hook"
    made = hook(service, url, "plan.approved", "plan.approved", subsidiary="DE")
    assert (made["id"], made["subsidiary"], made["events"]) == ("DE.1", "DE", ["plan.approved"])
    path = "/v1/webhooks/DE.1"
    body = {"url": url, "events": ["customers.changed"], "active": False}
    assert service.client.put(path, json=body).status_code == 428
    assert service.client.put(path, json=body, headers={"If-Match": "x"}).status_code == 412
    changed = service.client.put(path, json=body, headers={"If-Match": made["etag"]})
    assert (changed.status_code, changed.json()["state"]) == (200, "off")
    assert service.client.put(path, json=body).json() == changed.json(), "the same again changes nothing"
    service.post(f"{path}/test", None, status=409)
    limited = {"url": url, "events": ["plan.attainment_below"]}
    assert service.client.put(path, json=limited, headers={"If-Match": "*"}).status_code == 422
    inner = {"url": "https://10.0.0.1/", "events": ["plan.approved"]}
    assert service.client.put(path, json=inner, headers={"If-Match": "*"}).status_code == 422
    service.post("/v1/webhooks", inner, status=422)
    for wrong in ({"events": []}, {"events": ["plan.deleted"]}, {"url": ""}, {"attainment_limit": -1}, {"secret": "x"}):
        service.post("/v1/webhooks", {"url": url, "events": ["plan.approved"], **wrong}, status=422)
    service.post("/v1/webhooks", {"url": url, "events": ["plan.approved"], "subsidiary": "XX"}, status=404)
    assert service.client.delete(path).json()["id"] == "DE.1"
    for asked in (path, f"{path}/deliveries"):
        service.get(asked, status=404)
    assert service.client.delete(path).status_code == 404
    assert hook(service, url, "plan.approved", subsidiary="DE")["id"] == "DE.2", "a number is given once"
    only_de = service.as_key(service.key(scopes=[Scope.ADMIN], subsidiaries=["DE"]))
    whole = {"url": url, "events": ["plan.approved"]}
    assert service.client.post("/v1/webhooks", json=whole, headers=only_de).status_code == 403
    assert hook(service, url, "plan.approved")["id"] == "group.1"
    found = service.client.get("/v1/webhooks", headers=only_de).json()["items"]
    assert [one["id"] for one in found] == ["DE.2"]


def test_each_is_told_what_is_his(inside: Service, receiver: Told) -> None:
    for code in ("DE", "FR"):
        hand_in_subsidiary(inside, code, "EUR")
    hook(inside, f"{receiver.url}/de", "submission.accepted", subsidiary="DE")
    hook(inside, f"{receiver.url}/group", "submission.accepted")
    hook(inside, f"{receiver.url}/none", "plan.approved")
    for code in ("DE", "FR"):
        inside.submit("customers", [{"code": "X-1"}], subsidiary=code)
    receiver.wait(3)
    told = [(path, json.loads(body)["data"]["subsidiary"]) for path, _, body in receiver.seen]
    assert sorted(told) == [("/de", "DE"), ("/group", "DE"), ("/group", "FR")]
    with inside.database.reading() as connection:
        assert deliveries.untold(connection, Reach(None), 10) == [], "an event that was told is removed"


def test_what_was_not_delivered_is_listed_and_sent_again(inside: Service, receiver: Told) -> None:
    receiver.answer = lambda _: 410
    webhook = hook(inside, f"{receiver.url}/x", "submission.accepted")["id"]
    path = f"/v1/webhooks/{webhook}"
    test = inside.post(f"{path}/test", None, status=202)
    until(lambda: inside.get(path)["state"] == "gone")
    (dead,) = listed(inside, webhook, state="dead")
    assert (dead["id"], dead["attempts"], dead["last_status"], dead["due_at"]) == (test["id"], 1, 410, None)
    receiver.answer = lambda _: 204
    values = {"url": f"{receiver.url}/x", "events": ["submission.accepted"]}
    assert inside.client.put(path, json=values, headers={"If-Match": "*"}).json()["state"] == "active"
    inside.post(f"{path}/replay", {"deliveries": [dead["id"], "msg_x"]}, status=422)
    assert inside.post(f"{path}/replay", {}, status=200) == {"deliveries": 1}
    until(lambda: len(listed(inside, webhook, state="delivered")) == 1)
    assert inside.post(f"{path}/replay", {}, status=200) == {"deliveries": 0}
    assert inside.post(f"{path}/replay", {"deliveries": [dead["id"]]}, status=200) == {"deliveries": 1}
    receiver.wait(3)
    assert {headers["webhook-id"] for _, headers, _ in receiver.seen} == {test["id"]}
    assert len({body for _, _, body in receiver.seen}) == 1
    until(lambda: listed(inside, webhook)[0]["attempts"] == 3)


def test_the_lag_is_that_of_the_oldest_message_that_may_be_sent(service: Service) -> None:
    service.client.app.state.courier.stop()  # type: ignore[attr-defined]  # it would send them meanwhile

    def lag() -> str:
        lines = service.client.get("/metrics").raise_for_status().text.splitlines()
        return next(line.split()[1] for line in lines if line.startswith("kontor_webhook_lag_seconds"))

    home = Reach(frozenset({GROUP}))
    hooked = {"url": "https://good.example/", "events": "plan.approved", "secret": "whsec_eA=="}
    with service.database.writing() as connection:
        number = webhooks.create(connection, home, hooked, NOW)
        for place, age in enumerate((90, 30, -30)):
            message = {"id": f"m{place}", "type": "plan.approved", "payload": "{}"}
            deliveries.add(connection, home, number, message, NOW - timedelta(seconds=age))
    assert lag() == "90.0"
    for changed, told in (
        ({"resume_at": NOW + timedelta(seconds=1)}, "0.0"),
        ({"resume_at": NOW}, "90.0"),
        ({"state": webhooks.OFF}, "0.0"),
    ):
        with service.database.writing() as connection:
            webhooks.change(connection, home, number, changed)
        assert lag() == told


def test_nobody_waits_for_one_who_is_slow(inside: Service, receiver: Told) -> None:
    free = threading.Event()
    receiver.answer = lambda path: 204 if path == "/quick" or free.wait(20) else 500
    slow = hook(inside, f"{receiver.url}/slow", "plan.approved")["id"]
    quick = hook(inside, f"{receiver.url}/quick", "plan.approved")["id"]
    for webhook in (slow, slow, quick, quick):
        inside.post(f"/v1/webhooks/{webhook}/test", None, status=202)
    receiver.wait(2)
    assert [path for path, _, _ in receiver.seen] == ["/quick", "/quick"]
    free.set()
    receiver.wait(4)
