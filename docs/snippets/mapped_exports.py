"""Another task's output within ``export=``, of a task alone and of mapped ones."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_onesignal.exports import EventsExport
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
)

LAKES = ["file:///tmp/lake", "file:///tmp/archive"]


@task
def send_message() -> str:
    """Give the id of a message; a task of your own sends it."""
    return "0d3f1a5e-3a3f-4a0e-9d6b-3f0f6c6a3d11"


with DAG("mapped_exports", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
    # --8<-- [start:mapped]
    message = send_message()

    OneSignalExportToObjectStorageOperator(
        task_id="export_events",
        export=EventsExport(message_id=message),  # runs after send_message
        path="file:///tmp/onesignal/events.csv.gz",
        replace=True,
    )

    mapped = OneSignalExportToObjectStorageOperator.partial(
        task_id="export_events_to_each_lake",
        export=EventsExport(message_id=message),  # says nothing of the order
        replace=True,
    ).expand(path=[f"{lake}/events.csv.gz" for lake in LAKES])
    message >> mapped
    # --8<-- [end:mapped]
