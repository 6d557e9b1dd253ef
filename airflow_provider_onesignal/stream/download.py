"""One download of a source from its first byte to its last, whatever happens to the connection."""

from __future__ import annotations

import hashlib
import logging
import threading
from contextlib import suppress
from typing import Self

import requests
import urllib3

from airflow_provider_onesignal.stream import answer
from airflow_provider_onesignal.stream.chunks import CHUNK, ChunkStream
from airflow_provider_onesignal.stream.errors import (
    SourceChangedError,
    SourceStatusError,
    StreamCancelledError,
)
from airflow_provider_onesignal.stream.resume import Attempts
from airflow_provider_onesignal.stream.source import DroppedError, HttpSource

log = logging.getLogger(__name__)

_CAUTIOUS = 16 * 1024
_BREAKS = (urllib3.exceptions.HTTPError, OSError)


class Download(ChunkStream):
    """
    The bytes of a source as they come over the wire.

    A dropped connection is resumed by range where the server can tell that the file is still the
    same one; else the download starts over and skips what was given out, after comparing it.

    :param source: what to download
    :raises SourceStatusError: where the server refuses the file
    :raises SourceLostError: where it cannot be reached
    """

    def __init__(self, source: HttpSource) -> None:
        super().__init__()
        self._source = source
        self._attempts = Attempts(source.policy)
        self._step = CHUNK
        self._cancelled = threading.Event()
        self._sleep = source.sleep or self._cancelled.wait
        self._response = self._first()
        self.version = answer.version(self._response.headers)
        self.size = self.version.size
        self.encoding = answer.encoding(self._response.headers)
        self.is_framed = self.size is not None or bool(self._response.raw.chunked)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._response.close()

    def cancel(self) -> None:
        """Let every read fail, also one that another thread is waiting in."""
        self._cancelled.set()
        # urllib3 before 2.3 cannot; the read then ends with its timeout
        with suppress(AttributeError, ValueError, RuntimeError, OSError):
            self._response.raw.shutdown()

    def _fetch(self) -> bytes:
        while True:
            try:
                chunk = self._receive()
            except DroppedError as drop:
                self._reopen(drop)
            else:
                return chunk

    def _receive(self) -> bytes:
        """Return the next bytes, ``b""`` only at the proven end."""
        broken = ""
        chunk = b""
        try:
            chunk = self._response.raw.read(self._step, decode_content=False)
        except _BREAKS as error:
            broken = type(error).__name__
        self._stop_if_cancelled()
        if chunk:
            self._attempts.progress()
            # a reset loses what one read has gathered, so that reads begin small after a drop
            self._step = min(2 * self._step, CHUNK)
        elif broken or (self.size is not None and self.position < self.size):
            raise DroppedError(f"the connection broke ({broken or 'closed early'})")
        return chunk

    def _first(self) -> requests.Response:
        while True:
            try:
                response = self._source.get()
            except DroppedError as drop:
                self._wait(drop)
                continue
            if response.status_code == 200:
                return response
            response.close()
            raise SourceStatusError(
                f"{self._source.label} answered HTTP status {response.status_code}.",
                status_code=response.status_code,
            )

    def _reopen(self, drop: DroppedError) -> None:
        """Find the place again, after as many attempts as the policy allows."""
        while True:
            self._response.close()
            self._wait(drop)
            self._step = _CAUTIOUS
            try:
                self._response = self._ask_for_rest()
                if self._response.status_code == 200:
                    self._skip()
            except DroppedError as again:
                drop = again
            else:
                return

    def _ask_for_rest(self) -> requests.Response:
        validator = self.version.validator
        if self.position and validator:
            response = self._source.get(Range=f"bytes={self.position}-", If_Range=validator)
        else:
            response = self._source.get()
        if self._continues(response):
            return response
        response.close()
        raise SourceChangedError("It changed while it was downloaded.")

    def _continues(self, response: requests.Response) -> bool:
        """Tell whether the answer can be about the file of the first one."""
        if self.version.contradicts(answer.version(response.headers)):
            return False
        if response.status_code == 206:
            part = answer.byte_range(response.headers)
            return part is not None and part.first == self.position
        return response.status_code == 200

    def _skip(self) -> None:
        """Read past what was given out, and make sure that it was the same."""
        left, seen = self.position, hashlib.sha256()
        while left:
            try:
                chunk = self._response.raw.read(min(left, CHUNK), decode_content=False)
            except _BREAKS as error:
                raise DroppedError(f"the connection broke ({type(error).__name__})") from None
            self._stop_if_cancelled()
            if not chunk:
                raise DroppedError("the connection broke (closed early)")
            seen.update(chunk)
            left -= len(chunk)
        if seen.digest() != self.sha256.digest():
            raise SourceChangedError("It changed while it was downloaded.")

    def _wait(self, drop: DroppedError) -> None:
        delay = self._attempts.after_drop(drop.reason, drop.retry_after)
        log.info(
            "Download of %s: %s; going on from byte %s in %.1f s",
            self._source.label,
            drop.reason,
            self.position,
            delay,
        )
        self._sleep(delay)
        self._stop_if_cancelled()

    def _stop_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise StreamCancelledError("The copy was given up.")
