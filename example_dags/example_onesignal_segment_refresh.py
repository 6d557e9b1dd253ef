"""
### Every night, a segment follows the data

A segment of those who bought in the last month, kept for good and updated every night. The first
run creates it, later ones find it by its name and update it; a second task then writes into its
description when that was. Before the first run:

    airflow connections add onesignal_default --conn-uri 'onesignal://APP_ID:API_KEY@'
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_onesignal.operators.segment import (
    OneSignalCreateSegmentOperator,
    OneSignalUpdateSegmentOperator,
)

SEGMENT = "Bought within a month"

with DAG(
    dag_id="example_onesignal_segment_refresh",
    description="A segment of recent buyers, updated every night",
    doc_md=__doc__,
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=30),
    },
    tags=["example", "onesignal"],
):
    create_segment = OneSignalCreateSegmentOperator(
        task_id="create_segment",
        name=SEGMENT,
        filters=[
            {
                "field": "tag",
                "key": "last_purchase",
                "relation": ">",
                "value": "{{ (dag_run.start_date.timestamp() - 30 * 86400) | int }}",
            },
        ],
        if_exists="replace",
    )
    # --8<-- [start:operator_onesignal_update_segment]
    update_segment = OneSignalUpdateSegmentOperator(
        task_id="update_segment",
        segment_id=create_segment.output,
        name=SEGMENT,
        description="As of {{ dag_run.start_date | ds }}",
    )
    # --8<-- [end:operator_onesignal_update_segment]
