"""Stand-ins for what is around the engine of rows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import fsspec

from airflow_provider_onesignal.exceptions import OneSignalValidationError
from airflow_provider_onesignal.rows import Item, Row
from airflow_provider_onesignal.rows.lanes import Work
from airflow_provider_onesignal.rows.reader import SourceFile


class FakeTime:
    """A clock that sleeping moves on."""

    def __init__(self) -> None:
        self.now = 100.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.now += max(seconds, 1e-9)


class FakeSender:
    """
    Takes rows with a ``user``; remembers what it was sent.

    :param answer: called with the rows of each request; returns reasons or raises
    """

    spacing = 0.0
    refused_statuses = frozenset({400, 409})

    def __init__(
        self,
        answer: Callable[[list[Any]], Sequence[str] | None] = lambda _: None,
        *,
        rows: int = 1,
        concurrency: int = 4,
    ) -> None:
        self.rows_per_request, self.concurrency = rows, concurrency
        self.bytes_per_request = 1_000_000
        self.requests: list[list[Any]] = []
        self.accepted: list[Any] = []
        self.most_at_once = 0
        self._under_way: list[str] = []
        self._answer = answer

    def prepare(self, row: Row) -> Item:
        if "user" not in row.values:
            raise OneSignalValidationError("no user")
        return Item(str(row.values["user"]), row.values, 10)

    async def send(self, items: Sequence[Item]) -> Sequence[str]:
        keys = [item.key for item in items]
        assert not set(keys) & set(self._under_way), "two requests of a user at once"
        self._under_way += keys
        self.most_at_once = max(self.most_at_once, len(self._under_way))
        try:
            await asyncio.sleep(0.001)
            payloads = [item.payload for item in items]
            self.requests.append(payloads)
            reasons = self._answer(payloads) or [""] * len(items)
            pairs = zip(payloads, reasons, strict=True)
            self.accepted += [payload for payload, reason in pairs if not reason]
            return reasons
        finally:
            for key in keys:
                self._under_way.remove(key)


class FakeDeadLetter:
    """Keeps letters in memory."""

    uri = "memory://dead.jsonl"

    def __init__(self) -> None:
        self.letters: list[tuple[int, str]] = []
        self.written: list[bytes] = []
        self.parts = 0
        self.is_whole = True
        self.log: list[str] = []
        self._new = 0

    def __len__(self) -> int:
        return self._new

    def add(self, row: Row, reason: str) -> None:
        self._new += 1
        self.letters.append((row.number, reason))

    def take(self) -> bytes:
        taken, self._new = self._new, 0
        return b"x" * taken

    def write(self, letters: bytes) -> int:
        self.written.append(letters)
        self.parts += bool(letters)
        return self.parts

    def has_parts(self) -> bool:
        return self.is_whole

    def publish(self) -> None:
        self.log.append("published")

    def discard(self) -> None:
        self.log.append("discarded")


class FakeMemory:
    """Keeps a state as JSON."""

    def __init__(self) -> None:
        self.kept: str | None = None

    def load(self) -> Any:
        return None if self.kept is None else json.loads(self.kept)

    def save(self, state: Any) -> None:
        self.kept = json.dumps(state)

    def clear(self) -> None:
        self.kept = None


def work(ordinal: int, key: str, size: int = 1) -> Work:
    return Work(ordinal, Row("file:///x", "v", ordinal, {}), Item(key, ordinal, size))


def local_file(path: Path) -> SourceFile:
    fs = fsspec.filesystem("file")
    return SourceFile(fs, str(path), fs.info(str(path)))


def json_lines(path: Path, rows: Sequence[Any]) -> SourceFile:
    content = "".join(json.dumps(row) + "\n" for row in rows)
    if not path.exists() or path.read_text() != content:
        path.write_text(content)
    return local_file(path)
