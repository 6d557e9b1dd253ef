"""
### Who was sent a message, and who clicked it

Trigger it with the id of a message within 7 days of its sending; OneSignal gives no history later.
The app's plan must include it, and "Send History via OneSignal API" must have been switched on in
the app's settings before the message was sent. The two files land at
`<folder>/history/<message id>/sent.csv` and `clicked.csv`. Before the first run:

    airflow connections add onesignal_default --conn-uri 'onesignal://APP_ID:API_KEY@'
    airflow variables set onesignal_export_folder file:///data/lake/onesignal
    airflow pools set onesignal_export 1 "OneSignal runs one export at a time" --include-deferred
"""

# --8<-- [start:dag]
from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Asset, Param

from airflow_provider_onesignal.exports import MessageHistoryExport
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
)

FOLDER = "{{ var.value.get('onesignal_export_folder', 'file:///tmp/onesignal') }}"
MESSAGE_ID = "{{ params.message_id }}"

with DAG(
    dag_id="example_onesignal_message_history",
    description="Who was sent a message, and who clicked it",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=5),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(hours=1),
    },
    params={"message_id": Param(type="string", description="UUID of the message")},
    tags=["example", "onesignal"],
):
    for events in ("sent", "clicked"):
        OneSignalExportToObjectStorageOperator(
            task_id=f"export_{events}",
            export=MessageHistoryExport(message_id=MESSAGE_ID, events=events),
            path=f"{FOLDER}/history/{MESSAGE_ID}/{events}.csv",
            replace=True,
            deferrable=True,
            pool="onesignal_export",
            outlets=[Asset(f"onesignal_message_{events}")],
        )
# --8<-- [end:dag]
