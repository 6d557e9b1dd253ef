"""Pages of OneSignal's dashboard: https://documentation.onesignal.com/docs/event-streams."""

from __future__ import annotations

from urllib.parse import quote

_APPS = "https://dashboard.onesignal.com/apps"


def app_page(app_id: str) -> str:
    """Give the page of an app."""
    return f"{_APPS}/{quote(app_id, safe='')}"


def segments_page(app_id: str) -> str:
    """Give the list of an app's segments."""
    return f"{app_page(app_id)}/segments"


def message_page(app_id: str, message_id: str) -> str:
    """Give the report of a message."""
    return f"{app_page(app_id)}/notifications/{quote(str(message_id), safe='')}"
