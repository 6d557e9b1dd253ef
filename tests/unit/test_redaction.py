"""What may be shown."""

from __future__ import annotations

import re

import pytest

from airflow_provider_onesignal.redaction import describe_url, maskable_parts, redact
from tests.unit.fakes import URL

RICH_KEY = "os_v2_app_" + "abcdefgh2345" * 8
LEGACY_KEY = "NGEwMGZmMjItY2NkNy0xMWUzLTk5ZDUtMDAwYzI5NDBlNjJj"


@pytest.mark.parametrize("key", [RICH_KEY, RICH_KEY.replace("_app_", "_org_"), LEGACY_KEY])
@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "Key {}",
        "Authorization: Basic {}",
        "authorization: basic {} is wrong",
        '{{"authorization": "Key {}"}}',
        "invalid key {}.",
        "bearer\n{}",
        "https://api.onesignal.com?key={}",
        "the key '{}' was used",
    ],
)
def test_no_key_is_shown(key, text):
    shown = redact(text.format(key))

    assert key not in shown
    assert key[:20].lower() not in shown.lower()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"see {URL} for it", "see https://files.example.com/*** for it"),
        (f'{{"csv_file_url":"{URL}"}}', '{"csv_file_url":"https://files.example.com/***"}'),
        (r"https:\/\/files.example.com\/a\/b.csv.gz", r"https:\/\/files.example.com/***"),
        ("HTTPS://FILES.example.com/a", "HTTPS://FILES.example.com/***"),
        ("https://user:pass@files.example.com/a", "https://files.example.com/***"),
        ("https://files.example.com?sig=abc", "https://files.example.com/***"),
        ("https://files.example.com alone", "https://files.example.com alone"),
    ],
)
def test_of_a_url_only_the_host_is_shown(text, shown):
    assert redact(text) == shown


def test_a_link_into_the_documentation_is_kept():
    said = (
        "Access denied.  Please include an 'Authorization: ...' header with a valid API key "
        "(https://documentation.onesignal.com/docs/en/keys-and-ids#api-keys)."
    )

    assert redact(said) == said.replace("  ", " ")


@pytest.mark.parametrize(
    "said",
    [
        "Please include a case-sensitive header of Authorization",
        "This API is not available for applications on your plan.",
        "No aliases found for oneSignalID `8458af75-4da2-4ecf-afb5-f242a8926cc3`",
        "Größe überschritten: 日本語",
    ],
)
def test_harmless_text_stays_as_it_is(said):
    assert redact(said) == said


@pytest.mark.parametrize(
    "text", ["a\nb", "a\r\n\tb", "a\x00b", "a\x1b[31mb", "a\ud800b", "a\u2028b"]
)
def test_what_is_shown_is_one_printable_line(text):
    shown = redact(text)

    assert shown.isprintable()
    assert shown.encode()


def test_what_is_shown_is_bounded():
    assert len(redact("x y " * 1_000_000)) == 300
    assert redact("x y " * 100, limit=10) == "x y x y x…"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (URL, "files.example.com"),
        (f"{URL}?X-Signature=0123456789abcdef", "files.example.com"),
        ("https://[broken", "?"),
        ("", "?"),
    ],
)
def test_a_url_is_described_by_its_host_and_a_mark_that_opens_nothing(url, host):
    shown = describe_url(url)

    assert re.fullmatch(rf"{re.escape(host)}/… \(file [0-9a-f]{{8}}\)", shown)


def test_two_exports_of_a_day_are_told_apart():
    assert describe_url(URL) == describe_url(URL) != describe_url(URL.replace("0123", "9999"))


def test_every_way_in_which_a_library_may_log_a_url_can_be_masked():
    path = URL.removeprefix("https://files.example.com/")

    assert maskable_parts(URL) == [URL, path, path.rpartition("/")[2]]


def test_what_is_too_short_to_be_secret_is_not_masked():
    # Masking "csv" would blacken every log.
    assert maskable_parts("http://h/csv") == []
