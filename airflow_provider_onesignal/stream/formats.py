"""What a right file looks like: gzip, or plain CSV."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Callable
from enum import Enum
from typing import Any, BinaryIO, cast

from airflow_provider_onesignal.stream.chunks import CHUNK, ChunkFile
from airflow_provider_onesignal.stream.errors import CorruptStreamError
from airflow_provider_onesignal.stream.rows import RowCounter

try:
    from isal import igzip, isal_zlib

    GzipFile: type[gzip.GzipFile] = igzip.GzipFile
    _BACKEND_ERROR: Any = isal_zlib.IsalError
except ImportError:  # no wheel for this platform: the same checks, at half the speed
    GzipFile = gzip.GzipFile
    _BACKEND_ERROR = zlib.error

BROKEN: tuple[type[Exception], ...] = (EOFError, gzip.BadGzipFile, zlib.error, _BACKEND_ERROR)
"""What reading a file of :func:`open_gzip` raises where the gzip is broken."""

GZIP_MAGIC = b"\x1f\x8b\x08"
_BLANK = b"\xef\xbb\xbf \t\r\n"


class Format(Enum):
    """How the file is stored; the value is its content type."""

    GZIP = "application/gzip"
    CSV = "text/csv"


def recognise(name: str, head: bytes) -> Format:
    """
    Tell the format, by the name where it ends in ``.gz``, else by the first bytes.

    :param name: the file's name
    :param head: its first bytes
    :raises CorruptStreamError: where the bytes contradict the name, or are an error page
    """
    if head.startswith(GZIP_MAGIC):
        return Format.GZIP
    refuse_page(head)
    if name.endswith(".gz"):
        raise CorruptStreamError("its name ends in .gz, its bytes are not gzip")
    return Format.CSV


def refuse_page(head: bytes) -> None:
    """Raise :class:`CorruptStreamError` where ``head`` begins a page instead of a table."""
    start = head.lstrip(_BLANK)[:1]
    if start == b"<":
        raise CorruptStreamError("an XML or HTML page came in its place")
    if start == b"{":
        raise CorruptStreamError("a JSON document came in its place")


def check(stored: Format, supply: Callable[[], bytes]) -> int | None:
    """
    Read all chunks of ``supply``, check them, and return the number of CSV rows.

    Gzip: framing, length and CRC of every member; between and after members nothing but zeros.
    CSV: UTF-8. Both: the table must not be an error page.

    :raises CorruptStreamError: at the first byte that is wrong
    """
    return check_gzip(supply) if stored is Format.GZIP else check_csv(supply)


def check_gzip(supply: Callable[[], bytes]) -> int | None:
    """Check a gzipped CSV; see :func:`check`."""
    counter = RowCounter()
    with open_gzip(supply) as file:
        try:
            refuse_page(chunk := file.read(CHUNK))
            while chunk:
                counter.feed(chunk)
                chunk = file.read(CHUNK)
        except BROKEN as error:
            raise CorruptStreamError(f"gzip: {error}") from error
    return counter.rows


def check_csv(supply: Callable[[], bytes]) -> int | None:
    """Check a plain CSV; see :func:`check`."""
    counter = RowCounter()
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := supply():
            if b"\0" in chunk:
                raise CorruptStreamError("it is not UTF-8 text")
            decoder.decode(chunk)
            counter.feed(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        # the cause would quote the file's content
        raise CorruptStreamError("it is not UTF-8 text") from None
    return counter.rows


def open_gzip(supply: Callable[[], bytes]) -> BinaryIO:
    """Return a file of the bytes within gzip; reading it raises one of :data:`BROKEN`."""
    return cast("BinaryIO", GzipFile(fileobj=ChunkFile(supply), mode="rb"))
