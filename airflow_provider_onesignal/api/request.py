"""A request to OneSignal's API, as a value."""

from __future__ import annotations

import hashlib
import json as json_module
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True, kw_only=True)
class ApiRequest:
    """
    One request to the API, without the host and the key.

    :param operation: what it does, as errors name it ("export subscriptions")
    :param method: HTTP method
    :param path: path below the base URL, already quoted, see :func:`path_of`
    :param params: query parameters
    :param json: body, None for none
    :param repeatable: whether sending it twice has the effect of sending it once
    :param may_give_list: whether a JSON list is a response, too; otherwise only an object is
    """

    operation: str
    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    repeatable: bool = True
    may_give_list: bool = False

    def fingerprint(self) -> str:
        """
        Identify what is asked for.

        :return: 32 hexadecimal digits, equal for equal requests, also in another process
        """
        asked = [self.method, self.path, dict(self.params), self.json]
        canonical = json_module.dumps(asked, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def path_of(*segments: str) -> str:
    """
    Return a path whose segments cannot end it or climb out of it.

    :param segments: unquoted, such as ``"apps", app_id, "segments"``
    """
    return "".join(f"/{_quoted(segment)}" for segment in segments)


def _quoted(segment: str) -> str:
    # Dots are never quoted, and a segment of nothing else would climb.
    return segment.replace(".", "%2E") if segment in (".", "..") else quote(segment, safe="")
