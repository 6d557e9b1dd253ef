"""Giving a copy up from outside of it."""

from __future__ import annotations

import threading

import pytest

from airflow_provider_onesignal.stream.cancel import Cancellation
from airflow_provider_onesignal.stream.copy import copy
from airflow_provider_onesignal.stream.errors import StreamCancelledError
from airflow_provider_onesignal.stream.sink import Readable
from tests.unit.stream.faulty import Answer, gzip_of, serving, source_of
from tests.unit.stream.memory_sink import MemorySink

FILE = gzip_of(20_000)


class Reader:
    def __init__(self) -> None:
        self.is_cancelled = threading.Event()

    def read(self, length: int = -1, /) -> bytes:
        return b""

    def cancel(self) -> None:
        self.is_cancelled.set()


def test_what_is_read_is_told() -> None:
    cancellation, reader = Cancellation(), Reader()
    cancellation.watch(reader)
    assert not reader.is_cancelled.is_set()

    cancellation.cancel()

    assert reader.is_cancelled.wait(10)


def test_what_is_read_later_is_told_at_once() -> None:
    cancellation, reader = Cancellation(), Reader()
    cancellation.cancel()

    cancellation.watch(reader)

    assert reader.is_cancelled.is_set()


def test_a_signals_handler_never_waits_for_what_it_interrupted() -> None:
    lock, cancellation = threading.Lock(), Cancellation()

    class Locking(Reader):
        def cancel(self) -> None:
            with lock:
                super().cancel()

    reader = Locking()
    cancellation.watch(reader)
    with lock:
        cancellation.cancel()

    assert reader.is_cancelled.wait(10)


def test_a_copy_ends_and_stores_nothing() -> None:
    cancellation = Cancellation()

    class Cancelling(MemorySink):
        def store(self, reader: Readable, *, content_type: str, size: int | None) -> None:
            reader.read(4096)
            cancellation.cancel()
            while True:
                reader.read(1)

    sink = Cancelling()
    # a connection that is still open is not enough: the rest never comes
    stalled = Answer(body=FILE, cut_after=50_000, stall=True)
    with serving(stalled) as server, pytest.raises(StreamCancelledError):
        copy(source_of(server, timeout=60), sink, cancellation=cancellation)

    assert sink.stored is None
