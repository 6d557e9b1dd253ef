"""In which order rows leave: each key's in theirs, never two requests of a key at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from airflow_provider_onesignal.rows import Item, Row


@dataclass(slots=True)
class Work:
    """
    A row on its way.

    :param ordinal: its number in the run, over all files, from 1
    :param row: the row
    :param item: what is sent for it
    """

    ordinal: int
    row: Row
    item: Item


class Lanes:
    """
    Rows that wait to be sent.

    :param rows: most rows of a batch
    :param size: most bytes of a batch
    """

    def __init__(self, *, rows: int, size: int) -> None:
        self._rows, self._size = rows, size
        self._ready: deque[Work] = deque()
        self._aside: dict[str, deque[Work]] = {}
        """By key that is under way: what waits for it."""
        self._set_aside = 0

    def __len__(self) -> int:
        return len(self._ready) + self._set_aside

    @property
    def ready(self) -> int:
        """Rows that do not wait for others, as far as is known."""
        return len(self._ready)

    def add(self, work: Work) -> None:
        """Add a row behind all others."""
        self._ready.append(work)

    def take(self, *, partly: bool) -> list[Work]:
        """
        Return the next batch, whose keys are under way from now on; empty if there is none.

        :param partly: whether it may be smaller than it could be
        """
        if not partly and len(self._ready) < self._rows:
            return []
        batch: list[Work] = []
        size = 0
        while self._ready and len(batch) < self._rows:
            work = self._ready[0]
            if (waiting := self._aside.get(work.item.key)) is not None:
                waiting.append(self._ready.popleft())
                self._set_aside += 1
                continue
            if batch and size + work.item.size > self._size:
                break
            size += work.item.size
            batch.append(self._ready.popleft())
        self._aside.update((work.item.key, deque()) for work in batch)
        return batch

    def release(self, batch: Iterable[Work]) -> None:
        """Let the keys of a batch go on: what waited for them is next."""
        for key in {work.item.key for work in batch}:
            waiting = self._aside.pop(key)
            self._set_aside -= len(waiting)
            self._ready.extendleft(reversed(waiting))
