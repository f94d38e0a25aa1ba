"""The formats in which a form is handed in, and opening what came in any of them."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from service.errors import BadBody, TooLarge
from service.forms.batches import Reading
from service.forms.declaration import Form
from service.forms.delimited import read_delimited
from service.forms.dialect import Dialect
from service.forms.languages import headings
from service.forms.objects import read_json, read_ndjson
from service.forms.parquet import read_parquet
from service.forms.sheets import read_sheet
from service.wording import say

FormatName = Literal["json", "ndjson", "csv", "xlsx", "parquet"]
_PIECE = 1 << 16
"""Small, as what is left of a piece is copied after each member of the gzip."""
_HARMLESS = 64 << 20
"""A body that unpacks to no more than this is not called a bomb, however small it was."""
_LARGEST_RATIO = 200


@dataclass(frozen=True, slots=True)
class Format:
    """`whole` formats are read into memory at once, so they are limited like JSON."""

    name: FormatName
    content_type: str
    read: Callable[[Path, Form, Dialect], Reading]
    whole: bool = False


def _read_sheet(path: Path, form: Form, dialect: Dialect) -> Reading:
    return read_sheet(path, form, headings(form), dialect.sheet)


_DECLARED = (
    Format("json", "application/json", lambda path, form, _: read_json(path, form), whole=True),
    Format("ndjson", "application/x-ndjson", lambda path, form, _: read_ndjson(path, form)),
    Format("csv", "text/csv", read_delimited),
    Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _read_sheet),
    Format("parquet", "application/vnd.apache.parquet", lambda path, form, _: read_parquet(path, form)),
)
FORMATS: Mapping[str, Format] = {format_.content_type: format_ for format_ in _DECLARED}
"""By content type."""
CONTENT_TYPES: Mapping[str, str] = {format_.name: format_.content_type for format_ in _DECLARED}
"""By name."""


def unpack(packed: BinaryIO, plain: BinaryIO, limit: int) -> None:
    """Unpack gzip into another file. Raises BadBody for what is not gzip from end to end, TooLarge beyond `limit` bytes
    or for more than two hundred times what came."""
    taken = written = 0
    stream = zlib.decompressobj(wbits=31)
    while piece := packed.read(_PIECE):
        taken += len(piece)
        while piece:
            try:
                out = stream.decompress(piece, _PIECE)
            except zlib.error as error:
                raise BadBody(say("The body is not gzip: {error}.", error=str(error))) from error
            written += len(out)
            if written > limit:
                raise TooLarge(
                    say("Unpacked, the body is longer than the {limit} bytes that this operation takes.", limit=limit)
                )
            if written > max(_HARMLESS, _LARGEST_RATIO * taken):
                raise TooLarge(say("The body unpacks to more than {ratio} times its size.", ratio=_LARGEST_RATIO))
            plain.write(out)
            piece = stream.unconsumed_tail
            if stream.eof:
                piece = stream.unused_data
                if piece:  # gzip allows several members one after the other
                    stream = zlib.decompressobj(wbits=31)
    if not stream.eof:
        raise BadBody(say("The gzip body ends too early."))
