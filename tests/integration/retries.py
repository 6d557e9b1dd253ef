"""The patience of the stores' own clients: decided as ever, and not waited."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest


class _Clock:
    """Stands in for the module ``time`` where a client waits: sleeping takes no time."""

    def __init__(self) -> None:
        self._slept = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self._slept

    def sleep(self, seconds: float) -> None:
        self._slept += seconds


def hurry_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let boto, Google's client and s3fs repeat their requests as often as ever, at once."""
    clock = _Clock()
    monkeypatch.setattr("botocore.endpoint.time", clock)
    for module in ("retry_base", "retry_unary"):
        monkeypatch.setattr(f"google.api_core.retry.{module}.time", clock)
    import asyncio

    async def at_once(_: float, result: Any = None) -> Any:
        return result

    hurried = SimpleNamespace(**{**vars(asyncio), "sleep": at_once})
    monkeypatch.setattr("aiobotocore.endpoint.asyncio", hurried)
    monkeypatch.setattr("s3fs.core.asyncio", hurried)
