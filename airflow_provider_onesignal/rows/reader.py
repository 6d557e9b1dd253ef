"""Files of rows: JSON lines, CSV, either gzipped, and Parquet; read as a stream."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow_provider_onesignal.exceptions import (
    OneSignalConfigurationError,
    OneSignalSourceError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.rows import Row

if TYPE_CHECKING:
    from airflow_provider_onesignal.compat import ObjectStoragePath

LETTER = ("row_number", "file", "reason", "row")
"""The fields of a dead letter, whose ``row`` is read in its place."""
_LONGEST_LINE = 16 * 1024 * 1024
_BATCH = 500
_MAGIC = frozenset("*?[")
_ETAGS = ("ETag", "etag", "md5Hash", "generation")
_TIMES = ("mtime", "LastModified", "last_modified", "updated", "created")


@dataclass(frozen=True)
class SourceFile:
    """
    A file of rows.

    :param fs: its filesystem
    :param path: its path there
    :param info: what the filesystem says of it
    """

    fs: Any = field(repr=False)
    path: str
    info: dict[str, Any] = field(repr=False)

    @property
    def uri(self) -> str:
        """The URL, without a connection."""
        return str(self.fs.unstrip_protocol(self.path))

    @property
    def size(self) -> int:
        """Bytes."""
        return int(self.info.get("size") or 0)

    @property
    def version(self) -> str:
        """Which state of the file this is: its ETag, or its size and when it was last modified."""
        if etag := next((self.info[name] for name in _ETAGS if self.info.get(name)), None):
            return str(etag).strip('"')
        changed = next((self.info[name] for name in _TIMES if self.info.get(name)), "")
        return f"{self.size}-{changed}"

    def require_unchanged(self) -> None:
        """
        Check that the file is still the one that was found.

        :raises OneSignalSourceError: it was replaced meanwhile
        """
        self.fs.invalidate_cache()
        if SourceFile(self.fs, self.path, _info(self.fs, self.path)).version != self.version:
            raise OneSignalSourceError(
                f"{self.uri} was changed while it was read. Run the task again: it starts over."
            )


class Rows(NamedTuple):
    """
    An open file.

    :param columns: of its header, None if the format has none
    :param rows: its rows, in order
    :param position: returns how many bytes have been read
    """

    columns: Sequence[str] | None
    rows: Iterator[Row]
    position: Callable[[], int]


def find(path: ObjectStoragePath) -> list[SourceFile]:
    """
    Return the file of a path, or those that match a glob, in the order of their names.

    :raises OneSignalSourceError: there is none
    :raises OneSignalValidationError: the format of one is not known
    """
    fs = path.fs
    fs.invalidate_cache()
    if _MAGIC & set(path.path):
        found = fs.glob(path.path, detail=True).items()
    else:
        found = [(path.path, _info(fs, path.path))]
    files = [SourceFile(fs, name, info) for name, info in sorted(found) if info["type"] == "file"]
    if not files:
        raise OneSignalSourceError(f"No file matches {fs.unstrip_protocol(path.path)}.")
    for file in files:
        _format(file.path)
    return files


@contextmanager
def opened(file: SourceFile) -> Iterator[Rows]:
    """
    Open a file.

    :raises OneSignalSourceError: it is not there, broken or in another format than its name says;
        rows raise this too
    """
    read, is_gzip = _format(file.path)
    beginning = partial(_raising_source_errors, file, "at its beginning")
    with beginning():
        raw = file.fs.open(file.path, "rb")
    with raw:
        with beginning():
            columns, values = read(
                io.BufferedReader(gzip.GzipFile(fileobj=raw)) if is_gzip else raw
            )
        yield Rows(columns, _numbered(file, values), raw.tell)


def _info(fs: Any, path: str) -> dict[str, Any]:
    try:
        return dict(fs.info(path))
    except FileNotFoundError:
        return {"type": "missing"}


_Values = Iterator[tuple[Any, str, bool]]
"""The values of each row, why they could not be read, and whether they come from a dead letter."""
_Format = Callable[[Any], tuple[Sequence[str] | None, _Values]]


class _BrokenError(Exception):
    """The file is not what its name says."""


def _numbered(file: SourceFile, values: _Values) -> Iterator[Row]:
    uri, version, number = file.uri, file.version, 0
    while True:
        with _raising_source_errors(file, f"after row {number}"):
            each = next(values, None)
        if each is None:
            return
        number += 1
        yield Row(uri, version, number, *each)


@contextmanager
def _raising_source_errors(file: SourceFile, where: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise OneSignalSourceError(f"{file.uri} is not there any more.") from error
    except PermissionError as error:
        raise OneSignalSourceError(f"{file.uri} may not be read: {error}.") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _broken(file, where, f"is a broken gzip file ({error})") from error
    except UnicodeDecodeError as error:
        raise _broken(file, where, "is not in UTF-8") from error
    except (csv.Error, _BrokenError) as error:
        raise _broken(file, where, f"is broken ({error})") from error


def _broken(file: SourceFile, where: str, what: str) -> OneSignalSourceError:
    return OneSignalSourceError(f"{file.uri} {what} {where}. Replace it, then run the task again.")


def _format(path: str) -> tuple[_Format, bool]:
    name = PurePosixPath(path).name.lower()
    is_gzip = name.endswith(".gz")
    suffix = PurePosixPath(name.removesuffix(".gz")).suffix
    read = _FORMATS.get(suffix)
    if read is None or (is_gzip and read is _parquet):
        raise OneSignalValidationError(
            f"{PurePosixPath(path).name} must end in {', '.join(_FORMATS)} (.gz after it, but not "
            "after .parquet): that is how its format is known."
        )
    return read, is_gzip


def _json_lines(stream: Any) -> tuple[None, _Values]:
    return None, (_json_row(line) for line in _lines(stream) if not line.isspace())


def _json_row(line: bytes) -> tuple[Any, str, bool]:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError) as error:
        return line.decode(errors="replace").strip(), f"The line is no JSON: {error}.", False
    is_letter = isinstance(values, dict) and tuple(values) == LETTER
    row = values["row"] if is_letter else values
    return row, "" if isinstance(row, dict) else "The line is no JSON object.", is_letter


def _csv(stream: Any) -> tuple[Sequence[str], _Values]:
    rows = csv.reader(line.decode("utf-8-sig") for line in _lines(stream))
    header = next(rows, [])
    return header, _csv_rows(header, rows)


def _csv_rows(header: Sequence[str], rows: Any) -> _Values:
    for fields in rows:
        if len(fields) == len(header):
            # A CSV cannot tell an empty string from no value.
            yield (
                {column: value or None for column, value in zip(header, fields, strict=True)},
                "",
                False,
            )
        elif fields:
            problem = f"Line {rows.line_num} has {len(fields)} fields, the header {len(header)}."
            yield fields, problem, False


def _lines(stream: Any) -> Iterator[bytes]:
    while line := stream.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise _BrokenError(f"a line is longer than {_LONGEST_LINE >> 20} MiB")
        yield line


def _parquet(stream: Any) -> tuple[Sequence[str], _Values]:
    try:
        from pyarrow.lib import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise OneSignalConfigurationError(
            "Reading Parquet needs pyarrow: pip install 'airflow-provider-onesignal[parquet]'."
        ) from error
    try:
        file = ParquetFile(stream, pre_buffer=False)
    except ArrowException as error:
        raise _BrokenError(error) from error
    return file.schema_arrow.names, _parquet_rows(file)


def _parquet_rows(file: Any) -> _Values:
    from pyarrow.lib import ArrowException

    try:
        for batch in file.iter_batches(batch_size=_BATCH):
            yield from ((values, "", False) for values in batch.to_pylist())
    except ArrowException as error:
        raise _BrokenError(error) from error


_FORMATS: dict[str, _Format] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".csv": _csv,
    ".parquet": _parquet,
}
