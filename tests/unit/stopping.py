"""A task that is told to stop: what ``on_kill`` does in the handler of SIGTERM."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest

AT_MOST = 2.0
"""Seconds that a task may take to end."""


@contextmanager
def stopped(when: Event) -> Iterator[None]:
    """
    Send SIGTERM to this process when something has happened; the block must end for it, in time.

    :param when: set when the main thread is about to wait
    """

    def stop(*_: Any) -> None:
        raise SystemExit(143)

    told: list[float] = []

    def tell() -> None:
        if when.wait(10):
            time.sleep(0.02)  # until the main thread waits
            told.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, stop)
    teller = Thread(target=tell, daemon=True)
    teller.start()
    try:
        with pytest.raises(SystemExit) as caught:
            yield
    finally:
        teller.join()
        signal.signal(signal.SIGTERM, before)
    assert caught.value.code == 143
    assert time.monotonic() - told[0] < AT_MOST
