"""
Where a task keeps the export it started, so that its next try goes on with the same one.

The task's state is for the next try. For the rest of a try after a deferral the deferral itself
carries the export, where the state does not hold it.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_onesignal.api.readiness import EXPORT_LIFETIME
from airflow_provider_onesignal.compat import task_state
from airflow_provider_onesignal.exports import StartedExport

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

log = logging.getLogger(__name__)


class ExportMemory:
    """
    The task state store of Airflow >= 3.3; on older versions nothing outlives a try.

    :param context: the running task's context
    :param durable: whether to keep anything
    """

    KEY = "onesignal_export"
    # dag.test() drops what a deferral is to carry (Airflow 2.11 to 3.3); it is a single process.
    _held: ClassVar[dict[tuple[Any, ...], StartedExport]] = {}

    def __init__(self, context: Context, *, durable: bool) -> None:
        ti = context["ti"]
        self._task = (ti.dag_id, ti.run_id, ti.task_id, ti.map_index)
        self._store: Any = task_state(context) if durable else None

    def recall(self, fingerprint: str) -> StartedExport | None:
        """
        Give the export an earlier try started, unless it is of no use any more.

        :param fingerprint: of the request at hand
        """
        kept = self._kept()
        if kept is None:
            return None
        if why := _why_useless(kept, fingerprint):
            log.info("%s", why)
            return None
        age = time.time() - kept.started_at
        log.info("Going on with the export an earlier try started %.0f s ago.", age)
        return kept

    def recalls(self, fingerprint: str) -> bool:
        """
        Tell whether there is an export to recall.

        :param fingerprint: of the request at hand
        """
        kept = self._kept()
        return kept is not None and not _why_useless(kept, fingerprint)

    def recover(self, carried: Any) -> StartedExport | None:
        """
        Give the export this very task was deferred with, whatever became of it.

        :param carried: what the deferral brought back, None where the state was to keep it
        """
        return StartedExport.from_json(carried) or self._held.get(self._task) or self._kept()

    def keep(self, started: StartedExport) -> None:
        """Keep an export, in place of any earlier one; where that fails, go on without."""
        self._held[self._task] = started
        if self._store is None:
            return
        try:
            self._store.set(self.KEY, started.to_json())
        except Exception as error:  # noqa: BLE001 - the running export must not be lost to this
            log.warning(
                "The task's state cannot be written (%s). This try goes on; should it fail, the "
                "next one starts an export of its own.",
                type(error).__name__,
            )

    def holds(self, started: StartedExport) -> bool:
        """Tell whether the next try will find this export."""
        try:
            return self._kept() == started
        except Exception as error:  # noqa: BLE001 - as above
            log.warning("The task's state cannot be read (%s).", type(error).__name__)
            return False

    def forget(self) -> None:
        """Drop what is kept: the next try or run is to start an export of its own."""
        self._held.pop(self._task, None)
        if self._store is None:
            return
        try:
            self._store.delete(self.KEY)
        except Exception as error:  # noqa: BLE001 - what the task was for is done
            log.warning(
                "The task's state cannot be deleted (%s). Should this task be cleared, it takes "
                "up the same export again, for as long as its file is kept.",
                type(error).__name__,
            )

    def _kept(self) -> StartedExport | None:
        if self._store is None:
            return None
        return StartedExport.from_json(self._store.get(self.KEY))


def _why_useless(kept: StartedExport, fingerprint: str) -> str:
    if kept.fingerprint != fingerprint:
        return "An earlier try exported with other parameters; a new export is needed."
    if time.time() - kept.started_at >= EXPORT_LIFETIME:
        return "An earlier try's export is older than 3 days; a new export is needed."
    return ""
