"""Operators that start an export and give the URL of its file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_onesignal.exports import (
    EventsExport,
    ExportRequest,
    MessageHistoryExport,
    StartedExport,
    SubscriptionsExport,
)
from airflow_provider_onesignal.tasks.export import ExportTask

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, XComArg


class _ExportOperator(ExportTask):
    def __init__(self, *, wait_for_completion: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.wait_for_completion = wait_for_completion

    def execute(self, context: Context) -> str:
        """Start the export and give its file's URL."""
        return str(self.run_export(context))

    def finish(self, context: Context, started: StartedExport) -> str:
        """Give the file's URL."""
        self.forget(context)
        return started.url


class OneSignalExportSubscriptionsOperator(_ExportOperator):
    """
    Export all subscriptions of the app, or those of a segment, as a gzipped CSV.

    https://documentation.onesignal.com/reference/csv-export

    :param extra_fields: columns beside the default ones, as ``["external_user_id", "country"]``
    :param last_active_since: only subscriptions active since then: a datetime (aware), seconds
        since the epoch, or a text of either (ISO 8601)
    :param segment_name: only this segment (its name, not its id)
    :param include_unsubscribed: with ``segment_name``, also those unsubscribed; without a segment
        OneSignal always exports all
    :param wait_for_completion: wait until the file is ready; else return as soon as it is started
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :param deferrable: wait in the triggerer, without holding a worker slot
    :param poll_interval: seconds between two looks at the file's address
    :param timeout: seconds (or timedelta) for all waiting in one try of this task
    :param on_conflict: when another export of the account is running: "wait" its turn, or "fail"
    :param durable: keep the export for the next try. Requires Airflow 3.3+; no-op on earlier ones
    :return: the file's URL, which opens personal data for three days to whoever has it
    :raises OneSignalExportInProgressError: with ``on_conflict="fail"``, another export is running
    :raises OneSignalExportTimeoutError: ``timeout`` has passed
    :raises OneSignalValidationError: a parameter breaks a rule of OneSignal's; nothing was sent
    """

    template_fields: Sequence[str] = (
        *ExportTask.template_fields,
        *SubscriptionsExport.template_fields,
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"extra_fields": "json"}

    def __init__(
        self,
        *,
        extra_fields: Sequence[str] | None = None,
        last_active_since: datetime | int | str | None = None,
        segment_name: str | None = None,
        include_unsubscribed: bool | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.extra_fields = extra_fields
        self.last_active_since = last_active_since
        self.segment_name = segment_name
        self.include_unsubscribed = include_unsubscribed

    def export_request(self) -> ExportRequest:
        """Say what to export."""
        return SubscriptionsExport(
            extra_fields=self.extra_fields,
            last_active_since=self.last_active_since,
            segment_name=self.segment_name,
            include_unsubscribed=self.include_unsubscribed,
        )


class OneSignalExportEventsOperator(_ExportOperator):
    """
    Export the audience activity of one message (sent, delivered, clicked ...) as a gzipped CSV.

    OneSignal keeps it about 30 days.
    https://documentation.onesignal.com/reference/export-csv-of-events

    :param message_id: UUID of the message
    :param wait_for_completion: wait until the file is ready; else return as soon as it is started
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :param deferrable: wait in the triggerer, without holding a worker slot
    :param poll_interval: seconds between two looks at the file's address
    :param timeout: seconds (or timedelta) for all waiting in one try of this task
    :param on_conflict: when another export of the account is running: "wait" its turn, or "fail"
    :param durable: keep the export for the next try. Requires Airflow 3.3+; no-op on earlier ones
    :return: the file's URL, which opens personal data for three days to whoever has it
    :raises OneSignalExportInProgressError: with ``on_conflict="fail"``, another export is running
    :raises OneSignalExportTimeoutError: ``timeout`` has passed
    :raises OneSignalValidationError: a parameter breaks a rule of OneSignal's; nothing was sent
    :raises OneSignalNotFoundError: there is no such message, or no longer
    """

    template_fields: Sequence[str] = (*ExportTask.template_fields, *EventsExport.template_fields)

    def __init__(self, *, message_id: str | XComArg, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.message_id: str = message_id  # type: ignore[assignment]

    def export_request(self) -> ExportRequest:
        """Say what to export."""
        return EventsExport(message_id=self.message_id)


class OneSignalExportMessageHistoryOperator(_ExportOperator):
    """
    Export who was sent a message or clicked it, as a plain CSV.

    Within 7 days of sending, on plans that have it, with "Send History via OneSignal API" switched
    on in the app's settings before the message was sent.
    https://documentation.onesignal.com/reference/message-history

    :param message_id: UUID of the message
    :param events: "sent" or "clicked"
    :param email: address OneSignal also mails the link to; one that ``default_args`` name for
        Airflow's alerts is not taken
    :param wait_for_completion: wait until the file is ready; else return as soon as it is started
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :param deferrable: wait in the triggerer, without holding a worker slot
    :param poll_interval: seconds between two looks at the file's address
    :param timeout: seconds (or timedelta) for all waiting in one try of this task
    :param on_conflict: when another export of the account is running: "wait" its turn, or "fail"
    :param durable: keep the export for the next try. Requires Airflow 3.3+; no-op on earlier ones
    :return: the file's URL, which opens personal data for three days to whoever has it
    :raises OneSignalExportInProgressError: with ``on_conflict="fail"``, another export is running
    :raises OneSignalExportTimeoutError: ``timeout`` has passed
    :raises OneSignalValidationError: a parameter breaks a rule of OneSignal's; nothing was sent
    :raises OneSignalNotFoundError: there is no such message, or no longer
    :raises OneSignalPlanError: the app's plan does not include message history
    """

    # Not "email": that attribute of every operator is whom Airflow tells of failures.
    template_fields: Sequence[str] = (
        *ExportTask.template_fields,
        "message_id",
        "events",
        "history_email",
    )

    def __init__(
        self, *, message_id: str | XComArg, events: str, email: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.message_id: str = message_id  # type: ignore[assignment]
        self.events = events
        # default_args name here whom Airflow tells of failures: not who is to get personal data.
        alerted = (kwargs.get("default_args") or {}).get("email")
        self.history_email = None if email == alerted else email

    def export_request(self) -> ExportRequest:
        """Say what to export."""
        return MessageHistoryExport(
            message_id=self.message_id, events=self.events, email=self.history_email
        )
