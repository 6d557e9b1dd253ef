"""Whether an object is there although its store failed to say so."""

from __future__ import annotations

import hashlib
import io
import logging

from airflow_provider_onesignal.stream.chunks import CHUNK
from airflow_provider_onesignal.stream.errors import StoreError, StoreUncertainError
from airflow_provider_onesignal.stream.sink import Sink

log = logging.getLogger(__name__)


def store_bytes(sink: Sink, file: bytes, *, content_type: str) -> None:
    """
    Store a file that is in memory.

    :raises StoreError: where the store does not take it
    """
    try:
        sink.store(_InMemory(file), content_type=content_type, size=len(file))
    except StoreError as failure:
        confirm_stored(sink, failure, size=len(file), sha256=hashlib.sha256(file).hexdigest())


def confirm_stored(sink: Sink, failure: StoreError, *, size: int, sha256: str) -> None:
    """
    Return where the object is there in spite of a failure, whole and right; else raise it.

    A store may act on the last request of an upload and its answer be lost. Repeated, the request
    is then refused, because the upload is no more.

    :param failure: what the store said after all bytes had been read
    :param size: of the object that should be there, in bytes
    :param sha256: of it, in hexadecimal
    :raises StoreUncertainError: where the store cannot be asked
    """
    try:
        is_there = _holds(sink, size=size, sha256=sha256)
    except StoreError:
        raise StoreUncertainError(sink.uri, failure.reason) from failure
    if not is_there:
        raise failure
    log.warning(
        "The store's last answer was an error (%s), but %s is there, whole and right",
        type(failure.__cause__ or failure).__name__,
        sink.uri,
    )


def _holds(sink: Sink, *, size: int, sha256: str) -> bool:
    existing = sink.existing()
    if existing is None or existing.size != size:
        return False
    found = hashlib.sha256()
    with existing.open() as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
    return found.hexdigest() == sha256


class _InMemory(io.BytesIO):
    def cancel(self) -> None:
        self.close()
