"""A store seen through a network that fails on demand."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_HOP_BY_HOP = ("connection", "transfer-encoding", "content-length", "expect", "keep-alive")
_PIECE = 16 * 1024


@dataclass(kw_only=True)
class NetworkFault:
    """
    Something that goes wrong with the next requests that match.

    :param on: regular expression, searched in "METHOD /path?query content-range"
    :param skip: let this many matching requests pass first
    :param times: how many are hit after that; None for all
    :param status: answer with it, and do not forward
    :param body: of that answer
    :param headers: of that answer
    :param cut: "before" drops the connection and the request, "after" drops the answer alone
    :param bytes_per_second: forward the request no faster than this
    :param is_held: hold the request back until :meth:`release`
    """

    on: str
    skip: int = 0
    times: int | None = 1
    status: int | None = None
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: str | None = None
    bytes_per_second: float | None = None
    is_held: bool = False
    seen: int = field(default=0, init=False)
    hits: int = field(default=0, init=False)
    reached: threading.Event = field(default_factory=threading.Event, init=False)
    _released: threading.Event = field(default_factory=threading.Event, init=False)

    def strikes(self, request: str) -> bool:
        """Count a request; whether it is one of those that are hit."""
        if not re.search(self.on, request):
            return False
        self.seen += 1
        if self.seen <= self.skip or (self.times is not None and self.hits >= self.times):
            return False
        self.hits += 1
        return True

    def delay(self, length: int) -> None:
        """Wait as long as the fault says."""
        self.reached.set()
        if self.is_held:
            self._released.wait(60)
        if self.bytes_per_second:
            time.sleep(length / self.bytes_per_second)

    def release(self) -> None:
        """Let held requests go on."""
        self._released.set()


class Proxy:
    """
    Forwards requests to a store, all but those that are to fail.

    :param upstream: URL of the store
    """

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream)
        self.requests: list[str] = []
        self.faults: list[NetworkFault] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator[Proxy]:
        """Serve."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.reset()
            self._server.shutdown()
            self._server.server_close()

    def fail(self, **fault: Any) -> NetworkFault:
        """Let requests fail as :class:`NetworkFault` says."""
        added = NetworkFault(**fault)
        with self._lock:
            self.faults.append(added)
        return added

    def reset(self) -> None:
        """Behave, and forget."""
        with self._lock:
            for fault in self.faults:
                fault.release()
            self.faults, self.requests = [], []

    def strike(self, request: str) -> NetworkFault | None:
        """Note a request; the fault that hits it, if any."""
        with self._lock:
            self.requests.append(request)
            return next((fault for fault in self.faults if fault.strikes(request)), None)


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        served_by = proxy

    return Handler


class _Handler(BaseHTTPRequestHandler):
    served_by: Proxy
    protocol_version = "HTTP/1.1"
    # an answer in two packets otherwise waits for an acknowledgement
    wbufsize = -1
    disable_nagle_algorithm = True

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True

    def handle_expect_100(self) -> bool:
        super().handle_expect_100()
        self.wfile.flush()
        return True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        body = self._body()
        name = f"{self.command} {self.path} {self.headers.get('Content-Range', '')}".strip()
        fault = self.served_by.strike(name)
        if fault is not None:
            fault.delay(len(body))
            if fault.cut == "before":
                self.close_connection = True
                return
            if fault.status is not None:
                self._answer(fault.status, dict(fault.headers), fault.body.encode())
                return
        answered = self._forward(body)
        if fault is not None and fault.cut == "after":
            self.close_connection = True
            return
        self._answer(*answered)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = _serve  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while length := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(length))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(pieces)

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        upstream = self.served_by.upstream
        connection = HTTPConnection(upstream.hostname or "", upstream.port, timeout=30)
        kept = {name: text for name, text in self.headers.items() if _is_kept(name)}
        try:
            connection.request(
                self.command, self.path, body, {**kept, "Content-Length": str(len(body))}
            )
            answer = connection.getresponse()
            content = answer.read()
        except (HTTPException, OSError) as error:
            return 502, {}, repr(error).encode()
        finally:
            connection.close()
        headers = {name: text for name, text in answer.getheaders() if _is_kept(name)}
        ours = urlsplit(self.served_by.url).netloc
        if "Location" in headers:
            headers["Location"] = urlsplit(headers["Location"])._replace(netloc=ours).geturl()
        if "json" in headers.get("Content-Type", ""):
            # the addresses in it lead through here as well
            content = content.replace(upstream.netloc.encode(), ours.encode())
        if self.command == "HEAD":
            headers["Content-Length"] = answer.getheader("Content-Length") or "0"
        return answer.status, headers, content

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, text in headers.items():
            self.send_header(name, text)
        has_length = "content-length" in {name.lower() for name in headers}
        if status not in (204, 304) and not has_length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()


def _is_kept(name: str) -> bool:
    return name.lower() not in _HOP_BY_HOP
