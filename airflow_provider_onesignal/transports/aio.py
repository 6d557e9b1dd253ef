"""Requests from the triggerer, over ``aiohttp``: one session for all waits with equal settings."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from airflow_provider_onesignal import __version__
from airflow_provider_onesignal.api.readiness import PROBE_HEADERS, Probe, answered
from airflow_provider_onesignal.exceptions import OneSignalConfigurationError
from airflow_provider_onesignal.settings import HttpSettings, usable_proxy

USER_AGENT = f"airflow-provider-onesignal/{__version__} aiohttp/{aiohttp.__version__}"
_PROXY_SCHEMES = ("http", "https")


class FileProber:
    """
    Looks whether files are there, from within one event loop.

    :param http: timeout, TLS verification, proxies
    :param session: a session of that loop
    """

    def __init__(self, http: HttpSettings, session: aiohttp.ClientSession) -> None:
        self._http = http
        self._session = session
        # Asking the environment costs as much as the request.
        self._by_origin: dict[tuple[str, str | None], str | None] = {}

    async def probe(self, url: str) -> Probe:
        """
        Look whether an export's file is there, without downloading it.

        :param url: the file's address
        """
        try:
            address = _address(url)
        except ValueError:
            return Probe(status=400, problem="no valid URL")
        try:
            async with self._session.get(
                address, headers=PROBE_HEADERS, allow_redirects=False, proxy=self._proxy(address)
            ) as response:
                await _dispose(response)
                return answered(response.status, location=response.headers.get("Location", ""))
        except aiohttp.InvalidURL:
            return Probe(status=400, problem="no valid URL")
        except TimeoutError:
            return Probe(problem="no answer in time")
        except aiohttp.ClientConnectorCertificateError as error:
            raise OneSignalConfigurationError(
                f"The TLS certificate of {address.host} is not trusted. Give the CA bundle's path "
                'as the extra "verify" of the Airflow connection.'
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            return Probe(problem=f"no connection, or it broke ({type(error).__name__})")
        except ValueError:
            # such as a host that cannot be written in IDNA; many errors above are of this type too
            return Probe(status=400, problem="no valid URL")

    def _proxy(self, address: URL) -> str | None:
        origin = (address.scheme, address.host)
        if origin not in self._by_origin:
            given = self._http.proxy_for(address.scheme, address.host or "")
            proxy = _environment_proxy(address) if given is None else given
            self._by_origin[origin] = usable_proxy(proxy, schemes=_PROXY_SCHEMES) if proxy else None
        return self._by_origin[origin]


def _address(url: str) -> URL:
    # As it stands, lest a signature in it break; unless it could not be sent so.
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
    Lend a prober. All that ask for equal settings at a time share one session and its TLS context.

    :param http: timeout, TLS verification, proxies
    """
    key = (asyncio.get_running_loop(), http.timeout, http.verify)
    shared = _sessions.get(key)
    if shared is None:
        shared = _sessions[key] = _Shared(asyncio.create_task(_open(http)))
    shared.users += 1
    try:
        # Shielded: the others that wait for it must not share the fate of one that is cancelled.
        yield FileProber(http, await asyncio.shield(shared.opening))
    finally:
        shared.users -= 1
        if not shared.users:
            del _sessions[key]
            await shared.close()


async def _open(http: HttpSettings) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=await _tls(http.verify), ttl_dns_cache=60),
        timeout=aiohttp.ClientTimeout(total=http.timeout),
        headers={"User-Agent": USER_AGENT},
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    )


async def _dispose(response: aiohttp.ClientResponse) -> None:
    # A small body is read so that the connection can serve the next poll. Any other is left:
    # where ranges are ignored, it is the whole file.
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
            f"TLS certificates cannot be checked with {verify}: {error}. Mend the Airflow "
            'connection\'s extra "verify".'
        ) from error


def _context(verify: str) -> ssl.SSLContext:
    if Path(verify).is_dir():
        return ssl.create_default_context(capath=verify)
    return ssl.create_default_context(cafile=verify)
