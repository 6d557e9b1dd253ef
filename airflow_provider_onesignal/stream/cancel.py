"""Giving a copy up from outside of it."""

from __future__ import annotations

import threading

from airflow_provider_onesignal.stream.sink import CancellableReadable


class Cancellation:
    """Ends a copy, also from a signal's handler: its reads fail, and its sink leaves nothing."""

    def __init__(self) -> None:
        self._is_cancelled = False
        self._reader: CancellableReadable | None = None

    def watch(self, reader: CancellableReadable) -> None:
        """Say what is being read."""
        self._reader = reader
        if self._is_cancelled:
            reader.cancel()

    def cancel(self) -> None:
        """Give the copy up, or the next one, where none is under way."""
        self._is_cancelled = True
        if self._reader is not None:
            # the thread that a signal interrupted may hold the very locks that this takes
            threading.Thread(target=self._reader.cancel, name="cancellation", daemon=True).start()
