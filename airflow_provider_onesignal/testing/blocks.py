"""Files of any length in bounded memory, readable from any offset.

A file is a prologue (the header line), many blocks, and an epilogue (the last, shorter block).
Only :data:`POOL` different blocks exist. Each is compressed once, and used again and again with
another mark: eight hex digits in every id, so that ids stay unique through the whole file.
The trick: the first mark of a block is a stored deflate block of its own, every later one is a
back-reference to it. Changing eight bytes changes them all.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from .checksum import LinearCrc, combine
from .rows import MARK

if TYPE_CHECKING:
    from typing import TypeAlias

Packing: TypeAlias = Literal["gzip", "gzip-members", "plain"]

POOL = 4
ROWS_PER_BLOCK = 2000

_MARK = MARK.encode()
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
_DEFLATE_END = b"\x03\x00"
# zlib never refers to the very first byte of its window: one that no row holds stands there.
_FILLER = b"\x0f"


class Block(Protocol):
    """A run of rows in its packing, still without its mark."""

    length: int
    """Packed length in bytes, the same for every mark."""
    text_length: int

    def packed(self, mark: bytes) -> bytes:
        """The bytes with this mark."""

    def crc(self, mark: bytes) -> int:
        """CRC-32 of the unpacked text with this mark."""


class PlainBlock:
    """Rows as they are."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self.length = self.text_length = len(text)

    def packed(self, mark: bytes) -> bytes:
        """The bytes with this mark."""
        return self._text.replace(_MARK, mark)

    def crc(self, mark: bytes) -> int:
        """CRC-32 of the text with this mark."""
        return zlib.crc32(self.packed(mark))


class DeflatedBlock:
    """Rows as a run of deflate blocks that refers to nothing before it."""

    def __init__(self, text: bytes) -> None:
        start, end = text.index(_MARK), text.index(_MARK) + len(_MARK)
        self._head = struct.pack("<BHH", 0, end, end ^ 0xFFFF) + text[:start]
        self._body = _deflate_after_mark(self._head, text, end)
        self._crc = LinearCrc(text, _MARK)
        self.text_length = len(text)
        self.length = len(self._head) + len(_MARK) + len(self._body)

    def packed(self, mark: bytes) -> bytes:
        """The bytes with this mark."""
        return b"".join((self._head, mark, self._body))

    def crc(self, mark: bytes) -> int:
        """CRC-32 of the text with this mark."""
        return self._crc.with_mark(mark)


class MemberBlock(DeflatedBlock):
    """Rows as a gzip member."""

    def __init__(self, text: bytes) -> None:
        super().__init__(text)
        self.length += len(_GZIP_HEAD) + len(_DEFLATE_END) + 8

    def packed(self, mark: bytes) -> bytes:
        """The bytes with this mark."""
        tail = _gzip_tail(self.crc(mark), self.text_length)
        return b"".join((_GZIP_HEAD, super().packed(mark), tail))


_BLOCKS: dict[Packing, type[PlainBlock | DeflatedBlock]] = {
    "gzip": DeflatedBlock,
    "gzip-members": MemberBlock,
    "plain": PlainBlock,
}


@dataclass(frozen=True)
class BlockFile:
    """A file laid out: every byte can be told from its offset.

    :param prologue: the first bytes.
    :param pool: the blocks that are repeated.
    :param count: how many blocks there are in all.
    :param epilogue: the last bytes.
    :param offset: added to the number of a block to get its mark.
    """

    prologue: bytes
    pool: tuple[Block, ...]
    count: int
    epilogue: bytes
    offset: int

    @property
    def size(self) -> int:
        """Length of the file in bytes."""
        return self._start(self.count) + len(self.epilogue)

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the bytes from ``start`` up to ``stop`` in pieces of a block at most."""
        position, number = self._locate(start)
        while position < stop:
            piece = self._piece(number)
            yield piece[max(start - position, 0) : stop - position]
            position += len(piece)
            number += 1

    def _piece(self, number: int) -> bytes:
        if number < 0:
            return self.prologue
        if number >= self.count:
            return self.epilogue
        return self.pool[number % len(self.pool)].packed(mark_of(number, self.offset))

    def _locate(self, position: int) -> tuple[int, int]:
        """Where the piece that holds this byte starts, and its number (-1: the prologue)."""
        if position < len(self.prologue):
            return 0, -1
        number = 0
        if self.pool:
            round_length = sum(block.length for block in self.pool)
            rounds = (position - len(self.prologue)) // round_length
            number = min(rounds * len(self.pool), self.count)
        while number < self.count and self._start(number + 1) <= position:
            number += 1
        return self._start(number), number

    def _start(self, number: int) -> int:
        lengths = [block.length for block in self.pool]
        rounds, rest = divmod(number, len(lengths) or 1)
        return len(self.prologue) + rounds * sum(lengths) + sum(lengths[:rest])


def make_block(packing: Packing, text: str) -> Block:
    """Pack rows that start with the mark."""
    return _BLOCKS[packing](text.encode())


def lay_out(
    *,
    count: int,
    header: str,
    block: Callable[[int], Block],
    rows: Callable[[int, int], str],
    packing: Packing,
    offset: int,
) -> BlockFile:
    """Lay out a file.

    :param count: how many rows it has.
    :param header: the header line with its newline.
    :param block: gives block k of the pool.
    :param rows: gives the text of its first n rows: ``rows(k, n)``.
    :param packing: one gzip member, many of them, or plain text.
    :param offset: see :class:`BlockFile`.
    """
    full, rest = divmod(count, ROWS_PER_BLOCK)
    pool = tuple(block(number) for number in range(min(POOL, full)))
    tail = rows(full % POOL, rest).encode().replace(_MARK, mark_of(full, offset))
    prologue, epilogue = _ends(packing, header.encode(), tail)
    if packing == "gzip":
        epilogue += _whole_tail(header.encode(), pool, full, tail, offset)
    return BlockFile(prologue, pool, full, epilogue, offset)


def mark_of(number: int, offset: int) -> bytes:
    """The eight hex digits of a block: another one for each of the first 4,294,967,296."""
    return b"%08x" % ((number * 2_654_435_761 + offset) & 0xFFFFFFFF)


def _ends(packing: Packing, header: bytes, tail: bytes) -> tuple[bytes, bytes]:
    if packing == "plain":
        return header, tail
    if packing == "gzip":
        return _GZIP_HEAD + _deflate(header), _deflate(tail)
    return _member(header), _member(tail) if tail else b""


def _whole_tail(
    header: bytes, pool: tuple[Block, ...], count: int, tail: bytes, offset: int
) -> bytes:
    crc, length = zlib.crc32(header), len(header)
    for number in range(count):
        block = pool[number % len(pool)]
        crc = combine(crc, block.crc(mark_of(number, offset)), block.text_length)
        length += block.text_length
    return _gzip_tail(combine(crc, zlib.crc32(tail), len(tail)), length + len(tail))


def _gzip_tail(crc: int, length: int) -> bytes:
    return _DEFLATE_END + struct.pack("<II", crc, length & 0xFFFFFFFF)


def _member(text: bytes) -> bytes:
    return _GZIP_HEAD + _deflate(text) + _gzip_tail(zlib.crc32(text), len(text))


def _deflate(text: bytes, *, level: int = 6, before: bytes = b"") -> bytes:
    deflater = zlib.compressobj(level, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, before)
    return deflater.compress(text) + deflater.flush(zlib.Z_FULL_FLUSH)


def _deflate_after_mark(head: bytes, text: bytes, start: int) -> bytes:
    """The text from ``start``, just after its first mark, as deflate blocks.

    A compressor may put a part of a mark down as it is where that is shorter; so this is checked
    with another mark, and tried again at another level.
    """
    other = b"89abcdef"
    expected = text.replace(_MARK, other)
    for level in (6, 7, 8, 9, 5, 4):
        body = _deflate(text[start:], level=level, before=_FILLER + text[:start])
        if zlib.decompressobj(-15).decompress(head + other + body) == expected:
            return body
    raise RuntimeError("This zlib does not write later marks as references to the first one.")
