"""The link from a task to the page of OneSignal's dashboard that shows what it works on."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow_provider_onesignal.compat import BaseOperatorLink

if TYPE_CHECKING:
    from airflow_provider_onesignal.compat import BaseOperator, Context, TaskInstanceKey

log = logging.getLogger(__name__)

_XCOM_KEY = "onesignal_dashboard"
_APPS = "https://dashboard.onesignal.com/apps"


def app_page(app_id: str) -> str:
    """
    Return the dashboard page of an app.

    https://documentation.onesignal.com/docs/event-streams

    :param app_id: UUID of the app
    """
    return f"{_APPS}/{quote(app_id, safe='')}"


def segments_page(app_id: str) -> str:
    """
    Return the list of an app's segments, because the page of a single one is not documented.

    :param app_id: UUID of the app
    """
    return f"{app_page(app_id)}/segments"


def message_page(app_id: str, message_id: str) -> str:
    """
    Return the report of a message.

    :param app_id: UUID of the app
    :param message_id: UUID of the message; any other string stays within the app
    """
    return f"{app_page(app_id)}/notifications/{quote(message_id.strip(), safe='')}"


@contextmanager
def best_effort(doing: str) -> Iterator[None]:
    """
    Let neither a task nor a page of the UI fail because of the link.

    :param doing: what the block does, for the log: "made" or "read"
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 - backends of secrets and XComs raise what they like
        log.warning(
            "The link to OneSignal's dashboard could not be %s (%s).", doing, type(error).__name__
        )


class OneSignalDashboardLink(BaseOperatorLink):
    """Link to a message's report, to the app's segments, or to the app."""

    name = "OneSignal dashboard"
    # Airflow 3 reads the link from this XCom. The task pushes it before its first request, so that
    # the link is there while the task runs, waits, or has lost its worker.
    xcom_key = _XCOM_KEY

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """
        Return what the task pushed.

        :param operator: the task's operator
        :param ti_key: which run of the task, at which map index
        :return: an https URL; "" if the task did not get that far, or the XCom cannot be read
        """
        # At its end Airflow 3 has the task itself ask, and stores the answer over what was pushed:
        # a blip of the XCom backend must not empty a link that was there.
        own: str | None = getattr(operator, "_dashboard_url", None)
        return own or self._pushed_by(ti_key)

    @staticmethod
    def _pushed_by(ti_key: TaskInstanceKey) -> str:
        from airflow_provider_onesignal.compat import XCom

        url: Any = None
        with best_effort("read"):
            url = XCom.get_value(key=_XCOM_KEY, ti_key=ti_key)
        return url if isinstance(url, str) else ""

    @staticmethod
    def push(context: Context, url: str) -> None:
        """
        Keep the link for the UI.

        :param context: of the running task
        :param url: target of the link
        """
        ti: Any = context["ti"]
        ti.xcom_push(key=_XCOM_KEY, value=url)
