"""Segment filters that OneSignal takes and does not take."""

from __future__ import annotations

import pytest

from airflow_provider_onesignal.testing.errors import Refusal
from airflow_provider_onesignal.testing.filters import check_filters

TAG = {"field": "tag", "key": "level", "relation": "=", "value": "10"}
OR = {"operator": "OR"}


@pytest.mark.parametrize(
    "filters",
    [
        [TAG],
        [TAG, OR, TAG],
        [TAG, TAG],
        [{"field": "tag", "key": "level", "relation": "exists"}],
        [{"field": "location", "radius": "1000", "lat": 50.1, "long": "14.4"}],
        [{"field": "last_session", "relation": "<", "hours_ago": "1.1"}],
        [TAG] * 200,
        [{**TAG, "relation": "in_array", "value": ",".join("a" * 20)}],
    ],
)
def test_filters_as_documented_are_taken(filters):
    check_filters(filters, strict=True)


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({}, "must be an array"),
        ([], "must not be empty"),
        ([TAG] * 201, "maximum is 200"),
        ([OR, TAG], "start or end with an operator"),
        ([TAG, OR], "start or end with an operator"),
        ([TAG, {"operator": "XOR"}, TAG], r"filters\[1\] is not a valid operator"),
        ([TAG, "tag"], r"filters\[1\] must be an object"),
        ([{"relation": "="}], "field is required"),
        ([{"field": "tag", "relation": "=", "value": "1"}], "key is required"),
        ([{"field": "tag", "relation": "=", "key": "a"}], "value is required"),
        ([{"field": "country", "value": "CZ"}], "relation is required"),
        ([{"field": "location", "radius": "1", "lat": "2"}], "long is required"),
        ([{"field": "last_session", "relation": ">"}], "hours_ago is required"),
        ([{**TAG, "value": 5}], "value must be a string"),
        ([{**TAG, "value": None}], "value must be a string"),
        ([{**TAG, "relation": "~"}], "not a valid relation for tag"),
        ([{**TAG, "colour": "red"}], "colour is not a known parameter"),
        ([{"field": "mood", "relation": "=", "value": "x"}], "mood is not a valid field"),
        ([{**TAG, "relation": "not_in_array", "value": ",".join("a" * 21)}], "over 20 values"),
    ],
)
def test_other_filters_are_refused_with_the_place_and_the_rule(filters, message):
    with pytest.raises(Refusal, match=message) as refusal:
        check_filters(filters, strict=True)

    assert refusal.value.status == 400


def test_fields_of_tomorrow_pass_when_not_strict():
    check_filters([{"field": "mood", "relation": "~", "value": "x", "why": "y"}], strict=False)
