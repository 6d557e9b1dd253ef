"""A sensor that waits for the file of an export someone else started."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.common.compat.sdk import (
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseSensorOperator,
    PokeReturnValue,
    conf,
)

from airflow_provider_onesignal.api import checks
from airflow_provider_onesignal.api.redaction import describe_url
from airflow_provider_onesignal.api.waiting import LONGEST_WAIT, ExportEvent, WaitState, wait_state
from airflow_provider_onesignal.tasks.colors import UI_COLOR, UI_FGCOLOR
from airflow_provider_onesignal.tasks.deferral import backstop, longest_wait, unserved_as
from airflow_provider_onesignal.tasks.masking import mask_url

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, XComArg

    from airflow_provider_onesignal.hooks.onesignal import OneSignalHook

_NEVER = float("inf")


class OneSignalExportSensor(BaseSensorOperator):
    """
    Wait until the file of an export is ready, and give its URL.

    It starts nothing: running it again only looks again.
    https://documentation.onesignal.com/reference/csv-export

    :param csv_file_url: the URL an export returned
    :param onesignal_conn_id: Airflow connection whose timeout, TLS and proxy settings are used;
        its key is not
    :param deferrable: wait in the triggerer, without holding a worker slot
    :param poke_interval: seconds between two looks, 10 by default
    :param timeout: seconds after which the wait ends in ``AirflowSensorTimeout``
    :return: ``csv_file_url``
    :raises OneSignalExportExpiredError: the file was kept its three days and is gone
    :raises OneSignalExportUnavailableError: the address answers with what waiting cannot mend
    """

    template_fields: Sequence[str] = ("csv_file_url", "onesignal_conn_id")
    ui_color = UI_COLOR
    ui_fgcolor = UI_FGCOLOR
    _last_seen = "nothing"

    def __init__(
        self,
        *,
        csv_file_url: str | XComArg,
        onesignal_conn_id: str = "onesignal_default",
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poke_interval: timedelta | float = 10,
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, **kwargs)
        # An upstream task's output is its value by the time the task runs.
        self.csv_file_url: str = csv_file_url  # type: ignore[assignment]
        self.onesignal_conn_id = onesignal_conn_id
        self.deferrable = deferrable

    @cached_property
    def hook(self) -> OneSignalHook:
        """The hook of this task's connection."""
        from airflow_provider_onesignal.hooks.onesignal import OneSignalHook

        return OneSignalHook(self.onesignal_conn_id)

    def _do_render_template_fields(self, parent: Any, *args: Any, **kwargs: Any) -> None:
        """Render, mapped or not, and keep the URL out of what Airflow shows of it."""
        super()._do_render_template_fields(parent, *args, **kwargs)
        mask_url(self.csv_file_url)

    def execute(self, context: Context) -> Any:
        """Wait, and give the URL."""
        self.csv_file_url = checks.export_url(self.csv_file_url)
        if self.deferrable:
            with self._never_failing():
                end = self._poll(deadline=_NEVER).end
            return self._conclude(end or self._defer())
        try:
            return super().execute(context)
        except (AirflowSensorTimeout, AirflowSkipException) as error:
            raise type(error)(f"{error} Last seen: {self._last_seen}.") from error

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once whether the file is there."""
        end = self._poll(deadline=_NEVER).end
        if end is not None:
            end.raise_unless_ready(self.csv_file_url)
        return PokeReturnValue(is_done=end is not None, xcom_value=self.csv_file_url)

    def execute_complete(self, context: Context, event: Any = None) -> str:
        """
        Go on after the deferral.

        :param event: what the trigger yielded
        """
        self.csv_file_url = checks.export_url(self.csv_file_url)
        return self._conclude(ExportEvent.from_json(event))

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
    ) -> Any:
        """Let a deferral that no triggerer served end as any timeout, as later Airflows do."""
        with unserved_as(self._unserved):
            return super().resume_execution(next_method, next_kwargs, context)

    def _unserved(self, error: Exception) -> Exception:
        is_skipped = self.soft_fail or self.never_fail
        kind = AirflowSkipException if is_skipped else AirflowSensorTimeout
        return kind(f"{error}: is a triggerer running?")

    def _conclude(self, end: ExportEvent) -> str:
        with self._never_failing():
            self._raise_unless_ready(end)
        return self.csv_file_url

    @contextmanager
    def _never_failing(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            # Airflow does this where a sensor pokes, not where it is deferrable.
            if self.never_fail:
                raise AirflowSkipException("Skipping: never_fail is set to True.") from error
            raise

    def _raise_unless_ready(self, end: ExportEvent) -> None:
        if end.status == "timeout":
            raise AirflowSensorTimeout(
                f"The export's file ({describe_url(self.csv_file_url)}) was not ready within "
                f"{self._longest_wait:.0f} s. Last seen: {end.last_seen}."
            )
        end.raise_unless_ready(self.csv_file_url)

    def _defer(self) -> NoReturn:
        from airflow_provider_onesignal.triggers.export import OneSignalExportTrigger

        seconds = self._longest_wait
        self.defer(
            trigger=OneSignalExportTrigger(
                self.csv_file_url,
                deadline=time.time() + seconds,
                poll_interval=self.poke_interval,
                onesignal_conn_id=self.onesignal_conn_id,
            ),
            method_name="execute_complete",
            timeout=backstop(seconds),
        )

    @property
    def _longest_wait(self) -> float:
        return min(longest_wait(self.timeout, self.execution_timeout), LONGEST_WAIT)

    def _poll(self, *, deadline: float) -> WaitState:
        found = wait_state(
            self.hook.probe_export(self.csv_file_url),
            url=self.csv_file_url,
            started_at=None,
            deadline=deadline,
            now=time.time(),
        )
        self._last_seen = f"{found.seen}, {found.readiness}"
        self.log.info("The export's file is %s (%s)", found.readiness, found.seen)
        return found
