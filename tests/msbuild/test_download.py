"""DownloadFile from a server on this machine: names, skipping, retries, answers that end early, codes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from server.build.console_logger import ConsoleLogger
from server.build.events import BuildLog
from server.build.session import BuildSession
from server.msbuild.project import ProjectEvaluator
from server.msbuild.sdks import own_toolset

CONTENT = b"0123456789"


class _Answers(BaseHTTPRequestHandler):
    failures = 0

    def do_GET(self) -> None:
        if self.path.startswith("/none"):
            self.send_error(404, "Not Found")
            return
        if self.path.startswith("/shaky") and type(self).failures < 2:
            type(self).failures += 1
            self.send_error(500, "Internal Server Error")
            return
        if self.path.startswith("/from"):
            self.send_response(302)
            self.send_header("Location", "/a.txt")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.send_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
        self.end_headers()
        self.wfile.write(CONTENT[:4] if self.path.startswith("/short") else CONTENT)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    """Address of a running server."""
    _Answers.failures = 0
    listening = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    listening.server_close()


def download(folder: Path, attributes: str) -> list[str]:
    """What a call prints."""
    output = '<Output TaskParameter="DownloadedFile" ItemName="F" />'
    show = "<Message Importance=\"high\" Text=\"@(F->'%(Filename)')\" />"
    body = f'<DownloadFile DestinationFolder="d" {attributes}>{output}</DownloadFile>{show}'
    (folder / "a.proj").write_text(f'<Project><Target Name="T">{body}</Target></Project>', encoding="utf-8")
    lines: list[str] = []
    evaluator = ProjectEvaluator({}, str(folder), toolset=own_toolset())
    BuildSession(evaluator, BuildLog([ConsoleLogger(1, lines.append)])).build(str(folder / "a.proj"), {}, ["T"])
    return [line.strip().replace(str(folder) + "/", "") for line in lines]


def test_a_file_is_downloaded_and_then_skipped(tmp_path: Path, server: str) -> None:
    assert download(tmp_path, f'SourceUrl="{server}/x/a.txt?q=1"') == [
        f'Downloading from "{server}/x/a.txt?q=1" to "d/a.txt" (10 bytes).',
        "a",
    ]
    assert (tmp_path / "d" / "a.txt").read_bytes() == CONTENT
    assert download(tmp_path, f'SourceUrl="{server}/x/a.txt"') == ["a"]
    assert len(download(tmp_path, f'SourceUrl="{server}/x/a.txt" SkipUnchangedFiles="false"')) == 2
    assert download(tmp_path, f'SourceUrl="{server}/from" DestinationFileName="b.bin"')[-1] == "b"
    assert sorted(path.name for path in (tmp_path / "d").iterdir()) == ["a.txt", "b.bin"]


def test_a_passing_failure_is_tried_again(tmp_path: Path, server: str) -> None:
    url = f"{server}/shaky.txt"
    lines = download(tmp_path, f'SourceUrl="{url}" Retries="2" RetryDelayMilliseconds="10"')
    reason = "Response status code does not indicate success: 500 (Internal Server Error)."
    warnings = [line.partition("warning ")[2].partition(" [")[0] for line in lines if "warning" in line]
    assert warnings == [f'MSB3924: Failed to download file "{url}". Beginning retry {n} in 10ms. {reason}' for n in (2, 3)]
    assert lines[-1] == "shaky"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            "{0}/none.txt",
            'MSB3923: Failed to download file "{0}/none.txt".  Response status code does not indicate success: 404 (Not Found).',
        ),
        ("{0}/short.txt", 'MSB3923: Failed to download file "{0}/short.txt".  '),
        (
            "{0}/",
            'MSB3922: Failed to determine a file name from the URL "{0}/".  Please specify a file name with the "DestinationFileName"',
        ),
        ("nothing", 'MSB3921: The specified URL "nothing" is not valid.'),
        ("ftp://127.0.0.1/x", "MSB3923: Failed to download file \"ftp://127.0.0.1/x\".  The 'ftp' scheme is not supported."),
    ],
)
def test_failures_leave_nothing(tmp_path: Path, server: str, path: str, expected: str) -> None:
    lines = download(tmp_path, f'SourceUrl="{path.format(server)}"')
    assert any(f"error {expected.format(server)}" in line for line in lines), lines
    assert not list(tmp_path.glob("d/*"))
