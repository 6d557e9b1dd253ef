"""An export whose lineage is told to OpenLineage, and that is not tried again."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG
from airflow.providers.openlineage.utils.selective_enable import enable_lineage

from airflow_provider_onesignal.exports import EventsExport
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
)

with DAG(
    dag_id="told",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    params={"message_id": ""},
) as dag:
    OneSignalExportToObjectStorageOperator(
        task_id="export_events",
        export=EventsExport("{{ params.message_id }}"),
        path="{{ var.value.onesignal_export_folder }}/told/{{ run_id }}.csv.gz",
        deferrable=True,
        poll_interval=1,
    )

enable_lineage(dag)
