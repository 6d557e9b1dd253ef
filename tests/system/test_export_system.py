"""The nightly export in a real Airflow: scheduler, workers, triggerer, API server."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from airflow_provider_onesignal.testing import Emulator
from demo.live_airflow import LiveAirflow, airflow_command, environment
from demo.processes import free_port
from tests.system.conftest import EXAMPLES, ROWS
from tests.system.dag_run import DagRun

ONE_TASK = "example_onesignal_export_to_object_storage"
THREE_TASKS = "example_onesignal_export_in_three_tasks"
TASK = "export_subscriptions"
POOL = "onesignal_export"
HOUR = 3600.0
Start = Callable[[str], DagRun]


def operations(emulator: Emulator) -> list[str]:
    return [request.operation for request in emulator.requests]


def served(emulator: Emulator) -> bytes:
    (export,) = emulator.exports
    return b"".join(export.content.read())


def stored(store: Path, run: DagRun, folder: str = "subscriptions") -> Path:
    return store / folder / f"{run.day:%Y-%m-%d}.csv.gz"


@pytest.mark.every_airflow
def test_an_export_waits_without_a_worker_and_lands_as_it_was_served(
    airflow: LiveAirflow, start: Start, emulator: Emulator, store: Path
) -> None:
    emulator.settings.ready_after = HOUR
    run = start(ONE_TASK)
    run.wait_for_deferral(TASK)

    pool = airflow.client.get(f"pools/{POOL}")
    assert (pool["running_slots"], pool["deferred_slots"]) == (0, 1)
    assert airflow.client.running_slots() == 0
    assert not stored(store, run).exists()

    emulator.advance(HOUR)
    run.wait_for_success()

    file, content = stored(store, run), served(emulator)
    assert file.read_bytes() == content
    assert run.result(TASK) == file.as_uri()
    assert run.summary(TASK) | {"seconds": 0} == {
        "uri": file.as_uri(),
        "bytes": len(content),
        "rows": ROWS,
        "columns": gzip.decompress(content).partition(b"\n")[0].decode().split(","),
        "sha256": hashlib.sha256(content).hexdigest(),
        "source_etag": emulator.exports[0].content.etag,
        "content_type": "application/gzip",
        "seconds": 0,
        "copied": True,
    }
    assert operations(emulator) == ["csv_export"]
    assert emulator.violations == []
    assert run.task(TASK)["try_number"] == 1


def test_a_killed_triggerer_costs_no_second_export(
    airflow: LiveAirflow, start: Start, emulator: Emulator, store: Path
) -> None:
    emulator.settings.ready_after = HOUR
    run = start(ONE_TASK)
    run.wait_for_deferral(TASK)

    airflow.kill("triggerer")
    emulator.advance(HOUR)
    airflow.start("triggerer")
    run.wait_for_success()

    assert stored(store, run).read_bytes() == served(emulator)
    assert operations(emulator) == ["csv_export"]
    assert run.task(TASK)["try_number"] == 1


def test_three_tasks_hand_the_url_on(start: Start, emulator: Emulator, store: Path) -> None:
    emulator.settings.ready_after = HOUR
    run = start(THREE_TASKS)
    run.wait_for_deferral("wait_for_export")
    emulator.advance(HOUR)
    run.wait_for_success()

    url = run.result("start_export")
    assert run.result("wait_for_export") == url
    assert stored(store, run, "three-tasks").read_bytes() == emulator.export_bytes(url)
    assert operations(emulator) == ["csv_export"]


def test_a_file_that_is_ready_at_once_needs_no_deferral(
    start: Start, emulator: Emulator, store: Path
) -> None:
    run = start(ONE_TASK)
    run.wait_for_success()

    assert stored(store, run).read_bytes() == served(emulator)


@pytest.mark.every_airflow
def test_the_outlet_asset_tells_what_was_stored(
    airflow: LiveAirflow, start: Start, emulator: Emulator
) -> None:
    run = start(ONE_TASK)
    run.wait_for_success()

    kind = "asset" if "dag-processor" in airflow.components else "dataset"  # as Airflow 2 has it
    events = airflow.client.get(f"{kind}s/events", order_by="-timestamp", limit=1)
    (event,) = events[f"{kind}_events"]
    assert event.get("name", event.get("dataset_uri")) == "onesignal_subscriptions"
    assert event["extra"]["sha256"] == emulator.exports[0].content.sha256


def test_the_same_dag_runs_in_one_process(
    emulator: Emulator, store: Path, tmp_path: Path, variables: dict[str, str]
) -> None:
    emulator.settings.ready_after_polls = 1
    env = environment(home=tmp_path, dags=EXAMPLES, port=free_port()) | variables
    for command in (["db", "migrate"], ["dags", "test", ONE_TASK, "2026-01-31"]):
        done = subprocess.run(
            [*airflow_command(), *command], env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    file = store / "subscriptions" / "2026-01-31.csv.gz"
    assert file.read_bytes() == served(emulator)
    assert operations(emulator) == ["csv_export"]


@pytest.mark.every_airflow
def test_neither_the_key_nor_the_url_is_in_any_log(
    airflow: LiveAirflow, start: Start, emulator: Emulator
) -> None:
    emulator.settings.ready_after_polls = 1
    run = start(ONE_TASK)
    run.wait_for_success()

    (export,) = emulator.exports
    logs = {path: path.read_text(errors="replace") for path in airflow.home.rglob("*.log")}
    assert any("attempt=1" in path.name for path in logs)
    assert [path for path, text in logs.items() if emulator.api_key in text] == []
    assert [path for path, text in logs.items() if Path(export.path).name in text] == []
