"""A file is accepted only where its gzip is whole and right, whatever was done to it."""

from __future__ import annotations

import gzip
import io
import zlib

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from airflow_provider_onesignal.exceptions import OneSignalExportCorruptError
from airflow_provider_onesignal.files import verify
from airflow_provider_onesignal.files.reader import VerifiedReader
from tests.unit.files.faulty import csv_of, gzip_of
from tests.unit.files.pieces import Pieces

CONTENT = csv_of(6)
HALVES = CONTENT[: len(CONTENT) // 2], CONTENT[len(CONTENT) // 2 :]
ONE_MEMBER = gzip_of(6)
TWO_MEMBERS = b"".join(gzip.compress(half, mtime=0) for half in HALVES)
NAMED = io.BytesIO()
with gzip.GzipFile("users.csv", "wb", fileobj=NAMED, mtime=7) as _named:
    _named.write(CONTENT)
FILES = {"one member": ONE_MEMBER, "two members": TWO_MEMBERS, "with a name": NAMED.getvalue()}
BOUNDARY = len(gzip.compress(HALVES[0], mtime=0))

EVERY_FILE = pytest.mark.parametrize("file", FILES.values(), ids=FILES.keys())
ANY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(params=["isal", "zlib"], autouse=True)
def _backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "zlib":
        monkeypatch.setattr(verify, "GzipFile", gzip.GzipFile)
        monkeypatch.setattr(verify, "_BROKEN", (EOFError, gzip.BadGzipFile, zlib.error))


def accepted(data: bytes, *, size: int | None = None) -> bool:
    """Read a file to its end; a fault raises early or late, and no end is ever reached."""
    stream = Pieces(data, step=13)
    stream.size = size
    reader = None
    try:
        with VerifiedReader(stream) as reader:
            assert reader.read() == data
    except OneSignalExportCorruptError:
        assert reader is None or not reader.is_complete
        return False
    assert reader.is_complete
    return True


def inflated(data: bytes) -> bytes | None:
    """What Python's own module makes of it, None where it finds fault."""
    try:
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error):
        return None


@EVERY_FILE
def test_a_whole_file_is_accepted(file: bytes) -> None:
    assert inflated(file) == CONTENT
    assert accepted(file)
    assert accepted(file, size=len(file))


@EVERY_FILE
def test_cut_anywhere_it_is_refused(file: bytes) -> None:
    for length in range(len(file)):
        # Between two members a file ends well: that it is short only its length can tell.
        assert accepted(file[:length]) is (file is TWO_MEMBERS and length == BOUNDARY)
        assert not accepted(file[:length], size=len(file))


@EVERY_FILE
@ANY
@given(flips=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 7)), min_size=1, max_size=4))
def test_with_any_bits_flipped_it_is_refused_or_inflates_to_the_same(
    file: bytes, flips: list[tuple[int, int]]
) -> None:
    damaged = bytearray(file)
    for index, bit in flips:
        damaged[index % len(file)] ^= 1 << bit

    if accepted(bytes(damaged)):
        assert inflated(bytes(damaged)) == CONTENT


@EVERY_FILE
@ANY
@given(tail=st.binary(min_size=1, max_size=40))
def test_what_comes_after_the_end_is_padding_or_a_reason_to_refuse(
    file: bytes, tail: bytes
) -> None:
    if accepted(file + tail):
        assert tail.strip(b"\0") == b""


@EVERY_FILE
@pytest.mark.parametrize("padding", [1, 7, 8, 511, 512, 70_000])
def test_zeros_after_the_end_are_padding(file: bytes, padding: int) -> None:
    assert accepted(file + b"\0" * padding)


@EVERY_FILE
@pytest.mark.parametrize("between", [b"", b"\0" * 20])
def test_a_further_member_counts_and_is_checked_as_the_first(file: bytes, between: bytes) -> None:
    assert accepted(file + between + ONE_MEMBER)
    for length in range(1, len(ONE_MEMBER)):
        assert not accepted(file + between + ONE_MEMBER[:length])


@ANY
@given(data=st.binary(max_size=60).map(lambda body: ONE_MEMBER[:10] + body))
def test_any_bytes_behind_a_right_header_are_refused_unless_they_inflate(data: bytes) -> None:
    if accepted(data):
        assert inflated(data) is not None


@ANY
@given(
    first=st.integers(0, len(ONE_MEMBER)),
    second=st.integers(0, len(ONE_MEMBER)),
    filling=st.binary(max_size=20),
)
def test_a_hole_or_something_foreign_in_the_middle_is_refused(
    first: int, second: int, filling: bytes
) -> None:
    start, stop = sorted((first, second))
    data = ONE_MEMBER[:start] + filling + ONE_MEMBER[stop:]

    if accepted(data):
        assert inflated(data) == CONTENT
