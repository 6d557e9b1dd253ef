"""Users: creating one is an upsert by its aliases."""

from __future__ import annotations

import re
import uuid
from typing import Any

from .calls import Answer, Call
from .errors import Refusal, refuse_coded
from .state import User

MOST_ALIASES = 20
LONGEST_ALIAS = 128
BLOCKED_EXTERNAL_IDS = frozenset({"1", "0", "-1", "NA", "NULL"})
_NOT_IN_AN_ALIAS = re.compile(r"[/?#&=\s]|\.\.")
MOST_SUBSCRIPTIONS = 20
SUBSCRIPTION_TYPES = (
    "Email",
    "SMS",
    "iOSPush",
    "AndroidPush",
    "HuaweiPush",
    "FireOSPush",
    "WindowsPush",
    "macOSPush",
    "ChromePush",
    "FirefoxPush",
    "SafariPush",
    "ChromeExtensionPush",
    "SafariLegacyPush",
)
_SUBSCRIPTION_FIELDS = (
    "type",
    "token",
    "enabled",
    "notification_types",
    "session_time",
    "session_count",
    "app_version",
    "device_model",
    "device_os",
    "rooted",
    "test_type",
    "sdk",
    "web_auth",
    "web_p256",
    "net_type",
    "carrier",
)
_PROPERTIES: dict[str, tuple[type, ...]] = {
    "tags": (dict,),
    "language": (str,),
    "timezone_id": (str,),
    "lat": (int, float),
    "long": (int, float),
    "country": (str,),
    "first_active": (int,),
    "last_active": (int,),
    "test_user_name": (str,),
    "amount_spent": (int, float),
    "purchases": (list,),
}
_LIMITS = {"lat": 90, "long": 180}
_TOKENS = {
    "Email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+$"),
    "SMS": re.compile(r"\+[1-9]\d{5,14}$"),
}


def create_user(call: Call) -> Answer:
    """POST /apps/{app_id}/users."""
    identity, properties, subscriptions = _checked_body(call)
    user = _owner(call, identity)
    status = call.account.settings.status("create_user" if user is None else "update_user")
    if user is None:
        user = User(identity={"onesignal_id": str(uuid.uuid4())})
        call.app.users.append(user)
    user.identity.update(identity)
    _merge_properties(user, properties)
    for subscription in subscriptions:
        _attach(call, user, subscription)
    body: dict[str, Any] = {"identity": user.identity, "properties": user.properties}
    if user.subscriptions:
        body["subscriptions"] = user.subscriptions
    return status, body


def _checked_body(call: Call) -> tuple[dict[str, str], dict[str, Any], list[dict[str, Any]]]:
    strict = call.account.settings.strict
    for name, value in call.body.items():
        if strict and name not in {"identity", "properties", "subscriptions"}:
            raise _invalid(f"{name} is not a known parameter")
        expected = list if name == "subscriptions" else dict
        if not isinstance(value, expected):
            raise _invalid(f"{name} must be an {'array' if expected is list else 'object'}")
    identity = call.body.get("identity", {})
    subscriptions = call.body.get("subscriptions", [])
    if not identity and not subscriptions:
        raise _invalid("At least one identifier or subscription is required")
    _check_identity(identity)
    _check_properties(call.body.get("properties", {}), strict=strict)
    if len(subscriptions) > MOST_SUBSCRIPTIONS:
        raise _invalid(f"subscriptions has over {MOST_SUBSCRIPTIONS} entries")
    for index, subscription in enumerate(subscriptions):
        _check_subscription(index, subscription, strict=strict)
    return identity, call.body.get("properties", {}), subscriptions


def _check_identity(identity: dict[str, Any]) -> None:
    if len(set(identity) - {"external_id"}) > MOST_ALIASES:
        raise _invalid(f"identity has over {MOST_ALIASES} aliases")
    for label, value in identity.items():
        if not isinstance(value, str) or not value:
            raise _invalid(f"identity.{label} must be a non-empty string")
        if len(value) > LONGEST_ALIAS or _NOT_IN_AN_ALIAS.search(value):
            raise _invalid(f"identity.{label} is invalid")
    if identity.get("external_id") in BLOCKED_EXTERNAL_IDS:
        raise _invalid("identity.external_id is not allowed")
    if "onesignal_id" in identity:
        raise _invalid("identity.onesignal_id is assigned by OneSignal")


def _check_properties(properties: dict[str, Any], *, strict: bool) -> None:
    for name, value in properties.items():
        types = _PROPERTIES.get(name)
        if types is None and strict:
            raise _invalid(f"properties.{name} is not a known parameter")
        if types is not None and (isinstance(value, bool) or not isinstance(value, types)):
            raise _invalid(f"properties.{name} has a wrong type")
        if name in _LIMITS and abs(value) > _LIMITS[name]:
            raise _invalid(f"properties.{name} is out of range")
    for name, value in properties.get("tags", {}).items():
        if not isinstance(value, str):
            raise _invalid(f"properties.tags.{name} must be a string")


def _check_subscription(index: int, subscription: Any, *, strict: bool) -> None:
    where = f"subscriptions[{index}]"
    if not isinstance(subscription, dict):
        raise _invalid(f"{where} must be an object")
    for name, value in subscription.items():
        if strict and name not in _SUBSCRIPTION_FIELDS:
            raise _invalid(f"{where}.{name} is not a known parameter")
        if value is None:
            raise _invalid(f"{where}.{name} must not be null")
    kind, token = subscription.get("type"), subscription.get("token")
    if kind not in SUBSCRIPTION_TYPES:
        raise _invalid(f"{where}.type is invalid")
    if not isinstance(token, str) or not token:
        raise _invalid(f"{where}.token is required")
    if kind in _TOKENS and not _TOKENS[kind].match(token):
        raise _invalid(f"{where}.token is invalid")


def _owner(call: Call, identity: dict[str, str]) -> User | None:
    """The user whom these aliases mean."""
    owners = {
        label: user
        for user in call.app.users
        for label, value in identity.items()
        if user.identity.get(label) == value
    }
    if not owners:
        return None
    first = next(user for label, user in owners.items() if label == min(owners, key=_rank))
    conflicting = {label: identity[label] for label, user in owners.items() if user is not first}
    if conflicting:
        meta = {"conflicting_aliases": conflicting}
        raise refuse_coded(409, "Conflict", "Conflicting aliases", meta)
    return first


def _rank(label: str) -> tuple[bool, str]:
    """external_id decides before any other alias."""
    return label != "external_id", label


def _merge_properties(user: User, properties: dict[str, Any]) -> None:
    tags = {**user.properties.get("tags", {}), **properties.get("tags", {})}
    user.properties.update(properties)
    if tags:
        user.properties["tags"] = {name: value for name, value in tags.items() if value}


def _attach(call: Call, user: User, subscription: dict[str, Any]) -> None:
    """Attach a subscription to the user, and take it from the one who had it."""
    kind, token = subscription["type"], subscription["token"]
    known: dict[str, Any] = {"id": str(uuid.uuid4()), "app_id": call.app.id}
    for other in call.app.users:
        for each in list(other.subscriptions):
            if (each["type"], each["token"]) == (kind, token):
                other.subscriptions.remove(each)
                known = each
    if len(user.subscriptions) >= MOST_SUBSCRIPTIONS:
        raise refuse_coded(409, "subscription-1", "Subscription Limit Exceeded")
    user.subscriptions.append({**known, **subscription})


def _invalid(title: str) -> Refusal:
    return refuse_coded(400, "request-1", title)
