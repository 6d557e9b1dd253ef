"""
Make a virtual environment under .venv/ hold what pyproject.toml asks for, if it does not yet.

Usage: ``python3 .ci/environment.py airflow-3.3|lowest-2.11|bare-3.3|demo ...``. The bare ones hold
an Airflow and the wheel of dist/, without extras; the lowest ones the oldest versions of all that
pyproject.toml asks for. Needs nothing but the standard library and pip; packages are resolved by
uv where pip can get it (many times faster here), else by pip. uv is given the same indexes,
certificates and timeouts that pip is configured with.
"""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WHEEL = "dist/*.whl"
# For uv alone. The first pin keeps other providers from asking for a newer one; with a newer
# universal-pathlib Airflow 2.11.0 has no object storage.
LOWEST = (
    "--resolution=lowest-direct",
    "apache-airflow-providers-common-compat==1.6.0",
    "universal-pathlib==0.2.6",
)
ENVIRONMENTS = {
    "airflow-3.3": ("apache-airflow==3.3.2", "--editable=.[dev]"),
    "airflow-2.11": ("apache-airflow==2.11.2", "--editable=.[dev]"),
    "lowest-3.0": ("apache-airflow==3.0.6", "--editable=.[test]", *LOWEST),
    "lowest-2.11": ("apache-airflow==2.11.0", "--editable=.[test]", *LOWEST),
    **{
        f"bare-{version.rpartition('.')[0]}": (f"apache-airflow=={version}", WHEEL)
        for version in ("3.3.2", "3.2.2", "3.1.8", "3.0.6", "2.11.2")
    },
    "demo": ("apache-airflow==3.3.2", "--editable=.[testing]", "rich>=13.0"),
}
# What uv calls pip's options, and what joins several values.
UV_NAMES = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "no-index": ("UV_NO_INDEX", " "),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "cert": ("SSL_CERT_FILE", " "),
    "timeout": ("UV_HTTP_TIMEOUT", " "),
    "default-timeout": ("UV_HTTP_TIMEOUT", " "),
    "constraint": ("UV_CONSTRAINT", " "),
    "proxy": ("ALL_PROXY", " "),
}
# pip's order: the environment overrules a section for one command, which overrules [global].
SECTIONS = (":env:", "install", "global")


def pip_settings(listing: str) -> dict[str, str]:
    """
    Read what ``pip config list`` prints.

    :param listing: lines such as ``global.index-url='https://...'``
    :return: option name -> value, the section that pip obeys first winning
    """
    settings: dict[str, str] = {}
    for section in reversed(SECTIONS):
        for line in listing.splitlines():
            name, _, value = line.partition("=")
            if name.startswith(f"{section}."):
                settings[name.removeprefix(f"{section}.")] = str(ast.literal_eval(value))
    return settings


def uv_variables(settings: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    """
    Say pip's settings in uv's words.

    :param settings: as from :func:`pip_settings`
    :param given: the environment; what it holds for uv already stays as it is
    """
    wanted = {"UV_PYTHON_DOWNLOADS": "never"}
    if "extra-index-url" in settings:
        wanted["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # as pip treats its extra indexes
    for option, value in settings.items():
        if option in UV_NAMES:
            name, separator = UV_NAMES[option]
            wanted[name] = separator.join(value.split())
    return {name: value for name, value in wanted.items() if name not in given}


def say(text: str) -> None:
    print(f"[setup] {text}", flush=True)


def run(*command: str | Path, env: dict[str, str] | None = None) -> None:
    subprocess.run([*map(str, command)], cwd=ROOT, env=env, check=True, stdin=subprocess.DEVNULL)


def python_of(folder: Path) -> Path:
    return folder / ("Scripts" if os.name == "nt" else "bin") / "python"


def tools() -> Path:
    """Make a small environment that holds pip and, where it can be had, uv."""
    folder = ROOT / ".venv" / "tools"
    done = folder / ".complete"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        try:
            run(python_of(folder), "-m", "pip", "install", "-qq", "--only-binary=:all:", "uv")
        except subprocess.CalledProcessError:
            say("uv cannot be installed; pip will do, slowly")
        done.touch()
    return folder


def install(python: Path, requirements: Sequence[str]) -> str:
    """Install into ``python``'s environment; gives the name of the installer."""
    helper = python_of(tools())
    uv = helper.with_name("uv.exe" if os.name == "nt" else "uv")
    if not uv.exists():
        known = [each for each in requirements if each not in LOWEST]
        run(helper, "-m", "pip", f"--python={python}", "install", "-qq", *known)
        return "pip"
    listing = subprocess.run(
        [str(helper), "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    env = {**os.environ, **uv_variables(pip_settings(listing), dict(os.environ))}
    run(uv, "pip", "install", "--quiet", f"--python={python}", *requirements, env=env)
    return "uv"


def wheel() -> Path:
    """Find the wheel that was built last."""
    found = list(ROOT.glob(WHEEL))
    if len(found) != 1:
        sys.exit("[setup] dist/ must hold one wheel: make build")
    return found[0]


def fingerprint(requirements: tuple[str, ...]) -> str:
    """What an environment depends on; it is made anew when this changes."""
    contents = [hashlib.sha256(wheel().read_bytes()).hexdigest()] if WHEEL in requirements else []
    parts = [
        str(ROOT),
        sys.version,
        *requirements,
        *contents,
        (ROOT / "pyproject.toml").read_text(encoding="utf-8"),
        (ROOT / "airflow_provider_onesignal" / "__init__.py").read_text(encoding="utf-8"),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def ensure(name: str) -> None:
    requirements = ENVIRONMENTS[name]
    folder = ROOT / ".venv" / name
    stamp = folder / ".complete"
    wanted = fingerprint(requirements)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    say(f"installing {requirements[0]} and this package into .venv/{name} (once)")
    start = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=False)
    chosen = [str(wheel()) if each == WHEEL else each for each in requirements]
    installer = install(python_of(folder), chosen)
    stamp.write_text(wanted, encoding="utf-8")
    say(f".venv/{name} is ready: {time.monotonic() - start:.0f} s with {installer}")


if __name__ == "__main__":
    names = sys.argv[1:]
    if not names or not set(names) <= set(ENVIRONMENTS):
        sys.exit(f"usage: environment.py {'|'.join(ENVIRONMENTS)} ...")
    try:
        for each in names:
            ensure(each)
    except subprocess.CalledProcessError as failure:
        sys.exit(f"[setup] {failure.cmd[0]} failed with exit code {failure.returncode}; see above")
