"""Every other operator in a real Airflow, by the example DAG that shows it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airflow_provider_onesignal.testing import Emulator
from tests.integration.stores import BUCKET, gcs_client, s3_client
from tests.system.dag_run import DagRun

Start = Callable[..., DagRun]


def operations(emulator: Emulator) -> Counter[str]:
    return Counter(request.operation for request in emulator.requests)


@pytest.mark.every_airflow
def test_a_campaign_makes_its_segment_exports_its_events_and_removes_the_segment(
    start: Start, emulator: Emulator, store: Path
) -> None:
    run = start("example_onesignal_campaign", conf={"message_id": emulator.message_id, "hours": 0})
    run.wait_for_success()

    done = operations(emulator)
    assert (done["create_segment"], done["export_events"], done["delete_segment"]) == (1, 1, 1)
    assert [each for each in emulator.app.segments.values() if "Gold" in each.name] == []
    (export,) = emulator.exports
    stored = store / "campaigns" / f"{emulator.message_id}.csv.gz"
    assert stored.read_bytes() == b"".join(export.content.read())


def test_users_are_created_by_a_mapped_task(start: Start, emulator: Emulator) -> None:
    run = start("example_onesignal_user_sync")
    run.wait_for_success()

    assert operations(emulator) == {"create_user": 3}
    assert {user.identity["external_id"] for user in emulator.app.users} == {"1001", "1002", "1003"}


def test_the_history_of_a_message_lands_as_plain_csv(
    start: Start, emulator: Emulator, store: Path
) -> None:
    run = start("example_onesignal_message_history", conf={"message_id": emulator.message_id})
    run.wait_for_success()

    assert operations(emulator) == {"message_history": 2}
    for events in ("sent", "clicked"):
        stored = store / "history" / emulator.message_id / f"{events}.csv"
        assert stored.read_text().startswith('"player_id"') or "player_id" in stored.read_text()
        assert run.summary(f"export_{events}")["content_type"] == "text/csv"


def test_outcomes_of_the_day_are_archived_and_rolled_up(
    start: Start, emulator: Emulator, store: Path
) -> None:
    emulator.set_outcome("os__click.count", 4)
    run = start("example_onesignal_outcomes_archive", day=datetime.now(UTC))
    run.wait_for_success()

    (stored,) = (store / "outcomes" / "daily").iterdir()
    rows = [json.loads(line) for line in stored.read_text().splitlines()]
    assert {row["name"] for row in rows} == {"os__click", "os__session_duration", "Purchase"}
    assert run.summary("archive_outcomes")["rows"] == len(rows)

    for number in range(1, 32):
        end = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(days=number)
        day = [{**row, "value": number, "window_end": end.isoformat()} for row in rows]
        file = stored.parent / f"{end:%Y-%m-%dT%H-%M}.jsonl"
        file.write_text("".join(f"{json.dumps(row)}\n" for row in day))
    monthly = start("example_onesignal_outcomes_monthly", conf={"month": "2026-10"})
    monthly.wait_for_success()

    month = (store / "outcomes" / "monthly" / "2026-10.jsonl").read_text().splitlines()
    assert [json.loads(line)["value"] for line in month] == [sum(range(1, 32))] * len(rows)
    assert monthly.summary("roll_up")["days"] == 31


def test_several_apps_are_exported_one_after_the_other(
    start: Start, emulator: Emulator, store: Path
) -> None:
    run = start("example_onesignal_several_apps")
    run.wait_for_success()

    assert operations(emulator) == {"csv_export": 1}
    stored = store / "subscriptions" / "onesignal_default" / f"{run.day:%Y-%m-%d}.csv.gz"
    assert stored.read_bytes() == b"".join(emulator.exports[0].content.read())


def test_a_message_is_followed_in_steps(start: Start, emulator: Emulator, store: Path) -> None:
    run = start("example_onesignal_message_in_steps", conf={"message_id": emulator.message_id})
    run.wait_for_success()

    assert operations(emulator) == {"export_events": 1, "message_history": 1}
    folder = store / "messages" / emulator.message_id
    for task, name in (("export_events", "events.csv.gz"), ("export_clicks", "clicked.csv")):
        assert (folder / name).read_bytes() == emulator.export_bytes(run.result(task))


def test_a_segment_is_made_once_and_then_kept_up_to_date(start: Start, emulator: Emulator) -> None:
    for _ in range(2):
        start("example_onesignal_segment_refresh").wait_for_success()

    (segment,) = (each for each in emulator.app.segments.values() if each.source == "custom")
    assert segment.name == "Bought within a month"
    assert segment.description.startswith("As of 20")
    assert operations(emulator)["update_segment"] == 3


def test_outcomes_are_watched(start: Start, emulator: Emulator) -> None:
    emulator.set_outcome("os__click.count", 7)
    run = start("example_onesignal_outcomes_watch")
    run.wait_for_success()

    assert run.result("raise_the_alarm") == 7


@pytest.mark.parametrize("dag_id", ["export_to_s3", "outcomes_to_s3"])
def test_s3(start: Start, emulator: Emulator, s3_url: str, dag_id: str) -> None:
    run = start(f"example_onesignal_{dag_id}", day=datetime.now(UTC))
    run.wait_for_success()

    (task,) = run.tasks()
    key = run.result(task).removeprefix(f"s3://{BUCKET}/")
    stored = s3_client(s3_url).get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert run.summary(task)["sha256"] == hashlib.sha256(stored).hexdigest()
    assert sum(operations(emulator).values()) == (1 if dag_id.startswith("export") else 2)


@pytest.mark.parametrize("dag_id", ["export_to_gcs", "outcomes_to_gcs"])
def test_gcs(start: Start, emulator: Emulator, gcs_url: str, dag_id: str) -> None:
    run = start(f"example_onesignal_{dag_id}", day=datetime.now(UTC))
    run.wait_for_success()

    (task,) = run.tasks()
    name = run.result(task).removeprefix(f"gs://{BUCKET}/")
    stored = gcs_client(gcs_url).bucket(BUCKET).blob(name).download_as_bytes()
    assert run.summary(task)["sha256"] == hashlib.sha256(stored).hexdigest()
    assert sum(operations(emulator).values()) == 1
