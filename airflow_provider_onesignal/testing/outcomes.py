"""Outcomes: counts and sums over a window that ends now."""

from __future__ import annotations

from datetime import timedelta

from . import errors
from .calls import Answer, Call
from .errors import refuse
from .state import DAY, OutcomeEvent

RANGES = ("1h", "1d", "1mo")
PLATFORMS = (0, 1, 2, 5, 7, 8, 11, 13, 14, 17)
ATTRIBUTIONS = ("direct", "influenced", "unattributed", "total")
_PARAMETERS = {
    "app_id",
    "outcome_names",
    "outcome_names[]",
    "outcome_time_range",
    "outcome_platforms",
    "outcome_attribution",
}


def get_outcomes(call: Call) -> Answer:
    """GET /apps/{app_id}/outcomes."""
    if call.account.settings.strict:
        for parameter in sorted(set(call.query) - _PARAMETERS):
            raise refuse(400, f"{parameter} is not a known parameter")
    names = _names(call)
    time_range = _one_of(call, "outcome_time_range", RANGES, default="1h")
    attribution = _one_of(call, "outcome_attribution", ATTRIBUTIONS, default="total")
    platforms = _platforms(call)
    since = _since(call, time_range)
    seen = [
        event
        for event in call.app.outcomes
        if since < event.at <= call.account.clock.now()
        and event.platform in platforms
        and attribution in {"total", event.attribution}
    ]
    return 200, {"outcomes": [_outcome(call, name, seen) for name in names]}


def _since(call: Call, time_range: str) -> float:
    now, days = call.account.clock.now(), call.account.settings.month_days
    if time_range != "1mo":
        return now - {"1h": 3600.0, "1d": DAY}[time_range]
    if days is not None:
        return now - days * DAY
    today = call.account.clock.today()
    last_of_month_before = today.replace(day=1) - timedelta(days=1)
    day = min(today.day, last_of_month_before.day)
    return last_of_month_before.replace(day=day).timestamp()


def _names(call: Call) -> list[str]:
    names = list(call.query.get("outcome_names[]", []))
    for value in call.query.get("outcome_names", []):
        names += value.split(",")
    names = [name.strip() for name in names]
    if not names or not all(name.endswith((".sum", ".count")) for name in names):
        raise refuse(400, errors.OUTCOME_SUFFIX)
    if "os__click.sum" in names:
        raise refuse(400, "os__click only supports .count")
    return names


def _platforms(call: Call) -> set[int]:
    value = call.last("outcome_platforms")
    if value is None:
        return set(PLATFORMS)
    parts = value.split(",")
    if not all(part.isdecimal() and int(part) in PLATFORMS for part in parts):
        raise refuse(400, f"outcome_platforms is invalid: {value}")
    return {int(part) for part in parts}


def _one_of(call: Call, name: str, allowed: tuple[str, ...], *, default: str) -> str:
    value = call.last(name) or default
    if value not in allowed:
        raise refuse(400, f"{name} must be one of: {', '.join(allowed)}")
    return value


def _outcome(call: Call, name: str, seen: list[OutcomeEvent]) -> dict[str, object]:
    outcome_id, _, aggregation = name.rpartition(".")
    value = call.app.fixed_outcomes.get(name)
    if value is None:
        own = [event for event in seen if event.name == outcome_id]
        value = sum(each.count * (each.value if aggregation == "sum" else 1) for each in own)
    whole = int(value) if float(value).is_integer() else value
    return {"id": outcome_id, "value": whole, "aggregation": aggregation}
