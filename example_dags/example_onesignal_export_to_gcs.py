"""
### Every night, all OneSignal subscriptions in Google Cloud Storage

One task asks OneSignal for the export, waits for it without holding a worker, and copies the file
to `gs://<bucket>/onesignal/subscriptions/<date>.csv.gz`, verified in passing: the object appears
whole or not at all.

Before the first run:

    airflow connections add onesignal_default --conn-uri 'onesignal://APP_ID:API_KEY@'
    airflow connections add google_cloud_default --conn-type google_cloud_platform
    airflow variables set onesignal_bucket my-company-lake
    airflow pools set onesignal_export 1 "OneSignal runs one export at a time" --include-deferred

`--include-deferred` lets a waiting export keep the one slot of the pool, while it holds no worker.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Asset

from airflow_provider_onesignal.exports import SubscriptionsExport
from airflow_provider_onesignal.transfers.onesignal_to_gcs import OneSignalExportToGCSOperator

with DAG(
    dag_id="example_onesignal_export_to_gcs",
    description="All OneSignal subscriptions to Google Cloud Storage, every night",
    doc_md=__doc__,
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=5),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(hours=1),
    },
    tags=["example", "onesignal"],
):
    # --8<-- [start:operator_onesignal_export_to_gcs]
    export_subscriptions = OneSignalExportToGCSOperator(
        task_id="export_subscriptions",
        export=SubscriptionsExport(extra_fields=["external_user_id", "country", "timezone_id"]),
        bucket_name="{{ var.value.get('onesignal_bucket', 'my-company-lake') }}",
        object_name="onesignal/subscriptions/{{ ds }}.csv.gz",
        replace=True,
        deferrable=True,
        pool="onesignal_export",
        outlets=[Asset("onesignal_subscriptions_gcs")],
    )
    # --8<-- [end:operator_onesignal_export_to_gcs]
