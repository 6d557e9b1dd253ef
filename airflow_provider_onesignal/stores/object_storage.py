"""Anything that Airflow's ``ObjectStoragePath`` reaches, local files included."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from airflow_provider_onesignal.exceptions import (
    OneSignalConfigurationError,
    OneSignalError,
    OneSignalValidationError,
)
from airflow_provider_onesignal.stores import (
    Readable,
    StoredObject,
    StoreErrors,
    check_object_name,
    explain_status,
    failed,
    missing_bucket,
    refused,
    taken,
)
from airflow_provider_onesignal.stores.local import FileUpload
from airflow_provider_onesignal.stores.upload import Upload, send

if TYPE_CHECKING:
    from airflow_provider_onesignal.compat import ObjectStoragePath

log = logging.getLogger(__name__)

_BLOCK = 8 * 1024 * 1024
_LOCAL = ("file", "local", "")
_LIBRARIES = (
    "aiobotocore", "aiohttp", "azure", "botocore", "gcsfs", "google", "paramiko", "requests",
    "s3fs", "urllib3",
)  # fmt: skip
_REFUSING = frozenset({
    errno.EACCES, errno.EEXIST, errno.EFBIG, errno.EINVAL, errno.EISDIR, errno.ENAMETOOLONG,
    errno.ENOSYS, errno.ENOTDIR, errno.EPERM, errno.EROFS,
})  # fmt: skip
_REFUSING_TYPES = (FileExistsError, IsADirectoryError, NotADirectoryError, PermissionError)
_REFUSING_TEXTS = ("Forbidden:", "Bad Request:")
"""What gcsfs says with an error that has no status."""
_TAKEN = ("412", "PreconditionFailed", "ConditionalRequestConflict")
_UNKNOWN_HEADER = ("501", "NotImplemented", "InvalidArgument")


def _of_s3(content_type: str, metadata: Mapping[str, str]) -> dict[str, Any]:
    return {"ContentType": content_type, "Metadata": dict(metadata)}


def _of_gcs(content_type: str, metadata: Mapping[str, str]) -> dict[str, Any]:
    return {"content_type": content_type, "metadata": dict(metadata)}


def _of_azure(content_type: str, metadata: Mapping[str, str]) -> dict[str, Any]:
    # Azure takes no hyphens; adlfs tells files from folders by a mark of its own.
    marks = {name.replace("-", "_"): value for name, value in metadata.items()}
    return {
        "content_settings": {"content_type": content_type},
        "metadata": {"is_directory": "false", **marks},
    }


_COMMITTING: Mapping[str, Callable[[str, Mapping[str, str]], dict[str, Any]]] = {
    **dict.fromkeys(("s3", "s3a", "s3n"), _of_s3),
    **dict.fromkeys(("gs", "gcs"), _of_gcs),
    **dict.fromkeys(("abfs", "abfss", "adl", "wasb", "wasbs", "az"), _of_azure),
}
"""
The stores whose objects appear only when they are committed, and how their properties are given.

All others show a file while it is written, so that it is written under a hidden name and moved.
"""


def check_path(value: Any) -> str | ObjectStoragePath:
    """
    Return a path of any store, once it is checked.

    :param value: a URL, an absolute path of this machine, or an ``ObjectStoragePath``
    :raises OneSignalValidationError: it names a folder, or leaves open where it is
    """
    from airflow_provider_onesignal.compat import ObjectStoragePath

    if isinstance(value, ObjectStoragePath):
        return value
    given = check_object_name(
        os.fspath(value) if isinstance(value, os.PathLike) else value, name="path"
    )
    scheme, separator, rest = given.partition("://")
    if not separator and not given.startswith("/"):
        raise OneSignalValidationError(
            f"path must be a URL or an absolute path, got {given!r}, which would be another "
            "place on each worker."
        )
    if separator:
        _check_url(scheme.lower(), rest, given)
    return given


def _check_url(scheme: str, rest: str, given: str) -> None:
    place, _, key = rest.partition("/")
    if scheme in ("file", "local"):
        if place.rpartition("@")[2]:
            raise OneSignalValidationError(
                f"path={given!r} needs a third slash: {scheme}:///{rest}"
            )
    elif scheme != "memory" and not key.strip("/"):
        raise OneSignalValidationError(
            f"path={given!r} names a bucket and no object: add the object's name after a slash."
        )
    if _COMMITTING.get(scheme) is _of_s3 and "?versionId=" in key:
        raise OneSignalValidationError(
            f"path={given!r}: s3fs takes ?versionId= for a version of another key. Choose another "
            "name, or use the operator for S3."
        )


class ObjectStorageStore:
    """
    One object of any store.

    :param path: URL, with the connection as its user where it needs one
        (``s3://aws_default@bucket/key``), or an ``ObjectStoragePath``
    :param replace: write over an object that is there
    :raises OneSignalValidationError: the path is malformed
    """

    def __init__(
        self, path: str | os.PathLike[str] | ObjectStoragePath, *, replace: bool = False
    ) -> None:
        self._given = check_path(path)
        self.replace = replace

    @cached_property
    def path(self) -> ObjectStoragePath:
        """The place, with its connection."""
        from airflow_provider_onesignal.compat import ObjectStoragePath

        return ObjectStoragePath(self._given) if isinstance(self._given, str) else self._given

    @property
    def uri(self) -> str:
        """
        The URL, without the connection.

        :raises OneSignalConfigurationError: no installed package serves it
        """
        return str(self.fs.unstrip_protocol(self.key))

    @cached_property
    def key(self) -> str:
        """What the filesystem calls the object."""
        is_plain = self.path.protocol in (*_LOCAL, *_COMMITTING)
        if not is_plain or not isinstance(self._given, str):
            return self.path.path
        # ObjectStoragePath would drop a lone ? or #, and characters that no URL has.
        _, separator, rest = self._given.partition("://")
        place, slash, key = rest.partition("/")
        return place.rpartition("@")[2] + slash + key if separator else self._given

    @cached_property
    def fs(self) -> Any:
        """
        The filesystem.

        :raises OneSignalConfigurationError: it is not installed
        """
        scheme = str(self._given).partition("://")[0]
        try:
            return self.path.fs
        except ImportError as error:
            raise OneSignalConfigurationError(
                f"The package that serves {scheme}:// paths is not installed ({error}); for s3:// "
                "it comes with pip install 'apache-airflow-providers-amazon[s3fs]'."
            ) from error
        except ValueError as error:
            raise OneSignalConfigurationError(
                f"No filesystem serves {scheme}:// paths ({error}): correct the path, or install "
                "the Airflow provider of that store."
            ) from error

    def head(self) -> StoredObject | None:
        """Return the object of this path, None where there is none."""
        errors = StoreErrors(self.uri, _explain)
        with errors():
            found = self._find()
        return None if found is None else errors.object(found)

    def put(
        self,
        file: Readable,
        *,
        content_type: str,
        size: int | None,
        metadata: Mapping[str, str],
    ) -> None:
        """Write by the safest way that the store offers; see :meth:`.Store.put`."""
        with StoreErrors(self.uri, _explain)():
            send(file, self._upload(content_type, metadata))

    def _upload(self, content_type: str, metadata: Mapping[str, str]) -> Upload:
        protocol = self.path.protocol
        if protocol in _LOCAL:
            return FileUpload(Path(self.key), self.uri, replace=self.replace)
        if arguments := _COMMITTING.get(protocol):
            return _CommittedUpload(self, arguments(content_type, metadata))
        return _MovedUpload(self)

    def is_there(self) -> bool:
        """Return whether there is an object now."""
        self.fs.invalidate_cache()
        return bool(self.fs.exists(self.key))

    def _find(self) -> _Object | None:
        fs, key = self.fs, self.key
        fs.invalidate_cache()
        try:
            info = fs.info(key)
        except FileNotFoundError:
            self._require_bucket()
            return None
        if info["type"] != "directory":
            return _Object(fs, key, info, keeps_metadata=self.path.protocol in _COMMITTING)
        if self.path.protocol in _COMMITTING:
            return None
        raise IsADirectoryError(f"{self.uri} is a folder; the path must name a file.")

    def _require_bucket(self) -> None:
        if self.path.protocol not in _COMMITTING:
            return
        try:
            # Not path.bucket, which on Airflow 2 holds the connection too.
            exists = self.fs.exists(self.fs.split_path(self.key)[0])
        except PermissionError:
            # A role that may write objects need not be allowed to see the bucket.
            return
        if not exists:
            raise missing_bucket(self.uri)


@dataclass(frozen=True)
class _Object:
    """An object behind fsspec; see :class:`.StoredObject`."""

    fs: Any
    path: str
    info: Mapping[str, Any]
    keeps_metadata: bool

    @property
    def size(self) -> int:
        return int(self.info["size"])

    @property
    def metadata(self) -> Mapping[str, str] | None:
        if not self.keeps_metadata:
            return None
        # Of S3 the information lacks it.
        has_it = "metadata" in self.info or not hasattr(self.fs, "metadata")
        found = self.info.get("metadata") if has_it else self.fs.metadata(self.path, refresh=True)
        return {name.replace("_", "-").lower(): value for name, value in (found or {}).items()}

    def read(self, start: int, length: int) -> bytes:
        return bytes(self.fs.cat_file(self.path, start=start, end=min(start + length, self.size)))

    def open(self) -> AbstractContextManager[Readable]:
        file: AbstractContextManager[Readable] = self.fs.open(self.path, "rb", block_size=_BLOCK)
        return file


class _CommittedUpload(Upload):
    """
    An upload of S3, GCS or Azure, which shows nothing before it is committed.

    :param store: the place
    :param arguments: what is said of the object
    """

    def __init__(self, store: ObjectStorageStore, arguments: dict[str, Any]) -> None:
        self._store = store
        self._arguments = arguments
        self._file: Any = None

    def begin(self) -> None:
        if self._store.replace:
            self._file = self._open("wb")
            return
        try:
            self._file = self._open("xb")
        except (NotImplementedError, ValueError):  # an old version of the filesystem
            self._require_free()
            self._file = self._open("wb")

    def write(self, number: int, piece: bytes) -> None:
        self._file.write(piece)

    def finish(self) -> None:
        try:
            self._commit()
        except FileExistsError as error:
            raise taken(self._store.uri) from error
        except OSError as error:
            if self._file.mode != "xb" or _code(error) not in _UNKNOWN_HEADER:
                raise
            self._require_free()
            self._file.mode = "wb"
            self._commit()

    def _open(self, mode: str) -> Any:
        arguments = {"block_size": _BLOCK, "autocommit": False, **self._arguments}
        return self._store.fs.open(self._store.key, mode, **arguments)

    def _commit(self) -> None:
        self._file.close()
        self._file.commit()

    def _require_free(self) -> None:
        log.warning(
            "The store of %s, or its filesystem's package, does not know exclusive creation: two "
            "tasks that write it at once are not told apart",
            self._store.uri,
        )
        if self._store.is_there():
            raise taken(self._store.uri)

    def discard(self) -> None:
        if self._file is None:
            return
        try:
            self._file.discard()
        except FileNotFoundError:
            pass
        finally:
            # A file that is not closed would complete the cut object when it is collected.
            self._file.closed = True

    def leftover(self, reason: str) -> str:
        return (
            f"The unfinished upload of {self._store.uri} was not cancelled ({reason}). It is no "
            "object; a lifecycle rule of the bucket for incomplete uploads removes it"
        )


class _MovedUpload(Upload):
    """
    A file that is written under a hidden name and moved.

    :param store: the place
    """

    def __init__(self, store: ObjectStorageStore) -> None:
        self._store = store
        folder, _, name = store.key.rpartition("/")
        self._folder = folder
        self._part = f"{folder}/.{name}.{uuid4().hex[:12]}.part"
        self._file: Any = None

    def begin(self) -> None:
        self._store.fs.makedirs(self._folder, exist_ok=True)
        self._file = self._store.fs.open(self._part, "wb")

    def write(self, number: int, piece: bytes) -> None:
        self._file.write(piece)

    def finish(self) -> None:
        self._file.close()
        if not self._store.replace and self._store.is_there():
            raise taken(self._store.uri)
        self._store.fs.mv(self._part, self._store.key)

    def discard(self) -> None:
        if self._file is None:
            return
        with suppress(Exception):
            self._file.close()
        with suppress(FileNotFoundError):
            self._store.fs.rm(self._part)

    def leftover(self, reason: str) -> str:
        return f"The unfinished file {self._part} was not removed ({reason}); delete it"


def _explain(uri: str, error: Exception) -> OneSignalError | None:
    """Return what an error of the libraries means, None for one that is no store's."""
    if _code(error) in _TAKEN:
        return taken(uri)
    if str(error).startswith(_REFUSING_TEXTS) or isinstance(error, _REFUSING_TYPES):
        return refused(uri, error)
    if (status := _status(error)) is not None:
        return explain_status(uri, error, status)
    if isinstance(error, OSError):
        is_refusing = error.errno in _REFUSING
        return refused(uri, error) if is_refusing else failed(uri, error)
    is_of_a_library = any(
        type(each).__module__.partition(".")[0] in _LIBRARIES for each in _chain(error)
    )
    return failed(uri, error) if is_of_a_library else None


def _chain(error: BaseException) -> list[BaseException]:
    """Return the error and what it was made of: some filesystems wrap those of their library."""
    return [error, *([error.__cause__] if error.__cause__ else [])]


def _code(error: BaseException) -> str:
    """Return the code of boto's error beneath, "" where there is none."""
    for each in _chain(error):
        match getattr(each, "response", None):
            case {"Error": {"Code": str(code)}}:
                return code
    return ""


def _status(error: BaseException) -> int | None:
    # boto keeps it in a dict; Google's, Azure's, aiohttp's and fsspec's errors have an attribute.
    for each in _chain(error):
        match getattr(each, "response", None):
            case {"ResponseMetadata": {"HTTPStatusCode": int(status)}}:
                return status
        found = (getattr(each, name, None) for name in ("code", "status_code", "status"))
        for value in found:
            if isinstance(value, int):
                return value
    return None
