"""A copy that is killed half way: what it leaves, and that the next try ends it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_onesignal.testing import Emulator
from demo.processes import wait_until
from tests.integration import killable
from tests.integration.job import Job
from tests.integration.ledger import CLEAN, judge
from tests.integration.store_cases import GCS_OPERATIONS

ROOT = Path(__file__).parents[2]
FIRST_PART = {"s3": r"^PUT .*partNumber=1", "gcs": GCS_OPERATIONS["chunk"]}
BEFORE = b"the object that was there"
PATIENCE = 60.0

STORES = pytest.mark.parametrize("store", ["s3", "gcs", "folder"])


class HalfCopied:
    """
    A copy in a process of its own, which has stored some of the file and waits for the rest.

    :param job: the same copy in this process
    """

    def __init__(self, emulator: Emulator, place: Any, job: Job) -> None:
        self.emulator, self.place, self.job = emulator, place, job
        self._begun: threading.Event | None = None
        self.returncode = 0
        self.said = ""

    def watch(self, proxy: Any, pattern: str) -> None:
        """Take the first request like this for the sign that the copy has begun."""
        self._begun = proxy.fail(on=pattern).reached

    @contextmanager
    def running(self, *, raises: bool) -> Iterator[subprocess.Popen[str]]:
        """Run it, and hear it out."""
        operator = self.place.operator
        given = {
            "module": operator.__module__,
            "class": operator.__name__,
            "parameters": {**self.place.parameters, "csv_file_url": self.job.url, "replace": True},
            "raises": raises,
        }
        command = [sys.executable, "-m", killable.__name__, json.dumps(given)]
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
            try:
                self._wait_for_a_part()
                assert process.poll() is None
                yield process
                self.said = process.communicate(timeout=PATIENCE)[1]
            finally:
                process.kill()
        self.returncode = process.returncode

    def _wait_for_a_part(self) -> None:
        if self._begun is not None:
            assert self._begun.wait(PATIENCE)
            return
        wait_until(lambda: bool(self._parts()), what="a part of the file", timeout=PATIENCE)

    def _parts(self) -> list[str]:
        return [path for path in self.place.leftovers() if Path(path).stat().st_size]


@pytest.fixture
def half_copied(onesignal: Emulator, proxied: Any, place_of: Any) -> Iterator[Any]:
    places: list[Any] = []

    def make(store: str) -> HalfCopied:
        place, proxy = (place_of(store), None) if store == "folder" else proxied(store)
        places.append(place)
        place.put(BEFORE)
        onesignal.settings.rows = 5000
        copied = HalfCopied(onesignal, place, Job(place, "url", replace=True))
        if proxy is not None:
            copied.watch(proxy, FIRST_PART[store])
        # the first request compares the file with the object that is there
        onesignal.files.fail("download", skip=1, bytes_per_second=150_000, times=None)
        return copied

    yield make
    for place in places:
        place.forget_uploads()


def assert_the_next_try_succeeds(copied: HalfCopied, *, left: int) -> None:
    copied.emulator.files.faults.clear()
    ended = copied.job.run()
    found = judge(ended, emulator=copied.emulator, place=copied.place, unavoidable=left)
    assert found == CLEAN
    assert ended.unwrap() == copied.place.uri
    assert ended.summary["copied"] is True
    assert [each.operation for each in copied.emulator.requests].count("csv_export") == 1


@STORES
def test_killed_outright_leaves_no_object_and_the_next_try_supersedes_the_rest(
    half_copied: Any, store: str
) -> None:
    copied = half_copied(store)

    with copied.running(raises=False) as process:
        process.send_signal(signal.SIGKILL)

    assert copied.returncode == -signal.SIGKILL
    assert copied.place.held().body == BEFORE
    left = copied.place.leftovers()
    # an unfinished resumable upload to GCS cannot be listed
    assert len(left) == (0 if store == "gcs" else 1)
    assert all(text.startswith("upload of ") or text.endswith(".part") for text in left)
    assert_the_next_try_succeeds(copied, left=1 if store == "s3" else 0)


@STORES
@pytest.mark.parametrize("raises", [False, True], ids=["as Airflow 3", "as Airflow 2"])
def test_told_to_stop_leaves_nothing(half_copied: Any, store: str, raises: bool) -> None:
    copied = half_copied(store)

    with copied.running(raises=raises) as process:
        process.send_signal(signal.SIGTERM)

    assert copied.returncode == 1
    assert copied.place.held().body == BEFORE
    assert copied.place.leftovers() == []
    assert raises or "OneSignalError: The task was told to stop" in copied.said
    assert copied.job.url not in copied.said
    assert_the_next_try_succeeds(copied, left=0)
