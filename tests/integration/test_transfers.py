"""Every fault on the way of an export to a store: the right object, or an error and nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import MagicMock

import pytest

from airflow_provider_onesignal.exceptions import (
    OneSignalDestinationTakenError,
    OneSignalExportCorruptError,
    OneSignalExportTimeoutError,
)
from airflow_provider_onesignal.exports import MessageHistoryExport
from airflow_provider_onesignal.files import copy
from airflow_provider_onesignal.testing import Emulator
from tests.integration.case import Case, rows
from tests.integration.cases import DOWNLOADS, PLAIN, N
from tests.integration.cases_before import STARTS, WAITS
from tests.integration.job import Job
from tests.integration.ledger import CLEAN, judge
from tests.integration.stores import Place

BEFORE = b"the object that was there"
pytestmark = pytest.mark.usefixtures("waits")
STORES = pytest.mark.parametrize("store", ["s3", "gcs", "folder"])
MODES = pytest.mark.parametrize("mode", ["deferred", "worker"])
WAYS = pytest.mark.parametrize(
    ("mode", "before"),
    [("url", BEFORE), ("deferred", None), ("worker", BEFORE)],
    ids=["url over another", "deferred", "worker over another"],
)


def prepare(
    emulator: Emulator, place: Place, *, mode: str, before: bytes | None, **parameters: Any
) -> Job:
    if mode == "deferred":
        emulator.settings.ready_after_polls = 2
    if before is not None:
        place.put(before)
    return Job(place, mode, **{"replace": before is not None, **parameters})


def break_(fail: Callable[..., Any], on: str, row: Case, *, size: int = 0, skip: int = 0) -> None:
    for fault in row.faults:
        given = {
            name: value + size if name.endswith("_at") and value < 0 else value
            for name, value in fault.items()
        }
        fail(on, **{"skip": skip, **given})


def posts(emulator: Emulator) -> int:
    return [request.operation for request in emulator.requests].count("csv_export")


def downloads(emulator: Emulator) -> list[Any]:
    return [asked for asked in emulator.files.requests if asked.operation == "download"]


def is_kept(job: Job) -> bool:
    """Tell whether the task's next try will go on with the export."""
    return bool(job.store and '"url": "http' in repr(job.store.values))


class TestEveryFault:
    @WAYS
    @pytest.mark.parametrize("row", rows(DOWNLOADS))
    def test_of_the_download(
        self,
        *,
        onesignal: Emulator,
        size: int,
        place_of: Any,
        waits: list[float],
        mode: str,
        before: bytes | None,
        row: Case,
    ) -> None:
        place = place_of("folder")
        job = prepare(onesignal, place, mode=mode, before=before)
        # the first request compares the file with the object that is there
        skip = 0 if before is None else 1
        break_(onesignal.files.fail, "download", row, size=size, skip=skip)

        ended = job.run()

        assert judge(ended, emulator=onesignal, place=place, before=before) == CLEAN
        assert all(fault.hits for fault in onesignal.files.faults.all())
        assert isinstance(ended.error, row.error or type(None))
        assert str(ended.error).count("127.0.0.1") == (row.error is not None), "the file, once"
        assert len(ended.deferrals) == (mode == "deferred")
        assert max(waits, default=0) >= row.waits
        assert posts(onesignal) == 1
        assert is_kept(job) is (row.keeps_the_export and mode != "url")

    @MODES
    @pytest.mark.parametrize("row", rows(WAITS))
    def test_of_the_wait(self, onesignal: Emulator, place_of: Any, mode: str, row: Case) -> None:
        place = place_of("folder")
        before = BEFORE if row.error else None
        is_late = row.error is OneSignalExportTimeoutError
        timeout = {"timeout": 0.3} if is_late else {}
        job = prepare(onesignal, place, mode=mode, before=before, **timeout)
        onesignal.settings.ready_after_polls = 2
        # the first look is the worker's in both modes
        break_(onesignal.files.fail, "poll", row, skip=1)

        ended = job.run()

        assert judge(ended, emulator=onesignal, place=place, before=before) == CLEAN
        assert all(fault.hits for fault in onesignal.files.faults.all())
        assert type(ended.error) is (row.error or type(None))
        assert len(ended.deferrals) == (mode == "deferred")
        assert posts(onesignal) == 1
        assert is_kept(job) is row.keeps_the_export

    @MODES
    @pytest.mark.parametrize("row", rows(STARTS))
    def test_of_the_start(
        self,
        *,
        onesignal: Emulator,
        place_of: Any,
        waits: list[float],
        mode: str,
        row: Case,
    ) -> None:
        place = place_of("folder")
        before = BEFORE if row.error else None
        is_late = row.error is OneSignalExportTimeoutError
        timeout = {"timeout": 0.3} if is_late else {}
        job = prepare(onesignal, place, mode=mode, before=before, **timeout)
        break_(onesignal.fail, "csv_export", row)

        ended = job.run()

        assert judge(ended, emulator=onesignal, place=place, before=before) == CLEAN
        assert all(fault.hits for fault in onesignal.faults.all())
        assert type(ended.error) is (row.error or type(None))
        assert max(waits, default=0) >= row.waits
        assert not is_kept(job)


class TestAPlainFile:
    """A message history is no gzip: its length and its looks are all there is to check."""

    @MODES
    @pytest.mark.parametrize("row", rows(PLAIN))
    def test_arrives_whole_or_not_at_all(
        self, onesignal: Emulator, place_of: Any, mode: str, row: Case
    ) -> None:
        place = place_of("folder")
        before = BEFORE if row.error else None
        export = MessageHistoryExport(message_id=onesignal.message_id, events="sent")
        job = prepare(onesignal, place, mode=mode, before=before, export=export)
        # a plain file is compared to its end with the object that is there
        break_(onesignal.files.fail, "download", row, skip=0 if before is None else 1)

        ended = job.run()

        assert judge(ended, emulator=onesignal, place=place, before=before) == CLEAN
        assert all(fault.hits for fault in onesignal.files.faults.all())
        assert type(ended.error) is (row.error or type(None))
        assert is_kept(job) is row.keeps_the_export


class TestResuming:
    @STORES
    def test_goes_on_where_the_connection_broke_and_inside_the_same_upload(
        self, onesignal: Emulator, place_of: Any, store: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        uploads = MagicMock(side_effect=copy._put)
        monkeypatch.setattr(copy, "_put", uploads)
        place = place_of(store)
        job = prepare(onesignal, place, mode="deferred", before=None)
        onesignal.files.fail("download", cut_at=60_000, times=None)

        ended = job.run()

        assert judge(ended, emulator=onesignal, place=place) == CLEAN
        assert ended.error is None
        assert uploads.call_count == 1
        first, *others = (asked.headers for asked in downloads(onesignal))
        assert "range" not in first
        assert [asked["range"] for asked in others] == [
            f"bytes={position}-" for position in range(60_000, len(others) * 60_000 + 1, 60_000)
        ]
        assert len(others) >= 3
        assert {asked["if-range"] for asked in others} == {ended.summary["source_etag"]}

    @STORES
    @MODES
    @pytest.mark.parametrize(
        "fault", [{"status": 404}, {"status": 503}, {"cut_at": N, "no_ranges": True}]
    )
    def test_a_retry_copies_the_same_export(
        self, onesignal: Emulator, place_of: Any, store: str, mode: str, fault: dict[str, Any]
    ) -> None:
        place = place_of(store)
        job = prepare(onesignal, place, mode=mode, before=BEFORE)
        hit = onesignal.files.fail("download", skip=1, times=None, **fault)
        failed = job.run()
        assert judge(failed, emulator=onesignal, place=place, before=BEFORE) == CLEAN
        assert failed.error is not None
        assert hit.hits
        onesignal.files.faults.clear()

        retried = job.run()

        assert judge(retried, emulator=onesignal, place=place) == CLEAN
        assert retried.unwrap() == place.uri
        assert posts(onesignal) == 1

    @MODES
    def test_a_retry_starts_another_export_where_the_file_itself_is_damaged(
        self, onesignal: Emulator, place_of: Any, mode: str
    ) -> None:
        place = place_of("folder")
        job = prepare(onesignal, place, mode=mode, before=None)
        onesignal.files.fail("download", flip_at=N)
        assert isinstance(job.run().error, OneSignalExportCorruptError)

        retried = job.run()

        assert judge(retried, emulator=onesignal, place=place) == CLEAN
        assert retried.unwrap() == place.uri
        assert posts(onesignal) == 2

    def test_a_lost_deferral_is_followed_by_the_same_export(
        self, onesignal: Emulator, place_of: Any
    ) -> None:
        place = place_of("folder")
        job = prepare(onesignal, place, mode="deferred", before=None)
        assert len(job.run(served=False).deferrals) == 1

        retried = job.run()

        assert judge(retried, emulator=onesignal, place=place) == CLEAN
        assert retried.unwrap() == place.uri
        assert posts(onesignal) == 1

    def test_without_task_state_the_deferral_itself_remembers_the_export(
        self, onesignal: Emulator, place_of: Any
    ) -> None:
        place = place_of("folder")
        job = prepare(onesignal, place, mode="deferred", before=None)
        job.store = None

        ended = job.run()

        assert judge(ended, emulator=onesignal, place=place) == CLEAN
        assert ended.unwrap() == place.uri
        assert posts(onesignal) == 1


class TestRunningAgain:
    @STORES
    def test_copies_nothing_where_this_very_export_is_there(
        self, onesignal: Emulator, place_of: Any, store: str
    ) -> None:
        place = place_of(store)
        job = prepare(onesignal, place, mode="url", before=None)
        first = job.run()
        served = len(downloads(onesignal))

        again = job.run()

        assert judge(again, emulator=onesignal, place=place) == CLEAN
        assert again.unwrap() == first.unwrap() == place.uri
        assert (first.summary["copied"], again.summary["copied"]) == (True, False)
        assert _bytes_asked(downloads(onesignal)[served:]) <= 128 * 1024

    @STORES
    @MODES
    def test_finds_what_a_worker_copied_that_died_before_it_could_say_so(
        self, onesignal: Emulator, place_of: Any, store: str, mode: str
    ) -> None:
        place = place_of(store)
        job = prepare(onesignal, place, mode=mode, before=None)
        job.store.delete = lambda key: None  # type: ignore[method-assign,union-attr]
        job.run().unwrap()

        again = job.run()

        assert judge(again, emulator=onesignal, place=place) == CLEAN
        assert again.unwrap() == place.uri
        assert again.summary["copied"] is False
        assert posts(onesignal) == 1

    @STORES
    @pytest.mark.parametrize("mode", ["url", "deferred", "worker"])
    def test_is_refused_before_the_first_byte_where_something_else_is_there(
        self, onesignal: Emulator, place_of: Any, store: str, mode: str
    ) -> None:
        place = place_of(store)
        job = prepare(onesignal, place, mode=mode, before=BEFORE, replace=False)
        started = posts(onesignal)

        refused = job.run()

        assert judge(refused, emulator=onesignal, place=place, before=BEFORE) == CLEAN
        assert type(refused.error) is OneSignalDestinationTakenError
        assert "replace=True" in str(refused.error)
        assert posts(onesignal) == started
        assert all("range" in asked.headers for asked in downloads(onesignal))
        assert mode == "url" or onesignal.files.requests == []


def _bytes_asked(requests: list[Any]) -> int:
    ranges = (asked.headers["range"].removeprefix("bytes=").split("-") for asked in requests)
    return sum(int(last) - int(first) + 1 for first, last in ranges)
