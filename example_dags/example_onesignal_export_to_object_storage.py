"""
### Every night, all OneSignal subscriptions in any object store

The first DAG does the whole job in one task: it asks OneSignal for the export, waits for it without
holding a worker, and copies the file to `<folder>/subscriptions/<date>.csv.gz`, verified in
passing: the file appears whole or not at all. The second does the same in three tasks, for those
who want the file's URL or steps of their own between; there the URL, which opens personal data for
three days, stands in an XCom.

`<folder>` is any URL that Airflow's `ObjectStoragePath` understands: `file:///data/lake`,
`s3://aws_default@my-company-lake/onesignal`, `abfs://...`. Before the first run:

    airflow connections add onesignal_default --conn-uri 'onesignal://APP_ID:API_KEY@'
    airflow variables set onesignal_export_folder file:///data/lake/onesignal
    airflow pools set onesignal_export 1 "OneSignal runs one export at a time" --include-deferred

`--include-deferred` lets a waiting export keep the one slot of the pool, while it holds no worker.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Asset

from airflow_provider_onesignal.exports import SubscriptionsExport
from airflow_provider_onesignal.operators.export import OneSignalExportSubscriptionsOperator
from airflow_provider_onesignal.sensors.export import OneSignalExportSensor
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
)

FOLDER = "{{ var.value.get('onesignal_export_folder', 'file:///tmp/onesignal') }}"
RETRIES = {
    "retries": 3,
    "retry_delay": timedelta(minutes=5),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(hours=1),
}

with DAG(
    dag_id="example_onesignal_export_to_object_storage",
    description="All OneSignal subscriptions to an object store, every night",
    doc_md=__doc__,
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=RETRIES,
    tags=["example", "onesignal"],
):
    # --8<-- [start:operator_onesignal_export_to_object_storage]
    export_subscriptions = OneSignalExportToObjectStorageOperator(
        task_id="export_subscriptions",
        export=SubscriptionsExport(extra_fields=["external_user_id", "country", "timezone_id"]),
        path=f"{FOLDER}/subscriptions/{{{{ ds }}}}.csv.gz",
        replace=True,
        deferrable=True,
        pool="onesignal_export",
        outlets=[Asset("onesignal_subscriptions")],
    )
    # --8<-- [end:operator_onesignal_export_to_object_storage]

with DAG(
    dag_id="example_onesignal_export_in_three_tasks",
    description="The same in three tasks: start the export, wait for it, copy it",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=RETRIES,
    tags=["example", "onesignal"],
):
    # --8<-- [start:sensor_onesignal_export]
    start = OneSignalExportSubscriptionsOperator(
        task_id="start_export",
        extra_fields=["external_user_id", "country", "timezone_id"],
        wait_for_completion=False,
        deferrable=True,
        pool="onesignal_export",
    )
    wait = OneSignalExportSensor(
        task_id="wait_for_export",
        csv_file_url=start.output,
        poke_interval=10,
        timeout=4 * 3600,
        deferrable=True,
    )
    copy = OneSignalExportToObjectStorageOperator(
        task_id="copy_export",
        csv_file_url=wait.output,
        # A run that is triggered by hand may have no logical date on Airflow 3.
        path=(
            f"{FOLDER}/three-tasks/"
            "{{ (dag_run.logical_date or dag_run.run_after) | ds }}.csv.gz"
        ),
        replace=True,
        outlets=[Asset("onesignal_subscriptions_in_three_tasks")],
    )
    # --8<-- [end:sensor_onesignal_export]
