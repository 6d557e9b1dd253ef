"""A sensor that waits for the file of an export that another task started."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from airflow_provider_onesignal import checks
from airflow_provider_onesignal.compat import (
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseSensorOperator,
    PokeReturnValue,
    conf,
    unserved_as,
)
from airflow_provider_onesignal.operators.base import (
    UI_COLOR,
    UI_FGCOLOR,
    backstop,
    longest_wait,
    stop_waiting,
)
from airflow_provider_onesignal.readiness import ExportEvent, wait_state
from airflow_provider_onesignal.redaction import describe_url, mask_url

if TYPE_CHECKING:
    from airflow_provider_onesignal.compat import Context, XComArg
    from airflow_provider_onesignal.hooks.onesignal import OneSignalHook

_NEVER = float("inf")
_DEFAULT_TIMEOUT = conf.getfloat("sensors", "default_timeout", fallback=7 * 24 * 3600.0)


class OneSignalExportSensor(BaseSensorOperator):
    """
    Wait until the file of an export is ready, and return its URL.

    It starts nothing: running it again only polls again.
    https://documentation.onesignal.com/reference/csv-export

    :param csv_file_url: the URL an export returned
    :param deferrable: wait in the triggerer, without holding a worker slot
    :param poke_interval: seconds between two polls, 10 by default
    :param timeout: seconds after which the wait ends in ``AirflowSensorTimeout``
    :param onesignal_conn_id: Airflow connection whose timeout, TLS and proxy settings are used;
        its key is not
    :return: ``csv_file_url``
    :raises OneSignalExportExpiredError: the file's three days are over
    :raises OneSignalExportUnavailableError: the URL answers with what waiting cannot change
    """

    template_fields: Sequence[str] = ("csv_file_url", "deferrable", "onesignal_conn_id")
    ui_color = UI_COLOR
    ui_fgcolor = UI_FGCOLOR
    _last_seen = "none"

    def __init__(
        self,
        *,
        csv_file_url: str | XComArg,
        deferrable: bool | str = conf.getboolean("operators", "default_deferrable", fallback=False),
        poke_interval: timedelta | float = 10,
        timeout: timedelta | float = _DEFAULT_TIMEOUT,
        onesignal_conn_id: str = "onesignal_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, timeout=timeout, **kwargs)
        # The output of an upstream task is its value by the time the task runs.
        self.csv_file_url: str = csv_file_url  # type: ignore[assignment]
        self.deferrable = checks.flag_literal(deferrable, name="deferrable")
        self.onesignal_conn_id = onesignal_conn_id

    def execute(self, context: Context) -> Any:
        """Wait, and return the URL."""
        self.csv_file_url = checks.export_url(self.csv_file_url)
        if checks.flag(self.deferrable, name="deferrable"):
            with self._never_failing():
                end = self._poll()
            return self._conclude(end or self._defer())
        try:
            return super().execute(context)
        except (AirflowSensorTimeout, AirflowSkipException) as error:
            raise type(error)(f"{error} Last response: {self._last_seen}.") from error

    def poke(self, context: Context) -> PokeReturnValue:
        """Poll the file's URL once."""
        end = self._poll()
        if end is not None:
            end.raise_unless_ready(self.csv_file_url)
        return PokeReturnValue(is_done=end is not None, xcom_value=self.csv_file_url)

    def execute_complete(self, context: Context, event: Any = None) -> str:
        """
        Continue after the deferral.

        :param context: of the running task
        :param event: what the trigger yielded
        """
        self.csv_file_url = checks.export_url(self.csv_file_url)
        return self._conclude(ExportEvent.from_json(event))

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
    ) -> Any:
        """Raise a deferral that no triggerer served as any timeout, as later Airflows do."""
        with unserved_as(self._unserved):
            return super().resume_execution(next_method, next_kwargs, context)

    def on_kill(self) -> None:
        """End the task wherever it waits."""
        stop_waiting()

    @cached_property
    def _hook(self) -> OneSignalHook:
        from airflow_provider_onesignal.hooks.onesignal import OneSignalHook

        return OneSignalHook(self.onesignal_conn_id)

    def _do_render_template_fields(self, parent: Any, *args: Any, **kwargs: Any) -> None:
        # Mapped or not, this is the last step before Airflow stores what it rendered.
        super()._do_render_template_fields(parent, *args, **kwargs)
        mask_url(self.csv_file_url)

    def _unserved(self, error: Exception) -> Exception:
        is_skipped = self.soft_fail or self.never_fail
        kind = AirflowSkipException if is_skipped else AirflowSensorTimeout
        return kind(f"{error}: is a triggerer running?")

    def _conclude(self, end: ExportEvent) -> str:
        with self._never_failing():
            if end.status == "timeout":
                raise AirflowSensorTimeout(
                    f"The export's file ({describe_url(self.csv_file_url)}) was not ready within "
                    f"{self._longest_wait:.0f} s. Last response: {end.last_seen}."
                )
            end.raise_unless_ready(self.csv_file_url)
        return self.csv_file_url

    @contextmanager
    def _never_failing(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            # Airflow does this if a sensor pokes, but not if it is deferrable.
            if self.never_fail:
                raise AirflowSkipException("Skipping: never_fail is set to True.") from error
            raise

    def _defer(self) -> NoReturn:
        from airflow_provider_onesignal.triggers.export import OneSignalExportTrigger

        wait = self._longest_wait
        self.defer(
            trigger=OneSignalExportTrigger(
                self.csv_file_url,
                deadline=time.time() + wait,
                poll_interval=self.poke_interval,
                onesignal_conn_id=self.onesignal_conn_id,
            ),
            method_name="execute_complete",
            timeout=backstop(wait),
        )

    @property
    def _longest_wait(self) -> float:
        wait = longest_wait(self.timeout, self.execution_timeout)
        return min(wait, checks.LONGEST_WAIT)

    def _poll(self) -> ExportEvent | None:
        found = wait_state(
            self._hook.probe_export(self.csv_file_url),
            url=self.csv_file_url,
            started_at=None,
            deadline=_NEVER,
            now=time.time(),
        )
        self._last_seen = f"{found.seen}, {found.readiness}"
        self.log.info("The export's file is %s (%s)", found.readiness, found.seen)
        return found.end
