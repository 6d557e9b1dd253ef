"""What a real Airflow, and a backend of lineage behind it, get to know of a transfer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_onesignal.testing import Emulator
from demo.live_airflow import LiveAirflow
from demo.processes import wait_until
from tests.system.dag_run import DagRun

Start = Callable[..., DagRun]
LOAD = "example_onesignal_asset_load"
DASHBOARD = "https://dashboard.onesignal.com/apps"


def secrets(emulator: Emulator) -> list[str]:
    files = [export.path.rpartition("/")[2][:-11] for export in emulator.exports]
    assert files
    return [emulator.api_key, *files]


@contextmanager
def schedule_alone(airflow: LiveAirflow, dag_id: str) -> Iterator[None]:
    """Let the scheduler start runs of this DAG by itself, which it does for none in these tests."""
    dags = airflow.client.get("dags", limit=200)["dags"]
    others = [dag["dag_id"] for dag in dags if dag["dag_id"] != dag_id]
    setting = "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE"
    before = airflow.env[setting]
    for other in others:
        airflow.client.call("PATCH", f"dags/{other}", json={"is_paused": True})
    restart_scheduler(airflow, {setting: "True"})
    try:
        yield
    finally:
        restart_scheduler(airflow, {setting: before})
        for other in others:
            airflow.client.call("PATCH", f"dags/{other}", json={"is_paused": False})


def restart_scheduler(airflow: LiveAirflow, settings: dict[str, str]) -> None:
    airflow.kill("scheduler")
    airflow.env.update(settings)
    airflow.start("scheduler")
    airflow.wait_healthy()


def link(airflow: LiveAirflow, run: DagRun) -> str | None:
    path = f"dags/told/dagRuns/{run.run_id}/taskInstances/export_events/links"
    links: dict[str, str | None] = airflow.client.get(path)["extra_links"]
    return links["OneSignal dashboard"]


def run_of_load(airflow: LiveAirflow) -> str | None:
    """Find the ended run that was started by an event."""
    runs = airflow.client.get(f"dags/{LOAD}/dagRuns")["dag_runs"]
    ended = [run for run in runs if run["state"] in ("success", "failed")]
    assert all(run["run_type"] == "asset_triggered" for run in runs)
    return str(ended[0]["dag_run_id"]) if ended else None


def test_a_file_is_loaded_by_the_dag_that_waits_for_the_alias(
    airflow: LiveAirflow, start: Start, emulator: Emulator, store: Path
) -> None:
    airflow.wait_for_dag(LOAD)
    run = start("example_onesignal_asset_export")
    run.wait_for_success()

    with schedule_alone(airflow, LOAD):
        wait_until(lambda: run_of_load(airflow) is not None, what="the load", timeout=90)

    load = run_of_load(airflow)
    assert load is not None
    assert airflow.client.get(f"dags/{LOAD}/dagRuns/{load}")["state"] == "success"
    summary = run.summary("export_subscriptions")
    loaded = airflow.client.xcom(LOAD, load, "load")
    assert loaded == [{name: summary[name] for name in ("uri", "rows", "sha256")}]
    (event,) = airflow.client.get(f"dags/{LOAD}/dagRuns/{load}/upstreamAssetEvents")["asset_events"]
    assert event["uri"] == (store / "assets" / f"{run.day:%Y-%m-%d}.csv.gz").as_uri()
    assert event["extra"] == summary
    assert [secret for secret in secrets(emulator) if secret in json.dumps(event)] == []


def test_the_link_is_there_while_the_task_waits_and_afterwards(
    airflow: LiveAirflow, start: Start, emulator: Emulator
) -> None:
    emulator.settings.ready_after_polls = 10_000
    page = f"{DASHBOARD}/{emulator.app_id}/notifications/{emulator.message_id}"

    run = start("told", conf={"message_id": emulator.message_id})
    run.wait_for_deferral("export_events")
    assert link(airflow, run) == page

    for export in emulator.exports:
        export.polls_left = 0
    run.wait_for_success()
    assert link(airflow, run) == page


def test_the_link_is_there_on_a_task_that_failed(
    airflow: LiveAirflow, start: Start, emulator: Emulator
) -> None:
    emulator.fail("export_events", status=403, times=9)

    run = start("told", conf={"message_id": emulator.message_id})
    run.wait_for_the_end(timeout=90)

    assert run.state() == "failed"
    assert link(airflow, run) == (
        f"{DASHBOARD}/{emulator.app_id}/notifications/{emulator.message_id}"
    )


def test_openlineage_is_told_what_was_read_and_written(
    start: Start, emulator: Emulator, lineage_events: Path
) -> None:
    pytest.importorskip("airflow.providers.openlineage")

    run = start("told", conf={"message_id": emulator.message_id})
    run.wait_for_success()

    text = lineage_events.read_text()
    summary = run.summary("export_events")
    (event,) = [each for each in map(json.loads, text.splitlines()) if _is_of(each, summary["uri"])]
    (read,), (written,) = event["inputs"], event["outputs"]
    assert event["eventType"] == "COMPLETE"
    assert read["namespace"] == "https://api.onesignal.com"
    assert read["name"] == f"apps/{emulator.app_id}/messages/{emulator.message_id}/events"
    statistics = written["outputFacets"]["outputStatistics"]
    assert (statistics["rowCount"], statistics["size"]) == (summary["rows"], summary["bytes"])
    assert "clicked" in [field["name"] for field in written["facets"]["schema"]["fields"]]
    assert [secret for secret in secrets(emulator) if secret in text] == []


def _is_of(event: dict[str, Any], uri: str) -> bool:
    return any(uri.endswith(written["name"]) for written in event["outputs"])
