"""The files origin: where exports are downloaded from, without any key."""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING

from .errors import NO_SUCH_KEY, S3_ACCESS_DENIED
from .recording import record
from .wire import Cut, before_answer, send_answer, send_body, send_fault, start, wait_for_end

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from .exports import Export
    from .faults import Fault, Faults
    from .state import Account

_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


@dataclass(frozen=True)
class Slice:
    """Which bytes to send, and what to call it: 200, 206 or 416."""

    status: int
    start: int
    stop: int


class FilesApp:
    """The files origin as an ASGI app.

    :param account: whose exports these are.
    :param faults: what to do wrong.
    """

    def __init__(self, account: Account, faults: Faults) -> None:
        self._account = account
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        operation = self._operation(scope)
        request = await record(scope, receive, self._account.downloads, operation)
        fault = self._faults.strike(operation, request.method, request.path)
        try:
            await before_answer(scope, fault)
            if "authorization" in request.headers:
                await self._object_to_key(scope, send)
            elif fault is not None and fault.answers:
                await send_fault(scope, send, fault)
            else:
                await self._download(scope, send, request.headers, fault)
        except Cut:
            await wait_for_end(receive)

    def _operation(self, scope: Scope) -> str:
        """A "download" of a file that is there, or a "poll": asking whether it is."""
        export = self._account.exports.get(scope["path"])
        there = export is not None and export.is_there(self._account.clock.now())
        first_byte = (b"range", b"bytes=0-0") in scope["headers"]
        return "download" if there and scope["method"] == "GET" and not first_byte else "poll"

    async def _object_to_key(self, scope: Scope, send: Send) -> None:
        self._account.violations.append(
            f"{scope['method']} {scope['path']} carried an Authorization header to the files origin"
        )
        body = b"<Error><Code>InvalidArgument</Code><Message>Authorization</Message></Error>"
        await _send_xml(scope, send, 400, body)

    async def _download(
        self, scope: Scope, send: Send, headers: dict[str, str], fault: Fault | None
    ) -> None:
        if scope["method"] not in {"GET", "HEAD"}:
            await _send_xml(scope, send, 405, b"<Error><Code>MethodNotAllowed</Code></Error>")
            return
        with self._account.lock:
            export = self._account.exports.get(scope["path"])
            there = export is not None and export.poll(self._account.clock.now())
        if export is None or not there:
            status = self._account.settings.not_ready_status
            body = S3_ACCESS_DENIED if status == 403 else NO_SUCH_KEY
            await _send_xml(scope, send, status, body, fault)
            return
        if fault is not None and fault.changed:
            export.content = export.content.changed()
        await _send_file(scope, send, headers, export, fault)


async def _send_file(
    scope: Scope, send: Send, headers: dict[str, str], export: Export, fault: Fault | None
) -> None:
    content = export.content
    answer = {"content-type": content.content_type}
    if fault is None or not fault.no_etag:
        answer["etag"] = content.etag
        answer["last-modified"] = formatdate(export.ready_at, usegmt=True)
    if fault is not None and fault.content_encoding is not None:
        answer["content-encoding"] = "gzip"
    answer |= {name.lower(): value for name, value in (fault.headers if fault else {}).items()}
    if fault is not None and fault.content_encoding == "wrap":
        await start(send, 200, answer)
        pieces = [] if scope["method"] == "HEAD" else wrapped(content.read())
        await send_body(scope, send, pieces, fault)
        return
    size = await asyncio.to_thread(lambda: content.size)
    if fault is not None and fault.truncate_at is not None:
        size = min(size, fault.truncate_at)
    ranges = fault is None or not fault.no_ranges
    chosen = choose(headers, size, answer) if ranges else Slice(200, 0, size)
    answer |= _length_headers(chosen, size, ranges=ranges)
    await start(send, chosen.status, answer)
    silent = scope["method"] == "HEAD" or chosen.status == 416
    pieces = [] if silent else content.read(chosen.start, chosen.stop)
    await send_body(scope, send, _flipped(pieces, chosen.start, fault), fault)


def choose(headers: dict[str, str], size: int, answer: dict[str, str]) -> Slice:
    """Which bytes a request is to get.

    :param headers: of the request, names in lower case.
    :param size: of the whole file.
    :param answer: the answer's headers: its ETag and date decide about If-Range.
    """
    whole = Slice(200, 0, size)
    asked = _RANGE.match(headers.get("range", ""))
    if asked is None or asked.groups() == ("", ""):
        return whole
    condition = headers.get("if-range")
    if condition is not None and condition not in {answer.get("etag"), answer.get("last-modified")}:
        return whole
    first, last = asked.groups()
    if not first:
        start_at, stop = max(size - int(last), 0), size
    else:
        start_at, stop = int(first), min(int(last) + 1, size) if last else size
    if start_at >= size or (first and last and int(last) < int(first)):
        return Slice(416, 0, 0)
    return Slice(206, start_at, stop)


def wrapped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """One more layer of gzip around them."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


def _flipped(
    pieces: Iterator[bytes] | list[bytes], position: int, fault: Fault | None
) -> Iterator[bytes]:
    for piece in pieces:
        at = -1 if fault is None or fault.flip_at is None else fault.flip_at - position
        position += len(piece)
        if 0 <= at < len(piece):
            yield piece[:at] + bytes([piece[at] ^ 1]) + piece[at + 1 :]
        else:
            yield piece


def _length_headers(chosen: Slice, size: int, *, ranges: bool) -> dict[str, str]:
    headers = {"content-length": str(chosen.stop - chosen.start)}
    if ranges:
        headers["accept-ranges"] = "bytes"
    if chosen.status == 206:
        headers["content-range"] = f"bytes {chosen.start}-{chosen.stop - 1}/{size}"
    if chosen.status == 416:
        headers["content-range"] = f"bytes */{size}"
    return headers


async def _send_xml(
    scope: Scope, send: Send, status: int, body: bytes, fault: Fault | None = None
) -> None:
    headers = {"content-type": "application/xml; charset=UTF-8"}
    await send_answer(scope, send, status=status, headers=headers, body=body, fault=fault)
