"""
### Outcomes kept for good: every day, and rolled up to calendar months

OneSignal deletes outcomes after about 30 days, and only knows those of the hour, day or month that
ends now. So the first DAG asks every midnight (UTC) for the day that ends then, and stores it as
`<folder>/outcomes/daily/<end of the day>.jsonl`, a row each outcome and attribution. A run that
comes over two hours late fails rather than filing other figures under that day.

The second DAG adds the days up to a calendar month, `<folder>/outcomes/monthly/<month>.jsonl`, and
compares it with OneSignal's own figures. It runs as soon as the last day of the month is stored,
and at 01:30 of the first in any case: then one lost stretch of days can still be recovered. A month
that is not whole fails, and the error names the days. Its parameter `month` makes another month
than the last. Before the first run:

    airflow connections add onesignal_default --conn-uri 'onesignal://APP_ID:API_KEY@'
    airflow variables set onesignal_export_folder file:///data/lake/onesignal
"""

# --8<-- [start:dag]
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, AirflowSkipException, Asset, Param, task
from airflow.timetables.trigger import CronTriggerTimetable

from airflow_provider_onesignal.operators.outcomes import OneSignalRollUpOutcomesOperator
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalOutcomesToObjectStorageOperator,
)

FOLDER = "{{ var.value.get('onesignal_export_folder', 'file:///tmp/onesignal') }}/outcomes"
LAST_DAY = Asset("onesignal_outcomes_last_day_of_month")
# The second time is for a month whose last day was lost, while it can be recovered (until 02:00).
FIRST_OF_MONTH = CronTriggerTimetable("30 1 1 * *", timezone="UTC")
try:
    from airflow.timetables.assets import AssetOrTimeSchedule

    LAST_DAYS: Any = [LAST_DAY]
    MONTHLY: Any = AssetOrTimeSchedule(timetable=FIRST_OF_MONTH, assets=LAST_DAYS)
except ImportError:  # Airflow 2
    from airflow.timetables.datasets import DatasetOrTimeSchedule

    MONTHLY = DatasetOrTimeSchedule(timetable=FIRST_OF_MONTH, datasets=[LAST_DAY])
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
        path=f"{FOLDER}/daily/{{{{ data_interval_end.strftime('%Y-%m-%dT%H-%M') }}}}.jsonl",
        replace=True,
        outlets=[Asset("onesignal_outcomes_daily")],
    )
    # --8<-- [end:operator_onesignal_outcomes_to_object_storage]

    @task(outlets=[LAST_DAY])
    def announce_last_day(data_interval_end: Any = None) -> None:
        """Start the roll-up if this day was the last of its month."""
        if data_interval_end is None or data_interval_end.day != 1:
            raise AirflowSkipException("The month goes on.")

    archive_outcomes >> announce_last_day()


with DAG(
    dag_id="example_onesignal_outcomes_monthly",
    description="A calendar month of outcomes, made of its days",
    doc_md=__doc__,
    schedule=MONTHLY,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=RETRIES,
    params={"month": Param(None, type=["null", "string"], description="Such as 2026-10")},
    tags=["example", "onesignal"],
):
    # --8<-- [start:operator_onesignal_roll_up_outcomes]
    OneSignalRollUpOutcomesOperator(
        task_id="roll_up",
        days=f"{FOLDER}/daily/{{end}}T00-00.jsonl",
        path=f"{FOLDER}/monthly/{{month}}.jsonl",
        month="{{ params.month or '' }}",
        recover=True,
        replace=True,
        outlets=[Asset("onesignal_outcomes_monthly")],
    )
    # --8<-- [end:operator_onesignal_roll_up_outcomes]
# --8<-- [end:dag]
