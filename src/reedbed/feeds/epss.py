"""EPSS: how likely each CVE is to be exploited in the next 30 days, a CSV file a day (first.org/epss).

The first line is a comment that tells the day: `#model_version:v2025.03.14,score_date:2026-11-21T12:00:00Z`.
"""

import csv
import gzip
import io
import re
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from reedbed.errors import Unreadable

CVE = re.compile(r"CVE-\d{4}-\d{4,19}")
DAY = re.compile(r"score_date:(\d{4}-\d\d-\d\d)")
LONGEST_LINE = 1_024
MOST_LINES = 5_000_000
GZIP = b"\x1f\x8b"


class Line(msgspec.Struct, frozen=True):
    cve: str
    score: float  # 0 to 1
    percentile: float  # 0 to 1


def day(file: BinaryIO) -> str | None:
    """Read which day a file is of; None: it does not say."""
    with _opened(file) as text:
        found = DAY.search(text.readline(LONGEST_LINE))
    return found[1] if found else None


def lines(file: BinaryIO) -> Iterator[Line]:
    """Read the scores of a file, gzipped or not, a line at a time.

    Raises:
        Unreadable: it is no such file; the message names the line.
    """
    rows = csv.reader(_bounded(file))
    try:
        for row in rows:
            if (read := _line(row)) is not None:
                yield read
    except (ValueError, OSError, EOFError, csv.Error) as error:
        raise Unreadable(
            "Could not read EPSS scores",
            why=f"line {rows.line_num}: {error}",
            fix="Give the file as it is published: cve,epss,percentile, gzipped or not. Nothing was changed.",
        ) from error


def _opened(file: BinaryIO) -> io.TextIOWrapper:
    file.seek(0)
    packed = file.read(2) == GZIP
    file.seek(0)
    inner: BinaryIO = gzip.GzipFile(fileobj=file) if packed else io.BufferedReader(_Kept(file))  # type: ignore[assignment,type-var]
    return io.TextIOWrapper(inner, encoding="utf-8", newline="")


class _Kept(io.RawIOBase):
    """A file that stays open when what reads it is closed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # any writable buffer
        part = self._file.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)


def _bounded(file: BinaryIO) -> Iterator[str]:
    """Give lines; a stranger's file has neither endless ones nor endlessly many."""
    with _opened(file) as text:
        for _ in range(MOST_LINES):
            line = text.readline(LONGEST_LINE)
            if len(line) == LONGEST_LINE:
                raise ValueError(f"a line has {LONGEST_LINE} characters or more")
            if not line:
                return
            yield line
    raise ValueError(f"it has more than {MOST_LINES} lines")


def _line(row: list[str]) -> Line | None:
    """Read one row; None: the comment, the header, or nothing."""
    if not row or row[0].startswith("#"):
        return None
    if row == ["cve", "epss", "percentile"]:
        return None
    if len(row) != 3 or not CVE.fullmatch(row[0]):
        raise ValueError(f"{','.join(row)[:80]!r} is not cve,epss,percentile")
    score, percentile = float(row[1]), float(row[2])
    if not (0 <= score <= 1 and 0 <= percentile <= 1):
        raise ValueError(f"{row[0]} has a score that is not between 0 and 1")
    return Line(row[0], score, percentile)
