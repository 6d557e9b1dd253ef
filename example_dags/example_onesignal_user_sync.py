"""
### Customers of another system become OneSignal users

The first task fetches the customers that changed, the second is mapped over them: each is created,
or updated where OneSignal knows the `external_id`. A retry repeats only those that failed, and
repeating one does nothing twice. Before the first run:

    airflow connections add onesignal_default --conn-uri 'onesignal://APP_ID:API_KEY@'
"""

# --8<-- [start:dag]
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_onesignal.operators.user import OneSignalCreateUserOperator


@task
def changed_customers() -> list[dict[str, Any]]:
    """Give the users to be; put the query of your own database here."""
    customers = [
        (1001, "Ada", "gold", "ada@example.com", "GB"),
        (1002, "Grace", "silver", "grace@example.com", "US"),
        (1003, "Hedy", "gold", "hedy@example.com", None),
    ]
    return [
        {
            "identity": {"external_id": str(number)},
            "properties": {"tags": {"first_name": name, "plan": plan}, "country": country},
            "subscriptions": [{"type": "Email", "token": email}],
        }
        for number, name, plan, email, country in customers
    ]


with DAG(
    dag_id="example_onesignal_user_sync",
    description="Customers of another system become OneSignal users",
    doc_md=__doc__,
    schedule="@hourly",
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
    # --8<-- [start:operator_onesignal_create_user]
    create_user = OneSignalCreateUserOperator.partial(
        task_id="create_user",
        max_active_tis_per_dag=8,
    ).expand_kwargs(changed_customers())
    # --8<-- [end:operator_onesignal_create_user]
# --8<-- [end:dag]
