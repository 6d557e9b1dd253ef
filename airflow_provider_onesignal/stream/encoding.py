"""A transport encoding undone where there is one, and only then."""

from __future__ import annotations

import zlib

from airflow_provider_onesignal.stream.chunks import CHUNK, ChunkStream
from airflow_provider_onesignal.stream.errors import CorruptStreamError
from airflow_provider_onesignal.stream.formats import BROKEN, GZIP_MAGIC, open_gzip


class Unwrapped(ChunkStream):
    """
    A stream with one layer of gzip taken off.

    :param wire: the bytes as they came
    """

    def __init__(self, wire: ChunkStream) -> None:
        super().__init__()
        self.is_framed = wire.is_framed
        self._wire = wire
        self._file = open_gzip(wire.read)

    def cancel(self) -> None:
        """Cancel the stream beneath."""
        self._wire.cancel()

    def _fetch(self) -> bytes:
        try:
            return self._file.read(CHUNK)
        except BROKEN as error:
            raise CorruptStreamError(f"its transport encoding: {error}") from error


def unwrap(wire: ChunkStream, *, encoding: str, name: str) -> ChunkStream:
    """
    Return the file's own bytes.

    A ``.gz`` that is merely labelled ``Content-Encoding: gzip`` stays as it is; one that was
    gzipped once more for transport, and a plain file that was gzipped, lose exactly that layer.

    :param wire: the bytes as they came
    :param encoding: the ``Content-Encoding`` of the answer, "" for none
    :param name: the file's name
    :raises CorruptStreamError: where the encoding is none we can undo, or a false label
    """
    if encoding in ("", "identity"):
        return wire
    if encoding not in ("gzip", "x-gzip"):
        raise CorruptStreamError(f"it came with the content encoding {encoding[:20]!r}, unasked")
    head = wire.peek()
    if not head.startswith(GZIP_MAGIC):
        raise CorruptStreamError("it is labelled as gzip and is not")
    if name.endswith(".gz") and not _holds_gzip(head):
        return wire
    return Unwrapped(wire)


def _holds_gzip(head: bytes) -> bool:
    try:
        return zlib.decompressobj(31).decompress(head, len(GZIP_MAGIC)) == GZIP_MAGIC
    except zlib.error:
        return False
