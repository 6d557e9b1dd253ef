"""OneSignal on your machine, to test DAGs against: its API, its export files, faults on demand.

Needs the extra ``testing``: ``pip install 'airflow-provider-onesignal[testing]'``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .exports import Content, Export
    from .faults import Fault, Faults
    from .origin import Origin
    from .server import Emulator
    from .state import App, Message, OutcomeEvent, RecordedRequest, Segment, Settings, User

__all__ = [
    "App",
    "Content",
    "Emulator",
    "Export",
    "Fault",
    "Faults",
    "Message",
    "Origin",
    "OutcomeEvent",
    "RecordedRequest",
    "Segment",
    "Settings",
    "User",
]

_HOMES = {
    "Content": "exports",
    "Emulator": "server",
    "Export": "exports",
    "Fault": "faults",
    "Faults": "faults",
    "Origin": "origin",
}


def __getattr__(name: str) -> Any:
    """Load a name when it is asked for, so that a missing extra can be named."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(f".{_HOMES.get(name, 'state')}", __name__)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"starlette", "uvicorn"}:
            raise
        raise ImportError(
            f"The OneSignal emulator needs {error.name}: "
            "pip install 'airflow-provider-onesignal[testing]'"
        ) from error
    return getattr(module, name)
