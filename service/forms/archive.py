"""Looking through a zip archive before anything else opens it: its directory, its names, and what really comes out."""

import stat
import zipfile
import zlib
from copy import copy
from pathlib import Path
from typing import IO

from service.errors import BadBody, TooLarge
from service.forms.limits import Limits
from service.wording import say

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LOCAL_HEADER = b"PK\x03\x04"
CHUNK = 1 << 18
NOT_A_WORKBOOK = say("The body is not an XLSX workbook: save it as .xlsx, or hand it in as CSV.")
DAMAGED = say("The workbook is damaged: its archive contradicts itself.")


class Archive:
    """A zip file whose every entry has been unpacked once, to nowhere, within the limits."""

    def __init__(self, path: Path, limits: Limits) -> None:
        with path.open("rb") as file:
            head = file.read(len(OLE))
        if head == OLE:
            raise BadBody(
                say("The workbook is encrypted, or it has the old format .xls: save it without a password as .xlsx.")
            )
        if not head.startswith(LOCAL_HEADER):
            raise BadBody(NOT_A_WORKBOOK)
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise BadBody(DAMAGED) from error
        self._entries = self._zip.infolist()
        self._limits = limits
        self._size = path.stat().st_size
        self._check_directory()
        self._check_layout()
        self._unpack_all()

    @property
    def names(self) -> set[str]:
        return {entry.filename for entry in self._entries}

    def open(self, name: str) -> IO[bytes]:
        if name not in self.names:
            raise BadBody(DAMAGED)
        return self._zip.open(name)

    def _check_directory(self) -> None:
        if len(self._entries) > self._limits.entries:
            raise TooLarge(
                say(
                    "The workbook has {count} parts; at most {most} are opened.",
                    count=len(self._entries),
                    most=self._limits.entries,
                )
            )
        seen = set()
        for entry in self._entries:
            name = entry.orig_filename
            if name.startswith("/") or "\\" in name or ":" in name or "\0" in name or ".." in name.split("/"):
                raise BadBody(say("The workbook has a part named {name!r}, which leads out of it.", name=name[:80]))
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise BadBody(say("The workbook has a part that is a link: {name!r}.", name=name[:80]))
            if entry.flag_bits & 0x1:
                raise BadBody(say("The workbook is encrypted: save it without a password."))
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or name.lower() in seen:
                raise BadBody(DAMAGED)
            seen.add(name.lower())
        self._check_size(sum(entry.file_size for entry in self._entries))

    def _check_layout(self) -> None:
        """Entries that share their bytes unpack to more than any ratio tells."""
        entries = sorted(self._entries, key=lambda entry: entry.header_offset)
        starts = [entry.header_offset for entry in entries]
        ends = [entry.header_offset + len(entry.filename) + 30 + entry.compress_size for entry in entries]
        shared = any(end > start for end, start in zip(ends, [*starts[1:], self._size], strict=False))
        if not entries or starts[0] < 0 or shared:
            raise BadBody(DAMAGED)

    def _check_size(self, unpacked: int) -> None:
        limits = self._limits
        if unpacked > limits.unpacked:
            raise TooLarge(say("The workbook unpacks to more than {size} MiB.", size=limits.unpacked >> 20))
        if unpacked > limits.ratio_from and unpacked > limits.ratio * self._size:
            raise TooLarge(say("The workbook unpacks to more than {ratio} times its size.", ratio=limits.ratio))

    def _unpack_all(self) -> None:
        total = 0
        for entry in self._entries:
            # Python stops at the size declared, other readers do not: declare more, and see what comes.
            wide = copy(entry)
            wide.file_size = 1 << 62
            size = 0
            try:
                with self._zip.open(wide) as stream:
                    while piece := stream.read(CHUNK):
                        if size == 0 and piece.startswith(LOCAL_HEADER):
                            raise BadBody(
                                say("The workbook has an archive within: {name!r}.", name=entry.filename[:80])
                            )
                        size += len(piece)
                        self._check_size(total + size)
            except (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, zlib.error) as error:
                raise BadBody(DAMAGED) from error
            if size != entry.file_size:
                raise BadBody(DAMAGED)
            total += size
