"""Faults: which requests they hit, and how often."""

from __future__ import annotations

import pytest

from airflow_provider_onesignal.testing import Fault, Faults


def strikes(fault: Fault, *, operation="csv_export", method="POST", path="/players/csv_export"):
    faults = Faults()
    faults.add(fault)
    return [faults.strike(operation, method, path) is not None for _ in range(4)]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(status=500), [True, False, False, False]),
        (Fault(status=500, times=2), [True, True, False, False]),
        (Fault(status=500, times=None), [True] * 4),
        (Fault(status=500, skip=2), [False, False, True, False]),
        (Fault(on="csv_export"), [True, False, False, False]),
        (Fault(on="/players/*"), [True, False, False, False]),
        (Fault(on="get_outcomes"), [False] * 4),
        (Fault(on="/apps/*"), [False] * 4),
        (Fault(method="post"), [True, False, False, False]),
        (Fault(method="GET"), [False] * 4),
    ],
    ids=["once", "twice", "always", "skip", "name", "path", "no-name", "no-path", "post", "get"],
)
def test_a_fault_hits_the_requests_it_names(fault, expected):
    assert strikes(fault) == expected
    assert fault.hits == sum(expected)


def test_the_first_fault_that_matches_wins_until_it_is_used_up():
    faults = Faults()
    first, second = faults.add(Fault(status=500)), faults.add(Fault(status=503))

    assert faults.strike("", "GET", "/") is first
    assert faults.strike("", "GET", "/") is second


def test_cleared_faults_hit_nothing():
    faults = Faults()
    faults.add(Fault(times=None))
    faults.clear()

    assert faults.strike("", "GET", "/") is None


def test_a_misspelt_fault_is_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match=r"no cut_of; it has .*cut_at"):
        Fault.from_dict({"cut_of": 3})


def test_a_fault_survives_being_shown_as_json():
    fault = Fault(on="download", body=b"x", headers={"Retry-After": "1"})
    shown = fault.to_dict()
    assert (shown.pop("seen"), shown.pop("hits")) == (0, 0)

    assert Fault.from_dict(shown).headers == {"Retry-After": "1"}
