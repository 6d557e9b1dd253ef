"""Requests from an event loop, over ``aiohttp``: one session for all that have equal settings."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from airflow_provider_onesignal import __version__
from airflow_provider_onesignal.api.answers import MAX_ANSWER_BYTES, Answer
from airflow_provider_onesignal.api.client import (
    failure_of,
    log_retry,
    unreachable,
    untrusted,
    value_for,
)
from airflow_provider_onesignal.api.request import ApiRequest
from airflow_provider_onesignal.api.retries import Failure, delay_before_retry
from airflow_provider_onesignal.connection import ApiSettings, HttpSettings, usable_proxy
from airflow_provider_onesignal.exceptions import OneSignalConfigurationError, OneSignalServerError
from airflow_provider_onesignal.http_policy import retry_after_seconds
from airflow_provider_onesignal.readiness import PROBE_HEADERS, Probe, answered

USER_AGENT = f"airflow-provider-onesignal/{__version__} aiohttp/{aiohttp.__version__}"
_PROXY_SCHEMES = ("http", "https")


class FileProber:
    """
    Polls the URLs of files, from within one event loop.

    :param http: timeout, TLS verification, proxies
    :param session: a session of that loop
    """

    def __init__(self, http: HttpSettings, session: aiohttp.ClientSession) -> None:
        self._http = http
        self._session = session
        self._proxies = _Proxies(http)

    async def probe(self, url: str) -> Probe:
        """
        Poll the URL of an export's file without downloading it.

        :param url: the file's URL
        """
        try:
            address = _address(url)
        except ValueError:
            return Probe(status=400, problem="no valid URL")
        try:
            async with self._session.get(
                address,
                headers=PROBE_HEADERS,
                allow_redirects=False,
                proxy=self._proxies.of(address),
            ) as response:
                await _dispose(response)
                return answered(
                    response.status,
                    location=response.headers.get("Location", ""),
                    retry_after=retry_after_seconds(response.headers),
                )
        except aiohttp.InvalidURL:
            return Probe(status=400, problem="no valid URL")
        except TimeoutError:
            return Probe(problem="no response in time")
        except aiohttp.ClientConnectorCertificateError as error:
            raise OneSignalConfigurationError(
                f"The TLS certificate of {address.host} is not trusted. Set the extra "
                '"verify" of the Airflow connection to the path of the CA bundle.'
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            return Probe(problem=f"no connection, or it broke ({type(error).__name__})")
        except ValueError:
            # such as a host that cannot be written in IDNA; many errors above are of this type too
            return Probe(status=400, problem="no valid URL")


class AsyncApiClient:
    """
    Sends API requests from within one event loop, and repeats them as the policy allows.

    :param settings: how to reach the API
    :param session: a session of that loop
    """

    def __init__(self, settings: ApiSettings, session: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._session = session
        self._proxies = _Proxies(settings.http)

    async def send(self, request: ApiRequest) -> Any:
        """
        Send a request and return the response's JSON, see :func:`.value_of`.

        :raises OneSignalError: of the type that fits
        """
        for attempt in count(1):
            answer, failure, cause = await self._try(request)
            if failure is None or not await self._sleep_before_retry(request, failure, attempt):
                break
        if answer is None:
            raise unreachable(request, self._settings, _problem(cause), attempt) from cause
        return value_for(request, answer, self._settings)

    async def _sleep_before_retry(
        self, request: ApiRequest, failure: Failure, attempt: int
    ) -> bool:
        attempts = self._settings.max_attempts
        delay = delay_before_retry(request, failure, attempt=attempt, max_attempts=attempts)
        if delay is None:
            return False
        log_retry(request, failure, delay, attempt=attempt, max_attempts=attempts)
        await asyncio.sleep(delay)
        return True

    async def _try(
        self, request: ApiRequest
    ) -> tuple[Answer | None, Failure | None, Exception | None]:
        try:
            answer = await self._exchange(request)
        except aiohttp.ClientConnectorCertificateError as error:
            raise untrusted(request, self._settings) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            never_sent = isinstance(error, aiohttp.ClientConnectorError)
            return None, Failure(never_sent=never_sent), error
        return answer, failure_of(answer), None

    async def _exchange(self, request: ApiRequest) -> Answer:
        url = URL(self._settings.base_url + request.path, encoded=True)
        url = url.update_query({name: _query(value) for name, value in request.params.items()})
        async with self._session.request(
            request.method,
            url,
            data=None if request.json is None else json.dumps(request.json).encode(),
            # OneSignal takes the app for missing if a request declares no content type.
            headers={
                "Authorization": self._settings.authorization,
                "Accept": "application/json",
                "Content-Type": "application/json",
            },
            allow_redirects=False,
            proxy=self._proxies.of(url),
        ) as response:
            body = await response.content.read(MAX_ANSWER_BYTES + 1)
            while not response.content.at_eof() and len(body) <= MAX_ANSWER_BYTES:
                body += await response.content.read(MAX_ANSWER_BYTES)
            if len(body) > MAX_ANSWER_BYTES:
                raise OneSignalServerError(
                    f"The response to {request.operation!r} does not end after "
                    f"{MAX_ANSWER_BYTES >> 20} MiB. Check that the connection's host is "
                    "OneSignal's.",
                    status_code=response.status,
                )
            return Answer(status=response.status, headers=response.headers, body=body)


class _Proxies:
    """The proxy of each server; asking the environment costs as much as a request."""

    def __init__(self, http: HttpSettings) -> None:
        self._http = http
        self._by_origin: dict[tuple[str, str | None], str | None] = {}

    def of(self, address: URL) -> str | None:
        origin = (address.scheme, address.host)
        if origin not in self._by_origin:
            given = self._http.proxy_for(address.scheme, address.host or "")
            proxy = _environment_proxy(address) if given is None else given
            self._by_origin[origin] = usable_proxy(proxy, schemes=_PROXY_SCHEMES) if proxy else None
        return self._by_origin[origin]


def _address(url: str) -> URL:
    # As it stands, so that a signature in it stays valid; unless it could not be sent so.
    return URL(url, encoded=url.isascii() and url.isprintable() and " " not in url)


def _environment_proxy(address: URL) -> str:
    # Not the session's trust_env: that also reads ~/.netrc, and in a thread for each request.
    if not address.host or proxy_bypass(address.host):
        return ""
    proxies = getproxies()
    return proxies.get(address.scheme) or proxies.get("all", "")


@dataclass
class _Shared:
    opening: asyncio.Task[aiohttp.ClientSession]
    users: int = 0

    async def close(self) -> None:
        if self.opening.cancel() or self.opening.cancelled() or self.opening.exception():
            return
        await self.opening.result().close()


_SMALL = 16 * 1024
_Key = tuple[asyncio.AbstractEventLoop, float, bool | str]
_sessions: dict[_Key, _Shared] = {}


@asynccontextmanager
async def file_prober(http: HttpSettings) -> AsyncIterator[FileProber]:
    """
    Lend a prober. All that have equal settings at a time share one session and its TLS context.

    :param http: timeout, TLS verification, proxies
    """
    async with _session(http) as session:
        yield FileProber(http, session)


@asynccontextmanager
async def api_client(settings: ApiSettings) -> AsyncIterator[AsyncApiClient]:
    """
    Lend a client for API requests.

    :param settings: how to reach the API
    """
    async with _session(settings.http) as session:
        yield AsyncApiClient(settings, session)


@asynccontextmanager
async def _session(http: HttpSettings) -> AsyncIterator[aiohttp.ClientSession]:
    key = (asyncio.get_running_loop(), http.timeout, http.verify)
    shared = _sessions.get(key)
    if shared is None:
        shared = _sessions[key] = _Shared(asyncio.create_task(_open(http)))
    shared.users += 1
    try:
        # Shielded: the others that wait for it must not share the fate of one that is cancelled.
        yield await asyncio.shield(shared.opening)
    finally:
        shared.users -= 1
        if not shared.users:
            del _sessions[key]
            await shared.close()


async def _open(http: HttpSettings) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=await _tls(http.verify), ttl_dns_cache=60, limit=0),
        timeout=aiohttp.ClientTimeout(total=http.timeout),
        headers={"User-Agent": USER_AGENT},
        cookie_jar=aiohttp.DummyCookieJar(),
        # Of files the bytes count as they are, and the API answers uncompressed where nobody asks.
        auto_decompress=False,
        skip_auto_headers=("Accept-Encoding",),
    )


async def _dispose(response: aiohttp.ClientResponse) -> None:
    # A small body is read so that the connection can serve the next poll. Any other is left:
    # if ranges are ignored, it is the whole file.
    if response.content_length is not None and response.content_length <= _SMALL:
        await response.read()
    else:
        response.close()


async def _tls(verify: bool | str) -> ssl.SSLContext | bool:
    if verify is True:
        # As requests does in a worker.
        verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    if isinstance(verify, bool):
        return verify
    # Reading a CA bundle takes tens of milliseconds, too long for the loop of all triggers.
    try:
        return await asyncio.to_thread(_context, verify)
    except OSError as error:
        raise OneSignalConfigurationError(
            f"TLS certificates cannot be checked with {verify}: {error}. Fix the extra "
            '"verify" of the Airflow connection.'
        ) from error


def _context(verify: str) -> ssl.SSLContext:
    if Path(verify).is_dir():
        return ssl.create_default_context(capath=verify)
    return ssl.create_default_context(cafile=verify)


def _problem(error: Exception | None) -> str:
    if isinstance(error, TimeoutError):
        return "no response in time"
    return f"no connection, or it broke ({type(error).__name__})"


def _query(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) else value
