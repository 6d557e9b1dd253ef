"""A real Airflow ends waits in time, and forgets or keeps an export as people expect."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from airflow_provider_onesignal.testing import Emulator
from demo.live_airflow import LiveAirflow
from demo.processes import wait_until
from tests.system.dag_run import DagRun

TASK = "export_subscriptions"
HOUR = 3600.0
Start = Callable[[str], DagRun]


def posts(emulator: Emulator) -> int:
    return [request.operation for request in emulator.requests].count("csv_export")


def polls(emulator: Emulator) -> int:
    return [request.operation for request in emulator.files.requests].count("poll")


def test_a_deferred_sensor_ends_at_its_timeout_failed_or_skipped(
    start: Start, emulator: Emulator
) -> None:
    emulator.settings.ready_after = HOUR
    run = start("short_of_time")
    run.wait_for_the_end(timeout=120)

    logs = "\n".join(run.logs())
    states = {name: run.task(name)["state"] for name in ("start", "fails", "skips")}
    assert states == {"start": "success", "fails": "failed", "skips": "skipped"}, logs
    assert run.task("ends_at_execution_timeout")["state"] == "failed"
    assert logs.count("AirflowSensorTimeout: The export's file") >= 2
    assert "was not ready within 5 s. Last response: HTTP 404" in logs
    assert posts(emulator) == 1


@pytest.mark.parametrize("limit", ["timeout", "execution_timeout"])
def test_a_deferred_export_ends_at_its_timeout_with_an_error_of_its_own(
    start: Start, emulator: Emulator, store: Path, limit: str
) -> None:
    emulator.settings.ready_after = HOUR
    run = start(f"short_of_time_by_{limit}")
    run.wait_for_the_end(timeout=120)

    logs = "\n".join(run.logs())
    assert run.task(TASK)["state"] == "failed", logs
    assert "OneSignalExportTimeoutError: The export's file" in logs
    assert "Last response: HTTP 404" in logs
    assert list(store.glob("late/*")) == []
    assert posts(emulator) == 1


def test_a_task_that_is_cleared_after_its_success_exports_anew(
    start: Start, emulator: Emulator
) -> None:
    run = start("patient")
    run.wait_for_success()
    first = run.result(TASK)

    run.clear()
    wait_until(lambda: posts(emulator) == 2, what="a second export", timeout=60)
    run.wait_for_the_end(timeout=60)

    assert run.state() == "success"
    assert run.task(TASK)["try_number"] == 2
    assert run.result(TASK) != first


def test_a_task_ended_while_it_waits_says_that_its_export_goes_on_and_can_be_taken_up(
    airflow: LiveAirflow, start: Start, emulator: Emulator
) -> None:
    emulator.settings.ready_after = HOUR
    run = start("patient")
    run.wait_for_deferral(TASK)
    of_the_worker = polls(emulator)
    wait_until(
        lambda: polls(emulator) > of_the_worker, what="a look of the trigger's own", timeout=60
    )

    run.fail_task(TASK)
    wait_until(lambda: said_in_a_log(airflow, run), what="the trigger's last words", timeout=60)
    emulator.advance(HOUR)
    run.clear()
    wait_until(lambda: run.state() == "success", what="the success of the run", timeout=90)

    assert posts(emulator) == 1
    assert emulator.export(run.result(TASK)) is emulator.exports[0]


def test_a_task_ended_on_its_worker_says_that_its_export_goes_on(
    airflow: LiveAirflow, start: Start, emulator: Emulator
) -> None:
    emulator.settings.ready_after = HOUR
    run = start("impatient_on_a_worker")
    wait_until(lambda: polls(emulator) > 0, what="a look at the file", timeout=60)

    run.fail_task(TASK)

    said = "The task was killed. The export continues at OneSignal; its file will be at 127.0.0.1/"
    wait_until(lambda: said_in_a_log(airflow, run, said), what="its last words", timeout=60)
    assert posts(emulator) == 1


def said_in_a_log(
    airflow: LiveAirflow,
    run: DagRun,
    said: str = "This triggerer no longer waits for the export, whose file will be at 127.0.0.1/",
) -> bool:
    logs = (path for path in airflow.home.rglob("*.log*") if path.is_file())
    texts = (path.read_text(errors="replace") for path in logs if run.run_id in str(path))
    return any(said in text for text in texts)
