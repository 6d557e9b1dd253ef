"""From source to store, verified on the way; and whether it is there already."""

from __future__ import annotations

import hashlib
import io
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import uuid4

from airflow_provider_onesignal.exceptions import (
    OneSignalDestinationError,
    OneSignalDestinationTakenError,
    OneSignalDestinationUnavailableError,
)
from airflow_provider_onesignal.files.chunks import CHUNK
from airflow_provider_onesignal.files.download import Download
from airflow_provider_onesignal.files.reader import CopySummary, VerifiedReader
from airflow_provider_onesignal.files.source import (
    FileChangedError,
    HttpSource,
    Piece,
    Version,
    read_piece,
)
from airflow_provider_onesignal.files.verify import Format, is_gzip, unwrap
from airflow_provider_onesignal.stores import Readable, Store, StoredObject

__all__ = ["CopySummary", "Progress", "copy_file", "existing_copy", "put_bytes"]

log = logging.getLogger(__name__)

_MIB = 1024 * 1024
_EDGE = 64 * 1024
_ETAG = "onesignal-source-etag"
_LENGTH = "onesignal-source-length"
_COPY = "onesignal-copy"
"""Tells the copies of one file apart, so that a store whose last response is lost can be asked."""
_LONGEST_ETAG = 256

_Doubtful = OneSignalDestinationTakenError | OneSignalDestinationUnavailableError
"""What a store may say of an upload that it has completed."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """
    How far a copy has come.

    :param done: bytes copied
    :param total: bytes in all, None where not known
    :param seconds: since the start
    """

    done: int
    total: int | None
    seconds: float

    @property
    def percent(self) -> float | None:
        """Percentage done, None where the total is not known."""
        return 100.0 * self.done / self.total if self.total else None

    @property
    def rate(self) -> float:
        """MiB a second so far."""
        return self.done / _MIB / self.seconds if self.seconds > 0 else 0.0

    def __str__(self) -> str:
        size = f"{self.done / _MIB:.1f} MiB"
        if self.total:
            size = f"{self.done / _MIB:.1f} of {self.total / _MIB:.1f} MiB ({self.percent:.0f} %)"
        return f"{size}, {self.rate:.1f} MiB/s"


class ProgressReporter:
    """
    Counts bytes and reports now and then.

    :param report: called with a :class:`Progress`
    :param total: bytes in all, None where not known
    :param first: seconds until the first report, so that a short copy makes none
    :param every: seconds between reports
    :param clock: seconds from any point in time
    """

    def __init__(
        self,
        report: Callable[[Progress], None],
        *,
        total: int | None,
        first: float = 5.0,
        every: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._report = report
        self._total = total
        self._every = every
        self._clock = clock
        self._started = clock()
        self._due = self._started + first
        self._done = 0

    def advance(self, length: int) -> None:
        """Count ``length`` more bytes, and report if it is time."""
        self._done += length
        now = self._clock()
        if now >= self._due:
            self._due = now + self._every
            seconds = now - self._started
            self._report(Progress(done=self._done, total=self._total, seconds=seconds))


def copy_file(
    source: HttpSource,
    store: Store,
    *,
    min_rows: int | None = None,
    report: Callable[[Progress], None] | None = None,
    connections: int = 4,
    attempts: int = 3,
) -> CopySummary:
    """
    Copy a file whole and right, or leave nothing.

    :param source: where it is
    :param store: where it goes
    :param min_rows: records that it must have at least
    :param report: called now and then with the progress; the default writes it to the log
    :param connections: how many to read a large file over
    :param attempts: how often to begin, should the file change while it is read
    :raises OneSignalExportCorruptError: the file is short, damaged or something else
    :raises OneSignalExportTooSmallError: it has fewer rows than ``min_rows``
    :raises OneSignalExportUnavailableError: its server refuses it (``status_code``)
    :raises OneSignalUnreachableError: its server cannot be reached
    :raises OneSignalConfigurationError: its server's certificate is not trusted
    :raises OneSignalDestinationError: the store refuses
    :raises OneSignalDestinationUnavailableError: the store failed, is full or cannot be reached
    """
    for left in reversed(range(attempts)):
        try:
            return _copy_once(source, store, min_rows, report or _log_progress, connections)
        except FileChangedError:
            if not left:
                raise
            log.warning("%s changed during the copy; beginning again", source.label)
    raise ValueError("attempts must be at least 1")


def _copy_once(
    source: HttpSource,
    store: Store,
    min_rows: int | None,
    report: Callable[[Progress], None],
    connections: int,
) -> CopySummary:
    with Download(source, connections=connections) as download:
        stream = unwrap(download, encoding=download.encoding)
        progress = ProgressReporter(report, total=stream.size)
        with VerifiedReader(stream, min_rows=min_rows, on_bytes=progress.advance) as reader:
            _put(store, reader, size=stream.size, metadata=_marks(download.version))
            return reader.summary(etag=download.version.etag)


def _put(
    store: Store, reader: VerifiedReader, *, size: int | None, metadata: Mapping[str, str]
) -> None:
    try:
        store.put(reader, content_type=reader.stored.value, size=size, metadata=metadata)
    except (OneSignalDestinationTakenError, OneSignalDestinationUnavailableError) as doubt:
        if not reader.is_complete:
            raise
        whole = reader.summary()
        _confirm(store, doubt, size=whole.bytes, sha256=str(whole.sha256), metadata=metadata)
    if not reader.is_complete:
        raise RuntimeError(f"{type(store).__name__} stored {store.uri} without reading to the end")


def _log_progress(progress: Progress) -> None:
    log.info("Copied %s", progress)


def _marks(version: Version) -> dict[str, str]:
    """Return what is written beside the object, to recognise it by."""
    marks = {_COPY: uuid4().hex}
    etag = version.etag or ""
    if etag.isascii() and etag.isprintable() and 0 < len(etag) <= _LONGEST_ETAG:
        marks[_ETAG] = etag
    if version.size is not None:
        marks[_LENGTH] = str(version.size)
    return marks


def put_bytes(
    store: Store, data: bytes, *, content_type: str, metadata: Mapping[str, str] | None = None
) -> None:
    """
    Store a file that is in memory.

    :param store: where it goes
    :param data: the file
    :param content_type: of the object
    :param metadata: written beside the object, where the store keeps such
    :raises OneSignalDestinationError: the store refuses
    :raises OneSignalDestinationUnavailableError: the store failed, is full or cannot be reached
    """
    metadata = {**(metadata or {}), _COPY: uuid4().hex}
    try:
        store.put(io.BytesIO(data), content_type=content_type, size=len(data), metadata=metadata)
    except (OneSignalDestinationTakenError, OneSignalDestinationUnavailableError) as doubt:
        sha256 = hashlib.sha256(data).hexdigest()
        _confirm(store, doubt, size=len(data), sha256=sha256, metadata=metadata)


def _confirm(
    store: Store, doubt: _Doubtful, *, size: int, sha256: str, metadata: Mapping[str, str]
) -> None:
    """
    Return where the object is there in spite of a failure, whole and right; else raise it.

    A store may act on the last request of an upload and its response be lost. Repeated, the request
    is then refused: the upload is no more, or the object itself stands in the way.
    """
    try:
        is_there = _is_ours(store.head(), doubt, size=size, sha256=sha256, metadata=metadata)
    except (OneSignalDestinationError, OneSignalDestinationUnavailableError):
        raise OneSignalDestinationUnavailableError(
            f"The destination {store.uri} failed at the last step, and cannot be asked whether the "
            "file is there: it is whole, or it is not there. Retry: the next try stores it only "
            "where it is missing."
        ) from doubt
    if not is_there:
        raise doubt
    reason = type(doubt.__cause__ or doubt).__name__
    log.warning(
        "The last response of %s was an error (%s), but the file is there", store.uri, reason
    )


def _is_ours(
    stored: StoredObject | None,
    doubt: _Doubtful,
    *,
    size: int,
    sha256: str,
    metadata: Mapping[str, str],
) -> bool:
    if stored is None or stored.size != size:
        return False
    mark = (stored.metadata or {}).get(_COPY)
    if mark is not None or isinstance(doubt, OneSignalDestinationTakenError):
        return mark == metadata[_COPY]
    found = hashlib.sha256()
    with stored.open() as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
    return found.hexdigest() == sha256


def existing_copy(source: HttpSource, stored: StoredObject) -> CopySummary | None:
    """
    Return what is known of a stored object that is a copy of the source; None where it is none.

    It is recognised by what was written beside it, else (gzip) by its size and both ends, whose
    last 8 bytes are the checksum and the length of what is within. Only a file of another kind, in
    a store that keeps no metadata, is compared whole.

    :raises OneSignalExportUnavailableError: the source's server refuses it
    :raises OneSignalUnreachableError: it cannot be reached
    """
    started = time.monotonic()
    start = read_piece(source, first=0, length=_EDGE)
    if not _is_same(source, stored, start):
        return None
    is_packed = source.file_name.endswith(".gz") or (not start.encoding and is_gzip(start.body))
    return CopySummary(
        bytes=stored.size,
        rows=None,
        columns=None,
        sha256=None,
        source_etag=start.version.etag,
        content_type=(Format.GZIP if is_packed else Format.CSV).value,
        seconds=round(time.monotonic() - started, 3),
    )


def _is_same(source: HttpSource, stored: StoredObject, start: Piece) -> bool:
    marks = stored.metadata or {}
    if _ETAG in marks and start.version.etag:
        size = str(start.version.size)
        return (marks[_ETAG], marks.get(_LENGTH, size)) == (start.version.etag, size)
    if not start.encoding and start.version.size not in (None, stored.size):
        return False
    if start.is_range and not start.encoding and is_gzip(start.body):
        return _ends_alike(source, stored, start)
    return stored.metadata is None and _same_throughout(source, stored)


def _ends_alike(source: HttpSource, stored: StoredObject, start: Piece) -> bool:
    if start.version.size is None or start.body != stored.read(0, _EDGE):
        return False
    first = max(stored.size - _EDGE, 0)
    end = read_piece(source, first=first, length=_EDGE)
    if not end.is_range or start.version.contradicts(end.version):
        return False
    return end.body == stored.read(first, _EDGE)


def _same_throughout(source: HttpSource, stored: StoredObject) -> bool:
    with Download(source) as download, stored.open() as file:
        stream = unwrap(download, encoding=download.encoding)
        while chunk := stream.read():
            if chunk != _exactly(file, len(chunk)):
                return False
        return not file.read(1)


def _exactly(file: Readable, length: int) -> bytes:
    pieces = []
    while length and (piece := file.read(length)):
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)
