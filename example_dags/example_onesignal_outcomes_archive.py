"""
### Outcomes kept for good: every day, and rolled up to calendar months

OneSignal deletes outcomes after about 30 days, and only tells those of the hour, day or month that
ends now. So the first DAG asks every midnight (UTC) for the day that ends then, and stores it as
`<folder>/outcomes/daily/<end of the day>.jsonl`, a row each outcome and attribution. A run that
comes over two hours late fails rather than filing other figures under that day.

The second DAG makes a calendar month of the month's days, `<folder>/outcomes/monthly/<month>.jsonl`
(OneSignal's own month is a rolling one), and fails naming the days that are missing. Its parameter
`month` makes another month than the last. Before the first run:

    airflow connections add onesignal_default --conn-uri 'onesignal://APP_ID:API_KEY@'
    airflow variables set onesignal_export_folder file:///data/lake/onesignal
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, Asset, Param, task

from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalOutcomesToObjectStorageOperator,
)

FOLDER = "{{ var.value.get('onesignal_export_folder', 'file:///tmp/onesignal') }}/outcomes"
FILE_NAME = "%Y-%m-%dT%H-%M.jsonl"
RETRIES = {
    "retries": 3,
    "retry_delay": timedelta(minutes=5),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=30),
}

with DAG(
    dag_id="example_onesignal_outcomes_archive",
    description="The outcomes of every day, before OneSignal deletes them",
    doc_md=__doc__,
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args=RETRIES,
    tags=["example", "onesignal"],
):
    # --8<-- [start:operator_onesignal_outcomes_to_object_storage]
    archive_outcomes = OneSignalOutcomesToObjectStorageOperator(
        task_id="archive_outcomes",
        outcome_names=["os__click.count", "os__session_duration.sum", "Purchase.sum"],
        outcome_time_range="1d",
        breakdown=["attribution"],
        path=f"{FOLDER}/daily/{{{{ data_interval_end.strftime('{FILE_NAME}') }}}}",
        replace=True,
        outlets=[Asset("onesignal_outcomes_daily")],
    )
    # --8<-- [end:operator_onesignal_outcomes_to_object_storage]


@task(outlets=[Asset("onesignal_outcomes_monthly")])
def roll_up(folder: str, params: Any = None, data_interval_end: Any = None) -> str:
    """Put the days of a month into one file, and give its URL."""
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    end = data_interval_end or datetime.now(UTC)
    month = params["month"] or f"{end.replace(day=1) - timedelta(days=1):%Y-%m}"
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    ends = [first + timedelta(days=number) for number in range(1, 32)]
    ends = [end for end in ends if (end - timedelta(days=1)).month == first.month]
    days = [ObjectStoragePath(f"{folder}/daily/{end:{FILE_NAME}}") for end in ends]
    if missing := [day.name for day in days if not day.exists()]:
        raise FileNotFoundError(f"The month lacks {len(missing)} days: {', '.join(missing)}")
    file = ObjectStoragePath(f"{folder}/monthly/{month}.jsonl")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(day.read_text() for day in days))
    return str(file)


with DAG(
    dag_id="example_onesignal_outcomes_monthly",
    description="A calendar month of outcomes, made of its days",
    doc_md=__doc__,
    # When the last day of the month is surely there: its run may be two hours late.
    schedule="0 3 1 * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args=RETRIES,
    params={"month": Param(None, type=["null", "string"], description="Such as 2026-10")},
    tags=["example", "onesignal"],
):
    roll_up(FOLDER)
