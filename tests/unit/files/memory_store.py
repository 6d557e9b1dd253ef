"""A store in memory, and one that fails at its last step."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_onesignal.exceptions import (
    OneSignalDestinationUnavailableError,
    OneSignalError,
)
from airflow_provider_onesignal.stores import Readable


@dataclass
class MemoryObject:
    data: bytes
    metadata: Mapping[str, str] | None = None
    reads: list[tuple[int, int]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, start: int, length: int) -> bytes:
        self.reads.append((start, length))
        return self.data[start : start + length]

    @contextmanager
    def open(self):
        self.reads.append((0, self.size))
        yield io.BytesIO(self.data)


@dataclass
class MemoryStore:
    keeps_metadata: bool = True
    uri: str = "memory://object"
    replace: bool = True
    stored: MemoryObject | None = None
    content_type: str = ""
    size: int | None = None
    puts: int = 0
    step: int = 4096

    def head(self) -> MemoryObject | None:
        return self.stored

    def put(
        self,
        file: Readable,
        *,
        content_type: str,
        size: int | None,
        metadata: Mapping[str, str],
    ) -> None:
        self.puts += 1
        self.size = size
        data = b"".join(iter(lambda: file.read(self.step), b""))
        self.stored = MemoryObject(data, metadata if self.keeps_metadata else None)
        self.content_type = content_type


@dataclass
class FailingStore(MemoryStore):
    """
    Fails when all is read.

    :param failure: what it raises then
    :param left: what is there then in place of the file; None for the file itself
    :param is_down: whether it cannot be asked either
    """

    failure: OneSignalError = field(
        default_factory=lambda: OneSignalDestinationUnavailableError("lost")
    )
    left: MemoryObject | None = None
    is_down: bool = False

    def head(self) -> MemoryObject | None:
        if self.is_down:
            raise OneSignalDestinationUnavailableError("down")
        return super().head()

    def put(self, file: Readable, **kwargs: Any) -> None:
        super().put(file, **kwargs)
        self.stored = self.left or self.stored
        raise self.failure
