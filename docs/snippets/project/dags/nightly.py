"""The DAG under test: all subscriptions, every night."""

# --8<-- [start:dag]
from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_onesignal.exports import SubscriptionsExport
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
)

with DAG(
    "nightly",
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
) as dag:
    OneSignalExportToObjectStorageOperator(
        task_id="export_subscriptions",
        export=SubscriptionsExport(),
        path="{{ var.value.lake }}/{{ (dag_run.logical_date or dag_run.run_after) | ds }}.csv.gz",
        replace=True,
        deferrable=True,
    )
# --8<-- [end:dag]
