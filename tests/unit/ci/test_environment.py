"""How the setup of environments hands pip's settings to uv."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[3] / ".ci" / "environment.py"


@pytest.fixture(scope="module")
def environment() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ci_environment", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LISTING = """\
:env:.find-links='/opt/wheels /more/wheels'
global.cert='/etc/ca.crt'
global.extra-index-url='https://one.example/simple\\nhttps://two.example/simple'
global.index-url='https://global.example/simple'
install.index-url='https://install.example/simple'
global.unknown='x'
"""


def test_settings_are_read_with_the_section_winning_that_pip_obeys(environment: ModuleType) -> None:
    settings = environment.pip_settings(LISTING)

    assert settings["index-url"] == "https://install.example/simple"
    assert settings["cert"] == "/etc/ca.crt"


def test_the_environment_overrules_every_file(environment: ModuleType) -> None:
    listing = ":env:.cert='/env.crt'\ninstall.cert='/install.crt'\nglobal.cert='/global.crt'"

    assert environment.pip_settings(listing) == {"cert": "/env.crt"}


def test_uv_is_told_all_that_it_has_a_word_for(environment: ModuleType) -> None:
    told = environment.uv_variables(environment.pip_settings(LISTING), {})

    assert told == {
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_DEFAULT_INDEX": "https://install.example/simple",
        "UV_INDEX": "https://one.example/simple https://two.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/opt/wheels,/more/wheels",
        "SSL_CERT_FILE": "/etc/ca.crt",
    }


def test_what_was_said_to_uv_itself_stands(environment: ModuleType) -> None:
    settings = {"index-url": "https://pip.example/simple", "timeout": "60"}
    given = {"UV_DEFAULT_INDEX": "https://uv.example/simple"}

    told = environment.uv_variables(settings, given)

    assert "UV_DEFAULT_INDEX" not in told
    assert told["UV_HTTP_TIMEOUT"] == "60"


def test_an_environment_is_made_anew_when_the_project_file_changes(
    environment: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "airflow_provider_onesignal"
    package.mkdir()
    (package / "__init__.py").write_text('__version__ = "1"')
    (tmp_path / "pyproject.toml").write_text("a")
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    before = environment.fingerprint(("x",))

    assert environment.fingerprint(("x",)) == before
    (tmp_path / "pyproject.toml").write_text("b")
    assert environment.fingerprint(("x",)) != before
    assert environment.fingerprint(("y",)) != environment.fingerprint(("x",))
