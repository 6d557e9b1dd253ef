"""From source to store, and whether it is there already."""

from __future__ import annotations

import gzip
import hashlib
import threading
from typing import Any

import pytest

from airflow_provider_onesignal.exceptions import (
    OneSignalDestinationError,
    OneSignalDestinationTakenError,
    OneSignalDestinationUnavailableError,
    OneSignalExportCorruptError,
    OneSignalExportTooSmallError,
)
from airflow_provider_onesignal.files.copy import (
    Progress,
    ProgressReporter,
    copy_file,
    existing_copy,
    put_bytes,
)
from airflow_provider_onesignal.files.source import FileChangedError
from airflow_provider_onesignal.stores import Readable
from tests.unit.files.faulty import XML_PAGE, Answer, csv_of, gzip_of, serving, source_of
from tests.unit.files.memory_store import FailingStore, MemoryObject, MemoryStore

MIB = 1024 * 1024
FILE = gzip_of(20_000)
OTHER = gzip_of(20_001)
LONG = gzip_of(40_000)
CSV = csv_of(5000)
TYPE = "application/gzip"


def held(store: MemoryStore) -> bytes:
    assert store.stored is not None
    return store.stored.data


class TestACopy:
    def test_is_described_by_its_summary(self) -> None:
        store = MemoryStore()
        with serving(Answer(body=FILE)) as server:
            summary = copy_file(source_of(server), store)

        assert held(store) == FILE
        assert store.content_type == summary.content_type == TYPE
        assert store.size == summary.bytes == len(FILE)
        assert (summary.rows, summary.columns) == (20_000, ["id", "name", "token"])
        assert summary.sha256 == hashlib.sha256(FILE).hexdigest()
        assert summary.source_etag == '"v1"'
        assert summary.seconds > 0

    @pytest.mark.parametrize("wrapped", [False, True], ids=["labelled", "wrapped"])
    def test_keeps_the_gzip_as_it_was_made_whatever_its_transport_adds(self, wrapped: bool) -> None:
        store = MemoryStore()
        body = gzip.compress(FILE) if wrapped else FILE
        encoded = Answer(body=body, headers={"Content-Encoding": "gzip"}, cut_after=60_000)
        with serving(encoded) as server:
            summary = copy_file(source_of(server), store)

        assert held(store) == FILE
        assert summary.sha256 == hashlib.sha256(FILE).hexdigest()
        assert len(server.requests) > 1

    def test_of_a_plain_history_has_its_own_type(self) -> None:
        store = MemoryStore()
        with serving(Answer(body=csv_of(300)), name="history.csv") as server:
            summary = copy_file(source_of(server), store)

        assert (summary.rows, summary.content_type) == (300, "text/csv")

    def test_begins_again_where_the_file_changes(self) -> None:
        store = MemoryStore()
        changed = Answer(body=OTHER, etag='"v2"')
        with serving(Answer(body=FILE, cut_after=90_000), changed, changed) as server:
            summary = copy_file(source_of(server), store)

        assert held(store) == OTHER
        assert (summary.rows, summary.source_etag, store.puts) == (20_001, '"v2"', 2)

    def test_gives_up_a_file_that_changes_all_the_time(self) -> None:
        store = MemoryStore()
        answers = [Answer(body=FILE, etag=f'"v{n}"', cut_after=90_000) for n in range(10)]
        with serving(*answers) as server, pytest.raises(FileChangedError):
            copy_file(source_of(server), store)

        assert (store.stored, store.puts) == (None, 3)

    @pytest.mark.parametrize("encoded", [False, True], ids=["as-it-is", "encoded-for-transport"])
    def test_never_takes_a_file_for_whole_that_is_cut_between_two_members(
        self, encoded: bool
    ) -> None:
        first = gzip.compress(csv_of(1000))
        headers = {"Content-Encoding": "gzip"} if encoded else {}
        cut = Answer(body=first + FILE, framing="close", cut_after=len(first), headers=headers)
        store = MemoryStore()
        with (
            serving(cut, name="history.csv" if encoded else "users.csv.gz") as server,
            pytest.raises(OneSignalExportCorruptError, match="length was not told"),
        ):
            copy_file(source_of(server), store)

        assert store.stored is None

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(XML_PAGE, id="page"),
            pytest.param(FILE[:-5], id="cut"),
            pytest.param(FILE[:9000] + b"~~~" + FILE[9003:], id="flipped"),
        ],
    )
    def test_of_a_corrupt_file_leaves_no_object_and_no_thread(self, body: bytes) -> None:
        store = MemoryStore()
        with serving(Answer(body=body)) as server, pytest.raises(OneSignalExportCorruptError):
            copy_file(source_of(server), store)

        assert store.stored is None
        for thread in threading.enumerate():
            if thread.name == "verification":
                thread.join(5)
                assert not thread.is_alive()

    def test_of_a_file_with_too_few_rows_replaces_nothing(self) -> None:
        before = MemoryObject(b"yesterday's")
        store = MemoryStore(stored=before)
        with (
            serving(Answer(body=gzip_of(0))) as server,
            pytest.raises(OneSignalExportTooSmallError),
        ):
            copy_file(source_of(server), store, min_rows=1)

        assert store.stored is before

    def test_that_a_store_ends_early_is_a_mistake_that_shows(self) -> None:
        class Hasty(MemoryStore):
            def put(self, file: Readable, **_: Any) -> None:
                file.read(10)

        with serving(Answer(body=FILE)) as server, pytest.raises(RuntimeError, match="to the end"):
            copy_file(source_of(server), Hasty())


class TestProgress:
    def test_is_reported(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ProgressReporter.__init__, "__kwdefaults__", {
            **(ProgressReporter.__init__.__kwdefaults__ or {}), "first": 0.0, "every": 0.0,
        })  # fmt: skip
        reports: list[Progress] = []
        with serving(Answer(body=FILE)) as server:
            copy_file(source_of(server), MemoryStore(), report=reports.append)

        assert reports[-1].done == reports[-1].total == len(FILE)

    def test_comes_after_some_seconds_and_then_at_intervals(self) -> None:
        now = [100.0]
        reports: list[Progress] = []
        reporter = ProgressReporter(
            reports.append, total=200 * MIB, first=5, every=15, clock=lambda: now[0]
        )

        for second in range(101, 137):
            now[0] = second
            reporter.advance(MIB)

        assert [report.seconds for report in reports] == [5, 20, 35]
        assert [report.done // MIB for report in reports] == [5, 20, 35]

    @pytest.mark.parametrize(
        ("done", "total", "text"),
        [
            (50, 200, "50.0 of 200.0 MiB (25 %), 25.0 MiB/s"),
            (50, None, "50.0 MiB, 25.0 MiB/s"),
            (0, 0, "0.0 MiB, 0.0 MiB/s"),
        ],
    )
    def test_reads_well(self, done: int, total: int | None, text: str) -> None:
        whole = None if total is None else total * MIB

        assert str(Progress(done=done * MIB, total=whole, seconds=2)) == text


class TestAStoreThatFailsAtItsLastStep:
    """It may have acted on the request whose response is lost."""

    DOUBTS = pytest.mark.parametrize(
        "kind", [OneSignalDestinationUnavailableError, OneSignalDestinationTakenError]
    )

    @DOUBTS
    def test_has_stored_what_bears_the_mark_of_this_copy(self, kind: Any) -> None:
        store = FailingStore(failure=kind("lost"))
        with serving(Answer(body=FILE)) as server:
            summary = copy_file(source_of(server), store)

        assert (summary.bytes, summary.rows) == (len(FILE), 20_000)
        assert store.stored is not None
        assert store.stored.reads == [], "one HEAD suffices"

    def test_has_stored_what_reads_the_same_where_it_keeps_no_marks(self) -> None:
        put_bytes(FailingStore(keeps_metadata=False), FILE, content_type=TYPE)

    @DOUBTS
    @pytest.mark.parametrize(
        "left",
        [
            pytest.param(FILE[:-1], id="shorter"),
            pytest.param(FILE[:-1] + b"~", id="other"),
            pytest.param(b"", id="empty"),
        ],
    )
    def test_has_failed_where_something_else_is_there(self, kind: Any, left: bytes) -> None:
        store = FailingStore(failure=kind("lost"), left=MemoryObject(left))

        with pytest.raises(kind) as caught:
            put_bytes(store, FILE, content_type=TYPE)

        assert caught.value is store.failure

    def test_has_refused_where_another_task_stored_the_same_file(self) -> None:
        other = MemoryObject(FILE, {"onesignal-copy": "another's"})
        store = FailingStore(failure=OneSignalDestinationTakenError("taken"), left=other)

        with pytest.raises(OneSignalDestinationTakenError):
            put_bytes(store, FILE, content_type=TYPE)

    def test_leaves_it_open_where_it_cannot_be_asked(self) -> None:
        store = FailingStore(is_down=True)

        with pytest.raises(OneSignalDestinationUnavailableError, match="cannot be asked") as caught:
            put_bytes(store, FILE, content_type=TYPE)

        assert caught.value.__cause__ is store.failure

    def test_is_not_asked_where_it_refuses(self) -> None:
        store = FailingStore(failure=OneSignalDestinationError("no"), is_down=True)

        with pytest.raises(OneSignalDestinationError) as caught:
            put_bytes(store, FILE, content_type=TYPE)

        assert caught.value is store.failure

    def test_is_not_asked_where_it_failed_before(self) -> None:
        class Early(FailingStore):
            def put(self, file: Readable, **_: Any) -> None:
                file.read(4096)
                raise self.failure

        store = Early(is_down=True)
        with (
            serving(Answer(body=FILE)) as server,
            pytest.raises(OneSignalDestinationUnavailableError) as caught,
        ):
            copy_file(source_of(server), store)

        assert caught.value is store.failure


def changed(data: bytes, index: int) -> bytes:
    broken = bytearray(data)
    broken[index] ^= 1
    return bytes(broken)


def is_copy(answer: Answer, stored: MemoryObject, *, name: str = "users_0123.csv.gz") -> bool:
    with serving(answer, name=name) as server:
        return existing_copy(source_of(server), stored) is not None


class TestAnExistingCopy:
    def test_is_recognised_by_its_marks_and_not_read(self) -> None:
        store = MemoryStore()
        with serving(Answer(body=LONG)) as server:
            copied = copy_file(source_of(server), store)
            assert store.stored is not None
            summary = existing_copy(source_of(server), store.stored)

        assert summary is not None
        assert (summary.bytes, summary.source_etag) == (copied.bytes, copied.source_etag)
        assert summary.content_type == copied.content_type
        assert (summary.rows, summary.columns, summary.sha256) == (None, None, None)
        assert store.stored.reads == []
        assert server.ranges == [None, "bytes=0-65535"]

    @pytest.mark.parametrize(
        "source",
        [Answer(body=LONG, etag='"v2"'), Answer(body=FILE), Answer(body=FILE, ranges=False)],
    )
    def test_is_none_where_its_marks_differ(self, source: Answer) -> None:
        marks = {"onesignal-source-etag": '"v1"', "onesignal-source-length": str(len(LONG))}

        assert not is_copy(source, MemoryObject(LONG, marks))

    @pytest.mark.parametrize(
        ("stored", "same"),
        [
            pytest.param(LONG, True, id="the-same"),
            pytest.param(LONG[:-1], False, id="shorter"),
            pytest.param(LONG + b"\0", False, id="longer"),
            pytest.param(changed(LONG, 20), False, id="other-head"),
            pytest.param(changed(LONG, len(LONG) - 5), False, id="other-checksum"),
            pytest.param(gzip_of(39_999), False, id="another-export"),
            pytest.param(b"", False, id="empty"),
        ],
    )
    @pytest.mark.parametrize("metadata", [None, {}], ids=["no-metadata", "no-marks"])
    def test_of_gzip_is_recognised_by_its_size_and_both_ends(
        self, stored: bytes, same: bool, metadata: Any
    ) -> None:
        there = MemoryObject(stored, metadata)

        assert is_copy(Answer(body=LONG), there) is same
        assert sum(length for _, length in there.reads) <= 2 * 65536

    @pytest.mark.parametrize("stored", [CSV, changed(CSV, len(CSV) // 2), CSV + b"x", CSV[:-1]])
    def test_of_another_kind_is_compared_whole_where_there_is_no_metadata(
        self, stored: bytes
    ) -> None:
        answer = Answer(body=CSV)

        assert is_copy(answer, MemoryObject(stored), name="a.csv") is (stored == CSV)
        assert not is_copy(answer, MemoryObject(stored, {}), name="a.csv")

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(Answer(body=LONG, ranges=False), id="no-ranges"),
            pytest.param(
                Answer(body=gzip.compress(LONG), headers={"Content-Encoding": "gzip"}),
                id="encoded-for-transport",
            ),
        ],
    )
    @pytest.mark.parametrize("stored", [LONG, changed(LONG, len(LONG) // 2)])
    def test_is_compared_whole_where_its_ends_cannot_be_had(
        self, answer: Answer, stored: bytes
    ) -> None:
        assert is_copy(answer, MemoryObject(stored)) is (stored == LONG)

    def test_is_none_where_the_file_changes_meanwhile(self) -> None:
        answers = Answer(body=LONG), Answer(body=changed(LONG, 90_000), etag='"v2"')
        with serving(*answers) as server:
            assert existing_copy(source_of(server), MemoryObject(LONG)) is None
