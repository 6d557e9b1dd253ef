"""Triggers of an export's life. They wait and poll, and never start anything."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

# Imported here and not in run(): an import there would block the loop of all triggers.
import asgiref.sync  # noqa: F401
from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_onesignal.api.async_client import file_prober
from airflow_provider_onesignal.connection import HttpSettings
from airflow_provider_onesignal.exceptions import (
    OneSignalConfigurationError,
    OneSignalExportTimeoutError,
)
from airflow_provider_onesignal.export_run import pause_before_poll
from airflow_provider_onesignal.hooks.connections import afile_settings
from airflow_provider_onesignal.readiness import ExportEvent, Probe, wait_state
from airflow_provider_onesignal.redaction import describe_url

_SHORTEST_PAUSE = 0.05
"""Seconds; a sensor may ask for none, which would leave the loop to nobody else."""


class OneSignalExportTrigger(BaseTrigger):
    """
    Wait in the triggerer until an export's file is ready.

    Its only event is an :class:`~airflow_provider_onesignal.readiness.ExportEvent` as a dict. All
    times are wall clock: the trigger may continue in another process.

    :param csv_file_url: the file's URL
    :param deadline: when to give up, in seconds since the epoch
    :param started_at: when the export was started, in seconds since the epoch; None if unknown
    :param poll_interval: seconds between two polls
    :param onesignal_conn_id: Airflow connection whose timeout, TLS and proxy settings are used
    """

    def __init__(
        self,
        csv_file_url: str,
        *,
        deadline: float,
        started_at: float | None = None,
        poll_interval: float = 10.0,
        onesignal_conn_id: str = "onesignal_default",
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.csv_file_url = csv_file_url
        self.deadline = deadline
        self.started_at = started_at
        self.poll_interval = poll_interval
        self.onesignal_conn_id = onesignal_conn_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what another triggerer needs to continue."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {
            "csv_file_url": self.csv_file_url,
            "deadline": self.deadline,
            "started_at": self.started_at,
            "poll_interval": self.poll_interval,
            "onesignal_conn_id": self.onesignal_conn_id,
        }

    def __repr__(self) -> str:
        """Show the trigger without the URL, which Airflow's own representation would reveal."""
        return f"<{type(self).__qualname__} {describe_url(self.csv_file_url)}>"

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll until the file is ready, cannot become ready, or the deadline has passed."""
        try:
            end = await self._wait()
        except OneSignalConfigurationError as error:
            end = ExportEvent(status="misconfigured", last_seen=str(error))
        except OneSignalExportTimeoutError as error:
            end = ExportEvent(status="timeout", last_seen=str(error))
        yield TriggerEvent(end.to_json())

    async def on_kill(self) -> None:
        """Log what becomes of the export, which OneSignal cannot cancel (Airflow 3.3+)."""
        # Airflow also calls this where another triggerer takes the wait over.
        self.log.info(
            "This triggerer no longer waits for the export, whose file will be at %s: the task was "
            "ended, or another triggerer has taken over. The export continues at OneSignal.",
            describe_url(self.csv_file_url),
        )

    async def _settings(self) -> HttpSettings:
        """Read the connection; a secrets backend that fails for a moment ends no wait."""
        while True:
            try:
                return await afile_settings(self.onesignal_conn_id)
            except OneSignalConfigurationError:
                raise
            except Exception as error:
                name = type(error).__name__
                if time.time() >= self.deadline:
                    raise OneSignalExportTimeoutError(
                        f"none, because the connection cannot be read ({name})"
                    ) from error
                self.log.warning("The connection cannot be read (%s); trying again", name)
            await self._pause(None)

    async def _pause(self, seen: Probe | None) -> None:
        pause = pause_before_poll(max(self.poll_interval, _SHORTEST_PAUSE), seen)
        await asyncio.sleep(max(0.0, min(pause, self.deadline - time.time())))

    async def _wait(self) -> ExportEvent:
        settings = await self._settings()
        seen: Probe | None = None
        end: ExportEvent | None = None
        async with file_prober(settings) as prober:
            while end is None:
                # First the pause: the operator has just polled, and a task that is resumed before
                # the scheduler has heard of its worker's end is taken for lost.
                await self._pause(seen)
                before, seen = seen, await prober.probe(self.csv_file_url)
                end = self._end(seen, before)
        return end

    def _end(self, seen: Probe, before: Probe | None) -> ExportEvent | None:
        found = wait_state(
            seen,
            url=self.csv_file_url,
            started_at=self.started_at,
            deadline=self.deadline,
            now=time.time(),
        )
        if found.end is not None or seen != before:
            file = describe_url(self.csv_file_url)
            self.log.info("Export file %s is %s (%s)", file, found.readiness, seen)
        return found.end


class OneSignalExportTurnTrigger(BaseTrigger):
    """
    Wait until it is time to ask again for the account's only export slot.

    :param ask_at: when, in seconds since the epoch
    """

    def __init__(self, *, ask_at: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.ask_at = ask_at

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what another triggerer needs to continue."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {"ask_at": self.ask_at}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Sleep until then."""
        await asyncio.sleep(max(0.0, self.ask_at - time.time()))
        yield TriggerEvent({"status": "turn"})
