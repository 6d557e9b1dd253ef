"""What every Airflow process but the worker knows of a DAG, it knows from its serialized form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_onesignal.exports import (
    EventsExport,
    ExportRequest,
    MessageHistoryExport,
    SubscriptionsExport,
)
from airflow_provider_onesignal.operators.export import OneSignalExportEventsOperator
from airflow_provider_onesignal.sensors.export import OneSignalExportSensor
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
)
from tests.dag_bag import as_scheduled, load

EXAMPLES = Path(__file__).parents[2] / "example_dags"


def edges(dag: Any) -> set[tuple[str, str]]:
    return {(task.task_id, later) for task in dag.tasks for later in task.downstream_task_ids}


@pytest.fixture
def dag() -> DAG:
    return DAG("exports", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC))


@task
def made() -> str:
    """Give what an export is asked for by."""
    return "value"


def test_every_example_keeps_its_tasks_and_their_order() -> None:
    bag = load(EXAMPLES)

    assert bag.dags
    for dag in bag.dags.values():
        assert edges(as_scheduled(dag)) == edges(dag)


@pytest.mark.parametrize("is_mapped", [False, True], ids=["unmapped", "mapped"])
@pytest.mark.parametrize(
    "export_of",
    [
        lambda given: EventsExport(message_id=given),
        lambda given: MessageHistoryExport(message_id=given, events="sent"),
        lambda given: SubscriptionsExport(segment_name=given),
    ],
    ids=["events", "history", "subscriptions"],
)
def test_an_export_by_another_tasks_output_is_serialized(
    dag: DAG, export_of: Callable[[Any], ExportRequest], is_mapped: bool
) -> None:
    with dag:
        upstream = made()
        export = export_of(upstream)
        if is_mapped:
            copies = OneSignalExportToObjectStorageOperator.partial(task_id="copy", export=export)
            upstream >> copies.expand(path=["file:///tmp/a", "file:///tmp/b"])
        else:
            OneSignalExportToObjectStorageOperator(task_id="copy", export=export, path="file:///x")

    assert edges(as_scheduled(dag)) == {("made", "copy")}


def test_the_tasks_that_take_anothers_output_follow_it(dag: DAG) -> None:
    with dag:
        events = OneSignalExportEventsOperator(
            task_id="export", message_id=made(), wait_for_completion=False
        )
        OneSignalExportSensor(task_id="wait", csv_file_url=events.output)
        OneSignalExportToObjectStorageOperator.partial(
            task_id="copy", csv_file_url=events.output
        ).expand(path=["file:///tmp/a", "file:///tmp/b"])

    assert edges(as_scheduled(dag)) == {("made", "export"), ("export", "wait"), ("export", "copy")}
