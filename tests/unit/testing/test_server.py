"""The emulator as others hold it: a block, a connection, a command."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading

import pytest
import requests

from airflow_provider_onesignal.testing import Emulator
from airflow_provider_onesignal.testing.__main__ import main


def emulators_running() -> int:
    return sum(thread.name == "onesignal-emulator" for thread in threading.enumerate())


def test_a_block_serves_while_it_is_open_and_frees_its_ports():
    before = emulators_running()
    with Emulator() as emulator:
        url = f"{emulator.api_url}/__emulator__/state"
        assert requests.get(url, timeout=5).status_code == 200

    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)
    assert emulators_running() == before


def test_leaving_the_block_ends_a_transfer_that_is_under_way():
    before = emulators_running()
    with Emulator(rows=500_000) as emulator:
        answer = requests.post(
            f"{emulator.api_url}/players/csv_export?app_id={emulator.app_id}",
            headers={"Authorization": f"Key {emulator.api_key}"},
            timeout=10,
        )
        download = requests.get(answer.json()["csv_file_url"], stream=True, timeout=10)
        assert download.raw.read(10)

    assert emulators_running() == before
    download.close()


def test_several_emulators_run_side_by_side():
    with Emulator() as first, Emulator(seed=1) as second:
        assert first.api_url != second.api_url
        assert first.api_key != second.api_key


def test_a_setting_that_is_not_there_is_refused():
    with pytest.raises(TypeError, match="rowz"):
        Emulator(rowz=5)


def test_the_connection_says_the_same_as_uri_and_as_json():
    connection = pytest.importorskip("airflow.models.connection").Connection
    with Emulator(api_key="legacy/key+with=signs") as emulator:
        by_uri = connection(uri=emulator.connection_uri)
        by_json = connection.from_json(emulator.connection_json)

    for each in (by_uri, by_json):
        assert each.conn_type == "onesignal"
        assert (each.login, each.password) == (emulator.app_id, "legacy/key+with=signs")
        assert f"{each.schema}://{each.host}:{each.port}" == emulator.api_url


def test_the_command_prints_a_connection_that_works_and_stops_on_sigterm():
    command = [sys.executable, "-m", "airflow_provider_onesignal.testing", "--port", "0"]
    with subprocess.Popen([*command, "--rows", "3"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        printed = {}
        for line in process.stdout:
            words = line.split()
            printed[words[0]] = words[-1]
            if words[0] == "export":
                break
        state = requests.get(printed["control"], timeout=10).json()
        process.terminate()
        rest = process.stdout.read()

    assert state["settings"]["rows"] == 3
    uri = printed["export"].partition("=")[2].strip("'")
    assert re.fullmatch(r"onesignal://.+/http", uri)
    assert state["settings"]["api_key"] in uri
    assert (process.returncode, rest) == (0, "Stopped.\n")


def test_a_port_that_is_taken_is_said_in_one_line(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert main(["--port", str(port)]) == 1

    assert capsys.readouterr().err == f"Cannot listen on port {port}: Address already in use\n"


@pytest.mark.parametrize("module", ["starlette", "uvicorn"])
@pytest.mark.parametrize("how", ["import", "run"])
def test_a_missing_extra_is_named_in_one_line(module, how):
    block = f"import runpy, sys; sys.modules[{module!r}] = None; "
    name = "airflow_provider_onesignal.testing"
    act = f"from {name} import Emulator"
    if how == "run":
        act = f"runpy.run_module({name!r}, run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", block + act], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "pip install 'airflow-provider-onesignal[testing]'" in done.stderr.splitlines()[-1]
    if how == "run":
        assert len(done.stderr.splitlines()) == 1


def test_the_emulator_loads_nothing_of_airflow():
    program = (
        "import json, sys; from airflow_provider_onesignal.testing import Emulator; "
        "print(json.dumps(list(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    own = {
        name
        for name in json.loads(done.stdout)
        if name.split(".")[0] in {"airflow", "requests", "aiohttp", "boto3"}
        or name.startswith("airflow_provider_onesignal.")
    }

    assert {".".join(name.split(".")[:2]) for name in own} == {"airflow_provider_onesignal.testing"}
