"""The nightly export for tests that end its processes: retried at once, on a worker or deferred."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_onesignal.exports import SubscriptionsExport
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
)

for name, deferrable in (("impatient_on_a_worker", False), ("impatient_deferred", True)):
    with DAG(
        dag_id=name,
        schedule=None,
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        default_args={"retries": 3, "retry_delay": timedelta(seconds=1)},
    ):
        OneSignalExportToObjectStorageOperator(
            task_id="export_subscriptions",
            export=SubscriptionsExport(),
            path="{{ var.value.onesignal_export_folder }}/impatient/{{ run_id }}.csv.gz",
            deferrable=deferrable,
            poll_interval=2,
        )
