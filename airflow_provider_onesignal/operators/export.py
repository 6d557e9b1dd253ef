"""Operators that start an export and return the URL of its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_onesignal import checks
from airflow_provider_onesignal.compat import XComArg, conf, unserved_as
from airflow_provider_onesignal.export_run import ExportRun, StartedExport
from airflow_provider_onesignal.exports import (
    EventsExport,
    ExportRequest,
    MessageHistoryExport,
    SubscriptionsExport,
)
from airflow_provider_onesignal.operators.base import OneSignalOperator
from airflow_provider_onesignal.operators.export_task import (
    DEFAULT_TIMEOUT,
    await_file,
    continue_after,
    export_page,
    export_unserved,
    held_run,
    log_outlook,
    recovered,
)

if TYPE_CHECKING:
    from airflow_provider_onesignal.compat import Context


class ExportOperator(OneSignalOperator):
    """
    Base of the operators that return the URL of an export's file.

    :param wait_for_completion: wait until the file is ready; else return as soon as it is started
    :param deferrable: wait in the triggerer, without holding a worker slot
    :param poll_interval: seconds between two polls of the file's URL
    :param timeout: seconds (or timedelta) for all waiting in one try of this task
    :param on_conflict: if another export of the account is running: "wait" for its end, or "fail"
    :param durable: keep the export for the next try (Airflow 3.3+)
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    """

    template_fields: Sequence[str] = (
        *OneSignalOperator.template_fields,
        "wait_for_completion",
        "deferrable",
        "durable",
    )
    _run: ExportRun | None = None

    def __init__(
        self,
        *,
        wait_for_completion: bool | str,
        deferrable: bool | str,
        poll_interval: float,
        timeout: float | timedelta,
        on_conflict: str,
        durable: bool | str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.wait_for_completion = checks.flag_literal(
            wait_for_completion, name="wait_for_completion"
        )
        self.deferrable = checks.flag_literal(deferrable, name="deferrable")
        self.poll_interval = checks.seconds(poll_interval, name="poll_interval")
        self.timeout = checks.seconds(timeout, name="timeout")
        self.on_conflict = checks.one_of(on_conflict, ("wait", "fail"), name="on_conflict")
        self.durable = checks.flag_literal(durable, name="durable")

    def execute(self, context: Context) -> str:
        """Start the export, or continue with that of an earlier try, and return its file's URL."""
        self._run = run = self._held_run(context)
        result = run.recall()
        if result is not None:
            self.log.info("An earlier try was done; Airflow did not note it. Nothing is repeated.")
            return str(result["url"])
        return self._finish(run, await_file(self, context, run))

    def execute_complete(
        self, context: Context, event: Any = None, carried: dict[str, Any] | None = None
    ) -> str:
        """
        Continue after a deferral.

        :param context: of the running task
        :param event: what the trigger yielded
        :param carried: the state of the run
        """
        self._run = run = self._held_run(context, recovered(context, carried))
        return self._finish(run, continue_after(self, context, run, event))

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
    ) -> Any:
        """Raise a deferral that no triggerer served as a timeout of the export."""
        with unserved_as(export_unserved):
            return super().resume_execution(next_method, next_kwargs, context)

    def on_kill(self) -> None:
        """Log what becomes of the export, which OneSignal cannot cancel, and end the task."""
        log_outlook(self.log, self._run)
        super().on_kill()

    def _export_request(self) -> ExportRequest:
        """Return what to export."""
        raise NotImplementedError

    def _finish(self, run: ExportRun, started: StartedExport) -> str:
        run.done({"url": started.url})
        return started.url

    def _dashboard_page(self, app_id: str) -> str:
        return export_page(app_id, self._export_request())

    def _held_run(self, context: Context, carried: Mapping[str, Any] | None = None) -> ExportRun:
        return held_run(
            self,
            context,
            self._export_request(),
            wait_for_completion=self._flag("wait_for_completion"),
            carried=carried,
        )


class OneSignalExportSubscriptionsOperator(ExportOperator):
    """
    Export all subscriptions of the app, or those of a segment, as a gzipped CSV.

    https://documentation.onesignal.com/reference/csv-export

    :param extra_fields: columns beside the default ones, such as ``["country"]``
    :param last_active_since: only subscriptions active since then: a datetime (aware), seconds
        since the epoch, or a string of either (ISO 8601)
    :param segment_name: only this segment (its name, not its id)
    :param include_unsubscribed: with ``segment_name``, also unsubscribed ones; without a segment
        OneSignal always exports all
    :param wait_for_completion: wait until the file is ready; else return as soon as it is started
    :param deferrable: wait in the triggerer, without holding a worker slot
    :param poll_interval: seconds between two polls of the file's URL
    :param timeout: seconds (or timedelta) for all waiting in one try of this task
    :param on_conflict: if another export of the account is running: "wait" for its end, or "fail"
    :param durable: keep the export for the next try. Requires Airflow 3.3+; no-op on earlier ones
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :return: the file's URL, which opens personal data for three days
    :raises OneSignalExportInProgressError: with ``on_conflict="fail"``, another export is running
    :raises OneSignalExportTimeoutError: ``timeout`` has passed
    :raises OneSignalValidationError: a parameter breaks a rule of OneSignal's; nothing was sent
    """

    template_fields: Sequence[str] = (
        *ExportOperator.template_fields,
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
        wait_for_completion: bool | str = True,
        deferrable: bool | str = conf.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: float = 10.0,
        timeout: float | timedelta = DEFAULT_TIMEOUT,
        on_conflict: str = "wait",
        durable: bool | str = True,
        onesignal_conn_id: str = "onesignal_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            wait_for_completion=wait_for_completion,
            deferrable=deferrable,
            poll_interval=poll_interval,
            timeout=timeout,
            on_conflict=on_conflict,
            durable=durable,
            onesignal_conn_id=onesignal_conn_id,
            **kwargs,
        )
        self.extra_fields = extra_fields
        self.last_active_since = last_active_since
        self.segment_name = segment_name
        self.include_unsubscribed = include_unsubscribed

    def _export_request(self) -> ExportRequest:
        return SubscriptionsExport(
            extra_fields=self.extra_fields,
            last_active_since=self.last_active_since,
            segment_name=self.segment_name,
            include_unsubscribed=self.include_unsubscribed,
        )


class OneSignalExportEventsOperator(ExportOperator):
    """
    Export the audience activity of one message (sent, delivered, clicked ...) as a gzipped CSV.

    OneSignal keeps it for about 30 days.
    https://documentation.onesignal.com/reference/export-csv-of-events

    :param message_id: UUID of the message
    :param wait_for_completion: wait until the file is ready; else return as soon as it is started
    :param deferrable: wait in the triggerer, without holding a worker slot
    :param poll_interval: seconds between two polls of the file's URL
    :param timeout: seconds (or timedelta) for all waiting in one try of this task
    :param on_conflict: if another export of the account is running: "wait" for its end, or "fail"
    :param durable: keep the export for the next try. Requires Airflow 3.3+; no-op on earlier ones
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :return: the file's URL, which opens personal data for three days
    :raises OneSignalExportInProgressError: with ``on_conflict="fail"``, another export is running
    :raises OneSignalExportTimeoutError: ``timeout`` has passed
    :raises OneSignalValidationError: a parameter breaks a rule of OneSignal's; nothing was sent
    :raises OneSignalNotFoundError: there is no such message, or no longer
    """

    template_fields: Sequence[str] = (
        *ExportOperator.template_fields,
        *EventsExport.template_fields,
    )

    def __init__(
        self,
        *,
        message_id: str | XComArg,
        wait_for_completion: bool | str = True,
        deferrable: bool | str = conf.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: float = 10.0,
        timeout: float | timedelta = DEFAULT_TIMEOUT,
        on_conflict: str = "wait",
        durable: bool | str = True,
        onesignal_conn_id: str = "onesignal_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            wait_for_completion=wait_for_completion,
            deferrable=deferrable,
            poll_interval=poll_interval,
            timeout=timeout,
            on_conflict=on_conflict,
            durable=durable,
            onesignal_conn_id=onesignal_conn_id,
            **kwargs,
        )
        self.message_id: str = message_id  # type: ignore[assignment]

    def _export_request(self) -> ExportRequest:
        return EventsExport(message_id=self.message_id)


class OneSignalExportMessageHistoryOperator(ExportOperator):
    """
    Export who was sent a message or clicked it, as a plain CSV.

    Within 7 days of sending, on plans that have it, with "Send History via OneSignal API" switched
    on in the app's settings before the message was sent.
    https://documentation.onesignal.com/reference/message-history

    :param message_id: UUID of the message
    :param events: "sent" or "clicked"
    :param email: email address to which OneSignal also sends the link; one that ``default_args``
        name for Airflow's alerts is not taken
    :param wait_for_completion: wait until the file is ready; else return as soon as it is started
    :param deferrable: wait in the triggerer, without holding a worker slot
    :param poll_interval: seconds between two polls of the file's URL
    :param timeout: seconds (or timedelta) for all waiting in one try of this task
    :param on_conflict: if another export of the account is running: "wait" for its end, or "fail"
    :param durable: keep the export for the next try. Requires Airflow 3.3+; no-op on earlier ones
    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :return: the file's URL, which opens personal data for three days
    :raises OneSignalExportInProgressError: with ``on_conflict="fail"``, another export is running
    :raises OneSignalExportTimeoutError: ``timeout`` has passed
    :raises OneSignalValidationError: a parameter breaks a rule of OneSignal's; nothing was sent
    :raises OneSignalNotFoundError: there is no such message, or no longer
    :raises OneSignalPlanError: the app's plan does not include message history
    """

    # Not "email": that attribute of every operator is the recipient of Airflow's alerts.
    template_fields: Sequence[str] = (
        *ExportOperator.template_fields,
        "message_id",
        "events",
        "history_email",
    )

    def __init__(
        self,
        *,
        message_id: str | XComArg,
        events: str,
        email: str | None = None,
        wait_for_completion: bool | str = True,
        deferrable: bool | str = conf.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: float = 10.0,
        timeout: float | timedelta = DEFAULT_TIMEOUT,
        on_conflict: str = "wait",
        durable: bool | str = True,
        onesignal_conn_id: str = "onesignal_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            wait_for_completion=wait_for_completion,
            deferrable=deferrable,
            poll_interval=poll_interval,
            timeout=timeout,
            on_conflict=on_conflict,
            durable=durable,
            onesignal_conn_id=onesignal_conn_id,
            **kwargs,
        )
        self.message_id: str = message_id  # type: ignore[assignment]
        self.events = events
        # default_args name here the recipient of Airflow's alerts, not one of personal data.
        alerted = (kwargs.get("default_args") or {}).get("email")
        self.history_email = None if email == alerted else email

    def _export_request(self) -> ExportRequest:
        return MessageHistoryExport(
            message_id=self.message_id, events=self.events, email=self.history_email
        )
