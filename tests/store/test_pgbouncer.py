"""Behind a pooler that gives every transaction another connection: the real PgBouncer, in transaction mode."""

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.conftest import ROLE, service_at
from tests.group import hand_in_group
from tests.pooler import ABSENT, PROGRAM, Pooler

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=ABSENT)


@pytest.fixture
def pooled(database_url: str, tmp_path: Path) -> Iterator[str]:
    """The address of the pooler, for the service's role."""
    pooler = Pooler(database_url, ROLE, tmp_path)
    try:
        pooler.start()
        yield pooler.url
    finally:
        pooler.stop()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_callers_who_share_connections_see_their_own_rows_only(database_url: str, pooled: str) -> None:
    seen: list[tuple[str, str]] = []
    with service_at(pooled) as service:
        hand_in_group(service)

        def ask(code: str) -> None:
            headers = service.as_key(service.key(subsidiaries=[code]))
            for _ in range(10):
                listed = service.client.get("/v1/customers", headers=headers).json()["items"]
                seen.extend((code, row["subsidiary"]) for row in listed)
                card = service.client.get(f"/v1/customers/{code}/{code}-C1", headers=headers).json()
                seen.append((code, card["subsidiary"]))

        threads = [threading.Thread(target=ask, args=(code,)) for code in ("DE", "FR", "DE", "FR")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        said, silent = (psycopg.connect(pooled, autocommit=True, prepare_threshold=None) for _ in range(2))
        for _ in range(30):
            said.execute("SET LOCAL kontor.reach = 'group'; SELECT count(*) FROM customer")
            with pytest.raises(psycopg.Error, match=r"malformed|unrecognized"):
                silent.execute("SELECT count(*) FROM customer")
        said.close()
        silent.close()
    assert len(seen) == 4 * 10 * 7
    assert set(seen) == {("DE", "DE"), ("FR", "FR")}
