"""A store's own errors, told as those of the stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from airflow_provider_onesignal.stream.errors import (
    StoreError,
    StoreFailedError,
    StoreRefusedError,
    StreamError,
)
from airflow_provider_onesignal.stream.sink import Readable, Sink, StoredObject

Classify = Callable[[Exception], type[StoreError] | None]
"""Says what an error of a store's library means, None for one that is not the store's."""

_LONGEST_REASON = 2000
_MAY_PASS = (404, 408, 409, 410, 429)


def kind_of_status(status: int) -> type[StoreError]:
    """
    Say what an HTTP status of a store means.

    Whether the bucket is missing is asked before: 404 and 410 are those of an upload that the
    store has given up, so that the next try begins another one.
    """
    is_passing = status in _MAY_PASS or not 300 <= status < 500
    return StoreFailedError if is_passing else StoreRefusedError


@dataclass(frozen=True)
class TypedErrors:
    """
    Raises the errors of a store as the stream's own; every other passes as it is.

    :param sink: whose store it is
    :param classify: knows the errors of its library
    """

    sink: Sink
    classify: Classify

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Tell of what is raised within."""
        try:
            yield
        except Exception as error:
            kind = None if isinstance(error, StreamError) else self.classify(error)
            if kind is None:
                raise
            raise kind(self.sink.uri, _reason(error)) from error

    def object(self, stored: StoredObject) -> StoredObject:
        """Give an object of the store whose reads tell of its errors too."""
        return _TypedObject(self, stored)


@dataclass(frozen=True)
class _TypedObject:
    typed_errors: TypedErrors
    stored: StoredObject

    @property
    def size(self) -> int:
        return self.stored.size

    def read(self, start: int, length: int) -> bytes:
        with self.typed_errors():
            return self.stored.read(start, length)

    @contextmanager
    def open(self) -> Iterator[Readable]:
        with self.typed_errors():
            opening = self.stored.open()
            file = opening.__enter__()
        try:
            yield _TypedFile(self.typed_errors, file)
        finally:
            with self.typed_errors():
                opening.__exit__(None, None, None)


@dataclass(frozen=True)
class _TypedFile:
    typed_errors: TypedErrors
    file: Readable

    def read(self, length: int = -1, /) -> bytes:
        with self.typed_errors():
            return self.file.read(length)


def _reason(error: Exception) -> str:
    text = str(error).strip()[:_LONGEST_REASON]
    if not text:
        return f"{type(error).__name__}."
    return text if text.endswith((".", "!", "?")) else f"{text}."
