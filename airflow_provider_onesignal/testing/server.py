"""The emulator as a server: both origins in one thread, started and stopped with a block."""

from __future__ import annotations

import asyncio
import json
import socket
from threading import Thread
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlsplit

import uvicorn

from .api import ApiApp
from .control import Control
from .exports import Export
from .faults import Fault, Faults
from .files import FilesApp
from .origin import Origin
from .state import (
    MESSAGE_ID,
    Account,
    App,
    Message,
    OutcomeEvent,
    RecordedRequest,
    Segment,
    Settings,
)
from .wire import Wire

if TYPE_CHECKING:
    from types import TracebackType

    from starlette.types import ASGIApp

_STOP_SECONDS = 10.0


class Emulator:
    """OneSignal on this machine, for the length of a ``with`` block.

    .. code-block:: python

        with Emulator(rows=1000, ready_after_polls=3) as emulator:
            monkeypatch.setenv("AIRFLOW_CONN_ONESIGNAL_DEFAULT", emulator.connection_uri)
            emulator.files.fail("download", cut_at=4096)
            ...
            assert [each.operation for each in emulator.requests] == ["csv_export"]
            assert stored == emulator.export_bytes(url)

    :param host: address to listen on.
    :param port: port of the API; 0 takes a free one.
    :param files_port: port of the files origin; 0 takes a free one.
    :param settings: the fields of :class:`.Settings`, such as ``rows`` and ``ready_after``.
    """

    def __init__(
        self, *, host: str = "127.0.0.1", port: int = 0, files_port: int = 0, **settings: Any
    ) -> None:
        self.settings = Settings(**settings)
        self.account = Account(self.settings)
        self._sockets = [_listen(host, port), _listen(host, files_port)]
        api_url, files_url = (_url(host, each) for each in self._sockets)
        self.api = Origin(api_url, Faults(), self.account.requests)
        self.files = Origin(files_url, Faults(), self.account.downloads)
        self._servers = [_server(app) for app in self._apps()]
        self._thread = Thread(target=self._run, name="onesignal-emulator", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to serve; connections are accepted from before this returns."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving, at once: transfers that are under way are cut."""
        for server in self._servers:
            server.should_exit = server.force_exit = True
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)
        for each in self._sockets:
            each.close()

    def wait(self) -> None:
        """Serve until the thread ends or Ctrl+C."""
        self._thread.join()

    @property
    def api_url(self) -> str:
        """Base URL of the API."""
        return self.api.url

    @property
    def files_url(self) -> str:
        """Origin of the export URLs."""
        return self.files.url

    @property
    def app_id(self) -> str:
        """App ID of the first app."""
        return self.settings.app_id

    @property
    def api_key(self) -> str:
        """API key of the first app."""
        return self.app.api_key

    @property
    def app(self) -> App:
        """The first app with its segments, users and messages."""
        return self.account.apps[self.app_id]

    @property
    def message_id(self) -> str:
        """A message that the first app sent when the emulator started."""
        return MESSAGE_ID

    @property
    def connection_uri(self) -> str:
        """An Airflow connection to this emulator, as a URI."""
        host = urlsplit(self.api_url).netloc
        return f"onesignal://{quote(self.app_id)}:{quote(self.api_key, safe='')}@{host}/http"

    @property
    def connection_json(self) -> str:
        """The same connection in Airflow's JSON form."""
        api = urlsplit(self.api_url)
        return json.dumps(
            {
                "conn_type": "onesignal",
                "login": self.app_id,
                "password": self.api_key,
                "host": api.hostname,
                "port": api.port,
                "schema": api.scheme,
            }
        )

    @property
    def requests(self) -> list[RecordedRequest]:
        """What the API was asked, oldest first."""
        return self.api.requests

    @property
    def faults(self) -> Faults:
        """Faults of the API; those of the files origin are ``files.faults``."""
        return self.api.faults

    def fail(self, on: str | None = None, **fault: Any) -> Fault:
        """Let the next matching API request go wrong: see :meth:`Origin.fail`."""
        return self.api.fail(on, **fault)

    @property
    def violations(self) -> list[str]:
        """What no client may do and one did, such as sending the key to the files origin."""
        return list(self.account.violations)

    @property
    def exports(self) -> list[Export]:
        """Every export so far, oldest first."""
        with self.account.lock:
            return list(self.account.exports.values())

    def export(self, url: str) -> Export:
        """The export behind a URL: its ``content`` has ``count``, ``size``, ``sha256``, ``etag``.

        :raises KeyError: for a URL that no export has.
        """
        return self.account.exports[urlsplit(url).path]

    def export_bytes(self, url: str) -> bytes:
        """The whole file behind a URL, ready or not."""
        return b"".join(self.export(url).content.read())

    def finish_exports(self) -> None:
        """Let every file be there at once, however long it was to take."""
        for export in self.exports:
            export.finish(self.account.clock.now())

    def advance(self, seconds: float) -> None:
        """Let time pass: exports get ready and expire, messages and outcomes grow old."""
        self.account.clock.advance(seconds)

    def occupy(self, seconds: float) -> None:
        """Let somebody else's export take the account's slot; 0 frees it."""
        self.account.busy_until = self.account.clock.now() + seconds

    def reset(self) -> None:
        """Go back to how it started: settings, state, requests, faults, time."""
        self.account.reset()
        self.faults.clear()
        self.files.faults.clear()

    def add_app(self, app_id: str | None = None) -> App:
        """Another app of the same account."""
        with self.account.lock:
            return self.account.add_app(app_id)

    def add_message(
        self, message_id: str | None = None, *, sent_ago: float = 0.0, **message: Any
    ) -> Message:
        """Let the first app have sent a message.

        :param sent_ago: seconds ago.
        :param message: the other fields of :class:`.Message`.
        """
        sent_at = self.account.clock.now() - sent_ago
        with self.account.lock:
            return self.account.add_message(
                self.app, message_id=message_id, sent_at=sent_at, **message
            )

    def add_segment(self, name: str, **segment: Any) -> Segment:
        """Give the first app a segment: other fields as of :class:`.Segment`."""
        with self.account.lock:
            return self.account.add_segment(self.app, name=name, **segment)

    def set_outcome(self, name: str, value: float) -> None:
        """Fix an outcome such as ``os__click.count``, for every window, platform, attribution."""
        with self.account.lock:
            self.app.fixed_outcomes[name] = value

    def record_outcome(self, name: str, *, ago: float = 0.0, **outcome: Any) -> None:
        """Let users have done something, which is seen in the windows it falls in.

        :param name: without ``.sum`` or ``.count``.
        :param ago: seconds ago.
        :param outcome: the other fields of :class:`.OutcomeEvent`.
        """
        at = self.account.clock.now() - ago
        with self.account.lock:
            self.app.outcomes.append(OutcomeEvent(name=name, at=at, **outcome))

    def _apps(self) -> tuple[ASGIApp, ASGIApp]:
        control = Control(
            self.account,
            api_faults=self.faults,
            file_faults=self.files.faults,
            files_url=self.files_url,
        )
        api = ApiApp(self.account, self.faults, control=control.app, files_url=self.files_url)
        return api, FilesApp(self.account, self.files.faults)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        pairs = zip(self._servers, self._sockets, strict=True)
        await asyncio.gather(*(server.serve(sockets=[each]) for server, each in pairs))


def _listen(host: str, port: int) -> socket.socket:
    return socket.create_server((host, port), backlog=2048)


def _url(host: str, listening: socket.socket) -> str:
    return f"http://{host}:{listening.getsockname()[1]}"


def _server(app: ASGIApp) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            http=Wire,
            lifespan="off",
            ws="none",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            backlog=2048,
        )
    )
