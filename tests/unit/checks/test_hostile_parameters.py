"""Whatever a task hands over: it passes and can be sent, or it is refused by name."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st

from airflow_provider_onesignal import checks
from airflow_provider_onesignal.checks import (
    messages,
    outcomes,
    segments as segment_checks,
    users as user_checks,
)
from airflow_provider_onesignal.exceptions import OneSignalValidationError

APP = "8458af75-4da2-4ecf-afb5-f242a8926cc3"
NAMES = st.sampled_from(
    ["field", "relation", "key", "value", "operator", "hours_ago", "radius", "lat", "long"]
)
WORDS = st.sampled_from(
    ["tag", "country", "location", "session_count", "first_session", "language", "=", ">"]
)
OTHER_WORDS = st.sampled_from(
    ["exists", "in_array", "time_elapsed_gt", "OR", "US", "external_id", "type", "token", "Email"]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    WORDS,
    OTHER_WORDS,
    st.just(Decimal(1)),
    st.just(datetime(2026, 1, 1, tzinfo=UTC)),
    st.just("9" * 5000),
    st.just(10**400),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(NAMES | WORDS | OTHER_WORDS | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=15,
)
FILTER = st.fixed_dictionaries(
    {"field": WORDS | OTHER_WORDS},
    optional=dict.fromkeys(
        ("relation", "key", "value", "hours_ago", "radius", "lat", "long", "operator"), SCALARS
    ),
)
FILTERS = st.lists(FILTER | st.just({"operator": "OR"}), max_size=5)
CHECKS: dict[str, Callable[[Any], Any]] = {
    "segment name": segment_checks.name,
    "description": segment_checks.description,
    "identity": user_checks.identity,
    "properties": user_checks.properties,
    "subscriptions": user_checks.subscriptions,
    "outcome_names": outcomes.names,
    "outcome_time_range": outcomes.time_range,
    "outcome_platforms": outcomes.platforms,
    "outcome_attribution": outcomes.attribution,
    "breakdown": outcomes.breakdown,
    "extra_fields": lambda value: checks.strings(value, name="extra_fields"),
    "message_id": lambda value: checks.uuid(value, name="message_id"),
    "csv_file_url": checks.export_url,
    "idempotency_key": messages.idempotency_key,
    "kind": messages.kind,
}
MESSAGE: dict[str, Any] = {"target_channel": "push", "template_id": APP, "segments": ["a"]}
AUDIENCES = ("aliases", "subscription_ids", "filters")
PARAMETERS = (
    *("target_channel", "contents", "headings", "template_id", "custom_data", "segments"),
    *("excluded_segments", "send_after", "name", "options", *AUDIENCES),
)


def passed(check: Callable[[Any], Any], value: Any) -> Any:
    """Return what a check lets pass, None where it refuses; any other exception is raised."""
    try:
        return check(value)
    except OneSignalValidationError as refusal:
        check_text(str(refusal))
        return None


def check_text(text: str) -> None:
    assert text.isprintable()


@settings(max_examples=60)
@given(value=FILTERS | ANYTHING)
@example(value=[{"field": "session_count", "relation": ">", "value": "9" * 5000}])
@example(value=[{"field": "session_count", "relation": ">", "value": 10**400}])
@example(value=[{"field": "location", "radius": math.nan, "lat": 0, "long": 0}])
def test_filters_pass_and_can_be_sent_or_are_refused(value: Any) -> None:
    if (checked := passed(segment_checks.filters, value)) is not None:
        assert 1 <= len(checked) <= 200
        json.dumps(checked, allow_nan=False)
        assert segment_checks.filters(checked) == checked


@pytest.mark.parametrize("name", CHECKS)
@settings(max_examples=30)
@given(value=ANYTHING)
def test_any_other_parameter_passes_and_can_be_sent_or_is_refused(name: str, value: Any) -> None:
    json.dumps(passed(CHECKS[name], value), allow_nan=False)


@pytest.mark.parametrize("name", PARAMETERS)
@settings(max_examples=30)
@given(value=ANYTHING)
def test_any_parameter_of_a_message_passes_and_can_be_sent_or_is_refused(
    name: str, value: Any
) -> None:
    message = MESSAGE | ({"segments": None} if name in AUDIENCES else {}) | {name: value}

    json.dumps(passed(lambda given: messages.message_body(**given), message), allow_nan=False)


@pytest.mark.parametrize("name", ["properties", "identity"])
def test_no_depth_of_nesting_is_anything_but_refused(name: str) -> None:
    nested: Any = "x"
    for _ in range(100_000):
        nested = {"a": nested}

    assert passed(CHECKS[name], {"tags": nested, "a": nested}) is None
    assert passed(segment_checks.filters, [{"field": "tag", "value": nested}]) is None
