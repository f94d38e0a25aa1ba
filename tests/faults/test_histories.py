"""F10, F11, F12 and the history checkers: several clients at once on two replicas, and what they may have seen.

set: every row that was accepted is there, once, and no other; bank: amounts move between two lines and their total
stays; register: edits with `If-Match` form one chain; snapshot: a list read page by page while others write; derived:
figures read while corrections come; cross-tenant: two subsidiaries whose things have the same codes.
"""

import random
import threading
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.faults import properties
from tests.faults.conftest import trials
from tests.faults.oracle import canary
from tests.faults.rig import HOMES, Rig, at_once

CLIENTS = 8
TOTAL = Decimal(1_000)


@pytest.fixture
def replicas(rig_of, database_url: str) -> Iterator[Rig]:
    """Two replicas over PostgreSQL; over SQLite, which is one machine's, two processes on one file."""
    with rig_of(database_url, replicas=2) as rig:
        yield rig


def shared(rig: Rig, count: int, work: Any) -> None:
    """`work(place)` for each place, by eight clients at once; the first error of any is raised."""
    places, failed = iter(range(count)), []
    lock = threading.Lock()

    def client() -> None:
        while not failed:
            with lock:
                place = next(places, None)
            if place is None:
                return
            try:
                work(place)
            except Exception as error:  # noqa: BLE001 - told where the test can see it
                failed.append(error)

    at_once([client] * CLIENTS)
    if failed:
        raise failed[0]


def test_one_key_raced_on_two_replicas_has_one_effect(replicas, campaign):
    ledger = campaign("F10", "one key raced by four clients on two replicas", replicas.kind)
    for _ in range(trials(500, 5)):
        operation = replicas.operation(3)
        urls = [replica.url for replica in replicas.replicas] * 2
        answers = at_once([lambda url=url, operation=operation: replicas.send(operation, url) for url in urls])
        statuses = {answer.status_code for answer in answers if answer is not None}
        assert 201 in statuses, "one of them must get through"
        assert statuses <= {201, 409}, statuses
        assert sum(one.status_code == 201 and "idempotency-replayed" not in one.headers for one in answers) == 1
        ledger.tried(answered=True, stored=properties.whole(replicas, operation))
    properties.check(replicas)


def test_one_document_under_several_keys_is_stored_once(replicas, campaign):
    ledger = campaign("F11", "the same rows under four keys at once", replicas.kind)
    for place in range(trials(200, 3)):
        body = f"period,channel,revenue\n2025-01,same{place},7\n"
        keys = [f"same-{place}-{number}" for number in range(4)]
        answers = at_once([lambda key=key, body=body: until_accepted(replicas, body, key) for key in keys])
        assert sum(answer["added"] for answer in answers) == 1
        assert sum(answer["unchanged"] for answer in answers) == 3
        ledger.tried(answered=True, stored=True)
    lines = replicas.ask("/v1/statistics", subsidiary="A", limit=1000).json()["items"]
    assert sorted(line["channel"] for line in lines) == sorted(f"same{place}" for place in range(trials(200, 3)))


def until_accepted(rig: Rig, body: str, key: str) -> dict[str, Any]:
    headers = {"Content-Type": "text/csv", "Idempotency-Key": key, "Authorization": f"Bearer {rig.keys['A']}"}
    for turn in range(400):
        url = f"{rig.replicas[turn % len(rig.replicas)].url}/v1/submissions/statistics?subsidiary=A"
        answer = httpx.post(url, content=body, headers=headers, timeout=60)
        if answer.status_code == 201:
            return answer.json()
        assert answer.status_code in (409, 503), answer.text
    raise AssertionError(f"{key} was never accepted")


def test_a_set_of_rows_handed_in_by_eight_clients_loses_and_doubles_none(replicas, campaign):
    """F12 too: the rows of all clients have channels in common orders, and no transaction dies of a deadlock."""
    ledger = campaign("F12, set", "eight clients at once, one replica killed and started again", replicas.kind)
    count = trials(2_000, 40)

    def work(place: int) -> None:
        operation = replicas.submit(5, "AB"[place % 2])
        if place == count // 2:
            replicas.replicas[1].kill()
            replicas.replicas[1].start()
        ledger.tried(answered=operation.end == "ok", stored=operation.end == "ok")

    shared(replicas, count, work)
    properties.check(replicas)


def test_in_a_bank_the_total_is_the_same_in_every_read(replicas, campaign):
    ledger = campaign("bank", "amounts move between two lines while all is read", replicas.kind)
    until_accepted(replicas, bank(TOTAL / 2, TOTAL / 2), "opening")

    def work(place: int) -> None:
        if place % 2:
            first = Decimal(random.Random(place).randrange(1_000))  # noqa: S311
            until_accepted(replicas, bank(first, TOTAL - first), f"move-{place}")
            return
        answer = replicas.ask("/v1/kpis", subsidiary="A", indicators="revenue", **{"from": "2025-01", "to": "2025-02"})
        document = answer.json()
        assert Decimal(document["items"][0]["value"]) == TOTAL, document
        lines = replicas.ask("/v1/statistics", subsidiary="A").json()["items"]
        assert sum(Decimal(line["revenue"]) for line in lines) == TOTAL, lines
        ledger.tried(answered=True, stored=True)

    shared(replicas, trials(1_000, 40), work)
    if not replicas.database.is_sqlite:
        with replicas.database.reading() as connection:
            told = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            assert connection.exec_driver_sql(told).scalar_one() == 0


def bank(first: Decimal, second: Decimal) -> str:
    return f"period,channel,revenue\n2025-01,one,{first}\n2025-02,two,{second}\n"


def test_edits_with_if_match_form_one_chain(replicas, campaign):
    ledger = campaign("register", "eight clients edit one subsidiary with If-Match", replicas.kind)
    accepted: list[tuple[str, str]] = []
    lock = threading.Lock()

    def work(place: int) -> None:
        url = replicas.replicas[place % 2].url + "/v1/subsidiaries/A"
        headers = {"Authorization": f"Bearer {replicas.keys['*']}"}
        read = httpx.get(url, headers=headers, timeout=60)
        about = {"name": f"Name {place}", "country": "DE", "currency": "EUR"}
        answer = httpx.put(url, json=about, headers=headers | {"If-Match": read.headers["etag"]}, timeout=60)
        assert answer.status_code in (200, 409, 412), answer.text
        if answer.status_code == 200:
            with lock:
                accepted.append((read.headers["etag"], answer.headers["etag"]))
        ledger.tried(answered=answer.status_code == 200, stored=answer.status_code == 200)

    shared(replicas, trials(500, 30), work)
    assert accepted
    assert len({before for before, _ in accepted}) == len(accepted), "two edits rest on the same state: one is lost"
    befores, afters = ({pair[place] for pair in accepted} for place in (0, 1))
    assert len(befores - afters) == 1, "the edits form more than one chain"


def test_pages_read_while_others_write_show_one_version(replicas, campaign):
    """Each submission adds 30 lines; `as_of` names a moment, so the pages hold a whole number of submissions."""
    ledger = campaign("snapshot", "a list is read page by page while others write", replicas.kind)
    stop, turns = threading.Event(), threading.Semaphore(0)

    def write() -> None:
        while not stop.is_set():
            if turns.acquire(timeout=1):
                replicas.submit(30)

    for _ in range(2):
        replicas.submit(30)
    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(trials(200, 4)):
            turns.release(2)
            done = replicas.history.of_end("ok")
            moment = max(one.answer[1] for one in done)  # any answer: it holds its moment
            seen = pages(replicas, httpx.Response(200, text=moment).json()["received_at"], 17 + 4 * len(done))
            assert len(set(seen)) == len(seen), "a line came twice"
            channels = {channel for channel, _, _ in seen}
            assert len(seen) == 30 * len(channels), "a part of a submission was seen"
            ledger.tried(answered=True, stored=True)
    finally:
        stop.set()
        for writer in writers:
            writer.join(60)
    properties.check(replicas)


def pages(rig: Rig, moment: str, limit: int) -> list[tuple[str, str, str]]:
    seen, after = [], {}
    while True:
        answer = rig.ask("/v1/statistics", subsidiary="A", as_of=moment, limit=min(limit, 1000), **after)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        seen += [(line["channel"], line["period"], line["product_group"]) for line in page["items"]]
        if page["next"] is None:
            return seen
        after = {"after": page["next"]}


def test_figures_are_those_of_the_revision_that_they_name(rig_of, database_url, campaign):
    with rig_of(database_url, replicas=2, KONTOR_READ_DATABASE_URL=database_url) as rig:
        ledger = campaign("derived", "figures are read while corrections come", rig.kind)
        first = until_accepted(rig, bank(Decimal(0), Decimal(0)), "opening")
        known, lock = {first["data_revision"]: Decimal(0)}, threading.Lock()
        seen: dict[int, list[tuple[int, Decimal]]] = defaultdict(list)

        def work(place: int) -> None:
            if place % 4 == 0:
                amounts = [Decimal(random.Random(place).randrange(10**6)) / 100 for _ in range(2)]  # noqa: S311
                revision = until_accepted(rig, bank(*amounts), f"correct-{place}")["data_revision"]
                with lock:
                    known[revision] = sum(amounts, Decimal(0))
                return
            answer = rig.ask("/v1/kpis", subsidiary="A", indicators="revenue", **{"from": "2025-01", "to": "2025-02"})
            home, _, revision = answer.headers["data-revision"].partition("=")
            assert home == "A"
            seen[threading.get_ident()].append((int(revision), Decimal(answer.json()["items"][0]["value"])))
            ledger.tried(answered=True, stored=True)

        shared(rig, trials(500, 40), work)
        for reads in seen.values():
            assert [revision for revision, _ in reads] == sorted(revision for revision, _ in reads), "it went back"
            assert all(known[revision] == amount for revision, amount in reads), reads


ASKED = (
    ("/v1/customers", {}),
    ("/v1/customers/{home}/C1", {}),
    ("/v1/salespeople", {}),
    ("/v1/statistics", {"subsidiary": "{home}"}),
    ("/v1/submissions", {}),
    ("/v1/kpis", {"indicators": "revenue", "by": "customer", "from": "2025-01", "to": "2025-01"}),
    ("/v1/audit", {}),
    ("/metrics", {}),
    ("/v1/subsidiaries", {}),
    ("/v1/customers/{other}/C1", {}),
    ("/v1/submissions/{other}.1", {}),
    ("/v1/statistics", {"subsidiary": "{other}"}),
    ("/v1/subsidiaries/{other}", {}),
)
FORMS = {
    "customers": "code,name\nC1,{word}\n",
    "salespeople": "code,name,start\nS1,{word},2020-01-01\n",
    "statistics": "period,customer,salesperson,channel,revenue\n2025-01,C1,S1,{word},5\n",
}


def test_two_subsidiaries_with_the_same_codes_see_nothing_of_each_other(replicas, nursery, campaign):
    ledger = campaign("cross-tenant", "two subsidiaries ask for their own and for the other's", replicas.kind)
    for home in HOMES:
        for form, text in FORMS.items():
            assert handed_in(replicas, home, form, text.format(word=canary(home))).status_code == 201

    def work(place: int) -> None:
        home, other = HOMES if place % 2 else HOMES[::-1]
        if place % 10 < 2:  # what is refused is told with the cell that is wrong, and is not the other's
            text = FORMS["statistics"].replace("C1", "C2" if place % 4 else "C1").replace("5", canary(home))
            assert handed_in(replicas, home, "statistics", text.format(word=canary(home))).status_code == 422
        path, query = ASKED[place % len(ASKED)]
        places = {"home": home, "other": other}
        asked = {name: word.format(**places) for name, word in query.items()}
        answer = replicas.ask(path.format(**places), home, **asked)
        foreign = "{other}" in path + str(query)
        assert answer.status_code in ((403, 404) if foreign else (200,)), (path, query, answer.text)
        ledger.tried(answered=True, stored=True)

    shared(replicas, trials(2_000, 52), work)
    properties.isolated(replicas)
    log = nursery.log.read_text("utf-8", "replace")
    assert "/v1/customers" in log
    assert not any(canary(home) in log for home in HOMES), "P6: the log tells what was handed in"


def handed_in(rig: Rig, home: str, form: str, text: str) -> httpx.Response:
    headers = {"Content-Type": "text/csv", "Authorization": f"Bearer {rig.keys[home]}"}
    url = f"{rig.replica.url}/v1/submissions/{form}?subsidiary={home}"
    answer = httpx.post(url, content=text, headers=headers, timeout=60)
    rig.seen[home].append(answer.text + str(dict(answer.headers)))
    return answer
