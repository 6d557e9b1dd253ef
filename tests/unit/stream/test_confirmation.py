"""Whether an object is there although its store failed to say so."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from airflow_provider_onesignal.stream.confirmation import store_bytes
from airflow_provider_onesignal.stream.copy import copy
from airflow_provider_onesignal.stream.errors import (
    StoreError,
    StoreFailedError,
    StoreTakenError,
    StoreUncertainError,
)
from airflow_provider_onesignal.stream.sink import Readable
from tests.unit.stream.faulty import Answer, gzip_of, serving, source_of
from tests.unit.stream.memory_sink import MemoryObject, MemorySink

FILE = gzip_of(20_000)
TYPE = "application/gzip"


@dataclass
class FailingSink(MemorySink):
    """
    Fails after all was read.

    :param keeps: what is there then, None for what was there before
    :param is_down: whether it cannot be asked either
    """

    failure: StoreError = field(default_factory=lambda: StoreFailedError("u", "lost"))
    keeps: bytes | None = None
    is_down: bool = False

    def existing(self) -> MemoryObject | None:
        if self.is_down:
            raise StoreFailedError(self.uri, "down")
        return super().existing()

    def store(self, reader: Readable, *, content_type: str, size: int | None) -> None:
        while reader.read(4096):
            pass
        if self.keeps is not None:
            self.stored = MemoryObject(self.keeps)
        raise self.failure


FAILURES = pytest.mark.parametrize("kind", [StoreFailedError, StoreTakenError])


@FAILURES
def test_an_object_that_is_there_whole_and_right_is_stored(kind: type[StoreError]) -> None:
    store_bytes(FailingSink(failure=kind("u", "r"), keeps=FILE), FILE, content_type=TYPE)


@FAILURES
@pytest.mark.parametrize("there", [None, FILE[:-1], FILE[:-1] + b"~", b""])
def test_anything_else_is_the_failure_itself(kind: type[StoreError], there: bytes | None) -> None:
    sink = FailingSink(failure=kind("u", "r"), keeps=there)

    with pytest.raises(StoreError) as caught:
        store_bytes(sink, FILE, content_type=TYPE)

    assert caught.value is sink.failure


def test_a_store_that_cannot_be_asked_leaves_it_open() -> None:
    sink = FailingSink(keeps=FILE, is_down=True)

    with pytest.raises(StoreUncertainError) as caught:
        store_bytes(sink, FILE, content_type=TYPE)

    assert caught.value.__cause__ is sink.failure


def test_a_copy_looks_too() -> None:
    sink = FailingSink(keeps=FILE)
    with serving(Answer(body=FILE)) as server:
        summary = copy(source_of(server), sink)

    assert (summary.bytes, summary.rows) == (len(FILE), 20_000)


def test_a_copy_that_failed_before_its_end_does_not() -> None:
    class Early(FailingSink):
        def store(self, reader: Readable, *, content_type: str, size: int | None) -> None:
            reader.read(4096)
            self.is_down = True
            raise self.failure

    sink = Early()
    with serving(Answer(body=FILE)) as server, pytest.raises(StoreFailedError) as caught:
        copy(source_of(server), sink)

    assert caught.value is sink.failure
