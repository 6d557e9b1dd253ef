"""What is in the wheel and the sdist."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from zipfile import ZipFile

import pytest

from airflow_provider_onesignal import __version__
from tests.package.conftest import ROOT

PACKAGE = "airflow_provider_onesignal"
INFO = f"{PACKAGE}-{__version__}.dist-info"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def contents(archive: ZipFile) -> dict[str, bytes]:
    return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def metadata(wheel: ZipFile) -> Message:
    return HeaderParser().parsestr(wheel.read(f"{INFO}/METADATA").decode())


def test_the_wheel_holds_the_package_and_nothing_else(wheel: ZipFile) -> None:
    source = {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for path in (ROOT / PACKAGE).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    found = contents(wheel)

    assert {name: body for name, body in found.items() if name.startswith(f"{PACKAGE}/")} == source
    assert f"{PACKAGE}/py.typed" in source
    assert {name for name in found if name not in source} == {
        f"{INFO}/{name}"
        for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    }


def test_the_wheel_is_for_every_platform(wheel: ZipFile) -> None:
    assert "Root-Is-Purelib: true\nTag: py3-none-any" in wheel.read(f"{INFO}/WHEEL").decode()


def test_the_license_is_named_and_enclosed(wheel: ZipFile, metadata: Message) -> None:
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata.get_all("License-File") == ["LICENSE"]
    assert wheel.read(f"{INFO}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()


def test_airflow_finds_the_provider_by_its_entry_point(wheel: ZipFile) -> None:
    assert wheel.read(f"{INFO}/entry_points.txt").decode().split() == [
        "[apache_airflow_provider]",
        "provider_info",
        "=",
        f"{PACKAGE}.get_provider_info:get_provider_info",
    ]


def test_the_index_is_told_what_people_search_by(metadata: Message) -> None:
    classifiers = metadata.get_all("Classifier") or []

    assert metadata["Name"] == "airflow-provider-onesignal"
    assert metadata["Version"] == __version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload() == (ROOT / "README.md").read_text(encoding="utf-8")
    assert {
        "Framework :: Apache Airflow",
        "Framework :: Apache Airflow :: Provider",
        "Programming Language :: Python :: 3.11",
        "Typing :: Typed",
    } <= set(classifiers)
    assert metadata.get_all("Project-URL")


def test_what_an_extra_brings_is_not_required_without_it(metadata: Message) -> None:
    required = metadata.get_all("Requires-Dist") or []
    bare = {each for each in required if "extra ==" not in each}

    assert {"amazon", "google", "testing"} <= set(metadata.get_all("Provides-Extra") or [])
    assert len(bare) == len(PROJECT["dependencies"])
    assert not [each for each in bare if "amazon" in each or "google" in each]


def test_the_sdist_builds_the_same_wheel_as_the_checkout(wheel: ZipFile, tmp_path: Path) -> None:
    # The wheel in dist/ was built from the sdist.
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(ROOT)],
        capture_output=True,
        check=True,
    )
    (built,) = tmp_path.glob("*.whl")

    with ZipFile(built) as of_checkout:
        assert contents(of_checkout) == contents(wheel)


def test_the_sdist_holds_what_it_takes_to_test_it(sdist: Path) -> None:
    import tarfile

    with tarfile.open(sdist) as archive:
        top = {name.split("/")[1] for name in archive.getnames()}

    assert top >= {"tests", "example_dags", "Makefile", ".ci", "LICENSE", "pyproject.toml", PACKAGE}
