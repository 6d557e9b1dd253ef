"""The three exports: subscriptions, audience activity, message history."""

from __future__ import annotations

import re
import uuid

from . import errors
from .calls import Answer, Call, is_uuid, text
from .errors import refuse
from .exports import Content
from .rows import EXTRA_FIELDS
from .state import DAY, Message

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+$")


def csv_export(call: Call) -> Answer:
    """POST /players/csv_export."""
    call.known_fields(
        ("app_id", "extra_fields", "last_active_since", "segment_name", "include_unsubscribed")
    )
    extra_fields = _extra_fields(call)
    since = text(call.body, "last_active_since")
    if since is not None and not since.isdecimal():
        raise refuse(400, "last_active_since must be a unix timestamp as a string")
    count = _subscribers(call)
    _take_slot(call)
    content = Content(
        kind="subscriptions",
        count=count,
        extra_fields=extra_fields,
        seed=_seed(call, call.body.get("segment_name", "")),
        packing=call.account.settings.packing,
    )
    day = call.account.clock.today().date()
    name = f"users_{uuid.uuid4().hex}_{day}.csv.gz"
    return 200, {"csv_file_url": _begin(call, "csv_export", name, content)}


def export_events(call: Call) -> Answer:
    """POST /notifications/{message_id}/export_events."""
    message = _message(call, days=30, missing=refuse(404, errors.NO_MESSAGE))
    _take_slot(call)
    content = Content(
        kind="events",
        count=_recipients(call, message),
        seed=_seed(call, message.id),
        packing=call.account.settings.packing,
    )
    moment = f"{call.account.clock.today():%Y-%m-%dT%I-%M-%S%pUTC}"
    name = f"events_audience-activity-{message.id}-{message.channel}-{moment}.csv.gz"
    return 200, {"csv_file_url": _begin(call, "export_events", name, content)}


def message_history(call: Call) -> Answer:
    """POST /notifications/{message_id}/history."""
    call.known_fields(("app_id", "events", "email"))
    kind = call.body.get("events")
    if kind not in {"sent", "clicked"}:
        raise refuse(400, "param `events` must be one of: sent, clicked", success=False)
    email = call.body.get("email")
    if email is not None and not (isinstance(email, str) and _EMAIL.match(email)):
        raise refuse(400, "param `email` must be a valid email", success=False)
    message = _message(call, days=7, missing=refuse(404, errors.NOTIFICATION_NOT_FOUND))
    if not message.history:
        raise refuse(403, errors.PLAN)
    content = Content(
        kind=kind,
        count=_recipients(call, message),
        seed=_seed(call, message.id),
        packing="plain",
    )
    name = f"{message.id}_{kind}_{uuid.uuid4().hex}.csv"
    url = _begin(call, "message_history", name, content)
    status = call.account.settings.status("message_history")
    return status, {"success": True, "destination_url": url}


def _extra_fields(call: Call) -> tuple[str, ...]:
    names = call.body.get("extra_fields", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise refuse(400, "extra_fields must be an array of strings")
    for name in names:
        if name not in EXTRA_FIELDS:
            raise refuse(400, f"extra_fields contains an unknown field: {name}")
    return tuple(dict.fromkeys(names))


def _subscribers(call: Call) -> int:
    name = text(call.body, "segment_name")
    if not isinstance(call.body.get("include_unsubscribed", False), bool):
        raise refuse(400, "include_unsubscribed must be a boolean")
    if name is None:
        if "include_unsubscribed" in call.body:
            raise refuse(400, "include_unsubscribed requires segment_name")
        return call.account.settings.rows
    for segment in call.app.segments.values():
        if segment.name == name:
            is_all = segment.source == "default"
            return call.account.settings.rows if is_all else segment.subscribers
    raise refuse(400, f"Segment not found: {name}")


def _message(call: Call, *, days: int, missing: errors.Refusal) -> Message:
    message_id = call.path["message_id"]
    if not is_uuid(message_id):
        raise refuse(400, "Invalid message_id format. It must be a UUID.")
    message = call.app.messages.get(message_id.lower())
    if message is None or call.account.clock.now() - message.sent_at > days * DAY:
        raise missing
    return message


def _recipients(call: Call, message: Message) -> int:
    return call.account.settings.rows if message.recipients is None else message.recipients


def _take_slot(call: Call) -> None:
    if call.account.is_exporting():
        raise refuse(call.account.settings.busy_status, errors.EXPORT_RUNNING)


def _begin(call: Call, operation: str, name: str, content: Content) -> str:
    path = f"/csv_exports/{call.app.id}/{name}"
    call.account.add_export(call.app, operation=operation, path=path, content=content)
    return call.files_url + path


def _seed(call: Call, what: str) -> str:
    return f"{call.account.settings.seed}/{call.app.id}/{what}"
