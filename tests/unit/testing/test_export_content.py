"""Export files: what stands in them, and that every byte can be read from anywhere."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import random
import subprocess
import sys
import tracemalloc
import zlib
from typing import Any

import pytest

from airflow_provider_onesignal.testing import Content
from airflow_provider_onesignal.testing.blocks import ROWS_PER_BLOCK, DeflatedBlock
from airflow_provider_onesignal.testing.rows import (
    EVENT_COLUMNS,
    EXTRA_FIELDS,
    HISTORY_COLUMNS,
    MARK,
    SUBSCRIPTION_COLUMNS,
)

PACKINGS = ["gzip", "gzip-members", "plain"]
COUNTS = [0, 1, ROWS_PER_BLOCK - 1, ROWS_PER_BLOCK, ROWS_PER_BLOCK + 1, 9 * ROWS_PER_BLOCK + 7]


def whole(content: Content) -> bytes:
    return b"".join(content.read())


def table(content: Content) -> list[list[str]]:
    data = whole(content)
    text = data if content.packing == "plain" else gzip.decompress(data)
    return list(csv.reader(io.StringIO(text.decode(), newline=""), strict=True))


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("count", COUNTS)
def test_a_file_has_its_rows_and_its_length(packing, count):
    content = Content(kind="subscriptions", count=count, packing=packing)

    header, *rows = table(content)

    assert tuple(header) == SUBSCRIPTION_COLUMNS
    assert len(rows) == count
    assert {len(row) for row in rows} <= {len(header)}
    assert len(whole(content)) == content.size


@pytest.mark.parametrize("kind", ["events", "sent", "clicked"])
def test_files_of_every_kind_can_be_gzipped(kind):
    header, *rows = table(Content(kind=kind, count=COUNTS[-1], packing="gzip"))

    assert len(rows) == COUNTS[-1]
    assert {len(row) for row in rows} == {len(header)}


@pytest.mark.parametrize("packing", PACKINGS)
def test_ids_are_unique_through_the_whole_file(packing):
    _, *rows = table(Content(kind="subscriptions", count=COUNTS[-1], packing=packing))

    assert len({row[0] for row in rows}) == len(rows)


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("count", [0, 5, COUNTS[-1]])
def test_any_part_can_be_read_by_itself(packing, count):
    content = Content(kind="subscriptions", count=count, packing=packing)
    data = whole(content)
    rng = random.Random(1)
    for _ in range(200):
        start = rng.randrange(len(data))
        stop = rng.randrange(start, len(data) + 1)

        assert b"".join(content.read(start, stop)) == data[start:stop]


def test_one_member_is_one_member_and_many_are_many():
    def members(packing: Any) -> int:
        rest = whole(Content(kind="events", count=3 * ROWS_PER_BLOCK, packing=packing))
        count = 0
        while rest:
            member = zlib.decompressobj(31)
            member.decompress(rest)
            rest, count = member.unused_data, count + 1
        return count

    assert members("gzip") == 1
    assert members("gzip-members") == 4


def test_the_same_content_is_the_same_bytes_in_another_process():
    content = Content(kind="subscriptions", count=4100, seed="s", extra_fields=("country",))
    program = (
        "from airflow_provider_onesignal.testing import Content; "
        "print(Content(kind='subscriptions', count=4100, seed='s', "
        "extra_fields=('country',)).sha256)"
    )
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert other.stdout.decode().strip() == content.sha256
    assert content.sha256 == hashlib.sha256(whole(content)).hexdigest()


@pytest.mark.parametrize(
    "other",
    [
        Content(kind="subscriptions", count=10, seed="other"),
        Content(kind="subscriptions", count=11),
        Content(kind="subscriptions", count=10, extra_fields=("ip",)),
        Content(kind="subscriptions", count=10).changed(),
    ],
    ids=["seed", "count", "fields", "version"],
)
def test_other_content_has_other_bytes_and_another_etag(other):
    content = Content(kind="subscriptions", count=10)

    assert whole(other) != whole(content)
    assert other.etag != content.etag


def test_extra_fields_follow_the_standard_columns_in_the_order_asked_for():
    asked = ("timezone_id", "external_user_id")
    header, row = table(Content(kind="subscriptions", count=1, extra_fields=asked))

    assert tuple(header) == SUBSCRIPTION_COLUMNS + asked
    assert "/" in row[-2]
    assert row[-1].startswith("customer-")


def test_every_documented_extra_field_has_values():
    header, *rows = table(Content(kind="subscriptions", count=3, extra_fields=EXTRA_FIELDS))

    assert tuple(header[len(SUBSCRIPTION_COLUMNS) :]) == EXTRA_FIELDS
    assert len(rows) == 3


def test_subscriptions_are_as_awkward_as_real_ones():
    content = Content(kind="subscriptions", count=2000, packing="plain")
    text = whole(content).decode()
    _, *rows = table(content)
    tags = [row[SUBSCRIPTION_COLUMNS.index("tags")] for row in rows]

    assert all(isinstance(json.loads(each), dict) for each in tags)
    assert any("\n" in each for each in tags)
    assert '""city""' in text
    assert any("," in row[SUBSCRIPTION_COLUMNS.index("device_model")] for row in rows)
    assert any(ord(character) > 0x2000 for character in text)
    assert {row[-1] for row in rows} == {"t", "f"}
    assert not set(MARK) & set(text)


def test_a_row_takes_about_120_bytes_compressed():
    content = Content(kind="subscriptions", count=100_000)

    assert 105 < content.size / content.count < 135


@pytest.mark.parametrize(
    ("kind", "columns"),
    [("events", EVENT_COLUMNS), ("sent", HISTORY_COLUMNS), ("clicked", HISTORY_COLUMNS)],
)
def test_other_exports_have_their_own_columns(kind, columns):
    header, *rows = table(Content(kind=kind, count=300, packing="plain"))

    assert tuple(header) == columns
    assert len(rows) == 300


def test_only_clicks_have_a_time_in_a_message_history():
    def times(kind: str) -> set[str]:
        return {row[-1] for row in table(Content(kind=kind, count=9, packing="plain"))[1:]}

    assert times("sent") == {""}
    assert all(time.isdecimal() for time in times("clicked"))


def test_reading_a_large_file_takes_no_more_memory_than_a_few_blocks():
    content = Content(kind="subscriptions", count=400_000)
    tracemalloc.start()
    length = sum(map(len, content.read()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert length == content.size > 40 << 20
    assert peak < 16 << 20


def test_a_block_whose_later_marks_do_not_follow_the_first_is_never_used(monkeypatch):
    from airflow_provider_onesignal.testing import blocks

    monkeypatch.setattr(blocks, "_FILLER", b"")

    with pytest.raises(RuntimeError, match="references"):
        DeflatedBlock(f"{MARK}-1\n{MARK}-2\n".encode())
