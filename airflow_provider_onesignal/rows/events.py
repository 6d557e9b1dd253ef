"""Rows as custom events."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from airflow_provider_onesignal.exceptions import (
    OneSignalInvalidRequestError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.hooks.messages import custom_events_request
from airflow_provider_onesignal.mappings import EventMapping
from airflow_provider_onesignal.rows import Item, Row
from airflow_provider_onesignal.rows.users import Client

MOST_BYTES = 2_024
"""Bytes of an event."""
MOST_REQUEST_BYTES = 1_000_000
_ENVELOPE = len('{"events": []}')
_KEYS = uuid.UUID("0d5d7b5a-6d0e-5b07-9d57-8b7c1a7e6f10")


class EventRows:
    """
    Many events a request, each with a key by which OneSignal knows it again.

    https://documentation.onesignal.com/reference/create-custom-events

    :param client: sends requests, once each
    :param app_id: whose users' events
    :param mapping: which column goes where
    """

    rows_per_request = 500
    bytes_per_request = MOST_REQUEST_BYTES - _ENVELOPE
    concurrency = 8
    spacing = 0.0
    refused_statuses = frozenset({400, 409, 413, 422})

    def __init__(self, client: Client, *, app_id: str, mapping: EventMapping) -> None:
        self._client, self._app_id, self._mapping = client, app_id, mapping

    def prepare(self, row: Row) -> Item:
        """Return the row's event."""
        event = self._mapping.event(row.values)
        event["idempotency_key"] = _key(row, event)
        size = len(json.dumps(event))
        if size > MOST_BYTES:
            raise OneSignalValidationError(
                f"The event has {size:,} bytes; OneSignal takes {MOST_BYTES:,}."
            )
        return Item(_user_of(event), event, size + len(", "))

    async def send(self, items: Sequence[Item]) -> Sequence[str]:
        """Send the events, and return which of them OneSignal could not process."""
        request = custom_events_request(self._app_id, [item.payload for item in items])
        body = await self._client.send(request)
        reasons = _reasons(body.get("errors") or [])
        if set(reasons) - {item.key for item in items}:
            # An error that names none of these users: sent by halves, it will be found whose it is.
            raise OneSignalInvalidRequestError(
                "OneSignal refused an event: " + "; ".join(set().union(*reasons.values())),
                status_code=400,
            )
        return ["; ".join(reasons.get(item.key, ())) for item in items]


def _key(row: Row, event: dict[str, Any]) -> str:
    content = json.dumps(event, sort_keys=True)
    return str(uuid.uuid5(_KEYS, "\n".join((row.uri, row.version, str(row.number), content))))


def _user_of(event: dict[str, Any]) -> str:
    return str(event.get("external_id") or event["onesignal_id"])


def _reasons(errors: Any) -> dict[str, list[str]]:
    """Return what was said of each user; "" is the user of errors that name none."""
    reasons: dict[str, list[str]] = defaultdict(list)
    for each in errors if isinstance(errors, list) else [errors]:
        error = each if isinstance(each, dict) else {}
        said = error.get("error", each)
        title = said.get("title") or said.get("code") if isinstance(said, dict) else said
        reasons[str(error.get("event_user_id") or "")].append(str(title))
    return reasons
