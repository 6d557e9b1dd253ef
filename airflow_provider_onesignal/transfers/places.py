"""Checks of where a transfer is to store its object, before anybody is asked for anything."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow_provider_onesignal.api import checks
from airflow_provider_onesignal.exceptions import OneSignalValidationError

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import ObjectStoragePath


def object_name(value: Any, *, name: str) -> str:
    """
    Check the name of an object.

    :param name: the parameter's name, for the error, as in all checks here
    :raises OneSignalValidationError: it is blank, or that of a folder
    """
    given = checks.text(value, name=name)
    if given.endswith("/"):
        raise OneSignalValidationError(
            f"{name} must name a file, got the folder {given!r}: add the file's name, such as "
            "'{{ ds }}.csv.gz'."
        )
    return given


def bucket(value: Any, *, name: str) -> str:
    """
    Check the name of a bucket.

    :raises OneSignalValidationError: it is blank, or more than a name
    """
    given = checks.text(value, name=name)
    if "/" in given:
        raise OneSignalValidationError(
            f"{name} must be the bucket's name alone, without a scheme or slashes, got {given!r}."
        )
    return given


def s3(key: Any, bucket_name: Any) -> tuple[str, str | None]:
    """
    Check a place in S3.

    :param key: the key, or a full URL
    :param bucket_name: None or "" with a full URL, or to take the connection's
    :return: key, and bucket or None
    :raises OneSignalValidationError: one is malformed, or the bucket is named twice
    """
    key = object_name(key, name="s3_key")
    if not bucket_name and bucket_name in (None, ""):
        return _with_a_key(key, name="s3_key") if "://" in key else key, None
    if "://" in key:
        raise OneSignalValidationError(
            f"s3_key={key!r} names a bucket already: leave s3_bucket out, or give the key alone."
        )
    return key, bucket(bucket_name, name="s3_bucket")


def path(value: Any) -> str | ObjectStoragePath:
    """
    Check a path of any store.

    :param value: a URL, an absolute path of this machine, or an ``ObjectStoragePath``
    :raises OneSignalValidationError: it names a folder, or leaves open where it is
    """
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    if isinstance(value, ObjectStoragePath):
        return value
    given = object_name(os.fspath(value) if isinstance(value, os.PathLike) else value, name="path")
    if "://" not in given:
        if not given.startswith("/"):
            raise OneSignalValidationError(
                f"path must be a URL or an absolute path, got {given!r}, which would be another "
                "place on each worker."
            )
        return given
    parts = urlsplit(given)
    if parts.scheme in ("file", "local") and parts.netloc.rpartition("@")[2]:
        raise OneSignalValidationError(
            f"path={given!r} needs a third slash: {parts.scheme}:///{given.partition('://')[2]}"
        )
    return given if parts.scheme == "memory" else _with_a_key(given, name="path")


def _with_a_key(url: str, *, name: str) -> str:
    if not urlsplit(url).path.strip("/"):
        raise OneSignalValidationError(
            f"{name}={url!r} names a bucket and no object: add the object's name after a slash."
        )
    return url
