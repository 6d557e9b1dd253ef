"""Users: an upsert that gives the aliases."""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock, create_autospec

import pytest

from airflow_provider_onesignal.exceptions import OneSignalValidationError
from airflow_provider_onesignal.hooks.onesignal import OneSignalHook
from airflow_provider_onesignal.operators.user import OneSignalCreateUserOperator

ONESIGNAL_ID = "567491ee-9105-4a87-9cbc-ed78a571645b"
MAIL = {"type": "Email", "token": "a@example.com"}


@pytest.fixture
def hook() -> MagicMock:
    hook: MagicMock = create_autospec(OneSignalHook, instance=True)
    hook.create_user.return_value = {"identity": {"onesignal_id": ONESIGNAL_ID}}
    return hook


def run(hook: MagicMock, **parameters: Any) -> dict[str, str]:
    operator = OneSignalCreateUserOperator(task_id="t", **parameters)
    operator._hook = hook
    return operator.execute({})


def test_what_is_sent_is_what_was_given(hook: MagicMock) -> None:
    run(
        hook,
        identity={"external_id": 42},
        properties={"tags": {"plan": "gold"}, "country": None},
        subscriptions=[MAIL],
    )

    hook.create_user.assert_called_once_with(
        identity={"external_id": "42"},
        properties={"tags": {"plan": "gold"}},
        subscriptions=[MAIL],
    )


def test_no_alias_is_claimed_that_onesignal_does_not_name(hook: MagicMock) -> None:
    assert run(hook, identity={"external_id": "42"}) == {"onesignal_id": ONESIGNAL_ID}


def test_the_aliases_hold_all_that_onesignal_knows_of_the_user(hook: MagicMock) -> None:
    known = {"onesignal_id": ONESIGNAL_ID, "external_id": "42", "crm": "7"}
    hook.create_user.return_value = {"identity": known, "properties": {"tags": {"a": "b"}}}

    assert run(hook, identity={"external_id": "42"}) == known


@pytest.mark.parametrize(
    ("parameters", "rule"),
    [
        ({}, "identity must have at least one alias"),
        ({"identity": {"external_id": ""}}, r"identity\['external_id'\]"),
        ({"properties": {"lat": 100}}, "properties.lat must be -90 to 90"),
        ({"subscriptions": [MAIL, {}]}, r"subscriptions\[1\] needs 'type'"),
    ],
)
def test_what_onesignal_would_refuse_is_never_sent(
    hook: MagicMock, parameters: dict[str, Any], rule: str
) -> None:
    identity = {"identity": {"external_id": "42"}} if parameters else {}
    with pytest.raises(OneSignalValidationError, match=rule):
        run(hook, **{**identity, **parameters})

    assert hook.method_calls == []


def test_no_token_and_no_alias_but_onesignals_own_reaches_the_log(
    hook: MagicMock, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level("DEBUG"):
        run(hook, identity={"external_id": "user-of-mine"}, subscriptions=[MAIL])

    # Airflow 3 logs to the standard output, Airflow 2 through logging.
    logged = caplog.text + "".join(capfd.readouterr())
    assert ONESIGNAL_ID in logged
    assert "user-of-mine" not in logged
    assert MAIL["token"] not in logged


def test_it_can_be_mapped_over_rows() -> None:
    rows = [{"identity": {"external_id": "1"}}, {"identity": {"external_id": "2"}}]

    mapped = OneSignalCreateUserOperator.partial(task_id="t").expand_kwargs(rows)

    assert mapped.operator_class is OneSignalCreateUserOperator
