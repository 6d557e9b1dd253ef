"""The life cycle of an export in a task: start, remember, wait, finish. Once, for all exports."""

from __future__ import annotations

import time
from abc import abstractmethod
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import conf

from airflow_provider_onesignal.api import checks, dashboard
from airflow_provider_onesignal.api.redaction import describe_url
from airflow_provider_onesignal.api.retries import jittered, turn_delay
from airflow_provider_onesignal.api.waiting import LONGEST_WAIT, ExportEvent, wait_state
from airflow_provider_onesignal.exceptions import (
    OneSignalExportError,
    OneSignalExportInProgressError,
    OneSignalExportTimeoutError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.exports import ExportRequest, StartedExport
from airflow_provider_onesignal.tasks.api import ApiTask
from airflow_provider_onesignal.tasks.deferral import backstop, longest_wait, unserved_as
from airflow_provider_onesignal.tasks.masking import mask_url
from airflow_provider_onesignal.tasks.memory import ExportMemory

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

DEFAULT_TIMEOUT = 4 * 3600.0


class ExportTask(ApiTask):
    """
    A task that starts an export and waits until its file is ready.

    The export is kept in the task's state before any waiting (Airflow >= 3.3): a try that follows
    a dead worker or a lost deferral goes on with the same export.

    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    :param deferrable: wait in the triggerer, without holding a worker slot
    :param poll_interval: seconds between two looks at the file's address
    :param timeout: seconds (or timedelta) for all waiting in one try of this task
    :param on_conflict: when another export of the account is running: "wait" its turn, or "fail"
    :param durable: keep the export for the next try. Requires Airflow 3.3+; no-op on earlier ones
    """

    wait_for_completion: bool = True
    _started: StartedExport | None = None
    _is_kept = False

    def __init__(
        self,
        *,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: float = 10.0,
        timeout: float | timedelta = DEFAULT_TIMEOUT,
        on_conflict: str = "wait",
        durable: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.deferrable = deferrable
        self.poll_interval = _positive(poll_interval, name="poll_interval")
        self.timeout = _positive(timeout, name="timeout")
        self.on_conflict = checks.one_of(on_conflict, ("wait", "fail"), name="on_conflict")
        self.durable = durable

    @abstractmethod
    def export_request(self) -> ExportRequest:
        """Say what to export."""

    @abstractmethod
    def finish(self, context: Context, started: StartedExport) -> Any:
        """Do with the ready file what the task is for, and give the task's result."""

    def dashboard_page(self, app_id: str) -> str:
        """Give the report of the message the export is about, or the app's page."""
        message_id = self.export_request().about_message()
        if message_id is None:
            return super().dashboard_page(app_id)
        return dashboard.message_page(app_id, message_id)

    def run_export(self, context: Context) -> Any:
        """Start the export, or find the one of an earlier try, wait for its file, and finish."""
        return self._run(context, deadline=self._latest_end(), asked=0)

    def execute_complete(
        self, context: Context, event: Any = None, started: dict[str, Any] | None = None
    ) -> Any:
        """
        Go on after a deferral.

        :param event: what the trigger yielded
        :param started: the export waited for, where the task's state does not hold it
        """
        match event:
            case {"status": "turn", "deadline": int() | float() as deadline, "asked": int(asked)}:
                # No deadline lies further off than one set now, whatever comes.
                return self._run(context, deadline=min(self._latest_end(), deadline), asked=asked)
        end = ExportEvent.from_json(event)
        kept = self._memory(context).recover(started)
        if kept is None:
            raise OneSignalExportError(
                "The deferral lost the export it waited for: retry the task to start it again."
            )
        return self._conclude(context, kept, end)

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
    ) -> Any:
        """Give the end of a deferral that no triggerer served the same type as any timeout."""
        with unserved_as(_unserved):
            return super().resume_execution(next_method, next_kwargs, context)

    def on_kill(self) -> None:
        """Say what becomes of the export, which OneSignal cannot cancel."""
        if self._started is not None:
            self.log.warning(
                "The task was killed; the export goes on at OneSignal, its file will be at %s.%s",
                describe_url(self._started.url),
                " The next try of this task goes on with it." if self._is_kept else "",
            )

    def start(self, context: Context, *, deadline: float, asked: int = 0) -> StartedExport:
        """
        Start the export, or find the one of an earlier try.

        :param deadline: until when to wait for the account's export slot, seconds since the epoch
        :param asked: how often the slot was refused so far
        """
        started = self._memory(context).recall(self._fingerprint())
        while started is None:
            try:
                started = self._start(context)
            except OneSignalExportInProgressError as refusal:
                asked += 1
                self._await_turn(refusal, deadline=deadline, asked=asked)
        self._take(context, started)
        return started

    def goes_on(self, context: Context) -> bool:
        """Tell whether an earlier try started an export that is still of use."""
        return self._memory(context).recalls(self._fingerprint())

    def forget(self, context: Context) -> None:
        """Let the next try start an export of its own."""
        self._memory(context).forget()

    def _memory(self, context: Context) -> ExportMemory:
        return ExportMemory(context, durable=self.durable)

    def _latest_end(self) -> float:
        # On a worker, Airflow ends it at execution_timeout itself.
        limit = self.execution_timeout if self.deferrable else None
        return time.time() + longest_wait(self.timeout, limit)

    def _run(self, context: Context, *, deadline: float, asked: int) -> Any:
        started = self.start(context, deadline=deadline, asked=asked)
        if not self.wait_for_completion:
            return self.finish(context, started)
        end = self._poll(started, deadline)
        if end is None and self.deferrable:
            self._defer(started, deadline)
        while end is None:
            time.sleep(max(0.0, min(jittered(self.poll_interval), deadline - time.time())))
            end = self._poll(started, deadline)
        return self._conclude(context, started, end)

    def _take(self, context: Context, started: StartedExport) -> None:
        mask_url(started.url)
        self._started = started
        self._is_kept = self._memory(context).holds(started)

    def _fingerprint(self) -> str:
        return self.export_request().api_request(self.hook.app_id).fingerprint()

    def _start(self, context: Context) -> StartedExport:
        fingerprint, started_at = self._fingerprint(), time.time()
        url = self.hook.start_export(self.export_request())
        mask_url(url)
        started = StartedExport(url=url, started_at=started_at, fingerprint=fingerprint)
        self._memory(context).keep(started)
        self.log.info("Export started; its file will be at %s", describe_url(url))
        return started

    def _await_turn(
        self, refusal: OneSignalExportInProgressError, *, deadline: float, asked: int
    ) -> None:
        left = deadline - time.time()
        if self.on_conflict == "fail":
            raise refusal
        if left <= 0:
            raise OneSignalExportTimeoutError(
                f"Another export of this account was running each of the {asked} times that this "
                "one asked for its turn, until timeout. Raise timeout, or share a one-slot pool."
            ) from refusal
        delay = min(turn_delay(asked, self.poll_interval), left)
        self.log.info(
            "Another export of this account is running; waiting %.0f s, for the %s time",
            delay,
            _ordinal(asked),
        )
        if self.deferrable:
            self._defer_turn(delay, deadline=deadline, asked=asked)
        time.sleep(delay)

    def _defer_turn(self, delay: float, *, deadline: float, asked: int) -> None:
        from airflow_provider_onesignal.triggers.export import OneSignalExportTurnTrigger

        self.defer(
            trigger=OneSignalExportTurnTrigger(
                ask_at=time.time() + delay,
                carry={"status": "turn", "deadline": deadline, "asked": asked},
            ),
            method_name="execute_complete",
            timeout=backstop(delay),
        )

    def _defer(self, started: StartedExport, deadline: float) -> None:
        from airflow_provider_onesignal.triggers.export import OneSignalExportTrigger

        self.defer(
            trigger=OneSignalExportTrigger(
                started.url,
                deadline=deadline,
                started_at=started.started_at,
                poll_interval=self.poll_interval,
                onesignal_conn_id=self.onesignal_conn_id,
            ),
            method_name="execute_complete",
            kwargs=None if self._is_kept else {"started": started.to_json()},
            timeout=backstop(deadline - time.time()),
        )

    def _poll(self, started: StartedExport, deadline: float) -> ExportEvent | None:
        found = wait_state(
            self.hook.probe_export(started.url),
            url=started.url,
            started_at=started.started_at,
            deadline=deadline,
            now=time.time(),
        )
        self.log.info("The export's file is %s (%s)", found.readiness, found.seen)
        return found.end

    def _conclude(self, context: Context, started: StartedExport, end: ExportEvent) -> Any:
        self._take(context, started)
        if end.status in ("expired", "failed"):
            self.forget(context)
        end.raise_unless_ready(started.url)
        return self.finish(context, started)


def _unserved(_: Exception) -> OneSignalExportTimeoutError:
    return OneSignalExportTimeoutError(
        "The deferral was not served until its timeout: check that a triggerer is running. On "
        "Airflow 3.3+ a retry goes on waiting for the same export."
    )


def _positive(value: float | timedelta, *, name: str) -> float:
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    try:
        if 0 < seconds <= LONGEST_WAIT:
            return float(seconds)
    except TypeError:
        pass
    raise OneSignalValidationError(
        f"{name} must be a positive number of seconds, at most a year, got {value!r}."
    )


def _ordinal(number: int) -> str:
    suffix = (
        "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    )
    return f"{number}{suffix}"
