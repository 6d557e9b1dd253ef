"""
### An alarm when nobody clicks

Every hour the clicks of the hour that ends now; where there were none, the second task fails, which
alerts those who need to know. Before the first run:

    airflow connections add onesignal_default --conn-uri 'onesignal://APP_ID:API_KEY@'
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, AirflowFailException, task

from airflow_provider_onesignal.operators.outcomes import OneSignalGetOutcomesOperator


@task
def raise_the_alarm(outcomes: Any) -> int:
    """Fail where nobody clicked, else give the clicks."""
    clicks = sum(outcome["value"] for outcome in outcomes)
    if not clicks:
        raise AirflowFailException("Nobody clicked on a message in the last hour.")
    return int(clicks)


with DAG(
    dag_id="example_onesignal_outcomes_watch",
    description="An alarm when nobody clicks on messages",
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
    # --8<-- [start:operator_onesignal_get_outcomes]
    get_outcomes = OneSignalGetOutcomesOperator(
        task_id="get_outcomes",
        outcome_names="os__click.count",
        outcome_time_range="1h",
    )
    # --8<-- [end:operator_onesignal_get_outcomes]
    raise_the_alarm(get_outcomes.output)
