"""A large file over several connections: pieces that are fetched at once and returned in order."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Iterator
from contextlib import suppress

import requests

from airflow_provider_onesignal.files.chunks import CHUNK
from airflow_provider_onesignal.files.source import (
    Attempts,
    Dropped,
    FileChangedError,
    HttpSource,
    Version,
    byte_range,
    dropped,
    encoding_of,
    read_body,
    version_of,
)

_LEAST = 64 * 1024 * 1024
"""Bytes of a file that is worth more than one connection."""
_PIECE = 6 * 1024 * 1024
_END = b""


def is_worth_it(response: requests.Response, connections: int) -> bool:
    """
    Return whether a file can be read over several connections, and is long enough.

    :param response: to the request for the whole file
    :param connections: how many there may be
    """
    version = version_of(response.headers)
    return (
        connections > 1
        and (version.size or 0) >= max(_LEAST, 2 * _PIECE)
        and version.strong_etag is not None
        and encoding_of(response.headers) in ("", "identity")
        and response.headers.get("Accept-Ranges", "").strip().lower() == "bytes"
    )


class Ranges:
    """
    The pieces of a file after its first one.

    Each connection takes the next piece as soon as it is done with one, and resumes by itself.
    There are never more pieces in memory than connections and one, however slow the first is.

    :param source: the file
    :param version: which must not change meanwhile
    :param connections: how many there may be, one of which the first piece has until :meth:`next`
    """

    def __init__(self, source: HttpSource, version: Version, connections: int) -> None:
        self.first = _PIECE
        """Where they begin."""
        self._source = source
        self._version = version
        self._size = version.size or 0
        self._connections = connections
        self._over = threading.Event()
        self._tickets: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._pieces: dict[int, queue.SimpleQueue[bytes | Exception]] = {}
        self._head = self._issued = 1
        self._started = 0
        for _ in range(connections + 1):
            self._issue()
        for _ in range(connections - 1):
            self._start()

    def next(self) -> bytes:
        """
        Return the next bytes, ``b""`` at the end.

        :raises Dropped: the server does not serve ranges as it should
        :raises OneSignalExportCorruptError: the file changed
        :raises OneSignalExportUnavailableError: the server refuses it
        :raises OneSignalUnreachableError: a piece cannot be had
        """
        if self._started < self._connections:
            self._start()
        while piece := self._pieces.get(self._head):
            got = piece.get()
            if isinstance(got, Exception):
                raise got
            if got != _END:
                return got
            del self._pieces[self._head]
            self._head += 1
            self._issue()
        return _END

    def stop(self) -> None:
        """Let the connections end; safe to call at any time, and again."""
        self._over.set()
        for _ in range(self._started):
            self._tickets.put(None)

    def _issue(self) -> None:
        if self._issued * _PIECE < self._size:
            self._pieces[self._issued] = queue.SimpleQueue()
            self._tickets.put(self._issued)
            self._issued += 1

    def _start(self) -> None:
        self._started += 1
        run = contextvars.copy_context().run
        threading.Thread(target=run, args=(self._work,), name="download", daemon=True).start()

    def _work(self) -> None:
        while not self._over.is_set() and (number := self._tickets.get()) is not None:
            piece = self._pieces[number]
            try:
                for chunk in self._chunks(number * _PIECE):
                    piece.put(chunk)
                    if self._over.is_set():
                        return
                piece.put(_END)
            except Exception as error:  # noqa: BLE001 - raised where the piece is read
                piece.put(error)

    def _chunks(self, first: int) -> Iterator[bytes]:
        position, end = first, min(first + _PIECE, self._size)
        attempts = Attempts(self._source)
        while position < end:
            try:
                with self._ask(position, end) as response:
                    while position < end:
                        chunk, broken = read_body(response, min(CHUNK, end - position))
                        if not chunk:
                            raise dropped(broken)
                        attempts.progress()
                        position += len(chunk)
                        yield chunk
            except _NotServedError:
                raise
            except Dropped as drop:
                attempts.wait(drop, position=position)

    def _ask(self, position: int, end: int) -> requests.Response:
        response = self._source.get(
            Range=f"bytes={position}-{end - 1}", If_Range=str(self._version.strong_etag)
        )
        part = byte_range(response.headers) if response.status_code == 206 else None
        is_right = part is not None and part.first == position and part.last < end
        has_changed = self._version.contradicts(version_of(response.headers))
        if is_right and not has_changed and not encoding_of(response.headers):
            return response
        with suppress(Exception):
            response.close()
        if has_changed:
            raise FileChangedError(self._source.label)
        raise _NotServedError("a range was not served as it was asked for")


class _NotServedError(Dropped):
    """The server ignores ranges, or mistakes them: the rest is read over one connection."""
