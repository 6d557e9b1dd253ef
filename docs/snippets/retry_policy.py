"""A retry policy on a DAG of tasks that talk to OneSignal. Requires Airflow 3.3+."""

# --8<-- [start:dag]
from datetime import datetime, timedelta

from airflow.sdk import DAG
from airflow_provider_onesignal.exports import SubscriptionsExport
from airflow_provider_onesignal.retry import OneSignalRetryPolicy
from airflow_provider_onesignal.transfers.onesignal_to_s3 import OneSignalExportToS3Operator

with DAG(
    "onesignal_with_retry_policy",
    schedule="@daily",
    start_date=datetime(2026, 1, 1),
    default_args={
        "retries": 5,
        "retry_delay": timedelta(minutes=5),
        "retry_policy": OneSignalRetryPolicy(),
    },
) as dag:
    OneSignalExportToS3Operator(
        task_id="export_subscriptions",
        export=SubscriptionsExport(),
        s3_key="s3://my-lake/onesignal/subscriptions/{{ ds }}.csv.gz",
        replace=True,
        deferrable=True,
    )
# --8<-- [end:dag]
