"""Tabular answers in the format that the client asks for, by `format` or by `Accept`."""

from collections.abc import Iterable, Iterator, Mapping
from tempfile import TemporaryFile
from typing import IO, Annotated, Any, Literal

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from service.feeds.tables import FORMATS, FileFormat, write

_PIECE = 1 << 20
TableFormat = Annotated[
    Literal["json", "csv", "parquet"] | None,
    Query(
        alias="format",
        description="`csv` and `parquet` answer with the whole table as a file, whatever `limit` says; without this "
        "parameter `Accept` decides, and JSON is the default.",
    ),
]
AS_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            one.content_type.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
            for one in FORMATS.values()
        }
    }
}
"""For `responses=` of an operation that can answer with a file."""


def wanted(request: Request, given: str | None) -> FileFormat | None:
    """The file format that is asked for; None: JSON."""
    if given is not None:
        return FORMATS.get(given)
    accepted = [part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "").split(",")]
    by_type = {one.content_type.partition(";")[0]: one for one in FORMATS.values()}
    return next((by_type[one] for one in accepted if one in by_type), None)


def table_file(
    file_format: FileFormat, name: str, item: type[BaseModel], rows: Iterable[Mapping[str, Any]]
) -> Response:
    """The rows as a file to download. It is written to disk first: memory stays flat, what goes wrong is told before
    the answer begins, and a slow client holds no connection to the database."""
    file = TemporaryFile(prefix="kontor-")  # noqa: SIM115 - closed when it has been sent
    try:
        write(file_format, item.model_json_schema(mode="serialization"), rows, file)
    except BaseException:
        file.close()
        raise
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.{file_format.name}"',
        "Content-Length": str(file.tell()),
    }
    return StreamingResponse(_pieces(file), headers=headers, media_type=file_format.content_type)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece
