"""What all operators of this package have: a connection, its hook, and a link."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, timedelta, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_onesignal import checks
from airflow_provider_onesignal.compat import AirflowTaskTimeout, BaseOperator
from airflow_provider_onesignal.exceptions import OneSignalConfigurationError
from airflow_provider_onesignal.links.onesignal import (
    OneSignalDashboardLink,
    app_page,
    best_effort,
)

if TYPE_CHECKING:
    from airflow_provider_onesignal.compat import Context
    from airflow_provider_onesignal.hooks.onesignal import OneSignalHook

UI_COLOR = "#e54b4d"
UI_FGCOLOR = "#ffffff"
_KILLED = 143
"""Exit code of a process that ended on SIGTERM."""
_GRACE = 300.0


class OneSignalOperator(BaseOperator):
    """
    Base of the operators.

    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    """

    template_fields: Sequence[str] = ("onesignal_conn_id",)
    template_fields_renderers: ClassVar[dict[str, str]] = {}
    operator_extra_links = (OneSignalDashboardLink(),)
    ui_color = UI_COLOR
    ui_fgcolor = UI_FGCOLOR
    _dashboard_url: str | None = None
    """Target of the running task's link, once it is known."""

    def __init__(self, *, onesignal_conn_id: str = "onesignal_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.onesignal_conn_id = onesignal_conn_id

    def pre_execute(self, context: Any) -> None:
        """Push the link to the dashboard before all else, so that a task that fails has it too."""
        super().pre_execute(context)
        self._dashboard_url = None
        with best_effort("made"):
            app_id = self._known_app()
            if app_id is not None:
                self._dashboard_url = self._dashboard_page(app_id)
                OneSignalDashboardLink.push(context, self._dashboard_url)

    def on_kill(self) -> None:
        """End the task wherever it waits."""
        stop_waiting()

    @cached_property
    def _hook(self) -> OneSignalHook:
        from airflow_provider_onesignal.hooks.onesignal import OneSignalHook

        return OneSignalHook(self.onesignal_conn_id)

    def _known_app(self) -> str | None:
        """Return the connection's app, None if the connection is not fit to call the API."""
        try:
            return self._hook.app_id
        except OneSignalConfigurationError:
            # Calls that need the app report this themselves; copying a file does not need it.
            return None

    def _dashboard_page(self, app_id: str) -> str:
        """Return the dashboard page that shows what this task works on."""
        return app_page(app_id)

    def _flag(self, name: str) -> bool:
        """Return a parameter that a template may have made a string of, read strictly."""
        return checks.flag(getattr(self, name), name=name)


def stop_waiting() -> None:
    """
    End the main thread's wait, wherever it is, if Airflow told the task to stop.

    Airflow calls ``on_kill`` in the handler of SIGTERM, which interrupts the main thread. Without
    an exception the thread would go back to its sleep or its read. Airflow retries a task that
    ends in ``SystemExit``.

    :raises SystemExit: unless Airflow ends the task by an exception of its own
    """
    if not isinstance(sys.exc_info()[1], AirflowTaskTimeout):
        raise SystemExit(_KILLED)


def dag_zone(context: Context) -> tzinfo:
    """Return the time zone of the DAG, in which its days and months begin; UTC if it has none."""
    zone: tzinfo | None = getattr(context.get("dag"), "timezone", None)
    return zone or UTC


def longest_wait(timeout: float, execution_timeout: timedelta | None) -> float:
    """
    Return the seconds a deferred task may wait in all.

    Airflow 3 does not end a deferral at ``execution_timeout``, so the trigger has to.

    :param timeout: seconds the task allows
    :param execution_timeout: what Airflow allows it, None for no limit
    """
    limit = execution_timeout
    return timeout if limit is None else min(timeout, limit.total_seconds())


def backstop(wait: float) -> timedelta:
    """
    Return when Airflow is to end a deferral: well after its trigger has, if a triggerer runs.

    :param wait: seconds after which the trigger ends by itself
    """
    return timedelta(seconds=max(0.0, wait) + _GRACE)
