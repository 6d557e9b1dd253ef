"""
OneSignal's API operations as plain requests: method, path, query, body, and what may be repeated.

https://documentation.onesignal.com/reference/rest-api-overview
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from airflow_provider_onesignal.api.request import ApiRequest

SEGMENTS_PER_PAGE = 300
_ALIAS = re.compile(r"(/users/by/[^/]+/)[^/]+")


def custom(
    method: str, path: str, *, params: Mapping[str, Any] | None = None, json: Any = None
) -> ApiRequest:
    """
    Describe a request that has no function of its own here.

    https://documentation.onesignal.com/reference/rest-api-overview

    :param method: HTTP method; a POST is taken for one that must not be sent twice
    :param path: path below the base URL, with or without the slash before it; quoted where need be
    :param params: query parameters
    :param json: body, None for none
    """
    method = method.upper()
    # An alias in a path, such as an e-mail address, is personal data.
    shown = _ALIAS.sub(r"\1…", path.partition("?")[0])
    return ApiRequest(
        operation=f"{method} {shown}",
        method=method,
        path="/" + path.lstrip("/"),
        params=params or {},
        json=json,
        repeatable=method != "POST",
        may_give_list=True,
    )


def create_segment(
    app_id: str,
    *,
    name: str,
    filters: Sequence[Mapping[str, Any]],
    description: str | None = None,
    segment_id: str | None = None,
) -> ApiRequest:
    """
    Describe the creation of a segment, repeatable where its id is given.

    https://documentation.onesignal.com/reference/create-segments

    :param app_id: UUID of the app
    :param name: up to 128 characters, no other segment's
    :param filters: 1 to 200 filters, and ``{"operator": "OR"}`` between them
    :param description: up to 255 characters
    :param segment_id: UUID it is to have; None lets OneSignal choose
    """
    body = {"name": name, "filters": list(filters), "description": description, "id": segment_id}
    return ApiRequest(
        operation="create segment",
        method="POST",
        path=f"/apps/{quote(app_id)}/segments",
        json=_without_none(body),
        # A repeat with an id of ours is answered by 409 and cannot make a second segment.
        repeatable=segment_id is not None,
    )


def view_segments(app_id: str, *, offset: int = 0, limit: int = SEGMENTS_PER_PAGE) -> ApiRequest:
    """
    Describe the look at a page of the app's segments, the oldest first.

    https://documentation.onesignal.com/reference/view-segments

    :param app_id: UUID of the app
    :param offset: how many segments to leave out
    :param limit: how many to give, at most 300
    """
    return ApiRequest(
        operation="view segments",
        method="GET",
        path=f"/apps/{quote(app_id)}/segments",
        params={"offset": offset, "limit": limit},
    )


def view_segment(app_id: str, segment_id: str) -> ApiRequest:
    """
    Describe the look at one segment with its filters.

    https://documentation.onesignal.com/reference/view-segment

    :param app_id: UUID of the app
    :param segment_id: UUID of the segment
    """
    return ApiRequest(
        operation="view segment",
        method="GET",
        path=f"/apps/{quote(app_id)}/segments/{quote(segment_id, safe='')}",
        params={"include-segment-detail": "true"},
    )


def update_segment(
    app_id: str,
    segment_id: str,
    *,
    name: str,
    filters: Sequence[Mapping[str, Any]] | None = None,
    description: str | None = None,
) -> ApiRequest:
    """
    Describe the update of a segment.

    https://documentation.onesignal.com/reference/update-segment

    :param app_id: UUID of the app
    :param segment_id: UUID of the segment
    :param name: up to 128 characters; OneSignal always wants it, changed or not
    :param filters: in place of all it has; None leaves them
    :param description: up to 255 characters, an empty one clears it; None leaves it
    """
    body = {
        "name": name,
        "filters": None if filters is None else list(filters),
        "description": description,
    }
    return ApiRequest(
        operation="update segment",
        method="PATCH",
        path=f"/apps/{quote(app_id)}/segments/{quote(segment_id, safe='')}",
        json=_without_none(body),
    )


def delete_segment(app_id: str, segment_id: str) -> ApiRequest:
    """
    Describe the deletion of a segment.

    https://documentation.onesignal.com/reference/delete-segments

    :param app_id: UUID of the app
    :param segment_id: UUID of the segment
    """
    return ApiRequest(
        operation="delete segment",
        method="DELETE",
        path=f"/apps/{quote(app_id)}/segments/{quote(segment_id, safe='')}",
    )


def create_user(
    app_id: str,
    *,
    identity: Mapping[str, str] | None = None,
    properties: Mapping[str, Any] | None = None,
    subscriptions: Sequence[Mapping[str, Any]] | None = None,
) -> ApiRequest:
    """
    Describe the creation of a user, or the update of the one who has the aliases.

    https://documentation.onesignal.com/reference/create-user

    :param app_id: UUID of the app
    :param identity: alias label and id; without any, the request is not repeatable
    :param properties: tags, language, country ...
    :param subscriptions: up to 20, each with ``type`` and ``token``
    """
    body = {"identity": identity, "properties": properties, "subscriptions": subscriptions}
    return ApiRequest(
        operation="create user",
        method="POST",
        path=f"/apps/{quote(app_id)}/users",
        json=_without_none(body),
        # Without an alias a repeat would make a second, anonymous user.
        repeatable=bool(identity),
    )


def export_subscriptions(
    app_id: str,
    *,
    extra_fields: Sequence[str] | None = None,
    last_active_since: str | None = None,
    segment_name: str | None = None,
    include_unsubscribed: bool | None = None,
) -> ApiRequest:
    """
    Describe the start of an export of subscriptions.

    https://documentation.onesignal.com/reference/csv-export

    :param app_id: UUID of the app
    :param extra_fields: columns beside the default ones
    :param last_active_since: seconds since the epoch, as a text
    :param segment_name: only this segment (its name, not its id)
    :param include_unsubscribed: with ``segment_name``, also those unsubscribed
    """
    body = {
        "extra_fields": None if extra_fields is None else list(extra_fields),
        "last_active_since": last_active_since,
        "segment_name": segment_name,
        "include_unsubscribed": include_unsubscribed,
    }
    return ApiRequest(
        operation="export subscriptions",
        method="POST",
        path="/players/csv_export",
        params={"app_id": app_id},
        json=_without_none(body),
        repeatable=False,
    )


def export_events(app_id: str, message_id: str) -> ApiRequest:
    """
    Describe the start of an export of a message's audience activity.

    https://documentation.onesignal.com/reference/export-csv-of-events

    :param app_id: UUID of the app
    :param message_id: UUID of the message
    """
    return ApiRequest(
        operation="export audience events",
        method="POST",
        path=f"/notifications/{quote(message_id, safe='')}/export_events",
        params={"app_id": app_id},
        repeatable=False,
    )


def message_history(
    app_id: str, message_id: str, *, events: str, email: str | None = None
) -> ApiRequest:
    """
    Describe the start of an export of who was sent a message, or clicked it.

    https://documentation.onesignal.com/reference/message-history

    :param app_id: UUID of the app
    :param message_id: UUID of the message
    :param events: "sent" or "clicked"
    :param email: address OneSignal also mails the file's link to
    """
    return ApiRequest(
        operation="message history",
        method="POST",
        path=f"/notifications/{quote(message_id, safe='')}/history",
        json=_without_none({"app_id": app_id, "events": events, "email": email}),
        repeatable=False,
    )


def view_outcomes(
    app_id: str,
    *,
    outcome_names: Sequence[str] | str,
    outcome_time_range: str,
    outcome_platforms: Sequence[int | str] | str | None = None,
    outcome_attribution: str | None = None,
) -> ApiRequest:
    """
    Describe the question for outcomes of the window that ends now.

    https://documentation.onesignal.com/reference/view-outcomes

    :param app_id: UUID of the app
    :param outcome_names: list of names such as ``os__click.count``, or one text with commas
    :param outcome_time_range: length of the window: "1h", "1d" or "1mo"
    :param outcome_platforms: device types, listed likewise; None for all
    :param outcome_attribution: "direct", "influenced", "unattributed", "total"; None for total
    """
    has_comma = not isinstance(outcome_names, str) and any("," in name for name in outcome_names)
    names: dict[str, Any] = (
        {"outcome_names[]": list(outcome_names)}
        if has_comma
        else {"outcome_names": _with_commas(outcome_names)}
    )
    filters = {
        "outcome_time_range": outcome_time_range,
        "outcome_platforms": None if outcome_platforms is None else _with_commas(outcome_platforms),
        "outcome_attribution": outcome_attribution,
    }
    return ApiRequest(
        operation="view outcomes",
        method="GET",
        path=f"/apps/{quote(app_id)}/outcomes",
        params=names | _without_none(filters),
    )


def _with_commas(values: Sequence[int | str] | str) -> str:
    return values if isinstance(values, str) else ",".join(str(each) for each in values)


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    # OneSignal reads a null as a value: a null date changes what an export contains.
    return {name: value for name, value in values.items() if value is not None}
