"""CRC-32 of a whole from the CRC-32 of its parts: zlib's ``crc32_combine``, which Python lacks."""

from __future__ import annotations

import zlib
from functools import cache

_POLYNOMIAL = 0xEDB88320


def combine(first: int, second: int, second_length: int) -> int:
    """CRC-32 of two texts in a row.

    :param first: CRC-32 of the first text.
    :param second: CRC-32 of the second text.
    :param second_length: length of the second text in bytes.
    """
    return _multiply(_shift(second_length), first) ^ second


class LinearCrc:
    """CRC-32 of a text in which one mark stands in several places, for any value of that mark.

    The CRC is linear in every bit of the text, so what one bit of the mark changes is found once.

    :param text: the text, with ``mark`` in it.
    :param mark: the bytes that will be replaced by others of the same length.
    """

    def __init__(self, text: bytes, mark: bytes) -> None:
        self._mark = int.from_bytes(mark)
        self._crc = zlib.crc32(text)
        self._effects = tuple(
            self._crc ^ zlib.crc32(text.replace(mark, (self._mark ^ 1 << bit).to_bytes(len(mark))))
            for bit in range(8 * len(mark))
        )

    def with_mark(self, value: bytes) -> int:
        """CRC-32 of the text with ``value`` in the place of the mark."""
        crc, difference = self._crc, self._mark ^ int.from_bytes(value)
        for bit, effect in enumerate(self._effects):
            if difference >> bit & 1:
                crc ^= effect
        return crc


@cache
def _shift(length: int) -> int:
    """X to the power of 8 x length, modulo the polynomial."""
    result, square, bits = 1 << 31, 1 << 30, 8 * length
    while bits:
        if bits & 1:
            result = _multiply(square, result)
        square = _multiply(square, square)
        bits >>= 1
    return result


def _multiply(left: int, right: int) -> int:
    """Product modulo the polynomial, bits reflected (zlib's ``multmodp``)."""
    product, mask = 0, 1 << 31
    while left:
        if left & mask:
            product ^= right
            left ^= mask
        mask >>= 1
        right = right >> 1 ^ (_POLYNOMIAL if right & 1 else 0)
    return product
