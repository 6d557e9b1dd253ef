"""Pages of OneSignal's dashboard: https://documentation.onesignal.com/docs/event-streams."""

from __future__ import annotations

from urllib.parse import quote

_APPS = "https://dashboard.onesignal.com/apps"


def app_page(app_id: str) -> str:
    """
    Give the page of an app.

    :param app_id: UUID of the app
    :return: an https URL, as of the others
    """
    return f"{_APPS}/{quote(app_id, safe='')}"


def segments_page(app_id: str) -> str:
    """
    Give the list of an app's segments, as the page of a single one is not documented.

    :param app_id: UUID of the app
    """
    return f"{app_page(app_id)}/segments"


def message_page(app_id: str, message_id: str) -> str:
    """
    Give the report of a message.

    :param app_id: UUID of the app
    :param message_id: UUID of the message; whatever else it is, the link stays within the app
    """
    return f"{app_page(app_id)}/notifications/{quote(message_id.strip(), safe='')}"
