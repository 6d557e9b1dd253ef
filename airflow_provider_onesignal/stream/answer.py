"""What an HTTP answer says about the file it brings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

# No file is longer; Python refuses to read numbers of some thousand digits.
_NUMBER = r"[0-9]{1,18}"
_CONTENT_RANGE = re.compile(rf"bytes ({_NUMBER})-({_NUMBER})/({_NUMBER}|\*)\s*", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Version:
    """Which file it is: as far as the server tells."""

    size: int | None
    etag: str | None
    last_modified: str | None

    @property
    def validator(self) -> str | None:
        """What ``If-Range`` may hold: a strong etag, else the date of the last change."""
        if self.etag and not self.etag.startswith("W/"):
            return self.etag
        return self.last_modified

    def contradicts(self, other: Version) -> bool:
        """Tell whether the two cannot be the same file."""
        pairs = (
            (self.size, other.size),
            (self.etag, other.etag),
            (self.last_modified, other.last_modified),
        )
        return any(None not in pair and pair[0] != pair[1] for pair in pairs)


@dataclass(frozen=True, kw_only=True)
class ByteRange:
    """The bytes ``first`` to ``last``, both included, of ``total`` (None: not told)."""

    first: int
    last: int
    total: int | None


def byte_range(headers: Mapping[str, str]) -> ByteRange | None:
    """Return the ``Content-Range``, or None where it is missing or malformed."""
    if not (match := _CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))):
        return None
    first, last, total = match.groups()
    return ByteRange(first=int(first), last=int(last), total=None if total == "*" else int(total))


def version(headers: Mapping[str, str]) -> Version:
    """Return which file the answer is about; of a part, the size of the whole."""
    part = byte_range(headers)
    length = headers.get("Content-Length", "")
    whole = int(length) if re.fullmatch(_NUMBER, length) else None
    return Version(
        size=part.total if part else whole,
        etag=headers.get("ETag"),
        last_modified=headers.get("Last-Modified"),
    )


def encoding(headers: Mapping[str, str]) -> str:
    """Return the ``Content-Encoding`` in lower case, "" for none."""
    return headers.get("Content-Encoding", "").strip().lower()
