"""What of the emulator is described by itself: its command line, and its control over HTTP."""

from __future__ import annotations

import re

from airflow_provider_onesignal.testing import __main__ as command_line
from airflow_provider_onesignal.testing import control


def options() -> str:
    """List the options of the command line."""
    rows = ["| Option | Meaning (default) |", "|---|---|"]
    for action in command_line._parser()._actions:  # noqa: SLF001 - argparse has no other way
        if action.dest == "help":
            continue
        choices = "/".join(map(str, action.choices or ()))
        value = str(action.metavar or choices)
        shown = " ".join(part for part in (action.option_strings[0], value) if part)
        help_text = (action.help or "").replace("%(default)s", str(action.default))
        rows.append(f"| `{shown}` | {help_text} |")
    return "\n".join(rows)


def control_paths() -> str:
    """List the paths of the control API."""
    table = re.search(r"^=+ +=+\n(.*)^=+ +=+$", control.__doc__ or "", re.MULTILINE | re.DOTALL)
    if table is None:
        raise LookupError("the module control has no table of its paths")
    rows = ["| Request | What it does |", "|---|---|"]
    for line in table[1].splitlines():
        request, _, meaning = line.partition("  ")
        rows.append(f"| `{request}` | {meaning.strip().replace('``', '`')} |")
    return "\n".join(rows)
