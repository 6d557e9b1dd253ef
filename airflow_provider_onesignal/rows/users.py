"""Rows as users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from airflow_provider_onesignal.api.request import ApiRequest
from airflow_provider_onesignal.hooks.operations import create_user_request, update_user_request
from airflow_provider_onesignal.mappings import UserMapping
from airflow_provider_onesignal.rows import Item, Row


class Client(Protocol):
    """What sends a request."""

    async def send(self, request: ApiRequest) -> Any:
        """Send it, and return the response's JSON."""


class UserRows:
    """
    A user a request, of whom a second request follows a second later.

    https://documentation.onesignal.com/reference/create-user
    https://documentation.onesignal.com/reference/update-user

    :param client: sends requests, once each
    :param app_id: whose users
    :param mapping: which column goes where
    :param mode: "upsert" or "update"
    """

    rows_per_request = 1
    bytes_per_request = 1
    concurrency = 256
    spacing = 1.0

    def __init__(self, client: Client, *, app_id: str, mapping: UserMapping, mode: str) -> None:
        self._client, self._app_id, self._mapping = client, app_id, mapping
        self._is_update = mode == "update"
        # Of an update 404 says that there is no such user; else that the host is wrong.
        self.refused_statuses = frozenset({400, 409, 422, *([404] if self._is_update else [])})

    def prepare(self, row: Row) -> Item:
        """Return the body of the row's request."""
        user = self._mapping.user(row.values)
        label, value = next(iter(user["identity"].items()))
        return Item(f"{label}={value}", user)

    async def send(self, items: Sequence[Item]) -> Sequence[str]:
        """Create or update the user."""
        await self._client.send(self._request(items[0].payload))
        return [""]

    def _request(self, user: dict[str, Any]) -> ApiRequest:
        if not self._is_update:
            return create_user_request(self._app_id, **user)
        ((label, value),) = user["identity"].items()
        properties = user.get("properties", {})
        return update_user_request(self._app_id, label, value, properties=properties)
