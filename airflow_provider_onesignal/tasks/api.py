"""A task that calls OneSignal's API and is done when it has the answer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_onesignal.api import dashboard
from airflow_provider_onesignal.exceptions import OneSignalConfigurationError
from airflow_provider_onesignal.links.onesignal import OneSignalDashboardLink, best_effort
from airflow_provider_onesignal.tasks.colors import UI_COLOR, UI_FGCOLOR

if TYPE_CHECKING:
    from airflow_provider_onesignal.hooks.onesignal import OneSignalHook


class ApiTask(BaseOperator):
    """
    Base of the operators that call OneSignal's API.

    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    """

    template_fields: Sequence[str] = ("onesignal_conn_id",)
    template_fields_renderers: ClassVar[dict[str, str]] = {}
    operator_extra_links = (OneSignalDashboardLink(),)
    ui_color = UI_COLOR
    ui_fgcolor = UI_FGCOLOR
    dashboard_url: str | None = None
    """What the running task's link leads to, once it is made."""

    def __init__(self, *, onesignal_conn_id: str = "onesignal_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.onesignal_conn_id = onesignal_conn_id

    @cached_property
    def hook(self) -> OneSignalHook:
        """The hook of this task's connection."""
        from airflow_provider_onesignal.hooks.onesignal import OneSignalHook

        return OneSignalHook(self.onesignal_conn_id)

    def pre_execute(self, context: Any) -> None:
        """Make the link to the dashboard before all else, so that a task that fails has it too."""
        super().pre_execute(context)
        self.dashboard_url = None
        with best_effort("made"):
            app_id = self.known_app()
            if app_id is not None:
                self.dashboard_url = self.dashboard_page(app_id)
                OneSignalDashboardLink.push(context, self.dashboard_url)

    def known_app(self) -> str | None:
        """Give the connection's app, None where the connection is not fit to call the API."""
        try:
            return self.hook.app_id
        except OneSignalConfigurationError:
            # Whatever needs the app says so by itself; copying a file does not.
            return None

    def dashboard_page(self, app_id: str) -> str:
        """
        Give the page of OneSignal's dashboard that shows what this task works on.

        :param app_id: the connection's app
        """
        return dashboard.app_page(app_id)
