"""The DAG of the README: all subscriptions in S3, every night."""

# --8<-- [start:dag]
from datetime import datetime

from airflow.sdk import DAG, Asset
from airflow_provider_onesignal.exports import SubscriptionsExport
from airflow_provider_onesignal.transfers.onesignal_to_s3 import OneSignalExportToS3Operator

with DAG(
    "onesignal_subscriptions",
    schedule="@daily",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    default_args={"retries": 3},
):
    OneSignalExportToS3Operator(
        task_id="export_subscriptions",
        export=SubscriptionsExport(extra_fields=["external_user_id", "country"]),
        s3_key="s3://my-lake/onesignal/subscriptions/{{ ds }}.csv.gz",
        replace=True,
        deferrable=True,
        outlets=[Asset("onesignal_subscriptions")],
    )
# --8<-- [end:dag]
