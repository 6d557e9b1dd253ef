"""Asking for a file: without credentials, and never elsewhere."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from airflow_provider_onesignal.stream.errors import (
    InvalidSourceError,
    RedirectError,
    SourceStatusError,
    SourceUntrustedError,
)
from airflow_provider_onesignal.stream.source import DroppedError, HttpSource
from tests.unit.scripted import Reply
from tests.unit.stream.faulty import Answer, serving, source_of
from tests.unit.tls import https_server


@pytest.mark.parametrize(
    "url", ["", "users.csv.gz", "ftp://host/a.gz", "file:///etc/passwd", "http://", "http://[::1"]
)
def test_only_http_is_a_source(url: str) -> None:
    with pytest.raises(InvalidSourceError, match="not an http or https URL"):
        HttpSource(url, requests.Session())


def test_nothing_of_the_session_but_its_agent_is_sent() -> None:
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


def test_netrc_is_not_consulted(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login user password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    with serving(Answer()) as server:
        source_of(server).get().close()

    assert "Authorization" not in server.requests[0]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused(status: int) -> None:
    elsewhere = Answer(status=status, headers={"Location": "http://127.0.0.1:1/other"})
    with serving(elsewhere) as server, pytest.raises(RedirectError, match="redirects"):
        source_of(server).get()

    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_refusal_tells_its_status(status: int) -> None:
    with (
        serving(Answer(status=status)) as server,
        pytest.raises(SourceStatusError, match=f"status {status}") as caught,
    ):
        source_of(server).get()

    assert caught.value.status_code == status


@pytest.mark.parametrize("status", [429, 500, 503, 520])
def test_a_transient_status_may_be_asked_again(status: int) -> None:
    busy = Answer(status=status, headers={"Retry-After": "3"})
    with serving(busy) as server, pytest.raises(DroppedError) as caught:
        source_of(server).get()

    assert caught.value.retry_after == 3


@contextmanager
def failing(how: str) -> Iterator[str]:
    """Give the address of a server that fails."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        if how == "silent":
            bound.listen()
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.mark.parametrize("how", ["silent", "refusing"])
def test_no_error_of_a_failed_connection_shows_the_url(how: str) -> None:
    with failing(how) as origin:
        source = HttpSource(f"{origin}/secret/users_0123.csv.gz", requests.Session(), timeout=0.05)
        with pytest.raises(DroppedError) as caught:
            source.get()

    assert_hidden(caught.value)


def test_certificates_that_are_not_there_are_named_and_not_looked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")
    source = HttpSource("https://127.0.0.1:1/secret/users_0123.csv.gz", requests.Session())

    with pytest.raises(SourceUntrustedError, match=r"/no/such/bundle\.pem") as caught:
        source.get()

    assert_hidden(caught.value)


def test_a_certificate_that_is_not_trusted_is_not_asked_for_again(certificate: Path) -> None:
    with (
        https_server(certificate, Reply()) as origin,
        pytest.raises(SourceUntrustedError, match="not trusted") as caught,
    ):
        HttpSource(f"{origin}/secret/users_0123.csv.gz", requests.Session()).get()

    assert_hidden(caught.value)


@pytest.mark.parametrize("status", [302, 404, 503])
def test_no_error_of_an_answer_shows_the_url(status: int) -> None:
    refusal = Answer(status=status, headers={"Location": "/secret"})
    with serving(refusal) as server, pytest.raises(Exception, match=str(status)) as caught:
        source_of(server).get()

    assert_hidden(caught.value)


def assert_hidden(error: BaseException) -> None:
    error.__traceback__ = None
    shown = "".join(traceback.format_exception(error))
    assert "secret" not in shown
    assert "users_0123" not in shown
    assert error.__context__ is None
