"""
### What became of a message, in steps

The same files as with `export=` in one task, for those who want the address of the file, or steps
of their own between: an operator starts the export and waits for it, a transfer copies it. The
audience activity lands at `<folder>/messages/<message id>/events.csv.gz`, who clicked at
`clicked.csv` beside it (within 7 days of sending, on plans that have it).

The address opens personal data for three days, and is in the first task's XCom: who may read XComs
may read the file. Before the first run:

    airflow connections add onesignal_default --conn-uri 'onesignal://APP_ID:API_KEY@'
    airflow variables set onesignal_export_folder file:///data/lake/onesignal
    airflow pools set onesignal_export 1 "OneSignal runs one export at a time" --include-deferred
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Asset, Param

from airflow_provider_onesignal.operators.export import (
    OneSignalExportEventsOperator,
    OneSignalExportMessageHistoryOperator,
)
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
)

FOLDER = "{{ var.value.get('onesignal_export_folder', 'file:///tmp/onesignal') }}"
MESSAGE_ID = "{{ params.message_id }}"

with DAG(
    dag_id="example_onesignal_message_in_steps",
    description="A message's audience activity and clicks, exported and copied in steps",
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
    # --8<-- [start:operator_onesignal_export_events]
    export_events = OneSignalExportEventsOperator(
        task_id="export_events",
        message_id=MESSAGE_ID,
        deferrable=True,
        pool="onesignal_export",
    )
    # --8<-- [end:operator_onesignal_export_events]
    # --8<-- [start:operator_onesignal_message_history]
    export_clicks = OneSignalExportMessageHistoryOperator(
        task_id="export_clicks",
        message_id=MESSAGE_ID,
        events="clicked",
        deferrable=True,
        pool="onesignal_export",
    )
    # --8<-- [end:operator_onesignal_message_history]
    for export, name in ((export_events, "events.csv.gz"), (export_clicks, "clicked.csv")):
        OneSignalExportToObjectStorageOperator(
            task_id=f"copy_{export.task_id.removeprefix('export_')}",
            csv_file_url=export.output,
            path=f"{FOLDER}/messages/{MESSAGE_ID}/{name}",
            replace=True,
            outlets=[Asset(f"onesignal_message_{name.partition('.')[0]}")],
        )
