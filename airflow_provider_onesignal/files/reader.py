"""The file as a store reads it: verified before it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from airflow_provider_onesignal.exceptions import OneSignalExportTooSmallError
from airflow_provider_onesignal.files.chunks import ChunkStream, corrupt
from airflow_provider_onesignal.files.verify import Findings, Format, Verification, recognise


@dataclass(frozen=True, kw_only=True)
class CopySummary:
    """
    What is in the store.

    :param bytes: its length
    :param rows: CSV records after the header; None where the quotes do not balance, or it was
        not read
    :param columns: names in the CSV's header; None where there is none, or it was not read
    :param sha256: of the stored bytes, in hexadecimal; None where they were not read
    :param source_etag: as the source's server sent it, None where it sent none
    :param content_type: ``application/gzip`` or ``text/csv``
    :param seconds: the copy took
    """

    bytes: int
    rows: int | None
    columns: list[str] | None
    sha256: str | None
    source_etag: str | None
    content_type: str
    seconds: float


class VerifiedReader:
    """
    A readable file that ends only if it is whole and right.

    The last bytes are returned when every check has passed; else :meth:`read` raises, then and
    ever after, so that a store which completes its object at the end can only complete a good one.

    :param stream: the file's own bytes
    :param min_rows: records that it must have at least
    :param on_bytes: called with the length of each piece that was read
    """

    def __init__(
        self,
        stream: ChunkStream,
        *,
        min_rows: int | None = None,
        on_bytes: Callable[[int], None] | None = None,
    ) -> None:
        self.stored: Format = recognise(stream)
        self.is_complete = False
        self._stream = stream
        self._min_rows = min_rows
        self._on_bytes = on_bytes
        self._failure: BaseException | None = None
        self._findings = Findings(None, None)
        self._rest: bytes | memoryview = b""
        self._started = time.monotonic()
        # Gzip may have several members, and ends well between any two of them.
        if not stream.is_framed:
            raise corrupt(stream.label, "its length was not told, so that a cut would go unseen")
        self._verification = Verification(self.stored, label=stream.label)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._verification.abandon()

    def readable(self) -> bool:
        """Return True: libraries ask whether this is a file to read from."""
        return True

    def read(self, length: int = -1, /) -> bytes:
        """
        Return exactly ``length`` bytes, fewer only at the end, all of them where it is negative.

        :raises OneSignalExportCorruptError: the file is not whole and right
        :raises OneSignalExportTooSmallError: it has too few rows
        :raises OneSignalUnreachableError: it cannot be had to its end
        """
        if self._failure is not None:
            raise self._failure
        try:
            return self._gather(length)
        except BaseException as failure:
            # What this read had gathered is gone, so that a later one must not go on.
            self._failure = failure
            raise

    def summary(self, *, etag: str | None = None) -> CopySummary:
        """
        Return what was read, to its end.

        :param etag: of the source
        """
        return CopySummary(
            bytes=self._stream.position,
            rows=self._findings.rows,
            columns=self._findings.columns,
            sha256=self._stream.sha256.hexdigest(),
            source_etag=etag,
            content_type=self.stored.value,
            seconds=round(time.monotonic() - self._started, 3),
        )

    def _gather(self, length: int) -> bytes:
        pieces, gathered = [self._rest], len(self._rest)
        self._rest = b""
        while (length < 0 or gathered < length) and (chunk := self._next()):
            pieces.append(chunk)
            gathered += len(chunk)
        if 0 <= length < gathered:
            last, kept = memoryview(pieces.pop()), gathered - length
            pieces.append(last[:-kept])
            self._rest = last[-kept:]
        return b"".join(pieces)

    def _next(self) -> bytes:
        if self.is_complete:
            return b""
        if chunk := self._stream.read():
            self._verification.feed(chunk)
            if self._on_bytes is not None:
                self._on_bytes(len(chunk))
        else:
            self._finish()
        return chunk

    def _finish(self) -> None:
        size, position = self._stream.size, self._stream.position
        if size is not None and position != size:
            raise corrupt(self._stream.label, f"it has {position} bytes in place of {size}")
        self._findings = self._verification.finish()
        self._require_rows()
        self.is_complete = True

    def _require_rows(self) -> None:
        rows, least = self._findings.rows, self._min_rows
        if least is None or (rows is not None and rows >= least):
            return
        found = (
            "quotes that do not balance, so that its rows cannot be counted"
            if rows is None
            else f"{rows} rows, fewer than min_rows={least}"
        )
        raise OneSignalExportTooSmallError(
            f"The export's file at {self._stream.label} has {found}. Nothing was stored, and what "
            "was there before is untouched. Check the export's parameters, or lower min_rows."
        )
