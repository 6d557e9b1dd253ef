"""A file read from its first byte to its last, whatever happens to the connection."""

from __future__ import annotations

import hashlib
from typing import Self

import requests

from airflow_provider_onesignal.files.chunks import CHUNK, ChunkStream
from airflow_provider_onesignal.files.ranges import Ranges, is_worth_it
from airflow_provider_onesignal.files.source import (
    Attempts,
    Dropped,
    FileChangedError,
    HttpSource,
    byte_range,
    dropped,
    encoding_of,
    read_body,
    version_of,
)

_CAUTIOUS = 16 * 1024


class Download(ChunkStream):
    """
    The bytes of a source as they come over the wire.

    A dropped connection is resumed by range where the server can tell that the file is still the
    same one; else the download starts over and skips what was read, after comparing it.

    :param source: what to download
    :param connections: how many to read a large file over, where the server serves ranges
    :raises OneSignalExportUnavailableError: the server refuses the file
    :raises OneSignalUnreachableError: it cannot be reached
    """

    def __init__(self, source: HttpSource, *, connections: int = 1) -> None:
        super().__init__(name=source.file_name, label=source.label)
        self._source = source
        self._attempts = Attempts(source)
        self._step = CHUNK
        self._response = self._first()
        self.version = version_of(self._response.headers)
        self.size = self.version.size
        self.encoding = encoding_of(self._response.headers)
        self.is_framed = self.size is not None or bool(self._response.raw.chunked)
        self._ranges: Ranges | None = None
        if is_worth_it(self._response, connections):
            self._ranges = Ranges(source, self.version, connections)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._response.close()
        self._leave_ranges()

    def _fetch(self) -> bytes:
        while True:
            try:
                return self._receive()
            except Dropped as drop:
                self._reopen(drop)

    def _receive(self) -> bytes:
        """Return the next bytes, ``b""`` only at the proven end."""
        step = self._step
        if self._ranges is not None:
            if self.position == self._ranges.first:
                self._response.close()
            if self.position >= self._ranges.first:
                return self._ranges.next()
            step = min(step, self._ranges.first - self.position)
        chunk, broken = read_body(self._response, step)
        if chunk:
            self._attempts.progress()
            # A reset loses what one read has gathered, so that reads begin small after a drop.
            self._step = min(2 * self._step, CHUNK)
        elif broken or (self.size is not None and self.position < self.size):
            raise dropped(broken)
        return chunk

    def _first(self) -> requests.Response:
        while True:
            try:
                response = self._source.get()
            except Dropped as drop:
                self._attempts.wait(drop, position=0)
                continue
            if response.status_code == 200:
                return response
            response.close()
            raise self._source.refusal(response.status_code)

    def _reopen(self, drop: Dropped) -> None:
        """Find the place again, after as many attempts as the policy allows."""
        if self._ranges is not None and self.position >= self._ranges.first:
            self._leave_ranges()
        while True:
            self._response.close()
            self._attempts.wait(drop, position=self.position)
            self._step = _CAUTIOUS
            try:
                self._response = self._ask_for_rest()
                if self._response.status_code == 200:
                    self._skip()
            except Dropped as again:
                drop = again
            else:
                return

    def _leave_ranges(self) -> None:
        if self._ranges is not None:
            self._ranges.stop()
            self._ranges = None

    def _ask_for_rest(self) -> requests.Response:
        validator = self.version.validator
        if self.position and validator:
            response = self._source.get(Range=f"bytes={self.position}-", If_Range=validator)
        else:
            response = self._source.get()
        if self._continues(response):
            return response
        response.close()
        raise FileChangedError(self.label)

    def _continues(self, response: requests.Response) -> bool:
        """Return whether the response can be about the file of the first one."""
        if self.version.contradicts(version_of(response.headers)):
            return False
        if response.status_code == 206:
            part = byte_range(response.headers)
            return part is not None and part.first == self.position
        return response.status_code == 200

    def _skip(self) -> None:
        """Read past what was read before, and make sure that it is the same."""
        left, seen = self.position, hashlib.sha256()
        while left:
            chunk, broken = read_body(self._response, min(left, CHUNK))
            if not chunk:
                raise dropped(broken)
            seen.update(chunk)
            left -= len(chunk)
        if seen.digest() != self.sha256.digest():
            raise FileChangedError(self.label)
