"""Faults on demand: what to do wrong, to which requests, how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from fnmatch import fnmatchcase
from threading import Lock
from typing import Any, Literal


@dataclass(kw_only=True)
class Fault:
    """Something that goes wrong with the next requests that match.

    Several things may go wrong at once: ``Fault(cut_at=4096, no_ranges=True)``.

    :param on: an operation ("csv_export"; at the files origin "download", or "poll" for HEAD, for
        ``Range: bytes=0-0`` and for a file that is not there) or a path in which ``*`` stands for
        anything; None matches all.
    :param method: HTTP method; None matches all.
    :param skip: let this many matching requests pass first.
    :param times: how many requests are hit after that; None for all of them.
    :param status: answer with this status. With nothing else said the body is an error of that
        status in OneSignal's form.
    :param headers: headers of the answer, such as ``{"Retry-After": "2"}``.
    :param body: body of the answer: bytes and str as they are, anything else as JSON.
    :param redirect: answer with a redirect to this URL (status 302 unless ``status`` says else).
    :param acted: do what was asked before answering wrongly (the answer is lost, not the request).
    :param delay: seconds to wait before anything is sent.
    :param cut_at: end the connection after this many bytes of the body; 0 sends nothing at all.
        With ``times=None`` every connection is cut that often.
    :param reset: end it with a TCP reset, not with an orderly close.
    :param endless: a body that never ends (the start of the answer's own body, then spaces).
    :param bytes_per_second: send the body no faster than this.

    At the files origin only, for files that are ready:

    :param truncate_at: the file seems to end here; Content-Length agrees.
    :param flip_at: one bit of the byte at this offset is wrong.
    :param content_encoding: "label" calls the gzipped file ``Content-Encoding: gzip`` as it is,
        "wrap" gzips it once more for the way.
    :param no_ranges: ignore Range and send everything with 200.
    :param no_etag: send neither ETag nor Last-Modified.
    :param changed: from this request on the file is another one, with another ETag.
    """

    on: str | None = None
    method: str | None = None
    skip: int = 0
    times: int | None = 1
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    redirect: str | None = None
    acted: bool = False
    delay: float = 0.0
    cut_at: int | None = None
    reset: bool = False
    endless: bool = False
    bytes_per_second: float | None = None
    truncate_at: int | None = None
    flip_at: int | None = None
    content_encoding: Literal["label", "wrap"] | None = None
    no_ranges: bool = False
    no_etag: bool = False
    changed: bool = False
    seen: int = field(default=0, init=False)
    hits: int = field(default=0, init=False)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Fault:
        """Build a fault from what came as JSON.

        :raises ValueError: for a name no fault has.
        """
        known = {each.name for each in fields(cls) if each.init}
        if unknown := sorted(set(values) - known):
            raise ValueError(
                f"a fault has no {', '.join(unknown)}; it has {', '.join(sorted(known))}"
            )
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """What :meth:`from_dict` takes, and how often it was seen and hit."""
        values = asdict(self)
        if isinstance(self.body, bytes):
            values["body"] = self.body.decode(errors="replace")
        return values

    @property
    def answers(self) -> bool:
        """Whether this fault brings its own answer."""
        return self.status is not None or self.body is not None or self.redirect is not None

    def matches(self, operation: str, method: str, path: str) -> bool:
        """Whether a request is meant by this fault, however often it has hit."""
        if self.method is not None and self.method.upper() != method:
            return False
        return self.on is None or self.on == operation or fnmatchcase(path, self.on)

    def strike(self) -> bool:
        """Count a matching request; whether it is one of those that are hit."""
        self.seen += 1
        if self.seen <= self.skip or (self.times is not None and self.hits >= self.times):
            return False
        self.hits += 1
        return True


class Faults:
    """The faults of one origin, asked in the order they were added."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = Lock()

    def add(self, fault: Fault) -> Fault:
        """Add a fault; what comes back counts its ``hits``."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Go back to good behaviour."""
        with self._lock:
            self._faults.clear()

    def all(self) -> list[Fault]:
        """Every fault that was added, also those that are used up."""
        with self._lock:
            return list(self._faults)

    def strike(self, operation: str, method: str, path: str) -> Fault | None:
        """The fault that hits this request, if any."""
        with self._lock:
            for fault in self._faults:
                if fault.matches(operation, method, path) and fault.strike():
                    return fault
        return None
