"""The link from a task to the page of OneSignal's dashboard that shows what it works on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator, Context, TaskInstanceKey

_XCOM_KEY = "onesignal_dashboard"


class OneSignalDashboardLink(BaseOperatorLink):
    """Leads to a message's report, to the app's segments, or to the app."""

    name = "OneSignal dashboard"
    # Airflow 3 reads the link from this XCom. It is the one the task pushes before its first
    # request, so that the link is there while the task runs, waits or has lost its worker.
    xcom_key = _XCOM_KEY

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Give what the task pushed, "" where it did not come that far."""
        from airflow.providers.common.compat.sdk import XCom

        url = XCom.get_value(key=_XCOM_KEY, ti_key=ti_key)
        return url if isinstance(url, str) else ""

    @staticmethod
    def push(context: Context, url: str) -> None:
        """
        Keep the link for the UI.

        :param context: the running task's
        :param url: where it leads to
        """
        ti: Any = context["ti"]
        ti.xcom_push(key=_XCOM_KEY, value=url)
