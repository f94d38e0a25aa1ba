"""A body on its way in: written to a file as it comes, so that its size does not matter to the process."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers

from service.api.security import Submits
from service.errors import WrongContentType
from service.failpoints import reach
from service.forms.dialect import ENCODINGS
from service.forms.formats import FORMATS
from service.operations.handed import Source
from service.operations.repeats import fingerprint
from service.wording import say


@dataclass(frozen=True, slots=True)
class Spooled:
    """What came, and the fingerprint of the whole request."""

    source: Source
    fingerprint: str
    unpacked_limit: int


async def spooled(request: Request, entry: Submits) -> AsyncIterator[Spooled]:
    """The body in a temporary file, and a place to work on it once it is there.

    Raises WrongContentType, and what may be wrong with the key, before it takes any of it.
    """
    content_type, charset = _declared(request.headers)
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip"):
        raise WrongContentType(say("A body comes as it is, or with Content-Encoding: gzip."))
    intake = request.app.state.lanes.intake
    intake.expect(entry.visit.caller)  # before the database is asked and the body is taken for nothing
    await run_in_threadpool(entry.expect_rows)
    entry.visit.leave()  # a body that comes slowly takes nobody's place
    digest, size = hashlib.sha256(), 0
    with NamedTemporaryFile(prefix="kontor-") as file:
        async for piece in request.stream():
            digest.update(piece)
            size += len(piece)
            file.write(piece)
        file.flush()
        reach("after_body_read")
        await entry.visit.enter(intake)
        sha256 = digest.hexdigest()
        packed = "gzip" if encoding == "gzip" else ""
        source = Source(Path(file.name), sha256, size, FORMATS[content_type], packed, charset, request.url.query)
        parts = (request.method, request.url.path, request.url.query, content_type, charset, packed, sha256)
        settings = request.app.state.settings
        limit = settings.max_json_bytes if source.format.whole else settings.max_body_bytes
        yield Spooled(source, fingerprint(*parts), limit)


def _declared(headers: Headers) -> tuple[str, str]:
    content_type, *parameters = headers.get("content-type", "").split(";")
    content_type = content_type.strip().lower()
    if content_type not in FORMATS:
        raise WrongContentType(say("Send {formats}.", formats=", ".join(FORMATS)))
    given: dict[str, Any] = dict(part.strip().lower().partition("=")[::2] for part in parameters if "=" in part)
    charset = str(given.get("charset", "utf-8")).strip('"')
    if charset not in ENCODINGS or (charset != "utf-8" and content_type != "text/csv"):
        raise WrongContentType(
            say("The charset of a CSV is one of {encodings}; other formats are UTF-8.", encodings=", ".join(ENCODINGS))
        )
    return content_type, charset
