"""Gzip is never undone or done twice on the way."""

from __future__ import annotations

import gzip
import hashlib

import pytest

from airflow_provider_onesignal.stream.chunks import ChunkStream
from airflow_provider_onesignal.stream.encoding import unwrap
from airflow_provider_onesignal.stream.errors import CorruptStreamError
from tests.unit.stream.faulty import csv_of, gzip_of

FILE = gzip_of(50)
TABLE = csv_of(50)


class Pieces(ChunkStream):
    def __init__(self, data: bytes, step: int = 5) -> None:
        super().__init__()
        self.size = len(data)
        self._pieces = iter([data[start : start + step] for start in range(0, len(data), step)])

    def _fetch(self) -> bytes:
        return next(self._pieces, b"")


def read_all(stream: ChunkStream) -> bytes:
    return b"".join(iter(stream.read, b""))


@pytest.mark.parametrize("step", [1, 5, 1 << 20])
@pytest.mark.parametrize(
    ("wire", "encoding", "name", "stored"),
    [
        pytest.param(FILE, "", "users.csv.gz", FILE, id="gz-as-it-is"),
        pytest.param(FILE, "identity", "users.csv.gz", FILE, id="gz-identity"),
        pytest.param(FILE, "gzip", "users.csv.gz", FILE, id="gz-merely-labelled"),
        pytest.param(gzip.compress(FILE), "gzip", "users.csv.gz", FILE, id="gz-wrapped-once-more"),
        pytest.param(gzip.compress(TABLE), "gzip", "history.csv", TABLE, id="csv-wrapped"),
        pytest.param(gzip.compress(TABLE), "x-gzip", "history", TABLE, id="no-ending-wrapped"),
        pytest.param(TABLE, "", "history.csv", TABLE, id="csv-as-it-is"),
    ],
)
def test_the_files_own_bytes_are_stored(
    wire: bytes, encoding: str, name: str, stored: bytes, step: int
) -> None:
    stream = unwrap(Pieces(wire, step), encoding=encoding, name=name)

    assert stream.peek().startswith(stored[:5])
    assert read_all(stream) == stored
    assert stream.position == len(stored)
    assert stream.sha256.hexdigest() == hashlib.sha256(stored).hexdigest()


def test_the_length_of_an_unwrapped_file_is_not_that_of_the_wire() -> None:
    assert unwrap(Pieces(gzip.compress(TABLE)), encoding="gzip", name="a.csv").size is None


@pytest.mark.parametrize(
    ("wire", "encoding"),
    [
        pytest.param(TABLE, "gzip", id="false-label"),
        pytest.param(b"", "gzip", id="empty"),
        pytest.param(FILE, "br", id="brotli"),
        pytest.param(FILE, "gzip, gzip", id="two-layers"),
    ],
)
def test_what_cannot_be_undone_is_refused(wire: bytes, encoding: str) -> None:
    with pytest.raises(CorruptStreamError):
        unwrap(Pieces(wire), encoding=encoding, name="history.csv")


@pytest.mark.parametrize("broken", [gzip.compress(FILE)[:-3], gzip.compress(FILE) + b"x"])
def test_a_broken_layer_is_seen(broken: bytes) -> None:
    stream = unwrap(Pieces(broken), encoding="gzip", name="users.csv.gz")

    with pytest.raises(CorruptStreamError, match="transport encoding"):
        read_all(stream)
