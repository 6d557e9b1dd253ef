"""What a right file looks like, and what is found in it."""

from __future__ import annotations

import csv
import gzip
import hashlib
import importlib.util
import io
import sys
import threading
import zlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from airflow_provider_onesignal.exceptions import OneSignalExportCorruptError
from airflow_provider_onesignal.files import verify
from airflow_provider_onesignal.files.verify import (
    Findings,
    Format,
    Table,
    Verification,
    recognise,
    unwrap,
)
from tests.unit.files.faulty import XML_PAGE, csv_of, gzip_of
from tests.unit.files.pieces import Pieces

SMALL = gzip_of(12)
TABLE = csv_of(50)
FILE = gzip_of(50)
FIRST_CHECKED = 10
"""Where the gzip header's free fields (time, flags of the writer) end."""


def found_in(*chunks: bytes) -> Findings:
    table = Table()
    for chunk in chunks:
        table.feed(chunk)
    return table.findings()


class TestRows:
    # a bare \r in an unquoted cell would end the record for the csv module
    DIALECTS = st.sampled_from(
        [("\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_MINIMAL)]
    )
    CELLS = st.text(alphabet='ab,"\n\r é;', max_size=12)
    TABLES = st.lists(
        st.one_of(st.just([]), st.lists(CELLS, min_size=2, max_size=4)), min_size=1, max_size=12
    )

    @given(table=TABLES, dialect=DIALECTS, cuts=st.lists(st.integers(0, 400)))
    def test_are_those_of_the_csv_module_wherever_chunks_are_cut(
        self, table: list[list[str]], dialect: tuple[str, Any], cuts: list[int]
    ) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator=dialect[0], quoting=dialect[1]).writerows(table)
        data = text.getvalue().encode()
        edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
        chunks = [data[start:stop] for start, stop in pairwise(edges)]

        records = [row for row in csv.reader(io.StringIO(data.decode(), newline="")) if row]

        assert found_in(*chunks).rows == max(len(records) - 1, 0)

    @pytest.mark.parametrize(
        ("data", "rows"),
        [
            pytest.param(b"", 0, id="nothing"),
            pytest.param(b"id,name\n", 0, id="header-alone"),
            pytest.param(b"id,name", 0, id="header-without-newline"),
            pytest.param(b"id,name\n1,a\n2,b", 2, id="last-record-without-newline"),
            pytest.param(b'id,name\n1,"a\nb"\n', 1, id="newline-in-quotes"),
            pytest.param(b'id,name\n1,"a\n\n\nb"\n', 1, id="blank-lines-in-quotes"),
            pytest.param(b'id,name\n1,"a""\n""b"\n2,c\n', 2, id="newline-beside-escaped-quotes"),
            pytest.param(b'id,"na\nme"\n"1","a"\n', 1, id="quoted-header"),
            pytest.param(b"id\r\n1\r\n2\r\n", 2, id="windows-newlines"),
            pytest.param(b"\n\nid\n\n1\n\n\n2\n\n", 2, id="blank-lines"),
            pytest.param(b"\r\nid\r\n\r\n1\r\n\r\n", 1, id="blank-windows-lines"),
            pytest.param(b'id\n""\n2\n', 2, id="an-empty-cell-is-no-blank-line"),
            pytest.param(b'id\n1,"""""""""""""""""""\n"\n2\n', 2, id="many-quotes-in-a-row"),
            pytest.param(b'id,name\n1,"a\n2,b\n', None, id="quotes-that-do-not-balance"),
        ],
    )
    def test_are_records_after_the_header(self, data: bytes, rows: int | None) -> None:
        assert found_in(data).rows == rows
        assert found_in(*(data[index : index + 1] for index in range(len(data)))).rows == rows


class TestColumns:
    @pytest.mark.parametrize(
        ("data", "columns"),
        [
            (b"id,player_id\n1,2\n", ["id", "player_id"]),
            (b'\xef\xbb\xbf"id","a\nb","c"\r\n', None),
            (b'\xef\xbb\xbf"id","last active","tags"\r\n', ["id", "last active", "tags"]),
            (b"\n\nid\n", ["id"]),
            ("id,größe\n".encode(), ["id", "größe"]),
            ("id,größe\n".encode("latin-1"), None),
            (b"id,id\n", None),
            (b"7f3a,anna@example.org\n", None),
            (b"a1b2,\n", None),
            (b"4711,x\n", None),
            (b"", None),
            (b"a" * 70_000, None),
            (b"id,tags\n" + b"x" * 200_000, ["id", "tags"]),
        ],
    )
    def test_are_read_from_a_header_that_looks_like_one(
        self, data: bytes, columns: list[str] | None
    ) -> None:
        chunks = [data[start : start + 7000] for start in range(0, len(data), 7000)]

        assert found_in(*chunks).columns == columns


@pytest.fixture(params=["isal", "zlib"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "zlib":
        monkeypatch.setattr(verify, "GzipFile", gzip.GzipFile)
        monkeypatch.setattr(verify, "_BROKEN", (EOFError, gzip.BadGzipFile, zlib.error))


def rows_of(data: bytes, *, stored: Format = Format.GZIP, step: int = 7) -> int | None:
    pieces = iter([data[start : start + step] for start in range(0, len(data), step)])
    return verify.check(stored, lambda: next(pieces, b""), label="host/…").rows


@pytest.mark.usefixtures("backend")
class TestGzip:
    @pytest.mark.parametrize(
        ("data", "rows"),
        [
            pytest.param(SMALL, 12, id="one-member"),
            pytest.param(SMALL + gzip.compress(b"13,x,y\n14,x,y\n"), 14, id="two-members"),
            pytest.param(SMALL + b"\0" * 600, 12, id="padding"),
        ],
    )
    def test_that_is_whole_passes(self, data: bytes, rows: int) -> None:
        assert rows_of(data) == rows

    @pytest.mark.parametrize("extra", [b"x", b"\0\0x", b"\x1f\x8b", b"<Error/>", SMALL[:-1]])
    def test_with_anything_else_after_a_member_is_refused(self, extra: bytes) -> None:
        with pytest.raises(OneSignalExportCorruptError):
            rows_of(SMALL + extra)

    @pytest.mark.parametrize("length", range(1, len(SMALL)))
    def test_that_is_cut_at_any_byte_is_refused(self, length: int) -> None:
        with pytest.raises(OneSignalExportCorruptError, match="gzip"):
            rows_of(SMALL[:length])

    @settings(deadline=None)
    @given(index=st.integers(FIRST_CHECKED, len(SMALL) - 1), bit=st.integers(0, 7))
    def test_with_a_flipped_bit_is_refused(self, index: int, bit: int) -> None:
        broken = bytearray(SMALL)
        broken[index] ^= 1 << bit

        with pytest.raises(OneSignalExportCorruptError):
            rows_of(bytes(broken))

    def test_that_holds_an_error_page_is_refused(self) -> None:
        with pytest.raises(OneSignalExportCorruptError, match="XML or HTML page"):
            rows_of(gzip.compress(XML_PAGE))

    def test_that_is_a_bomb_is_inflated_piece_by_piece(self) -> None:
        bomb = gzip.compress(b"a,b\n" * (4 << 20))

        assert len(bomb) < 1 << 18
        assert rows_of(bomb, step=len(bomb)) == (4 << 20) - 1


class TestPlainCsv:
    def test_that_is_whole_passes_wherever_a_letter_is_cut(self) -> None:
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
    def test_in_another_encoding_is_refused_without_quoting_it(self, data: bytes) -> None:
        with pytest.raises(OneSignalExportCorruptError, match="not UTF-8") as caught:
            rows_of(data, stored=Format.CSV)

        error = caught.value
        assert error.__suppress_context__ or error.__context__ is None


class TestTheFormat:
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
    def test_is_that_of_the_name_where_it_ends_in_gz_else_of_the_bytes(
        self, name: str, head: bytes, stored: Format
    ) -> None:
        assert recognise(Pieces(head, name=name)) is stored

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
    def test_that_contradicts_the_name_is_refused(self, name: str, head: bytes, text: str) -> None:
        with pytest.raises(OneSignalExportCorruptError, match=f"host/….*{text}"):
            recognise(Pieces(head, name=name))


class TestATransportEncoding:
    @pytest.mark.parametrize("step", [1, 5, 1 << 20])
    @pytest.mark.parametrize(
        ("wire", "encoding", "name", "stored"),
        [
            pytest.param(FILE, "", "users.csv.gz", FILE, id="gz-as-it-is"),
            pytest.param(FILE, "identity", "users.csv.gz", FILE, id="gz-identity"),
            pytest.param(FILE, "gzip", "users.csv.gz", FILE, id="gz-merely-labelled"),
            pytest.param(gzip.compress(FILE), "gzip", "users.csv.gz", FILE, id="gz-wrapped"),
            pytest.param(gzip.compress(TABLE), "gzip", "history.csv", TABLE, id="csv-wrapped"),
            pytest.param(gzip.compress(TABLE), "x-gzip", "history", TABLE, id="no-ending-wrapped"),
            pytest.param(TABLE, "", "history.csv", TABLE, id="csv-as-it-is"),
        ],
    )
    def test_is_undone_and_nothing_else(
        self, wire: bytes, encoding: str, name: str, stored: bytes, step: int
    ) -> None:
        stream = unwrap(Pieces(wire, name=name, step=step), encoding=encoding)

        assert stream.peek().startswith(stored[:5])
        assert b"".join(iter(stream.read, b"")) == stored
        assert stream.position == len(stored)
        assert stream.sha256.hexdigest() == hashlib.sha256(stored).hexdigest()

    def test_hides_the_length(self) -> None:
        assert unwrap(Pieces(gzip.compress(TABLE), name="a.csv"), encoding="gzip").size is None

    @pytest.mark.parametrize(
        ("wire", "encoding"),
        [
            pytest.param(TABLE, "gzip", id="false-label"),
            pytest.param(b"", "gzip", id="empty"),
            pytest.param(FILE, "br", id="brotli"),
            pytest.param(FILE, "gzip, gzip", id="two-layers"),
        ],
    )
    def test_that_cannot_be_undone_is_refused(self, wire: bytes, encoding: str) -> None:
        with pytest.raises(OneSignalExportCorruptError):
            unwrap(Pieces(wire, name="history.csv"), encoding=encoding)

    @pytest.mark.parametrize(
        "broken",
        [gzip.compress(FILE)[:-3], gzip.compress(FILE) + b"x"],
        ids=["cut", "followed by more"],
    )
    def test_that_is_broken_is_refused(self, broken: bytes) -> None:
        stream = unwrap(Pieces(broken), encoding="gzip")

        with pytest.raises(OneSignalExportCorruptError, match="transport encoding"):
            list(iter(stream.read, b""))


class TestTheThreadBesideTheCopy:
    @pytest.fixture(autouse=True)
    def _ends(self) -> Iterator[None]:
        yield
        for thread in threading.enumerate():
            if thread.name == "verification":
                thread.join(5)
                assert not thread.is_alive()

    def test_raises_while_the_file_is_still_being_fed_and_ever_after(self) -> None:
        verification = Verification(Format.GZIP, label="host/…")
        raised = 0
        for _ in range(10 * verify._DEPTH):
            try:
                verification.feed(b"not gzip" * 100)
            except OneSignalExportCorruptError:
                raised += 1
        with pytest.raises(OneSignalExportCorruptError):
            verification.finish()

        assert raised

    @pytest.mark.parametrize("fed", [0, 1, 200])
    def test_can_be_abandoned_at_any_time_and_again(self, fed: int) -> None:
        verification = Verification(Format.GZIP, label="host/…")
        for start in range(fed):
            verification.feed(FILE[start : start + 1])

        verification.abandon()
        verification.abandon()

    def test_that_is_busy_holds_nobody_up_when_it_is_abandoned(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gate = threading.Event()
        monkeypatch.setattr(verify, "check", lambda *_, **__: gate.wait(5))
        verification = Verification(Format.GZIP, label="host/…")
        for _ in range(verify._DEPTH):
            verification.feed(b"x")

        verification.abandon()
        gate.set()

    def test_that_fails_frees_a_feed_that_waits_for_room(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gate = threading.Event()

        def failing(*_: Any, **__: Any) -> None:
            gate.wait(5)
            raise OneSignalExportCorruptError("on purpose")

        monkeypatch.setattr(verify, "check", failing)
        verification = Verification(Format.GZIP, label="host/…")
        for _ in range(verify._DEPTH):
            verification.feed(b"x")
        feeding = threading.Thread(target=verification.feed, args=(b"x",), daemon=True)
        feeding.start()

        gate.set()
        feeding.join(5)

        assert not feeding.is_alive()
        verification.abandon()


def test_without_isal_the_standard_library_does_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "isal", None)
    # A second copy: reloading the module itself would give everybody else another Format.
    spec = importlib.util.find_spec(verify.__name__)
    assert spec is not None
    assert spec.loader is not None
    copy = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, copy)
    spec.loader.exec_module(copy)

    assert copy.GzipFile is gzip.GzipFile
    pieces = iter([SMALL])
    assert copy.check(copy.Format.GZIP, lambda: next(pieces, b""), label="host/…").rows == 12
