"""Fixtures of the fault campaigns. `KONTOR_FAULTS` is the share of each campaign's trials in percent: 100 is all of
them (`make faults`), 2 without it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.faults import ledger
from tests.faults.ledger import Campaign
from tests.faults.postgresql import OwnPostgres
from tests.faults.rig import Nursery, Rig

SHARE = int(os.environ.get("KONTOR_FAULTS", "2"))
RECOVERY_SECONDS = 5.0 if SHARE == 100 else 20.0
"""P8. The tests of every day share their processors with others."""
_LEDGER = pytest.StashKey[list[Campaign]]()


def trials(full: int, least: int = 1) -> int:
    """So many of a campaign's trials are asked for."""
    return max(full * SHARE // 100, least)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_LEDGER] = []


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    campaigns = config.stash[_LEDGER]
    if campaigns:
        terminalreporter.section("faults")
        terminalreporter.write_line(ledger.HEADER)
        for campaign in campaigns:
            terminalreporter.write_line(campaign.row())


@pytest.fixture
def campaign(request: pytest.FixtureRequest) -> Callable[..., Campaign]:
    """A new campaign of the table; it stands there once its test has passed."""
    made: list[Campaign] = []

    def make(name: str, fault: str, database: str = "") -> Campaign:
        made.append(Campaign(name, fault, database))
        return made[-1]

    yield make
    if getattr(request.node, "passed", False):
        request.config.stash[_LEDGER].extend(made)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.passed = report.passed  # type: ignore[attr-defined]
    return report


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    one = Nursery(tmp_path_factory.mktemp("nursery") / "log")
    yield one
    one.stop()


@pytest.fixture
def rig_of(nursery: Nursery, tmp_path: Path) -> Callable[..., Any]:
    """A running rig over a database with the newest schema."""

    @contextmanager
    def running(database_url: str, **more: Any) -> Iterator[Rig]:
        rig = Rig(nursery, tmp_path, database_url, **more)
        try:
            rig.start()
            yield rig
        finally:
            rig.stop()

    return running


@pytest.fixture
def rig(rig_of, database_url: str) -> Iterator[Rig]:
    """A rig over either database."""
    with rig_of(database_url) as one:
        yield one


@pytest.fixture
def own_postgres(postgres: str) -> Iterator[OwnPostgres]:
    """A PostgreSQL server for one test; the shared one has made the programs ready to be run. Its folder has a short
    name: that of a socket is limited."""
    with TemporaryDirectory(prefix="kontor-") as folder:
        server = OwnPostgres(Path(folder))
        server.start()
        yield server
        server.stop()
