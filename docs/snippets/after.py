"""The same job with this package."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_onesignal.exports import SubscriptionsExport
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
)
from airflow_provider_onesignal.transfers.onesignal_to_s3 import OneSignalExportToS3Operator

LAKE = "file:///tmp/lake"

with DAG("after", schedule="@daily", start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
    # --8<-- [start:object_storage]
    OneSignalExportToObjectStorageOperator(
        task_id="export_subscriptions",
        export=SubscriptionsExport(extra_fields=["external_user_id", "country"]),
        path=LAKE + "/{{ ds }}.csv.gz",
        replace=True,
        deferrable=True,
        retries=3,
    )
    # --8<-- [end:object_storage]
    # --8<-- [start:s3]
    OneSignalExportToS3Operator(
        task_id="export_subscriptions_to_s3",
        export=SubscriptionsExport(extra_fields=["external_user_id", "country"]),
        s3_bucket="my-lake",
        s3_key="onesignal/subscriptions/{{ ds }}.csv.gz",
        replace=True,
        deferrable=True,
        retries=3,
    )
    # --8<-- [end:s3]
