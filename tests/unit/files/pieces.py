"""Streams of bytes that are in memory."""

from __future__ import annotations

from collections.abc import Callable

from airflow_provider_onesignal.files.chunks import ChunkStream


class Pieces(ChunkStream):
    """
    Bytes that come a few at a time.

    :param before_each: called before each piece
    """

    def __init__(
        self,
        data: bytes,
        *,
        name: str = "users.csv.gz",
        step: int = 1000,
        before_each: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(name=name, label="host/…")
        self.size = len(data)
        self._before_each = before_each
        self._pieces = iter([data[start : start + step] for start in range(0, len(data), step)])

    def _fetch(self) -> bytes:
        self._before_each()
        return next(self._pieces, b"")
