"""
What can go wrong between a URL and a stored object: one type a decision.

No text holds a URL, because a URL opens personal data.
"""

from __future__ import annotations


class StreamError(Exception):
    """Base of everything the stream raises by itself."""


class InvalidSourceError(StreamError):
    """The source is not an ``http`` or ``https`` URL."""


class RedirectError(StreamError):
    """The server points elsewhere; the file is only read where it was announced."""


class SourceStatusError(StreamError):
    """
    The server refused.

    :param text: what happened, for the reader of the log
    :param status_code: the HTTP status of the refusal
    """

    def __init__(self, text: str, *, status_code: int) -> None:
        super().__init__(text)
        self.status_code = status_code


class SourceLostError(StreamError):
    """The connection dropped more often than is patient."""


class SourceUntrustedError(StreamError):
    """The server's certificate is not trusted, or cannot be checked; no later try can succeed."""


class SourceChangedError(StreamError):
    """The file behind the URL became another one while it was being read."""


class CorruptStreamError(StreamError):
    """
    The bytes are not the whole, right file.

    :param reason: which check they failed
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"The file is corrupt: {reason}.")
        self.reason = reason


class StreamCancelledError(StreamError):
    """The copy was given up before the end of the file."""


class StoreError(StreamError):
    """
    Base of what can go wrong with the store of the destination.

    :param uri: the destination
    :param reason: what happened, in the store's words: to be shortened before it is shown
    """

    def __init__(self, uri: str, reason: str) -> None:
        super().__init__(f"{uri}: {reason}")
        self.uri = uri
        self.reason = reason


class StoreRefusedError(StoreError):
    """The store refuses; as things are, no later try can succeed."""


class StoreTakenError(StoreRefusedError):
    """An object appeared in the place, and is not to be written over."""


class StoreFailedError(StoreError):
    """The store failed, is full or cannot be reached; a later try may succeed."""


class StoreUncertainError(StoreFailedError):
    """The store failed at the last step, and cannot be asked whether the object is there."""


class UnnamedBucketError(StoreRefusedError):
    """
    Nothing says which bucket it is to be.

    :param key: the object's name in it
    :param remedy: where a bucket can be named
    """

    def __init__(self, key: str, remedy: str) -> None:
        super().__init__(key, remedy)

    def __str__(self) -> str:
        return f"No bucket is named for {self.uri}: {self.reason}"


class MissingBucketError(StoreRefusedError):
    """
    The bucket of the destination does not exist.

    :param uri: the destination
    """

    def __init__(self, uri: str) -> None:
        super().__init__(uri, "the bucket does not exist")

    def __str__(self) -> str:
        return f"The bucket of {self.uri} does not exist; create it, or correct its name."
