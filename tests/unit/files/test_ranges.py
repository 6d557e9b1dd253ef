"""A large file over several connections, each of which may fail in its own way."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_onesignal.exceptions import (
    OneSignalExportUnavailableError,
    OneSignalUnreachableError,
)
from airflow_provider_onesignal.files import ranges
from airflow_provider_onesignal.files.copy import copy_file
from airflow_provider_onesignal.files.download import Download
from airflow_provider_onesignal.files.source import FileChangedError
from tests.unit.files.faulty import Answer, FaultyServer, gzip_of, serving, source_of
from tests.unit.files.memory_store import MemoryStore
from tests.unit.stopping import stopped

PIECE = 20_000
FILE = gzip_of(20_000)
OTHER = gzip_of(20_001)
SERVED = Answer(body=FILE, headers={"Accept-Ranges": "bytes"})
assert len(FILE) > 8 * PIECE


@pytest.fixture(autouse=True)
def _is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "_LEAST", len(FILE) // 2)
    monkeypatch.setattr(ranges, "_PIECE", PIECE)


@pytest.fixture(autouse=True)
def _no_connection_is_left():
    yield
    for thread in threading.enumerate():
        if thread.name == "download":
            thread.join(5)
            assert not thread.is_alive()


def choosing(server: FaultyServer, others: dict[int, Answer], *, times: int = 1) -> None:
    """
    Let a server answer by the piece that is asked for.

    :param others: by the number of the piece, -1 for the whole file; all else is served
    :param times: for how many requests
    """
    left = dict.fromkeys(others, times)

    def next_answer(headers: dict[str, str]) -> Answer:
        server.requests.append(headers)
        first = re.match(r"bytes=(\d+)-", headers.get("Range", ""))
        number = int(first[1]) // PIECE if first else -1
        if not left.get(number):
            return SERVED
        left[number] -= 1
        return others[number]

    server.next_answer = next_answer  # type: ignore[method-assign]


def download(server: FaultyServer, *, connections: int = 4, timeout: float = 5.0) -> bytes:
    with Download(source_of(server, timeout=timeout), connections=connections) as stream:
        return b"".join(iter(stream.read, b""))


@pytest.mark.parametrize("connections", [2, 4, 40])
def test_pieces_are_fetched_at_once_and_come_in_order(connections: int) -> None:
    with serving(SERVED) as server:
        assert download(server, connections=connections) == FILE

    first, *pieces = server.requests
    assert "Range" not in first
    assert {piece["If-Range"] for piece in pieces} == {'"v1"'}
    starts = range(PIECE, len(FILE), PIECE)
    assert sorted(str(piece["Range"]) for piece in pieces) == sorted(
        f"bytes={start}-{min(start + PIECE, len(FILE)) - 1}" for start in starts
    )


@pytest.mark.parametrize(
    ("answer", "connections"),
    [
        pytest.param(SERVED, 1, id="one-connection"),
        pytest.param(replace(SERVED, headers={}), 4, id="ranges-not-announced"),
        pytest.param(replace(SERVED, etag='W/"v1"'), 4, id="weak-etag"),
        pytest.param(replace(SERVED, etag=None), 4, id="no-etag"),
        pytest.param(replace(SERVED, framing="chunked"), 4, id="length-not-told"),
        pytest.param(
            replace(SERVED, headers={**SERVED.headers, "Content-Encoding": "gzip"}),
            4,
            id="encoded",
        ),
    ],
)
def test_one_connection_is_used_where_more_are_no_use(answer: Answer, connections: int) -> None:
    with serving(answer) as server:
        assert download(server, connections=connections) == FILE

    assert len(server.requests) == 1


def test_a_short_file_takes_one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "_LEAST", len(FILE) + 1)
    with serving(SERVED) as server:
        assert download(server) == FILE

    assert len(server.requests) == 1


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(replace(SERVED, cut_after=7000), id="cut"),
        pytest.param(replace(SERVED, cut_after=7000, reset=True), id="reset"),
        pytest.param(replace(SERVED, cut_after=7000, stall=True), id="stalled"),
        pytest.param(Answer(status=503), id="busy"),
    ],
)
def test_a_connection_resumes_its_piece_by_itself(number: int, fault: Answer) -> None:
    with serving(SERVED) as server:
        choosing(server, {number: fault})
        assert download(server, timeout=0.2) == FILE

    again = [asked for asked in server.ranges if asked and int(asked[6:].split("-")[0]) % PIECE]
    assert len(server.requests) == len(FILE) // PIECE + 2
    assert again in ([], [f"bytes={number * PIECE + 7000}-{(number + 1) * PIECE - 1}"])


def test_the_first_piece_resumes_too() -> None:
    with serving(SERVED) as server:
        choosing(server, {-1: replace(SERVED, cut_after=7000)})
        assert download(server) == FILE

    assert "bytes=7000-" in server.ranges


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(replace(SERVED, ranges=False), id="200-in-place-of-206"),
        pytest.param(
            Answer(
                body=FILE[:10],
                status=206,
                headers={"Content-Range": f"bytes 5-14/{len(FILE)}"},
            ),
            id="a-wrong-range",
        ),
        pytest.param(Answer(body=FILE, status=206), id="no-range"),
    ],
)
def test_a_server_that_mistakes_ranges_is_asked_for_the_rest_over_one_connection(
    number: int, fault: Answer
) -> None:
    with serving(SERVED) as server:
        choosing(server, {number: fault})
        assert download(server) == FILE

    assert f"bytes={number * PIECE}-" in server.ranges


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(replace(SERVED, body=OTHER, etag='"v2"'), id="as-a-whole"),
        pytest.param(
            Answer(
                body=FILE[2 * PIECE : 3 * PIECE],
                status=206,
                etag='"v2"',
                headers={
                    "Content-Range": f"bytes {2 * PIECE}-{3 * PIECE - 1}/{len(FILE)}",
                },
            ),
            id="in-a-piece",
        ),
    ],
)
def test_a_file_that_became_another_one_is_not_continued(fault: Answer) -> None:
    with serving(SERVED) as server:
        choosing(server, {2: fault})
        with pytest.raises(FileChangedError):
            download(server)


def test_a_file_that_becomes_another_one_is_copied_from_its_beginning() -> None:
    store = MemoryStore()
    with serving(replace(SERVED, body=OTHER, etag='"v2"')) as server:
        answer, before = server.next_answer, [SERVED]
        server.next_answer = lambda headers: (  # type: ignore[method-assign]
            answer(headers) if not before else before.pop()
        )
        summary = copy_file(source_of(server), store)

    assert store.stored is not None
    assert (store.stored.data, summary.source_etag, store.puts) == (OTHER, '"v2"', 2)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Answer(status=404), OneSignalExportUnavailableError),
        (replace(SERVED, cut_after=0), OneSignalUnreachableError),
    ],
)
def test_a_piece_that_cannot_be_had_ends_the_download(fault: Answer, error: Any) -> None:
    with serving(SERVED) as server:
        choosing(server, {3: fault}, times=99)
        with pytest.raises(error):
            download(server)


def test_no_more_pieces_are_in_memory_than_connections_and_one() -> None:
    with serving(SERVED) as server, Download(source_of(server), connections=2) as stream:
        stream.read()
        for thread in threading.enumerate():
            if thread.name == "download":
                thread.join(0.1)

        assert len(server.requests) <= 1 + 3


def test_a_copy_that_is_told_to_stop_while_pieces_come_stores_nothing() -> None:
    store = MemoryStore()
    with serving(SERVED) as server:
        choosing(server, {2: replace(SERVED, cut_after=7000, stall=True)})
        with stopped(server.stalled):
            copy_file(source_of(server, timeout=0.5), store)
        assert store.stored is None


def test_a_reader_that_stops_early_lets_the_connections_end() -> None:
    with serving(SERVED) as server, Download(source_of(server), connections=4) as stream:
        while stream.position < 2 * PIECE:
            stream.read()
