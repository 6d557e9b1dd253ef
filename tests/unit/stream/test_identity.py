"""Whether the object that is there is the very file."""

from __future__ import annotations

import gzip

import pytest

from airflow_provider_onesignal.stream.errors import CorruptStreamError
from airflow_provider_onesignal.stream.identity import is_same_file, summarise, summary_of_copy
from tests.unit.stream.faulty import Answer, csv_of, gzip_of, serving, source_of
from tests.unit.stream.memory_sink import MemoryObject

FILE = gzip_of(40_000)
CSV = csv_of(5000)
assert len(FILE) > 4 * 65536


def changed(data: bytes, index: int) -> bytes:
    broken = bytearray(data)
    broken[index] ^= 1
    return bytes(broken)


@pytest.mark.parametrize("ranges", [True, False], ids=["by-range", "without-ranges"])
@pytest.mark.parametrize(
    ("stored", "same"),
    [
        pytest.param(FILE, True, id="the-same"),
        pytest.param(FILE[:-1], False, id="shorter"),
        pytest.param(FILE + b"\0", False, id="longer"),
        pytest.param(changed(FILE, 20), False, id="other-head"),
        pytest.param(changed(FILE, len(FILE) - 5), False, id="other-checksum"),
        pytest.param(gzip_of(39_999), False, id="another-export"),
        pytest.param(b"", False, id="empty"),
    ],
)
def test_a_gzip_is_known_by_its_size_and_ends(stored: bytes, same: bool, ranges: bool) -> None:
    with serving(Answer(body=FILE, ranges=ranges)) as server:
        assert is_same_file(source_of(server), MemoryObject(stored)) is same


@pytest.mark.parametrize("stored", [FILE, FILE[:-1], changed(FILE, len(FILE) // 2)])
def test_a_gzip_whose_parts_do_not_tell_its_size_is_compared_whole(stored: bytes) -> None:
    with serving(Answer(body=FILE, total=False)) as server:
        assert is_same_file(source_of(server), MemoryObject(stored)) is (stored == FILE)


def test_of_a_gzip_only_the_ends_are_read() -> None:
    stored = MemoryObject(FILE)
    with serving(Answer(body=FILE)) as server:
        assert is_same_file(source_of(server), stored)

    assert server.ranges == ["bytes=0-65535", f"bytes={len(FILE) - 65536}-{len(FILE) - 1}"]
    assert sum(length for _, length in stored.reads) == 2 * 65536


@pytest.mark.parametrize(
    ("stored", "same"),
    [(CSV, True), (changed(CSV, len(CSV) // 2), False), (CSV + b"x", False), (CSV[:-1], False)],
)
def test_a_plain_file_is_compared_whole(stored: bytes, same: bool) -> None:
    with serving(Answer(body=CSV), name="history.csv") as server:
        assert is_same_file(source_of(server), MemoryObject(stored)) is same


@pytest.mark.parametrize("stored", [FILE, changed(FILE, len(FILE) // 2)])
def test_an_encoded_answer_is_compared_by_what_would_be_stored(stored: bytes) -> None:
    wrapped = Answer(body=gzip.compress(FILE), headers={"Content-Encoding": "gzip"})
    with serving(wrapped) as server:
        assert is_same_file(source_of(server), MemoryObject(stored)) is (stored == FILE)


def test_a_file_that_changes_between_the_two_looks_is_compared_whole() -> None:
    other = gzip_of(40_001)
    answers = Answer(body=FILE), Answer(body=other, etag='"v2"')
    with serving(*answers) as server:
        assert not is_same_file(source_of(server), MemoryObject(FILE))

    assert len(server.requests) == 3


def test_the_summary_of_a_stored_object_is_that_of_a_copy() -> None:
    summary = summarise(MemoryObject(FILE), name="users.csv.gz", etag='"v1"')

    assert (summary.bytes, summary.rows, summary.source_etag) == (len(FILE), 40_000, '"v1"')


def test_an_object_damaged_between_its_ends_is_no_copy() -> None:
    long = gzip_of(200_000)
    with serving(Answer(body=long)) as server:
        source = source_of(server)
        whole = summary_of_copy(source, MemoryObject(long))

        assert whole is not None
        assert whole.rows == 200_000
        assert summary_of_copy(source, MemoryObject(changed(long, len(long) // 2))) is None
        assert summary_of_copy(source, MemoryObject(FILE)) is None


def test_a_stored_object_that_is_corrupt_has_no_summary() -> None:
    with pytest.raises(CorruptStreamError):
        summarise(MemoryObject(changed(FILE, 9000)), name="users.csv.gz")
