"""Where the rows go that were refused."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from airflow_provider_onesignal.rows import Row
from airflow_provider_onesignal.rows.reader import LETTER

if TYPE_CHECKING:
    from airflow_provider_onesignal.compat import ObjectStoragePath

CONTENT_TYPE = "application/x-ndjson"


class DeadLetter:
    """
    A file of JSON lines with the rows that were refused.

    While a run goes, they are written to parts in a folder beside it; at its end the parts become
    the file, in one step. So they outlive a task that is killed, and nobody sees half of them.

    :param path: of the file
    :param folder: for the parts, of this run alone
    :param parts: that an earlier try of the run wrote and counted
    """

    def __init__(
        self, path: ObjectStoragePath, *, folder: ObjectStoragePath, parts: int = 0
    ) -> None:
        self._path, self._folder = path, folder
        self.parts = parts
        self._letters: list[bytes] = []

    def __len__(self) -> int:
        return len(self._letters)

    @property
    def uri(self) -> str:
        """The file's URL, without a connection."""
        return str(self._path.fs.unstrip_protocol(self._path.path))

    def add(self, row: Row, reason: str) -> None:
        """Add a row and why it was refused."""
        letter = dict(zip(LETTER, (row.number, row.uri, reason, row.values), strict=True))
        self._letters.append(json.dumps(letter, ensure_ascii=False, default=str).encode() + b"\n")

    def take(self) -> bytes:
        """Return what was added since the last time."""
        letters, self._letters = self._letters, []
        return b"".join(letters)

    def write(self, letters: bytes) -> int:
        """
        Write another part.

        :return: how many parts there are now
        """
        number = self.parts + 1 if letters else self.parts
        if letters:
            self._put(self._part(number), io.BytesIO(letters))
            self.parts = number
        return self.parts

    def require_writable(self) -> None:
        """
        Check that the dead letter can be written, before the first request.

        :raises OneSignalDestinationError: it cannot
        """
        self._put(self._part(0), io.BytesIO(b""))

    def has_parts(self) -> bool:
        """Return whether the parts of an earlier try are all there."""
        return all(self._part(number).exists() for number in range(1, self.parts + 1))

    def publish(self) -> None:
        """Make one file of the parts, in place of any that is there."""
        self._put(self._path, io.BufferedReader(_Concatenated(self._contents())))

    def discard(self) -> None:
        """Remove the parts."""
        if self._folder.exists():
            self._folder.fs.rm(self._folder.path, recursive=True)

    def _part(self, number: int) -> ObjectStoragePath:
        return self._folder / f"{number:06d}.jsonl"

    def _contents(self) -> Iterator[bytes]:
        for number in range(1, self.parts + 1):
            yield self._part(number).read_bytes()

    def _put(self, path: ObjectStoragePath, file: io.BufferedIOBase) -> None:
        from airflow_provider_onesignal.stores.object_storage import ObjectStorageStore

        store = ObjectStorageStore(path, replace=True)
        store.put(file, content_type=CONTENT_TYPE, size=None, metadata={})


class _Concatenated(io.RawIOBase):
    """Several pieces of bytes, as one file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if not self._left:
            self._left = next((piece for piece in self._pieces if piece), b"")
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count
