"""A DAG file as users write them, with every public class of the package, for ``mypy --strict``."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import DAG, Asset, BaseOperator, task

from airflow_provider_onesignal.exceptions import (
    OneSignalAuthenticationError,
    OneSignalConfigurationError,
    OneSignalConflictError,
    OneSignalDestinationError,
    OneSignalDestinationTakenError,
    OneSignalDestinationUnavailableError,
    OneSignalError,
    OneSignalExportCorruptError,
    OneSignalExportError,
    OneSignalExportExpiredError,
    OneSignalExportInProgressError,
    OneSignalExportNotReadyError,
    OneSignalExportTimeoutError,
    OneSignalExportTooSmallError,
    OneSignalExportUnavailableError,
    OneSignalInvalidRequestError,
    OneSignalNoRecipientsError,
    OneSignalNotFoundError,
    OneSignalOutcomesGapError,
    OneSignalOutcomesLateError,
    OneSignalPlanError,
    OneSignalRateLimitError,
    OneSignalRejectedRowsError,
    OneSignalServerError,
    OneSignalSourceError,
    OneSignalSubscriptionLimitError,
    OneSignalTransientError,
    OneSignalUnreachableError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.exports import (
    EventsExport,
    ExportRequest,
    MessageHistoryExport,
    SubscriptionsExport,
)
from airflow_provider_onesignal.hooks.onesignal import OneSignalHook
from airflow_provider_onesignal.mappings import EventMapping, UserMapping
from airflow_provider_onesignal.operators.export import (
    OneSignalExportEventsOperator,
    OneSignalExportMessageHistoryOperator,
    OneSignalExportSubscriptionsOperator,
)
from airflow_provider_onesignal.operators.outcomes import (
    OneSignalGetOutcomesOperator,
    OneSignalRollUpOutcomesOperator,
)
from airflow_provider_onesignal.operators.segment import (
    OneSignalCreateSegmentOperator,
    OneSignalDeleteSegmentOperator,
    OneSignalUpdateSegmentOperator,
)
from airflow_provider_onesignal.operators.user import (
    OneSignalCreateUserOperator,
    OneSignalDeleteUserOperator,
)
from airflow_provider_onesignal.sensors.export import OneSignalExportSensor
from airflow_provider_onesignal.transfers.object_storage_to_onesignal import (
    ObjectStorageToOneSignalEventsOperator,
    ObjectStorageToOneSignalUsersOperator,
)
from airflow_provider_onesignal.transfers.onesignal_to_gcs import (
    OneSignalExportToGCSOperator,
    OneSignalOutcomesToGCSOperator,
)
from airflow_provider_onesignal.transfers.onesignal_to_object_storage import (
    OneSignalExportToObjectStorageOperator,
    OneSignalOutcomesToObjectStorageOperator,
)
from airflow_provider_onesignal.transfers.onesignal_to_s3 import (
    OneSignalExportToS3Operator,
    OneSignalOutcomesToS3Operator,
)

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

log = logging.getLogger(__name__)
MESSAGE = "0f1e2d3c-4b5a-4678-9abc-def012345678"
FILTERS: list[dict[str, Any]] = [
    {"field": "tag", "key": "plan", "relation": "=", "value": "gold"},
    {"operator": "AND"},
    {"field": "session_count", "relation": ">", "value": "3"},
]

arguments: dict[str, Any] = {"retries": 5, "retry_delay": timedelta(minutes=5)}
try:
    from airflow_provider_onesignal.retry import OneSignalRetryPolicy
except ImportError:  # before Airflow 3.3
    pass
else:
    arguments["retry_policy"] = OneSignalRetryPolicy()


class WaitForFileOperator(BaseOperator):
    """An operator of the user's own, on the package's trigger."""

    def __init__(self, *, url: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.url = url

    def execute(self, context: Context) -> None:
        """Wait in the triggerer."""
        from airflow_provider_onesignal.triggers.export import OneSignalExportTrigger

        deadline = time.time() + 3600
        trigger = OneSignalExportTrigger(self.url, deadline=deadline, poll_interval=30)
        self.defer(trigger=trigger, method_name="execute_complete")

    def execute_complete(self, context: Context, event: dict[str, Any]) -> str:
        """Go on."""
        return str(event["status"])


def new_export(kind: str) -> ExportRequest:
    """Choose what to export."""
    if kind == "events":
        return EventsExport(message_id=MESSAGE)
    if kind == "clicks":
        return MessageHistoryExport(message_id=MESSAGE, events="clicked")
    return SubscriptionsExport(
        extra_fields=["country"], last_active_since=datetime(2026, 1, 1, tzinfo=UTC)
    )


REMEDIES: dict[str, tuple[type[OneSignalError], ...]] = {
    "try again": (
        OneSignalDestinationUnavailableError,
        OneSignalRateLimitError,
        OneSignalServerError,
        OneSignalUnreachableError,
    ),
    "wait": (OneSignalExportInProgressError, OneSignalExportNotReadyError),
    "export again": (
        OneSignalExportCorruptError,
        OneSignalExportExpiredError,
        OneSignalExportTimeoutError,
        OneSignalExportUnavailableError,
    ),
    "fix the connection": (
        OneSignalAuthenticationError,
        OneSignalConfigurationError,
        OneSignalPlanError,
    ),
    "look at what is there": (
        OneSignalConflictError,
        OneSignalDestinationError,
        OneSignalDestinationTakenError,
        OneSignalNotFoundError,
        OneSignalSubscriptionLimitError,
    ),
    "look at the data": (
        OneSignalExportTooSmallError,
        OneSignalNoRecipientsError,
        OneSignalOutcomesGapError,
        OneSignalRejectedRowsError,
        OneSignalSourceError,
    ),
    "fix the DAG": (OneSignalInvalidRequestError, OneSignalValidationError),
    "look into it": (OneSignalExportError, OneSignalOutcomesLateError),
}


def what_to_do(error: OneSignalError) -> str:
    """Decide by the type of an error."""
    if isinstance(error, OneSignalTransientError) and error.retry_after is not None:
        return f"wait {error.retry_after:.0f} s"
    for remedy, kinds in REMEDIES.items():
        if isinstance(error, kinds):
            return remedy
    return f"{error.status_code}: {', '.join(error.messages)}"


@task
def call_everything() -> dict[str, Any]:
    """Use each method of the hook."""
    hook = OneSignalHook("onesignal_default")
    try:
        created: str = hook.create_segment(name="Gold", filters=FILTERS, description="Of the plan")
        updated: str = hook.update_segment(created, name="Gold and keen", filters=FILTERS)
        names: list[str] = [segment["name"] for segment in hook.view_segments()]
        segment: dict[str, Any] = hook.view_segment(updated)
        hook.delete_segment(created)
        user: dict[str, Any] = hook.create_user(
            identity={"external_id": "42"},
            properties={"language": "en"},
            subscriptions=[{"type": "Email", "token": "me@example.com"}],
        )
        found: dict[str, Any] = hook.view_user("external_id", "42")
        hook.update_user("external_id", "42", properties={"language": "de"})
        hook.delete_user("external_id", "42")
        refused: list[dict[str, Any]] = hook.create_custom_events(
            [{"name": "bought", "external_id": "42"}]
        )
        sent: dict[str, Any] = hook.send_message(
            {"target_channel": "push", "contents": {"en": "Hi"}, "included_segments": ["Gold"]}
        )
        figures: dict[str, Any] = hook.view_message(sent["id"], outcome_names=["os__click.count"])
        messages: list[str] = [message["id"] for message in hook.view_messages(kind=1)]
        hook.cancel_message(sent["id"])
        urls: list[str] = [
            hook.export_subscriptions(extra_fields=["country"]),
            hook.export_events(MESSAGE),
            hook.message_history(MESSAGE, events="sent"),
            hook.start_export(new_export("subscriptions")),
        ]
        outcomes: list[dict[str, Any]] = hook.view_outcomes(
            outcome_names=["os__click.count"], outcome_time_range="1d"
        )
        anything: dict[str, Any] = hook.request("GET", "/apps", params={"limit": 1})
        is_well, said = hook.test_connection()
    except OneSignalError as error:
        log.warning("%s: %s", what_to_do(error), error)
        raise
    done = {"names": names, "segment": segment, "user": user, "urls": len(urls), "said": said}
    done |= {"found": found, "refused": len(refused), "figures": figures, "messages": messages}
    return done | {"outcomes": outcomes, "anything": anything, "well": is_well}


with DAG(
    dag_id="everything_of_onesignal",
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args=arguments,
):
    create = OneSignalCreateSegmentOperator(
        task_id="create", name="Gold {{ ds }}", filters=FILTERS, if_exists="replace"
    )
    update = OneSignalUpdateSegmentOperator(
        task_id="update", segment_id=str(create.output), name="Gold, {{ ds }}"
    )
    delete = OneSignalDeleteSegmentOperator(task_id="delete", segment_id=str(create.output))
    add_user = OneSignalCreateUserOperator(
        task_id="add_user",
        identity={"external_id": "{{ run_id }}"},
        properties={"tags": {"plan": "gold"}},
    )
    forget_user = OneSignalDeleteUserOperator(task_id="forget_user", alias_id="{{ run_id }}")
    outcomes_now = OneSignalGetOutcomesOperator(
        task_id="outcomes_now", outcome_names="os__click.count", outcome_time_range="1h"
    )
    create >> update >> [add_user, outcomes_now, call_everything()] >> forget_user >> delete

    ObjectStorageToOneSignalUsersOperator(
        task_id="users_from_the_lake",
        path="s3://aws_default@lake/users/{{ ds }}/*.jsonl",
        mapping=UserMapping(external_id="user_id", tags=["plan"], email="email"),
        dead_letter="s3://aws_default@lake/refused/users-{{ ds }}.jsonl",
        max_rejects=0.01,
    )
    ObjectStorageToOneSignalEventsOperator(
        task_id="events_from_the_lake",
        path="s3://aws_default@lake/events/{{ ds }}.csv.gz",
        mapping=EventMapping(event_name="order", external_id="user_id", timestamp="at"),
        dead_letter="s3://aws_default@lake/refused/events-{{ ds }}.jsonl",
    )
    start = OneSignalExportSubscriptionsOperator(
        task_id="start", segment_name="Gold", include_unsubscribed=False, wait_for_completion=False
    )
    wait = OneSignalExportSensor(
        task_id="wait", csv_file_url=start.output, deferrable=True, timeout=3600, soft_fail=True
    )
    events = OneSignalExportEventsOperator(
        task_id="events", message_id=MESSAGE, timeout=timedelta(hours=1), on_conflict="fail"
    )
    clicks = OneSignalExportMessageHistoryOperator(
        task_id="clicks", message_id=MESSAGE, events="clicked", deferrable=True
    )
    to_gcs = OneSignalExportToGCSOperator(
        task_id="to_gcs",
        csv_file_url=wait.output,
        bucket_name="lake",
        object_name="{{ ds }}.csv.gz",
        impersonation_chain=["loader@example.iam.gserviceaccount.com"],
    )
    own_wait = WaitForFileOperator(task_id="own_wait", url="{{ ti.xcom_pull('start') }}")
    start >> [wait, own_wait] >> to_gcs

    to_s3 = OneSignalExportToS3Operator(
        task_id="to_s3",
        export=SubscriptionsExport(extra_fields=["external_user_id"]),
        s3_key="s3://lake/{{ ds }}.csv.gz",
        encrypt=True,
        outlets=[Asset("subscriptions")],
        durable=True,
    )
    to_files = [
        OneSignalExportToObjectStorageOperator(
            task_id=f"{kind}_to_folder", export=new_export(kind), path=f"file:///lake/{kind}.csv"
        )
        for kind in ("events", "clicks")
    ]
    outcomes_to_s3 = OneSignalOutcomesToS3Operator(
        task_id="outcomes_to_s3",
        outcome_names=["os__click.count", "Purchase.sum"],
        outcome_time_range="1d",
        outcome_platforms=["ios", "android"],
        s3_bucket="lake",
        s3_key="outcomes/{{ ds }}.jsonl",
        max_lateness=timedelta(hours=1),
        on_late="skip",
    )
    outcomes_to_gcs = OneSignalOutcomesToGCSOperator(
        task_id="outcomes_to_gcs",
        outcome_names="Purchase.sum",
        outcome_time_range="1mo",
        outcome_attribution="direct",
        bucket_name="lake",
        object_name="outcomes/{{ ds }}.csv",
        file_format="csv",
    )
    outcomes_to_folder = OneSignalOutcomesToObjectStorageOperator(
        task_id="outcomes_to_folder",
        outcome_names=["Purchase.count"],
        outcome_time_range="1h",
        path="file:///lake/outcomes/{{ ts_nodash }}.jsonl",
        replace=True,
    )
    month = OneSignalRollUpOutcomesOperator(
        task_id="month",
        days="s3://aws_default@lake/outcomes/{date}.jsonl",
        path="file:///lake/outcomes/{month}.jsonl",
        on_gap="mark",
        tolerance=0.05,
        max_lateness=3600,
        timezone="Europe/Berlin",
    )
    outcomes_to_s3 >> month


def test_of_the_user() -> None:
    """Run a job against the emulator, as a test of the user's own would."""
    from airflow_provider_onesignal.testing import Emulator, Fault

    with Emulator(rows=1000) as emulator:
        fault: Fault = emulator.files.fail("download", cut_at=100)
        uri: str = emulator.connection_uri
        url = OneSignalHook().start_export(SubscriptionsExport())
        body: bytes = emulator.export_bytes(url)
        log.info("%s %s %d", uri, fault, len(body))
