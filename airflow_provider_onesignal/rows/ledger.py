"""What came of each row, kept as the run goes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_onesignal.exceptions import OneSignalRejectedRowsError
from airflow_provider_onesignal.rows import Row
from airflow_provider_onesignal.rows.dead_letter import DeadLetter
from airflow_provider_onesignal.rows.memory import Memory
from airflow_provider_onesignal.rows.progress import Progress
from airflow_provider_onesignal.rows.reader import SourceFile
from airflow_provider_onesignal.rows.source import Source, digest
from airflow_provider_onesignal.rows.threads import in_thread

log = logging.getLogger(__name__)

_FAIR_SAMPLE = 200
"""Rows after which a share of refused ones means something."""


class Ledger:
    """
    The account of a run over all its tries.

    :param files: the run's
    :param fingerprint: of what is done with them
    :param memory: what outlives a try, None to keep nothing
    :param dead_letter: where refused rows go
    :param max_rejects: rows that may be refused: a number, a share as a float below 1, None for any
    """

    def __init__(
        self,
        files: Sequence[SourceFile],
        *,
        fingerprint: str,
        memory: Memory | None,
        dead_letter: DeadLetter,
        max_rejects: float | None,
    ) -> None:
        self._files, self._fingerprint = files, fingerprint
        self._memory, self.dead_letter, self._max_rejects = memory, dead_letter, max_rejects
        self.progress = Progress()
        self.counts: Sequence[int] = ()
        """Rows of the first files, as far as an earlier try knew them."""
        self._saving = asyncio.Lock()

    def resume(self) -> None:
        """Go on where an earlier try was, if it was at the same rows."""
        state = self._memory.load() if self._memory else None
        try:
            if state is None or not self._is_mine(state):
                return
            parts, progress = int(state["parts"]), Progress.from_json(state)
            counts = [int(count) for count in state["counts"]]
        except (KeyError, TypeError, ValueError):
            log.warning("What an earlier try kept cannot be read: the run starts over.")
            return
        self.dead_letter.parts = parts
        if not self.dead_letter.has_parts():
            self.dead_letter.parts = 0
            log.warning("The refused rows of an earlier try are gone: the run starts over.")
            return
        self.progress, self.counts = progress, counts
        log.info(
            "Going on after an earlier try: %s rows are settled.", f"{self.progress.settled:,}"
        )

    def accept(self, ordinal: int) -> None:
        """Note that OneSignal took a row."""
        self.progress.settle(ordinal)

    def refuse(self, ordinal: int, row: Row, reason: str) -> None:
        """Note that a row was refused."""
        self.progress.settle(ordinal, refused=True)
        self.dead_letter.add(row, reason)

    def check_rejects(self, *, at_end: bool = False) -> None:
        """
        Check that not too many rows were refused.

        :param at_end: whether there will be no more rows
        :raises OneSignalRejectedRowsError: there are
        """
        refused, settled = self.progress.refused, self.progress.settled
        if self._max_rejects is None or not refused:
            return
        most = self._max_rejects
        if isinstance(most, float):
            most = most * settled if at_end or settled >= _FAIR_SAMPLE else settled
        if refused > most:
            raise OneSignalRejectedRowsError(
                f"{refused:,} of {settled:,} rows were refused, more than max_rejects="
                f"{self._max_rejects} allows. The reasons are in {self.dead_letter.uri}."
            )

    async def save(self, source: Source) -> None:
        """Keep how far the run has come, and the refused rows up to there."""
        async with self._saving:
            await in_thread(self._write, *self._snapshot(source))

    def save_now(self, source: Source) -> None:
        """Do the same where no event loop runs."""
        self._write(*self._snapshot(source))

    def finish(self) -> None:
        """Make the dead letter whole, then forget the run."""
        self.dead_letter.publish()
        self.forget()

    def stop(self) -> None:
        """Let the refused rows be read after a failure; the next try goes on with the run."""
        try:
            if self.progress.settled:
                self.dead_letter.publish()
            else:
                self.forget()
        except Exception as error:  # noqa: BLE001 - what the run failed with matters more
            log.warning("The dead letter could not be written (%s).", type(error).__name__)

    def forget(self) -> None:
        """Forget the run: another one starts at its beginning."""
        if self._memory is not None:
            self._memory.clear()
        self.dead_letter.discard()

    def _snapshot(self, source: Source) -> tuple[dict[str, Any], bytes]:
        state = {
            "fingerprint": self._fingerprint,
            "files": source.begun,
            "digest": digest(self._files[: source.begun]),
            "counts": list(source.counts),
            **self.progress.to_json(),
        }
        return state, self.dead_letter.take()

    def _write(self, state: dict[str, Any], letters: bytes) -> None:
        # In this order: a row is settled only if its letter cannot be lost any more.
        state["parts"] = self.dead_letter.write(letters)
        if self._memory is None:
            return
        try:
            self._memory.save(state)
        except Exception as error:  # noqa: BLE001 - the rows matter more than where they stand
            log.warning(
                "How far this run has come could not be kept (%s). Should it be killed now, the "
                "next try sends some rows again.",
                type(error).__name__,
            )

    def _is_mine(self, state: Mapping[str, Any]) -> bool:
        if state["fingerprint"] != self._fingerprint:
            log.info("An earlier try did something else: the run starts over.")
            return False
        if state["digest"] != digest(self._files[: int(state["files"])]):
            log.warning(
                "The files are not those that an earlier try began with: the run starts over. "
                "Rows that were sent already are sent again."
            )
            return False
        return True
