"""Sends rows: at a pace, several requests at a time, each row until it is settled."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from airflow_provider_onesignal.exceptions import (
    OneSignalConflictError,
    OneSignalError,
    OneSignalInvalidRequestError,
    OneSignalNotFoundError,
    OneSignalRateLimitError,
    OneSignalTransientError,
)
from airflow_provider_onesignal.http_policy import backoff
from airflow_provider_onesignal.rows import Sender
from airflow_provider_onesignal.rows.lanes import Lanes, Work
from airflow_provider_onesignal.rows.ledger import Ledger
from airflow_provider_onesignal.rows.pace import Pace
from airflow_provider_onesignal.rows.source import Entry, Source
from airflow_provider_onesignal.rows.threads import in_thread

log = logging.getLogger(__name__)

SAVE_EVERY = 5.0
"""Seconds between two times that the progress is kept."""
REPORT_EVERY = 15.0
"""Seconds between two lines of the log."""
_MOST_WAITING = 10_000
_MOST_LETTERS = 5_000
_LONGEST_HOLD = 300.0
_LAST_ANSWERS = 5.0
"""Seconds to wait for requests that are under way when a run fails."""
_PATIENCE = 900.0
"""Seconds after which a run gives up where OneSignal answers nothing but "too many requests", or
fails to answer some request while it answers others."""


_REFUSALS = (OneSignalConflictError, OneSignalInvalidRequestError, OneSignalNotFoundError)


class _RefusedError(Exception):
    """A request was refused because of its rows, for this reason."""


class Engine:
    """
    One run.

    :param source: the rows
    :param sender: what they become, and how they are sent
    :param pace: when requests may leave
    :param ledger: what came of each row
    :param attempts: tries of a request that OneSignal fails to answer
    """

    def __init__(
        self, source: Source, sender: Sender, *, pace: Pace, ledger: Ledger, attempts: int
    ) -> None:
        self._source, self._sender, self._pace, self._ledger = source, sender, pace, ledger
        self._attempts = attempts
        self._lanes = Lanes(rows=sender.rows_per_request, size=sender.bytes_per_request)
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: Exception | None = None
        self._is_fed = False
        self._answered_at: float | None = None
        """When OneSignal last decided on a request; None before it has accepted the key."""
        self._resting: deque[tuple[float, list[Work]]] = deque()
        """What was settled, and when its keys may go on."""
        self._wake, self._room, self._end = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        """
        Send all rows.

        Whatever ends it, what came of the rows is kept first, unless the task is killed.

        :raises OneSignalError: the run cannot go on
        """
        feeding, keeping = (
            asyncio.create_task(self._guarded(each())) for each in (self._feed, self._keep)
        )
        await self._dispatch()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_LAST_ANSWERS)
        self._end.set()
        feeding.cancel()
        await keeping
        await self._ledger.save(self._source)
        if self._failure is not None:
            raise self._failure
        self._ledger.check_rejects(at_end=True)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """Let an error end the run, and not only a task that nobody waits for."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - raised by run()
            self._failure = self._failure or error
        self._wake.set()

    async def _feed(self) -> None:
        chunks = self._source.chunks()
        coming = asyncio.create_task(in_thread(next, chunks, None))
        while (entries := await coming) is not None:
            coming = asyncio.create_task(in_thread(next, chunks, None))
            await self._take_up(entries)
            while not self._has_room():
                self._room.clear()
                await self._room.wait()
        self._is_fed = True

    async def _take_up(self, entries: Sequence[Entry]) -> None:
        for ordinal, row, item, reason in entries:
            self._ledger.progress.begin(ordinal)
            if item is None:
                self._ledger.refuse(ordinal, row, reason)
            else:
                self._lanes.add(Work(ordinal, row, item))
        self._ledger.check_rejects()
        if len(self._ledger.dead_letter) > _MOST_LETTERS:
            await self._ledger.save(self._source)
        self._wake.set()

    def _has_room(self) -> bool:
        enough = 2 * max(self._sender.rows_per_request, self._sender.concurrency)
        return self._lanes.ready < enough and len(self._lanes) < _MOST_WAITING

    async def _keep(self) -> None:
        reporter = _Reporter(self._source, self._ledger)
        while not self._end.is_set():
            try:
                await asyncio.wait_for(self._end.wait(), SAVE_EVERY)
            except TimeoutError:
                await self._ledger.save(self._source)
                reporter.report()

    async def _dispatch(self) -> None:
        while self._failure is None:
            self._wake.clear()
            self._release_rested()
            if self._is_fed and not self._tasks and not len(self._lanes):
                return
            if batch := self._next_batch():
                await self._pace.turn()
                if self._failure is None:
                    self._start(batch)
            else:
                await self._change()

    def _next_batch(self) -> list[Work]:
        # A wrong key, plan or host is found by the first request, and no other is sent.
        most = 1 if self._answered_at is None else self._sender.concurrency
        if len(self._tasks) >= most:
            return []
        batch = self._lanes.take(partly=self._is_fed or len(self._lanes) >= _MOST_WAITING)
        if self._has_room():
            self._room.set()
        return batch

    async def _change(self) -> None:
        """Wait until an answer, more rows or the end of a rest may allow another request."""
        timer = None
        if self._resting:
            timer = asyncio.get_running_loop().call_at(self._resting[0][0], self._wake.set)
        await self._wake.wait()
        if timer is not None:
            timer.cancel()

    def _start(self, batch: list[Work]) -> None:
        task = asyncio.create_task(self._guarded(self._settle(batch)))
        self._tasks.add(task)
        task.add_done_callback(self._end_of)

    def _end_of(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._wake.set()

    def _release_rested(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._resting and self._resting[0][0] <= now:
            self._lanes.release(self._resting.popleft()[1])

    async def _settle(self, batch: list[Work]) -> None:
        parts = [batch]
        while parts:
            part = parts.pop()
            try:
                reasons = await self._send(part)
            except _RefusedError as error:
                if len(part) > 1:
                    half = len(part) // 2
                    parts += [part[half:], part[:half]]
                    await self._pace.turn()
                    continue
                reasons = [str(error)]
            self._note(part, reasons)
            if parts:
                await self._pace.turn()
        self._resting.append((asyncio.get_running_loop().time() + self._sender.spacing, batch))

    def _note(self, part: list[Work], reasons: Sequence[str]) -> None:
        for work, reason in zip(part, reasons, strict=True):
            if reason:
                self._ledger.refuse(work.ordinal, work.row, reason)
            else:
                self._ledger.accept(work.ordinal)
        self._ledger.check_rejects()

    async def _send(self, part: list[Work]) -> Sequence[str]:
        """Send a request whose turn it is, as often as it takes."""
        failures, failing_since = 0, time.monotonic()
        while True:
            try:
                reasons = await self._sender.send([work.item for work in part])
            except OneSignalTransientError as error:
                failures += not isinstance(error, OneSignalRateLimitError)
                self._hold(error)
                if self._is_hopeless(error, failures, failing_since):
                    raise
                await asyncio.sleep(max(self._sender.spacing, _delay(failures)))
                await self._pace.turn()
                if self._failure is not None:
                    raise
            except OneSignalError as error:
                if not self._is_refusal(error):
                    raise
                self._answered_at = time.monotonic()
                raise _RefusedError(_reason(error)) from error
            else:
                self._answered_at = time.monotonic()
                return reasons

    def _is_refusal(self, error: OneSignalError) -> bool:
        """Return whether an error is about the rows of a request, and not about all requests."""
        return isinstance(error, _REFUSALS) and error.status_code in self._sender.refused_statuses

    def _hold(self, error: OneSignalTransientError) -> None:
        """Hold all requests back where OneSignal asks for it."""
        if error.retry_after is not None:
            self._pace.hold(min(error.retry_after, _LONGEST_HOLD))
        elif isinstance(error, OneSignalRateLimitError):
            self._pace.hold(1.0)

    def _is_hopeless(
        self, error: OneSignalTransientError, failures: int, failing_since: float
    ) -> bool:
        """
        Return whether it is no use to try again.

        :raises _RefusedError: because of the rows, for others are answered
        """
        others = self._answered_at is not None and self._answered_at > failing_since
        too_long = time.monotonic() - failing_since > _PATIENCE
        if failures < self._attempts:
            return too_long and not others
        if others and error.status_code == 500:
            raise _RefusedError(_reason(error)) from error
        return too_long or not others


class _Reporter:
    """Writes to the log how far a run has come."""

    def __init__(
        self, source: Source, ledger: Ledger, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._source, self._ledger, self._clock = source, ledger, clock
        self._began = clock()
        self._first = ledger.progress.settled
        self._due = self._began + REPORT_EVERY

    def report(self) -> None:
        """Write a line if it is time."""
        if (now := self._clock()) < self._due:
            return
        self._due = now + REPORT_EVERY
        progress, seconds = self._ledger.progress, now - self._began
        log.info(
            "%s rows settled, %.0f a second, %s refused%s",
            f"{progress.settled:,}",
            (progress.settled - self._first) / seconds,
            f"{progress.refused:,}",
            _left(self._source.share, seconds),
        )


def _left(share: float | None, seconds: float) -> str:
    if not share:
        return ""
    return f", {share:.0%} read, about {seconds * (1 - share) / share / 60:.0f} min left"


def _delay(failures: int) -> float:
    return backoff(failures, first=1.0, longest=30.0) if failures else 0.0


def _reason(error: Exception) -> str:
    said = "; ".join(getattr(error, "messages", ()))
    status = getattr(error, "status_code", None)
    return f"HTTP {status}: {said}" if said else str(error)
