"""A download goes on, whatever happens to the connection."""

from __future__ import annotations

import hashlib
import logging

import pytest

from airflow_provider_onesignal.exceptions import (
    OneSignalExportUnavailableError,
    OneSignalUnreachableError,
)
from airflow_provider_onesignal.files.download import Download
from airflow_provider_onesignal.files.source import FileChangedError, ResumePolicy
from tests.unit.files.faulty import Answer, FaultyServer, gzip_of, serving, source_of

FILE = gzip_of(20_000)
OTHER = gzip_of(20_001)
DATE = "Mon, 02 Nov 2026 10:00:00 GMT"


def download(server: FaultyServer) -> bytes:
    with Download(source_of(server)) as stream:
        whole = b"".join(iter(stream.read, b""))
        assert stream.position == len(whole)
        assert stream.sha256.hexdigest() == hashlib.sha256(whole).hexdigest()
        return whole


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_a_file_is_downloaded_in_one_request(framing) -> None:
    with (
        serving(Answer(body=FILE, framing=framing)) as server,
        Download(source_of(server)) as stream,
    ):
        assert b"".join(iter(stream.read, b"")) == FILE
        assert stream.size == (len(FILE) if framing == "length" else None)
        assert stream.is_framed is (framing != "close")

    assert len(server.requests) == 1


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("cut_after", [len(FILE) - 1, 100_000, 40_000])
@pytest.mark.parametrize("validator", ["etag", "last-modified"])
def test_a_cut_download_resumes_where_it_stopped(
    cut_after: int, validator: str, reset: bool
) -> None:
    etag, date = ('"v1"', None) if validator == "etag" else ('W/"v1"', DATE)
    cut = Answer(body=FILE, cut_after=cut_after, etag=etag, last_modified=date, reset=reset)

    with serving(cut) as server:
        assert download(server) == FILE

    assert len(server.requests) >= len(FILE) // cut_after
    first, *others = server.requests
    assert "Range" not in first
    resumed = {request["If-Range"] for request in others if "Range" in request}
    assert resumed == {etag if validator == "etag" else date}
    if not reset:
        expected = [f"bytes={n * cut_after}-" for n in range(1, len(server.requests))]
        assert server.ranges[1:] == expected


def test_a_stalled_connection_resumes_after_the_timeout() -> None:
    stalled = Answer(body=FILE, cut_after=50_000, stall=True)
    with (
        serving(stalled, Answer(body=FILE)) as server,
        Download(source_of(server, timeout=0.1)) as stream,
    ):
        assert b"".join(iter(stream.read, b"")) == FILE

    assert len(server.requests) == 2


def test_a_cut_chunked_answer_is_noticed_and_resumed() -> None:
    cut = Answer(body=FILE, cut_after=50_000, framing="chunked")
    with serving(cut, Answer(body=FILE)) as server:
        assert download(server) == FILE


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(Answer(body=FILE, ranges=False), id="range-ignored"),
        pytest.param(Answer(body=FILE, etag=None), id="no-longer-validated"),
    ],
)
def test_where_the_range_is_ignored_what_was_read_is_skipped(second: Answer) -> None:
    with serving(Answer(body=FILE, cut_after=90_000), second) as server:
        assert download(server) == FILE


def test_without_a_validator_the_whole_file_is_asked_for_again() -> None:
    cut = Answer(body=FILE, cut_after=90_000, etag=None)
    with serving(cut, Answer(body=FILE, etag=None)) as server:
        assert download(server) == FILE

    assert server.ranges == [None, None]


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(Answer(body=OTHER, etag='"v2"'), id="new-etag"),
        pytest.param(Answer(body=OTHER, etag=None), id="new-length"),
        pytest.param(Answer(body=FILE[::-1], etag=None), id="same-length-other-bytes"),
        pytest.param(Answer(body=FILE[::-1], ranges=False), id="other-bytes-under-the-same-etag"),
        pytest.param(Answer(body=FILE, status=416), id="range-not-satisfiable"),
        pytest.param(
            Answer(body=FILE, status=206, headers={"Content-Range": f"bytes 5-9/{len(FILE)}"}),
            id="another-range-than-asked-for",
        ),
    ],
)
def test_a_file_that_became_another_one_is_not_continued(second: Answer) -> None:
    with (
        serving(Answer(body=FILE, cut_after=90_000), second) as server,
        pytest.raises(FileChangedError),
    ):
        download(server)


@pytest.mark.parametrize("status", [403, 404])
def test_a_refusal_in_the_middle_is_final(status: int) -> None:
    gone = Answer(status=status)
    with (
        serving(Answer(body=FILE, cut_after=90_000), gone) as server,
        pytest.raises(OneSignalExportUnavailableError) as caught,
    ):
        download(server)

    assert caught.value.status_code == status
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("position", ["first", "in the middle"])
def test_a_busy_server_is_asked_again(status: int, position: str) -> None:
    busy = Answer(status=status)
    before = [] if position == "first" else [Answer(body=FILE, cut_after=90_000)]
    with serving(*before, busy, busy, Answer(body=FILE)) as server:
        assert download(server) == FILE


def test_what_the_server_asks_to_wait_is_waited() -> None:
    waits: list[float] = []
    policy = ResumePolicy(first_delay=0.001)
    with serving(Answer(status=503, headers={"Retry-After": "17"}), Answer(body=FILE)) as server:
        source = source_of(server, policy=policy)
        source.sleep = waits.append
        Download(source).__exit__()

    assert waits == [17]


def test_attempts_end_where_nothing_comes(caplog: pytest.LogCaptureFixture) -> None:
    with (
        serving(Answer(body=FILE, cut_after=0)) as server,
        caplog.at_level(logging.DEBUG, "airflow_provider_onesignal"),
        pytest.raises(OneSignalUnreachableError, match="after 3 attempts to resume") as caught,
    ):
        download(server)

    assert "secret" not in str(caught.value) + caplog.text
    assert "Download of the file: the connection broke" in caplog.text
