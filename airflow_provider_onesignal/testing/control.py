"""Control over HTTP, for tests in another process than the emulator.

Everything is below ``/__emulator__`` at the API origin, and needs no key:

==========================  ====================================================================
GET /state                  settings, apps, exports (URL, state, rows, bytes), violations, time
GET /requests               what the API was asked, oldest first
GET /files/requests         what the files origin was asked
PATCH /settings             change settings: ``{"rows": 5, "ready_after": 2}``
GET, POST, DELETE /faults   the API's faults: list, add one (fields of ``Fault``), remove all
... /files/faults           the same for the files origin
POST /clock                 ``{"advance": seconds}``
POST /messages              add a message: ``{"id", "channel", "sent_ago", "recipients"}``
POST /outcomes              ``{"os__click.count": 4}``
POST /busy                  ``{"seconds": n}``: somebody else's export takes the account's slot
POST /reset                 go back to how it started
==========================  ====================================================================
"""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from .faults import Fault, Faults

if TYPE_CHECKING:
    from starlette.requests import Request

    from .exports import Export
    from .state import Account, RecordedRequest

PREFIX = "/__emulator__"


class Control:
    """The control API over an account and the faults of both origins."""

    def __init__(
        self, account: Account, *, api_faults: Faults, file_faults: Faults, files_url: str
    ) -> None:
        self._account = account
        self._faults = {"api": api_faults, "files": file_faults}
        self._files_url = files_url
        self.app = Starlette(
            routes=[
                Route(f"{PREFIX}/state", self._state),
                Route(f"{PREFIX}/requests", self._requests),
                Route(f"{PREFIX}/files/requests", self._downloads),
                Route(f"{PREFIX}/settings", self._settings, methods=["PATCH"]),
                Route(f"{PREFIX}/faults", self._api_faults, methods=["GET", "POST", "DELETE"]),
                Route(
                    f"{PREFIX}/files/faults", self._file_faults, methods=["GET", "POST", "DELETE"]
                ),
                Route(f"{PREFIX}/clock", self._clock, methods=["POST"]),
                Route(f"{PREFIX}/messages", self._messages, methods=["POST"]),
                Route(f"{PREFIX}/outcomes", self._outcomes, methods=["POST"]),
                Route(f"{PREFIX}/busy", self._busy, methods=["POST"]),
                Route(f"{PREFIX}/reset", self._reset, methods=["POST"]),
            ],
            exception_handlers={ValueError: _bad_request, TypeError: _bad_request},
        )

    def _state(self, _: Request) -> JSONResponse:
        with self._account.lock:
            now = self._account.clock.now()
            settings = asdict(self._account.settings)
            settings["not_on_plan"] = sorted(settings["not_on_plan"])
            exports = [self._export(each, now) for each in self._account.exports.values()]
            return JSONResponse(
                {
                    "now": now,
                    "settings": settings,
                    "apps": sorted(self._account.apps),
                    "exporting": self._account.is_exporting(),
                    "exports": exports,
                    "violations": self._account.violations,
                }
            )

    def _export(self, export: Export, now: float) -> dict[str, Any]:
        state = "ready" if export.is_there(now) else "expired"
        return {
            "url": self._files_url + export.path,
            "operation": export.operation,
            "state": "generating" if export.is_generating(now) else state,
            "rows": export.content.count,
            "bytes": export.content.size,
            "etag": export.content.etag,
        }

    async def _requests(self, _: Request) -> JSONResponse:
        return JSONResponse([_shown(each) for each in list(self._account.requests)])

    async def _downloads(self, _: Request) -> JSONResponse:
        return JSONResponse([_shown(each) for each in list(self._account.downloads)])

    async def _settings(self, request: Request) -> JSONResponse:
        values = await request.json()
        settings = self._account.settings
        known = {each.name for each in fields(settings)}
        if unknown := sorted(set(values) - known):
            raise ValueError(f"there is no setting {', '.join(unknown)}")
        for name, value in values.items():
            setattr(settings, name, frozenset(value) if name == "not_on_plan" else value)
        return JSONResponse({})

    async def _api_faults(self, request: Request) -> JSONResponse:
        return await _change_faults(self._faults["api"], request)

    async def _file_faults(self, request: Request) -> JSONResponse:
        return await _change_faults(self._faults["files"], request)

    async def _clock(self, request: Request) -> JSONResponse:
        self._account.clock.advance(float((await request.json())["advance"]))
        return JSONResponse({"now": self._account.clock.now()})

    async def _messages(self, request: Request) -> JSONResponse:
        values = await request.json()
        message_id, ago = values.pop("id", None), values.pop("sent_ago", 0)
        with self._account.lock:
            app = self._account.apps[values.pop("app_id", self._account.settings.app_id)]
            sent_at = self._account.clock.now() - ago
            message = self._account.add_message(
                app, message_id=message_id, sent_at=sent_at, **values
            )
        return JSONResponse({"id": message.id})

    async def _outcomes(self, request: Request) -> JSONResponse:
        values = await request.json()
        with self._account.lock:
            self._account.apps[self._account.settings.app_id].fixed_outcomes.update(values)
        return JSONResponse({})

    async def _busy(self, request: Request) -> JSONResponse:
        seconds = float((await request.json())["seconds"])
        self._account.busy_until = self._account.clock.now() + seconds
        return JSONResponse({})

    async def _reset(self, _: Request) -> JSONResponse:
        self._account.reset()
        for faults in self._faults.values():
            faults.clear()
        return JSONResponse({})


async def _change_faults(faults: Faults, request: Request) -> JSONResponse:
    if request.method == "DELETE":
        faults.clear()
    elif request.method == "POST":
        faults.add(Fault.from_dict(await request.json()))
    return JSONResponse([each.to_dict() for each in faults.all()])


def _shown(request: RecordedRequest) -> dict[str, Any]:
    shown = asdict(request)
    if "authorization" in shown["headers"]:
        shown["headers"]["authorization"] = "***"
    return shown


async def _bad_request(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, status_code=400)
