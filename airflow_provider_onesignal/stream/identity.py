"""Whether the object that is already there is the very file to be copied."""

from __future__ import annotations

import urllib3

from airflow_provider_onesignal.stream import answer
from airflow_provider_onesignal.stream.chunks import CHUNK, ChunkStream
from airflow_provider_onesignal.stream.download import Download
from airflow_provider_onesignal.stream.encoding import unwrap
from airflow_provider_onesignal.stream.errors import CorruptStreamError
from airflow_provider_onesignal.stream.formats import GZIP_MAGIC
from airflow_provider_onesignal.stream.reader import CopySummary, VerifiedReader
from airflow_provider_onesignal.stream.sink import Readable, StoredObject
from airflow_provider_onesignal.stream.source import DroppedError, HttpSource

_EDGE = 64 * 1024


class StoredStream(ChunkStream):
    """
    An object of the store, chunk by chunk.

    :param file: the object, opened
    :param size: its length in bytes
    """

    def __init__(self, file: Readable, *, size: int) -> None:
        super().__init__()
        self._file = file
        self.size = size

    def _fetch(self) -> bytes:
        return self._file.read(CHUNK)


def summarise(existing: StoredObject, *, name: str, etag: str | None = None) -> CopySummary:
    """
    Read a stored object to its end through the checks of a copy.

    :param existing: the object
    :param name: the name of the file that it should be
    :param etag: what the summary gives as the source's
    :raises CorruptStreamError: where the object is not whole and right
    """
    with (
        existing.open() as file,
        VerifiedReader(StoredStream(file, size=existing.size), name=name) as reader,
    ):
        while reader.read(CHUNK):
            pass
        return reader.summary(etag=etag)


def summary_of_copy(source: HttpSource, existing: StoredObject) -> CopySummary | None:
    """
    Give the summary of a stored object that is a copy of the source; None where it is none.

    Nor is one that only begins and ends like the source, and is damaged between.

    :raises StreamError: where the source cannot be read
    """
    if not is_same_file(source, existing):
        return None
    try:
        return summarise(existing, name=source.file_name)
    except CorruptStreamError:
        return None


def is_same_file(source: HttpSource, existing: StoredObject) -> bool:
    """
    Tell whether the stored object holds the source's bytes.

    Of gzip the size and both ends are compared: the last 8 bytes are the checksum and the length
    of what is within. Anything else is compared whole.

    :raises StreamError: where the source cannot be read
    """
    ends = _same_ends(source, existing)
    return _same_throughout(source, existing) if ends is None else ends


def _same_ends(source: HttpSource, existing: StoredObject) -> bool | None:
    """Compare size and both ends; None where that does not suffice."""
    head = _range(source, first=0, length=_EDGE)
    if head is None or not head[0].startswith(GZIP_MAGIC):
        return None
    body, version = head
    if version.size is None:
        return None
    if version.size != existing.size:
        return False
    if body != existing.read(0, _EDGE):
        return False
    first = max(existing.size - _EDGE, 0)
    tail = _range(source, first=first, length=_EDGE)
    if tail is None or version.contradicts(tail[1]):
        return None
    return tail[0] == existing.read(first, _EDGE)


def _range(source: HttpSource, *, first: int, length: int) -> tuple[bytes, answer.Version] | None:
    """Return a part of the file as stored, None where it cannot be had by itself."""
    try:
        response = source.get(Range=f"bytes={first}-{first + length - 1}")
    except DroppedError:
        return None
    with response:
        part = answer.byte_range(response.headers)
        if response.status_code != 206 or part is None or answer.encoding(response.headers):
            return None
        try:
            body = response.raw.read(length, decode_content=False)
        except (urllib3.exceptions.HTTPError, OSError):
            return None
    whole = part.first == first and len(body) == part.last + 1 - part.first
    return (body, answer.version(response.headers)) if whole else None


def _same_throughout(source: HttpSource, existing: StoredObject) -> bool:
    with Download(source) as download, existing.open() as file:
        stream = unwrap(download, encoding=download.encoding, name=source.file_name)
        if stream.size not in (None, existing.size):
            return False
        while chunk := stream.read():
            if chunk != _exactly(file, len(chunk)):
                return False
        return not file.read(1)


def _exactly(file: Readable, length: int) -> bytes:
    pieces = []
    while length and (piece := file.read(length)):
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)
