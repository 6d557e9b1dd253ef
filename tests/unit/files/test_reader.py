"""A file ends only if it is whole and right."""

from __future__ import annotations

import hashlib

import pytest

from airflow_provider_onesignal.exceptions import (
    OneSignalExportCorruptError,
    OneSignalExportTooSmallError,
)
from airflow_provider_onesignal.files.reader import VerifiedReader
from tests.unit.files.faulty import XML_PAGE, csv_of, gzip_of
from tests.unit.files.pieces import Pieces

FILE = gzip_of(4000)


@pytest.mark.parametrize("length", [7, 1000, 4096, len(FILE), 10 * len(FILE)])
def test_reads_are_exact_until_the_end(length: int) -> None:
    with VerifiedReader(Pieces(FILE)) as reader:
        pieces = list(iter(lambda: reader.read(length), b""))

    assert b"".join(pieces) == FILE
    assert {len(piece) for piece in pieces[:-1]} <= {length}


def test_a_negative_length_reads_all() -> None:
    with VerifiedReader(Pieces(FILE)) as reader:
        assert reader.read(10) + reader.read() == FILE
        assert reader.read() == b""


@pytest.mark.parametrize(
    ("data", "name", "content_type"),
    [(FILE, "users.csv.gz", "application/gzip"), (csv_of(4000), "history.csv", "text/csv")],
)
def test_the_summary_says_what_was_read(data: bytes, name: str, content_type: str) -> None:
    with VerifiedReader(Pieces(data, name=name)) as reader:
        reader.read()
        summary = reader.summary(etag='"v1"')

    assert summary.bytes == len(data)
    assert (summary.rows, summary.columns) == (4000, ["id", "name", "token"])
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
    with VerifiedReader(Pieces(data)) as reader:
        with pytest.raises(OneSignalExportCorruptError):
            list(iter(lambda: reader.read(1000), b""))
        for _ in range(3):
            with pytest.raises(OneSignalExportCorruptError):
                reader.read(1000)

    assert not reader.is_complete


def test_the_last_bytes_are_held_back_until_all_checks_passed() -> None:
    with VerifiedReader(Pieces(FILE[:-8] + bytes(8))) as reader:
        reader.read(len(FILE) - 4)
        with pytest.raises(OneSignalExportCorruptError):
            reader.read(5)


class TestMinRows:
    @pytest.mark.parametrize("least", [None, 0, 3999, 4000])
    def test_lets_a_file_pass_that_has_as_many(self, least: int | None) -> None:
        with VerifiedReader(Pieces(FILE), min_rows=least) as reader:
            assert reader.read() == FILE

    def test_stops_a_smaller_file_before_its_end(self) -> None:
        with (
            VerifiedReader(Pieces(FILE), min_rows=4001) as reader,
            pytest.raises(
                OneSignalExportTooSmallError, match="4000 rows, fewer than min_rows=4001"
            ),
        ):
            reader.read()

        assert not reader.is_complete

    def test_stops_a_file_whose_rows_cannot_be_counted(self) -> None:
        odd = b'id,name\n1,"a\n'
        with (
            VerifiedReader(Pieces(odd, name="history.csv"), min_rows=0) as reader,
            pytest.raises(OneSignalExportTooSmallError, match="quotes that do not balance"),
        ):
            reader.read()


@pytest.mark.parametrize("size", [len(FILE) - 1, len(FILE) + 1])
def test_a_length_other_than_announced_is_refused(size: int) -> None:
    stream = Pieces(FILE)
    stream.size = size
    with (
        VerifiedReader(stream) as reader,
        pytest.raises(OneSignalExportCorruptError, match="in place of"),
    ):
        reader.read()


@pytest.mark.parametrize("name", ["users.csv.gz", "history.csv"])
def test_an_error_page_is_refused_before_the_first_read(name: str) -> None:
    with pytest.raises(OneSignalExportCorruptError, match="XML or HTML page"):
        VerifiedReader(Pieces(XML_PAGE, name=name))


@pytest.mark.parametrize(("file", "name"), [(csv_of(3), "history.csv"), (FILE, "users.csv.gz")])
def test_a_file_of_untold_length_is_refused(file: bytes, name: str) -> None:
    stream = Pieces(file, name=name)
    stream.is_framed = False

    with pytest.raises(OneSignalExportCorruptError, match="length was not told"):
        VerifiedReader(stream)


def test_an_interrupted_read_poisons_the_reader() -> None:
    interrupts = iter([None] * 4 + [KeyboardInterrupt] + [None] * 1000)

    def interrupt() -> None:
        if error := next(interrupts):
            raise error

    with VerifiedReader(Pieces(FILE, before_each=interrupt)) as reader:
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                reader.read()
