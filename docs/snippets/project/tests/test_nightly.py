"""Tests of the nightly export."""

from __future__ import annotations

# --8<-- [start:success]
from pathlib import Path

from nightly import dag

from airflow_provider_onesignal.testing import Emulator

dag.get_task("export_subscriptions").poll_interval = 0.1


def test_the_file_lands_as_onesignal_made_it(onesignal: Emulator, lake: Path) -> None:
    assert dag.test().state == "success"

    (export,) = onesignal.exports
    (file,) = lake.iterdir()
    assert file.read_bytes() == b"".join(export.content.read())


# --8<-- [end:success]
# --8<-- [start:faults]
def test_a_download_that_breaks_is_resumed(onesignal: Emulator, lake: Path) -> None:
    cut = onesignal.files.fail("download", cut_at=4096, times=2)

    assert dag.test().state == "success"
    assert cut.hits == 2
    (file,) = lake.iterdir()
    assert file.stat().st_size == onesignal.exports[0].content.size


def test_a_damaged_file_is_never_stored(onesignal: Emulator, lake: Path) -> None:
    onesignal.files.fail("download", flip_at=2000)

    assert dag.test().state == "failed"
    assert list(lake.iterdir()) == []


# --8<-- [end:faults]
# --8<-- [start:requests]
def test_one_export_is_started(onesignal: Emulator, lake: Path) -> None:
    dag.test()

    assert [request.operation for request in onesignal.requests] == ["csv_export"]
    assert onesignal.violations == []  # such as the API key sent to the host of the files


# --8<-- [end:requests]
