"""A small HTTP server that fails on demand."""

from __future__ import annotations

import gzip
import re
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Literal, cast

import requests

from airflow_provider_onesignal.files.source import HttpSource, ResumePolicy

XML_PAGE = b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>"
IMPATIENT = ResumePolicy(max_stalls=3, first_delay=0.001, longest_delay=0.01)


def csv_of(rows: int) -> bytes:
    """Return a CSV that compresses badly enough to be long."""
    lines = [b'%d,"a ""quoted"" name",%x' % (row, row**7 * 2654435761) for row in range(rows)]
    return b"id,name,token\n" + b"".join(line + b"\n" for line in lines)


def gzip_of(rows: int) -> bytes:
    return gzip.compress(csv_of(rows), 6, mtime=0)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """How one request is answered."""

    body: bytes = b""
    status: int = 200
    etag: str | None = '"v1"'
    last_modified: str | None = None
    ranges: bool = True
    total: bool = True
    cut_after: int | None = None
    reset: bool = False
    stall: bool = False
    silent: bool = False
    framing: Literal["length", "chunked", "close"] = "length"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class FaultyServer:
    """Answers request after request as told; the last answer repeats."""

    answers: Sequence[Answer]
    url: str = ""
    requests: list[dict[str, str]] = field(default_factory=list)
    stalled: Event = field(default_factory=Event)

    def next_answer(self, headers: dict[str, str]) -> Answer:
        answer = self.answers[min(len(self.requests), len(self.answers) - 1)]
        self.requests.append(headers)
        return answer

    @property
    def ranges(self) -> list[str | None]:
        """The ``Range`` of each request."""
        return [request.get("Range") for request in self.requests]


class _Server(ThreadingHTTPServer):
    script: FaultyServer
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Keep silent when a client is gone."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        answer = self._script.next_answer(dict(self.headers))
        if answer.silent:
            self._wait_for_the_client_to_go()
            return
        first = self._first_byte(answer)
        body = answer.body[first or 0 : self._stop(first)]
        self._send_head(answer, body, first)
        self._send_body(answer, body)

    @property
    def _script(self) -> FaultyServer:
        return cast("_Server", self.server).script

    def _wait_for_the_client_to_go(self) -> None:
        self._script.stalled.set()
        self.connection.recv(1)

    def _first_byte(self, answer: Answer) -> int | None:
        match = re.fullmatch(r"bytes=(\d+)-\d*", self.headers.get("Range", ""))
        if not match or not answer.ranges or answer.status != 200:
            return None
        validator = self.headers.get("If-Range")
        if validator and validator not in (answer.etag, answer.last_modified):
            return None
        return int(match[1])

    def _stop(self, first: int | None) -> int | None:
        last = self.headers.get("Range", "").rpartition("-")[2]
        return int(last) + 1 if first is not None and last else None

    def _send_head(self, answer: Answer, body: bytes, first: int | None) -> None:
        self.send_response(answer.status if first is None else 206)
        if first is not None:
            total = len(answer.body) if answer.total else "*"
            self.send_header("Content-Range", f"bytes {first}-{first + len(body) - 1}/{total}")
        if answer.framing == "length" and "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(len(body)))
        if answer.framing == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        for name, value in (("ETag", answer.etag), ("Last-Modified", answer.last_modified)):
            if value:
                self.send_header(name, value)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send_body(self, answer: Answer, body: bytes) -> None:
        sent = body if answer.cut_after is None else body[: answer.cut_after]
        is_cut = len(sent) < len(body)
        if answer.framing == "chunked":
            self.wfile.write(b"%x\r\n%b\r\n" % (len(sent), sent) if sent else b"")
            self.wfile.write(b"" if is_cut else b"0\r\n\r\n")
        else:
            self.wfile.write(sent)
        if is_cut and answer.stall:
            self._wait_for_the_client_to_go()
        if is_cut or answer.framing == "close" or "Content-Length" in answer.headers:
            self._hang_up(reset=answer.reset)

    def _hang_up(self, *, reset: bool) -> None:
        self.close_connection = True
        if reset:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()

    def log_message(self, *_: object) -> None:
        """Keep silent."""


@contextmanager
def serving(*answers: Answer, name: str = "users_0123.csv.gz") -> Iterator[FaultyServer]:
    """Run a server."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.script = FaultyServer(answers, f"http://127.0.0.1:{server.server_port}/secret/{name}")
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def source_of(
    server: FaultyServer, *, policy: ResumePolicy = IMPATIENT, timeout: float = 5.0
) -> HttpSource:
    return HttpSource(server.url, requests.Session(), policy=policy, timeout=timeout)
