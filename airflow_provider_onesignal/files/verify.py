"""What a right file looks like, gzip or plain CSV, and its check beside the copy."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import queue
import re
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, BinaryIO, cast

from airflow_provider_onesignal.files.chunks import CHUNK, ChunkFile, ChunkStream, corrupt

try:
    from isal import igzip, isal_zlib

    GzipFile: type[gzip.GzipFile] = igzip.GzipFile
    _BACKEND_ERROR: Any = isal_zlib.IsalError
except ImportError:  # no wheel for this platform: the same checks, at half the speed
    GzipFile = gzip.GzipFile
    _BACKEND_ERROR = zlib.error

_BROKEN: tuple[type[Exception], ...] = (EOFError, gzip.BadGzipFile, zlib.error, _BACKEND_ERROR)
_GZIP_MAGIC = b"\x1f\x8b\x08"
_BLANK = b"\xef\xbb\xbf \t\r\n"
_LONGEST_HEADER = 64 * 1024
_COLUMN = re.compile(r"[^\W\d][\w .:()/-]{0,127}")
_NO_MARK = bytes(byte for byte in range(256) if byte not in b'",\n')
_FOUR_PAIRS = b'"' * 8  # removed first, since fewer and longer removals are faster
_BLANK_LINES = re.compile(rb"\n(?:\r?\n)+")
_BLANK_START = re.compile(rb"(?:\r?\n)+")
_DEPTH = 16
_END = b""


class Format(Enum):
    """How the file is stored; the value is its content type."""

    GZIP = "application/gzip"
    CSV = "text/csv"


@dataclass(frozen=True)
class Findings:
    """
    What the table holds.

    :param rows: records after the header, None where the quotes do not balance
    :param columns: the names in the header, None where there is none that can be read
    """

    rows: int | None
    columns: list[str] | None


def is_gzip(head: bytes) -> bool:
    """Return whether a file that begins with ``head`` is gzip."""
    return head.startswith(_GZIP_MAGIC)


def recognise(stream: ChunkStream) -> Format:
    """
    Return the format of a file, by its name where it ends in ``.gz``, else by the first bytes.

    :raises OneSignalExportCorruptError: the bytes contradict the name, or are an error page
    """
    head = stream.peek()
    if is_gzip(head):
        return Format.GZIP
    _refuse_page(head, stream.label)
    if stream.name.endswith(".gz"):
        raise corrupt(stream.label, "its name ends in .gz, its bytes are not gzip")
    return Format.CSV


def unwrap(wire: ChunkStream, *, encoding: str) -> ChunkStream:
    """
    Return the file's own bytes.

    A ``.gz`` that is merely labelled ``Content-Encoding: gzip`` stays as it is; one that was
    gzipped once more for transport, and a plain file that was gzipped, lose exactly that layer.

    :param wire: the bytes as they came
    :param encoding: the ``Content-Encoding`` of the response, "" for none
    :raises OneSignalExportCorruptError: the encoding cannot be undone, or is a false label
    """
    if encoding in ("", "identity"):
        return wire
    if encoding not in ("gzip", "x-gzip"):
        reason = f"it came with the content encoding {encoding[:20]!r}, which was not asked for"
        raise corrupt(wire.label, reason)
    head = wire.peek()
    if not is_gzip(head):
        raise corrupt(wire.label, "it is labelled as gzip and is not")
    if wire.name.endswith(".gz") and not _holds_gzip(head):
        return wire
    return Unwrapped(wire)


class Unwrapped(ChunkStream):
    """
    A stream with one layer of gzip taken off.

    :param wire: the bytes as they came
    """

    def __init__(self, wire: ChunkStream) -> None:
        super().__init__(name=wire.name, label=wire.label)
        self.is_framed = wire.is_framed
        self._file = _open_gzip(wire.read)

    def _fetch(self) -> bytes:
        try:
            return self._file.read(CHUNK)
        except _BROKEN as error:
            raise corrupt(self.label, f"its transport encoding: {error}") from error


class Table:
    """
    Reads the header and counts the records of a CSV in passing, without parsing it.

    Only quotes and newlines matter (RFC 4180). Adjacent quotes cancel out, whether they escape a
    quote or close one field before the next opens; where no quote is left, each newline ends a
    record. Blank lines are no records; within quotes none is counted either way.
    """

    def __init__(self) -> None:
        self._records = 0
        self._inside = 0
        self._at_line_start = True
        self._held_back = b""
        self._head = b""

    def feed(self, chunk: bytes) -> None:
        """Read on; chunks may be cut anywhere."""
        if len(self._head) < _LONGEST_HEADER:
            self._head += chunk[: _LONGEST_HEADER - len(self._head)]
        chunk = self._from_a_line_with_something(chunk)
        if not chunk:
            return
        self._at_line_start = chunk[-1] == ord("\n")
        marks = chunk.translate(None, _NO_MARK)
        if b"\n\n" in marks:  # a blank line, or one of a single cell: else a comma is between
            marks = _BLANK_LINES.sub(b"\n", chunk).translate(None, _NO_MARK)
        marks = marks.translate(None, b",").replace(_FOUR_PAIRS, b"").replace(b'""', b"")
        runs = marks.split(b'"')
        self._records += sum(map(len, runs[self._inside :: 2]))
        self._inside ^= (len(runs) - 1) & 1

    def findings(self) -> Findings:
        """Return what was found, once all is read."""
        unended = 0 if self._at_line_start else 1
        rows = max(self._records + unended - 1, 0)
        return Findings(rows=None if self._inside else rows, columns=columns_of(self._head))

    def _from_a_line_with_something(self, chunk: bytes) -> bytes:
        if self._held_back:
            chunk, self._held_back = self._held_back + chunk, b""
        if chunk.endswith(b"\r"):
            chunk, self._held_back = chunk[:-1], b"\r"
        if self._at_line_start and (start := _BLANK_START.match(chunk)):
            chunk = chunk[start.end() :]
        return chunk


def columns_of(head: bytes) -> list[str] | None:
    """
    Return the names in a CSV's header; None where the first record does not look like one.

    Names are unique and begin with a letter: a file without a header must not pass off the first
    person's data as names.

    :param head: the file's beginning, with the whole header in it
    """
    if len(head) >= _LONGEST_HEADER:
        head = head.rpartition(b"\n")[0]
    text = head.decode("utf-8-sig", "replace")
    try:
        names = next((row for row in csv.reader(io.StringIO(text, newline="")) if row), [])
    except csv.Error:
        return None
    looks_right = names and len(set(names)) == len(names) and all(map(_COLUMN.fullmatch, names))
    return names if looks_right else None


class Verification:
    """
    Checks the chunks it is fed, in a thread of its own.

    Inflating releases the GIL, so that it costs the copy next to nothing. The thread takes chunks
    until the end is announced, even after it found a fault: :meth:`feed` can therefore never block
    for good. :meth:`finish` or :meth:`abandon` ends the thread.

    :param stored: what the bytes should be
    :param label: what errors call the file
    """

    def __init__(self, stored: Format, *, label: str) -> None:
        self._stored = stored
        self._label = label
        # Not a bounded queue: an interrupt in the middle of its put() may leave it locked.
        self._chunks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._room = threading.Semaphore(_DEPTH)
        self._ended = False
        self._abandoned = False
        self._fault: BaseException | None = None
        self._findings = Findings(None, None)
        self._thread = threading.Thread(target=self._run, name="verification", daemon=True)
        self._thread.start()

    def feed(self, chunk: bytes) -> None:
        """
        Pass the next bytes on.

        :raises OneSignalExportCorruptError: the bytes so far are wrong
        """
        self._raise_fault()
        self._room.acquire()
        self._chunks.put(chunk)

    def finish(self) -> Findings:
        """
        Announce the end and return what the table holds.

        :raises OneSignalExportCorruptError: the file is not whole and right
        """
        self._chunks.put(_END)
        self._thread.join()
        self._raise_fault()
        return self._findings

    def abandon(self) -> None:
        """End the thread without waiting for it; safe to call at any time, and again."""
        self._abandoned = True
        self._chunks.put(_END)

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _run(self) -> None:
        try:
            self._findings = check(self._stored, self._next, label=self._label)
        except BaseException as fault:  # noqa: BLE001 - raised in the copying thread
            self._fault = fault
        finally:
            while not self._ended:
                self._next()

    def _next(self) -> bytes:
        if self._ended:
            return _END
        chunk = self._chunks.get()
        self._room.release()
        self._ended = self._abandoned or chunk == _END
        return _END if self._ended else chunk


def check(stored: Format, supply: Callable[[], bytes], *, label: str) -> Findings:
    """
    Read all chunks of ``supply``, check them, and return what the table holds.

    Gzip: framing, length and CRC of every member; between and after members nothing but zeros.
    CSV: UTF-8. Both: the table must not be an error page.

    :raises OneSignalExportCorruptError: at the first byte that is wrong
    """
    table = Table()
    reader = _check_gzip if stored is Format.GZIP else _check_csv
    reader(supply, table, label)
    return table.findings()


def _check_gzip(supply: Callable[[], bytes], table: Table, label: str) -> None:
    with _open_gzip(supply) as file:
        try:
            _refuse_page(chunk := file.read(CHUNK), label)
            while chunk:
                table.feed(chunk)
                chunk = file.read(CHUNK)
        except _BROKEN as error:
            raise corrupt(label, f"gzip: {error}") from error


def _check_csv(supply: Callable[[], bytes], table: Table, label: str) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := supply():
            if b"\0" in chunk:
                raise corrupt(label, "it is not UTF-8 text")
            decoder.decode(chunk)
            table.feed(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        # The cause would quote the file's content.
        raise corrupt(label, "it is not UTF-8 text") from None


def _refuse_page(head: bytes, label: str) -> None:
    start = head.lstrip(_BLANK)[:1]
    if start == b"<":
        raise corrupt(label, "an XML or HTML page came in its place")
    if start == b"{":
        raise corrupt(label, "a JSON document came in its place")


def _holds_gzip(head: bytes) -> bool:
    try:
        return zlib.decompressobj(31).decompress(head, len(_GZIP_MAGIC)) == _GZIP_MAGIC
    except zlib.error:
        return False


def _open_gzip(supply: Callable[[], bytes]) -> BinaryIO:
    return cast("BinaryIO", GzipFile(fileobj=ChunkFile(supply), mode="rb"))
