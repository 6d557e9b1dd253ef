"""Segments: create, list, get, update, delete."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from . import errors
from .calls import Answer, Call, is_uuid, text
from .errors import refuse, refuse_coded
from .filters import check_filters
from .state import Segment

LONGEST_NAME = 128
LONGEST_DESCRIPTION = 255
LARGEST_PAGE = 300


def create_segment(call: Call) -> Answer:
    """POST /apps/{app_id}/segments."""
    call.known_fields(("name", "filters", "description", "id"))
    name = _name(call)
    if "filters" not in call.body:
        raise refuse(400, "filters is required", success=False)
    check_filters(call.body["filters"], strict=call.account.settings.strict)
    description = text(call.body, "description", longest=LONGEST_DESCRIPTION) or ""
    segment_id = text(call.body, "id") or str(uuid.uuid4())
    if not is_uuid(segment_id):
        raise refuse(400, "id must be a UUID", success=False)
    if segment_id in call.app.segments:
        raise refuse(409, errors.SEGMENT_ID_TAKEN, success=False)
    _check_unique(call, name, besides=None)
    own = [each for each in call.app.segments.values() if each.source == "custom"]
    if len(own) >= call.account.settings.max_segments:
        raise refuse(422, errors.SEGMENT_LIMIT)
    call.account.add_segment(
        call.app, id=segment_id, name=name, filters=call.body["filters"], description=description
    )
    status = call.account.settings.status("create_segment")
    return status, {"success": True, "id": segment_id}


def list_segments(call: Call) -> Answer:
    """GET /apps/{app_id}/segments."""
    offset = _page_number(call, "offset", default=0, low=0, high=10**9)
    limit = _page_number(call, "limit", default=LARGEST_PAGE, low=1, high=LARGEST_PAGE)
    segments = sorted(call.app.segments.values(), key=lambda each: each.created_at)
    page = [_listed(call, each) for each in segments[offset : offset + limit]]
    return call.account.settings.status("list_segments"), {
        "total_count": len(segments),
        "offset": offset,
        "limit": limit,
        "segments": page,
    }


def get_segment(call: Call) -> Answer:
    """GET /apps/{app_id}/segments/{segment_id}."""
    segment = _found(call)
    if any(each.get("unsupported_in_api") for each in segment.filters):
        raise refuse(400, errors.SEGMENT_UNSUPPORTED)
    is_all = segment.source == "default"
    subscribers = call.account.settings.rows if is_all else segment.subscribers
    body: dict[str, object] = {"subscriber_count": subscribers}
    if call.last("include-segment-detail") == "true":
        body["payload"] = {
            "id": segment.id,
            "name": segment.name,
            "description": segment.description,
            "created_at": int(segment.created_at),
            "source": segment.source,
            "filters": segment.filters,
        }
    return 200, body


def update_segment(call: Call) -> Answer:
    """PATCH /apps/{app_id}/segments/{segment_id}."""
    call.known_fields(("name", "filters", "description"))
    segment = _found(call, success=False)
    name = _name(call)
    description = text(call.body, "description", longest=LONGEST_DESCRIPTION)
    if "filters" in call.body:
        check_filters(call.body["filters"], strict=call.account.settings.strict)
    _check_unique(call, name, besides=segment)
    segment.name = name
    segment.filters = call.body.get("filters", segment.filters)
    segment.description = segment.description if description is None else description
    segment.updated_at = call.account.clock.now()
    return 200, {"success": True, "id": segment.id}


def delete_segment(call: Call) -> Answer:
    """DELETE /apps/{app_id}/segments/{segment_id}."""
    if call.app.segments.pop(call.path["segment_id"], None) is None:
        return 404, {"success": False}
    return 200, {"success": True}


def _name(call: Call) -> str:
    name = call.body.get("name")
    if name is None or name == "":
        raise refuse(400, "name is required", success=False)
    if not isinstance(name, str):
        raise refuse(400, "name must be a string", success=False)
    if len(name) > LONGEST_NAME:
        longest = f"name is too long (maximum is {LONGEST_NAME} characters)"
        raise refuse(400, longest, success=False)
    return name


def _check_unique(call: Call, name: str, *, besides: Segment | None) -> None:
    for segment in call.app.segments.values():
        if segment.name == name and segment is not besides:
            raise refuse(400, errors.SEGMENT_NAME_TAKEN, success=False)


def _found(call: Call, **siblings: bool) -> Segment:
    segment = call.app.segments.get(call.path["segment_id"])
    if segment is None:
        raise refuse(404, errors.SEGMENT_NOT_FOUND, **siblings)
    return segment


def _page_number(call: Call, name: str, *, default: int, low: int, high: int) -> int:
    value = call.last(name)
    if value is None:
        return default
    if not value.isdecimal() or not low <= int(value) <= high:
        raise refuse_coded(400, "request-1", f"Invalid {name}", {name: value})
    return int(value)


def _listed(call: Call, segment: Segment) -> dict[str, object]:
    return {
        "id": segment.id,
        "name": segment.name,
        "description": segment.description,
        "created_at": _iso(segment.created_at),
        "updated_at": _iso(segment.updated_at),
        "app_id": call.app.id,
        "read_only": segment.source == "default",
        "is_active": True,
    }


def _iso(moment: float) -> str:
    text_form = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return text_form.replace("+00:00", "Z")
