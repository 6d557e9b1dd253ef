"""Bytes that come in chunks, and the same seen as a file."""

from __future__ import annotations

import hashlib
import io
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from airflow_provider_onesignal.exceptions import OneSignalExportCorruptError

CHUNK = 256 * 1024
"""Bytes asked for at a time."""


class ChunkStream(ABC):
    """
    A stream read chunk by chunk, which knows how far it came and the SHA-256 of all it returned.

    :param name: the file's name, such as ``users.csv.gz``
    :param label: what errors call the file, since its URL must not be shown
    """

    size: int | None = None
    """The whole length in bytes, None where it is not known beforehand."""

    is_framed = True
    """Whether the transport itself shows that a file was cut."""

    def __init__(self, *, name: str, label: str) -> None:
        self.name = name
        self.label = label
        self.sha256 = hashlib.sha256()
        self.position = 0
        self._peeked = b""

    @abstractmethod
    def _fetch(self) -> bytes:
        """Return the next bytes, or ``b""`` at the end."""

    def read(self) -> bytes:
        """Return the next chunk, or ``b""`` at the end."""
        if self._peeked:
            chunk, self._peeked = self._peeked, b""
            return chunk
        return self._pull()

    def peek(self, length: int = 512) -> bytes:
        """Return at least ``length`` bytes of what comes next, fewer only where the end is near."""
        while len(self._peeked) < length and (chunk := self._pull()):
            self._peeked += chunk
        return self._peeked

    def _pull(self) -> bytes:
        chunk = self._fetch()
        self.sha256.update(chunk)
        self.position += len(chunk)
        return chunk


class ChunkFile(io.RawIOBase):
    """
    A readable file over a supplier of chunks.

    :param supply: returns the next chunk, or ``b""`` at the end
    """

    def __init__(self, supply: Callable[[], bytes]) -> None:
        super().__init__()
        self._supply = supply
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Return True: libraries ask."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer`` from one chunk at most, and return the number of bytes; 0 at the end."""
        if not self._rest:
            self._rest = memoryview(self._supply())
        length = min(len(buffer), len(self._rest))
        buffer[:length] = self._rest[:length]
        self._rest = self._rest[length:]
        return length


def corrupt(label: str, reason: str) -> OneSignalExportCorruptError:
    """
    Return the error for a file that is not whole and right.

    :param label: what to call the file
    :param reason: which check it failed, without a full stop
    """
    return OneSignalExportCorruptError(
        f"The export's file at {label} is damaged: {reason}. Nothing was stored. Retry; if it "
        "stays so, start a new export."
    )
