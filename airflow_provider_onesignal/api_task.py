"""A task that calls OneSignal's API and is done when it has the answer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator

if TYPE_CHECKING:
    from airflow_provider_onesignal.hooks.onesignal import OneSignalHook


class ApiTask(BaseOperator):
    """
    Base of the operators that call OneSignal's API.

    :param onesignal_conn_id: Airflow connection of type ``onesignal``
    """

    template_fields: Sequence[str] = ("onesignal_conn_id",)
    ui_color = "#e54b4d"
    ui_fgcolor = "#ffffff"

    def __init__(self, *, onesignal_conn_id: str = "onesignal_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.onesignal_conn_id = onesignal_conn_id

    @cached_property
    def hook(self) -> OneSignalHook:
        """The hook of this task's connection."""
        from airflow_provider_onesignal.hooks.onesignal import OneSignalHook

        return OneSignalHook(self.onesignal_conn_id)
