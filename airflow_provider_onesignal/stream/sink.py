"""What the stream expects of a place to store a file in."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Readable(Protocol):
    """A file to read from."""

    def read(self, length: int = -1, /) -> bytes:
        """Return up to ``length`` bytes, ``b""`` at the end."""


class CancellableReadable(Readable, Protocol):
    """A file to read from, which another thread may stop."""

    def cancel(self) -> None:
        """Let every read fail, also one that is waiting for bytes."""


class StoredObject(Protocol):
    """An object that is already in the store."""

    @property
    def size(self) -> int:
        """Its length in bytes."""

    def read(self, start: int, length: int) -> bytes:
        """Return ``length`` of its bytes from ``start`` on."""

    def open(self) -> AbstractContextManager[Readable]:
        """Return it as a file, read from its first byte in pieces."""


class Sink(Protocol):
    """One place for one object."""

    @property
    def uri(self) -> str:
        """Where the object is, for people and for the next task."""

    def existing(self) -> StoredObject | None:
        """
        Return the object that is there now, None where there is none.

        :raises MissingBucketError: where its bucket does not exist
        :raises StoreError: where the store refuses or fails, here and when the object is read
        """

    def store(self, reader: CancellableReadable, *, content_type: str, size: int | None) -> None:
        """
        Store all that ``reader`` gives, or nothing.

        Where ``reader`` or the store fails, or the task is interrupted, no object, no part of one
        and no temporary file is left, and an object that was there before stays as it was. Where
        the store cannot even be told to drop what it has, the log says so.

        :param reader: read until it returns ``b""``; the object must not be complete before
        :param content_type: the object's content type
        :param size: its length in bytes, None where not known
        :raises MissingBucketError: where its bucket does not exist, before the first byte is read
        :raises StoreError: where the store refuses or fails
        """
