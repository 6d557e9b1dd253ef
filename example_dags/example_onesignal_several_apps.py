"""
### Every night, all subscriptions of several OneSignal apps

An app is an Airflow connection. The DAG is mapped over the connection ids in the variable
`onesignal_conn_ids`, so that a new app is one more id there. Apps of one OneSignal account share
one export at a time, hence the pool: they wait for each other, deferred. The files land at
`<folder>/subscriptions/<connection id>/<date>.csv.gz`. Before the first run:

    airflow connections add onesignal_shop --conn-uri 'onesignal://APP_ID:API_KEY@'
    airflow connections add onesignal_club --conn-uri 'onesignal://APP_ID:API_KEY@'
    airflow variables set onesignal_conn_ids '["onesignal_shop", "onesignal_club"]'
    airflow variables set onesignal_export_folder file:///data/lake/onesignal
    airflow pools set onesignal_export 1 "OneSignal runs one export at a time" --include-deferred
"""

# --8<-- [start:dag]
from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Asset, task

from airflow_provider_onesignal.exports import SubscriptionsExport
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
)

FOLDER = "{{ var.value.get('onesignal_export_folder', 'file:///tmp/onesignal') }}"
CONN_IDS = "{{ var.json.get('onesignal_conn_ids', ['onesignal_default']) | tojson }}"


@task
def apps(conn_ids: str, folder: str, day: str) -> list[dict[str, str]]:
    """Say for each app's connection where its file goes."""
    return [
        {"onesignal_conn_id": conn_id, "path": f"{folder}/{conn_id}/{day}.csv.gz"}
        for conn_id in json.loads(conn_ids)
    ]


with DAG(
    dag_id="example_onesignal_several_apps",
    description="All subscriptions of several OneSignal apps, every night",
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
    OneSignalExportToObjectStorageOperator.partial(
        task_id="export_subscriptions",
        export=SubscriptionsExport(extra_fields=["external_user_id", "country", "timezone_id"]),
        replace=True,
        deferrable=True,
        pool="onesignal_export",
        outlets=[Asset("onesignal_subscriptions_of_all_apps")],
    ).expand_kwargs(apps(CONN_IDS, f"{FOLDER}/subscriptions", "{{ ds }}"))
# --8<-- [end:dag]
