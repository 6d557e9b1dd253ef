"""A copy that is told to stop ends at once, wherever it waits, and stores nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest

from airflow_provider_onesignal.files.copy import copy_file, existing_copy, put_bytes
from airflow_provider_onesignal.files.source import ResumePolicy
from tests.unit.files.faulty import Answer, csv_of, gzip_of, serving, source_of
from tests.unit.files.memory_store import FailingStore, MemoryObject, MemoryStore
from tests.unit.stopping import stopped

FILE = gzip_of(20_000)
CSV = csv_of(5000)
SILENT = Answer(silent=True)
STALLED = Answer(body=FILE, cut_after=50_000, stall=True)
CUT = Answer(body=FILE, cut_after=50_000)


class Stalled(io.BytesIO):
    """A file of a store that does not answer any more."""

    def __init__(self) -> None:
        super().__init__()
        self.is_read = Event()

    def read(self, length: int | None = -1, /) -> bytes:
        self.is_read.set()
        Event().wait(60)
        return b""


class StalledObject(MemoryObject):
    file: Stalled

    @contextmanager
    def open(self) -> Iterator[Any]:
        yield self.file


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([SILENT], id="for-the-first-response"),
        pytest.param([Answer(body=FILE, cut_after=0, stall=True)], id="for-the-first-byte"),
        pytest.param([STALLED], id="for-the-next-bytes"),
        pytest.param([CUT, SILENT], id="for-the-response-of-the-next-attempt"),
        pytest.param([CUT, STALLED], id="for-the-bytes-of-the-next-attempt"),
    ],
)
def test_a_copy_that_waits_for_the_source(answers: list[Answer]) -> None:
    store = MemoryStore()
    with serving(*answers) as server, stopped(server.stalled):
        copy_file(source_of(server, timeout=60), store)

    assert store.stored is None


def test_a_copy_that_waits_before_the_next_attempt() -> None:
    class Patient(ResumePolicy):
        def delay(self, stalls: int, retry_after: float = 0.0) -> float:
            waits.set()
            return 60

    waits, store = Event(), MemoryStore()
    with serving(CUT) as server, stopped(waits):
        copy_file(source_of(server, policy=Patient()), store)

    assert store.stored is None


@pytest.mark.parametrize("answers", [[SILENT], [Answer(body=FILE), SILENT]], ids=["start", "end"])
def test_a_comparison_that_waits_for_the_source(answers: list[Answer]) -> None:
    with serving(*answers) as server, stopped(server.stalled):
        existing_copy(source_of(server, timeout=60), MemoryObject(FILE))


def test_a_comparison_that_waits_for_the_store() -> None:
    stored = StalledObject(CSV)
    stored.file = Stalled()
    with serving(Answer(body=CSV), name="history.csv") as server, stopped(stored.file.is_read):
        existing_copy(source_of(server), stored)


def test_a_confirmation_that_waits_for_the_store() -> None:
    left = StalledObject(FILE)
    left.file = Stalled()
    with stopped(left.file.is_read):
        put_bytes(FailingStore(left=left), FILE, content_type="application/gzip")
