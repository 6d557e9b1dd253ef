"""The files origin: readiness, expiry, ranges, and what can go wrong on the way."""

from __future__ import annotations

import gzip
import time

import pytest
import requests

from airflow_provider_onesignal.testing import Emulator
from airflow_provider_onesignal.testing.state import DAY


def get(url: str, **headers: str) -> requests.Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(url, headers=names, timeout=10)


@pytest.fixture
def data(emulator: Emulator, export_url: str) -> bytes:
    return emulator.export_bytes(export_url)


class TestReadiness:
    def test_polls_are_counted_down(self, emulator, call):
        emulator.settings.ready_after_polls = 2
        url = call("POST", "/players/csv_export?app_id={app}").json()["csv_file_url"]

        assert [get(url, Range="bytes=0-0").status_code for _ in range(3)] == [404, 404, 206]

    def test_time_makes_it_ready_and_takes_it_away(self, emulator, call):
        emulator.settings.ready_after = 60
        url = call("POST", "/players/csv_export?app_id={app}").json()["csv_file_url"]
        seen = [get(url).status_code]
        for seconds in (61, 3 * DAY):
            emulator.advance(seconds)
            seen.append(get(url).status_code)

        assert seen == [404, 200, 404]

    @pytest.mark.parametrize(("status", "code"), [(404, b"NoSuchKey"), (403, b"AccessDenied")])
    def test_not_there_is_said_in_the_store_s_own_xml(self, emulator, status, code):
        emulator.settings.not_ready_status = status

        answer = get(f"{emulator.files_url}/csv_exports/none.csv.gz")

        assert answer.status_code == status
        assert code in answer.content
        assert answer.headers["Content-Type"].startswith("application/xml")

    def test_a_key_that_reaches_the_files_origin_is_a_violation(self, emulator, export_url):
        answer = get(export_url, Authorization="Key secret")

        assert answer.status_code == 400
        assert "Authorization" in emulator.violations[0]
        assert "secret" not in emulator.violations[0]


class TestRanges:
    @pytest.mark.parametrize(
        ("asked", "part"),
        [
            ("bytes=0-0", slice(0, 1)),
            ("bytes=10-", slice(10, None)),
            ("bytes=10-19", slice(10, 20)),
            ("bytes=10-99999999", slice(10, None)),
            ("bytes=-7", slice(-7, None)),
            ("bytes=-99999999", slice(0, None)),
        ],
    )
    def test_a_range_brings_its_part(self, export_url, data, asked, part):
        answer = get(export_url, Range=asked)
        start = range(len(data))[part].start

        assert answer.status_code == 206
        assert answer.content == data[part]
        assert answer.headers["Content-Range"].startswith(f"bytes {start}-")
        assert answer.headers["Content-Range"].endswith(f"/{len(data)}")

    @pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=5-2"])
    def test_a_range_that_is_not_there_is_416(self, export_url, data, asked):
        answer = get(export_url, Range=asked)

        assert answer.status_code == 416
        assert answer.headers["Content-Range"] == f"bytes */{len(data)}"

    @pytest.mark.parametrize("asked", ["rows=1-2", "bytes=a-b", "bytes=0-1,3-4", "bytes=-"])
    def test_a_range_that_is_not_understood_brings_everything(self, export_url, data, asked):
        answer = get(export_url, Range=asked)

        assert (answer.status_code, answer.content) == (200, data)

    def test_if_range_decides_by_the_etag(self, export_url, data):
        etag = get(export_url).headers["ETag"]

        same = get(export_url, Range="bytes=5-", If_Range=etag)
        other = get(export_url, Range="bytes=5-", If_Range='"other"')

        assert (same.status_code, same.content) == (206, data[5:])
        assert (other.status_code, other.content) == (200, data)

    def test_head_has_the_headers_alone(self, export_url, data):
        answer = requests.head(export_url, timeout=10)

        assert answer.headers["Content-Length"] == str(len(data))
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.headers["Content-Type"] == "application/gzip"
        assert answer.headers["ETag"].startswith('"')
        assert "Last-Modified" in answer.headers
        assert answer.content == b""

    def test_nothing_can_be_put_there(self, export_url):
        assert requests.put(export_url, data=b"x", timeout=10).status_code == 405


class TestFaults:
    @pytest.mark.parametrize("reset", [False, True])
    def test_a_cut_download_is_incomplete(self, emulator, export_url, reset):
        emulator.files.fail("download", cut_at=100, reset=reset)

        with pytest.raises((requests.exceptions.ChunkedEncodingError, ConnectionError)):
            get(export_url)

        assert get(export_url).status_code == 200

    def test_every_connection_can_be_cut_and_the_parts_fit(self, emulator, export_url, data):
        emulator.files.fail("download", cut_at=500, times=None)
        got = b""
        while len(got) < len(data):
            answer = requests.get(
                export_url, headers={"Range": f"bytes={len(got)}-"}, stream=True, timeout=10
            )
            assert answer.status_code == 206
            part = answer.raw.read(500)
            assert 0 < len(part) <= 500
            got += part
            answer.close()

        assert got == data

    def test_polls_and_downloads_can_fail_apart(self, emulator, export_url):
        fault = emulator.files.fail("download", status=503)

        assert get(export_url, Range="bytes=0-0").status_code == 206
        assert fault.hits == 0
        assert get(export_url).status_code == 503

    def test_a_truncated_file_looks_complete(self, emulator, export_url, data):
        emulator.files.fail(truncate_at=99)

        answer = get(export_url)

        assert answer.content == data[:99]
        assert answer.headers["Content-Length"] == "99"

    @pytest.mark.parametrize("start", [0, 50, 60])
    def test_one_flipped_bit_stays_where_it_is(self, emulator, export_url, data, start):
        emulator.files.fail(flip_at=60)

        content = get(export_url, Range=f"bytes={start}-").content

        differing = [
            i
            for i, pair in enumerate(zip(content, data[start:], strict=True))
            if len(set(pair)) > 1
        ]
        assert differing == [60 - start]

    @pytest.mark.parametrize("meaning", ["label", "wrap"])
    def test_content_encoding_has_both_meanings(self, emulator, export_url, data, meaning):
        emulator.files.fail(content_encoding=meaning)

        answer = requests.get(export_url, stream=True, timeout=10)
        raw = answer.raw.read(decode_content=False)

        assert answer.headers["Content-Encoding"] == "gzip"
        assert (raw if meaning == "label" else gzip.decompress(raw)) == data

    def test_ranges_can_be_ignored(self, emulator, export_url, data):
        emulator.files.fail(no_ranges=True)

        answer = get(export_url, Range="bytes=5-")

        assert (answer.status_code, answer.content) == (200, data)
        assert "Accept-Ranges" not in answer.headers

    def test_the_etag_can_be_missing(self, emulator, export_url):
        emulator.files.fail(no_etag=True)

        assert not {"ETag", "Last-Modified"} & set(get(export_url).headers)

    def test_the_file_can_change_between_requests(self, emulator, export_url, data):
        before = get(export_url).headers["ETag"]
        emulator.files.fail(changed=True)

        after = get(export_url, Range="bytes=5-", If_Range=before)

        assert after.status_code == 200
        assert after.content != data
        assert after.headers["ETag"] != before
        assert get(export_url).content == after.content == emulator.export_bytes(export_url)

    def test_an_error_page_can_come_with_200(self, emulator, export_url):
        emulator.files.fail(
            status=200, body="<html>Sorry</html>", headers={"Content-Type": "text/html"}
        )

        answer = get(export_url)

        assert (answer.status_code, answer.text) == (200, "<html>Sorry</html>")
        assert answer.headers["Content-Type"] == "text/html"

    def test_a_slow_file_takes_its_time(self, emulator, export_url, data):
        emulator.files.fail(bytes_per_second=len(data) * 4)
        started = time.monotonic()

        assert get(export_url).content == data
        assert time.monotonic() - started > 0.2
