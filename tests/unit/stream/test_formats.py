"""What a right file looks like."""

from __future__ import annotations

import gzip
import importlib.util
import sys
import zlib
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_onesignal.stream import formats
from airflow_provider_onesignal.stream.errors import CorruptStreamError
from airflow_provider_onesignal.stream.formats import Format
from tests.unit.stream.faulty import XML_PAGE, csv_of, gzip_of

SMALL = gzip_of(12)
FIRST_CHECKED = 10
"""Where the gzip header's free fields (time, flags of the writer) end."""


@pytest.fixture(params=["isal", "zlib"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    if request.param == "zlib":
        monkeypatch.setattr(formats, "GzipFile", gzip.GzipFile)
        monkeypatch.setattr(formats, "BROKEN", (EOFError, gzip.BadGzipFile, zlib.error))
    return formats


def rows_of(data: bytes, *, stored: Format = Format.GZIP, step: int = 7) -> int | None:
    pieces = iter([data[start : start + step] for start in range(0, len(data), step)])
    return formats.check(stored, lambda: next(pieces, b""))


@pytest.mark.usefixtures("backend")
class TestGzip:
    def test_a_whole_file_passes_and_tells_its_rows(self) -> None:
        assert rows_of(SMALL) == 12

    def test_all_members_count(self) -> None:
        assert rows_of(SMALL + gzip.compress(b"13,x,y\n14,x,y\n")) == 14

    def test_zeros_after_a_member_are_padding(self) -> None:
        assert rows_of(SMALL + b"\0" * 600) == 12

    @pytest.mark.parametrize("extra", [b"x", b"\0\0x", b"\x1f\x8b", b"<Error/>"])
    def test_anything_else_after_a_member_is_refused(self, extra: bytes) -> None:
        with pytest.raises(CorruptStreamError):
            rows_of(SMALL + extra)

    @pytest.mark.parametrize("length", range(1, len(SMALL)))
    def test_a_cut_at_any_byte_is_seen(self, length: int) -> None:
        with pytest.raises(CorruptStreamError, match="gzip"):
            rows_of(SMALL[:length])

    @settings(max_examples=200, deadline=None)
    @given(index=st.integers(FIRST_CHECKED, len(SMALL) - 1), bit=st.integers(0, 7))
    def test_a_flipped_bit_is_seen(self, index: int, bit: int) -> None:
        broken = bytearray(SMALL)
        broken[index] ^= 1 << bit

        with pytest.raises(CorruptStreamError):
            rows_of(bytes(broken))

    def test_a_cut_second_member_is_seen(self) -> None:
        with pytest.raises(CorruptStreamError):
            rows_of(SMALL + SMALL[:-1])

    def test_an_error_page_within_gzip_is_refused(self) -> None:
        with pytest.raises(CorruptStreamError, match="XML or HTML page"):
            rows_of(gzip.compress(XML_PAGE))

    def test_a_bomb_is_inflated_piece_by_piece(self) -> None:
        bomb = gzip.compress(b"a,b\n" * (16 << 20))

        assert len(bomb) < 1 << 20
        assert rows_of(bomb, step=len(bomb)) == (16 << 20) - 1


class TestCsv:
    def test_a_whole_file_passes_and_tells_its_rows(self) -> None:
        assert rows_of(csv_of(5), stored=Format.CSV) == 5

    def test_a_letter_may_be_cut_by_chunks(self) -> None:
        assert rows_of("näme\nÄÖÜ€\n".encode(), stored=Format.CSV, step=1) == 1

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param("näme\n".encode("latin-1"), id="latin-1"),
            pytest.param("name\n".encode("utf-16"), id="utf-16"),
            pytest.param("name\n".encode("utf-16-le"), id="utf-16-without-mark"),
            pytest.param("näme\nÄ".encode()[:-1], id="cut-letter"),
        ],
    )
    def test_other_encodings_are_refused_without_quoting_the_content(self, data: bytes) -> None:
        with pytest.raises(CorruptStreamError, match="not UTF-8") as caught:
            rows_of(data, stored=Format.CSV)

        error = caught.value
        assert error.__suppress_context__ or error.__context__ is None


class TestRecognise:
    @pytest.mark.parametrize(
        ("name", "head", "stored"),
        [
            ("users.csv.gz", SMALL, Format.GZIP),
            ("history.csv", b"player_id,timestamp\n", Format.CSV),
            ("history.csv", SMALL, Format.GZIP),
            ("download", SMALL, Format.GZIP),
            ("download", b"", Format.CSV),
        ],
    )
    def test_the_name_decides_where_it_ends_in_gz_else_the_bytes(
        self, name: str, head: bytes, stored: Format
    ) -> None:
        assert formats.recognise(name, head) is stored

    @pytest.mark.parametrize(
        ("name", "head", "text"),
        [
            ("users.csv.gz", b"id,name\n", "not gzip"),
            ("users.csv.gz", b"", "not gzip"),
            ("users.csv.gz", XML_PAGE, "XML or HTML page"),
            ("history.csv", XML_PAGE, "XML or HTML page"),
            ("history.csv", b"\xef\xbb\xbf\n  <!DOCTYPE html>", "XML or HTML page"),
            ("history.csv", b'{"errors": ["no"]}', "JSON"),
        ],
    )
    def test_what_contradicts_the_name_is_refused(self, name: str, head: bytes, text: str) -> None:
        with pytest.raises(CorruptStreamError, match=text):
            formats.recognise(name, head)


def test_without_isal_the_standard_library_does_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "isal", None)
    # A second copy: reloading the module itself would give everybody else another Format.
    spec = importlib.util.find_spec(formats.__name__)
    assert spec is not None
    assert spec.loader is not None
    copy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copy)

    assert copy.GzipFile is gzip.GzipFile
    pieces = iter([SMALL])
    assert copy.check_gzip(lambda: next(pieces, b"")) == 12
