"""The API origin: which operations there are, who may call them, how an answer leaves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.routing import compile_path

from . import errors, exporting, outcomes, segments, users
from .calls import Answer, Call, Handler, app_id_of
from .control import PREFIX
from .errors import Refusal, refuse
from .recording import record
from .wire import Cut, before_answer, send_answer, send_fault, wait_for_end

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from .faults import Faults
    from .state import Account, App, RecordedRequest

_BODIES = {"POST", "PATCH", "PUT"}


class Operation:
    """One operation of the API.

    :param name: what faults, recorded requests and settings call it.
    :param method: HTTP method.
    :param path: path with parameters in braces.
    :param handler: does it.
    """

    def __init__(self, name: str, method: str, path: str, handler: Handler) -> None:
        self.name = name
        self.method = method
        self.handler = handler
        self._regex, _, _ = compile_path(path)

    def match(self, path: str) -> dict[str, str] | None:
        """The path's parameters if it is this operation's."""
        found = self._regex.match(path)
        return found.groupdict() if found else None


_SEGMENTS = "/apps/{app_id}/segments"

OPERATIONS = (
    Operation("create_segment", "POST", _SEGMENTS, segments.create_segment),
    Operation("list_segments", "GET", _SEGMENTS, segments.list_segments),
    Operation("get_segment", "GET", f"{_SEGMENTS}/{{segment_id}}", segments.get_segment),
    Operation("update_segment", "PATCH", f"{_SEGMENTS}/{{segment_id}}", segments.update_segment),
    Operation("delete_segment", "DELETE", f"{_SEGMENTS}/{{segment_id}}", segments.delete_segment),
    Operation("create_user", "POST", "/apps/{app_id}/users", users.create_user),
    Operation("get_outcomes", "GET", "/apps/{app_id}/outcomes", outcomes.get_outcomes),
    Operation("csv_export", "POST", "/players/csv_export", exporting.csv_export),
    Operation(
        "export_events",
        "POST",
        "/notifications/{message_id}/export_events",
        exporting.export_events,
    ),
    Operation(
        "message_history", "POST", "/notifications/{message_id}/history", exporting.message_history
    ),
)


@dataclass(frozen=True)
class Matched:
    """The operation a request is for, and its path parameters."""

    operation: Operation | None
    path: Mapping[str, str]

    @property
    def name(self) -> str:
        """The operation's name, empty if there is none."""
        return self.operation.name if self.operation else ""


class ApiApp:
    """The API origin as an ASGI app.

    :param account: what it serves.
    :param faults: what to do wrong.
    :param control: serves the paths below :data:`.control.PREFIX`.
    :param files_url: origin of the files.
    """

    def __init__(
        self, account: Account, faults: Faults, *, control: ASGIApp, files_url: str
    ) -> None:
        self._account = account
        self._faults = faults
        self._control = control
        self._files_url = files_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        if scope["path"].startswith(PREFIX):
            await self._control(scope, receive, send)
            return
        matched = find(scope["method"], scope["path"])
        request = await record(scope, receive, self._account.requests, matched.name)
        try:
            await self._answer(scope, send, request, matched)
        except Cut:
            await wait_for_end(receive)

    async def _answer(
        self, scope: Scope, send: Send, request: RecordedRequest, matched: Matched
    ) -> None:
        fault = self._faults.strike(matched.name, request.method, request.path)
        replaced = fault is not None and (fault.answers or fault.cut_at == 0)
        answer = None
        if fault is None or fault.acted or not replaced:
            answer = self._act(scope, request, matched)
        await before_answer(scope, fault)
        if fault is not None and fault.answers:
            await send_fault(scope, send, fault)
        elif answer is not None:
            status, body = answer
            headers = {"content-type": "application/json; charset=utf-8"}
            headers |= {
                name.lower(): value for name, value in (fault.headers if fault else {}).items()
            }
            await send_answer(
                scope,
                send,
                status=status,
                headers=headers,
                body=json.dumps(body).encode(),
                fault=fault,
            )

    def _act(self, scope: Scope, request: RecordedRequest, matched: Matched) -> Answer:
        try:
            with self._account.lock:
                return self._call(scope, request, matched)
        except Refusal as refusal:
            return refusal.status, refusal.body

    def _call(self, scope: Scope, request: RecordedRequest, matched: Matched) -> Answer:
        if matched.operation is None:
            raise refuse(404, errors.NOT_FOUND)
        check_content_type(request)
        query = parse_qs(scope["query_string"].decode(), keep_blank_values=True)
        app = self._authorized_app(matched, request, query)
        if matched.name in self._account.settings.not_on_plan:
            success = {"success": False} if matched.name == "update_segment" else {}
            raise refuse(403, errors.PLAN, **success)
        return matched.operation.handler(
            Call(
                account=self._account,
                app=app,
                path=matched.path,
                query=query,
                body=json_object(request),
                files_url=self._files_url,
            )
        )

    def _authorized_app(
        self, matched: Matched, request: RecordedRequest, query: Mapping[str, list[str]]
    ) -> App:
        authorization = request.headers.get("authorization")
        if authorization is None and matched.name != "create_user":
            raise without_key(matched.name)
        app = self._account.apps.get(app_id_of(query, request.json, matched.path))
        if app is not None and (authorization is None or opens(authorization, app)):
            return app
        raise (
            refuse(401, errors.EVENTS_KEY)
            if matched.name == "export_events"
            else refuse(403, errors.ACCESS_DENIED)
        )


def find(method: str, path: str) -> Matched:
    """The operation for a request, also below the old ``/api/v1``."""
    path = path.removeprefix("/api/v1")
    for operation in OPERATIONS:
        if operation.method == method and (parameters := operation.match(path)) is not None:
            return Matched(operation, parameters)
    return Matched(None, {})


def opens(authorization: str, app: App) -> bool:
    """Whether this header holds the app's key, in the scheme that goes with its kind."""
    scheme, _, key = authorization.partition(" ")
    allowed = {"key"} if app.api_key.startswith("os_v2_") else {"key", "basic"}
    return scheme.lower() in allowed and key.strip() == app.api_key


def without_key(operation: str) -> Refusal:
    """What a request without Authorization hears."""
    if operation == "export_events":
        return refuse(401, errors.EVENTS_KEY)
    if operation.endswith(("segment", "segments")):
        return refuse(400, errors.NO_AUTHORIZATION)
    return refuse(403, errors.ACCESS_DENIED)


def check_content_type(request: RecordedRequest) -> None:
    """Refuse a body that does not say it is JSON."""
    if request.method in _BODIES and request.body_size:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise refuse(400, errors.NO_CONTENT_TYPE, reference=[errors.KEYS_PAGE])


def json_object(request: RecordedRequest) -> dict[str, Any]:
    """The body as an object; nothing is an empty one."""
    if not request.body_size:
        return {}
    if not isinstance(request.json, dict):
        raise refuse(400, "Request is malformed: the body must be a JSON object")
    return request.json
