"""Bytes that come in chunks, and the same seen as a file."""

from __future__ import annotations

import hashlib
import io
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

CHUNK = 256 * 1024
"""Bytes asked for at a time."""


class ChunkStream(ABC):
    """
    A stream read chunk by chunk, which knows how far it came and the SHA-256 of all it gave.

    ``size`` is the whole length in bytes, or None where it is not known beforehand; ``is_framed``
    tells whether a cut shows in the transport already.
    """

    size: int | None = None
    is_framed = True

    def __init__(self) -> None:
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

    def cancel(self) -> None:  # noqa: B027 - most have nothing to wake
        """Let every read fail, also one that another thread is waiting in."""

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
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer`` from one chunk at most; 0 at the end."""
        if not self._rest:
            self._rest = memoryview(self._supply())
        length = min(len(buffer), len(self._rest))
        buffer[:length] = self._rest[:length]
        self._rest = self._rest[length:]
        return length
