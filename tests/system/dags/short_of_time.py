"""Waits whose time ends before the file is there, each in the triggerer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_onesignal.exports import SubscriptionsExport
from airflow_provider_onesignal.operators.export import OneSignalExportSubscriptionsOperator
from airflow_provider_onesignal.sensors.export import OneSignalExportSensor
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
)

DEFERRED: dict[str, Any] = {"deferrable": True}
LIMIT: Any = timedelta(seconds=5)
START = datetime(2026, 1, 1, tzinfo=UTC)

with DAG(dag_id="short_of_time", schedule=None, start_date=START):
    start = OneSignalExportSubscriptionsOperator(task_id="start", wait_for_completion=False)
    sensors: dict[str, dict[str, Any]] = {
        "fails": {"timeout": LIMIT},
        "skips": {"timeout": LIMIT, "soft_fail": True},
        "ends_at_execution_timeout": {"execution_timeout": LIMIT},
    }
    for name, given in sensors.items():
        OneSignalExportSensor(
            task_id=name, csv_file_url=start.output, poke_interval=1, **DEFERRED, **given
        )

for limit in ("timeout", "execution_timeout"):
    with DAG(dag_id=f"short_of_time_by_{limit}", schedule=None, start_date=START):
        OneSignalExportToObjectStorageOperator(
            task_id="export_subscriptions",
            export=SubscriptionsExport(),
            path="{{ var.value.onesignal_export_folder }}/late/{{ run_id }}.csv.gz",
            poll_interval=1,
            **DEFERRED,
            **{limit: LIMIT},
        )

with DAG(dag_id="patient", schedule=None, start_date=START):
    OneSignalExportSubscriptionsOperator(
        task_id="export_subscriptions", poll_interval=1, **DEFERRED
    )
