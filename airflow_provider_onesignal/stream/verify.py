"""Checks beside the copy: one thread behind a bounded queue."""

from __future__ import annotations

import queue
import threading

from airflow_provider_onesignal.stream.errors import StreamCancelledError
from airflow_provider_onesignal.stream.formats import Format, check

_DEPTH = 16
_END = b""


class Verification:
    """
    Checks the chunks it is fed, in a thread of its own.

    Inflating releases the GIL, so that it costs the copy next to nothing. The thread takes chunks
    until the end is announced, even after it found fault: :meth:`feed` can therefore never block
    for good. :meth:`finish` or :meth:`abandon` ends the thread.

    :param stored: what the bytes should be
    """

    def __init__(self, stored: Format) -> None:
        self._stored = stored
        self._chunks: queue.Queue[bytes] = queue.Queue(_DEPTH)
        self._abandoned = False
        self._ended = False
        self._fault: BaseException | None = None
        self._rows: int | None = None
        self._thread = threading.Thread(target=self._run, name="verification", daemon=True)
        self._thread.start()

    def feed(self, chunk: bytes) -> None:
        """
        Hand over the next bytes.

        :raises CorruptStreamError: where the bytes so far are wrong
        """
        self._raise_fault()
        self._chunks.put(chunk)

    def finish(self) -> int | None:
        """
        Announce the end and return the number of rows, None where it cannot be told.

        :raises CorruptStreamError: where the file is not whole and right
        """
        self._end()
        self._raise_fault()
        return self._rows

    def abandon(self) -> None:
        """End the thread; safe to call at any time, and again."""
        self._abandoned = True
        self._end()

    def _end(self) -> None:
        if self._thread.is_alive():
            self._chunks.put(_END)
            self._thread.join()

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _run(self) -> None:
        try:
            self._rows = check(self._stored, self._next)
        except BaseException as fault:  # noqa: BLE001 - handed to the copying thread
            self._fault = fault
        finally:
            self._drain()

    def _next(self) -> bytes:
        if self._ended:
            return _END
        chunk = self._chunks.get()
        self._ended = chunk == _END
        if self._abandoned:
            raise StreamCancelledError("The copy was given up.")
        return chunk

    def _drain(self) -> None:
        while not self._ended:
            self._ended = self._chunks.get() == _END
