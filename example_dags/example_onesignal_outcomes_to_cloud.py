"""
### Outcomes of every day in S3, those of every month in Google Cloud Storage

The day's, by platform, land at `s3://<bucket>/onesignal/outcomes/<end of the day>.csv`. On the
first of a month OneSignal's rolling month, which then is about the calendar's, lands at
`gs://<bucket>/onesignal/outcomes/<its end>.jsonl`; a month without a gap is made of its days, as in
`example_onesignal_outcomes_archive`. A run that comes too late for its figures is skipped here.
Before the first run:

    airflow connections add onesignal_default --conn-uri 'onesignal://APP_ID:API_KEY@'
    airflow connections add aws_default --conn-type aws
    airflow connections add google_cloud_default --conn-type google_cloud_platform
    airflow variables set onesignal_bucket my-company-lake
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Asset

from airflow_provider_onesignal.transfers.onesignal_to_gcs import OneSignalOutcomesToGCSOperator
from airflow_provider_onesignal.transfers.onesignal_to_s3 import OneSignalOutcomesToS3Operator

BUCKET = "{{ var.value.get('onesignal_bucket', 'my-company-lake') }}"
NAMES = ["os__click.count", "os__confirmed_delivery.count"]
RETRIES = {
    "retries": 3,
    "retry_delay": timedelta(minutes=5),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=30),
}

with DAG(
    dag_id="example_onesignal_outcomes_to_s3",
    description="The outcomes of every day, by platform, in S3",
    doc_md=__doc__,
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args=RETRIES,
    tags=["example", "onesignal"],
):
    # --8<-- [start:operator_onesignal_outcomes_to_s3]
    archive_day = OneSignalOutcomesToS3Operator(
        task_id="archive_day",
        outcome_names=NAMES,
        outcome_time_range="1d",
        outcome_platforms=[0, 1],
        breakdown=["platform"],
        file_format="csv",
        on_late="skip",
        s3_bucket=BUCKET,
        s3_key="onesignal/outcomes/{{ data_interval_end | ds }}.csv",
        replace=True,
        outlets=[Asset("onesignal_outcomes_s3")],
    )
    # --8<-- [end:operator_onesignal_outcomes_to_s3]

with DAG(
    dag_id="example_onesignal_outcomes_to_gcs",
    description="The outcomes of every month in Google Cloud Storage",
    doc_md=__doc__,
    schedule="@monthly",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args=RETRIES,
    tags=["example", "onesignal"],
):
    # --8<-- [start:operator_onesignal_outcomes_to_gcs]
    archive_month = OneSignalOutcomesToGCSOperator(
        task_id="archive_month",
        outcome_names=NAMES,
        outcome_time_range="1mo",
        on_late="skip",
        bucket_name=BUCKET,
        object_name="onesignal/outcomes/{{ data_interval_end | ds }}.jsonl",
        replace=True,
        outlets=[Asset("onesignal_outcomes_gcs")],
    )
    # --8<-- [end:operator_onesignal_outcomes_to_gcs]
