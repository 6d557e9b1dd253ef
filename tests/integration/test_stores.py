"""Each store with what is its own: parts, conditions, marks, faults, and a task told to stop."""

from __future__ import annotations

import gc
import io
import logging
from threading import Event
from typing import Any

import pytest

from airflow_provider_onesignal.exceptions import (
    OneSignalDestinationError,
    OneSignalDestinationTakenError,
    OneSignalDestinationUnavailableError,
    OneSignalExportCorruptError,
)
from airflow_provider_onesignal.files.copy import copy_file, existing_copy, put_bytes
from airflow_provider_onesignal.files.source import ResumePolicy
from airflow_provider_onesignal.stores import upload
from tests.integration.store_cases import (
    ABORT,
    ANSWER_LOST_UPLOAD_GONE,
    CANCEL,
    GCS_OPERATIONS,
    S3_OPERATIONS,
    StoreCase,
    rows,
)
from tests.integration.stores import BUCKET, PathPlace, Place
from tests.unit.files.faulty import Answer, gzip_of, serving, source_of
from tests.unit.stopping import stopped

FILE = gzip_of(50_000)
OTHER = gzip_of(50_001)
TYPE = "application/gzip"
BEFORE = b"the object that was there"
SOURCE = Answer(body=FILE)
assert len(FILE) > 2 * 256 * 1024, "several parts in every store"


STRICT = pytest.mark.parametrize("place", ["s3", "s3-path", "folder"], indirect=True)
"""Google's fake ignores the condition of a resumable upload; that it is sent is seen below."""


@pytest.fixture(params=["s3", "s3-path", "gcs", "gcs-path", "folder"])
def place(request: pytest.FixtureRequest, proxied: Any, place_of: Any) -> Place:
    """One in each store."""
    is_seen_directly = request.param in ("folder", "gcs-path")
    found: Place = place_of(request.param) if is_seen_directly else proxied(request.param)[0]
    return found


def copy(place: Place, *answers: Answer, **parameters: Any) -> Any:
    with serving(*(answers or [SOURCE])) as server:
        return copy_file(source_of(server), place.store(**parameters))


def assert_as_before(place: Place, before: bytes | None) -> None:
    gc.collect()  # which must not complete a cut object
    held = place.held()
    assert (held and held.body) == before
    assert place.leftovers() == []


class TestEveryStore:
    def test_holds_the_file_whole_and_knows_it_again(self, place: Place) -> None:
        place.put(BEFORE)
        summary = copy(place, Answer(body=FILE, cut_after=200_000))

        held = place.held()
        assert held is not None
        assert (held.body, held.encoding) == (FILE, None)
        assert held.content_type in (None, TYPE)
        assert place.leftovers() == []
        assert (summary.bytes, summary.rows) == (len(FILE), 50_000)
        stored = place.store().head()
        assert stored is not None
        with serving(SOURCE) as server:
            assert existing_copy(source_of(server), stored)
        with serving(Answer(body=OTHER)) as server:
            assert existing_copy(source_of(server), stored) is None

    def test_can_be_read(self, place: Place) -> None:
        store = place.store()
        assert store.head() is None
        place.put(FILE)

        stored = store.head()

        assert stored is not None
        assert stored.size == len(FILE)
        assert stored.read(100, 50) == FILE[100:150]
        assert stored.read(len(FILE) - 10, 64 * 1024) == FILE[-10:]
        with stored.open() as file:
            assert b"".join(iter(lambda: file.read(100_000), b"")) == FILE

    @pytest.mark.parametrize("before", [None, BEFORE], ids=["new", "over another"])
    def test_is_left_as_it_was_by_a_file_that_ends_wrong(
        self, place: Place, before: bytes | None
    ) -> None:
        if before is not None:
            place.put(before)

        with pytest.raises(OneSignalExportCorruptError):
            copy(place, Answer(body=FILE[:-5] + b"~" + FILE[-4:]))

        assert_as_before(place, before)

    @STRICT
    @pytest.mark.parametrize("data", [FILE, b"small"], ids=["in parts", "in one"])
    def test_is_not_written_over_where_an_object_appeared(self, place: Place, data: bytes) -> None:
        class Late(io.BytesIO):
            def read(self, length: int | None = -1, /) -> bytes:
                if self.tell() == 0 and length:
                    place.put(BEFORE)
                return super().read(length)

        with pytest.raises(OneSignalDestinationTakenError, match=f"{place.uri} appeared"):
            place.store(replace=False).put(
                Late(data), content_type=TYPE, size=len(data), metadata={}
            )

        assert_as_before(place, BEFORE)

    @pytest.mark.parametrize("interrupt", [KeyboardInterrupt, GeneratorExit])
    def test_is_left_as_it_was_by_an_interrupt(
        self, place: Place, interrupt: type[BaseException]
    ) -> None:
        class Interrupted(io.BytesIO):
            def read(self, length: int | None = -1, /) -> bytes:
                if self.tell() > 300_000:
                    raise interrupt
                return super().read(length)

        with pytest.raises(interrupt):
            place.store().put(Interrupted(FILE), content_type=TYPE, size=None, metadata={})

        assert_as_before(place, None)

    def test_is_left_as_it_was_by_a_task_that_is_told_to_stop(self, place: Place) -> None:
        place.put(BEFORE)
        stalled = Answer(body=FILE, cut_after=400_000, stall=True)

        with serving(stalled) as server, stopped(server.stalled):
            copy_file(source_of(server, policy=ResumePolicy(), timeout=60), place.store())

        assert_as_before(place, BEFORE)

    def test_without_its_bucket_is_refused_before_the_first_byte(self, place: Place) -> None:
        store = place.store_elsewhere()
        is_folder = place.uri.startswith("file:")
        ask = (lambda: put_bytes(store, b"x", content_type=TYPE)) if is_folder else store.head

        with pytest.raises(OneSignalDestinationError, match=r"nowhere|Not a directory|File exists"):
            ask()


class TestAStoreThatStalls:
    """A task that is told to stop ends all the same, and says what it could not remove."""

    @pytest.fixture(autouse=True)
    def _does_not_wait_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(upload, "_CURRENT_REQUEST", 0.1)
        monkeypatch.setattr(upload, "_WHEN_STOPPED", 0.5)

    @pytest.mark.parametrize(
        ("store", "on"),
        [
            ("s3", S3_OPERATIONS["UploadPart"]),
            ("s3-path", r"^PUT .*partNumber=1"),
            ("gcs", GCS_OPERATIONS["chunk"]),
        ],
    )
    def test_at_a_part_but_still_answers_keeps_nothing(
        self, proxied: Any, store: str, on: str
    ) -> None:
        place, proxy = proxied(store)
        place.put(BEFORE)
        held = proxy.fail(on=on, is_held=True)
        asked = ABORT if store != "gcs" else CANCEL

        with stopped(held.reached):
            copy(place)

        assert any(request.startswith("DELETE") for request in proxy.requests), asked
        assert_as_before(place, BEFORE)

    @pytest.mark.parametrize(
        ("store", "operation", "text"),
        [
            ("s3", S3_OPERATIONS["CreateMultipartUpload"], "was not aborted"),
            ("gcs", GCS_OPERATIONS["initiate"], "was not cancelled"),
        ],
    )
    def test_at_the_beginning_is_named_in_the_log(
        self,
        proxied: Any,
        caplog: pytest.LogCaptureFixture,
        *,
        store: str,
        operation: str,
        text: str,
    ) -> None:
        place, proxy = proxied(store)
        held = proxy.fail(on=operation, is_held=True)

        with caplog.at_level(logging.WARNING), stopped(held.reached):
            copy(place)

        assert f"{text} (no response within" in caplog.text
        held.release()

    @pytest.mark.parametrize("store", ["s3", "s3-path", "gcs"])
    def test_when_it_is_asked_what_is_there_holds_nobody_up(self, proxied: Any, store: str) -> None:
        place, proxy = proxied(store)
        held = proxy.fail(on=r"^(HEAD /exports/.|GET /storage/v1/b/exports/o/)", is_held=True)

        with stopped(held.reached):
            place.store().head()


class TestEveryFault:
    @pytest.mark.parametrize(("store", "row"), rows())
    def test_of_a_store_ends_in_the_file_or_in_one_typed_error(
        self, proxied: Any, store: str, row: StoreCase
    ) -> None:
        place, proxy = proxied(store)
        place.put(BEFORE)
        faults = [proxy.fail(**fault) for fault in row.faults]
        error: Any = None

        try:
            place.store().head()
            copy(place)
        except Exception as raised:  # noqa: BLE001 - whichever it is
            error = raised

        assert type(error) is (row.error or type(None)), error
        assert all(fault.hits for fault in faults)
        assert len(place.leftovers()) == row.left
        held = place.held()
        assert held is not None
        assert held.body == (BEFORE if row.error else FILE)
        place.forget_uploads()


class TestS3:
    def test_stores_as_it_is_told(self, place_of: Any) -> None:
        place = place_of("s3")
        copy(
            place,
            encrypt=True,
            acl_policy="public-read",
            extra_args={"StorageClass": "STANDARD_IA", "Metadata": {"team": "7"}},
        )

        held = place.held()
        head = place.client.head_object(**place.object)
        grants = place.client.get_object_acl(**place.object)["Grants"]
        assert (head["ServerSideEncryption"], head["StorageClass"]) == ("AES256", "STANDARD_IA")
        assert "ContentEncoding" not in head
        assert "READ" in {grant["Permission"] for grant in grants}
        assert held.metadata["team"] == "7"
        assert held.metadata["onesignal-source-etag"] == '"v1"'

    @pytest.mark.parametrize("name", ["Opened?yes.gz", "Opened#no.gz", "a//b/../%20?#", "ä ö+&"])
    @pytest.mark.parametrize("form", ["key", "url", "path"])
    def test_holds_any_name_as_it_was_given(self, proxied: Any, name: str, form: str) -> None:
        place, _ = proxied("s3-path" if form == "path" else "s3")
        key = f"{form}/{name}"
        forms: dict[str, dict[str, Any]] = {
            "key": {"s3_bucket": BUCKET, "s3_key": key},
            "url": {"s3_bucket": None, "s3_key": f"s3://{BUCKET}/{key}"},
            "path": {"path": f"s3://aws_of_paths@{BUCKET}/{key}"},
        }
        store = place.store(**forms[form])
        put_bytes(store, b"named", content_type=TYPE)

        seen: Any = place.place if isinstance(place, PathPlace) else place
        found = seen.client.get_object(Bucket=BUCKET, Key=key)
        assert found["Body"].read() == b"named"
        assert store.uri == f"s3://{BUCKET}/{key}"
        seen.client.delete_object(Bucket=BUCKET, Key=key)

    def test_names_an_upload_in_the_log_that_it_cannot_abort(
        self, proxied: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        place, proxy = proxied("s3")
        proxy.fail(on=S3_OPERATIONS["UploadPart"], status=403, times=None)
        proxy.fail(on=ABORT, status=500, times=None)

        with pytest.raises(OneSignalDestinationError):
            copy(place)

        assert "was not aborted (ClientError)" in caplog.text
        assert "AbortIncompleteMultipartUpload" in caplog.text
        place.forget_uploads()

    def test_that_is_gone_after_its_last_step_leaves_it_open(self, proxied: Any) -> None:
        place, proxy = proxied("s3")
        for fault in ANSWER_LOST_UPLOAD_GONE:
            proxy.fail(**fault)
        proxy.fail(on=S3_OPERATIONS["HeadObject"], status=503, times=None)

        with pytest.raises(OneSignalDestinationUnavailableError, match="cannot be asked whether"):
            copy(place)

        assert_as_before(place, FILE)

    def test_is_not_taken_by_our_own_object_whose_answer_was_lost(self, proxied: Any) -> None:
        place, proxy = proxied("s3")
        lost = proxy.fail(on=r"^PUT /exports/", cut="after")

        put_bytes(place.store(replace=False), b"small", content_type=TYPE)

        assert lost.hits == 1
        assert_as_before(place, b"small")


class TestGCS:
    @pytest.mark.parametrize("step", ["initiate", "last chunk"])
    def test_is_asked_to_create_the_object_and_not_to_write_over_one(
        self, proxied: Any, step: str
    ) -> None:
        place, proxy = proxied("gcs")
        proxy.fail(on=GCS_OPERATIONS[step], status=412)

        with pytest.raises(OneSignalDestinationTakenError):
            copy(place, replace=False)

        begun = next(asked for asked in proxy.requests if asked.startswith("POST "))
        assert "ifGenerationMatch=0" in begun

    def test_cancels_the_upload_itself_and_hides_its_url(
        self, proxied: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        place, proxy = proxied("gcs")
        proxy.fail(on=GCS_OPERATIONS["last chunk"], status=403, times=None)
        proxy.fail(on=CANCEL, status=503, times=None)

        with pytest.raises(OneSignalDestinationError) as caught:
            copy(place)

        begun = next(asked for asked in proxy.requests if asked.startswith("PUT ")).split()[1]
        cancelled = next(asked for asked in proxy.requests if asked.startswith("DELETE "))
        assert cancelled.split()[1] == begun
        assert f"The unfinished upload of {place.uri} was not cancelled" in caplog.text
        assert begun not in caplog.text + str(caught.value)

    @pytest.mark.parametrize("name", ["Opened?yes.gz", "Opened#no.gz", "a//b/../%20?#", "ä ö+&"])
    def test_holds_any_name_as_it_was_given(self, place_of: Any, name: str) -> None:
        place = place_of("gcs")
        store = place.store(object_name=name, metadata={"team": "7"})
        put_bytes(store, b"named", content_type=TYPE)

        blob = place.bucket.get_blob(name)
        assert blob.download_as_bytes() == b"named"
        assert blob.metadata["team"] == "7"
        assert store.uri == f"gs://{BUCKET}/{name}"
        blob.delete()


@STRICT
def test_two_tasks_that_write_one_place_at_once_are_told_apart(place: Place) -> None:
    first_is_reading = Event()

    class First(io.BytesIO):
        """While it is read, a second task stores another file in the same place."""

        def read(self, length: int | None = -1, /) -> bytes:
            if not first_is_reading.is_set():
                first_is_reading.set()
                copy(place, Answer(body=OTHER), replace=False)
            return super().read(length)

    with pytest.raises(OneSignalDestinationTakenError):
        place.store(replace=False).put(First(FILE), content_type=TYPE, size=None, metadata={})

    assert_as_before(place, OTHER)
