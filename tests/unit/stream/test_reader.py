"""A file ends only if it is whole and right."""

from __future__ import annotations

import hashlib
import io

import pytest

from airflow_provider_onesignal.stream.errors import CorruptStreamError, StreamCancelledError
from airflow_provider_onesignal.stream.identity import StoredStream
from airflow_provider_onesignal.stream.reader import VerifiedReader
from tests.unit.stream.faulty import XML_PAGE, csv_of, gzip_of

FILE = gzip_of(4000)


def reader_of(
    data: bytes, *, name: str = "users.csv.gz", size: int | None = None
) -> VerifiedReader:
    return VerifiedReader(StoredStream(io.BytesIO(data), size=size or len(data)), name=name)


@pytest.mark.parametrize("length", [1000, 4096, len(FILE), 10 * len(FILE)])
def test_reads_are_exact_until_the_end(length: int) -> None:
    with reader_of(FILE) as reader:
        pieces = list(iter(lambda: reader.read(length), b""))

    assert b"".join(pieces) == FILE
    assert {len(piece) for piece in pieces[:-1]} <= {length}


def test_a_negative_length_reads_all() -> None:
    with reader_of(FILE) as reader:
        assert reader.read(10) + reader.read() == FILE
        assert reader.read() == b""


@pytest.mark.parametrize(
    ("data", "name", "content_type"),
    [(FILE, "users.csv.gz", "application/gzip"), (csv_of(4000), "history.csv", "text/csv")],
)
def test_the_summary_tells_what_was_read(data: bytes, name: str, content_type: str) -> None:
    with reader_of(data, name=name) as reader:
        reader.read()
        summary = reader.summary(etag='"v1"')

    assert summary.bytes == len(data)
    assert summary.rows == 4000
    assert summary.sha256 == hashlib.sha256(data).hexdigest()
    assert summary.source_etag == '"v1"'
    assert summary.content_type == content_type


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(FILE[:-1], id="cut"),
        pytest.param(FILE + b"x", id="trailing-garbage"),
        pytest.param(FILE[:5000] + b"~" + FILE[5001:], id="flipped"),
    ],
)
def test_a_corrupt_file_never_ends_and_never_recovers(data: bytes) -> None:
    with reader_of(data) as reader:
        with pytest.raises(CorruptStreamError):
            list(iter(lambda: reader.read(1000), b""))
        for _ in range(3):
            with pytest.raises(CorruptStreamError):
                reader.read(1000)

    assert not reader.is_complete


def test_the_last_bytes_are_held_back_until_all_checks_passed() -> None:
    with reader_of(FILE[:-8] + bytes(8)) as reader:
        reader.read(len(FILE) - 4)
        with pytest.raises(CorruptStreamError):
            reader.read(5)


@pytest.mark.parametrize("size", [len(FILE) - 1, len(FILE) + 1])
def test_a_length_other_than_announced_is_refused(size: int) -> None:
    with (
        reader_of(FILE, size=size) as reader,
        pytest.raises(CorruptStreamError, match="in place of"),
    ):
        reader.read()


@pytest.mark.parametrize("name", ["users.csv.gz", "history.csv"])
def test_an_error_page_is_refused_before_the_first_read(name: str) -> None:
    with pytest.raises(CorruptStreamError, match="XML or HTML page"):
        reader_of(XML_PAGE, name=name)


@pytest.mark.parametrize(("file", "name"), [(csv_of(3), "history.csv"), (FILE, "users.csv.gz")])
def test_a_file_of_untold_length_is_refused(file: bytes, name: str) -> None:
    stream = StoredStream(io.BytesIO(file), size=9)
    stream.is_framed = False

    with pytest.raises(CorruptStreamError, match="length was not told"):
        VerifiedReader(stream, name=name)


def test_an_interrupted_read_poisons_the_reader() -> None:
    class InterruptedOnce(io.BytesIO):
        interrupts = 1

        def read(self, length: int | None = -1, /) -> bytes:
            if self.tell() > 3000 and self.interrupts:
                self.interrupts = 0
                raise KeyboardInterrupt
            return super().read(1024)

    stream = StoredStream(InterruptedOnce(FILE), size=len(FILE))
    with VerifiedReader(stream, name="users.csv.gz") as reader:
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                reader.read()


def test_a_cancelled_reader_gives_nothing_more() -> None:
    with reader_of(FILE) as reader:
        reader.read(10)
        reader.cancel()
        with pytest.raises(StreamCancelledError):
            reader.read(10)
