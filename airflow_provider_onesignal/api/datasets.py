"""How lineage names what is read at OneSignal and what is written to a store."""

from __future__ import annotations

from urllib.parse import quote

NAMESPACE = "https://api.onesignal.com"
"""Of OneSignal's data, whatever proxy or emulator stands between."""

_SCHEMES = {"s3a": "s3", "s3n": "s3", "gcs": "gs"}


def source_name(app_id: str | None, kind: str) -> str:
    """
    Name what is read.

    :param app_id: whose data; None where nobody knows
    :param kind: which data, such as "subscriptions"
    """
    return kind if app_id is None else f"apps/{app_id}/{kind}"


def openlineage_name(uri: str) -> tuple[str, str]:
    """
    Give the namespace and the name that OpenLineage has for an object: https://openlineage.io/docs/spec/naming.

    :param uri: of the object
    """
    scheme, _, place = uri.partition("://")
    host, _, path = place.partition("/")
    if scheme in ("file", "local"):
        return "file", f"/{path}"
    return f"{_SCHEMES.get(scheme, scheme)}://{host}", path


def asset_uri(uri: str) -> str:
    """
    Give the URI by which an asset stands for an object, one that Airflow takes and keeps whole.

    Of a URI as it is, Airflow drops what follows a ``#``, sorts what follows a ``?``, and (2.11, or
    on MySQL) refuses what is not ASCII.

    :param uri: of the object
    """
    scheme, separator, place = uri.partition("://")
    return scheme + separator + quote(place, safe="/:@!$&'()*+,;=~")
