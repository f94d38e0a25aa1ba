"""(f) The service under more load than it can carry: what gets through, how soon the rest is refused, who suffers.

    python benchmarks/overload.py [--seconds 20] [--soak 60] [--part overload|fairness|storm|slow|soak]

One process of `kontor serve` on one core, PostgreSQL and the load on the other. Three requests of five read a
customer's card, two hand ten lines in to one of eight subsidiaries. Everything is told beside a calm run of the same
session; what stands in brackets is asked of the service.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import httpx
from running import ROOT, Kontor, databases, kontor_process

sys.path.insert(0, ROOT)
from tests.faults.probe import held_by
from tests.group import OverHttp, hand_in_subsidiary

CONNECTIONS = 16
MOST_CONNECTIONS = 400
WRITES = 0.4
SUBSIDIARIES = ("DE", "FR", "PL", "ES", "IT", "AT", "CZ", "NL")
REFUSED = (429, 503)
IDLE_SECONDS = 3.0
CALLERS = 10
"""Where fairness is looked at. Their quotas together are half of G, so what the greedy one asks for is all of it."""
ROUNDS = 3
"""Of looking at fairness: alone, beside a greedy caller as he begins, and beside him as he goes on."""
_numbers = count(1)


@dataclass
class Answers:
    """What came back: (seconds, status) of each, from the moment it was due; how many connections broke."""

    taken: list[tuple[float, int]] = field(default_factory=list)
    broken: int = 0
    rude: int = 0
    """Refusals without Retry-After."""

    def good(self) -> list[float]:
        return [seconds for seconds, status in self.taken if status < 300]

    def refused(self) -> list[float]:
        return [seconds for seconds, status in self.taken if status in REFUSED]

    def other(self) -> list[int]:
        return sorted({status for _, status in self.taken if status >= 300 and status not in REFUSED})


def percentile(values: list[float], share: float) -> float:
    """Milliseconds; 0 where there is no value."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))] * 1000 if ranked else 0.0


class Line:
    """A connection that is kept, and made anew when it breaks."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used = 0.0

    async def ask(self, request: bytes, answers: Answers, due: float) -> tuple[int, float]:
        """Status and Retry-After."""
        try:
            if time.monotonic() - self._used > IDLE_SECONDS:
                self.close()  # the service may be about to
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._streams
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = next(one for one in head.split(b"\r\n") if one.startswith(b"content-length:"))
            await reader.readexactly(int(length.split(b":")[1]))
            self._used = time.monotonic()
        except (OSError, asyncio.IncompleteReadError, StopIteration):
            self.close()
            answers.broken += 1
            return 0, 0.0
        status = int(head[9:12])
        answers.taken.append((time.monotonic() - due, status))
        wait = next((float(one[12:]) for one in head.split(b"\r\n") if one.startswith(b"retry-after:")), 0.0)
        answers.rude += status in REFUSED and not wait
        if b"connection: close" in head:
            self.close()
        return status, wait

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def request_of(key: str) -> bytes:
    """The next of the mix."""
    head, code = f"Host: localhost\r\nAuthorization: Bearer {key}\r\n", random.choice(SUBSIDIARIES)
    if random.random() >= WRITES:
        return f"GET /v1/customers/{code}/{code}-C{random.randint(1, 6)} HTTP/1.1\r\n{head}\r\n".encode()
    number = next(_numbers)
    rows = [
        {"period": f"20{10 + number % 15}-{month:02d}", "customer": f"{code}-C{number % 6 + 1}", "revenue": f"{number}"}
        for month in range(1, 11)
    ]
    body = json.dumps(rows).encode()
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nIdempotency-Key: n{number}\r\n"
    return f"POST /v1/submissions/statistics?subsidiary={code} HTTP/1.1\r\n{head}\r\n".encode() + body


async def closed(port: int, key: str, seconds: float, connections: int = CONNECTIONS) -> Answers:
    """Each connection asks again as soon as it has its answer."""
    answers, until = Answers(), time.monotonic() + seconds

    async def one() -> None:
        line = Line(port)
        while time.monotonic() < until:
            await line.ask(request_of(key), answers, time.monotonic())
        line.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return answers


async def opened(port: int, key: str, seconds: float, rate: float) -> Answers:
    """So many requests a second, whatever became of those before."""
    answers, free, asked = Answers(), [], set()
    begun = time.monotonic()

    async def one(due: float) -> None:
        line = free.pop() if free else Line(port)
        await line.ask(request_of(key), answers, due)
        free.append(line)

    for number in range(int(seconds * rate)):
        due = begun + number / rate
        if due > time.monotonic():
            await asyncio.sleep(due - time.monotonic())
        while len(asked) >= MOST_CONNECTIONS:
            await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        task = asyncio.create_task(one(due))
        asked.add(task)
        task.add_done_callback(asked.discard)
    await asyncio.gather(*asked)
    for line in free:
        line.close()
    return answers


def tell(name: str, answers: Answers, seconds: float, calm: float) -> None:
    good, refused = answers.good(), answers.refused()
    print(
        f"  {name:<22} {len(good) / seconds:7.0f} good/s ({len(good) / seconds / calm:.2f} of G)  "
        f"p50 {percentile(good, 0.5):6.0f}  p99 {percentile(good, 0.99):6.0f} ms  refused {len(refused)} "
        f"(p50 {percentile(refused, 0.5):.0f}, p99 {percentile(refused, 0.99):.0f} ms, without Retry-After "
        f"{answers.rude})  broken {answers.broken}  other {answers.other()}"
    )


async def overload(port: int, running: Kontor, seconds: float, calm: float) -> None:
    """[goodput ≥ 0.9 G, p99 of what gets in ≤ 2 s, refusals ≤ 50 ms with Retry-After, nothing broken]"""
    for times in (0.5, 2, 5):
        answers = await opened(port, running.key, seconds, times * calm)
        tell(f"{times} × G, open", answers, seconds, calm)


async def fairness(port: int, running: Kontor, seconds: float, calm: float) -> None:
    """Nine callers at 80 % of their quotas, alone and beside one at 20 times his. [p99 ≤ 1.5 × alone]"""
    keys = [_key(running, f"caller {number}") for number in range(CALLERS - 1)]
    quota = calm / 2 / CALLERS
    figures: dict[str, list[float]] = {}
    for number in range(ROUNDS):
        greedy = _key(running, f"greedy {number}")
        for name, others in (("alone", []), ("beside, at first", [greedy]), ("beside, later", [greedy])):
            asked = [opened(port, key, seconds, 0.8 * quota) for key in keys]
            asked += [opened(port, key, seconds, 20 * quota) for key in others]
            answers = await asyncio.gather(*asked)
            normal = [one for of_caller in answers[: CALLERS - 1] for one in of_caller.good()]
            figures.setdefault(name, []).append(percentile(normal, 0.99))
            print(
                f"  {name:<22} p50 {percentile(normal, 0.5):.0f}  p99 {figures[name][-1]:.0f} ms, "
                f"{sum(len(one.refused()) for one in answers[: CALLERS - 1])} refused",
                *(f"; the greedy one: {len(one.good())} good, {len(one.refused())} refused" for one in answers[9:]),
                sep="",
            )
    alone, *beside = (median(values) for values in figures.values())
    print("  p99 beside / alone, medians:", *(f"{one / alone:.2f}" for one in beside))


async def storm(port: int, running: Kontor, seconds: float, calm: float) -> None:
    """400 clients at once, 200 of which wait as Retry-After says, and 200 do not. [over within 30 s]"""
    before = await opened(port, running.key, seconds / 2, calm / 2)
    answers, begun = Answers(), time.monotonic()
    until = begun + seconds

    async def one(polite: bool) -> float:
        line = Line(port)
        while time.monotonic() < until:
            status, wait = await line.ask(request_of(running.key), answers, time.monotonic())
            if 200 <= status < 300:
                break
            await asyncio.sleep(wait * random.uniform(1, 2) if polite else 0.01)
        line.close()
        return time.monotonic() - begun

    ended = await asyncio.gather(*(one(number % 2 == 0) for number in range(MOST_CONNECTIONS)))
    after = await opened(port, running.key, seconds / 2, calm / 2)
    polite, rude = ended[::2], ended[1::2]
    print(f"  polite ones served within {max(polite):.1f} s, others {max(rude):.1f} s; broken {answers.broken}")
    ratio = percentile(after.good(), 0.99) / percentile(before.good(), 0.99)
    print(f"  then p99 / before = {ratio:.2f}, refused {len(after.refused())}")


async def slow(port: int, running: Kontor, seconds: float, calm: float) -> None:
    """500 sockets that stand still or drip, beside half of G. [all closed ≤ 60 s, p99 ± 20 %]"""
    alone = await opened(port, running.key, seconds, calm / 2)
    head = (
        f"POST /v1/submissions/statistics?subsidiary=DE HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {running.key}\r\n"
    )
    body = f"{head}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n[".encode()
    big = f"GET /openapi.json HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {running.key}\r\n\r\n".encode() * 20
    begun = time.monotonic()
    kinds: dict[str, bytes] = {
        "idle": b"",
        "half headers": head.encode(),
        "half body": body,
        "drips": body,
        "unread": big,
    }
    tasks = {name: [asyncio.create_task(_hang(port, sent, name)) for _ in range(100)] for name, sent in kinds.items()}
    beside = await opened(port, running.key, seconds, calm / 2)
    for name, hung in tasks.items():
        _, open_still = await asyncio.wait(hung, timeout=max(0.0, 75 - (time.monotonic() - begun)))
        longest = max((task.result() for task in hung if task.done()), default=0.0)
        for task in open_still:
            task.cancel()
        print(f"  {name:<22} closed after {longest:.0f} s at most, {len(open_still)} still open after 75 s")
    figures = [percentile(one.good(), 0.99) for one in (alone, beside)]
    print(f"  p99 beside / alone = {figures[1] / figures[0]:.2f} ({figures[0]:.0f} → {figures[1]:.0f} ms)")


async def _hang(port: int, sent: bytes, name: str) -> float:
    """Seconds until the service closed the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    begun = time.monotonic()
    try:
        writer.write(sent)
        while name == "unread" and not writer.is_closing() and time.monotonic() - begun < 74:
            await asyncio.sleep(1)
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            await writer.drain()
        while name == "drips":
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(1)
        await reader.read()
    except OSError:
        pass
    finally:
        writer.close()
    return time.monotonic() - begun


async def soak(port: int, running: Kontor, seconds: float, calm: float) -> None:
    """Half of G for long. [memory grows by less than 1 MB a minute; files and connections come back]"""
    await opened(port, running.key, min(15, seconds), calm / 2)
    before = held_by(running.process)
    middle = await opened(port, running.key, seconds / 2, calm / 2)
    half = held_by(running.process)
    await opened(port, running.key, seconds / 2, calm / 2)
    after = held_by(running.process)
    await asyncio.sleep(6)
    calmed = held_by(running.process)
    growth = (after.memory - half.memory) / (1 << 20) / (seconds / 120)
    print(f"  memory {before.memory >> 20} → {half.memory >> 20} → {after.memory >> 20} MB: {growth:.1f} MB a minute")
    tail = percentile(middle.good(), 0.99)
    print(f"  files {before.files} → {calmed.files}, threads {before.threads} → {calmed.threads}; p99 {tail:.0f} ms")


def _key(running: Kontor, name: str) -> str:
    body = {
        "name": name,
        "scopes": ["statistics:read", "statistics:write", "results:read"],
        "subsidiaries": SUBSIDIARIES,
    }
    headers = {"Authorization": f"Bearer {running.key}"}
    answer = httpx.post(f"{running.address}/v1/keys", json=body, headers=headers, timeout=60)
    answer.raise_for_status()
    return str(answer.json()["key"])


@contextmanager
def _service(new_database: Callable[[], str], **settings: str) -> Iterator[Kontor]:
    url = new_database()
    with kontor_process(url) as running:
        headers = {"Authorization": f"Bearer {running.key}"}
        with httpx.Client(base_url=running.address, headers=headers, timeout=60) as client:
            for code in SUBSIDIARIES:
                hand_in_subsidiary(OverHttp(client), code, "EUR")
                client.post("/v1/segmentations", json={"subsidiary": code}).raise_for_status()
    with kontor_process(url, pinned=True, **settings) as running:
        yield running


PARTS: dict[str, Callable[[int, Kontor, float, float], Awaitable[None]]] = {
    "overload": overload,
    "fairness": fairness,
    "storm": storm,
    "slow": slow,
    "soak": soak,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--soak", type=float, default=60)
    parser.add_argument("--part", choices=list(PARTS), action="append")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder, databases("postgresql", Path(folder)) as new_database:
        for name in arguments.part or PARTS:
            with _service(new_database) as running:
                port = _port(running)
                asyncio.run(closed(port, running.key, 3))
                first = asyncio.run(closed(port, running.key, arguments.seconds))
                calm = len(first.good()) / arguments.seconds
                print(f"(f) {name}: {PARTS[name].__doc__}")
                tell("calm, closed: G", first, arguments.seconds, calm)
                seconds = arguments.soak if name == "soak" else arguments.seconds
                if name != "fairness":
                    asyncio.run(PARTS[name](port, running, seconds, calm))
            if name == "fairness":
                with _service(new_database, KONTOR_REQUESTS_PER_MINUTE=f"{30 * calm / CALLERS:.0f}") as running:
                    asyncio.run(fairness(_port(running), running, seconds, calm))


def _port(running: Kontor) -> int:
    return int(running.address.rsplit(":", 1)[1])


if __name__ == "__main__":
    main()
