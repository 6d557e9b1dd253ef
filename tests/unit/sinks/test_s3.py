"""How an object is cut into parts."""

from __future__ import annotations

import pytest

from airflow_provider_onesignal.sinks.s3 import MIB, _transfer_config, part_size

GIB = 1024 * MIB


@pytest.mark.parametrize(
    ("size", "parts_of"),
    [
        (0, 8 * MIB),
        (256 * MIB, 8 * MIB),
        (78 * GIB, 8 * MIB),
        (100 * GIB, 11 * MIB),
        (5 * 1024 * GIB, 525 * MIB),
        (None, 16 * MIB),
    ],
)
def test_parts_grow_with_the_object(size: int | None, parts_of: int) -> None:
    assert part_size(size) == parts_of


@pytest.mark.parametrize("size", [1, 80_000 * MIB, 80_000 * MIB + 1, 100 * GIB + 1])
def test_ten_thousand_parts_suffice(size: int) -> None:
    assert -(-size // part_size(size)) <= 10_000


def test_few_parts_are_in_memory_at_a_time() -> None:
    config = _transfer_config(8 * MIB)

    assert config.max_in_memory_upload_chunks * config.multipart_chunksize <= 24 * MIB
    assert config.preferred_transfer_client == "classic"
