"""The key and an export's URL stay where they belong, however much is logged."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from airflow import settings
from airflow.providers.common.compat.sdk import Asset

from airflow_provider_onesignal.exports import SubscriptionsExport
from airflow_provider_onesignal.operators.export import OneSignalExportSubscriptionsOperator
from airflow_provider_onesignal.sensors.export import OneSignalExportSensor
from airflow_provider_onesignal.testing import Emulator
from tests.integration import tasks
from tests.integration.ledger import judge
from tests.integration.stores import Place
from tests.integration.tasks import Ended, run_try
from tests.unit.fakes import FakeStore

FORMS = pytest.mark.parametrize("form", ["one task", "separate tasks"])
MODES = pytest.mark.parametrize("deferrable", [True, False], ids=["deferred", "worker"])
STORES = pytest.mark.parametrize("store", ["s3", "folder"])
pytestmark = pytest.mark.usefixtures("waits")


@pytest.fixture(autouse=True)
def _everything_is_logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let every library say all it can, those too that other tests keep quiet for speed."""
    monkeypatch.setattr(tasks, "_TALKATIVE", ())
    if hasattr(settings, "MASK_SECRETS_IN_LOGS"):
        # Airflow 2 switches it on where tasks run.
        monkeypatch.setattr(settings, "MASK_SECRETS_IN_LOGS", True)
    levels = {name: logging.getLogger(name).level for name in ("aiohttp", "airflow", "urllib3")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def export(place: Place, *, form: str, deferrable: bool, timeout: float = 30) -> list[Ended]:
    """Run the whole job, as far as it goes."""
    asset = Asset("x-onesignal://users")
    copy = {"task_id": "copy", "outlets": [asset], **place.parameters}
    waits: dict[str, Any] = {"deferrable": deferrable, "timeout": timeout}
    if form == "one task":
        given = {"export": SubscriptionsExport(), "poll_interval": 0.02, **waits, **copy}
        return [run_try(lambda: place.operator(**given), store=FakeStore())]
    start = run_try(
        lambda: OneSignalExportSubscriptionsOperator(
            task_id="start", wait_for_completion=False, **waits
        ),
        store=FakeStore(),
    )
    if start.error is not None:
        return [start]
    url = start.result
    sense = run_try(
        lambda: OneSignalExportSensor(
            task_id="wait", csv_file_url=url, poke_interval=0.02, **waits
        ),
        store=FakeStore(),
    )
    if sense.error is not None:
        return [start, sense]
    move = run_try(lambda: place.operator(csv_file_url=url, **copy), store=FakeStore())
    return [start, sense, move]


def forms_of_the_key(emulator: Emulator) -> list[str]:
    key = emulator.api_key
    return [key, key.removeprefix("os_v2_app_"), base64.b64encode(key.encode()).decode()]


def forms_of_the_url(emulator: Emulator) -> list[str]:
    paths = [each.path for each in emulator.exports]
    return paths + [path.rpartition("/")[2].removesuffix(".csv.gz")[:-11] for path in paths]


def found(endings: list[Ended], emulator: Emulator, printed: str) -> list[str]:
    secrets = forms_of_the_key(emulator) + forms_of_the_url(emulator)
    texts = {"stdout and stderr": printed}
    for number, ended in enumerate(endings):
        texts |= {f"{where} of task {number}": text for where, text in ended.shown.items()}
    return [where for where, text in texts.items() if any(secret in text for secret in secrets)]


FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "nothing": ("", {}),
    "a key that is refused": ("csv_export", {"status": 401}),
    "an answer with the key in it": ("csv_export", {"status": 400}),
    "an answer that is cut": ("csv_export", {"cut_at": 20}),
    "an answer that is no JSON": ("csv_export", {"status": 200, "body": "<html>"}),
    "an API that redirects": ("csv_export", {"redirect": "http://127.0.0.1:9/x"}),
    "a file that is late": ("poll", {"status": 404, "times": None}),
    "a poll that is reset": ("poll", {"cut_at": 0, "reset": True, "times": 3}),
    "a poll that redirects": ("poll", {"redirect": "http://127.0.0.1:9/x"}),
    "a download that is cut": ("download", {"cut_at": 100_000, "times": 2}),
    "a download that is never whole": ("download", {"cut_at": 0, "times": None}),
    "a file that is damaged": ("download", {"flip_at": 100_000}),
    "a page in place of the file": ("download", {"status": 200, "body": "<html>"}),
    "a download that redirects": ("download", {"redirect": "http://127.0.0.1:9/x"}),
}


class TestNothingShows:
    @FORMS
    @MODES
    @STORES
    @pytest.mark.parametrize("fault", FAULTS)
    def test_the_key_or_the_address(
        self,
        *,
        onesignal: Emulator,
        place_of: Any,
        capfd: pytest.CaptureFixture[str],
        form: str,
        deferrable: bool,
        store: str,
        fault: str,
    ) -> None:
        place = place_of(store)
        onesignal.settings.ready_after_polls = 2
        on, how = FAULTS[fault]
        if on == "csv_export":
            if fault == "an answer with the key in it":
                how = {**how, "body": {"errors": [f"No such key: Key {onesignal.api_key}"]}}
            onesignal.fail(on, **how)
        elif on:
            onesignal.files.fail(on, skip=1 if on == "poll" else 0, **how)

        timeout = 0.3 if fault == "a file that is late" else 30
        endings = export(place, form=form, deferrable=deferrable, timeout=timeout)

        printed = "".join(capfd.readouterr())
        assert found(endings, onesignal, printed) == []
        assert (endings[-1].error is None) is (
            fault in ("nothing", "a poll that is reset", "a download that is cut")
        )
        judge(endings[-1], emulator=onesignal, place=place)

    @FORMS
    @MODES
    def test_and_yet_much_was_logged(
        self, onesignal: Emulator, place_of: Any, form: str, deferrable: bool
    ) -> None:
        onesignal.settings.ready_after_polls = 2

        endings = export(place_of("s3"), form=form, deferrable=deferrable)

        logs = "".join(ended.shown["log"] for ended in endings)
        assert "POST /players/csv_export" in logs
        assert "botocore" in logs or "Making request for OperationModel" in logs
        assert "Copied" in logs
        assert ("event 1" in {where for ended in endings for where in ended.shown}) is deferrable
        assert [ended.outlet_events for ended in endings if ended.outlet_events]


class TestTheAddressStandsWhereItIsNeeded:
    """The page about reliability names these places, and no other."""

    @MODES
    def test_in_the_task_state_the_trigger_and_the_xcom_of_separate_tasks(
        self, onesignal: Emulator, place_of: Any, deferrable: bool
    ) -> None:
        onesignal.settings.ready_after_polls = 2
        kept: list[str] = []

        class Store(FakeStore):
            def set(self, key: str, value: Any, *, retention: Any = None) -> None:
                kept.append(json.dumps(value))
                super().set(key, value)

        state, place = Store(), place_of("folder")

        ended = run_try(
            lambda: place.operator(
                task_id="copy",
                export=SubscriptionsExport(),
                deferrable=deferrable,
                poll_interval=0.02,
                **place.parameters,
            ),
            store=state,
        )

        url = onesignal.exports[-1].path
        # The mark before the request, the export, what was stored.
        assert [url in text for text in kept] == [False, True, False]
        assert [url in repr(each.serialize()) for each in ended.deferrals] == [True] * deferrable
        assert url not in json.dumps(ended.xcoms)
        assert url not in repr(state.values)
        started = run_try(
            lambda: OneSignalExportSubscriptionsOperator(
                task_id="start", wait_for_completion=False
            ),
            store=None,
        )
        assert onesignal.exports[-1].path in started.result


class TestTheFileHost:
    @FORMS
    @MODES
    def test_gets_neither_the_key_nor_cookies_nor_what_netrc_holds(
        self,
        *,
        onesignal: Emulator,
        place_of: Any,
        form: str,
        deferrable: bool,
        tmp_path: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        cookie = {"Set-Cookie": "session=of-somebody; Path=/"}
        onesignal.settings.ready_after_polls = 2
        onesignal.fail("csv_export", headers=cookie, times=None)
        onesignal.files.fail(headers=cookie, times=None)

        endings = export(place_of("folder"), form=form, deferrable=deferrable)

        assert endings[-1].error is None
        asked = onesignal.files.requests
        assert len(asked) >= 3
        shown = [name for each in asked for name in each.headers]
        assert not {"authorization", "cookie", "proxy-authorization"} & {n.lower() for n in shown}
        assert [repr(each) for each in asked if onesignal.api_key in repr(each.headers)] == []
        (start,) = (each for each in onesignal.requests if each.operation == "csv_export")
        assert start.headers["authorization"] == f"Key {onesignal.api_key}"
        assert "cookie" not in start.headers

    @FORMS
    @MODES
    def test_of_no_redirect_gets_anything(
        self, onesignal: Emulator, place_of: Any, form: str, deferrable: bool
    ) -> None:
        onesignal.fail("csv_export", redirect=f"{onesignal.files.url}/stolen", status=307)

        endings = export(place_of("folder"), form=form, deferrable=deferrable)

        assert "redirects, which is not followed so that the key reaches no other host" in str(
            endings[-1].error
        )
        assert onesignal.files.requests == []
