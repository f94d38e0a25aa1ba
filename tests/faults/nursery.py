"""Starts services quickly: imports the program once, and forks a process for each line that comes on standard input.

A line is JSON: the port, and the variables of the environment that differ. The number of the process is the answer.
A fork is `kontor serve` as it is, without the seconds that importing takes; a test that kills services by the hundred
would spend its time there.
"""

import importlib
import json
import os
import signal
import sys
from typing import Any, NoReturn

from service import cli


def serve(order: dict[str, Any]) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # which carries the numbers of processes
    os.environ.update(order["environment"])
    status = 1
    try:
        cli.serve(host="127.0.0.1", port=order["port"], workers=1)
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.stderr.flush()
        os._exit(status)


def main() -> None:
    importlib.import_module("service.app")  # which a server imports by its name, when it begins
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for line in sys.stdin:
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            serve(json.loads(line))
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
