"""Drawing in a process of its own, one picture at a time, bound in memory and time."""

import json
import subprocess
import sys
import threading
from importlib.util import find_spec
from typing import IO

from service.charts.look import Spec
from service.errors import NotImplementedHere, Unavailable
from service.wording import say

WAIT_SECONDS = 5
"""For the pictures before."""
DRAW_SECONDS = 20
_COMMAND = (sys.executable, "-I", "-m", "service.charts.artist")
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC"}


class Artist:
    """Starts the drawing process with the first picture, and again whenever it has ended."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def draw(self, spec: Spec, kind: str) -> bytes:
        """`kind`: svg, png, pdf or html. Raises NotImplementedHere without the extra `charts`; Unavailable where others
        wait, or where it took too long."""
        if find_spec("vl_convert") is None:
            raise NotImplementedHere(
                say("Pictures need the extra charts (pip install 'kontor[charts]'); `json` does not.")
            )
        job = {"kind": kind, "spec": spec, "locale": spec["usermeta"]["embedOptions"]["formatLocale"]}
        if not self._turn.acquire(timeout=WAIT_SECONDS):
            raise Unavailable(say("Other pictures are being drawn. Try again."))
        try:
            return self._drawn(json.dumps(job).encode() + b"\n")
        finally:
            self._turn.release()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _drawn(self, job: bytes) -> bytes:
        process = self._ready()
        late = threading.Timer(DRAW_SECONDS, process.kill)
        late.start()
        try:
            return self._exchange(process, job)
        except (OSError, EOFError):
            self.close()
            raise Unavailable(say("The picture could not be drawn in the time and memory there are.")) from None
        finally:
            late.cancel()

    def _exchange(self, process: subprocess.Popen[bytes], job: bytes) -> bytes:
        to, back = _pipes(process)
        to.write(job)
        to.flush()
        line = back.readline()
        if not line:
            raise EOFError
        size = json.loads(line)["bytes"]
        drawn = back.read(size)
        if len(drawn) < size:
            raise EOFError
        return drawn

    def _ready(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603  # our own command
                _COMMAND,
                env=_ENVIRONMENT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._process


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise EOFError
    return process.stdin, process.stdout
