"""The counts of all faults of a run. This test is the last one, wherever it was collected."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.integration.ledger import LEDGER, Ledger

AT_LEAST = 300
"""Faults that the whole folder injects; that it injects none would prove nothing."""


def test_no_fault_left_a_wrong_object_a_remainder_an_untyped_error_or_a_secret(
    request: pytest.FixtureRequest, is_whole_folder: bool
) -> None:
    assert request.session.items[-1].name == request.node.name
    if not LEDGER.faults_injected:
        pytest.skip("no fault was injected before")

    assert replace(LEDGER, faults_injected=0) == Ledger()
    assert not is_whole_folder or LEDGER.faults_injected >= AT_LEAST
