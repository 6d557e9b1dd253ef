"""What the emulator knows: one account, its apps, and what was asked of it."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections import deque
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import Any

from .blocks import Packing
from .clock import Clock
from .exports import Content, Export

APP_ID = "3f9a1c52-7d04-4b8e-9a61-5c0e2d7b8f14"
MESSAGE_ID = "b7c1d0aa-52e3-4f6b-8a7d-1e9f03c4d526"
DAY = 86_400.0

STATUSES = {
    "create_segment": 201,
    "list_segments": 200,
    "create_user": 201,
    "update_user": 202,
    "message_history": 202,
}


@dataclass(kw_only=True)
class Settings:
    """How the emulator behaves; may be changed while it runs.

    :param app_id: App ID of the first app.
    :param api_key: its API key; made from the App ID when not given, as OneSignal's keys are.
    :param seed: another seed gives other files.
    :param rows: rows of an export of all subscriptions, and of a message's events and history.
    :param ready_after: seconds until an export's file is there.
    :param ready_after_polls: how many requests for the file find nothing before one finds it.
    :param not_ready_status: 404 (as Google Cloud Storage says it) or 403 (as S3 does).
    :param expires_after: seconds from the request until the file is gone.
    :param busy_status: status of the refusal while another export is running.
    :param packing: "gzip" for one gzip member, "gzip-members" for one every 2,000 rows.
    :param statuses: status by operation where the official descriptions disagree, such as
        ``{"message_history": 200}``; see :data:`STATUSES`.
    :param not_on_plan: operations that the account's plan does not include.
    :param max_segments: how many segments of its own an app may have.
    :param month_days: days of the outcomes window "1mo"; None for back to the same day of the month
        before, as which of the two OneSignal means is not documented.
    :param strict: refuse fields that OneSignal does not document.
    """

    app_id: str = APP_ID
    api_key: str = ""
    seed: int = 0
    rows: int = 1000
    ready_after: float = 0.0
    ready_after_polls: int = 0
    not_ready_status: int = 404
    expires_after: float = 3 * DAY
    busy_status: int = 400
    packing: Packing = "gzip"
    statuses: dict[str, int] = field(default_factory=dict)
    not_on_plan: frozenset[str] = frozenset()
    max_segments: int = 1000
    month_days: int | None = None
    strict: bool = True

    def status(self, operation: str) -> int:
        """Status of a success."""
        return self.statuses.get(operation, STATUSES.get(operation, 200))


@dataclass(frozen=True, kw_only=True)
class RecordedRequest:
    """A request as it came.

    :param operation: such as "csv_export"; "download" at the files origin, "" if there is none.
    :param query: the last value of each parameter.
    :param headers: names in lower case.
    :param json: the decoded body, None where there is none or it is not JSON.
    :param body_size: bytes of the body.
    """

    operation: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    json: Any = None
    body_size: int = 0


@dataclass(kw_only=True)
class Segment:
    """A segment of an app."""

    id: str
    name: str
    filters: list[dict[str, Any]]
    created_at: float
    updated_at: float
    description: str = ""
    source: str = "custom"
    subscribers: int = 100


@dataclass(kw_only=True)
class User:
    """A user: aliases (``onesignal_id`` among them), properties, subscriptions."""

    identity: dict[str, str]
    properties: dict[str, Any] = field(default_factory=dict)
    subscriptions: list[dict[str, Any]] = field(default_factory=list)


@dataclass(kw_only=True)
class Message:
    """A message that was sent.

    :param recipients: rows of its events and history; None means as many as ``Settings.rows``.
    :param history: whether "Send History via OneSignal API" was on when it was sent.
    """

    id: str
    sent_at: float
    channel: str = "push"
    recipients: int | None = None
    history: bool = True


@dataclass(kw_only=True)
class OutcomeEvent:
    """Something that users did, ``count`` times, worth ``value`` each."""

    name: str
    at: float
    count: int = 1
    value: float = 1
    platform: int = 0
    attribution: str = "direct"


@dataclass(kw_only=True)
class App:
    """One app of the account."""

    id: str
    api_key: str
    segments: dict[str, Segment] = field(default_factory=dict)
    users: list[User] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    outcomes: list[OutcomeEvent] = field(default_factory=list)
    fixed_outcomes: dict[str, float] = field(default_factory=dict)


class Account:
    """All apps of one OneSignal account, which share one export slot.

    :param settings: how to behave.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._initial = replace(settings, statuses=dict(settings.statuses))
        self.lock = RLock()
        self.clock = Clock()
        self.apps: dict[str, App] = {}
        self.exports: dict[str, Export] = {}
        self.busy_until = 0.0
        self.requests: deque[RecordedRequest] = deque(maxlen=100_000)
        self.downloads: deque[RecordedRequest] = deque(maxlen=100_000)
        self.violations: list[str] = []
        self.reset()

    def reset(self) -> None:
        """Go back to how it all began, settings included."""
        with self.lock:
            for name, value in vars(replace(self._initial)).items():
                setattr(self.settings, name, value)
            self.settings.statuses = dict(self._initial.statuses)
            for memory in (self.apps, self.exports, self.requests, self.downloads, self.violations):
                memory.clear()
            self.clock = Clock()
            self.busy_until = 0.0
            app = self.add_app(self.settings.app_id, api_key=self.settings.api_key)
            self.settings.api_key = app.api_key
            self.add_message(app, message_id=MESSAGE_ID)

    def add_app(self, app_id: str | None = None, *, api_key: str = "") -> App:
        """Add an app with the segments every app starts with."""
        app_id = app_id or str(uuid.uuid4())
        app = App(id=app_id, api_key=api_key or mint_key(app_id, self.settings.seed))
        self.apps[app_id] = app
        for name in ("Subscribed Users", "Active Users", "Engaged Users", "Inactive Users"):
            segment_id = str(uuid.uuid5(uuid.UUID(app_id), name))
            self.add_segment(app, id=segment_id, name=name, source="default")
        return app

    def add_segment(self, app: App, **values: Any) -> Segment:
        """Add a segment; what is not said is made up."""
        now = self.clock.now()
        made_up = {"id": str(uuid.uuid4()), "filters": [], "created_at": now, "updated_at": now}
        segment = Segment(**{**made_up, **values})
        app.segments[segment.id] = segment
        return segment

    def add_message(self, app: App, *, message_id: str | None = None, **values: Any) -> Message:
        """Let a message have been sent, by default just now."""
        values.setdefault("sent_at", self.clock.now())
        message = Message(id=message_id or str(uuid.uuid4()), **values)
        app.messages[message.id] = message
        return message

    def is_exporting(self) -> bool:
        """Whether the account's export slot is taken."""
        now = self.clock.now()
        return now < self.busy_until or any(
            export.is_generating(now)
            for export in self.exports.values()
            if export.operation != "message_history"
        )

    def add_export(self, app: App, *, operation: str, path: str, content: Content) -> Export:
        """Begin to generate a file."""
        now = self.clock.now()
        export = Export(
            path=path,
            operation=operation,
            app_id=app.id,
            content=content,
            created_at=now,
            ready_at=now + self.settings.ready_after,
            polls_left=self.settings.ready_after_polls,
            expires_at=now + self.settings.expires_after,
        )
        self.exports[path] = export
        return export


def mint_key(app_id: str, seed: int = 0) -> str:
    """An API key as OneSignal makes them: its first 16 bytes are the App ID."""
    secret = hashlib.sha512(f"{app_id}/{seed}".encode()).digest()[:48]
    text = base64.b32encode(uuid.UUID(app_id).bytes + secret).decode()
    return "os_v2_app_" + text.lower().rstrip("=")
