"""The link from a task to the page of OneSignal's dashboard that shows what it works on."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator, Context, TaskInstanceKey

log = logging.getLogger(__name__)

_XCOM_KEY = "onesignal_dashboard"


@contextmanager
def best_effort(doing: str) -> Iterator[None]:
    """
    Let neither a task nor a page of the UI fail for the sake of the link.

    :param doing: what is done in the block, for the log: "made" or "read"
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 - backends of secrets and XComs raise what they like
        log.warning(
            "The link to OneSignal's dashboard could not be %s (%s).", doing, type(error).__name__
        )


class OneSignalDashboardLink(BaseOperatorLink):
    """Leads to a message's report, to the app's segments, or to the app."""

    name = "OneSignal dashboard"
    # Airflow 3 reads the link from this XCom. It is the one the task pushes before its first
    # request, so that the link is there while the task runs, waits or has lost its worker.
    xcom_key = _XCOM_KEY

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """
        Give what the task pushed.

        :param operator: the task's
        :param ti_key: which run of the task, at which map index
        :return: an https URL; "" where the task did not come that far, or the XCom cannot be read
        """
        # At its end Airflow 3 has the task itself ask, and stores the answer over what was pushed:
        # a blip of the XCom backend must not empty a link that was there.
        own: str | None = getattr(operator, "dashboard_url", None)
        return own or self._pushed_by(ti_key)

    @staticmethod
    def _pushed_by(ti_key: TaskInstanceKey) -> str:
        from airflow.providers.common.compat.sdk import XCom

        url: Any = None
        with best_effort("read"):
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
