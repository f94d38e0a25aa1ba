"""What a file that a reader opens in a child process may hold and use up."""

from dataclasses import dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """`rows` is what a spreadsheet holds, `cell` the longest text of one of its cells.

    `memory` is the address space of the child: some 260 MiB are taken by the libraries before a byte of the file is
    read, the rest is left to work in. `cells` is the rectangle around what a sheet holds, because it is built whole in
    memory; 300 000 rows of 8 columns fit. `unpacked` bounds packed content and also what the child writes: a full
    sheet of `cells` is about 150 MiB of XML, and a million rows of a hundred numbers in Parquet are 800 MiB.
    An honest sheet shrinks to a tenth or a thirtieth, so `ratio` leaves room; it is asked above `ratio_from` bytes.
    """

    rows: int = 1_048_576
    columns: int = 100
    cells: int = 2_500_000
    cell: int = 32_767
    unpacked: int = 1024 * MEBIBYTE
    ratio: int = 200
    ratio_from: int = 8 * MEBIBYTE
    entries: int = 2_000
    sheets: int = 200
    strings: int = 2_000_000
    row_groups: int = 2_000
    odd_cells: int = 100_000
    memory: int = 512 * MEBIBYTE
    cpu_seconds: int = 30
    wall_seconds: float = 60
    open_files: int = 32


DEFAULT_LIMITS = Limits()
