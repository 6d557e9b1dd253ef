"""Anything that Airflow's ``ObjectStoragePath`` reaches as a sink."""

from __future__ import annotations

import logging
import shutil
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from airflow_provider_onesignal.sinks.failures import TypedErrors
from airflow_provider_onesignal.sinks.local import store_file
from airflow_provider_onesignal.sinks.path_failures import classify
from airflow_provider_onesignal.stream.errors import MissingBucketError
from airflow_provider_onesignal.stream.sink import CancellableReadable, Readable, StoredObject

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath

log = logging.getLogger(__name__)

_BLOCK = 8 * 1024 * 1024
_READ_CHUNK = 1024 * 1024

_CONTENT_TYPE_ARGUMENT = {
    "s3": "ContentType", "s3a": "ContentType", "s3n": "ContentType",
    "gs": "content_type", "gcs": "content_type",
    "abfs": None, "abfss": None, "adl": None, "wasb": None, "wasbs": None,
}  # fmt: skip
"""
The stores whose objects appear only when they are committed, and what their content type is called.

All others show a file while it is written, so that it is written under a hidden name and moved.
"""


class ObjectStorageSink:
    """
    One object of any store.

    :param path: URL, with the connection as its user where it needs one
        (``s3://aws_default@bucket/key``), or an ``ObjectStoragePath``
    """

    def __init__(self, path: str | ObjectStoragePath) -> None:
        self._given = path

    @cached_property
    def path(self) -> ObjectStoragePath:
        """The place, with its connection."""
        from airflow.providers.common.compat.sdk import ObjectStoragePath

        return ObjectStoragePath(self._given) if isinstance(self._given, str) else self._given

    @property
    def uri(self) -> str:
        """The URL, without the connection."""
        return str(self.path.fs.unstrip_protocol(self.path.path))

    def existing(self) -> StoredObject | None:
        """Return the object of this path, None where there is none."""
        typed_errors = TypedErrors(self, classify)
        with typed_errors():
            found = self._find()
        return None if found is None else typed_errors.object(found)

    def _find(self) -> FileObject | None:
        fs, path = self.path.fs, self.path.path
        fs.invalidate_cache()
        try:
            info = fs.info(path)
        except FileNotFoundError:
            self._require_bucket()
            return None
        if info["type"] != "directory":
            return FileObject(fs, path, int(info["size"]))
        if self.path.protocol in _CONTENT_TYPE_ARGUMENT:
            return None
        raise IsADirectoryError(f"{self.uri} is a folder; the path must name a file.")

    def store(
        self,
        reader: CancellableReadable,
        *,
        content_type: str,
        size: int | None,
    ) -> None:
        """Write by the safest way that the store offers; see :meth:`.Sink.store`."""
        with TypedErrors(self, classify)():
            self._store(reader, content_type)

    def _store(self, reader: Readable, content_type: str) -> None:
        if self.path.protocol in ("file", "local", ""):
            store_file(reader, Path(self.path.path))
        elif self.path.protocol in _CONTENT_TYPE_ARGUMENT:
            self._require_bucket()
            self._store_committed(reader, content_type)
        else:
            self._store_moved(reader)

    def _store_committed(self, reader: Readable, content_type: str) -> None:
        argument = _CONTENT_TYPE_ARGUMENT[self.path.protocol]
        typed = {argument: content_type} if argument else {}
        file = self.path.fs.open(self.path.path, "wb", block_size=_BLOCK, autocommit=False, **typed)
        try:
            shutil.copyfileobj(reader, file, _READ_CHUNK)
            file.close()
            file.commit()
        except BaseException:
            _discard(file, self.path.path)
            raise

    def _store_moved(self, reader: Readable) -> None:
        fs, path = self.path.fs, self.path.path
        folder, _, name = path.rpartition("/")
        part = f"{folder}/.{name}.{uuid4().hex[:12]}.part"
        fs.makedirs(folder, exist_ok=True)
        try:
            with fs.open(part, "wb") as file:
                shutil.copyfileobj(reader, file, _READ_CHUNK)
            fs.mv(part, path)
        except BaseException:
            _remove(fs, part)
            raise

    def _require_bucket(self) -> None:
        if self.path.protocol not in _CONTENT_TYPE_ARGUMENT:
            return
        try:
            # not path.bucket, which on Airflow 2 holds the connection too
            exists = self.path.fs.exists(self.path.path.partition("/")[0])
        except PermissionError:
            # a role that may write objects need not be allowed to look at the bucket
            return
        if not exists:
            raise MissingBucketError(self.uri)


@dataclass(frozen=True)
class FileObject:
    """An object behind fsspec; see :class:`.StoredObject`."""

    fs: Any
    path: str
    size: int

    def read(self, start: int, length: int) -> bytes:
        """Return ``length`` bytes from ``start`` on."""
        return bytes(self.fs.cat_file(self.path, start=start, end=min(start + length, self.size)))

    def open(self) -> AbstractContextManager[Readable]:
        """Return the object as a file."""
        file: AbstractContextManager[Readable] = self.fs.open(self.path, "rb", block_size=_BLOCK)
        return file


def _remove(fs: Any, part: str) -> None:
    try:
        fs.rm(part)
    except FileNotFoundError:
        pass
    except Exception as error:  # noqa: BLE001 - the failure that led here matters more
        log.warning("The unfinished file %s was not removed (%s)", part, type(error).__name__)


def _discard(file: Any, path: str) -> None:
    try:
        file.discard()
    except FileNotFoundError:
        pass
    except Exception as error:  # noqa: BLE001 - the failure that led here matters more
        log.warning(
            "The unfinished upload of %s was not cancelled (%s). It is no object; a lifecycle rule "
            "of the bucket for incomplete uploads removes it",
            path,
            type(error).__name__,
        )
    finally:
        # a file that is not closed would complete the cut object when it is collected as garbage
        file.closed = True
