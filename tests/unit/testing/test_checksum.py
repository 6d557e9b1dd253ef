"""CRC-32 by arithmetic equals CRC-32 by reading."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given, strategies as st

from airflow_provider_onesignal.testing.checksum import LinearCrc, combine


@given(first=st.binary(max_size=300), second=st.binary(max_size=300))
def test_combining_two_crcs_equals_the_crc_of_both_texts(first: bytes, second: bytes):
    combined = combine(zlib.crc32(first), zlib.crc32(second), len(second))

    assert combined == zlib.crc32(first + second)


def test_combining_holds_for_lengths_beyond_32_bits_of_bits():
    zeros = bytes(1 << 20)
    crc, expected = zlib.crc32(b"a"), zlib.crc32(b"a")
    for _ in range(600):
        expected = zlib.crc32(zeros, expected)
    tail = 0
    for _ in range(600):
        tail = zlib.crc32(zeros, tail)

    assert combine(crc, tail, 600 << 20) == expected


@pytest.mark.parametrize("value", [b"00000000", b"89abcdef", b"\xff" * 8])
def test_a_mark_in_several_places_is_accounted_for_in_all_of_them(value: bytes):
    text = b"<mmmmmmmm> and again mmmmmmmm"

    assert LinearCrc(text, b"mmmmmmmm").with_mark(value) == zlib.crc32(
        text.replace(b"mmmmmmmm", value)
    )
