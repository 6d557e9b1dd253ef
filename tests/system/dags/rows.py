"""Rows into a OneSignal of bad temper, whose URL and folder the run's conf names."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_onesignal.mappings import EventMapping, UserMapping
from airflow_provider_onesignal.transfers.object_storage_to_onesignal import (
    ObjectStorageToOneSignalEventsOperator,
    ObjectStorageToOneSignalUsersOperator,
)

FOLDER = "file://{{ dag_run.conf['folder'] }}"


def connect(context: Any) -> None:
    """Make the connection, and keep the progress often: the files are small."""
    from airflow_provider_onesignal.rows import engine

    engine.SAVE_EVERY = 0.2
    os.environ["AIRFLOW_CONN_ONESIGNAL_STORM"] = json.dumps(
        {
            "conn_type": "onesignal",
            "login": "8458af75-4da2-4ecf-afb5-f242a8926cc3",
            "password": "os_v2_app_" + "a" * 103,
            "host": context["dag_run"].conf["url"],
        }
    )


COMMON: dict[str, Any] = {
    "path": f"{FOLDER}/rows.jsonl",
    "dead_letter": f"{FOLDER}/bad/dead.jsonl",
    "onesignal_conn_id": "onesignal_storm",
    "pre_execute": connect,
    "retries": 3,
    "retry_delay": timedelta(seconds=1),
}

with DAG("rows_of_users", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)):
    ObjectStorageToOneSignalUsersOperator(
        task_id="send",
        mapping=UserMapping(external_id="id", tags=["n", "refuse"]),
        requests_per_second=100,
        **COMMON,
    )

with DAG("rows_of_events", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)):
    ObjectStorageToOneSignalEventsOperator(
        task_id="send",
        mapping=EventMapping(name="what", external_id="id", properties=["n"]),
        requests_per_second=5,
        **COMMON,
    )
