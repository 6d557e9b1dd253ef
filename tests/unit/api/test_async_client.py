"""Polls from the triggerer, over real sockets."""

from __future__ import annotations

import asyncio
import base64
import gc
import logging
import ssl
import warnings
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import aiohttp
import pytest
from yarl import URL

from airflow_provider_onesignal.api import async_client
from airflow_provider_onesignal.api.async_client import api_client, file_prober
from airflow_provider_onesignal.api.request import ApiRequest
from airflow_provider_onesignal.connection import ApiSettings, HttpSettings
from airflow_provider_onesignal.exceptions import (
    OneSignalAuthenticationError,
    OneSignalConfigurationError,
    OneSignalServerError,
    OneSignalUnreachableError,
)
from airflow_provider_onesignal.readiness import Probe, readiness_of
from tests.unit.fakes import APP_ID
from tests.unit.readiness_table import STATUSES, expected
from tests.unit.scripted import Reply, ScriptedServer, json_reply

HTTP = HttpSettings(timeout=5.0)


async def poll(url: str, http: HttpSettings = HTTP) -> Probe:
    async with file_prober(http) as prober:
        return await prober.probe(url)


@pytest.mark.parametrize("status", [status for status in STATUSES if status], ids=str)
async def test_each_status_of_a_file_is_seen_as_it_is(server, status):
    server.script = [Reply(status=status, body=b"" if status in (204, 304) else b"x")]

    seen = await poll(f"{server.url}/x.csv.gz")

    assert seen == Probe(status=status)
    assert readiness_of(seen, age=1.0) == expected(status, 1.0)


async def test_a_poll_downloads_nothing(server):
    server.script = [Reply(body=b"x" * 50_000_000)]

    async with asyncio.timeout(2):
        assert await poll(f"{server.url}/x.csv.gz") == Probe(status=200)

    (seen,) = server.seen
    assert seen.method == "GET"
    assert seen.headers["range"] == "bytes=0-0"
    assert seen.headers["accept-encoding"] == "identity"
    assert seen.headers["user-agent"].startswith("airflow-provider-onesignal/")


async def test_polls_share_a_connection(server):
    server.script = [Reply(status=404, body=b"<Error/>")]
    async with file_prober(HTTP) as prober:
        for _ in range(3):
            await prober.probe(f"{server.url}/x.csv.gz")
        connector: Any = prober._session.connector
        (connections,) = connector._conns.values()

    assert len(connections) == 1


async def test_a_redirect_of_a_file_is_shown_by_its_host_and_not_followed(server):
    server.script = [Reply(status=302, headers={"Location": "https://other.example.com/secret"})]

    assert str(await poll(f"{server.url}/x")) == "HTTP 302 (redirects to other.example.com)"
    assert server.count == 1


@pytest.mark.parametrize("location", ["https://[", "//", "x" * 5000])
async def test_no_target_of_a_redirect_breaks_a_poll(server, location):
    server.script = [Reply(status=302, headers={"Location": location})]

    assert (await poll(f"{server.url}/x")).status == 302


@pytest.mark.parametrize("reply", [Reply(cut_after=0), Reply(body=b"x" * 9, cut_after=4)])
async def test_a_cut_connection_is_no_answer(server, reply):
    server.script = [reply]

    assert (await poll(f"{server.url}/x")).status is None


async def test_a_poll_that_gets_no_answer_says_why(server, free_port):
    server.script = [Reply(hangs=True)]
    impatient = HttpSettings(timeout=0.1)

    assert str(await poll(f"{server.url}/x", impatient)) == "no response (no response in time)"
    refused = await poll(f"http://127.0.0.1:{free_port}/x")
    assert str(refused).startswith("no response (no connection, or it broke")


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "http://*bad/x",
        "http://h:99999/x",
        "http://[::1/x",
        "no url",
        "http://" + "x" * 300 + "/x",
        "http://a..b/x",
        "ftp://h/x",
    ],
)
async def test_what_is_no_url_is_fatal_or_no_answer(url):
    assert (await poll(url)).status in (None, 400)


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/a%2Fb%7Ec.csv?sig=%2b+%20", "/a%2Fb%7Ec.csv?sig=%2b+%20"),
        ("/a b.csv", "/a%20b.csv"),
        ("/ä.csv", "/%C3%A4.csv"),
    ],
)
async def test_a_url_is_requested_as_it_stands_where_that_can_be(server, path, sent):
    await poll(server.url + path)

    assert server.seen[0].path == sent


async def test_no_url_can_smuggle_a_header(server):
    await poll(f"{server.url}/a HTTP/1.1\r\nX-Smuggled: yes\r\n\r\n")

    assert all("x-smuggled" not in seen.headers for seen in server.seen)


async def test_a_file_host_gets_no_authorization_at_all(server, monkeypatch, tmp_path):
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login someone password secret-of-netrc\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    await poll(f"{server.url}/x")

    assert "authorization" not in server.seen[0].headers


async def test_cookies_are_not_kept(server):
    server.script = [Reply(status=404, headers={"Set-Cookie": "a=b; Path=/"})]
    async with file_prober(HTTP) as prober:
        await prober.probe(f"{server.url}/x")
        await prober.probe(f"{server.url}/x")

    assert "cookie" not in server.seen[1].headers


class TestProxies:
    """A poll goes through the proxy of the connection, else through that of the environment."""

    @pytest.mark.parametrize("name", ["http", "all", "http://files.example.com"])
    async def test_of_the_connection(self, server, monkeypatch, name):
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

        await poll("http://files.example.com/x", HttpSettings(proxies={name: server.url}))

        assert server.seen[0].path == "http://files.example.com/x"

    async def test_not_where_the_connection_wants_none(self, server, monkeypatch):
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        monkeypatch.delenv("NO_PROXY")

        await poll(f"{server.url}/x", HttpSettings(proxies={"http": ""}))

        assert server.seen[0].path == "/x"

    async def test_of_the_environment(self, server, monkeypatch):
        monkeypatch.setenv("http_proxy", server.url)

        await poll("http://files.example.com/x")

        assert server.seen[0].path == "http://files.example.com/x"

    async def test_not_where_the_environment_excepts_the_host(self, server, monkeypatch):
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        monkeypatch.setenv("no_proxy", "127.0.0.1")

        await poll(f"{server.url}/x")

        assert server.seen[0].path == "/x"

    async def test_with_credentials(self, server):
        proxy = server.url.replace("http://", "http://user:p%40ss@")

        await poll("http://files.example.com/x", HttpSettings(proxies={"http": proxy}))

        given = base64.b64encode(b"user:p@ss").decode()
        assert server.seen[0].headers["proxy-authorization"] == f"Basic {given}"

    @pytest.mark.parametrize("proxy", ["http://", "://", "http://h:port", "http://user:secret@h h"])
    async def test_that_are_no_url_are_a_matter_of_configuration(self, proxy):
        with pytest.raises(OneSignalConfigurationError, match='extra "proxies"') as raised:
            await poll("http://127.0.0.1:1/x", HttpSettings(proxies={"http": proxy}))

        assert "secret" not in str(raised.value)

    async def test_of_the_environment_are_checked_too(self, monkeypatch):
        monkeypatch.setenv("http_proxy", "http://h:port")

        with pytest.raises(OneSignalConfigurationError, match="HTTPS_PROXY"):
            await poll("http://files.example.com/x")

    async def test_of_a_scheme_that_aiohttp_does_not_speak_are_refused(self):
        with pytest.raises(OneSignalConfigurationError, match="the schemes http, https"):
            await poll("http://127.0.0.1:1/x", HttpSettings(proxies={"http": "socks5://h:1"}))


class TestSharing:
    """Who asks for equal settings shares a session, as long as somebody uses it."""

    async def test_equal_settings_share_a_session(self):
        async with file_prober(HTTP) as one, file_prober(HttpSettings(timeout=5.0)) as other:
            assert one._session is other._session

    @pytest.mark.parametrize(
        "other", [HttpSettings(timeout=6.0), HttpSettings(timeout=5.0, verify=False)]
    )
    async def test_other_settings_do_not(self, other):
        async with file_prober(HTTP) as one, file_prober(other) as two:
            assert one._session is not two._session

    async def test_proxies_are_not_shared_with_the_session(self, server):
        proxied = HttpSettings(timeout=5.0, proxies={"http": server.url})
        async with file_prober(proxied) as one, file_prober(HTTP) as two:
            await one.probe("http://files.example.com/1")
            await two.probe(f"{server.url}/2")

        assert [seen.path for seen in server.seen] == ["http://files.example.com/1", "/2"]

    async def test_the_last_one_closes_it(self):
        async with file_prober(HTTP) as one:
            async with file_prober(HTTP) as two:
                pass
            assert not two._session.closed

        assert one._session.closed
        assert async_client._sessions == {}

    async def test_the_next_one_gets_a_new_one(self):
        async with file_prober(HTTP) as one:
            pass
        async with file_prober(HTTP) as two:
            assert not two._session.closed

        assert one._session is not two._session

    async def test_many_at_once_make_one_tls_context(self, monkeypatch, tmp_path):
        made: list[str] = []
        context = async_client._context

        def make(verify: str) -> ssl.SSLContext:
            made.append(verify)
            return context(verify)

        monkeypatch.setattr(async_client, "_context", make)
        http = HttpSettings(verify=str(tmp_path))
        everybody = asyncio.Barrier(20)

        async def use() -> aiohttp.ClientSession:
            async with file_prober(http) as prober:
                await everybody.wait()
                return prober._session

        sessions = await asyncio.gather(*(use() for _ in range(20)))

        assert len({id(session) for session in sessions}) == 1
        assert len(made) == 1

    async def test_an_error_or_a_cancellation_within_releases_it(self):
        async def use() -> None:
            async with file_prober(HTTP):
                await asyncio.Event().wait()

        task = asyncio.create_task(use())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        assert async_client._sessions == {}

    def test_loops_do_not_share(self, server):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for _ in range(2):
                assert asyncio.run(poll(f"{server.url}/x")).status == 200
            gc.collect()


class TestTls:
    async def test_a_bundle_that_is_not_there_is_named(self):
        with pytest.raises(OneSignalConfigurationError, match=r"/no/such/bundle"):
            await poll("https://127.0.0.1:1/x", HttpSettings(verify="/no/such/bundle"))

        assert async_client._sessions == {}

    async def test_a_file_that_is_no_bundle_is_refused(self):
        with pytest.raises(OneSignalConfigurationError, match="verify"):
            await poll("https://127.0.0.1:1/x", HttpSettings(verify=__file__))

    async def test_a_folder_of_certificates_is_accepted(self, tmp_path: Path):
        seen = await poll("https://127.0.0.1:1/x", HttpSettings(verify=str(tmp_path)))

        assert seen.status is None

    async def test_all_that_wait_for_a_bundle_learn_that_it_is_not_there(self):
        http = HttpSettings(verify="/no/such/bundle")

        ends = await asyncio.gather(
            *(poll("https://127.0.0.1:1/x", http) for _ in range(5)), return_exceptions=True
        )

        assert {type(end) for end in ends} == {OneSignalConfigurationError}
        assert async_client._sessions == {}

    async def test_who_is_cancelled_while_a_bundle_is_read_leaves_nothing(self, tmp_path: Path):
        task = asyncio.create_task(
            poll("https://127.0.0.1:1/x", HttpSettings(verify=str(tmp_path)))
        )
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        assert async_client._sessions == {}


async def test_an_untrusted_certificate_is_a_matter_of_configuration(monkeypatch):
    async def refuse(*_args, **_kwargs):
        key: Any = SimpleNamespace(host="h", port=443, is_ssl=True, ssl=True)
        raise aiohttp.ClientConnectorCertificateError(key, ssl.SSLError("self-signed"))

    async with file_prober(HTTP) as prober:
        monkeypatch.setattr(prober._session, "_request", refuse)

        with pytest.raises(OneSignalConfigurationError, match="not trusted"):
            await prober.probe("https://h/x.csv.gz")


@pytest.mark.parametrize("proxy", ["proxy:3128", "http://proxy:3128"])
async def test_a_proxy_needs_no_scheme(proxy):
    async with file_prober(HttpSettings(proxies={"https": proxy})) as prober:
        assert prober._proxies.of(URL("https://h/x")) == "http://proxy:3128"


async def test_the_ca_bundle_of_the_environment_is_used_as_requests_uses_it(monkeypatch, tmp_path):
    asked = MagicMock()
    monkeypatch.setattr(async_client, "_context", asked)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))

    assert await async_client._tls(True) is asked.return_value
    asked.assert_called_once_with(str(tmp_path))


async def test_a_file_host_that_asks_to_wait_is_heard(server):
    server.script = [Reply(status=503, headers={"Retry-After": "120"})]

    assert (await poll(f"{server.url}/x")).retry_after == 120.0


async def test_no_log_line_of_a_poll_shows_the_url_of_a_file(server, caplog):
    caplog.set_level(logging.DEBUG)

    await poll(f"{server.url}/users_secret.csv.gz")

    assert server.count == 1
    assert "users_secret" not in caplog.text


class TestRequestsToTheApi:
    """The policy is that of requests from a worker, see ``test_client`` and ``test_retries``."""

    GET = ApiRequest(operation="view x", method="GET", path="/a%2Fb", params={"n": 5, "f": True})
    POST = ApiRequest(
        operation="make x", method="POST", path="/x", json={"a": "ä"}, repeatable=False
    )

    @pytest.fixture(autouse=True)
    def slept(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        fake = MagicMock(wraps=asyncio, sleep=sleep)
        monkeypatch.setattr(async_client, "asyncio", fake)
        return slept

    @staticmethod
    async def send(url: str, request: ApiRequest, *, key: str = "os_v2_app_" + "a" * 103) -> Any:
        settings = ApiSettings(
            conn_id="c", app_id=APP_ID, api_key=key, base_url=url, max_attempts=3, http=HTTP
        )
        async with api_client(settings) as client:
            return await client.send(request)

    async def test_carry_key_parameters_and_body(self, server: ScriptedServer):
        server.script = [json_reply({"ok": 1})]

        assert await self.send(server.url, self.GET) == {"ok": 1}
        assert await self.send(server.url, self.POST) == {"ok": 1}

        first, second = server.seen
        assert first.path == "/a%2Fb?n=5&f=True"
        assert first.headers["authorization"] == "Key os_v2_app_" + "a" * 103
        assert second.body == b'{"a": "\\u00e4"}'
        assert second.headers["content-type"] == "application/json"

    async def test_are_repeated_as_those_from_a_worker_are(self, server, slept):
        server.script = [
            Reply(cut_after=0),
            Reply(status=502),
            json_reply({"ok": 1}),
            Reply(status=429, headers={"Retry-After": "7"}),
            json_reply({"ok": 2}),
            Reply(status=502),
        ]

        # Not a GET, whose cut connection aiohttp replaces by itself.
        assert await self.send(server.url, replace(self.POST, repeatable=True)) == {"ok": 1}
        assert await self.send(server.url, self.POST) == {"ok": 2}
        assert slept[2] == 7.0
        with pytest.raises(OneSignalServerError):
            await self.send(server.url, self.POST)
        assert (server.count, len(slept)) == (6, 3)

    async def test_that_reach_nobody_are_repeated_also_where_they_must_not_be_twice(
        self, free_port, slept
    ):
        with pytest.raises(OneSignalUnreachableError, match="after 3 attempts: no connection"):
            await self.send(f"http://127.0.0.1:{free_port}", self.POST)
        assert len(slept) == 2

    async def test_say_what_is_wrong_with_a_key(self, server):
        server.script = [json_reply({"errors": ["Access denied."]}, status=403)]

        with pytest.raises(OneSignalAuthenticationError, match=r"IP allowlist.*legacy one"):
            await self.send(server.url, self.GET, key="k" * 48)

    async def test_follow_no_redirect(self, server):
        server.script = [Reply(status=302, headers={"Location": server.url})]

        with pytest.raises(Exception, match="host redirects"):
            await self.send(server.url, self.GET)
        assert server.count == 1

    async def test_give_up_an_answer_without_end(self, server, monkeypatch):
        monkeypatch.setattr(async_client, "MAX_ANSWER_BYTES", 1000)
        server.script = [Reply(body=b"x" * 100_000)]

        with pytest.raises(OneSignalServerError, match="does not end"):
            await self.send(server.url, self.GET)
