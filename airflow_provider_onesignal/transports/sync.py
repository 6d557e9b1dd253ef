"""Requests from a worker, over ``requests``."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from requests.utils import select_proxy
from urllib3.exceptions import HTTPError

from airflow_provider_onesignal import __version__, http_failures
from airflow_provider_onesignal.api.answers import (
    MAX_ANSWER_BYTES,
    Answer,
    says_export_is_running,
    value_of,
)
from airflow_provider_onesignal.api.readiness import PROBE_HEADERS, Probe, answered
from airflow_provider_onesignal.api.request import ApiRequest
from airflow_provider_onesignal.api.retries import Failure, delay_before_retry
from airflow_provider_onesignal.exceptions import (
    OneSignalConfigurationError,
    OneSignalServerError,
    OneSignalUnreachableError,
)
from airflow_provider_onesignal.http_policy import retry_after_seconds
from airflow_provider_onesignal.settings import ApiSettings, HttpSettings, usable_proxy

USER_AGENT = f"airflow-provider-onesignal/{__version__} requests/{requests.__version__}"
_PROXY_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
log = logging.getLogger(__name__)


class _Authorization(AuthBase):
    """Sets the given header, or none; either way ``requests`` leaves ``~/.netrc`` alone."""

    def __init__(self, value: str | None) -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._value is not None:
            request.headers["Authorization"] = self._value
        return request


class HttpSession(requests.Session):
    """
    A session that keeps to the connection's settings, follows no redirect and takes no cookie.

    :param http: timeout, TLS verification, proxies
    :param authorization: value of the Authorization header; None for servers other than the API
    """

    def __init__(self, http: HttpSettings, *, authorization: str | None = None) -> None:
        super().__init__()
        self._http = http
        self.auth = _Authorization(authorization)
        self.headers["User-Agent"] = USER_AGENT
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))

    @property
    def timeout(self) -> float:
        """Seconds to wait for a connection, and between two pieces of an answer."""
        return self._http.timeout

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send, bounded in time."""
        return super().request(*args, **({"timeout": self.timeout} | kwargs))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """See no redirect: even one it is told not to follow, ``requests`` reads and parses."""

    def merge_environment_settings(
        self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:
        """Let the connection's settings win over the environment's, which a session's do not."""
        proxies = dict(self._http.proxies) | (proxies or {})
        server = urlsplit(url)
        own = self._http.proxy_for(server.scheme, server.hostname or "")
        if own is not None:
            # By the name that is looked for first of those that an environment has.
            proxies[server.scheme] = own
        verify = self._http.verify if verify is None else verify
        merged = super().merge_environment_settings(url, proxies, stream, verify, cert)
        if proxy := select_proxy(url, merged["proxies"]):
            usable_proxy(proxy, schemes=_PROXY_SCHEMES)
        return merged


class ApiClient:
    """
    Sends API requests, repeating them as the policy allows.

    :param settings: how to reach the API
    :param sleep: waits the given seconds
    """

    def __init__(
        self, settings: ApiSettings, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._settings = settings
        self._sleep = sleep
        self._session = HttpSession(settings.http, authorization=settings.authorization)

    def send(self, request: ApiRequest) -> Any:
        """
        Send a request and give the answer's JSON, see :func:`.value_of`.

        :raises OneSignalError: of the type that fits
        """
        for attempt in count(1):
            answer, failure, cause = self._try(request)
            if failure is None or not self._sleep_before_retry(request, failure, attempt):
                break
        if answer is None:
            raise self._unreachable(request, cause, attempt) from cause
        return value_of(request, answer)

    def close(self) -> None:
        """Close the connections kept for later requests."""
        self._session.close()

    def _sleep_before_retry(self, request: ApiRequest, failure: Failure, attempt: int) -> bool:
        attempts = self._settings.max_attempts
        delay = delay_before_retry(request, failure, attempt=attempt, max_attempts=attempts)
        if delay is None:
            return False
        log.warning(
            "OneSignal: %r got %s; trying again in %.1f s (try %d of %d)",
            request.operation,
            "no answer" if failure.status is None else f"HTTP {failure.status}",
            delay,
            attempt + 1,
            attempts,
        )
        self._sleep(delay)
        return True

    def _try(
        self, request: ApiRequest
    ) -> tuple[Answer | None, Failure | None, requests.RequestException | HTTPError | None]:
        try:
            answer = self._exchange(request)
        except (requests.RequestException, HTTPError) as error:
            if http_failures.is_untrusted(error):
                raise self._untrusted(request) from error
            return None, Failure(never_sent=http_failures.was_never_sent(error)), error
        except OSError as error:
            raise _no_tls(error) from error
        # Who waits for the slot asks less often than a retry would.
        if answer.status // 100 == 2 or says_export_is_running(answer):
            return answer, None, None
        retry_after = retry_after_seconds(answer.headers)
        return answer, Failure(status=answer.status, retry_after=retry_after), None

    def _exchange(self, request: ApiRequest) -> Answer:
        with self._session.request(
            request.method,
            self._settings.base_url + request.path,
            params=dict(request.params),
            json=request.json,
            # OneSignal takes the app for missing where a request declares no content type.
            headers={"Accept": "application/json", "Content-Type": "application/json"},
            stream=True,
        ) as response:
            body = _bounded_body(request, response, self._settings.http.timeout)
            return Answer(status=response.status_code, headers=response.headers, body=body)

    def _unreachable(
        self, request: ApiRequest, cause: Exception | None, attempts: int
    ) -> OneSignalUnreachableError:
        host = urlsplit(self._settings.base_url).netloc
        tries = "once" if attempts == 1 else f"{attempts} times"
        problem = http_failures.problem(cause)
        return OneSignalUnreachableError(
            f"No answer to {request.operation!r} from {host}, asked {tries}: {problem}. "
            f"Check the network and the host of the Airflow connection {self._settings.conn_id!r}."
        )

    def _untrusted(self, request: ApiRequest) -> OneSignalConfigurationError:
        host = urlsplit(self._settings.base_url).netloc
        return OneSignalConfigurationError(
            f"The TLS certificate of {host} is not trusted, {request.operation!r} was not sent. "
            f"Check the host of the Airflow connection {self._settings.conn_id!r}, or give the CA "
            'bundle\'s path as its extra "verify".'
        )


def probe(session: HttpSession, url: str) -> Probe:
    """
    Look whether an export's file is there, without downloading it.

    :param session: a session that sends no key
    :param url: the file's address
    """
    try:
        with session.get(url, headers=PROBE_HEADERS, stream=True) as response:
            return answered(response.status_code, location=response.headers.get("Location", ""))
    except requests.exceptions.InvalidURL:
        return Probe(status=400, problem="no valid URL")
    except requests.RequestException as error:
        if http_failures.is_untrusted(error):
            raise OneSignalConfigurationError(
                f"The TLS certificate of {urlsplit(url).hostname} is not trusted. Give the CA "
                'bundle\'s path as the extra "verify" of the Airflow connection.'
            ) from error
        return Probe(problem=http_failures.problem(error))
    except HTTPError:
        return Probe(status=400, problem="no valid URL")
    except OSError as error:
        raise _no_tls(error) from error


def _bounded_body(request: ApiRequest, response: requests.Response, timeout: float) -> bytes:
    body = bytearray()
    deadline = time.monotonic() + 2 * timeout
    while chunk := response.raw.read1(65536, decode_content=True):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise OneSignalServerError(
                f"The answer to {request.operation!r} does not end after "
                f"{MAX_ANSWER_BYTES >> 20} MiB. Check that the connection's host is OneSignal's.",
                status_code=response.status_code,
            )
        if time.monotonic() > deadline:
            raise requests.exceptions.ReadTimeout(f"no end of the answer in {2 * timeout:.0f} s")
    return bytes(body)


def _no_tls(error: OSError) -> OneSignalConfigurationError:
    # Of what is no RequestException, requests raises only this: a CA bundle that is not there.
    return OneSignalConfigurationError(
        f"TLS certificates cannot be checked: {error}. Mend the Airflow connection's extra "
        '"verify", or REQUESTS_CA_BUNDLE in the environment.'
    )
