"""One call of an API operation: what the handlers get, and what they check with."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import errors
from .errors import refuse

if TYPE_CHECKING:
    from typing import TypeAlias

    from .state import Account, App


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that was let in.

    :param path: the path's parameters.
    :param query: every value of each query parameter.
    :param body: the decoded JSON object, empty where there was no body.
    :param files_url: where exports are downloaded from.
    """

    account: Account
    app: App
    path: Mapping[str, str]
    query: Mapping[str, list[str]]
    body: dict[str, Any]
    files_url: str

    def last(self, name: str) -> str | None:
        """The last value of a query parameter."""
        values = self.query.get(name)
        return values[-1] if values else None

    def known_fields(self, names: Iterable[str]) -> None:
        """Refuse a body that has other fields, or a field that is null."""
        known = set(names)
        for name, value in self.body.items():
            if name not in known and self.account.settings.strict:
                raise refuse(400, f"{name} is not a known parameter")
            if value is None:
                raise refuse(400, f"{name} must not be null")


Answer: TypeAlias = tuple[int, dict[str, Any]]
Handler: TypeAlias = "Callable[[Call], Answer]"


def text(body: Mapping[str, Any], name: str, *, longest: int | None = None) -> str | None:
    """A field that is a string if it is there."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise refuse(400, f"{name} must be a string")
    if value is not None and longest is not None and len(value) > longest:
        raise refuse(400, f"{name} is too long (maximum is {longest} characters)")
    return value


def is_uuid(value: str) -> bool:
    """Whether this is a UUID in its usual form."""
    try:
        return str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False


def app_id_of(call_query: Mapping[str, list[str]], body: Any, path: Mapping[str, str]) -> str:
    """The app a request is about: from its path, the last one of its query, or its body.

    :raises Refusal: when there is none, or it is no UUID.
    """
    in_query = call_query.get("app_id", [])
    in_body = body.get("app_id") if isinstance(body, dict) else None
    app_id = path.get("app_id") or (in_query[-1] if in_query else in_body)
    if not isinstance(app_id, str) or not is_uuid(app_id):
        raise refuse(400, errors.NO_APP_ID)
    return app_id.lower()
