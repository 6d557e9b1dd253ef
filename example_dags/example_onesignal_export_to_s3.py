"""
### Every night, all OneSignal subscriptions in S3

One task asks OneSignal for the export, waits for it without holding a worker, and copies the file
to `s3://<bucket>/onesignal/subscriptions/<date>.csv.gz`, verified in passing: the object appears
whole or not at all.

Before the first run:

    airflow connections add onesignal_default --conn-uri 'onesignal://APP_ID:API_KEY@'
    airflow connections add aws_default --conn-type aws
    airflow variables set onesignal_bucket my-company-lake
    airflow pools set onesignal_export 1 "OneSignal runs one export at a time" --include-deferred

`--include-deferred` lets a waiting export keep the one slot of the pool, while it holds no worker.
"""

# --8<-- [start:dag]
from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Asset

from airflow_provider_onesignal.exports import SubscriptionsExport
from airflow_provider_onesignal.transfers.onesignal_to_s3 import OneSignalExportToS3Operator

with DAG(
    dag_id="example_onesignal_export_to_s3",
    description="All OneSignal subscriptions to S3, every night",
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
    # --8<-- [start:operator_onesignal_export_to_s3]
    export_subscriptions = OneSignalExportToS3Operator(
        task_id="export_subscriptions",
        export=SubscriptionsExport(extra_fields=["external_user_id", "country", "timezone_id"]),
        s3_bucket="{{ var.value.get('onesignal_bucket', 'my-company-lake') }}",
        s3_key="onesignal/subscriptions/{{ ds }}.csv.gz",
        replace=True,
        deferrable=True,
        pool="onesignal_export",
        outlets=[Asset("onesignal_subscriptions_s3")],
    )
    # --8<-- [end:operator_onesignal_export_to_s3]
# --8<-- [end:dag]
