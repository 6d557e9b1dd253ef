"""Asking for a file: without credentials, and never elsewhere."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from airflow_provider_onesignal.exceptions import (
    OneSignalConfigurationError,
    OneSignalExportUnavailableError,
    OneSignalUnreachableError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.files.source import (
    Attempts,
    ByteRange,
    Dropped,
    HttpSource,
    ResumePolicy,
    Version,
    byte_range,
    read_piece,
    version_of,
)
from tests.unit.files.faulty import Answer, gzip_of, serving, source_of
from tests.unit.scripted import Reply
from tests.unit.tls import https_server

FILE = gzip_of(2000)
DATE = "Mon, 02 Nov 2026 10:00:00 GMT"


class TestWhatAResponseSays:
    @pytest.mark.parametrize(
        ("text", "part"),
        [
            ("bytes 5-9/10", ByteRange(first=5, last=9, total=10)),
            ("bytes 0-0/*", ByteRange(first=0, last=0, total=None)),
            ("bytes */10", None),
            ("items 1-2/3", None),
            ("", None),
        ],
    )
    def test_its_range(self, text: str, part: ByteRange | None) -> None:
        assert byte_range({"Content-Range": text}) == part

    @pytest.mark.parametrize(
        ("headers", "size"),
        [
            ({"Content-Length": "12"}, 12),
            ({"Content-Length": "5", "Content-Range": "bytes 7-11/12"}, 12),
            ({"Content-Length": "-1"}, None),
            ({}, None),
        ],
    )
    def test_the_size_of_the_whole_file(self, headers: dict[str, str], size: int | None) -> None:
        assert version_of(headers).size == size

    @pytest.mark.parametrize(
        ("etag", "last_modified", "validator"),
        [
            ('"v1"', DATE, '"v1"'),
            ('W/"v1"', DATE, DATE),
            ('W/"v1"', None, None),
            (None, None, None),
        ],
    )
    def test_a_weak_etag_validates_no_range(
        self, etag: str | None, last_modified: str | None, validator: str | None
    ) -> None:
        assert Version(size=1, etag=etag, last_modified=last_modified).validator == validator

    @pytest.mark.parametrize(
        ("other", "contradicts"),
        [
            (Version(size=1, etag='"v1"', last_modified="then"), False),
            (Version(size=None, etag=None, last_modified=None), False),
            (Version(size=2, etag='"v1"', last_modified="then"), True),
            (Version(size=1, etag='"v2"', last_modified="then"), True),
            (Version(size=1, etag=None, last_modified="later"), True),
        ],
    )
    def test_versions_contradict_where_both_know_and_differ(
        self, other: Version, contradicts: bool
    ) -> None:
        one = Version(size=1, etag='"v1"', last_modified="then")

        assert one.contradicts(other) is contradicts


class TestARequest:
    @pytest.mark.parametrize(
        "url",
        ["", "users.csv.gz", "ftp://host/a.gz", "file:///etc/passwd", "http://", "http://[::1"],
    )
    def test_goes_to_http_alone(self, url: str) -> None:
        with pytest.raises(OneSignalValidationError, match="not an http or https URL"):
            HttpSource(url, requests.Session())

    def test_sends_nothing_of_the_session_but_its_agent(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "netrc").write_text("machine 127.0.0.1 login user password secret")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        session = requests.Session()
        session.headers.update(
            {"Authorization": "Key os_v2_secret", "X-Api-Key": "secret", "User-Agent": "tests/1"}
        )
        session.auth = ("user", "secret")
        session.cookies.set("token", "secret")

        with serving(Answer()) as server:
            HttpSource(server.url.replace("http://", "http://user:secret@"), session).get().close()

        (sent,) = server.requests
        assert {name: sent[name] for name in ("Accept-Encoding", "User-Agent")} == {
            "Accept-Encoding": "identity",
            "User-Agent": "tests/1",
        }
        assert "secret" not in str(sent)
        assert "Authorization" not in sent

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_follows_no_redirect(self, status: int) -> None:
        elsewhere = Answer(status=status, headers={"Location": "http://127.0.0.1:1/other"})
        with (
            serving(elsewhere) as server,
            pytest.raises(OneSignalExportUnavailableError, match="redirects") as caught,
        ):
            source_of(server).get()

        assert len(server.requests) == 1
        assert_hidden(caught.value)

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
    def test_that_is_refused_raises_the_status(self, status: int) -> None:
        with (
            serving(Answer(status=status)) as server,
            pytest.raises(OneSignalExportUnavailableError, match=f"status {status}") as caught,
        ):
            source_of(server).get()

        assert caught.value.status_code == status
        assert_hidden(caught.value)

    @pytest.mark.parametrize("status", [429, 500, 503, 520])
    def test_that_meets_a_passing_status_may_be_sent_again(self, status: int) -> None:
        busy = Answer(status=status, headers={"Retry-After": "3"})
        with serving(busy) as server, pytest.raises(Dropped) as caught:
            source_of(server).get()

        assert caught.value.retry_after == 3
        assert_hidden(caught.value)

    @pytest.mark.parametrize("how", ["silent", "refusing"])
    def test_that_finds_no_server_hides_the_url(self, how: str) -> None:
        with failing(how) as origin:
            source = HttpSource(f"{origin}/secret/users_0123.gz", requests.Session(), timeout=0.05)
            with pytest.raises(Dropped) as caught:
                source.get()

        assert_hidden(caught.value)

    def test_without_certificates_to_check_with_names_them(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")
        source = HttpSource("https://127.0.0.1:1/secret/users_0123.csv.gz", requests.Session())

        with pytest.raises(OneSignalConfigurationError, match=r"/no/such/bundle\.pem") as caught:
            source.get()

        assert_hidden(caught.value)

    def test_to_a_server_that_is_not_trusted_is_a_matter_of_configuration(
        self, certificate: Path
    ) -> None:
        with (
            https_server(certificate, Reply()) as origin,
            pytest.raises(OneSignalConfigurationError, match="not trusted") as caught,
        ):
            HttpSource(f"{origin}/secret/users_0123.csv.gz", requests.Session()).get()

        assert_hidden(caught.value)


@contextmanager
def failing(how: str) -> Iterator[str]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        if how == "silent":
            bound.listen()
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def assert_hidden(error: BaseException) -> None:
    error.__traceback__ = None
    shown = "".join(traceback.format_exception(error))
    assert "secret" not in shown
    assert "users_0123" not in shown
    assert error.__context__ is None


class TestAPiece:
    def test_is_read_by_range(self) -> None:
        with serving(Answer(body=FILE)) as server:
            piece = read_piece(source_of(server), first=100, length=50)

        assert (piece.body, piece.is_range, piece.version.size) == (FILE[100:150], True, len(FILE))

    def test_is_the_beginning_where_the_server_knows_no_ranges(self) -> None:
        with serving(Answer(body=FILE, ranges=False)) as server:
            piece = read_piece(source_of(server), first=100, length=50)

        assert (piece.body, piece.is_range) == (FILE[:50], False)

    @pytest.mark.parametrize("first", [Answer(status=503), Answer(body=FILE, cut_after=20)])
    def test_is_asked_for_again(self, first: Answer) -> None:
        with serving(first, Answer(body=FILE)) as server:
            assert read_piece(source_of(server), first=0, length=50).body == FILE[:50]


class TestPatience:
    @pytest.mark.parametrize(("stalls", "bound"), [(1, 1), (2, 2), (4, 8), (10, 60), (5000, 60)])
    def test_grows_with_jitter_up_to_a_cap(self, stalls: int, bound: float) -> None:
        waits = [ResumePolicy().delay(stalls) for _ in range(200)]

        assert max(waits) <= bound
        assert min(waits) < bound / 2 < max(waits)

    @pytest.mark.parametrize(("asked", "waited"), [(20, 20), (9999, 60)])
    def test_is_what_the_server_asks_for_within_reason(self, asked: float, waited: float) -> None:
        waits, attempts = attempts_of(ResumePolicy())

        attempts.wait(Dropped("busy", asked), position=0)

        assert waits == [waited]

    def test_ends_after_stalls_in_a_row(self) -> None:
        _, attempts = attempts_of(ResumePolicy(max_stalls=2))
        for _ in range(2):
            attempts.wait(Dropped("cut"), position=0)

        with pytest.raises(OneSignalUnreachableError, match="after 2 attempts to resume: cut"):
            attempts.wait(Dropped("cut"), position=0)

    def test_is_renewed_by_progress_up_to_a_bound_in_all(self) -> None:
        _, attempts = attempts_of(ResumePolicy(max_stalls=2, max_resumes=5))
        for _ in range(5):
            attempts.wait(Dropped("cut"), position=0)
            attempts.progress()

        with pytest.raises(OneSignalUnreachableError):
            attempts.wait(Dropped("cut"), position=0)


def attempts_of(policy: ResumePolicy) -> tuple[list[float], Attempts]:
    waits: list[float] = []
    source = HttpSource("http://host/a.gz", requests.Session(), policy=policy, sleep=waits.append)
    return waits, Attempts(source)
