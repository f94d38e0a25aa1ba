"""F16: a process whose clock is wrong, or that jumps while it works, beside one whose clock is right."""

import itertools
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from service.access import keys
from service.access.keys import Scope
from tests.faults import properties
from tests.faults.conftest import SHARE, trials
from tests.faults.rig import Nursery, Replica, Rig

LIBRARY = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
pytestmark = pytest.mark.skipif(LIBRARY is None, reason="libfaketime is not installed (package libfaketime)")
ROWS, LONGER = 50, 2_000
SKEWS = {"-26h": -26 * 60, "-5m": -5, "-61s": -1, "+61s": 1, "+5m": 5, "+26h": 26 * 60}
"""As libfaketime takes it, and in minutes."""
OFTEN = SKEWS if SHARE == 100 else ("-26h", "+26h")


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the wrong clock is off by; it can be changed at any moment."""
    path = tmp_path_factory.mktemp("clock") / "clock"
    path.write_text("+0", encoding="ascii")
    return path


@pytest.fixture(scope="module")
def wrong_nursery(clock: Path) -> Iterator[Nursery]:
    """One for all tests: it begins slowly, as every look at the clock is one at the file."""
    wrong = {"LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(clock)}
    wrong |= {"FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    nursery = Nursery(clock.with_name("log"), **wrong)
    yield nursery
    nursery.stop()


@pytest.fixture
def two(rig_of, database_url: str, wrong_nursery: Nursery) -> Iterator[Rig]:
    """A rig with a second process that has the wrong clock."""
    with rig_of(database_url) as rig:
        rig.replicas.append(Replica(wrong_nursery, rig.replica.environment))
        rig.replicas[1].start()
        yield rig


def expiring(rig: Rig) -> str:
    """A key that ends in an hour, by the right clock."""
    now = datetime.now(UTC)
    with rig.database.writing() as connection:
        return str(keys.create(connection, "ends", [Scope.STATISTICS_READ], ["A"], now, now + timedelta(hours=1)))


def test_a_wrong_clock_puts_nothing_in_the_wrong_month_and_no_revision_before_another(two, clock, campaign):
    key = expiring(two)
    for skew in OFTEN:
        ledger = campaign("F16", f"one process is off by {skew}", two.kind)
        clock.write_text(skew, encoding="ascii")
        for _ in range(trials(40, 2)):
            operation = two.submit(ROWS)
            assert operation.end == "ok", operation.statuses
            ledger.tried(answered=True, stored=properties.whole(two, operation))
        headers = {"Authorization": f"Bearer {key}"}
        asked = [
            httpx.get(f"{one.url}/v1/statistics?subsidiary=A", headers=headers).status_code for one in two.replicas
        ]
        assert asked == [200, 401 if SKEWS[skew] > 60 else 200], "each process goes by its own clock"
    revisions = [one["data_revision"] for one in map(answer_of, two.history.operations)]
    assert revisions == list(range(1, len(revisions) + 1)), "the order is that of the revisions, not that of clocks"
    properties.check(two)


def answer_of(operation):
    return httpx.Response(200, text=operation.answer[1]).json()


def test_a_clock_that_jumps_in_the_middle_of_requests_hurts_nobody(two, clock, campaign):
    ledger = campaign("F16", "the clock jumps 10 min back and forth while a submission is stored", two.kind)
    stop = threading.Event()

    def jump() -> None:
        for turn in itertools.count():
            if stop.wait(0.01):
                return
            other = clock.with_suffix(".next")
            other.write_text("+5m" if turn % 2 else "-5m", encoding="ascii")
            other.replace(clock)

    thread = threading.Thread(target=jump)
    thread.start()
    try:
        for _ in range(trials(40, 2)):
            operation = two.submit(LONGER, url=two.replicas[1].url)
            assert operation.end == "ok", operation.statuses
            ledger.tried(answered=True, stored=properties.whole(two, operation))
    finally:
        stop.set()
        thread.join()
    properties.check(two)
