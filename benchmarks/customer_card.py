"""(a) Reading a customer's card, beside a primary-key read in ten lines of FastAPI and SQLModel on the same database.

    python benchmarks/customer_card.py [--seconds 3] [--rounds 5] [--connections 16] [--database postgresql|sqlite]

Kontor's answer has passed the key, the reach and a join with the newest segmentation; the reference checks nothing.
Both sides run one process each on the same one core, in turn, under the same load.
"""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from running import ONE_CORE, ROOT, databases, kontor_process, report, serving

sys.path.insert(0, ROOT)
from tests.group import OverHttp, hand_in_group


async def _ask(port: int, request: bytes, until: float) -> int:
    """Requests answered on one connection until the time is over."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while time.monotonic() < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"not answered: {head!r}")
        length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
        count += 1
    writer.close()
    return count


async def _load(port: int, path: str, key: str, connections: int, seconds: float) -> float:
    """Requests a second."""
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
    until = time.monotonic() + seconds
    counts = await asyncio.gather(*(_ask(port, request, until) for _ in range(connections)))
    return sum(counts) / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    arguments = parser.parse_args()
    command = [*ONE_CORE, sys.executable, "-m", "uvicorn", "reference_card:app", "--app-dir", "benchmarks"]
    with TemporaryDirectory() as folder, databases(arguments.database, Path(folder)) as new_database:
        url = new_database()
        environment = {"REFERENCE_URL": url.replace("postgresql:", "postgresql+psycopg:")}
        with kontor_process(url, pinned=True) as running, serving(command, "/docs", environment) as other:
            headers = {"Authorization": f"Bearer {running.key}"}
            with httpx.Client(base_url=running.address, headers=headers, timeout=60) as client:
                hand_in_group(OverHttp(client))
            ours, reference = [], []
            for _ in range(arguments.rounds):
                load = (running.key, arguments.connections, arguments.seconds)
                ours.append(asyncio.run(_load(int(running.address.rsplit(":", 1)[1]), "/v1/customers/DE/DE-C1", *load)))
                reference.append(asyncio.run(_load(other, "/customers/1/1", *load)))
    report(f"(a) a customer's card, {arguments.database}", "requests/s", ours, reference)


if __name__ == "__main__":
    main()
