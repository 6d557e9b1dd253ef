"""The HTTP connection itself: answers that are slow, cut, or end in a reset."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from .errors import body_for

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from .faults import Fault

_CONNECTIONS = "emulator.connections"
_TICK = 0.05


class Wire(AutoHTTPProtocol):  # type: ignore[misc,valid-type]
    """uvicorn's HTTP protocol, with a way for the app to get at its connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Remember the connection by its peer."""
        super().connection_made(transport)
        self.app_state.setdefault(_CONNECTIONS, {})[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self.app_state.get(_CONNECTIONS, {}).pop(self.client, None)
        super().connection_lost(exc)


class Cut(Exception):  # noqa: N818 - meant to happen
    """The connection was ended on purpose."""


def end_connection(scope: Scope, *, reset: bool = False) -> None:
    """End the connection a request came on, after what was sent so far.

    :param scope: of the request.
    :param reset: end it with RST, which also loses what the peer has not read.
    :raises Cut: always; nothing may be sent any more.
    """
    transport = _transport(scope)
    if transport is None:
        raise RuntimeError("Connections can be cut where uvicorn runs with the Wire protocol only.")
    if reset:
        peer: socket.socket = transport.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()
    raise Cut


def _transport(scope: Scope) -> asyncio.Transport | None:
    client = scope.get("client")
    transport: asyncio.Transport | None = (
        scope.get("state", {}).get(_CONNECTIONS, {}).get(client and tuple(client))
    )
    return transport


def _is_gone(scope: Scope) -> bool:
    """Whether the peer has left: uvicorn then drops what is sent, without ever waiting."""
    transport = _transport(scope)
    has_wire = _CONNECTIONS in scope.get("state", {})
    return has_wire and (transport is None or transport.is_closing())


async def wait_for_end(receive: Receive) -> None:
    """Wait until the connection that was cut is gone, or uvicorn takes it for a bug."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def start(send: Send, status: int, headers: Mapping[str, str]) -> None:
    """Send status and headers."""
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})


async def send_body(scope: Scope, send: Send, pieces: Iterable[bytes], fault: Fault | None) -> None:
    """Send a body as fast, and as far, as the fault lets it get."""
    left = None if fault is None else fault.cut_at
    rate = None if fault is None else fault.bytes_per_second
    async for piece in _paced(_endless(pieces) if fault and fault.endless else pieces, rate):
        body = piece if left is None else piece[:left]
        await send({"type": "http.response.body", "body": body, "more_body": True})
        if _is_gone(scope):
            return
        if left is not None and fault is not None:
            left -= len(body)
            if left == 0:
                end_connection(scope, reset=fault.reset)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def before_answer(scope: Scope, fault: Fault | None) -> None:
    """Wait, or end the connection, where the fault says so."""
    if fault is None:
        return
    if fault.delay:
        await asyncio.sleep(fault.delay)
    if fault.cut_at == 0:
        end_connection(scope, reset=fault.reset)


async def send_answer(
    scope: Scope,
    send: Send,
    *,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    fault: Fault | None = None,
) -> None:
    """Send a whole answer, subject to a fault."""
    complete = {**headers, "content-length": str(len(body))}
    if fault is not None and fault.endless:
        del complete["content-length"]
    await start(send, status, complete)
    await send_body(scope, send, [body] if scope["method"] != "HEAD" else [], fault)


async def send_fault(scope: Scope, send: Send, fault: Fault) -> None:
    """Send the answer that a fault brings."""
    status = fault.status or (302 if fault.redirect else 200)
    body = body_for(status) if fault.body is None and status >= 400 else fault.body
    headers = {"content-type": "application/json; charset=utf-8"} if _is_json(body) else {}
    if fault.redirect is not None:
        headers["location"] = fault.redirect
    headers |= {name.lower(): value for name, value in fault.headers.items()}
    await send_answer(scope, send, status=status, headers=headers, body=encode(body), fault=fault)


def encode(body: Any) -> bytes:
    """A body as bytes: text and bytes as they are, anything else as JSON."""
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    return (body if isinstance(body, str) else json.dumps(body)).encode()


def _is_json(body: Any) -> bool:
    return body is not None and not isinstance(body, str | bytes)


def _endless(pieces: Iterable[bytes]) -> Iterable[bytes]:
    yield from pieces
    while True:
        yield b" " * 65_536


async def _paced(pieces: Iterable[bytes], rate: float | None) -> AsyncIterator[bytes]:
    if rate is None:
        for piece in pieces:
            yield piece
        return
    step = max(int(rate * _TICK), 1)
    for piece in pieces:
        for start_at in range(0, len(piece), step):
            yield piece[start_at : start_at + step]
            await asyncio.sleep(step / rate)
