"""How fast requests may leave."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable

_BURST = 0.05
"""Seconds by which a late request may be followed sooner, to make up for timers that oversleep."""
_TICK = 0.004
"""Shortest sleep: a few requests then leave together, which costs less than a timer for each."""


class Pace:
    """
    A token bucket that all requests of a task take their turn from.

    No second has more turns than ``per_second``, wherever it begins.

    :param per_second: turns a second; below 1 for one in several seconds
    :param clock: seconds from any point in time
    :param sleep: waits the given seconds
    """

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._interval = 1 / per_second
        most = math.ceil(per_second)
        self._window = most * self._interval
        self._recent: deque[float] = deque([-math.inf] * most, maxlen=most)
        self._clock, self._sleep = clock, sleep
        self._due = self._held_until = -math.inf
        self._queue = asyncio.Lock()

    async def turn(self) -> None:
        """Wait for a turn; first come, first served."""
        async with self._queue:
            while (delay := self._next() - self._clock()) > 0:
                await self._sleep(max(delay, _TICK))
            now = self._clock()
            self._due = max(self._due, now - _BURST) + self._interval
            self._recent.append(now)

    def hold(self, seconds: float) -> None:
        """Let nobody have a turn for some time, because OneSignal asked for that."""
        self._held_until = max(self._held_until, self._clock() + seconds)

    def _next(self) -> float:
        return max(self._due, self._held_until, self._recent[0] + self._window)
