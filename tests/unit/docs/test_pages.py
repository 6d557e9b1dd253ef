"""What the documentation says, against the package and the example DAGs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from airflow_provider_onesignal import get_provider_info
from airflow_provider_onesignal.hooks.onesignal import OneSignalHook

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PACKAGE = ROOT / "airflow_provider_onesignal"
PAGES = sorted(DOCS.rglob("*.md"))
SECTION = re.compile(r'--8<-- "([\w/.-]+):(\w+)"')
CODE = re.compile(r"^ *```python[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
APP_ID, KEY = "8458af75-4da2-4ecf-afb5-f242a8926cc3", "os_v2_app_" + "a" * 103


def sections() -> list[tuple[str, str]]:
    return sorted({pair for page in PAGES for pair in SECTION.findall(page.read_text())})


def texts_of(node: ast.AST) -> Iterator[str]:
    """Give every text below a node but docstrings, with ``…`` where a value is put in."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # stands for itself: a docstring
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield re.sub(r"%(?:\(\w+\))?[.\d]*[sdfr]", "…", node.value)
    children: Iterable[ast.AST] = ast.iter_child_nodes(node)
    if isinstance(node, ast.JoinedStr):
        parts = node.values
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in parts)
        children = [part.value for part in parts if isinstance(part, ast.FormattedValue)]
    for child in children:
        yield from texts_of(child)


def quoted_texts() -> list[str]:
    page = (DOCS / "troubleshooting.md").read_text()
    rows = re.findall(r"^\| (`[^|]*`) \|", page, re.MULTILINE)
    return [text for row in rows for text in re.findall("`([^`]+)`", row)]


def is_in(quoted: str, text: str) -> bool:
    return bool(re.search(re.escape(quoted).replace("…", ".*?"), text, re.DOTALL))


MODULES = {file: ast.parse(file.read_text()) for file in PACKAGE.rglob("*.py")}
TEXTS = [text for module in MODULES.values() for text in texts_of(module)]
REFUSALS = [
    text
    for call in ast.walk(MODULES[PACKAGE / "stores" / "__init__.py"])
    if isinstance(call, ast.Call) and "OneSignalDestination" in ast.unparse(call.func)
    for text in texts_of(call.args[0])
]


@pytest.mark.parametrize("quoted", quoted_texts())
def test_every_text_of_the_troubleshooting_page_occurs_in_the_package(quoted: str) -> None:
    assert any(is_in(quoted, text) for text in TEXTS)


@pytest.mark.parametrize("refusal", REFUSALS)
def test_the_troubleshooting_page_knows_every_refusal_of_a_store(refusal: str) -> None:
    assert any(is_in(quoted, refusal) for quoted in quoted_texts())


def test_refusals_are_found() -> None:
    assert len(REFUSALS) >= 4


def test_troubleshooting_knows_many_texts() -> None:
    assert len(quoted_texts()) >= 50


@pytest.mark.parametrize(("file", "name"), sections())
def test_every_included_section_is_there_once(file: str, name: str) -> None:
    source = (ROOT / file).read_text()

    assert source.count(f"# --8<-- [start:{name}]") == 1
    assert source.count(f"# --8<-- [end:{name}]") == 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_python_on_a_page_is_included_and_not_typed(page: Path) -> None:
    typed = [code for code in CODE.findall(page.read_text()) if not SECTION.search(code)]

    assert [code for code in typed if not _is_an_import(code)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_commands_before_a_dag_are_those_of_its_docstring(page: Path) -> None:
    text = page.read_text()
    typed = {line.strip() for line in re.findall(r"^ *airflow .*", text, re.MULTILINE)}
    wanted = {
        line.strip()
        for file in set(re.findall(r"example_dags/\w+.py(?=:dag\b)", text))
        for line in (ast.get_docstring(ast.parse((ROOT / file).read_text())) or "").splitlines()
        if line.startswith("    airflow ")
    }

    assert wanted <= typed


def test_the_page_of_the_retry_policy_names_the_errors_that_fail_at_once() -> None:
    retry = pytest.importorskip("airflow_provider_onesignal.retry", exc_type=ImportError)
    (row,) = re.findall(
        r"^\| (.*) \| fails at once \|", (DOCS / "reference" / "retry.md").read_text(), re.MULTILINE
    )

    assert set(re.findall(r"`(\w+)`", row)) == {each.__name__ for each in retry._CANNOT_SUCCEED}


def test_the_page_on_testing_knows_every_path_of_the_control_api() -> None:
    paths = re.findall(
        r'Route\(\s*f"{PREFIX}(/[\w/]+)"', (PACKAGE / "testing" / "control.py").read_text()
    )
    page = (DOCS / "testing.md").read_text()

    assert len(paths) >= 10
    assert [path for path in paths if f" {path}`" not in page] == []


def _is_an_import(code: str) -> bool:
    return all(line.strip().startswith("from airflow_") for line in code.splitlines())


def test_the_readme_shows_the_dag_that_is_tested() -> None:
    (shown,) = CODE.findall((ROOT / "README.md").read_text())
    source = (DOCS / "snippets" / "first_dag.py").read_text()

    assert shown in source


@pytest.mark.parametrize("readme", ["README.md", "CONTRIBUTING.md"])
def test_links_of_the_readme_lead_to_files(readme: str) -> None:
    links = re.findall(r"\]\(([^)#]+)", (ROOT / readme).read_text())

    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []


def test_no_page_fetches_anything_from_elsewhere() -> None:
    config = (ROOT / "mkdocs.yml").read_text()

    assert "font: false" in config
    assert not re.search(r"https?://", config)
    assert "mermaid" not in "".join(page.read_text() for page in PAGES)


def test_every_connection_uri_on_a_page_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    uris = {
        uri
        for page in (*PAGES, ROOT / "README.md")
        for uri in re.findall(r"onesignal://APP_ID:API_KEY@[^\s'`]*", page.read_text())
    }

    assert len(uris) >= 3
    for uri in uris:
        real = uri.replace("APP_ID", APP_ID).replace("API_KEY", KEY)
        monkeypatch.setenv("AIRFLOW_CONN_ONESIGNAL_DEFAULT", real)
        settings = OneSignalHook().settings
        assert (settings.app_id, settings.api_key) == (APP_ID, KEY)
        assert urlsplit(settings.base_url).scheme == ("http" if uri.endswith("/http") else "https")
        assert settings.max_attempts == (3 if "max_attempts=3" in uri else 5)


def test_the_json_form_of_the_connection_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = (DOCS / "snippets" / "connection.json").read_text()
    monkeypatch.setenv("AIRFLOW_CONN_ONESIGNAL_DEFAULT", shown.replace("os_v2_app_…", KEY))

    settings = OneSignalHook().settings

    assert (settings.app_id, settings.http.timeout, settings.max_attempts) == (APP_ID, 30, 3)


def test_every_class_that_users_make_has_a_page() -> None:
    shown = "".join(page.read_text() for page in PAGES)
    info = get_provider_info.get_provider_info()
    modules = [
        module
        for kind in ("operators", "sensors", "hooks")
        for entry in info[kind]
        for module in entry["python-modules"]
    ] + [entry["python-module"] for entry in info["transfers"]]
    missing = [
        f"{module}.{name}"
        for module in modules
        for name in _public_classes(module)
        if f"::: {module}.{name}\n" not in shown
    ]

    assert missing == []


def _public_classes(module: str) -> list[str]:
    source = (ROOT / f"{module.replace('.', '/')}.py").read_text()
    return [
        node.name
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name.startswith("OneSignal")
    ]
