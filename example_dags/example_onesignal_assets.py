"""
### Load an export as soon as it is there

The first DAG exports all OneSignal subscriptions every night. Its task has an `AssetAlias` as its
outlet, which at run time comes to stand for the very file that was written, such as
`s3://my-company-lake/onesignal/assets/2026-11-01.csv.gz`; the event carries where the file is, its
rows, bytes and SHA-256.

The second DAG is scheduled on that alias. It runs for each file once that is there, takes the place
of the load into a warehouse, and checks that what it loads is what was exported. Before the first
run:

    airflow connections add onesignal_default --conn-uri 'onesignal://APP_ID:API_KEY@'
    airflow variables set onesignal_export_folder file:///data/lake/onesignal
    airflow variables set onesignal_store_conn_id aws_default     # where the store needs one
    airflow pools set onesignal_export 1 "OneSignal runs one export at a time" --include-deferred
"""

# --8<-- [start:dag]
from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, AssetAlias, task

from airflow_provider_onesignal.exports import SubscriptionsExport
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
)

FOLDER = "{{ var.value.get('onesignal_export_folder', 'file:///tmp/onesignal') }}/assets"
FILES = AssetAlias("onesignal_subscription_files")
RETRIES = {
    "retries": 3,
    "retry_delay": timedelta(minutes=5),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(hours=1),
}

with DAG(
    dag_id="example_onesignal_asset_export",
    description="All OneSignal subscriptions, every night, announced as an asset",
    doc_md=__doc__,
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=RETRIES,
    tags=["example", "onesignal"],
):
    # --8<-- [start:asset_alias_onesignal]
    export_subscriptions = OneSignalExportToObjectStorageOperator(
        task_id="export_subscriptions",
        export=SubscriptionsExport(extra_fields=["external_user_id"]),
        path=f"{FOLDER}/{{{{ ds }}}}.csv.gz",
        replace=True,
        deferrable=True,
        pool="onesignal_export",
        outlets=[FILES],
    )
    # --8<-- [end:asset_alias_onesignal]


# --8<-- [start:asset_event_onesignal]
# Airflow 2 calls the events by another name.
@task
def load(
    conn_id: str, triggering_asset_events: Any = None, triggering_dataset_events: Any = None
) -> list[dict[str, Any]]:
    """Load each file the run was started for, and say which ones."""
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    by_asset = triggering_asset_events or triggering_dataset_events or {}
    # An event stands there under its asset and, on Airflow 3, under the alias too.
    events = [event.extra for events in by_asset.values() for event in events]
    files = {event["uri"]: event for event in events}.values()
    for file in files:
        # The URI does not say by which Airflow connection it is reached.
        with ObjectStoragePath(file["uri"], conn_id=conn_id or None).open("rb") as stream:
            checksum = hashlib.file_digest(stream, "sha256").hexdigest()
        if checksum != file["sha256"]:
            raise ValueError(f"{file['uri']} is not the file that was exported")
    return [{name: file[name] for name in ("uri", "rows", "sha256")} for file in files]


# --8<-- [end:asset_event_onesignal]

with DAG(
    dag_id="example_onesignal_asset_load",
    description="Loads each file of subscriptions as soon as it is there",
    doc_md=__doc__,
    schedule=[FILES],
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args=RETRIES,
    tags=["example", "onesignal"],
):
    load("{{ var.value.get('onesignal_store_conn_id', '') }}")
# --8<-- [end:dag]
