"""From source to sink."""

from __future__ import annotations

import gzip
import hashlib
import threading

import pytest

from airflow_provider_onesignal.stream.copy import copy
from airflow_provider_onesignal.stream.errors import CorruptStreamError, SourceChangedError
from airflow_provider_onesignal.stream.progress import Progress, ProgressReporter
from tests.unit.stream.faulty import XML_PAGE, Answer, csv_of, gzip_of, serving, source_of
from tests.unit.stream.memory_sink import MemorySink

FILE = gzip_of(20_000)
OTHER = gzip_of(20_001)


@pytest.mark.parametrize("encoded", [False, True], ids=["as-it-is", "encoded-for-transport"])
def test_a_file_that_is_cut_between_two_members_is_never_taken_for_whole(encoded: bool) -> None:
    first = gzip.compress(csv_of(1000))
    headers = {"Content-Encoding": "gzip"} if encoded else {}
    cut = Answer(body=first + FILE, framing="close", cut_after=len(first), headers=headers)
    sink = MemorySink()
    with (
        serving(cut, name="history.csv" if encoded else "users.csv.gz") as server,
        pytest.raises(CorruptStreamError, match="length was not told"),
    ):
        copy(source_of(server), sink)

    assert sink.stored is None


def test_a_copy_is_told_in_its_summary() -> None:
    sink = MemorySink()
    with serving(Answer(body=FILE)) as server:
        summary = copy(source_of(server), sink)

    assert sink.stored is not None
    assert sink.stored.data == FILE
    assert sink.content_type == summary.content_type == "application/gzip"
    assert sink.size == summary.bytes == len(FILE)
    assert summary.rows == 20_000
    assert summary.sha256 == hashlib.sha256(FILE).hexdigest()
    assert summary.source_etag == '"v1"'
    assert summary.seconds > 0


@pytest.mark.parametrize("wrapped", [False, True], ids=["labelled", "wrapped"])
def test_a_content_encoding_leaves_the_gzip_as_it_was_made(wrapped: bool) -> None:
    sink = MemorySink()
    body = gzip.compress(FILE) if wrapped else FILE
    encoded = Answer(body=body, headers={"Content-Encoding": "gzip"}, cut_after=60_000)
    with serving(encoded) as server:
        summary = copy(source_of(server), sink)

    assert sink.stored is not None
    assert sink.stored.data == FILE
    assert summary.sha256 == hashlib.sha256(FILE).hexdigest()
    assert len(server.requests) > 1


def test_a_plain_history_is_copied() -> None:
    sink = MemorySink()
    with serving(Answer(body=csv_of(300)), name="history.csv") as server:
        summary = copy(source_of(server), sink)

    assert (summary.rows, summary.content_type) == (300, "text/csv")


def test_a_file_that_changes_is_begun_anew() -> None:
    sink = MemorySink()
    changed = Answer(body=OTHER, etag='"v2"')
    with serving(Answer(body=FILE, cut_after=90_000), changed, changed) as server:
        summary = copy(source_of(server), sink)

    assert sink.stored is not None
    assert sink.stored.data == OTHER
    assert (summary.rows, summary.source_etag, sink.stores) == (20_001, '"v2"', 2)


def test_a_file_that_changes_all_the_time_is_given_up() -> None:
    sink = MemorySink()
    answers = [Answer(body=FILE, etag=f'"v{n}"', cut_after=90_000) for n in range(10)]
    with serving(*answers) as server, pytest.raises(SourceChangedError):
        copy(source_of(server), sink)

    assert sink.stored is None
    assert sink.stores == 3


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(XML_PAGE, id="page"),
        pytest.param(FILE[:-5], id="cut"),
        pytest.param(FILE[:9000] + b"~~~" + FILE[9003:], id="flipped"),
    ],
)
def test_a_corrupt_file_leaves_no_object_and_no_thread(body: bytes) -> None:
    sink = MemorySink()
    with serving(Answer(body=body)) as server, pytest.raises(CorruptStreamError):
        copy(source_of(server), sink)

    assert sink.stored is None
    assert not [thread for thread in threading.enumerate() if thread.name == "verification"]


def test_what_the_file_suffers_from_is_raised_whatever_the_store_makes_of_it() -> None:
    class Wrapping(MemorySink):
        def store(self, *args, **kwargs) -> None:
            try:
                super().store(*args, **kwargs)
            except CorruptStreamError as error:
                raise OSError("upload failed") from error

    with serving(Answer(body=FILE[:-5])) as server, pytest.raises(CorruptStreamError):
        copy(source_of(server), Wrapping())


def test_a_failing_store_raises_its_own_error() -> None:
    class Full(MemorySink):
        def store(self, *args, **kwargs) -> None:
            raise OSError("no space left")

    with serving(Answer(body=FILE)) as server, pytest.raises(OSError, match="no space"):
        copy(source_of(server), Full())


def test_a_failing_store_that_stops_the_reading_raises_its_own_error_too() -> None:
    class Refusing(MemorySink):
        def store(self, reader, **kwargs) -> None:
            reader.read(10)
            reader.cancel()
            raise OSError("access denied")

    with serving(Answer(body=FILE)) as server, pytest.raises(OSError, match="access denied"):
        copy(source_of(server), Refusing())


def test_a_sink_that_stops_early_is_a_mistake_that_shows() -> None:
    class Hasty(MemorySink):
        def store(self, reader, **kwargs) -> None:
            reader.read(10)

    with serving(Answer(body=FILE)) as server, pytest.raises(RuntimeError, match="to the end"):
        copy(source_of(server), Hasty())


def test_progress_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ProgressReporter.__init__, "__kwdefaults__", {
        **(ProgressReporter.__init__.__kwdefaults__ or {}), "first": 0.0, "every": 0.0,
    })  # fmt: skip
    reports: list[Progress] = []
    with serving(Answer(body=FILE)) as server:
        copy(source_of(server), MemorySink(), report=reports.append)

    assert reports[-1].done == reports[-1].total == len(FILE)
