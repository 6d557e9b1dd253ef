"""Reading a request, and keeping what it was."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from .state import RecordedRequest

if TYPE_CHECKING:
    from starlette.types import Receive, Scope


async def record(
    scope: Scope, receive: Receive, memory: deque[RecordedRequest], operation: str
) -> RecordedRequest:
    """Read a request to its end and append it to ``memory``."""
    body = await _read(receive)
    request = RecordedRequest(
        operation=operation,
        method=scope["method"],
        path=scope["path"],
        query=dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True)),
        headers={
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        },
        json=_decoded(body),
        body_size=len(body),
    )
    memory.append(request)
    return request


async def _read(receive: Receive) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)
    return b"".join(parts)


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
