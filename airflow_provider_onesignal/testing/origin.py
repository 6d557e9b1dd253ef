"""What a test sees of the API's origin, and of that of the files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .faults import Fault, Faults
from .state import RecordedRequest


class Origin:
    """One origin of an emulator: what it was asked, and what it does wrong.

    :param url: scheme, host and port.
    :param faults: its faults.
    :param requests: where its requests are recorded.
    """

    def __init__(self, url: str, faults: Faults, requests: Iterable[RecordedRequest]) -> None:
        self.url = url
        self.faults = faults
        self._requests = requests

    @property
    def requests(self) -> list[RecordedRequest]:
        """Every request so far, oldest first."""
        return list(self._requests)

    def fail(self, on: str | None = None, **fault: Any) -> Fault:
        """Let the next request that matches go wrong.

        :param on: an operation, or a path with ``*``; None for any request.
        :param fault: the other fields of :class:`.Fault`, such as ``status=503, times=2``.
        :return: the fault, which counts its ``hits``.
        """
        return self.faults.add(Fault(on=on, **fault))
