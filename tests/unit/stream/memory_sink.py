"""A store in memory."""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass, field

from airflow_provider_onesignal.stream.sink import Readable


@dataclass
class MemoryObject:
    data: bytes
    reads: list[tuple[int, int]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, start: int, length: int) -> bytes:
        self.reads.append((start, length))
        return self.data[start : start + length]

    @contextmanager
    def open(self):
        yield io.BytesIO(self.data)


@dataclass
class MemorySink:
    uri: str = "memory://object"
    stored: MemoryObject | None = None
    content_type: str = ""
    size: int | None = None
    stores: int = 0
    step: int = 4096

    def existing(self) -> MemoryObject | None:
        return self.stored

    def store(self, reader: Readable, *, content_type: str, size: int | None) -> None:
        self.stores += 1
        self.size = size
        data = b"".join(iter(lambda: reader.read(self.step), b""))
        self.stored, self.content_type = MemoryObject(data), content_type
