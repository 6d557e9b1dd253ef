"""
### Every hour, what happened becomes custom events of OneSignal's users

The first task stands for your own export of the rows to object storage; the second sends them in
batches. Each event has a key of its own, by which OneSignal knows it again: a task that is killed
and goes on counts none twice. Rows that are refused land in `<folder>/refused_events/`.

`<folder>` is any URL that Airflow's `ObjectStoragePath` understands. Before the first run:

    airflow connections add onesignal_default --conn-uri 'onesignal://APP_ID:API_KEY@'
    airflow variables set onesignal_rows_folder s3://aws_default@my-company-lake/onesignal
"""

# --8<-- [start:dag]
from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, ObjectStoragePath, task

from airflow_provider_onesignal.mappings import EventMapping
from airflow_provider_onesignal.transfers.object_storage_to_onesignal import (
    ObjectStorageToOneSignalEventsOperator,
)

FOLDER = "{{ var.value.get('onesignal_rows_folder', 'file:///tmp/onesignal') }}"
HOUR = "{{ ts_nodash }}"

ORDERS = """\
order_id,customer_id,ordered_at,total
7001,1001,2026-11-25T08:15:00Z,19.90
7002,1002,2026-11-25T08:40:00Z,5.00
"""


@task
def write_orders(path: str) -> str:
    """Write the orders of the hour; put the export of your own warehouse here."""
    file = ObjectStoragePath(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(ORDERS)
    return path


with DAG(
    dag_id="example_onesignal_rows_events",
    description="Rows of the lake become OneSignal custom events, every hour",
    doc_md=__doc__,
    schedule="@hourly",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=15),
    },
    tags=["example", "onesignal"],
):
    # --8<-- [start:transfer_object_storage_to_onesignal_events]
    send_orders = ObjectStorageToOneSignalEventsOperator(
        task_id="send_orders",
        path=write_orders(f"{FOLDER}/orders/{HOUR}.csv"),
        mapping=EventMapping(
            event_name="order",
            external_id="customer_id",
            timestamp="ordered_at",
            properties=["order_id", "total"],
        ),
        dead_letter=f"{FOLDER}/refused_events/{HOUR}.jsonl",
    )
    # --8<-- [end:transfer_object_storage_to_onesignal_events]
# --8<-- [end:dag]
