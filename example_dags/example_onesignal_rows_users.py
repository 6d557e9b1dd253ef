"""
### Every night, what the lake knows of people becomes tags of OneSignal's users

The first task stands for your own export of the rows to object storage; the second sends them, each
once, at 500 users a second. Rows that are refused land in `<folder>/refused/<date>.jsonl`. The
second DAG sends such a file again, once its reasons are dealt with.

`<folder>` is any URL that Airflow's `ObjectStoragePath` understands. Before the first run:

    airflow connections add onesignal_default --conn-uri 'onesignal://APP_ID:API_KEY@'
    airflow variables set onesignal_rows_folder s3://aws_default@my-company-lake/onesignal
    airflow pools set onesignal_users 1 "OneSignal takes 1,000 users a second and app"
"""

# --8<-- [start:dag]
from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, ObjectStoragePath, Param, task

from airflow_provider_onesignal.mappings import UserMapping
from airflow_provider_onesignal.transfers.object_storage_to_onesignal import (
    ObjectStorageToOneSignalUsersOperator,
)

FOLDER = "{{ var.value.get('onesignal_rows_folder', 'file:///tmp/onesignal') }}"
RETRIES = {
    "retries": 3,
    "retry_delay": timedelta(minutes=5),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(hours=1),
}
# --8<-- [start:user_mapping]
CUSTOMERS = UserMapping(
    external_id="customer_id",
    tags={"plan": "plan", "last_order": "last_order_at", "vip": "is_vip"},
    properties={"country": "country_code", "language": "language"},
    email="email",
)
# --8<-- [end:user_mapping]


@task
def write_customers(path: str) -> str:
    """Write the customers that changed; put the export of your own warehouse here."""
    customers = [
        (1001, "gold", "2026-11-20", True, "GB", "en", "ada@example.com"),
        (1002, "silver", None, False, "US", "en", "grace@example.com"),
        (1003, "gold", "2026-11-24", False, None, "de", "hedy@example.com"),
    ]
    names = ["customer_id", "plan", "last_order_at", "is_vip", "country_code", "language", "email"]
    rows = [json.dumps(dict(zip(names, customer, strict=True))) for customer in customers]
    file = ObjectStoragePath(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(rows))
    return path


with DAG(
    dag_id="example_onesignal_rows_users",
    description="Rows of the lake become OneSignal users, every night",
    doc_md=__doc__,
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=RETRIES,
    tags=["example", "onesignal"],
):
    # --8<-- [start:transfer_object_storage_to_onesignal_users]
    send_customers = ObjectStorageToOneSignalUsersOperator(
        task_id="send_customers",
        path=write_customers(f"{FOLDER}/customers/{{{{ ds }}}}.jsonl"),
        mapping=CUSTOMERS,
        dead_letter=f"{FOLDER}/refused/{{{{ ds }}}}.jsonl",
        max_rejects=0.01,
        pool="onesignal_users",
    )
    # --8<-- [end:transfer_object_storage_to_onesignal_users]


with DAG(
    dag_id="example_onesignal_rows_users_again",
    description="Send the rows again that were refused",
    doc_md=__doc__,
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args=RETRIES,
    params={"date": Param("2026-11-25", type="string", description="whose dead letter")},
    tags=["example", "onesignal"],
):
    # --8<-- [start:dead_letter_again]
    send_again = ObjectStorageToOneSignalUsersOperator(
        task_id="send_again",
        path=f"{FOLDER}/refused/{{{{ params.date }}}}.jsonl",
        mapping=CUSTOMERS,
        dead_letter=f"{FOLDER}/refused_again/{{{{ params.date }}}}.jsonl",
        pool="onesignal_users",
    )
    # --8<-- [end:dead_letter_again]
# --8<-- [end:dag]
