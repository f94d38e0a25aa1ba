"""When a message is tried again, by whom, and when it is given up."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Row, select

from service.access.safe import Safe
from service.operations.courier import AT_ONCE, GIVEN_UP, KEPT, LEASE, Courier, Taken
from service.operations.sending import Sender, Sent
from service.store import deliveries, webhooks
from service.store.database import Database
from service.store.reach import GROUP, Reach
from tests.conftest import NOW

HOME = Reach(frozenset({GROUP}))
BAD, GOOD = Sent(500), Sent(204)


class Office:
    """A database with webhooks of the group, a clock, and couriers who are told what to do."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = NOW
        self.courier = self.another()

    def another(self) -> Courier:
        return Courier(self.database, self.clock, Sender(), Safe(), lambda: 1.0)

    def clock(self) -> datetime:
        return self.now

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)

    def webhook(self, *messages: str) -> int:
        values = {"url": "https://good.example/", "events": "plan.approved", "secret": "whsec_eA=="}
        with self.database.writing() as connection:
            number = webhooks.create(connection, HOME, values, self.now)
            for identifier in messages:
                values = {"id": identifier, "type": "plan.approved", "payload": "{}"}
                deliveries.add(connection, HOME, number, values, self.now)
        return number

    def take(self, *busy: int) -> list[Taken]:
        return self.courier.take([(GROUP, number) for number in busy])

    def attempt(self, sent: Sent) -> None:
        (taken,) = self.take()
        self.courier.note(taken, sent)

    def delivery(self, identifier: str) -> Row[Any]:
        with self.database.reading() as connection:
            return connection.execute(select(deliveries.TABLE).where(deliveries.TABLE.c.id == identifier)).one()

    def hook(self, number: int) -> Row[Any]:
        with self.database.reading() as connection:
            row = webhooks.get(connection, HOME, number)
        assert row is not None
        return row


@pytest.fixture
def office(database_url: str) -> Iterator[Office]:
    database = Database(database_url, pool_size=4)
    yield Office(database)
    database.close()


def test_who_fails_is_tried_again_and_rests_longer_each_time(office: Office) -> None:
    number = office.webhook("m")
    waited = []
    for sent in (BAD, Sent(301), Sent(None, "no whole answer"), BAD):
        office.attempt(sent)
        assert office.take() == []
        row, hook = office.delivery("m"), office.hook(number)
        waited.append(max(row.due_at, hook.resume_at) - office.now)
        office.now = max(row.due_at, hook.resume_at)
        assert (row.last_status, row.last_error, row.state) == (sent.status, sent.error, "waiting")
    assert waited == [timedelta(seconds=seconds) for seconds in (5, 20, 80, 320)]
    office.attempt(GOOD)
    row = office.delivery("m")
    assert (row.attempts, row.state, row.due_at, row.ended_at) == (5, "delivered", None, office.now)
    assert (office.hook(number).failures, office.hook(number).resume_at) == (0, None)
    office.later(days=10)
    assert office.take() == []


def test_two_who_failed_at_once_are_not_tried_at_once(office: Office) -> None:
    office.webhook("m")
    rested = []
    for chance in (0.0, 0.5):
        courier = Courier(office.database, office.clock, Sender(), Safe(), lambda chance=chance: chance)
        rested.append(courier._pause(3, 4, 1000))
    assert rested == [timedelta(seconds=40), timedelta(seconds=60)]


def test_what_cannot_be_delivered_for_three_days_is_dead(office: Office) -> None:
    number = office.webhook("m")
    while office.delivery("m").state == "waiting":
        office.attempt(BAD)
        row, hook = office.delivery("m"), office.hook(number)
        if row.due_at is not None:
            office.now = max(row.due_at, hook.resume_at)
    assert GIVEN_UP <= office.now - NOW < GIVEN_UP + timedelta(hours=8)
    assert (row.attempts, row.state, row.due_at) == (17, "dead", None)
    with office.database.writing() as connection:
        assert deliveries.replay(connection, HOME, number, None, office.now) == 1
    office.later(hours=1)
    office.attempt(BAD)
    assert office.delivery("m").state == "waiting", "three days begin anew"


def test_who_is_gone_is_told_nothing_more(office: Office) -> None:
    number = office.webhook("m", "n")
    office.attempt(Sent(410))
    assert (office.hook(number).state, office.delivery("m").state, office.delivery("n").state) == (
        *("gone", "dead", "waiting"),
    )
    office.later(days=1)
    assert office.take() == []


def test_what_a_dead_process_had_taken_is_sent_again_with_the_same_id(office: Office) -> None:
    office.webhook("m")
    (lost,) = office.take()
    assert office.another().take([]) == [], "it is somebody's"
    office.now += LEASE
    (taken,) = office.another().take([])
    assert (taken.delivery.id, taken.delivery.payload, taken.attempt) == (lost.delivery.id, lost.delivery.payload, 2)
    office.courier.note(lost, GOOD)  # it lives after all, and its word no longer counts
    assert office.delivery("m").state == "waiting"
    office.courier.note(taken, GOOD)
    assert office.delivery("m").state == "delivered"


def test_who_fails_keeps_nobody_waiting(office: Office) -> None:
    bad = office.webhook(*(f"bad{place:03}" for place in range(100)))
    good = office.webhook("g1", "g2")
    both = office.take()
    assert [one.webhook.number for one in both] == [bad, good]
    assert office.take(bad, good) == [], "one attempt to each at a time"
    office.courier.note(both[0], BAD)
    office.courier.note(both[1], GOOD)
    (again,) = office.take()
    assert again.delivery.id == "g2", "who failed rests"
    office.later(seconds=5)
    (rested,) = office.take(good)
    assert rested.delivery.id == "bad001", "others of his come before the one that failed"


def test_no_more_are_begun_than_may_be(office: Office) -> None:
    numbers = [office.webhook(f"m{place}") for place in range(AT_ONCE + 3)]
    first = office.take()
    assert [one.webhook.number for one in first] == numbers[:AT_ONCE]
    office.later(seconds=60)
    rest = office.take(*numbers[: AT_ONCE - 4])
    assert [one.webhook.number for one in rest] == [*numbers[AT_ONCE:], numbers[AT_ONCE - 4]], "who waited longest"


def test_two_couriers_never_take_the_same(office: Office) -> None:
    count = 12
    for place in range(count):
        office.webhook(f"m{place:02}")
    with ThreadPoolExecutor(2) as threads:
        found = [one.result() for one in [threads.submit(office.another().take, []) for _ in range(4)]]
    assert sorted(one.delivery.id for taken in found for one in taken) == [f"m{place:02}" for place in range(count)]


def test_an_event_becomes_one_delivery_however_often_it_is_spread(office: Office) -> None:
    number = office.webhook()
    event = {"id": "e", "type": "plan.approved", "data": '{"plan":"group.1"}', "at": NOW}
    for _ in range(2):  # as if the first one had not been seen to end
        with office.database.writing() as connection:
            deliveries.happened(connection, HOME, event)
        office.courier.spread()
    with office.database.reading() as connection:
        (row,) = deliveries.page(connection, HOME, number, 10, None, None)
    assert (row.id, row.payload) == (
        "e",
        '{"type":"plan.approved","timestamp":"2026-11-15T12:00:00+00:00","data":{"plan":"group.1"}}',
    )


def test_what_follows_is_left_out_where_it_cannot_be_looked_up(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    number = office.webhook()
    with office.database.writing() as connection:
        wants = {"events": "segmentation.ready customers.changed"}
        webhooks.change(connection, HOME, number, wants)
        data = '{"subsidiary":null,"segmentation":"group.9"}'
        deliveries.happened(connection, HOME, {"id": "e", "type": "segmentation.ready", "data": data, "at": NOW})
    office.courier.spread()
    assert office.delivery("e").type == "segmentation.ready"
    assert "what follows from event e could not be looked up" in caplog.text


def test_what_ended_long_ago_is_forgotten(office: Office) -> None:
    number = office.webhook("m", "n")
    office.attempt(GOOD)
    office.now += KEPT + timedelta(seconds=1)
    office.courier.spread()
    with office.database.reading() as connection:
        assert [row.id for row in deliveries.page(connection, HOME, number, 10, None, None)] == ["n"]
