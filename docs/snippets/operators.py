"""The operators that no example DAG shows, one task each."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_onesignal.operators.export import (
    OneSignalExportEventsOperator,
    OneSignalExportMessageHistoryOperator,
    OneSignalExportSubscriptionsOperator,
)
from airflow_provider_onesignal.operators.outcomes import OneSignalGetOutcomesOperator
from airflow_provider_onesignal.operators.segment import OneSignalUpdateSegmentOperator
from airflow_provider_onesignal.transfers.onesignal_to_gcs import OneSignalOutcomesToGCSOperator
from airflow_provider_onesignal.transfers.onesignal_to_s3 import OneSignalOutcomesToS3Operator

with DAG(
    dag_id="onesignal_operators",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    params={"segment_id": "", "message_id": ""},
) as dag:
    # --8<-- [start:export_subscriptions]
    OneSignalExportSubscriptionsOperator(
        task_id="export_active_subscriptions",
        extra_fields=["external_user_id", "country"],
        last_active_since="{{ data_interval_start }}",
        deferrable=True,
        pool="onesignal_export",
    )
    # --8<-- [end:export_subscriptions]
    # --8<-- [start:export_events]
    OneSignalExportEventsOperator(
        task_id="export_events",
        message_id="{{ params.message_id }}",
        deferrable=True,
        pool="onesignal_export",
    )
    # --8<-- [end:export_events]
    # --8<-- [start:export_message_history]
    OneSignalExportMessageHistoryOperator(
        task_id="export_clicks",
        message_id="{{ params.message_id }}",
        events="clicked",
        deferrable=True,
    )
    # --8<-- [end:export_message_history]
    # --8<-- [start:update_segment]
    OneSignalUpdateSegmentOperator(
        task_id="update_segment",
        segment_id="{{ params.segment_id }}",
        name="Gold members",
        filters=[{"field": "tag", "key": "plan", "relation": "in_array", "value": "gold,platinum"}],
    )
    # --8<-- [end:update_segment]
    # --8<-- [start:get_outcomes]
    OneSignalGetOutcomesOperator(
        task_id="get_outcomes",
        outcome_names=["os__click.count", "Purchase.sum"],
        outcome_time_range="1h",
        outcome_platforms=[0, 1],
    )
    # --8<-- [end:get_outcomes]
    # --8<-- [start:outcomes_to_s3]
    OneSignalOutcomesToS3Operator(
        task_id="outcomes_to_s3",
        outcome_names=["os__click.count", "Purchase.sum"],
        outcome_time_range="1d",
        breakdown=["platform"],
        file_format="csv",
        s3_key="s3://my-lake/onesignal/outcomes/{{ data_interval_end | ds }}.csv",
        replace=True,
    )
    # --8<-- [end:outcomes_to_s3]
    # --8<-- [start:outcomes_to_gcs]
    OneSignalOutcomesToGCSOperator(
        task_id="outcomes_to_gcs",
        outcome_names=["os__click.count", "Purchase.sum"],
        outcome_time_range="1d",
        bucket_name="my-lake",
        object_name="onesignal/outcomes/{{ data_interval_end | ds }}.jsonl",
        replace=True,
    )
    # --8<-- [end:outcomes_to_gcs]
