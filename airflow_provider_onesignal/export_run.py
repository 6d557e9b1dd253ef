"""
One export's life: ask for it, wait its turn, wait for its file, be done.

Plain objects that a task, a sensor or a test holds; nothing in here knows Airflow.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow_provider_onesignal.api.retries import MAX_RETRY_AFTER, jittered, turn_delay
from airflow_provider_onesignal.exceptions import (
    OneSignalError,
    OneSignalExportInProgressError,
    OneSignalExportTimeoutError,
    OneSignalServerError,
)
from airflow_provider_onesignal.readiness import EXPORT_LIFETIME, ExportEvent, Probe, wait_state
from airflow_provider_onesignal.redaction import describe_url, mask_url

if TYPE_CHECKING:
    from airflow_provider_onesignal.exports import ExportRequest
    from airflow_provider_onesignal.hooks.onesignal import OneSignalHook

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class StartedExport:
    """
    An export OneSignal is working on, or has finished.

    :param url: the URL of its file, which opens personal data
    :param started_at: seconds since the epoch
    :param fingerprint: of the request that started it
    """

    url: str
    started_at: float
    fingerprint: str

    def to_json(self) -> dict[str, Any]:
        """Return what Airflow can keep."""
        return {"url": self.url, "started_at": self.started_at, "fingerprint": self.fingerprint}

    @classmethod
    def from_json(cls, kept: Any) -> StartedExport | None:
        """Read what :meth:`to_json` returned; None for anything else."""
        match kept:
            case {"url": str(url), "started_at": int() | float() as at, "fingerprint": str(mark)}:
                return cls(url=url, started_at=float(at), fingerprint=mark)
            case _:
                return None


class Wait(NamedTuple):
    """
    What to do before the next step.

    :param seconds: how long to wait for the account's export slot, or until the next poll
    :param started: the export whose file is awaited, None while waiting for the slot
    """

    seconds: float
    started: StartedExport | None


class Kept(NamedTuple):
    """
    What an earlier try left.

    :param started: its export, None if it asked for one and never learned the URL, or is done
    :param result: what it returned if it was done, else None
    """

    started: StartedExport | None
    result: Mapping[str, Any] | None = None


class ExportMemory:
    """
    Keeps an export for the next try of the task.

    :param state: Airflow's task state store (Airflow 3.3+); None to keep nothing
    :param max_tries: of the task, by which a retry is told from a cleared task
    """

    KEY = "onesignal_export"

    def __init__(self, state: Any | None, *, max_tries: int = 0) -> None:
        self._state = state
        self._max_tries = max_tries
        self.is_kept = False

    def recall(self, fingerprint: str) -> Kept | None:
        """
        Return what an earlier try left, unless it is of no use to this one.

        :param fingerprint: of the request at hand
        """
        kept: Any = None if self._state is None else self._state.get(self.KEY)
        match kept:
            case {"fingerprint": str(), "at": int() | float()}:
                if why := self._why_useless(kept, fingerprint):
                    log.info("%s", why)
                    return None
                started = StartedExport.from_json({**kept, "started_at": kept["at"]})
                self.is_kept = started is not None
                return Kept(started, kept.get("result"))
        return None

    def mark(self, fingerprint: str) -> None:
        """
        Note that OneSignal is about to be asked, so that a lost response is known to the next try.

        :param fingerprint: of the request
        """
        if self._state is not None:
            self._write({"fingerprint": fingerprint, "at": time.time()})

    def keep(self, started: StartedExport, *, result: Mapping[str, Any] | None = None) -> None:
        """
        Keep an export, or in its place what the task returns; if that fails, continue without.

        :param started: the export
        :param result: what the task returns, once it is done
        """
        if self._state is None:
            return
        record: dict[str, Any] = {"fingerprint": started.fingerprint, "at": started.started_at}
        if result is None:
            record["url"] = started.url
        else:
            record |= {"result": dict(result), "max_tries": self._max_tries}
        try:
            self._write(record)
            self.is_kept = True
        except Exception as error:  # noqa: BLE001 - the running export must not be lost to this
            log.warning(
                "The task state cannot be written (%s). This try continues; if it fails, the next "
                "one starts another export.",
                type(error).__name__,
            )

    def forget(self) -> None:
        """Let the next try start another export."""
        self.is_kept = False
        if self._state is None:
            return
        try:
            self._state.delete(self.KEY)
        except Exception as error:  # noqa: BLE001 - the failure that led here matters more
            log.warning(
                "The task state cannot be deleted (%s): the next try continues with the same "
                "export, for as long as its file is kept.",
                type(error).__name__,
            )

    def _write(self, record: dict[str, Any]) -> None:
        assert self._state is not None  # noqa: S101 - for the type checker
        self._state.set(self.KEY, record, retention=timedelta(seconds=EXPORT_LIFETIME))

    def _why_useless(self, kept: Mapping[str, Any], fingerprint: str) -> str | None:
        if kept["fingerprint"] != fingerprint:
            return "An earlier try exported with other parameters; a new export is needed."
        if time.time() - kept["at"] >= EXPORT_LIFETIME:
            return "The export of an earlier try is older than 3 days; a new export is needed."
        if "result" in kept and kept.get("max_tries") != self._max_tries:
            return "The task was cleared after it had succeeded; a new export is needed."
        return None


class ExportRun:
    """
    One export, from the request to the ready file.

    :param export: what to export
    :param hook: sends the requests
    :param memory: keeps the export for the next try
    :param deadline: until when to wait, in seconds since the epoch
    :param poll_interval: seconds between two polls of the file's URL
    :param on_conflict: if another export of the account is running: "wait" or "fail"
    :param wait_for_completion: wait for the file; else the run ends with the start of the export
    :param asked: how often the account's export slot was refused so far
    :param started: the export, if it is started already
    :param may_be_running: an earlier try asked for this export and never learned its URL
    """

    def __init__(
        self,
        export: ExportRequest,
        hook: OneSignalHook,
        *,
        memory: ExportMemory,
        deadline: float,
        poll_interval: float = 10.0,
        on_conflict: str = "wait",
        wait_for_completion: bool = True,
        asked: int = 0,
        started: StartedExport | None = None,
        may_be_running: bool = False,
    ) -> None:
        self.deadline = deadline
        self.asked = asked
        self.started = started
        self._export = export
        self._hook = hook
        self._memory = memory
        self._poll_interval = poll_interval
        self._on_conflict = on_conflict
        self._wait_for_completion = wait_for_completion
        self._may_be_running = may_be_running
        self._is_done = False
        if started is not None:
            mask_url(started.url)

    def recall(self) -> Mapping[str, Any] | None:
        """
        Take up what an earlier try left.

        :return: what that try returned, if it was done; None to continue with :meth:`step`
        """
        kept = self._memory.recall(self._fingerprint)
        if kept is None or kept.result is not None:
            return None if kept is None else kept.result
        if kept.started is None:
            self._may_be_running = True
            log.warning(
                "An earlier try asked OneSignal for this export and never learned its URL. It may "
                "be running and hold the account's only export slot: this try asks again, and "
                "waits for its turn."
            )
            return None
        self._take(kept.started)
        age = time.time() - kept.started.started_at
        log.info("Continuing with the export that an earlier try started %.0f s ago.", age)
        return None

    def step(self) -> StartedExport | Wait:
        """
        Start the export, or poll the file's URL once.

        :return: the export when the run has ended, else what to wait for before the next step
        :raises OneSignalExportInProgressError: with ``on_conflict="fail"``, another one is running
        :raises OneSignalExportError: the wait ended without a file
        :raises OneSignalError: OneSignal refuses the export
        """
        if self.started is None:
            try:
                self._take(self._start())
            except OneSignalExportInProgressError as refusal:
                return self._await_turn(refusal)
        assert self.started is not None  # noqa: S101 - for the type checker
        return self._poll(self.started) if self._wait_for_completion else self.started

    def conclude(self, end: ExportEvent) -> StartedExport:
        """
        Return the export if its wait ended with a ready file.

        :param end: how the wait ended
        :raises OneSignalExportError: it ended in any other way
        """
        assert self.started is not None  # noqa: S101 - for the type checker
        if end.status in ("expired", "failed"):
            self.give_up()
        end.raise_unless_ready(self.started.url)
        return self.started

    def done(self, result: Mapping[str, Any]) -> None:
        """
        Keep what the task returns in place of the export, for a try that follows a lost success.

        :param result: small, and JSON
        """
        self._is_done = True
        if self.started is not None:
            self._memory.keep(self.started, result=result)

    def give_up(self) -> None:
        """Let the next try start another export: the file of this one is of no use."""
        self._is_done = True
        self._memory.forget()

    def outlook(self) -> str:
        """Return what becomes of the export if the task is killed now, "" if there is none."""
        if self.started is None or self._is_done:
            return ""
        return (
            "The export continues at OneSignal; its file will be at "
            f"{describe_url(self.started.url)}."
            + (" The next try of this task continues with it." if self._memory.is_kept else "")
        )

    def carried(self) -> dict[str, Any]:
        """Return what a deferral has to carry so that the run can continue after it."""
        started = None if self.started is None else self.started.to_json()
        return {
            "deadline": self.deadline,
            "asked": self.asked,
            "started": started,
            "may_be_running": self._may_be_running,
        }

    @property
    def _fingerprint(self) -> str:
        return self._export.api_request(self._hook.app_id).fingerprint()

    def _take(self, started: StartedExport) -> None:
        mask_url(started.url)
        self.started = started

    def _start(self) -> StartedExport:
        fingerprint, started_at = self._fingerprint, time.time()
        self._memory.mark(fingerprint)
        try:
            url = self._hook.start_export(self._export)
        except OneSignalServerError:
            raise  # OneSignal may have acted: the mark stays
        except OneSignalError as error:
            if not (self._may_be_running and isinstance(error, OneSignalExportInProgressError)):
                self._memory.forget()
            raise
        mask_url(url)
        started = StartedExport(url=url, started_at=started_at, fingerprint=fingerprint)
        self._memory.keep(started)
        log.info("Export started; its file will be at %s", describe_url(url))
        return started

    def _await_turn(self, refusal: OneSignalExportInProgressError) -> Wait:
        left = self.deadline - time.time()
        if self._on_conflict == "fail" and not self._may_be_running:
            raise refusal
        self.asked += 1
        if left <= 0:
            raise OneSignalExportTimeoutError(
                f"Another export of this account was running at each of the {self.asked} attempts "
                "to start this one, until timeout. Raise timeout, or share a one-slot pool."
            ) from refusal
        seconds = min(turn_delay(self.asked, self._poll_interval), left)
        log.info(
            "Another export of this account is running; next attempt in %.0f s (attempts so far: "
            "%d)",
            seconds,
            self.asked,
        )
        return Wait(seconds, None)

    def _poll(self, started: StartedExport) -> StartedExport | Wait:
        now = time.time()
        seen = self._hook.probe_export(started.url)
        found = wait_state(
            seen, url=started.url, started_at=started.started_at, deadline=self.deadline, now=now
        )
        log.info("The export's file is %s (%s)", found.readiness, found.seen)
        if found.end is not None:
            return self.conclude(found.end)
        left = max(0.0, self.deadline - time.time())
        return Wait(min(pause_before_poll(self._poll_interval, seen), left), started)


def pause_before_poll(poll_interval: float, seen: Probe | None) -> float:
    """
    Return the seconds until the next poll, spread a little and not less than the host asks for.

    :param poll_interval: seconds between two polls
    :param seen: the last response, None before the first
    """
    asked = 0.0 if seen is None else seen.retry_after or 0.0
    return max(jittered(poll_interval), min(asked, MAX_RETRY_AFTER))
