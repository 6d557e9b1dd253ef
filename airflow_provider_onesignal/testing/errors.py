"""What OneSignal says when it says no: the texts and statuses of its own."""

from __future__ import annotations

from typing import Any

ACCESS_DENIED = (
    "Access denied.  Please include an 'Authorization: ...' header with a valid API key "
    "(https://documentation.onesignal.com/docs/en/keys-and-ids#api-keys)."
)
NO_AUTHORIZATION = "Please include a case-sensitive header of Authorization"
EVENTS_KEY = "Missing or invalid REST API key for the app."
PLAN = "This API is not available for applications on your plan."
SEGMENT_LIMIT = "You have reached the maximum number of segments allowed for your plan."
SEGMENT_NAME_TAKEN = "Segment name is already taken."
SEGMENT_ID_TAKEN = "Segment with the given id already exists."
SEGMENT_NOT_FOUND = "segment not found"
SEGMENT_UNSUPPORTED = (
    "User-based segments (with message event or custom event filters) are not yet supported via "
    "the API"
)
NO_APP_ID = "Request is malformed: Failed to parse app_id from request"
NO_CONTENT_TYPE = "app_id not found. You may be missing a Content-Type: application/json header."
EXPORT_RUNNING = (
    "User already running another CSV export. Please wait until your other CSV exporter finishes "
    "and try again."
)
NO_MESSAGE = (
    "No message exists with the provided `message_id` in this app, or the message is older than 30 "
    "days and its audience activity has been purged."
)
NOTIFICATION_NOT_FOUND = "Notification not found"
OUTCOME_SUFFIX = "Add .sum or .count to every requested outcome id"
RATE_LIMIT = "API rate limit exceeded"
UNAVAILABLE = "Service temporarily unavailable"
NOT_FOUND = "Not found"

KEYS_PAGE = "/docs/accounts-and-keys#section-keys-ids"


class Refusal(Exception):  # noqa: N818 - an answer, not a failure of this program
    """OneSignal says no.

    :param status: HTTP status.
    :param body: the JSON body.
    """

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body


def refuse(status: int, *messages: str, **siblings: Any) -> Refusal:
    """The plain envelope: a list of texts, with what stands beside it."""
    return Refusal(status, {**siblings, "errors": list(messages)})


def refuse_coded(status: int, code: str, title: str, meta: dict[str, Any] | None = None) -> Refusal:
    """The envelope of the user routes: code, title and meta."""
    error: dict[str, Any] = {"code": code, "title": title}
    if meta is not None:
        error["meta"] = meta
    return Refusal(status, {"errors": [error]})


def body_for(status: int) -> dict[str, Any]:
    """What the API says with a status when nobody said anything more precise."""
    texts = {403: ACCESS_DENIED, 404: NOT_FOUND, 429: RATE_LIMIT, 503: UNAVAILABLE}
    return {"errors": [texts.get(status, f"Status {status}")]}


NO_SUCH_KEY = (
    b"<?xml version='1.0' encoding='UTF-8'?><Error><Code>NoSuchKey</Code>"
    b"<Message>The specified key does not exist.</Message></Error>"
)
S3_ACCESS_DENIED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code>'
    b"<Message>Access Denied</Message><RequestId>4BX1SPB8MBNDKPJ7</RequestId>"
    b"<HostId>kGUOLkVGhPbKlHTTGTHmRCqWWpvIWYWBNsT8RKtQdMXBB4pVEvQ0Hw==</HostId></Error>"
)
