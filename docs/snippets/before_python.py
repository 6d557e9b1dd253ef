"""The job as it is often written by hand, with the faults that the migration guide names."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import requests
from airflow.providers.common.compat.sdk import DAG, BaseHook, ObjectStoragePath, task

LAKE = "file:///tmp/lake"


# --8<-- [start:task]
@task(retries=3)
def export_subscriptions(ds: Any = None) -> None:
    """Export, wait, copy."""
    conn = BaseHook.get_connection("onesignal_http")
    answer = requests.post(
        f"{conn.host}/players/csv_export?app_id={conn.login}",
        headers={"Authorization": f"Key {conn.password}"},
        json={"extra_fields": ["external_user_id", "country"]},
    )
    url = answer.json()["csv_file_url"]
    for _ in range(60):
        if requests.get(url).status_code == 200:
            break
        time.sleep(10)
    ObjectStoragePath(f"{LAKE}/{ds}.csv.gz").write_bytes(requests.get(url).content)


# --8<-- [end:task]

with DAG("before_python", schedule="@daily", start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
    export_subscriptions()
