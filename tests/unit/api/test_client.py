"""Requests from a worker, over real sockets."""

from __future__ import annotations

import gzip
import logging
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
import requests

from airflow_provider_onesignal import exceptions as e
from airflow_provider_onesignal.api.answers import MAX_ANSWER_BYTES
from airflow_provider_onesignal.api.client import ApiClient, HttpSession, probe
from airflow_provider_onesignal.api.request import ApiRequest, path_of
from airflow_provider_onesignal.connection import ApiSettings, HttpSettings
from airflow_provider_onesignal.exports import SubscriptionsExport
from airflow_provider_onesignal.readiness import Probe, readiness_of
from tests.unit.fakes import APP_ID
from tests.unit.readiness_table import STATUSES, expected
from tests.unit.scripted import Reply, ScriptedServer, json_reply
from tests.unit.tls import https_server

KEY = "os_v2_app_" + "k" * 103
GET = ApiRequest(
    operation="view segments",
    method="GET",
    path=path_of("apps", APP_ID, "segments"),
    params={"offset": 0, "limit": 300},
)
POST = SubscriptionsExport().api_request(APP_ID)
GOOD = json_reply({"csv_file_url": "https://h/x.csv.gz", "segments": []})
LOCKED = {"errors": ["User already running another CSV export."]}


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def client(server: ScriptedServer, slept: list[float]) -> ApiClient:
    return make_client(server.url, slept)


def make_client(
    base_url: str, slept: list[float], *, max_attempts: int = 5, **http: Any
) -> ApiClient:
    settings = ApiSettings(
        conn_id="onesignal_default",
        app_id=APP_ID,
        api_key=KEY,
        base_url=base_url,
        max_attempts=max_attempts,
        http=HttpSettings(**{"timeout": 5.0} | http),
    )
    return ApiClient(settings, sleep=slept.append)


def test_a_request_carries_the_key_its_parameters_and_its_body(client, server):
    server.script = [GOOD]

    assert client.send(POST)["csv_file_url"] == "https://h/x.csv.gz"
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("POST", f"/players/csv_export?app_id={APP_ID}")
    assert seen.body == b"{}"
    assert seen.headers["authorization"] == f"Key {KEY}"
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["user-agent"].startswith("airflow-provider-onesignal/")


def test_a_list_is_sent_as_repeated_parameters(client, server):
    server.script = [json_reply({"outcomes": []})]

    client.send(
        ApiRequest(
            operation="view outcomes",
            method="GET",
            path="/outcomes",
            params={"outcome_names[]": ["a,b.sum", "c.sum"], "outcome_time_range": "1h"},
        )
    )

    assert server.seen[0].path.endswith(
        "?outcome_names%5B%5D=a%2Cb.sum&outcome_names%5B%5D=c.sum&outcome_time_range=1h"
    )


def test_a_compressed_answer_is_read(client, server):
    body = gzip.compress(b'{"segments": []}')
    server.script = [Reply(body=body, headers={"Content-Encoding": "gzip"})]

    assert client.send(GET) == {"segments": []}


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
def test_what_the_server_did_not_act_on_is_repeated(client, server, slept, status, request_):
    server.script = [Reply(status=status), Reply(status=status), GOOD]

    client.send(request_)

    assert server.count == 3
    assert len(slept) == 2
    assert slept[0] <= 1
    assert slept[1] <= 2


@pytest.mark.parametrize("status", [502, 504, 520, 524, 529])
def test_a_bad_gateway_is_asked_again_only_where_nothing_can_happen_twice(
    client, server, slept, status
):
    server.script = [Reply(status=status), GOOD]

    assert client.send(GET)
    assert server.count == 2
    server.seen.clear()
    with pytest.raises(e.OneSignalServerError) as raised:
        client.send(POST)
    assert raised.value.status_code == status
    assert server.count == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 501, 302])
@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
def test_what_repeating_cannot_help_is_not_repeated(client, server, slept, status, request_):
    server.script = [Reply(status=status, headers={"Retry-After": "1"}), GOOD]

    with pytest.raises(e.OneSignalError):
        client.send(request_)

    assert server.count == 1
    assert slept == []


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("7", 7, 7),
        ("0", 0, 1),
        ("9999", 300, 300),
        ("soon", 0, 1),
        (lambda: formatdate(time.time() + 30, usegmt=True), 25, 31),
        (lambda: formatdate(time.time() - 30, usegmt=True), 0, 1),
    ],
)
def test_the_wait_is_what_the_server_asks_for_within_bounds(
    *, client, server, slept, value, least, most
):
    asked = value() if callable(value) else value
    server.script = [Reply(status=429, headers={"Retry-After": asked}), GOOD]

    client.send(POST)

    assert least <= slept[0] <= most


def test_the_attempts_are_those_of_the_connection(server, slept):
    server.script = [
        json_reply({"errors": ["API rate limit exceeded"]}, status=429, Retry_After="3")
    ]

    with pytest.raises(e.OneSignalRateLimitError) as raised:
        make_client(server.url, slept, max_attempts=3).send(GET)

    assert server.count == 3
    assert slept == [3.0, 3.0]
    assert raised.value.retry_after == 3.0


@pytest.mark.parametrize("status", [400, 403, 409, 429, 500, 503, 200])
def test_a_taken_slot_is_told_at_once(client, server, slept, status):
    server.script = [json_reply(LOCKED, status=status), GOOD]

    with pytest.raises(e.OneSignalExportInProgressError):
        client.send(POST)

    assert (server.count, slept) == (1, [])


def test_a_refused_connection_is_tried_again_also_for_a_post(free_port, slept):
    client = make_client(f"http://127.0.0.1:{free_port}", slept, max_attempts=3)

    with pytest.raises(e.OneSignalUnreachableError, match="after 3 attempts") as raised:
        client.send(POST)

    assert len(slept) == 2
    assert f"127.0.0.1:{free_port}" in str(raised.value)
    assert "'onesignal_default'" in str(raised.value)
    assert raised.value.status_code is None


def test_an_unknown_name_is_tried_again_and_named(slept):
    client = make_client("http://no-such-host.invalid", slept, max_attempts=2)

    with pytest.raises(e.OneSignalUnreachableError, match=r"no-such-host\.invalid"):
        client.send(POST)

    assert len(slept) == 1


CUTS = [
    pytest.param(Reply(cut_after=0), id="no-answer"),
    pytest.param(Reply(body=b'{"segments": []}', cut_after=5), id="cut-body"),
    pytest.param(
        Reply(body=gzip.compress(b"{}" * 50), headers={"Content-Encoding": "gzip"}, cut_after=12),
        id="cut-gzip",
    ),
    pytest.param(Reply(body=b"no gzip", headers={"Content-Encoding": "gzip"}), id="no-gzip"),
]


@pytest.mark.parametrize("cut", CUTS)
def test_a_broken_connection_is_asked_again_only_where_nothing_can_happen_twice(
    client, server, slept, cut
):
    server.script = [cut, GOOD]

    assert client.send(GET)
    assert server.count == 2
    server.seen.clear()
    with pytest.raises(e.OneSignalUnreachableError, match="after 1 attempt"):
        client.send(POST)
    assert server.count == 1


def test_a_silent_server_is_not_waited_for_beyond_the_timeout(server, slept):
    server.script = [Reply(hangs=True)]
    began = time.monotonic()

    with pytest.raises(e.OneSignalUnreachableError, match="no response in time"):
        make_client(server.url, slept, timeout=0.1).send(POST)

    assert time.monotonic() - began < 3
    assert (server.count, slept) == (1, [])


def test_an_answer_without_end_is_given_up(client, server):
    server.script = [Reply(body=b" " * (MAX_ANSWER_BYTES + 1))]

    with pytest.raises(e.OneSignalServerError, match="does not end"):
        client.send(GET)

    assert server.count == 1


def test_a_small_answer_that_inflates_without_end_is_given_up(client, server):
    bomb = gzip.compress(b" " * (MAX_ANSWER_BYTES + 1))
    server.script = [Reply(body=bomb, headers={"Content-Encoding": "gzip"})]

    with pytest.raises(e.OneSignalServerError, match="does not end"):
        client.send(GET)


def test_a_redirect_is_not_followed_and_the_key_goes_nowhere_else(client, server):
    other = ScriptedServer()
    other.start()
    server.script = [Reply(status=307, headers={"Location": f"{other.url}/steal"})]

    with pytest.raises(e.OneSignalInvalidRequestError, match="redirects"):
        client.send(POST)
    other.stop()

    assert server.count == 1
    assert other.count == 0


def with_netrc(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    netrc = folder / ".netrc"
    netrc.write_text("default login someone password secret-of-netrc\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(folder))


def test_the_api_gets_our_key_and_nothing_of_netrc(client, server, monkeypatch, tmp_path):
    with_netrc(monkeypatch, tmp_path)
    server.script = [GOOD]

    client.send(GET)

    assert server.seen[0].headers["authorization"] == f"Key {KEY}"


def test_a_file_host_gets_no_authorization_at_all(server, monkeypatch, tmp_path):
    with_netrc(monkeypatch, tmp_path)

    probe(HttpSession(HttpSettings()), f"{server.url}/x.csv.gz")

    assert "authorization" not in server.seen[0].headers


@pytest.mark.parametrize("authorization", [None, "Key k"], ids=["file host", "API"])
def test_cookies_are_not_kept(server, authorization):
    server.script = [Reply(headers={"Set-Cookie": "session=of-somebody; Path=/"})]

    with HttpSession(HttpSettings(), authorization=authorization) as session:
        for _ in range(2):
            session.get(server.url)

    assert [seen.headers.get("cookie") for seen in server.seen] == [None, None]


def test_nothing_logs_or_shows_the_key(client, server, caplog):
    server.script = [Reply(status=503), json_reply({"errors": [f"key {KEY} is wrong"]}, status=401)]

    caplog.set_level(logging.DEBUG, logger="urllib3")
    with caplog.at_level(logging.DEBUG), pytest.raises(e.OneSignalAuthenticationError) as raised:
        client.send(GET)

    assert "urllib3" in {record.name.split(".")[0] for record in caplog.records}
    for shown in (
        caplog.text,
        str(raised.value),
        repr(raised.value),
        repr(client),
        repr(vars(client)),
    ):
        assert KEY not in shown


def test_a_retry_is_logged_with_its_reason(client, server, caplog):
    server.script = [Reply(status=503), GOOD]

    client.send(GET)

    assert "'view segments' got HTTP 503; trying again in" in caplog.text
    assert "(attempt 2 of 5)" in caplog.text


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[str]:
    with https_server(certificate, GOOD) as url:
        yield url


def test_an_untrusted_certificate_is_a_matter_of_configuration(tls_server, slept):
    with pytest.raises(e.OneSignalConfigurationError, match='"verify"'):
        make_client(tls_server, slept).send(GET)

    assert slept == []
    with pytest.raises(e.OneSignalConfigurationError, match="not trusted"):
        probe(HttpSession(HttpSettings()), tls_server)


@pytest.mark.parametrize("verify", ["ca.pem", False])
def test_tls_is_verified_as_the_connection_says(tls_server, certificate, slept, verify):
    given = str(certificate / verify) if verify else verify

    assert make_client(tls_server, slept, verify=given).send(GET)


def test_the_connection_wins_over_the_environment(tls_server, certificate, slept, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")

    assert make_client(tls_server, slept, verify=str(certificate / "ca.pem")).send(GET)


def test_a_ca_bundle_that_is_not_there_is_named(slept, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")

    with pytest.raises(e.OneSignalConfigurationError, match=r"/no/such/bundle\.pem"):
        make_client("https://127.0.0.1:1", slept).send(GET)
    with pytest.raises(e.OneSignalConfigurationError, match=r"/no/such/bundle\.pem"):
        probe(HttpSession(HttpSettings()), "https://127.0.0.1:1/x.csv")


def test_tls_that_breaks_is_asked_again_like_any_broken_connection(slept):
    with closing_at_once() as port:
        client = make_client(f"https://127.0.0.1:{port}", slept, max_attempts=3)
        with pytest.raises(e.OneSignalUnreachableError):
            client.send(GET)

    assert len(slept) == 2


class closing_at_once:  # noqa: N801
    """A server that accepts connections and closes them."""

    def __enter__(self) -> int:
        import socket

        self._socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()
        return int(self._socket.getsockname()[1])

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.recv(64)
            connection.close()

    def __exit__(self, *_: object) -> None:
        self._socket.close()


@pytest.mark.parametrize("name", ["http", "all", "http://api.example.com"])
def test_requests_go_through_the_proxy_of_the_connection(server, slept, monkeypatch, name):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    server.script = [GOOD]

    make_client("http://api.example.com", slept, proxies={name: server.url}).send(GET)

    assert server.seen[0].path.startswith("http://api.example.com/apps/")


def test_requests_go_through_no_proxy_where_the_connection_wants_none(server, slept, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY")
    server.script = [GOOD]

    make_client(server.url, slept, proxies={"http": ""}).send(GET)

    assert server.seen[0].path.startswith("/apps/")


@pytest.mark.parametrize("proxy", ["http://", "://", "http://h:port", "ftp://user:secret@h:1"])
def test_a_proxy_that_cannot_be_used_is_a_matter_of_configuration(slept, proxy):
    proxies = {"http": proxy}
    session = HttpSession(HttpSettings(proxies=proxies))
    for ask in (
        lambda: make_client("http://api.example.com", slept, proxies=proxies).send(GET),
        lambda: probe(session, "http://files.example.com/x"),
    ):
        with pytest.raises(e.OneSignalConfigurationError, match='extra "proxies"') as raised:
            ask()
        assert "secret" not in str(raised.value)
    assert slept == []


Poll = Callable[[str], Probe]


@pytest.fixture
def poll(server: ScriptedServer) -> Poll:
    session = HttpSession(HttpSettings(timeout=5.0))
    return lambda path: probe(session, server.url + path)


@pytest.mark.parametrize("status", [status for status in STATUSES if status], ids=str)
def test_each_status_of_a_file_is_seen_as_it_is(poll, server, status):
    server.script = [Reply(status=status, body=b"" if status in (204, 304) else b"x")]

    seen = poll("/x.csv.gz")

    assert seen == Probe(status=status)
    assert readiness_of(seen, age=1.0) == expected(status, 1.0)


def test_a_poll_downloads_nothing(poll, server):
    server.script = [Reply(body=b"x" * 50_000_000)]
    began = time.monotonic()

    assert poll("/x.csv.gz") == Probe(status=200)

    assert time.monotonic() - began < 2
    assert server.seen[0].method == "GET"
    assert server.seen[0].headers["range"] == "bytes=0-0"
    assert server.seen[0].headers["accept-encoding"] == "identity"


def test_a_redirect_of_a_file_is_shown_by_its_host_and_not_followed(poll, server):
    server.script = [Reply(status=302, headers={"Location": "https://other.example.com/secret"})]

    assert str(poll("/x.csv.gz")) == "HTTP 302 (redirects to other.example.com)"
    assert server.count == 1


@pytest.mark.parametrize("location", ["https://[", "//", "\t", "x" * 5000, "http://a\xe9b/"])
def test_no_target_of_a_redirect_breaks_a_poll(poll, server, location):
    server.script = [Reply(status=302, headers={"Location": location})]

    assert poll("/x.csv.gz").status == 302


@pytest.mark.parametrize("reply", [Reply(cut_after=0), Reply(body=b"x" * 9, cut_after=4)])
def test_a_cut_connection_is_no_answer_or_the_status_that_came(poll, server, reply):
    server.script = [reply]

    assert poll("/x.csv.gz").status in (None, 200)


def test_a_poll_that_gets_no_answer_says_why(server, free_port):
    server.script = [Reply(hangs=True)]
    session = HttpSession(HttpSettings(timeout=0.1))

    assert str(probe(session, f"{server.url}/x")) == "no response (no response in time)"
    refused = probe(session, f"http://127.0.0.1:{free_port}/x")
    assert str(refused) == "no response (no connection (refused, or the name is unknown))"


@pytest.mark.parametrize("url", ["http://", "http://*bad", "http://a b/x", "http://h:99999/x"])
def test_what_is_no_url_is_fatal_or_no_answer(url):
    assert probe(HttpSession(HttpSettings(timeout=1.0)), url).status in (None, 400)


def test_a_file_host_that_asks_to_wait_is_heard(poll, server):
    server.script = [Reply(status=503, headers={"Retry-After": "120"})]

    assert poll("/x.csv.gz").retry_after == 120.0


def test_a_session_is_a_session_of_requests():
    assert isinstance(HttpSession(HttpSettings()), requests.Session)
