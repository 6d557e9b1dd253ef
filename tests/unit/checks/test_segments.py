"""Segments that OneSignal would refuse: the rule and the entry's index are named."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from airflow_provider_onesignal.checks import segments as segment_checks
from airflow_provider_onesignal.exceptions import OneSignalValidationError

TAG = {"field": "tag", "key": "plan", "relation": "=", "value": "gold"}
OR = {"operator": "OR"}
COUNTRY = {"field": "country", "relation": "=", "value": "US"}
PLACE = {"field": "location", "radius": 1000, "lat": "48.1", "long": 11.5}


def without(entry: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in names}


REFUSED_FILTERS = [
    (None, "filters must be a list of dicts, got None"),
    ("[]", "a list of dicts, got a string: pass another task's .output"),
    ({"field": "tag"}, "filters must be a list"),
    ([], "1 to 200 entries, operators included, got 0"),
    ([TAG] * 201, "1 to 200 entries, operators included, got 201"),
    ([TAG, "tag"], r"filters\[1\] must be a dict"),
    ([OR, TAG], r"filters\[0\] is an operator: .* neither begin nor end"),
    ([TAG, OR], r"filters\[1\] is an operator: .* neither begin nor end"),
    ([OR], r"filters\[0\] is an operator"),
    ([TAG, OR, OR, TAG], r"filters\[2\] is an operator right after another"),
    ([TAG, {"operator": "XOR"}, TAG], r"filters\[1\].operator must be one of \['AND', 'OR'\]"),
    ([TAG, {"operator": "or"}, TAG], r"filters\[1\].operator must be one of"),
    ([TAG, {**TAG, "operator": "OR"}], r"filters\[1\] must be either an operator .* or a filter"),
    ([TAG, without(TAG, "field")], r"filters\[1\].field must be one of .* got None"),
    ([TAG, {**TAG, "field": "shoe_size"}], r"filters\[1\].field must be .*'shoe_size'.*unknown"),
    ([without(TAG, "relation")], r"filters\[0\] lacks 'relation', which field 'tag' requires"),
    ([{**TAG, "relation": "~"}], r"filters\[0\].relation .* must be one of .* got '~'"),
    ([{**COUNTRY, "relation": ">"}], r"relation \(of field 'country'\) must be .* got '>'"),
    ([{**COUNTRY, "relation": "exists"}], r"relation \(of field 'country'\)"),
    ([without(TAG, "key")], r"filters\[0\] lacks 'key', which field 'tag' requires"),
    ([{"field": "tag", "relation": "exists"}], r"filters\[0\] lacks 'key'"),
    ([without(TAG, "value")], r"filters\[0\] lacks 'value'"),
    ([{**TAG, "value": ""}], r"filters\[0\] lacks 'value'"),
    ([{**TAG, "value": True}], r"filters\[0\].value must be a non-blank string"),
    ([{**TAG, "value": ["a", "b"]}], r"filters\[0\].value must be a non-blank string"),
    ([{**TAG, "value": float("nan")}], r"filters\[0\]\['value'\] is nan, which JSON cannot hold"),
    (
        [{**TAG, "relation": "in_array", "value": ["a", "b"]}],
        r"filters\[0\].value must be one string with commas between the values, got a list",
    ),
    (
        [TAG, {**TAG, "relation": "in_array", "value": ",".join("abcdefghijklmnopqrstu")}],
        r"filters\[1\].value must have at most 20 values separated by commas, got 21",
    ),
    (
        [{**TAG, "relation": "not_in_array", "value": "x," * 20}],
        r"at most 20 values separated by commas, got 21",
    ),
    ([{**TAG, "relation": "time_elapsed_gt", "value": "soon"}], r"value must be a number"),
    ([{"field": "last_session", "relation": ">"}], r"filters\[0\] lacks 'hours_ago'"),
    (
        [{"field": "first_session", "relation": "<", "hours_ago": "-1"}],
        r"filters\[0\].hours_ago must be at least 0, got -1",
    ),
    ([{"field": "last_session", "relation": "=", "hours_ago": "1"}], r"got '='"),
    ([{"field": "session_count", "relation": ">", "value": "many"}], r"value must be a number"),
    ([{"field": "session_count", "relation": ">", "value": "1_000"}], r"value must be a number"),
    ([{"field": "session_count", "relation": ">", "value": "١٢"}], r"value must be a number"),
    ([{"field": "session_time", "relation": "="}], r"relation \(of field 'session_time'\)"),
    ([{"field": "language", "relation": "="}], r"filters\[0\] lacks 'value'"),
    ([{"field": "app_version", "relation": ">"}], r"filters\[0\] lacks 'value'"),
    ([{**COUNTRY, "value": "us"}], r"two capital letters .* got 'us'"),
    ([{**COUNTRY, "value": "USA"}], r"two capital letters .* got 'USA'"),
    ([without(PLACE, "radius")], r"filters\[0\] lacks 'radius', which field 'location' requires"),
    ([without(PLACE, "lat")], r"filters\[0\] lacks 'lat'"),
    ([without(PLACE, "long")], r"filters\[0\] lacks 'long'"),
    ([{**PLACE, "lat": 91}], r"filters\[0\].lat must be -90 to 90, got 91"),
    ([{**PLACE, "long": "-180.5"}], r"filters\[0\].long must be -180 to 180, got -180.5"),
    ([{**PLACE, "radius": "far"}], r"filters\[0\].radius must be a number, got 'far'"),
]


@pytest.mark.parametrize(("filters", "rule"), REFUSED_FILTERS)
def test_filters_that_are_refused(filters: Any, rule: str) -> None:
    with pytest.raises(OneSignalValidationError, match=rule):
        segment_checks.filters(filters)


@pytest.mark.parametrize(
    "filters",
    [
        [TAG],
        [TAG] * 200,
        [TAG, OR, COUNTRY],
        [TAG, COUNTRY, {"operator": "AND"}, TAG],
        ({**TAG, "relation": "exists"},),
        [{"field": "tag", "key": "plan", "relation": "not_exists"}],
        [{**TAG, "relation": "in_array", "value": ",".join("abcdefghijklmnopqrst")}],
        [{**TAG, "relation": "time_elapsed_lt", "value": "3600"}],
        [{"field": "last_session", "relation": ">", "hours_ago": "1.1"}],
        [{"field": "session_count", "relation": "!=", "value": "5"}],
        [{"field": "session_time", "relation": "<", "value": "60"}],
        [{"field": "language", "relation": "=", "value": "zh-Hans"}],
        [{"field": "app_version", "relation": ">", "value": "1.0.1"}],
        [PLACE],
        [{**PLACE, "radius": "1000", "lat": -90, "long": 180}],
    ],
)
def test_filters_that_pass_are_not_changed(filters: Any) -> None:
    assert segment_checks.filters(filters) == list(filters)


def test_numbers_in_filters_become_the_strings_that_onesignal_wants() -> None:
    given = [
        {"field": "tag", "key": "level", "relation": ">", "value": 5},
        {"field": "last_session", "relation": ">", "hours_ago": 1.5},
    ]

    assert segment_checks.filters(given) == [
        {"field": "tag", "key": "level", "relation": ">", "value": "5"},
        {"field": "last_session", "relation": ">", "hours_ago": "1.5"},
    ]
    assert given[0]["value"] == 5


def test_blanks_around_a_number_are_no_part_of_it() -> None:
    given = [{"field": "session_count", "relation": ">", "value": " 5\n"}]

    assert segment_checks.filters(given)[0]["value"] == "5"


NEXT_YEARS_FILTERS = [
    {"field": "shoe_size", "relation": ">", "value": "44"},
    {"field": "mood"},
    {"field": "tag", "relation": "sounds_like", "key": "name"},
    {"field": "country", "relation": "exists"},
]


@pytest.mark.parametrize("entry", NEXT_YEARS_FILTERS)
def test_what_onesignal_adds_next_year_passes_with_a_warning_when_asked(
    entry: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert segment_checks.filters([entry], allow_unknown=True) == [entry]

    assert "filters[0]" in caplog.text


def test_an_operator_stays_a_fixed_set_whatever_is_allowed() -> None:
    with pytest.raises(OneSignalValidationError, match="XOR"):
        segment_checks.filters([TAG, {"operator": "XOR"}, TAG], allow_unknown=True)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("", "name must be a non-blank string"),
        ("  ", "non-blank"),
        (None, "non-blank string, got None"),
        (5, "must be a non-blank string"),
        ("x" * 129, "at most 128 characters, got 129"),
    ],
)
def test_names_of_segments_that_are_refused(name: Any, rule: str) -> None:
    with pytest.raises(OneSignalValidationError, match=rule):
        segment_checks.name(name)


@pytest.mark.parametrize("description", ["x" * 256, 5, "   "])
def test_descriptions_that_are_refused(description: Any) -> None:
    with pytest.raises(OneSignalValidationError, match="description"):
        segment_checks.description(description)


@pytest.mark.parametrize("description", [None, "", "x" * 255])
def test_descriptions_that_pass(description: Any) -> None:
    assert segment_checks.description(description) == description
