"""Export files: their content, how long they take, when they are gone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from . import rows
from .blocks import POOL, ROWS_PER_BLOCK, Block, BlockFile, Packing, lay_out, make_block


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a file holds. The same content is the same bytes, in every process.

    :param kind: "subscriptions", "events", "sent" or "clicked".
    :param count: number of rows below the header.
    :param extra_fields: columns after the standard ones (subscriptions alone).
    :param seed: any text.
    :param packing: how the bytes are packed.
    :param version: another number gives another file.
    """

    kind: str
    count: int
    extra_fields: tuple[str, ...] = ()
    seed: str = ""
    packing: Packing = "gzip"
    version: int = 0

    @property
    def columns(self) -> Sequence[str]:
        """The header line's names."""
        if self.kind == "subscriptions":
            return [*rows.SUBSCRIPTION_COLUMNS, *self.extra_fields]
        return rows.EVENT_COLUMNS if self.kind == "events" else rows.HISTORY_COLUMNS

    @property
    def content_type(self) -> str:
        """Its media type."""
        return "text/csv" if self.packing == "plain" else "application/gzip"

    @cached_property
    def etag(self) -> str:
        """A strong entity tag, quotes included."""
        return f'"{hashlib.sha256(repr(self).encode()).hexdigest()[:32]}"'

    @property
    def size(self) -> int:
        """Length in bytes."""
        return _file(self).size

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from ``start`` up to ``stop``, a few hundred KiB at a time at most."""
        file = _file(self)
        return file.read(start, file.size if stop is None else min(stop, file.size))

    @cached_property
    def sha256(self) -> str:
        """Checksum of all bytes, in hex."""
        digest = hashlib.sha256()
        for piece in self.read():
            digest.update(piece)
        return digest.hexdigest()

    def changed(self) -> Content:
        """Another file in the place of this one."""
        return replace(self, version=self.version + 1)


@dataclass(kw_only=True)
class Export:
    """A file that was asked for.

    :param path: its path at the files origin.
    :param operation: the API operation that asked.
    :param app_id: whose data it is.
    :param content: what stands in it.
    :param created_at: unix seconds.
    :param ready_at: unix seconds; before that it does not exist.
    :param polls_left: nor before that many requests have asked for it in vain.
    :param expires_at: unix seconds; from then on it does not exist any more.
    """

    path: str
    operation: str
    app_id: str
    content: Content
    created_at: float
    ready_at: float
    polls_left: int
    expires_at: float

    def is_generating(self, now: float) -> bool:
        """Whether OneSignal is still writing it: the account can run no other export."""
        return now < self.expires_at and (now < self.ready_at or self.polls_left > 0)

    def is_there(self, now: float) -> bool:
        """Whether it can be downloaded."""
        return now < self.expires_at and not self.is_generating(now)

    def finish(self, now: float) -> None:
        """Be ready from now on."""
        self.ready_at, self.polls_left = min(self.ready_at, now), 0

    def poll(self, now: float) -> bool:
        """Ask for the file, which counts; whether it is there."""
        there = self.is_there(now)
        self.polls_left = max(self.polls_left - 1, 0)
        return there


@lru_cache(maxsize=64)
def _file(content: Content) -> BlockFile:
    pattern = replace(content, count=0)
    return lay_out(
        count=content.count,
        header=rows.csv_line(content.columns, quoting=_quoting(content)),
        block=lambda number: _block(pattern, number),
        rows=lambda number, count: rows.take(_lines(pattern, number), count),
        packing=content.packing,
        offset=int.from_bytes(hashlib.sha256(_seed(pattern).encode()).digest()[:4]),
    )


@lru_cache(maxsize=8 * POOL)
def _block(pattern: Content, number: int) -> Block:
    return make_block(pattern.packing, rows.take(_lines(pattern, number), ROWS_PER_BLOCK))


def _lines(pattern: Content, number: int) -> Iterator[str]:
    if pattern.kind == "subscriptions":
        maker = rows.subscriptions(pattern.extra_fields)
    else:
        maker = rows.events if pattern.kind == "events" else rows.history(pattern.kind)
    return rows.text_rows(maker, seed=f"{_seed(pattern)}/{number}", quoting=_quoting(pattern))


def _seed(content: Content) -> str:
    return f"{content.seed}/{content.kind}/{content.version}"


def _quoting(content: Content) -> int:
    return rows.QUOTE_ALL if content.kind in {"sent", "clicked"} else rows.QUOTE_MINIMAL
