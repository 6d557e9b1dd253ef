"""The job made of Airflow's HTTP operators, with the faults that the migration guide names."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from airflow.providers.amazon.aws.transfers.http_to_s3 import HttpToS3Operator
from airflow.providers.common.compat.sdk import DAG
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.http.sensors.http import HttpSensor


def path_of_file(answer: Any) -> str:
    """Give what is below the host of the files."""
    return str(urlsplit(answer.json()["csv_file_url"]).path)


with DAG("before_http", schedule="@daily", start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
    # --8<-- [start:tasks]
    start = HttpOperator(
        task_id="start_export",
        http_conn_id="onesignal_api",
        endpoint="players/csv_export?app_id={{ var.value.onesignal_app_id }}",
        headers={"Authorization": "Key {{ var.value.onesignal_api_key }}"},
        data=json.dumps({"extra_fields": ["external_user_id", "country"]}),
        response_filter=path_of_file,
    )
    wait = HttpSensor(
        task_id="wait_for_export",
        http_conn_id="onesignal_files",
        endpoint=start.output,
        mode="reschedule",
        poke_interval=60,
    )
    copy = HttpToS3Operator(
        task_id="copy_export",
        http_conn_id="onesignal_files",
        endpoint=start.output,
        s3_bucket="my-lake",
        s3_key="onesignal/subscriptions/{{ ds }}.csv.gz",
    )
    start >> wait >> copy
    # --8<-- [end:tasks]
