"""The file as a sink reads it: verified before it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from airflow_provider_onesignal.stream.chunks import ChunkStream
from airflow_provider_onesignal.stream.errors import CorruptStreamError, StreamCancelledError
from airflow_provider_onesignal.stream.formats import Format, recognise
from airflow_provider_onesignal.stream.verify import Verification


@dataclass(frozen=True, kw_only=True)
class CopySummary:
    """
    What is in the store.

    :param bytes: its length
    :param rows: CSV records after the header, None where the quotes do not balance
    :param sha256: of the stored bytes, in hexadecimal
    :param source_etag: as the source's server gave it, None where it gave none
    :param content_type: ``application/gzip`` or ``text/csv``
    :param seconds: the copy took
    """

    bytes: int
    rows: int | None
    sha256: str
    source_etag: str | None
    content_type: str
    seconds: float


class VerifiedReader:
    """
    A readable file that ends only if it is whole and right.

    The last bytes are given out when every check has passed; else :meth:`read` raises, then and
    ever after, so that a sink which completes its object at the end can only complete a good one.

    :param stream: the file's own bytes
    :param name: the file's name
    :param on_bytes: called with the length of each piece that was read
    """

    def __init__(
        self,
        stream: ChunkStream,
        *,
        name: str,
        on_bytes: Callable[[int], None] | None = None,
    ) -> None:
        self.stored: Format = recognise(name, stream.peek())
        self.failure: BaseException | None = None
        self.rows: int | None = None
        self.is_complete = False
        self._stream = stream
        self._on_bytes = on_bytes
        self._rest = b""
        self._started = time.monotonic()
        # Gzip may have several members, and ends well between any two of them.
        if not stream.is_framed:
            raise CorruptStreamError("its length was not told, so that a cut would go unseen")
        self._verification = Verification(self.stored)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._verification.abandon()

    def readable(self) -> bool:
        """Tell libraries that this is a file to read from."""
        return True

    def read(self, length: int = -1) -> bytes:
        """
        Return exactly ``length`` bytes, fewer only at the end, all of them where it is negative.

        :raises StreamError: where the file cannot be had whole and right
        """
        if self.failure is not None:
            raise self.failure
        try:
            return self._gather(length)
        except BaseException as failure:
            # what this read had gathered is gone, so that a later one must not go on
            self.failure = failure
            raise

    def summary(self, *, etag: str | None = None) -> CopySummary:
        """Return what was read, to its end."""
        return CopySummary(
            bytes=self._stream.position,
            rows=self.rows,
            sha256=self._stream.sha256.hexdigest(),
            source_etag=etag,
            content_type=self.stored.value,
            seconds=round(time.monotonic() - self._started, 3),
        )

    def cancel(self) -> None:
        """Give the file up: every read fails, also one that another thread is waiting in."""
        self.failure = self.failure or StreamCancelledError("The copy was given up.")
        self._stream.cancel()

    def _gather(self, length: int) -> bytes:
        pieces, gathered = [self._rest], len(self._rest)
        while (length < 0 or gathered < length) and (chunk := self._next()):
            pieces.append(chunk)
            gathered += len(chunk)
        whole = b"".join(pieces)
        if 0 <= length < gathered:
            whole, self._rest = whole[:length], whole[length:]
        else:
            self._rest = b""
        return whole

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
            raise CorruptStreamError(f"it has {position} bytes in place of {size}")
        self.rows = self._verification.finish()
        self.is_complete = True
