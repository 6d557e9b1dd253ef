"""Each fault of a store: the right object, or one typed error and nothing left."""

from __future__ import annotations

import errno
import os
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_onesignal.exceptions import (
    OneSignalDestinationError,
    OneSignalDestinationUnavailableError,
)
from airflow_provider_onesignal.testing import Emulator
from airflow_provider_onesignal.transfers.onesignal_to_s3 import OneSignalOutcomesToS3Operator
from tests.integration.job import Job
from tests.integration.ledger import CLEAN, judge
from tests.integration.proxy import NetworkFault
from tests.integration.store_cases import (
    ABORT,
    ANSWER_LOST_UPLOAD_GONE,
    CANCEL,
    GCS_OPERATIONS,
    S3_OPERATIONS,
    StoreCase,
    rows,
)
from tests.integration.tasks import run_try

BEFORE = b"the object that was there"
WAYS = pytest.mark.parametrize("before", [None, BEFORE], ids=["new", "over another"])


def posts(emulator: Emulator) -> int:
    return [request.operation for request in emulator.requests].count("csv_export")


@WAYS
@pytest.mark.parametrize(("store", "row"), rows())
def test_every_fault_and_the_retry_after_it(
    *,
    onesignal: Emulator,
    proxied: Any,
    store: str,
    row: StoreCase,
    before: bytes | None,
) -> None:
    place, proxy = proxied(store)
    if before is not None:
        place.put(before)
    # a chunk of an upload to GCS has 256 KiB at least
    onesignal.settings.rows = 5000 if store == "gcs" else onesignal.settings.rows
    job = Job(place, "worker", replace=before is not None)
    faults = [proxy.fail(**fault) for fault in row.faults]

    ended = job.run()

    assert type(ended.error) is (row.error or type(None))
    assert all(fault.hits for fault in faults)
    assert len(place.leftovers()) == row.left
    found = judge(
        ended,
        emulator=onesignal,
        place=place,
        before=before,
        faults=faults,
        unavoidable=row.left,
    )
    assert found == CLEAN
    place.forget_uploads()
    if row.error is None:
        return
    proxy.reset()

    retried = job.run()

    assert judge(retried, emulator=onesignal, place=place) == CLEAN
    assert retried.unwrap() == place.uri
    assert posts(onesignal) == 1


class TestS3:
    def test_an_upload_that_cannot_be_aborted_is_named_in_the_log(
        self, onesignal: Emulator, proxied: Any
    ) -> None:
        place, proxy = proxied("s3")
        proxy.fail(on=S3_OPERATIONS["UploadPart"], status=500, times=None)
        proxy.fail(on=ABORT, status=500, times=None)

        ended = Job(place, "worker").run()

        assert "was not aborted (500)" in ended.shown["log"]
        assert "AbortIncompleteMultipartUpload" in ended.shown["log"]
        place.forget_uploads()

    def test_a_store_that_is_gone_after_the_last_step_leaves_it_open(
        self, onesignal: Emulator, proxied: Any
    ) -> None:
        place, proxy = proxied("s3")
        job = Job(place, "worker")
        lost, gone = (proxy.fail(**fault) for fault in ANSWER_LOST_UPLOAD_GONE)
        # HEAD is asked twice before the copy
        down = proxy.fail(on=S3_OPERATIONS["HeadObject"], skip=2, status=503, times=None)

        ended = job.run()

        faults = [lost, gone, down]
        assert all(fault.hits for fault in faults)
        assert type(ended.error) is OneSignalDestinationUnavailableError
        assert "cannot be asked whether the file is there" in str(ended.error)
        assert "was not aborted" not in ended.shown["log"]
        assert place.leftovers() == []
        proxy.reset()
        retried = job.run()
        assert judge(retried, emulator=onesignal, place=place, faults=faults) == CLEAN
        assert retried.summary["copied"] is False
        assert posts(onesignal) == 1

    @pytest.mark.parametrize("store", ["s3", "s3-path", "gcs"])
    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            ({"status": 503}, None),
            ({"cut": "before"}, None),
            ({"cut": "before", "times": None}, OneSignalDestinationUnavailableError),
            ({"status": 503, "times": None}, OneSignalDestinationUnavailableError),
            ({"status": 403, "times": None}, OneSignalDestinationError),
        ],
    )
    def test_an_object_that_cannot_be_read_is_not_taken_for_another(
        self, *, onesignal: Emulator, proxied: Any, store: str, fault: dict[str, Any], error: Any
    ) -> None:
        place, proxy = proxied(store)
        job = Job(place, "url")
        job.run().unwrap()
        body = place.held().body
        hit = proxy.fail(on=r"^GET /(exports|download)/.*users\.csv\.gz", **fault)

        ended = job.run()

        assert hit.hits
        assert type(ended.error) is (error or type(None))
        assert judge(ended, emulator=onesignal, place=place, before=body, faults=[hit]) == CLEAN


class TestGCS:
    def test_an_object_that_appears_meanwhile_is_not_written_over(
        self, onesignal: Emulator, proxied: Any
    ) -> None:
        place, proxy = proxied("gcs")
        lost = proxy.fail(on=GCS_OPERATIONS["last chunk"], status=412)
        job = Job(place, "worker")
        race = proxy.fail(on=GCS_OPERATIONS["initiate"], is_held=True)
        other = threading.Thread(target=_put_meanwhile, args=(place, race))
        other.start()

        ended = job.run()

        other.join()
        faults = [lost, race]
        found = judge(ended, emulator=onesignal, place=place, before=BEFORE, faults=faults)
        assert found == CLEAN
        assert type(ended.error) is OneSignalDestinationError
        assert f"{place.uri} appeared while this task ran" in str(ended.error)

    def test_what_is_cancelled_is_the_upload_itself(
        self, onesignal: Emulator, proxied: Any
    ) -> None:
        place, proxy = proxied("gcs")
        onesignal.settings.rows = 5000
        proxy.fail(on=GCS_OPERATIONS["last chunk"], status=403)

        Job(place, "worker").run()

        begun = [asked for asked in proxy.requests if asked.startswith("PUT ")]
        cancelled = [asked for asked in proxy.requests if asked.startswith("DELETE ")]
        assert [asked.split()[1] for asked in cancelled] == [begun[0].split()[1]]

    def test_an_upload_that_cannot_be_cancelled_is_named_in_the_log_without_its_address(
        self, onesignal: Emulator, proxied: Any
    ) -> None:
        place, proxy = proxied("gcs")
        onesignal.settings.rows = 5000
        proxy.fail(on=GCS_OPERATIONS["chunk"], cut="before", times=None)
        proxy.fail(on=CANCEL, status=503, times=None)

        ended = Job(place, "worker").run()

        assert f"The unfinished upload of {place.uri} was not cancelled (503)" in ended.shown["log"]
        session = next(asked for asked in proxy.requests if asked.startswith("DELETE ")).split()[1]
        assert session not in ended.shown["error"]


def _put_meanwhile(place: Any, race: NetworkFault) -> None:
    race.reached.wait(30)
    place.put(BEFORE)
    race.release()


class TestOutcomes:
    """They are few, and go up in one request."""

    @pytest.mark.parametrize(
        ("faults", "error"),
        [
            ([{"status": 503}], None),
            ([{"status": 503, "times": None}], OneSignalDestinationUnavailableError),
            ([{"cut": "before", "times": None}], OneSignalDestinationUnavailableError),
            ([{"status": 403, "times": None}], OneSignalDestinationError),
            ([{"cut": "after"}], None),
            ([{"cut": "after"}, {"status": 403, "times": None}], None),
        ],
    )
    def test_meet_the_same_store(
        self, *, onesignal: Emulator, proxied: Any, faults: list[dict[str, Any]], error: Any
    ) -> None:
        place, proxy = proxied("s3")
        hits = [proxy.fail(on=r"^PUT /exports/[^?]+$", **fault) for fault in faults]

        def make() -> Any:
            return OneSignalOutcomesToS3Operator(
                task_id="outcomes",
                outcome_names=["os__click.count"],
                outcome_time_range="1h",
                **place.parameters,
            )

        ended = run_try(make, store=None)

        assert all(fault.hits for fault in hits)
        assert type(ended.error) is (error or type(None))
        assert (place.held() is None) == (error is not None)
        assert place.leftovers() == []


class TestAFolder:
    @WAYS
    @pytest.mark.parametrize(
        ("call", "number", "error"),
        [
            ("os.fsync", errno.ENOSPC, OneSignalDestinationUnavailableError),
            ("os.fsync", errno.EDQUOT, OneSignalDestinationUnavailableError),
            ("os.fsync", errno.EIO, OneSignalDestinationUnavailableError),
            ("shutil.copyfileobj", errno.ENOSPC, OneSignalDestinationUnavailableError),
            ("pathlib.Path.replace", errno.EIO, OneSignalDestinationUnavailableError),
            ("pathlib.Path.replace", errno.EACCES, OneSignalDestinationError),
            ("pathlib.Path.replace", errno.EROFS, OneSignalDestinationError),
            ("pathlib.Path.mkdir", errno.EACCES, OneSignalDestinationError),
            ("pathlib.Path.open", errno.EACCES, OneSignalDestinationError),
            ("pathlib.Path.open", errno.EMFILE, OneSignalDestinationUnavailableError),
        ],
    )
    def test_that_fails(
        self,
        *,
        onesignal: Emulator,
        place_of: Any,
        monkeypatch: pytest.MonkeyPatch,
        call: str,
        number: int,
        error: Any,
        before: bytes | None,
    ) -> None:
        place = place_of("folder")
        if before is not None:
            place.put(before)
        job = Job(place, "worker", replace=before is not None)
        fault = SimpleNamespace(hits=0)

        def fail(*_: Any, **__: Any) -> None:
            fault.hits += 1
            raise OSError(number, os.strerror(number))

        with monkeypatch.context() as patch:
            patch.setattr(call, fail)
            ended = job.run()

        assert fault.hits
        assert type(ended.error) is error
        assert os.strerror(number) in str(ended.error)
        assert "Nothing was stored" in str(ended.error)
        found = judge(ended, emulator=onesignal, place=place, before=before, faults=[fault])
        assert found == CLEAN
        retried = job.run()
        assert judge(retried, emulator=onesignal, place=place) == CLEAN
        assert retried.unwrap() == place.uri
        assert posts(onesignal) == 1
