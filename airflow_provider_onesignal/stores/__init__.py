"""Where a file can go: one module a store, which stores all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol

from airflow_provider_onesignal.exceptions import (
    OneSignalConfigurationError,
    OneSignalDestinationError,
    OneSignalDestinationTakenError,
    OneSignalDestinationUnavailableError,
    OneSignalError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.redaction import redact

_LONGEST_REASON = 2000
_MAY_PASS = (404, 408, 409, 410, 429)


class Readable(Protocol):
    """A file to read from."""

    def read(self, length: int = -1, /) -> bytes:
        """Return up to ``length`` bytes, ``b""`` at the end."""


class StoredObject(Protocol):
    """An object that is in the store."""

    @property
    def size(self) -> int:
        """Its length in bytes."""

    @property
    def metadata(self) -> Mapping[str, str] | None:
        """What was written beside it; None where the store keeps no such thing."""

    def read(self, start: int, length: int) -> bytes:
        """Return ``length`` of its bytes from ``start`` on."""

    def open(self) -> AbstractContextManager[Readable]:
        """Return it as a file, read from its first byte in pieces."""


class Store(Protocol):
    """One place for one object."""

    @property
    def uri(self) -> str:
        """Where the object is, for people and for the next task."""

    @property
    def replace(self) -> bool:
        """Whether an object that is there may be written over."""

    def head(self) -> StoredObject | None:
        """
        Return the object that is there now, None where there is none.

        :raises OneSignalDestinationError: its bucket does not exist, or the store refuses
        :raises OneSignalDestinationUnavailableError: the store failed
        """

    def put(
        self,
        file: Readable,
        *,
        content_type: str,
        size: int | None,
        metadata: Mapping[str, str],
    ) -> None:
        """
        Store all that ``file`` returns, or nothing.

        Where ``file`` or the store fails, or the task is told to stop, no object, no part of one
        and no temporary file is left, and an object that was there before stays as it was. Where
        the store cannot even be told to drop what it has, the log says so.

        :param file: read in the calling thread until it returns ``b""``; the object is not
            complete before
        :param content_type: of the object
        :param size: its length in bytes, None where not known
        :param metadata: to be written beside it, where the store keeps such
        :raises OneSignalDestinationTakenError: an object is there, and ``replace`` is not set
        :raises OneSignalDestinationError: the store refuses
        :raises OneSignalDestinationUnavailableError: the store failed, is full or cannot be reached
        """


Explain = Callable[[str, Exception], OneSignalError | None]
"""Returns what an error of a store's library means for a URI, None for one that is not its own."""


def refused(uri: str, error: Exception, *, remedy: str = "") -> OneSignalDestinationError:
    """
    Return the error for a store that refuses, whenever it is asked again.

    :param uri: the destination
    :param error: what its library says
    :param remedy: a sentence for the reader, where a better one is known
    """
    remedy = remedy or (
        "Check the name, and let the task's connection to the store read and write there, and "
        "list the bucket."
    )
    reason = redact(_reason(error))
    return OneSignalDestinationError(
        f"The destination {uri} refuses: {reason} Nothing was stored. {remedy}"
    )


def failed(uri: str, error: Exception) -> OneSignalDestinationUnavailableError:
    """Return the error for a store that may take it later; parameters as of :func:`refused`."""
    return OneSignalDestinationUnavailableError(
        f"The destination {uri} failed: {redact(_reason(error))} Nothing was stored. Retry once "
        "it is in order."
    )


def taken(uri: str) -> OneSignalDestinationTakenError:
    """Return the error for a place where an object appeared."""
    return OneSignalDestinationTakenError(
        f"{uri} appeared while this task ran, and is not written over. Nothing was stored: choose "
        "another name, delete it, or pass replace=True."
    )


def missing_bucket(uri: str) -> OneSignalDestinationError:
    """Return the error for a destination whose bucket does not exist."""
    return OneSignalDestinationError(
        f"The bucket of {uri} does not exist: create it, or correct its name."
    )


def explain_status(uri: str, error: Exception, status: int) -> OneSignalError:
    """
    Return what an HTTP status of a store means.

    Whether the bucket is missing is asked before: 404 and 410 are those of an upload that the
    store has given up, so that the next try begins another one.
    """
    if status == 412:
        return taken(uri)
    is_passing = status in _MAY_PASS or not 300 <= status < 500
    return failed(uri, error) if is_passing else refused(uri, error)


def _reason(error: Exception) -> str:
    text = str(error).strip()[:_LONGEST_REASON]
    if not text:
        return f"{type(error).__name__}."
    return text if text.endswith((".", "!", "?")) else f"{text}."


@dataclass(frozen=True)
class StoreErrors:
    """
    Raises the errors of a store's library as this package's own; every other passes as it is.

    :param uri: the destination
    :param explain: knows the errors of the library
    """

    uri: str
    explain: Explain

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Explain what is raised within."""
        try:
            yield
        except Exception as error:
            explained = None if isinstance(error, OneSignalError) else self.explain(self.uri, error)
            if explained is None:
                raise
            raise explained from error

    def object(self, stored: StoredObject) -> StoredObject:
        """Return an object of the store whose reads explain its errors too."""
        return _ExplainingObject(self, stored)


@dataclass(frozen=True)
class _ExplainingObject:
    errors: StoreErrors
    stored: StoredObject

    @property
    def size(self) -> int:
        return self.stored.size

    @property
    def metadata(self) -> Mapping[str, str] | None:
        with self.errors():
            return self.stored.metadata

    def read(self, start: int, length: int) -> bytes:
        with self.errors():
            return self.stored.read(start, length)

    @contextmanager
    def open(self) -> Iterator[Readable]:
        with self.errors():
            opening = self.stored.open()
            file = opening.__enter__()
        try:
            yield _ExplainingFile(self.errors, file)
        finally:
            with self.errors():
                opening.__exit__(None, None, None)


@dataclass(frozen=True)
class _ExplainingFile:
    errors: StoreErrors
    file: Readable

    def read(self, length: int = -1, /) -> bytes:
        with self.errors():
            return self.file.read(length)


def require_package(package: str, *, extra: str) -> None:
    """
    Raise where a provider that a store needs is not installed.

    :param package: its import name
    :param extra: the extra of this package that brings it
    """
    try:
        is_there = find_spec(package) is not None
    except ModuleNotFoundError:
        is_there = False
    if not is_there:
        raise OneSignalConfigurationError(
            f"The package {package} is not installed: run "
            f"pip install 'airflow-provider-onesignal[{extra}]'."
        )


def check_object_name(value: Any, *, name: str) -> str:
    """
    Return the name of an object, once it is checked.

    :param name: the parameter's name, for the error, as in all checks here
    :raises OneSignalValidationError: it is blank, or that of a folder
    """
    given = _text(value, name=name)
    if given.endswith("/"):
        raise OneSignalValidationError(
            f"{name} must name a file, got the folder {given!r}: add the file's name, such as "
            "'{{ ds }}.csv.gz'."
        )
    return given


def check_bucket(value: Any, *, name: str) -> str:
    """
    Return the name of a bucket, once it is checked.

    :raises OneSignalValidationError: it is blank, or more than a name
    """
    given = _text(value, name=name)
    if "/" in given:
        raise OneSignalValidationError(
            f"{name} must be the bucket's name alone, without a scheme or slashes, got {given!r}."
        )
    return given


def _text(value: Any, *, name: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise OneSignalValidationError(f"{name} must be a non-empty string, got {value!r}.")
    return value
